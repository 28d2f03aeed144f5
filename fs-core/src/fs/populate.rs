//! Filling a filesystem from a manifest, before any process looks at it.
//!
//! Linux: an initramfs unpacker (init/initramfs.c). Permissions are not asked; attributes are taken
//! as they are.

use alloc::vec::Vec;

use crate::base::errno::Errno;
use crate::base::fallible::{try_copy, try_push};
use crate::base::flags::NAME_MAX;
use crate::base::ids::Ino;
use crate::fs::Fs;
use crate::manifest::{Attributes, Reader, Record, RecordKind, XattrHolder, check_xattr};
use crate::objects::contents::FileContents;
use crate::objects::inode::{Home, Inode, InodeKind};
use crate::objects::xattr::space_bytes;
use crate::platform::Platform;

/// A manifest being read in: which inode each record became.
///
/// Records may come in several pieces, for [`Fs::populate`] may be called again with the next ones.
#[derive(Debug, Default)]
pub struct Population {
    inos: Vec<Ino>,
    /// Whether the last of them is being given an attribute, so that it is not finished.
    in_attribute: bool,
}

impl Population {
    /// How many records were added, attributes not counted: the number of the next one. If an
    /// attribute was refused, the number of the record that should have it.
    #[must_use]
    pub fn records(&self) -> usize {
        self.inos.len() - usize::from(self.in_attribute)
    }

    fn ino(&self, record: u32) -> Result<Ino, Errno> {
        self.inos.get(record as usize).copied().ok_or(Errno::EINVAL)
    }
}

impl<P: Platform> Fs<P> {
    /// Adds what `records` says. `population` is fresh, or what earlier calls left.
    ///
    /// # Errors
    ///
    /// [`Population::records`] is the number of the culprit; what came before it stays.
    ///
    /// * `EINVAL`: the bytes are not records, a name is empty or has a slash or NUL, or a record
    ///   number is wrong.
    /// * `EEXIST`: the directory has that name already.
    /// * `ENAMETOOLONG`: a name is longer than 255 bytes.
    /// * `ENOTDIR`: the parent is not a directory.
    /// * `ENOENT`: its names are those of descriptors.
    /// * `EPERM`: a hard link to a directory.
    /// * `ENOSPC`: no memory, or a limit is reached.
    /// * Of an attribute: `EINVAL`: it does not follow the record that is to have it; else as
    ///   [`check_xattr`].
    pub fn populate(&mut self, population: &mut Population, records: &[u8]) -> Result<(), Errno> {
        for record in Reader::new(records) {
            let record = record?;
            if let RecordKind::Xattr { value } = record.kind {
                population.in_attribute = !population.inos.is_empty();
                let ino = population.ino(record.parent)?;
                if record.parent as usize + 1 != population.inos.len() {
                    return Err(Errno::EINVAL);
                }
                self.populate_xattr(ino, record.name, value)?;
                population.in_attribute = false;
                continue;
            }
            let ino = self.populate_one(population, &record, records.len())?;
            try_push(&mut population.inos, ino)?;
        }
        Ok(())
    }

    /// Gives an inode an extended attribute. Where no call would ever show it, nothing is kept.
    fn populate_xattr(&mut self, ino: Ino, name: &[u8], value: &[u8]) -> Result<(), Errno> {
        let holder = match self.inode(ino)?.kind {
            InodeKind::Regular(_) | InodeKind::Directory(_) => XattrHolder::FileOrDirectory,
            _ => XattrHolder::Other,
        };
        check_xattr(name, value.len(), holder)?;
        if !P::XATTRS {
            return Ok(());
        }
        let space = space_bytes(name, value.len());
        if P::LIMITS && self.config.max_inodes != 0 && self.free_inode_space() <= space {
            return Err(Errno::ENOSPC);
        }
        let value = try_copy(value).map_err(|_| Errno::ENOSPC)?;
        let set = self.extend(ino).and_then(|extension| extension.xattrs.set(name, value));
        if set.is_err() {
            self.trim_extension(ino);
        }
        let before = set.map_err(|_| Errno::ENOSPC)?;
        let before = before.map_or(0, |before| space_bytes(name, before.len()));
        self.xattr_space = self.xattr_space + space - before;
        Ok(())
    }

