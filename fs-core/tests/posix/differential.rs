//! Random sequences of calls on both worlds.
//!
//! A seed makes a sequence, always the same one. After every call the outcomes must be equal and the whole trees with
//! all open descriptors too; after every sequence the invariants of fs-core must hold. A sequence that fails is
//! shortened as far as it still fails, and printed as a row for `rows/`.
//!
//! The test runs a fixed number of seeds. `WASM_VFS_DIFFERENTIAL_SEEDS=1000000 WASM_VFS_DIFFERENTIAL_FROM=1` asks for others;
//! `cargo xtask differential` is the long run.

use std::time::Instant;

use crate::call::{Arg, Call, Kind, SIGNATURES, UTIME_NOW, UTIME_OMIT};
use crate::core_fs::CoreFs;
use crate::kernel::{Kernel, Limits, complain, next_tick, with_kernel};
use crate::outcome::{Outcome, outcome_text};
use crate::snapshot::{Recorder, Times, differences};
use crate::world::World;

/// How many seeds the test runs.
const SEEDS: u64 = 900;

/// How many calls a sequence has.
const SEQUENCE_CALLS: u64 = 40;

/// Seeds that run on one tmpfs, which has the limits that they share.
const SEEDS_AT_ONCE: u64 = 100;

/// One in so many seeds waits for the clock before each call, so that times can be compared exactly.
const EXACT_TIMES_EVERY: u64 = 16;

/// A device that no kernel has: opening one that it has would reach the driver.
const NO_DRIVER: i64 = 0xff05;

/// SplitMix64 (public domain, Vigna): small, and the same everywhere.
#[derive(Debug)]
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn one_in(&mut self, chances: u64) -> bool {
        self.below(chances) == 0
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize].clone()
    }
}

/// How often a call comes, beside the others; 1 if it is not here.
const WEIGHTS: &[(&str, u64)] = &[
    ("openat", 24),
    ("creat", 4),
    ("close", 8),
    ("write", 8),
    ("pwrite", 8),
    ("pread", 3),
    ("read", 3),
    ("mkdir", 8),
    ("mkdirat", 4),
    ("rmdir", 4),
    ("unlink", 5),
    ("rename", 10),
    ("renameat2", 8),
    ("link", 6),
    ("symlink", 6),
    ("truncate", 4),
    ("ftruncate", 5),
    ("fallocate", 6),
    ("chmod", 5),
    ("chown", 3),
    ("become_user", 4),
    ("openat2", 4),
    ("chdir", 2),
    // Not random: they would hide what follows, or differ by nature.
    ("fill_descriptors", 0),
    ("getdents", 0),
    // These could wait on the kernel for what never comes; the rows have them.
    ("getpipe_sz", 0),
    ("setpipe_sz", 0),
    ("fionread", 0),
    ("poll", 0),
    ("sendfile", 0),
    ("splice", 0),
    ("tee", 0),
    ("copy_file_range", 4),
    ("flock", 3),
    ("setxattr", 4),
    ("removexattr", 2),
];

/// Names of attributes, with the strange among them.
const XATTR_NAMES: &[&[u8]] = &[
    b"user.a",
    b"user.a",
    b"user.b",
    b"user.cc",
    b"trusted.a",
    b"security.a",
    b"user.",
    b"user",
    b"system.a",
    b"other.a",
    b"",
];

/// Makes calls.
struct Generator {
    random: Random,
    /// The names of calls, each as often as its weight says.
    names: Vec<&'static str>,
}

impl Generator {
    fn new(seed: u64) -> Generator {
        let weight = |name: &str| {
            WEIGHTS.iter().find(|(known, _)| *known == name).map_or(1, |&(_, weight)| weight)
        };
        let names = SIGNATURES
            .iter()
            .flat_map(|signature| {
                std::iter::repeat_n(signature.name, weight(signature.name) as usize)
            })
            .collect();
        Generator { random: Random(seed), names }
    }

    /// A whole sequence.
    fn sequence(&mut self) -> Vec<Call> {
        let mut calls = Vec::new();
        if self.random.one_in(2) {
            // Somewhere that everybody may write.
            for text in ["umask 0", "chmod / 1777", "mkdir a 777", "mkdir b 1777", "umask 22"] {
                calls.push(Call::parse(text).unwrap());
            }
        }
        calls.extend((0..SEQUENCE_CALLS).map(|_| self.call()));
        calls
    }

    fn call(&mut self) -> Call {
        let name = self.random.pick(&self.names);
        let signature = Call::signature(name).unwrap();
        let args = (0..signature.kinds.len()).map(|index| self.arg(name, signature.kinds, index));
        Call { name, args: args.collect() }
    }

