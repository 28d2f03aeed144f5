//! What programs rely on when they list a directory that changes meanwhile, in words that both
//! worlds can be held to: the order is each one's own.

use std::collections::BTreeSet;

use wasm_vfs_test_posix::call::Call;
use wasm_vfs_test_posix::core_fs::CoreFs;
use wasm_vfs_test_posix::kernel::{Limits, complain, with_kernel};
use wasm_vfs_test_posix::outcome::{Value, outcome_text, parse_dirents};
use wasm_vfs_test_posix::world::World;

/// How many files there are.
const FILES: usize = 60;

fn ok(world: &mut impl World, call: &str) -> Value {
    let call = Call::parse(call).unwrap();
    let outcome = world.call(&call);
    outcome.unwrap_or_else(|errno| panic!("{call}: {}", outcome_text(&Err(errno))))
}

/// The names and `d_off`s in as many records as fit in `len` bytes.
fn records(world: &mut impl World, fd: i32, len: usize) -> Vec<(String, i64)> {
    let bytes = world.dirents(fd, len).unwrap();
    let mut all = Vec::new();
    let mut rest = &bytes[..];
    while !rest.is_empty() {
        let (record, tail) = rest.split_at(usize::from(u16::from_le_bytes([rest[16], rest[17]])));
        let next = i64::from_le_bytes(record[8..16].try_into().unwrap());
        let name = parse_dirents(record).pop();
        all.extend(name.map(|(name, _)| (String::from_utf8(name).unwrap(), next)));
        rest = tail;
    }
    all
}

/// A directory `d` with files `f0`, `f1` ... that is open as descriptor 0.
fn fill(world: &mut impl World) {
    ok(world, "mkdir d 755");
    for n in 0..FILES {
        ok(world, &format!("mknod d/f{n} 100644 0"));
    }
    ok(world, "openat @ d DIRECTORY 0");
}

/// Lists `d` by a few records at a time and does something to each name; says all names that were
/// seen.
fn list_and<W: World>(world: &mut W, mut each: impl FnMut(&mut W, &str)) -> Vec<String> {
    let mut seen = Vec::new();
    loop {
        let some = records(world, 0, 100);
        if some.is_empty() {
            return seen;
        }
        for (name, _) in some {
            each(world, &name);
            seen.push(name);
        }
    }
}

fn every_name_once(seen: &[String]) {
    let distinct: BTreeSet<&String> = seen.iter().collect();
    assert_eq!((seen.len(), distinct.len()), (FILES, FILES));
}

/// Removing each entry as it is listed leaves none out: what `rm -r` does.
fn removing_while_listing(world: &mut impl World) {
    fill(world);
    let seen = list_and(world, |world, name| {
        ok(world, &format!("unlink d/{name}"));
    });
    every_name_once(&seen);
    ok(world, "rmdir d");
}

/// A `d_off` is where the entry after it begins, also after others were removed.
fn going_back_to_a_position(world: &mut impl World) {
    fill(world);
    let all = records(world, 0, 1 << 16);
    every_name_once(&all.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>());
    for (index, (_, next)) in all.iter().enumerate().step_by(7) {
        ok(world, &format!("lseek 0 {next} 0"));
        let after: Vec<String> =
            records(world, 0, 1 << 16).into_iter().map(|(name, _)| name).collect();
        let expected: Vec<&String> = all[index + 1..].iter().map(|(name, _)| name).collect();
        assert!(after.iter().eq(expected), "after {index}");
    }
    let (_, middle) = all[FILES / 2];
    for (name, _) in &all[..FILES / 2] {
        ok(world, &format!("unlink d/{name}"));
    }
    ok(world, &format!("lseek 0 {middle} 0"));
    assert_eq!(records(world, 0, 1 << 16).len(), FILES - FILES / 2 - 1);
}

/// What is added behind the back of a listing neither hides nor repeats what was there.
fn adding_while_listing(world: &mut impl World) {
    fill(world);
    let mut added = 0;
    let seen = list_and(world, |world, name| {
        if name.starts_with('f') && added < 20 {
            ok(world, &format!("mknod d/g{added} 100644 0"));
            added += 1;
        }
    });
    let old: Vec<String> = seen.into_iter().filter(|name| name.starts_with('f')).collect();
    every_name_once(&old);
}

#[test]
fn listing_goes_on_while_entries_come_and_go() {
    removing_while_listing(&mut CoreFs::new(Limits::default()));
    going_back_to_a_position(&mut CoreFs::new(Limits::default()));
    adding_while_listing(&mut CoreFs::new(Limits::default()));
    let there = with_kernel(Limits::default(), |kernel| {
        kernel.reset();
        removing_while_listing(kernel);
        kernel.reset();
        going_back_to_a_position(kernel);
        kernel.reset();
        adding_while_listing(kernel);
    });
    if let Err(why) = there {
        complain("listing is", &why);
    }
}
