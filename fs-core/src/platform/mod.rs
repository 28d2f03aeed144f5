//! What the filesystem asks of the world around it: the time, and the bytes of the baked contents.
//!
//! Neighbours: [`crate::platform::user_memory`] is the other side, where callers' bytes live.
//! Nothing else comes from outside: no addresses, no threads, and randomness only for whoever reads
//! the random devices.

use crate::base::errno::Errno;
use crate::base::time::Timespec;
use crate::platform::foreign::{DirectoryId, Foreign};

pub(crate) mod foreign;
pub mod user_memory;

/// The embedder's side of a filesystem.
///
/// A native embedder may use [`NoContents`] or [`ByteContents`]; the adapter reads the clock of the
/// host and a passive data segment.
///
/// The constants say which families of calls the embedder never makes. What those families need in
/// the paths that all calls share (a list of watches looked at by every write, say) then folds away
/// at compile time. A call of a family that is switched off answers what a Linux answers that was
/// built without it; each constant says what. The defaults switch everything on but
/// [`FOREIGN`](Self::FOREIGN) and [`USER_MEMORY`](Self::USER_MEMORY).
pub trait Platform {
    /// Whether pipes are read and written, by pipe(2) or by opening a named one, and eventfd(2) is
    /// called. Without, pipe(2) and eventfd(2) are `ENOSYS` and opening a name `ENXIO`.
    const PIPES: bool = true;

    /// Whether inotify(7) instances are made. Without, its calls are `ENOSYS`, and a directory does
    /// not know its own entry either: getcwd(2) then searches its parent for it.
    const NOTIFY: bool = true;

    /// Whether files are locked, by flock(2) or by the record locks of fcntl(2). Without, flock(2)
    /// is `ENOSYS`, asking for a record lock `EINVAL` and setting one `EACCES`.
    const LOCKS: bool = true;

    /// Whether processes have root directories of their own. Without, chroot(2) is `ENOSYS`.
    const CHROOT: bool = true;

    /// Whether extended attributes are set. Without, no file has any, and other calls on them are
    /// `EOPNOTSUPP`.
    const XATTRS: bool = true;

    /// Whether files are made without a name (`O_TMPFILE`). Without, that flag of open(2) is
    /// only the `O_DIRECTORY` that it contains, so it is `EISDIR`.
    const UNNAMED_FILES: bool = true;

    /// Whether files are mapped (mmap(2)). Without, the calls on mappings are `ENOSYS`, and no
    /// address may be loaded or stored.
    const MAPPINGS: bool = true;

    /// Whether mappings lie in memory that the embedder's program has, and reads and writes by
    /// itself (a WebAssembly memory): addresses are the program's, and there are no page faults.
    /// Like [`FOREIGN`](Self::FOREIGN) it asks for an embedder that takes part: the six methods
    /// from `user_size` to `contents_to_user` are called only if this is set. Without, addresses are numbers that
    /// only [`Fs::load`](crate::Fs::load) and [`Fs::store`](crate::Fs::store) know; with it those
    /// two are `ENOSYS`. No effect without [`MAPPINGS`](Self::MAPPINGS).
    ///
    /// That memory never shrinks, and addresses in it stay good. Every range that is passed to
    /// these methods lies in memory that `user_grow` gave.
    const USER_MEMORY: bool = false;

    /// Whether anybody but the superuser makes calls. Without, permissions are not looked at.
    const PERMISSIONS: bool = true;

    /// Whether there are limits of bytes and inodes
    /// ([`Config::max_bytes`](crate::Config::max_bytes),
    /// [`Config::max_inodes`](crate::Config::max_inodes)). Without, those are not looked at.
    const LIMITS: bool = true;

    /// Whether device nodes have drivers. Without, opening one is `ENXIO`.
    const DEVICES: bool = true;

    /// Whether reading may update access times
    /// ([`Config::access_times`](crate::Config::access_times)).
    const ACCESS_TIMES: bool = true;

    /// Whether the filesystem knows what differs from the tree that was sealed
    /// ([`Fs::seal`](crate::Fs::seal)). Without, [`Fs::changes`](crate::Fs::changes) and
    /// [`Fs::revert`](crate::Fs::revert) are `ENOSYS`.
    const CHANGES: bool = true;

    /// Whether entries of directories may be the embedder's
    /// ([`Fs::set_foreign`](crate::Fs::set_foreign)). Unlike the other families this one asks for
    /// an embedder that takes part, so the default is that there is none.
    const FOREIGN: bool = false;

