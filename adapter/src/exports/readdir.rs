//! Listing a directory.

use wasm_vfs_core::{DirEntryView, Errno};

use crate::abi::layout::{self, DIRENT_BYTES};
use crate::defect::len32;
use crate::errno::Error;
use crate::exports::on_fd;
use crate::memory::user::{UserRange, check_for_host};
use crate::mounts;

/// Entries from `cookie` on, as many as fit; the last one may be cut off, which says that there are
/// more.
#[unsafe(no_mangle)]
extern "C" fn fd_readdir(fd: i32, buf: u32, buf_len: u32, cookie: u64, bufused: u32) -> i32 {
    if let Some(answer) = mounts::fd_readdir(fd, buf, buf_len, cookie, bufused) {
        return answer;
    }
    on_fd(
        fd,
        wasi::RIGHTS_FD_READDIR,
        // A directory of the host's was listed there (`mounts`). Pointers are checked first.
        |_| match check_for_host(bufused, 4) | check_for_host(buf, buf_len) {
            0 => Error::BADF.number(),
            fault => fault,
        },
        |kernel, file, _| {
            let used = UserRange::new(bufused, 4)?;
            let mut left = UserRange::new(buf, buf_len)?;
            let listed = kernel.fs.iterate_dir(&kernel.process, file, cookie, |entry| {
                store_dirent(&mut left, entry);
                left.len() > 0
            });
            listed.map_err(|errno| match errno {
                Errno::ENOTDIR => Error::BADF,
                errno => errno.into(),
            })?;
            used.store_u32(0, buf_len - left.len());
            Ok(())
        },
    )
}

/// Stores a `dirent` and its name at the front of `left`, as far as they fit.
#[inline(never)]
fn store_dirent(left: &mut UserRange, entry: &DirEntryView<'_>) {
    let namlen = entry.name.len() as u64;
    let file_type = u64::from(layout::file_type(entry.file_type));
    // The name's length, the type at offset 20, and padding.
    let words = [entry.next_offset, entry.ino, namlen | file_type << 32];
    let mut header = left.take(DIRENT_BYTES);
    for word in words {
        let part = header.take(8);
        if part.len() == 8 {
            part.store_u64(0, word);
        } else {
            part.store_prefix(&word.to_le_bytes());
        }
    }
    let name = left.take(len32(entry.name.len()));
    name.store_prefix(entry.name);
}
