//! The registry of engines itself.

use std::collections::BTreeSet;

use anyhow::Result;
use wasm_vfs_tests::engines::registry::ENGINES;
use wasm_vfs_tests::matrix;

#[test]
fn is_written_down_for_the_table() -> Result<()> {
    matrix::record_registry()
}

#[test]
fn every_engine_has_a_name_and_a_version() {
    let ids: BTreeSet<&str> = ENGINES.iter().map(|entry| entry.id).collect();
    assert_eq!(ids.len(), ENGINES.len(), "two engines of one name");
    for entry in ENGINES {
        if wasm_vfs_tests::engines::registry::is_here(entry) {
            let version = (entry.version)();
            assert!(
                version.is_some_and(|version| version.starts_with(|c: char| c.is_ascii_digit())),
                "{}",
                entry.id
            );
        }
    }
}
