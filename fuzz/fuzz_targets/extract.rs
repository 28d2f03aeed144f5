//! `extract`: nothing is made outside of the directory.

#![no_main]

use std::fs;
use std::io::Cursor;
use std::path::Path;

use wasm_vfs::{Existing, PackedModule};
use wasm_vfs_fuzz::seeds::PACKED;
use wasm_vfs_fuzz::{judge, module_target};

/// More entries and bytes take time and show nothing new.
const MOST_ENTRIES: usize = 200;
const MOST_BYTES: u64 = 1 << 20;
/// Longer paths cannot be listed by their names, as is done here in the end.
const LONGEST_PATH: usize = 2000;

module_target!(&PACKED, |bytes| {
    let Some(mut packed) = judge(PackedModule::from_reader(Cursor::new(bytes))) else { return };
    let tree = packed.tree();
    let entries = tree.entries().len();
    if entries > MOST_ENTRIES
        || tree.totals().file_bytes > MOST_BYTES
        || (0..entries).any(|index| tree.path(index).len() > LONGEST_PATH)
    {
        return;
    }
    let outside = tempfile::tempdir().expect("there is a directory for temporary files");
    let inside = outside.path().join("inside");
    if judge(packed.extract(&inside, Existing::Keep)).is_some() {
        let devices = packed.tree().totals().devices;
        assert_eq!(found(&inside), entries - devices, "all but devices");
    }
    assert_eq!(fs::read_dir(&outside).map_or(0, Iterator::count), 1);
});

/// How many entries there are beneath a directory, itself included.
fn found(directory: &Path) -> usize {
    let mut count = 1;
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let is_directory = entry.file_type().is_ok_and(|it| it.is_dir());
        count += if is_directory { found(&entry.path()) } else { 1 };
    }
    count
}
