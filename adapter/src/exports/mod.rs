//! The preview1 functions, a file for each family.
//!
//! Each is a short shell: it checks the program's pointers, calls the filesystem, and stores the
//! result; or, on a descriptor of the host's, passes its arguments on. A descriptor that will not
//! do is found before a path is looked at, and pointers are checked before anything changes.

mod after_cut;
mod args_env;
pub(crate) mod clock;
mod descriptor;
mod io;
mod path;
mod poll;
mod random_exit;
mod readdir;
mod sock;
mod stat;
mod unstable;

#[cfg(feature = "calls")]
pub(crate) use args_env::arguments;
pub(crate) use args_env::environment;
#[cfg(feature = "calls")]
pub(crate) use poll::{AT_ONCE, EventWords, SubscriptionWords, ask_host};
#[cfg(feature = "calls")]
pub(crate) use random_exit::proc_exit;

use wasi::Rights;
use wasm_vfs_core::OpenFile;

use crate::errno::{Result, answer};
use crate::kernel::descriptors::{Owner, owner};
use crate::kernel::{Buffers, Kernel};

/// A function on one descriptor: `forward` calls the host, after it has checked pointers, `serve`
/// the filesystem, with the file that the descriptor is open on: it is looked up here, and nowhere
/// after.
///
/// # Errors
///
/// * `BADF`: `fd` is not open.
/// * `NOTCAPABLE`: it lacks one of the rights `needs`.
#[inline]
fn on_fd(
    fd: i32,
    needs: Rights,
    forward: impl FnOnce(u32) -> i32,
    serve: impl FnOnce(&mut Kernel, OpenFile, &mut Buffers) -> Result<()>,
) -> i32 {
    match owner(fd, needs) {
        Ok(Owner::Host(host_fd)) => forward(host_fd),
        Ok(Owner::Tree(entered, file)) => {
            answer(entered.run(|kernel, buffers| serve(kernel, file, buffers)))
        }
        Err(error) => error.number(),
    }
}
