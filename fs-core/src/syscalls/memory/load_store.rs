//! load and store: reading and writing memory, which stand for the processor.
//!
//! DEVIATION: what a program stores behind the end of a file, in its last page, is dropped; tmpfs
//! shows it when the file grows. Each store through a shared mapping sets the modification time;
//! Linux does when a page is stored to first. Signals are errors.

use crate::base::defect::OrDefect;
use crate::base::errno::Errno;
use crate::base::page::{FS_PAGE_BYTES, PAGE};
use crate::fs::Fs;
use crate::objects::address_space::{Prot, Sharing};
use crate::objects::process::Process;
use crate::platform::Platform;
use crate::platform::user_memory::{Limited, UserMut, UserRef};

/// How many of `len` bytes from `addr` on are in its page.
fn within_page(addr: u64, len: usize) -> usize {
    let left = PAGE - addr % PAGE;
    usize::try_from(left).map_or(len, |left| left.min(len))
}

/// How many bytes there are from `from` to `to`.
fn moved(from: u64, to: u64) -> usize {
    // Not more than the buffer has.
    usize::try_from(to - from).or_after_defect(usize::MAX)
}

impl<P: Platform> Fs<P> {
    /// Reads memory as the process itself would, up to the first address where that would raise a
    /// signal; says how many bytes.
    ///
    /// # Errors
    ///
    /// `ENOSYS`: [`Platform::USER_MEMORY`] is on. Of the first byte:
    ///
    /// * `EFAULT`: it is not mapped or may not be read (`SIGSEGV`).
    /// * `EIO`: it lies in a page beyond the end of its file, or in one that the embedder cannot
    ///   read (`SIGBUS`).
    pub fn load(
        &self,
        process: &Process,
        addr: u64,
        mut buf: impl UserMut<P>,
    ) -> Result<usize, Errno> {
        if P::USER_MEMORY {
            return Err(Errno::ENOSYS);
        }
        let mut at = addr;
        while buf.count() > 0 {
            let piece = within_page(at, buf.count());
            if let Err(error) = self.load_in_page(process, at, piece, &mut buf) {
                return if at > addr { Ok(moved(addr, at)) } else { Err(error) };
            }
            at += piece as u64;
        }
        Ok(moved(addr, at))
    }

    fn load_in_page(
        &self,
        process: &Process,
        addr: u64,
        len: usize,
        buf: &mut impl UserMut<P>,
    ) -> Result<(), Errno> {
        let space = self.space(process).ok_or(Errno::EFAULT)?;
        let area = space.area_at(addr).ok_or(Errno::EFAULT)?;
        if !area.prot.intersects(Prot::READ | Prot::WRITE | Prot::EXEC) {
            return Err(Errno::EFAULT);
        }
        if !self.is_in_file(area, addr) {
            return Err(Errno::EIO);
        }
        if area.sharing == Sharing::Private && space.has_private_page(addr) {
            return space.private.read(addr, &self.platform, &mut Limited { buf, len }).map(|_| ());
        }
        let read = match self.mapped_contents(area) {
            Some(contents) => {
                let from = area.file_offset(addr);
                contents.read(from, &self.platform, &mut Limited { buf, len })?
            }
            None => 0,
        };
        // The rest of the last page.
        buf.clear_user(len - read);
        Ok(())
    }

    /// Writes memory as the process itself would, up to the first address where that would raise a
    /// signal; says how many bytes.
    ///
    /// # Errors
    ///
    /// `ENOSYS`: [`Platform::USER_MEMORY`] is on. Of the first byte:
    ///
    /// * `EFAULT`: it is not mapped or may not be written (`SIGSEGV`).
    /// * `EIO`: it lies in a page beyond the end of its file, or in one that the embedder cannot
    ///   read (`SIGBUS`).
    /// * `ENOSPC`: there is no room for its page (`SIGBUS` too). `ENOMEM`: no memory for a page of
    ///   its own.
    pub fn store(
        &mut self,
        process: &Process,
        addr: u64,
        mut buf: impl UserRef,
    ) -> Result<usize, Errno> {
        if P::USER_MEMORY {
            return Err(Errno::ENOSYS);
        }
        let mut at = addr;
        while buf.count() > 0 {
            let piece = within_page(at, buf.count());
            if let Err(error) = self.store_in_page(process, at, piece, &mut buf) {
                return if at > addr { Ok(moved(addr, at)) } else { Err(error) };
            }
            at += piece as u64;
        }
        Ok(moved(addr, at))
    }

    fn store_in_page(
        &mut self,
        process: &Process,
        addr: u64,
        len: usize,
        buf: &mut impl UserRef,
    ) -> Result<(), Errno> {
        let space = self.space(process).ok_or(Errno::EFAULT)?;
        let area = *space.area_at(addr).ok_or(Errno::EFAULT)?;
        if !area.prot.contains(Prot::WRITE) {
            return Err(Errno::EFAULT);
        }
        if !self.is_in_file(&area, addr) {
            return Err(Errno::EIO);
        }
        match (area.sharing, area.ino) {
            (Sharing::Shared, Some(ino)) => {
                let offset = area.file_offset(addr);
                self.change_contents(ino, |contents, platform, free_pages| {
                    let left = contents.size().saturating_sub(offset);
                    let kept = usize::try_from(left).map_or(len, |left| left.min(len));
                    let mut first = Limited { buf: &mut *buf, len: kept };
                    contents.write(offset, platform, free_pages, &mut first)?;
                    skip(buf, len - kept);
                    Ok(())
                })?;
                let now = self.now();
                self.touch(ino, now)?;
                Ok(())
            }
            _ => {
                self.own_private_page(process, &area, addr)?;
                let space = process.space.and_then(|id| self.spaces.get_mut(id));
                let space = space.ok_or(Errno::EFAULT)?;
                let mut piece = Limited { buf, len };
                let stored = space.private.write(addr, &self.platform, u64::MAX, &mut piece);
                stored.map(|_| ()).map_err(|_| Errno::ENOMEM)
            }
        }
    }
}

/// Takes bytes that go nowhere from a buffer; less than a page.
fn skip(buf: &mut impl UserRef, len: usize) {
    let mut nowhere = [0; FS_PAGE_BYTES];
    buf.copy_from_user(nowhere.get_mut(..len).or_after_defect(&mut []));
}
