//! Arguments that no host should give: none traps, and everything works afterwards.

use std::cell::RefCell;

use proptest::prop_oneof;
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestRunner};
use wasm_vfs::Form;
use wasmtime::Val;

use crate::{FORMS, Running};

const EFAULT: i32 = -14;

/// A function's name, how many parameters it has, and which of them are an address and a length.
type TakesAddresses = (&'static str, usize, &'static [(usize, Option<usize>)]);

/// Every function that takes addresses, and which of its parameters are an address and its length; the latter may be fixed.
const TAKES_ADDRESSES: &[TakesAddresses] = &[
    ("wasm_vfs_put", 6, &[(0, Some(1)), (2, Some(3))]),
    ("wasm_vfs_get", 5, &[(0, Some(1)), (2, Some(3))]),
    ("wasm_vfs_seek", 4, &[(0, Some(1))]),
    ("wasm_vfs_list", 5, &[(0, Some(1)), (2, Some(3))]),
    ("wasm_vfs_stat", 4, &[(0, Some(1)), (3, None)]),
    ("wasm_vfs_mkdir", 3, &[(0, Some(1))]),
    ("wasm_vfs_symlink", 4, &[(0, Some(1)), (2, Some(3))]),
    ("wasm_vfs_readlink", 4, &[(0, Some(1)), (2, Some(3))]),
    ("wasm_vfs_remove", 2, &[(0, Some(1))]),
    ("wasm_vfs_import_begin", 2, &[(0, Some(1))]),
    ("wasm_vfs_import_layer_begin", 2, &[(0, Some(1))]),
    ("wasm_vfs_import", 2, &[(0, Some(1))]),
    ("wasm_vfs_export_begin", 2, &[(0, Some(1))]),
    ("wasm_vfs_changes", 3, &[(0, Some(1))]),
    ("wasm_vfs_export", 2, &[(0, Some(1))]),
    ("wasm_vfs_culprit", 2, &[(0, Some(1))]),
];

/// Calls an export with arguments of whatever width it has.
fn call(running: &mut Running, name: &str, args: &[u64]) -> i32 {
    let function = running.instance.get_func(&mut running.store, name).unwrap();
    let types: Vec<_> = function.ty(&running.store).params().collect();
    assert_eq!(types.len(), args.len(), "{name}");
    let args: Vec<Val> = types
        .iter()
        .zip(args)
        .map(
            |(ty, &arg)| {
                if ty.is_i32() { Val::I32(arg as i32) } else { Val::I64(arg.cast_signed()) }
            },
        )
        .collect();
    let mut results = [Val::I32(0)];
    function
        .call(&mut running.store, &args, &mut results)
        .unwrap_or_else(|trap| panic!("{name}{args:?} trapped: {trap:?}"));
    match results[0] {
        Val::I64(offset) => offset.try_into().unwrap_or(i32::MAX),
        result => result.unwrap_i32(),
    }
}

#[test]
fn addresses_outside_the_buffer_are_faults() {
    const LEN: u64 = 4096;
    for form in FORMS {
        let mut running = Running::new(form);
        running.put("/f", b"f");
        let room = u64::from(call(&mut running, "wasm_vfs_allocate", &[LEN]) as u32);
        for &(name, count, pairs) in TAKES_ADDRESSES {
            for &(address, len) in pairs {
                for (at, bytes) in [
                    (0, 8),
                    (room - 1, 8),
                    (room + LEN - 7, 8),
                    (room + LEN + 1, 0),
                    (room, LEN + 1),
                    (room, u64::from(u32::MAX)),
                    (u64::from(u32::MAX), 1),
                    (u64::from(u32::MAX), u64::from(u32::MAX)),
                ] {
                    let mut args = vec![0; count];
                    for &(other, _) in pairs {
                        args[other] = room;
                    }
                    args[address] = at;
                    match len {
                        Some(len) => args[len] = bytes,
                        None if bytes != 8 => continue,
                        None => {}
                    }
                    assert_eq!(call(&mut running, name, &args), EFAULT, "{name}{args:x?} {form}");
                }
            }
        }
        // Without a buffer there is nothing to point into.
        assert_eq!(call(&mut running, "wasm_vfs_allocate", &[u64::from(u32::MAX)]), 0);
        assert_eq!(call(&mut running, "wasm_vfs_stat", &[room, 1, 0, room]), EFAULT);
        running.put("/g", b"g");
        assert_eq!(running.names("/"), ["dev", "f", "g", "tmp"]);
    }
}

