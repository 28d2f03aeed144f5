//! How another thread stops programs: [`StopHandle`].

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Stops programs from another thread. All clones are one handle; [`Runner::stop`] gives it to runs.
///
/// [`Runner::stop`]: crate::Runner::stop
///
/// ```
/// use std::thread;
/// use wasm_vfs::{Outcome, Packer, Program, Runner, StopHandle, TreeBuilder};
///
/// let for_ever = wat::parse_str(
///     r#"(module
///         (import "wasi_snapshot_preview1" "fd_close" (func (param i32) (result i32)))
///         (memory (export "memory") 1)
///         (func (export "_start") (loop (br 0))))"#,
/// )?;
/// let packed = Packer::new(TreeBuilder::new()).pack(Program::bytes("app", for_ever))?;
/// let packed = Program::bytes("app", packed.to_vec()?);
/// let handle = StopHandle::new();
/// let runner = Runner::new().stop(&handle);
/// let runs = thread::spawn(move || runner.run(&packed));
/// handle.stop();
/// assert_eq!(runs.join().unwrap()?, Outcome::Stopped);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct StopHandle(Arc<Mutex<Shared>>);

#[derive(Default)]
struct Shared {
    is_stopped: bool,
    /// Whether a program has begun to run.
    has_begun: bool,
    /// The number of the next listener.
    next: u64,
    listeners: BTreeMap<u64, Box<dyn Fn() + Send>>,
}

impl fmt::Debug for StopHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StopHandle").field("is_stopped", &self.shared().is_stopped).finish()
    }
}

impl StopHandle {
    /// Returns a handle that has stopped nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops the programs that run with this handle, and those that will.
    pub fn stop(&self) {
        let mut shared = self.shared();
        shared.is_stopped = true;
        shared.listeners.values().for_each(|tell| tell());
    }

    /// Whether a program has begun to run with this handle: before that there is nothing to keep.
    #[cfg_attr(not(feature = "cli"), allow(dead_code, reason = "only signals ask"))]
    pub(crate) fn has_begun(&self) -> bool {
        self.shared().has_begun
    }

    /// Calls `tell` when somebody stops the programs, and at once if that was before, as long as
    /// what this returns lives. A program begins to run.
    pub(crate) fn listen(&self, tell: impl Fn() + Send + 'static) -> Listening<'_> {
        let mut shared = self.shared();
        shared.has_begun = true;
        if shared.is_stopped {
            tell();
        }
        let number = shared.next;
        shared.next += 1;
        shared.listeners.insert(number, Box::new(tell));
        Listening { handle: self, number }
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A listener of a handle.
#[derive(Debug)]
pub(crate) struct Listening<'h> {
    handle: &'h StopHandle,
    number: u64,
}

impl Drop for Listening<'_> {
    fn drop(&mut self) {
        self.handle.shared().listeners.remove(&self.number);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn listeners_are_told_once_each_and_late_ones_at_once() {
        let handle = StopHandle::new();
        assert!(!handle.has_begun());
        let (tell, told) = mpsc::channel();
        let teller = |who: &'static str| {
            let tell = tell.clone();
            move || tell.send(who).unwrap()
        };
        let early = handle.listen(teller("early"));
        let _other = handle.listen(teller("other"));
        drop(early);
        assert!(handle.has_begun() && told.try_recv().is_err());
        handle.clone().stop();
        assert_eq!(told.try_iter().collect::<Vec<_>>(), ["other"]);
        let _late = handle.listen(teller("late"));
        assert_eq!(told.try_iter().collect::<Vec<_>>(), ["late"]);
    }
}
