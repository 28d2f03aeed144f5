//! How a state names the tree that it was made for: a global header of POSIX's pax format, the first
//! of the archive, with the record `WASMVFS.tree`. Other readers of archives pass over it.

use crate::error::{ErrorKind, InnerResult, Marked as _};
use crate::packed::sparse_map::TAR_BLOCK_BYTES;
use crate::packed::tar_member::pax_records;
use crate::state::tree_digest::TreeDigest;
use anyhow::Context as _;
use std::io::{self, Read};
use tar::{EntryType, Header};

/// The key of the record.
const KEY: &str = "WASMVFS.tree";

/// The name in the header, for readers that show one.
const NAME: &[u8] = b"wasm-vfs-state";

/// The longest header that is read.
const MAX_RECORDS_BYTES: u64 = 1 << 16;

/// The header of a state for a tree: whole blocks, which come before those of the layer.
#[cfg_attr(not(feature = "run"), allow(dead_code, reason = "states are written by `run`"))]
pub(crate) fn encode(tree: &TreeDigest) -> Vec<u8> {
    let records = pax_records(&[(KEY.as_bytes().to_vec(), tree.to_string().into_bytes())]);
    let mut header = Header::new_ustar();
    header.set_entry_type(EntryType::XGlobalHeader);
    header.as_old_mut().name[..NAME.len()].copy_from_slice(NAME);
    header.set_mode(0o644);
    header.set_size(records.len() as u64);
    header.set_cksum();
    let mut blocks = [header.as_bytes(), records.as_slice()].concat();
    blocks.resize(blocks.len().next_multiple_of(TAR_BLOCK_BYTES), 0);
    blocks
}

/// Reads the header at the start of an archive; `None` if that is no state.
///
/// # Errors
///
/// When it cannot be read, or the record is damaged.
pub(crate) fn read(archive: impl Read) -> InnerResult<Option<TreeDigest>> {
    let mut archive = archive.take(MAX_RECORDS_BYTES);
    let mut header = Header::new_old();
    match archive.read_exact(header.as_mut_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        read => read.context("cannot read it")?,
    }
    let is_global = header.entry_type() == EntryType::XGlobalHeader;
    let sound = |size: &u64| is_global && *size < MAX_RECORDS_BYTES;
    let Some(size) = header.entry_size().ok().filter(sound) else { return Ok(None) };
    let mut records = Vec::new();
    archive.take(size).read_to_end(&mut records).context("cannot read it")?;
    let text = String::from_utf8_lossy(&records);
    let key = format!(" {KEY}=");
    let value = text.lines().find_map(|line| line.split_once(&key));
    let Some((_, digest)) = value else { return Ok(None) };
    let digest = digest.parse::<TreeDigest>().map_err(anyhow::Error::from);
    digest.map(Some).of_kind(ErrorKind::Damaged)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let digest: TreeDigest = format!("sha256:{}", "5f".repeat(32)).parse().unwrap();
        let header = encode(&digest);
        assert_eq!(header.len(), 1024);
        assert_eq!(read(&[&header[..], &[0; 1024]].concat()[..]).unwrap(), Some(digest));
        for end in [0, 1, 511, 512] {
            assert_eq!(read(&header[..end]).unwrap(), None, "{end}");
        }
        let cut = read(&header[..580]).unwrap_err();
        assert!(cut.to_string().contains("is no digest of a tree"), "{cut}");
        // A header of git's, and no archive at all.
        let mut other = header.clone();
        other[520..530].fill(b'x');
        assert_eq!(read(&other[..]).unwrap(), None);
        assert_eq!(read(&[0x1f; 2000][..]).unwrap(), None);
    }
}
