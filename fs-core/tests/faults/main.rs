//! Each allocation made to fail in turn: the call answers `ENOMEM` or `ENOSPC`, the tree is as
//! before, and the same call done again succeeds as if nothing had been.
//!
//! A sequence of calls runs in a fresh world up to one of them; that one gets an allocator that
//! refuses its first request, then in another fresh world its second, and so on until it asks for
//! no more. The allocator is global, so this is a test binary of its own.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod allocator;
mod calls;
mod dump;
mod in_program;
#[allow(unreachable_pub, clippy::cast_possible_truncation, reason = "of other tests, too")]
#[path = "../program/mod.rs"]
mod program;
mod scenarios;

use std::collections::BTreeSet;

use wasm_vfs_core::manifest::{Attributes, Record, RecordKind};
use wasm_vfs_core::{
    ByteContents, Config, Credentials, Errno, Fs, NoContents, Population, Timespec,
};

use allocator::{Refuse, Refusing, with_refusal};
use calls::{Code, World, code};
use dump::{OVERFLOWED, dump};

#[global_allocator]
static ALLOCATOR: Refusing = Refusing;

/// What a call may answer when memory is refused. `ENFILE` and `EMFILE` are the descriptor tables'
/// words for it.
const REFUSALS: [Errno; 4] = [Errno::ENOMEM, Errno::ENOSPC, Errno::ENFILE, Errno::EMFILE];

/// What was tried, for the report.
#[derive(Debug, Default)]
struct Tally {
    calls: u32,
    refusals: u32,
    /// Calls that did without, or did less (a short write).
    tolerated: u32,
}

/// How many files there may be where names in one directory are the point.
const MANY_INODES: u32 = 2000;

/// The world after the first calls of `sequence`, each at a second of its own.
fn world_after(new: fn() -> World, sequence: &[Code]) -> World {
    let mut world = new();
    for (second, &code) in (1..).zip(sequence) {
        let _ = call_at(&mut world, second, code);
    }
    world
}

fn call_at(world: &mut World, second: i64, code: Code) -> Result<u64, Errno> {
    world.fs.platform_mut().now = Timespec::new(second, 0);
    world.call(code)
}

/// Tries the last call of `sequence` with every refusal that it can meet.
fn try_last(new: fn() -> World, sequence: &[Code], tally: &mut Tally) {
    let (&code, before) = sequence.split_last().unwrap();
    let second = i64::try_from(sequence.len()).unwrap();
    let mut world = world_after(new, before);
    let (wanted, asks) = with_refusal(u32::MAX, Refuse::Once, || call_at(&mut world, second, code));
    assert!(!asks);
    tally.calls += 1;
    // Most calls ask for nothing; then there is nothing to compare.
    let mut dumps = None;
    for refuse in [Refuse::Once, Refuse::FromThereOn] {
        for granted in 0.. {
            let mut world = world_after(new, before);
            let (answer, refused) =
                with_refusal(granted, refuse, || call_at(&mut world, second, code));
            if !refused {
                assert_eq!(answer, wanted);
                break;
            }
            let told = format!("{code:?} after {before:?}, {refuse:?} {granted}: {answer:?}");
            tally.refusals += 1;
            world.fs.check_invariants(&world.all()).expect(&told);
            let (dump_before, dump_after) = dumps.get_or_insert_with(|| {
                (dump(world_after(new, before)), dump(world_after(new, sequence)))
            });
            if answer.is_ok() || answer == wanted {
                tally.tolerated += 1;
                if answer == wanted {
                    assert_same_but_for_lost_events(&dump(world), dump_after, &told);
                }
                continue;
            }
            assert!(answer.is_err_and(|errno| REFUSALS.contains(&errno)), "{told}");
            assert_eq!(call_at(&mut world, second, code), wanted, "again: {told}");
            world.fs.check_invariants(&world.all()).expect(&told);
            assert_same_but_for_lost_events(&dump(world), dump_after, &told);
            // Once more, for looking uses a world up.
            let mut world = world_after(new, before);
            let _ = with_refusal(granted, refuse, || call_at(&mut world, second, code));
            assert_same(&dump(world), dump_before, &told);
        }
    }
}

