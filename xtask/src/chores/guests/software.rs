//! Software of others, unmodified, compiled with the C SDK: the sources are those in crates that are never built.
//!
//! What each needs beyond its sources (a driver, a configuration that its own build would have written, stand-ins for what WebAssembly
//! has not) is in `tests/guests/NAME/`; docs/software.md lists it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::compile::{crate_source, zig_cc};
use crate::workspace;

/// LMDB, with a driver.
pub(super) fn with_lmdb(source: &Path, output: &Path) -> Result<()> {
    let lmdb = crate_source("lmdb-master-sys", "wasm-vfs-tests/lmdb-master-sys")?;
    let lmdb = lmdb.join("lmdb/libraries/liblmdb");
    let files = ["mdb.c", "midl.c"].map(|file| lmdb.join(file));
    with_sdk(source, output, &[lmdb], &files, &[])
}

/// Compiles `main.c` in `source` and `files` with the C SDK.
pub(super) fn with_sdk(
    source: &Path,
    output: &Path,
    include: &[PathBuf],
    files: &[PathBuf],
    options: &[&str],
) -> Result<()> {
    let sdk = workspace::root().join("snapshot-tool/sdk");
    let mut arguments: Vec<OsString> = vec!["-w".into()];
    for directory in [sdk.join("include")].iter().chain(include) {
        arguments.extend(["-I".into(), directory.into()]);
    }
    arguments.extend(options.iter().map(OsString::from));
    arguments.extend(files.iter().map(OsString::from));
    arguments.push(sdk.join("lib/libwasm_vfs.a").into());
    zig_cc(source, output, &arguments)
}
