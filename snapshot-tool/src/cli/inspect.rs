//! `wasm-vfs inspect`: what a module is and what its program sees.

use super::packed_file::stdout;
use crate::error::{ErrorKind, Marked as _};
use crate::format::human_bytes;
use crate::pack::input::named;
use crate::packed::component::Interfaces;
use crate::packed::packed_module::PackedModule;
use crate::quote::escaped;
use anyhow::Result;
use clap::Args;
use std::io::Write as _;
use std::path::PathBuf;

/// The arguments.
#[derive(Debug, Args)]
pub(super) struct Inspect {
    /// What `pack`, `image` or `link` wrote
    #[arg(value_name = "FILE.wasm")]
    file: PathBuf,
}

impl Inspect {
    pub(super) fn run(self) -> Result<()> {
        let Self { file } = self;
        let mut packed = PackedModule::open(&file)?;
        let (bytes, imports) = (packed.file_bytes()?, packed.imports()?);
        let interfaces = packed.interfaces()?;
        let (section, totals) = (packed.section(), packed.tree().totals());
        let mut out = stdout();
        writeln!(out, "form      {}", section.form)?;
        if let Some(Interfaces { exports, .. }) = &interfaces {
            let exports = if exports.is_empty() { "nothing".into() } else { exports.join(", ") };
            writeln!(out, "component of WASI 0.2, exports {}", escaped(&exports))?;
        }
        writeln!(out, "version   {} of wasm-vfs", escaped(&section.tool_version))?;
        writeln!(
            out,
            "size      {}: contents {}, manifest {}",
            human_bytes(bytes),
            human_bytes(section.contents_len),
            human_bytes(section.manifest.len() as u64)
        )?;
        writeln!(
            out,
            "tree      {} directories, {} files of {}, {} symbolic links, {} further names",
            totals.directories,
            totals.files,
            human_bytes(totals.file_bytes),
            totals.symlinks,
            totals.hard_links
        )?;
        match packed.tree_digest() {
            Ok(digest) => writeln!(out, "digest    {digest} of the tree")?,
            Err(_) => writeln!(out, "digest    none: another tool has removed what it is made of")?,
        }
        if let Some(function) = &section.preinit {
            // What it changed is in memory; the tree shown is the one that it found.
            writeln!(out, "preinit   {}, which found this tree", escaped(function))?;
        }
        // What is asked of the host: of a component, interfaces.
        let imports: Vec<String> = match interfaces {
            Some(Interfaces { imports, .. }) => imports,
            None => imports.iter().map(|(module, name)| format!("{module} {name}")).collect(),
        };
        writeln!(out, "imports   {}", imports.len())?;
        for import in imports {
            writeln!(out, "    {}", escaped(&import))?;
        }
        writeln!(out, "policy")?;
        let settled = section.chosen().and_then(|policy| policy.settle());
        let settled = settled.of_kind(ErrorKind::Damaged).about(|| named(&file))?;
        for line in settled.asked().to_toml()?.lines() {
            writeln!(out, "    {}", escaped(line))?;
        }
        Ok(out.flush()?)
    }
}
