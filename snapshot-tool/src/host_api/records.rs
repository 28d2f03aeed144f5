//! The records that the host interface answers with, decoded: a file's status, the entries of a
//! directory.

use anyhow::{Context as _, Result};
use wasm_vfs_core::{Change, ChangeKind, Differences, FileType};

/// Bytes of what `wasm_vfs_stat` fills in.
pub(super) const STAT_BYTES: u32 = 80;

/// Bytes of a `struct linux_dirent64` before its name.
const DIRENT64_HEADER_BYTES: usize = 19;

/// Where `d_reclen` is in it.
const RECLEN_AT: usize = 16;

/// What a file of the tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileStatus {
    /// The inode number: unique among the files that exist.
    pub ino: u64,
    /// Size in bytes; of a symbolic link: of its target.
    pub size: u64,
    /// Memory taken, in blocks of 512 bytes. What is still in the contents counts.
    pub blocks: u64,
    /// Type and permission bits, as `st_mode`.
    pub mode: u32,
    /// The number of hard links.
    pub nlink: u32,
    /// The owner.
    pub uid: u32,
    /// The group.
    pub gid: u32,
    /// The last access: seconds since 1970, and nanoseconds.
    pub atime: (i64, u32),
    /// The last change of the contents.
    pub mtime: (i64, u32),
    /// The last change of the metadata.
    pub ctime: (i64, u32),
}

impl FileStatus {
    /// What kind of file it is; `None` if this version does not know it.
    #[must_use]
    pub fn file_type(&self) -> Option<FileType> {
        FileType::from_mode(self.mode)
    }
}

/// An entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DirEntry {
    /// Its name.
    pub name: String,
    /// What kind of file it is; `None` if this version does not know it.
    pub file_type: Option<FileType>,
    /// Its inode number.
    pub ino: u64,
}

/// The first record of a listing, where the next entry begins, and the records after it.
pub(super) fn decode_entry(records: &[u8]) -> Result<(DirEntry, i64, &[u8])> {
    let damaged = "the host interface answered a damaged listing";
    let (header, _) = records.split_first_chunk::<DIRENT64_HEADER_BYTES>().context(damaged)?;
    let word = |at: usize| {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&header[at..at + 8]);
        u64::from_le_bytes(bytes)
    };
    let len = usize::from(u16::from_le_bytes([header[RECLEN_AT], header[RECLEN_AT + 1]]));
    let (record, rest) = records.split_at_checked(len).context(damaged)?;
    let name = record.get(DIRENT64_HEADER_BYTES..).context(damaged)?;
    let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
    let entry = DirEntry {
        name: String::from_utf8_lossy(name).into_owned(),
        file_type: FileType::from_d_type(header[DIRENT64_HEADER_BYTES - 1]),
        ino: word(0),
    };
    Ok((entry, word(8).cast_signed(), rest))
}

/// Bytes of a change before its path.
const CHANGE_HEADER_BYTES: usize = 32;

/// The first record of a list of changes, where the next one begins, and the records after it.
pub(super) fn decode_change(records: &[u8]) -> Result<(Change, i64, &[u8])> {
    let damaged = "the host interface answered a damaged list of changes";
    let (header, _) = records.split_first_chunk::<CHANGE_HEADER_BYTES>().context(damaged)?;
    let half = |at: usize| {
        let mut bytes = [0; 4];
        bytes.copy_from_slice(&header[at..at + 4]);
        u32::from_le_bytes(bytes)
    };
    let word = |at: usize| u64::from(half(at)) | u64::from(half(at + 4)) << 32;
    let len = |at: usize| usize::try_from(half(at)).context(damaged);
    let (record, rest) = records.split_at_checked(len(16)?).context(damaged)?;
    let paths = record.get(CHANGE_HEADER_BYTES..).context(damaged)?;
    let (path, paths) = paths.split_at_checked(len(24)?).context(damaged)?;
    let from = paths.get(..len(28)?).context(damaged)?;
    let [kind, file_type, details] = [header[20], header[21], header[22]];
    let kind = match kind {
        1 => ChangeKind::Added {
            from: (details & 1 != 0).then(|| from.to_vec()),
            replaces: FileType::from_d_type(file_type),
        },
        2 => ChangeKind::Removed {
            file_type: FileType::from_d_type(file_type).context(damaged)?,
            is_renamed: details & 1 != 0,
        },
        3 => ChangeKind::Modified(Differences::from_bits_retain(details.into())),
        _ => anyhow::bail!("the host interface answered a kind of change that is not known"),
    };
    Ok((Change { path: path.to_vec(), ino: word(0), kind }, word(8).cast_signed(), rest))
}

/// What `wasm_vfs_stat` filled in.
pub(super) fn decode_status(bytes: &[u8]) -> FileStatus {
    let half = |at: usize| {
        let four = bytes.get(at..at + 4).and_then(|four| four.try_into().ok());
        u32::from_le_bytes(four.unwrap_or_default())
    };
    let word = |at: usize| u64::from(half(at)) | u64::from(half(at + 4)) << 32;
    FileStatus {
        ino: word(0),
        size: word(8),
        blocks: word(16),
        mode: half(24),
        nlink: half(28),
        uid: half(32),
        gid: half(36),
        atime: (word(40).cast_signed(), half(64)),
        mtime: (word(48).cast_signed(), half(68)),
        ctime: (word(56).cast_signed(), half(72)),
    }
}
