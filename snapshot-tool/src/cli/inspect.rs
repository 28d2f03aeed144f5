//! `inspect`, `ls`, `tree`, `cat` and `stat`: what is inside a packed module, in the forms that the
//! commands of those names have on Linux.

use crate::format::{full_time, human_bytes, mode_letters, short_time};
use crate::packed::packed_module::PackedModule;
use crate::tree::{EntryKind, FinalSymlink, Tree};
use anyhow::Result;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// The unit in which stat(1) counts blocks.
const STAT_BLOCK_BYTES: u64 = 512;

fn stdout() -> BufWriter<io::StdoutLock<'static>> {
    BufWriter::new(io::stdout().lock())
}

pub(super) fn inspect(file: &Path) -> Result<()> {
    let mut packed = PackedModule::open(file)?;
    let (bytes, imports) = (packed.file_bytes()?, packed.imports()?);
    let (section, totals) = (packed.section(), packed.tree().totals());
    let mut out = stdout();
    writeln!(out, "form      {}", section.form)?;
    writeln!(out, "version   {} of wasm-vfs", section.tool_version)?;
    writeln!(
        out,
        "size      {}: contents {}, manifest {}",
        human_bytes(bytes),
        human_bytes(section.image_len),
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
    if let Some(function) = &section.preinit {
        // What it changed is in memory; the tree shown is the one that it found.
        writeln!(out, "preinit   {function}, which found this tree")?;
    }
    writeln!(out, "imports   {}", imports.len())?;
    for (module, name) in imports {
        writeln!(out, "    {module} {name}")?;
    }
    writeln!(out, "policy")?;
    let policy = section.chosen()?.settled()?.to_toml()?;
    for line in policy.lines() {
        writeln!(out, "    {line}")?;
    }
    Ok(out.flush()?)
}

pub(super) fn ls(file: &Path, path: Option<&str>, long: bool) -> Result<()> {
    let packed = PackedModule::open(file)?;
    let tree = packed.tree();
    let path = path.unwrap_or("/");
    let found =
        tree.lookup(path.as_bytes(), if long { FinalSymlink::Keep } else { FinalSymlink::Follow })?;
    let mut out = stdout();
    if tree.entries()[found].kind.is_directory() {
        let children: Vec<usize> = tree.children(found).collect();
        let names = children.iter().map(|&child| (child, tree.entries()[child].name.clone()));
        list(tree, names.collect(), long, &mut out)?;
    } else {
        list(tree, vec![(found, path.into())], long, &mut out)?;
    }
    Ok(out.flush()?)
}

fn list(tree: &Tree, rows: Vec<(usize, Vec<u8>)>, long: bool, out: &mut dyn Write) -> Result<()> {
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
        out.write_all(&name)?;
        if long && let EntryKind::Symlink { target } = kind {
            out.write_all(b" -> ")?;
            out.write_all(target)?;
        }
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// `st_size`; of a directory 0, since it takes no room of the image.
fn size(tree: &Tree, index: usize) -> u64 {
    match &tree.entries()[tree.original(index)].kind {
        EntryKind::File { len, .. } => *len,
        EntryKind::Symlink { target } => target.len() as u64,
        EntryKind::Directory
        | EntryKind::DescriptorDirectory
        | EntryKind::CharDevice { .. }
        | EntryKind::HardLink { .. } => 0,
    }
}

pub(super) fn tree(file: &Path, path: Option<&str>) -> Result<()> {
    let packed = PackedModule::open(file)?;
    let tree = packed.tree();
    let path = path.unwrap_or("/");
    let top = tree.lookup(path.as_bytes(), FinalSymlink::Follow)?;
    let mut out = stdout();
    writeln!(out, "{path}")?;
    // For each level the indent of its entries.
    let mut stack: Vec<(String, Vec<usize>)> = vec![(String::new(), reversed_children(tree, top))];
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

fn reversed_children(tree: &Tree, index: usize) -> Vec<usize> {
    let mut children: Vec<usize> = tree.children(index).collect();
    children.reverse();
    children
}

pub(super) fn cat(file: &Path, paths: &[String]) -> Result<()> {
    let mut packed = PackedModule::open(file)?;
    let mut out = stdout();
    for path in paths {
        let index = packed.tree().lookup(path.as_bytes(), FinalSymlink::Follow)?;
        packed.copy_contents(index, &mut out)?;
    }
    Ok(out.flush()?)
}

pub(super) fn stat(file: &Path, paths: &[String]) -> Result<()> {
    let packed = PackedModule::open(file)?;
    let tree = packed.tree();
    let mut out = stdout();
    let root = ["/".to_owned()];
    for path in if paths.is_empty() { &root } else { paths } {
        let index = tree.lookup(path.as_bytes(), FinalSymlink::Keep)?;
        stat_one(tree, path, index, &mut out)?;
    }
    Ok(out.flush()?)
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
        EntryKind::File { len: 0, .. } => ("regular empty file", String::new()),
        EntryKind::File { offset, len } => {
            ("regular file", format!(" Image: {offset}..{}\n", offset + len))
        }
        EntryKind::HardLink { .. } => ("hard link", String::new()),
    };
    write!(out, "  File: {path}")?;
    if let EntryKind::Symlink { target } = &entry.kind {
        out.write_all(b" -> ")?;
        out.write_all(target)?;
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
    Ok(())
}
