//! Random sequences of calls on the kernel and on another world.
//!
//! A seed makes a sequence, always the same one. After every call the outcomes must be equal and
//! the whole trees with all open descriptors too; after every sequence the invariants of the other
//! world must hold. A sequence that fails is shortened as far as it still fails, and printed as a
//! row for `rows/`.
//!
//! A test runs a fixed number of seeds.
//! `WASM_VFS_DIFFERENTIAL_SEEDS=1000000 WASM_VFS_DIFFERENTIAL_FROM=1` asks for others;
//! `cargo xtask differential` is the long run.

use std::time::Instant;

use crate::call::{Arg, Call, UTIME_NOW};
use crate::generator::Generator;
use crate::kernel::{Kernel, Limits, complain, next_tick, with_kernel};
use crate::snapshot::{Pages, Recorder, Times, differences};
use crate::theme::{Theme, limits_of};
use crate::world::World;

/// Seeds that run on one tmpfs, which has the limits that they share.
const SEEDS_AT_ONCE: u64 = 40;

/// One in so many seeds waits for the clock before each call, so that times can be compared
/// exactly.
const EXACT_TIMES_EVERY: u64 = 32;

/// When the trees are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Looks {
    /// After each call.
    EachCall,
    /// When the sequence is over. Looking at a file is an event: where there are watches it could
    /// hide others.
    AtTheEnd,
}

/// How a sequence is run.
#[derive(Clone, Copy, Debug)]
pub struct Mode {
    /// Those of both filesystems.
    pub limits: Limits,
    times: Times,
    pages: Pages,
    looks: Looks,
}

impl Mode {
    fn of(seed: u64, theme: Theme, limits: Limits) -> Mode {
        let is_exact = (seed / 8).is_multiple_of(EXACT_TIMES_EVERY) && !theme.maps();
        let watches = matches!(theme, Theme::Notify | Theme::Everything);
        Mode {
            limits,
            times: if is_exact { Times::Exact } else { Times::WithinTick },
            pages: if theme.maps() { Pages::Contents } else { Pages::Exact },
            looks: if watches && seed & 8 == 0 { Looks::AtTheEnd } else { Looks::EachCall },
        }
    }
}

/// The world that is held against the kernel.
#[derive(Clone, Copy, Debug)]
pub struct Other<Make> {
    /// What it is called.
    pub name: &'static str,
    /// Makes one with these limits.
    pub make: Make,
    /// Whether it can make a call at all.
    pub can: fn(&Call) -> bool,
}

/// What is different, after which call.
pub type Different = (usize, String);

/// How sequences are held against the kernel.
#[derive(Clone, Copy, Debug)]
pub struct Check<Run> {
    /// Which themes have such sequences.
    pub of: fn(Theme) -> bool,
    /// Which calls are made at all.
    pub can: fn(&Call) -> bool,
    /// Runs calls on both worlds.
    pub run: Run,
}

/// Runs calls on both worlds; says what is different after which one.
fn run<W: World>(
    calls: &[Call],
    kernel: &mut Kernel,
    other: &Other<impl Fn(Limits) -> W>,
    mode: Mode,
) -> Result<(), Different> {
    let Mode { limits, times, pages, looks } = mode;
    kernel.reset();
    let mut core = (other.make)(limits);
    let (mut there, mut here) = (Recorder::new(pages), Recorder::new(pages));
    let last = calls.len().saturating_sub(1);
    for (step, call) in (0u32..).zip(calls) {
        let wrong = |text: String| Err((step as usize, text));
        let sets_now = call.args.iter().any(|arg| matches!(arg, Arg::Time(_, UTIME_NOW)));
        if sets_now || times == Times::Exact {
            next_tick();
        }
        let mut linux_said = "not compared".to_owned();
        if let Some(linux) = kernel.attempt(call) {
            let ours = core.call(call);
            let (linux, ours) = (pages.comparable(&linux), pages.comparable(&ours));
            if linux != ours {
                let name = other.name;
                return wrong(format!("{call}\n    Linux   {linux}\n    {name:7} {ours}"));
            }
            linux_said = linux;
        } else if step as usize != last {
            continue;
        }
        if looks == Looks::AtTheEnd && step as usize != last {
            continue;
        }
        let (linux_tree, our_tree) = (there.take(kernel, step), here.take(&mut core, step));
        let different = differences(&linux_tree, &our_tree, times, other.name);
        if !different.is_empty() {
            return wrong(format!("after {call} (=> {linux_said}):\n  {}", different.join("\n  ")));
        }
    }
    core.check_invariants().map_err(|broken| (last, broken))
}

