//! preview1 as numbers: layouts of structures, flags, rights, and the functions of the host.
//!
//! Linux's error numbers become preview1's in [`crate::errno`].

pub(crate) mod imports;
pub(crate) mod layout;
pub(crate) mod open_flags;
#[cfg(feature = "mounts")]
pub(crate) mod path_imports;
pub(crate) mod rights;
