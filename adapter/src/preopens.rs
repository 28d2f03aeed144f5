//! The directories that a program starts with.
//!
//! A preopen is an open description whose private word holds its number ([`crate::rights::Private`]): it stays one when
//! its descriptor is renumbered, and ends with it.

use wasm_vfs_core::{AT_FDCWD, Errno, Fs, OFlags, Process};

use crate::host::Host;
use crate::rights::{MAX_PREOPENS, Private};

/// Name and place in the tree of each preopen, in the order of descriptors from 3 on.
const PREOPENS: [Preopen; 1] = [Preopen { name: b"/", tree_path: b"/" }];

const _: () = assert!(PREOPENS.len() <= MAX_PREOPENS);

struct Preopen {
    /// What the program knows it by.
    name: &'static [u8],
    /// Which directory it is.
    tree_path: &'static [u8],
}

/// How many descriptors of the host a program starts with: stdin, stdout, stderr.
const STDIO: u64 = 3;

/// Opens what a program finds open when it starts.
///
/// # Errors
///
/// `ENFILE`, `EMFILE`: no memory. `ENOENT`, `ENOTDIR`: a preopen is not in the tree.
pub(crate) fn open_all(fs: &mut Fs<Host>, process: &mut Process) -> Result<(), Errno> {
    for token in 0..STDIO {
        fs.open_foreign(process, token, OFlags::RDWR)?;
    }
    for (index, preopen) in PREOPENS.iter().enumerate() {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let fd = fs.openat(process, AT_FDCWD, preopen.tree_path, flags, 0)?;
        fs.set_private_data(process, fd, Private::preopen(index).0)?;
    }
    Ok(())
}

/// The name of the preopen that a description is.
pub(crate) fn name(private: Private) -> Option<&'static [u8]> {
    PREOPENS.get(private.preopen_index()?).map(|preopen| preopen.name)
}
