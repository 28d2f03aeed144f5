//! Wasmi, by its crate: an interpreter that knows nothing of WASI. Packed programs run on it with a
//! host of a dozen functions (`minimal_host.rs`).

use std::path::Path;

use anyhow::{Context, Result, ensure};
use wasmi::{
    Config, Engine as WasmiEngine, Error, Extern, ExternType, Instance, Linker, Module, Store, Val,
};

use crate::engine::hermetic::{self, Exports};
use crate::engine::minimal_host::{Answer, MinimalHost};
use crate::engine::{Engine, Invocation, Outcome};

/// Wasmi over the minimal host.
#[derive(Debug)]
pub struct Wasmi;

const PREVIEW1: &str = "wasi_snapshot_preview1";

/// Interpreters written in C recurse deeply.
const STACK_BYTES: usize = 64 << 20;
const RECURSION: usize = 100_000;

impl Engine for Wasmi {
    fn name(&self) -> &'static str {
        "wasmi"
    }

    fn run(&self, wasm: &Path, invocation: &Invocation) -> Result<Outcome> {
        ensure!(invocation.collect.is_empty(), "only wasmtime collects files");
        ensure!(invocation.host_root.is_none(), "there is no filesystem in the minimal host");
        let (engine, module) = load(wasm)?;
        let mut store = Store::new(&engine, MinimalHost::new(invocation));
        let mut linker: Linker<MinimalHost> = Linker::new(&engine);
        for import in module.imports() {
            ensure!(import.module() == PREVIEW1, "import from {}", import.module());
            let ExternType::Func(function_type) = import.ty() else {
                anyhow::bail!("import {} is not a function", import.name());
            };
            let name = import.name().to_owned();
            linker.func_new(
                PREVIEW1,
                import.name(),
                function_type.clone(),
                move |mut caller, operands, results| {
                    let memory = caller.get_export("memory").and_then(Extern::into_memory);
                    let memory =
                        memory.ok_or_else(|| Error::new("the program exports no memory"))?;
                    let operands: Vec<u64> = operands.iter().map(widen).collect();
                    let (mut bytes, host) = memory.data_and_store_mut(&mut caller);
                    match host.call(&name, &operands, &mut bytes) {
                        Answer::Exit(status) => return Err(Error::i32_exit(status)),
                        Answer::Errno(errno) => {
                            if let Some(result) = results.first_mut() {
                                *result = Val::I32(errno);
                            }
                        }
                    }
                    Ok(())
                },
            )?;
        }
        let ended = linker.instantiate_and_start(&mut store, &module).and_then(|instance| {
            instance.get_typed_func::<(), ()>(&store, "_start")?.call(&mut store, ())
        });
        let host = store.into_data();
        let mut outcome = Outcome {
            status: Some(0),
            stdout: host.stdout,
            stderr: host.stderr,
            files: Vec::new(),
        };
        if let Err(error) = ended {
            outcome.status = error.i32_exit_status();
            if outcome.status.is_none() {
                outcome.stderr.extend_from_slice(error.to_string().as_bytes());
            }
        }
        Ok(outcome)
    }

    fn run_hermetic(&self, wasm: &Path) -> Result<Outcome> {
        let (engine, module) = load(wasm)?;
        let mut store = Store::new(&engine, ());
        let instance = Linker::new(&engine).instantiate_and_start(&mut store, &module)?;
        let start = instance.get_typed_func::<(), ()>(&store, "_start")?;
        let trap = start.call(&mut store, ()).err().map(|trap| trap.to_string());
        hermetic::outcome(&mut Hermetic { store, instance }, trap)
    }
}

fn load(wasm: &Path) -> Result<(WasmiEngine, Module)> {
    let bytes = std::fs::read(wasm).with_context(|| wasm.display().to_string())?;
    let mut config = Config::default();
    config.set_max_stack_height(STACK_BYTES).set_max_recursion_depth(RECURSION);
    let engine = WasmiEngine::new(&config);
    let module = Module::new(&engine, &bytes).with_context(|| wasm.display().to_string())?;
    Ok((engine, module))
}

/// A hermetic program that has ended.
struct Hermetic {
    store: Store<()>,
    instance: Instance,
}

impl Hermetic {
    fn memory(&self) -> Result<wasmi::Memory> {
        self.instance.get_memory(&self.store, "wasm_vfs_memory").context("no memory")
    }
}

impl Exports for Hermetic {
    fn call(&mut self, function: &str, operands: &[i32]) -> Result<i32> {
        let function = self.instance.get_func(&self.store, function).context("no such export")?;
        let operands: Vec<Val> = operands.iter().copied().map(Val::I32).collect();
        let mut results = [Val::I32(0)];
        function.call(&mut self.store, &operands, &mut results)?;
        results[0].i32().context("no number")
    }

    fn get(&mut self, path: i32, path_len: i32, data: i32, len: i32, offset: i64) -> Result<i32> {
        type Get = (i32, i32, i32, i32, i64);
        let get = self.instance.get_typed_func::<Get, i32>(&self.store, "wasm_vfs_get")?;
        Ok(get.call(&mut self.store, (path, path_len, data, len, offset))?)
    }

    fn base(&mut self) -> Result<i32> {
        let base = self.instance.get_global(&self.store, "wasm_vfs_base").context("no base")?;
        base.get(&self.store).i32().context("no number")
    }

    fn read(&mut self, address: u32, bytes: &mut [u8]) -> Result<()> {
        Ok(self.memory()?.read(&self.store, address as usize, bytes)?)
    }

    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<()> {
        Ok(self.memory()?.write(&mut self.store, address as usize, bytes)?)
    }
}

fn widen(operand: &Val) -> u64 {
    match operand {
        Val::I32(value) => u64::from(value.cast_unsigned()),
        Val::I64(value) => value.cast_unsigned(),
        // Preview1 passes nothing else.
        _ => u64::MAX,
    }
}
