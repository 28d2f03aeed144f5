//! A program that passes anything: for every call of the table, pointers that lead nowhere, lengths
//! that overflow, unknown flags and numbers out of range.

use std::ops::Range;

use wasm_vfs::Form;
use wasm_vfs_calls::{Answer, CALLS, Call, Kind, Layout};
use wasm_vfs_core::Errno;
use wasm_vfs_test_posix::call::Call as Line;
use wasm_vfs_test_posix::kernel::{Kernel, Limits, complain, with_kernel};
use wasm_vfs_test_posix::random::Random;
use wasm_vfs_test_posix::raw::{Raw, Word};
use wasm_vfs_test_posix::world::World;

use crate::guest::PAGES;
use crate::{Guest, SPELLINGS};

/// How often each call is made by each spelling.
const TIMES: u64 = 40;
/// The program's own memory: in the portable form what follows is the filesystem's.
const OWN_BYTES: u32 = PAGES * 65_536;
/// Bytes of memory that are compared at once.
const PIECE: usize = 1024;
/// More than the highest error number.
const ERRNOS: i64 = 134;

/// What is there to be found, for both worlds: descriptors 0 to 5, `f` and `d`.
const SETUP: &[&str] = &[
    "openat @ f CREAT|RDWR 644",
    "write 0 {x*5000}",
    "mkdir d 755",
    "openat @ d RDONLY 0",
    "pipe2 NONBLOCK",
    "inotify_init1 NONBLOCK",
    "symlink f l",
];

fn set_up(world: &mut impl World) {
    for line in SETUP {
        world.call(&Line::parse(line).unwrap()).unwrap();
    }
}

/// Whether an argument is a pointer, may be one, or is an address.
fn is_address(kind: Kind) -> bool {
    kind.is_pointer() || matches!(kind, Kind::Address | Kind::Depends | Kind::DependsLong)
}

/// A number for an argument, mostly a strange one.
fn strange(kind: Kind, random: &mut Random, form: Form) -> i64 {
    let beyond = [0x8000_0000, 0xffff_0000, 0xffff_fff0, 0xffff_ffff];
    // In the portable form the filesystem is in the same memory, behind the program's.
    let near = match form {
        Form::Isolated => [OWN_BYTES - 1, OWN_BYTES - 8, OWN_BYTES, OWN_BYTES + 1],
        Form::Portable => [OWN_BYTES / 2, 0x1_0000, 0x2_0000, 0x1_8001],
    };
    let choice = random.below(6);
    match kind {
        kind if is_address(kind) => match choice {
            0 => 0,
            1 => random.pick(&beyond),
            2 => random.pick(&near).into(),
            _ => 0x1_0000 + 64 * random.below(512) as i64,
        },
        Kind::Fd if choice > 1 => random.below(7) as i64,
        Kind::Fd => random.pick(&[-1, -100, 64, i64::from(i32::MAX), i64::from(i32::MIN)]),
        Kind::Size if choice > 1 => random.pick(&[0, 1, 8, 24, 64, 1000]),
        // All of what the pointer before it may lead to, so that it never ends in the filesystem.
        Kind::Size => random.pick(&[0x7fff_ffff, 0x8000_0000, 0xffff_ffff]),
        Kind::Offset | Kind::Ulong => {
            random.pick(&[0, 1, 3, 100, -1, i64::MAX, i64::MIN, 1 << 32, 0x7fff_f000])
        }
        _ => {
            let bit = 1 << random.below(32);
            random.pick(&[0, 1, 2, 3, 0o644, -1, i64::from(i32::MIN), bit, 1025])
        }
    }
}

/// What of the program's memory a call may change.
fn given(call: &Call, numbers: &[i64], memory: &[u8]) -> Vec<Range<usize>> {
    let mut given = Vec::new();
    for (index, arg) in call.args.iter().enumerate() {
        let at = numbers[index] as u32 as usize;
        let next = numbers.get(index + 1).copied().unwrap_or(0) as u32 as usize;
        match arg.kind {
            Kind::Out => given.push(at..at.saturating_add(next)),
            Kind::Fills(Layout::Gid) if call.name == "getgroups" => given.push(at..at + (1 << 18)),
            Kind::Fills(layout) | Kind::FillsIfAny(layout) | Kind::ChangesIfAny(layout) => {
                given.push(at..at + layout.bytes() as usize);
            }
            Kind::Changes(layout) => {
                given.push(at..at.saturating_add(next.saturating_mul(layout.bytes() as usize)));
            }
            Kind::Depends | Kind::DependsLong | Kind::Address => given.push(at..at + 128),
            Kind::OutVec => {
                for number in 0..next.min(1024) {
                    let Some(piece) = memory.get(at + 8 * number..at + 8 * number + 8) else {
                        break;
                    };
                    let word = |from| u32::from_le_bytes(*piece[from..].first_chunk().unwrap());
                    given.push(word(0) as usize..word(0) as usize + word(4) as usize);
                }
            }
            // vmsplice(2) fills the pieces, if the pipe's end is the one to read.
            Kind::InVec if call.name == "vmsplice" => given.push(0..usize::MAX),
            _ => {}
        }
    }
    given
}

/// Fills the program's memory with paths, vectors that lead within it, and small numbers.
fn fill(guest: &mut Guest, random: &mut Random) {
    let mut own = vec![0; OWN_BYTES as usize];
    for piece in own.chunks_mut(64) {
        match random.below(6) {
            0 => piece[..2].copy_from_slice(b"f\0"),
            1 => piece[..4].copy_from_slice(b"d/g\0"),
            // A path without an end.
            2 => piece.fill(b'a'),
            3 => {
                for iovec in piece.chunks_mut(8) {
                    let at = 0x1_0000 + 64 * random.below(512) as u32;
                    iovec[..4].copy_from_slice(&at.to_le_bytes());
                    iovec[4] = random.below(200) as u8;
                }
            }
            4 => piece[..8].copy_from_slice(&random.next_u64().to_le_bytes()),
            _ => {}
        }
    }
    guest.memory.write(&mut guest.store, 0, &own).unwrap();
}

