//! Archives as sources of a tree: tar, plain or compressed, and zip.
//!
//! `source` is where an archive's bytes are, `members` reads the headers one by one (`pax` and
//! `sparse` what they add), `tree` puts the members together and refuses what would lead out of its
//! directory, `layer` lays those of a layer over a tree. The contents of members are ranges of the archive, read when the output is written.
//!
//! `zip` makes a tar archive of a zip archive, whose headers `zip_directory` reads and checks.

pub(crate) mod input;
pub(crate) mod layer;
pub(crate) mod members;
pub(crate) mod part;
pub(crate) mod pax;
pub(crate) mod source;
pub(crate) mod sparse;
pub(crate) mod tree;
pub(crate) mod zip;
mod zip_directory;
pub(crate) mod zstd_frames;
