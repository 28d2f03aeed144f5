//! Makes the calls of a random sequence: names by the weights of a theme, arguments that collide
//! often enough to be interesting.
//!
//! A seed makes a sequence, always the same one.

use crate::call::{Arg, Call, Kind, SIGNATURES, UTIME_NOW, UTIME_OMIT};
use crate::random::Random;
use crate::theme::Theme;

/// A device that no kernel has: opening one that it has would reach the driver.
const NO_DRIVER: i64 = 0xff05;

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

/// How many calls a sequence has, beside those that prepare it.
const SEQUENCE_CALLS: u64 = 100;

/// Makes calls.
#[derive(Debug)]
pub struct Generator {
    random: Random,
    theme: Theme,
    /// The names of calls, each as often as its weight says.
    names: Vec<&'static str>,
}

impl Generator {
    /// The one of a seed.
    pub fn new(seed: u64, theme: Theme) -> Generator {
        let names = SIGNATURES
            .iter()
            .flat_map(|signature| {
                std::iter::repeat_n(signature.name, theme.weight(signature.name) as usize)
            })
            .collect();
        Generator { random: Random(seed), theme, names }
    }

    /// A whole sequence.
    pub fn sequence(&mut self) -> Vec<Call> {
        let mut calls = Vec::new();
        let mut prepare = |text: &str| calls.push(Call::parse(text).unwrap());
        if self.random.one_in(2) {
            // Somewhere that everybody may write.
            for text in ["umask 0", "chmod / 1777", "mkdir a 777", "mkdir b 1777", "umask 22"] {
                prepare(text);
            }
        }
        if self.random.one_in(4) {
            self.chain().iter().for_each(|text| prepare(text));
        }
        self.theme.preparation().iter().for_each(|text| prepare(text));
        calls.extend((0..SEQUENCE_CALLS).map(|_| self.call()));
        calls
    }

    /// A deep tree, or a chain of symbolic links about as long as may be followed. `a` is its
    /// start, `b` near its end.
    fn chain(&mut self) -> Vec<String> {
        let length = self.random.pick(&[3, 12, 38, 39, 40, 41]);
        if self.random.one_in(2) {
            let mut calls: Vec<String> =
                (1..length).map(|n| format!("symlink l{} l{n}", n - 1)).collect();
            calls.extend([format!("symlink l{} a", length - 1), "symlink l2 b".to_owned()]);
            calls
        } else {
            let depth = length.min(12);
            (1..=depth).map(|depth| format!("mkdir {{a/*{depth}}} 755")).collect()
        }
    }

    fn call(&mut self) -> Call {
        let name = self.random.pick(&self.names);
        let signature = Call::signature(name).unwrap();
        let kinds = signature.kinds;
        let mut args: Vec<Arg> =
            (0..kinds.len()).map(|index| self.arg(name, kinds, index)).collect();
        // An empty path is what that flag is for.
        let takes_empty = kinds.iter().zip(&args).any(|(&kind, arg)| {
            let flag = i64::from(libc::AT_EMPTY_PATH);
            kind == Kind::At && matches!(arg, Arg::Number(flags) if flags & flag != 0)
        });
        if takes_empty && kinds[0] == Kind::Dirfd && self.random.one_in(2) {
            args[0] = Arg::Number(self.random.below(8) as i64);
            args[1] = Arg::Bytes(Vec::new());
        }
        Call { name, args }
    }

