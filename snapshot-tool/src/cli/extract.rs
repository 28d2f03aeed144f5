//! `wasm-vfs extract`: the tree of a packed module into a directory of the disk.

use super::args::Talk;
use super::say::say;
use crate::disk::new_entry::Existing;
use crate::packed::packed_module::PackedModule;
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;

/// The arguments.
#[derive(Debug, Args)]
pub(super) struct Extract {
    /// What `pack`, `image` or `link` wrote
    #[arg(value_name = "FILE.wasm")]
    file: PathBuf,
    /// The directory, made if it is missing
    #[arg(short = 'C', long, value_name = "DIR")]
    directory: PathBuf,
    /// Replace files that exist
    #[arg(short, long)]
    force: bool,
}

impl Extract {
    pub(super) fn run(self, talk: Talk) -> Result<()> {
        let Self { file, directory, force } = self;
        let existing = if force { Existing::Replace } else { Existing::Keep };
        let mut packed = PackedModule::open(&file)?;
        packed.extract(&directory, existing)?;
        if talk != Talk::Quiet {
            let entries = packed.tree().entries().len();
            say(format_args!("extracted {entries} entries to {}", directory.display()));
        }
        Ok(())
    }
}
