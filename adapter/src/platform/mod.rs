//! How the filesystem asks its host: for the time, for random numbers, and for bytes of lower
//! files.
//!
//! [`crate::abi::imports`] declares the host's functions. An export that forwards a program's call
//! does not go through here.

pub(crate) mod clock;
pub(crate) mod random;
mod user_mut;

use wasm_vfs_core::{DirectoryId, Errno, Foreign, Platform, Timespec};

use crate::abi::layout;
#[cfg(feature = "calls")]
use crate::defect::{defect, len32};
use crate::foreign::MountTable;
use crate::memory::user;
#[cfg(feature = "calls")]
use crate::memory::user::UserRange;
use clock::Clock;
use random::Random;

/// The host, as the filesystem sees it.
#[derive(Debug)]
pub(crate) struct Host {
    /// What tells the time.
    pub(crate) clock: Clock,
    /// Its directories.
    pub(crate) mounts: MountTable,
    /// What random numbers come from.
    pub(crate) random: Random,
}

impl Host {
    /// The host of a filesystem that is being baked.
    pub(crate) const fn baking() -> Host {
        Host { clock: Clock::baking(), random: Random::of_host(), mounts: MountTable::new() }
    }
}

/// Whether this build serves Linux's calls.
const CALLS: bool = cfg!(feature = "calls");

impl Platform for Host {
    // No function of preview1 leads to these, a baked tree has no pipes, and the program is the
    // superuser. Linux's calls lead to all of them.
    const PIPES: bool = CALLS;
    const NOTIFY: bool = CALLS;
    const UNNAMED_FILES: bool = CALLS;
    const LOCKS: bool = CALLS;
    const CHROOT: bool = CALLS;
    const XATTRS: bool = CALLS;
    const MAPPINGS: bool = CALLS;
    const USER_MEMORY: bool = CALLS;
    const PERMISSIONS: bool = CALLS;
    const ACCESS_TIMES: bool = CALLS;
    // Only the embedder asks what changed.
    const CHANGES: bool = cfg!(feature = "host-interface");

    /// The realtime clock; 1970 if the host has none.
    fn current_time(&self) -> Timespec {
        layout::timespec(self.clock.realtime())
    }

    const FOREIGN: bool = cfg!(feature = "mounts");

    #[cfg(feature = "calls")]
    fn user_size(&self) -> u32 {
        user::program_pages()
    }

    #[cfg(feature = "calls")]
    fn user_grow(&self, pages: u32) -> Option<u32> {
        user::grow_program(pages)
    }

    #[cfg(feature = "calls")]
    fn copy_to_user(&self, dst_addr: u32, src: &[u8]) {
        mapped(dst_addr, src.len()).store_bytes(src);
    }

    #[cfg(feature = "calls")]
    fn copy_from_user(&self, dst: &mut [u8], src_addr: u32) {
        mapped(src_addr, dst.len()).copy_to_kernel(dst);
    }

    #[cfg(feature = "calls")]
    fn clear_user(&self, dst_addr: u32, len: usize) {
        mapped(dst_addr, len).clear();
    }

    #[cfg(feature = "calls")]
    fn contents_to_user(&self, dst_addr: u32, offset: u64, len: usize) {
        mapped(dst_addr, len).fill_from_baked(offset);
    }

    fn contents_to_kernel(&self, dst: &mut [u8], offset: u64) {
        if !self.mounts.lower_to_kernel(dst, offset) {
            user::contents_to_kernel(dst, offset);
        }
    }

    fn contents_failed(&self) -> bool {
        self.mounts.read_failed()
    }

    fn walk_stopped(&self, at: DirectoryId, foreign: Foreign, rest: &[u8]) {
        self.mounts.note_stop(at, foreign, rest);
    }

    fn walk_stopped_in_link(&self, rest: &[u8]) {
        self.mounts.note_rest(rest);
    }

    fn random(&self) -> core::result::Result<u64, Errno> {
        self.random.next()
    }
}

/// A range of the program's memory that a mapping has: it came from `user_grow`, and memories never
/// shrink, so another is a defect of this crate.
#[cfg(feature = "calls")]
fn mapped(addr: u32, len: usize) -> UserRange {
    UserRange::new(addr, len32(len)).unwrap_or_else(|_| {
        defect();
        UserRange::EMPTY
    })
}
