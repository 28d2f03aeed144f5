//! fs-core with mappings in the memory of a program, which loads and stores by itself.
//!
//! There are no page faults, so some calls cannot be had there, or mean less (DEVIATIONS.md). They
//! are left out by these rules, and counted:
//!
//! * A load or store that would get a signal is not made, and one that would get it further on is
//!   made up to there. The other world says which these are.
//! * What is loaded from a private mapping of a file is not compared: it is a copy made when it was
//!   mapped, and on Linux one of each page when that is stored to.
//! * A mapping that is `ENOMEM` here (a page would have two addresses) is not made in the other
//!   world either.
//! * How much room there is (statfs) is not compared once the program has stored something: a hole
//!   that is stored to takes room when it comes home.
//! * A child has no mappings: there are no forks.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

use wasm_vfs_core::{Errno, MapFlags, Prot};
use wasm_vfs_test_posix::call::Call;
use wasm_vfs_test_posix::core_fs::CoreFs;
use wasm_vfs_test_posix::differential::{self, Check, Different, limit_memory};
use wasm_vfs_test_posix::kernel::{Kernel, Limits, MAPPED_BYTES};
use wasm_vfs_test_posix::outcome::{CLOCK_START, Outcome, Value};
use wasm_vfs_test_posix::rows::{self, Row};
use wasm_vfs_test_posix::snapshot::{Pages, Recorder, Times, differences};
use wasm_vfs_test_posix::theme::Theme;
use wasm_vfs_test_posix::world::World;

use crate::SEEDS;
use crate::program::Program;

/// Bytes of a page.
const PAGE_BYTES: i64 = 4096;
/// What the world is called.
const NAME: &str = "fs-core";

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

/// fs-core, and the program.
#[derive(Debug)]
struct ProgramWorld {
    /// The filesystem.
    core: CoreFs<Program>,
    /// The pages that private mappings of files have, by number.
    copies: BTreeSet<i64>,
    /// Whether the program has stored anything.
    has_stored: bool,
    /// How many calls were left out.
    left_out: u64,
}

impl ProgramWorld {
    /// A fresh process on an empty tree.
    fn new(limits: Limits) -> ProgramWorld {
        ProgramWorld {
            core: in_program(limits),
            copies: BTreeSet::new(),
            has_stored: false,
            left_out: 0,
        }
    }

    /// Makes a call that the other world must know the answer of: mmap. `None` for others.
    fn call_first(&mut self, call: &Call) -> Option<Outcome> {
        (call.name == "mmap").then(|| {
            let outcome = self.core.call(call);
            if outcome.is_ok() {
                let flags = MapFlags::from_bits_retain(call.bits(3));
                let is_copy = flags.contains(MapFlags::PRIVATE)
                    && !flags.intersects(MapFlags::SHARED | MapFlags::ANONYMOUS);
                self.replace(call.number(0), call.number(1), is_copy);
            }
            outcome
        })
    }

    /// Makes a call as far as the other world came, which answers `other`. `None`: it is left out.
    fn call_as(&mut self, call: &Call, other: &Outcome) -> Option<Outcome> {
        let address = || call.number(0);
        let outcome = match (call.name, other) {
            ("load", Ok(Value::Bytes(bytes))) => {
                let pages = pages(address(), bytes.len() as i64);
                if self.copies.range(pages).next().is_some() {
                    None
                } else {
                    let (program, from) = self.program(address());
                    Some(Ok(Value::Bytes(program.load(from, bytes.len()))))
                }
            }
            ("store", Ok(Value::Number(stored))) => {
                let (program, to) = self.program(address());
                program.store(to, &call.bytes(1)[..*stored as usize]);
                self.has_stored = true;
                Some(Ok(Value::Number(*stored)))
            }
            ("load" | "store", Err(Errno::EFAULT)) => None,
            ("statfs" | "fstatfs", _) if self.has_stored => None,
            _ => Some(self.core.call(call)),
        };
        if call.name == "munmap" && outcome.as_ref().is_some_and(Result::is_ok) {
            self.replace(address(), call.number(1), false);
        }
        self.left_out += u64::from(outcome.is_none());
        outcome
    }

    /// The program, and what it calls an address.
    fn program(&self, address: i64) -> (&Program, u64) {
        (self.core.fs.platform(), self.core.mapped_from.wrapping_add_signed(address))
    }

    fn replace(&mut self, address: i64, len: i64, is_copy: bool) {
        for page in pages(address, len) {
            if is_copy {
                self.copies.insert(page);
            } else {
                self.copies.remove(&page);
            }
        }
    }
}

