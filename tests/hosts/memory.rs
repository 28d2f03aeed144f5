//! Memory that somebody else adds to the program's: whatever the order in which program, filesystem and embedder grow
//! it, each keeps its bytes and their place.

use rand_xoshiro::SplitMix64;
use rand_xoshiro::rand_core::{RngCore as _, SeedableRng as _};
use wasm_vfs::embed::RunTimeLinker;
use wasm_vfs::{Packer, Program, TreeBuilder};
use wasmtime::{Caller, ExternType, Module, Val};

use crate::guest::*;

const MODULE: &str = "wasi_snapshot_preview1";

/// How many random sequences there are of each kind, and how long each is.
const SEEDS: u64 = 4;
const STEPS: usize = 40;
/// A file of the tree.
const BAKED: &str = "baked bytes";

/// A run of pages whose bytes all are `byte`, and have to stay so.
struct Claim {
    start: usize,
    len: usize,
    byte: u8,
}

/// What is in memory and in the tree.
#[derive(Default)]
struct Model {
    claims: Vec<Claim>,
    /// Each file's byte and length.
    files: Vec<(String, u8, u32)>,
    /// Who grew the memory how often: program, embedder.
    grown: [usize; 2],
}

fn tree() -> TreeBuilder {
    TreeBuilder::new().file("/baked", BAKED.as_bytes().to_vec())
}

impl Model {
    /// Fills a run of zeros, and expects it to stay like this.
    fn claim<T: Send + 'static>(&mut self, guest: &mut Guest<T>, start: usize, len: usize) {
        let byte = u8::try_from(self.claims.len() % 250 + 1).unwrap();
        let bytes = &mut guest.memory.data_mut(&mut guest.store)[start..start + len];
        assert!(bytes.iter().all(|&byte| byte == 0), "new pages at {start:#x} are not zero");
        bytes.fill(byte);
        self.claims.push(Claim { start, len, byte });
    }

    fn check<T: Send + 'static>(&self, guest: &mut Guest<T>) {
        let memory = guest.memory.data(&guest.store);
        for claim in &self.claims {
            let bytes = &memory[claim.start..claim.start + claim.len];
            let same = bytes.iter().position(|&byte| byte != claim.byte);
            assert_eq!(same, None, "in what was claimed at {:#x}", claim.start);
        }
        let (api, store) = guest.host_api();
        for (path, byte, len) in &self.files {
            let bytes = api.read(&mut *store, path).unwrap();
            assert!(bytes.len() == *len as usize && bytes.iter().all(|it| it == byte), "{path}");
        }
        assert_eq!(api.read(&mut *store, "/baked").unwrap(), BAKED.as_bytes());
    }

    /// One step of a sequence.
    fn step<T: Send + 'static>(&mut self, guest: &mut Guest<T>, random: &mut SplitMix64) {
        let pages = random.next_u32() % 5;
        match random.next_u32() % 6 {
            0 | 1 => {
                let size = guest.number("size", None);
                let start = guest.number("grow", Some(pages as i32));
                assert!(start >= size, "the program's memory of {size} pages grew at {start}");
                let end = if pages == 0 { size } else { start + pages as i32 };
                assert_eq!(guest.number("size", None), end);
                self.claim(guest, start as usize * PAGE, pages as usize * PAGE);
                self.grown[0] += 1;
            }
            2 => {
                let start = guest.memory.grow(&mut guest.store, pages.into()).unwrap() as usize;
                self.claim(guest, start * PAGE, pages as usize * PAGE);
                self.grown[1] += 1;
            }
            3 | 4 => {
                // Written from bytes that somebody claimed, the embedder maybe.
                let claim = &self.claims[random.next_u32() as usize % self.claims.len()];
                let (byte, len) = (claim.byte, claim.len as u32);
                let path = format!("file{}", self.files.len());
                assert_eq!(guest.write_file(&path, claim.start as u32, len), Ok(()), "{path}");
                self.files.push((format!("/{path}"), byte, len));
            }
            _ => {
                if let Some((path, ..)) = self.files.pop() {
                    let [at, len] = guest.path(&path[1..]);
                    assert_eq!(guest.call("path_unlink_file", &[3, at, len]), Ok(()));
                }
            }
        }
    }

    /// Random steps; how often program and embedder grew the memory.
    fn run<T: Send + 'static>(guest: &mut Guest<T>, seed: u64) -> [usize; 2] {
        let mut random = SplitMix64::seed_from_u64(seed);
        let mut model = Model::default();
        model.claim(guest, FREE, PAGES * PAGE - FREE);
        for _ in 0..STEPS {
            model.step(guest, &mut random);
            model.check(guest);
        }
        model.grown
    }
}

