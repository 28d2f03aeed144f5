//! What an embedder may want to be told after a call.

use bitflags::bitflags;

bitflags! {
    /// What calls did since somebody last asked ([`Fs::replace_events`](crate::Fs::replace_events)).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Events: u8 {
        /// A call changed the tree, or was about to and failed.
        const CHANGED = 1 << 0;
        /// A call promised that what was written until then is stored: fsync, fdatasync, syncfs,
        /// sync, msync with `SYNC`, and writes to a file that was opened with `DSYNC` or `SYNC`.
        /// Here nothing more is done for it, for memory is all the storage there is; an embedder
        /// with a disk can keep the promise.
        const SYNC = 1 << 1;
    }
}
