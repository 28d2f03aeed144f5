//! Bytes that claim to be a manifest are refused or make a sound tree, and what can be read can be
//! written again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wasm_vfs_core::manifest::{Reader, Record};
use wasm_vfs_core::{Config, Credentials, Fs, NoContents, Population};

fuzz_target!(|bytes: &[u8]| {
    let read: Vec<Record<'_>> = Reader::new(bytes).map_while(Result::ok).collect();
    let mut written = Vec::new();
    for record in &read {
        record.encode(&mut written);
    }
    let again: Result<Vec<Record<'_>>, _> = Reader::new(&written).collect();
    assert_eq!(again.as_ref(), Ok(&read));

    let config = Config { max_bytes: 1 << 30, max_inodes: 1000, ..Config::default() };
    let mut fs = Fs::new(NoContents::default(), config).expect("there is memory");
    let mut population = Population::default();
    let answer = fs.populate(&mut population, bytes);
    assert!(population.records() <= read.len(), "{answer:?}");
    fs.finish_population(population);
    let process = fs.spawn(Credentials::ROOT).expect("there is memory");
    fs.check_invariants(&[&process]).expect("a sound tree");
});
