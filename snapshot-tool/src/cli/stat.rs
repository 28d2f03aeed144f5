//! `wasm-vfs stat`: the metadata of files of a packed module, as stat(1) shows it.

use super::metadata_text::{full_time, mode_letters};
use super::packed_file::{Names, size, stdout};
use crate::packed::packed_module::PackedModule;
use crate::quote::escaped;
use crate::tree::{EntryKind, FinalSymlink, Tree, Xattr};
use anyhow::Result;
use clap::Args;
use std::io::Write;
use std::path::PathBuf;

/// The unit in which stat(1) counts blocks.
const STAT_BLOCK_BYTES: u64 = 512;

/// The arguments.
#[derive(Debug, Args)]
pub(super) struct Stat {
    /// What `pack`, `image` or `link` wrote
    #[arg(value_name = "FILE.wasm")]
    file: PathBuf,
    /// Files in it, not followed if symbolic links [default: /]
    #[arg(value_name = "PATH")]
    paths: Vec<String>,
}

impl Stat {
    pub(super) fn run(self) -> Result<()> {
        let Self { file, paths } = self;
        let packed = PackedModule::open(&file)?;
        let tree = packed.tree();
        let mut out = stdout();
        let root = ["/".to_owned()];
        for path in if paths.is_empty() { &root[..] } else { &paths } {
            let index = tree.lookup(path.as_bytes(), FinalSymlink::Keep)?;
            stat_one(tree, path, index, &mut out)?;
        }
        Ok(out.flush()?)
    }
}

fn stat_one(tree: &Tree, path: &str, index: usize, out: &mut dyn Write) -> Result<()> {
    let original = tree.original(index);
    let entry = &tree.entries()[original];
    let size = size(tree, index);
    let (kind, place) = match &entry.kind {
        EntryKind::Directory | EntryKind::DescriptorDirectory => ("directory", String::new()),
        EntryKind::CharDevice { major, minor } => {
            ("character special file", format!("Device type: {major},{minor}\n"))
        }
        EntryKind::Symlink { .. } => ("symbolic link", String::new()),
        EntryKind::Fifo => ("fifo", String::new()),
        EntryKind::File { len: 0, .. } => ("regular empty file", String::new()),
        EntryKind::File { offset, len } => {
            ("regular file", format!(" Contents: {offset}..{}\n", offset + len))
        }
        EntryKind::HardLink { .. } => ("hard link", String::new()),
    };
    let names = Names::on_stdout();
    out.write_all(b"  File: ")?;
    out.write_all(&names.shown(path.as_bytes()))?;
    if let EntryKind::Symlink { target } = &entry.kind {
        out.write_all(b" -> ")?;
        out.write_all(&names.shown(target))?;
    }
    let metadata = &entry.metadata;
    let blocks = size.div_ceil(STAT_BLOCK_BYTES);
    write!(
        out,
        "\n  Size: {size:<15} Blocks: {blocks:<10} {kind}\n Links: {}\nAccess: ({:04o}/{})  Uid: {}   Gid: {}\nModify: {}\n{place}",
        tree.link_count(index),
        metadata.mode,
        mode_letters(&entry.kind, metadata.mode),
        metadata.uid,
        metadata.gid,
        full_time(metadata),
    )?;
    for Xattr { name, value } in tree.xattrs(index) {
        // As getfattr(1) does; whatever it is, it is one line.
        writeln!(out, " Xattr: {}=\"{}\"", escaped(name), escaped(value))?;
    }
    Ok(())
}
