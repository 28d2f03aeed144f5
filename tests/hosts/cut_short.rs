//! Calls that never return, and calls within calls.
//!
//! An engine ends a call when fuel, time or its stack are used up, or when a host function throws. The embedder may go on
//! with the instance: the program's memory must be as it was, and the filesystem must go on.

use std::collections::BTreeMap;
use std::ops::Range;

use wasm_vfs::{FileType, Form, TreeBuilder};
use wasmtime::{Caller, Extern, Module, Trap};

use crate::guest::*;

const MODULE: &str = "wasi_snapshot_preview1";
/// What the program's memory is full of.
const PATTERN: u8 = 0x5a;
/// More calls than the shadow stack has room for frames of.
const MANY: usize = 1500;

fn tree() -> TreeBuilder {
    TreeBuilder::new()
        .file("/file", b"contents".to_vec())
        .file("/directory/inner", b"inner".to_vec())
}

fn module(form: Form) -> Module {
    Module::new(&engine(), packed(tree(), "", form)).unwrap()
}

/// Fills the part of the program's memory that is the test's.
fn fill<T: Send + 'static>(guest: &mut Guest<T>) {
    guest.memory.data_mut(&mut guest.store)[FREE..PAGES * PAGE].fill(PATTERN);
    // Where the filesystem borrows.
    guest.memory.data_mut(&mut guest.store)[..0x8000].fill(PATTERN);
}

/// The program's memory is as it was. What the host was lent when its function never returned comes back with the
/// next call.
fn assert_memory<T: Send + 'static>(guest: &Guest<T>, lent: Range<usize>, context: &str) {
    let memory = guest.memory.data(&guest.store);
    for range in [0..lent.start, lent.end..0x8000, FREE..PAGES * PAGE] {
        let changed = memory[range.clone()].iter().position(|&byte| byte != PATTERN);
        let changed = changed.map(|at| range.start + at);
        assert_eq!(changed, None, "{context}: a byte of the program's memory was changed");
    }
}

/// What the host is lent: small answers at the end of the first 64 bytes, lists there too.
const LENT: Range<usize> = 64..1024;
/// Nothing is lent.
const NOTHING: Range<usize> = 64..64;

/// The contents of each file by its path.
type Files = BTreeMap<String, Vec<u8>>;

/// Everything in the tree, found out by the host interface: a structure that is not whole would trap here.
fn walk<T: Send + 'static>(guest: &mut Guest<T>) -> Files {
    let (api, store) = guest.host_api();
    let mut found = BTreeMap::new();
    let mut rest = vec![String::from("/")];
    while let Some(directory) = rest.pop() {
        for entry in api.list(&mut *store, &directory).unwrap() {
            let path = format!("{directory}{}", entry.name);
            // Its entries are the descriptors of whoever lists it.
            if path == "/dev" {
                continue;
            }
            let stat = api.lstat(&mut *store, &path).unwrap();
            assert!(stat.nlink > 0, "{path}");
            match entry.file_type {
                Some(FileType::Directory) => rest.push(format!("{path}/")),
                Some(FileType::Regular) => {
                    found.insert(path.clone(), api.read(&mut *store, &path).unwrap());
                }
                _ => {}
            }
        }
    }
    found
}

/// A change, a read, and everything that was there before.
fn assert_works<T: Send + 'static>(guest: &mut Guest<T>, context: &str) {
    assert_eq!(guest.read_file("file", OUT + 16, 100), Ok(8), "{context}");
    assert_eq!(guest.bytes(OUT + 16, 8), b"contents", "{context}");
    let [at, len] = guest.path("after");
    assert_eq!(guest.call("path_create_directory", &[3, at, len]), Ok(()), "{context}");
    assert_eq!(guest.write_file("after/file", FREE as u32, 10_000), Ok(()), "{context}");
    let (api, store) = guest.host_api();
    assert_eq!(api.read(&mut *store, "/after/file").unwrap(), [PATTERN; 10_000], "{context}");
    let [at, len] = guest.path("after/file");
    assert_eq!(guest.call("path_unlink_file", &[3, at, len]), Ok(()), "{context}");
    let [at, len] = guest.path("after");
    assert_eq!(guest.call("path_remove_directory", &[3, at, len]), Ok(()), "{context}");
}

