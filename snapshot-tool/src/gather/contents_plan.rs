//! The contents: the bytes of all files in the order of the tree, equal ones once.
//!
//! The plan holds no bytes. They are read from the disk twice at most: the sizes that occur
//! more than once to find equal files, and everything when the contents are written. A file that
//! has changed in between is an error: its size is already baked into the inode tables.

use crate::format::human_bytes;
use crate::packed::contents_source::ContentsSource;
use crate::progress::{Progress, Stage};
use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::io::{Read as _, Seek as _, SeekFrom, Write};
use std::num::NonZero;
use std::ops::Range;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// A data segment's length is 32 bits wide.
const MAX_CONTENTS_BYTES: u64 = u32::MAX as u64;

/// How much of a file is hashed before it is worth hashing all of it. Most files of equal size
/// differ here already.
const PROBE_BYTES: u64 = 4096;

/// How much is copied at a time.
const COPY_BYTES: usize = 1 << 20;

/// Where the bytes of one file come from.
#[derive(Clone, Debug)]
pub(crate) enum FileContents {
    Host(HostFile),
    Bytes(SharedBytes),
}

/// Some of the bytes of a buffer that others use too.
#[derive(Clone, Debug)]
pub(crate) struct SharedBytes {
    pub(crate) buffer: Arc<[u8]>,
    pub(crate) range: Range<usize>,
}

impl SharedBytes {
    /// All of a buffer.
    pub(crate) fn all(buffer: Arc<[u8]>) -> Self {
        Self { range: 0..buffer.len(), buffer }
    }

    fn get(&self) -> &[u8] {
        &self.buffer[self.range.clone()]
    }
}

/// A file of the disk as it was when the tree was read, or a part of one: of a packed module.
#[derive(Clone, Debug)]
pub(crate) struct HostFile {
    pub(crate) path: Arc<Path>,
    /// How long the whole file is.
    pub(crate) file_len: u64,
    /// Seconds and nanoseconds.
    pub(crate) mtime: (i64, i64),
    /// Which of its bytes are meant.
    pub(crate) bytes: Range<u64>,
}

impl FileContents {
    fn len(&self) -> u64 {
        match self {
            Self::Host(file) => file.len(),
            Self::Bytes(bytes) => bytes.range.len() as u64,
        }
    }

    /// The hash of the first bytes, at most `limit` of them.
    fn hash(&self, limit: u64, buffer: &mut Vec<u8>) -> Result<[u8; 32]> {
        let mut hasher = Sha256::new();
        let mut update = |bytes: &[u8]| {
            hasher.update(bytes);
            Ok(())
        };
        match self {
            Self::Host(file) => file.read(file.len().min(limit), buffer, &mut update)?,
            Self::Bytes(bytes) => {
                let bytes = bytes.get();
                let end = usize::try_from(limit).map_or(bytes.len(), |n| n.min(bytes.len()));
                update(&bytes[..end])?;
            }
        }
        Ok(hasher.finalize().into())
    }
}

impl HostFile {
    /// A whole file that is as `found` says.
    pub(crate) fn whole(path: PathBuf, found: &Metadata) -> Self {
        let (file_len, mtime) = (found.len(), (found.mtime(), found.mtime_nsec()));
        Self { path: path.into(), file_len, mtime, bytes: 0..file_len }
    }

    fn len(&self) -> u64 {
        self.bytes.end - self.bytes.start
    }

    /// Opens the file and gives its first `len` bytes, of those that are meant, piece by piece.
    fn read(
        &self,
        len: u64,
        buffer: &mut Vec<u8>,
        each: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let unreadable = || format!("cannot read `{}`", self.path.display());
        let mut file = File::open(&self.path).with_context(unreadable)?;
        let now = file.metadata().with_context(unreadable)?;
        if now.len() != self.file_len {
            bail!(
                "`{}` changed from {} to {} bytes while it was being packed; try again",
                self.path.display(),
                self.file_len,
                now.len()
            );
        }
        if (now.mtime(), now.mtime_nsec()) != self.mtime {
            bail!("`{}` changed while it was being packed; try again", self.path.display());
        }
        if self.bytes.start > 0 {
            file.seek(SeekFrom::Start(self.bytes.start)).with_context(unreadable)?;
        }
        let mut left = len;
        while left > 0 {
            let step = usize::try_from(left).map_or(COPY_BYTES, |left| left.min(COPY_BYTES));
            if buffer.len() < step {
                buffer.resize(step, 0);
            }
            file.read_exact(&mut buffer[..step]).with_context(unreadable)?;
            each(&buffer[..step])?;
            left -= step as u64;
        }
        Ok(())
    }
}

/// Which files the contents consist of, in order.
#[derive(Debug)]
pub(crate) struct ContentsPlan {
    parts: Vec<FileContents>,
    len: u64,
}

