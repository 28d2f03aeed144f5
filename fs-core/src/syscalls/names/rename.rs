//! rename, renameat, renameat2.

use crate::base::credentials::MAY_WRITE;
use crate::base::defect::OrDefect;
use crate::base::errno::Errno;
use crate::base::flags::{AT_FDCWD, Fd, NAME_MAX, RenameFlags};
use crate::base::ids::Ino;
use crate::base::stat::FileType;
use crate::fs::Fs;
use crate::fs::path_walk::{FollowLast, NameBuf};
use crate::fs::permissions::Victim;
use crate::objects::inode::Home;
use crate::objects::inotify::InotifyMask;
use crate::objects::process::Process;
use crate::platform::Platform;

/// One side of a rename.
struct Side {
    parent: Ino,
    name: NameBuf,
}

impl<P: Platform> Fs<P> {
    /// `int renameat2(int olddirfd, const char *oldpath, int newdirfd, const char *newpath, unsigned int flags)`
    ///
    /// Gives a file another name, in one step; what had that name goes, if it may.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: unknown flags, or `EXCHANGE` with another one.
    /// * What the two path walks answer, the old path's first.
    /// * `EBUSY`: a path ends in `/`, `.` or `..` (`EEXIST` for the new one with `NOREPLACE`).
    /// * `EROFS`: the filesystem is read-only.
    /// * `ENAMETOOLONG`: a name is too long, unless the following goes for the old one.
    /// * `ENOENT`: the old name is not there, or with `EXCHANGE` the new one, or a directory was
    ///   removed.
    /// * `EEXIST`: `NOREPLACE` and the new name is there.
    /// * `ENOTDIR`: a slash follows what is no directory.
    /// * `EINVAL`: a directory would become its own descendant.
    /// * `ENOTEMPTY`: the new name is an ancestor of the old one.
    /// * `EACCES`, `EPERM`: a directory may not be written, or is sticky.
    /// * `ENOTDIR`, `EISDIR`: a directory would replace a file, or a file a directory.
    /// * `ENOTEMPTY`: the directory to be replaced is not empty.
    /// * `ENOSPC`: no room.
    pub fn renameat2(
        &mut self,
        process: &Process,
        olddirfd: Fd,
        oldpath: &[u8],
        newdirfd: Fd,
        newpath: &[u8],
        flags: RenameFlags,
    ) -> Result<(), Errno> {
        let exchange = flags.contains(RenameFlags::EXCHANGE);
        if !(flags - RenameFlags::NOREPLACE - RenameFlags::EXCHANGE).is_empty()
            || (exchange && flags != RenameFlags::EXCHANGE)
        {
            return Err(Errno::EINVAL);
        }
        let old = self.walk(process, olddirfd, oldpath, FollowLast::Never)?;
        let new = self.walk(process, newdirfd, newpath, FollowLast::Never)?;
        let noreplace = flags.contains(RenameFlags::NOREPLACE);
        let old_name = old.name(Errno::EBUSY)?;
        let new_name = new.name(if noreplace { Errno::EEXIST } else { Errno::EBUSY })?;
        self.want_write()?;
        let source = old.existing()?;
        if new_name.len() > NAME_MAX && self.inode(new.parent)?.takes_names() {
            return Err(Errno::ENAMETOOLONG);
        }
        if new.ino.is_some() && noreplace {
            return Err(Errno::EEXIST);
        }
        if new.ino.is_none() && (exchange || !self.inode(new.parent)?.takes_names()) {
            return Err(Errno::ENOENT);
        }
        if exchange
            && new.trailing_slash
            && let Some(target) = new.ino
            && !self.inode(target)?.is_directory()
        {
            return Err(Errno::ENOTDIR);
        }
        let source_is_directory = self.inode(source)?.is_directory();
        if !source_is_directory && (old.trailing_slash || (!exchange && new.trailing_slash)) {
            return Err(Errno::ENOTDIR);
        }
        if source_is_directory && self.is_ancestor(source, new.parent)? {
            return Err(Errno::EINVAL);
        }
        if let Some(target) = new.ino
            && self.inode(target)?.is_directory()
            && self.is_ancestor(target, old.parent)?
        {
            return Err(if exchange { Errno::EINVAL } else { Errno::ENOTEMPTY });
        }
        let target = new.ino;
        if target == Some(source) {
            // Two names of one file: nothing to do (rename(2)).
            return Ok(());
        }
        self.may_rename(process, old.parent, source, new.parent, target, exchange)?;
        let old = Side { parent: old.parent, name: NameBuf::new(old_name)? };
        let new = Side { parent: new.parent, name: NameBuf::new(new_name)? };
        match target {
            Some(target) if exchange => self.exchange(&old, source, &new, target),
            _ => self.replace(&old, source, &new, target),
        }
    }

