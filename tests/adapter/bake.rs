//! Baking.

use super::rig::{PAGE, Rig, Tree};
use wasm_vfs_core::Errno;
use wasm_vfs_core::manifest::RecordKind;

fn sample() -> Tree {
    let mut tree = Tree::new();
    let a = tree.dir(0, "a");
    let deep = tree.dir(a, "deep");
    let f = tree.file(deep, "f", b"contents of f");
    tree.add(a, "hard", RecordKind::HardLink { record: f });
    tree.symlink(a, "link", "deep/f");
    tree.file(0, "empty", b"");
    tree
}

#[test]
fn what_was_baked_is_there() {
    let mut rig = Rig::baked(&sample());
    assert_eq!(rig.world().clock_readings, 0);
    let fd = rig.open("a/link").unwrap();
    assert_eq!(rig.read(fd, 100).unwrap(), b"contents of f");
    let stat = rig.stat(0, "a/deep/f").unwrap();
    assert_eq!((stat.filetype, stat.nlink, stat.size), (4, 2, 13));
    assert_eq!(stat.mtim, 1_003_000_000_005);
    assert_eq!(rig.stat(1, "a/hard").unwrap(), stat);
    let link = rig.stat(0, "a/link").unwrap();
    assert_eq!((link.filetype, link.size), (7, 6));
    assert_eq!(rig.stat(0, "").unwrap_err(), 44);
    assert_eq!(rig.world().clock_readings, 0, "reading asks no clock");
}

#[test]
fn baking_twice_gives_the_same_memory() {
    let memory = || {
        let rig = Rig::baked(&sample());
        rig.memory.data(&rig.store).to_vec()
    };
    assert!(memory() == memory());
}

#[test]
fn records_may_come_in_any_chunks() {
    let tree = sample();
    let whole = {
        let mut rig = Rig::baked(&tree);
        rig.stat(0, "a/hard").unwrap()
    };
    // The root by itself, then the rest.
    let mut rig = Rig::unbaked();
    let root = Tree::new().records.len();
    assert_eq!(rig.bake(&tree.records[..root]), Ok(()));
    assert_eq!(rig.bake(&tree.records[root..]), Ok(()));
    rig.seal();
    assert_eq!(rig.stat(0, "a/hard"), Ok(whole));
}

#[test]
fn a_refused_record_is_named() {
    let mut rig = Rig::unbaked();
    let mut tree = Tree::new();
    tree.dir(0, "x");
    assert_eq!(rig.bake(&tree.records), Ok(()));
    let mut next = Tree::default();
    next.dir(0, "y");
    next.dir(0, "x");
    let eexist = i32::from(Errno::EEXIST.number());
    assert_eq!(rig.bake(&next.records), Err((eexist, 1)));
}

#[test]
fn nothing_of_the_tool_stays_behind() {
    let mut tree = Tree::new();
    for n in 0..20_000 {
        tree.file(0, &format!("name-{n:05}"), b"");
    }
    let mut rig = Rig::baked(&tree);
    let memory = rig.memory.data(&rig.store).to_vec();
    let used = memory.iter().filter(|&&byte| byte != 0).count();
    // Of 150 bytes for each file many are zero; freed buffers must all be.
    assert!(used < 20_000 * 100, "{used} bytes are not zero");
    let kept = memory.chunks(PAGE).filter(|page| page.iter().any(|&b| b != 0)).count() * PAGE;
    println!("{} bytes of metadata for each file", kept / 20_000);
    assert!(kept < 20_000 * 200, "{kept} bytes of pages that are not all zero");
    assert!(rig.open("name-19999").is_ok());
}

#[test]
fn without_baking_nothing_works_and_nothing_traps() {
    let mut rig = Rig::unbaked();
    assert_eq!(rig.open("x"), Err(29));
    assert_eq!(rig.close(3), Err(29));
}
