//! Finds out who owns a descriptor of the program's: the tree, or the WASI host.

use wasi::Rights;
use wasm_vfs_core::{Descriptor, FileType, Target};

use super::state::{Entered, Kernel, enter};
use super::token::host_fd;
use crate::abi::rights::require;
use crate::errno::{Error, Result};

/// Whose a descriptor is.
pub(crate) enum Owner {
    /// The filesystem's, which the look-up entered.
    Tree(Entered),
    /// The host's: its number there.
    Host(u32),
}

/// Looks a descriptor up, and checks that no right was taken from it that a call needs.
///
/// # Errors
///
/// * `BADF`: it is not open.
/// * `NOTCAPABLE`: it lost one of the rights `needs`.
#[inline]
pub(crate) fn owner(fd: i32, needs: Rights) -> Result<Owner> {
    let word = owner_word(fd, needs);
    if word == 0 {
        // `owner_word` did.
        Ok(Owner::Tree(Entered::already()))
    } else if word & OF_HOST != 0 {
        Ok(Owner::Host(host_fd(word)))
    } else {
        Err(Error::of_number(host_fd(word)))
    }
}

/// Set in an [`owner_word`] that holds a number of the host's.
const OF_HOST: u64 = 1 << 32;

/// What [`owner`] answers, in one word: 0 for the tree's, the error's number, or the host's number
/// and [`OF_HOST`]. Every call on a descriptor takes this step, and a word comes back in a
/// register, where a [`Result`] would come through memory.
#[inline(never)]
fn owner_word(fd: i32, needs: Rights) -> u64 {
    let target = enter(|kernel, _| {
        let descriptor = kernel.fs.descriptor(&kernel.process, fd)?;
        require(&descriptor, needs)?;
        Ok(descriptor.target)
    });
    match target {
        Ok(Target::Inode) => 0,
        Ok(Target::Foreign(token)) => OF_HOST | u64::from(host_fd(token)),
        Err(error) => u64::from(error.number().cast_unsigned()),
    }
}

impl Kernel {
    /// Checks that a descriptor may serve as the directory of a path.
    ///
    /// Whether it is a directory at all is found out by the path walk; [`explain`](Self::explain)
    /// puts that in wasmtime's words.
    ///
    /// # Errors
    ///
    /// * `BADF`: it is not open, or is the host's.
    /// * `NOTCAPABLE`: it lost one of the rights `needs`.
    #[inline(never)]
    pub(crate) fn directory(&self, fd: i32, needs: Rights) -> Result<()> {
        require(&self.fs.descriptor(&self.process, fd)?, needs)
    }

    /// What a descriptor is open on, and how. Not inlined: it is for calls that are rare.
    ///
    /// # Errors
    ///
    /// `BADF`: it is not open.
    #[inline(never)]
    pub(crate) fn descriptor(&self, fd: i32) -> Result<Descriptor> {
        Ok(self.fs.descriptor(&self.process, fd)?)
    }

    /// Whether a descriptor is of a directory of the filesystem.
    pub(crate) fn is_directory(&self, fd: i32) -> bool {
        self.fs.file_type(&self.process, fd) == Ok(FileType::Directory)
    }

    /// The type of file behind a descriptor.
    pub(crate) fn file_type(&self, fd: i32) -> Result<FileType> {
        Ok(self.fs.file_type(&self.process, fd)?)
    }

    /// Checks that a descriptor is of anything but a directory, for calls that preview1 has for
    /// files only.
    ///
    /// # Errors
    ///
    /// `BADF`: it is a directory.
    #[inline(never)]
    pub(crate) fn require_file(&self, fd: i32) -> Result<()> {
        if self.file_type(fd)? == FileType::Directory { Err(Error::BADF) } else { Ok(()) }
    }

    /// The error of a call with a path at `fd`. If the descriptor is no directory that comes first:
    /// every such call fails then.
    #[cold]
    pub(crate) fn explain(&self, fd: i32, error: Error) -> Error {
        if self.is_directory(fd) { error } else { Error::BADF }
    }
}
