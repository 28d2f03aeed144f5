//! Path resolution: from a starting directory and a path to an inode, or to the place where a name would go.
//!
//! Linux: `struct nameidata`, `link_path_walk` and `path_lookupat` (fs/namei.c). A symbolic link is walked in place: a stack
//! of at most 40 frames says in which link's target the walk is, so nothing is allocated or copied.
//!
//! What to do with the last component is the caller's business: a [`Walked`] names both the directory that the last
//! component is in and, if it is there, the inode that it leads to.

use crate::credentials::MAY_EXEC;
use crate::errno::Errno;
use crate::flags::{AT_FDCWD, Fd, MAXSYMLINKS, NAME_MAX, PATH_MAX, ResolveFlags};
use crate::fs::Fs;
use crate::inode::{Ino, Inode, InodeKind};
use crate::platform::Platform;
use crate::process::Process;

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
pub(crate) enum FollowLast {
    /// It is (`LOOKUP_FOLLOW`).
    Yes,
    /// It is not, unless a slash comes after it.
    No,
    /// It is not, even if a slash comes after it (`filename_parentat`): the caller will add or remove the name.
    Never,
}

/// The end of a walk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walked<'a> {
    /// The directory that the last component is in. For [`Last::Root`], [`Last::Dot`] and [`Last::DotDot`]:
    /// where they lead.
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
    /// `ENOENT`: the last component is not there.
    pub(crate) fn existing(&self) -> Result<Ino, Errno> {
        self.ino.ok_or(Errno::ENOENT)
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
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

/// Where the walk is reading: the rest of the path itself or of a link's target.
#[derive(Clone, Copy)]
struct Rest<'a> {
    bytes: &'a [u8],
}

impl<'a> Rest<'a> {
    /// Skips slashes; says whether there were any.
    fn skip_slashes(&mut self) -> bool {
        let mut skipped = false;
        while let Some((b'/', rest)) = self.bytes.split_first() {
            self.bytes = rest;
            skipped = true;
        }
        skipped
    }

    /// Takes the bytes up to the next slash.
    ///
    /// # Errors
    ///
    /// * `ENAMETOOLONG`: there are more than [`NAME_MAX`].
    /// * `EINVAL`: one of them is NUL.
    fn component(&mut self) -> Result<&'a [u8], Errno> {
        let mut len = 0;
        for &byte in self.bytes {
            match byte {
                b'/' => break,
                // DEVIATION: the kernel cannot be handed such a path.
                0 => return Err(Errno::EINVAL),
                _ => len += 1,
            }
        }
        let (head, tail) = self.bytes.split_at_checked(len).unwrap_or((self.bytes, &[]));
        self.bytes = tail;
        Ok(head)
    }
}

