//! A small world and calls in it, each encoded in eight bytes: what the fault test and the fuzz target `calls` share.
//!
//! Every code is a call that can be made; what does not fit is taken modulo what there is. Nothing here allocates while
//! a call is made.

use wasm_vfs_core::manifest::{Attributes, Record, RecordKind};
use wasm_vfs_core::{
    AtFlags, ByteImage, Config, Credentials, Dev, Errno, FallocateMode, Fcntl, Fd, FlockOperation,
    Fs, Ioctl, OFlags, Population, Process, RenameFlags, SpliceFlags, TimeSpecifier, Timespec,
    Whence, XattrFlags,
};

/// How many bytes a call is encoded in.
pub(crate) const CODE_BYTES: usize = 8;

/// A call: its number, who makes it, and what its arguments are picked by.
pub(crate) type Code = [u8; CODE_BYTES];

/// How long the longest buffer is.
const BUFFER_BYTES: usize = 70_000;

/// What files are written from. Longer than a pipe is, and no multiple of a page.
static DATA: [u8; BUFFER_BYTES] = pattern();

#[expect(clippy::cast_possible_truncation, reason = "a remainder below 251")]
const fn pattern() -> [u8; BUFFER_BYTES] {
    let mut bytes = [0; BUFFER_BYTES];
    let mut at = 0;
    while at < BUFFER_BYTES {
        // A prime, so that no two pages are alike.
        bytes[at] = (at % 251) as u8;
        at += 1;
    }
    bytes
}

const LONGEST_NAME: &[u8] = &[b'n'; 255];
const TOO_LONG_NAME: &[u8] = &[b'n'; 256];

const PATHS: &[&[u8]] = &[
    b"a",
    b"b",
    b"d",
    b"d/a",
    b"d/e",
    b"d/e/f",
    b"d/e/g",
    b"link",
    b"d/link",
    b"image",
    b"fifo",
    b"other",
    b"d/link/a",
    b"/d/e/../a",
    b"a/",
    b"d/",
    b"",
    b".",
    b"..",
    b"/",
    b"link/x",
    LONGEST_NAME,
    TOO_LONG_NAME,
    b"d/e/.././../d/b",
];

const TARGETS: &[&[u8]] = &[b"a", b"d", b"../a", b"/d/e", b"link", b"..", b"/", LONGEST_NAME];

const MODES: &[u32] = &[0o644, 0o600, 0o777, 0o000, 0o755, 0o4755, 0o2775, 0o1777];

const LENGTHS: &[usize] = &[0, 1, 17, 100, 4095, 4096, 4097, 20_000, 65_536, BUFFER_BYTES];

const OFFSETS: &[i64] = &[0, 1, 100, 4095, 4096, 5000, 65_536, 1 << 20, 1 << 40, i64::MAX - 10, -1];

const OPEN_FLAGS: &[OFlags] = &[
    OFlags::RDONLY,
    OFlags::RDWR.union(OFlags::CREAT),
    OFlags::RDWR,
    OFlags::WRONLY.union(OFlags::CREAT).union(OFlags::EXCL),
    OFlags::WRONLY.union(OFlags::TRUNC),
    OFlags::RDWR.union(OFlags::APPEND).union(OFlags::CREAT),
    OFlags::PATH,
    OFlags::PATH.union(OFlags::NOFOLLOW),
    OFlags::RDONLY.union(OFlags::DIRECTORY),
    OFlags::RDWR.union(OFlags::NONBLOCK),
    OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::CLOEXEC),
];

const XATTR_NAMES: &[&[u8]] = &[b"user.a", b"user.b", b"trusted.x", b"security.y", b"nothing"];

const WHENCES: &[Whence] = &[Whence::Set, Whence::Cur, Whence::End, Whence::Data, Whence::Hole];

const TIMES: &[TimeSpecifier] = &[
    TimeSpecifier::Now,
    TimeSpecifier::Omit,
    TimeSpecifier::At(Timespec::new(-5, 999_999_999)),
    TimeSpecifier::At(Timespec::new(1 << 33, 1)),
];

/// A filesystem with something in it, and its processes: the superuser, two users of one group, and a child of the first.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) fs: Fs<ByteImage<'static>>,
    pub(crate) processes: Vec<Process>,
    /// Whether the last process is there.
    has_child: bool,
    buffer: Vec<u8>,
}

