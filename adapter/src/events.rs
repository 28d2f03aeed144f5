//! Tells an embedder what calls of the program did, where that is chosen (`pack --events`).
//!
//! Lowering puts a function around each that the program calls: it makes the call and hands the
//! answer to [`after_call`], which asks the filesystem what the call did. Where that is something,
//! a function is called which the embedder provides; the filesystem is then not in a call, so that
//! one may use the whole host interface. Where events are not chosen nothing of this is linked.
//!
//! | import of `wasm_vfs_events` | when |
//! |---|---|
//! | `changed()` | a call changed the tree, or was about to and failed |
//! | `sync() -> answer` | a call promised that what was written is stored ([`Events::SYNC`]); 0, or a Linux error number with its sign turned, which the program then gets |

use wasm_vfs_core::{Errno, Events};

use crate::errno::{Error, Result};
use crate::kernel;

#[cfg(target_arch = "wasm32")]
#[link(wasm_import_module = "wasm_vfs_events")]
unsafe extern "C" {
    safe fn changed();
    safe fn sync() -> i32;
}

#[cfg(not(target_arch = "wasm32"))]
fn changed() {}

#[cfg(not(target_arch = "wasm32"))]
fn sync() -> i32 {
    0
}

/// One of preview1's functions has answered. Returns what the program gets.
#[unsafe(no_mangle)]
extern "C" fn after_call(answer: i32) -> i32 {
    match tell() {
        Err(errno) if answer == 0 => Error::from(errno).number(),
        _ => answer,
    }
}

/// One of Linux's calls has answered. Returns what the program gets.
#[cfg(feature = "calls")]
#[unsafe(no_mangle)]
extern "C" fn after_linux_call(answer: i64) -> i64 {
    match tell() {
        Err(errno) if answer >= 0 => -i64::from(errno.number()),
        _ => answer,
    }
}

/// Tells what happened since this was last called.
///
/// # Errors
///
/// What the embedder answers to `sync`.
#[inline(never)]
fn tell() -> core::result::Result<(), Errno> {
    let taken: Result<Events> =
        kernel::enter(|kernel, _| Ok(kernel.fs.replace_events(Events::empty())));
    let events = taken.unwrap_or_default();
    // Nothing of the filesystem is borrowed.
    if events.contains(Events::CHANGED) {
        changed();
    }
    if events.contains(Events::SYNC) {
        let answer = sync();
        if answer != 0 {
            let known = u16::try_from(-i64::from(answer)).ok().and_then(Errno::from_number);
            return Err(known.unwrap_or(Errno::EIO));
        }
    }
    Ok(())
}
