//! Directories against a map, and what their walks visit.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use super::{Directory, FIRST_COOKIE};
use crate::base::ids::Ino;
use crate::base::stat::FileType;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

fn names(dir: &Directory, from: u32) -> Vec<String> {
    dir.iter_from(from).map(|(_, name, _)| String::from_utf8(name.to_vec()).unwrap()).collect()
}

#[test]
fn it_agrees_with_a_map_while_names_come_and_go() {
    let mut dir = Directory::new(Ino(0));
    let mut model: BTreeMap<String, u32> = BTreeMap::new();
    let mut state = 1u64;
    // Miri interprets: less will do.
    let steps = if cfg!(miri) { 200u32 } else { 20_000 };
    for step in 0..steps {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let name = format!("n{}", (state >> 33) % 3000);
        let grow = (step / (steps / 5)) % 2 == 0;
        match model.get(&name) {
            Some(&ino) if !grow || state & 7 == 0 => {
                assert_eq!(dir.remove(name.as_bytes(), |_| ()).unwrap().ino, Ino(ino));
                model.remove(&name);
            }
            Some(&ino) => assert_eq!(dir.lookup(name.as_bytes()).unwrap().ino, Ino(ino)),
            None if grow => {
                dir.insert(name.as_bytes(), Ino(step), FileType::Regular).unwrap();
                model.insert(name, step);
            }
            None => assert!(dir.lookup(name.as_bytes()).is_none()),
        }
        assert_eq!(dir.len(), model.len());
    }
    let mut listed = names(&dir, 0);
    listed.sort();
    assert!(listed.iter().eq(model.keys()));
    for (name, &ino) in &model {
        assert_eq!(dir.lookup(name.as_bytes()).unwrap().ino, Ino(ino));
    }
}

/// How many entries a walk from a cookie visits until it is at a live one, or at the end.
fn visits(dir: &Directory, cookie: u32) -> usize {
    let mut number = dir.entries.partition_point(|entry| entry.cookie < cookie);
    let mut visits = 1;
    while let Some(entry) = dir.entries.get(number).filter(|entry| entry.name_len == 0) {
        visits += 1;
        let next = entry.ino.0 as usize;
        if next == number {
            assert_eq!(dir.next_live(number), entry.name_at as usize);
            break;
        }
        number = next;
    }
    visits
}

/// A walk that starts again after each removal does not pass all that was removed before, in
/// whatever order entries go, and wherever it starts.
#[test]
fn walks_that_start_again_visit_few_entries() {
    let entries = if cfg!(miri) { 64u32 } else { 1 << 14 };
    let shuffled = |n: u32| n.wrapping_mul(0x5bd1_e995) % entries;
    let orders: [&dyn Fn(u32) -> u32; 5] = [
        &|n| n,
        &|n| entries - 1 - n,
        // From the middle, to both sides.
        &|n| if n % 2 == 0 { (entries + n) / 2 } else { (entries - n) / 2 },
        &shuffled,
        // Pairs that later removals join.
        &|n| if n < entries / 2 { 2 * n } else { 2 * (n - entries / 2) + 1 },
    ];
    for order in orders {
        let mut dir = Directory::new(Ino(0));
        for n in 0..entries {
            dir.insert(format!("{n}").as_bytes(), Ino(n), FileType::Regular).unwrap();
        }
        let most = usize::try_from(2 * entries.ilog2()).unwrap();
        for n in 0..entries {
            dir.remove(format!("{}", order(n)).as_bytes(), |_| ()).unwrap();
            for start in [0, order(n) + FIRST_COOKIE, entries / 3, entries / 2, entries] {
                assert!(visits(&dir, start) <= most, "{n}: {} visited", visits(&dir, start));
            }
            if n.is_power_of_two() || n % 4096 == 0 {
                assert!(dir.is_consistent());
            }
        }
        assert!(dir.is_empty());
    }
}

#[test]
fn a_walk_from_any_cookie_lists_what_is_behind_it() {
    let mut dir = Directory::new(Ino(0));
    let mut model: BTreeMap<u32, String> = BTreeMap::new();
    let mut state = 3u64;
    for step in 0..if cfg!(miri) { 100u32 } else { 3000 } {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let draw = u32::try_from(state >> 33).unwrap();
        if draw % 3 == 0 && !model.is_empty() || model.len() > 200 {
            let place = draw as usize % model.len();
            let (&cookie, name) = model.iter().nth(place).unwrap();
            dir.remove(name.as_bytes(), |_| ()).unwrap();
            model.remove(&cookie);
        } else {
            let name = format!("n{step}");
            dir.insert(name.as_bytes(), Ino(step), FileType::Regular).unwrap();
            model.insert(dir.last_cookie(), name);
        }
        let from = draw % (dir.last_cookie() + 2);
        assert!(names(&dir, from).iter().eq(model.range(from..).map(|(_, name)| name)));
    }
    assert!(dir.is_consistent());
}

#[test]
fn a_position_stays_valid_while_entries_are_removed() {
    let entries = if cfg!(miri) { 100u32 } else { 1000 };
    let mut dir = Directory::new(Ino(0));
    for n in 0..entries {
        dir.insert(format!("{n}").as_bytes(), Ino(n), FileType::Regular).unwrap();
    }
    // Remove each entry as soon as it was listed, as `rm -r` does.
    let first_from =
        |dir: &Directory, at| dir.iter_from(at).next().map(|(at, name, _)| (at, name.to_vec()));
    let (mut at, mut seen) = (0, 0u32);
    while let Some((cookie, name)) = first_from(&dir, at) {
        assert_eq!(name, format!("{seen}").as_bytes());
        dir.remove(&name, |_| ()).unwrap();
        at = cookie + 1;
        seen += 1;
    }
    assert_eq!((seen, dir.len()), (entries, 0));
    assert!(dir.entries.len() < entries as usize, "tombstones are dropped");
    dir.insert(b"later", Ino(1), FileType::Regular).unwrap();
    assert_eq!(dir.iter_from(0).next().unwrap().0, FIRST_COOKIE + entries);
}

#[test]
#[cfg_attr(miri, ignore = "brute force, which an interpreter has none of")]
fn names_with_equal_hashes_stay_apart() {
    // Brute force a few collisions of the 32-bit hash: among 2^18 names there are some.
    let mut by_hash: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for n in 0..(1u32 << 18) {
        let name = format!("{n:x}");
        by_hash.entry(super::hash_name(name.as_bytes())).or_default().push(name);
    }
    let colliding: Vec<String> =
        by_hash.into_values().filter(|names| names.len() > 1).flatten().collect();
    assert!(!colliding.is_empty());
    let mut dir = Directory::new(Ino(0));
    for (n, name) in (0u32..).zip(&colliding) {
        dir.insert(name.as_bytes(), Ino(n), FileType::Regular).unwrap();
    }
    for (n, name) in (0u32..).zip(&colliding) {
        assert_eq!(dir.lookup(name.as_bytes()).unwrap().ino, Ino(n));
    }
    assert_eq!(names(&dir, 0), colliding);
}
