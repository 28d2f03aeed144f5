//! The C SDK: headers, a library and its sources, written where a compiler finds them.
//!
//! * `files` lists the files.
//! * [`Sdk`] is a directory that has them, and the flags that name it.
//!
//! The files travel with the tool, so writing them needs no network and no compiler. A file that is
//! there already with the same bytes is left alone: a build that looks at times does not start anew.

mod files;

use crate::disk::temporary::file_beside;
use crate::error::InnerResult;
use anyhow::{Context as _, ensure};
use files::{FILES, SdkFile};
use sha2::{Digest as _, Sha256};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The mode of the files, less the umask.
const FILE_MODE: u32 = 0o644;

/// How many bytes of the SDK's hash the name of its directory has.
const HASH_BYTES: usize = 4;

/// A directory with the SDK.
#[derive(Debug)]
pub(crate) struct Sdk {
    directory: PathBuf,
}

impl Sdk {
    /// Writes the SDK into a directory, which is made if it is not there.
    ///
    /// # Errors
    ///
    /// When the directory or a file cannot be written.
    pub(crate) fn write(directory: &Path) -> InnerResult<Self> {
        // Flags hold wherever the compiler is started.
        let directory = std::path::absolute(directory)
            .with_context(|| format!("cannot find {}", directory.display()))?;
        for SdkFile { path, bytes } in FILES {
            write(&directory.join(path), bytes)?;
        }
        Ok(Self { directory })
    }

    /// Writes the SDK into the user's cache directory.
    ///
    /// # Errors
    ///
    /// When there is none, or as [`write`](Self::write).
    pub(crate) fn in_cache() -> InnerResult<Self> {
        let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
        let cache = variable("XDG_CACHE_HOME").filter(|path| path.is_absolute());
        let cache = cache.or_else(|| variable("HOME").map(|home| home.join(".cache")));
        let cache = cache.context("there is no cache directory: set HOME, or give -o DIR")?;
        Self::write(&cache.join("wasm-vfs").join(name()))
    }

    /// Where it is.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// The options that compile a program.
    ///
    /// # Errors
    ///
    /// When a shell would take the directory's name apart.
    pub(crate) fn cflags(&self) -> InnerResult<String> {
        // Not -isystem: some drivers name wasi-libc's headers so too, and before ours.
        Ok(format!("-I{}", self.plain()?.join("include").display()))
    }

    /// The options that link a program.
    ///
    /// # Errors
    ///
    /// As [`cflags`](Self::cflags).
    pub(crate) fn libs(&self) -> InnerResult<String> {
        Ok(self.plain()?.join("lib/libwasm_vfs.a").display().to_string())
    }

    /// The directory, if `$(wasm-vfs sdk ...)` can carry its name.
    fn plain(&self) -> InnerResult<&Path> {
        let is_plain =
            |text: &str| !text.contains(|c: char| c.is_whitespace() || "*?[".contains(c));
        ensure!(
            self.directory.to_str().is_some_and(is_plain),
            "{}: a shell would take this name apart; give another directory with -o DIR",
            self.directory.display()
        );
        Ok(&self.directory)
    }
}

/// The name of the SDK's directory: of this version, and of these files.
fn name() -> String {
    let mut hash = Sha256::new();
    for SdkFile { path, bytes } in FILES {
        hash.update(path);
        hash.update([0]);
        hash.update(bytes.len().to_le_bytes());
        hash.update(bytes);
    }
    let hash = hash.finalize();
    let short = hash.get(..HASH_BYTES).unwrap_or_default();
    format!("sdk-{}-{}", env!("CARGO_PKG_VERSION"), hex::encode(short))
}

/// Writes a file, unless it is there already.
fn write(path: &Path, bytes: &[u8]) -> InnerResult<()> {
    if fs::read(path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    let put = || -> InnerResult<()> {
        fs::create_dir_all(path.parent().unwrap_or_else(|| Path::new("/")))?;
        // Another process may read it, or write it too.
        let mut file = file_beside(path, FILE_MODE)?;
        file.write_all(bytes)?;
        file.persist(path)?;
        Ok(())
    };
    put().with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn walk(directory: &Path, root: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, root, found);
            } else {
                found.insert(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }

    #[test]
    fn every_file_travels() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("sdk");
        let mut there = BTreeSet::new();
        walk(&root, &root, &mut there);
        let listed: BTreeSet<String> = FILES.iter().map(|file| file.path.to_owned()).collect();
        assert_eq!(listed, there);
    }

    #[test]
    fn a_changed_file_is_put_right_and_others_are_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let sdk = Sdk::write(directory.path()).unwrap();
        let changed = sdk.directory().join("include/fcntl.h");
        let kept = sdk.directory().join("include/wasm_vfs.h");
        let time = fs::metadata(&kept).unwrap().modified().unwrap();
        fs::write(&changed, "changed").unwrap();
        Sdk::write(directory.path()).unwrap();
        assert!(fs::read_to_string(&changed).unwrap().contains("O_CLOEXEC"));
        assert_eq!(fs::metadata(&kept).unwrap().modified().unwrap(), time);
    }

    #[test]
    fn a_name_that_a_shell_takes_apart_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let sdk = Sdk::write(&directory.path().join("a b")).unwrap();
        assert!(sdk.cflags().unwrap_err().to_string().contains("-o DIR"));
        assert!(sdk.libs().is_err());
    }
}
