//! Any sequence of calls leaves a sound tree. The encoding is that of the fault test.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../fs-core/tests/faults/calls/mod.rs"]
mod calls;

use calls::{CODE_BYTES, World};

/// More calls than this add time rather than states.
const CALLS: usize = 200;

fuzz_target!(|bytes: &[u8]| {
    let mut world = World::new();
    let (codes, _) = bytes.as_chunks::<CODE_BYTES>();
    for &code in codes.iter().take(CALLS) {
        let answer = world.call(code);
        if let Err(broken) = world.fs.check_invariants(&world.all()) {
            panic!("{code:?} answered {answer:?}: {broken:?}");
        }
    }
    let World { mut fs, processes, .. } = world;
    for process in processes {
        fs.exit(process);
    }
    fs.check_invariants(&[]).expect("nobody holds anything any more");
});
