//! The preview1 functions, a file for each family.
//!
//! Each is a short shell: it checks the program's pointers, calls the filesystem, and stores the result; or, on a
//! descriptor of the host's, passes its arguments on. A descriptor that will not do is found before a path is looked at, and
//! pointers are checked before anything changes.

mod args_env;
mod clock;
mod descriptor;
mod io;
mod path;
mod poll;
mod random_exit;
mod readdir;
mod sock;
mod stat;
mod unstable;

pub(crate) use args_env::environment;

use wasi::Rights;
use wasm_vfs_core::Descriptor;

use crate::abi::rights::require;
use crate::errno::{Error, Result, answer};
use crate::kernel::descriptors::{self, Owner};
use crate::kernel::{self, Buffers, Kernel};
use crate::mounts;

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
    match descriptors::owner(fd) {
        Ok(Owner::Host(_)) if mounts::lacks(fd, needs) => Error::NOTCAPABLE.number(),
        Ok(Owner::Host(host_fd)) => forward(host_fd),
        Ok(Owner::Tree(descriptor)) => answer(kernel::enter(|kernel, buffers| {
            require(&descriptor, needs)?;
            serve(kernel, buffers, &descriptor)
        })),
        Err(error) => error.number(),
    }
}
