//! The filesystem's module until it can be linked: from the built adapter to a rootfs module.
//!
//! [`bake`] runs the core module on the manifest, [`contract`] checks what it may be, [`lower`]
//! turns it into a rootfs module, with the choices of a policy applied by [`surface`].
//! [`rootfs_contract`] checks one that is read from a file.

#[cfg(not(fuzzing))]
pub mod bake;
#[cfg(fuzzing)]
#[path = "bake_nothing.rs"]
pub mod bake;
pub(crate) mod call_wrappers;
pub(crate) mod contract;
pub(crate) mod entries;
pub(crate) mod initial_memory;
pub(crate) mod linux_trace;
pub mod lower;
pub(crate) mod names;
pub(crate) mod rootfs_contract;
pub mod rootfs_module;
pub mod shims;
pub(crate) mod surface;
pub(crate) mod trace_table;
