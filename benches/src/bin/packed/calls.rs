//! Calls: one guest on every variant, operation after operation, in turn.

use std::cell::RefCell;
use std::path::Path;

use anyhow::{Context, Result};
use wasm_vfs::{Form, Program};
use wasm_vfs_benches::rounds::{Batch, Timing, interleaved};
use wasm_vfs_benches::table::{Table, mark, time, times};
use wasmtime::{Engine, Module};

use crate::engines::Guest;
use crate::engines::wasmtime::Instantiated;
use crate::{Bench, trees};

const ROUNDS: usize = 41;

/// The adapter that does nothing, in core module.
const NULL: &str = include_str!("../../../guest/null.wat");

/// What design asks of an operation in the portable form.
#[derive(Clone, Copy)]
enum Aim {
    /// At most so many nanoseconds.
    Nanoseconds(f64),
    /// At least so many times faster than the host.
    TimesHost(f64),
    /// At least so many GB/s, of 64 KiB each.
    Gigabytes(f64),
    /// Nothing in particular.
    None,
}

/// An operation of the guest.
struct Operation {
    /// The name of its export.
    name: &'static str,
    aim: Aim,
    /// The host needs minutes: wasmtime lists a directory from its start for every buffer that the guest fills.
    skip_host: bool,
    /// The adapter that does nothing cannot pretend to do it.
    skip_null: bool,
}

const fn operation(name: &'static str, aim: Aim) -> Operation {
    Operation { name, aim, skip_host: false, skip_null: false }
}

const OPERATIONS: &[Operation] = &[
    operation("stat in a directory of 1", Aim::Nanoseconds(140.0)),
    operation("stat in a directory of 1,000", Aim::Nanoseconds(250.0)),
    operation("stat in a directory of 100,000", Aim::Nanoseconds(250.0)),
    operation("stat, eight directories deep", Aim::None),
    operation("fstat", Aim::None),
    operation("open+close", Aim::Nanoseconds(300.0)),
    operation("open+read 4 KiB+close", Aim::Nanoseconds(400.0)),
    operation("lseek+read 64 B", Aim::Nanoseconds(80.0)),
    operation("pread 64 B", Aim::None),
    // The other reads the same bytes again and again, from the nearest cache.
    Operation { skip_null: true, ..operation(SEQUENTIAL, Aim::Gigabytes(16.0)) },
    operation("create+write 4 KiB+close+unlink", Aim::TimesHost(20.0)),
    operation("append 64 B", Aim::None),
    operation("append 4 KiB", Aim::None),
    operation("rename", Aim::None),
    Operation { skip_null: true, ..operation("readdir of 1,000", Aim::Nanoseconds(200_000.0)) },
    Operation { skip_host: true, skip_null: true, ..operation("readdir of 100,000", Aim::None) },
    operation("no file calls (64 KiB hashed)", Aim::TimesHost(0.98)),
];

const SEQUENTIAL: &str = "sequential read, 64 KiB";

/// How much longer than the adapter that does nothing a call may take.
const NULL_AIM: f64 = 1.5;

/// The names of the variants, in their order.
const VARIANTS: [&str; 4] = ["host tmpfs", "portable", "isolated", "null"];
const HOST: usize = 0;
const PORTABLE: usize = 1;
const ISOLATED: usize = 2;
const NULL_VARIANT: usize = 3;

pub(crate) fn run(bench: &Bench) -> Result<()> {
    let root = bench.scratch.join("calls");
    trees::for_calls(&root)?;
    let guest = std::fs::read(&bench.guest)
        .with_context(|| format!("cannot read {}", bench.guest.display()))?;
    let engine = Engine::default();
    let null = wasm_vfs::Packer::new(wasm_vfs::TreeBuilder::new())
        .adapter_core(wat::parse_str(NULL)?)
        .pack(Program::bytes("program", &guest))
        .and_then(|packed| packed.to_vec())?;
    let instance = |module: &[u8], root: Option<&Path>| {
        Instantiated::new(&Module::new(&engine, module)?, root)
    };
    let variants = [
        instance(&guest, Some(&root))?,
        instance(&crate::packed(bench, &root, Form::Portable)?, None)?,
        instance(&crate::packed(bench, &root, Form::Isolated)?, None)?,
        instance(&null, None)?,
    ]
    .map(RefCell::new);
    let mut cases: Vec<Batch<'_>> = Vec::new();
    let mut places = Vec::new();
    for operation in OPERATIONS {
        let mut place = [None; VARIANTS.len()];
        for (number, variant) in variants.iter().enumerate() {
            let skip = (operation.skip_host && number == HOST)
                || (operation.skip_null && number == NULL_VARIANT);
            if !skip {
                place[number] = Some(cases.len());
                cases.push(Box::new(|count| {
                    let count = u32::try_from(count).unwrap_or(u32::MAX);
                    if let Err(error) = variant.borrow_mut().call(operation.name, count) {
                        panic!("{}: {error:?}", operation.name);
                    }
                }));
            }
        }
        places.push(place);
    }
    let timings = interleaved(ROUNDS, &mut cases);
    print(&places, &timings);
    Ok(())
}

fn print(places: &[[Option<usize>; VARIANTS.len()]], timings: &[Timing]) {
    println!("\nOne guest under wasmtime; medians of {ROUNDS} interleaved rounds\n");
    let [host, portable, isolated, null] = VARIANTS;
    let mut table = Table::new(&[
        "operation",
        host,
        portable,
        isolated,
        null,
        "faster than host",
        "aim",
        "",
        "of null",
        "aim",
        "",
    ]);
    for (operation, place) in OPERATIONS.iter().zip(places) {
        let median = |variant: usize| place[variant].map(|case| timings[case].median_ns);
        let cell = |variant: usize| match median(variant) {
            Some(ns) if operation.name == SEQUENTIAL => format!("{:.1} GB/s", 65_536.0 / ns),
            Some(ns) => time(ns),
            None => "-".to_owned(),
        };
        let (host, portable) = (median(HOST), median(PORTABLE).unwrap_or(f64::NAN));
        let (aim, met) = match operation.aim {
            Aim::Nanoseconds(most) => (format!("<= {}", time(most)), Some(portable <= most)),
            Aim::TimesHost(least) => {
                (format!(">= {least}x host"), host.map(|host| host / portable >= least))
            }
            Aim::Gigabytes(least) => {
                (format!(">= {least} GB/s"), Some(65_536.0 / portable >= least))
            }
            Aim::None => (String::new(), None),
        };
        let of_null = median(NULL_VARIANT).map(|null| portable / null);
        table.row([
            operation.name.to_owned(),
            cell(HOST),
            cell(PORTABLE),
            cell(ISOLATED),
            cell(NULL_VARIANT),
            host.map_or_else(|| "-".to_owned(), |host| times(host / portable)),
            aim,
            met.map_or("", mark).to_owned(),
            of_null.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}x")),
            of_null.map_or_else(String::new, |_| format!("<= {NULL_AIM}x")),
            of_null.map_or("", |ratio| mark(ratio <= NULL_AIM)).to_owned(),
        ]);
    }
    table.print();
}
