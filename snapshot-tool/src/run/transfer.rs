//! What goes into a program's tree before it starts and comes out after it has ended: `run`'s
//! `--put`, `--get`, `--export`.

use crate::disk::temporary::TemporaryDirectory;
use crate::output::Destination;
use crate::progress::Silent;
use crate::run::disk_tar;
use crate::run::host_api::HostApi;
use crate::tree::guest_path::GuestPath;
use anyhow::{Context as _, Result, bail};
use std::fs::{self, File};
use std::io::{Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use wasm_vfs_core::FileType;
use wasmtime::{AsContextMut, Instance};

/// What is to be put and got.
#[derive(Clone, Debug, Default)]
pub(crate) struct Transfers {
    pub(crate) puts: Vec<(PathBuf, GuestPath)>,
    pub(crate) gets: Vec<(GuestPath, PathBuf)>,
    pub(crate) exports: Vec<Destination>,
}

impl Transfers {
    /// Whether there is nothing to do.
    fn is_empty(&self) -> bool {
        self.puts.is_empty() && self.gets.is_empty() && self.exports.is_empty()
    }

    /// The host interface, if it will be needed.
    ///
    /// # Errors
    ///
    /// When it is needed and the program has none.
    pub(crate) fn api(
        &self,
        store: impl AsContextMut,
        instance: &Instance,
    ) -> Result<Option<HostApi>> {
        if self.is_empty() {
            return Ok(None);
        }
        Ok(Some(HostApi::new(store, instance)?))
    }

    /// Puts files and directories of the disk into the tree.
    ///
    /// # Errors
    ///
    /// When one cannot be read or the filesystem refuses it.
    pub(crate) fn put(&self, mut store: impl AsContextMut, api: &HostApi) -> Result<()> {
        for (host, guest) in &self.puts {
            let what = || format!("--put {}::{guest}", host.display());
            // From the root, so that nothing of the path is taken for a directory of the archive's.
            let name = guest.to_string();
            let name = name.trim_start_matches('/');
            let is_directory = fs::metadata(host).is_ok_and(|found| found.is_dir());
            if name.is_empty() && !is_directory {
                bail!("{}: `/` is a directory; name the file that it is to be", what());
            }
            api.import_tar_with(&mut store, "/", |out| disk_tar::write(host, name, out))
                .with_context(what)?;
        }
        Ok(())
    }

    /// Gets files and directories out of the tree. Each is tried.
    ///
    /// # Errors
    ///
    /// The first: the filesystem has no such file, or the disk's cannot be written.
    pub(crate) fn get(&self, mut store: impl AsContextMut, api: &HostApi) -> Result<()> {
        let mut result = Ok(());
        for (guest, host) in &self.gets {
            let got = get(&mut store, api, &guest.to_string(), host)
                .with_context(|| format!("--get {guest}::{}", host.display()));
            result = result.and(got);
        }
        for destination in &self.exports {
            let written = destination
                .write_with(&Silent, |out| Ok(api.export_tar(&mut store, "/", out)?))
                .with_context(|| format!("--export {destination}"));
            result = result.and(written.map(|_| ()));
        }
        result
    }
}

fn get(mut store: impl AsContextMut, api: &HostApi, guest: &str, host: &Path) -> Result<()> {
    let status = api.stat(&mut store, guest)?;
    match status.file_type() {
        Some(FileType::Regular) => {
            let destination = Destination::File(host.to_owned());
            destination.write_with(&Silent, |out| {
                api.get(&mut store, guest, out)?;
                Ok(())
            })?;
            Ok(())
        }
        Some(FileType::Directory) => get_directory(store, api, guest, host),
        _ => bail!("it is neither a file nor a directory"),
    }
}

/// Unpacks a directory beside `host` and renames it when it is complete.
fn get_directory(store: impl AsContextMut, api: &HostApi, guest: &str, host: &Path) -> Result<()> {
    let unwritable = || format!("cannot write `{}`", host.display());
    // rename(2) takes the place of an empty directory and of nothing else.
    if fs::read_dir(host).is_ok_and(|mut entries| entries.next().is_some()) {
        bail!("`{}` is not empty; --get makes the directory anew", host.display());
    }
    let temporary = TemporaryDirectory::beside(host).with_context(unwritable)?;
    let mut archive: File = tempfile::tempfile_in(temporary.path()).with_context(unwritable)?;
    api.export_tar(store, guest, &mut archive)?;
    archive.seek(SeekFrom::Start(0))?;
    // Into a directory that nobody else has touched. No set-id bits, no owners; nothing outside of
    // it.
    let mut archive = tar::Archive::new(archive);
    archive.set_preserve_permissions(false);
    archive.set_preserve_mtime(true);
    let files = temporary.path().join("files");
    fs::create_dir(&files).with_context(unwritable)?;
    archive.unpack(&files).with_context(unwritable)?;
    fs::rename(&files, host).with_context(unwritable)?;
    temporary.close().context("cannot remove a temporary directory")
}
