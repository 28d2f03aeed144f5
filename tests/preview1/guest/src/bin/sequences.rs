//! Random sequences of calls over a few names: no theme, but a transcript, which must be the same on a host directory and packed.
//!
//! Arguments: `host` or `packed`, then the seeds. What differs on purpose (DEVIATIONS.md) is left out: descriptors are
//! called by their place in a list, and slashes are not put behind names where wasmtime and Linux disagree.

use preview1_themes::*;

const STEPS: u32 = 600;

/// Splitmix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// A path of one to four names.
    fn path(&mut self) -> String {
        let mut path = self.pick(&["a", "b", "c", "d", "a", "b", "l", "m", "..", "."]).to_owned();
        while self.one_in(2) && path.len() < 8 {
            path += "/";
            path += self.pick(&["a", "b", "c", "l", "x", "..", "."]);
        }
        path
    }

    /// One that may end with a slash.
    fn path_or_slash(&mut self) -> String {
        let slash = if self.one_in(8) { "/" } else { "" };
        self.path() + slash
    }

    /// One that ends with a name.
    fn named(&mut self) -> String {
        let dir = if self.one_in(2) { self.path() + "/" } else { String::new() };
        dir + self.pick(&["a", "b", "c", "d", "l"])
    }
}

fn shown(stat: Filestat) -> (u8, u64, Option<u64>) {
    // How long a directory is, is the filesystem's own affair.
    (stat.filetype, stat.nlink, (stat.filetype != TYPE_DIRECTORY).then_some(stat.size))
}

/// What came of a call with two paths. If the first does not exist, both may be wrong, and which error comes first is open: wasmtime
/// looks at both parents before either name.
fn of_two(exists: bool, done: Answer<()>) -> String {
    if exists { format!("{done:?}") } else { format!("fails: {}", done.is_err()) }
}