/// A call that tests cut: its name, and what makes its arguments.
type Call = (&'static str, fn(&mut Guest<Throw>) -> Vec<u64>);

/// The calls of the filesystem that its host may end, or its engine.
const CALLS: &[Call] = &[
    ("path_create_directory", |guest| [&[3], &guest.path("new")[..]].concat()),
    ("path_open", |guest| {
        let [at, len] = guest.path("new file");
        vec![3, 0, at, len, 1, 66, 66, 0, OUT.into()]
    }),
    ("path_unlink_file", |guest| [&[3], &guest.path("file2")[..]].concat()),
    ("path_rename", |guest| {
        let ([old, old_len], [new, new_len]) = (guest.path("file2"), guest.second_path("d2/x"));
        vec![3, old, old_len, 3, new, new_len]
    }),
    ("path_link", |guest| {
        let ([old, old_len], [new, new_len]) = (guest.path("file2"), guest.second_path("linked"));
        vec![3, 0, old, old_len, 3, new, new_len]
    }),
    ("path_symlink", |guest| {
        let ([old, old_len], [new, new_len]) = (guest.path("file"), guest.second_path("symlink"));
        vec![old, old_len, 3, new, new_len]
    }),
    ("path_remove_directory", |guest| [&[3], &guest.path("d2")[..]].concat()),
    ("path_filestat_get", |guest| {
        let [at, len] = guest.path("directory/inner");
        vec![3, 0, at, len, OUT.into()]
    }),
    ("fd_write", |guest| {
        let [iovecs, count, out] = guest.iovec(FREE as u32, 0x1_8000);
        vec![5, iovecs, count, out]
    }),
    ("fd_readdir", |_| vec![3, u64::from(OUT) + 0x100, 0x400, 0, OUT.into()]),
    ("fd_close", |_| vec![5]),
    ("random_get", |_| vec![u64::from(OUT) + 0x100, 64]),
    ("poll_oneoff", |guest| {
        // One clock, that has passed.
        guest.put(OUT + 0x100, &[0; 48]);
        vec![u64::from(OUT) + 0x100, u64::from(OUT) + 0x200, 1, OUT.into()]
    }),
];

/// Whether host functions throw.
struct Throw(bool);

/// A guest whose clock, random numbers and waiting throw when they are told to, prepared for [`CALLS`].
fn start(module: &Module) -> Guest<Throw> {
    let mut guest = Guest::start_on(module, Throw(false), |linker| {
        let thrown = |caller: &Caller<'_, Throw>| {
            if caller.data().0 { Err(wasmtime::format_err!("thrown")) } else { Ok(0) }
        };
        let clock = move |mut caller: Caller<'_, Throw>, _: i32, _: i64, out: i32| {
            let memory = caller.get_export("memory").unwrap().into_memory().unwrap();
            memory.write(&mut caller, out as usize, &5u64.to_le_bytes())?;
            thrown(&caller)
        };
        linker.func_wrap(MODULE, "clock_time_get", clock).unwrap();
        let random = move |caller: Caller<'_, Throw>, _: i32, _: i32| thrown(&caller);
        linker.func_wrap(MODULE, "random_get", random).unwrap();
        let poll = move |caller: Caller<'_, Throw>, _: i32, _: i32, _: i32, _: i32| thrown(&caller);
        linker.func_wrap(MODULE, "poll_oneoff", poll).unwrap();
    });
    fill(&mut guest);
    assert_eq!(guest.write_file("file2", FREE as u32, 5000), Ok(()));
    let [at, len] = guest.path("d2");
    assert_eq!(guest.call("path_create_directory", &[3, at, len]), Ok(()));
    // Descriptor 4 stays open, and 5 is written to.
    assert_eq!(guest.open("file", false), Ok(4));
    assert_eq!(guest.open("written", true), Ok(5));
    guest
}

/// What has nothing to do with a call is as it was; what it changes is there or not.
fn assert_same(before: &Files, after: &Files, context: &str) {
    for (path, bytes) in before {
        if !["/file2", "/written"].contains(&path.as_str()) {
            assert_eq!(after.get(path), Some(bytes), "{context}: {path}");
        }
    }
}

/// Host functions that throw leave nothing behind, however often.
#[test]
fn a_host_function_that_throws_a_thousand_times() {
    for form in FORMS {
        let module = module(form);
        for (name, arguments) in CALLS {
            let mut guest = start(&module);
            let before = walk(&mut guest);
            guest.store.data_mut().0 = true;
            let mut thrown = 0;
            for _ in 0..MANY {
                let arguments = arguments(&mut guest);
                let outcome = guest.try_call(name, &arguments);
                match outcome {
                    Err(error) => {
                        assert_eq!(error.root_cause().to_string(), "thrown", "{form}, {name}");
                        thrown += 1;
                    }
                    Ok(_) if thrown == 0 => break,
                    Ok(_) => {}
                }
            }
            guest.store.data_mut().0 = false;
            let context = format!("{form}, {name} thrown out of {thrown} times");
            assert_memory(&guest, LENT, &context);
            let after = walk(&mut guest);
            assert_same(&before, &after, &context);
            assert_works(&mut guest, &context);
        }
    }
}

