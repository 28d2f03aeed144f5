//! Ground types: what every other file may use, and which use nothing but each other.
//!
//! Numbers and words of Linux's interface (errno, flags, times, stat), the settings, and the two
//! ways to hold memory that can be refused (`fallible`, `slab`). Nothing here knows what a file is.

pub(crate) mod config;
pub(crate) mod credentials;
pub(crate) mod defect;
pub(crate) mod errno;
pub(crate) mod events;
pub(crate) mod fallible;
pub(crate) mod flags;
pub(crate) mod ids;
pub(crate) mod page;
pub(crate) mod slab;
pub(crate) mod sort;
pub(crate) mod stat;
pub(crate) mod time;
