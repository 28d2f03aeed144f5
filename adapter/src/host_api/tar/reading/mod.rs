//! Archives and layers that become files of the tree.

mod brought;
pub(in crate::host_api) mod destination;
pub(in crate::host_api) mod import;
mod replace;
mod sweep;
