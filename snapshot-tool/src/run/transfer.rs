//! What goes into a program's tree before it starts and comes out after it has ended: `run`'s
//! `--put`, `--get`, `--export`.

use crate::disk::directory::{DirectoryWriter, Top};
use crate::disk::new_entry::Existing;
use crate::disk::removal::remove_tree;
use crate::disk::sparse_file::SparseFile;
use crate::disk::temporary::TemporaryDirectory;
use crate::error::find;
use crate::host_api::HostApi;
use crate::output::{Destination, write_sparse_file};
use crate::progress::Silent;
use crate::run::archive_sink::ArchiveSink;
use crate::run::budget::{Budget, DEFAULT_LIMIT_BYTES, Limited};
use crate::run::disk_tar::{self, Holes};
use crate::tree::guest_path::GuestPath;
use anyhow::{Context as _, Result, bail};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use wasm_vfs_core::{Errno, FileType};
use wasmtime::AsContextMut;

/// What is to be put and got.
#[derive(Clone, Debug, Default)]
pub(crate) struct Transfers {
    pub(crate) puts: Vec<(PathBuf, GuestPath)>,
    pub(crate) gets: Vec<(GuestPath, PathBuf)>,
    pub(crate) exports: Vec<Destination>,
    /// How many bytes come out in all; `None`: as many as [`DEFAULT_LIMIT_BYTES`].
    pub(crate) limit: Option<u64>,
}

impl Transfers {
    /// Whether there is nothing to do.
    pub(crate) fn is_empty(&self) -> bool {
        self.puts.is_empty() && self.gets.is_empty() && self.exports.is_empty()
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
            let mut put = |holes| {
                let write = |out: &mut dyn Write| disk_tar::write(host, name, holes, out);
                api.import_tar_with(&mut store, "/", write)
            };
            let first = put(Holes::Kept);
            // Programs that were packed with an earlier wasm-vfs know no holes.
            let refused =
                first.as_ref().is_err_and(|error| find(error) == Some(&Errno::EOPNOTSUPP));
            let done = if refused { put(Holes::Filled) } else { first };
            done.with_context(what)?;
        }
        Ok(())
    }

    /// Gets files and directories out of the tree. Each is tried.
    ///
    /// # Errors
    ///
    /// The first: the filesystem has no such file, the disk's cannot be written, or there is more
    /// than the limit allows.
    pub(crate) fn get(&self, mut store: impl AsContextMut, api: &HostApi) -> Result<()> {
        let budget = Budget::new(self.limit.unwrap_or(DEFAULT_LIMIT_BYTES));
        let mut result = Ok(());
        for (guest, host) in &self.gets {
            let got = get(&mut store, api, &guest.to_string(), host, &budget)
                .with_context(|| format!("--get {guest}::{}", host.display()));
            result = result.and(got);
        }
        for destination in &self.exports {
            let written = destination
                .write_with(&Silent, |out| {
                    let out = Limited { out, budget: &budget };
                    Ok(api.export_tar(&mut store, "/", out)?)
                })
                .with_context(|| format!("--export {destination}"));
            result = result.and(written.map(|_| ()));
        }
        result
    }
}

fn get(
    mut store: impl AsContextMut,
    api: &HostApi,
    guest: &str,
    host: &Path,
    budget: &Budget,
) -> Result<()> {
    let status = api.stat(&mut store, guest)?;
    match status.file_type() {
        Some(FileType::Regular) => {
            write_sparse_file(host, |out| get_file(store, api, guest, status.size, out, budget))
        }
        Some(FileType::Directory) => get_directory(store, api, guest, host, budget),
        _ => bail!("it is neither a file nor a directory"),
    }
}

/// Copies a file, and its holes as holes.
fn get_file(
    mut store: impl AsContextMut,
    api: &HostApi,
    guest: &str,
    size: u64,
    out: &mut SparseFile<&File>,
    budget: &Budget,
) -> Result<()> {
    let mut at = 0;
    loop {
        let run = api.next_data(&mut store, guest, at)?.unwrap_or(size..size);
        let hole = run.start.checked_sub(at).context("the program tells of no such holes")?;
        if !out.has_holes() {
            budget.spend(hole)?;
        }
        out.skip(hole)?;
        if run.is_empty() {
            return Ok(());
        }
        at = run.end;
        api.get_range(&mut store, guest, run, Limited { out: &mut *out, budget })?;
    }
}

/// Fills a directory beside `host` and renames it when it is complete.
fn get_directory(
    store: impl AsContextMut,
    api: &HostApi,
    guest: &str,
    host: &Path,
    budget: &Budget,
) -> Result<()> {
    let unwritable = || format!("cannot write `{}`", host.display());
    // rename(2) takes the place of an empty directory and of nothing else.
    if fs::read_dir(host).is_ok_and(|mut entries| entries.next().is_some()) {
        bail!("`{}` is not empty; --get makes the directory anew", host.display());
    }
    let temporary = TemporaryDirectory::beside(host).with_context(unwritable)?;
    let files = temporary.path().join("files");
    fs::create_dir(&files).with_context(unwritable)?;
    let filled = fill(store, api, guest, &files, budget).and_then(|top| {
        fs::rename(&files, host)?;
        // Its mode may have forbidden that.
        top.dress()
    });
    if filled.is_err() {
        // The error is more than what is left behind.
        let _ = remove_tree(&files);
    }
    filled.with_context(unwritable)?;
    temporary.close().context("cannot remove a temporary directory")
}

/// Fills a directory that nobody else has touched. No set-id bits, no owners; nothing outside of it.
fn fill(
    store: impl AsContextMut,
    api: &HostApi,
    guest: &str,
    files: &Path,
    budget: &Budget,
) -> Result<Top> {
    let mut sink = ArchiveSink::new(DirectoryWriter::open(files, Existing::Keep)?, budget);
    let exported = api.export_tar(store, guest, &mut sink);
    if let Some(failure) = sink.failure.take() {
        return Err(failure);
    }
    exported?;
    sink.finish()?.finish().map_err(|(_, error)| error)
}
