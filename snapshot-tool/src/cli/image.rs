//! `wasm-vfs image`: directories into a rootfs module.

use super::args::{Talk, TreeArgs};
use super::bar::Bar;
use super::pack::{notes, summary};
use super::policy_args::PolicyArgs;
use crate::output::Destination;
use crate::progress::Silent;
use anyhow::{Result, ensure};
use clap::Args;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

/// The arguments.
#[derive(Debug, Args)]
pub(super) struct Image {
    /// Where to write the result; - for standard output
    #[arg(short, long, value_name = "ROOTFS.wasm")]
    output: PathBuf,
    /// Write the module that Binaryen's wasm-merge needs as `wasi_host`, too
    #[arg(long, value_name = "SHIM.wasm")]
    host_shim: Option<PathBuf>,
    #[command(flatten)]
    tree: TreeArgs,
    #[command(flatten)]
    policy: Box<PolicyArgs>,
}

impl Image {
    pub(super) fn run(self, talk: Talk, bar: &Arc<Bar>) -> Result<()> {
        let started = Instant::now();
        let Self { output, host_shim, tree, policy } = self;
        let destination = Destination::from_option(&output);
        let shim = host_shim.as_deref().map(Destination::from_option);
        ensure!(
            destination != Destination::Stdout || shim != Some(Destination::Stdout),
            "both the module and the shim are to go to standard output: give one of them a file"
        );
        let outputs: Vec<&Destination> =
            [Some(&destination), shim.as_ref()].into_iter().flatten().collect();
        let config = tree.config()?;
        config.check_start(false)?;
        config.refuse("image", &["isolate", "component", "preinit", "preinit-start", "strict"])?;
        let packer = tree.packer(&config, &outputs, policy.policy(talk.is_verbose()))?;
        let rootfs = packer.progress(Arc::clone(bar)).bake()?;
        // The small file first: if it cannot be written, nothing is.
        if let Some(shim) = shim {
            let bytes = rootfs.wasm_merge_shim()?;
            shim.write_with(&Silent, |out| Ok(out.write_all(&bytes)?))?;
        }
        rootfs.write(destination.clone())?;
        bar.finish();
        let report = rootfs.report();
        notes(&report, talk);
        summary(&report, &destination, started, talk);
        Ok(())
    }
}
