//! The trees that are packed, and that the host variant runs on.

use std::fs;
use std::path::Path;

use anyhow::Result;

/// Bytes that no two files share and that do not compress to nothing.
fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

/// What the operations of the guest touch.
pub(crate) fn for_calls(root: &Path) -> Result<()> {
    for_start(root, 0)?;
    fs::write(root.join("data"), noise(2, 16 << 20))?;
    let deep = root.join("deep/deep/deep/deep/deep/deep/deep");
    fs::create_dir_all(&deep)?;
    fs::write(deep.join("file"), "")?;
    for (name, files) in [("thousand", 1000), ("many", 100_000)] {
        many(&root.join(name), files, 0)?;
    }
    Ok(())
}

/// A file to read, and `megabytes` of others.
pub(crate) fn for_start(root: &Path, megabytes: u64) -> Result<()> {
    fs::create_dir_all(root.join("one"))?;
    fs::create_dir_all(root.join("tmp"))?;
    fs::write(root.join("one/file"), noise(1, 4096))?;
    for number in 0..megabytes {
        fs::write(root.join(format!("ballast-{number}")), noise(100 + number, 1_000_000))?;
    }
    Ok(())
}

/// That many files of that many bytes in one directory.
pub(crate) fn many(directory: &Path, files: u64, bytes: usize) -> Result<()> {
    fs::create_dir_all(directory)?;
    for number in 0..files {
        fs::write(directory.join(format!("file-{number}")), noise(number, bytes))?;
    }
    Ok(())
}
