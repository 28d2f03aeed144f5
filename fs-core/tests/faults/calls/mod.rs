//! A small world and calls in it, each encoded in eight bytes: what the fault test and the fuzz
//! target `calls` share.
//!
//! Every code is a call that can be made; what does not fit is taken modulo what there is. Nothing
//! here allocates while a call is made. The calls are in tables by family, and [`all`] is every
//! call that fs-core has: a test holds that against its source.

mod args;
mod attributes;
mod data;
mod memory;
mod names;

use wasm_vfs_core::manifest::{Attributes, Record, RecordKind};
use wasm_vfs_core::{ByteContents, Config, Credentials, Errno, Fd, Fs, Population, Process};

use args::{Args, BUFFER_BYTES, DATA};
#[allow(unused_imports, reason = "the fuzz target does not look into memory")]
pub(crate) use args::{FIRST_ADDRESS, PAGES};

/// How many bytes a call is encoded in.
pub(crate) const CODE_BYTES: usize = 8;

/// A call: its number, who makes it, and what its arguments are picked by.
pub(crate) type Code = [u8; CODE_BYTES];

/// A call that is being made.
pub(crate) struct Caller<'a> {
    fs: &'a mut Fs<ByteContents<'static>>,
    p: &'a mut Process,
    args: Args,
    /// What is read goes here.
    buffer: &'a mut [u8],
}

/// Makes a call; the answer is what it returned, as a number.
type Make = fn(&mut Caller<'_>) -> Result<u64, Errno>;

/// The calls by family: name and how each is made.
const FAMILIES: [&[(&str, Make)]; 4] =
    [names::CALLS, data::CALLS, attributes::CALLS, memory::CALLS];

/// Made of the world itself.
const FORK: &str = "fork";

/// Every call, by name. The number of one is its place.
fn all() -> impl Iterator<Item = (&'static str, Option<Make>)> {
    let calls = FAMILIES.into_iter().flatten().map(|&(name, make)| (name, Some(make)));
    calls.chain([(FORK, None)])
}

/// The code of a call of the superuser's.
///
/// # Panics
///
/// There is no call of that name.
#[allow(dead_code, reason = "the fuzz target makes its codes otherwise")]
pub(crate) fn code(name: &str, args: [u8; CODE_BYTES - 2]) -> Code {
    let place = all().position(|(known, _)| known == name);
    let number = place.unwrap_or_else(|| panic!("no call `{name}`"));
    let [a, b, c, d, e, f] = args;
    [u8::try_from(number).unwrap(), 0, a, b, c, d, e, f]
}

/// The names of all calls.
#[allow(dead_code, reason = "the fuzz target does not ask")]
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    all().map(|(name, _)| name)
}

/// A filesystem with something in it, and its processes: the superuser, two users of one group, and
/// a child of the first.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) fs: Fs<ByteContents<'static>>,
    pub(crate) processes: Vec<Process>,
    /// Whether the last process is there.
    has_child: bool,
    buffer: Vec<u8>,
}

/// A filesystem with one baked file, one directory and one link, and limits that can be reached.
impl World {
    pub(crate) fn new() -> World {
        World::with_inodes(60)
    }

    /// One in which so many files may be.
    pub(crate) fn with_inodes(max_inodes: u32) -> World {
        let config = Config {
            max_bytes: 4 << 20,
            max_inodes,
            max_fds: 90,
            root_mode: 0o777,
            ..Config::default()
        };
        let platform = ByteContents { baked: &DATA, ..ByteContents::default() };
        let mut fs = Fs::new(platform, config).unwrap();
        let mut population = Population::default();
        fs.populate(&mut population, &records()).unwrap();
        fs.finish_population(population);
        let users = [Credentials::ROOT, Credentials::user(1000, 100), Credentials::user(1001, 100)];
        let mut processes: Vec<Process> =
            users.into_iter().map(|user| fs.spawn(user).unwrap()).collect();
        // So that a child is added without asking for memory.
        processes.reserve_exact(1);
        World { fs, processes, has_child: false, buffer: vec![0; BUFFER_BYTES] }
    }

    /// Every process.
    pub(crate) fn all(&self) -> Vec<&Process> {
        self.processes.iter().collect()
    }

    /// Makes the call; the answer is what it returned, as a number.
    pub(crate) fn call(&mut self, code: Code) -> Result<u64, Errno> {
        let [number, who, args @ ..] = code;
        let who = usize::from(who) % self.processes.len();
        let number = usize::from(number) % all().count();
        let World { fs, processes, buffer, .. } = self;
        match all().nth(number) {
            Some((_, Some(make))) => {
                make(&mut Caller { fs, p: &mut processes[who], args: Args(args), buffer })
            }
            _ => self.fork_or_exit(who),
        }
    }

    /// Makes a child of process `who`, or ends the one that there is.
    fn fork_or_exit(&mut self, who: usize) -> Result<u64, Errno> {
        if self.has_child {
            if let Some(child) = self.processes.pop() {
                self.fs.exit(child);
            }
        } else {
            let child = self.fs.fork(&self.processes[who])?;
            self.processes.push(child);
        }
        self.has_child = !self.has_child;
        Ok(0)
    }
}

fn unit(_: ()) -> u64 {
    0
}

fn size(bytes: usize) -> u64 {
    bytes as u64
}

fn from_fd(fd: Fd) -> u64 {
    fd.unsigned_abs().into()
}

fn from_pair([read, write]: [Fd; 2]) -> u64 {
    (read << 8 | write).unsigned_abs().into()
}

/// The manifest that the world begins with.
fn records() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut add = |parent, name, mode, kind| {
        let attributes = Attributes { mode, ..Attributes::default() };
        Record { parent, name, attributes, kind }.encode(&mut bytes);
    };
    add(0, b"", 0o777, RecordKind::Directory { entries: 3 });
    add(0, b"d", 0o777, RecordKind::Directory { entries: 0 });
    add(0, b"baked", 0o666, RecordKind::Regular { contents_offset: 3, len: 9000 });
    add(0, b"link", 0o777, RecordKind::Symlink { target: b"d" });
    bytes
}