    fn arg(&mut self, name: &str, kinds: &[Kind], index: usize) -> Arg {
        if kinds[index] == Kind::Number {
            return Arg::Number(self.number(name, index));
        }
        if kinds[index] == Kind::Groups && !matches!(name, "become_user" | "become_ids") {
            let is_offset = matches!(name, "copy_file_range" | "sendfile" | "splice");
            let count = self.random.below(if is_offset { 2 } else { 4 });
            return Arg::List((0..count).map(|_| self.length() as u32).collect());
        }
        if kinds[index] == Kind::Bytes && !(name.ends_with("xattr") && index == 1) {
            let byte = b'a' + self.random.below(26) as u8;
            let length = if name == "store" { any_length(&mut self.random) } else { self.length() };
            return Arg::Bytes(vec![byte; length as usize]);
        }
        let random = &mut self.random;
        match kinds[index] {
            Kind::Dirfd if !random.one_in(4) => Arg::Number(libc::AT_FDCWD.into()),
            Kind::Fd | Kind::Dirfd if random.one_in(40) => Arg::Number(random.pick(&[-1, 63, 64])),
            Kind::Fd | Kind::Dirfd => {
                let known = if self.theme == Theme::Files { 6 } else { 8 };
                Arg::Number(random.below(known) as i64)
            }
            Kind::Path => Arg::Bytes(path(random)),
            Kind::Bytes => Arg::Bytes(random.pick(XATTR_NAMES).to_vec()),
            // Unknown or useless ones are refused too often to learn more.
            Kind::Octal if name == "openat2" => Arg::Number(random.pick(&[0, 0, 0o644, 0o10_644])),
            Kind::Octal if name == "statx" => {
                Arg::Number(random.pick(&[0x7ff, 0xfff, 0xfff, 0, 0x40, 0x80, 0x1003, 1 << 31]))
            }
            Kind::Octal => Arg::Number(mode(random, name)),
            // Without waiting: see Kernel::is_out_of_scope.
            Kind::Open if name == "pipe2" => {
                Arg::Number(random.pick(&[0o4000, 0o4000, 0o2_004_000, 0o44_000, 1]))
            }
            Kind::Open if name == "inotify_init1" => {
                Arg::Number(random.pick(&[0o4000, 0o4000, 0o2_004_000, 1]))
            }
            Kind::Open => {
                let more =
                    if name == "setfl" { random.pick(&[0o4000, 0o4000, 0o44_000, 0]) } else { 0 };
                Arg::Number(open_flags(random) | more)
            }
            Kind::At => Arg::Number(at_flags(random, name)),
            Kind::Resolve => {
                Arg::Number(random.pick(&[0, 1, 2, 4, 4, 8, 8, 8, 16, 16, 16, 12, 20, 24, 64]))
            }
            // What else there is changes the machine's mounts.
            Kind::Mount => Arg::Number(33),
            Kind::Rename => Arg::Number(random.pick(&[0, 0, 0, 1, 1, 2, 2, 2, 3, 8])),
            Kind::Fallocate => {
                Arg::Number(random.pick(&[0, 0, 0, 1, 1, 3, 3, 3, 3, 2, 8, 16, 17, 32]))
            }
            Kind::Rwf => Arg::Number(random.pick(&[0, 0, 1, 2, 4, 16, 16, 32, 32, 48, 64, 512])),
            Kind::Splice => Arg::Number(random.pick(&[0, 0, 1, 2, 15, 16])),
            Kind::Mask => {
                let events = random.pick(&[0xfff, 0xfff, 0xfc0, 0x3f, 0x106, 0x18, 0]);
                let options = [0, 0, 1 << 24, 1 << 25, 1 << 26, 1 << 28, 1 << 29, 1 << 31];
                Arg::Number(events | random.pick(&options))
            }
            Kind::Event => Arg::Number(random.pick(&[0o4000, 0o4000, 0o4001, 0o2_004_001, 2])),
            Kind::Lock => Arg::Number(random.pick(&[0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 3])),
            Kind::Prot => Arg::Number(random.pick(&[3, 3, 3, 1, 1, 2, 0, 5, 16])),
            Kind::Map => {
                let kind = random.pick(&[1, 1, 1, 2, 2, 2, 3, 0]);
                let place = random.pick(&[0x10, 0x10, 0x10, 0x10_0000]);
                Arg::Number(kind | place | if random.one_in(8) { 0x20 } else { 0 })
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
            Kind::Groups => Arg::List(random.pick(&[vec![], vec![], vec![1], vec![2], vec![1, 2]])),
            Kind::Number => unreachable!("see above"),
        }
    }

    /// How many bytes to move.
    fn length(&mut self) -> u64 {
        if self.theme.whole_pages() {
            return PAGE_BYTES * self.random.below(4);
        }
        any_length(&mut self.random)
    }

    /// An offset in a file, or a size.
    fn offset(&mut self) -> i64 {
        let offset = any_offset(&mut self.random);
        // DEVIATIONS.md: the last page of a file of the largest size. No sequence writes there.
        let is_whole = self.theme.whole_pages() && (1..i64::MAX).contains(&offset);
        if is_whole { offset & -(PAGE_BYTES as i64) } else { offset }
    }

    fn number(&mut self, name: &str, index: usize) -> i64 {
        let maps = self.theme.maps();
        let random = &mut self.random;
        match (name, index) {
            ("become_user" | "become_ids", _) => random.pick(&[0, 0, 1, 1, 2]),
            ("fork" | "switch", _) => random.below(4) as i64,
            ("close_range", 2) => random.pick(&[0, 2, 4, 4, 8]),
            ("close_range", _) => random.below(7) as i64,
            ("getcwd", _) => random.pick(&[0, 1, 2, 5, 300, 5000]),
            // Where data is depends on which pages are there: see `Pages`.
            ("lseek", 2) if maps => random.pick(&[0, 0, 1, 2, 5]),
            ("lseek", 2) => random.pick(&[0, 0, 1, 2, 3, 3, 4, 4, 5]),
            ("lseek", _) if maps => self.offset(),
            ("lseek", _) if random.one_in(3) => -(random.below(5000) as i64),
            // What is allocated takes memory.
            ("fallocate", 3) | ("posix_fallocate", 2) if random.one_in(20) => {
                random.pick(&[0, -1, i64::MAX])
            }
            ("fallocate", 3) | ("posix_fallocate", 2) if maps => self.length() as i64,
            ("fallocate", 3) | ("posix_fallocate", 2) => random.below(30_000) as i64,
            ("mknod" | "mknodat", _) => random.pick(&[0, NO_DRIVER]),
            ("dupfd" | "dupfd_cloexec", _) => random.pick(&[0, 1, 5, 9, 63, 64, -1]),
            ("setfd", _) => random.below(4) as i64,
            ("chown" | "lchown" | "fchown" | "fchownat", _) => random.pick(&[-1, -1, 0, 1, 1, 2]),
            ("access" | "faccessat2", _) => random.below(9) as i64,
            ("read" | "readlink" | "readlinkat", 1 | 2) => self.length() as i64,
            ("pread", 1) | ("copy_file_range" | "splice", 4) => self.length() as i64,
            ("sendfile", 3) | ("tee", 2) => self.length() as i64,
            ("preadv2" | "pwritev2", _) if random.one_in(3) => -1,
            ("setpipe_sz", _) => {
                // Who may have more than 1 MiB is a capability of its own.
                random.pick(&[0, 4096, 8192, 20_000, 65_536, 1 << 17, 1 << 20, -1])
            }
            ("inotify_rm_watch", _) => random.below(5) as i64,
            ("events", _) => random.pick(&[4096, 4096, 60_000, 15, 16, 32, 48]),
            ("mmap", 5) | ("mmap" | "munmap" | "mprotect" | "mlock" | "munlock" | "msync", 0) => {
                let page = PAGE_BYTES as i64 * random.below(if index == 0 { 8 } else { 4 }) as i64;
                if random.one_in(30) { page + 1 } else { page }
            }
            ("msync", 2) => random.pick(&[0, 1, 2, 4, 4, 5, 6, 8]),
            ("mmap" | "munmap" | "mprotect" | "mlock" | "munlock" | "msync", _) => {
                let pages = PAGE_BYTES as i64 * random.pick(&[1, 1, 2, 2, 3, 4]);
                if random.one_in(10) { random.pick(&[0, 1, 5000]) } else { pages }
            }
            ("load" | "store", 0) => random.below(8 * PAGE_BYTES) as i64,
            ("load", _) => any_length(random) as i64,
            ("getlk" | "setlk" | "ofd_getlk" | "ofd_setlk", 2) => {
                random.pick(&[0, 0, 0, 0, 0, 0, 1, 2, 3])
            }
            ("ofd_getlk" | "ofd_setlk", 5) => i64::from(random.one_in(20)),
            ("getlk" | "setlk" | "ofd_getlk" | "ofd_setlk", index) => match random.below(20) {
                0 => random.pick(&[i64::MAX, i64::MAX - 5, i64::MIN]),
                1 => -(random.below(8) as i64),
                2 if index == 4 => 0,
                _ => random.below(20) as i64,
            },
            ("eventfd2", _) => random.pick(&[0, 0, 1, 3, u32::MAX.into()]),
            ("event_write", _) => random.pick(&[0, 1, 1, 2, 7, i64::MAX, -3, -2, -1]),
            ("flock", _) => random.pick(&[1, 1, 2, 2, 8, 8, 3, 0]),
            ("setxattr" | "lsetxattr" | "fsetxattr", _) => random.pick(&[0, 0, 0, 1, 2, 3, 4]),
            (
                "getxattr" | "lgetxattr" | "fgetxattr" | "listxattr" | "llistxattr" | "flistxattr",
                _,
            ) => random.pick(&[0, 1, 30, 100, 1000, 5000, 70_000]),
            _ => self.offset(),
        }
    }
}

/// Bytes of a page.
const PAGE_BYTES: u64 = 4096;

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

fn any_length(random: &mut Random) -> u64 {
    match random.below(6) {
        0 => 0,
        1 => random.below(10),
        2 => random.below(300),
        3 => random.pick(&[4095, 4096, 4097, 8192]),
        _ => random.below(12_000),
    }
}

fn any_offset(random: &mut Random) -> i64 {
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
    if name == "statx" && random.one_in(3) {
        return random.pick(&[0x2000, 0x4000, 0x6000]);
    }
    let flags = random.pick(&[0, 0, of_call, of_call, libc::AT_EMPTY_PATH, 0x8000]);
    i64::from(if random.one_in(10) { flags | libc::AT_EMPTY_PATH } else { flags })
}
