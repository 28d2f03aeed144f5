//! Wasmi, by its crate: an interpreter that knows nothing of WASI. Packed programs run on it with a host of a dozen
//! functions (`minimal_host.rs`).

use std::path::Path;

use anyhow::{Context, Result, ensure};
use wasmi::{Config, Engine as WasmiEngine, Error, Extern, ExternType, Linker, Module, Store, Val};

use super::minimal_host::{Answer, MinimalHost};
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

    fn runs_isolated(&self) -> bool {
        true
    }

    fn run(&self, wasm: &Path, invocation: &Invocation) -> Result<Outcome> {
        ensure!(invocation.collect.is_empty(), "only wasmtime collects files");
        ensure!(invocation.host_root.is_none(), "there is no filesystem in the minimal host");
        let bytes = std::fs::read(wasm).with_context(|| wasm.display().to_string())?;
        let mut config = Config::default();
        config.set_max_stack_height(STACK_BYTES).set_max_recursion_depth(RECURSION);
        let engine = WasmiEngine::new(&config);
        let module = Module::new(&engine, &bytes).with_context(|| wasm.display().to_string())?;
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
                    let (bytes, host) = memory.data_and_store_mut(&mut caller);
                    match host.call(&name, &operands, bytes) {
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
}

fn widen(operand: &Val) -> u64 {
    match operand {
        Val::I32(value) => u64::from(value.cast_unsigned()),
        Val::I64(value) => value.cast_unsigned(),
        // Preview1 passes nothing else.
        _ => u64::MAX,
    }
}
