//! Files and directories that are the host's: what is known of them, how the host is asked, how their bytes are read.
//!
//! What a call of the program's does with them is in [`crate::mounts`]. Without the feature `mounts` there are none, and
//! the table is [`absent`].

#[cfg(not(feature = "mounts"))]
mod absent;
#[cfg(feature = "mounts")]
pub(crate) mod host_path;
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
