//! The state that a run starts from and leaves, and the list of what it changed: `run --state` and
//! `run --diff`.

use crate::error::{ErrorKind, InnerResult, Marked as _};
use crate::host_api::HostApi;
use crate::packed::packed_module::PackedModule;
use crate::state::change::{Aspect, Change, ChangeKind};
use crate::state::file::StateFile;
use crate::state::header;
use crate::state::journal::{Journal, layer_source};
use crate::state::rebase::rebased;
use crate::state::tree_digest::TreeDigest;
use anyhow::{Context as _, anyhow};
use std::fmt;
use std::fs::File;
use std::io::{Cursor, Seek as _, Write};
use std::path::PathBuf;
use std::sync::Arc;
use wasm_vfs_core::{ChangeKind as CoreKind, Differences};
use wasmtime::AsContextMut;

/// What is done with the changes.
type Tell = dyn Fn(&[Change]) + Send + Sync;

/// Whom to tell of the changes.
#[derive(Clone)]
pub(crate) struct ChangesListener(pub(crate) Arc<Tell>);

impl fmt::Debug for ChangesListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChangesListener")
    }
}

/// What is done with a line for a person.
type Note = dyn Fn(&str) + Send + Sync;

/// Whom to tell of what does not fit.
#[derive(Clone)]
pub(crate) struct ConflictsListener(pub(crate) Arc<Note>);

impl fmt::Debug for ConflictsListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConflictsListener")
    }
}

/// What a run does with the changes of its program.
#[derive(Clone, Debug, Default)]
pub(crate) struct States {
    /// The file that the run starts from, and that it writes.
    pub(crate) state: Option<PathBuf>,
    /// Whether it is written each time the program syncs, too.
    pub(crate) sync: bool,
    /// Whether it may be for another tree, and who is told of what does not fit then.
    pub(crate) rebase: Option<ConflictsListener>,
    pub(crate) listener: Option<ChangesListener>,
}

/// A state in use.
#[derive(Debug)]
pub(crate) struct StateInUse {
    file: StateFile,
    tree: TreeDigest,
}

impl States {
    /// Whether there is nothing to do.
    pub(crate) fn is_empty(&self) -> bool {
        self.state.is_none() && self.listener.is_none()
    }

    /// Takes the state for a program.
    ///
    /// # Errors
    ///
    /// When another run has it, or the program is not packed.
    pub(crate) fn take(&self, program: &[u8]) -> InnerResult<Option<StateInUse>> {
        let Some(path) = &self.state else { return Ok(None) };
        let packed = PackedModule::from_reader(Cursor::new(program))
            .context("--state: a state is for the tree of a packed program")?;
        let tree = packed.tree_digest()?;
        Ok(Some(StateInUse { file: StateFile::take(path)?, tree }))
    }

    /// Tells of the changes.
    ///
    /// # Errors
    ///
    /// When they cannot be listed.
    pub(crate) fn tell(&self, store: impl AsContextMut, api: &HostApi) -> InnerResult<()> {
        let Some(listener) = &self.listener else { return Ok(()) };
        let changes = api.changes(store).context("--diff")?;
        let told: Vec<Change> = changes.into_iter().filter_map(of_core).collect();
        (listener.0)(&told);
        Ok(())
    }
}

