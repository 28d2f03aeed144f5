//! The file that packing writes, and reading it back: nothing here executes anything.
//!
//! [`section`] says what the module holds, [`hollow`] handles it without the bytes of its contents,
//! [`component`] finds it within a component,
//! [`packed_module`] looks inside, [`export`] (as an archive of [`tar_member`]s, with a
//! [`sparse_map`] where there are holes) and [`extract`] take the tree out again.

pub(crate) mod component;
pub mod contents_source;
pub(crate) mod export;
pub(crate) mod extract;
pub(crate) mod form;
pub(crate) mod framing;
pub mod hollow;
pub(crate) mod packed_module;
pub mod program_part;
pub mod section;
pub(crate) mod sparse_map;
pub(crate) mod tar_member;
