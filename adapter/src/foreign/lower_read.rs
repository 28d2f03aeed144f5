//! Reading a lower file: from the host straight into the buffer that the filesystem fills.

use wasm_vfs_core::LOWER_CONTENTS;

use super::host_path::{HostPath, open};
use super::table::{MountTable, with};
use crate::abi::imports;
use crate::abi::open_flags::OpenHow;
use crate::defect::{OrDefect, len32};
use crate::errno::{Error, Result};
use crate::memory::borrowed::BORROWED_ADDR;
use crate::memory::loan::Loan;
use crate::memory::user::UserRange;
use crate::one_thread::lend;

/// How many bytes are copied up at a time: a page.
const COPY_BYTES: usize = 4096;

impl MountTable {
    /// Fills a buffer of the program's from a lower file, if the byte of the baked contents at
    /// `offset` is one of a lower file; returns whether it is. What cannot be read is zero; unless
    /// that is because the file has become shorter, [`read_failed`](Self::read_failed) says so.
    pub(crate) fn lower_to_user(&self, dst: UserRange, offset: u64) -> bool {
        let Some((number, at)) = file_at(offset) else { return false };
        let result = self.read(number, at, dst);
        let done = *result.as_ref().unwrap_or(&0);
        let mut rest = dst;
        rest.take(done);
        rest.clear();
        if result.is_err() {
            self.read_failed.set(true);
        }
        true
    }

    /// As [`lower_to_user`](Self::lower_to_user), for a buffer of this memory.
    pub(crate) fn lower_to_kernel(&self, dst: &mut [u8], offset: u64) -> bool {
        let Some((number, at)) = file_at(offset) else { return false };
        dst.fill(0);
        for (part, index) in dst.chunks_mut(COPY_BYTES).zip(0..) {
            let at = at + index * COPY_BYTES as u64;
            let read =
                Loan::room_for(&[part.len()]).and_then(Loan::after_windows).and_then(|mut loan| {
                    let out = loan.take(len32(part.len()));
                    let done = self.read(number, at, out)?;
                    let (head, _) = part.split_at_mut(part.len().min(done as usize));
                    out.copy_to_kernel(head);
                    Ok(())
                });
            if read.is_err() {
                self.read_failed.set(true);
            }
        }
        true
    }

    /// Reads a lower file from `at` on, until the buffer is full or the file ends; says how many
    /// bytes there were.
    fn read(&self, number: u32, at: u64, dst: UserRange) -> Result<u32> {
        let fd = self.open_lower(number)?;
        let (mut rest, mut done) = (dst, 0);
        while rest.len() > 0 {
            let part = until_window(rest);
            let read = pread(fd, part, at + u64::from(done))?;
            if read == 0 {
                break;
            }
            rest.take(read.min(part.len()));
            done = dst.len() - rest.len();
        }
        Ok(done)
    }

    /// The host's number of a lower file, which is opened if need be.
    fn open_lower(&self, number: u32) -> Result<u32> {
        if let Some(fd) = with(&self.lower, |lower| lower.open_file(number)) {
            return Ok(fd);
        }
        let (mount, path) = with(&self.lower, |lower| lower.path(number))?;
        // It was there when the directory was read.
        let fd = with(&self.list, |list| {
            list.get(mount as usize).and_then(|mount| mount.directory.open())
        });
        let rights = wasi::RIGHTS_FD_READ | wasi::RIGHTS_FD_SEEK | wasi::RIGHTS_FD_TELL;
        let how = OpenHow {
            dirflags: 0,
            oflags: 0,
            rights_base: rights,
            rights_inheriting: 0,
            fdflags: 0,
        };
        let path = HostPath { fd: fd.or_defect()?, mount, path };
        // After an interruption `open` still gives back what it borrowed; it has nothing of the
        // kernel's. Then `lend` traps.
        let fd = lend(|| open(&path, &how))?;
        if let Some(other) = with(&self.lower, |lower| lower.keep_open(number, fd)) {
            lend(|| imports::fd_close(other));
        }
        Ok(fd)
    }
}

/// The lower file and the byte of it that an offset in the baked contents stands for.
fn file_at(offset: u64) -> Option<(u32, u64)> {
    let number = (offset / LOWER_CONTENTS).checked_sub(1)?;
    Some((u32::try_from(number).ok()?, offset % LOWER_CONTENTS))
}

/// Bytes of a vector of one piece, and of a result.
const WINDOW_BYTES: u32 = 16;
/// Where they are put. The host must not find them in the buffer that it fills, so there are two
/// places.
const WINDOWS: [u32; 2] = [BORROWED_ADDR, BORROWED_ADDR + WINDOW_BYTES];

impl Loan {
    /// Borrows `len` bytes that no window is in.
    fn after_windows(len: u32) -> Result<Loan> {
        Loan::at(BORROWED_ADDR + 2 * WINDOW_BYTES, len)
    }
}

/// The first part of a buffer that lies on one side of the first window, or in it.
fn until_window(buffer: UserRange) -> UserRange {
    let [first, second] = WINDOWS;
    let mut rest = buffer;
    let end = match buffer.addr() {
        addr if addr < first => first - addr,
        addr if addr < second => second - addr,
        _ => buffer.len(),
    };
    rest.take(end)
}

/// Reads from the host into a buffer that [`until_window`] gave.
fn pread(fd: u32, buffer: UserRange, at: u64) -> Result<u32> {
    let [first, second] = WINDOWS;
    let in_first = buffer.addr() >= first && buffer.addr() < second;
    let mut loan = Loan::at(if in_first { second } else { first }, WINDOW_BYTES)?;
    let iovec = loan.take(8);
    iovec.store_u32(0, buffer.addr());
    iovec.store_u32(4, buffer.len());
    let read = loan.take(4);
    Error::check_host(lend(|| imports::fd_pread(fd, iovec.addr(), 1, at, read.addr())))?;
    Ok(read.load_u32(0).min(buffer.len()))
}
