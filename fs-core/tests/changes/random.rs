//! Random sequences.

use wasm_vfs_core::manifest::RecordKind;
use wasm_vfs_core::{
    AT_FDCWD, AtFlags, Errno, Fd, OFlags, RenameFlags, TimeSpecifier, Timespec, XattrFlags,
};

use crate::model::{Row, World, assert_same};

/// A small generator; the seed names the case.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    /// A path of one to three names, few of which there are.
    fn path(&mut self) -> Vec<u8> {
        let mut path = Vec::new();
        for _ in 0..=self.below(3) {
            path.push(b'/');
            path.push(b'a' + self.below(4) as u8);
        }
        path
    }
}

/// A tree: directories `a` to `c`, each with files, links and further directories.
fn rows() -> Vec<Row<'static>> {
    let file = |from, len| RecordKind::Regular { contents_offset: from, len };
    let directory = RecordKind::Directory { entries: 4 };
    vec![
        (0, b"", directory),
        (0, b"a", directory),                               // 1
        (1, b"a", file(0, 10)),                             // 2
        (1, b"b", directory),                               // 3
        (3, b"a", file(10, 5000)),                          // 4
        (3, b"b", RecordKind::Symlink { target: b"../a" }), // 5
        (3, b"c", RecordKind::HardLink { record: 2 }),
        (1, b"c", file(9000, 12_000)), // 7
        (0, b"b", directory),          // 8
        (8, b"a", RecordKind::HardLink { record: 4 }),
        (8, b"b", directory), // 10
        (10, b"a", file(1, 0)),
        (8, b"c", file(20_000, 4096)),
        (0, b"c", directory),
        (0, b"d", file(3, 9)),
    ]
}

/// Makes one random call. Most fail: that is as good.
fn call(world: &mut World, random: &mut Random, open: &mut Vec<Fd>) -> Result<(), Errno> {
    let World { fs, p } = world;
    let (path, other) = (random.path(), random.path());
    match random.below(22) {
        0 => fs.mkdir(p, &path, 0o700 + random.below(3) as u32),
        1 | 2 => fs.unlink(p, &path),
        3 => fs.rmdir(p, &path),
        4..=6 => fs.rename(p, &path, &other),
        7 => fs.renameat2(p, AT_FDCWD, &path, AT_FDCWD, &other, RenameFlags::EXCHANGE),
        8 => fs.link(p, &path, &other),
        9 => fs.symlink(p, &other, &path),
        10 => fs.chmod(p, &path, 0o600 + random.below(3) as u32),
        11 => fs.lchown(p, &path, random.below(2) as u32, random.below(2) as u32),
        12 => {
            let time = TimeSpecifier::At(Timespec::new(10, random.below(3) as u32));
            fs.utimensat(p, AT_FDCWD, &path, [time; 2], AtFlags::SYMLINK_NOFOLLOW)
        }
        13 => fs.truncate(p, &path, random.below(3) as i64 * 4000),
        14 => fs.lsetxattr(
            p,
            &path,
            b"trusted.x",
            &b"yz"[..random.below(3) as usize],
            XattrFlags::empty(),
        ),
        15 => fs.lremovexattr(p, &path, b"trusted.x"),
        16 => {
            // A whole tree goes.
            remove(world, &path);
            Ok(())
        }
        17 if !open.is_empty() => {
            let fd = open.swap_remove(random.below(open.len() as u64) as usize);
            fs.close(p, fd)
        }
        18 => {
            let fd = fs.openat(p, AT_FDCWD, &path, OFlags::TMPFILE | OFlags::RDWR, 0o640)?;
            open.push(fd);
            fs.linkat(p, fd, b"", AT_FDCWD, &other, AtFlags::EMPTY_PATH)
        }
        _ => {
            let flags = [
                OFlags::CREAT | OFlags::RDWR,
                OFlags::RDWR,
                OFlags::RDONLY,
                OFlags::CREAT | OFlags::TRUNC | OFlags::WRONLY,
            ][random.below(4) as usize];
            let fd = fs.open(p, &path, flags, 0o644)?;
            open.push(fd);
            let at = random.below(3) as i64 * 4500;
            fs.pwrite64(p, fd, &vec![b'w'; random.below(6000) as usize][..], at).map(drop)
        }
    }
}

/// Removes what is at a path, with all beneath it.
fn remove(world: &mut World, path: &[u8]) {
    let tree = world.tree();
    let beneath = [path, b"/"].concat();
    let absolute = |path: &Vec<u8>| [b"/", &path[..]].concat();
    for path in tree.keys().rev().map(absolute).filter(|path| path.starts_with(&beneath)) {
        let _ = world.fs.unlink(&world.p, &path);
        let _ = world.fs.rmdir(&world.p, &path);
    }
    let _ = world.fs.unlink(&world.p, path);
    let _ = world.fs.rmdir(&world.p, path);
}

#[test]
fn the_sealed_tree_and_its_changes_are_the_tree() {
    let seeds = if cfg!(miri) { 2 } else { 400 };
    for seed in 0..seeds {
        let mut random = Random(seed);
        let mut world = World::new(&rows());
        let sealed = world.tree();
        world.check(&sealed);
        let mut open = Vec::new();
        for step in 0..120 {
            world.tick();
            let _ = call(&mut world, &mut random, &mut open);
            if step % 7 == 0 {
                println!("seed {seed} step {step}");
                world.check(&sealed);
            }
        }
    }
}

#[test]
fn a_tree_that_was_reverted_is_as_it_was_sealed() {
    let seeds = if cfg!(miri) { 2 } else { 400 };
    for seed in 0..seeds {
        let mut random = Random(seed);
        let mut world = World::new(&rows());
        let (sealed, listed) = (world.tree(), world.listings());
        let mut open = Vec::new();
        for round in 0..6 {
            for _ in 0..random.below(60) {
                world.tick();
                let _ = call(&mut world, &mut random, &mut open);
            }
            let used = world.fs.usage();
            println!("seed {seed} round {round} {used:?}");
            world.fs.revert().unwrap();
            world.fs.check_invariants(&[&world.p]).unwrap();
            assert_eq!(world.fs.changes().unwrap(), []);
            assert_same(&world.tree(), &sealed);
            assert_eq!(world.listings(), listed);
            if random.below(4) == 0 {
                for fd in open.drain(..) {
                    world.fs.close(&mut world.p, fd).unwrap();
                }
                world.fs.check_invariants(&[&world.p]).unwrap();
                assert_eq!(world.fs.usage(), World::new(&rows()).fs.usage());
            }
        }
    }
}

#[test]
fn what_was_written_before_the_seal_is_sealed_too() {
    for seed in 0..if cfg!(miri) { 2 } else { 200 } {
        let mut random = Random(seed);
        let mut world = World::new(&rows());
        let mut open = Vec::new();
        for round in 0..4 {
            for _ in 0..random.below(60) {
                world.tick();
                let _ = call(&mut world, &mut random, &mut open);
            }
            println!("seed {seed} round {round}");
            world.fs.seal().unwrap();
            world.fs.check_invariants(&[&world.p]).unwrap();
            let sealed = world.tree();
            assert_eq!(world.fs.changes().unwrap(), []);
            for _ in 0..random.below(40) {
                world.tick();
                let _ = call(&mut world, &mut random, &mut open);
            }
            world.check(&sealed);
            world.fs.revert().unwrap();
            world.fs.check_invariants(&[&world.p]).unwrap();
            assert_same(&world.tree(), &sealed);
        }
    }
}
