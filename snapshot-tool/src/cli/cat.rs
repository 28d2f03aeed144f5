//! `wasm-vfs cat`: files of a packed module to standard output.

use super::packed_file::stdout;
use crate::packed::packed_module::PackedModule;
use crate::tree::FinalSymlink;
use anyhow::Result;
use clap::Args;
use std::io::Write as _;
use std::path::PathBuf;

/// The arguments.
#[derive(Debug, Args)]
pub(super) struct Cat {
    /// What `pack`, `image` or `link` wrote
    #[arg(value_name = "FILE.wasm")]
    file: PathBuf,
    /// Files in it
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<String>,
}

impl Cat {
    pub(super) fn run(self) -> Result<()> {
        let Self { file, paths } = self;
        let mut packed = PackedModule::open(&file)?;
        let mut out = stdout();
        for path in paths {
            let index = packed.tree().lookup(path.as_bytes(), FinalSymlink::Follow)?;
            packed.copy_contents(index, &mut out)?;
        }
        Ok(out.flush()?)
    }
}