fn run(root: Fd, seed: u64) {
    let name = format!("sequence{seed}");
    mkdir(root, &name).need("mkdir");
    let base = open(root, &name, O_DIRECTORY, 0, 0).need("open");
    let mut random = Random(seed);
    let mut fds = vec![base];
    for step in 0..STEPS {
        let place = random.below(fds.len());
        let fd = if random.one_in(40) { 5000 } else { fds[place] };
        // Paths start at the base more often than at what happens to be open.
        let (at, dir) = if random.one_in(3) { (place, fd) } else { (0, base) };
        let line = match random.below(30) {
            0..=5 => {
                let (path, lookup) =
                    (random.path_or_slash(), random.pick(&[FOLLOW, FOLLOW, NOFOLLOW]));
                let oflags = random.pick(&[
                    0,
                    0,
                    O_CREAT,
                    O_CREAT,
                    O_CREAT | O_EXCL,
                    O_TRUNC,
                    O_CREAT | O_TRUNC,
                    O_DIRECTORY,
                    O_DIRECTORY,
                    O_EXCL,
                    O_DIRECTORY | O_CREAT,
                ]);
                let (rights, flags) = (
                    random.pick(&[READ, WRITE, READ | WRITE, READ | WRITE, 0]),
                    random.pick(&[0, 0, 0, APPEND, NONBLOCK]),
                );
                // What is created or cut is open for writing on a host directory, asked for or not.
                let implied = if oflags & (O_CREAT | O_TRUNC) == 0 { 0 } else { WRITE };
                let rights = rights | implied;
                let opened = open_at(dir, lookup, &path, oflags, rights, flags);
                if let Ok(fd) = opened {
                    fds.push(fd);
                }
                format!(
                    "open #{at} {path} {lookup} {oflags} {rights} {flags}: {:?}",
                    opened.map(|_| fds.len() - 1)
                )
            }
            6 if place > 0 => {
                let closed = close(fds.swap_remove(place));
                format!("close #{place}: {closed:?}")
            }
            7 if place > 0 && fds.len() > 2 => {
                let to = 1 + random.below(fds.len() - 1);
                let done = renumber(fds[place], fds[to]);
                if done.is_ok() && to != place {
                    fds.swap_remove(place);
                }
                format!("renumber #{place} #{to}: {done:?}")
            }
            8 => format!("read #{place}: {:?}", read(fd, random.below(200))),
            9..=10 => {
                let bytes = vec![step as u8; random.below(300)];
                format!("write #{place} {}: {:?}", bytes.len(), write(fd, &bytes))
            }
            11 => {
                let offset = random.pick(&[0, 1, 50, 4090, 4096, 10_000]);
                format!("pread #{place} {offset}: {:?}", pread(fd, 60, offset))
            }
            12 => {
                let offset = random.pick(&[0, 7, 4090, 4096, 10_000]);
                format!("pwrite #{place} {offset}: {:?}", pwrite(fd, &[step as u8; 20], offset))
            }
            13 => {
                let (offset, whence) =
                    (random.pick(&[0, 0, 5, -5, 4096, -100]), random.pick(&[SET, CUR, END]));
                format!("seek #{place} {offset} {whence}: {:?}", seek(fd, offset, whence))
            }
            14 => format!("tell #{place}: {:?}", tell(fd)),
            15 => {
                let size = random.pick(&[0, 1, 100, 4095, 4097, 20_000]);
                format!("truncate #{place} {size}: {:?}", truncate(fd, size))
            }
            16 => format!("fdstat #{place}: {:?}", fdstat(fd)),
            17 => {
                let flags = random.pick(&[0, APPEND, NONBLOCK, APPEND | NONBLOCK, SYNC]);
                format!("set flags #{place} {flags}: {:?}", set_fdflags(fd, flags))
            }
            18 => format!("fstat #{place}: {:?}", fstat(fd).map(shown)),
            19 => {
                let path = random.path_or_slash();
                format!("stat #{at} {path}: {:?}", stat(dir, &path).map(shown))
            }
            20 => {
                let path = random.named();
                format!("lstat #{at} {path}: {:?}", lstat(dir, &path).map(shown))
            }
            21..=22 => {
                let path = random.path_or_slash();
                format!("mkdir #{at} {path}: {:?}", mkdir(dir, &path))
            }
            23 => {
                let path = random.named();
                format!("rmdir #{at} {path}: {:?}", rmdir(dir, &path))
            }
            24 => {
                let path = random.named();
                format!("unlink #{at} {path}: {:?}", unlink(dir, &path))
            }
            25 => {
                let (old, new) = (random.named(), random.path_or_slash());
                let exists = lstat(dir, &old).is_ok();
                format!(
                    "rename #{at} {old} {new}: {}",
                    of_two(exists, rename(dir, &old, base, &new))
                )
            }
            26 => {
                let (old, new) = (random.named(), random.path_or_slash());
                let exists = lstat(dir, &old).is_ok();
                let done = link(dir, NOFOLLOW, &old, base, &new);
                format!("link #{at} {old} {new}: {}", of_two(exists, done))
            }
            27 => {
                let (target, path) = (random.path_or_slash(), random.path_or_slash());
                format!("symlink {target} #{at} {path}: {:?}", symlink(&target, dir, &path))
            }
            28 => {
                let path = random.path();
                format!("readlink #{at} {path}: {:?}", readlink(dir, &path, 6))
            }
            // Of a removed directory, wasmtime lists `.` and `..`.
            _ if fstat(fd).is_ok_and(|stat| stat.nlink == 0) => format!("removed #{place}"),
            _ => format!("names #{place}: {:?}", names(fd)),
        };
        println!("{seed}.{step} {line}");
    }
    for fd in fds {
        close(fd).need("close");
    }
}

fn main() {
    let root = preopen("/").expect("a preopen named `/`");
    for seed in std::env::args().skip(2) {
        run(root, seed.parse().expect("a seed is a number"));
    }
}
