//! Conformance to preview1. Each theme is a guest program (`guest/src/bin/`) that makes its own checks; it runs on wasmtime's
//! host directory, which is the reference, and then packed, in both forms, on every engine.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod sequences;
mod theme;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use wasm_vfs_tests::tools;

/// The tests of all themes: one list, so that no theme lacks a run.
macro_rules! themes {
    ($($name:ident)*) => {
        /// Every theme, by the name of its program.
        const THEMES: &[&str] = &[$(stringify!($name)),*];

        $(mod $name {
            use anyhow::Result;
            use wasm_vfs::Form;

            use crate::theme::{Shower, Theme};

            static THEME: Theme = Theme::new(stringify!($name));

            #[test]
            fn on_a_host_directory() -> Result<()> {
                THEME.on_host()
            }

            #[test]
            fn portable_on_every_engine() -> Result<()> {
                THEME.packed(Form::Portable)
            }

            #[test]
            fn isolated_on_every_engine() -> Result<()> {
                THEME.packed(Form::Isolated)
            }

            #[test]
            fn over_an_overlay() -> Result<()> {
                THEME.over_an_overlay(Shower::Wasmtime)
            }

            #[test]
            fn over_an_overlay_on_node() -> Result<()> {
                THEME.over_an_overlay(Shower::Node)
            }

            #[test]
            fn on_a_mount() -> Result<()> {
                THEME.on_a_mount()
            }
        })*
    };
}

themes! {
    dangling_and_loops
    descriptors
    directories
    empty_paths
    encoding
    escapes
    fdstat_flags
    host
    identity
    isatty
    link
    open
    open_directories
    open_fdflags
    poll
    positions
    preopens
    readdir
    rename
    renumber
    rights
    sockets
    stdio
    storage
    symlink
    times
    trailing_slashes
    truncation
    two_preopens
    unlinked
    vectors
}

/// A program that is not in the list would never run.
#[test]
fn every_program_is_a_theme() -> Result<()> {
    let mut programs = BTreeSet::new();
    for entry in std::fs::read_dir(tools::test_data("preview1/guest/src/bin"))? {
        programs.insert(entry?.path().file_stem().unwrap().to_string_lossy().into_owned());
    }
    let with_tests = THEMES.iter().chain(&[sequences::PROGRAM]);
    assert_eq!(programs, with_tests.map(|&name| name.to_owned()).collect());
    Ok(())
}

/// How many checks there are to be, at least.
const CHECKS: usize = 250;

/// Counted where they are made: on the host directory. A name stands for one check, else a failure could not be told.
#[test]
fn there_are_enough_checks() -> Result<()> {
    let mut checks = 0;
    for &name in THEMES {
        let Some(names) = theme::checks_of(name)? else { return Ok(()) };
        let mut times = BTreeMap::new();
        for check in &names {
            *times.entry(check).or_insert(0) += 1;
        }
        times.retain(|_, times| *times > 1);
        assert!(times.is_empty(), "{name}: the same name for several checks: {times:?}");
        checks += names.len();
    }
    println!("{checks} checks in {} themes", THEMES.len());
    assert!(checks >= CHECKS, "{checks}");
    Ok(())
}
