//! The preview1 functions, a file for each family.
//!
//! Each is a short shell: it checks the program's pointers, calls the filesystem, and stores the result; or, on a
//! descriptor of the host's, passes its arguments on. A descriptor that will not do is found before a path is looked at, and
//! pointers are checked before anything changes.

mod descriptor;
mod io;
pub(crate) mod path;
mod poll;
mod readdir;
mod sock;
mod stat;
mod unstable;
mod world;

pub(crate) use world::environment;

use wasi::Rights;
use wasm_vfs_core::{Descriptor, FileType};

use crate::errno::{Error, Result, answer};
use crate::state::{self, Buffers, Kernel, Owner};

/// A function on one descriptor: `forward` calls the host, after it has checked pointers, `serve` the filesystem.
///
/// # Errors
///
/// * `BADF`: `fd` is not open.
/// * `NOTCAPABLE`: it lost one of the rights `needs`.
#[inline]
fn on_fd(
    fd: i32,
    needs: Rights,
    forward: impl FnOnce(u32) -> i32,
    serve: impl FnOnce(&mut Kernel, &mut Buffers, &Descriptor) -> Result<()>,
) -> i32 {
    match state::owner(fd) {
        #[cfg(feature = "mounts")]
        Ok(Owner::Host(_)) if crate::mounts::lacks(fd, needs) => Error::NOTCAPABLE.number(),
        Ok(Owner::Host(host_fd)) => forward(host_fd),
        Ok(Owner::Tree(descriptor)) => answer(state::enter(|kernel, buffers| {
            Kernel::require(&descriptor, needs)?;
            serve(kernel, buffers, &descriptor)
        })),
        Err(error) => error.number(),
    }
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
        Kernel::require(&self.fs.descriptor(&self.process, fd)?, needs)
    }

    /// Whether a descriptor is of a directory of the filesystem.
    pub(crate) fn is_directory(&self, fd: i32) -> bool {
        self.fs.file_type(&self.process, fd) == Ok(FileType::Directory)
    }

    /// The type of file behind a descriptor.
    fn file_type(&self, fd: i32) -> Result<FileType> {
        Ok(self.fs.file_type(&self.process, fd)?)
    }

    /// Checks that a descriptor is of anything but a directory, for calls that preview1 has for files only.
    ///
    /// # Errors
    ///
    /// `BADF`: it is a directory.
    #[inline(never)]
    fn require_file(&self, fd: i32) -> Result<()> {
        if self.file_type(fd)? == FileType::Directory { Err(Error::BADF) } else { Ok(()) }
    }

    /// The error of a call with a path at `fd`. If the descriptor is no directory that comes first: every such call fails then.
    #[cold]
    fn explain(&self, fd: i32, error: Error) -> Error {
        if self.is_directory(fd) { error } else { Error::BADF }
    }
}
