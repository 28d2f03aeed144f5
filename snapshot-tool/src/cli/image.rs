//! `wasm-vfs image`: directories into a rootfs module.

use super::args::{Talk, TreeArgs};
use super::bar::Bar;
use super::pack::{notes, summary};
use super::policy_args::PolicyArgs;
use crate::output::Destination;
use crate::pack::rootfs::CallsModule;
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
    /// Serve Linux's calls, too, for programs that import `wasm_vfs` or `wali`
    #[arg(long)]
    calls: bool,
    /// Write the module that wasm-merge needs as `wasm_vfs`, for such a program
    #[arg(long, value_name = "CALLS.wasm", requires = "calls")]
    calls_shim: Option<PathBuf>,
    /// Write the module that wasm-merge needs as `wali`, for a program of WALI
    #[arg(long, value_name = "WALI.wasm", requires = "calls")]
    wali_shim: Option<PathBuf>,
    #[command(flatten)]
    tree: TreeArgs,
    #[command(flatten)]
    policy: Box<PolicyArgs>,
}

/// A small module for `wasm-merge`.
enum Shim {
    /// `wasi_host`.
    Host,
    /// Linux's calls.
    Calls(CallsModule),
}

impl Image {
    pub(super) fn run(self, talk: Talk, bar: &Arc<Bar>) -> Result<()> {
        let started = Instant::now();
        let Self { output, host_shim, calls, calls_shim, wali_shim, tree, policy } = self;
        let destination = Destination::from_option(&output);
        let shims = [
            (Shim::Host, host_shim),
            (Shim::Calls(CallsModule::WasmVfs), calls_shim),
            (Shim::Calls(CallsModule::Wali), wali_shim),
        ];
        let shims = shims.map(|(shim, path)| (shim, path.as_deref().map(Destination::from_option)));
        let shims: Vec<(Shim, Destination)> =
            shims.into_iter().filter_map(|(shim, to)| Some((shim, to?))).collect();
        let outputs: Vec<&Destination> =
            std::iter::once(&destination).chain(shims.iter().map(|(_, to)| to)).collect();
        let to_stdout = outputs.iter().filter(|&&to| *to == Destination::Stdout).count();
        ensure!(
            to_stdout < 2,
            "{}the module and the shim are to go to standard output: give one of them a file",
            if shims.len() == 1 { "both " } else { "several of " }
        );
        let config = tree.config()?;
        config.check_start(false)?;
        config.refuse("image", &["isolate", "component", "preinit", "preinit-start"])?;
        let packer = tree.packer(&config, &outputs, policy.policy(talk.is_verbose()))?;
        let rootfs = packer.calls(calls).progress(Arc::clone(bar)).bake()?;
        // The small files first: if they cannot be written, nothing is.
        for (shim, to) in shims {
            let bytes = match shim {
                Shim::Host => rootfs.wasm_merge_shim()?,
                Shim::Calls(module) => rootfs.wasm_merge_calls_shim(module)?,
            };
            to.write_with(&Silent, |out| Ok(out.write_all(&bytes)?))?;
        }
        rootfs.write(destination.clone())?;
        bar.finish();
        let report = rootfs.report();
        notes(&report, talk);
        summary(&report, &destination, started, talk);
        Ok(())
    }
}
