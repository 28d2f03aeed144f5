//! `wasm-vfs tree`: a directory of a packed module with all beneath it, as tree(1) draws it.

use super::packed_file::stdout;
use crate::packed::packed_module::PackedModule;
use crate::tree::{EntryKind, FinalSymlink, Tree};
use anyhow::Result;
use clap::Args;
use std::io::Write as _;
use std::path::PathBuf;

/// The arguments.
#[derive(Debug, Args)]
pub(super) struct TreeCommand {
    /// What `pack`, `image` or `link` wrote
    #[arg(value_name = "FILE.wasm")]
    file: PathBuf,
    /// A directory in it [default: /]
    path: Option<String>,
}

impl TreeCommand {
    pub(super) fn run(self) -> Result<()> {
        let Self { file, path } = self;
        let packed = PackedModule::open(&file)?;
        let tree = packed.tree();
        let path = path.as_deref().unwrap_or("/");
        let top = tree.lookup(path.as_bytes(), FinalSymlink::Follow)?;
        let mut out = stdout();
        writeln!(out, "{path}")?;
        // For each level the indent of its entries.
        let mut stack: Vec<(String, Vec<usize>)> =
            vec![(String::new(), reversed_children(tree, top))];
        while let Some((indent, rest)) = stack.last_mut() {
            let Some(index) = rest.pop() else {
                stack.pop();
                continue;
            };
            let (branch, below) =
                if rest.is_empty() { ("└── ", "    ") } else { ("├── ", "│   ") };
            let entry = &tree.entries()[index];
            write!(out, "{indent}{branch}")?;
            out.write_all(&entry.name)?;
            if let EntryKind::Symlink { target } = &tree.entries()[tree.original(index)].kind {
                out.write_all(b" -> ")?;
                out.write_all(target)?;
            }
            out.write_all(b"\n")?;
            if entry.kind.is_directory() {
                let indent = format!("{indent}{below}");
                let children = reversed_children(tree, index);
                stack.push((indent, children));
            }
        }
        let inside = &tree.entries()[tree.subtree(top)][1..];
        let directories = inside.iter().filter(|e| e.kind.is_directory()).count();
        let files = inside.len() - directories;
        let plural = |n: usize, one, many| if n == 1 { one } else { many };
        writeln!(
            out,
            "\n{directories} {}, {files} {}",
            plural(directories, "directory", "directories"),
            plural(files, "file", "files")
        )?;
        Ok(out.flush()?)
    }
}

fn reversed_children(tree: &Tree, index: usize) -> Vec<usize> {
    let mut children: Vec<usize> = tree.children(index).collect();
    children.reverse();
    children
}
