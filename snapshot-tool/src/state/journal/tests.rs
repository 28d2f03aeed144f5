//! A journal on a disk that fails, that is cut, and that forgets what was not synced.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::packed::tar_member::Member;
use crate::tree::Metadata;
use std::collections::BTreeMap;
use std::io::Read as _;
use tar::{Builder, EntryType};

/// A small generator; the seed names the case.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// A disk in memory. When its calls are used up it is dead: the last call may have done a part of its
/// work.
#[derive(Debug, Clone, Default)]
struct Disk {
    file: Vec<u8>,
    /// Writes that were not synced: where, and what was there before.
    unsynced: Vec<(u64, Vec<u8>)>,
    calls_left: Option<usize>,
    /// How much of the call that fails is done, in 256ths.
    part: u64,
}

impl Disk {
    fn of(file: Vec<u8>) -> Self {
        Self { file, ..Self::default() }
    }

    /// Counts a call; `false`: the disk is dead, and this call is the one that does a part.
    fn lives(&mut self) -> io::Result<bool> {
        match &mut self.calls_left {
            Some(0) => Err(io::Error::from_raw_os_error(28)),
            Some(1) => {
                self.calls_left = Some(0);
                Ok(false)
            }
            Some(left) => {
                *left -= 1;
                Ok(true)
            }
            None => Ok(true),
        }
    }

    fn put(&mut self, bytes: &[u8], at: usize) {
        let end = at + bytes.len();
        self.file.resize(self.file.len().max(end), 0);
        self.unsynced.push((at as u64, self.file[at..end].to_vec()));
        self.file[at..end].copy_from_slice(bytes);
    }

    /// What is on the disk after a loss of power: of what was not synced any part may be missing.
    fn after_power_loss(&self, random: &mut Random) -> Vec<u8> {
        let mut file = self.file.clone();
        for (at, before) in self.unsynced.iter().rev() {
            let at = usize::try_from(*at).unwrap();
            for (index, sector) in before.chunks(512).enumerate() {
                if random.below(2) == 0 {
                    file[at + index * 512..][..sector.len()].copy_from_slice(sector);
                }
            }
        }
        file
    }
}

impl Storage for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.file.len() as u64)
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let at = usize::try_from(offset).unwrap();
        let bytes = self.file.get(at..at + buffer.len());
        buffer.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn write_all_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let at = usize::try_from(offset).unwrap();
        if self.lives()? {
            self.put(bytes, at);
            return Ok(());
        }
        let part = bytes.len() as u64 * self.part / 256;
        self.put(&bytes[..usize::try_from(part).unwrap()], at);
        Err(io::Error::from_raw_os_error(28))
    }

    fn sync(&mut self) -> io::Result<()> {
        if self.lives()? {
            self.unsynced.clear();
            return Ok(());
        }
        Err(io::Error::from_raw_os_error(5))
    }
}

type Files = BTreeMap<String, Vec<u8>>;

fn archive(files: &Files) -> Vec<u8> {
    let mut archive = Builder::new(Vec::new());
    for (name, contents) in files {
        let metadata = Metadata { mode: 0o644, uid: 0, gid: 0, mtime_sec: 5, mtime_nsec: 7 };
        let (name, size) = (name.clone().into_bytes(), contents.len() as u64);
        let member = Member::new(EntryType::Regular, name, None, size, metadata);
        member.append(&mut archive, &contents[..]).unwrap();
    }
    archive.into_inner().unwrap()
}

/// Changes a few files.
fn change(files: &mut Files, random: &mut Random) {
    for _ in 0..=random.below(3) {
        let long = "directory/".repeat(usize::try_from(random.below(2) * 15).unwrap());
        let name = format!("{long}{}", random.below(6));
        match random.below(4) {
            0 => drop(files.remove(&name)),
            1 => {
                let len = usize::try_from(random.below(30_000)).unwrap();
                let byte = random.below(256).to_le_bytes()[0];
                files.insert(name, vec![byte; len]);
            }
            _ => {
                let contents = files.entry(name).or_default();
                let at = usize::try_from(random.below(contents.len() as u64 + 5000)).unwrap();
                contents.resize(contents.len().max(at + 100), 1);
                contents[at..at + 100].fill(random.below(256).to_le_bytes()[0]);
            }
        }
    }
}

fn append(journal: &mut Journal<Disk>, archive: &[u8]) -> InnerResult<()> {
    // In pieces of any size, as a filesystem gives it.
    journal.append(|out| archive.chunks(1000).try_for_each(|piece| Ok(out.write_all(piece)?)))
}

fn now(journal: &Journal<Disk>) -> Vec<u8> {
    let mut archive = Vec::new();
    journal.reader().read_to_end(&mut archive).unwrap();
    archive
}

/// States that follow one another, and what each is.
fn history(seed: u64, states: usize) -> Vec<Vec<u8>> {
    let (mut random, mut files) = (Random(seed), Files::new());
    (0..states)
        .map(|_| {
            change(&mut files, &mut random);
            archive(&files)
        })
        .collect()
}

