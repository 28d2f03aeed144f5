//! A packed tree as a tar archive: POSIX pax format, so that times keep their nanoseconds and
//! names, link targets and ids any length. Equal trees give equal archives.

use crate::error::{Error, ErrorKind, InnerResult, Marked as _};
use crate::packed::packed_module::PackedModule;
use crate::packed::sparse_map::SparseMap;
use crate::packed::tar_member::Member;
use crate::tree::{EntryKind, Tree};
use anyhow::Context as _;
use std::io::{self, Read, Seek, Write};
use tar::{Builder, EntryType};

impl<R: Read + Seek> PackedModule<R> {
    /// Writes the tree as a tar archive in POSIX pax format. Equal trees give equal archives.
    ///
    /// ```
    /// use wasm_vfs::{PackedModule, Packer, Program, TreeBuilder};
    ///
    /// # let program = wat::parse_str(wasm_vfs::doc::PROGRAM)?;
    /// # let bytes = Packer::new(TreeBuilder::new()).pack(Program::bytes("app", program))?.to_vec()?;
    /// let mut packed = PackedModule::from_reader(std::io::Cursor::new(bytes))?;
    /// let mut archive = Vec::new();
    /// packed.export_tar(&mut archive)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the module cannot be read or the archive not written.
    pub fn export_tar(&mut self, out: impl Write) -> Result<(), Error> {
        Ok(self.write_tar(out).of_kind(ErrorKind::Io)?)
    }

    fn write_tar(&mut self, out: impl Write) -> InnerResult<()> {
        let mut archive = Builder::new(out);
        for index in 0..self.tree().entries().len() {
            self.write_member(&mut archive, index)
                .with_context(|| format!("cannot export {}", self.tree().display_path(index)))?;
        }
        archive.finish().context("cannot write the archive")?;
        Ok(())
    }

    fn write_member(&mut self, archive: &mut Builder<impl Write>, index: usize) -> InnerResult<()> {
        let tree = self.tree();
        let entry = &tree.entries()[index];
        let (name, metadata) = (member_name(tree, index), entry.metadata);
        let xattrs = tree.own_xattrs(index).to_vec();
        let bare = |entry_type, link| Member::new(entry_type, name.clone(), link, 0, metadata);
        let member = match &entry.kind {
            EntryKind::File { len, .. } => {
                let len = *len;
                // The contents do not tell holes; long runs of zeros are none of anybody's bytes.
                let map = SparseMap::of_zeros(self.contents(index)?, len)?;
                if map.is_whole() {
                    let member = Member::new(EntryType::Regular, name, None, len, metadata);
                    member.xattrs(&xattrs).append(archive, self.contents(index)?)?;
                } else {
                    let member = Member::sparse(&name, &map, metadata);
                    member.xattrs(&xattrs).append(archive, self.runs(index, &map.runs)?)?;
                }
                return Ok(());
            }
            EntryKind::Directory | EntryKind::DescriptorDirectory => {
                bare(EntryType::Directory, None)
            }
            EntryKind::CharDevice { major, minor } => {
                bare(EntryType::Char, None).device(*major, *minor)
            }
            EntryKind::Fifo => bare(EntryType::Fifo, None),
            EntryKind::Symlink { target } => bare(EntryType::Symlink, Some(target.clone())),
            EntryKind::HardLink { original } => {
                bare(EntryType::Link, Some(member_name(tree, *original)))
            }
        };
        Ok(member.xattrs(&xattrs).append(archive, io::empty())?)
    }
}

/// Members are named from the root without its slash, directories with one at the end.
pub(crate) fn member_name(tree: &Tree, index: usize) -> Vec<u8> {
    if index == 0 {
        return b"./".to_vec();
    }
    let mut name = tree.path(index).split_off(1);
    if tree.entries()[index].kind.is_directory() {
        name.push(b'/');
    }
    name
}