    /// `int renameat(int olddirfd, const char *oldpath, int newdirfd, const char *newpath)`
    ///
    /// [`renameat2`](Self::renameat2) without flags.
    ///
    /// # Errors
    ///
    /// As [`renameat2`](Self::renameat2).
    pub fn renameat(
        &mut self,
        process: &Process,
        olddirfd: Fd,
        oldpath: &[u8],
        newdirfd: Fd,
        newpath: &[u8],
    ) -> Result<(), Errno> {
        self.renameat2(process, olddirfd, oldpath, newdirfd, newpath, RenameFlags::empty())
    }

    /// `int rename(const char *oldpath, const char *newpath)`
    ///
    /// [`renameat2`](Self::renameat2) from the current directory, without flags.
    ///
    /// # Errors
    ///
    /// As [`renameat2`](Self::renameat2).
    pub fn rename(
        &mut self,
        process: &Process,
        oldpath: &[u8],
        newpath: &[u8],
    ) -> Result<(), Errno> {
        self.renameat(process, AT_FDCWD, oldpath, AT_FDCWD, newpath)
    }

    /// Whether `ancestor` is `ino` or above it.
    fn is_ancestor(&self, ancestor: Ino, ino: Ino) -> Result<bool, Errno> {
        let mut at = ino;
        loop {
            if at == ancestor {
                return Ok(true);
            }
            if at == Ino::ROOT {
                return Ok(false);
            }
            at = self.inode(at)?.directory()?.parent;
        }
    }

    /// Checks permissions and kinds (`vfs_rename`).
    fn may_rename(
        &self,
        process: &Process,
        old_parent: Ino,
        source: Ino,
        new_parent: Ino,
        target: Option<Ino>,
        exchange: bool,
    ) -> Result<(), Errno> {
        let kind_of = |ino: Ino| {
            self.inode(ino)
                .map(|inode| if inode.is_directory() { Victim::Directory } else { Victim::Other })
        };
        let source_kind = kind_of(source)?;
        self.may_delete(process, old_parent, source, source_kind)?;
        match target {
            None => self.may_create(process, new_parent)?,
            Some(target) => {
                let expected = if exchange { kind_of(target)? } else { source_kind };
                self.may_delete(process, new_parent, target, expected)?;
            }
        }
        if old_parent != new_parent {
            // A directory that moves gets another "..": that is a write to it.
            let moved = [Some(source), target.filter(|_| exchange)];
            for ino in moved.into_iter().flatten() {
                let inode = self.inode(ino)?;
                if inode.is_directory() {
                    self.may_access(process, inode, MAY_WRITE)?;
                }
            }
        }
        if let Some(target) = target
            && !exchange
            && let Ok(directory) = self.inode(target)?.directory()
            && !directory.is_empty()
        {
            return Err(Errno::ENOTEMPTY);
        }
        Ok(())
    }

