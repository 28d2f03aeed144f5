//! `inspect`: what a module says of itself is read, or refused.

#![no_main]

use std::io::Cursor;

use wasm_vfs::PackedModule;
use wasm_vfs_fuzz::seeds::PACKED;
use wasm_vfs_fuzz::{judge, module_target};

module_target!(&PACKED, |bytes| {
    let Some(mut packed) = judge(PackedModule::from_reader(Cursor::new(bytes))) else { return };
    assert_eq!(judge(packed.file_bytes()), Some(bytes.len() as u64));
    let _ = judge(packed.imports());
    if let Some(policy) = judge(packed.policy()) {
        let text = judge(policy.to_toml()).expect("it was read");
        assert_eq!(judge(wasm_vfs::Policy::from_toml(&text)), Some(policy), "{text}");
    }
    let totals = packed.tree().totals();
    let entries = packed.tree().entries().len();
    let counted = [totals.directories, totals.files, totals.symlinks, totals.hard_links];
    assert_eq!(counted.iter().sum::<usize>() + totals.devices, entries);
});
