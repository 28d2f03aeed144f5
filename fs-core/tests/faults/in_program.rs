//! Each allocation made to fail in turn where mappings lie in the memory of a program: a call that
//! fails has changed nothing, and pages for which there is no memory at home stay the file's.

use wasm_vfs_core::{
    Config, Credentials, Errno, FallocateMode, Fs, MapFlags, MremapFlags, MsyncFlags, OFlags,
    Process, Prot,
};

use crate::allocator::{Refuse, with_refusal};
use crate::program::Program;

const PAGE: u64 = 4096;
const RW: Prot = Prot::READ.union(Prot::WRITE);

/// A filesystem, its process, and where the last mapping is.
struct World {
    fs: Fs<Program>,
    p: Option<Process>,
    at: u64,
}

type Step = fn(&mut World) -> Result<u64, Errno>;

impl World {
    fn new() -> World {
        let mut fs = Fs::new(Program::new(1000), Config::default()).unwrap();
        let mut p = fs.spawn(Credentials::ROOT).unwrap();
        for name in [&b"/f"[..], b"/g"] {
            fs.open(&mut p, name, OFlags::CREAT | OFlags::RDWR, 0o644).unwrap();
        }
        assert_eq!(fs.write(&p, 0, &[b'x'; 15_000][..]), Ok(15_000));
        World { fs, p: Some(p), at: 0 }
    }

    fn map(&mut self, pages: u64, flags: MapFlags, first: i64) -> Result<u64, Errno> {
        let (p, at) = (self.p.as_mut().unwrap(), self.at);
        let addr = if flags.contains(MapFlags::FIXED) { at } else { 0 };
        let offset = first * PAGE as i64;
        self.at = self.fs.mmap(p, addr, pages * PAGE, RW, flags, 0, offset)?;
        Ok(self.at)
    }

    /// What the files hold and what is mapped, as text. The world is used up.
    fn dump(mut self) -> String {
        let mut text = String::new();
        let mut me = self.fs.spawn(Credentials::ROOT).unwrap();
        for name in [&b"/f"[..], b"/g"] {
            let fd = self.fs.open(&mut me, name, OFlags::RDONLY, 0).unwrap();
            let mut bytes = vec![0; 1 << 18];
            let len = self.fs.read(&me, fd, &mut bytes[..]).unwrap();
            text += &format!("{len}");
            bytes.chunks(4096).for_each(|page| text += &format!(" {:x}", hash(page)));
            text += "\n";
        }
        if let Some(p) = &self.p {
            let pages = self.fs.platform().memory.borrow().len() as u64 / PAGE;
            for page in 0..pages {
                if self.fs.munlock(p, page * PAGE, PAGE).is_ok() {
                    let bytes = self.fs.platform().load(page * PAGE, 4096);
                    text += &format!("{page}: {:x}\n", hash(&bytes));
                }
            }
        }
        text
    }

    fn check(&self, told: &str) {
        let all: Vec<&Process> = self.p.iter().collect();
        self.fs.check_invariants(&all).expect(told);
    }
}

