//! Holds what tracing keeps between calls: the table of words, whether lines are written, and the
//! call under way.

use alloc::vec::Vec;

use wasm_vfs_core::Process;

/// The most arguments that a function of preview1 has.
const MAX_ARGS: usize = 9;

/// What tracing needs between calls.
#[derive(Debug, Default)]
pub(super) struct Trace {
    /// The table.
    pub(super) words: Vec<u8>,
    /// Whether lines are written; `None` until the first call.
    pub(super) on: Option<bool>,
    /// A process that has standard error as it was at the first call.
    pub(super) stderr: Option<Process>,
    /// The call that is being made.
    pub(super) call: u32,
    pub(super) args: [u64; MAX_ARGS],
    pub(super) count: usize,
}

impl Trace {
    /// The line of the table that has this letter, and what stands between it and the words.
    pub(super) fn list(&self, letter: u8) -> Option<(u8, &[u8])> {
        let mut lines = self.words.split(|byte| *byte == b'\n');
        lines.find_map(|line| match line {
            &[first, kind @ (b'|' | b'='), ref words @ ..] if first == letter => {
                Some((kind, words))
            }
            _ => None,
        })
    }
}
