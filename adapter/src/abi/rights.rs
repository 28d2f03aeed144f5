//! Rights of descriptors, as programs expect to see them.
//!
//! What is shown follows wasmtime: rights derive from what a descriptor is open on and how. Nobody
//! but the program itself limits them: what `fd_fdstat_set_rights` took away is noted in the
//! description's private word, and only that is ever refused.

use wasi::Rights;
use wasm_vfs_core::{Descriptor, FileType, OFlags};

use crate::errno::{Error, Result};

/// Every right there is.
const ALL: Rights = (1 << 30) - 1;

/// What a preopened directory may: "hard-coded set of rights expected by many userlands"
/// (wasmtime-wasi, p1.rs).
const PREOPEN_BASE: Rights = wasi::RIGHTS_PATH_CREATE_DIRECTORY
    | wasi::RIGHTS_PATH_CREATE_FILE
    | wasi::RIGHTS_PATH_LINK_SOURCE
    | wasi::RIGHTS_PATH_LINK_TARGET
    | wasi::RIGHTS_PATH_OPEN
    | wasi::RIGHTS_FD_READDIR
    | wasi::RIGHTS_PATH_READLINK
    | wasi::RIGHTS_PATH_RENAME_SOURCE
    | wasi::RIGHTS_PATH_RENAME_TARGET
    | wasi::RIGHTS_PATH_SYMLINK
    | wasi::RIGHTS_PATH_REMOVE_DIRECTORY
    | wasi::RIGHTS_PATH_UNLINK_FILE
    | wasi::RIGHTS_PATH_FILESTAT_GET
    | wasi::RIGHTS_PATH_FILESTAT_SET_TIMES
    | wasi::RIGHTS_FD_FILESTAT_GET
    | wasi::RIGHTS_FD_FILESTAT_SET_TIMES;

/// What may be opened through it may.
const PREOPEN_INHERITING: Rights = PREOPEN_BASE
    | wasi::RIGHTS_FD_DATASYNC
    | wasi::RIGHTS_FD_READ
    | wasi::RIGHTS_FD_SEEK
    | wasi::RIGHTS_FD_FDSTAT_SET_FLAGS
    | wasi::RIGHTS_FD_SYNC
    | wasi::RIGHTS_FD_TELL
    | wasi::RIGHTS_FD_WRITE
    | wasi::RIGHTS_FD_ADVISE
    | wasi::RIGHTS_FD_ALLOCATE
    | wasi::RIGHTS_FD_FILESTAT_SET_SIZE
    | wasi::RIGHTS_POLL_FD_READWRITE;

/// What a directory never may.
const NOT_OF_DIRECTORIES: Rights =
    wasi::RIGHTS_FD_SEEK | wasi::RIGHTS_FD_FILESTAT_SET_SIZE | wasi::RIGHTS_PATH_FILESTAT_SET_SIZE;

/// The private word of a description: what was taken from its rights, and which preopen it is.
///
/// Zero, the word of a fresh description: everything is allowed, and it is no preopen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Private(pub(crate) u64);

/// Where the inheriting rights begin in a [`Private`]; the base rights begin at bit 0.
const INHERITING_SHIFT: u32 = 30;
/// Where the number of the preopen begins.
const PREOPEN_SHIFT: u32 = 60;

impl Private {
    /// The word of preopen number `index`, below [`MAX_PREOPENS`].
    pub(crate) const fn preopen(index: usize) -> Private {
        Private((index as u64 + 1) << PREOPEN_SHIFT)
    }

    /// Which preopen it is.
    pub(crate) fn preopen_index(self) -> Option<usize> {
        // Four bits are left.
        ((self.0 >> PREOPEN_SHIFT) as usize).checked_sub(1)
    }

    /// Base rights that were taken away.
    pub(crate) fn lost(self) -> Rights {
        self.0 & ALL
    }

    /// Inheriting rights that were taken away.
    pub(crate) fn lost_inheriting(self) -> Rights {
        (self.0 >> INHERITING_SHIFT) & ALL
    }

