//! What tells trees apart, and states: what a run has changed, kept as a layer for one tree.
//!
//! [`tree_digest`] names a tree, [`header`] is how a state names its tree, [`change`] is one difference,
//! [`compare`] finds the differences of two trees, [`commit`] packs a program again with a state, [`file`]
//! is a state on the disk that a run uses, [`journal`] one that grows meanwhile, [`rebase`] makes a layer
//! anew for another tree.

pub(crate) mod change;
pub(crate) mod commit;
pub(crate) mod compare;
#[cfg(feature = "run")]
pub(crate) mod file;
pub(crate) mod header;
#[cfg_attr(not(feature = "run"), allow(dead_code, reason = "only a run appends to a state"))]
pub(crate) mod journal;
#[cfg(feature = "run")]
pub(crate) mod rebase;
pub(crate) mod tree_digest;
