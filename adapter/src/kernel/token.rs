//! The token of a descriptor that the WASI host owns: the host's number, and the mount that opened
//! it.

/// The host's number in the token of a descriptor. What is above it is the mount's.
#[expect(clippy::cast_possible_truncation, reason = "the low half of a word")]
pub(crate) fn host_fd(token: u64) -> u32 {
    token as u32
}

/// Where the number of the mount begins in the token of a descriptor that was opened through one;
/// it is one more. The standard streams have none.
#[cfg(feature = "mounts")]
const MOUNT_SHIFT: u32 = 32;

/// The token of the host's descriptor `fd`, opened through mount `number`.
#[cfg(feature = "mounts")]
pub(crate) fn token(fd: u32, number: u32) -> u64 {
    u64::from(fd) | (u64::from(number) + 1) << MOUNT_SHIFT
}

/// The mount through which a descriptor of the host's was opened.
#[cfg(feature = "mounts")]
pub(crate) fn mount_of(token: u64) -> Option<u32> {
    ((token >> MOUNT_SHIFT) as u32).checked_sub(1)
}