/// As [`assert_same`], but where an event could not be stored an overflow may stand for it.
fn assert_same_but_for_lost_events(is: &str, should_be: &str, told: &str) {
    let mut wanted = should_be.lines();
    let line = |line: &str| match (line, wanted.next()) {
        (line, Some(wanted)) if line.starts_with(OVERFLOWED) && wanted.starts_with("queue") => {
            format!("{wanted}\n")
        }
        (line, _) => format!("{line}\n"),
    };
    let forgiven: String = is.lines().map(line).collect();
    assert_same(&forgiven, should_be, told);
}

/// Compares two dumps and shows only the lines that differ.
fn assert_same(is: &str, should_be: &str, told: &str) {
    if is != should_be {
        let missing = should_be.lines().filter(|line| !is.contains(line));
        let extra = is.lines().filter(|line| !should_be.contains(line));
        let (missing, extra): (Vec<_>, Vec<_>) = (missing.collect(), extra.collect());
        panic!("{told}\nis {extra:#?}\nshould be {missing:#?}");
    }
}

/// Tries every call of a sequence.
fn try_sequence(sequence: &[Code], tally: &mut Tally) {
    for len in 1..=sequence.len() {
        try_last(World::new, &sequence[..len], tally);
    }
}

/// xorshift64*: the sequences are the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn code(&mut self) -> Code {
        let mut code: Code = self.next().to_le_bytes();
        // The high bits are the better ones, and the superuser gets further than the others.
        [code[0], ..] = self.next().to_be_bytes();
        code[1] = if self.next() >> 62 == 0 { code[1] } else { 0 };
        code
    }
}

#[test]
fn a_refused_call_changes_nothing() {
    let seeds = std::env::var("FAULT_SEEDS").map_or(12, |seeds| seeds.parse().unwrap());
    let mut tally = Tally::default();
    for seed in 1..=seeds {
        let mut random = Random(seed);
        let sequence: Vec<Code> = (0..80).map(|_| random.code()).collect();
        try_sequence(&sequence, &mut tally);
    }
    println!("{tally:?}, {seeds} sequences");
    assert!(tally.refusals > tally.calls / 4, "{tally:?}");
}

#[test]
fn each_family_is_refused_at_every_step() {
    for (name, sequence) in scenarios::all() {
        let mut tally = Tally::default();
        try_sequence(&sequence, &mut tally);
        println!("{name}: {tally:?}");
        assert!(tally.refusals >= 2, "{name}: {tally:?}");
    }
}

#[test]
fn tables_that_grow_are_refused_too() {
    let mut tally = Tally::default();
    // Descriptors to the limit.
    let mut opens = vec![code("openat", [0, 0, 1, 0, 0, 0])];
    opens.extend([code("dup", [0; 6]); 92]);
    opens.push(code("fork", [0; 6]));
    for len in [1, 2, 16, 17, 32, 33, 63, 64, 65, 66, 90, 91, 94] {
        try_last(World::new, &opens[..len], &mut tally);
    }
    println!("{tally:?}");
    assert!(tally.refusals > 4, "{tally:?}");

    // Names in one directory, through the growths of its table, of its index and of the table of
    // inodes. The index's blocks have 128 names.
    let mut tally = Tally::default();
    let creates: Vec<Code> = (0..1500u16)
        .map(|n| code("numbered", [n.to_le_bytes()[0], n.to_le_bytes()[1], 0, 0, 0, 0]))
        .collect();
    let roomy: fn() -> World = || World::with_inodes(MANY_INODES);
    for len in [1, 2, 4, 5, 8, 9, 16, 17, 33, 60, 61, 65, 128, 129, 130, 257, 1025, 1500] {
        try_last(roomy, &creates[..len], &mut tally);
    }
    println!("{tally:?}");
    assert!(tally.refusals > 40, "{tally:?}");
}

