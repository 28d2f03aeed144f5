//! Worlds with mappings in the memory of a program, which loads and stores by itself.
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

use wasm_vfs_core::{Errno, MapFlags};

use crate::call::Call;
use crate::core_fs::CoreFs;
use crate::differential::{self, Check, Different};
use crate::kernel::{Kernel, Limits};
use crate::outcome::{Outcome, Value};
use crate::rows::Row;
use crate::snapshot::{Pages, Recorder, Times, differences};
use crate::theme::Theme;
use crate::world::World;

/// Bytes of a page.
const PAGE_BYTES: i64 = 4096;

/// A world with a program, whose memory is loaded from and stored to by addresses as calls have
/// them.
#[derive(Clone, Copy, Debug)]
pub struct WithMemory<Make, W> {
    /// What it is called.
    pub name: &'static str,
    /// Makes one with these limits.
    pub make: Make,
    /// Whether it can make a call at all. There are no forks: a child has no mappings.
    pub can: fn(&Call) -> bool,
    /// What the program reads.
    pub load: fn(&W, i64, usize) -> Vec<u8>,
    /// What the program writes.
    pub store: fn(&mut W, i64, &[u8]),
}

/// The world, and what its program did.
#[derive(Debug)]
struct ProgramWorld<'a, Make, W> {
    of: &'a WithMemory<Make, W>,
    /// The filesystem.
    core: W,
    /// The pages that private mappings of files have, by number.
    copies: BTreeSet<i64>,
    /// Whether the program has stored anything.
    has_stored: bool,
    /// How many calls were left out.
    left_out: u64,
}

impl<Make: Fn(Limits) -> W, W: World> ProgramWorld<'_, Make, W> {
    /// A fresh process on an empty tree.
    fn new(of: &WithMemory<Make, W>, limits: Limits) -> ProgramWorld<'_, Make, W> {
        ProgramWorld {
            of,
            core: (of.make)(limits),
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
                    Some(Ok(Value::Bytes((self.of.load)(&self.core, address(), bytes.len()))))
                }
            }
            ("store", Ok(Value::Number(stored))) => {
                let bytes = &call.bytes(1)[..*stored as usize];
                (self.of.store)(&mut self.core, address(), bytes);
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
fn run_row<W: World>(row: &Row, of: &WithMemory<impl Fn(Limits) -> W, W>) -> Result<u64, String> {
    let (mut plain, mut core) = (CoreFs::new(row.limits), ProgramWorld::new(of, row.limits));
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
    let differences = differences(&there, &here, Times::Ignored, of.name);
    if differences.is_empty() {
        Ok(core.left_out)
    } else {
        Err(format!("{place}: {}", differences.join("\n    ")))
    }
}

/// Runs rows as fs-core answers them on its plain world and on a world with a program, and panics
/// with those that differ.
pub fn check_rows<W: World>(rows: &[Row], of: &WithMemory<impl Fn(Limits) -> W, W>) {
    let mut wrong = Vec::new();
    let (mut calls, mut left_out, mut of_mappings) = (0, 0, 0);
    for row in rows {
        calls += row.calls().count();
        of_mappings += u64::from(row.place().starts_with("mmap"));
        match run_row(row, of) {
            Ok(more) => left_out += more,
            Err(text) => wrong.push(text),
        }
    }
    println!("{calls} calls of {} rows, {left_out} of them left out", rows.len());
    assert!(wrong.is_empty(), "{} rows are wrong:\n{}", wrong.len(), wrong.join("\n"));
    // The rule that leaves calls out must not swallow the rows.
    assert!(left_out < 5 * of_mappings, "{left_out} calls left out of {of_mappings} rows");
}

/// Runs calls on the kernel and on a world with mappings in the memory of a program; says what is
/// different after which one, else how many calls cannot be had there.
fn run_sequence<W: World>(
    calls: &[Call],
    kernel: &mut Kernel,
    limits: Limits,
    of: &WithMemory<impl Fn(Limits) -> W, W>,
) -> Result<u64, Different> {
    kernel.reset();
    let mut core = ProgramWorld::new(of, limits);
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
                return wrong(format!("{call}\n    Linux   {linux}\n    {:7} {ours}", of.name));
            }
        }
        let (linux_tree, our_tree) = (there.take(kernel, step), here.take(&mut core.core, step));
        let different = differences(&linux_tree, &our_tree, Times::Ignored, of.name);
        if !different.is_empty() {
            return wrong(format!("after {call}:\n  {}", different.join("\n  ")));
        }
        core.core.check_invariants().map_err(|broken| (step as usize, broken))?;
    }
    Ok(core.left_out)
}

/// Runs the sequences of those of `seeds` seeds that have mappings on the kernel and on a world with
/// a program, and panics with those that differ.
pub fn check_sequences<W: World>(seeds: u64, of: &WithMemory<impl Fn(Limits) -> W + Sync, W>) {
    let left_out = AtomicU64::new(0);
    let run = |calls: &[Call], kernel: &mut Kernel, mode: differential::Mode| {
        let more = run_sequence(calls, kernel, mode.limits, of)?;
        left_out.fetch_add(more, Ordering::Relaxed);
        Ok(())
    };
    differential::check(seeds, &Check { of: Theme::maps, can: of.can, run });
    println!("{} calls left out in a program", left_out.into_inner());
}
