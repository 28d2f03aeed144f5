//! Counts the fuel and the time of a program while a function of it runs, and lets others stop it
//! ([`Meter`]).
//!
//! The engine stops the program's code when its epoch ends. A call of the WASI host that waits for
//! something does not notice; the meter gives up on a program that does not come back.

use crate::run::limits::deadline::Deadline;
use crate::run::limits::stop_handle::StopHandle;
use crate::run::limits::usage::Limits;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};
use wasmtime::{Engine, Store};

/// How long after its end a program may take to come back from a call of the host.
const GRACE: Duration = Duration::from_secs(1);

/// As many ticks as no process sees.
const NEVER: u64 = 1 << 62;

/// What is told when a program does not come back: why it was to.
pub(crate) type GiveUp = Arc<dyn Fn(Cut) + Send + Sync>;

/// Why a program is cut short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Its time is over.
    Time,
    /// Somebody has stopped it.
    Stop,
}

/// What a program's watcher hears of.
#[derive(Debug)]
enum Event {
    /// The program has come back.
    Back,
    /// Somebody stops it.
    Stop,
}

/// What is left of the limits.
pub(crate) struct Meter {
    fuel: Option<u64>,
    time: Option<Duration>,
    stop: Option<StopHandle>,
    deadline: Deadline,
    give_up: GiveUp,
}

impl Meter {
    /// `deadline` is set while the program runs. `give_up` is called, by another thread, if the
    /// program does not come back; then the result of [`run`](Self::run) counts no more.
    pub(crate) fn new(
        limits: Limits,
        stop: Option<StopHandle>,
        deadline: Deadline,
        give_up: GiveUp,
    ) -> Self {
        Self { fuel: limits.fuel, time: limits.time, stop, deadline, give_up }
    }

    /// Why the engine has interrupted the program, if it has.
    pub(crate) fn cut(&self) -> Option<Cut> {
        match (self.deadline.is_stopped(), self.time) {
            (true, _) => Some(Cut::Stop),
            (false, Some(_)) => Some(Cut::Time),
            (false, None) => None,
        }
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
        if self.time.is_some() || self.stop.is_some() {
            store.set_epoch_deadline(NEVER);
        }
        Ok(())
    }

    /// Runs a function of the program with what is left, and lifts the limits again.
    ///
    /// # Errors
    ///
    /// Those of `work`; a trap of the engine's when something is used up or somebody stops the
    /// program; and one without meaning if this has given up.
    pub(crate) fn run<T: 'static, R>(
        &mut self,
        store: &mut Store<T>,
        work: impl FnOnce(&mut Store<T>) -> wasmtime::Result<R>,
    ) -> wasmtime::Result<R> {
        if let Some(fuel) = self.fuel {
            store.set_fuel(fuel)?;
        }
        let is_watched = self.time.is_some() || self.stop.is_some();
        let result = if is_watched { self.watched(store, work) } else { work(store) };
        if self.fuel.is_some() {
            self.fuel = Some(store.get_fuel()?);
        }
        self.lift(store)?;
        result
    }

    fn watched<T: 'static, R>(
        &mut self,
        store: &mut Store<T>,
        work: impl FnOnce(&mut Store<T>) -> wasmtime::Result<R>,
    ) -> wasmtime::Result<R> {
        let began = Instant::now();
        // A duration beyond what clocks can tell is none.
        self.deadline.set(self.time.and_then(|time| began.checked_add(time)));
        store.set_epoch_deadline(1);
        // Whether it is settled who was first: the program, or whoever waits for it.
        let settled = Arc::new(AtomicBool::new(false));
        let (tell, events) = mpsc::channel();
        let listening = self.stop.as_ref().map(|handle| {
            let (deadline, tell) = (self.deadline.clone(), tell.clone());
            handle.listen(move || {
                deadline.stop();
                // Nobody hears it who knows already.
                let _ = tell.send(Event::Stop);
            })
        });
        let watcher = {
            let (engine, settled) = (store.engine().clone(), Arc::clone(&settled));
            let (time, give_up) = (self.time, Arc::clone(&self.give_up));
            thread::spawn(move || {
                if let Some(cut) = cut_short(time, &engine, &events)
                    && !settled.swap(true, Ordering::SeqCst)
                {
                    give_up(cut);
                }
            })
        };
        let result = work(store);
        let too_late = settled.swap(true, Ordering::SeqCst);
        drop(listening);
        // It only ever waits for what has just ended, or has ended by itself.
        let _ = tell.send(Event::Back);
        let _ = watcher.join();
        self.deadline.set(None);
        self.time = self.time.map(|time| time.saturating_sub(began.elapsed()));
        if too_late {
            Err(wasmtime::Error::msg("nobody waits for the program any more"))
        } else {
            result
        }
    }
}

/// Ends the program's epoch when its time is over or somebody stops it. Returns which it was if the
/// program does not come back then.
fn cut_short(time: Option<Duration>, engine: &Engine, events: &Receiver<Event>) -> Option<Cut> {
    let first = match time {
        Some(time) => events.recv_timeout(time),
        None => events.recv().map_err(RecvTimeoutError::from),
    };
    let cut = match first {
        Err(RecvTimeoutError::Timeout) => Cut::Time,
        Ok(Event::Stop) => Cut::Stop,
        Ok(Event::Back) | Err(RecvTimeoutError::Disconnected) => return None,
    };
    engine.increment_epoch();
    let enough = Instant::now() + GRACE;
    loop {
        // It may be stopped meanwhile, and more than once.
        match events.recv_timeout(enough.saturating_duration_since(Instant::now())) {
            Ok(Event::Stop) => {}
            Err(RecvTimeoutError::Timeout) => return Some(cut),
            Ok(Event::Back) | Err(RecvTimeoutError::Disconnected) => return None,
        }
    }
}
