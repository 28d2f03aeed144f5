//! Answers for what only a defect of this crate can cause; `fs-core/src/base/defect.rs` does the
//! same there.
//!
//! A debug build panics and names the place. A release build answers `EIO` or takes a value that
//! does no harm: a program must not bring its embedder down, whatever is wrong here. An `EIO` of
//! another origin (a host that answers nonsense, a lower file that cannot be read) does not come
//! from here.

use wasm_vfs_core::Errno;

/// The answer of a call that met a defect.
#[inline(always)]
#[track_caller]
pub(crate) fn defect() -> Errno {
    debug_assert!(false, "a defect of wasm-vfs-adapter");
    Errno::EIO
}

/// Taking what is there unless this crate has a defect.
#[cfg_attr(
    not(feature = "host-interface"),
    allow(dead_code, reason = "most of its users are the host interface")
)]
pub(crate) trait OrDefect<T> {
    /// What is there.
    ///
    /// # Errors
    ///
    /// `EIO`: nothing is, which is a [`defect`].
    fn or_defect(self) -> Result<T, Errno>;
}

impl<T> OrDefect<T> for Option<T> {
    #[inline(always)]
    #[track_caller]
    fn or_defect(self) -> Result<T, Errno> {
        match self {
            Some(value) => Ok(value),
            None => Err(defect()),
        }
    }
}

/// A length in this memory, or an address: they have 32 bits where this crate is built into
/// programs.
#[inline(always)]
#[track_caller]
pub(crate) fn len32(len: usize) -> u32 {
    match u32::try_from(len) {
        Ok(len) => len,
        Err(_) => {
            defect();
            u32::MAX
        }
    }
}