impl<P: Platform> Fs<P> {
    /// The directory from which a path at `dirfd` starts.
    ///
    /// # Errors
    ///
    /// * `EBADF`: `dirfd` is neither [`AT_FDCWD`] nor open.
    /// * `ENOTDIR`: it is not a directory.
    fn walk_start(&self, process: &Process, dirfd: Fd, path: &[u8]) -> Result<Ino, Errno> {
        let scoped = process.resolve.contains(ResolveFlags::BENEATH)
            || process.resolve.contains(ResolveFlags::IN_ROOT);
        if path.first() == Some(&b'/') && !scoped {
            return Ok(Ino::ROOT);
        }
        if dirfd == AT_FDCWD {
            return Ok(process.cwd);
        }
        let ino = self.inode_of_fd(process, dirfd)?;
        self.inode(ino)?.directory().map(|_| ino)
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
    /// * `ENAMETOOLONG`: a component is longer than [`NAME_MAX`].
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
        let start = self.walk_start(process, dirfd, path)?;
        let in_root = resolve.contains(ResolveFlags::IN_ROOT);
        let beneath = resolve.contains(ResolveFlags::BENEATH);
        let root = if in_root || beneath { start } else { Ino::ROOT };

        let mut rests = [Rest { bytes: &[] }; MAXSYMLINKS as usize];
        let mut depth = 0usize;
        let mut links = 0;
        let mut rest = Rest { bytes: path };
        let mut at = start;
        if rest.skip_slashes() {
            if beneath {
                return Err(Errno::EXDEV);
            }
            at = root;
        }
        if rest.bytes.is_empty() {
            return Ok(Walked {
                parent: at,
                last: Last::Root,
                ino: Some(at),
                trailing_slash: true,
            });
        }
        loop {
            // `rest` begins with a component.
            let directory_inode = self.inode(at)?;
            let directory = directory_inode.directory()?;
            self.may_search(process, directory_inode)?;
            let component = rest.component()?;
            let slash = rest.skip_slashes();
            // The last component of a link's target is followed by what comes after the link.
            let ends_here = rest.bytes.is_empty();
            let mut trailing_slash = slash;
            if ends_here {
                while depth > 0 && rest.bytes.is_empty() {
                    depth -= 1;
                    if let Some(outer) = rests.get(depth) {
                        rest = *outer;
                    }
                    // What follows a link begins with its slash, if there is one.
                    trailing_slash |= rest.skip_slashes();
                }
            }
            let is_last = rest.bytes.is_empty();

            let (last, found) = match component {
                b"." => (Last::Dot, Some(at)),
                b".." => {
                    let up = if at == root {
                        if beneath {
                            return Err(Errno::EXDEV);
                        }
                        root
                    } else {
                        directory.parent
                    };
                    (Last::DotDot, Some(up))
                }
                name if name.len() > NAME_MAX => return Err(Errno::ENAMETOOLONG),
                name => (Last::Name(name), directory.lookup(name).map(|entry| entry.ino)),
            };
            let Some(found) = found else {
                if is_last {
                    return Ok(Walked { parent: at, last, ino: None, trailing_slash });
                }
                return Err(Errno::ENOENT);
            };
            if !matches!(last, Last::Name(_)) {
                if is_last {
                    return Ok(Walked { parent: found, last, ino: Some(found), trailing_slash });
                }
                at = found;
                continue;
            }
            let follows = !is_last
                || follow == FollowLast::Yes
                || (trailing_slash && follow == FollowLast::No);
            if let InodeKind::Symlink(target) = &self.inode(found)?.kind
                && follows
            {
                links += 1;
                if links > MAXSYMLINKS || resolve.contains(ResolveFlags::NO_SYMLINKS) {
                    return Err(Errno::ELOOP);
                }
                if !is_last || trailing_slash {
                    // Keep the slash, so that the target's last component must be a directory.
                    let outer = if is_last { Rest { bytes: b"/" } } else { rest };
                    *rests.get_mut(depth).ok_or(Errno::ELOOP)? = outer;
                    depth += 1;
                }
                rest = Rest { bytes: target };
                if rest.skip_slashes() {
                    let may_restart =
                        start == Ino::ROOT && resolve.contains(ResolveFlags::ABSOLUTE_LINKS);
                    if beneath && !may_restart {
                        return Err(Errno::EXDEV);
                    }
                    at = root;
                    if rest.bytes.is_empty() {
                        // The target is "/" alone: go on with what comes after the link.
                        let mut slash = true;
                        while depth > 0 && rest.bytes.is_empty() {
                            depth -= 1;
                            if let Some(outer) = rests.get(depth) {
                                rest = *outer;
                            }
                            slash |= rest.skip_slashes();
                        }
                        if rest.bytes.is_empty() {
                            return Ok(Walked {
                                parent: at,
                                last: Last::Root,
                                ino: Some(at),
                                trailing_slash: slash,
                            });
                        }
                    }
                }
                continue;
            }
            if is_last {
                return Ok(Walked { parent: at, last, ino: Some(found), trailing_slash });
            }
            at = found;
        }
    }

    /// Checks search permission on a directory (`may_lookup`).
    ///
    /// # Errors
    ///
    /// `EACCES`: the process may not.
    #[inline]
    fn may_search(&self, process: &Process, directory: &Inode) -> Result<(), Errno> {
        if process.credentials.is_superuser() {
            return Ok(());
        }
        self.may_access(process, directory, MAY_EXEC)
    }

    /// Walks to an inode that must be there.
    ///
    /// # Errors
    ///
    /// As [`walk`](Self::walk); `ENOENT`: it is not there; `ENOTDIR`: a slash follows what is no directory.
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
