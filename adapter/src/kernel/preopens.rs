//! The directories that a program starts with.
//!
//! A preopen is an open description whose private word holds its number
//! ([`crate::abi::rights::Private`]): it stays one when its descriptor is renumbered, and ends with
//! it.

use alloc::vec::Vec;
use wasm_vfs_core::{AT_FDCWD, Dev, Errno, Fd, Fs, OFlags, Process};

use super::settings::{Preopen, Settings, Stream};
use super::state::Kernel;
use crate::abi::rights::{MAX_PREOPENS, Private};
use crate::platform::Host;

/// The mode of a file that takes a standard stream.
const STREAM_FILE_MODE: u32 = 0o644;
/// The mode of the directories that lead to it.
const DIRECTORY_MODE: u32 = 0o755;

impl Settings {
    /// Adds a directory that the program finds open.
    ///
    /// # Errors
    ///
    /// `EMFILE`: there are as many as can be. `ENOMEM`: no memory.
    pub(crate) fn add_preopen(&mut self, name: Vec<u8>, tree_path: Vec<u8>) -> Result<(), Errno> {
        if self.preopens.len() == MAX_PREOPENS {
            return Err(Errno::EMFILE);
        }
        self.preopens.try_reserve(1)?;
        self.preopens.push(Preopen { name, tree_path });
        Ok(())
    }

    /// Whether the program is given the root directory. If not, it was given single directories, and
    /// no path leads out of them.
    #[cfg(feature = "calls")]
    pub(crate) fn gives_the_root(&self) -> bool {
        let is_root = |it: &Preopen| (&*it.name, &*it.tree_path) == (b"/", b"/");
        self.preopens.iter().any(is_root)
    }

    /// The name of the preopen that a description is.
    pub(crate) fn preopen_name(&self, private: Private) -> Option<&[u8]> {
        Some(&self.preopens.get(private.preopen_index()?)?.name)
    }
}

impl Kernel {
    /// Opens what a program finds open when it starts: standard streams, and directories from 3 on.
    ///
    /// # Errors
    ///
    /// `ENFILE`, `EMFILE`: no memory. `ENOENT`, `ENOTDIR` and others of open(2): what is to be open
    /// is not in the tree.
    pub(crate) fn open_all(&mut self) -> Result<(), Errno> {
        if self.settings.preopens.is_empty() && !self.settings.no_preopen {
            let root = || [b'/'].to_vec();
            self.settings.add_preopen(root(), root())?;
        }
        let Kernel { fs, process, settings, .. } = self;
        for (token, stream) in (0..).zip(&settings.streams) {
            // Each opens the lowest descriptor; one that is to be closed holds its number for now.
            match stream {
                Stream::Host | Stream::Closed => fs.open_foreign(process, token, OFlags::RDWR)?,
                Stream::Null => fs.open_device(process, Dev::NULL, OFlags::RDWR)?,
                Stream::File(path) => open_file(fs, process, path, token == 0)?,
            };
        }
        for (index, preopen) in settings.preopens.iter().enumerate() {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY;
            let fd = fs.openat(process, AT_FDCWD, &preopen.tree_path, flags, 0)?;
            fs.set_private_data(process, fd, Private::preopen(index).0)?;
        }
        #[cfg(feature = "calls")]
        if !settings.gives_the_root() {
            // Relative paths begin where it may look.
            match settings.preopens.first() {
                Some(preopen) => fs.chdir(process, &preopen.tree_path)?,
                None => fs.leave_tree(process)?,
            }
        }
        for (fd, stream) in (0..).zip(&settings.streams) {
            if let Stream::Closed = stream {
                fs.close(process, fd)?;
            }
        }
        Ok(())
    }
}

/// Opens the file of a standard stream: input is only read; output is appended, so that two may
/// share a file, and is made with the directories that lead to it.
fn open_file(
    fs: &mut Fs<Host>,
    process: &mut Process,
    path: &[u8],
    input: bool,
) -> Result<Fd, Errno> {
    if input {
        return fs.openat(process, AT_FDCWD, path, OFlags::RDONLY, 0);
    }
    for end in (1..path.len()).filter(|&end| path.get(end) == Some(&b'/')) {
        match fs.mkdirat(process, AT_FDCWD, path.get(..end).unwrap_or_default(), DIRECTORY_MODE) {
            Ok(()) | Err(Errno::EEXIST) => {}
            Err(errno) => return Err(errno),
        }
    }
    let flags = OFlags::WRONLY | OFlags::CREAT | OFlags::TRUNC | OFlags::APPEND;
    fs.openat(process, AT_FDCWD, path, flags, STREAM_FILE_MODE)
}
