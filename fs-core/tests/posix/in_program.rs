//! fs-core with mappings in the memory of a program.

use wasm_vfs_core::{MapFlags, Prot};
use wasm_vfs_test_posix::core_fs::CoreFs;
use wasm_vfs_test_posix::differential::limit_memory;
use wasm_vfs_test_posix::in_program::{WithMemory, check_rows, check_sequences};
use wasm_vfs_test_posix::kernel::{Limits, MAPPED_BYTES};
use wasm_vfs_test_posix::outcome::CLOCK_START;
use wasm_vfs_test_posix::rows;

use crate::SEEDS;
use crate::program::Program;

/// fs-core with mappings in the memory of a program.
fn in_program(limits: Limits) -> CoreFs<Program> {
    let mut core = CoreFs::of(Program::new(CLOCK_START), limits);
    let CoreFs { fs, processes: [Some(p), ..], mapped_from, .. } = &mut core else {
        unreachable!("there is a process")
    };
    let anonymous = MapFlags::PRIVATE | MapFlags::ANONYMOUS;
    // Memory that mappings were given once is where fixed ones can be.
    let len = MAPPED_BYTES as u64;
    *mapped_from = fs.mmap(p, 0, len, Prot::READ, anonymous, -1, 0).unwrap();
    fs.munmap(p, *mapped_from, len).unwrap();
    core
}

/// The program, and what it calls an address.
fn program(core: &CoreFs<Program>, address: i64) -> (&Program, u64) {
    (core.fs.platform(), core.mapped_from.wrapping_add_signed(address))
}

type Make = fn(Limits) -> CoreFs<Program>;

const WORLD: WithMemory<Make, CoreFs<Program>> = WithMemory {
    name: "fs-core",
    make: in_program,
    can: |call| call.name != "fork",
    load: |core, address, len| {
        let (program, from) = program(core, address);
        program.load(from, len)
    },
    store: |core, address, bytes| {
        let (program, to) = program(core, address);
        program.store(to, bytes);
    },
};

#[test]
fn rows_hold_in_the_memory_of_a_program() {
    check_rows(&rows::all(), &WORLD);
}

#[test]
fn random_sequences_do_the_same_on_linux_and_in_a_program() {
    limit_memory();
    check_sequences(SEEDS, &WORLD);
}
