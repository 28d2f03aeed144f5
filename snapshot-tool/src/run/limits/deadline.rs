//! When a running program is over, for whoever waits on its behalf: [`Deadline`].

use std::pin::{Pin, pin};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// When a running program is over. All clones are one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Deadline(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    end: Mutex<End>,
    /// Notified when the program is stopped.
    stopped: Condvar,
}

#[derive(Debug, Default)]
struct End {
    /// When its time is over; `None`: never.
    at: Option<Instant>,
    /// Whether somebody has stopped it.
    is_stopped: bool,
    /// What wakes the task that waits on the program's behalf; there is one program, so one task.
    waker: Option<Waker>,
}

impl Deadline {
    fn end(&self) -> MutexGuard<'_, End> {
        self.0.end.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets when the time is over, or takes that away.
    pub(crate) fn set(&self, at: Option<Instant>) {
        self.end().at = at;
    }

    /// The program is over now, and stays so.
    pub(crate) fn stop(&self) {
        let waker = {
            let mut end = self.end();
            end.is_stopped = true;
            end.waker.take()
        };
        self.0.stopped.notify_all();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.end().is_stopped
    }

    pub(crate) fn is_over(&self) -> bool {
        self.end().is_over()
    }

    /// Waits so long, or until the program is over. Returns whether it is.
    pub(crate) fn wait(&self, time: Duration) -> bool {
        let mut end = self.end();
        // A moment beyond what clocks can tell is none.
        let enough = Instant::now().checked_add(time);
        loop {
            let now = Instant::now();
            if end.is_over() {
                return true;
            }
            if enough.is_some_and(|enough| enough <= now) {
                return false;
            }
            let next = [enough, end.at].into_iter().flatten().min();
            end = match next {
                Some(next) => {
                    let waited = self.0.stopped.wait_timeout(end, next - now);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.0.stopped.wait(end).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// Waits for something, or until the program is over.
    pub(crate) async fn wait_for(&self, work: impl Future<Output = ()>) {
        let at = self.end().at;
        let mut work = pin!(self.unless_stopped(work));
        match at {
            Some(at) => {
                let left = at.saturating_duration_since(Instant::now());
                // Whoever wakes without anything looks at the deadline.
                drop(tokio::time::timeout(left, work).await);
            }
            None => work.as_mut().await,
        }
    }

    async fn unless_stopped(&self, work: impl Future<Output = ()>) {
        let mut work = pin!(work);
        let either = |context: &mut Context<'_>| {
            let mut end = self.end();
            if end.is_stopped {
                return Poll::Ready(());
            }
            end.waker = Some(context.waker().clone());
            drop(end);
            Pin::as_mut(&mut work).poll(context)
        };
        std::future::poll_fn(either).await;
    }
}

impl End {
    fn is_over(&self) -> bool {
        self.is_stopped || self.at.is_some_and(|at| at <= Instant::now())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use std::thread;

    const SHORT: Duration = Duration::from_millis(30);
    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn waits_end_in_time_or_when_somebody_stops_them() {
        let deadline = Deadline::default();
        let began = Instant::now();
        assert!(!deadline.wait(SHORT));
        assert!(began.elapsed() >= SHORT);
        deadline.set(Some(Instant::now() + SHORT));
        assert!(!deadline.is_over());
        assert!(deadline.wait(LONG) && deadline.is_over() && !deadline.is_stopped());
        // Both at once: there is no time that clocks can tell.
        deadline.set(None);
        assert!(!deadline.is_over());
        let waiting = deadline.clone();
        let waits = thread::spawn(move || waiting.wait(Duration::MAX));
        thread::sleep(SHORT);
        deadline.stop();
        assert!(waits.join().unwrap() && deadline.is_stopped());
        assert!(deadline.wait(LONG));
        assert!(began.elapsed() < LONG);
    }

    #[test]
    fn whoever_waits_for_something_else_is_woken() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let began = Instant::now();
        let deadline = Deadline::default();
        runtime.block_on(deadline.wait_for(std::future::ready(())));
        deadline.set(Some(Instant::now() + SHORT));
        runtime.block_on(deadline.wait_for(std::future::pending()));
        assert!(deadline.is_over());
        for time in [None, Some(Instant::now() + LONG)] {
            let deadline = Deadline::default();
            deadline.set(time);
            let other = deadline.clone();
            let stops = thread::spawn(move || {
                thread::sleep(SHORT);
                other.stop();
            });
            runtime.block_on(deadline.wait_for(std::future::pending()));
            stops.join().unwrap();
            // Stopped for good.
            runtime.block_on(deadline.wait_for(std::future::pending()));
        }
        assert!(began.elapsed() < LONG);
    }
}
