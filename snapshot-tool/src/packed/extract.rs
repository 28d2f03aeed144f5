//! A packed tree back on the disk, with modes, times, symbolic and hard links.
//!
//! Everything is made relative to open directories and without following symbolic links, so
//! nothing outside the destination is touched, whatever links the tree or the destination hold.
//! Owners are not restored, and device nodes not made: only root could.

use crate::error::{Error, ErrorKind, InnerResult, Marked as _};
use crate::packed::packed_module::PackedModule;
use crate::tree::{EntryKind, Metadata, Tree};
use anyhow::{Context as _, anyhow, bail};
use rustix::fs::{self, AtFlags, Mode, OFlags, Timespec, Timestamps};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufWriter, Read, Seek, Write as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// What extraction does where something is already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Existing {
    /// Stop with an error. Directories are used, and get the tree's mode and time.
    #[default]
    Keep,
    /// Replace files and symbolic links. Directories as above.
    Replace,
}

impl<R: Read + Seek> PackedModule<R> {
    /// Writes the tree beneath a directory of the disk, which is made if it is missing. Device
    /// nodes are left out, and owners are not restored: only root could.
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
    let root = fs::open(directory, directory_flags() - OFlags::NOFOLLOW, Mode::empty())
        .with_context(|| format!("cannot open directory `{}`", directory.display()))?;
    let destination = Destination { root, path: directory.to_owned(), existing };
    // The directory that the entries are going into, by its index.
    let mut current = (0, destination.open(packed.tree(), 0)?);
    for index in 1..packed.tree().entries().len() {
        let parent = packed.tree().entries()[index].parent;
        if parent != current.0 {
            current = (parent, destination.open(packed.tree(), parent)?);
        }
        destination.make(packed, index, current.1.as_fd()).with_context(|| {
            format!("cannot extract {}", destination.host(packed.tree(), index))
        })?;
    }
    // Directories last and from the bottom: making entries changes times, and a mode may forbid it.
    for index in (0..packed.tree().entries().len()).rev() {
        let tree = packed.tree();
        let entry = &tree.entries()[index];
        if entry.kind.is_directory() {
            let open = destination.open(tree, index)?;
            set_metadata(open.as_fd(), &entry.metadata)
                .with_context(|| format!("cannot finish {}", destination.host(tree, index)))?;
        }
    }
    Ok(())
}

struct Destination {
    root: OwnedFd,
    path: PathBuf,
    existing: Existing,
}

fn directory_flags() -> OFlags {
    OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC
}

impl Destination {
    /// Where an entry goes, for messages.
    fn host(&self, tree: &Tree, index: usize) -> String {
        let inside = tree.display_path(index);
        format!("`{}`", self.path.join(inside.trim_start_matches('/')).display())
    }

    /// Opens a directory of the tree, name by name.
    fn open(&self, tree: &Tree, index: usize) -> InnerResult<OwnedFd> {
        let mut open = self.root.try_clone()?;
        for name in tree.path(index).split(|&byte| byte == b'/').filter(|name| !name.is_empty()) {
            open = fs::openat(&open, OsStr::from_bytes(name), directory_flags(), Mode::empty())
                .with_context(|| format!("cannot open {}", self.host(tree, index)))?;
        }
        Ok(open)
    }

    fn make<R: Read + Seek>(
        &self,
        packed: &mut PackedModule<R>,
        index: usize,
        parent: BorrowedFd<'_>,
    ) -> InnerResult<()> {
        let entry = packed.tree().entries()[index].clone();
        let name = OsStr::from_bytes(&entry.name);
        match &entry.kind {
            // Only root may make it, and who does not pack `/dev` does not miss it.
            EntryKind::CharDevice { .. } => Ok(()),
            EntryKind::Directory | EntryKind::DescriptorDirectory => {
                match fs::mkdirat(parent, name, Mode::RWXU) {
                    Err(Errno::EXIST) => {
                        let open = fs::openat(parent, name, directory_flags(), Mode::empty())
                            .map_err(|_| anyhow!("it exists and is no directory"))?;
                        if self.existing == Existing::Replace {
                            // Its mode may forbid replacing what is in it; the tree's comes last.
                            fs::fchmod(&open, Mode::RWXU)?;
                        }
                        Ok(())
                    }
                    other => Ok(other?),
                }
            }
            EntryKind::File { .. } => {
                let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
                let mode = Mode::RUSR | Mode::WUSR;
                let file = self.make_new(parent, name, || fs::openat(parent, name, flags, mode))?;
                let mut out = BufWriter::new(File::from(file));
                packed.copy_contents(index, &mut out)?;
                out.flush()?;
                set_metadata(out.get_ref().as_fd(), &entry.metadata)
            }
            EntryKind::Symlink { target } => {
                let target = OsStr::from_bytes(target);
                self.make_new(parent, name, || fs::symlinkat(target, parent, name))?;
                let times = timestamps(&entry.metadata);
                Ok(fs::utimensat(parent, name, &times, AtFlags::SYMLINK_NOFOLLOW)?)
            }
            EntryKind::HardLink { original } => {
                let original = &packed.tree().entries()[*original];
                let directory = self.open(packed.tree(), original.parent)?;
                let old = OsStr::from_bytes(&original.name);
                self.make_new(parent, name, || {
                    fs::linkat(&directory, old, parent, name, AtFlags::empty())
                })
            }
        }
    }

    /// Makes something that must not exist, after removing what is there if that is wanted.
    fn make_new<T>(
        &self,
        parent: BorrowedFd<'_>,
        name: &OsStr,
        make: impl Fn() -> rustix::io::Result<T>,
    ) -> InnerResult<T> {
        match make() {
            Err(Errno::EXIST) if self.existing == Existing::Replace => {
                fs::unlinkat(parent, name, AtFlags::empty())
                    .context("what is there cannot be removed")?;
                Ok(make()?)
            }
            Err(Errno::EXIST) => bail!("it exists; remove it or replace files with --force"),
            other => Ok(other?),
        }
    }
}

fn set_metadata(file: BorrowedFd<'_>, metadata: &Metadata) -> InnerResult<()> {
    fs::fchmod(file, Mode::from_raw_mode(metadata.mode.into()))?;
    fs::futimens(file, &timestamps(metadata))?;
    Ok(())
}

/// The modification time for both: when a file was last read is not kept.
fn timestamps(metadata: &Metadata) -> Timestamps {
    let time = Timespec { tv_sec: metadata.mtime_sec, tv_nsec: i64::from(metadata.mtime_nsec) };
    Timestamps { last_access: time, last_modification: time }
}
