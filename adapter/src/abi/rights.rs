//! Rights of descriptors, as programs expect to see them.
//!
//! What a descriptor can have follows wasmtime: it derives from what the descriptor is open on and
//! how. Nobody but the program itself limits it: what the program did not ask `path_open` for, and
//! what `fd_fdstat_set_rights` took away, is noted in the description's private word, and only that
//! is ever refused.

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

/// What changes a file's size.
const ON_SIZES: Rights = wasi::RIGHTS_FD_ALLOCATE | wasi::RIGHTS_FD_FILESTAT_SET_SIZE;

/// What can be done with files only.
const ON_FILES: Rights = ON_SIZES
    | wasi::RIGHTS_FD_DATASYNC
    | wasi::RIGHTS_FD_READ
    | wasi::RIGHTS_FD_SEEK
    | wasi::RIGHTS_FD_FDSTAT_SET_FLAGS
    | wasi::RIGHTS_FD_SYNC
    | wasi::RIGHTS_FD_TELL
    | wasi::RIGHTS_FD_WRITE
    | wasi::RIGHTS_FD_ADVISE;

/// What may be opened through it may.
const PREOPEN_INHERITING: Rights = PREOPEN_BASE | ON_FILES | wasi::RIGHTS_POLL_FD_READWRITE;

/// What a directory never may.
const NOT_OF_DIRECTORIES: Rights =
    wasi::RIGHTS_FD_SEEK | wasi::RIGHTS_FD_FILESTAT_SET_SIZE | wasi::RIGHTS_PATH_FILESTAT_SET_SIZE;

/// The private word of a description: what is missing of its rights, and which preopen it is.
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

    /// Base rights that are missing.
    pub(crate) fn lost(self) -> Rights {
        self.0 & ALL
    }

    /// Inheriting rights that are missing.
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

    /// The word of what is opened with no other rights than those. A program that asks for none at
    /// all gets everything: wasmtime's gets it too, and could do nothing with the descriptor.
    pub(crate) fn asked(self, base: Rights, inheriting: Rights) -> Private {
        if base | inheriting == 0 {
            return self;
        }
        // What it is not open for is no right that could be missing, as `open_flags` has it: who
        // writes to what is open for reading hears of that.
        let precluded = if base & wasi::RIGHTS_FD_WRITE == 0 {
            wasi::RIGHTS_FD_WRITE
        } else {
            wasi::RIGHTS_FD_READ
        };
        let unasked = |rights: Rights| ALL & !(rights | implied(rights));
        Private(self.0 | unasked(base) & !precluded | unasked(inheriting) << INHERITING_SHIFT)
    }
}

/// The rights that others imply: telling is part of seeking (preview1 says so), and synchronizing
/// the data is part of synchronizing.
const fn implied(rights: Rights) -> Rights {
    const SEEK_TO_TELL: u32 =
        wasi::RIGHTS_FD_TELL.trailing_zeros() - wasi::RIGHTS_FD_SEEK.trailing_zeros();
    const SYNC_TO_DATASYNC: u32 =
        wasi::RIGHTS_FD_SYNC.trailing_zeros() - wasi::RIGHTS_FD_DATASYNC.trailing_zeros();
    (rights & wasi::RIGHTS_FD_SEEK) << SEEK_TO_TELL
        | (rights & wasi::RIGHTS_FD_SYNC) >> SYNC_TO_DATASYNC
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

/// Which of the rights `needs` a descriptor lacks.
#[inline]
pub(crate) fn missing(descriptor: &Descriptor, needs: Rights) -> Rights {
    Private(descriptor.private_data).lost() & needs
}

/// Checks that a descriptor has the rights `needs`.
///
/// # Errors
///
/// `NOTCAPABLE`: one was taken away, or not asked for.
#[inline]
pub(crate) fn require(descriptor: &Descriptor, needs: Rights) -> Result<()> {
    if missing(descriptor, needs) == 0 { Ok(()) } else { Err(Error::NOTCAPABLE) }
}

/// The rights to what cannot be done with a description of the tree that is open so, whatever
/// rights there are. Lacking them is no error of its own: the call fails with the one that programs
/// know (`BADF`, `NOTDIR`, `INVAL`). Libraries do not ask for such rights.
pub(crate) fn in_vain(is_directory: bool, flags: OFlags) -> Rights {
    const OF_DIRECTORIES: Rights =
        PREOPEN_BASE & !(wasi::RIGHTS_FD_FILESTAT_GET | wasi::RIGHTS_FD_FILESTAT_SET_TIMES);
    match (is_directory, flags.access_mode()) {
        (true, _) => ON_FILES,
        (false, OFlags::RDONLY) => OF_DIRECTORIES | ON_SIZES,
        (false, _) => OF_DIRECTORIES,
    }
}

/// The private word of what is opened through `directory`, before it is narrowed to what was
/// [`asked`](Private::asked).
///
/// # Errors
///
/// `NOTCAPABLE`: the directory lacks a right that opening so takes, or it does not inherit reading
/// or writing, which was asked for. (Creating and cutting change what is there, so they count as
/// writing.)
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
    if flags.intersects(OFlags::CREAT | OFlags::TRUNC) {
        wants |= wasi::RIGHTS_FD_WRITE;
    }
    if private.lost_inheriting() & wants != 0 {
        return Err(Error::NOTCAPABLE);
    }
    Ok(private.inherited())
}

