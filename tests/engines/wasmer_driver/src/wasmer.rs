//! Wasmer, by its crate, with its compiler Singlepass. Its own WASI is asynchronous and made for
//! packages, so packed programs run on it with the minimal host, as on Wasmi.

use std::error::Error;
use std::fmt;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use wasm_vfs_test_engine::hermetic::{self, Exports};
use wasm_vfs_test_engine::minimal_host::{Answer, Checked, GuestMemory, MinimalHost};
use wasm_vfs_test_engine::{Engine, Invocation, Outcome};
use wasmer::sys::{EngineBuilder, Features, Singlepass};
use wasmer::{
    ExternType, Function, FunctionEnv, FunctionEnvMut, Imports, Instance, Memory, MemoryView,
    Module, RuntimeError, Store, Value,
};

/// Wasmer over the minimal host.
#[derive(Debug)]
pub struct Wasmer;

const PREVIEW1: &str = "wasi_snapshot_preview1";

/// What the imported functions share.
struct World {
    host: MinimalHost,
    /// The program's, once there is an instance.
    memory: Option<Memory>,
}

/// How a program ends that calls `proc_exit`.
#[derive(Debug)]
struct Exit(i32);

impl fmt::Display for Exit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "exit status {}", self.0)
    }
}

impl Error for Exit {}

/// The program's memory, for the minimal host.
struct View<'a>(MemoryView<'a>);

impl GuestMemory for View<'_> {
    fn read(&self, address: u64, bytes: &mut [u8]) -> Checked<()> {
        self.0.read(address, bytes).ok()
    }

    fn write(&mut self, address: u64, bytes: &[u8]) -> Checked<()> {
        self.0.write(address, bytes).ok()
    }

    fn size(&self) -> u64 {
        self.0.data_size()
    }
}

fn load(wasm: &Path) -> Result<(Store, Module)> {
    let bytes = std::fs::read(wasm).with_context(|| wasm.display().to_string())?;
    let mut features = Features::default();
    features.multi_memory(true);
    let engine = EngineBuilder::new(Singlepass::default()).set_features(Some(features)).engine();
    let store = Store::new(engine);
    let module = Module::new(&store, bytes).with_context(|| wasm.display().to_string())?;
    Ok((store, module))
}

fn call(
    world: &mut FunctionEnvMut<'_, World>,
    function: &str,
    operands: &[Value],
) -> Result<i32, RuntimeError> {
    let operands: Vec<u64> = operands.iter().map(widen).collect();
    let (world, store) = world.data_and_store_mut();
    let memory = world
        .memory
        .as_ref()
        .ok_or_else(|| RuntimeError::new("a call before there is a memory"))?;
    match world.host.call(function, &operands, &mut View(memory.view(&store))) {
        Answer::Exit(status) => Err(RuntimeError::user(Box::new(Exit(status)))),
        Answer::Errno(errno) => Ok(errno),
    }
}

fn widen(operand: &Value) -> u64 {
    match operand {
        Value::I32(value) => u64::from(value.cast_unsigned()),
        Value::I64(value) => value.cast_unsigned(),
        // Preview1 passes nothing else.
        _ => u64::MAX,
    }
}

impl Engine for Wasmer {
    fn name(&self) -> &'static str {
        "wasmer"
    }

    fn run(&self, wasm: &Path, invocation: &Invocation) -> Result<Outcome> {
        ensure!(invocation.collect.is_empty(), "only wasmtime collects files");
        ensure!(invocation.host_root.is_none(), "there is no filesystem in the minimal host");
        let (mut store, module) = load(wasm)?;
        let world = World { host: MinimalHost::new(invocation), memory: None };
        let world = FunctionEnv::new(&mut store, world);
        let mut imports = Imports::new();
        for import in module.imports() {
            ensure!(import.module() == PREVIEW1, "import from {}", import.module());
            let ExternType::Function(function_type) = import.ty() else {
                anyhow::bail!("import {} is not a function", import.name());
            };
            let name = import.name().to_owned();
            let returns = !function_type.results().is_empty();
            let function = Function::new_with_env(
                &mut store,
                &world,
                function_type.clone(),
                move |mut world: FunctionEnvMut<'_, World>, operands: &[Value]| {
                    let errno = call(&mut world, &name, operands)?;
                    Ok(if returns { vec![Value::I32(errno)] } else { Vec::new() })
                },
            );
            imports.define(PREVIEW1, import.name(), function);
        }
        let instance = Instance::new(&mut store, &module, &imports)?;
        world.as_mut(&mut store).memory = Some(instance.exports.get_memory("memory")?.clone());
        let ended = instance.exports.get_function("_start")?.call(&mut store, &[]);
        let host = &mut world.as_mut(&mut store).host;
        let mut outcome = Outcome {
            status: Some(0),
            stdout: std::mem::take(&mut host.stdout),
            stderr: std::mem::take(&mut host.stderr),
            files: Vec::new(),
        };
        if let Err(error) = ended {
            outcome.status = error.downcast_ref::<Exit>().map(|exit| exit.0);
            if outcome.status.is_none() {
                outcome.stderr.extend_from_slice(error.to_string().as_bytes());
            }
        }
        Ok(outcome)
    }

    fn run_hermetic(&self, wasm: &Path) -> Result<Outcome> {
        let (mut store, module) = load(wasm)?;
        let instance = Instance::new(&mut store, &module, &Imports::new())?;
        let ended = instance.exports.get_function("_start")?.call(&mut store, &[]);
        let trap = ended.err().map(|trap| trap.to_string());
        hermetic::outcome(&mut Hermetic { store, instance }, trap)
    }
}

/// A hermetic program that has ended.
struct Hermetic {
    store: Store,
    instance: Instance,
}

impl Hermetic {
    fn number(&mut self, function: &str, operands: &[Value]) -> Result<i32> {
        let function = self.instance.exports.get_function(function)?.clone();
        let results = function.call(&mut self.store, operands)?;
        results.first().and_then(Value::i32).context("no number")
    }

    fn memory(&self) -> Result<&Memory> {
        Ok(self.instance.exports.get_memory("wasm_vfs_memory")?)
    }
}

impl Exports for Hermetic {
    fn call(&mut self, function: &str, operands: &[i32]) -> Result<i32> {
        let operands: Vec<Value> = operands.iter().copied().map(Value::I32).collect();
        self.number(function, &operands)
    }

    fn get(&mut self, path: i32, path_len: i32, data: i32, len: i32, offset: i64) -> Result<i32> {
        let mut operands: Vec<Value> = [path, path_len, data, len].map(Value::I32).into();
        operands.push(Value::I64(offset));
        self.number("wasm_vfs_get", &operands)
    }

    fn base(&mut self) -> Result<i32> {
        let base = self.instance.exports.get_global("wasm_vfs_base")?.clone();
        base.get(&mut self.store).i32().context("no number")
    }

    fn read(&mut self, address: u32, bytes: &mut [u8]) -> Result<()> {
        Ok(self.memory()?.view(&self.store).read(address.into(), bytes)?)
    }

    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<()> {
        Ok(self.memory()?.view(&self.store).write(address.into(), bytes)?)
    }
}