impl ContentsPlan {
    /// Lays files out one after the other; returns for each its offset and length in the contents.
    pub(crate) fn new(
        contents: Vec<FileContents>,
        progress: &dyn Progress,
    ) -> Result<(Self, Vec<(u64, u64)>)> {
        let first_equal = find_equal(&contents, progress)?;
        let mut plan = Self { parts: Vec::new(), len: 0 };
        let mut ranges: Vec<(u64, u64)> = Vec::with_capacity(contents.len());
        for (index, part) in contents.into_iter().enumerate() {
            let len = part.len();
            if len == 0 {
                ranges.push((0, 0));
            } else if first_equal[index] < index {
                ranges.push(ranges[first_equal[index]]);
            } else {
                ranges.push((plan.len, len));
                plan.len = plan.len.checked_add(len).context("the tree's size overflows")?;
                plan.parts.push(part);
            }
        }
        if plan.len > MAX_CONTENTS_BYTES {
            bail!(
                "the tree holds {} bytes ({}) of file contents, more than the 4 GiB that fit in \
                 a module; leave files out with --exclude",
                plan.len,
                human_bytes(plan.len)
            );
        }
        Ok((plan, ranges))
    }
}

impl ContentsSource for ContentsPlan {
    fn len(&self) -> u64 {
        self.len
    }

    fn write_to(&self, out: &mut dyn Write) -> Result<()> {
        let mut buffer = Vec::new();
        let mut write = |bytes: &[u8]| out.write_all(bytes).context("cannot write the output");
        for part in &self.parts {
            match part {
                FileContents::Host(file) => file.read(file.len(), &mut buffer, &mut write)?,
                FileContents::Bytes(bytes) => write(bytes.get())?,
            }
        }
        Ok(())
    }
}

/// For each of the contents the index of the first one equal to it.
fn find_equal(contents: &[FileContents], progress: &dyn Progress) -> Result<Vec<usize>> {
    let mut first_equal: Vec<usize> = (0..contents.len()).collect();
    let mut by_size: HashMap<u64, Vec<usize>> = HashMap::new();
    for (index, part) in contents.iter().enumerate() {
        if part.len() > 0 {
            by_size.entry(part.len()).or_default().push(index);
        }
    }
    let same_size = in_order(by_size.into_values());
    progress.begin(Stage::Comparing, Some(same_size.len() as u64));
    let probes = hash_all(contents, &same_size, PROBE_BYTES, progress)?;
    let mut by_probe: HashMap<(u64, [u8; 32]), Vec<usize>> = HashMap::new();
    for (&index, &probe) in same_size.iter().zip(&probes) {
        by_probe.entry((contents[index].len(), probe)).or_default().push(index);
    }
    // What was hashed whole is equal if its hash is; the rest must be hashed whole now.
    let (whole, partly): (Vec<_>, Vec<_>) =
        by_probe.into_iter().partition(|((len, _), _)| *len <= PROBE_BYTES);
    let mut groups: Vec<Vec<usize>> = whole.into_iter().map(|(_, group)| group).collect();
    let same_probe = in_order(partly.into_iter().map(|(_, group)| group));
    progress.begin(Stage::Comparing, Some(same_probe.len() as u64));
    let hashes = hash_all(contents, &same_probe, u64::MAX, progress)?;
    let mut by_hash: HashMap<[u8; 32], Vec<usize>> = HashMap::new();
    for (&index, &hash) in same_probe.iter().zip(&hashes) {
        by_hash.entry(hash).or_default().push(index);
    }
    groups.extend(by_hash.into_values());
    // Indices were added in rising order, so the first of a group is its smallest.
    for group in groups {
        for &index in &group {
            first_equal[index] = group[0];
        }
    }
    Ok(first_equal)
}

/// The members of all groups of at least two, in rising order.
fn in_order(groups: impl Iterator<Item = Vec<usize>>) -> Vec<usize> {
    let mut indices: Vec<usize> = groups.filter(|group| group.len() > 1).flatten().collect();
    indices.sort_unstable();
    indices
}

/// Hashes some of the contents on all processors.
fn hash_all(
    contents: &[FileContents],
    indices: &[usize],
    limit: u64,
    progress: &dyn Progress,
) -> Result<Vec<[u8; 32]>> {
    let next = AtomicUsize::new(0);
    let work = || -> Result<Vec<(usize, [u8; 32])>> {
        let mut buffer = Vec::new();
        let mut hashes = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(&index) = indices.get(at) else {
                return Ok(hashes);
            };
            hashes.push((at, contents[index].hash(limit, &mut buffer)?));
            progress.advance(1);
        }
    };
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(8);
    let done: Vec<Result<_>> = if indices.len() < 64 {
        vec![work()]
    } else {
        thread::scope(|scope| {
            let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            let joined = running.into_iter().map(|thread| thread.join());
            joined.map(|end| end.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
        })
    };
    let mut hashes = vec![[0; 32]; indices.len()];
    for part in done {
        for (at, hash) in part? {
            hashes[at] = hash;
        }
    }
    Ok(hashes)
}
