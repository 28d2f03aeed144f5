//! One directory: names to inode numbers, in an order that readdir can resume.
//!
//! Linux: a tmpfs directory with its `offset_ctx` (fs/libfs.c, `simple_offset_add`). Every entry
//! gets the next cookie when it is added and keeps it; readdir goes by ascending cookie, so a
//! position stays valid while other entries come and go. Departure: cookies are never reused,
//! Linux's wrap.
//!
//! Three parts:
//!
//! * `entries`: all entries by ascending cookie. A removed entry stays as a tombstone until half
//!   are such. Tombstones side by side are a run: they lead to its end, so that readdir passes the
//!   run in a few steps, wherever it starts ([`Directory::next_live`]).
//! * `names`: the bytes of all names, one after another.
//! * `index`: from the hash of a name to its entry ([`crate::objects::name_index`]).

use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::base::defect::OrDefect;
use crate::base::errno::Errno;
use crate::base::ids::Ino;
use crate::base::stat::FileType;
use crate::objects::name_index::{IndexPlace, NameIndex};
use crate::objects::removed_entry::RemovedEntry;
use crate::platform::foreign::ForeignMark;

/// The cookie of the first entry. 0 and 1 stand for `.` and `..`, as on tmpfs (`DIR_OFFSET_MIN` is
/// 2 there).
pub(crate) const FIRST_COOKIE: u32 = 2;

/// How many tombstones there may be before compaction is considered at all.
const MIN_TOMBSTONES: u32 = 16;

/// One entry (Linux: a dentry).
#[derive(Clone, Copy, Debug)]
pub(crate) struct DirEntry {
    /// The position of readdir; ascending over `entries`.
    cookie: u32,
    /// Where the name begins in `names`. Of a tombstone that is the root of its run: the number of
    /// the entry behind the run.
    name_at: u32,
    /// The inode. Of a tombstone: the number of another one in its run, nearer to the root; of the
    /// root, its own.
    pub(crate) ino: Ino,
    /// Length of the name; 0 marks a tombstone.
    name_len: u8,
    /// The type of the inode, so that readdir need not visit it.
    pub(crate) file_type: FileType,
    /// Whether it leads to something else than it did at first: another entry changed places with
    /// it.
    pub(crate) exchanged: bool,
}

impl DirEntry {
    /// Its position in readdir, which no other entry of the directory ever has.
    pub(crate) fn cookie(&self) -> u32 {
        self.cookie
    }
}

/// A directory.
#[derive(Debug)]
pub(crate) struct Directory {
    /// The directory above; of the root: itself.
    pub(crate) parent: Ino,
    /// The cookie of its own entry there (only where
    /// [`Platform::NOTIFY`](crate::Platform::NOTIFY) or
    /// [`Platform::CHANGES`](crate::Platform::CHANGES)).
    pub(crate) own_cookie: u32,
    /// Entries with a smaller cookie are of the sealed tree (only where
    /// [`Platform::CHANGES`](crate::Platform::CHANGES)).
    pub(crate) sealed_cookies: u32,
    /// Whose its entries are, if not its own (only where
    /// [`Platform::FOREIGN`](crate::Platform::FOREIGN)).
    pub(crate) foreign: ForeignMark,
    /// Whether its names are those of the descriptors of whoever looks
    /// ([`crate::fs::kinds::descriptor_directory`]). It has no entries then.
    pub(crate) lists_descriptors: bool,
    entries: Vec<DirEntry>,
    names: Vec<u8>,
    /// Numbers in `entries` by name.
    index: NameIndex,
    /// The cookie of the next entry.
    next_cookie: u32,
    /// How many of `entries` are tombstones.
    tombstones: u32,
}

