//! The custom section `wasm-vfs-digests`: by what a written module and its contents are known again
//! after another tool had the file.
//!
//! Tools renumber, sort and drop data segments, so the contents are not found by their segment's
//! number but by their length and their digest. They are digested in chunks, and whoever reads them
//! checks each chunk that it reads: a reader gets the bytes that were packed or an error, and a
//! small file of a large tree costs one chunk. The digest of the module says whether anything but
//! its custom sections has changed, so that its program can still be told from its filesystem.
//!
//! ```text
//! module       16 bytes: of, for each section but custom ones, in order, its id, the length of its payload (8 bytes,
//!              big-endian) and its payload's digest; the data section's payload without the contents
//! contents     16 bytes for each chunk of `CHUNK_BYTES`; the last chunk is what is left
//! ```
//!
//! The digests are XXH3 of 128 bits, big-endian. They guard against accidents, not against forgery:
//! whoever can write the contents can write their digests. The section is the last of the module,
//! since it is complete when the contents are written.

use anyhow::{Result, ensure};
use twox_hash::XxHash3_128;
use wasm_encoder::{CustomSection, Section as _};

/// Name of the custom section.
pub(crate) const SECTION_NAME: &str = "wasm-vfs-digests";

/// How many bytes of the contents one digest is of.
pub(super) const CHUNK_BYTES: u64 = 1 << 20;

/// XXH3, 128 bits.
pub(super) type Digest = [u8; 16];

/// The digest of some bytes.
pub(super) fn digest_of(bytes: &[u8]) -> Digest {
    XxHash3_128::oneshot(bytes).to_be_bytes()
}

/// What the section holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Digests {
    pub(super) module: Digest,
    pub(super) chunks: Vec<Digest>,
}

impl Digests {
    /// The whole section, its header included.
    pub(super) fn section(&self) -> Vec<u8> {
        let data = [&self.module[..], self.chunks.as_flattened()].concat();
        let mut section = Vec::new();
        CustomSection { name: SECTION_NAME.into(), data: data.into() }.append_to(&mut section);
        section
    }

    /// How long the section is for contents of this length.
    pub(super) fn section_len(contents_len: u64) -> u64 {
        let chunks = usize::try_from(contents_len.div_ceil(CHUNK_BYTES)).unwrap_or_default();
        Self { module: Digest::default(), chunks: vec![Digest::default(); chunks] }.section().len()
            as u64
    }

    /// Reads the section's payload (without its name).
    ///
    /// # Errors
    ///
    /// When it is damaged.
    pub(super) fn decode(payload: &[u8]) -> Result<Self> {
        let (digests, rest) = payload.as_chunks::<{ size_of::<Digest>() }>();
        ensure!(rest.is_empty(), "the `{SECTION_NAME}` section is damaged");
        let Some((&module, chunks)) = digests.split_first() else {
            anyhow::bail!("the `{SECTION_NAME}` section is damaged");
        };
        Ok(Self { module, chunks: chunks.to_vec() })
    }
}

/// Digests contents while they are written.
#[derive(Default)]
pub(super) struct ContentsDigester {
    chunks: Vec<Digest>,
    /// What has come of a chunk. XXH3 of a whole chunk is so much faster than of its parts that
    /// copying it here costs less.
    part: Vec<u8>,
    written: u64,
}

/// [`CHUNK_BYTES`], for lengths in memory.
const CHUNK_LEN: usize = 1 << 20;
const _: () = assert!(CHUNK_LEN as u64 == CHUNK_BYTES);

impl ContentsDigester {
    pub(super) fn update(&mut self, mut bytes: &[u8]) {
        self.written += bytes.len() as u64;
        while !bytes.is_empty() {
            if let (true, Some((chunk, later))) =
                (self.part.is_empty(), bytes.split_at_checked(CHUNK_LEN))
            {
                self.chunks.push(digest_of(chunk));
                bytes = later;
                continue;
            }
            let (now, later) = bytes.split_at(bytes.len().min(CHUNK_LEN - self.part.len()));
            self.part.extend_from_slice(now);
            bytes = later;
            if self.part.len() == CHUNK_LEN {
                self.end_chunk();
            }
        }
    }

    fn end_chunk(&mut self) {
        self.chunks.push(digest_of(&self.part));
        self.part.clear();
    }

    /// How many bytes came.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    pub(super) fn finish(mut self) -> Vec<Digest> {
        if !self.part.is_empty() {
            self.end_chunk();
        }
        self.chunks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_any_length_give_the_same_digests() {
        let bytes: Vec<u8> = (0..3_u32 << 20).map(|at| (at % 251).to_le_bytes()[0]).collect();
        for len in [0, 1, CHUNK_LEN - 1, CHUNK_LEN, CHUNK_LEN + 1, 3 * CHUNK_LEN - 5] {
            let bytes = &bytes[..len];
            let whole: Vec<Digest> = bytes.chunks(CHUNK_LEN).map(digest_of).collect();
            for piece in [1000, CHUNK_LEN, CHUNK_LEN + 77, usize::MAX] {
                let mut digester = ContentsDigester::default();
                bytes.chunks(piece).for_each(|piece| digester.update(piece));
                assert_eq!(digester.written(), len as u64);
                assert_eq!(digester.finish(), whole, "{len} bytes by {piece}");
            }
        }
    }
}
