//! Access mode and status flags of descriptors of the host's.

use wasm_vfs_core::{Errno, OFlags};

use crate::abi::{imports, open_flags};
use crate::calls::Result;
use crate::calls::host::{ask, check};

/// Flags that preview1 can set.
const SETTABLE: OFlags = OFlags::APPEND.union(OFlags::NONBLOCK);

/// The flags of a descriptor (`F_GETFL`). preview1 has rights in place of an access mode.
///
/// # Errors
///
/// What the host answers.
pub(super) fn get(host_fd: u32) -> Result<OFlags> {
    let [head, rights] = ask(Errno::EBADF, |addr| imports::fd_fdstat_get(host_fd, addr))?;
    // The flags are at offset 2; hosts set none that there are not.
    let [_, _, flags, ..] = head.to_le_bytes();
    let flags = open_flags::status_flags(flags.into()).unwrap_or(OFlags::empty());
    let reads = rights & wasi::RIGHTS_FD_READ != 0;
    let writes = rights & wasi::RIGHTS_FD_WRITE != 0;
    let mode = match (reads, writes) {
        (true, false) => OFlags::RDONLY,
        (false, true) => OFlags::WRONLY,
        _ => OFlags::RDWR,
    };
    Ok(flags | mode)
}

/// Sets the flags of a descriptor (`F_SETFL`), as far as they can be set; others are ignored, as
/// Linux does it.
///
/// # Errors
///
/// `EOPNOTSUPP`: they cannot be set on such a descriptor. What the host answers else.
pub(super) fn set(host_fd: u32, flags: OFlags) -> Result<()> {
    let before = get(host_fd)?;
    if (before ^ flags).intersects(SETTABLE) {
        let flags = u32::from(open_flags::fdflags((before - SETTABLE) | (flags & SETTABLE)));
        check(imports::fd_fdstat_set_flags(host_fd, flags), Errno::EOPNOTSUPP)?;
    }
    Ok(())
}
