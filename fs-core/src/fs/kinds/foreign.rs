//! Directories whose entries are the embedder's: mount points, and directories that are read in
//! when first needed.
//!
//! Linux: a managed dentry (`follow_managed`, `follow_automount`, fs/namei.c): the walk that comes
//! to one lets somebody else decide. Departure: this crate cannot call a filesystem of the
//! embedder's, so the walk stops there, with `EREMOTE`, after it has told
//! [`Platform::walk_stopped`] where it is and what is left of the path; the embedder does what is
//! to be done there and, if the path comes back, makes its call again.
//!
//! * [`Foreign::Mount`]: everything beneath is the embedder's and never comes here. What the tree
//!   has there is hidden.
//! * [`Foreign::Absent`]: a mount point without a filesystem behind it: an empty directory in which
//!   nothing can be made.
//! * [`Foreign::Unread`]: the lower directory of an overlay that was not read yet. The embedder
//!   adds its entries with [`Fs::add_lower`]; from then on it is an ordinary directory, so
//!   deletion, renaming and listing need nothing of their own. Files among them are ranges of the
//!   image that begin at [`LOWER_IMAGE`](crate::LOWER_IMAGE): read in place, and copied up page by
//!   page when written, as baked files are.
//!
//! All of it is only where [`Platform::FOREIGN`] says so, and costs nothing elsewhere.

use alloc::vec::Vec;

use crate::base::errno::Errno;
use crate::base::fallible::try_copy;
use crate::base::flags::{Fd, NAME_MAX, PATH_MAX};
use crate::base::ids::Ino;
use crate::fs::Fs;
use crate::fs::path_walk::FollowLast;
use crate::objects::contents::FileContents;
use crate::objects::directory::Directory;
use crate::objects::inode::{Inode, InodeKind};
use crate::objects::process::Process;
use crate::platform::Platform;
use crate::platform::foreign::{DirectoryId, Foreign, ForeignMark, LowerFile, LowerKind};

/// The permission bits of what a lower directory holds: preview1 and its like know none.
const DIRECTORY_MODE: u32 = 0o755;
/// As [`DIRECTORY_MODE`], of files.
const FILE_MODE: u32 = 0o644;
/// As [`DIRECTORY_MODE`], of symbolic links.
const SYMLINK_MODE: u32 = 0o777;

impl<P: Platform> Fs<P> {
    /// Says whose the entries of a directory are; `None`: its own.
    ///
    /// # Errors
    ///
    /// * What the path walk answers; `ENOENT`: it is not there.
    /// * `ENOTDIR`: it is not a directory.
    /// * `EOPNOTSUPP`: [`Platform::FOREIGN`] is not set.
    pub fn set_foreign(
        &mut self,
        process: &Process,
        dirfd: Fd,
        path: &[u8],
        foreign: Option<Foreign>,
    ) -> Result<(), Errno> {
        if !P::FOREIGN {
            // Before the path is looked at: there are no such directories.
            return Err(Errno::EOPNOTSUPP);
        }
        let ino = self.walk_to(process, dirfd, path, FollowLast::No)?;
        self.mark(DirectoryId(ino), foreign)
    }

    /// As [`set_foreign`](Self::set_foreign), for the directory at which a walk stopped.
    ///
    /// # Errors
    ///
    /// * `EOPNOTSUPP`: [`Platform::FOREIGN`] is not set.
    /// * `EIO`, `ENOTDIR`: it is gone since.
    pub fn mark(&mut self, at: DirectoryId, foreign: Option<Foreign>) -> Result<(), Errno> {
        if !P::FOREIGN {
            return Err(Errno::EOPNOTSUPP);
        }
        let inode = self.find_inode_mut(at.0).ok_or(Errno::EIO)?;
        inode.directory_mut()?.foreign = ForeignMark::new(foreign);
        Ok(())
    }

    /// Whose the entries of an open directory are; `None`: its own, or it is no directory.
    #[must_use]
    pub fn foreign_of_fd(&self, process: &Process, fd: Fd) -> Option<(DirectoryId, Foreign)> {
        if !P::FOREIGN {
            return None;
        }
        let ino = self.inode_of_fd(process, fd).ok()?;
        let foreign = self.inode(ino).ok()?.directory().ok()?.foreign.get()?;
        Some((DirectoryId(ino), foreign))
    }

