//! `pack`, of any packed module: it is taken apart, a tree laid over its own, and put together again,
//! all but Wizer. It is refused, or what was in it is in the result.

#![no_main]

use std::io::Cursor;

use wasm_vfs::tree::{EntryKind, FinalSymlink};
use wasm_vfs::{PackedModule, Program, TreeBuilder};
use wasm_vfs_fuzz::seeds::{PACKED, packer};
use wasm_vfs_fuzz::{judge, module_target};

module_target!(&PACKED, |bytes| {
    let over = TreeBuilder::new().file("/a/b/added", "added");
    let Some(packed) = judge(packer(over).pack(Program::bytes("program", bytes))) else { return };
    let packed = judge(packed.to_vec()).expect("the contents are there");
    let mut packed = judge(PackedModule::from_reader(Cursor::new(packed))).expect("it was written");
    let Ok(mut before) = PackedModule::from_reader(Cursor::new(bytes)) else { return };
    for index in 0..before.tree().entries().len() {
        let path = before.tree().path(index);
        let found = judge(packed.tree().lookup(&path, FinalSymlink::Keep)).expect("it is kept");
        if let EntryKind::File { .. } = before.tree().entries()[index].kind
            && path != b"/a/b/added"
        {
            let (mut old, mut new) = (Vec::new(), Vec::new());
            judge(before.copy_contents(index, &mut old)).expect("it is there");
            judge(packed.copy_contents(found, &mut new)).expect("it is there");
            assert_eq!(old, new, "{path:?}");
        }
    }
});
