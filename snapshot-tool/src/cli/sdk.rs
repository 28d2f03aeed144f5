//! `wasm-vfs sdk`: writes the C SDK, and prints what a compiler is told of it.

use super::packed_file::stdout;
use crate::sdk::Sdk as Directory;
use anyhow::Result;
use clap::Args;
use std::io::Write as _;
use std::path::PathBuf;

/// The arguments.
#[derive(Debug, Args)]
pub(super) struct Sdk {
    /// Write the SDK into this directory [default: one of your cache directory]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Print the options that compile a program
    #[arg(long)]
    cflags: bool,
    /// Print the options that link a program
    #[arg(long)]
    libs: bool,
}

impl Sdk {
    pub(super) fn run(self) -> Result<()> {
        let Self { output, cflags, libs } = self;
        let sdk = match output {
            Some(directory) => Directory::write(&directory)?,
            None => Directory::in_cache()?,
        };
        let mut words = Vec::new();
        if cflags {
            words.push(sdk.cflags()?);
        }
        if libs {
            words.push(sdk.libs()?);
        }
        if words.is_empty() {
            words.push(sdk.directory().display().to_string());
        }
        let mut out = stdout();
        writeln!(out, "{}", words.join(" "))?;
        Ok(out.flush()?)
    }
}