    /// Adds one of records that take `bytes` together.
    fn populate_one(
        &mut self,
        population: &Population,
        record: &Record<'_>,
        bytes: usize,
    ) -> Result<Ino, Errno> {
        let Attributes { mode, uid, gid, mtime } = record.attributes;
        if population.inos.is_empty() {
            let RecordKind::Directory { entries } = record.kind else { return Err(Errno::ENOTDIR) };
            let expected = self.expected_entries(entries, bytes);
            let root = self.inode_mut(Ino::ROOT)?;
            let (holds, flags) = (root.holds, root.flags);
            let empty = InodeKind::directory(Ino::ROOT)?;
            let mut inode = Inode::new(empty, mode, uid, gid, mtime);
            inode.nlink = 2; // for "." and for being the root
            inode.holds = holds;
            inode.flags = flags;
            inode.directory_mut()?.reserve_exact(expected)?;
            *self.inode_mut(Ino::ROOT)? = inode;
            return Ok(Ino::ROOT);
        }
        let parent = population.ino(record.parent)?;
        let name = record.name;
        if name.is_empty()
            || matches!(name, b"." | b"..")
            || name.iter().any(|b| matches!(b, 0 | b'/'))
        {
            return Err(Errno::EINVAL);
        }
        if name.len() > NAME_MAX {
            return Err(Errno::ENAMETOOLONG);
        }
        let into = self.inode(parent)?.directory()?;
        if into.lists_descriptors {
            return Err(Errno::ENOENT);
        }
        if into.lookup(name).is_some() {
            return Err(Errno::EEXIST);
        }
        let kind = match record.kind {
            RecordKind::HardLink { record } => {
                let ino = population.ino(record)?;
                let inode = self.inode(ino)?;
                if inode.is_directory() {
                    return Err(Errno::EPERM);
                }
                let file_type = inode.file_type();
                self.reserve_home()?;
                let directory = self.inode_mut(parent)?.directory_mut()?;
                directory.insert(name, ino, file_type)?;
                let cookie = directory.last_cookie();
                self.inode_mut(ino)?.nlink += 1; // for the further name
                self.add_home(ino, Home { parent, cookie });
                self.further_links += 1;
                return Ok(ino);
            }
            RecordKind::Directory { entries } => {
                let mut kind = InodeKind::directory(parent)?;
                if let InodeKind::Directory(directory) = &mut kind {
                    directory.reserve_exact(self.expected_entries(entries, bytes))?;
                }
                kind
            }
            RecordKind::Regular { contents_offset, len } => {
                InodeKind::Regular(FileContents::baked(contents_offset, len)?)
            }
            RecordKind::Symlink { target } => {
                InodeKind::Symlink(try_copy(target).map_err(|_| Errno::ENOSPC)?)
            }
            RecordKind::CharDevice { dev } => InodeKind::CharDevice(dev),
            RecordKind::DescriptorDirectory => InodeKind::directory(parent)?,
            RecordKind::Fifo => InodeKind::Fifo(None),
            // It is not a name: `populate` takes it.
            RecordKind::Xattr { .. } => return Err(Errno::EINVAL),
        };
        let ino = self.add_named(parent, name, Inode::new(kind, mode, uid, gid, mtime))?;
        if record.kind == RecordKind::DescriptorDirectory {
            self.list_descriptors(ino, mtime)?;
        }
        Ok(ino)
    }

    /// For how many entries a directory's table is made: `bytes` of records hold no more. A
    /// directory whose records come in several pieces may have more, and its table grows then; a
    /// manifest that claims billions cannot take the memory. With a limit of inodes, only hard links
    /// can be more.
    fn expected_entries(&self, claimed: u32, bytes: usize) -> usize {
        let limit = if self.config.max_inodes == 0 { u32::MAX } else { self.config.max_inodes };
        (claimed.min(limit) as usize).min(bytes)
    }

