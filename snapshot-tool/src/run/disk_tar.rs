//! A file or a directory of the disk as a tar archive, for `run --put`: modes, modification times,
//! holes, symbolic and hard links as they are, owned by 0:0 as a packed tree is.
//!
//! A directory is walked with one descriptor and without recursion, down by names and up by `..`.

use crate::disk::places::{directory_flags, identity};
use crate::packed::sparse_map::{Runs, SparseMap};
use crate::packed::tar_member::Member;
use crate::quote::escaped;
use crate::tree::Metadata;
use anyhow::{Context as _, Result, bail, ensure};
use rustix::fs::{self, AtFlags, Dir, FileType, Mode, OFlags, SeekFrom, Stat};
use rustix::io::Errno;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ffi::{CStr, CString};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use tar::{Builder, EntryType};

/// What becomes of holes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holes {
    /// Files with holes are sparse members.
    Kept,
    /// They are zeros as others.
    Filled,
}

/// Writes the file or directory `host`, and all beneath it, as an archive in which it is called
/// `name`; an empty name is the archive's own directory.
///
/// # Errors
///
/// When something cannot be read, changes meanwhile, or is neither file, directory nor symbolic
/// link; the message names it.
pub(crate) fn write(host: &Path, name: &str, holes: Holes, out: &mut dyn Write) -> Result<()> {
    let mut walk = Walk {
        archive: Builder::new(out),
        holes,
        host: host.as_os_str().as_bytes().to_vec(),
        top: name.len(),
        name: name.as_bytes().to_vec(),
        originals: HashMap::new(),
    };
    // What the command line names may be a link; what is found beneath it stays one.
    let found = fs::stat(host).with_context(|| walk.unreadable())?;
    if FileType::from_raw_mode(found.st_mode).is_dir() {
        if name.is_empty() {
            (walk.top, walk.name) = (1, b".".to_vec());
        }
        let open = fs::open(host, directory_flags() - OFlags::NOFOLLOW, Mode::empty());
        walk.directory(open.with_context(|| walk.unreadable())?)?;
    } else {
        let open = |flags: OFlags| fs::open(host, flags - OFlags::NOFOLLOW, Mode::empty());
        walk.file(&found, open)?;
    }
    walk.archive.finish()?;
    Ok(())
}

/// An archive that is being written.
struct Walk<'o> {
    archive: Builder<&'o mut dyn Write>,
    holes: Holes,
    /// What the command line named, for messages.
    host: Vec<u8>,
    /// How much of `name` stands for that.
    top: usize,
    /// What the next member is called.
    name: Vec<u8>,
    /// The first names of files with several, by device and inode number.
    originals: HashMap<(u64, u64), Vec<u8>>,
}

/// A directory on the way: its name in the archive ends here, what is left in it, and which it is.
struct Level {
    name_len: usize,
    /// The next one last.
    rest: Vec<CString>,
    identity: (u64, u64),
}

