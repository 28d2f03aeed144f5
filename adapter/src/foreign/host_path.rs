//! Asking the host about one of its files, by a path.

use alloc::vec::Vec;

use crate::abi::layout::FILESTAT_BYTES;
use crate::abi::open_flags::OpenHow;
use crate::abi::path_imports as import;
use crate::defect::len32;
use crate::errno::{Error, Result};
use crate::memory::loan::Loan;

/// A path as the host gets it.
pub(crate) struct HostPath {
    /// The directory that it starts from: the host's number.
    pub(crate) fd: u32,
    /// Which mount that is or was opened through.
    pub(crate) mount: u32,
    /// The path.
    pub(crate) path: Vec<u8>,
}

/// Opens a file of the host's; says its number there.
///
/// # Errors
///
/// What the host answers; `NOMEM`: no memory.
pub(crate) fn open(path: &HostPath, how: &OpenHow) -> Result<u32> {
    let mut loan = Loan::of(Loan::room_for(&[path.path.len(), 4])?)?;
    let (addr, len) = loan.put(&path.path);
    let out = loan.take(4);
    let OpenHow { dirflags, oflags, rights_base, rights_inheriting, fdflags } = *how;
    Error::check_host(import::path_open(
        path.fd,
        dirflags,
        addr,
        len,
        oflags,
        rights_base,
        rights_inheriting,
        fdflags,
        out.addr(),
    ))?;
    Ok(out.load_u32(0))
}

/// Reads a link of the host's into `target`, cut if need be; says how many bytes there are.
///
/// # Errors
///
/// What the host answers; `NOMEM`: no memory.
pub(crate) fn readlink(path: &HostPath, target: &mut [u8]) -> Result<usize> {
    let mut loan = Loan::of(Loan::room_for(&[path.path.len(), 4, target.len()])?)?;
    let (addr, len) = loan.put(&path.path);
    let used = loan.take(4);
    let out = loan.take(len32(target.len()));
    Error::check_host(import::path_readlink(
        path.fd,
        addr,
        len,
        out.addr(),
        out.len(),
        used.addr(),
    ))?;
    out.copy_to_kernel(target);
    Ok(target.len().min(used.load_u32(0) as usize))
}

/// A `filestat` of the host's, as words.
#[derive(Clone, Copy)]
pub(crate) struct HostStat(pub(crate) [u64; FILESTAT_BYTES as usize / 8]);

impl HostStat {
    pub(crate) fn file_type(self) -> u8 {
        self.0[2].to_le_bytes()[0]
    }

    pub(crate) fn size(self) -> u64 {
        self.0[4]
    }

    pub(crate) fn atim(self) -> u64 {
        self.0[5]
    }

    pub(crate) fn mtim(self) -> u64 {
        self.0[6]
    }

    pub(crate) fn ctim(self) -> u64 {
        self.0[7]
    }
}

/// Asks the host for a `filestat`.
///
/// # Errors
///
/// What it answers; `NOMEM`: no memory.
pub(crate) fn filestat(fd: u32, flags: u32, path: &[u8]) -> Result<HostStat> {
    let mut loan = Loan::of(Loan::room_for(&[path.len(), FILESTAT_BYTES as usize])?)?;
    let (addr, len) = loan.put(path);
    let mut out = loan.take(FILESTAT_BYTES);
    Error::check_host(import::path_filestat_get(fd, flags, addr, len, out.addr()))?;
    let mut words = [0; 8];
    for word in &mut words {
        *word = out.take(8).load_u64(0);
    }
    Ok(HostStat(words))
}