    /// Gives back memory that filling took beforehand.
    pub fn finish_population(&mut self, population: Population) {
        for number in 0..self.inodes.bound() {
            if let Some(inode) = self.inodes.get_mut(number)
                && let Ok(directory) = inode.directory_mut()
            {
                directory.shrink();
            }
        }
        drop(population);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::Population;
    use crate::base::config::Config;
    use crate::base::credentials::Credentials;
    use crate::base::errno::Errno;
    use crate::base::flags::OFlags;
    use crate::base::time::Timespec;
    use crate::fs::Fs;
    use crate::manifest::{Attributes, Record, RecordKind};
    use crate::platform::ByteContents;
    use alloc::vec::Vec;

    const MTIME: Timespec = Timespec::new(1_000_000_000, 5);

    /// Parent, name, mode, kind.
    type Row<'a> = (u32, &'a [u8], u32, RecordKind<'a>);

    fn encode(records: &[Row<'_>]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for &(parent, name, mode, kind) in records {
            let attributes = Attributes { mode, uid: 3, gid: 4, mtime: MTIME };
            Record { parent, name, attributes, kind }.encode(&mut bytes);
        }
        bytes
    }

    #[test]
    fn a_manifest_in_two_pieces_becomes_a_tree() {
        let platform = ByteContents { baked: b"hello, baked", ..ByteContents::default() };
        let mut fs = Fs::new(platform, Config::default()).unwrap();
        let mut population = Population::default();
        let first = encode(&[
            (0, b"", 0o755, RecordKind::Directory { entries: 3 }),
            (0, b"d", 0o1777, RecordKind::Directory { entries: 1 }),
            (1, b"f", 0o640, RecordKind::Regular { contents_offset: 7, len: 5 }),
        ]);
        let second = encode(&[
            (0, b"h", 0, RecordKind::HardLink { record: 2 }),
            (0, b"s", 0o777, RecordKind::Symlink { target: b"d/f" }),
        ]);
        fs.populate(&mut population, &first).unwrap();
        fs.populate(&mut population, &second).unwrap();
        assert_eq!(population.records(), 5);
        fs.finish_population(population);

        let mut process = fs.spawn(Credentials::ROOT).unwrap();
        let stat = fs.stat(&process, b"/s").unwrap();
        assert_eq!((stat.st_mode, stat.st_nlink, stat.st_size), (0o100_640, 2, 5));
        assert_eq!((stat.st_uid, stat.st_gid, stat.st_mtime), (3, 4, MTIME));
        assert_eq!(stat, fs.stat(&process, b"/h").unwrap());
        let stat = fs.stat(&process, b"/d").unwrap();
        assert_eq!((stat.st_mode, stat.st_nlink), (0o041_777, 2));
        assert_eq!(fs.stat(&process, b"/").unwrap().st_nlink, 3);

        // A write copies up; the other name sees it.
        let fd = fs.open(&mut process, b"/d/f", OFlags::RDWR, 0).unwrap();
        assert_eq!(fs.pwrite64(&process, fd, &b"B"[..], 0), Ok(1));
        let fd = fs.open(&mut process, b"/h", OFlags::RDONLY, 0).unwrap();
        let mut bytes = [0; 8];
        assert_eq!(fs.read(&process, fd, &mut bytes[..]), Ok(5));
        assert_eq!(&bytes, b"Baked\0\0\0");
    }

    #[test]
    fn pipes_and_attributes() {
        let mut fs = Fs::new(ByteContents::default(), Config::default()).unwrap();
        let mut population = Population::default();
        let xattr = |value| RecordKind::Xattr { value };
        let root = RecordKind::Directory { entries: 3 };
        let first = encode(&[(0, b"", 0o755, root), (0, b"user.root", 0, xattr(b"r"))]);
        let second = encode(&[
            (0, b"f", 0o644, RecordKind::Regular { contents_offset: 0, len: 0 }),
            (1, b"security.x", 0, xattr(b"")),
            (1, b"user.k", 0, xattr(b"a\0b")),
            (0, b"h", 0, RecordKind::HardLink { record: 1 }),
            (0, b"p", 0o620, RecordKind::Fifo),
            (3, b"trusted.p", 0, xattr(b"p")),
        ]);
        for records in [first, second] {
            fs.populate(&mut population, &records).unwrap();
        }
        assert_eq!(population.records(), 4);
        fs.finish_population(population);
        let mut process = fs.spawn(Credentials::ROOT).unwrap();
        let stat = fs.stat(&process, b"/p").unwrap();
        assert_eq!((stat.st_mode, stat.st_nlink, stat.st_mtime), (0o010_620, 1, MTIME));
        let flags = OFlags::RDWR | OFlags::NONBLOCK;
        let fd = fs.open(&mut process, b"/p", flags, 0).unwrap();
        assert_eq!(fs.write(&process, fd, &b"through"[..]), Ok(7));
        let rows: [(&[u8], &[u8], &[u8]); 4] = [
            (b"/", b"user.root", b"r"),
            (b"/h", b"user.k", b"a\0b"),
            (b"/f", b"security.x", b""),
            (b"/p", b"trusted.p", b"p"),
        ];
        for (path, name, value) in rows {
            let mut bytes = [0; 8];
            let len = fs.getxattr(&process, path, name, &mut bytes[..]).unwrap();
            assert_eq!(bytes.get(..len), Some(value), "{path:?}");
        }
        assert_eq!(
            fs.listxattr(&process, b"/f", &mut [0; 0][..]),
            Ok(b"user.k\0security.x\0".len())
        );
        fs.removexattr(&process, b"/f", b"user.k").unwrap();
    }

    #[test]
    fn a_claim_of_entries_takes_no_memory() {
        let mut fs = Fs::new(ByteContents::default(), Config::default()).unwrap();
        let records = encode(&[
            (0, b"", 0o755, RecordKind::Directory { entries: u32::MAX }),
            (0, b"d", 0o755, RecordKind::Directory { entries: u32::MAX }),
        ]);
        for entries in [u32::MAX, 1 << 31] {
            assert!(fs.expected_entries(entries, records.len()) <= records.len());
        }
        fs.populate(&mut Population::default(), &records).unwrap();
    }

    #[test]
    fn what_is_wrong_with_a_record_is_said() {
        let root: Row<'_> = (0, b"", 0o755, RecordKind::Directory { entries: 0 });
        let file = RecordKind::Regular { contents_offset: 0, len: 0 };
        let long = [b'n'; 256];
        let xattr = RecordKind::Xattr { value: b"" };
        let rows: [(&[Row<'_>], Errno); 13] = [
            (&[(0, b"user.k", 0, xattr)], Errno::EINVAL),
            (&[root, (0, b"other.k", 0, xattr)], Errno::EOPNOTSUPP),
            (&[root, (1, b"user.k", 0, xattr)], Errno::EINVAL),
            (&[root, (0, b"p", 0, RecordKind::Fifo), (1, b"user.k", 0, xattr)], Errno::EPERM),
            // Not the record before it.
            (&[root, (0, b"a", 0, file), (0, b"user.k", 0, xattr)], Errno::EINVAL),
            (&[(0, b"", 0, file)], Errno::ENOTDIR),
            (&[root, (0, b"", 0, file)], Errno::EINVAL),
            (&[root, (0, b"a/b", 0, file)], Errno::EINVAL),
            (&[root, (0, b"..", 0, file)], Errno::EINVAL),
            (&[root, (0, &long, 0, file)], Errno::ENAMETOOLONG),
            (&[root, (1, b"a", 0, file)], Errno::EINVAL),
            (&[root, (0, b"a", 0, file), (1, b"b", 0, file)], Errno::ENOTDIR),
            (&[root, (0, b"a", 0, RecordKind::HardLink { record: 0 })], Errno::EPERM),
        ];
        for (records, expected) in rows {
            let mut fs = Fs::new(ByteContents::default(), Config::default()).unwrap();
            let mut population = Population::default();
            let result = fs.populate(&mut population, &encode(records));
            assert_eq!(result, Err(expected), "{records:?}");
            // An attribute is no record with a number: who should have it is the culprit.
            let of_one = matches!(records.last(), Some((_, _, _, RecordKind::Xattr { .. })));
            let culprit = records.len() - 1 - usize::from(of_one && records.len() > 1);
            assert_eq!(population.records(), culprit);
        }
    }
}
