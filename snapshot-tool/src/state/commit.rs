//! A state becomes part of the tree that it was made for: [`Commit`].

use crate::error::{Error, ErrorKind, InnerResult, Marked as _};
use crate::gather::archive::layer::Laying;
use crate::gather::archive::source::LayerSource;
use crate::gather::builder::TreeBuilder;
use crate::gather::owner::Owner;
use crate::link::program::IS_ROOTFS;
use crate::pack::Packer;
use crate::pack::input::{Program, named};
use crate::pack::rootfs::Packed;
use crate::packed::form::ModuleForm;
use crate::packed::packed_module::PackedModule;
use crate::progress::Progress;
#[cfg(feature = "run")]
use crate::state::compare::packed_tree_in;
use crate::state::compare::{check_state, packed_tree};
use crate::state::journal::layer_source;
use anyhow::anyhow;
use std::path::PathBuf;

/// Packs a program again with the changes of a state in its tree: the same program, form and policy.
///
/// ```no_run
/// use wasm_vfs::Commit;
///
/// Commit::new("app-packed.wasm", "app.state").pack()?.write("app-later.wasm")?;
/// # Ok::<(), wasm_vfs::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Commit {
    packer: Packer,
    packed: PathBuf,
    state: PathBuf,
    is_rebased: bool,
}

impl Commit {
    /// Names the packed program and the state. Nothing is read yet.
    #[must_use]
    pub fn new(packed: impl Into<PathBuf>, state: impl Into<PathBuf>) -> Self {
        let packer = Packer::new(TreeBuilder::new());
        Self { packer, packed: packed.into(), state: state.into(), is_rebased: false }
    }

    /// Applies the state, or any layer of a container image, although it was made for another tree.
    /// What does not fit is left out or replaced: [`Report::tree_notes`](crate::Report::tree_notes)
    /// tells what.
    #[must_use]
    pub fn rebase(mut self) -> Self {
        self.is_rebased = true;
        self
    }

    /// Reports the work to `progress`.
    #[must_use]
    pub fn progress(mut self, progress: impl Progress + 'static) -> Self {
        self.packer = self.packer.progress(progress);
        self
    }

    /// Uses another build of the adapter's core module.
    #[doc(hidden)]
    #[must_use]
    pub fn adapter_core(mut self, core: impl Into<Vec<u8>>) -> Self {
        self.packer = self.packer.adapter_core(core);
        self
    }

    /// Packs. Nothing is written before you call [`Packed::write`].
    ///
    /// # Errors
    ///
    /// If a file cannot be read ([`Io`](ErrorKind::Io)) or is damaged
    /// ([`Damaged`](ErrorKind::Damaged)); if the program is not packed
    /// ([`NotPacked`](ErrorKind::NotPacked)); and if the state was made for another tree or is none
    /// ([`Tree`](ErrorKind::Tree)), unless you [`rebase`](Self::rebase) it.
    pub fn pack(&self) -> Result<Packed, Error> {
        Ok(self.packed()?)
    }

    fn packed(&self) -> InnerResult<Packed> {
        if PackedModule::open(&self.packed)?.form() == ModuleForm::Rootfs {
            let refused = Err(anyhow!(IS_ROOTFS)).of_kind(ErrorKind::Unservable);
            return refused.about(|| named(&self.packed));
        }
        let (_, knows_xattrs) = packed_tree(&self.packed)?;
        if !self.is_rebased {
            check_state(&self.packed, &self.state).of_kind(ErrorKind::Tree)?;
        }
        let laying = Laying {
            keeps_xattrs: !knows_xattrs,
            tells_conflicts: self.is_rebased,
            needs_end: !self.is_rebased,
        };
        let state = layer_source(&self.state)?;
        pack_with(&self.packer, Program::file(&self.packed), state, laying)
    }
}

/// Packs a program again with what a run of it has changed.
///
/// # Errors
///
/// As [`Commit::pack`].
#[cfg(feature = "run")]
pub(crate) fn pack_changed(
    packer: &Packer,
    program: Program,
    changes: LayerSource,
) -> InnerResult<Packed> {
    let (_, knows_xattrs) = packed_tree_in(program.to_bytes()?)?;
    let laying = Laying { keeps_xattrs: !knows_xattrs, tells_conflicts: false, needs_end: true };
    pack_with(packer, program, changes, laying)
}

fn pack_with(
    packer: &Packer,
    program: Program,
    layer: LayerSource,
    laying: Laying,
) -> InnerResult<Packed> {
    let tree = TreeBuilder::new().bare().owner(Owner::Host).laying(laying);
    Ok(packer.clone().tree(tree.layers(vec![layer], "/")).pack(program)?)
}