/// A 32-bit hash of a name: eight bytes at a time, multiplied and folded.
///
/// Quality only spreads the index; nothing depends on names not colliding.
fn hash_name(name: &[u8]) -> u32 {
    let mut hash = name.len() as u64;
    let mut mix = |word: u64| {
        hash = (hash ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        hash ^= hash >> 32;
    };
    if let Some(last) = name.last_chunk::<8>() {
        for word in name.as_chunks::<8>().0 {
            mix(u64::from_le_bytes(*word));
        }
        // It overlaps the one before it, unless the length is a multiple of 8.
        mix(u64::from_le_bytes(*last));
    } else {
        mix(name.iter().fold(0, |word, &byte| word << 8 | u64::from(byte)));
    }
    hash = hash.wrapping_mul(0xd6e8_feb8_6659_fd93);
    (hash >> 32) as u32
}

/// The place of a number in an order that has nothing to do with numbers: each has another one.
fn shuffled(number: u32) -> u32 {
    let mixed = number.wrapping_mul(0x9e37_79b1);
    (mixed ^ mixed >> 15).wrapping_mul(0x85eb_ca77)
}

/// Whether two names are the same. (A loop over bytes is what `==` becomes in wasm.)
fn same_name(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    match (a.last_chunk::<8>(), b.last_chunk::<8>()) {
        (Some(last_a), Some(last_b)) => {
            last_a == last_b && a.as_chunks::<8>().0 == b.as_chunks::<8>().0
        }
        _ => a.iter().zip(b).all(|(a, b)| a == b),
    }
}

impl Directory {
    /// An empty directory below `parent`.
    pub(crate) const fn new(parent: Ino) -> Directory {
        Directory {
            parent,
            own_cookie: 0,
            sealed_cookies: FIRST_COOKIE,
            foreign: ForeignMark::NONE,
            lists_descriptors: false,
            entries: Vec::new(),
            names: Vec::new(),
            index: NameIndex::new(),
            next_cookie: FIRST_COOKIE,
            tombstones: 0,
        }
    }

    /// How many entries it has, without `.` and `..`.
    pub(crate) fn len(&self) -> usize {
        self.entries.len() - self.tombstones as usize
    }

    /// Whether it has no entry but `.` and `..`.
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn name_of(&self, entry: &DirEntry) -> &[u8] {
        let from = entry.name_at as usize;
        self.names.get(from..from + usize::from(entry.name_len)).or_after_defect(&[])
    }

    /// Where the name is in the index, or where it would be inserted.
    fn search(&self, hash: u32, name: &[u8]) -> Result<IndexPlace, IndexPlace> {
        self.index.search(hash, |number| {
            let held = self.entries.get(number as usize).map_or(&[][..], |e| self.name_of(e));
            if same_name(held, name) { Ordering::Equal } else { held.cmp(name) }
        })
    }

    /// The number of the entry with this name.
    fn find(&self, name: &[u8]) -> Option<u32> {
        self.index.entry(self.search(hash_name(name), name).ok()?)
    }

    /// The entry with this name.
    pub(crate) fn lookup(&self, name: &[u8]) -> Option<DirEntry> {
        self.entries.get(self.find(name)? as usize).copied()
    }

    /// The entry with this cookie: its name, and what it leads to.
    pub(crate) fn entry_at(&self, cookie: u32) -> Option<(&[u8], Ino)> {
        let (found, name, entry) = self.iter_from(cookie).next()?;
        (found == cookie).then_some((name, entry.ino))
    }

    /// The cookie of the entry that was added last.
    pub(crate) fn last_cookie(&self) -> u32 {
        self.next_cookie - 1
    }

    /// Adds an entry. The name is new, not empty and at most 255 bytes; the caller has checked.
    ///
    /// # Errors
    ///
    /// * `ENOSPC`: no memory, or four billion names were added; the directory is as before.
    pub(crate) fn insert(
        &mut self,
        name: &[u8],
        ino: Ino,
        file_type: FileType,
    ) -> Result<(), Errno> {
        let entry = self.prepare(name, ino, file_type)?;
        let number = u32::try_from(self.entries.len()).map_err(|_| Errno::ENOSPC)?;
        let hash = hash_name(name);
        let place = self.search(hash, name).unwrap_or_else(|place| place);
        self.index.insert(place, hash, number).map_err(|_| Errno::ENOSPC)?;
        self.append(entry, name);
        Ok(())
    }

    /// Adds an entry, in place of the one that has its name if there is one: as
    /// [`remove`](Self::remove) and [`insert`](Self::insert), but both or neither. Says which entry
    /// had the name. `before` as there.
    ///
    /// # Errors
    ///
    /// As [`insert`](Self::insert).
    pub(crate) fn supersede(
        &mut self,
        name: &[u8],
        ino: Ino,
        file_type: FileType,
        before: impl FnOnce(&DirEntry),
    ) -> Result<Option<DirEntry>, Errno> {
        let Ok(place) = self.search(hash_name(name), name) else {
            return self.insert(name, ino, file_type).map(|()| None);
        };
        let entry = self.prepare(name, ino, file_type)?;
        let number = u32::try_from(self.entries.len()).map_err(|_| Errno::ENOSPC)?;
        let gone = self.index.entry(place).or_defect()?;
        let had = self.entries.get(gone as usize).copied();
        self.tell_sealed(had.as_ref(), before);
        self.append(entry, name);
        self.index.set_entry(place, number).or_defect()?;
        self.bury(gone);
        self.compact_if_due();
        Ok(had)
    }

    /// An entry to be appended, and the memory for it.
    fn prepare(&mut self, name: &[u8], ino: Ino, file_type: FileType) -> Result<DirEntry, Errno> {
        if self.next_cookie == u32::MAX {
            return Err(Errno::ENOSPC);
        }
        self.entries.try_reserve(1).map_err(|_| Errno::ENOSPC)?;
        self.names.try_reserve(name.len()).map_err(|_| Errno::ENOSPC)?;
        Ok(DirEntry {
            cookie: self.next_cookie,
            name_at: u32::try_from(self.names.len()).map_err(|_| Errno::ENOSPC)?,
            ino,
            name_len: u8::try_from(name.len()).map_err(|_| Errno::ENAMETOOLONG)?,
            file_type,
            exchanged: false,
        })
    }

    /// Appends what was prepared.
    fn append(&mut self, entry: DirEntry, name: &[u8]) {
        // The entry comes last: a call may be cut short in between.
        self.names.extend_from_slice(name);
        self.next_cookie += 1;
        self.entries.push(entry);
    }

    /// Makes room for `entries` more entries with `name_bytes` bytes of names, exactly.
    ///
    /// # Errors
    ///
    /// `ENOSPC`: no memory.
    pub(crate) fn reserve_exact(&mut self, entries: usize) -> Result<(), Errno> {
        self.entries.try_reserve_exact(entries).map_err(|_| Errno::ENOSPC)
    }

    /// Gives back what growing geometrically took beforehand.
    pub(crate) fn shrink(&mut self) {
        self.entries.shrink_to_fit();
        self.names.shrink_to_fit();
        self.index.shrink();
    }

    /// Removes the entry with this name and returns it. `before` is called with an entry of the
    /// sealed tree, while it is still there: a call may be cut short in between.
    pub(crate) fn remove(
        &mut self,
        name: &[u8],
        before: impl FnOnce(&DirEntry),
    ) -> Option<DirEntry> {
        let place = self.search(hash_name(name), name).ok()?;
        let number = self.index.entry(place)?;
        let removed = *self.entries.get(number as usize)?;
        self.tell_sealed(Some(&removed), before);
        // What lists the name goes before what finds it: a call may be cut short in between.
        self.bury(number);
        self.index.remove(place);
        self.compact_if_due();
        Some(removed)
    }

    /// Tells of an entry that is about to go or to lead elsewhere, if it is of the sealed tree.
    #[inline]
    fn tell_sealed(&self, entry: Option<&DirEntry>, before: impl FnOnce(&DirEntry)) {
        if let Some(entry) = entry.filter(|entry| self.was_sealed(entry)) {
            before(entry);
        }
    }

    /// Makes an entry that the index no longer knows a tombstone.
    fn bury(&mut self, number: u32) {
        if let Some(entry) = self.entries.get_mut(number as usize) {
            *entry = DirEntry { name_len: 0, ino: Ino(number), name_at: number + 1, ..*entry };
            self.tombstones += 1;
            self.join(number.wrapping_sub(1), number);
            self.join(number, number + 1);
        }
    }

    /// Takes tombstones out, if they are more than half of all entries.
    fn compact_if_due(&mut self) {
        if self.tombstones >= MIN_TOMBSTONES && self.tombstones as usize * 2 > self.entries.len() {
            self.compact();
        }
    }

    /// Makes the runs of two neighbours one, if both are tombstones.
    ///
    /// This is the union of disjoint sets without path compression, for readers cannot write. Which
    /// root stays is decided by a random order of the numbers, which keeps paths logarithmic
    /// (Goel et al., "Disjoint set union with randomized linking", 2014).
    fn join(&mut self, left: u32, right: u32) {
        let (Some(left), Some(right)) = (self.root_of(left), self.root_of(right)) else { return };
        let end = self.entries.get(right as usize).map_or(0, |root| root.name_at);
        let (below, above) =
            if shuffled(left) < shuffled(right) { (left, right) } else { (right, left) };
        if let Some(root) = self.entries.get_mut(below as usize) {
            root.ino = Ino(above);
        }
        if let Some(root) = self.entries.get_mut(above as usize) {
            root.name_at = end;
        }
    }

    /// The root of the run that a tombstone belongs to; `None` for what is no tombstone.
    fn root_of(&self, number: u32) -> Option<u32> {
        let mut root = number;
        loop {
            let tombstone = self.entries.get(root as usize).filter(|entry| entry.name_len == 0)?;
            if tombstone.ino == Ino(root) {
                return Some(root);
            }
            root = tombstone.ino.0;
        }
    }

    /// The number of the first entry from `number` on that is no tombstone, or one beyond all.
    fn next_live(&self, number: usize) -> usize {
        // There are no more entries than a `u32` can number.
        let root = u32::try_from(number).ok().and_then(|number| self.root_of(number));
        let root = root.and_then(|root| self.entries.get(root as usize));
        root.map_or(number, |root| root.name_at as usize)
    }

    /// Lets the name lead to another inode. The entry keeps its cookie, which is the answer, as in
    /// `simple_offset_rename_exchange`. `before` as for [`remove`](Self::remove).
    pub(crate) fn replace(
        &mut self,
        name: &[u8],
        ino: Ino,
        file_type: FileType,
        before: impl FnOnce(&DirEntry),
    ) -> Option<u32> {
        let number = self.find(name)?;
        self.tell_sealed(self.entries.get(number as usize), before);
        let entry = self.entries.get_mut(number as usize)?;
        entry.ino = ino;
        entry.file_type = file_type;
        entry.exchanged = true;
        Some(entry.cookie)
    }

    /// Counts all entries as those of the sealed tree.
    pub(crate) fn seal(&mut self) {
        self.sealed_cookies = self.next_cookie;
        for entry in &mut self.entries {
            entry.exchanged = false;
        }
    }

    /// Whether an entry of it was there when it was sealed, and leads to the same inode.
    pub(crate) fn was_sealed(&self, entry: &DirEntry) -> bool {
        entry.cookie < self.sealed_cookies && !entry.exchanged
    }

    /// Whether an entry that was about to be removed is still there.
    pub(crate) fn still_has(&self, removed: &RemovedEntry) -> bool {
        let found = self.iter_from(removed.cookie).next();
        found.is_some_and(|(cookie, _, entry)| cookie == removed.cookie && self.was_sealed(entry))
    }

    /// As it was when it was sealed, before these entries were removed from it.
    ///
    /// # Errors
    ///
    /// `ENOSPC`: no memory.
    pub(crate) fn as_sealed(&self, removed: &[RemovedEntry]) -> Result<Directory, Errno> {
        let mut entries: Vec<(u32, &[u8], Ino, FileType)> = Vec::new();
        entries.try_reserve_exact(self.len() + removed.len())?;
        for (cookie, name, entry) in self.iter_from(FIRST_COOKIE) {
            if self.was_sealed(entry) {
                entries.push((cookie, name, entry.ino, entry.file_type));
            }
        }
        for RemovedEntry { cookie, name, ino, file_type, .. } in removed {
            entries.push((*cookie, name, *ino, *file_type));
        }
        entries.sort_unstable_by_key(|(cookie, ..)| *cookie);
        let mut sealed = Directory {
            own_cookie: self.own_cookie,
            foreign: self.foreign,
            lists_descriptors: self.lists_descriptors,
            ..Directory::new(self.parent)
        };
        sealed.reserve_exact(entries.len())?;
        for (cookie, name, ino, file_type) in entries {
            sealed.next_cookie = cookie;
            sealed.insert(name, ino, file_type)?;
        }
        (sealed.next_cookie, sealed.sealed_cookies) = (self.next_cookie, self.sealed_cookies);
        Ok(sealed)
    }

    /// Empties it; what it had is the answer. What it was when it was sealed it still knows.
    pub(crate) fn take_entries(&mut self) -> Directory {
        let mut empty = Directory::new(self.parent);
        empty.own_cookie = self.own_cookie;
        (empty.next_cookie, empty.sealed_cookies) = (self.next_cookie, self.sealed_cookies);
        (empty.foreign, empty.lists_descriptors) = (self.foreign, self.lists_descriptors);
        core::mem::replace(self, empty)
    }

    /// Whether the three parts agree: for [`crate::fs::invariants`].
    pub(crate) fn is_consistent(&self) -> bool {
        let live = self.entries.iter().filter(|entry| entry.name_len > 0);
        live.clone().count() == self.len()
            && self.index.len() == self.len()
            && self.entries.is_sorted_by(|a, b| a.cookie < b.cookie)
            && self.entries.last().is_none_or(|last| last.cookie < self.next_cookie)
            && live.clone().all(|entry| {
                self.lookup(self.name_of(entry)).is_some_and(|found| found.cookie == entry.cookie)
            })
            && self.runs_are_consistent()
    }

    /// Whether each tombstone leads to the first entry behind its run.
    fn runs_are_consistent(&self) -> bool {
        let mut behind = self.entries.len();
        let backwards = self.entries.iter().enumerate().rev();
        backwards.fold(true, |holds, (number, entry)| {
            if entry.name_len > 0 {
                behind = number;
            }
            holds && self.next_live(number) == behind
        })
    }

    /// Drops the tombstones and the bytes of their names. Without memory for it they stay.
    fn compact(&mut self) {
        let mut moved: Vec<u32> = Vec::new();
        let mut names: Vec<u8> = Vec::new();
        let live_bytes =
            self.entries.iter().map(|entry| usize::from(entry.name_len)).sum::<usize>();
        if moved.try_reserve_exact(self.entries.len()).is_err()
            || names.try_reserve_exact(live_bytes).is_err()
        {
            return;
        }
        let mut next = 0;
        for entry in &mut self.entries {
            moved.push(next);
            if entry.name_len > 0 {
                let from = entry.name_at as usize;
                let name = self.names.get(from..from + usize::from(entry.name_len));
                entry.name_at = u32::try_from(names.len()).or_after_defect(u32::MAX);
                names.extend_from_slice(name.or_after_defect(&[]));
                next += 1;
            }
        }
        self.index.renumber(|number| moved.get(number as usize).copied().or_after_defect(u32::MAX));
        self.entries.retain(|entry| entry.name_len > 0);
        self.names = names;
        self.tombstones = 0;
        // What a full directory needed is given back when it has emptied.
        self.entries.shrink_to(self.entries.len() * 2);
    }

    /// The name of the entry that leads to a directory. Its [`own_cookie`](Self::own_cookie) finds
    /// it at once, where that is kept.
    pub(crate) fn name_of_child(&self, ino: Ino, cookie: u32) -> Option<&[u8]> {
        let at_cookie = self.iter_from(cookie).take(1);
        at_cookie
            .chain(self.iter_from(0))
            .find(|(_, _, entry)| entry.ino == ino)
            .map(|(_, name, _)| name)
    }

    /// The entries whose cookie is at least `cookie`, in order, with their names and cookies.
    pub(crate) fn iter_from(&self, cookie: u32) -> impl Iterator<Item = (u32, &[u8], &DirEntry)> {
        let first = self.entries.partition_point(|entry| entry.cookie < cookie);
        Walk { directory: self, rest: self.entries.get(first..).or_after_defect(&[]).iter() }
    }
}

/// A walk over entries, by [`Directory::iter_from`].
struct Walk<'d> {
    directory: &'d Directory,
    /// What it has not come to.
    rest: core::slice::Iter<'d, DirEntry>,
}

impl<'d> Walk<'d> {
    /// The first entry behind a run of tombstones, the first of which was taken from `rest`.
    #[cold]
    #[inline(never)]
    fn behind_run(&mut self) -> Option<&'d DirEntry> {
        let entries = &self.directory.entries;
        let number = entries.len() - self.rest.len() - 1;
        self.rest = entries.get(self.directory.next_live(number)..)?.iter();
        self.rest.next()
    }
}

impl<'d> Iterator for Walk<'d> {
    type Item = (u32, &'d [u8], &'d DirEntry);

    // Listings are loops over this.
    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        let mut entry = self.rest.next()?;
        if entry.name_len == 0 {
            entry = self.behind_run()?;
        }
        Some((entry.cookie, self.directory.name_of(entry), entry))
    }
}

#[cfg(test)]
mod tests;
