//! Packing: its time and memory, and what it adds to a program.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use wasm_vfs::{Form, Packer, Policy, Program, TreeBuilder};
use wasm_vfs_benches::rounds::summary;
use wasm_vfs_benches::table::{Table, mark, time};

use crate::{Bench, packer, trees};

const ROUNDS: usize = 7;

/// A program that only reads: it opens, reads, seeks, stats, lists and closes. The tests hold it to a ceiling.
const READING: &str = include_str!("../../../../tests/link/reading.wat");
/// A program that calls everything that the adapter serves.
const EVERYTHING: &str = include_str!("../../../../tests/link/everything.wat");

/// What the fresh process does: pack, and say how much memory that took.
pub(crate) fn child(guest: &str, tree: &str, output: &str) -> Result<()> {
    packer(TreeBuilder::new().dir(tree, "/"))?
        .pack(Program::file(guest))
        .and_then(|packed| packed.write(output))?;
    println!("{}", crate::peak_memory()?);
    Ok(())
}

pub(crate) fn run(bench: &Bench) -> Result<()> {
    let mut table = Table::new(&["packing", "", "aim", ""]);
    time_and_memory(bench, &mut table)?;
    bytes_added(&mut table)?;
    metadata(bench, &mut table)?;
    println!();
    table.print();
    Ok(())
}

fn time_and_memory(bench: &Bench, table: &mut Table) -> Result<()> {
    let tree = bench.scratch.join("ten-thousand");
    trees::many(&tree, 10_000, 10_000)?;
    let (this, output) = (std::env::current_exe()?, bench.scratch.join("packed.wasm"));
    let (mut ns, mut bytes, mut first) = (Vec::new(), Vec::new(), None);
    for _ in 0..ROUNDS {
        let mut command = Command::new(&this);
        command.arg("pack-child").arg(&bench.guest).arg(&tree).arg(&output);
        let begun = Instant::now();
        let finished = command.output()?;
        ns.push(begun.elapsed().as_secs_f64() * 1e9);
        let errors = String::from_utf8_lossy(&finished.stderr);
        ensure!(finished.status.success(), "{command:?}: {errors}");
        bytes.push(String::from_utf8(finished.stdout)?.trim().parse::<f64>()?);
        let written = std::fs::read(&output)?;
        let same = first.get_or_insert_with(|| written.clone()) == &written;
        ensure!(same, "two packs of one tree differ");
    }
    let (ns, bytes) = (summary(ns).median_ns, summary(bytes).median_ns);
    table.row([
        "10,000 files, 100 MB: time".to_owned(),
        time(ns),
        "<= 0.4 s".to_owned(),
        mark(ns <= 0.4e9).to_owned(),
    ]);
    table.row([
        "10,000 files, 100 MB: peak memory".to_owned(),
        format!("{:.0} MB", bytes / 1e6),
        "<= 220 MB".to_owned(),
        mark(bytes <= 220e6).to_owned(),
    ]);
    std::fs::remove_dir_all(tree)?;
    std::fs::remove_file(output)?;
    Ok(())
}

fn bytes_added(table: &mut Table) -> Result<()> {
    for (name, program, aim) in [
        ("bytes added, reading", READING, 40 << 10),
        ("bytes added, everything", EVERYTHING, 64 << 10),
    ] {
        let program = wat::parse_str(program).context("the smallest program")?;
        for form in [Form::Portable, Form::Isolated] {
            let stripped = Policy::from_toml("strip-host-api = true")?;
            let packer = packer(TreeBuilder::new())?;
            // Code and tables: what is said of the files, `/dev` and `/tmp` here, is theirs.
            let added = added(&packer.clone().policy(stripped), &program, form)?;
            table.row([
                format!("{name}, {form}"),
                format!("{added}"),
                format!("<= {aim}"),
                mark(added <= aim).to_owned(),
            ]);
            // Kept unless --strip-host-api.
            let with_host_api = self::added(&packer, &program, form)? - added;
            table.row([
                format!("beside it, the host interface, {form}"),
                format!("{with_host_api}"),
                String::new(),
                String::new(),
            ]);
        }
    }
    Ok(())
}

/// How many bytes the filesystem adds to a program.
fn added(packer: &Packer, program: &[u8], form: Form) -> Result<i64> {
    let rootfs = packer.bake()?;
    Ok(rootfs.link(Program::bytes("program", program), form)?.summary().added_bytes)
}

/// What a file without contents costs in the packed module, and in the memory that is filled at the start.
fn metadata(bench: &Bench, table: &mut Table) -> Result<()> {
    const FILES: u32 = 100_000;
    let (empty, full) = (bench.scratch.join("empty"), bench.scratch.join("full"));
    std::fs::create_dir_all(empty.join("many"))?;
    trees::many(&full.join("many"), u64::from(FILES), 0)?;
    let sizes = |tree: &Path| -> Result<(u64, u64)> {
        let packed = crate::packed(bench, tree, Form::Portable)?;
        let engine = wasmtime::Engine::default();
        let module = wasmtime::Module::new(&engine, &packed)?;
        let memory = module.get_export("memory").context("no memory is exported")?;
        let pages = memory.memory().context("no memory is exported")?.minimum();
        Ok((packed.len() as u64, pages * 65_536))
    };
    let ((before, memory_before), (after, memory_after)) = (sizes(&empty)?, sizes(&full)?);
    for (name, bytes, aim) in [
        (
            "metadata for each of 100,000 files, in memory",
            memory_after - memory_before,
            Some(150.0),
        ),
        ("metadata for each of 100,000 files, in the module", after - before, None),
    ] {
        let each = bytes as f64 / f64::from(FILES);
        table.row([
            name.to_owned(),
            format!("{each:.0} B"),
            aim.map_or_else(String::new, |aim: f64| format!("about {aim} B")),
            aim.map_or("", |aim| mark(each <= aim)).to_owned(),
        ]);
    }
    std::fs::remove_dir_all(full)?;
    Ok(())
}
