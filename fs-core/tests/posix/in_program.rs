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

use wasm_vfs_core::{Errno, MapFlags, Prot};

use crate::call::Call;
use crate::core_fs::CoreFs;
use crate::kernel::{Limits, MAPPED_BYTES};
use crate::outcome::{CLOCK_START, Outcome, Value};
use crate::program::Program;
use crate::world::World;

/// Bytes of a page.
const PAGE_BYTES: i64 = 4096;

impl CoreFs<Program> {
    /// The same with mappings in the memory of a program.
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
    fn program(&self, address: i64) -> (&Program, u64) {
        (self.fs.platform(), self.mapped_from.wrapping_add_signed(address))
    }
}

/// fs-core, and the program.
#[derive(Debug)]
pub struct ProgramWorld {
    /// The filesystem.
    pub core: CoreFs<Program>,
    /// The pages that private mappings of files have, by number.
    copies: BTreeSet<i64>,
    /// Whether the program has stored anything.
    has_stored: bool,
    /// How many calls were left out.
    pub left_out: u64,
}

impl ProgramWorld {
    /// A fresh process on an empty tree.
    pub fn new(limits: Limits) -> ProgramWorld {
        ProgramWorld {
            core: CoreFs::in_program(limits),
            copies: BTreeSet::new(),
            has_stored: false,
            left_out: 0,
        }
    }

    /// Makes a call that the other world must know the answer of: mmap. `None` for others.
    pub fn call_first(&mut self, call: &Call) -> Option<Outcome> {
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
    pub fn call_as(&mut self, call: &Call, other: &Outcome) -> Option<Outcome> {
        let address = || call.number(0);
        let outcome = match (call.name, other) {
            ("load", Ok(Value::Bytes(bytes))) => {
                let pages = pages(address(), bytes.len() as i64);
                if self.copies.range(pages).next().is_some() {
                    None
                } else {
                    let (program, from) = self.core.program(address());
                    Some(Ok(Value::Bytes(program.load(from, bytes.len()))))
                }
            }
            ("store", Ok(Value::Number(stored))) => {
                let (program, to) = self.core.program(address());
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
