//! `wasm-vfs diff`: in what two trees differ.

use super::changes_text::{Listing, list};
use super::packed_file::stdout;
use super::say::say;
use crate::state::compare::compare;
use anyhow::Result;
use clap::Args;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// The exit status for trees that differ, as diff(1) has it.
const DIFFERENT: u8 = 1;

/// The exit status for trouble.
const TROUBLE: u8 = 2;

/// The arguments.
#[derive(Debug, Args)]
pub(super) struct Diff {
    /// A packed module, a directory or a tar archive
    #[arg(value_name = "BEFORE")]
    before: PathBuf,
    /// Another one; or a state, which is compared as what it makes of the packed module BEFORE
    #[arg(value_name = "AFTER")]
    after: PathBuf,
    /// Write a JSON object on each line
    ///
    /// Its keys: `change` (A, D or M), `path`, and for M `what`, a list of words. What is not UTF-8 in
    /// a path is replaced, and `path_hex` has the bytes.
    #[arg(long)]
    json: bool,
}

impl Diff {
    pub(super) fn run(self) -> Result<ExitCode> {
        let changes = match compare(&self.before, &self.after) {
            Ok(changes) => changes,
            Err(error) => {
                say(format_args!("wasm-vfs: error: {error:#}"));
                return Ok(ExitCode::from(TROUBLE));
            }
        };
        let listing = if self.json { Listing::Json } else { Listing::Lines };
        let mut out = stdout();
        for change in &changes {
            list(change, listing, &mut out)?;
        }
        out.flush()?;
        Ok(if changes.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(DIFFERENT) })
    }
}
