//! The C SDK: where it is written, and what a compiler is told of it.

use crate::sandbox::Sandbox;
use std::fs;
use std::path::Path;

#[test]
fn into_a_directory_and_the_flags_name_it() {
    let sandbox = Sandbox::new();
    sandbox.tool(&["sdk", "-o", "out/sdk"]).ok();
    assert!(sandbox.path("out/sdk/include/sys/inotify.h").is_file());
    assert!(sandbox.path("out/sdk/src/open.c").is_file());
    let flags = sandbox.tool(&["sdk", "-o", "out/sdk", "--cflags", "--libs"]).ok();
    let directory = sandbox.path("out/sdk").canonicalize().unwrap();
    let directory = directory.display();
    assert_eq!(flags.stdout(), format!("-I{directory}/include {directory}/lib/libwasm_vfs.a\n"));
}

#[test]
fn into_the_cache_directory_of_the_user() {
    let sandbox = Sandbox::new();
    let said = sandbox.tool(&["sdk", "--libs"]).ok();
    let library = Path::new(said.stdout().trim_end()).to_owned();
    assert!(library.starts_with(sandbox.path(".cache/wasm-vfs")), "{}", library.display());
    let is_archive = || fs::read(&library).unwrap().starts_with(b"!<arch>\n");
    assert!(is_archive());
    // It is put right if somebody has changed it.
    fs::write(&library, "").unwrap();
    sandbox.tool(&["sdk"]).ok();
    assert!(is_archive());
}

#[test]
fn a_directory_that_cannot_be_made_is_an_error() {
    let sandbox = Sandbox::new();
    sandbox.file("file", "");
    let failed = sandbox.tool(&["sdk", "-o", "file/sdk"]);
    assert!(failed.error().contains("cannot write"), "{}", failed.stderr);
}
