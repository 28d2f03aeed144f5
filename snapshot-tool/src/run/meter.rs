//! Counts the fuel and the time of a program while a function of it runs ([`Meter`]).
//!
//! The engine stops the program's code when its epoch ends. A call of the WASI host that waits for
//! something does not notice; the meter gives up on a program that does not come back.

use crate::run::limits::{Deadline, Limits};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};
use wasmtime::Store;

/// How long after its time a program may take to come back from a call of the host.
const GRACE: Duration = Duration::from_secs(1);

/// As many ticks as no process sees.
const NEVER: u64 = 1 << 62;

/// What is told when a program does not come back.
pub(crate) type GiveUp = Arc<dyn Fn() + Send + Sync>;

/// What is left of the limits.
pub(crate) struct Meter {
    fuel: Option<u64>,
    time: Option<Duration>,
    deadline: Deadline,
    give_up: GiveUp,
}

impl Meter {
    /// `deadline` is set while the program runs. `give_up` is called, by another thread, if the
    /// program does not come back; then the result of [`run`](Self::run) counts no more.
    pub(crate) fn new(limits: Limits, deadline: Deadline, give_up: GiveUp) -> Self {
        Self { fuel: limits.fuel, time: limits.time, deadline, give_up }
    }

    /// Takes all limits from a new store.
    ///
    /// # Errors
    ///
    /// Only wasmtime's own.
    pub(crate) fn lift<T: 'static>(&self, store: &mut Store<T>) -> wasmtime::Result<()> {
        if self.fuel.is_some() {
            store.set_fuel(u64::MAX)?;
        }
        if self.time.is_some() {
            store.set_epoch_deadline(NEVER);
        }
        Ok(())
    }

    /// Runs a function of the program with what is left, and lifts the limits again.
    ///
    /// # Errors
    ///
    /// Those of `work`; a trap of the engine's when something is used up; and one without meaning
    /// if this has given up.
    pub(crate) fn run<T: 'static, R>(
        &mut self,
        store: &mut Store<T>,
        work: impl FnOnce(&mut Store<T>) -> wasmtime::Result<R>,
    ) -> wasmtime::Result<R> {
        if let Some(fuel) = self.fuel {
            store.set_fuel(fuel)?;
        }
        let result = match self.time {
            Some(time) => self.timed(time, store, work),
            None => work(store),
        };
        if self.fuel.is_some() {
            self.fuel = Some(store.get_fuel()?);
        }
        self.lift(store)?;
        result
    }

    fn timed<T: 'static, R>(
        &mut self,
        time: Duration,
        store: &mut Store<T>,
        work: impl FnOnce(&mut Store<T>) -> wasmtime::Result<R>,
    ) -> wasmtime::Result<R> {
        let began = Instant::now();
        // A duration beyond what clocks can tell is none.
        self.deadline.set(began.checked_add(time));
        store.set_epoch_deadline(1);
        // Whether it is settled who was first: the program, or whoever waits for it.
        let settled = Arc::new(AtomicBool::new(false));
        let (done, ended) = mpsc::channel::<()>();
        let watcher = {
            let (engine, settled) = (store.engine().clone(), Arc::clone(&settled));
            let give_up = Arc::clone(&self.give_up);
            thread::spawn(move || {
                if ended.recv_timeout(time) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
                engine.increment_epoch();
                if ended.recv_timeout(GRACE) == Err(RecvTimeoutError::Timeout)
                    && !settled.swap(true, Ordering::SeqCst)
                {
                    give_up();
                }
            })
        };
        let result = work(store);
        let too_late = settled.swap(true, Ordering::SeqCst);
        drop(done);
        // It only ever waits for what has just ended.
        let _ = watcher.join();
        self.deadline.set(None);
        self.time = Some(time.saturating_sub(began.elapsed()));
        if too_late {
            Err(wasmtime::Error::msg("nobody waits for the program any more"))
        } else {
            result
        }
    }
}
