//! How a program ended ([`Outcome`]), and what an error of the engine says of that.

use crate::run::imports::UnknownImport;
use crate::run::limits::meter::Cut;
use std::fmt;
use wasmtime::{Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

/// How a program ended.
///
/// ```
/// use wasm_vfs::Outcome;
///
/// assert_eq!(Outcome::Exited(3).to_string(), "exited with status 3");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It returned (0) or called `proc_exit`.
    Exited(i32),
    /// It is a reactor: `_initialize` was called, and there is no `_start` to run.
    Initialized,
    /// The function of [`Runner::invoke`](crate::Runner::invoke) returned these results: integers
    /// in decimal with their sign, floating point numbers as Rust writes them.
    Returned(Vec<String>),
    /// It trapped.
    Trapped {
        /// What happened, in one line.
        reason: String,
        /// The calls that led there, a line for each; empty if unknown.
        backtrace: String,
    },
    /// It was stopped when it had used up its [fuel](crate::Runner::fuel).
    OutOfFuel,
    /// It was stopped when its [time](crate::Runner::timeout) was over.
    TimedOut,
    /// It was stopped by a [handle](crate::StopHandle::stop).
    Stopped,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(status) => write!(f, "exited with status {status}"),
            Self::Initialized => f.write_str("was initialized"),
            Self::Returned(_) => f.write_str("returned from the function"),
            Self::Trapped { reason, .. } => write!(f, "trapped ({reason})"),
            Self::OutOfFuel => f.write_str("was stopped when its fuel was used up"),
            Self::TimedOut => f.write_str("was stopped when its time was over"),
            Self::Stopped => f.write_str("was stopped"),
        }
    }
}

impl Outcome {
    /// That of a program that was cut short.
    pub(crate) fn of_cut(cut: Cut) -> Self {
        match cut {
            Cut::Time => Self::TimedOut,
            Cut::Stop => Self::Stopped,
        }
    }

    /// What an error from running the program means. `cut`: why the engine interrupts it, if it
    /// does. `None` if the program did not run: an error of linking.
    pub(crate) fn of_error(error: &wasmtime::Error, cut: Option<Cut>) -> Option<Self> {
        if let Some(I32Exit(status)) = error.downcast_ref() {
            return Some(Self::Exited(*status));
        }
        let trap = error.downcast_ref::<Trap>();
        match (trap, cut) {
            (Some(Trap::OutOfFuel), _) => return Some(Self::OutOfFuel),
            (Some(Trap::Interrupt), Some(cut)) => return Some(Self::of_cut(cut)),
            _ => {}
        }
        let backtrace = error.downcast_ref::<WasmBacktrace>().map(ToString::to_string);
        let reason = if let Some(trap) = trap {
            trap.to_string()
        } else if let Some(import) = error.downcast_ref::<UnknownImport>() {
            import.to_string()
        } else {
            // What a function of the host refuses, such as an exception that nobody catches, ends
            // the program as a trap does. What comes of linking has no calls that led there.
            backtrace.as_ref()?;
            error.root_cause().to_string()
        };
        Some(Self::Trapped { reason, backtrace: backtrace.unwrap_or_default() })
    }
}
