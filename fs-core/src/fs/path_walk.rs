//! Path resolution: from a starting directory and a path to an inode, or to the place where a name
//! would go.
//!
//! Linux: `struct nameidata`, `link_path_walk` and `path_lookupat` (fs/namei.c). A symbolic link is
//! walked in place, so nothing is allocated or copied. Departure: the stack of links is the call
//! stack.
//!
//! What to do with the last component is the caller's business: a [`Walked`] names both the
//! directory that the last component is in and, if it is there, the inode that it leads to.

use crate::base::defect::{OrDefect, defect};
use crate::base::errno::Errno;
use crate::base::flags::{AT_FDCWD, Fd, MAXSYMLINKS, NAME_MAX, PATH_MAX, ResolveFlags};
use crate::base::ids::Ino;
use crate::base::stat::FileType;
use crate::fs::Fs;
use crate::objects::inode::InodeKind;
use crate::objects::process::Process;
use crate::platform::Platform;

/// What the last component of a path is (`LAST_NORM`, `LAST_ROOT`, `LAST_DOT`, `LAST_DOTDOT`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Last<'a> {
    /// A name.
    Name(&'a [u8]),
    /// There is none: the path is all slashes.
    Root,
    /// `.`
    Dot,
    /// `..`
    DotDot,
}

/// Whether a symbolic link in the last component is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FollowLast {
    /// It is (`LOOKUP_FOLLOW`).
    Yes,
    /// It is not, unless a slash comes after it.
    No,
    /// It is not, even if a slash comes after it (`filename_parentat`): the caller will add or
    /// remove the name.
    Never,
    /// It is, unless a slash comes after it (`open_last_lookups` with `O_CREAT`): the caller
    /// refuses that slash.
    UnlessSlash,
}

/// The end of a walk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walked<'a> {
    /// The directory that the last component is in. For [`Last::Root`], [`Last::Dot`] and
    /// [`Last::DotDot`]: where they lead.
    pub(crate) parent: Ino,
    /// The last component. It may lie in the target of a link.
    pub(crate) last: Last<'a>,
    /// What the last component leads to, if it is there.
    pub(crate) ino: Option<Ino>,
    /// A slash comes after the last component: it must be a directory.
    pub(crate) trailing_slash: bool,
}

impl<'a> Walked<'a> {
    /// The inode at the end.
    ///
    /// # Errors
    ///
    /// * `ENAMETOOLONG`: the last component is longer than [`NAME_MAX`].
    /// * `ENOENT`: it is not there.
    pub(crate) fn existing(&self) -> Result<Ino, Errno> {
        match (self.ino, self.last) {
            (Some(ino), _) => Ok(ino),
            (None, Last::Name(name)) if name.len() > NAME_MAX => Err(Errno::ENAMETOOLONG),
            (None, _) => Err(Errno::ENOENT),
        }
    }

    /// The last component as a name.
    ///
    /// # Errors
    ///
    /// `otherwise`: it is `/`, `.` or `..`.
    pub(crate) fn name(&self, otherwise: Errno) -> Result<&'a [u8], Errno> {
        match self.last {
            Last::Name(name) => Ok(name),
            _ => Err(otherwise),
        }
    }
}

/// A name copied out of a path, so that the tree may change while it is held.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NameBuf {
    bytes: [u8; NAME_MAX],
    len: u8,
}

impl NameBuf {
    /// A copy of `name`.
    ///
    /// # Errors
    ///
    /// `ENAMETOOLONG`: it is longer than [`NAME_MAX`].
    pub(crate) fn new(name: &[u8]) -> Result<NameBuf, Errno> {
        let mut bytes = [0; NAME_MAX];
        let len = u8::try_from(name.len()).map_err(|_| Errno::ENAMETOOLONG)?;
        bytes.get_mut(..name.len()).ok_or(Errno::ENAMETOOLONG)?.copy_from_slice(name);
        Ok(NameBuf { bytes, len })
    }
}

impl core::ops::Deref for NameBuf {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).or_after_defect(&[])
    }
}

/// What stays the same over a walk, and how many links it went through (`struct nameidata`).
struct PathWalk<'p> {
    process: &'p Process,
    /// How it is confined.
    resolve: ResolveFlags,
    /// The directory that the path is resolved from.
    start: Ino,
    /// What `..` does not leave, and what absolute links begin at.
    root: Ino,
    /// Symbolic links followed so far.
    links: u32,
    /// Whether the walk has had a use for its root yet (`nd->root.mnt` is set): only `NO_XDEV`
    /// asks.
    root_is_known: bool,
}

