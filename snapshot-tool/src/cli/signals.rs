//! Signals that end the program of `run` and not what is left to do after it: [`Signals`].
//!
//! The first SIGINT, SIGTERM or SIGHUP stops the program. When all is done that is to be done after
//! it, this process ends as one that the signal killed, which is what shells look for. A second
//! signal kills at once; so does the first, as long as no program runs whose changes would be lost.

use super::say::say;
use crate::run::limits::stop_handle::StopHandle;
use anyhow::{Context as _, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::{flag, low_level};
use std::io::{self, Read as _};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// The signals.
const CAUGHT: [i32; 3] = [SIGINT, SIGTERM, SIGHUP];

/// Signals that come so soon are one: timeout(1) sends its signal to the process and to the group,
/// and a terminal that closes sends SIGHUP as its shell does.
const ONE_SIGNAL: Duration = Duration::from_millis(200);

/// Signals, caught from now on.
#[derive(Debug)]
pub(super) struct Signals {
    /// The number of the last signal; 0: there was none.
    last: Arc<AtomicUsize>,
}

impl Signals {
    /// Catches signals, which stop programs by `handle`. Signals that this process ignores, as
    /// nohup(1) has it, stay ignored.
    pub(super) fn stop(handle: &StopHandle) -> Result<Self> {
        Self::catch(handle.clone()).context("cannot catch signals")
    }

    fn catch(handle: StopHandle) -> io::Result<Self> {
        let last = Arc::new(AtomicUsize::new(0));
        let (mut wakes, wake) = UnixStream::pair()?;
        let ignored = ignored();
        for signal in CAUGHT.into_iter().filter(|signal| ignored & (1 << (signal - 1)) == 0) {
            let number = usize::try_from(signal).unwrap_or_default();
            flag::register_usize(signal, Arc::clone(&last), number)?;
            low_level::pipe::register(signal, wake.try_clone()?)?;
        }
        let watched = Arc::clone(&last);
        thread::Builder::new().name("signals".to_owned()).spawn(move || {
            let mut first: Option<Instant> = None;
            // The other end is open as long as this process is.
            while wakes.read_exact(&mut [0]).is_ok() {
                let is_second = first.is_some_and(|first| first.elapsed() >= ONE_SIGNAL);
                if is_second || !handle.has_begun() {
                    end_as_by(&watched);
                }
                first.get_or_insert_with(Instant::now);
                handle.stop();
            }
        })?;
        Ok(Self { last })
    }

    /// Whether there was a signal.
    pub(super) fn is_caught(&self) -> bool {
        self.last.load(Ordering::SeqCst) != 0
    }

    /// Ends this process by the signal that it got, if it got one.
    pub(super) fn end(&self) {
        if self.is_caught() {
            end_as_by(&self.last);
        }
    }
}

fn end_as_by(last: &AtomicUsize) {
    let signal = i32::try_from(last.load(Ordering::SeqCst)).unwrap_or(SIGTERM);
    // The first process of a container does not die by its own signals.
    if std::process::id() == 1 {
        std::process::exit(128 + signal);
    }
    // It returns only for signals that it does not know.
    if let Err(error) = low_level::emulate_default_handler(signal) {
        say(format_args!("wasm-vfs: error: cannot end by the signal {signal}: {error}"));
    }
}

/// The signals that this process ignores, a bit for each, the lowest for signal 1. Where the system
/// does not tell, there are none.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}
