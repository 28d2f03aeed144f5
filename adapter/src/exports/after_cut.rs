//! What follows a call that was cut short.
//!
//! An engine can end a call between any two instructions (fuel, time, its stack), or a host function
//! throws. Lowering notices it when the next call comes in (the tool's `adapter/entries.rs`).
//!
//! What is promised of such a call: the program's memory is as if it had not been made, but for
//! buffers that were the call's to fill; the filesystem goes on, with its own memory in order; what
//! the call was about to change may be changed, half changed (a file written to in part, a
//! directory's times and the counts of links and bytes not brought up to date), or not. The order
//! of changes is such that a name always leads to a file: it is added after all that it needs, and
//! removed before anything that it needs.

use crate::memory::borrowed::restore_after_cut;
use crate::runtime::recover;

/// A call begins while another one is under way. If `waits` is not 0, that one was last seen waiting
/// for the host, and may still be; else it never returned, and this runs on an empty stack.
///
/// Bytes of the program's that are lent to the host are put back in both cases: for the call that
/// begins they are the program's. If the other one does wait, its host function has read what it was
/// lent and not yet written its answer, for that is the last that it does.
#[unsafe(no_mangle)]
extern "C" fn after_cut(waits: i32) {
    if waits == 0 {
        recover();
    }
    restore_after_cut();
}
