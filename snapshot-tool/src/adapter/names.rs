//! The names that tool and adapter share: import modules, exports, and where each memory lies in a
//! rootfs module.

use crate::wasm::index::MemIdx;

/// The program's memory in a rootfs module.
pub(crate) const USER_MEMORY: MemIdx = MemIdx(0);
/// The filesystem's own memory in a rootfs module.
pub(crate) const KERNEL_MEMORY: MemIdx = MemIdx(1);

/// The import module of the program's memory in a rootfs module.
pub(crate) const APP: &str = "app";
/// The program's memory: what WASI hosts look for, and its name in [`APP`].
pub(crate) const MEMORY: &str = "memory";

/// Import module of the functions that copy to and from the program's memory.
pub(crate) const USER: &str = "user";
/// Import module of the functions that copy from the contents.
pub(crate) const CONTENTS: &str = "contents";
/// Import module of the host's functions in a rootfs module.
pub(crate) const WASI_HOST: &str = "wasi_host";

/// Exports that start with this are the host interface: a linked module exports them too.
pub(crate) const HOST_API_PREFIX: &str = "wasm_vfs_";
/// The export of the filesystem's memory that comes with the host interface.
pub(crate) const HOST_API_MEMORY: &str = "wasm_vfs_memory";
/// The export of the global that addresses of the host interface count from.
pub(crate) const HOST_API_BASE: &str = "wasm_vfs_base";

/// Exports that start with this are what lowering has traced functions call.
pub(crate) const TRACE_PREFIX: &str = "trace_";

/// The export that is told the result of one of Linux's calls: only an adapter that serves those has
/// it.
pub(crate) const TRACE_END_CALL: &str = "trace_end_call";

/// The exports that lowering has called with the answer of each call that may change the tree, of
/// preview1 and of Linux's, where events are told: they say what the program gets.
pub(crate) const AFTER_CALL: &str = "after_call";
pub(crate) const AFTER_LINUX_CALL: &str = "after_linux_call";

/// Import module of what an embedder provides to be told of events.
pub(crate) const EVENTS: &str = "wasm_vfs_events";

/// The export that lowering has called when a call that never returned left the stack in use.
pub(crate) const AFTER_CUT: &str = "after_cut";

/// Between function and variant in the name of an export.
pub(crate) const VARIANT_MARK: char = '@';

/// How exports end that answer for `wasi_unstable`: no policy chooses them, the program's imports
/// do.
pub(crate) const UNSTABLE_SUFFIX: &str = "@unstable";

/// The prefix of the filesystem's functions in the `name` section.
pub(crate) const NAME_PREFIX: &str = "wasm_vfs::";