#[test]
fn the_last_state_is_read_and_little_is_written() {
    for seed in 0..50 {
        let states = history(seed, 12);
        let mut journal = Journal::open(Disk::of(states[0].clone())).unwrap();
        assert!(journal.is_plain().unwrap());
        for (number, state) in states.iter().enumerate() {
            append(&mut journal, state).unwrap();
            assert!(now(&journal) == *state, "seed {seed}, state {number}");
            // Appended by who was there, or by who has read it.
            if number % 3 == 0 {
                journal = Journal::open(journal.storage).unwrap();
                assert!(now(&journal) == *state, "seed {seed}, state {number}");
            }
        }
    }
    let mut files = Files::from([("large".to_owned(), vec![1; 1 << 20])]);
    let mut journal = Journal::open(Disk::of(archive(&files))).unwrap();
    let before = journal.storage.file.len();
    files.get_mut("large").unwrap()[300_000] = 2;
    files.insert("a-new-one-in-front".to_owned(), vec![3; 10]);
    append(&mut journal, &archive(&files)).unwrap();
    let written = journal.storage.file.len() - before;
    assert!(written < 9000, "{written} bytes for a page and a small file");
    let before = journal.storage.file.len();
    append(&mut journal, &archive(&files)).unwrap();
    // The end of the archive and the record's own bytes.
    let written = journal.storage.file.len() - before;
    assert!(written < 1500, "{written} bytes for nothing");
}

#[test]
fn whatever_call_fails_the_last_synced_state_or_a_later_one_is_there() {
    for seed in 0..12 {
        let states = history(seed, 5);
        for calls in 0..60 {
            let mut random = Random(seed * 1000 + calls);
            let mut disk = Disk::of(states[0].clone());
            disk.calls_left = Some(usize::try_from(calls).unwrap());
            disk.part = random.below(257);
            let mut journal = Journal::open(disk).unwrap();
            let mut synced = 0;
            for (number, state) in states.iter().enumerate().skip(1) {
                match append(&mut journal, state) {
                    Ok(()) => synced = number,
                    Err(_) => break,
                }
            }
            let whole = journal.storage.file.clone();
            for file in [whole, journal.storage.after_power_loss(&mut random)] {
                let found = now(&Journal::open(Disk::of(file)).unwrap());
                let number = states.iter().rposition(|state| *state == found);
                let is_fine = number.is_some_and(|number| number >= synced);
                assert!(is_fine, "seed {seed}, {calls} calls: {number:?}, synced {synced}");
            }
        }
    }
}

#[test]
fn after_a_call_that_failed_the_next_one_works() {
    for seed in 0..40 {
        let states = history(seed, 8);
        let mut journal = Journal::open(Disk::of(states[0].clone())).unwrap();
        let mut random = Random(seed);
        for state in &states[1..] {
            journal.storage.calls_left = Some(usize::try_from(random.below(4)).unwrap());
            journal.storage.part = random.below(257);
            let _ = append(&mut journal, state);
            journal.storage.calls_left = None;
            append(&mut journal, state).unwrap();
            assert!(now(&journal) == *state, "seed {seed}");
            let read = Journal::open(Disk::of(journal.storage.file.clone())).unwrap();
            assert!(now(&read) == *state, "seed {seed}");
        }
    }
}

#[test]
fn wherever_the_file_is_cut_the_last_whole_state_is_there() {
    let mut states = history(3, 4);
    // Short ones: each byte is tried.
    for (number, state) in states.iter_mut().enumerate() {
        let files = (0..=number).map(|it| (it.to_string(), vec![b'x'; it * 300])).collect();
        *state = archive(&files);
    }
    let mut journal = Journal::open(Disk::of(states[0].clone())).unwrap();
    let mut ends = vec![journal.storage.file.len()];
    for state in &states[1..] {
        append(&mut journal, state).unwrap();
        ends.push(journal.storage.file.len());
    }
    let file = journal.storage.file;
    for len in 0..=file.len() {
        match Journal::open(Disk::of(file[..len].to_vec())) {
            Ok(journal) => {
                let last = ends.iter().rposition(|end| *end <= len).unwrap();
                assert!(now(&journal) == states[last], "cut at {len}");
            }
            Err(error) => {
                assert!(len < ends[0], "cut at {len}: {error}");
                assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "cut at {len}");
            }
        }
    }
    // A byte that is another one.
    for at in ends[0]..file.len() {
        let mut damaged = file.clone();
        damaged[at] ^= 0x10;
        let whole = ends.iter().rposition(|end| *end <= at).unwrap();
        let found = now(&Journal::open(Disk::of(damaged)).unwrap());
        assert!(found == states[whole], "byte {at}");
    }
}

#[test]
fn what_an_older_writer_left_behind_the_end_is_nothing() {
    let states = history(9, 4);
    let mut journal = Journal::open(Disk::of(states[0].clone())).unwrap();
    append(&mut journal, &states[1]).unwrap();
    let end = journal.storage.file.len();
    append(&mut journal, &states[2]).unwrap();
    let later = journal.storage.file[end..].to_vec();
    // Another record in the place of the second one, and what was behind it stays.
    let mut disk = Disk::of(journal.storage.file[..end].to_vec());
    disk.file.extend([0; 7]);
    disk.file.extend(&later);
    let mut journal = Journal::open(disk).unwrap();
    assert!(now(&journal) == states[1]);
    append(&mut journal, &states[3]).unwrap();
    assert!(now(&Journal::open(journal.storage).unwrap()) == states[3]);
}