/// A sequence that fails, without all calls that it fails without as well.
fn shortened(
    calls: &[Call],
    mut run: impl FnMut(&[Call]) -> Result<(), Different>,
) -> (Vec<Call>, String) {
    let mut calls = calls.to_vec();
    let mut reason = String::new();
    if let Err((last, text)) = run(&calls) {
        calls.truncate(last + 1);
        reason = text;
    }
    let mut chunk = calls.len() / 2;
    while chunk > 0 {
        let mut at = 0;
        while at + chunk <= calls.len() {
            let mut fewer = calls.clone();
            fewer.drain(at..at + chunk);
            if let Err((last, text)) = run(&fewer) {
                fewer.truncate(last + 1);
                calls = fewer;
                reason = text;
            } else {
                at += chunk;
            }
        }
        chunk /= 2;
    }
    (calls, reason)
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// The most memory that the test may take. It needs a few megabytes; a sequence that takes all
/// there is would end the machine.
const MAX_MEMORY_BYTES: u64 = 4 << 30;

/// Sets that limit.
pub fn limit_memory() {
    let limits = libc::rlimit { rlim_cur: MAX_MEMORY_BYTES, rlim_max: MAX_MEMORY_BYTES };
    // SAFETY: `limits` outlives the call.
    let done = unsafe { libc::setrlimit(libc::RLIMIT_AS, &raw const limits) };
    assert_eq!(done, 0, "no limit of memory");
}

/// What the test took at most, as Linux has it: `VmHWM: 9999 kB`.
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM unknown").to_owned()
}

/// What a run of seeds found.
#[derive(Debug, Default)]
struct Findings {
    calls: u64,
    failures: Vec<String>,
}

fn run_batch(
    seeds: std::ops::Range<u64>,
    limits: Limits,
    kernel: &mut Kernel,
    check: &Check<impl Fn(&[Call], &mut Kernel, Mode) -> Result<(), Different>>,
) -> Findings {
    let mut findings = Findings::default();
    for seed in seeds {
        let theme = Theme::of(seed, limits);
        if !(check.of)(theme) {
            continue;
        }
        let mut calls = Generator::new(seed, theme).sequence();
        calls.retain(check.can);
        findings.calls += calls.len() as u64;
        let mode = Mode::of(seed, theme, limits);
        if (check.run)(&calls, kernel, mode).is_err() {
            let again = |calls: &[Call]| (check.run)(calls, kernel, mode);
            let (calls, reason) = shortened(&calls, again);
            let row: Vec<String> = calls.iter().map(Call::to_string).collect();
            findings
                .failures
                .push(format!("seed {seed}, {theme:?}, {mode:?}:\n{}\n{reason}\n", row.join("; ")));
        }
        if findings.failures.len() >= 5 {
            break;
        }
    }
    findings
}

/// Runs the sequences of `seeds` seeds on the kernel and on another world, unless the environment
/// asks for others, and panics with those that differ.
pub fn compare<W: World>(seeds: u64, other: &Other<impl Fn(Limits) -> W + Sync>) {
    let run = |calls: &[Call], kernel: &mut Kernel, mode| run(calls, kernel, other, mode);
    check(seeds, &Check { of: |_| true, can: other.can, run });
}

/// The same in another way than call for call.
pub fn check(
    seeds: u64,
    check: &Check<impl Fn(&[Call], &mut Kernel, Mode) -> Result<(), Different> + Sync>,
) {
    let from = setting("WASM_VFS_DIFFERENTIAL_FROM").unwrap_or(0);
    let seeds = setting("WASM_VFS_DIFFERENTIAL_SEEDS").unwrap_or(seeds);
    let begin = Instant::now();
    let mut all = Findings::default();
    let mut next = from;
    while next < from + seeds {
        let batch = next / SEEDS_AT_ONCE;
        let end = ((batch + 1) * SEEDS_AT_ONCE).min(from + seeds);
        let limits = limits_of(batch);
        match with_kernel(limits, |kernel| run_batch(next..end, limits, kernel, check)) {
            Ok(found) => {
                all.calls += found.calls;
                all.failures.extend(found.failures);
            }
            Err(why) => {
                complain("random sequences are", &why);
                return;
            }
        }
        if all.failures.len() >= 10 {
            break;
        }
        next = end;
    }
    // Two runs of seeds have filesystems with little room, in which there are no mappings.
    assert!(all.calls > 0 || next - from <= 2 * SEEDS_AT_ONCE, "no calls from {seeds} seeds");
    println!("{} calls from {} seeds in {:?}", all.calls, next - from, begin.elapsed());
    println!("{}", peak_memory());
    assert!(all.failures.is_empty(), "sequences that differ:\n\n{}", all.failures.join("\n"));
}
