//! Calls that move bytes, or change where a file's bytes end.

pub(crate) mod copy_file_range;
pub(crate) mod fallocate;
pub(crate) mod lseek;
pub(crate) mod preadv2;
pub(crate) mod read_write;
pub(crate) mod sendfile;
pub(crate) mod splice;
pub(crate) mod sync;
pub(crate) mod transfer;
pub(crate) mod truncate;
pub(crate) mod vmsplice;
