//! Where a path leads: into the tree or to a directory of the host's.

use alloc::vec::Vec;

use wasi::Rights;
use wasm_vfs_core::{Errno, FollowLast, Foreign, MAXSYMLINKS, PATH_MAX, Target};

use super::host_directory::host_directory;
use super::read_in::read_in;
use crate::abi::rights::require;
use crate::bytes::{copy, joined};
use crate::defect::defect;
use crate::errno::{Error, Result};
use crate::foreign::host_path::{HostPath, filestat};
use crate::foreign::table::{Stop, with};
use crate::kernel;
use crate::kernel::token::{host_fd, mount_of};
use crate::memory::path::{self, UserPath, Which};

/// What one walk finds.
enum Found {
    /// It does not leave the tree, or is wrong in a way that the filesystem will tell.
    Tree,
    /// It starts from a directory that is the host's already.
    Host(HostPath),
    /// It came to a directory whose entries are the host's, with this left.
    Stopped(Stop, Vec<u8>),
}

/// Finds out where a path leads. On the way, directories of overlays are read in. `None`: into the
/// tree; what is left to say of the path then is in
/// [`MountTable::ways_out`](crate::foreign::MountTable).
///
/// # Errors
///
/// * What [`path::path`] answers, for a path that starts from a directory of the host's.
/// * What the host answers on the way.
/// * `PERM`: `..` leads out of the directory that the path starts from.
/// * `LOOP`: it leads in and out too often.
/// * `NOMEM`: no memory.
pub(super) fn resolve(
    which: Which,
    path: UserPath,
    needs: Rights,
    follow: FollowLast,
) -> Result<Option<HostPath>> {
    let mut way_out: Option<Vec<u8>> = None;
    let mut left = 0;
    loop {
        let (stop, rest) = match probe(path, way_out.as_deref(), needs, follow)? {
            Found::Tree => break,
            Found::Host(path) => return Ok(Some(path)),
            Found::Stopped(stop, rest) => (stop, rest),
        };
        let mount = match stop.foreign {
            Foreign::Unread(number) => {
                read_in(stop.at, number)?;
                continue;
            }
            Foreign::Mount(mount) => mount,
            // No walk stops there.
            Foreign::Absent => return Err(defect().into()),
        };
        let Some(fd) = host_directory(mount)? else {
            kernel::enter(|kernel, _| Ok(kernel.fs.mark(stop.at, Some(Foreign::Absent))?))?;
            continue;
        };
        match leaves(&rest) {
            Some(at) if is_taken_here(fd, rest.get(..at).unwrap_or_default())? => {
                left += 1;
                if left > MAXSYMLINKS {
                    return Err(Error::LOOP);
                }
                let after = rest.get(at + 2..).unwrap_or_default();
                way_out = Some(around(path.dirfd, &stop, after)?);
            }
            _ => return Ok(Some(HostPath { fd, mount, path: rest })),
        }
    }
    kernel::enter(|kernel, _| {
        if let Some(slot) = kernel.fs.platform().mounts.ways_out.get(which as usize) {
            slot.set(way_out);
        }
        Ok(None)
    })
}

/// Walks a path, or what is said instead of it.
fn probe(
    path: UserPath,
    instead: Option<&[u8]>,
    needs: Rights,
    follow: FollowLast,
) -> Result<Found> {
    kernel::enter(|kernel, buffers| {
        let Ok(descriptor) = kernel.fs.descriptor(&kernel.process, path.dirfd) else {
            return Ok(Found::Tree);
        };
        if require(&descriptor, needs).is_err() {
            return Ok(Found::Tree);
        }
        if let Target::Foreign(token) = descriptor.target {
            // A standard stream is no directory.
            let Some(mount) = mount_of(token) else { return Ok(Found::Tree) };
            let bytes = path::path(&mut buffers.path, path.addr, path.len)?;
            return Ok(Found::Host(HostPath { fd: host_fd(token), mount, path: copy(bytes)? }));
        }
        if let Some((at, foreign)) = kernel.fs.unread_above(&kernel.process, path.dirfd) {
            return Ok(Found::Stopped(Stop { at, foreign }, Vec::new()));
        }
        let bytes = match instead {
            Some(bytes) => bytes,
            None => match path::path(&mut buffers.path, path.addr, path.len) {
                Ok(bytes) => bytes,
                Err(_) => return Ok(Found::Tree),
            },
        };
        if kernel.fs.probe(&kernel.process, path.dirfd, bytes, follow) != Err(Errno::EREMOTE) {
            return Ok(Found::Tree);
        }
        let mounts = &kernel.fs.platform().mounts;
        let stop = mounts.stop.take().ok_or(Error::NOMEM)?;
        let rest = with(&mounts.rest, |rest| relative(rest))?;
        Ok(Found::Stopped(stop, rest))
    })
}

