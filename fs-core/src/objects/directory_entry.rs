//! One entry as readdir hands it out, and the two records in which Linux's calls write it.
//!
//! Linux: `struct linux_dirent` and `struct linux_dirent64` (fs/readdir.c). How a directory stores
//! its entries is in [`crate::objects::directory`].

use crate::base::defect::OrDefect;
use crate::base::stat::FileType;
use crate::platform::Platform;
use crate::platform::user_memory::UserMut;

/// Bytes of a `struct linux_dirent64` before its name.
const DIRENT64_HEADER_BYTES: usize = 19;

/// Bytes of a `struct linux_dirent` before its name: what both records begin with.
const DIRENT_HEADER_BYTES: usize = 18;

/// Records begin at multiples of this.
const DIRENT_ALIGN: usize = 8;

/// One entry as [`Fs::readdir`](crate::Fs::readdir) hands it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirEntryView<'a> {
    /// `d_ino`.
    pub ino: u64,
    /// `d_off`: where the entry after this one begins, for lseek.
    pub next_offset: u64,
    /// `d_type`.
    pub file_type: FileType,
    /// `d_name`, without NUL.
    pub name: &'a [u8],
}

impl DirEntryView<'_> {
    /// Writes a `struct linux_dirent64`; says whether there was room for it.
    pub(crate) fn write_linux_dirent64<P: Platform>(&self, dirp: &mut impl UserMut<P>) -> bool {
        let unpadded = DIRENT64_HEADER_BYTES + self.name.len() + 1;
        let record_bytes = unpadded.next_multiple_of(DIRENT_ALIGN);
        if record_bytes > dirp.count() {
            return false;
        }
        let mut header = [0; DIRENT64_HEADER_BYTES];
        let (common, d_type) = header.split_at_mut(DIRENT_HEADER_BYTES);
        common.copy_from_slice(&self.common_header(record_bytes));
        d_type.fill(self.file_type as u8);
        dirp.copy_to_user(&header);
        dirp.copy_to_user(self.name);
        dirp.clear_user(record_bytes - unpadded + 1);
        true
    }

    /// Writes a `struct linux_dirent`; says whether there was room for it.
    pub(crate) fn write_linux_dirent<P: Platform>(&self, dirp: &mut impl UserMut<P>) -> bool {
        let unpadded = DIRENT_HEADER_BYTES + self.name.len() + 2; // a NUL and the type
        let record_bytes = unpadded.next_multiple_of(DIRENT_ALIGN);
        if record_bytes > dirp.count() {
            return false;
        }
        dirp.copy_to_user(&self.common_header(record_bytes));
        dirp.copy_to_user(self.name);
        dirp.clear_user(record_bytes - unpadded + 1);
        dirp.copy_to_user(&[self.file_type as u8]);
        true
    }

    /// `d_ino`, `d_off` and `d_reclen`, which both records begin with. Word by word: a listing is
    /// made of these.
    fn common_header(&self, record_bytes: usize) -> [u8; DIRENT_HEADER_BYTES] {
        let mut header = [0; DIRENT_HEADER_BYTES];
        let (ino, rest) = header.split_at_mut(8);
        let (off, reclen) = rest.split_at_mut(8);
        ino.copy_from_slice(&self.ino.to_le_bytes());
        off.copy_from_slice(&self.next_offset.to_le_bytes());
        // A record has at most 280 bytes.
        reclen.copy_from_slice(&u16::try_from(record_bytes).or_after_defect(0).to_le_bytes());
        header
    }
}
