//! preview1 as numbers: layouts of structures, flags, rights, and the WASI host's functions.
//!
//! [`crate::errno`] translates Linux's error numbers.

pub(crate) mod imports;
pub(crate) mod layout;
pub(crate) mod open_flags;
#[cfg(feature = "mounts")]
pub(crate) mod path_imports;
pub(crate) mod rights;