/// A filesystem with one baked file, one directory and one link, and limits that can be reached.
impl World {
    pub(crate) fn new() -> World {
        let config = Config {
            max_bytes: 4 << 20,
            max_inodes: 60,
            max_fds: 90,
            root_mode: 0o777,
            ..Config::default()
        };
        let platform = ByteImage { image: &DATA, ..ByteImage::default() };
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
        let [number, who, bytes @ ..] = code;
        let args = Args(bytes);
        let who = usize::from(who) % self.processes.len();
        let World { fs, processes, buffer, .. } = self;
        let p = &mut processes[who];
        let fd_pair = |[read, write]: [Fd; 2]| (read << 8 | write).unsigned_abs().into();
        match number % CALLS {
            // Opening comes often: most of the others want a descriptor.
            0..=3 => fs
                .openat(p, args.fd_or_cwd(1), args.path(0), args.pick(2, OPEN_FLAGS), args.mode(3))
                .map(from_fd),
            4 => fs.close(p, args.fd(0)).map(unit),
            5 => fs.mkdirat(p, args.fd_or_cwd(1), args.path(0), args.mode(3)).map(unit),
            6 => {
                let flags = args.pick(3, &[AtFlags::empty(), AtFlags::REMOVEDIR]);
                fs.unlinkat(p, args.fd_or_cwd(1), args.path(0), flags).map(unit)
            }
            7 | 8 => {
                let flags = RenameFlags::from_bits_retain(u32::from(args.0[4] % 5));
                let (old, new) = (args.fd_or_cwd(2), args.fd_or_cwd(3));
                fs.renameat2(p, old, args.path(0), new, args.path(1), flags).map(unit)
            }
            9 => {
                let flags =
                    args.pick(4, &[AtFlags::empty(), AtFlags::SYMLINK_FOLLOW, AtFlags::EMPTY_PATH]);
                let (old, new) = (args.fd_or_cwd(2), args.fd_or_cwd(3));
                fs.linkat(p, old, args.path(0), new, args.path(1), flags).map(unit)
            }
            10 => fs.symlinkat(p, args.pick(1, TARGETS), args.fd_or_cwd(2), args.path(0)).map(unit),
            11 => {
                let kind = u32::from(args.0[1] & 0xf) << 12;
                fs.mknod(p, args.path(0), kind | args.mode(2), Dev(0x103)).map(unit)
            }
            12 | 13 => fs.write(p, args.fd(0), &DATA[..args.length(1)]).map(size),
            14 | 15 => {
                let data = &DATA[DATA.len() - args.length(1)..];
                fs.pwrite64(p, args.fd(0), data, args.offset(2)).map(size)
            }
            16 => fs.read(p, args.fd(0), &mut buffer[..args.length(1)]).map(size),
            17 => {
                let buffer = &mut buffer[..args.length(1)];
                fs.pread64(p, args.fd(0), buffer, args.offset(2)).map(size)
            }
            18 => fs.ftruncate(p, args.fd(0), args.offset(2)).map(unit),
            19 => fs.truncate(p, args.path(0), args.offset(2)).map(unit),
            20 => {
                let mode = FallocateMode::from_bits_retain(u32::from(args.0[4] & 0x3));
                fs.fallocate(p, args.fd(0), mode, args.offset(1), args.offset(2)).map(unit)
            }
            21 => fs.lseek(p, args.fd(0), args.offset(1), args.pick(2, WHENCES)),
            22 => fs.getdents64(p, args.fd(0), &mut buffer[..args.length(1)]).map(size),
            23 => fs.dup(p, args.fd(0)).map(from_fd),
            24 => fs.dup3(p, args.fd(0), args.fd(1), OFlags::CLOEXEC).map(from_fd),
            25 => {
                let from = Fd::from(args.0[1]);
                let command = args.pick(
                    2,
                    &[
                        Fcntl::DupFd(from),
                        Fcntl::DupFdCloexec(from),
                        Fcntl::SetFl(OFlags::APPEND),
                        Fcntl::SetFl(OFlags::NONBLOCK),
                        Fcntl::GetFl,
                    ],
                );
                fs.fcntl(p, args.fd(0), command).map(u64::from)
            }
            26 => fs.chmod(p, args.path(0), args.mode(1)).map(unit),
            27 => {
                let owner = args.pick(1, &[u32::MAX, 0, 1000, 1001]);
                let group = args.pick(2, &[u32::MAX, 0, 100, 7]);
                fs.lchown(p, args.path(0), owner, group).map(unit)
            }
            28 => {
                let times = [args.pick(1, TIMES), args.pick(2, TIMES)];
                fs.utimensat(p, args.fd_or_cwd(3), args.path(0), times, AtFlags::empty()).map(unit)
            }
            29 => fs.stat(p, args.path(0)).map(|stat| stat.st_size),
            30 => fs.pipe2(p, args.pick(0, &[OFlags::empty(), OFlags::DIRECT])).map(fd_pair),
            31 => fs
                .splice(p, args.fd(0), None, args.fd(1), None, args.length(2), SpliceFlags::empty())
                .map(size),
            32 => fs.tee(p, args.fd(0), args.fd(1), args.length(2), SpliceFlags::empty()).map(size),
            33 => fs.sendfile(p, args.fd(0), args.fd(1), None, args.length(2)).map(size),
            34 => {
                let (mut off_in, mut off_out) = (args.offset(2), args.offset(3));
                let (off_in, off_out) = (Some(&mut off_in), Some(&mut off_out));
                let (from, to) = (args.fd(0), args.fd(1));
                fs.copy_file_range(p, from, off_in, to, off_out, args.length(4), 0).map(size)
            }
            35 => {
                let flags =
                    args.pick(3, &[XattrFlags::empty(), XattrFlags::CREATE, XattrFlags::REPLACE]);
                let value = &DATA[..args.length(2)];
                fs.lsetxattr(p, args.path(0), args.pick(1, XATTR_NAMES), value, flags).map(unit)
            }
            36 => fs.lremovexattr(p, args.path(0), args.pick(1, XATTR_NAMES)).map(unit),
            37 => fs.llistxattr(p, args.path(0), &mut buffer[..args.length(1)]).map(size),
            38 => {
                let operation = FlockOperation::from_bits_retain(u32::from(args.0[1] & 0xf));
                fs.flock(p, args.fd(0), operation).map(unit)
            }
            39 => fs.ioctl(p, args.fd(0), Ioctl::FioNRead).map(from_fd),
            40 => fs.readlinkat(p, args.fd_or_cwd(1), args.path(0), &mut buffer[..300]).map(size),
            41 => fs.reopen(p, args.fd(0), args.pick(2, OPEN_FLAGS)).map(from_fd),
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

/// One more than the highest number of a call.
const CALLS: u8 = 43;

fn unit(_: ()) -> u64 {
    0
}

fn size(bytes: usize) -> u64 {
    bytes as u64
}

fn from_fd(fd: Fd) -> u64 {
    fd.unsigned_abs().into()
}

/// What arguments are picked by.
struct Args([u8; CODE_BYTES - 2]);

impl Args {
    fn pick<T: Copy>(&self, position: usize, from: &[T]) -> T {
        from[usize::from(self.0[position]) % from.len()]
    }

    fn path(&self, position: usize) -> &'static [u8] {
        self.pick(position, PATHS)
    }

    fn mode(&self, position: usize) -> u32 {
        self.pick(position, MODES)
    }

    fn length(&self, position: usize) -> usize {
        self.pick(position, LENGTHS)
    }

    fn offset(&self, position: usize) -> i64 {
        self.pick(position, OFFSETS)
    }

    /// Mostly one that is open.
    fn fd(&self, position: usize) -> Fd {
        match self.0[position] {
            255 => -1,
            254 => 1000,
            253 => 89,
            byte => Fd::from(byte % 6),
        }
    }

    fn fd_or_cwd(&self, position: usize) -> Fd {
        match self.0[position] {
            byte if byte < 200 => wasm_vfs_core::AT_FDCWD,
            _ => self.fd(position),
        }
    }
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
    add(0, b"image", 0o666, RecordKind::Regular { image_offset: 3, len: 9000 });
    add(0, b"link", 0o777, RecordKind::Symlink { target: b"d" });
    bytes
}