/// Whether a method is what is left of a call when its descriptor is looked up: it takes the open
/// file, and a call in the same file of source makes it. The code of that call stands for both.
fn is_half(text: &str, name: &str) -> bool {
    let signature = text.split(&format!("    pub fn {name}(")).nth(1);
    // Up to the body: arguments of later methods are not its own.
    let arguments = signature.and_then(|rest| rest.split('{').next());
    let call = format!("self.{name}(");
    arguments.is_some_and(|arguments| arguments.contains("file: OpenFile"))
        && text.lines().any(|line| !line.trim_start().starts_with("//") && line.contains(&call))
}

/// A call that fs-core has and no code stands for is tested neither here nor by the fuzz target.
#[test]
fn every_call_has_a_code() {
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/syscalls");
    let mut calls = BTreeSet::new();
    let mut folders = vec![source];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(path).unwrap();
            // Those of the filesystem: others are of flags and records.
            let blocks =
                text.split("\nimpl").filter(|block| block.starts_with("<P: Platform> Fs<P>"));
            let lines = blocks.flat_map(str::lines);
            let methods = lines.filter_map(|line| line.strip_prefix("    pub fn "));
            let names = methods.filter_map(|line| line.split(['(', '<']).next());
            calls.extend(names.filter(|name| !is_half(&text, name)).map(str::to_owned));
        }
    }
    let coded: BTreeSet<String> = calls::names().map(str::to_owned).collect();
    let missing: Vec<&String> = calls.difference(&coded).collect();
    assert!(missing.is_empty(), "add to tests/faults/calls: {missing:?}");
    assert!(calls.len() > 110, "the source is read otherwise now: {calls:?}");
}

#[test]
fn a_filesystem_is_made_or_not() {
    for granted in 0.. {
        let make = || Fs::new(NoContents::default(), Config::default());
        let (made, refused) = with_refusal(granted, Refuse::Once, make);
        if !refused {
            assert!(made.is_ok());
            break;
        }
        assert_eq!(made.err(), Some(Errno::ENOMEM));
    }
}

#[test]
fn populating_stops_at_a_record_and_leaves_a_sound_tree() {
    let mut records = Vec::new();
    let attributes = Attributes { mode: 0o755, ..Attributes::default() };
    let root = RecordKind::Directory { entries: 300 };
    Record { parent: 0, name: b"", attributes, kind: root }.encode(&mut records);
    for number in 0..300u32 {
        let name = format!("name {number}");
        let kind = match number % 5 {
            0 => RecordKind::Directory { entries: number },
            1 => RecordKind::Regular { contents_offset: 0, len: u64::from(number) },
            2 => RecordKind::Symlink { target: b"somewhere else" },
            3 => RecordKind::HardLink { record: number },
            _ => RecordKind::Fifo,
        };
        Record { parent: 0, name: name.as_bytes(), attributes, kind }.encode(&mut records);
        if !matches!(kind, RecordKind::HardLink { .. }) {
            let kind = RecordKind::Xattr { value: b"value" };
            let attributes = Attributes::default();
            Record { parent: number + 1, name: b"trusted.k", attributes, kind }
                .encode(&mut records);
        }
    }
    let mut refusals = 0;
    for granted in 0.. {
        let mut fs = Fs::new(ByteContents::default(), Config::default()).unwrap();
        let mut population = Population::default();
        let (answer, refused) =
            with_refusal(granted, Refuse::Once, || fs.populate(&mut population, &records));
        with_refusal(0, Refuse::FromThereOn, || fs.finish_population(population));
        let process = fs.spawn(Credentials::ROOT).unwrap();
        fs.check_invariants(&[&process]).unwrap();
        if !refused {
            answer.unwrap();
            break;
        }
        refusals += 1;
        assert!(answer.is_err_and(|errno| REFUSALS.contains(&errno)), "{granted}: {answer:?}");
    }
    println!("{refusals} refusals");
    assert!(refusals > 100);
}
