//! What `fork` and `exit` do for a shell, in one process: each utility finds the memory of a process that has just begun, and the next one
//! sees nothing of what it leaves there. uutils keeps its messages, its exit status and what it has read ahead of standard input in
//! statics, for one utility a process.
//!
//! An image is the static data and the heap, in a file of `memfd_create`. The stack lies below both and is no part of it. Descriptors and the
//! tree are the filesystem's, and no part of it either.

use std::ptr;
use std::sync::atomic::{AtomicI32, Ordering};

use wasm_vfs_guest::names::{MFD_CLOEXEC, SEEK_END, SEEK_SET};
use wasm_vfs_guest::{Fd, Result, calls};

use crate::descriptors;

unsafe extern "C" {
    /// Where the static data begins, behind the stack: the linker's symbol.
    static __global_base: u8;
    /// The end of the memory that the program starts with: the linker's symbol.
    static __heap_end: u8;
}

/// The descriptor of the image.
static FILE: AtomicI32 = AtomicI32::new(-1);

/// The memory that an image holds, in words.
fn memory() -> (*mut u64, usize) {
    let start = ptr::addr_of!(__global_base) as usize;
    let end = ptr::addr_of!(__heap_end) as usize;
    (start as *mut u64, (end - start) / size_of::<u64>())
}

/// Makes the file.
pub fn begin() -> Result<()> {
    let file = Fd::new(calls::memfd_create(c"image", MFD_CLOEXEC)?);
    FILE.store(descriptors::out_of_the_way(file.number())?.into_number(), Ordering::Relaxed);
    Ok(())
}

/// Takes an image.
///
/// # Panics
///
/// If the shell's own heap has grown out of the memory that the program starts with.
#[inline(never)]
pub fn take() -> Result<()> {
    let (start, words) = memory();
    let probe = Box::new(0_u8);
    let end = start as usize + words * size_of::<u64>();
    assert!((ptr::from_ref(&*probe) as usize) < end, "the shell's own heap has grown too large");
    // SAFETY: all of it is the program's memory, and nothing changes it meanwhile.
    let used = unsafe { std::slice::from_raw_parts(start, words) };
    // Most of the heap was never used.
    let used = used.iter().rposition(|word| *word != 0).map_or(0, |last| last + 1);
    // SAFETY: as above.
    let mut rest =
        unsafe { std::slice::from_raw_parts(start.cast::<u8>(), used * size_of::<u64>()) };
    let file = FILE.load(Ordering::Relaxed);
    calls::ftruncate(file, 0)?;
    calls::lseek(file, 0, SEEK_SET)?;
    while !rest.is_empty() {
        rest = &rest[calls::write(file, rest)?..];
    }
    Ok(())
}

/// Puts the image back. What was made since is gone, but for what is on the stack.
///
/// # Safety
///
/// Nothing on the stack that is used later points to what was made or changed since.
#[inline(never)]
pub unsafe fn put_back() -> Result<()> {
    let (start, words) = memory();
    let file = FILE.load(Ordering::Relaxed);
    let len = calls::lseek(file, 0, SEEK_END)? as usize;
    // SAFETY: it is the program's memory, and the caller promises that nothing refers to it.
    let memory =
        unsafe { std::slice::from_raw_parts_mut(start.cast::<u8>(), words * size_of::<u64>()) };
    // What follows was zero.
    memory[len..].fill(0);
    let mut at = 0;
    while at < len {
        at += calls::pread64(file, &mut memory[at..len], at as i64)?;
    }
    Ok(())
}