#[cfg(test)]
mod tests {
    use super::{ALL, Private, in_vain, shown};
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

    #[test]
    fn what_is_asked_for_is_there() {
        let fresh = Private::default();
        assert_eq!(fresh.asked(0, 0), fresh);
        assert_eq!(fresh.asked(ALL, ALL), fresh);
        let asked = wasi::RIGHTS_FD_READ | wasi::RIGHTS_FD_SEEK | wasi::RIGHTS_FD_SYNC;
        let word = fresh.asked(asked, wasi::RIGHTS_FD_READ);
        let implied = wasi::RIGHTS_FD_TELL | wasi::RIGHTS_FD_DATASYNC;
        assert_eq!(
            shown(word, FileType::Regular, OFlags::RDONLY),
            (asked | implied, wasi::RIGHTS_FD_READ)
        );
        assert_eq!(word.preopen_index(), None);
        // A directory passes on no more than it inherits.
        let through = word.inherited().asked(ALL, ALL);
        assert_eq!(
            shown(through, FileType::Regular, OFlags::RDWR),
            (wasi::RIGHTS_FD_READ, wasi::RIGHTS_FD_READ)
        );
    }

    #[test]
    fn what_cannot_be_done_at_all_needs_no_right() {
        let (read, write) = (wasi::RIGHTS_FD_READ, wasi::RIGHTS_FD_WRITE);
        assert_eq!(Private::default().asked(read, 0).lost() & (read | write), 0);
        assert_eq!(Private::default().asked(write, 0).lost() & (read | write), 0);
        assert_eq!(Private::default().asked(ALL & !(read | write), 0).lost(), read);
        let (size, list) = (wasi::RIGHTS_FD_FILESTAT_SET_SIZE, wasi::RIGHTS_FD_READDIR);
        // rows: of a directory, open for, a right, whether it is in vain
        for (is_directory, flags, right, expected) in [
            (false, OFlags::RDONLY, size, true),
            (false, OFlags::RDWR, size, false),
            (false, OFlags::RDWR, list, true),
            (false, OFlags::RDONLY, read, false),
            (false, OFlags::RDONLY, wasi::RIGHTS_FD_FILESTAT_GET, false),
            (false, OFlags::RDONLY, wasi::RIGHTS_PATH_OPEN, true),
            (true, OFlags::RDONLY, list, false),
            (true, OFlags::RDONLY, wasi::RIGHTS_FD_SEEK, true),
            (true, OFlags::RDONLY, wasi::RIGHTS_FD_FILESTAT_SET_TIMES, false),
        ] {
            assert_eq!(in_vain(is_directory, flags) & right != 0, expected, "{right}");
        }
    }
}
