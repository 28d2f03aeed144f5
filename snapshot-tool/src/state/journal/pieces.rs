//! An archive whose bytes lie in pieces, here and there in a file ([`Pieces`]).

use super::storage::Storage;
use std::io::{self, Read};

/// Bytes of an archive that lie side by side in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
    /// Where in the archive.
    at: u64,
    /// Where in the file.
    in_file: u64,
    len: u64,
}

/// Where the bytes of an archive lie.
#[derive(Clone, Debug, Default)]
pub(super) struct Pieces {
    /// In the order of the archive, without gaps.
    pieces: Vec<Piece>,
}

impl Pieces {
    /// An archive that is so many bytes from the start of the file.
    pub(super) fn start_of_file(len: u64) -> Self {
        let mut pieces = Self::default();
        pieces.push(0, len);
        pieces
    }

    /// How long the archive is, in bytes.
    pub(super) fn len(&self) -> u64 {
        self.pieces.last().map_or(0, |piece| piece.at + piece.len)
    }

    /// Appends bytes of the file.
    pub(super) fn push(&mut self, in_file: u64, len: u64) {
        if len == 0 {
            return;
        }
        let at = self.len();
        match self.pieces.last_mut() {
            Some(last) if last.in_file + last.len == in_file => last.len += len,
            _ => self.pieces.push(Piece { at, in_file, len }),
        }
    }

    /// Appends bytes of another archive in the same file, all of which it has.
    pub(super) fn push_from(&mut self, other: &Pieces, from: u64, len: u64) {
        for (in_file, len) in other.places(from, len) {
            self.push(in_file, len);
        }
    }

    /// Where in the file some bytes lie, as far as the archive has them: offsets and lengths.
    fn places(&self, from: u64, len: u64) -> impl Iterator<Item = (u64, u64)> + '_ {
        let end = from.saturating_add(len);
        let first = self.pieces.partition_point(|piece| piece.at + piece.len <= from);
        let pieces = self.pieces.iter().skip(first).take_while(move |piece| piece.at < end);
        pieces.map(move |piece| {
            let start = from.max(piece.at);
            let stop = end.min(piece.at + piece.len);
            (piece.in_file + (start - piece.at), stop - start)
        })
    }

    /// Fills `buffer` with bytes of the archive.
    ///
    /// # Errors
    ///
    /// When it has fewer, or the file cannot be read.
    pub(super) fn read_exact_at(
        &self,
        storage: &impl Storage,
        buffer: &mut [u8],
        from: u64,
    ) -> io::Result<()> {
        let mut left = buffer;
        for (in_file, len) in self.places(from, left.len() as u64) {
            let (now, later) = left.split_at_mut(usize::try_from(len).map_err(io::Error::other)?);
            storage.read_exact_at(now, in_file)?;
            left = later;
        }
        if left.is_empty() { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    /// Its bytes, from the first on.
    pub(super) fn reader<'a, S: Storage>(&'a self, storage: &'a S) -> Reader<'a, S> {
        Reader { pieces: self, storage, at: 0 }
    }
}

/// Reads an archive.
#[derive(Debug)]
pub(crate) struct Reader<'a, S> {
    pieces: &'a Pieces,
    storage: &'a S,
    at: u64,
}

impl<S: Storage> Read for Reader<'_, S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.pieces.len() - self.at).unwrap_or(usize::MAX);
        let len = left.min(buffer.len());
        self.pieces.read_exact_at(self.storage, &mut buffer[..len], self.at)?;
        self.at += len as u64;
        Ok(len)
    }
}
