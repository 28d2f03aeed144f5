//! `link`, of a sound program with any rootfs module: it is refused, or the result is valid (which
//! linking checks itself) and has the tree.

#![no_main]

use std::io::Cursor;

use wasm_vfs::{Form, PackedModule, Program, Rootfs};
use wasm_vfs_fuzz::seeds::{IMAGES, PROGRAM};
use wasm_vfs_fuzz::{judge, module_target};

module_target!(&IMAGES, |bytes| {
    let Some(rootfs) = judge(Rootfs::from_reader(Cursor::new(bytes.to_vec()))) else { return };
    let read = judge(PackedModule::from_reader(Cursor::new(bytes))).expect("linking can read it");
    let _ = judge(rootfs.wasm_merge_shim()).expect("it is sound");
    let _ = judge(rootfs.run_time_shims()).expect("it is sound");
    for form in [Form::Portable, Form::Isolated] {
        let program = Program::bytes("program", &*PROGRAM);
        let Some(packed) = judge(rootfs.link(program, form)) else { continue };
        let linked = judge(packed.to_vec()).expect("the contents are there");
        let again = judge(PackedModule::from_reader(Cursor::new(linked))).expect("it was written");
        assert_eq!(again.tree(), read.tree());
    }
});
