//! What the arguments of calls are picked from: for each kind of argument a table that has the
//! ordinary and the odd.

use wasm_vfs_core::{
    AT_FDCWD, Fd, InotifyMask, MapFlags, OFlags, Prot, ResolveFlags, TimeSpecifier, Timespec,
    Whence,
};

use super::CODE_BYTES;

/// How long the longest buffer is.
pub(crate) const BUFFER_BYTES: usize = 70_000;

/// What files are written from. Longer than a pipe is, and no multiple of a page.
pub(crate) static DATA: [u8; BUFFER_BYTES] = pattern();

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
    b"baked",
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
    OFlags::RDWR.union(OFlags::TMPFILE),
];

const RESOLVES: &[ResolveFlags] = &[
    ResolveFlags::empty(),
    ResolveFlags::BENEATH,
    ResolveFlags::IN_ROOT,
    ResolveFlags::NO_SYMLINKS,
    ResolveFlags::CACHED,
];

const XATTR_NAMES: &[&[u8]] = &[b"user.a", b"user.b", b"trusted.x", b"security.y", b"nothing"];

const WHENCES: &[Whence] = &[Whence::Set, Whence::Cur, Whence::End, Whence::Data, Whence::Hole];

const TIMES: &[TimeSpecifier] = &[
    TimeSpecifier::Now,
    TimeSpecifier::Omit,
    TimeSpecifier::At(Timespec::new(-5, 999_999_999)),
    TimeSpecifier::At(Timespec::new(1 << 33, 1)),
];

const MASKS: &[InotifyMask] = &[
    InotifyMask::ALL_EVENTS,
    InotifyMask::ALL_EVENTS.union(InotifyMask::ONESHOT),
    InotifyMask::MODIFY,
    InotifyMask::CREATE.union(InotifyMask::MASK_ADD),
    InotifyMask::MOVE.union(InotifyMask::ONLYDIR),
    InotifyMask::ALL_EVENTS.union(InotifyMask::EXCL_UNLINK),
    InotifyMask::empty(),
];

const PROTS: &[Prot] = &[Prot::READ.union(Prot::WRITE), Prot::READ, Prot::WRITE, Prot::empty()];

const MAP_FLAGS: &[MapFlags] = &[
    MapFlags::SHARED,
    MapFlags::PRIVATE,
    MapFlags::SHARED.union(MapFlags::ANONYMOUS),
    MapFlags::PRIVATE.union(MapFlags::ANONYMOUS),
    MapFlags::PRIVATE.union(MapFlags::FIXED),
    MapFlags::SHARED.union(MapFlags::FIXED),
    MapFlags::PRIVATE.union(MapFlags::ANONYMOUS).union(MapFlags::FIXED_NOREPLACE),
];

/// Where the first mapping goes that asks for no address.
pub(crate) const FIRST_ADDRESS: u64 = 1 << 16;

/// How many pages from there on are worth looking at.
pub(crate) const PAGES: u64 = 32;

/// What arguments are picked by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Args(pub(crate) [u8; CODE_BYTES - 2]);

impl Args {
    pub(crate) fn pick<T: Copy>(&self, position: usize, from: &[T]) -> T {
        from[usize::from(self.0[position]) % from.len()]
    }

    /// A number below 256.
    pub(crate) fn number(&self, position: usize) -> u32 {
        u32::from(self.0[position])
    }

    pub(crate) fn path(&self, position: usize) -> &'static [u8] {
        self.pick(position, PATHS)
    }

    pub(crate) fn target(&self, position: usize) -> &'static [u8] {
        self.pick(position, TARGETS)
    }

    pub(crate) fn mode(&self, position: usize) -> u32 {
        self.pick(position, MODES)
    }

    pub(crate) fn length(&self, position: usize) -> usize {
        self.pick(position, LENGTHS)
    }

    /// That many bytes to write.
    pub(crate) fn data(&self, position: usize) -> &'static [u8] {
        &DATA[..self.length(position)]
    }

    pub(crate) fn offset(&self, position: usize) -> i64 {
        self.pick(position, OFFSETS)
    }

    pub(crate) fn open_flags(&self, position: usize) -> OFlags {
        self.pick(position, OPEN_FLAGS)
    }

    pub(crate) fn resolve(&self, position: usize) -> ResolveFlags {
        self.pick(position, RESOLVES)
    }

    pub(crate) fn xattr_name(&self, position: usize) -> &'static [u8] {
        self.pick(position, XATTR_NAMES)
    }

    pub(crate) fn whence(&self, position: usize) -> Whence {
        self.pick(position, WHENCES)
    }

    pub(crate) fn times(&self, position: usize) -> [TimeSpecifier; 2] {
        let byte = self.0[position];
        [TIMES[usize::from(byte % 4)], TIMES[usize::from(byte / 4 % 4)]]
    }

    pub(crate) fn owner(&self, position: usize) -> u32 {
        self.pick(position, &[u32::MAX, 0, 1000, 1001])
    }

    pub(crate) fn group(&self, position: usize) -> u32 {
        self.pick(position, &[u32::MAX, 0, 100, 7])
    }

    pub(crate) fn mask(&self, position: usize) -> InotifyMask {
        self.pick(position, MASKS)
    }

    pub(crate) fn prot(&self, position: usize) -> Prot {
        self.pick(position, PROTS)
    }

    pub(crate) fn map_flags(&self, position: usize) -> MapFlags {
        self.pick(position, MAP_FLAGS)
    }

    /// The start of a page, mostly one of the first that are mapped.
    pub(crate) fn address(&self, position: usize) -> u64 {
        match self.0[position] {
            255 => 0,
            254 => u64::MAX - 4095,
            byte => FIRST_ADDRESS + u64::from(byte) % PAGES * 4096,
        }
    }

    /// Mostly one that is open.
    pub(crate) fn fd(&self, position: usize) -> Fd {
        match self.0[position] {
            255 => -1,
            254 => 1000,
            253 => 89,
            byte => Fd::from(byte % 6),
        }
    }

    pub(crate) fn fd_or_cwd(&self, position: usize) -> Fd {
        match self.0[position] {
            byte if byte < 200 => AT_FDCWD,
            _ => self.fd(position),
        }
    }
}
