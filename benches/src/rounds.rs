//! Timing of several cases in turn.

use std::time::Duration;

/// How long a case of [`interleaved`] runs in one round, about.
const BATCH: Duration = Duration::from_millis(2);

/// A case: does the operation that many times.
pub type Batch<'a> = Box<dyn FnMut(u64) + 'a>;

/// What a case took.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// The median over the rounds, in nanoseconds for each operation.
    pub median_ns: f64,
    /// The least of the rounds.
    pub least_ns: f64,
}

/// Runs all cases `rounds` times in turn and says what one operation of each took.
pub fn interleaved(rounds: usize, cases: &mut [Batch<'_>]) -> Vec<Timing> {
    samples(rounds, BATCH, cases).into_iter().map(summary).collect()
}

/// Runs all cases `rounds` times in turn, each for about `batch`, and says what one operation took in each round, in nanoseconds.
pub fn samples(rounds: usize, batch: Duration, cases: &mut [Batch<'_>]) -> Vec<Vec<f64>> {
    let counts: Vec<u64> = cases.iter_mut().map(|case| batch_size(batch, case)).collect();
    let mut samples = vec![Vec::with_capacity(rounds); cases.len()];
    for _ in 0..rounds {
        for ((case, &count), samples) in cases.iter_mut().zip(&counts).zip(&mut samples) {
            samples.push(per_operation(time(case, count), count));
        }
    }
    samples
}

/// How much longer one case took than another: the median of the rounds' ratios. What disturbed a round disturbed both.
///
/// # Panics
///
/// Without a sample.
#[must_use]
pub fn ratio(of: &[f64], to: &[f64]) -> f64 {
    summary(of.iter().zip(to).map(|(of, to)| of / to).collect()).median_ns
}

/// Median and least of what the rounds took.
///
/// # Panics
///
/// Without a sample.
#[must_use]
pub fn summary(mut samples: Vec<f64>) -> Timing {
    samples.sort_by(f64::total_cmp);
    Timing { median_ns: samples[samples.len() / 2], least_ns: samples[0] }
}

/// How many operations take about that long. This also warms the case up.
fn batch_size(batch: Duration, case: &mut Batch<'_>) -> u64 {
    let mut count = 1;
    loop {
        let took = time(case, count);
        if took >= batch / 4 && !took.is_zero() {
            let fits = u128::from(count) * batch.as_nanos() / took.as_nanos();
            return u64::try_from(fits).unwrap_or(count).max(1);
        }
        count *= 4;
    }
}

fn time(case: &mut Batch<'_>, count: u64) -> Duration {
    processor_time(|| case(count))
}

/// The processor time that this thread takes for it, in the program and in the kernel. Time on the wall would count whatever else
/// runs on the machine.
pub fn processor_time(work: impl FnOnce()) -> Duration {
    let start = thread_time();
    work();
    thread_time() - start
}

fn thread_time() -> Duration {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is a timespec of ours that lives through the call.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut now) };
    let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(now.tv_nsec).unwrap_or(0))
}

fn per_operation(took: Duration, count: u64) -> f64 {
    took.as_secs_f64() * 1e9 / count as f64
}
