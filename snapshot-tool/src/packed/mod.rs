//! The file that packing writes, and reading it back: nothing here executes anything.
//!
//! [`section`] says what the module holds, [`digests`] by what it is known again, [`hollow`] handles
//! it without the bytes of its contents, [`component`] finds it within a component,
//! [`packed_module`] looks inside, [`export`] (as an archive
//! of [`tar_member`]s, with a [`sparse_map`] where there are holes) and [`extract`] take the tree
//! out again.

pub(crate) mod checked_contents;
pub(crate) mod component;
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
pub(crate) mod sparse_map;
pub(crate) mod tar_member;
