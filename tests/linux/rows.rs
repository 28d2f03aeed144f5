//! The rows, and random sequences.

use wasm_vfs::Form;
use wasm_vfs_test_posix::call::Call;
use wasm_vfs_test_posix::differential::{self, Other};
use wasm_vfs_test_posix::in_program::{WithMemory, check_rows, check_sequences};
use wasm_vfs_test_posix::kernel::Limits;
use wasm_vfs_test_posix::raw::Raw as _;
use wasm_vfs_test_posix::rows::{self, Row};

use crate::{Guest, Spelling};

/// Why a call cannot be made by a program, and how many rows have such calls and are left out. More
/// than that would be a gap that nobody decided on.
const LEFT_OUT: &[(&str, &[&str], usize)] = &[
    ("a program is one process", &["fork", "switch", "exit"], 21),
    (
        "mappings are held to them apart",
        &["mmap", "munmap", "mprotect", "mlock", "munlock", "msync", "load", "store"],
        25,
    ),
];

/// The rule of mappings.
const MAPPINGS: usize = 1;

/// Rows that hold where `protected_hardlinks` is on, as most distributions have it. In packed programs it is
/// off, as the kernel itself has it.
const KNOWN: &[&str] = &["names.rows:126", "names.rows:129"];

/// The rule that leaves a call out.
fn left_out(call: &Call) -> Option<usize> {
    LEFT_OUT.iter().position(|(_, names, _)| names.contains(&call.name))
}

fn hold_rows(form: Form, spelling: Spelling) {
    let mut counts = vec![0; LEFT_OUT.len()];
    let mut rows: Vec<Row> = rows::all();
    rows.retain(|row| {
        let rule = row.calls().find_map(left_out);
        if let Some(rule) = rule {
            counts[rule] += 1;
        }
        rule.is_none()
    });
    for (&(why, _, most), &count) in LEFT_OUT.iter().zip(&counts) {
        println!("{count} rows are left out, for {why}");
        assert!(count <= most, "{count} rows are left out, for {why}: {most} are known");
    }
    rows.retain(|row| !KNOWN.contains(&row.place()));
    let who = format!("{form}, {spelling:?}");
    rows::check(&rows, &who, |limits: Limits| Guest::start(form, limits, spelling));
}

#[test]
fn rows_hold_portable() {
    hold_rows(Form::Portable, Spelling::WasmVfs);
}

#[test]
fn rows_hold_isolated() {
    hold_rows(Form::Isolated, Spelling::Wali);
}

/// How many random sequences there are, of which those with mappings are made: they begin where there
/// is room for them.
const SEEDS_OF_MAPPINGS: u64 = 88;

/// Rows and sequences with mappings, but for what cannot be had where a program loads and stores by
/// itself.
fn hold_mappings(form: Form, spelling: Spelling) {
    let mut rows = rows::all();
    rows.retain(|row| {
        row.calls().any(|call| left_out(call) == Some(MAPPINGS))
            && row.calls().all(can_with_mappings)
    });
    assert!(rows.len() > 15, "{} rows with mappings", rows.len());
    let make = |limits: Limits| Guest::with_mappings(form, limits, spelling);
    let load = |guest: &Guest, address: i64, len: usize| {
        let mut bytes = vec![0; len];
        guest.take((guest.mapped_from() + address) as u32, &mut bytes);
        bytes
    };
    let store = |guest: &mut Guest, address: i64, bytes: &[u8]| {
        let at = guest.mapped_from() + address;
        guest.store(at, bytes).unwrap();
    };
    let world = WithMemory { name: "program", make, can: can_with_mappings, load, store };
    check_rows(&rows, &world);
    check_sequences(SEEDS_OF_MAPPINGS, &world);
}

fn can_with_mappings(call: &Call) -> bool {
    left_out(call).is_none_or(|rule| rule == MAPPINGS)
}

#[test]
fn mappings_hold_portable() {
    hold_mappings(Form::Portable, Spelling::WasmVfs);
}

#[test]
fn mappings_hold_isolated() {
    hold_mappings(Form::Isolated, Spelling::Wali);
}

/// How many random sequences there are.
const SEEDS: u64 = 16;

fn hold_sequences(form: Form, spelling: Spelling) {
    let make = |limits: Limits| Guest::start(form, limits, spelling);
    let can = |call: &Call| left_out(call).is_none();
    differential::compare(SEEDS, &Other { name: "program", make, can });
}

#[test]
fn random_sequences_do_the_same_portable() {
    hold_sequences(Form::Portable, Spelling::WasmVfs);
}

#[test]
fn random_sequences_do_the_same_isolated() {
    hold_sequences(Form::Isolated, Spelling::Wali);
}
