//! Software whose matter is trees of files, their modes and their links: libgit2 and libarchive's tar, compiled with the C SDK.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::compile::crate_source;
use super::software::with_sdk;

/// libgit2 with a driver: without networks, threads and processes.
pub(super) fn with_libgit2(source: &Path, output: &Path) -> Result<()> {
    let libgit2 = crate_source("libgit2-sys", "wasm-vfs-tests/libgit2-sys")?.join("libgit2");
    let mut files = Vec::new();
    for directory in ["src/libgit2", "src/util", "src/util/unix", "deps/xdiff", "deps/zlib"] {
        c_files(&libgit2.join(directory), &["process.c"], &mut files)?;
    }
    // What serves networks is left out but for the parts that are empty then, and for what the file transport shares.
    for directory in ["src/libgit2/streams", "src/libgit2/transports"] {
        let network = ["socket.c", "git.c", "http.c", "httpclient.c", "httpparser.c", "winhttp.c"];
        c_files(&libgit2.join(directory), &network, &mut files)?;
    }
    for file in [
        "allocators/failalloc.c",
        "allocators/stdalloc.c",
        "hash/builtin.c",
        "hash/collisiondetect.c",
        "hash/rfc6234/sha224-256.c",
        "hash/sha1dc/sha1.c",
        "hash/sha1dc/ubc_check.c",
    ] {
        files.push(libgit2.join("src/util").join(file));
    }
    let include = ["include", "src/libgit2", "src/util", "deps/xdiff", "deps/zlib"];
    let mut include = include.map(|directory| libgit2.join(directory)).to_vec();
    include.push(source.to_owned());
    with_sdk(
        source,
        output,
        &include,
        &files,
        &[
            "-D_GNU_SOURCE",
            "-DSHA1DC_NO_STANDARD_INCLUDES=1",
            "-DSHA1DC_CUSTOM_INCLUDE_SHA1_C=\"common.h\"",
            "-DSHA1DC_CUSTOM_INCLUDE_UBC_CHECK_C=\"common.h\"",
            // To its macros, `size_t` is `unsigned int` where pointers have 32 bits.
            "-Wno-incompatible-pointer-types",
        ],
    )
}

/// The tar of libarchive, with all formats of the library.
pub(super) fn with_bsdtar(source: &Path, output: &Path) -> Result<()> {
    let libarchive = crate_source("libarchive2-sys", "wasm-vfs-tests/libarchive2-sys")?;
    let libarchive = libarchive.join("libarchive");
    let of_other_systems = [
        "archive_disk_acl_darwin.c",
        "archive_disk_acl_freebsd.c",
        "archive_disk_acl_linux.c",
        "archive_disk_acl_sunos.c",
        "archive_entry_copy_bhfi.c",
        "archive_read_disk_windows.c",
        "archive_windows.c",
        "archive_write_disk_windows.c",
        "bsdtar_windows.c",
        "filter_fork_windows.c",
    ];
    let include = ["libarchive", "libarchive_fe", "tar"].map(|part| libarchive.join(part));
    let mut files = Vec::new();
    for part in &include {
        c_files(part, &of_other_systems, &mut files)?;
    }
    let mut include = include.to_vec();
    include.push(source.to_owned());
    with_sdk(
        source,
        output,
        &include,
        &files,
        &["-D_GNU_SOURCE", "-DHAVE_CONFIG_H", "-Dmain=bsdtar_main"],
    )
}

/// Adds the C files of a directory, sorted, but for those `left_out`.
fn c_files(directory: &Path, left_out: &[&str], files: &mut Vec<PathBuf>) -> Result<()> {
    let entries = fs::read_dir(directory);
    let entries = entries.with_context(|| format!("cannot list {}", directory.display()))?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let is_left_out = left_out.iter().any(|name| path.ends_with(name));
        if path.extension().is_some_and(|extension| extension == "c") && !is_left_out {
            found.push(path);
        }
    }
    found.sort();
    files.append(&mut found);
    Ok(())
}