/// A path without slashes in front; the directory itself, if nothing is left.
///
/// # Errors
///
/// `NAMETOOLONG`: it has `PATH_MAX` bytes or more. `NOMEM`: no memory.
fn relative(path: &[u8]) -> Result<Vec<u8>> {
    let start = path.iter().take_while(|&&byte| byte == b'/').count();
    let path = path.get(start..).unwrap_or_default();
    if path.len() >= PATH_MAX {
        return Err(Error::NAMETOOLONG);
    }
    Ok(copy(if path.is_empty() { b"." } else { path })?)
}

/// A component of a path: where it begins, and its bytes.
fn components(path: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut at = 0;
    path.split(|&byte| byte == b'/').map(move |component| {
        let start = at;
        at += component.len() + 1;
        (start, component)
    })
}

/// Where the `..` begins that, by the words of the path, leaves the directory that it starts in.
fn leaves(path: &[u8]) -> Option<usize> {
    let mut depth = 0u32;
    for (start, component) in components(path) {
        match component {
            b"" | b"." => {}
            b".." if depth == 0 => return Some(start),
            b".." => depth -= 1,
            _ => depth += 1,
        }
    }
    None
}

/// Whether what comes before that `..` is what its words say: directories. Where it is a symbolic
/// link, the path is the host's to resolve, and to confine.
///
/// # Errors
///
/// `NOTDIR`: something is no directory. And what the host answers.
fn is_taken_here(fd: u32, before: &[u8]) -> Result<bool> {
    for (start, component) in components(before) {
        if matches!(component, b"" | b"." | b"..") {
            continue;
        }
        let prefix = before.get(..start + component.len()).unwrap_or_default();
        let file_type = filestat(fd, 0, prefix)?.file_type();
        if file_type == wasi::FILETYPE_SYMBOLIC_LINK.raw() {
            return Ok(false);
        }
        if file_type != wasi::FILETYPE_DIRECTORY.raw() {
            return Err(Error::NOTDIR);
        }
    }
    Ok(true)
}

/// The path that comes to the directory above a mount point without going through it, and goes on
/// as the old one did.
fn around(dirfd: i32, stop: &Stop, after: &[u8]) -> Result<Vec<u8>> {
    let start = after.iter().take_while(|&&byte| byte == b'/').count();
    let after = after.get(start..).unwrap_or_default();
    let above = kernel::enter(|kernel, _| {
        kernel.fs.path_of_parent(&kernel.process, dirfd, stop.at).map_err(Error::from)
    })?;
    // It ends in a slash, or is the directory that the path starts from.
    let here: &[u8] = if after.is_empty() { b"." } else { b"" };
    let path = joined(&[&above, here, after])?;
    if path.len() < PATH_MAX { Ok(path) } else { Err(Error::NAMETOOLONG) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::{leaves, relative};

    #[test]
    fn the_words_of_a_path_say_where_it_leaves() {
        for (path, expected) in [
            ("", None),
            ("a/b", None),
            ("a/..", None),
            ("..", Some(0)),
            ("./..", Some(2)),
            ("a//../../x", Some(6)),
            ("a/../b/../..", Some(10)),
            ("a/b/../../../..", Some(10)),
            ("...", None),
        ] {
            assert_eq!(leaves(path.as_bytes()), expected, "{path}");
        }
        for (path, expected) in [("", "."), ("//", "."), ("/a/", "a/"), ("a", "a")] {
            assert_eq!(relative(path.as_bytes()).unwrap(), expected.as_bytes());
        }
    }
}
