//! The contents of a file on their way into an archive: all bytes; or, of a file with holes, a map
//! of where its data lie and then the data (GNU tar's sparse form 1.0, in
//! [`sparse`](crate::host_api::tar::sparse)).
//!
//! A file can be fragmented into a million runs, and memory can be used up. So nothing is
//! remembered of the map: it is read from the file three times, to be measured, to be written, and
//! to find the data.

use alloc::vec::Vec;

use wasm_vfs_core::{Errno, Fd, Fs, Process, Stat, Whence};

use crate::bytes::{append, append_decimal};
use crate::host_api::tar::header::BLOCK_BYTES;
use crate::host_api::tar::member::padding_after;
use crate::platform::Host;

/// A file is a sparse member if it has a hole of so many bytes.
const LEAST_HOLE_BYTES: u64 = 4096;

/// How a sparse member is laid out.
pub(super) struct Layout {
    /// How many entries the map has.
    entries: u64,
    /// How many bytes the map has, whole blocks.
    map_bytes: u64,
    /// How many bytes of data there are.
    data: u64,
}

/// The next run of data at or after `from`: where it begins and ends.
fn next_run(
    fs: &mut Fs<Host>,
    process: &Process,
    fd: Fd,
    from: u64,
) -> Result<Option<(u64, u64)>, Errno> {
    let mut seek = |from: u64, whence| {
        let from = i64::try_from(from).map_err(|_| Errno::EIO)?;
        fs.lseek(process, fd, from, whence)
    };
    match seek(from, Whence::Data) {
        Ok(start) => Ok(Some((start, seek(start, Whence::Hole)?))),
        Err(Errno::ENXIO) => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// How many digits a number has.
fn digits(number: u64) -> u64 {
    let (mut digits, mut left) = (1, number);
    while left > 9 {
        digits += 1;
        left /= 10;
    }
    digits
}

/// Adds a line of the map.
fn append_line(out: &mut Vec<u8>, number: u64) -> Result<(), Errno> {
    append_decimal(out, number)?;
    append(out, b"\n")
}

impl Layout {
    /// The layout of a file of `size` bytes; `None` if it has no hole that counts.
    ///
    /// # Errors
    ///
    /// `EIO`: the tree is damaged.
    pub(super) fn of(
        fs: &mut Fs<Host>,
        process: &Process,
        fd: Fd,
        size: u64,
    ) -> Result<Option<Layout>, Errno> {
        let (mut entries, mut text, mut data, mut at, mut widest) = (0, 0, 0, 0, 0);
        while let Some((start, end)) = next_run(fs, process, fd, at)? {
            widest = widest.max(start - at);
            entries += 1;
            text += digits(start) + digits(end - start) + 2;
            data += end - start;
            at = end;
        }
        if at < size {
            widest = widest.max(size - at);
            entries += 1;
            text += digits(size) + digits(0) + 2;
        }
        if widest < LEAST_HOLE_BYTES {
            return Ok(None);
        }
        text += digits(entries) + 1;
        Ok(Some(Layout { entries, map_bytes: text + padding_after(text), data }))
    }

    /// How many bytes the member has in the archive.
    pub(super) fn archived_bytes(&self) -> u64 {
        self.map_bytes + self.data
    }

    /// Adds the first line of the map.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: no memory.
    pub(super) fn append_count(&self, out: &mut Vec<u8>) -> Result<(), Errno> {
        append_line(out, self.entries)
    }
}

/// The contents of a file under way.
pub(super) struct Contents {
    /// The file.
    pub(super) fd: Fd,
    /// Where in the file it goes on, and where the run ends that this is in.
    at: u64,
    run_end: u64,
    /// How many bytes of data are left.
    data_left: u64,
    /// How many bytes of data there were.
    data: u64,
    /// Of a sparse member: how many bytes of its map are left, and what the file was.
    map: Option<(u64, Stat)>,
}

impl Contents {
    /// Those of a file, whose headers and the first line of whose map are written.
    pub(super) fn new(fd: Fd, stat: &Stat, layout: Option<&Layout>) -> Contents {
        let (at, whole) = (0, stat.st_size);
        match layout {
            None => Contents { fd, at, run_end: whole, data_left: whole, data: whole, map: None },
            Some(Layout { entries, map_bytes, data }) => {
                let map_left = map_bytes - digits(*entries) - 1;
                let (data, map) = (*data, Some((map_left, *stat)));
                Contents { fd, at, run_end: 0, data_left: data, data, map }
            }
        }
    }

    /// Whether all of them were handed out.
    pub(super) fn is_done(&self) -> bool {
        self.data_left == 0 && self.map.is_none_or(|(left, _)| left == 0)
    }

    /// How many bytes fill the last block after them.
    pub(super) fn padding(&self) -> u64 {
        padding_after(self.data)
    }

    /// Hands out bytes of the data, and says how many; or adds the next line of the map to
    /// `pending` and says 0. They are not [done](Self::is_done).
    ///
    /// # Errors
    ///
    /// * `EBUSY`: a file with holes was changed since its headers were written.
    /// * `ENOMEM`: no memory.
    /// * What pread64(2) answers.
    pub(super) fn fill(
        &mut self,
        fs: &mut Fs<Host>,
        process: &Process,
        room: &mut [u8],
        pending: &mut Vec<u8>,
    ) -> Result<usize, Errno> {
        if let Some((map_left, stat)) = &self.map {
            let now = fs.fstat(process, self.fd)?;
            let what = |it: &Stat| (it.st_size, it.st_blocks, it.st_ctime);
            if what(&now) != what(stat) {
                return Err(Errno::EBUSY);
            }
            if *map_left > 0 {
                self.map_line(fs, process, pending)?;
                return Ok(0);
            }
        }
        if self.at == self.run_end {
            let run = next_run(fs, process, self.fd, self.at)?;
            (self.at, self.run_end) = run.ok_or(Errno::EBUSY)?;
        }
        let left = self.data_left.min(self.run_end - self.at);
        let len = usize::try_from(left).unwrap_or(usize::MAX).min(room.len());
        let room = room.get_mut(..len).unwrap_or_default();
        let from = i64::try_from(self.at).map_err(|_| Errno::EIO)?;
        let read = fs.pread64(process, self.fd, &mut *room, from)?;
        // A file that has been cut meanwhile goes on with zeros: its header said how long it is.
        room.get_mut(read..).unwrap_or_default().fill(0);
        self.at += len as u64;
        self.data_left -= len as u64;
        Ok(len)
    }

    /// Adds the next entry of the map to `pending`, or what fills the map's last block.
    fn map_line(
        &mut self,
        fs: &mut Fs<Host>,
        process: &Process,
        pending: &mut Vec<u8>,
    ) -> Result<(), Errno> {
        let Some((map_left, stat)) = &mut self.map else { return Ok(()) };
        let before = pending.len();
        match next_run(fs, process, self.fd, self.at)? {
            Some((start, end)) => {
                append_line(pending, start)?;
                append_line(pending, end - start)?;
                self.at = end;
            }
            None if self.at < stat.st_size => {
                append_line(pending, stat.st_size)?;
                append_line(pending, 0)?;
                self.at = stat.st_size;
            }
            None => {
                let zeros = usize::try_from(*map_left).ok();
                let zeros = zeros.and_then(|left| [0; BLOCK_BYTES].get(..left));
                append(pending, zeros.ok_or(Errno::EBUSY)?)?;
            }
        }
        let line = (pending.len() - before) as u64;
        *map_left = map_left.checked_sub(line).ok_or(Errno::EBUSY)?;
        if *map_left == 0 {
            // From the start again, for the data.
            (self.at, self.run_end) = (0, 0);
        }
        Ok(())
    }
}
