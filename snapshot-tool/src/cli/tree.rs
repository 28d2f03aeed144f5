//! `wasm-vfs tree`: a directory of a packed module with all beneath it, as tree(1) draws it.

use super::packed_file::{Names, stdout};
use crate::packed::packed_module::PackedModule;
use crate::tree::{EntryKind, FinalSymlink, Tree};
use anyhow::Result;
use clap::Args;
use std::io::Write as _;
use std::path::PathBuf;

/// How many levels are indented: 128 columns, and a bound on what a deep tree prints. Entries
/// further down all stand there and tell their level.
const MAX_INDENTED_LEVELS: usize = 32;

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
        let names = Names::on_stdout();
        out.write_all(&names.shown(path.as_bytes()))?;
        out.write_all(b"\n")?;
        // The indent of the next entry, of whole levels, and how long it is at each level.
        let (mut indent, mut indents) = (String::new(), Vec::new());
        // For each level its entries that are left.
        let mut stack: Vec<Vec<usize>> = vec![reversed_children(tree, top)];
        let mut deepest = 0;
        while let Some(rest) = stack.last_mut() {
            let Some(index) = rest.pop() else {
                stack.pop();
                indent.truncate(indents.pop().unwrap_or(0));
                continue;
            };
            let (branch, below) =
                if rest.is_empty() { ("└── ", "    ") } else { ("├── ", "│   ") };
            let level = stack.len();
            deepest = deepest.max(level);
            let entry = &tree.entries()[index];
            write!(out, "{indent}")?;
            if level > MAX_INDENTED_LEVELS {
                write!(out, "[{level}] ")?;
            }
            write!(out, "{branch}")?;
            out.write_all(&names.shown(&entry.name))?;
            if let EntryKind::Symlink { target } = &tree.entries()[tree.original(index)].kind {
                out.write_all(b" -> ")?;
                out.write_all(&names.shown(target))?;
            }
            out.write_all(b"\n")?;
            if entry.kind.is_directory() {
                indents.push(indent.len());
                if level < MAX_INDENTED_LEVELS {
                    indent.push_str(below);
                }
                stack.push(reversed_children(tree, index));
            }
        }
        if deepest > MAX_INDENTED_LEVELS {
            writeln!(
                out,
                "\n[N] is the level of an entry: more than {MAX_INDENTED_LEVELS} are not indented"
            )?;
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
