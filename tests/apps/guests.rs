//! The programs of `tests/guests/`: Rust, C and Go as their standard libraries do files, and one that goes wild.

use anyhow::Result;
use wasm_vfs::Form;
use wasm_vfs_tests::engine::Invocation;
use wasm_vfs_tests::engines::wasmtime::Wasmtime;
use wasm_vfs_tests::matrix::{Weight, spots};
use wasm_vfs_tests::{tools, trees};

use crate::app::{App, assert_sound, packed_equals, packed_equals_host};

#[test]
fn rust_fs() -> Result<()> {
    let Some(program) = tools::guest("rust-fs") else { return Ok(()) };
    let app = App::new("rust-fs", &program, trees::for_guests)?;
    let reference = packed_equals_host(&app, &Invocation::of("rust-fs"), &spots(Weight::Light))?;
    assert_sound(&reference, 0, "== working directory");
    Ok(())
}

/// POSIX leaves open what a listing shows of entries that come and go; here each entry is listed once.
#[test]
fn a_listing_is_not_disturbed_by_removals() -> Result<()> {
    let Some(program) = tools::guest("rust-fs") else { return Ok(()) };
    let app = App::new("rust-fs", &program, trees::for_guests)?;
    let invocation = Invocation::of("rust-fs passes-to-remove-while-listing");
    for form in [Form::Portable, Form::Isolated] {
        assert_sound(&app.packed_on(&Wasmtime, form, &invocation)?, 0, "passes: 1\n");
    }
    Ok(())
}

#[test]
fn c_fs() -> Result<()> {
    let Some(program) = tools::guest("c-fs") else { return Ok(()) };
    let app = App::new("c-fs", &program, trees::for_guests)?;
    let mut invocation = Invocation::of("c-fs argument").env("GREETING", "hello");
    invocation.stdin = b"first line\nsecond line\n".to_vec();
    let reference = packed_equals_host(&app, &invocation, &spots(Weight::Light))?;
    assert_sound(&reference, 7, "stdin: second line");
    Ok(())
}

#[test]
fn go_fs() -> Result<()> {
    let Some(program) = tools::guest("go-fs") else { return Ok(()) };
    let app = App::new("go-fs", &program, trees::for_guests)?;
    let reference = packed_equals_host(&app, &Invocation::of("go-fs"), &spots(Weight::Middling))?;
    assert_sound(&reference, 0, "== concurrently\n160 <nil>");
    Ok(())
}

/// Hosts may trap on what it does, so it is its own reference.
#[test]
fn wild() -> Result<()> {
    let Some(program) = tools::guest("wild") else { return Ok(()) };
    let app = App::new("wild", &program, trees::for_guests)?;
    let invocation = Invocation::of("wild");
    let reference = app.packed_on(&Wasmtime, Form::Portable, &invocation)?;
    assert_sound(&reference, 0, " 0 failed");
    packed_equals(&reference, &app, &invocation, &spots(Weight::Light))
}

/// As [`wild`], with wild pointers in calls that the host serves in the end: on standard streams.
#[test]
fn wild_for_the_host() -> Result<()> {
    let Some(program) = tools::guest("wild") else { return Ok(()) };
    let app = App::new("wild", &program, trees::for_guests)?;
    let invocation = Invocation::of("wild for-the-host");
    for form in [Form::Portable, Form::Isolated] {
        assert_sound(&app.packed_on(&Wasmtime, form, &invocation)?, 0, " 0 failed");
    }
    Ok(())
}
