//! The program with what it has changed, packed again after it has ended: `run --save`.

use crate::error::InnerResult;
use crate::gather::archive::source::ArchiveSource;
use crate::gather::builder::TreeBuilder;
use crate::host_api::HostApi;
use crate::output::Destination;
use crate::pack::Packer;
use crate::pack::input::Program;
use crate::state::commit::pack_changed;
use anyhow::Context as _;
use wasmtime::AsContextMut;

/// Where a program is saved to, and what it was before.
#[derive(Clone, Debug)]
pub(crate) struct Save {
    /// In memory: its file may be what is written.
    pub(crate) program: Program,
    pub(crate) destinations: Vec<Destination>,
}

impl Save {
    /// Packs the program with its tree of now, and writes it. Each destination is tried.
    ///
    /// # Errors
    ///
    /// The first: the changes cannot be taken out of the tree or no module can hold them, or a
    /// destination cannot be written. That is then as before.
    pub(crate) fn save(&self, mut store: impl AsContextMut, api: &HostApi) -> InnerResult<()> {
        let changes = ArchiveSource::written(|out| Ok(api.export_layer(&mut store, out)?));
        let packer = Packer::new(TreeBuilder::new());
        let packed = changes.and_then(|it| pack_changed(&packer, self.program.clone(), it));
        let packed = packed.context("--save")?;
        let mut result = Ok(());
        for destination in &self.destinations {
            let written = packed.write(destination.clone());
            let written = written.with_context(|| format!("--save {destination}"));
            result = result.and(written.map(|_| ()));
        }
        result
    }
}