impl Walk<'_> {
    /// Adds a directory and all beneath it.
    fn directory(&mut self, mut open: OwnedFd) -> Result<()> {
        let mut levels = vec![self.enter(&open)?];
        while let Some(level) = levels.last_mut() {
            self.name.truncate(level.name_len);
            let Some(entry) = level.rest.pop() else {
                levels.pop();
                if let Some(above) = levels.last() {
                    open = self.open(&open, c"..", directory_flags())?;
                    let found = fs::fstat(&open).with_context(|| self.unreadable())?;
                    let is_same = identity(&found) == above.identity;
                    ensure!(is_same, "{}: it was moved meanwhile", self.unreadable());
                }
                continue;
            };
            self.name.push(b'/');
            self.name.extend_from_slice(entry.to_bytes());
            let found = fs::statat(&open, &entry, AtFlags::SYMLINK_NOFOLLOW)
                .with_context(|| self.unreadable())?;
            match FileType::from_raw_mode(found.st_mode) {
                FileType::Directory => {
                    open = self.open(&open, &entry, directory_flags())?;
                    levels.push(self.enter(&open)?);
                }
                FileType::Symlink if self.is_first(&found)? => {
                    let target = fs::readlinkat(&open, &entry, Vec::new());
                    let target = target.with_context(|| self.unreadable())?.into_bytes();
                    self.bare(EntryType::Symlink, Some(target), &found)?;
                }
                FileType::Symlink => {}
                _ => {
                    let parent = open.as_fd();
                    self.file(&found, |flags| fs::openat(parent, &entry, flags, Mode::empty()))?;
                }
            }
        }
        Ok(())
    }

    fn open(&self, from: impl AsFd, name: &CStr, flags: OFlags) -> Result<OwnedFd> {
        fs::openat(from, name, flags, Mode::empty()).with_context(|| self.unreadable())
    }

    /// Adds a directory itself, and lists it.
    fn enter(&mut self, open: &OwnedFd) -> Result<Level> {
        let found = fs::fstat(open).with_context(|| self.unreadable())?;
        let name = [&self.name[..], b"/"].concat();
        let own = Member::new(EntryType::Directory, name, None, 0, metadata(&found));
        own.append(&mut self.archive, io::empty())?;
        let listed = || -> Result<Vec<CString>, Errno> {
            let names = Dir::read_from(open)?.map(|entry| Ok(entry?.file_name().to_owned()));
            let mut names = names.collect::<Result<Vec<_>, Errno>>()?;
            names.retain(|name| name.as_c_str() != c"." && name.as_c_str() != c"..");
            names.sort_by(|a, b| b.cmp(a));
            Ok(names)
        };
        let rest = listed().with_context(|| self.unreadable())?;
        Ok(Level { name_len: self.name.len(), rest, identity: identity(&found) })
    }

    /// Whether a file is to be added with its contents; if it was already, a link to it is.
    fn is_first(&mut self, found: &Stat) -> Result<bool> {
        if found.st_nlink < 2 {
            return Ok(true);
        }
        let original = match self.originals.entry(identity(found)) {
            Entry::Vacant(vacant) => {
                vacant.insert(self.name.clone());
                return Ok(true);
            }
            Entry::Occupied(original) => original.get().clone(),
        };
        self.bare(EntryType::Link, Some(original), found)?;
        Ok(false)
    }

    /// Adds a member without contents.
    fn bare(&mut self, kind: EntryType, link: Option<Vec<u8>>, found: &Stat) -> Result<()> {
        let member = Member::new(kind, self.name.clone(), link, 0, metadata(found));
        Ok(member.append(&mut self.archive, io::empty())?)
    }

    /// Adds a regular file.
    fn file(
        &mut self,
        found: &Stat,
        open: impl Fn(OFlags) -> Result<OwnedFd, Errno>,
    ) -> Result<()> {
        let kind = FileType::from_raw_mode(found.st_mode);
        if !kind.is_file() && !kind.is_fifo() {
            bail!("{} is a device or a socket, which a tree does not hold", self.shown());
        }
        if !self.is_first(found)? {
            return Ok(());
        }
        if kind.is_fifo() {
            return self.bare(EntryType::Fifo, None, found);
        }
        // What has taken its place meanwhile may be a pipe, which must not block.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let mut file = File::from(open(flags).with_context(|| self.unreadable())?);
        let len = u64::try_from(found.st_size)?;
        self.check_same(found, &file)?;
        let map = match self.holes {
            Holes::Kept => holes(&file, len).with_context(|| self.unreadable())?,
            Holes::Filled => SparseMap { len, runs: vec![(0, len)] },
        };
        let member = if map.is_whole() {
            Member::new(EntryType::Regular, self.name.clone(), None, len, metadata(found))
        } else {
            Member::sparse(&self.name, &map, metadata(found))
        };
        let mut runs = Runs::new(&mut file, 0, &map.runs);
        if let Err(error) = member.append(&mut self.archive, &mut runs) {
            return Err(error).with_context(|| self.unreadable());
        }
        self.check_same(found, &file)
    }

    /// Checks that a file is still what it was.
    fn check_same(&self, found: &Stat, file: &File) -> Result<()> {
        let now = fs::fstat(file).with_context(|| self.unreadable())?;
        let key = |stat: &Stat| (identity(stat), stat.st_size, stat.st_mtime, stat.st_mtime_nsec);
        let is_same = key(found) == key(&now);
        ensure!(is_same, "{} changed while it was being read; try again", self.shown());
        Ok(())
    }

    /// The file that is being read, for messages.
    fn shown(&self) -> String {
        let beneath = self.name.get(self.top..).unwrap_or_default();
        format!("`{}`", escaped([&self.host[..], beneath].concat()))
    }

    fn unreadable(&self) -> String {
        format!("cannot read {}", self.shown())
    }
}

fn metadata(found: &Stat) -> Metadata {
    Metadata {
        mode: u16::try_from(found.st_mode & 0o7777).unwrap_or_default(),
        uid: 0,
        gid: 0,
        mtime_sec: found.st_mtime,
        mtime_nsec: u32::try_from(found.st_mtime_nsec).unwrap_or_default(),
    }
}

/// Where a file of so many bytes has them.
fn holes(file: &File, len: u64) -> Result<SparseMap, Errno> {
    let (mut runs, mut at) = (Vec::new(), 0);
    while at < len {
        let start = match fs::seek(file, SeekFrom::Data(at)) {
            Ok(start) => start.min(len),
            // Nothing but a hole is left.
            Err(Errno::NXIO) => break,
            // A filesystem that does not tell.
            Err(Errno::INVAL | Errno::NOTSUP | Errno::NOTTY) => at,
            Err(errno) => return Err(errno),
        };
        let end = fs::seek(file, SeekFrom::Hole(start)).unwrap_or(len).min(len);
        if start < end {
            runs.push((start, end - start));
        }
        at = end.max(start + 1);
    }
    Ok(SparseMap { len, runs })
}