#[test]
fn what_is_not_under_way_cannot_go_on() {
    const EINVAL: i32 = -22;
    let mut running = Running::new(Form::Portable);
    let room = u64::from(call(&mut running, "wasm_vfs_allocate", &[64]) as u32);
    assert_eq!(call(&mut running, "wasm_vfs_import", &[room, 1]), EINVAL);
    assert_eq!(call(&mut running, "wasm_vfs_import_end", &[]), EINVAL);
    assert_eq!(call(&mut running, "wasm_vfs_export", &[room, 1]), EINVAL);
    assert_eq!(call(&mut running, "wasm_vfs_culprit", &[room, 64]), 0);
}

/// Random calls with arguments that are nearly right, as often as not.
#[test]
fn no_arguments_trap() {
    let names: Vec<(&str, usize)> = TAKES_ADDRESSES
        .iter()
        .map(|&(name, count, _)| (name, count))
        .chain([
            ("wasm_vfs_allocate", 1),
            ("wasm_vfs_import_end", 0),
            ("wasm_vfs_check_layer_begin", 0),
            ("wasm_vfs_export_layer_begin", 0),
            ("wasm_vfs_revert", 0),
            ("wasm_vfs_exit_status", 0),
            ("wasm_vfs_seal", 0),
        ])
        .collect();
    let argument = prop_oneof![
        4 => (0..80u64).prop_map(|offset| (true, offset)),
        4 => (0..600u64).prop_map(|small| (false, small)),
        1 => proptest::num::u64::ANY.prop_map(|any| (false, any)),
        1 => proptest::sample::select(vec![
            0x100, 0o755, u64::MAX, 1 << 31, i64::MAX as u64, 1 << 40, 511, 512,
        ]).prop_map(|edge| (false, edge)),
    ];
    let step = (
        proptest::sample::select(names),
        proptest::collection::vec(argument, 6),
        proptest::collection::vec(proptest::sample::select(b"ab./\0\xc3".to_vec()), 0..8),
    );
    let steps = proptest::collection::vec(step, 1..60);
    let running = [Running::new(Form::Portable), Running::new(Form::Isolated)].map(RefCell::new);
    let mut runner =
        TestRunner::new(Config { cases: 200, failure_persistence: None, ..Config::default() });
    runner
        .run(&steps, |steps| {
            for running in &running {
                let running = &mut *running.borrow_mut();
                let mut room = u64::from(call(running, "wasm_vfs_allocate", &[1024]) as u32);
                for ((name, count), args, text) in &steps {
                    // A small buffer: the random lengths are mostly too long for the machine's memory.
                    let args: Vec<u64> = args[..*count]
                        .iter()
                        .map(|&(is_address, value)| if is_address { room + value } else { value })
                        .collect();
                    if *name == "wasm_vfs_allocate" {
                        let len = args[0] % (1 << 21);
                        room = u64::from(call(running, name, &[len]) as u32);
                        continue;
                    }
                    if *name == "wasm_vfs_put" && args[4] > 1 << 20 {
                        continue;
                    }
                    let memory =
                        running.instance.get_memory(&mut running.store, "wasm_vfs_memory").unwrap();
                    let base =
                        running.instance.get_global(&mut running.store, "wasm_vfs_base").unwrap();
                    let base = base.get(&mut running.store).unwrap_i32() as u32 as usize;
                    memory.write(&mut running.store, base + room as usize, text).unwrap();
                    call(running, name, &args);
                }
                running.put("/still", b"works");
                assert_eq!(running.read("/still"), b"works");
            }
            Ok(())
        })
        .unwrap();
}
