//! Directories, archives, and trees of modules that were packed before, become a tree and the plan of its
//! contents.

pub(crate) mod archive;
pub(crate) mod assembly;
pub(crate) mod builder;
pub(crate) mod contents_plan;
pub(crate) mod file_contents;
pub(crate) mod host_file;
pub(crate) mod ignore_pattern;
pub(crate) mod ignore_rules;
pub(crate) mod image;
pub(crate) mod owner;
pub(crate) mod packed_tree;
pub(crate) mod scan;
pub(crate) mod sources;
pub(crate) mod spool;
pub(crate) mod wildcard;

#[cfg(test)]
mod against_git;
