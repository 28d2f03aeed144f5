//! `wasm-vfs ls`: a directory of a packed module, as ls(1) lists it: names are quoted on a terminal.

use super::metadata_text::{mode_letters, short_time};
use super::packed_file::{Names, size, stdout};
use crate::packed::packed_module::PackedModule;
use crate::tree::{EntryKind, FinalSymlink, Tree};
use anyhow::Result;
use clap::Args;
use std::io::Write;
use std::path::PathBuf;

/// The arguments.
#[derive(Debug, Args)]
pub(super) struct Ls {
    /// What `pack`, `image` or `link` wrote
    #[arg(value_name = "FILE.wasm")]
    file: PathBuf,
    /// A directory or file in it [default: /]
    path: Option<String>,
    /// Show mode, links, owner, size and time as well
    #[arg(short, long)]
    long: bool,
    /// End each line with NUL rather than a line feed, and quote nothing
    #[arg(long)]
    zero: bool,
}

impl Ls {
    pub(super) fn run(self) -> Result<()> {
        let Self { file, path, long, zero } = self;
        let style = Style {
            long,
            names: if zero { Names::Raw } else { Names::on_stdout() },
            end: if zero { b"\0" } else { b"\n" },
        };
        let packed = PackedModule::open(&file)?;
        let tree = packed.tree();
        let path = path.as_deref().unwrap_or("/");
        let found = tree.lookup(
            path.as_bytes(),
            if long { FinalSymlink::Keep } else { FinalSymlink::Follow },
        )?;
        let mut out = stdout();
        if tree.entries()[found].kind.is_directory() {
            let children: Vec<usize> = tree.children(found).collect();
            let names = children.iter().map(|&child| (child, tree.entries()[child].name.clone()));
            list(tree, names.collect(), style, &mut out)?;
        } else {
            list(tree, vec![(found, path.into())], style, &mut out)?;
        }
        Ok(out.flush()?)
    }
}

/// What a line looks like.
#[derive(Clone, Copy, Debug)]
struct Style {
    long: bool,
    names: Names,
    end: &'static [u8],
}

fn list(tree: &Tree, rows: Vec<(usize, Vec<u8>)>, style: Style, out: &mut dyn Write) -> Result<()> {
    let Style { long, names, end } = style;
    let widest =
        |texts: &mut dyn Iterator<Item = String>| texts.map(|t| t.len()).max().unwrap_or(0);
    let links = widest(&mut rows.iter().map(|(i, _)| tree.link_count(*i).to_string()));
    let uids = widest(&mut rows.iter().map(|(i, _)| tree.entries()[*i].metadata.uid.to_string()));
    let gids = widest(&mut rows.iter().map(|(i, _)| tree.entries()[*i].metadata.gid.to_string()));
    let sizes = widest(&mut rows.iter().map(|(i, _)| size(tree, *i).to_string()));
    for (index, name) in rows {
        let metadata = tree.entries()[index].metadata;
        let kind = &tree.entries()[tree.original(index)].kind;
        if long {
            write!(
                out,
                "{} {:>links$} {:>uids$} {:>gids$} {:>sizes$} {} ",
                mode_letters(kind, metadata.mode),
                tree.link_count(index),
                metadata.uid,
                metadata.gid,
                size(tree, index),
                short_time(metadata.mtime_sec),
            )?;
        }
        out.write_all(&names.shown(&name))?;
        if long && let EntryKind::Symlink { target } = kind {
            out.write_all(b" -> ")?;
            out.write_all(&names.shown(target))?;
        }
        out.write_all(end)?;
    }
    Ok(())
}