/// Every call is cut at counts of fuel from its first instruction to its last.
#[test]
fn a_call_that_is_cut_at_any_instruction() {
    for form in FORMS {
        let module = module(form);
        for (name, arguments) in CALLS {
            cut_everywhere(&module, form, name, *arguments);
        }
    }
}

/// How many instructions there are between two cuts: `CUT_AT_EVERY=1` tries them all, in minutes.
fn stride() -> usize {
    const USUAL: usize = 61;
    std::env::var("CUT_AT_EVERY").map_or(USUAL, |every| every.parse().unwrap())
}

fn cut_everywhere(
    module: &Module,
    form: Form,
    name: &str,
    arguments: fn(&mut Guest<Throw>) -> Vec<u64>,
) {
    let mut old = None;
    for fuel in (1..).step_by(stride()) {
        let mut guest = start(module);
        let before = old.get_or_insert_with(|| walk(&mut guest)).clone();
        let arguments = arguments(&mut guest);
        guest.store.set_fuel(fuel).unwrap();
        let outcome = guest.try_call(name, &arguments);
        guest.store.set_fuel(PLENTY).unwrap();
        let context = format!("{form}, {name} cut after {fuel}");
        assert_memory(&guest, LENT, &context);
        let after = walk(&mut guest);
        assert_memory(&guest, NOTHING, &context);
        assert_same(&before, &after, &context);
        assert_works(&mut guest, &context);
        match outcome {
            Ok(answer) => {
                assert_eq!(answer, Ok(()), "{context}");
                break;
            }
            Err(error) => {
                assert_eq!(error.downcast_ref(), Some(&Trap::OutOfFuel), "{context}: {error:?}");
            }
        }
    }
}

/// Calls are cut at random on one instance, a thousand times.
#[test]
fn a_thousand_calls_that_are_cut_anywhere() {
    use rand_xoshiro::rand_core::{RngCore as _, SeedableRng as _};
    for form in FORMS {
        let mut guest = start(&module(form));
        let mut random = rand_xoshiro::SplitMix64::seed_from_u64(7);
        let mut cut = 0;
        for step in 0..MANY {
            let (name, arguments) = CALLS[random.next_u32() as usize % CALLS.len()];
            let arguments = arguments(&mut guest);
            guest.store.set_fuel(u64::from(20 + random.next_u32() % 3000)).unwrap();
            if let Err(error) = guest.try_call(name, &arguments) {
                let trap = error.downcast_ref();
                assert_eq!(trap, Some(&Trap::OutOfFuel), "{form}, step {step}, {name}: {error:?}");
                cut += 1;
            }
            guest.store.set_fuel(PLENTY).unwrap();
            if step % 50 == 0 {
                assert_memory(&guest, LENT, &format!("{form}, step {step}"));
                walk(&mut guest);
            }
        }
        assert!(cut > MANY / 10, "{cut} calls were cut");
        assert_works(&mut guest, "in the end");
    }
}

/// A host function that lists the tree while the program's call waits for it: both go on.
#[test]
fn a_call_within_a_call_that_waits() {
    for form in FORMS {
        let mut guest = Guest::start_on(&module(form), (), |linker| {
            let poll = |mut caller: Caller<'_, ()>, _: i32, _: i32, _: i32, out: i32| {
                let Some(Extern::Func(open)) = caller.get_export("path_create_directory") else {
                    panic!("no function");
                };
                let open = open.typed::<(i32, i32, i32), i32>(&caller).unwrap();
                let memory = caller.get_export("memory").unwrap().into_memory().unwrap();
                memory.write(&mut caller, 0x3_0000, b"within")?;
                assert_eq!(open.call(&mut caller, (3, 0x3_0000, 6))?, 0);
                memory.write(&mut caller, out as usize, &1u32.to_le_bytes())?;
                Ok(0)
            };
            linker.func_wrap(MODULE, "poll_oneoff", poll).unwrap();
        });
        guest.put(OUT + 0x100, &[0; 48]);
        let subscriptions = u64::from(OUT) + 0x100;
        let outcome = guest.call("poll_oneoff", &[subscriptions, subscriptions, 1, OUT.into()]);
        assert_eq!(outcome, Ok(()), "{form}");
        assert!(walk(&mut guest).contains_key("/file"));
        let [at, len] = guest.path("within");
        assert_eq!(guest.call("path_remove_directory", &[3, at, len]), Ok(()), "{form}");
        fill(&mut guest);
        assert_works(&mut guest, "after a call within a call");
    }
}
