//! A packed tree back on the disk, with modes, times, symbolic and hard links.
//!
//! How that is done is [`disk`](crate::disk)'s: nothing outside the destination is touched, zeros
//! become holes, and a file appears when it is complete. Owners and extended attributes but those of
//! `user.` are not restored, and device nodes not made: only root could.

use crate::disk::directory::{DirectoryWriter, TOP_DIRECTORY};
use crate::disk::new_entry::Existing;
use crate::error::{Error, ErrorKind, InnerResult, Marked as _};
use crate::packed::packed_module::PackedModule;
use crate::quote::escaped;
use crate::tree::{EntryKind, Tree};
use anyhow::Context as _;
use std::io::{Read, Seek};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

impl<R: Read + Seek> PackedModule<R> {
    /// Writes the tree beneath a directory of the disk, which is made if it is missing. Device
    /// nodes are left out, and owners and extended attributes but those of `user.` are not restored:
    /// only root could. Those of `user.` are left out where the disk has none.
    ///
    /// ```
    /// use wasm_vfs::{Existing, PackedModule, Packer, Program, TreeBuilder};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # std::env::set_current_dir(&directory)?;
    /// # let program = wat::parse_str(wasm_vfs::doc::PROGRAM)?;
    /// # let tree = TreeBuilder::new().file("/etc/version", "1.2\n");
    /// # Packer::new(tree).pack(Program::bytes("app", program))?.write("app-packed.wasm")?;
    /// let mut packed = PackedModule::open("app-packed.wasm")?;
    /// packed.extract("unpacked", Existing::Keep)?;
    /// assert_eq!(std::fs::read("unpacked/etc/version")?, b"1.2\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If something is in the way or cannot be made: the message names it. What was made before
    /// stays.
    pub fn extract(
        &mut self,
        directory: impl AsRef<Path>,
        existing: Existing,
    ) -> Result<(), Error> {
        Ok(extract(self, directory.as_ref(), existing).of_kind(ErrorKind::Io)?)
    }
}

fn extract<R: Read + Seek>(
    packed: &mut PackedModule<R>,
    directory: &Path,
    existing: Existing,
) -> InnerResult<()> {
    std::fs::create_dir_all(directory)
        .with_context(|| format!("cannot make directory `{}`", directory.display()))?;
    let mut writer = DirectoryWriter::open(directory, existing)
        .with_context(|| format!("cannot open directory `{}`", directory.display()))?;
    writer.dress_top(packed.tree().entries()[0].metadata, packed.tree().xattrs(0));
    // Which entry each directory is that is being filled, and the other way round.
    let mut entries = vec![0];
    let mut places = vec![TOP_DIRECTORY; packed.tree().entries().len()];
    for index in 1..packed.tree().entries().len() {
        let made = make(packed, index, &mut writer, &places);
        let place = made
            .with_context(|| format!("cannot extract {}", host(directory, packed.tree(), index)))?;
        if let Some(place) = place {
            places[index] = place;
            entries.push(index);
        }
    }
    let unfinished = |(place, error): (usize, anyhow::Error)| {
        let index: usize = entries[place];
        error.context(format!("cannot finish {}", host(directory, packed.tree(), index)))
    };
    let top = writer.finish().map_err(unfinished)?;
    top.dress().map_err(|error| unfinished((TOP_DIRECTORY, error)))
}

/// Makes an entry; the number of the directory if it is one.
fn make<R: Read + Seek>(
    packed: &mut PackedModule<R>,
    index: usize,
    writer: &mut DirectoryWriter,
    places: &[usize],
) -> InnerResult<Option<usize>> {
    let entry = packed.tree().entries()[index].clone();
    let (parent, name) = (places[entry.parent], entry.name.as_slice());
    let xattrs = packed.tree().own_xattrs(index).to_vec();
    match &entry.kind {
        // Only root may make it, and who does not pack `/dev` does not miss it.
        EntryKind::CharDevice { .. } => {}
        EntryKind::Directory | EntryKind::DescriptorDirectory => {
            return Ok(Some(writer.directory(parent, name, entry.metadata, &xattrs)?));
        }
        EntryKind::File { .. } => {
            let mut file = writer.begin_file(parent, name)?;
            packed.copy_contents(index, &mut file.out)?;
            writer.finish_file(file, name, &entry.metadata, &xattrs)?;
        }
        EntryKind::Symlink { target } => {
            writer.symlink(parent, name, target, &entry.metadata)?;
        }
        EntryKind::Fifo => writer.fifo(parent, name, &entry.metadata)?,
        EntryKind::HardLink { original } => {
            // A device was not made, so it gets no further name.
            if let EntryKind::CharDevice { .. } = packed.tree().entries()[*original].kind {
                return Ok(None);
            }
            let original = &packed.tree().entries()[*original];
            writer.hard_link(parent, name, (places[original.parent], &original.name))?;
        }
    }
    Ok(None)
}

/// Where an entry goes, for messages.
fn host(directory: &Path, tree: &Tree, index: usize) -> String {
    let mut path = directory.as_os_str().as_bytes().to_vec();
    if index != 0 {
        if path.ends_with(b"/") {
            path.pop();
        }
        path.extend(tree.path(index));
    }
    format!("`{}`", escaped(path))
}
