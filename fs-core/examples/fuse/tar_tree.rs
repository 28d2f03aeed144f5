//! A tar file as a manifest whose baked contents are the tar file itself.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use tar::{Archive, EntryType};
use wasm_vfs_core::manifest::{Attributes, Record, RecordKind};
use wasm_vfs_core::{S_IALLUGO, Timespec};

/// The tree in a tar file.
pub(crate) struct TarTree {
    /// The manifest's records.
    pub(crate) records: Vec<u8>,
    paths: Vec<Vec<u8>>,
}

impl TarTree {
    /// The path of a record, for messages.
    pub(crate) fn path(&self, record: usize) -> String {
        String::from_utf8_lossy(self.paths.get(record).map_or(b"", Vec::as_slice)).into_owned()
    }
}

/// What one entry of the tar file stands for.
enum Object {
    Directory,
    Regular {
        contents_offset: u64,
        len: u64,
    },
    Symlink(Vec<u8>),
    /// The path that it is one more name of.
    HardLink(Vec<u8>),
}

/// Reads the headers of `tar`. An entry that comes again replaces the one before, as when it is
/// unpacked; directories that are missing are made.
pub(crate) fn manifest(tar: &[u8]) -> Result<TarTree> {
    // Sorted by path, a directory comes before what is in it.
    let mut objects: BTreeMap<Vec<u8>, (Attributes, Object)> = BTreeMap::new();
    let mut archive = Archive::new(tar);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let pax_mtime = pax_mtime(&mut entry)?;
        let path = normal(&entry.path_bytes());
        let header = entry.header();
        let object = match header.entry_type() {
            EntryType::Directory => Object::Directory,
            EntryType::Regular | EntryType::Continuous => {
                Object::Regular { contents_offset: entry.raw_file_position(), len: entry.size() }
            }
            EntryType::Symlink => Object::Symlink(target(&entry)?),
            EntryType::Link => Object::HardLink(normal(&target(&entry)?)),
            other => {
                eprintln!("left out: `{}`, {other:?}", String::from_utf8_lossy(&path));
                continue;
            }
        };
        let attributes = Attributes {
            mode: header.mode()? & S_IALLUGO,
            uid: u32::try_from(header.uid()?).unwrap_or(u32::MAX - 1),
            gid: u32::try_from(header.gid()?).unwrap_or(u32::MAX - 1),
            mtime: match pax_mtime {
                Some(mtime) => mtime,
                None => Timespec::new(i64::try_from(header.mtime()?).unwrap_or(i64::MAX), 0),
            },
        };
        for (position, _) in path.iter().enumerate().filter(|&(_, &byte)| byte == b'/') {
            let missing = (Attributes { mode: 0o755, ..attributes }, Object::Directory);
            objects.entry(path[..position].to_vec()).or_insert(missing);
        }
        objects.insert(path, (attributes, object));
    }
    let root = Attributes { mode: 0o755, ..Attributes::default() };
    objects.entry(Vec::new()).or_insert((root, Object::Directory));
    encode(&objects)
}

/// Writes the records: first all that are not hard links, then these, for they name earlier ones.
fn encode(objects: &BTreeMap<Vec<u8>, (Attributes, Object)>) -> Result<TarTree> {
    let mut tree = TarTree { records: Vec::new(), paths: Vec::new() };
    let mut numbers: BTreeMap<&[u8], u32> = BTreeMap::new();
    let is_link = |object: &Object| matches!(object, Object::HardLink(_));
    let (links, others): (Vec<_>, Vec<_>) =
        objects.iter().partition(|(_, (_, object))| is_link(object));
    for (path, (attributes, object)) in others.into_iter().chain(links) {
        let (parent_path, name) = match path.iter().rposition(|&byte| byte == b'/') {
            Some(slash) => (&path[..slash], &path[slash + 1..]),
            None => (&[][..], path.as_slice()),
        };
        let shown = String::from_utf8_lossy(path);
        let kind = match object {
            Object::Directory => RecordKind::Directory { entries: 0 },
            &Object::Regular { contents_offset, len } => {
                RecordKind::Regular { contents_offset, len }
            }
            Object::Symlink(target) => RecordKind::Symlink { target },
            Object::HardLink(first) => match numbers.get(first.as_slice()) {
                Some(&record) => RecordKind::HardLink { record },
                None => bail!("`{shown}` is a hard link to what is not there"),
            },
        };
        // The root's record is the first, and its own parent.
        let parent = numbers.get(parent_path).copied().unwrap_or(0);
        Record { parent, name, attributes: *attributes, kind }.encode(&mut tree.records);
        numbers.insert(path, u32::try_from(numbers.len()).context("too many entries")?);
        tree.paths.push(path.clone());
    }
    Ok(tree)
}

/// A path without `.`, double slashes, and slashes at the ends. `..` is refused by the filesystem,
/// as a name that cannot be.
fn normal(path: &[u8]) -> Vec<u8> {
    let names = path.split(|&byte| byte == b'/');
    names.filter(|name| !matches!(*name, b"" | b".")).collect::<Vec<_>>().join(&b'/')
}

/// The modification time in an extended header, which has parts of a second and may be before 1970
/// (pax(1)).
fn pax_mtime<R: std::io::Read>(entry: &mut tar::Entry<'_, R>) -> Result<Option<Timespec>> {
    let Some(extensions) = entry.pax_extensions()? else { return Ok(None) };
    for extension in extensions {
        let extension = extension?;
        if extension.key() == Ok("mtime") {
            let text = extension.value().context("a time that is no text")?;
            let time = decimal_time(text).with_context(|| format!("`{text}` is no time"))?;
            return Ok(Some(time));
        }
    }
    Ok(None)
}

/// Reads seconds with a fraction; digits beyond nanoseconds are dropped, toward the past as all
/// times here.
fn decimal_time(text: &str) -> Option<Timespec> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let seconds: i64 = whole.parse().ok()?;
    let mut digits: String = fraction.chars().take(9).collect();
    digits.extend(std::iter::repeat_n('0', 9 - digits.len().min(9)));
    let nanoseconds: u32 = digits.parse().ok()?;
    let negative = whole.starts_with('-');
    Some(match nanoseconds {
        0 => Timespec::new(seconds, 0),
        // Nanoseconds always count forward.
        _ if negative => Timespec::new(seconds.checked_sub(1)?, 1_000_000_000 - nanoseconds),
        _ => Timespec::new(seconds, nanoseconds),
    })
}

fn target<R: std::io::Read>(entry: &tar::Entry<'_, R>) -> Result<Vec<u8>> {
    Ok(entry.link_name_bytes().context("a link without a target")?.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_fractions_and_signs() {
        assert_eq!(decimal_time("7"), Some(Timespec::new(7, 0)));
        assert_eq!(decimal_time("7.25"), Some(Timespec::new(7, 250_000_000)));
        assert_eq!(decimal_time("7.0000000019"), Some(Timespec::new(7, 1)));
        assert_eq!(decimal_time("-1.25"), Some(Timespec::new(-2, 750_000_000)));
        assert_eq!(decimal_time("-0.5"), Some(Timespec::new(-1, 500_000_000)));
        assert_eq!(decimal_time("1e3"), None);
        assert_eq!(decimal_time("1.-5"), None);
    }
}
