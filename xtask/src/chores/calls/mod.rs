//! `cargo xtask calls`: writes what is made from the table of Linux's calls (the crate
//! `wasm-vfs-calls`) and checked in: the page `docs/calls.md`, and the functions of the Rust crate
//! `wasm-vfs-guest`. A test fails for a file that is out of date.

mod guest;
mod page;

use std::fs;

use anyhow::{Context as _, Result, bail};

use crate::workspace;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Write nothing: fail if a file is not what the table gives.
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let files = [
        ("docs/calls.md", page::page()?),
        ("guest/src/raw.rs", guest::raw()?),
        ("guest/src/calls.rs", guest::calls()?),
        ("guest/src/names.rs", guest::names()?),
    ];
    for (path, text) in files {
        let file = workspace::root().join(path);
        if options.check {
            let found = fs::read_to_string(&file)
                .with_context(|| format!("cannot read {}", file.display()))?;
            if found != text {
                bail!("{path} is out of date: run `cargo xtask calls`");
            }
            continue;
        }
        let folder = file.parent().context("a file has a folder")?;
        fs::create_dir_all(folder)?;
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn the_files_are_what_the_table_gives() {
        run(&Options { check: true }).unwrap();
    }
}
