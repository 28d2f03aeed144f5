//! What the contents of a file were before anything was written to them: for the list of changes,
//! and for going back.

use crate::base::defect::OrDefect;
use crate::base::errno::Errno;
use crate::base::page::pages_of;
use crate::objects::contents::FileContents;
use crate::objects::page_tree::{self, Slot};

impl FileContents {
    /// Whether it is as [`baked`](Self::baked) made it, or [`lower`](Self::lower): nothing was
    /// written, cut or punched.
    pub(crate) fn is_unwritten(&self) -> bool {
        matches!(self.root, Slot::Absent) && self.size == self.contents_len()
    }

    /// What it was before anything was written to it; its size was `size` then.
    pub(crate) fn unwritten(&self, size: u64) -> FileContents {
        let contents_len = u32::try_from(size).or_after_defect(0);
        FileContents {
            size,
            contents_len,
            data_pages: u32::try_from(pages_of(size)).or_after_defect(0),
            contents_offset: self.contents_offset,
            lower: self.lower,
            ..FileContents::default()
        }
    }

    /// Gives back the memory of what was written, of a file that nobody reads any more.
    pub(crate) fn forget_written(&mut self) {
        *self = self.unwritten(0);
    }

    /// A copy.
    ///
    /// # Errors
    ///
    /// `ENOSPC`: no memory.
    pub(crate) fn try_clone(&self) -> Result<FileContents, Errno> {
        Ok(FileContents { root: page_tree::try_clone(&self.root)?, ..*self })
    }

    /// Whether both have the same bytes and holes. A file that was written to is not the same as one
    /// that was not, even if the bytes are.
    pub(crate) fn is_same_as(&self, other: &FileContents) -> bool {
        (self.size, self.contents_len, self.data_pages)
            == (other.size, other.contents_len, other.data_pages)
            && page_tree::are_same((&self.root, self.height), (&other.root, other.height))
    }
}