    /// The outermost directory above an open one that is [`Foreign::Unread`]: what it lies in was
    /// never walked. Only a directory that was opened before the ones above it were marked has
    /// such.
    #[must_use]
    pub fn unread_above(&self, process: &Process, fd: Fd) -> Option<(DirectoryId, Foreign)> {
        if !P::FOREIGN {
            return None;
        }
        let mut found = None;
        let mut ino = self.inode_of_fd(process, fd).ok()?;
        while ino != Ino::ROOT {
            ino = self.inode(ino).ok()?.directory().ok()?.parent;
            if let Some(foreign @ Foreign::Unread(_)) =
                self.inode(ino).ok()?.directory().ok()?.foreign.get()
            {
                found = Some((DirectoryId(ino), foreign));
            }
        }
        found
    }

    /// Only walks a path. With [`FollowLast::Never`] it also stops at a last component that is a
    /// directory which was not read yet: whoever removes it wants to know whether it is empty.
    ///
    /// # Errors
    ///
    /// * `EREMOTE`: it leads to a directory whose entries are the embedder's:
    ///   [`Platform::walk_stopped`] was told.
    /// * What else the path walk answers. That the last component is not there is none.
    pub fn probe(
        &self,
        process: &Process,
        dirfd: Fd,
        path: &[u8],
        follow: FollowLast,
    ) -> Result<(), Errno> {
        let walked = self.walk(process, dirfd, path, follow)?;
        if P::FOREIGN
            && follow == FollowLast::Never
            && let Some(ino) = walked.ino
            && let Ok(directory) = self.inode(ino)?.directory()
            && let Some(foreign @ Foreign::Unread(_)) = directory.foreign.get()
        {
            self.platform.walk_stopped(DirectoryId(ino), foreign, &[]);
            return Err(Errno::EREMOTE);
        }
        Ok(())
    }

    /// Writes a path without links from the directory `dirfd` to the one that holds `at`, with a
    /// slash after each name. With it, a path that leads out of `at` by `..` can be said without
    /// `at`.
    ///
    /// # Errors
    ///
    /// * `EBADF`, `ENOTDIR`: `dirfd` will not do.
    /// * `EIO`, `ENOTDIR`: `at` is gone since.
    /// * `EXDEV`: `at` is not beneath `dirfd`.
    /// * `ENAMETOOLONG`: the path has [`PATH_MAX`] bytes or more.
    /// * `ENOMEM`: no memory.
    pub fn path_of_parent(
        &self,
        process: &Process,
        dirfd: Fd,
        at: DirectoryId,
    ) -> Result<Vec<u8>, Errno> {
        let start = self.inode_of_fd(process, dirfd)?;
        self.find_inode(at.0).ok_or(Errno::EIO)?.directory()?;
        let mut ino = at.0;
        let mut backwards: Vec<u8> = Vec::new();
        backwards.try_reserve_exact(PATH_MAX)?;
        loop {
            if ino == start || ino == Ino::ROOT {
                return Err(Errno::EXDEV);
            }
            let parent = self.inode(ino)?.directory()?.parent;
            if parent == start {
                break;
            }
            let directory = self.inode(parent)?.directory()?;
            let above = self.inode(directory.parent)?.directory()?;
            let name = above.name_of_child(parent, directory.own_cookie).ok_or(Errno::ENOENT)?;
            if backwards.len() + name.len() + 1 >= PATH_MAX {
                return Err(Errno::ENAMETOOLONG);
            }
            backwards.push(b'/');
            backwards.extend(name.iter().rev());
            ino = parent;
        }
        backwards.reverse();
        Ok(backwards)
    }

