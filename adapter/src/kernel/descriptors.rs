//! What a descriptor of the program's stands for.

use wasi::Rights;
use wasm_vfs_core::{Descriptor, FileType, Target};

use super::state::{Kernel, enter};
use super::token::host_fd;
use crate::abi::rights::require;
use crate::errno::{Error, Result};

/// Whose a descriptor is.
pub(crate) enum Owner {
    /// The host's: its number there.
    Host(u32),
    /// The filesystem's.
    Tree(Descriptor),
}

/// Looks a descriptor up.
///
/// # Errors
///
/// `BADF`: it is not open.
#[inline(never)]
pub(crate) fn owner(fd: i32) -> Result<Owner> {
    enter(|kernel, _| {
        let descriptor = kernel.fs.descriptor(&kernel.process, fd)?;
        Ok(match descriptor.target {
            Target::Foreign(token) => Owner::Host(host_fd(token)),
            Target::Inode => Owner::Tree(descriptor),
        })
    })
}

impl Kernel {
    /// Checks that a descriptor may serve as the directory of a path.
    ///
    /// Whether it is a directory at all is found out by the path walk; [`explain`](Self::explain) puts that in
    /// wasmtime's words.
    ///
    /// # Errors
    ///
    /// * `BADF`: it is not open, or is the host's.
    /// * `NOTCAPABLE`: it lost one of the rights `needs`.
    #[inline(never)]
    pub(crate) fn directory(&self, fd: i32, needs: Rights) -> Result<()> {
        require(&self.fs.descriptor(&self.process, fd)?, needs)
    }

    /// Whether a descriptor is of a directory of the filesystem.
    pub(crate) fn is_directory(&self, fd: i32) -> bool {
        self.fs.file_type(&self.process, fd) == Ok(FileType::Directory)
    }

    /// The type of file behind a descriptor.
    pub(crate) fn file_type(&self, fd: i32) -> Result<FileType> {
        Ok(self.fs.file_type(&self.process, fd)?)
    }

    /// Checks that a descriptor is of anything but a directory, for calls that preview1 has for files only.
    ///
    /// # Errors
    ///
    /// `BADF`: it is a directory.
    #[inline(never)]
    pub(crate) fn require_file(&self, fd: i32) -> Result<()> {
        if self.file_type(fd)? == FileType::Directory { Err(Error::BADF) } else { Ok(()) }
    }

    /// The error of a call with a path at `fd`. If the descriptor is no directory that comes first: every such call fails then.
    #[cold]
    pub(crate) fn explain(&self, fd: i32, error: Error) -> Error {
        if self.is_directory(fd) { error } else { Error::BADF }
    }
}