impl PathWalk<'_> {
    fn is_beneath(&self) -> bool {
        self.resolve.contains(ResolveFlags::BENEATH)
    }

    /// Counts a link that is about to be followed.
    ///
    /// # Errors
    ///
    /// * `ELOOP`: there were 40 already, or none is allowed.
    /// * `EXDEV`: the link is absolute and the walk is confined; or with `NO_XDEV`, if neither an
    ///   absolute path nor `..` came before it (`nd_jump_root` compares mounts with a root that is
    ///   not looked up yet).
    fn follow(&mut self, target: &[u8], process_root: Ino) -> Result<(), Errno> {
        self.links += 1;
        if self.links > MAXSYMLINKS || self.resolve.contains(ResolveFlags::NO_SYMLINKS) {
            return Err(Errno::ELOOP);
        }
        let may_restart =
            self.start == process_root && self.resolve.contains(ResolveFlags::ABSOLUTE_LINKS);
        if target.first() == Some(&b'/') {
            let leaves = self.resolve.contains(ResolveFlags::NO_XDEV) && !self.root_is_known;
            if self.is_beneath() && !may_restart || leaves {
                return Err(Errno::EXDEV);
            }
            self.root_is_known = true;
        }
        Ok(())
    }
}

impl PathWalk<'_> {
    /// Goes on below what a descriptor is open on, wherever that is: the process holds it, so a
    /// confined walk may. From there on it is confined to that.
    fn jump(&mut self, ino: Ino, process_root: Ino) {
        if self.root != process_root {
            self.root = ino;
        }
    }
}

/// Skips slashes; says whether there were any.
fn skip_slashes(rest: &mut &[u8]) -> bool {
    let mut skipped = false;
    while let Some((b'/', tail)) = rest.split_first() {
        *rest = tail;
        skipped = true;
    }
    skipped
}

/// Takes the bytes up to the next slash.
///
/// # Errors
///
/// `EINVAL`: one of them is NUL.
fn take_component<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], Errno> {
    let mut len = 0;
    for &byte in *rest {
        match byte {
            b'/' => break,
            // DEVIATION: the kernel cannot be handed such a path.
            0 => return Err(Errno::EINVAL),
            _ => len += 1,
        }
    }
    let (head, tail) = rest.split_at_checked(len).or_after_defect((*rest, &[]));
    *rest = tail;
    Ok(head)
}

impl<P: Platform> Fs<P> {
    /// The root directory of a process (`get_fs_root`).
    #[inline(always)]
    pub(crate) fn root_of(process: &Process) -> Ino {
        if P::CHROOT { process.root } else { Ino::ROOT }
    }

    /// The directory from which a path at `dirfd` starts.
    ///
    /// # Errors
    ///
    /// * `EBADF`: `dirfd` is neither [`AT_FDCWD`] nor open.
    /// * `ENOTDIR`: it is not a directory.
    /// * `EXDEV`: the path is absolute and the walk confined.
    fn walk_start(
        &self,
        process: &Process,
        dirfd: Fd,
        path: &[u8],
        resolve: ResolveFlags,
    ) -> Result<Ino, Errno> {
        if path.first() == Some(&b'/') && !resolve.contains(ResolveFlags::IN_ROOT) {
            // As for `nd_jump_root`, before the descriptor is looked at.
            let beneath = resolve.contains(ResolveFlags::BENEATH);
            return if beneath { Err(Errno::EXDEV) } else { Ok(Self::root_of(process)) };
        }
        if dirfd == AT_FDCWD {
            return Ok(process.cwd);
        }
        let ino = self.inode_of_fd(process, dirfd)?;
        self.inode_inlined(ino)?.directory().map(|_| ino)
    }

