//! Files: opening, reading, writing, seeking, closing.

use super::rig::{READ, Rig, Tree, WRITE};

#[test]
fn a_file_is_written_and_read_back() {
    let mut rig = Rig::empty();
    let fd = rig.create("f").unwrap();
    assert_eq!(fd, 4);
    assert_eq!(rig.write(fd, b"hello, world"), Ok(12));
    assert_eq!(rig.seek(fd, 7, 0), Ok(7));
    assert_eq!(rig.read(fd, 100).unwrap(), b"world");
    assert_eq!(rig.read(fd, 100).unwrap(), b"");
    assert_eq!(rig.pwrite(fd, b"J", 0), Ok(1));
    assert_eq!(rig.pread(fd, 5, 0).unwrap(), b"Jello");
    assert_eq!(rig.seek(fd, -2, 1), Ok(10));
    assert_eq!(rig.seek(fd, 0, 2), Ok(12));
    assert_eq!(rig.seek(fd, 0, 3), Err(28));
    assert_eq!(rig.close(fd), Ok(()));
    assert_eq!(rig.close(fd), Err(8));
    assert_eq!(rig.open_at(3, 0, "f", 0, WRITE, 0), Ok(4), "the lowest free number");
    assert_eq!(rig.read(4, 1), Err(8));
}

#[test]
fn a_write_reads_the_clock_once_and_borrows_memory_for_it() {
    let mut rig = Rig::empty();
    let fd = rig.create("f").unwrap();
    let before = rig.world().clock_readings;
    let program = rig.world().program.clone();
    rig.write(fd, b"x").unwrap();
    assert_eq!(rig.world().clock_readings, before + 1);
    assert_eq!(rig.world().program[..0x2000], program[..0x2000], "what was borrowed is put back");
    assert_eq!(rig.fstat(fd).unwrap().mtim, 1_700_000_000_123_456_789);
}

#[test]
fn baked_contents_are_copied_up_when_they_are_written() {
    let mut tree = Tree::new();
    let contents: Vec<u8> = (0..20_000u32).map(|n| (n % 251) as u8).collect();
    tree.file(0, "big", &contents);
    let mut rig = Rig::baked(&tree);
    let fd = rig.open_at(3, 0, "big", 0, READ | WRITE, 0).unwrap();
    assert_eq!(rig.pwrite(fd, b"new", 5000), Ok(3));
    let mut expected = contents.clone();
    expected[5000..5003].copy_from_slice(b"new");
    assert_eq!(rig.read(fd, 30_000).unwrap(), expected);
}
