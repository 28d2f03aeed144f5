//! The file that packing writes, and reading it back: nothing here executes anything.
//!
//! [`section`] says what the module holds, [`digests`] by what it is known again, [`hollow`] handles
//! it without the bytes of its contents, [`packed_module`] looks inside, [`export`] and [`extract`]
//! take the tree out again.

pub(crate) mod checked_contents;
pub mod contents_source;
pub(crate) mod digests;
pub(crate) mod export;
pub(crate) mod extract;
pub(crate) mod form;
pub mod hollow;
pub(crate) mod packed_module;
pub(crate) mod places;
pub mod program_part;
pub mod section;