#[test]
fn three_that_grow_in_any_order() {
    for form in FORMS {
        let packed = packed(tree(), "", form);
        for seed in 0..SEEDS {
            let grown = Model::run(&mut Guest::start(&packed), seed);
            assert!(grown[0] > 4 && grown[1] > 2, "{form}: {grown:?}");
        }
    }
}

#[test]
fn a_program_that_was_packed_again() {
    for (first, second) in [(FORMS[0], FORMS[0]), (FORMS[0], FORMS[1]), (FORMS[1], FORMS[0])] {
        let packed = packed(TreeBuilder::new(), "", first);
        let again = Packer::new(tree())
            .form(second)
            .pack(Program::bytes("packed", packed))
            .and_then(|packed| packed.to_vec())
            .unwrap();
        Model::run(&mut Guest::start(&again), 1);
    }
}

#[test]
fn a_program_that_is_bound_at_run_time() {
    let file = tempfile::NamedTempFile::new().unwrap();
    Packer::new(tree()).bake().and_then(|rootfs| rootfs.write(file.path())).unwrap();
    let rootfs = std::fs::read(file.path()).unwrap();
    let engine = engine();
    let filesystem = RunTimeLinker::new(&engine, &rootfs).unwrap();
    let module = Module::new(&engine, program()).unwrap();
    for seed in 0..SEEDS {
        let (mut store, mut linker) = host(&engine, ());
        for import in Module::new(&engine, &rootfs).unwrap().imports() {
            let ExternType::Func(ty) = import.ty() else { continue };
            // The linker of run-time binding looks for the host's functions under their usual name.
            if linker.get(&mut store, MODULE, import.name()).is_err() {
                let success = |_: Caller<'_, ()>, _: &[Val], results: &mut [Val]| {
                    results.fill(Val::I32(0));
                    Ok(())
                };
                linker.func_new(MODULE, import.name(), ty, success).unwrap();
            }
        }
        let bound = filesystem.instantiate(&mut store, &linker, &module).unwrap();
        Model::run(&mut Guest::new(store, bound.program, bound.filesystem), seed);
    }
}

/// In the portable form the filesystem lies between pages that the program may use: pointers to it are refused.
#[test]
fn a_pointer_to_what_is_between() {
    let mut guest = Guest::start(&packed(tree(), "", FORMS[0]));
    let base = guest.filesystem.get_global(&mut guest.store, "wasm_vfs_base").unwrap();
    let base = base.get(&mut guest.store).unwrap_i32() as u32;
    let foreign = guest.memory.grow(&mut guest.store, 2).unwrap() as u32 * PAGE as u32;
    // More than the program has room for below the filesystem.
    let last = guest.number("grow", Some(500)) as u32 * PAGE as u32;
    assert_eq!(last, foreign + 2 * PAGE as u32);
    let before = guest.bytes(base, (foreign - base) as usize).to_vec();
    let end = last + 500 * PAGE as u32;
    for (addr, len, expected) in [
        (foreign, 100, Ok(11)),
        (foreign + PAGE as u32 * 2 - 5, 20, Ok(11)),
        (last, PAGE as u32, Ok(11)),
        (end - 11, 11, Ok(11)),
        (end - 11, 12, Err(FAULT)),
        (end, 1, Err(FAULT)),
        (foreign - 1, 2, Err(FAULT)),
        (base, 1, Err(FAULT)),
        (base + 70_000, 4, Err(FAULT)),
        (base - 4, 8, Err(FAULT)),
        (base - 4, foreign - base + 8, Err(FAULT)),
        (u32::MAX, 1, Err(FAULT)),
        (0x1_0000, u32::MAX, Err(FAULT)),
    ] {
        assert_eq!(guest.read_file("baked", addr, len), expected, "{len} bytes at {addr:#x}");
        if expected.is_ok() {
            assert_eq!(guest.bytes(addr, 11), BAKED.as_bytes());
        }
    }
    // Opening files has changed the filesystem's memory, but nobody has read the file into it.
    let now = guest.bytes(base, (foreign - base) as usize);
    assert!(now.windows(11).filter(|it| *it == BAKED.as_bytes()).count() == 0);
    assert_eq!(before.len(), now.len());
    // What the filesystem gets from now on is its own as well.
    assert_eq!(guest.write_file("large", last, 500 * PAGE as u32), Ok(()));
    assert_eq!(guest.read_file("baked", end, 4), Err(FAULT));
}