    fn arg(&mut self, name: &str, kinds: &[Kind], index: usize) -> Arg {
        let random = &mut self.random;
        match kinds[index] {
            Kind::Dirfd if !random.one_in(4) => Arg::Number(libc::AT_FDCWD.into()),
            Kind::Fd | Kind::Dirfd if random.one_in(40) => Arg::Number(random.pick(&[-1, 63, 64])),
            Kind::Fd | Kind::Dirfd => Arg::Number(random.below(6) as i64),
            Kind::Path => Arg::Bytes(path(random)),
            Kind::Bytes if name.ends_with("xattr") && index == 1 => {
                Arg::Bytes(random.pick(XATTR_NAMES).to_vec())
            }
            Kind::Bytes => {
                let byte = b'a' + random.below(26) as u8;
                Arg::Bytes(vec![byte; length(random) as usize])
            }
            Kind::Number => Arg::Number(number(random, name, index)),
            // Unknown or useless ones are refused too often to learn more.
            Kind::Octal if name == "openat2" => Arg::Number(random.pick(&[0, 0, 0o644, 0o10_644])),
            Kind::Octal => Arg::Number(mode(random, name)),
            // Without waiting: see Kernel::is_out_of_scope.
            Kind::Open if name == "pipe2" => Arg::Number(random.pick(&[0o4000, 0o2_004_000, 1])),
            Kind::Open => Arg::Number(open_flags(random)),
            Kind::At => Arg::Number(at_flags(random, name)),
            Kind::Resolve => {
                Arg::Number(random.pick(&[0, 1, 2, 4, 4, 8, 8, 8, 16, 16, 16, 12, 20, 24, 64]))
            }
            Kind::Rename => Arg::Number(random.pick(&[0, 0, 0, 1, 1, 2, 2, 2, 3, 8])),
            Kind::Fallocate => {
                Arg::Number(random.pick(&[0, 0, 0, 1, 1, 3, 3, 3, 3, 2, 8, 16, 17, 32]))
            }
            Kind::Time => {
                let (sec, nsec) = random.pick(&[
                    (0, UTIME_OMIT),
                    (0, UTIME_OMIT),
                    (0, UTIME_NOW),
                    (12, 345),
                    (-7, 999_999_999),
                    (5_000_000_000, 1),
                    (1, 1_000_000_000),
                ]);
                Arg::Time(sec, nsec)
            }
            Kind::Groups if name == "become_user" => {
                Arg::List(random.pick(&[vec![], vec![], vec![1], vec![2], vec![1, 2]]))
            }
            Kind::Groups if name == "copy_file_range" => {
                Arg::List((0..random.below(2)).map(|_| length(random) as u32).collect())
            }
            Kind::Groups => {
                let count = random.below(4);
                Arg::List((0..count).map(|_| length(random) as u32).collect())
            }
        }
    }
}

/// A path of a few names that come again and again, now and then with something odd about it.
fn path(random: &mut Random) -> Vec<u8> {
    if random.one_in(60) {
        return random.pick(&[
            b"".to_vec(),
            b"/".to_vec(),
            b"//".to_vec(),
            b".".to_vec(),
            b"..".to_vec(),
            vec![b'n'; 255],
            vec![b'n'; 256],
            b"a/".repeat(2048),
            [&b"./".repeat(2047)[..], b"a"].concat(),
        ]);
    }
    let mut path = Vec::new();
    if random.one_in(6) {
        path.push(b'/');
    }
    let depth = random.pick(&[1, 1, 1, 2, 2, 3]);
    for level in 0..depth {
        if level > 0 {
            path.push(b'/');
            if random.one_in(30) {
                path.push(b'/');
            }
        }
        let name = match random.below(40) {
            0 => b"..".to_vec(),
            1 => b".".to_vec(),
            2 => vec![b'l'; 130],
            3 => vec![b'l'; 255],
            _ => vec![b'a' + random.below(6) as u8],
        };
        path.extend(name);
    }
    if random.one_in(12) {
        path.push(b'/');
    }
    path
}

/// How many bytes to move.
fn length(random: &mut Random) -> u64 {
    match random.below(6) {
        0 => 0,
        1 => random.below(10),
        2 => random.below(300),
        3 => random.pick(&[4095, 4096, 4097, 8192]),
        _ => random.below(12_000),
    }
}

