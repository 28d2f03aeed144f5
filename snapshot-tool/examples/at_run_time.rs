//! Runs a program with a rootfs module that it is not linked with:
//!
//! ```sh
//! wasm-vfs image --dir project::/project -o rootfs.wasm
//! cargo run -p wasm-vfs --example at_run_time -- rootfs.wasm python.wasm /project/main.py
//! ```

use std::path::Path;
use std::process::exit;

use anyhow::{Context as _, Result};
use wasm_vfs::embed::RunTimeLinker;
use wasmtime::{Engine, Linker, Module, Store};
use wasmtime_wasi::p1::{self, WasiP1Ctx};
use wasmtime_wasi::{I32Exit, WasiCtxBuilder};

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: at_run_time ROOTFS.wasm PROGRAM.wasm [ARGS...]";
    let (rootfs, program) = (arguments.next().context(usage)?, arguments.next().context(usage)?);

    // Once for all instances.
    let engine = Engine::default();
    let filesystem = RunTimeLinker::new(&engine, &std::fs::read(rootfs)?)?;
    let module = Module::from_file(&engine, &program)?;
    let mut host: Linker<WasiP1Ctx> = Linker::new(&engine);
    p1::add_to_linker_sync(&mut host, |context| context)?;

    // For each: no directory of the host is preopened.
    let name = Path::new(&program).file_stem().unwrap_or_default().to_string_lossy();
    let context = WasiCtxBuilder::new()
        .inherit_stdio()
        .inherit_env()
        .arg(name)
        .args(&arguments.collect::<Vec<_>>())
        .build_p1();
    let mut store = Store::new(&engine, context);
    let bound = filesystem.instantiate(&mut store, &host, &module)?;
    let start = bound.program.get_typed_func::<(), ()>(&mut store, "_start")?;
    match start.call(&mut store, ()) {
        Ok(()) => Ok(()),
        Err(error) => match error.downcast_ref::<I32Exit>() {
            Some(status) => exit(status.0),
            None => Err(error.into()),
        },
    }
}
