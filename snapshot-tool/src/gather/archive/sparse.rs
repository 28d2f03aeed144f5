//! Maps of files with holes, in the formats of GNU tar: its own, and pax formats 0.0, 0.1 and 1.0, of
//! which `wasm-vfs export` writes the last.

use crate::gather::archive::input::Input;
use crate::gather::archive::pax::{SparseRecords, header_number};
use crate::packed::sparse_map::TAR_BLOCK_BYTES;
use anyhow::{Context as _, Result, ensure};
use std::ops::Range;
use tar::Header;

/// How many runs a header of GNU tar's has room for, and a block behind it.
const GNU_RUNS: (usize, usize) = (4, 21);

/// Bytes of an offset or length in such a header.
const GNU_NUMBER_BYTES: usize = 12;

/// Where the bytes of a file are in the archive.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FileRuns {
    /// How long the file is, in bytes.
    pub(crate) len: u64,
    /// Offset in the file and range of the archive; in order, without overlap, within `len`.
    pub(crate) runs: Vec<(u64, Range<u64>)>,
}

impl FileRuns {
    /// A file without holes, which starts there in the archive.
    pub(crate) fn whole(at: u64, len: u64) -> Self {
        // The archive may end before it, which is found when it is skipped.
        Self { len, runs: vec![(0, at..at.saturating_add(len))] }
    }

    /// How many bytes there are in the archive.
    pub(crate) fn data_bytes(&self) -> u64 {
        self.runs.iter().map(|(_, bytes)| bytes.end - bytes.start).sum()
    }

    /// A file of `len` bytes with these runs, whose bytes follow from `at` on, `size` of them.
    fn mapped(len: u64, map: &[(u64, u64)], at: u64, size: u64) -> Result<Self> {
        let (mut end, mut next) = (0, at);
        let mut runs = Vec::new();
        for &(offset, count) in map {
            let run_end = offset.checked_add(count).filter(|run_end| *run_end <= len);
            let after = next.checked_add(count);
            let (Some(run_end), Some(after), true) = (run_end, after, offset >= end) else {
                anyhow::bail!("its map of holes makes no sense: the archive is damaged");
            };
            if count > 0 {
                runs.push((offset, next..after));
            }
            (end, next) = (run_end, after);
        }
        ensure!(
            next - at == size,
            "its map of holes tells of {} bytes, and {size} follow: the archive is damaged",
            next - at
        );
        Ok(Self { len, runs })
    }
}

/// The map in a header of GNU tar's and in the blocks behind it, which are read.
pub(crate) fn map_of_gnu(input: &mut Input<'_>, header: &Header, size: u64) -> Result<FileRuns> {
    let gnu = header.as_gnu().context("its header is not GNU tar's: the archive is damaged")?;
    let mut map = Vec::new();
    let own = header.as_bytes();
    add_runs(&mut map, &own[386..386 + GNU_RUNS.0 * 2 * GNU_NUMBER_BYTES])?;
    let mut is_extended = gnu.isextended[0] != 0;
    while is_extended {
        let block = input.read(TAR_BLOCK_BYTES as u64)?;
        let runs = GNU_RUNS.1 * 2 * GNU_NUMBER_BYTES;
        add_runs(&mut map, &block[..runs])?;
        is_extended = block[runs] != 0;
    }
    let len = u64::try_from(header_number(&gnu.realsize)?).context("its length is negative")?;
    FileRuns::mapped(len, &map, input.at, size)
}

fn add_runs(map: &mut Vec<(u64, u64)>, fields: &[u8]) -> Result<()> {
    for pair in fields.chunks_exact(2 * GNU_NUMBER_BYTES) {
        let (offset, count) = pair.split_at(GNU_NUMBER_BYTES);
        // What is not used is zero.
        if offset[0] == 0 {
            break;
        }
        let number = |field| u64::try_from(header_number(field)?).context("a hole is negative");
        map.push((number(offset)?, number(count)?));
    }
    Ok(())
}

/// The map in the records of pax formats 0.0 and 0.1. The contents are at `at`.
pub(crate) fn map_of_records(map: &[u64], len: u64, at: u64, size: u64) -> Result<FileRuns> {
    let pairs = map.chunks(2).map(|pair| match *pair {
        [offset, count] => Ok((offset, count)),
        _ => anyhow::bail!("its map of holes ends with half a run: the archive is damaged"),
    });
    FileRuns::mapped(len, &pairs.collect::<Result<Vec<_>>>()?, at, size)
}

/// The map in front of the contents in pax format 1.0, in decimal lines; it is read.
pub(crate) fn map_of_pax(
    input: &mut Input<'_>,
    records: &SparseRecords,
    size: u64,
) -> Result<FileRuns> {
    let len = records.realsize.context("its map of holes tells no length")?;
    ensure!(records.minor == Some(0), "its map of holes is of a format that is not known here");
    let mut lines = Lines { input, left: size, block: Vec::new(), at: 0 };
    let count = lines.number()?;
    let mut map = Vec::new();
    for _ in 0..count {
        map.push((lines.number()?, lines.number()?));
    }
    let left = lines.left;
    FileRuns::mapped(len, &map, input.at, left)
}

/// Decimal lines in whole blocks.
struct Lines<'i, 'f> {
    input: &'i mut Input<'f>,
    /// How many bytes of the member are behind the block.
    left: u64,
    block: Vec<u8>,
    /// Where the next byte is in the block.
    at: usize,
}

impl Lines<'_, '_> {
    fn number(&mut self) -> Result<u64> {
        let mut number: u64 = 0;
        loop {
            if self.at == self.block.len() {
                let left = self.left.checked_sub(TAR_BLOCK_BYTES as u64);
                self.left = left.context("its map of holes is cut short")?;
                (self.block, self.at) = (self.input.read(TAR_BLOCK_BYTES as u64)?, 0);
            }
            let byte = self.block[self.at];
            self.at += 1;
            if byte == b'\n' {
                return Ok(number);
            }
            let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'));
            let longer = number.checked_mul(10).zip(digit).and_then(|(n, d)| n.checked_add(d));
            number = longer.context("its map of holes has something else than numbers")?;
        }
    }
}