    /// Moves `source` to its new name; `target` had it and loses it.
    fn replace(
        &mut self,
        old: &Side,
        source: Ino,
        new: &Side,
        target: Option<Ino>,
    ) -> Result<(), Errno> {
        let now = self.now();
        let inode = self.inode_to_change(source)?;
        let file_type = inode.file_type();
        if inode.nlink > 1 && file_type != FileType::Directory {
            self.reserve_home()?;
        }
        // The only step that can fail comes first. The moved entry is a new one, at the end of the
        // order of readdir, as on tmpfs (simple_offset_rename).
        // Meanwhile there are two names, which are counted: a call may be cut short.
        self.inode_mut(source)?.nlink += 1; // for the new name
        let (into, note) = self.directory_for_removal(new.parent, &new.name)?;
        let had = match into.supersede(&new.name, source, file_type, note) {
            Ok(had) => had,
            Err(error) => {
                self.inode_mut(source)?.nlink -= 1; // for the name that was not added
                return Err(error);
            }
        };
        let cookie = self.inode(new.parent)?.directory()?.last_cookie();
        let (from, note) = self.directory_for_removal(old.parent, &old.name)?;
        let was = from.remove(&old.name, note);
        self.inode_mut(source)?.nlink -= 1; // for the old name
        let target_cookie = had.map_or(0, |had| had.cookie());
        let from = Home { parent: old.parent, cookie: was.map_or(0, |entry| entry.cookie()) };
        let to = Home { parent: new.parent, cookie };
        if let Some(target) = target {
            let inode = self.inode_to_change(target)?;
            if inode.is_directory() {
                inode.nlink = 0; // its name and its "." go
                inode.set_ctime(now);
                self.inode_mut(new.parent)?.nlink -= 1; // for ".." of the replaced directory
            } else {
                self.drop_link(target, now)?;
            }
        }
        self.reparent(source, old.parent, new.parent)?;
        self.inode_mut(source)?.set_ctime(now);
        self.inode_mut(old.parent)?.touch(now);
        self.inode_mut(new.parent)?.touch(now);
        self.move_home(source, from, to);
        if let Some(target) = target {
            self.remove_place(target, new.parent, target_cookie, &new.name);
        }
        self.move_place(source, from.into(), to.into());
        self.notify_move(old, new, source, target);
        if let Some(target) = target {
            self.free_if_unused(target);
        }
        Ok(())
    }

    /// Tells of a name that moved (`fsnotify_move`), and of the inode that lost the new name to it.
    fn notify_move(&mut self, old: &Side, new: &Side, source: Ino, target: Option<Ino>) {
        if !self.is_watched() {
            return;
        }
        self.rename_cookie = self.rename_cookie.wrapping_add(1);
        let cookie = self.rename_cookie;
        let bit = self.directory_bit(source);
        self.notify_name(old.parent, InotifyMask::MOVED_FROM | bit, &old.name, cookie);
        self.notify_name(new.parent, InotifyMask::MOVED_TO | bit, &new.name, cookie);
        if let Some(target) = target {
            self.notify_inode(target, InotifyMask::ATTRIB);
        }
        self.notify_inode(source, InotifyMask::MOVE_SELF);
    }

    /// Lets two names change places.
    fn exchange(&mut self, old: &Side, source: Ino, new: &Side, target: Ino) -> Result<(), Errno> {
        let now = self.now();
        let (source_type, target_type) =
            (self.inode(source)?.file_type(), self.inode(target)?.file_type());
        self.reserve_homes(2)?;
        self.note(source);
        self.note(target);
        let (from, note) = self.directory_for_removal(old.parent, &old.name)?;
        let cookie = from.replace(&old.name, target, target_type, note).or_defect()?;
        let old_home = Home { parent: old.parent, cookie };
        let (into, note) = self.directory_for_removal(new.parent, &new.name)?;
        let cookie = into.replace(&new.name, source, source_type, note).or_defect()?;
        let new_home = Home { parent: new.parent, cookie };
        self.reparent(source, old.parent, new.parent)?;
        self.reparent(target, new.parent, old.parent)?;
        for ino in [source, target] {
            self.inode_mut(ino)?.set_ctime(now);
        }
        for ino in [old.parent, new.parent] {
            self.inode_mut(ino)?.touch(now);
        }
        self.move_home(source, old_home, new_home);
        self.move_home(target, new_home, old_home);
        self.move_place(source, old_home.into(), new_home.into());
        self.move_place(target, new_home.into(), old_home.into());
        self.notify_move(old, new, source, None);
        self.notify_move(new, old, target, None);
        Ok(())
    }

    /// A directory that moved has another parent.
    fn reparent(&mut self, ino: Ino, old_parent: Ino, new_parent: Ino) -> Result<(), Errno> {
        if old_parent == new_parent {
            return Ok(());
        }
        let Ok(directory) = self.inode_mut(ino)?.directory_mut() else { return Ok(()) };
        directory.parent = new_parent;
        let into = self.inode_mut(new_parent)?;
        into.nlink += 1; // for ".." of the moved directory
        into.holds += 1; // for the moved directory, which knows it as its parent
        self.inode_mut(old_parent)?.nlink -= 1; // for ".." of the moved directory
        self.release(old_parent);
        Ok(())
    }
}
