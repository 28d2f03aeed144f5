//! Where in a file its bytes are, and where there are only holes: the map in front of a sparse
//! member's contents, in format 1.0 of GNU tar (its manual, "Storing Sparse Files").

use std::io::{self, Read};
#[cfg(feature = "run")]
use std::io::{Seek, SeekFrom};

/// Bytes of a block of an archive.
pub(crate) const TAR_BLOCK_BYTES: usize = 512;

/// The unit in which zeros are looked for, and a multiple of which holes are.
const BLOCK_BYTES: usize = 4096;

/// The shortest run of zeros that becomes a hole in an archive, where nobody says which of them are
/// holes. Not every reader of archives knows about holes, so ordinary files have none.
const LEAST_HOLE_BYTES: u64 = 1 << 20;

/// How much is read at a time: whole blocks.
const PIECE_BYTES: usize = 64 * BLOCK_BYTES;

/// Where a file has bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SparseMap {
    /// How long the file is, in bytes.
    pub(crate) len: u64,
    /// Offset and length of each run of bytes, in order; what is between them is a hole.
    pub(crate) runs: Vec<(u64, u64)>,
}

impl SparseMap {
    /// Whether there is no hole.
    pub(crate) fn is_whole(&self) -> bool {
        self.len == 0 || self.runs == [(0, self.len)]
    }

    /// How many bytes there are.
    pub(crate) fn data_bytes(&self) -> u64 {
        self.runs.iter().map(|(_, len)| len).sum()
    }

    /// The map as it is in an archive: whole blocks of it.
    pub(crate) fn encode(&self) -> Vec<u8> {
        // Where a file ends in a hole, a run of no bytes tells where.
        let end = self.runs.last().map_or(0, |(offset, len)| offset + len);
        let last = (end < self.len).then_some((self.len, 0));
        let runs = self.runs.iter().copied().chain(last);
        let mut text = format!("{}\n", self.runs.len() + usize::from(last.is_some()));
        for (offset, len) in runs {
            text.push_str(&format!("{offset}\n{len}\n"));
        }
        let mut map = text.into_bytes();
        map.resize(map.len().next_multiple_of(TAR_BLOCK_BYTES), 0);
        map
    }

    /// Finds long runs of zeros in `contents`, which have so many bytes.
    ///
    /// # Errors
    ///
    /// When they cannot be read, or end early.
    pub(crate) fn of_zeros(mut contents: impl Read, len: u64) -> io::Result<Self> {
        if len < LEAST_HOLE_BYTES {
            return Ok(Self { len, runs: vec![(0, len)] });
        }
        let (mut runs, mut buffer) = (Vec::new(), vec![0; PIECE_BYTES]);
        // Where the bytes began that are no hole yet, and where the zeros that may become one.
        let (mut data_start, mut zeros_start, mut at) = (0, 0, 0);
        let mut close = |data_start: &mut u64, zeros_start: u64, zeros_end: u64| {
            if zeros_end - zeros_start >= LEAST_HOLE_BYTES {
                if *data_start < zeros_start {
                    runs.push((*data_start, zeros_start - *data_start));
                }
                *data_start = zeros_end;
            }
        };
        while at < len {
            let piece = usize::try_from(len - at).map_or(PIECE_BYTES, |left| left.min(PIECE_BYTES));
            let piece = &mut buffer[..piece];
            contents.read_exact(piece)?;
            for block in piece.chunks(BLOCK_BYTES) {
                let end = at + block.len() as u64;
                if block.iter().any(|byte| *byte != 0) {
                    close(&mut data_start, zeros_start, at);
                    zeros_start = end;
                }
                at = end;
            }
        }
        close(&mut data_start, zeros_start, len);
        if data_start < len {
            runs.push((data_start, len - data_start));
        }
        Ok(Self { len, runs })
    }
}

/// A reader of runs of bytes, one after the other.
#[cfg(feature = "run")]
#[derive(Debug)]
pub(crate) struct Runs<'a, R> {
    file: &'a mut R,
    /// Where in the file the runs' offsets count from.
    start: u64,
    /// Offset and length of those that are left.
    runs: &'a [(u64, u64)],
    /// How many bytes are left of the one before them.
    left: u64,
}

#[cfg(feature = "run")]
impl<'a, R> Runs<'a, R> {
    /// The runs of a map's file, which begins at `start` of `file`.
    pub(crate) fn new(file: &'a mut R, start: u64, runs: &'a [(u64, u64)]) -> Self {
        Self { file, start, runs, left: 0 }
    }
}

#[cfg(feature = "run")]
impl<R: Read + Seek> Read for Runs<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.left == 0 {
            let Some(((offset, len), rest)) = self.runs.split_first() else { return Ok(0) };
            self.file.seek(SeekFrom::Start(self.start + offset))?;
            (self.left, self.runs) = (*len, rest);
        }
        let read = Read::by_ref(self.file).take(self.left).read(out)?;
        if read == 0 && !out.is_empty() {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it was cut short"));
        }
        self.left -= read as u64;
        Ok(read)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn maps_as_gnu_tar_writes_them() {
        type Row<'a> = (u64, &'a [(u64, u64)], &'a str);
        let rows: [Row<'_>; 4] = [
            (10, &[], "1\n10\n0\n"),
            (8192, &[(4096, 4096)], "1\n4096\n4096\n"),
            (8192, &[(0, 4096)], "2\n0\n4096\n8192\n0\n"),
            (1 << 62, &[(0, 1), (4096, 5)], "3\n0\n1\n4096\n5\n4611686018427387904\n0\n"),
        ];
        for (len, runs, text) in rows {
            let map = SparseMap { len, runs: runs.to_vec() }.encode();
            assert_eq!(map.len(), 512);
            assert_eq!(&map[..text.len()], text.as_bytes());
            assert!(map[text.len()..].iter().all(|byte| *byte == 0));
        }
        let runs = (0..200).map(|run| (run * 8192, 4096)).collect();
        let map = SparseMap { len: 1 << 21, runs }.encode();
        assert_eq!(map.len() % 512, 0);
        assert!(map.starts_with(b"201\n0\n4096\n8192\n4096\n"));
    }

    #[test]
    fn long_runs_of_zeros_are_holes() {
        const MIB: u64 = 1 << 20;
        type Row<'a> = (u64, &'a [u64], &'a [(u64, u64)]);
        let rows: [Row<'_>; 8] = [
            (0, &[], &[(0, 0)]),
            (MIB - 1, &[], &[(0, MIB - 1)]),
            (MIB, &[], &[]),
            (MIB + 5, &[MIB + 4], &[(MIB, 5)]),
            (MIB + 5, &[0], &[(0, MIB + 5)]),
            (MIB + 4096, &[0], &[(0, 4096)]),
            (3 * MIB, &[0, 2 * MIB - 1], &[(0, 4096), (2 * MIB - 4096, 4096)]),
            (4 * MIB + 1, &[2 * MIB], &[(2 * MIB, 4096)]),
        ];
        for (len, ones, runs) in rows {
            let mut contents = vec![0; usize::try_from(len).unwrap()];
            ones.iter().for_each(|at| contents[usize::try_from(*at).unwrap()] = 1);
            let map = SparseMap::of_zeros(contents.as_slice(), len).unwrap();
            assert_eq!(map.runs, runs, "{len}, {ones:?}");
            assert_eq!(map.is_whole(), runs == [(0, len)]);
        }
        assert!(SparseMap::of_zeros(&[0; 10][..], 2 * MIB).is_err());
    }
}