impl StateInUse {
    /// Lets a program's tree start from the state, if there is one yet.
    ///
    /// # Errors
    ///
    /// When it was made for another tree and `rebase` does not allow that, or cannot be read. It
    /// stays as it is.
    pub(crate) fn load(
        &self,
        program: &[u8],
        rebase: Option<&ConflictsListener>,
        store: impl AsContextMut,
        api: &HostApi,
    ) -> InnerResult<()> {
        let Some(file) = self.file.open()? else { return Ok(()) };
        let path = self.file.path();
        let about = || format!("the state `{}`", path.display());
        let made_for = header::read(&file).with_context(about)?;
        match (made_for, rebase) {
            (Some(tree), _) if tree == self.tree => {}
            (_, Some(ConflictsListener(tell))) => {
                let layer = layer_source(path)?;
                let rebased = rebased(program.into(), layer).with_context(about)?;
                rebased.conflicts.iter().for_each(|line| tell(line));
                let mut layer = rebased.layer.file();
                layer.rewind().with_context(about)?;
                api.import_layer(store, "/", layer).with_context(about)?;
                return Ok(());
            }
            (Some(tree), None) => {
                let error = anyhow!(
                    "{} was made for another tree: for {tree}, but this program has {}; --rebase \
                     applies it anyway and tells what does not fit",
                    about(),
                    self.tree
                );
                return Err(error).of_kind(ErrorKind::Tree);
            }
            (None, None) => {
                let error = anyhow!(
                    "{} is none: it does not say which tree it is for; --rebase takes any layer",
                    about()
                );
                return Err(error).of_kind(ErrorKind::Tree);
            }
        }
        let journal = Journal::open(file).with_context(about)?;
        api.import_layer(store, "/", journal.reader()).with_context(about)?;
        Ok(())
    }

    /// Writes what the state is to hold.
    ///
    /// # Errors
    ///
    /// When that fails.
    pub(crate) fn write(
        &self,
        store: impl AsContextMut,
        api: &HostApi,
        out: &mut dyn Write,
    ) -> InnerResult<()> {
        out.write_all(&header::encode(&self.tree))?;
        Ok(api.export_layer(store, out)?)
    }

    /// The state, to be appended to. It was loaded, or it is made now.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub(crate) fn journal(
        &self,
        store: impl AsContextMut,
        api: &HostApi,
    ) -> InnerResult<Journal<File>> {
        if let Some(file) = self.file.open()?
            && header::read(&file)? == Some(self.tree)
        {
            let journal = self.file.journal()?;
            if journal.is_plain()? {
                return Ok(journal);
            }
        }
        self.new_journal(store, api)
    }

    /// The state, written anew, to be appended to.
    ///
    /// # Errors
    ///
    /// When it cannot be written; it is then as before.
    pub(crate) fn new_journal(
        &self,
        store: impl AsContextMut,
        api: &HostApi,
    ) -> InnerResult<Journal<File>> {
        self.file.save(|out| self.write(store, api, out))?;
        self.file.journal()
    }

    /// Writes the state anew.
    ///
    /// # Errors
    ///
    /// When that fails; the state is then as before.
    pub(crate) fn save(&self, store: impl AsContextMut, api: &HostApi) -> InnerResult<()> {
        let saved = self.file.save(|out| self.write(store, api, out));
        saved.context("--state: the state is as it was before the run")
    }
}

/// A change as the tool tells it; `None`: it is told with the new name.
fn of_core(change: wasm_vfs_core::Change) -> Option<Change> {
    let absolute = |path: Vec<u8>| [b"/", &path[..]].concat();
    let kind = match change.kind {
        CoreKind::Added { from, .. } => ChangeKind::Added { from: from.map(absolute) },
        CoreKind::Removed { is_renamed: true, .. } => return None,
        CoreKind::Removed { .. } => ChangeKind::Removed,
        CoreKind::Modified(differences) => ChangeKind::Modified(aspects(differences)),
        _ => return None,
    };
    Some(Change { path: absolute(change.path), kind })
}

fn aspects(differences: Differences) -> Vec<Aspect> {
    [
        (Differences::CONTENTS, Aspect::Contents),
        (Differences::MODE, Aspect::Mode),
        (Differences::OWNER, Aspect::Owner),
        (Differences::TIMES, Aspect::Times),
        (Differences::XATTRS, Aspect::Attributes),
        (Differences::LINKS, Aspect::Links),
    ]
    .into_iter()
    .filter_map(|(flag, aspect)| differences.contains(flag).then_some(aspect))
    .collect()
}
