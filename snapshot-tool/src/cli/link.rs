//! `wasm-vfs link`: a program with a rootfs module that `image` wrote.

use super::args::{FormArgs, StrictArgs, Talk};
use super::bar::Bar;
use super::pack::{notes, summary};
use crate::output::Destination;
use crate::pack::input::Program;
use crate::pack::rootfs::Rootfs;
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

/// The arguments.
#[derive(Debug, Args)]
pub(super) struct Link {
    /// The program: a core module that imports wasi_snapshot_preview1
    #[arg(value_name = "APP.wasm")]
    program: PathBuf,
    /// What `wasm-vfs image` wrote
    #[arg(value_name = "ROOTFS.wasm")]
    rootfs: PathBuf,
    #[command(flatten)]
    form: FormArgs,
    /// Make a component of WASI 0.2, for hosts that run components only
    #[arg(long)]
    component: bool,
    #[command(flatten)]
    strict: StrictArgs,
    /// Where to write the result; - for standard output
    #[arg(short, long, value_name = "OUT.wasm")]
    output: PathBuf,
}

impl Link {
    pub(super) fn run(self, talk: Talk, bar: &Arc<Bar>) -> Result<()> {
        let started = Instant::now();
        let Self { program, rootfs, form, component, strict, output } = self;
        let program = Program::file(program);
        // What is no program is told before the filesystem is opened. Read once: it may be a pipe.
        let bytes = program.read_module()?;
        let rootfs = Rootfs::open(rootfs)?.progress(Arc::clone(bar)).strict(strict.strict);
        let linked = rootfs.link_bytes(&bytes, form.form(), None);
        let packed = linked.and_then(|it| if component { it.componentized() } else { Ok(it) });
        let packed = program.blame(packed)?;
        let destination = Destination::from_option(&output);
        packed.write(destination.clone())?;
        bar.finish();
        let report = packed.report();
        notes(&report, talk);
        summary(&report, &destination, started, talk);
        Ok(())
    }
}