    /// Adds a file of the lower directory to one that is [`Foreign::Unread`]. A name that is there
    /// already hides it; but of two directories the one that is there becomes [`Foreign::Unread`]
    /// too. The directory's times stay. No limit counts what was there already, neither the inode
    /// nor the pages that it had.
    ///
    /// When all are added, [`mark`](Self::mark) it `None`.
    ///
    /// # Errors
    ///
    /// * `EOPNOTSUPP`: [`Platform::FOREIGN`] is not set.
    /// * `EINVAL`: the name is empty, `.` or `..`, or has a slash or NUL.
    /// * `ENAMETOOLONG`: it is longer than [`NAME_MAX`].
    /// * `ENOSPC`: no room.
    /// * `EIO`, `ENOTDIR`: the directory is gone since.
    pub fn add_lower(&mut self, to: DirectoryId, file: &LowerFile<'_>) -> Result<(), Errno> {
        if !P::FOREIGN {
            return Err(Errno::EOPNOTSUPP);
        }
        let (parent, name) = (to.0, file.name);
        if matches!(name, b"" | b"." | b"..") || name.iter().any(|byte| matches!(byte, 0 | b'/')) {
            return Err(Errno::EINVAL);
        }
        if name.len() > NAME_MAX {
            return Err(Errno::ENAMETOOLONG);
        }
        let directory = self.find_inode(parent).ok_or(Errno::EIO)?.directory()?;
        if let Some(above) = directory.lookup(name) {
            if let LowerKind::Directory(number) = file.kind
                && let Ok(directory) = self.inode_mut(above.ino)?.directory_mut()
                && directory.foreign == ForeignMark::NONE
            {
                directory.foreign = ForeignMark::new(Some(Foreign::Unread(number)));
            }
            return Ok(());
        }
        let (kind, mode) = match file.kind {
            LowerKind::Directory(number) => {
                let mut kind = InodeKind::directory(parent)?;
                if let InodeKind::Directory(directory) = &mut kind {
                    directory.foreign = ForeignMark::new(Some(Foreign::Unread(number)));
                }
                (kind, DIRECTORY_MODE)
            }
            LowerKind::Regular { number, size } => {
                (InodeKind::Regular(FileContents::lower(number, size)), FILE_MODE)
            }
            LowerKind::Symlink(target) => {
                (InodeKind::Symlink(try_copy(target).map_err(|_| Errno::ENOSPC)?), SYMLINK_MODE)
            }
        };
        let mut inode = Inode::new(kind, mode, 0, 0, file.mtime);
        inode.set_atime(file.atime);
        inode.set_ctime(file.ctime);
        inode.lower = true;
        self.add_named(parent, name, inode).map(|_| ())
    }

    /// Stops a walk that would look something up in `directory`, if its entries are the embedder's.
    ///
    /// # Errors
    ///
    /// `EREMOTE`: they are.
    #[inline]
    pub(crate) fn stop_at_foreign(
        &self,
        process: &Process,
        at: Ino,
        directory: &Directory,
        rest: &[u8],
    ) -> Result<(), Errno> {
        match directory.foreign.get() {
            Some(_) if process.own_tree_only => Ok(()),
            Some(foreign @ (Foreign::Mount(_) | Foreign::Unread(_))) => {
                self.platform.walk_stopped(DirectoryId(at), foreign, rest);
                Err(Errno::EREMOTE)
            }
            _ => Ok(()),
        }
    }

