//! How an archive differs from the one before, found out as it is written ([`Delta`]).
//!
//! Members are known by their names, and their contents are compared page by page: a member that
//! moved in the archive for what came before it is the same, a page within a large file that changed
//! is one page.

use super::members::Parts;
use super::pieces::Pieces;
use super::record::RecordWriter;
use super::storage::Storage;
use std::collections::HashMap;
use std::io;

/// Where a member is in an archive.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// Where its headers begin.
    headers_at: u64,
    headers_len: u64,
    /// How long its contents are, with padding.
    contents_len: u64,
}

impl Place {
    /// Where so many bytes of its contents are, from an offset on, if it has as many.
    fn contents_at(self, offset: u64, len: u64) -> Option<u64> {
        let is_within = offset.checked_add(len)? <= self.contents_len;
        is_within.then_some(self.headers_at + self.headers_len + offset)
    }
}

/// Where the members of an archive are.
#[derive(Debug, Default)]
pub(super) struct Index {
    members: HashMap<Vec<u8>, Place>,
    len: u64,
}

impl Index {
    fn add(&mut self, name: &[u8], headers_len: u64, contents_len: u64) {
        let place = Place { headers_at: self.len, headers_len, contents_len };
        self.members.insert(name.to_vec(), place);
    }
}

impl Parts for Index {
    fn headers(&mut self, name: &[u8], bytes: &[u8], len: u64) -> io::Result<()> {
        self.add(name, bytes.len() as u64, len);
        self.len += bytes.len() as u64;
        Ok(())
    }

    fn contents(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.len += bytes.len() as u64;
        Ok(())
    }

    fn end(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.len += bytes.len() as u64;
        Ok(())
    }
}

/// An archive that is being written, compared with the one before.
#[derive(Debug)]
pub(super) struct Delta<'j, S> {
    storage: &'j mut S,
    /// The archive before.
    before: (&'j Pieces, &'j Index),
    record: RecordWriter,
    /// Where members are in the archive that is written.
    index: Index,
    /// The member of the same name before, and how much of the contents has come.
    now: Option<(Place, u64)>,
    /// What is compared.
    compared: Vec<u8>,
}

impl<'j, S: Storage> Delta<'j, S> {
    /// Begins to write `record`, which says how an archive differs from `before`.
    pub(super) fn new(
        storage: &'j mut S,
        before: (&'j Pieces, &'j Index),
        record: RecordWriter,
    ) -> Self {
        Self { storage, before, record, index: Index::default(), now: None, compared: Vec::new() }
    }

    /// All has come: the record, and where members are in the archive.
    pub(super) fn into_parts(self) -> (RecordWriter, Index) {
        (self.record, self.index)
    }

    /// The next bytes: as in the archive before, if these are there at `candidate`, or new.
    fn take(&mut self, bytes: &[u8], candidate: Option<u64>) -> io::Result<()> {
        self.index.len += bytes.len() as u64;
        if let Some(at) = candidate {
            self.compared.resize(bytes.len(), 0);
            self.before.0.read_exact_at(self.storage, &mut self.compared, at)?;
            if self.compared == bytes {
                self.record.keep(at, bytes.len() as u64);
                return Ok(());
            }
        }
        self.record.add(self.storage, bytes)
    }
}

impl<S: Storage> Parts for Delta<'_, S> {
    fn headers(&mut self, name: &[u8], bytes: &[u8], len: u64) -> io::Result<()> {
        let before = self.before.1.members.get(name).copied();
        self.now = before.map(|place| (place, 0));
        self.index.add(name, bytes.len() as u64, len);
        let same = before.filter(|place| place.headers_len == bytes.len() as u64);
        self.take(bytes, same.map(|place| place.headers_at))
    }

    fn contents(&mut self, bytes: &[u8]) -> io::Result<()> {
        let len = bytes.len() as u64;
        let mut candidate = None;
        if let Some((place, offset)) = &mut self.now {
            candidate = place.contents_at(*offset, len);
            *offset += len;
        }
        self.take(bytes, candidate)
    }

    fn end(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.take(bytes, None)
    }
}
