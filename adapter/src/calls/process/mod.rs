//! The program as a process: its number, users, limits, signals, and the system that it is on.
//!
//! There is one process, 1, which leads its group and its session and has one thread. What
//! only this folder knows of it is in statics of its files.

mod exit;
mod futex;
mod identity;
mod limits;
mod numbers;
mod random;
mod signals;
mod system;
mod thread;

pub(super) use exit::exit_with;

/// The number of the process, of its thread, its group and its session.
const PID: i32 = 1;

// Error numbers that the filesystem never answers, as results.
/// No such process.
const ESRCH: i64 = -3;
/// No child processes.
const ECHILD: i64 = -10;
/// Connection timed out.
const ETIMEDOUT: i64 = -110;

/// Whether a number that 0 may stand for is the process's.
fn is_self(pid: i32) -> bool {
    pid == 0 || pid == PID
}
