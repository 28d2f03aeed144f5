//! What a program may use up: fuel, time and memory.
//!
//! Fuel and time count while the program runs, and not while files are put into its tree or got out
//! of it: `meter` sets them before each call and lifts them after it. Memory counts whenever it
//! grows ([`MemoryLimit`]).

use std::time::Duration;
use wasmtime::ResourceLimiter;

/// The limits. `None`: there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    /// In wasmtime's unit: about an instruction each.
    pub(crate) fuel: Option<u64>,
    pub(crate) time: Option<Duration>,
    /// Of memories and tables together.
    pub(crate) memory_bytes: Option<u64>,
    /// Of the stack; `None` for wasmtime's default.
    pub(crate) stack_bytes: Option<u64>,
}

/// How many bytes an element of a table takes.
const TABLE_ELEMENT_BYTES: u64 = size_of::<usize>() as u64;

/// Refuses growth beyond a limit, which the program sees as `memory.grow` that fails.
#[derive(Debug)]
pub(crate) struct MemoryLimit {
    limit_bytes: u64,
    /// What all memories and tables take now.
    used_bytes: u64,
    /// The last growth that was granted, which the engine may not get.
    granted_bytes: u64,
    /// What was refused first: what the program would have taken with it.
    refused_bytes: Option<u64>,
}

impl MemoryLimit {
    pub(crate) fn new(limits: Limits) -> Self {
        let limit_bytes = limits.memory_bytes.unwrap_or(u64::MAX);
        Self { limit_bytes, used_bytes: 0, granted_bytes: 0, refused_bytes: None }
    }

    /// Lets memory grow from now on: the program has ended.
    pub(crate) fn lift(&mut self) {
        self.limit_bytes = u64::MAX;
    }

    /// What the program would have taken, had it got what was refused first.
    pub(crate) fn refused_bytes(&self) -> Option<u64> {
        self.refused_bytes
    }

    fn grow(&mut self, current: usize, desired: usize, unit_bytes: u64) -> bool {
        let more = (desired.saturating_sub(current) as u64).saturating_mul(unit_bytes);
        let wanted = self.used_bytes.saturating_add(more);
        if wanted > self.limit_bytes {
            self.refused_bytes.get_or_insert(wanted);
            return false;
        }
        self.used_bytes = wanted;
        self.granted_bytes = more;
        true
    }

    fn growth_failed(&mut self) {
        self.used_bytes -= self.granted_bytes;
        self.granted_bytes = 0;
    }
}

impl ResourceLimiter for MemoryLimit {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(self.grow(current, desired, 1))
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.growth_failed();
        Ok(())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(self.grow(current, desired, TABLE_ELEMENT_BYTES))
    }

    fn table_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.growth_failed();
        Ok(())
    }
}
