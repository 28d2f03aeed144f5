//! Wasmer as a program that the tests start (`tests/src/engines/process.rs` says how). Its WASI
//! host is the one that Wasmi has.

mod wasmer;

use std::env;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use wasm_vfs_test_engine::{Engine, Invocation, Outcome};

use crate::wasmer::Wasmer;

/// The statuses that `tests/src/engines/process.rs` understands.
const CANNOT_LOAD: u8 = 111;
const TRAPPED: u8 = 134;

fn run() -> Result<Outcome> {
    let mut args = env::args().skip(1);
    let program = PathBuf::from(args.next().context("no program is named")?);
    if env::var_os("HERMETIC").is_some() {
        return Wasmer.run_hermetic(&program);
    }
    let mut invocation = Invocation { args: args.collect(), ..Invocation::default() };
    for line in env::var("GUEST_ENVIRONMENT").unwrap_or_default().lines() {
        let (name, value) = line.split_once('=').context("a variable without a value")?;
        invocation = invocation.env(name, value);
    }
    std::io::stdin().read_to_end(&mut invocation.stdin)?;
    Wasmer.run(&program, &invocation)
}

fn main() -> Result<ExitCode> {
    let outcome = match run() {
        Ok(outcome) => outcome,
        Err(error) => {
            eprintln!("cannot load: {error:#}");
            return Ok(ExitCode::from(CANNOT_LOAD));
        }
    };
    std::io::stdout().write_all(&outcome.stdout)?;
    std::io::stderr().write_all(&outcome.stderr)?;
    let status = outcome.status.map(u8::try_from);
    Ok(match status {
        Some(status) => ExitCode::from(status.context("no process ends with such a status")?),
        None => ExitCode::from(TRAPPED),
    })
}
