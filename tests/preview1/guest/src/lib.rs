//! What the theme programs share: [`Theme`], which keeps the checks, and the calls of preview1 ([`calls`]), in bytes and numbers.
//!
//! A theme runs on wasmtime's host directory first (its argument is `host`) and then packed (`packed`). It prints a line
//! for each check and ends with status 1 if one failed. An expected value is what the host directory answers; where a packed
//! program answers otherwise on purpose, the check says both ([`Theme::differs`]) and DEVIATIONS.md says why.

pub mod calls;
pub mod errno;

use std::fmt::Debug;

pub use calls::*;
pub use errno::*;

/// The checks of one theme.
pub struct Theme {
    packed: bool,
    checks: u32,
    failed: u32,
    /// The preopened `/`.
    pub root: Fd,
    /// A directory of the theme's own, empty, open without being a preopen.
    pub dir: Fd,
}

impl Theme {
    /// Begins: opens an empty directory to work in.
    pub fn start() -> Theme {
        let packed = match std::env::args().nth(1).as_deref() {
            Some("packed") => true,
            Some("host") => false,
            other => fail(&format!("arguments: expected `host` or `packed`, got {other:?}")),
        };
        let root =
            preopen("/").unwrap_or_else(|| fail("preopen: expected one named `/`, got none"));
        mkdir(root, "scratch").need("mkdir scratch");
        let dir = open(root, "scratch", O_DIRECTORY, 0, 0).need("open scratch");
        Theme { packed, checks: 0, failed: 0, root, dir }
    }

    /// A check: `got` must be `expected`.
    pub fn is<T: PartialEq + Debug>(&mut self, name: &str, got: T, expected: T) {
        self.checks += 1;
        if got == expected {
            say(&format!("ok {name}"));
        } else {
            self.failed += 1;
            say(&format!("FAILED {name}: expected {expected:?}, got {got:?}"));
        }
    }

    /// A check of something that is one thing on a host directory and another, on purpose, in a packed program.
    pub fn differs<T: PartialEq + Debug>(&mut self, name: &str, got: T, host: T, packed: T) {
        let expected = if self.packed { packed } else { host };
        self.is(name, got, expected);
    }

    /// A check of something that hosts differ in, by their kernels: `got` must be one of `answers` on a host
    /// directory and the first of them in a packed program.
    pub fn is_one_of<T: PartialEq + Debug>(&mut self, name: &str, got: T, answers: [T; 2]) {
        let [first, second] = answers;
        let expected = if !self.packed && got == second { second } else { first };
        self.is(name, got, expected);
    }

    /// Whether this is a packed program.
    pub fn is_packed(&self) -> bool {
        self.packed
    }

    /// Makes a file with these contents in the directory.
    pub fn file(&self, path: &str, contents: &[u8]) {
        let fd = open(self.dir, path, O_CREAT | O_TRUNC, WRITE, 0).need(path);
        write(fd, contents).need(path);
        close(fd).need(path);
    }

    /// What a file in the directory holds.
    pub fn contents(&self, path: &str) -> Answer<Vec<u8>> {
        let fd = open(self.dir, path, 0, READ, 0)?;
        let contents = read(fd, 4096);
        close(fd)?;
        contents
    }

    /// Opens a file in the directory for reading and writing; it is created.
    pub fn create(&self, path: &str) -> Fd {
        open(self.dir, path, O_CREAT, READ | WRITE, 0).need(path)
    }

    /// Ends the program.
    pub fn end(self) -> ! {
        say(&format!("{} checks, {} failed", self.checks, self.failed));
        std::process::exit(i32::from(self.failed > 0))
    }
}

/// The descriptor of the preopen with this name.
pub fn preopen(name: &str) -> Option<Fd> {
    (3..).map_while(|fd| prestat(fd).ok().map(|len| (fd, len))).find_map(|(fd, len)| {
        let found = prestat_dir_name(fd, len).ok()?;
        (found == name.as_bytes()).then_some(fd)
    })
}

/// For what must work before anything can be checked.
pub trait Need<T> {
    /// The value, or the end of the program.
    fn need(self, what: &str) -> T;
}

impl<T> Need<T> for Answer<T> {
    fn need(self, what: &str) -> T {
        self.unwrap_or_else(|errno| {
            fail(&format!("set-up ({what}): expected success, got {errno:?}"))
        })
    }
}

fn fail(what: &str) -> ! {
    say(&format!("FAILED {what}"));
    std::process::exit(1)
}

/// A line on standard output, in one piece and at once.
fn say(line: &str) {
    let line = format!("{line}\n");
    let mut rest = line.as_bytes();
    while let Ok(written) = write(1, rest) {
        rest = &rest[written..];
        if rest.is_empty() {
            return;
        }
    }
}
