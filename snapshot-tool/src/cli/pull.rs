//! `wasm-vfs pull`: a program from a registry.

use super::args::Talk;
use super::bar::Bar;
use super::push::RegistryArgs;
use super::say::say;
use crate::format::human_bytes;
use crate::output::Destination;
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;
use std::sync::Arc;

/// The arguments.
#[derive(Debug, Args)]
pub(super) struct Pull {
    /// What to pull: HOST/NAME:TAG or HOST/NAME@sha256:...
    #[arg(value_name = "REF")]
    reference: String,
    /// Where to write the program; - for standard output
    #[arg(short, long, value_name = "FILE.wasm")]
    output: PathBuf,
    #[command(flatten)]
    registry: RegistryArgs,
}

impl Pull {
    pub(super) fn run(self, talk: Talk, bar: &Arc<Bar>) -> Result<()> {
        let Self { reference, output, registry } = self;
        let destination = Destination::from_option(&output);
        let pulled = registry.registry(bar).pull(&reference, destination.clone())?;
        bar.finish();
        if talk != Talk::Quiet {
            let (digest, bytes) = (pulled.digest, human_bytes(pulled.bytes));
            say(format_args!("pulled {reference} ({digest}) into {destination}: {bytes}"));
        }
        Ok(())
    }
}
