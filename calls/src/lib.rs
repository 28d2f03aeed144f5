//! The calls of Linux that a packed program reaches, as data: the one table that everything about
//! them is made from.
//!
//! A program imports a call as `wasm_vfs.NAME`, or as `wali.SYS_NAME` if it was built for WALI (the
//! WebAssembly Linux Interface). Both are the same function of the adapter. From the table come: what the linker
//! binds and which types it demands, the lines of `--trace`, the C header and library, the
//! declarations of the Rust crate, and the page `docs/calls.md`. The adapter's functions themselves
//! are written by hand (`adapter/src/calls`); a test holds their types against the table.
//!
//! # How a call is made
//!
//! Arguments have WALI's types ([`Kind::wasm`]): `off_t`, `long`, `unsigned long` and `nfds_t` are
//! i64; `int`, `size_t`, `mode_t`, ids and every pointer are i32. The result is an i64: a value, or
//! minus a Linux error number. Structures have the layouts of 64-bit Linux, with pointers of 4 bytes.

#![no_std]

mod kind;
mod lifecycle;
mod names;
mod table;

pub use kind::{Kind, Layout, Wasm};
pub use lifecycle::{LIFECYCLE, Lifecycle};
pub use names::{MORE_NAMES, NAMES, NameList, Of, names};
pub use table::CALLS;

/// The import module of the calls under their own names.
pub const WASM_VFS: &str = "wasm_vfs";
/// The import module of WALI.
pub const WALI: &str = "wali";
/// What stands before the names in [`WALI`], and in the exports of the adapter.
pub const SYS: &str = "SYS_";

/// A call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// Linux's name.
    pub name: &'static str,
    /// What it answers, if it does not fail.
    pub answer: Answer,
    /// Its arguments, in order.
    pub args: &'static [Arg],
    /// The method of `wasm_vfs_core::Fs` that serves it; empty: it is the adapter's own.
    pub method: &'static str,
    /// The nearest function of preview1; empty: there is none.
    pub preview1: &'static str,
    /// The functions of C, by their POSIX or Linux names, that the C library makes of it, separated
    /// by blanks; empty: C programs call it as `wasm_vfs_NAME` only.
    pub c: &'static str,
    /// What it does, in one sentence.
    pub doc: &'static str,
}

/// What a call answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// 0.
    Nothing,
    /// A descriptor.
    Fd,
    /// How many bytes it moved, stored or would store.
    Bytes,
    /// A position in a file.
    Offset,
    /// An address.
    Address,
    /// Another number: an id, flags, how many.
    Number,
    /// It does not come back.
    Never,
}

/// An argument of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arg {
    /// Its name in the manual page.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
}

impl Call {
    /// Whether it is one of the filesystem's calls, rather than one that programs make beside them.
    #[must_use]
    pub const fn is_of_filesystem(&self) -> bool {
        !self.method.is_empty()
    }
}

/// The call that an import of a program names.
///
/// ```
/// let call = wasm_vfs_calls::find("wali", "SYS_openat").unwrap();
/// assert_eq!(call.name, "openat");
/// assert_eq!(wasm_vfs_calls::find("wasm_vfs", "openat"), Some(call));
/// assert_eq!(wasm_vfs_calls::find("wali", "openat"), None);
/// ```
#[must_use]
pub fn find(module: &str, name: &str) -> Option<&'static Call> {
    let name = match module {
        WASM_VFS => name,
        WALI => match name.strip_prefix(SYS)? {
            // WALI has a shorter name for it.
            "fadvise" => "fadvise64",
            name => name,
        },
        _ => return None,
    };
    CALLS.iter().find(|call| call.name == name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    extern crate std;
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_found_in_both_modules() {
        let mut names = BTreeSet::new();
        for call in CALLS {
            assert!(names.insert(call.name), "{} is there twice", call.name);
            assert_eq!(find(WASM_VFS, call.name), Some(call));
            assert_eq!(find(WALI, &std::format!("{SYS}{}", call.name)), Some(call));
        }
        assert_eq!(find(WALI, "SYS_fadvise").map(|call| call.name), Some("fadvise64"));
        assert_eq!(find("env", "open"), None);
    }

    #[test]
    fn every_list_of_flags_has_names() {
        for call in CALLS {
            for arg in call.args {
                if let Kind::Flags(list) = arg.kind {
                    assert!(super::names(list).is_some(), "{}: {list}", call.name);
                }
            }
        }
        let values: std::vec::Vec<_> = super::names("whence").unwrap().values().collect();
        assert_eq!(values[2], ("SEEK_END", 2));
        let of = |list, name| super::names(list).unwrap().values().find(|(it, _)| *it == name);
        assert_eq!(of("open", "O_CLOEXEC"), Some(("O_CLOEXEC", 0o2_000_000)));
        assert_eq!(of("at", "AT_EMPTY_PATH"), Some(("AT_EMPTY_PATH", 0x1000)));
        assert_eq!(of("inotify", "IN_ONESHOT"), Some(("IN_ONESHOT", 0x8000_0000)));
        assert_eq!(of("fcntl", "F_OFD_SETLKW"), Some(("F_OFD_SETLKW", 38)));
        assert_eq!(of("map", "MAP_FIXED_NOREPLACE"), Some(("MAP_FIXED_NOREPLACE", 0x10_0000)));
        assert_eq!(of("eventfd", "EFD_CLOEXEC"), Some(("EFD_CLOEXEC", 0o2_000_000)));
    }

    #[test]
    fn lengths_follow_what_they_are_of() {
        for call in CALLS {
            for (index, arg) in call.args.iter().enumerate() {
                let next = call.args.get(index + 1).map(|next| next.kind);
                let wants: &[Kind] = match arg.kind {
                    Kind::In | Kind::Out => &[Kind::Size, Kind::Uint],
                    Kind::InVec | Kind::OutVec => &[Kind::Int, Kind::Ulong],
                    Kind::Changes(_) => &[Kind::Ulong],
                    _ => continue,
                };
                assert!(
                    next.is_some_and(|next| wants.contains(&next)),
                    "{}: {}",
                    call.name,
                    arg.name
                );
            }
        }
    }
}
