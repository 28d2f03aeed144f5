//! `export`: the archive has a member for each entry, and nothing else.

#![no_main]

use std::io::Cursor;

use wasm_vfs::PackedModule;
use wasm_vfs_fuzz::seeds::PACKED;
use wasm_vfs_fuzz::{judge, module_target};

/// Many names of one range of the contents are a long archive, and show nothing new.
const MOST_BYTES: u64 = 1 << 20;

module_target!(&PACKED, |bytes| {
    let Some(mut packed) = judge(PackedModule::from_reader(Cursor::new(bytes))) else { return };
    if packed.tree().totals().file_bytes > MOST_BYTES {
        return;
    }
    let mut archive = Vec::new();
    judge(packed.export_tar(&mut archive)).expect("memory can be written");
    let mut archive = tar::Archive::new(&archive[..]);
    let mut members = 0;
    for member in archive.entries().expect("it is an archive") {
        let member = member.expect("it is an archive");
        let path = member.path_bytes();
        let mut names = path.split(|&byte| byte == b'/');
        assert!(!path.starts_with(b"/") && names.all(|name| name != b".."), "{path:?}");
        members += 1;
    }
    assert_eq!(members, packed.tree().entries().len());
});
