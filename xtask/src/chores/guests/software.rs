//! Software of others, unmodified, compiled with the C SDK: the sources are those in crates that are never built.
//!
//! What each needs beyond its sources (a driver, a configuration that its own build would have written, stand-ins for what WebAssembly
//! has not) is in `tests/guests/NAME/`; docs/software.md lists it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::compile::{crate_source, zig_cc};
use crate::{process, workspace};

/// LMDB, with a driver.
pub(super) fn with_lmdb(source: &Path, output: &Path) -> Result<()> {
    let (liblmdb, files) = lmdb()?;
    with_sdk(source, output, std::slice::from_ref(&liblmdb), &files, &[])?;
    natively(source, output, &liblmdb, &files, &[])
}

/// LMDB's own tests.
pub(super) fn with_lmdb_tests(source: &Path, output: &Path) -> Result<()> {
    let (liblmdb, files) = lmdb()?;
    with_sdk(&source.join("mtests"), output, &[liblmdb], &files, &[])
}

/// Where LMDB's headers are, and its sources.
fn lmdb() -> Result<(PathBuf, Vec<PathBuf>)> {
    let liblmdb = crate_source("lmdb-master-sys", "wasm-vfs-tests/lmdb-master-sys")?;
    let liblmdb = liblmdb.join("lmdb/libraries/liblmdb");
    let files = ["mdb.c", "midl.c"].map(|file| liblmdb.join(file)).into();
    Ok((liblmdb, files))
}

/// What SQLite's own configuration would find on Linux, and FTS5. SQLite knows mmap on Linux by its name only.
const SQLITE: &[&str] = &[
    "-D_GNU_SOURCE",
    "-DSQLITE_THREADSAFE=0",
    "-DSQLITE_OMIT_LOAD_EXTENSION",
    "-DSQLITE_MAX_MMAP_SIZE=0x7fff0000",
    "-DSQLITE_ENABLE_FTS5",
    "-DUSE_PREAD",
    "-DHAVE_FCHOWN",
    "-DHAVE_READLINK",
    "-DHAVE_LSTAT",
    "-DHAVE_USLEEP=1",
    "-DHAVE_FDATASYNC=1",
    "-DHAVE_LOCALTIME_R=1",
    "-DHAVE_GMTIME_R=1",
    "-DHAVE_POSIX_FALLOCATE=1",
    "-DHAVE_MREMAP=1",
];

/// SQLite for Unix, with a driver.
pub(super) fn with_sqlite(source: &Path, output: &Path) -> Result<()> {
    let sqlite = sqlite()?;
    let parts = ["commits", "journals", "others", "probe", "show", "statements", "wal"];
    let mut files: Vec<PathBuf> =
        parts.iter().map(|part| source.join(part).with_extension("c")).collect();
    files.push(sqlite.join("sqlite3.c"));
    let unix = ["-include", "wasm_vfs_unix.h"];
    let options = [SQLITE, &unix].concat();
    with_sdk(source, output, std::slice::from_ref(&sqlite), &files, &options)?;
    natively(source, output, &sqlite, &files, SQLITE)
}

/// SQLite as its own sources make it for preview1, without the SDK.
pub(super) fn with_plain_sqlite(source: &Path, output: &Path) -> Result<()> {
    let sqlite = sqlite()?;
    let mut options: Vec<PathBuf> = vec!["-w".into(), "-I".into(), sqlite.clone()];
    options.extend([source.join("probe.c"), sqlite.join("sqlite3.c")]);
    zig_cc(&source.join("plain"), output, &options)
}

/// Where SQLite's one source is.
fn sqlite() -> Result<PathBuf> {
    Ok(crate_source("libsqlite3-sys", "wasm-vfs-tests/libsqlite3-sys")?.join("sqlite3"))
}

/// Compiles `main.c` in `source` and `files` for this machine, beside the output: `NAME.native`.
fn natively(
    source: &Path,
    output: &Path,
    include: &Path,
    files: &[PathBuf],
    options: &[&str],
) -> Result<()> {
    let mut cc = Command::new("cc");
    cc.args(["-O0", "-w", "-I"]).arg(include).args(options).args(files).arg(source.join("main.c"));
    cc.args(["-lm", "-lpthread", "-o"]).arg(output.with_extension("native"));
    process::run(&mut cc)
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
