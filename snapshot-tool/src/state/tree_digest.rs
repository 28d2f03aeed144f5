//! The name of a tree: [`TreeDigest`].
//!
//! SHA-256 of
//!
//! ```text
//! `wasm-vfs tree 1` and a line feed
//! length of the manifest in bytes       8 bytes, little-endian
//! the manifest                          as `wasm_vfs_core::manifest` says, made anew of the tree
//! length of the contents in bytes       8 bytes, little-endian
//! the digests of the contents           as the section `wasm-vfs-digests` has them
//! what `--preinit` changed              if it did, 32 bytes: SHA-256 of the layer
//! ```
//!
//! Of a packed file only its tables are read. The digest depends on nothing but the tree: the contents
//! are the bytes of all files in the order of the tree, equal ones once, so their digests, and the
//! ranges in the manifest, follow from the tree. These digests guard against accidents and not against
//! forgery; so does this one.

use crate::error::{Error, ErrorKind, InnerResult, Marked as _};
use crate::oci::digest::Digest;
use crate::packed::packed_module::PackedModule;
use crate::quote::escaped;
use crate::tree::manifest::Manifest;
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::io::{Read, Seek};
use std::str::FromStr;

/// What the digested bytes begin with.
const BEGINNING: &[u8] = b"wasm-vfs tree 1\n";

/// The digest of a tree: equal for equal trees, whatever program they are packed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TreeDigest(Digest);

impl fmt::Display for TreeDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for TreeDigest {
    type Err = Error;

    /// Reads `sha256:` and 64 hexadecimal digits in lower case.
    fn from_str(text: &str) -> Result<Self, Error> {
        let digest =
            text.parse::<Digest>().about(|| format!("`{}` is no digest of a tree", escaped(text)));
        Ok(Self(digest.of_kind(ErrorKind::Damaged)?))
    }
}

impl<R: Read + Seek> PackedModule<R> {
    /// Returns the digest of the tree: the same for the same tree in each form, with each program and
    /// policy, and another one when anything in the tree changes. No contents are read.
    ///
    /// ```
    /// use wasm_vfs::{Form, PackedModule, Packer, Program, TreeBuilder};
    ///
    /// # let program = wat::parse_str(wasm_vfs::doc::PROGRAM)?;
    /// let packer = Packer::new(TreeBuilder::new().file("/etc/version", "1.2\n"));
    /// let digest = |form| {
    ///     let bytes = packer.clone().form(form).pack(Program::bytes("app", &program))?.to_vec()?;
    ///     PackedModule::from_reader(std::io::Cursor::new(bytes))?.tree_digest()
    /// };
    /// assert_eq!(digest(Form::Portable)?, digest(Form::Isolated)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If another tool has removed the digests of the contents ([`Damaged`](ErrorKind::Damaged)).
    pub fn tree_digest(&self) -> Result<TreeDigest, Error> {
        Ok(digest_of(self).of_kind(ErrorKind::Damaged)?)
    }
}

fn digest_of<R: Read + Seek>(packed: &PackedModule<R>) -> InnerResult<TreeDigest> {
    let manifest = Manifest::of(packed.tree())?.bytes;
    let mut hasher = Sha256::new();
    hasher.update(BEGINNING);
    hasher.update((manifest.len() as u64).to_le_bytes());
    hasher.update(&manifest);
    hasher.update(packed.section().contents_len.to_le_bytes());
    hasher.update(packed.contents_digests()?);
    if let Some(changes) = packed.section().preinit_changes {
        hasher.update(changes);
    }
    Ok(TreeDigest(Digest::from_hasher(hasher)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn texts_of_digests() {
        let text = format!("sha256:{}", "0a".repeat(32));
        assert_eq!(text.parse::<TreeDigest>().unwrap().to_string(), text);
        let digits = "0".repeat(64);
        for wrong in ["", "sha256:", &digits, &format!("sha256:{digits}0"), &text.to_uppercase()] {
            let error = wrong.parse::<TreeDigest>().unwrap_err();
            assert!(error.to_string().contains("is no digest of a tree"), "{error}");
        }
        assert!(text.replace('a', "A").parse::<TreeDigest>().is_err());
    }
}