/// The pages of a range of addresses.
fn pages(address: i64, len: i64) -> std::ops::Range<i64> {
    let first = address / PAGE_BYTES;
    first..first.max((address + len + PAGE_BYTES - 1) / PAGE_BYTES)
}

/// Runs a row as fs-core answers it on the plain world and with mappings in the memory of a program;
/// says where the two differ, else how many calls cannot be had there.
fn run_row(row: &Row) -> Result<u64, String> {
    let (mut plain, mut core) = (CoreFs::new(row.limits), ProgramWorld::new(row.limits));
    let (pages, place) = (Pages::Contents, row.place());
    let calls: Vec<&Call> = row.calls().collect();
    let maps = calls.iter().any(|call| call.name == "mmap");
    for (number, &call) in calls.iter().enumerate() {
        let expected = plain.call(call);
        let ours = core.call_first(call);
        let cannot_be_had = ours == Some(Err(Errno::ENOMEM)) && expected.is_ok();
        if cannot_be_had || (maps && call.name == "fork") {
            return Ok(core.left_out + (calls.len() - number) as u64);
        }
        let Some(ours) = ours.or_else(|| core.call_as(call, &expected)) else { continue };
        let (expected, ours) = (pages.comparable(&expected), pages.comparable(&ours));
        if expected != ours {
            return Err(format!("{place}: {call}: {expected}, in a program {ours}"));
        }
    }
    core.core.check_invariants().map_err(|broken| format!("{place}: {broken}"))?;
    let there = Recorder::new(pages).take(&mut plain, 0);
    let here = Recorder::new(pages).take(&mut core.core, 0);
    let differences = differences(&there, &here, Times::Ignored, NAME);
    if differences.is_empty() {
        Ok(core.left_out)
    } else {
        Err(format!("{place}: {}", differences.join("\n    ")))
    }
}

#[test]
fn rows_hold_in_the_memory_of_a_program() {
    let rows = rows::all();
    let mut wrong = Vec::new();
    let (mut calls, mut left_out, mut of_mappings) = (0, 0, 0);
    for row in &rows {
        calls += row.calls().count();
        of_mappings += u64::from(row.place().starts_with("mmap"));
        match run_row(row) {
            Ok(more) => left_out += more,
            Err(text) => wrong.push(text),
        }
    }
    println!("{calls} calls of {} rows, {left_out} of them left out", rows.len());
    assert!(wrong.is_empty(), "{} rows are wrong:\n{}", wrong.len(), wrong.join("\n"));
    // The rule that leaves calls out must not swallow the rows.
    assert!(left_out < 5 * of_mappings, "{left_out} calls left out of {of_mappings} rows");
}

/// Runs calls on the kernel and on fs-core with mappings in the memory of a program; says what is
/// different after which one, else how many calls cannot be had there.
fn run_sequence(calls: &[Call], kernel: &mut Kernel, limits: Limits) -> Result<u64, Different> {
    kernel.reset();
    let mut core = ProgramWorld::new(limits);
    let pages = Pages::Contents;
    let (mut there, mut here) = (Recorder::new(pages), Recorder::new(pages));
    for (step, call) in (0u32..).zip(calls) {
        let wrong = |text: String| Err((step as usize, text));
        let first = core.call_first(call);
        if first == Some(Err(Errno::ENOMEM)) {
            core.left_out += 1;
            continue;
        }
        let Some(linux) = kernel.attempt(call) else { continue };
        if let Some(ours) = first.or_else(|| core.call_as(call, &linux)) {
            let (linux, ours) = (pages.comparable(&linux), pages.comparable(&ours));
            if linux != ours {
                return wrong(format!("{call}\n    Linux   {linux}\n    {NAME} {ours}"));
            }
        }
        let (linux_tree, our_tree) = (there.take(kernel, step), here.take(&mut core.core, step));
        let different = differences(&linux_tree, &our_tree, Times::Ignored, NAME);
        if !different.is_empty() {
            return wrong(format!("after {call}:\n  {}", different.join("\n  ")));
        }
        core.core.check_invariants().map_err(|broken| (step as usize, broken))?;
    }
    Ok(core.left_out)
}

#[test]
fn random_sequences_do_the_same_on_linux_and_in_a_program() {
    limit_memory();
    let left_out = AtomicU64::new(0);
    let run = |calls: &[Call], kernel: &mut Kernel, mode: differential::Mode| {
        let more = run_sequence(calls, kernel, mode.limits)?;
        left_out.fetch_add(more, Ordering::Relaxed);
        Ok(())
    };
    // There a child has no mappings.
    differential::check(SEEDS, &Check { of: Theme::maps, can: |call| call.name != "fork", run });
    println!("{} calls left out in a program", left_out.into_inner());
}