    /// Walks `path` from `dirfd` (openat(2) says how the two go together).
    ///
    /// # Errors
    ///
    /// * `ENAMETOOLONG`: the path has [`PATH_MAX`] bytes or more.
    /// * `ENOENT`: the path is empty; a component but the last is not there.
    /// * `EBADF`, `ENOTDIR`: `dirfd` will not do.
    /// * `ENOTDIR`: a component but the last is not a directory.
    /// * `EACCES`: a directory on the way may not be searched.
    /// * `ENAMETOOLONG`: a component but the last is longer than [`NAME_MAX`].
    /// * `ELOOP`: more than 40 symbolic links.
    /// * `EXDEV`: the path leads out of the tree that it is confined to.
    #[inline]
    pub(crate) fn walk<'a>(
        &'a self,
        process: &Process,
        dirfd: Fd,
        path: &'a [u8],
        follow: FollowLast,
    ) -> Result<Walked<'a>, Errno> {
        self.walk_with(process, dirfd, path, follow, process.resolve)
    }

    /// As [`walk`](Self::walk), confined by `resolve`.
    ///
    /// # Errors
    ///
    /// As [`walk`](Self::walk).
    pub(crate) fn walk_with<'a>(
        &'a self,
        process: &Process,
        dirfd: Fd,
        path: &'a [u8],
        follow: FollowLast,
        resolve: ResolveFlags,
    ) -> Result<Walked<'a>, Errno> {
        if path.len() >= PATH_MAX {
            return Err(Errno::ENAMETOOLONG);
        }
        if path.is_empty() {
            return Err(Errno::ENOENT);
        }
        let start = self.walk_start(process, dirfd, path, resolve)?;
        let beneath = resolve.contains(ResolveFlags::BENEATH);
        let in_root = resolve.contains(ResolveFlags::IN_ROOT);
        let root = if in_root || beneath { start } else { Self::root_of(process) };
        let root_is_known = in_root || beneath || path.first() == Some(&b'/');
        let mut walk = PathWalk { process, resolve, start, root, links: 0, root_is_known };
        self.walk_path(&mut walk, start, path, follow)
    }

    /// Walks a path, or the target of a link, from `at` on (`link_path_walk`). A link with
    /// something after it is a walk within the walk; there are at most [`MAXSYMLINKS`] of them.
    ///
    /// # Errors
    ///
    /// As [`walk`](Self::walk), as far as the components are concerned.
    fn walk_path<'a>(
        &'a self,
        walk: &mut PathWalk<'_>,
        mut at: Ino,
        path: &'a [u8],
        follow: FollowLast,
    ) -> Result<Walked<'a>, Errno> {
        let mut rest = path;
        if skip_slashes(&mut rest) {
            at = walk.root;
        }
        if rest.is_empty() {
            return Ok(Walked {
                parent: at,
                last: Last::Root,
                ino: Some(at),
                trailing_slash: true,
            });
        }
        loop {
            // `rest` begins with a component.
            let directory_inode = self.inode_inlined(at)?;
            let directory = directory_inode.directory()?;
            self.may_search(walk.process, directory_inode)?;
            if P::FOREIGN {
                self.stop_at_foreign(walk.process, at, directory, rest)?;
            }
            let name = take_component(&mut rest)?;
            let trailing_slash = skip_slashes(&mut rest);
            let is_last = rest.is_empty();

            if matches!(name, b"." | b"..") {
                walk.root_is_known |= name == b"..";
                let (last, to) = match name {
                    b"." => (Last::Dot, at),
                    _ if at != walk.root => (Last::DotDot, directory.parent),
                    _ if walk.is_beneath() => return Err(Errno::EXDEV),
                    _ => (Last::DotDot, at),
                };
                if is_last {
                    return Ok(Walked { parent: to, last, ino: Some(to), trailing_slash });
                }
                at = to;
                continue;
            }
            // Too long a last name is not there: the caller may have to refuse something else
            // first.
            if name.len() > NAME_MAX {
                if directory_inode.nlink == 0 {
                    // A removed directory is not searched any more (`IS_DEADDIR` in
                    // `__lookup_slow`).
                    return Err(Errno::ENOENT);
                }
                if !is_last {
                    return Err(Errno::ENAMETOOLONG);
                }
            }
            let found = directory.lookup(name);
            let there = Walked {
                parent: at,
                last: Last::Name(name),
                ino: found.map(|entry| entry.ino),
                trailing_slash,
            };
            // Where a walk does not stop there is nothing.
            if P::FOREIGN && directory.foreign.is_mount_point() {
                return Err(Errno::ENOENT);
            }
            let follows = !is_last
                || follow == FollowLast::Yes
                || (follow
                    == if trailing_slash { FollowLast::No } else { FollowLast::UnlessSlash });
            let Some(found) = found else {
                let named = if P::DEVICES && directory.lists_descriptors {
                    self.descriptor_named(walk.process, name, follows)
                } else {
                    None
                };
                return match named {
                    ino if is_last => Ok(Walked { ino, ..there }),
                    None => Err(Errno::ENOENT),
                    Some(ino) => {
                        walk.jump(ino, Self::root_of(walk.process));
                        self.walk_path(walk, ino, rest, follow)
                    }
                };
            };
            if found.file_type == FileType::Symlink && follows {
                let InodeKind::Symlink(target) = &self.inode(found.ino)?.kind else {
                    return Err(defect());
                };
                walk.follow(target, Self::root_of(walk.process))?;
                if is_last && !trailing_slash {
                    return self.walk_path(walk, at, target, follow);
                }
                let inner = self.walk_path(walk, at, target, FollowLast::Yes);
                if P::FOREIGN && matches!(inner, Err(Errno::EREMOTE)) {
                    self.platform.walk_stopped_in_link(rest);
                }
                let inner = inner?;
                if is_last {
                    return Ok(Walked { trailing_slash: true, ..inner });
                }
                at = inner.existing()?;
            } else if is_last {
                if P::FOREIGN {
                    self.stop_at_last_foreign(walk.process, found.ino, follow, trailing_slash)?;
                }
                return Ok(there);
            } else {
                at = found.ino;
            }
        }
    }

    /// Walks to an inode that must be there.
    ///
    /// # Errors
    ///
    /// As [`walk`](Self::walk); `ENOENT`: it is not there; `ENOTDIR`: a slash follows what is no
    /// directory.
    #[inline]
    pub(crate) fn walk_to(
        &self,
        process: &Process,
        dirfd: Fd,
        path: &[u8],
        follow: FollowLast,
    ) -> Result<Ino, Errno> {
        let walked = self.walk(process, dirfd, path, follow)?;
        let ino = walked.existing()?;
        if walked.trailing_slash && !self.inode(ino)?.is_directory() {
            return Err(Errno::ENOTDIR);
        }
        Ok(ino)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use crate::{Config, Credentials, Errno, Fs, NoContents, OFlags};
    use alloc::format;

    #[test]
    fn links_are_followed_where_linux_follows_them() {
        let mut fs = Fs::new(NoContents::default(), Config::default()).unwrap();
        let mut p = fs.spawn(Credentials::ROOT).unwrap();
        fs.mkdir(&p, b"/d", 0o755).unwrap();
        let fd = fs.creat(&mut p, b"/d/f", 0o644).unwrap();
        fs.close(&mut p, fd).unwrap();
        for (link, target) in [
            ("/to-d", "d"),
            ("/to-d-slash", "d/"),
            ("/to-f", "to-d/f"),
            ("/d/up", ".."),
            ("/d/abs", "/d/f"),
            ("/to-root", "/"),
            ("/loop", "loop"),
            ("/dangling", "d/new"),
            ("/far", "d/up/d/up/to-root/to-d-slash/abs"),
            ("/c0", "d"),
        ] {
            fs.symlink(&p, target.as_bytes(), link.as_bytes()).unwrap();
        }
        for n in 1..=40 {
            let (link, target) = (format!("/c{n}"), format!("c{}", n - 1));
            fs.symlink(&p, target.as_bytes(), link.as_bytes()).unwrap();
        }
        let file = fs.stat(&p, b"/d/f");
        let directory = fs.stat(&p, b"/d");
        // rows: path, what stat answers
        for (path, expected) in [
            ("/to-d", directory),
            ("/to-d/", directory),
            ("/to-d-slash/.", directory),
            ("/to-d/..", fs.stat(&p, b"/")),
            ("/to-d/f", file),
            ("/to-f", file),
            ("/to-f/", Err(Errno::ENOTDIR)),
            ("/to-f/x", Err(Errno::ENOTDIR)),
            ("/d/up/to-f", file),
            ("/d/abs", file),
            ("/to-root/d/f", file),
            ("/to-root", fs.stat(&p, b"/")),
            ("/loop", Err(Errno::ELOOP)),
            ("/loop/x", Err(Errno::ELOOP)),
            ("/dangling", Err(Errno::ENOENT)),
            ("/dangling/x", Err(Errno::ENOENT)),
            ("/far", file),
            ("/c39", directory),
            ("/c39/f", file),
            ("/c40", Err(Errno::ELOOP)),
            ("/c40/f", Err(Errno::ELOOP)),
        ] {
            assert_eq!(fs.stat(&p, path.as_bytes()), expected, "{path}");
        }
        // A slash after a link follows it even for lstat(2).
        assert_ne!(fs.lstat(&p, b"/to-d"), directory);
        assert_eq!(fs.lstat(&p, b"/to-d/"), directory);
        assert_eq!(
            fs.open(&mut p, b"/dangling/", OFlags::CREAT | OFlags::RDWR, 0o644),
            Err(Errno::EISDIR)
        );
        fs.open(&mut p, b"/dangling", OFlags::CREAT | OFlags::RDWR, 0o644).unwrap();
        assert!(fs.stat(&p, b"/d/new").is_ok());
    }
}
