//! What engines of this process have in common: timing by this thread's processor time.

use std::cell::RefCell;

use anyhow::{Context, Result};
use wasm_vfs_benches::rounds::{self, Batch};

use super::{Once, Plan, Program, Samples};

/// An initialised instance of a guest.
pub(crate) trait Guest {
    /// Does an operation that many times.
    fn call(&mut self, operation: &str, count: u32) -> Result<()>;

    /// Where the filesystem's memory starts in a program of the portable form, in bytes.
    fn base(&mut self) -> Result<u64>;

    /// The bytes of the memory called `memory`.
    fn memory_bytes(&mut self) -> Result<u64>;
}

/// Times the cases of a plan; `start` instantiates a program.
pub(super) fn samples(
    plan: &Plan<'_>,
    start: impl Fn(&Program) -> Result<Box<dyn Guest>>,
) -> Result<Vec<Samples>> {
    let guests: Vec<RefCell<Box<dyn Guest>>> = plan
        .programs
        .iter()
        .map(|program| Ok(RefCell::new(start(program)?)))
        .collect::<Result<_>>()?;
    let tried: Vec<Result<(), String>> = plan
        .cases
        .iter()
        .map(|case| {
            let mut guest = guests[case.program].borrow_mut();
            guest.call(case.operation, 1).map_err(|error| format!("{error:#}"))
        })
        .collect();
    let runs = plan.cases.iter().zip(&tried).filter(|(_, tried)| tried.is_ok());
    let mut batches: Vec<Batch<'_>> = runs
        .map(|(case, _)| -> Batch<'_> {
            let guest = &guests[case.program];
            Box::new(|count| {
                let count = u32::try_from(count).unwrap_or(u32::MAX);
                if let Err(error) = guest.borrow_mut().call(case.operation, count) {
                    // It ran a moment ago.
                    panic!("{}: {error:?}", case.operation);
                }
            })
        })
        .collect();
    let mut samples = rounds::samples(plan.rounds, plan.batch, &mut batches).into_iter();
    tried
        .into_iter()
        .map(|tried| match tried {
            Ok(()) => Ok(Ok(samples.next().context("a case without samples")?)),
            Err(error) => Ok(Err(error)),
        })
        .collect()
}

/// Times a call of a fresh instance.
pub(super) fn once(mut guest: Box<dyn Guest>, once: &Once<'_>) -> Result<f64> {
    for (operation, count) in once.before {
        guest.call(operation, *count)?;
    }
    let (operation, count) = once.timed;
    let mut called = Ok(());
    let took = rounds::processor_time(|| called = guest.call(operation, count));
    called?;
    Ok(took.as_secs_f64() * 1e9)
}
