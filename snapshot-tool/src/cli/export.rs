//! `wasm-vfs export`: the tree of a packed module as a tar archive.

use super::args::Talk;
use super::say::say;
use crate::format::human_bytes;
use crate::output::Destination;
use crate::packed::packed_module::PackedModule;
use crate::progress::Silent;
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;

/// The arguments.
#[derive(Debug, Args)]
pub(super) struct Export {
    /// What `pack`, `image` or `link` wrote
    #[arg(value_name = "FILE.wasm")]
    file: PathBuf,
    /// Where to write the archive; - for standard output
    #[arg(short, long, value_name = "OUT.tar")]
    output: PathBuf,
}

impl Export {
    pub(super) fn run(self, talk: Talk) -> Result<()> {
        let mut packed = PackedModule::open(&self.file)?;
        let destination = Destination::from_option(&self.output);
        let written = destination.write_with(&Silent, |out| Ok(packed.export_tar(out)?))?;
        if talk != Talk::Quiet {
            let entries = packed.tree().entries().len();
            say(format_args!(
                "exported {entries} entries to {destination}: {}",
                human_bytes(written)
            ));
        }
        Ok(())
    }
}
