//! Further names of files in renamed directories.
//!
//! A directory of the packed tree that was renamed is one change, but a layer has it whole: its
//! files are new ones to whoever applies that. A file in it that has another name elsewhere would
//! become two, so those names must be in the layer, too. An inode does not know its names, so the
//! tree is searched, if there are such files at all.

use alloc::vec::Vec;

use wasm_vfs_core::{
    AT_FDCWD, Change, ChangeKind, Differences, Errno, Fd, FileType, Fs, Stat, heap_sort,
};

use crate::bytes::{append, copy};
use crate::host_api::embedder::Embedder;
use crate::host_api::remove::{DIRECTORY, Entry, go};
use crate::host_api::system::lstat;
use crate::platform::Host;

/// Adds the further names of files in renamed directories to changes, which are in any order.
///
/// # Errors
///
/// * `ENOMEM`: no memory.
/// * What openat(2) answers.
pub(super) fn add_further_names(
    fs: &mut Fs<Host>,
    embedder: &mut Embedder,
    changes: &mut Vec<Change>,
) -> Result<(), Errno> {
    let mut linked = Vec::new();
    for change in changes.iter() {
        if !is_renamed(change) {
            continue;
        }
        let fd = match fs.open_by_ino(&mut embedder.process, change.ino, DIRECTORY) {
            Err(Errno::ENOTDIR | Errno::ELOOP) => continue,
            fd => fd?,
        };
        visit(
            fs,
            embedder,
            fd,
            |_| true,
            |_, stat| {
                if stat.st_nlink > 1 {
                    linked.try_reserve(1)?;
                    linked.push(stat.st_ino);
                }
                Ok(())
            },
        )?;
    }
    if linked.is_empty() {
        return Ok(());
    }
    heap_sort(&mut linked, |a, b| a < b);
    heap_sort(changes, |a, b| a.path < b.path);
    let known = |path: &[u8]| {
        let at = changes.binary_search_by(|change| change.path[..].cmp(path));
        at.ok().and_then(|at| changes.get(at))
    };
    let mut found = Vec::new();
    let root = embedder.open(fs, AT_FDCWD, b"/", DIRECTORY, 0)?;
    let enters = |path: &[u8]| !known(path).is_some_and(is_renamed);
    visit(fs, embedder, root, enters, |path, stat| {
        if linked.binary_search(&stat.st_ino).is_ok() && known(path).is_none() {
            let kind = ChangeKind::Modified(Differences::LINKS);
            found.try_reserve(1)?;
            found.push(Change { path: copy(path)?, ino: stat.st_ino, kind });
        }
        Ok(())
    })?;
    changes.try_reserve(found.len())?;
    changes.append(&mut found);
    Ok(())
}

fn is_renamed(change: &Change) -> bool {
    matches!(change.kind, ChangeKind::Added { from: Some(_), .. })
}

/// Hands what is beneath a directory, but for directories, to `found`, with the path from there,
/// and closes the directory. `enters` says which directories are looked into.
fn visit(
    fs: &mut Fs<Host>,
    embedder: &mut Embedder,
    directory: Fd,
    enters: impl Fn(&[u8]) -> bool,
    found: impl FnMut(&[u8], &Stat) -> Result<(), Errno>,
) -> Result<(), Errno> {
    let mut fd = directory;
    let visited = walk(fs, embedder, &mut fd, enters, found);
    embedder.close(fs, fd)?;
    visited
}

fn walk(
    fs: &mut Fs<Host>,
    embedder: &mut Embedder,
    fd: &mut Fd,
    enters: impl Fn(&[u8]) -> bool,
    mut found: impl FnMut(&[u8], &Stat) -> Result<(), Errno>,
) -> Result<(), Errno> {
    let (mut path, mut above, mut cookie) = (Vec::new(), Vec::new(), 0);
    loop {
        let lists = fs.lists_descriptors(&embedder.process, *fd)?;
        let entry =
            if lists { None } else { Entry::first_from(fs, &embedder.process, *fd, cookie)? };
        let Some(entry) = entry else {
            let Some((end, next)) = above.pop() else { return Ok(()) };
            go(fs, embedder, fd, b"..")?;
            path.truncate(end);
            cookie = next;
            continue;
        };
        let end = path.len();
        if end > 0 {
            append(&mut path, b"/")?;
        }
        append(&mut path, entry.name())?;
        if entry.file_type == FileType::Directory {
            if enters(&path) {
                above.try_reserve(1)?;
                go(fs, embedder, fd, entry.name())?;
                above.push((end, entry.next));
                cookie = 0;
                continue;
            }
        } else {
            found(&path, &lstat(fs, &embedder.process, *fd, entry.name())?)?;
        }
        path.truncate(end);
        cookie = entry.next;
    }
}