fn hash(bytes: &[u8]) -> u64 {
    let step = |hash: u64, &byte: &u8| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

fn after(steps: &[Step]) -> World {
    let mut world = World::new();
    for step in steps {
        step(&mut world).unwrap();
    }
    world
}

/// Maps, stores, and takes home, over and over.
const STEPS: &[Step] = &[
    |w| w.map(12, MapFlags::SHARED, 0),
    |w| {
        w.fs.platform().store(w.at + 4000, b"stored by the program");
        w.fs.platform().store(w.at + 3 * PAGE - 4, b"stored");
        w.fs.platform().store(w.at + 9 * PAGE, b"beyond");
        Ok(0)
    },
    |w| w.fs.pwrite64(w.p.as_ref().unwrap(), 0, &b"written"[..], 8 * PAGE as i64).map(|n| n as u64),
    |w| w.fs.ftruncate(w.p.as_ref().unwrap(), 0, 11 * PAGE as i64).map(|()| 0),
    |w| w.map(2, MapFlags::SHARED, 5),
    |w| w.map(3, MapFlags::PRIVATE, 1),
    |w| {
        let (mut from, mut to) = (100, 9000);
        let (p, to) = (w.p.as_ref().unwrap(), &mut to);
        w.fs.copy_file_range(p, 0, Some(&mut from), 1, Some(to), 20_000, 0).map(|n| n as u64)
    },
    |w| {
        let (p, at) = (w.p.as_ref().unwrap(), w.at);
        w.fs.mremap(p, at, 3 * PAGE, 40 * PAGE, MremapFlags::MAYMOVE, 0).inspect(|&at| w.at = at)
    },
    |w| w.fs.munmap(w.p.as_ref().unwrap(), w.at + PAGE, 3 * PAGE).map(|()| 0),
    |w| w.map(2, MapFlags::PRIVATE | MapFlags::ANONYMOUS | MapFlags::FIXED, 0),
    |w| w.fs.mprotect(w.p.as_ref().unwrap(), w.at + PAGE, PAGE, Prot::READ).map(|()| 0),
    |w| w.map(9, MapFlags::SHARED, 1),
    |w| w.fs.munmap(w.p.as_ref().unwrap(), w.at + 2 * PAGE, 2 * PAGE).map(|()| 0),
    |w| {
        let punch = FallocateMode::PUNCH_HOLE | FallocateMode::KEEP_SIZE;
        w.fs.fallocate(w.p.as_ref().unwrap(), 0, punch, 5000, 4000).map(|()| 0)
    },
    |w| w.fs.munmap(w.p.as_ref().unwrap(), w.at - PAGE, 12 * PAGE).map(|()| 0),
    |w| w.fs.munmap(w.p.as_ref().unwrap(), w.at - PAGE, 12 * PAGE).map(|()| 0),
    |w| w.fs.munmap(w.p.as_ref().unwrap(), w.at - PAGE, 12 * PAGE).map(|()| 0),
    |w| w.map(12, MapFlags::SHARED, 0),
    |w| {
        w.fs.platform().store(w.at + 5 * PAGE, b"once more");
        let (p, at) = (w.p.as_ref().unwrap(), w.at);
        w.fs.mremap(p, at, 12 * PAGE, 50 * PAGE, MremapFlags::MAYMOVE, 0).inspect(|&at| w.at = at)
    },
    |w| w.fs.msync(w.p.as_ref().unwrap(), w.at, PAGE, MsyncFlags::SYNC).map(|()| 0),
    |w| w.fs.brk(w.p.as_mut().unwrap(), 0),
    |w| {
        let p = w.p.take().unwrap();
        w.fs.exit(p);
        Ok(0)
    },
];

#[test]
fn a_refused_mapping_changes_nothing() {
    let mut refusals = 0;
    for (number, step) in STEPS.iter().enumerate() {
        let before = &STEPS[..number];
        let mut world = after(before);
        let wanted = step(&mut world).unwrap();
        let (dump_before, dump_after) = (after(before).dump(), world.dump());
        for refuse in [Refuse::Once, Refuse::FromThereOn] {
            for granted in 0.. {
                let told = format!("step {number}, {refuse:?} {granted}");
                let mut world = after(before);
                let (answer, refused) = with_refusal(granted, refuse, || step(&mut world));
                if !refused {
                    assert_eq!(answer, Ok(wanted), "{told}");
                    break;
                }
                refusals += 1;
                world.check(&told);
                let Err(error) = answer else {
                    // Done otherwise, or less (a short write or copy).
                    assert!(answer == Ok(wanted) || number == 2 || number == 6, "{told}");
                    if answer == Ok(wanted) {
                        assert_eq!(world.dump(), dump_after, "{told}");
                    }
                    continue;
                };
                assert!([Errno::ENOMEM, Errno::ENOSPC].contains(&error), "{told}: {error:?}");
                step(&mut world).expect(&told);
                world.check(&told);
                let mut world = after(before);
                let _ = with_refusal(granted, refuse, || step(&mut world));
                assert_eq!(world.dump(), dump_before, "{told}");
            }
        }
    }
    assert!(refusals > 40, "{refusals}");
}
