//! Calls on the bytes of files: they read, write, move and cut them.

mod forward;
mod read_write;
mod seek;
mod size;
mod sync;
mod transfer;

/// The most bytes that one call moves (`MAX_RW_COUNT`, include/linux/fs.h).
const MAX_RW_COUNT: u32 = 0x7fff_f000;
