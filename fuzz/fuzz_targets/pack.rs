//! `pack`, of any program: it is refused, or the result is valid (which linking checks itself), and
//! packed again it gives the same.
//!
//! The tree is baked once, and linked with each input.

#![no_main]

use wasm_vfs::{Form, Program, TreeBuilder};
use wasm_vfs_fuzz::seeds::{PROGRAMS, baked, packer};
use wasm_vfs_fuzz::{judge, module_target};

module_target!(&PROGRAMS, |bytes| {
    for form in [Form::Portable, Form::Isolated] {
        let Some(packed) = judge(baked().link(Program::bytes("program", bytes), form)) else {
            continue;
        };
        let packed = judge(packed.to_vec()).expect("the contents are there");
        let again = packer(TreeBuilder::new()).pack(Program::bytes("packed", &packed));
        let again = judge(again).expect("what was packed can be packed again");
        assert_eq!(judge(again.to_vec()), Some(packed), "packed again");
    }
});
