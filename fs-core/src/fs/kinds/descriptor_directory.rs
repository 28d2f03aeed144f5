//! Directories whose names are the descriptors of whoever looks: what `/dev/fd` is.
//!
//! Linux: `/proc/self/fd`, whose names are links that lead past all paths to what is open. Opening
//! one opens the file anew, with an offset and flags of its own. Such a directory has no entries: a
//! walk that finds none asks [`Fs::descriptor_named`].
//!
//! Two inodes stand in for what has none, [`StandIns`]: one for the links, which all read the same
//! (DEVIATION: Linux makes up a path), and a character device without a driver for what is the
//! embedder's, which opening recognises.

use crate::base::defect::OrDefect;
use crate::base::errno::Errno;
use crate::base::fallible::try_copy;
use crate::base::flags::Fd;
use crate::base::ids::Ino;
use crate::base::stat::{Dev, FileType};
use crate::base::time::Timespec;
use crate::fs::path_walk::Last;
use crate::fs::{Fs, StandIns};
use crate::objects::directory::FIRST_COOKIE;
use crate::objects::directory_entry::DirEntryView;
use crate::objects::file_description::FileKind;
use crate::objects::inode::{Inode, InodeKind};
use crate::objects::process::Process;
use crate::platform::Platform;

/// The permission bits of what stands in for the embedder's, which knows better: those of a
/// terminal.
const FOREIGN_MODE: u32 = 0o620;

/// The target of every link: as for what has no path on Linux, there is no such file.
const LINK_TARGET: &[u8] = b"descriptor:[]";

/// The most decimal digits of a descriptor.
const FD_DIGITS: usize = 10;

/// A descriptor in decimal digits, without leading zeros (`name_to_int`, fs/proc/util.c).
fn parse(name: &[u8]) -> Option<Fd> {
    if name.is_empty() || (name.len() > 1 && name.first() == Some(&b'0')) {
        return None;
    }
    name.iter().try_fold(0, |fd: Fd, &digit| {
        let digit = Fd::from(digit.wrapping_sub(b'0'));
        if digit > 9 { None } else { fd.checked_mul(10)?.checked_add(digit) }
    })
}

/// The digits of a descriptor, at the end of `digits`.
#[inline(never)]
fn print(fd: Fd, digits: &mut [u8; FD_DIGITS]) -> &[u8] {
    let mut left = fd;
    let mut used = 0;
    for place in digits.iter_mut().rev() {
        // Descriptors are not negative.
        *place = b'0' + u8::try_from(left % 10).or_after_defect(0);
        left /= 10;
        used += 1;
        if left == 0 {
            break;
        }
    }
    digits.get(FD_DIGITS - used..).or_after_defect(&[])
}

impl<P: Platform> Fs<P> {
    /// Makes a directory one whose names are descriptors. It has no entries.
    ///
    /// # Errors
    ///
    /// `ENOTDIR`, `ENOTEMPTY`: it is not one that could be. `ENOSPC`: no memory.
    pub(crate) fn list_descriptors(&mut self, ino: Ino, now: Timespec) -> Result<(), Errno> {
        if !self.inode_mut(ino)?.directory_mut()?.is_empty() {
            return Err(Errno::ENOTEMPTY);
        }
        if self.stand_ins.is_none() {
            let target = try_copy(LINK_TARGET).map_err(|_| Errno::ENOSPC)?;
            let link = self.add_stand_in(InodeKind::Symlink(target), 0o777, now)?;
            let foreign = self.add_stand_in(InodeKind::CharDevice(Dev(0)), FOREIGN_MODE, now)?;
            self.stand_ins = Some(StandIns { link, foreign });
        }
        self.inode_mut(ino)?.directory_mut()?.lists_descriptors = true;
        Ok(())
    }

    fn add_stand_in(&mut self, kind: InodeKind, mode: u32, now: Timespec) -> Result<Ino, Errno> {
        let mut inode = Inode::new(kind, mode, 0, 0, now);
        inode.nlink = 1; // for standing in
        let ino = self.inodes.insert(inode).map_err(|_| Errno::ENOSPC)?;
        self.anonymous_inodes += 1;
        Ok(Ino(ino))
    }

