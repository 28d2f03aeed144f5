//! Files and directories that the WASI host owns: what the adapter knows of them, how it asks the
//! host, how it reads their bytes.
//!
//! [`crate::mounts`] says what a call of the program does with them. Without the feature `mounts`,
//! `absent` holds the empty table.

#[cfg(not(feature = "mounts"))]
mod absent;
#[cfg(feature = "mounts")]
pub(crate) mod host_path;
#[cfg(feature = "mounts")]
pub(crate) mod listing;
#[cfg(feature = "mounts")]
pub(crate) mod lower;
#[cfg(feature = "mounts")]
mod lower_read;
#[cfg(feature = "mounts")]
pub(crate) mod table;

#[cfg(not(feature = "mounts"))]
pub(crate) use absent::MountTable;
#[cfg(feature = "mounts")]
pub(crate) use table::MountTable;
