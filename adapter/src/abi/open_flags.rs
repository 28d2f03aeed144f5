//! Between preview1's flags of descriptors, paths and opening, and Linux's `O_*` and `AT_*`.

use wasm_vfs_core::{AtFlags, OFlags};

use crate::errno::{Error, Result};

/// The flags of a descriptor that preview1 shows.
pub(crate) fn fdflags(flags: OFlags) -> wasi::Fdflags {
    let mut out = 0;
    for (linux, wasi) in FDFLAGS {
        if flags.contains(linux) {
            out |= wasi;
        }
    }
    out
}

/// Linux's flags for a preview1 descriptor's.
///
/// # Errors
///
/// `INVAL`: unknown bits.
pub(crate) fn status_flags(fdflags: u32) -> Result<OFlags> {
    let mut out = OFlags::empty();
    let mut left = fdflags;
    // SYNC is more bits than DSYNC, so the order of the table does not matter here.
    for (linux, wasi) in FDFLAGS {
        if left & u32::from(wasi) != 0 {
            out |= linux;
            left &= !u32::from(wasi);
        }
    }
    if left & u32::from(wasi::FDFLAGS_RSYNC) != 0 {
        // Linux gives O_RSYNC the number of O_SYNC.
        out |= OFlags::SYNC;
        left &= !u32::from(wasi::FDFLAGS_RSYNC);
    }
    if left == 0 { Ok(out) } else { Err(Error::INVAL) }
}

/// Flags with a Linux counterpart of their own.
const FDFLAGS: [(OFlags, wasi::Fdflags); 4] = [
    (OFlags::APPEND, wasi::FDFLAGS_APPEND),
    (OFlags::NONBLOCK, wasi::FDFLAGS_NONBLOCK),
    (OFlags::DSYNC, wasi::FDFLAGS_DSYNC),
    (OFlags::SYNC, wasi::FDFLAGS_SYNC),
];

/// Linux's flag for a path that is not to be followed at its end.
///
/// # Errors
///
/// `INVAL`: unknown flags.
pub(crate) fn lookup_flags(flags: u32) -> Result<AtFlags> {
    match flags {
        0 => Ok(AtFlags::SYMLINK_NOFOLLOW),
        wasi::LOOKUPFLAGS_SYMLINK_FOLLOW => Ok(AtFlags::empty()),
        _ => Err(Error::INVAL),
    }
}

/// The arguments of `path_open` that say how.
#[cfg_attr(not(feature = "mounts"), expect(dead_code, reason = "only the host gets them so"))]
pub(crate) struct OpenHow {
    pub(crate) dirflags: u32,
    pub(crate) oflags: u32,
    pub(crate) rights_base: u64,
    pub(crate) rights_inheriting: u64,
    pub(crate) fdflags: u32,
}

/// Linux's flags for those of `path_open`.
///
/// # Errors
///
/// `INVAL`: unknown flags, or a directory that is to be created or cut.
pub(crate) fn open_flags(
    dirflags: u32,
    oflags: u32,
    rights_base: u64,
    fdflags: u32,
) -> Result<OFlags> {
    let has = |flag: wasi::Oflags| oflags & u32::from(flag) != 0;
    let mut flags = status_flags(fdflags)?;
    if oflags >= 16 {
        return Err(Error::INVAL);
    }
    if lookup_flags(dirflags)? == AtFlags::SYMLINK_NOFOLLOW {
        flags |= OFlags::NOFOLLOW;
    }
    let (creates, truncates) = (has(wasi::OFLAGS_CREAT), has(wasi::OFLAGS_TRUNC));
    if has(wasi::OFLAGS_DIRECTORY) && (creates || truncates || has(wasi::OFLAGS_EXCL)) {
        return Err(Error::INVAL);
    }
    if creates {
        flags |= OFlags::CREAT;
        if has(wasi::OFLAGS_EXCL) {
            flags |= OFlags::EXCL;
        }
    }
    if truncates {
        flags |= OFlags::TRUNC;
    }
    // As wasmtime: what is not to be written is opened for reading. Creating and cutting do not
    // take writing: a program gets what it asked for.
    let writes = rights_base & wasi::RIGHTS_FD_WRITE != 0;
    let reads = rights_base & wasi::RIGHTS_FD_READ != 0 || !writes;
    flags |= match (reads, writes) {
        (_, false) => OFlags::RDONLY,
        (false, true) => OFlags::WRONLY,
        (true, true) => OFlags::RDWR,
    };
    Ok(flags)
}

#[cfg(test)]
mod tests {
    use super::{fdflags, status_flags};
    use crate::errno::Error;

    #[test]
    fn flags_round_trip() {
        for flags in 0..32u16 {
            // RSYNC is SYNC on Linux, and SYNC is DSYNC and more.
            let mut shown = flags & !wasi::FDFLAGS_RSYNC;
            if flags & (wasi::FDFLAGS_SYNC | wasi::FDFLAGS_RSYNC) != 0 {
                shown |= wasi::FDFLAGS_SYNC | wasi::FDFLAGS_DSYNC;
            }
            assert_eq!(status_flags(u32::from(flags)).map(fdflags), Ok(shown), "{flags}");
        }
        assert_eq!(status_flags(32), Err(Error::INVAL));
    }
}
