//! A packed tree as a tar archive: POSIX pax format, so that times keep their nanoseconds and
//! names, link targets and ids any length. Equal trees give equal archives.

use crate::error::{Error, ErrorKind, InnerResult, Marked as _};
use crate::packed::packed_module::PackedModule;
use crate::tree::{EntryKind, Metadata, Tree};
use anyhow::Context as _;
use std::io::{self, Read, Seek, Write};
use tar::{Builder, EntryType, Header};

/// Room for a name or a link target in the header itself.
const HEADER_NAME_BYTES: usize = 100;

/// The largest id in the header's seven octal digits.
const MAX_HEADER_ID: u32 = 0o7_777_777;

/// The largest time in the header's eleven octal digits.
const MAX_HEADER_TIME: u64 = 0o77_777_777_777;

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
            let member = Member::of(self.tree(), index);
            if member.header.entry_type() == EntryType::Regular {
                member.append(&mut archive, self.contents(index)?)
            } else {
                member.append(&mut archive, io::empty())
            }
            .with_context(|| format!("cannot export {}", self.tree().display_path(index)))?;
        }
        archive.finish().context("cannot write the archive")?;
        Ok(())
    }
}

/// One member's headers.
pub(crate) struct Member {
    header: Header,
    /// What the header has no room for.
    pax: Vec<(&'static str, Vec<u8>)>,
}

impl Member {
    fn of(tree: &Tree, index: usize) -> Self {
        let entry = &tree.entries()[index];
        let (entry_type, link, size) = match &entry.kind {
            EntryKind::Directory | EntryKind::DescriptorDirectory => {
                (EntryType::Directory, None, 0)
            }
            EntryKind::CharDevice { .. } => (EntryType::Char, None, 0),
            EntryKind::File { len, .. } => (EntryType::Regular, None, *len),
            EntryKind::Symlink { target } => (EntryType::Symlink, Some(target.clone()), 0),
            EntryKind::HardLink { original } => {
                (EntryType::Link, Some(member_name(tree, *original)), 0)
            }
        };
        let mut member =
            Self::new(entry_type, member_name(tree, index), link, size, entry.metadata);
        if let EntryKind::CharDevice { major, minor } = entry.kind {
            member.set_device(major, minor);
        }
        member
    }

    /// The headers of a member of this type, name, link name, and size of what follows.
    pub(crate) fn new(
        entry_type: EntryType,
        name: Vec<u8>,
        link: Option<Vec<u8>>,
        size: u64,
        metadata: Metadata,
    ) -> Self {
        let mut member = Self { header: Header::new_ustar(), pax: Vec::new() };
        member.header.set_entry_type(entry_type);
        member.header.set_size(size);
        member.set_name(name);
        if let Some(link) = link {
            member.set_link(link);
        }
        member.set_metadata(metadata);
        member.header.set_cksum();
        member
    }

    /// Adds the member to an archive.
    ///
    /// # Errors
    ///
    /// When `contents` cannot be read or the archive not written.
    pub(crate) fn append(
        &self,
        archive: &mut Builder<impl Write>,
        contents: impl Read,
    ) -> io::Result<()> {
        archive.append_pax_extensions(self.pax.iter().map(|(k, v)| (*k, v.as_slice())))?;
        archive.append(&self.header, contents)
    }

    /// Numbers with more than the header's digits, which no driver here has, become the largest
    /// that fit.
    fn set_device(&mut self, major: u32, minor: u32) {
        if let Some(header) = self.header.as_ustar_mut() {
            header.set_device_major(major.min(MAX_HEADER_ID));
            header.set_device_minor(minor.min(MAX_HEADER_ID));
        }
        self.header.set_cksum();
    }

    fn set_name(&mut self, name: Vec<u8>) {
        put(&mut self.header.as_old_mut().name, &name);
        if name.len() > HEADER_NAME_BYTES {
            self.pax.push(("path", name));
        }
    }

    fn set_link(&mut self, link: Vec<u8>) {
        put(&mut self.header.as_old_mut().linkname, &link);
        if link.len() > HEADER_NAME_BYTES {
            self.pax.push(("linkpath", link));
        }
    }

    fn set_metadata(&mut self, metadata: Metadata) {
        self.header.set_mode(metadata.mode.into());
        let (uid, gid) = (metadata.uid, metadata.gid);
        self.header.set_uid(uid.min(MAX_HEADER_ID).into());
        self.header.set_gid(gid.min(MAX_HEADER_ID).into());
        for (key, id) in [("uid", uid), ("gid", gid)] {
            if id > MAX_HEADER_ID {
                self.pax.push((key, id.to_string().into_bytes()));
            }
        }
        let whole = u64::try_from(metadata.mtime_sec).ok().filter(|sec| *sec <= MAX_HEADER_TIME);
        self.header.set_mtime(whole.unwrap_or(0));
        if whole.is_none() || metadata.mtime_nsec != 0 {
            let time = decimal_time(metadata.mtime_sec, metadata.mtime_nsec);
            self.pax.push(("mtime", time.into_bytes()));
        }
    }
}

fn put(field: &mut [u8; HEADER_NAME_BYTES], name: &[u8]) {
    let kept = name.len().min(field.len());
    field[..kept].copy_from_slice(&name[..kept]);
}

/// Members are named from the root without its slash, directories with one at the end.
fn member_name(tree: &Tree, index: usize) -> Vec<u8> {
    if index == 0 {
        return b"./".to_vec();
    }
    let mut name = tree.path(index).split_off(1);
    if tree.entries()[index].kind.is_directory() {
        name.push(b'/');
    }
    name
}

/// `-0.5` for half a second before 1970, which is kept as -1 s and 500,000,000 ns.
fn decimal_time(sec: i64, nsec: u32) -> String {
    let total = i128::from(sec) * 1_000_000_000 + i128::from(nsec);
    let sign = if total < 0 { "-" } else { "" };
    let total = total.unsigned_abs();
    let text = format!("{sign}{}.{:09}", total / 1_000_000_000, total % 1_000_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_before_1970() {
        let rows = [
            (0, 0, "0"),
            (10, 0, "10"),
            (-1, 500_000_000, "-0.5"),
            (-1, 0, "-1"),
            (7, 1, "7.000000001"),
        ];
        for (sec, nsec, text) in rows {
            assert_eq!(decimal_time(sec, nsec), text);
        }
    }
}