    /// What the descriptor of this name is open on.
    #[inline(never)]
    fn kind_named(&self, process: &Process, name: &[u8]) -> Option<FileKind> {
        Some(self.description(process, parse(name)?).ok()?.kind)
    }

    /// What a name in such a directory leads to, or where it is not followed the link itself.
    /// `None`: it is no descriptor that is open.
    #[cold]
    #[inline(never)]
    pub(crate) fn descriptor_named(
        &self,
        process: &Process,
        name: &[u8],
        follows: bool,
    ) -> Option<Ino> {
        let kind = self.kind_named(process, name)?;
        let stand_ins = self.stand_ins?;
        Some(match kind {
            _ if !follows => stand_ins.link,
            FileKind::Inode(ino) => ino,
            FileKind::Foreign(_) | FileKind::Inotify(_) | FileKind::Eventfd(_) => stand_ins.foreign,
        })
    }

    /// What a description of an inode that such a name led to is open on: the inode, or what that
    /// stands in for.
    ///
    /// # Errors
    ///
    /// `ENXIO`: it stands in for nothing that can be opened once more.
    pub(crate) fn kind_behind(
        &self,
        process: &Process,
        ino: Ino,
        last: Last<'_>,
    ) -> Result<FileKind, Errno> {
        if !self.stands_in_for_foreign(ino) {
            return Ok(FileKind::Inode(ino));
        }
        let Last::Name(name) = last else { return Err(Errno::ENXIO) };
        match self.kind_named(process, name) {
            Some(kind @ FileKind::Foreign(_)) => Ok(kind),
            _ => Err(Errno::ENXIO),
        }
    }

    /// Whether an inode stands in for what is the embedder's.
    pub(crate) fn stands_in_for_foreign(&self, ino: Ino) -> bool {
        self.stand_ins.is_some_and(|stand_ins| stand_ins.foreign == ino)
    }

    /// Whether `fd` is a directory whose names are descriptors.
    ///
    /// # Errors
    ///
    /// `EBADF`: `fd` is not open. `ENOTDIR`: it is no directory.
    pub fn lists_descriptors(&self, process: &Process, fd: Fd) -> Result<bool, Errno> {
        Ok(self.inode(self.inode_of_fd(process, fd)?)?.directory()?.lists_descriptors)
    }

    /// [`Fs::readdir`] of such a directory, after `.` and `..`: the descriptors in ascending order.
    pub(crate) fn read_descriptors(
        &self,
        process: &Process,
        offset: u64,
        mut visit: impl FnMut(&DirEntryView<'_>) -> bool,
    ) {
        let Some(StandIns { link, .. }) = self.stand_ins else { return };
        let first = offset.saturating_sub(u64::from(FIRST_COOKIE));
        for (fd, _) in process.fds.iter_from(usize::try_from(first).unwrap_or(usize::MAX)) {
            let cookie = u64::from(FIRST_COOKIE) + u64::from(fd.cast_unsigned());
            let mut digits = [0; FD_DIGITS];
            let view = DirEntryView {
                ino: link.st_ino(),
                next_offset: cookie + 1,
                file_type: FileType::Symlink,
                name: print(fd, &mut digits),
            };
            if !visit(&view) {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::{FD_DIGITS, parse, print};
    use crate::Fd;

    #[test]
    fn a_name_is_a_descriptor_if_it_is_its_number() {
        for fd in [0, 7, 10, 65_535, Fd::MAX] {
            let mut digits = [0; FD_DIGITS];
            assert_eq!(parse(print(fd, &mut digits)), Some(fd));
        }
        for name in ["", "01", "00", "-1", "+1", "1x", " 1", "2147483648", "99999999999"] {
            assert_eq!(parse(name.as_bytes()), None, "{name:?}");
        }
    }
}
