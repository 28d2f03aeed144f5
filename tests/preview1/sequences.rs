//! Random sequences of calls (`guest/src/bin/sequences.rs`): what a program reads in a packed program must be what it reads on a host
//! directory, call by call.

use anyhow::{Result, ensure};
use wasm_vfs_tests::engine::{Engine, Outcome};
use wasm_vfs_tests::matrix::{self, Weight, World};

use crate::theme::{self, Theme};

/// The program's name.
pub(crate) const PROGRAM: &str = "sequences";

/// Its seeds in every run of the tests. `WASM_VFS_SEEDS=FROM-TO` tries others.
const SEEDS: std::ops::Range<u64> = 1..9;

#[test]
fn are_the_same_on_a_host_directory_and_packed() -> Result<()> {
    let mut seeds = SEEDS;
    if let Ok(others) = std::env::var("WASM_VFS_SEEDS")
        && let Some((from, to)) = others.split_once('-')
    {
        seeds = from.parse()?..to.parse()?;
    }
    let seeds: Vec<String> = seeds.map(|seed| seed.to_string()).collect();
    let invocation = |place| {
        let mut invocation = theme::invocation(PROGRAM, place);
        invocation.args.extend(seeds.clone());
        invocation
    };
    let program = Theme::new(PROGRAM);
    let Some(host) = theme::run_on_host(PROGRAM, invocation("host"))? else { return Ok(()) };
    ensure!(host.status == Some(0), "on the host directory: {host:?}");
    let host = String::from_utf8(host.stdout)?;
    ensure!(host.lines().count() >= 600 * seeds.len(), "the transcript is too short: {host}");
    let same = |packed: &Outcome| {
        let transcript = String::from_utf8_lossy(&packed.stdout);
        let mut lines = host.lines().zip(transcript.lines()).enumerate();
        if let Some((number, (on_host, packed))) = lines.find(|(_, (a, b))| a != b) {
            let before: Vec<&str> = host.lines().take(number).collect();
            let before = before[number.saturating_sub(40)..].join("\n");
            return Err(format!("after\n{before}\non the host {on_host}\npacked      {packed}"));
        }
        if packed.status == Some(0) && host.len() == transcript.len() {
            return Ok(());
        }
        Err(format!("it did not come to its end: {}", String::from_utf8_lossy(&packed.stderr)))
    };
    let mut failures = Vec::new();
    for spot in matrix::spots(Weight::Light) {
        let Some(packed) = program.packed_in(spot.form)? else { return Ok(()) };
        let run = |engine: &dyn Engine| engine.run(packed, &invocation("packed"));
        failures.extend(matrix::put_to(&spot, World::Preview1, PROGRAM, run, same).err());
    }
    ensure!(failures.is_empty(), "{}", failures.join("\n"));
    Ok(())
}
