//! Listings of the host's directories, whole.
//!
//! The cookies of a host may count positions in a directory as it is at each call: wasmtime's do,
//! and whoever removes what was listed misses the entries that move up. So a directory is read to
//! its end when a listing begins, and the program is served from that: cookies are numbers of
//! entries in it.

use alloc::vec::Vec;

use wasm_vfs_core::Errno;

use crate::abi::layout::DIRENT_BYTES;
use crate::abi::path_imports as import;
use crate::errno::{Error, Result};
use crate::memory::loan::Loan;

/// How much of a directory is asked for at a time: at least one entry with the longest name.
const PIECE_BYTES: u32 = 4096;

/// The part of a `dirent` before its name.
type Header = [u8; DIRENT_BYTES as usize];

/// A directory of the host's as it was when its listing began.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// The entries as `fd_readdir` stores them: a `dirent` and the name, one after another. The
    /// cookies are those of this listing.
    records: Vec<u8>,
    /// Where each of them begins. The number of an entry is the cookie that leads to it.
    starts: Vec<u32>,
}

impl Listing {
    /// Reads a directory of the host's.
    ///
    /// # Errors
    ///
    /// What the host answers; `IO`: its answer makes no sense; `NOMEM`: no memory.
    pub(crate) fn read(directory: u32) -> Result<Listing> {
        let mut listing = Listing::default();
        let mut cookie = 0;
        loop {
            let mut piece = [0; PIECE_BYTES as usize];
            let used = {
                let mut loan = Loan::of(Loan::room_for(&[piece.len(), 4])?)?;
                let used = loan.take(4);
                let buf = loan.take(PIECE_BYTES);
                let (addr, len) = (buf.addr(), buf.len());
                Error::check_host(import::fd_readdir(directory, addr, len, cookie, used.addr()))?;
                buf.copy_to_kernel(&mut piece);
                used.load_u32(0)
            };
            let mut rest = piece.get(..used as usize).ok_or(Error::IO)?;
            let before = cookie;
            while let Some((header, tail)) = rest.split_first_chunk() {
                // One that is cut off comes again.
                let Some((name, tail)) = tail.split_at_checked(name_len(header)?) else { break };
                listing.push(header, name)?;
                cookie = cookie_of(header)?;
                rest = tail;
            }
            if used < PIECE_BYTES {
                return Ok(listing);
            }
            if cookie == before {
                return Err(Error::IO);
            }
        }
    }

    fn push(&mut self, header: &Header, name: &[u8]) -> Result<()> {
        let start = u32::try_from(self.records.len()).map_err(|_| Error::NOMEM)?;
        self.starts.try_reserve(1).map_err(Errno::from)?;
        self.records.try_reserve(header.len() + name.len()).map_err(Errno::from)?;
        self.starts.push(start);
        let next = self.starts.len() as u64;
        self.records.extend_from_slice(&next.to_le_bytes());
        let (_, after_cookie) = header.split_first_chunk::<8>().ok_or(Error::IO)?;
        self.records.extend_from_slice(after_cookie);
        self.records.extend_from_slice(name);
        Ok(())
    }

    /// The entries from `cookie` on, as `fd_readdir` stores them; none beyond the last.
    pub(crate) fn from(&self, cookie: u64) -> &[u8] {
        let start = usize::try_from(cookie).ok().and_then(|number| self.starts.get(number));
        start.and_then(|&start| self.records.get(start as usize..)).unwrap_or_default()
    }

    /// Hands on the names but for `.` and `..`.
    ///
    /// # Errors
    ///
    /// What `visit` answers.
    pub(crate) fn each_name(&self, mut visit: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let mut rest = &self.records[..];
        while let Some((header, tail)) = rest.split_first_chunk() {
            let (name, tail) = tail.split_at_checked(name_len(header)?).ok_or(Error::IO)?;
            if !matches!(name, b"." | b"..") {
                visit(name)?;
            }
            rest = tail;
        }
        Ok(())
    }
}

/// Where the entry behind a `dirent` begins, as the host counts.
fn cookie_of(header: &Header) -> Result<u64> {
    header.first_chunk().copied().map(u64::from_le_bytes).ok_or(Error::IO)
}

/// The length of the name behind a `dirent`.
fn name_len(header: &Header) -> Result<usize> {
    const AT: usize = 16;
    let field = header.get(AT..).and_then(<[u8]>::first_chunk).copied();
    field.map(|len| u32::from_le_bytes(len) as usize).ok_or(Error::IO)
}

/// The listings that are under way, by the number of the open file.
#[derive(Debug, Default)]
pub(crate) struct Listings(Vec<(u32, Listing)>);

impl Listings {
    /// None.
    pub(crate) const fn new() -> Listings {
        Listings(Vec::new())
    }

    /// The listing of an open file.
    pub(crate) fn of(&self, file: u32) -> Option<&Listing> {
        self.0.iter().find(|(of, _)| *of == file).map(|(_, listing)| listing)
    }

    /// Keeps a listing, in place of the one that the file had.
    ///
    /// # Errors
    ///
    /// `NOMEM`: no memory.
    pub(crate) fn keep(&mut self, file: u32, listing: Listing) -> Result<()> {
        self.forget(file);
        self.0.try_reserve(1).map_err(Errno::from)?;
        self.0.push((file, listing));
        Ok(())
    }

    /// Drops the listing of a file that is closed.
    pub(crate) fn forget(&mut self, file: u32) {
        self.0.retain(|(of, _)| *of != file);
    }
}
