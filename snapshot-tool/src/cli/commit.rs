//! `wasm-vfs commit`: a state becomes part of the tree.

use super::args::Talk;
use super::bar::Bar;
use super::pack::{notes, summary};
use crate::output::Destination;
use crate::state::commit::Commit as Committing;
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

/// The arguments.
#[derive(Debug, Args)]
pub(super) struct Commit {
    /// What `pack` or `link` wrote
    #[arg(value_name = "PACKED.wasm")]
    packed: PathBuf,
    /// What `run --state` left of a run of it
    #[arg(value_name = "STATE")]
    state: PathBuf,
    /// Apply the state, or a layer of a container image, although it was made for another tree; notes
    /// name what does not fit
    #[arg(long)]
    rebase: bool,
    /// Where to write the result; - for standard output
    #[arg(short, long, value_name = "OUT.wasm")]
    output: PathBuf,
}

impl Commit {
    pub(super) fn run(self, talk: Talk, bar: &Arc<Bar>) -> Result<()> {
        let started = Instant::now();
        let Self { packed, state, rebase, output } = self;
        let destination = Destination::from_option(&output);
        let commit = Committing::new(packed, state).progress(Arc::clone(bar));
        let commit = if rebase { commit.rebase() } else { commit };
        let packed = commit.pack()?;
        packed.write(destination.clone())?;
        bar.finish();
        let report = packed.report();
        notes(&report, talk);
        summary(&report, &destination, started, talk);
        Ok(())
    }
}
