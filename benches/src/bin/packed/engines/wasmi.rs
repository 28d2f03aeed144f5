//! Wasmi, by its crate: an interpreter. The host's side is `wasmi_wasi`, on a directory as for a packed program.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use wasmi::{Engine as WasmiEngine, Instance, Linker, Module, Store};
use wasmi_wasi::{Dir, WasiCtx, WasiCtxBuilder, ambient_authority};

use super::{Engine, Guest, Once, Plan, Program, Samples, in_process, version_of};

/// Wasmi.
pub(crate) struct Wasmi {
    name: String,
}

impl Wasmi {
    pub(crate) fn new() -> Wasmi {
        Wasmi { name: format!("wasmi {}", version_of("wasmi")) }
    }
}

impl Engine for Wasmi {
    fn name(&self) -> &str {
        &self.name
    }

    fn runs_isolated(&self) -> bool {
        true
    }

    fn samples(&self, plan: &Plan<'_>) -> Result<Vec<Samples>> {
        in_process::samples(plan, |program| {
            Ok(Box::new(Instantiated::new(&program.module, program.root.as_deref())?))
        })
    }

    fn once(&self, once: &Once<'_>) -> Result<f64> {
        let Program { module, root } = &once.program;
        in_process::once(Box::new(Instantiated::new(module, root.as_deref())?), once)
    }

    fn start(&self, program: &Program) -> Option<Command> {
        let mut command = Command::new(std::env::current_exe().ok()?);
        command.args(["start-child", "wasmi"]).arg(&program.module).args(&program.root);
        Some(command)
    }
}

/// An initialised instance.
struct Instantiated {
    store: Store<WasiCtx>,
    instance: Instance,
}

impl Instantiated {
    fn new(module: &Path, root: Option<&Path>) -> Result<Instantiated> {
        let bytes =
            std::fs::read(module).with_context(|| format!("cannot read {}", module.display()))?;
        let engine = WasmiEngine::default();
        let module = Module::new(&engine, &bytes)?;
        drop(bytes);
        let mut wasi = WasiCtxBuilder::new();
        wasi.inherit_stderr();
        if let Some(root) = root {
            let directory = Dir::open_ambient_dir(root, ambient_authority())
                .with_context(|| format!("cannot open {}", root.display()))?;
            wasi.preopened_dir(directory, "/")?;
        }
        let mut store = Store::new(&engine, wasi.build());
        let mut linker = Linker::new(&engine);
        wasmi_wasi::add_to_linker(&mut linker, |wasi: &mut WasiCtx| wasi)?;
        let instance = linker.instantiate_and_start(&mut store, &module)?;
        instance.get_typed_func::<(), ()>(&store, "_initialize")?.call(&mut store, ())?;
        Ok(Instantiated { store, instance })
    }
}

impl Guest for Instantiated {
    fn call(&mut self, operation: &str, count: u32) -> Result<()> {
        let function = self.instance.get_typed_func::<u32, ()>(&self.store, operation)?;
        Ok(function.call(&mut self.store, count)?)
    }

    fn base(&mut self) -> Result<u64> {
        let base = self.instance.get_global(&self.store, "wasm_vfs_base");
        let base = base.context("no wasm_vfs_base is exported")?.get(&self.store);
        Ok(u64::from(base.i32().context("wasm_vfs_base is not an i32")?.cast_unsigned()))
    }

    fn memory_bytes(&mut self) -> Result<u64> {
        let memory = self.instance.get_memory(&self.store, "memory");
        Ok(memory.context("no memory is exported")?.data_size(&self.store) as u64)
    }
}

/// What the fresh process does: load, instantiate, read a file, and say how much memory that took.
pub(crate) fn child(module: &str, root: &[&str]) -> Result<()> {
    Instantiated::new(Path::new(module), root.first().map(Path::new))?.call("read a file", 1)?;
    println!("{}", crate::peak_memory()?);
    Ok(())
}