/// An offset in a file, or a size.
fn offset(random: &mut Random) -> i64 {
    match random.below(24) {
        0 => -1,
        1 => i64::MAX,
        2 => 1 << 40,
        3 => (1 << 40) + 4095,
        4 => 1 << 20,
        5..=9 => 4096 * random.below(6) as i64,
        10..=13 => 4096 * random.below(6) as i64 + random.pick(&[-1, 1]),
        14 => 0,
        _ => random.below(20_000) as i64,
    }
}

fn number(random: &mut Random, name: &str, index: usize) -> i64 {
    match (name, index) {
        ("become_user", _) => random.pick(&[0, 0, 1, 1, 2]),
        ("close_range", 2) => random.pick(&[0, 2, 4, 4, 8]),
        ("close_range", _) => random.below(7) as i64,
        ("getcwd", _) => random.pick(&[0, 1, 2, 5, 300, 5000]),
        ("lseek", 2) => random.pick(&[0, 0, 1, 2, 3, 3, 4, 4, 5]),
        ("lseek", _) if random.one_in(3) => -(random.below(5000) as i64),
        // What is allocated takes memory.
        ("fallocate", 3) if random.one_in(20) => random.pick(&[0, -1, i64::MAX]),
        ("fallocate", 3) => random.below(30_000) as i64,
        ("mknod" | "mknodat", _) => random.pick(&[0, NO_DRIVER]),
        ("dupfd" | "dupfd_cloexec", _) => random.pick(&[0, 1, 5, 9, 63, 64, -1]),
        ("setfd", _) => random.below(4) as i64,
        ("chown" | "lchown" | "fchown" | "fchownat", _) => random.pick(&[-1, -1, 0, 1, 1, 2]),
        ("access" | "faccessat2", _) => random.below(9) as i64,
        ("read" | "readlink" | "readlinkat", 1 | 2) => length(random) as i64,
        ("pread", 1) | ("copy_file_range", 4) => length(random) as i64,
        ("flock", _) => random.pick(&[1, 1, 2, 2, 8, 8, 3, 0]),
        ("setxattr" | "lsetxattr" | "fsetxattr", _) => random.pick(&[0, 0, 0, 1, 2, 3, 4]),
        ("getxattr" | "lgetxattr" | "listxattr", _) => {
            random.pick(&[0, 1, 30, 100, 1000, 5000, 70_000])
        }
        _ => offset(random),
    }
}

fn mode(random: &mut Random, name: &str) -> i64 {
    let permissions = match random.below(8) {
        0 => random.below(0o10_000) as i64,
        1 => 0,
        2 => 0o777,
        3 => 0o1777,
        4 => random.pick(&[0o2777, 0o2755, 0o4755, 0o6711, 0o2766]),
        5 => 0o700,
        _ => 0o755,
    };
    let file_type = match name {
        "mknod" | "mknodat" => random
            .pick(&[0, 0o100_000, 0o10_000, 0o140_000, 0o20_000, 0o60_000, 0o40_000, 0o120_000]),
        _ => 0,
    };
    permissions | file_type
}

fn open_flags(random: &mut Random) -> i64 {
    let mut flags = i64::from(random.pick(&[
        libc::O_RDONLY,
        libc::O_RDONLY,
        libc::O_RDWR,
        libc::O_RDWR,
        libc::O_WRONLY,
    ]));
    if random.one_in(2) {
        flags |= i64::from(libc::O_CREAT);
    }
    // How often each comes: one in so many.
    for (flag, chances) in [
        (libc::O_EXCL, 6),
        (libc::O_TRUNC, 6),
        (libc::O_APPEND, 6),
        (libc::O_DIRECTORY, 8),
        (libc::O_NOFOLLOW, 8),
        (libc::O_CLOEXEC, 8),
        (libc::O_PATH, 12),
        (libc::O_NOATIME, 20),
        (libc::O_SYNC, 40),
        (libc::O_NONBLOCK, 20),
        (libc::O_TMPFILE, 20),
    ] {
        if random.one_in(chances) {
            flags |= i64::from(flag);
        }
    }
    flags
}

fn at_flags(random: &mut Random, name: &str) -> i64 {
    let of_call = match name {
        "linkat" => libc::AT_SYMLINK_FOLLOW,
        "unlinkat" => libc::AT_REMOVEDIR,
        "faccessat2" => libc::AT_EACCESS,
        _ => libc::AT_SYMLINK_NOFOLLOW,
    };
    let flags = random.pick(&[0, 0, of_call, of_call, libc::AT_EMPTY_PATH, 0x8000]);
    i64::from(if random.one_in(10) { flags | libc::AT_EMPTY_PATH } else { flags })
}

