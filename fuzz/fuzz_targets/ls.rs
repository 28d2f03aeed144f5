//! `ls`, `tree`, `stat`, `cat`: each entry is found by its path, and its contents are bytes of the
//! module.

#![no_main]

use std::io::Cursor;

use wasm_vfs::PackedModule;
use wasm_vfs::tree::{EntryKind, FinalSymlink};
use wasm_vfs_fuzz::seeds::PACKED;
use wasm_vfs_fuzz::{judge, module_target};

module_target!(&PACKED, |bytes| {
    let Some(mut packed) = judge(PackedModule::from_reader(Cursor::new(bytes))) else { return };
    let entries = packed.tree().entries().len();
    let mut listed = 1;
    for index in 0..entries {
        let tree = packed.tree();
        let path = tree.path(index);
        assert_eq!(judge(tree.lookup(&path, FinalSymlink::Keep)), Some(index), "{path:?}");
        listed += tree.children(index).count();
        assert!(tree.link_count(index) > 0 && tree.subtree(index).end <= entries);
        let above = [&path, &b"/.."[..]].concat();
        let _ = judge(tree.lookup(&above, FinalSymlink::Follow));
        let Some(found) = judge(tree.lookup(&path, FinalSymlink::Follow)) else { continue };
        let kind = tree.entries()[tree.original(found)].kind.clone();
        let mut contents = Vec::new();
        match (judge(packed.copy_contents(found, &mut contents)), kind) {
            (Some(copied), EntryKind::File { len, .. }) => {
                assert_eq!((copied, contents.len() as u64), (len, len));
                assert!(len == 0 || bytes.windows(contents.len()).any(|it| it == contents));
            }
            (Some(_), kind) => panic!("{kind:?} has contents"),
            (None, EntryKind::File { .. }) => panic!("the contents of {path:?} are not there"),
            (None, _) => {}
        }
    }
    assert_eq!(listed, entries);
});
