//! The contents: the bytes of all files in the order of the tree, equal ones once.
//!
//! The plan holds no bytes. They are read from the disk twice at most: the sizes that occur
//! more than once to find equal files, and everything when the contents are written. A file that
//! changes in between, or while it is read, is an error: its size is already baked into the inode
//! tables, and nobody wants half of one version and half of another.

use crate::disk::stamp::Stamp;
use crate::format::human_bytes;
use crate::gather::file_contents::FileContents;
use crate::packed::contents_source::ContentsSource;
use crate::progress::{Progress, Silent, Stage};
use anyhow::{Context as _, Result, bail};
use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::io::Write;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// A data segment's length is 32 bits wide.
const MAX_CONTENTS_BYTES: u64 = u32::MAX as u64;

/// How much of a file is hashed before it is worth hashing all of it. Most files of equal size
/// differ here already.
const PROBE_BYTES: u64 = 4096;

/// What an error says before a number of bytes that is not yet all.
const OR_MORE: &str = "at least ";

/// How many files an error names, of those that are too many bytes.
const LARGEST_NAMED: usize = 3;

/// Which files the contents consist of, in order.
#[derive(Debug)]
pub(crate) struct ContentsPlan {
    parts: Vec<FileContents>,
    len: u64,
}

impl ContentsPlan {
    /// Lays files out one after the other; returns for each its offset and length in the contents.
    /// `name` is what an error calls a file, by its index.
    ///
    /// # Errors
    ///
    /// When a file cannot be read or has changed; and when there is more than fits in a module,
    /// which is found before anything is read if the sizes alone tell.
    pub(crate) fn new(
        contents: Vec<FileContents>,
        name: &Name<'_>,
        progress: &dyn Progress,
    ) -> Result<(Self, Vec<(u64, u64)>)> {
        let gathered = Files { contents: &contents, name };
        gathered.check_sizes()?;
        Stamp::settle(contents.iter().filter_map(FileContents::stamp));
        gathered.check_empty()?;
        let first_equal = gathered.find_equal(progress)?;
        let firsts = first_equal.iter().enumerate().filter(|(index, first)| index == *first);
        gathered.check_total("", firsts.map(|(index, _)| contents[index].len()).sum())?;
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
            part.read(part.len(), &mut buffer, &mut write)?;
        }
        Ok(())
    }
}

/// What an error calls a file, by its index.
type Name<'a> = dyn Fn(usize) -> String + Sync + 'a;

/// The contents while it is found out which are equal.
struct Files<'a> {
    contents: &'a [FileContents],
    name: &'a Name<'a>,
}

impl Files<'_> {
    /// Checks that contents of `total` bytes, or of more, fit in a module.
    ///
    /// # Errors
    ///
    /// When they do not; the message names the largest files.
    fn check_total(&self, or_more: &str, total: u64) -> Result<()> {
        if total <= MAX_CONTENTS_BYTES {
            return Ok(());
        }
        let mut largest: Vec<usize> = (0..self.contents.len()).collect();
        largest.sort_by_key(|&index| (Reverse(self.contents[index].len()), index));
        let largest: Vec<String> = largest
            .iter()
            .take(LARGEST_NAMED)
            .map(|&index| {
                format!("{} ({})", (self.name)(index), human_bytes(self.contents[index].len()))
            })
            .collect();
        bail!(
            "the tree holds {or_more}{total} bytes ({}) of file contents, more than the 4 GiB that \
             fit in a module; leave files out with --exclude (the largest: {})",
            human_bytes(total),
            largest.join(", ")
        );
    }

    /// Checks what the sizes tell: of each there are some contents, if all of that size are equal.
    fn check_sizes(&self) -> Result<()> {
        let sizes: HashSet<u64> = self.contents.iter().map(FileContents::len).collect();
        let or_more = if sizes.len() < self.contents.len() { OR_MORE } else { "" };
        self.check_total(or_more, sizes.into_iter().fold(0, u64::saturating_add))
    }

    /// Checks that files without bytes have none: those of /proc only say so.
    fn check_empty(&self) -> Result<()> {
        let empty = |part: &FileContents| part.stamp().is_some_and(|stamp| stamp.len() == 0);
        let empty: Vec<usize> =
            (0..self.contents.len()).filter(|&index| empty(&self.contents[index])).collect();
        self.hash_all(&empty, 0, &Silent, &|_, _| Ok(()))?;
        Ok(())
    }

    /// For each of the contents the index of the first one equal to it.
    fn find_equal(&self, progress: &dyn Progress) -> Result<Vec<usize>> {
        let len = |index: usize| self.contents[index].len();
        let mut first_equal: Vec<usize> = (0..self.contents.len()).collect();
        let mut by_size: HashMap<u64, Vec<usize>> = HashMap::new();
        for index in first_equal.iter().copied().filter(|&index| len(index) > 0) {
            by_size.entry(len(index)).or_default().push(index);
        }
        let same_size = in_order(by_size.into_values());
        progress.begin(Stage::Comparing, Some(same_size.len() as u64));
        let probes = self.hash_all(&same_size, PROBE_BYTES, progress, &|_, _| Ok(()))?;
        let mut by_probe: HashMap<(u64, [u8; 32]), Vec<usize>> = HashMap::new();
        for (&index, &probe) in same_size.iter().zip(&probes) {
            by_probe.entry((len(index), probe)).or_default().push(index);
        }
        // What was hashed whole is equal if its hash is; the rest must be hashed whole now.
        let (whole, partly): (Vec<_>, Vec<_>) =
            by_probe.into_iter().partition(|((len, _), _)| *len <= PROBE_BYTES);
        let mut groups: Vec<Vec<usize>> = whole.into_iter().map(|(_, group)| group).collect();
        let same_probe = in_order(partly.into_iter().map(|(_, group)| group));
        progress.begin(Stage::Comparing, Some(same_probe.len() as u64));
        let different = Mutex::new((HashSet::new(), 0_u64));
        let hashes = self.hash_all(&same_probe, u64::MAX, progress, &|index, hash| {
            // As soon as there is too much that differs, the rest need not be read.
            let mut different = different.lock().unwrap_or_else(PoisonError::into_inner);
            if different.0.insert(hash) {
                different.1 = different.1.saturating_add(len(index));
            }
            self.check_total(OR_MORE, different.1)
        })?;
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

    /// Hashes some of the contents, the first `limit` bytes of each, on all processors. `each` sees
    /// every hash, in any order, and may end it.
    fn hash_all(
        &self,
        indices: &[usize],
        limit: u64,
        progress: &dyn Progress,
        each: &(dyn Fn(usize, [u8; 32]) -> Result<()> + Sync),
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
                let hash = self.contents[index].hash(limit, &mut buffer);
                let hash = hash.and_then(|hash| each(index, hash).map(|()| hash));
                // The other threads need not go on, either.
                let hash = hash.inspect_err(|_| next.store(indices.len(), Ordering::Relaxed))?;
                hashes.push((at, hash));
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
                joined
                    .map(|end| end.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                    .collect()
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
}

/// The members of all groups of at least two, in rising order.
fn in_order(groups: impl Iterator<Item = Vec<usize>>) -> Vec<usize> {
    let mut indices: Vec<usize> = groups.filter(|group| group.len() > 1).flatten().collect();
    indices.sort_unstable();
    indices
}