/// The limits that a batch of seeds has.
fn limits_of(batch: u64) -> Limits {
    match batch % 4 {
        0 => Limits { pages: 12, inodes: 0 },
        1 => Limits { pages: 0, inodes: 9 },
        _ => Limits::default(),
    }
}

/// Whether the answers to a call may be different.
fn may_differ(call: &Call, kernel: &mut Kernel) -> bool {
    // Positions in directories are each world's own.
    call.name == "lseek" && kernel.is_directory(call.fd(0))
}

/// How a sequence is run.
#[derive(Clone, Copy, Debug)]
struct Mode {
    limits: Limits,
    times: Times,
}

/// Runs calls on both worlds; says what is different after which one.
fn run(calls: &[Call], kernel: &mut Kernel, mode: Mode) -> Result<(), (usize, String)> {
    let Mode { limits, times } = mode;
    kernel.reset();
    let mut core = CoreFs::new(limits);
    let (mut there, mut here) = (Recorder::default(), Recorder::default());
    for (step, call) in (0u32..).zip(calls) {
        let wrong = |text: String| Err((step as usize, text));
        let sets_now = call.args.iter().any(|arg| matches!(arg, Arg::Time(_, UTIME_NOW)));
        if sets_now || times == Times::Exact {
            next_tick();
        }
        if kernel.is_out_of_scope(call) {
            continue;
        }
        let linux = kernel.call(call);
        let ours = core.call(call);
        let (linux, ours) = (comparable(&linux), comparable(&ours));
        if linux != ours && !may_differ(call, kernel) {
            return wrong(format!("{call}\n    Linux   {linux}\n    fs-core {ours}"));
        }
        let (linux_tree, our_tree) = (there.take(kernel, step), here.take(&mut core, step));
        let different = differences(&linux_tree, &our_tree, times);
        if !different.is_empty() {
            return wrong(format!("after {call} (=> {linux}):\n  {}", different.join("\n  ")));
        }
    }
    core.check_invariants();
    Ok(())
}

fn comparable(outcome: &Outcome) -> String {
    outcome_text(outcome)
}

/// A sequence that fails, without all calls that it fails without as well.
fn shortened(calls: &[Call], kernel: &mut Kernel, mode: Mode) -> (Vec<Call>, String) {
    let mut calls = calls.to_vec();
    let mut reason = String::new();
    if let Err((last, text)) = run(&calls, kernel, mode) {
        calls.truncate(last + 1);
        reason = text;
    }
    let mut chunk = calls.len() / 2;
    while chunk > 0 {
        let mut at = 0;
        while at + chunk <= calls.len() {
            let mut fewer = calls.clone();
            fewer.drain(at..at + chunk);
            if let Err((last, text)) = run(&fewer, kernel, mode) {
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

/// What a run of seeds found.
#[derive(Debug, Default)]
struct Findings {
    calls: u64,
    failures: Vec<String>,
}

fn run_batch(seeds: std::ops::Range<u64>, limits: Limits, kernel: &mut Kernel) -> Findings {
    let mut findings = Findings::default();
    for seed in seeds {
        let calls = Generator::new(seed).sequence();
        findings.calls += calls.len() as u64;
        let times = if seed % EXACT_TIMES_EVERY == 0 { Times::Exact } else { Times::WithinTick };
        let mode = Mode { limits, times };
        if run(&calls, kernel, mode).is_err() {
            let (calls, reason) = shortened(&calls, kernel, mode);
            let row: Vec<String> = calls.iter().map(Call::to_string).collect();
            findings
                .failures
                .push(format!("seed {seed}, {mode:?}:\n{}\n{reason}\n", row.join("; ")));
        }
        if findings.failures.len() >= 5 {
            break;
        }
    }
    findings
}

#[test]
fn random_sequences_do_the_same_on_linux_and_here() {
    let from = setting("WASM_VFS_DIFFERENTIAL_FROM").unwrap_or(0);
    let seeds = setting("WASM_VFS_DIFFERENTIAL_SEEDS").unwrap_or(SEEDS);
    let begin = Instant::now();
    let mut all = Findings::default();
    let mut next = from;
    while next < from + seeds {
        let batch = next / SEEDS_AT_ONCE;
        let end = ((batch + 1) * SEEDS_AT_ONCE).min(from + seeds);
        let limits = limits_of(batch);
        match with_kernel(limits, |kernel| run_batch(next..end, limits, kernel)) {
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
    println!("{} calls from {} seeds in {:?}", all.calls, next - from, begin.elapsed());
    assert!(all.failures.is_empty(), "sequences that differ:\n\n{}", all.failures.join("\n"));
}
