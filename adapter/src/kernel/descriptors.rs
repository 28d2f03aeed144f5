//! Finds out who owns a descriptor of the program's: the tree, or the WASI host.

use wasi::Rights;
use wasm_vfs_core::{Descriptor, FileType, OpenFile, Target};

use super::state::{Entered, Kernel, enter};
use super::token::host_fd;
use crate::abi::rights::{in_vain, missing};
use crate::errno::{Error, Result};

/// Whose a descriptor is.
pub(crate) enum Owner {
    /// The filesystem's, which the look-up entered, and what is open there.
    Tree(Entered, OpenFile),
    /// The host's: its number there.
    Host(u32),
}

/// Looks a descriptor up, once for the whole call, and checks that no right was taken from it that
/// the call needs.
///
/// # Errors
///
/// * `BADF`: it is not open.
/// * `NOTCAPABLE`: it lacks one of the rights `needs`.
#[inline]
pub(crate) fn owner(fd: i32, needs: Rights) -> Result<Owner> {
    let word = owner_word(fd, needs);
    let number = host_fd(word);
    if word & OF_TREE != 0 {
        // `owner_word` entered.
        Ok(Owner::Tree(Entered::already(), OpenFile::of_number(number)))
    } else if word & OF_HOST != 0 {
        Ok(Owner::Host(number))
    } else {
        Err(Error::of_number(number))
    }
}

/// Set in an [`owner_word`] that holds the number of an open file. It is asked first, and the sign
/// is the shortest question.
const OF_TREE: u64 = 1 << 63;
/// Set in an [`owner_word`] that holds a number of the host's.
const OF_HOST: u64 = 1 << 32;

/// What [`owner`] answers, in one word: the open file's number and [`OF_TREE`], the host's number
/// and [`OF_HOST`], or the error's number. Every call on a descriptor takes this step, and a word
/// comes back in a register, where a [`Result`] comes through memory.
#[inline(never)]
fn owner_word(fd: i32, needs: Rights) -> u64 {
    let found = enter(|kernel, _| {
        let file = kernel.fs.fdget(&kernel.process, fd)?;
        let descriptor = kernel.fs.described(file)?;
        if missing(&descriptor, needs) != 0 {
            kernel.refuse(fd, needs)?;
        }
        Ok(match descriptor.target {
            Target::Inode => OF_TREE | u64::from(file.number()),
            Target::Foreign(token) => OF_HOST | u64::from(host_fd(token)),
        })
    });
    match found {
        Ok(word) => word,
        Err(error) => u64::from(error.number().cast_unsigned()),
    }
}

impl Kernel {
    /// Checks that a descriptor may serve as the directory of a path.
    ///
    /// Whether it is a directory at all is found out by the path walk, which refuses the host's
    /// descriptors too; [`explain`](Self::explain) puts that in wasmtime's words.
    ///
    /// # Errors
    ///
    /// * `BADF`: it is not open.
    /// * `NOTCAPABLE`: it lacks one of the rights `needs`.
    #[inline(never)]
    pub(crate) fn directory(&self, fd: i32, needs: Rights) -> Result<()> {
        let descriptor = self.fs.descriptor(&self.process, fd)?;
        if missing(&descriptor, needs) == 0 { Ok(()) } else { self.refuse(fd, needs) }
    }

    /// What comes of a call on a descriptor that lacks rights.
    ///
    /// # Errors
    ///
    /// `NOTCAPABLE`, unless the call can only fail ([`in_vain`]). What is possible with what the
    /// host has is for the host to say.
    #[cold]
    #[inline(never)]
    fn refuse(&self, fd: i32, needs: Rights) -> Result<()> {
        // Looked up again: a description that is handed over lies in memory in every call.
        let descriptor = self.fs.descriptor(&self.process, fd)?;
        let in_vain = match descriptor.target {
            Target::Inode => in_vain(self.is_directory(fd), descriptor.flags),
            Target::Foreign(_) => 0,
        };
        if missing(&descriptor, needs) & !in_vain == 0 { Ok(()) } else { Err(Error::NOTCAPABLE) }
    }

    /// Whether a descriptor is of a directory of the filesystem.
    pub(crate) fn is_directory(&self, fd: i32) -> bool {
        self.fs.file_type(&self.process, fd) == Ok(FileType::Directory)
    }

    /// How a file is open. Not inlined: it is for calls that are rare.
    ///
    /// # Errors
    ///
    /// `BADF`: it was closed.
    #[inline(never)]
    pub(crate) fn described(&self, file: OpenFile) -> Result<Descriptor> {
        Ok(self.fs.described(file)?)
    }

    /// The type of an open file.
    ///
    /// # Errors
    ///
    /// `BADF`: it is the host's, or was closed.
    pub(crate) fn file_type(&self, file: OpenFile) -> Result<FileType> {
        Ok(self.fs.file_type_of(file)?)
    }

    /// Checks that an open file is anything but a directory, for calls that preview1 has for
    /// files only.
    ///
    /// # Errors
    ///
    /// `BADF`: it is a directory.
    #[inline(never)]
    pub(crate) fn require_file(&self, file: OpenFile) -> Result<()> {
        match self.file_type(file) {
            Ok(FileType::Directory) => Err(Error::BADF),
            // What Linux's calls open may have no type: a counter, a list of events.
            Err(error) if !cfg!(feature = "calls") => Err(error),
            _ => Ok(()),
        }
    }

    /// The error of a call with a path at `fd`. If the descriptor is no directory that comes first:
    /// every such call fails then.
    #[cold]
    pub(crate) fn explain(&self, fd: i32, error: Error) -> Error {
        if self.is_directory(fd) { error } else { Error::BADF }
    }
}