/// Calls that end the program, or all that it has.
fn is_left_out(call: &Call) -> bool {
    call.answer == Answer::Never || matches!(call.name, "close" | "close_range" | "chroot")
}

fn run_wild(form: Form) {
    for spelling in SPELLINGS {
        let mut random = Random(7);
        let mut guest = Guest::start(form, Limits { pages: 256, inodes: 200 }, spelling);
        set_up(&mut guest);
        let calls = CALLS.iter().filter(|call| !is_left_out(call));
        // Who the program is, last: others may not look at everything.
        let (last, first): (Vec<&Call>, Vec<&Call>) =
            calls.partition(|call| call.name.starts_with("set"));
        let mut tree = None;
        for (number, &call) in first.iter().chain(&last).enumerate() {
            if number == first.len() {
                tree = guest.look(b"/");
            }
            fill(&mut guest, &mut random);
            for _ in 0..TIMES {
                let numbers: Vec<i64> =
                    call.args.iter().map(|arg| strange(arg.kind, &mut random, form)).collect();
                let before = guest.own().to_vec();
                let given = given(call, &numbers, &before);
                let answer = guest.make(call.name, &numbers);
                let told =
                    || format!("{form}, {spelling:?}: {}{numbers:x?} => {answer}", call.name);
                assert!(answer > -ERRNOS, "{}", told());
                let is_given = |at: usize| given.iter().any(|range| range.contains(&at));
                // By pieces: most of it is as it was.
                let starts = (0..).step_by(PIECE);
                let pieces = starts.zip(guest.own().chunks(PIECE).zip(before.chunks(PIECE)));
                for (start, (is, was)) in pieces.filter(|(_, (is, was))| is != was) {
                    let mut places = (start..).zip(is.iter().zip(was));
                    let wrong = places.find(|&(at, (is, was))| is != was && !is_given(at));
                    assert!(wrong.is_none(), "{} changed {wrong:x?}", told());
                }
            }
        }
        assert!(tree.is_some(), "{form}: the root directory is gone");
    }
}

#[test]
fn nothing_traps_and_no_other_memory_changes_portable() {
    run_wild(Form::Portable);
}

#[test]
fn nothing_traps_and_no_other_memory_changes_isolated() {
    run_wild(Form::Isolated);
}

/// An argument that the call takes.
fn good(kind: Kind) -> Word {
    match kind {
        Kind::Path => Word::string(b"f"),
        Kind::In => Word::In(vec![b'v'; 16]),
        Kind::Out => Word::buffer(16),
        Kind::InVec => Word::InVec(vec![vec![b'v'; 16]]),
        Kind::OutVec => Word::OutVec(vec![vec![0; 16]]),
        Kind::Reads(layout) | Kind::ReadsIfAny(layout) => {
            Word::In(vec![0; layout.bytes() as usize])
        }
        Kind::Fills(layout) | Kind::FillsIfAny(layout) | Kind::Changes(layout) => {
            Word::Out(vec![0; layout.bytes() as usize])
        }
        Kind::Size => Word::Number(16),
        Kind::Int | Kind::Uint | Kind::Ulong => Word::Number(1),
        _ => Word::Number(0),
    }
}

/// Each call with one pointer that leads nowhere, or none where there must be one, and else good
/// arguments.
fn one_bad_pointer(world: &mut impl Raw, nowhere: i64) -> Vec<(String, Result<i64, Errno>)> {
    let mut all = Vec::new();
    for call in CALLS {
        if !call.is_of_filesystem() || is_left_out(call) || call.method == "poll" {
            // A null pointer is no time to wait until.
            continue;
        }
        for (index, arg) in call.args.iter().enumerate() {
            let is_bad = is_address(arg.kind)
                && !matches!(arg.kind, Kind::Address | Kind::Depends | Kind::DependsLong);
            for bad in [nowhere, 0].into_iter().filter(|_| is_bad) {
                let mut args: Vec<Word> = call.args.iter().map(|arg| good(arg.kind)).collect();
                args[index] = Word::Number(bad);
                let what = if bad == 0 { "null" } else { "nowhere" };
                let told = format!("{} with {} = {what}", call.name, arg.name);
                all.push((told, world.raw(call.name, &mut args)));
            }
        }
    }
    all
}

#[test]
fn a_bad_pointer_is_answered_as_linux_does() {
    let there = with_kernel(Limits::default(), |kernel: &mut Kernel| {
        kernel.reset();
        set_up(kernel);
        // Beyond all that programs may have.
        one_bad_pointer(kernel, -8192)
    });
    let there = match there {
        Ok(there) => there,
        Err(why) => return complain("bad pointers are", &why),
    };
    for form in [Form::Portable, Form::Isolated] {
        let mut guest = Guest::start(form, Limits::default(), SPELLINGS[0]);
        set_up(&mut guest);
        let here = one_bad_pointer(&mut guest, 0xffff_e000);
        let differ: Vec<String> = there
            .iter()
            .zip(&here)
            .filter(|(linux, program)| linux != program)
            .map(|((told, linux), (_, program))| format!("{told}: Linux {linux:?}, {program:?}"))
            .collect();
        assert!(differ.is_empty(), "{form}:\n{}", differ.join("\n"));
    }
}
