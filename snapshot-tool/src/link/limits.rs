//! What engines take of one module at most, and the check that a linked module keeps to it.
//!
//! The WebAssembly JavaScript Interface lists these limits under "Implementation-defined Limits"
//! (<https://webassembly.github.io/spec/js-api/#limits>), for V8, SpiderMonkey and JavaScriptCore.
//! wasmparser has the same (`src/limits.rs` there), and with it wasmtime, wasmer and wasmi. It
//! counts imported functions and globals too; so does this check, for no engine takes more than
//! all of them do.
//!
//! Only what linking adds to is here. A program keeps its tables, tags, parameters and locals.

use anyhow::{Result, anyhow};

use crate::error::{ErrorKind, mark};
use crate::format::grouped;

/// One limit: what it counts, and the most that there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit {
    /// What is counted, in the plural.
    what: &'static str,
    /// Of what it is a limit.
    of: &'static str,
    pub(crate) most: u64,
}

pub(crate) const TYPES: Limit = Limit { what: "types", of: "module", most: 1_000_000 };
pub(crate) const FUNCTIONS: Limit = Limit { what: "functions", of: "module", most: 1_000_000 };
pub(crate) const IMPORTS: Limit = Limit { what: "imports", of: "module", most: 1_000_000 };
pub(crate) const EXPORTS: Limit = Limit { what: "exports", of: "module", most: 1_000_000 };
pub(crate) const GLOBALS: Limit = Limit { what: "globals", of: "module", most: 1_000_000 };
pub(crate) const MEMORIES: Limit = Limit { what: "memories", of: "module", most: 100 };
pub(crate) const DATA_SEGMENTS: Limit =
    Limit { what: "data segments", of: "module", most: 100_000 };
/// A body counts with its declarations of locals and without its size.
pub(crate) const BODY_BYTES: Limit =
    Limit { what: "bytes of code", of: "function", most: 7_654_321 };

/// Engines of the Web (V8, JavaScriptCore, SpiderMonkey) take no longer module. Others do.
pub(crate) const MODULE_BYTES: u64 = 1 << 30;

impl Limit {
    /// Checks a count: the program's own, and that of the linked module.
    ///
    /// # Errors
    ///
    /// When the linked module has too many; the message names the limit, both counts, and what to
    /// do.
    pub(crate) fn check(self, program: u64, linked: u64) -> Result<()> {
        let Self { what, of, most } = self;
        if linked <= most {
            return Ok(());
        }
        let (has, most) = (grouped(program), grouped(most));
        let error = if program > self.most {
            anyhow!("it has {has} {what}, and engines take no more than {most} of a {of}")
        } else {
            let added = grouped(linked.saturating_sub(program));
            anyhow!(
                "it has {has} {what} and packing adds {added}, but engines take no more than {most} of a {of}: build the \
                 program with fewer"
            )
        };
        // Such a program is no valid one to validators with these limits: that says less.
        Err(mark(error, ErrorKind::Unservable))
    }
}

/// What to say of a module of this length, if some engines do not take it.
pub(crate) fn note_of_length(bytes: u64) -> Option<String> {
    (bytes > MODULE_BYTES).then(|| {
        format!(
            "the module has {} bytes, more than the {} (1 GiB) that V8, JavaScriptCore and SpiderMonkey take: Node, Deno, Bun \
             and browsers refuse it, wasmtime runs it; leave files out with --exclude, or let the program read large ones \
             beside the module, from a directory of the host (--mount, --overlay)",
            grouped(bytes),
            grouped(MODULE_BYTES)
        )
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn the_limit_itself_is_taken() {
        MEMORIES.check(100, 100).unwrap();
        let error = MEMORIES.check(100, 101).unwrap_err().to_string();
        assert_eq!(
            error,
            "it has 100 memories and packing adds 1, but engines take no more than 100 of a module: build the program \
             with fewer"
        );
        let error = FUNCTIONS.check(1_000_001, 1_000_100).unwrap_err().to_string();
        assert_eq!(
            error,
            "it has 1,000,001 functions, and engines take no more than 1,000,000 of a module"
        );
    }

    #[test]
    fn a_module_of_1_gib_is_taken() {
        assert_eq!(note_of_length(1_073_741_824), None);
        let note = note_of_length(1_073_741_825).unwrap();
        assert!(
            note.contains("1,073,741,825 bytes, more than the 1,073,741,824 (1 GiB)"),
            "{note}"
        );
    }
}