    /// The word of a description that has only `base` of `shown`, as [`shown`] gives them.
    pub(crate) fn restricted(
        self,
        shown: (Rights, Rights),
        base: Rights,
        inherit: Rights,
    ) -> Private {
        let (lost, lost_inheriting) = (shown.0 & !base, shown.1 & !inherit);
        Private(self.0 | lost | lost_inheriting << INHERITING_SHIFT)
    }

    /// The word of what is opened through it.
    pub(crate) fn inherited(self) -> Private {
        let lost = self.lost_inheriting();
        Private(lost | lost << INHERITING_SHIFT)
    }
}

/// How many preopens there may be: what fits in a [`Private`].
pub(crate) const MAX_PREOPENS: usize = 15;

/// The base and inheriting rights of a description.
pub(crate) fn shown(private: Private, file_type: FileType, flags: OFlags) -> (Rights, Rights) {
    let (base, inheriting) = if private.preopen_index().is_some() {
        (PREOPEN_BASE, PREOPEN_INHERITING)
    } else {
        let mut base = ALL;
        if file_type == FileType::Directory {
            base &= !NOT_OF_DIRECTORIES;
        }
        let mode = flags.access_mode();
        if mode == OFlags::WRONLY {
            base &= !(wasi::RIGHTS_FD_READ | wasi::RIGHTS_FD_READDIR);
        }
        if mode == OFlags::RDONLY {
            base &= !wasi::RIGHTS_FD_WRITE;
        }
        (base, base)
    };
    (base & !private.lost(), inheriting & !private.lost_inheriting())
}

/// Checks that `needs` was not taken from the rights of a descriptor.
///
/// # Errors
///
/// `NOTCAPABLE`: it was.
#[inline]
pub(crate) fn require(descriptor: &Descriptor, needs: Rights) -> Result<()> {
    if Private(descriptor.private_data).lost() & needs != 0 {
        return Err(Error::NOTCAPABLE);
    }
    Ok(())
}

/// The private word of what is opened through `directory`.
///
/// # Errors
///
/// `NOTCAPABLE`: the directory lost a right that opening so takes, or that the new descriptor would
/// have.
pub(crate) fn opening_rights(
    directory: &Descriptor,
    rights_base: u64,
    flags: OFlags,
) -> Result<Private> {
    if directory.private_data << 4 == 0 {
        // Nothing was taken away.
        return Ok(Private::default());
    }
    let private = Private(directory.private_data);
    let mut needs = wasi::RIGHTS_PATH_OPEN;
    if flags.contains(OFlags::CREAT) {
        needs |= wasi::RIGHTS_PATH_CREATE_FILE;
    }
    require(directory, needs)?;
    let mut wants = rights_base & (wasi::RIGHTS_FD_READ | wasi::RIGHTS_FD_WRITE);
    if flags.access_mode() != OFlags::RDONLY {
        wants |= wasi::RIGHTS_FD_WRITE;
    }
    if private.lost_inheriting() & wants != 0 {
        return Err(Error::NOTCAPABLE);
    }
    Ok(private.inherited())
}

#[cfg(test)]
mod tests {
    use super::{Private, shown};
    use wasm_vfs_core::{FileType, OFlags};

    #[test]
    fn what_is_taken_stays_away_and_is_inherited() {
        let fresh = Private::preopen(0);
        let before = shown(fresh, FileType::Directory, OFlags::RDONLY);
        assert_eq!(fresh.preopen_index(), Some(0));
        let word = fresh.restricted(
            before,
            before.0 & !wasi::RIGHTS_PATH_OPEN,
            before.1 & !wasi::RIGHTS_FD_WRITE,
        );
        let after = shown(word, FileType::Directory, OFlags::RDONLY);
        assert_eq!(after.0, before.0 & !wasi::RIGHTS_PATH_OPEN);
        assert_eq!(after.1, before.1 & !wasi::RIGHTS_FD_WRITE);
        assert_eq!(word.preopen_index(), Some(0));
        let opened = word.inherited();
        assert_eq!(opened.preopen_index(), None);
        assert_eq!(opened.lost(), wasi::RIGHTS_FD_WRITE);
        assert_eq!(opened.lost_inheriting(), wasi::RIGHTS_FD_WRITE);
    }
}
