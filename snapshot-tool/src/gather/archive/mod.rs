//! Archives as sources of a tree: tar, plain or compressed.
//!
//! `source` is where an archive's bytes are, `members` reads the headers one by one (`pax` and
//! `sparse` what they add), `tree` puts the members together and refuses what would lead out of its
//! directory. The contents of members are ranges of the archive, read when the output is written.

pub(crate) mod input;
pub(crate) mod members;
pub(crate) mod pax;
pub(crate) mod source;
pub(crate) mod sparse;
pub(crate) mod tree;
pub(crate) mod zstd_frames;