    /// Stops a walk whose path ends at a mount point, unless the caller wants the name itself.
    ///
    /// # Errors
    ///
    /// `EREMOTE`: it does.
    pub(crate) fn stop_at_last_foreign(
        &self,
        process: &Process,
        last: Ino,
        follow: FollowLast,
        trailing_slash: bool,
    ) -> Result<(), Errno> {
        if follow != FollowLast::Never
            && let Ok(directory) = self.inode(last)?.directory()
            && directory.foreign.is_mounted()
        {
            let rest: &[u8] = if trailing_slash { b"/" } else { b"" };
            return self.stop_at_foreign(process, last, directory, rest);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
    #![allow(clippy::cast_possible_truncation, reason = "the low byte is meant")]

    use core::cell::{Cell, RefCell};

    use super::{DirectoryId, Foreign, LowerFile, LowerKind};
    use crate::base::config::Config;
    use crate::base::credentials::Credentials;
    use crate::base::errno::Errno;
    use crate::base::flags::{AT_FDCWD, AtFlags, OFlags, ResolveFlags, Whence};
    use crate::base::time::Timespec;
    use crate::fs::Fs;
    use crate::fs::path_walk::FollowLast;
    use crate::fs::superblock::Usage;
    use crate::objects::process::Process;
    use crate::platform::Platform;
    use crate::platform::foreign::LOWER_IMAGE;
    use alloc::string::String;
    use alloc::vec::Vec;

    /// An embedder: it notes where walks stop, and has one lower file with a byte for each offset.
    #[derive(Default)]
    struct Embedder {
        stop: Cell<Option<(DirectoryId, Foreign)>>,
        rest: RefCell<Vec<u8>>,
        fails: Cell<bool>,
    }

    impl Platform for Embedder {
        const FOREIGN: bool = true;

        fn current_time(&self) -> Timespec {
            Timespec::new(5, 0)
        }

        fn image_to_kernel(&self, dst: &mut [u8], offset: u64) {
            assert_eq!(offset / LOWER_IMAGE, 8, "file 7");
            for (byte, at) in dst.iter_mut().zip(offset % LOWER_IMAGE..) {
                *byte = at as u8;
            }
        }

        fn image_failed(&self) -> bool {
            self.fails.get()
        }

        fn walk_stopped(&self, at: DirectoryId, foreign: Foreign, rest: &[u8]) {
            self.stop.set(Some((at, foreign)));
            *self.rest.borrow_mut() = rest.to_vec();
        }

        fn walk_stopped_in_link(&self, rest: &[u8]) {
            let mut held = self.rest.borrow_mut();
            held.push(b'/');
            held.extend_from_slice(rest);
        }
    }

    fn tree() -> (Fs<Embedder>, Process) {
        let mut fs = Fs::new(Embedder::default(), Config::default()).unwrap();
        let mut p = fs.spawn(Credentials::ROOT).unwrap();
        for directory in ["/a", "/a/mnt", "/absent", "/over"] {
            fs.mkdir(&p, directory.as_bytes(), 0o755).unwrap();
        }
        for (link, target) in [
            ("/to-mnt", "a/mnt"),
            ("/to-file", "/a/mnt/d/f"),
            ("/to-d", "to-mnt/d"),
            ("/a/up", "../to-d/./"),
        ] {
            fs.symlink(&p, target.as_bytes(), link.as_bytes()).unwrap();
        }
        for (path, foreign) in [
            ("/a/mnt", Foreign::Mount(0)),
            ("/absent", Foreign::Absent),
            ("/over", Foreign::Unread(Foreign::MAX)),
        ] {
            fs.set_foreign(&p, AT_FDCWD, path.as_bytes(), Some(foreign)).unwrap();
        }
        assert_eq!(fs.open(&mut p, b"/", OFlags::RDONLY | OFlags::DIRECTORY, 0), Ok(0));
        p.confine(ResolveFlags::BENEATH | ResolveFlags::ABSOLUTE_LINKS);
        (fs, p)
    }

    #[test]
    fn a_walk_stops_at_a_mount_point_and_says_what_is_left() {
        use FollowLast::{Never, No, Yes};
        let (fs, p) = tree();
        // rows: path, how, what is left (`None`: it does not stop)
        for (path, follow, expected) in [
            ("a/mnt/x/y//z/", Yes, Some("x/y//z/")),
            ("a/mnt/../x", No, Some("../x")),
            ("a//./mnt", Yes, Some("")),
            ("a/mnt/", No, Some("/")),
            ("a/mnt/.", Never, Some(".")),
            ("a/mnt", Never, None),
            ("to-mnt", No, None),
            ("to-mnt", Yes, Some("")),
            ("to-mnt/", No, Some("/")),
            ("to-mnt/x", Never, Some("/x")),
            ("to-file", Yes, Some("d/f")),
            ("to-file/x/", Yes, Some("d/f/x/")),
            ("to-d/x", No, Some("/d/x")),
            ("a/up/x/", No, Some("/d/.//x/")),
            ("a/up/", Yes, Some("/d/.//")),
            ("a/x", No, None),
            ("a/../a", No, None),
        ] {
            fs.platform().stop.set(None);
            let probed = fs.probe(&p, 0, path.as_bytes(), follow);
            let left = fs.platform().stop.get().map(|(_, foreign)| {
                assert_eq!((probed, foreign), (Err(Errno::EREMOTE), Foreign::Mount(0)), "{path}");
                String::from_utf8(fs.platform().rest.borrow().clone()).unwrap()
            });
            assert_eq!(left.as_deref(), expected, "{path}");
        }
        let (at, _) = {
            let _ = fs.probe(&p, 0, b"to-file", Yes);
            fs.platform().stop.get().unwrap()
        };
        assert_eq!(fs.path_of_parent(&p, 0, at).unwrap(), b"a/");
    }

    #[test]
    fn a_mount_point_stays_where_it_is() {
        let (mut fs, p) = tree();
        assert_eq!(fs.unlinkat(&p, 0, b"a/mnt", AtFlags::REMOVEDIR), Err(Errno::EBUSY));
        assert_eq!(fs.renameat(&p, 0, b"a/mnt", 0, b"b"), Err(Errno::EBUSY));
        assert_eq!(fs.renameat(&p, 0, b"over", 0, b"absent"), Err(Errno::EBUSY));
        assert_eq!(fs.mkdirat(&p, 0, b"a/mnt", 0), Err(Errno::EEXIST));
        // With what holds it, it may move: nothing about it is a path.
        assert_eq!(fs.renameat(&p, 0, b"a", 0, b"b"), Ok(()));
        assert_eq!(fs.probe(&p, 0, b"b/mnt", FollowLast::Yes), Err(Errno::EREMOTE));
    }

    #[test]
    fn nothing_is_in_what_is_absent() {
        let (mut fs, mut p) = tree();
        let rows: [(&[u8], _); 4] = [
            (b"absent", Ok(())),
            (b"absent/x", Err(Errno::ENOENT)),
            (b"absent/..", Ok(())),
            (b"absent/.", Ok(())),
        ];
        for (path, expected) in rows {
            let stat = fs.newfstatat(&p, 0, path, AtFlags::empty());
            assert_eq!(stat.map(|_| ()), expected);
        }
        assert_eq!(fs.mkdirat(&p, 0, b"absent/x", 0o755), Err(Errno::ENOENT));
        let flags = OFlags::CREAT | OFlags::RDWR;
        assert_eq!(fs.openat(&mut p, 0, b"absent/x", flags, 0), Err(Errno::ENOENT));
    }

    #[test]
    fn a_process_may_look_at_the_tree_alone() {
        let (mut fs, mut p) = tree();
        p.see_own_tree_only(true);
        assert_eq!(fs.newfstatat(&p, 0, b"a/mnt", AtFlags::empty()).map(|_| ()), Ok(()));
        assert_eq!(fs.mkdirat(&p, 0, b"a/mnt/x", 0o755), Err(Errno::ENOENT));
        assert_eq!(fs.mkdirat(&p, 0, b"over/x", 0o755), Ok(()));
        assert_eq!(fs.unlinkat(&p, 0, b"a/mnt", AtFlags::REMOVEDIR), Err(Errno::EBUSY));
        p.see_own_tree_only(false);
        assert_eq!(fs.mkdirat(&p, 0, b"over/y", 0o755), Err(Errno::EREMOTE));
    }

    fn lower<'a>(name: &'a [u8], kind: LowerKind<'a>) -> LowerFile<'a> {
        let time = |sec| Timespec::new(sec, 0);
        LowerFile { name, kind, atime: time(1), mtime: time(2), ctime: time(3) }
    }

    #[test]
    fn a_directory_that_was_read_in_is_an_ordinary_one() {
        let (mut fs, mut p) = tree();
        assert_eq!(fs.newfstatat(&p, 0, b"over", AtFlags::empty()).unwrap().st_nlink, 1);
        // Whoever removes it has to know whether it is empty.
        assert_eq!(fs.probe(&p, 0, b"over", FollowLast::No), Ok(()));
        assert_eq!(fs.probe(&p, 0, b"over", FollowLast::Never), Err(Errno::EREMOTE));
        assert_eq!(fs.probe(&p, 0, b"over/f", FollowLast::No), Err(Errno::EREMOTE));
        let (at, foreign) = fs.platform().stop.get().unwrap();
        assert_eq!(foreign, Foreign::Unread(Foreign::MAX));
        for (name, kind) in [
            (&b"f"[..], LowerKind::Regular { number: 7, size: 10_000 }),
            (b"d", LowerKind::Directory(3)),
            (b"l", LowerKind::Symlink(b"d/../f")),
            (b"f", LowerKind::Directory(4)),
            (b"large", LowerKind::Regular { number: 9, size: 1 << 32 }),
        ] {
            assert_eq!(fs.add_lower(at, &lower(name, kind)), Ok(()));
        }
        for name in [&b""[..], b"..", b"a/b", b"a\0"] {
            let file = lower(name, LowerKind::Directory(5));
            assert_eq!(fs.add_lower(at, &file), Err(Errno::EINVAL));
        }
        fs.mark(at, None).unwrap();
        fs.check_invariants(&[&p]).unwrap();
        let stat = fs.newfstatat(&p, 0, b"over", AtFlags::empty()).unwrap();
        assert_eq!((stat.st_nlink, stat.st_mtime), (3, Timespec::new(5, 0)));
        let stat = fs.newfstatat(&p, 0, b"over/f", AtFlags::empty()).unwrap();
        assert_eq!(
            (stat.st_size, stat.st_blocks, stat.st_mtime),
            (10_000, 24, Timespec::new(2, 0))
        );
        assert_eq!(fs.probe(&p, 0, b"over/l", FollowLast::Yes), Err(Errno::EREMOTE));
        assert_eq!(fs.platform().stop.get().unwrap().1, Foreign::Unread(3));
        assert_eq!(*fs.platform().rest.borrow(), b"../f");

        // Pages are copied up when written, one by one.
        let fd = fs.openat(&mut p, 0, b"over/f", OFlags::RDWR, 0).unwrap();
        assert_eq!(fs.pwrite64(&p, fd, &b"!"[..], 5000), Ok(1));
        let mut bytes = [0; 10_001];
        assert_eq!(fs.pread64(&p, fd, &mut bytes[..], 0), Ok(10_000));
        let expected = |at: usize| if at == 5000 { b'!' } else { at as u8 };
        assert!((0..10_000).all(|at| bytes[at] == expected(at)));
        fs.platform().fails.set(true);
        assert_eq!(fs.pwrite64(&p, fd, &b"!"[..], 9000), Err(Errno::EIO));
        assert_eq!(fs.pwrite64(&p, fd, &b"?"[..], 5000), Ok(1));
        fs.platform().fails.set(false);
        assert_eq!(fs.ftruncate(&p, fd, 1), Ok(()));
        assert_eq!(fs.ftruncate(&p, fd, 3), Ok(()));
        assert_eq!(fs.pread64(&p, fd, &mut bytes[..], 0), Ok(3));
        assert_eq!(bytes[..3], [0; 3]);
        assert_eq!(fs.lseek(&p, fd, 0, Whence::End), Ok(3));

        // Four bytes hold the length of an image.
        let opened = fs.openat(&mut p, 0, b"over/large", OFlags::RDWR, 0);
        assert_eq!(opened, Err(Errno::EOVERFLOW));
        let fd = fs.openat(&mut p, 0, b"over/large", OFlags::RDWR | OFlags::TRUNC, 0).unwrap();
        assert_eq!(fs.fstat(&p, fd).unwrap().st_size, 0);
        assert_eq!(fs.unlinkat(&p, 0, b"over/large", AtFlags::empty()), Ok(()));
        fs.check_invariants(&[&p]).unwrap();
    }

    #[test]
    fn a_directory_that_is_gone_is_an_error() {
        let (mut fs, p) = tree();
        assert_eq!(fs.probe(&p, 0, b"over/f", FollowLast::No), Err(Errno::EREMOTE));
        let (at, _) = fs.platform().stop.get().unwrap();
        fs.unlinkat(&p, 0, b"over", AtFlags::REMOVEDIR).unwrap();
        assert_eq!(fs.mark(at, None), Err(Errno::EIO));
        let file = lower(b"f", LowerKind::Directory(1));
        assert_eq!(fs.add_lower(at, &file), Err(Errno::EIO));
        assert_eq!(fs.path_of_parent(&p, 0, at), Err(Errno::EIO));
    }

    #[test]
    fn limits_do_not_count_what_was_there() {
        let config = Config { max_bytes: 8192, max_inodes: 2, ..Config::default() };
        let mut fs = Fs::new(Embedder::default(), config).unwrap();
        let mut p = fs.spawn(Credentials::ROOT).unwrap();
        fs.set_foreign(&p, AT_FDCWD, b"/", Some(Foreign::Unread(0))).unwrap();
        assert_eq!(fs.probe(&p, AT_FDCWD, b"/x", FollowLast::No), Err(Errno::EREMOTE));
        let (at, _) = fs.platform().stop.get().unwrap();
        for name in [&b"a"[..], b"b", b"c"] {
            let kind = LowerKind::Regular { number: 7, size: 1 << 20 };
            assert_eq!(fs.add_lower(at, &lower(name, kind)), Ok(()));
        }
        fs.mark(at, None).unwrap();
        let fd = fs.creat(&mut p, b"/new", 0o644).unwrap();
        assert_eq!(fs.write(&p, fd, &[1; 10_000][..]), Ok(8192));
        assert_eq!(fs.creat(&mut p, b"/newer", 0o644), Err(Errno::ENOSPC));
    }

    #[test]
    fn the_limits_stay_what_the_user_said_whatever_becomes_of_what_was_there() {
        let config = Config { max_bytes: 8192, max_inodes: 3, ..Config::default() };
        let mut fs = Fs::new(Embedder::default(), config).unwrap();
        let mut p = fs.spawn(Credentials::ROOT).unwrap();
        // Full as far as inodes go: what was there comes in all the same.
        for name in [&b"/mine"[..], b"/also"] {
            let fd = fs.creat(&mut p, name, 0o644).unwrap();
            fs.close(&mut p, fd).unwrap();
        }
        fs.set_foreign(&p, AT_FDCWD, b"/", Some(Foreign::Unread(0))).unwrap();
        assert_eq!(fs.probe(&p, AT_FDCWD, b"/x", FollowLast::No), Err(Errno::EREMOTE));
        let (at, _) = fs.platform().stop.get().unwrap();
        for (name, kind) in [
            (&b"a"[..], LowerKind::Regular { number: 7, size: 1 << 20 }),
            (b"b", LowerKind::Regular { number: 7, size: 1 << 20 }),
            (b"d", LowerKind::Directory(3)),
            (b"l", LowerKind::Symlink(&[b'x'; 200])),
        ] {
            assert_eq!(fs.add_lower(at, &lower(name, kind)), Ok(()));
        }
        fs.mark(at, None).unwrap();
        fs.check_invariants(&[&p]).unwrap();
        assert_eq!(*fs.config(), config);
        let empty = Usage { bytes: 0, inodes: 3 };
        assert_eq!(fs.usage(), empty);
        let statfs = fs.statfs(&p, b"/").unwrap();
        assert_eq!((statfs.f_blocks, statfs.f_bfree, statfs.f_files, statfs.f_ffree), (2, 2, 3, 0));
        // Removing what was there makes no room for what is the user's.
        for name in [&b"/a"[..], b"/l"] {
            assert_eq!(fs.unlink(&p, name), Ok(()));
        }
        assert_eq!(fs.usage(), empty);
        assert_eq!(fs.creat(&mut p, b"/new", 0o644), Err(Errno::ENOSPC));
        // Writing over what was there takes none either, writing behind it does.
        let fd = fs.open(&mut p, b"/b", OFlags::RDWR, 0).unwrap();
        assert_eq!(fs.pwrite64(&p, fd, &[1; 10_000][..], 0), Ok(10_000));
        assert_eq!(fs.usage(), empty);
        assert_eq!(fs.pwrite64(&p, fd, &[1; 10_000][..], 1 << 20), Ok(8192));
        assert_eq!(fs.usage().bytes, 8192);
        assert_eq!(fs.ftruncate(&p, fd, 0), Ok(()));
        assert_eq!(fs.usage(), empty);
        assert_eq!(fs.pwrite64(&p, fd, &[1; 10_000][..], 0), Ok(8192));
        fs.check_invariants(&[&p]).unwrap();
        assert_eq!(fs.unlink(&p, b"/b"), Ok(()));
        assert_eq!(fs.close(&mut p, fd), Ok(()));
        assert_eq!(fs.usage(), empty);
        fs.check_invariants(&[&p]).unwrap();
    }
}
