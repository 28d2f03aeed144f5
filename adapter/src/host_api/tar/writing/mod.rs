//! Directories and changes that become archives and layers.

mod contents;
pub(in crate::host_api) mod export;
pub(in crate::host_api) mod layer;
mod linked;
mod listing;
pub(in crate::host_api) mod outgoing;
mod writer;
