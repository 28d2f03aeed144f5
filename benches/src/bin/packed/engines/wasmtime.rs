//! Wasmtime, by its crate, as its own command runs programs.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use wasmtime::{Config, Engine as WasmtimeEngine, Extern, Instance, Linker, Module, Store};
use wasmtime_wasi::p1::{self, WasiP1Ctx};
use wasmtime_wasi::{FsPerms, WasiCtxBuilder};

use super::{Engine, Guest, Once, Plan, Program, Samples, in_process, version_of};

/// Wasmtime with Cranelift.
pub(crate) struct Wasmtime {
    name: String,
    engine: WasmtimeEngine,
}

impl Wasmtime {
    pub(crate) fn new() -> Wasmtime {
        let name = format!("wasmtime {}", version_of("wasmtime"));
        Wasmtime { name, engine: WasmtimeEngine::default() }
    }

    /// Instantiates a program.
    pub(crate) fn start(&self, program: &Program) -> Result<Instantiated> {
        let bytes = std::fs::read(&program.module)
            .with_context(|| format!("cannot read {}", program.module.display()))?;
        Instantiated::new(&Module::new(&self.engine, bytes)?, program.root.as_deref())
    }
}

impl Engine for Wasmtime {
    fn name(&self) -> &str {
        &self.name
    }

    fn runs_isolated(&self) -> bool {
        true
    }

    fn samples(&self, plan: &Plan<'_>) -> Result<Vec<Samples>> {
        in_process::samples(plan, |program| Ok(Box::new(self.start(program)?)))
    }

    fn once(&self, once: &Once<'_>) -> Result<f64> {
        in_process::once(Box::new(self.start(&once.program)?), once)
    }

    fn start(&self, _: &Program) -> Option<Command> {
        None
    }
}

/// An initialised instance.
pub(crate) struct Instantiated {
    pub(crate) store: Store<WasiP1Ctx>,
    pub(crate) instance: Instance,
}

impl Instantiated {
    /// An instance that sees nothing of the host, or a directory as its root.
    pub(crate) fn new(module: &Module, root: Option<&Path>) -> Result<Instantiated> {
        let mut linker = Linker::new(module.engine());
        p1::add_to_linker_sync(&mut linker, |wasi| wasi)?;
        let mut store = Store::new(module.engine(), context(root)?);
        let instance = linker.instantiate(&mut store, module)?;
        let initialize = instance.get_typed_func::<(), ()>(&mut store, "_initialize")?;
        initialize.call(&mut store, ())?;
        Ok(Instantiated { store, instance })
    }
}

impl Guest for Instantiated {
    fn call(&mut self, operation: &str, count: u32) -> Result<()> {
        let function = self.instance.get_typed_func::<u32, ()>(&mut self.store, operation)?;
        Ok(function.call(&mut self.store, count)?)
    }

    fn base(&mut self) -> Result<u64> {
        let base = self.instance.get_global(&mut self.store, "wasm_vfs_base");
        let base = base.context("no wasm_vfs_base is exported")?.get(&mut self.store);
        Ok(u64::from(base.i32().context("wasm_vfs_base is not an i32")?.cast_unsigned()))
    }

    fn memory_bytes(&mut self) -> Result<u64> {
        let Some(Extern::Memory(memory)) = self.instance.get_export(&mut self.store, "memory")
        else {
            anyhow::bail!("no memory is exported");
        };
        Ok(memory.data_size(&self.store) as u64)
    }
}

/// What the guest sees of the host: nothing, or a directory as its root.
fn context(root: Option<&Path>) -> Result<WasiP1Ctx> {
    let mut wasi = WasiCtxBuilder::new();
    // As wasmtime's own command does it: calls are not handed to another thread. It is faster so.
    wasi.allow_blocking_current_thread(true).inherit_stderr();
    if let Some(root) = root {
        wasi.preopened_dir(root, "/", FsPerms::ReadWrite)?;
    }
    Ok(wasi.build_p1())
}

/// How compiled code gets its initial memory.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Memory {
    /// Mapped from the file that holds the code.
    CopyOnWrite,
    /// Copied at the start.
    Copied,
}

impl Memory {
    /// As an argument of [`child`].
    pub(crate) fn word(self) -> &'static str {
        match self {
            Memory::CopyOnWrite => "cow",
            Memory::Copied => "no-cow",
        }
    }

    /// An engine that does so.
    pub(crate) fn engine(self) -> Result<WasmtimeEngine> {
        let mut config = Config::new();
        config.memory_init_cow(matches!(self, Memory::CopyOnWrite));
        Ok(WasmtimeEngine::new(&config)?)
    }
}

/// What the fresh process does: load compiled code, instantiate, read a file, and say how much memory that took.
pub(crate) fn child(module: &str, memory: &str, root: &[&str]) -> Result<()> {
    let memory = [Memory::CopyOnWrite, Memory::Copied].into_iter().find(|m| m.word() == memory);
    let engine = memory.context("no kind of memory is called so")?.engine()?;
    // SAFETY: `start::run` has just made the file by `Engine::precompile_module`.
    let module = unsafe { Module::deserialize_file(&engine, module)? };
    Instantiated::new(&module, root.first().map(Path::new))?.call("read a file", 1)?;
    println!("{}", crate::peak_memory()?);
    Ok(())
}