    /// The current time (`CLOCK_REALTIME`), for timestamps.
    ///
    /// It is asked at most once for each call that changes something, and never by a read.
    fn current_time(&self) -> Timespec;

    /// Copies bytes of the baked contents into this crate's own memory.
    ///
    /// `offset + dst.len()` lies within the baked contents: ranges come from the manifest, and the
    /// embedder that made the manifest made the baked contents.
    fn contents_to_kernel(&self, dst: &mut [u8], offset: u64);

    /// Whether a copy from the baked contents has failed since this was asked last. It can fail for
    /// the bytes of a [`LowerFile`](crate::LowerFile). What was not copied is zero then.
    ///
    /// Where [`FOREIGN`](Self::FOREIGN) is set, the filesystem asks after each read from the baked
    /// contents and after each page that it copies up. The call for which it copied fails with
    /// `EIO`, or returns how many bytes it moved before; the embedder need not ask.
    fn contents_failed(&self) -> bool {
        false
    }

    /// How many pages of 64 KiB the program's memory has (`memory.size`).
    fn user_size(&self) -> u32 {
        0
    }

    /// Grows the program's memory by `pages` pages of 64 KiB, which are zero (`memory.grow`);
    /// returns the number of the first of them, or `None` if there is no more memory.
    ///
    /// The new pages need not follow those of the last call, for the program may grow its memory
    /// too. They must be nobody else's from then on.
    fn user_grow(&self, _pages: u32) -> Option<u32> {
        None
    }

    /// Copies `src` to the program's memory (`memory.copy`).
    fn copy_to_user(&self, _dst_addr: u32, _src: &[u8]) {}

    /// Fills `dst` from the program's memory (`memory.copy`).
    fn copy_from_user(&self, _dst: &mut [u8], _src_addr: u32) {}

    /// Writes `len` zeros to the program's memory (`memory.fill`).
    fn clear_user(&self, _addr: u32, _len: usize) {}

    /// Copies `len` bytes of the baked contents, from `offset`, to the program's memory
    /// (`memory.init`). As for [`contents_to_kernel`](Self::contents_to_kernel), the range lies
    /// within the baked contents, and a copy that fails is told by
    /// [`contents_failed`](Self::contents_failed).
    fn contents_to_user(&self, _addr: u32, _offset: u64, _len: usize) {}

    /// A path walk stops, with `EREMOTE`, at a directory whose entries are the embedder's. `rest`
    /// is what is left of the path, or of the target of a symbolic link, from there on: empty, or
    /// all slashes, if the path ends there.
    fn walk_stopped(&self, _at: DirectoryId, _foreign: Foreign, _rest: &[u8]) {}

    /// The walk that stopped was that of a link's target; this is what follows the link. To be
    /// appended, with a slash before it.
    fn walk_stopped_in_link(&self, _rest: &[u8]) {}

    /// 64 random bits, for who reads `/dev/random` or `/dev/urandom`. A platform has none unless it
    /// says so.
    ///
    /// # Errors
    ///
    /// `ENODEV`: it has none. Others as the platform sees fit.
    fn random(&self) -> Result<u64, Errno> {
        Err(Errno::ENODEV)
    }
}

/// A clock that stands still, and no baked contents: for tests and examples.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoContents {
    /// What [`Platform::current_time`] answers.
    pub now: Timespec,
}

impl Platform for NoContents {
    fn current_time(&self) -> Timespec {
        self.now
    }

    fn contents_to_kernel(&self, dst: &mut [u8], _offset: u64) {
        dst.fill(0);
    }
}

/// Baked contents that are a slice in the same address space.
#[derive(Clone, Copy, Debug, Default)]
pub struct ByteContents<'a> {
    /// What [`Platform::current_time`] answers.
    pub now: Timespec,
    /// The bytes of all baked files, one after another.
    pub baked: &'a [u8],
}

impl Platform for ByteContents<'_> {
    fn current_time(&self) -> Timespec {
        self.now
    }

    /// Bytes that the baked contents do not have read as zero.
    fn contents_to_kernel(&self, dst: &mut [u8], offset: u64) {
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        let src = self.baked.get(from..).unwrap_or_default();
        let len = src.len().min(dst.len());
        let (head, tail) = dst.split_at_mut(len);
        head.copy_from_slice(src.get(..len).unwrap_or_default());
        tail.fill(0);
    }
}
