//! Wasmtime, by its crate. The only engine here that is also shown host directories: it is the
//! reference.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use anyhow::Result;
use wasm_vfs::embed::HostApi;
use wasmtime::error::Context;
use wasmtime::{
    Cache, CacheConfig, Config, Instance, Linker, Module, OptLevel, RegallocAlgorithm, Store,
    Strategy,
};
use wasmtime_wasi::p1::{self, WasiP1Ctx};
use wasmtime_wasi::p2::pipe::{MemoryInputPipe, MemoryOutputPipe};
use wasmtime_wasi::{FsPerms, I32Exit, WasiCtxBuilder, p0};

use crate::engine::{Engine, HERMETIC_STREAMS, Invocation, Outcome};
use crate::matrix::is_long_run;
use crate::tools;

/// Wasmtime with its wasi implementation, compiling by Cranelift or Winch: what a host directory shows, it
/// shows.
#[derive(Debug)]
pub struct Wasmtime;

/// What a program's calls may take, and the thread that it runs on: the same and some for the
/// host's functions.
const WASM_STACK_BYTES: usize = 32 << 20;
const THREAD_STACK_BYTES: usize = WASM_STACK_BYTES + (2 << 20);

/// More than any program here prints.
const OUTPUT_LIMIT_BYTES: usize = 64 << 20;

/// Larger programs are compiled by Winch, wasmtime's compiler of one pass: the filesystem in them
/// is the same as in all the small ones, which Cranelift compiles, and compiling is most of what
/// these tests would do. The long run has Cranelift for all.
const LARGE_BYTES: u64 = 2 << 20;

/// One of each for the process: compiled modules are kept in a cache below `target/`, for the next
/// process too.
static CRANELIFT: LazyLock<Result<wasmtime::Engine>> = LazyLock::new(|| {
    let mut config = config(Strategy::Cranelift)?;
    // Half the time for code that runs somewhat slower.
    config.cranelift_opt_level(OptLevel::None);
    config.cranelift_regalloc_algorithm(RegallocAlgorithm::SinglePass);
    Ok(wasmtime::Engine::new(&config)?)
});

/// `None` where wasmtime has no Winch.
static WINCH: LazyLock<Option<wasmtime::Engine>> =
    LazyLock::new(|| wasmtime::Engine::new(&config(Strategy::Winch).ok()?).ok());

/// Has wasmtime compile as quickly as it can on this machine: for what runs once, where another
/// compiler would tell nothing else.
pub fn compile_quickly(config: &mut Config) -> &mut Config {
    if cfg!(target_arch = "x86_64") {
        config.strategy(Strategy::Winch)
    } else {
        config.cranelift_opt_level(OptLevel::None)
    }
}

fn config(compiler: Strategy) -> Result<Config> {
    let mut cache = CacheConfig::new();
    cache.with_directory(tools::target().join("wasmtime-cache"));
    let mut config = Config::new();
    config.strategy(compiler).cache(Some(Cache::new(cache)?));
    // Ruby's evaluator recurses deeply, and unoptimised frames are large.
    config.async_stack_size(THREAD_STACK_BYTES);
    config.max_wasm_stack(WASM_STACK_BYTES);
    Ok(config)
}

/// Compiles a program.
fn compile(wasm: &Path) -> Result<Module> {
    let is_large = fs::metadata(wasm).is_ok_and(|file| file.len() > LARGE_BYTES);
    // Winch lacks exceptions, among others.
    if is_large
        && !is_long_run()
        && let Some(engine) = &*WINCH
        && let Ok(module) = Module::from_file(engine, wasm)
    {
        return Ok(module);
    }
    let engine = CRANELIFT.as_ref().map_err(|error| anyhow::anyhow!("{error:#}"))?;
    Module::from_file(engine, wasm).with_context(|| wasm.display().to_string()).map_err(Into::into)
}

impl Engine for Wasmtime {
    fn name(&self) -> &'static str {
        "wasmtime"
    }

    fn run(&self, wasm: &Path, invocation: &Invocation) -> Result<Outcome> {
        on_a_large_stack(|| run(&compile(wasm)?, invocation))
    }

    fn run_hermetic(&self, wasm: &Path) -> Result<Outcome> {
        on_a_large_stack(|| run_hermetic(&compile(wasm)?))
    }
}

/// The threads of a test runner are too small.
fn on_a_large_stack<T: Send>(run: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(THREAD_STACK_BYTES);
        let run = thread.spawn_scoped(scope, run)?;
        run.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Nothing is given to it, and it is read out by our own library.
fn run_hermetic(module: &Module) -> Result<Outcome> {
    let mut store = Store::new(module.engine(), ());
    let instance = Instance::new(&mut store, module, &[])?;
    let start = instance.get_typed_func::<(), ()>(&mut store, "_start")?;
    let trap = start.call(&mut store, ()).err();
    let tree = HostApi::new(&mut store, &instance)?;
    let status = tree.exit_status(&mut store)?;
    let [stdout, stderr] = HERMETIC_STREAMS.map(|path| tree.read(&mut store, path));
    // `proc_exit` stores its status and traps.
    let status = if trap.is_none() { Some(status.unwrap_or(0)) } else { status };
    Ok(Outcome { status, stdout: stdout?, stderr: stderr?, files: Vec::new() })
}

fn run(module: &Module, invocation: &Invocation) -> Result<Outcome> {
    let (outcome, files) =
        run_then(module, invocation, |store, instance| match &invocation.host_root {
            Some(root) => {
                let read = |path: &String| Ok(std::fs::read(root.join(path))?);
                invocation.collect.iter().map(read).collect()
            }
            None => collect(store, instance, &invocation.collect),
        })?;
    Ok(Outcome { files, ..outcome })
}

/// Runs a packed program as [`Wasmtime`] does, and returns a directory of its tree as a tar archive
/// beside the outcome.
///
/// # Errors
///
/// As [`Engine::run`], and when the tree cannot be read.
pub fn run_and_export(
    wasm: &Path,
    invocation: &Invocation,
    directory: &str,
) -> Result<(Outcome, Vec<u8>)> {
    on_a_large_stack(|| {
        run_then(&compile(wasm)?, invocation, |store, instance| {
            let mut archive = Vec::new();
            let tree = HostApi::new(&mut *store, &instance)?;
            tree.export_tar(&mut *store, directory, &mut archive)?;
            Ok(archive)
        })
    })
}

/// Runs a program, and reads something out of it when it has ended.
fn run_then<T>(
    module: &Module,
    invocation: &Invocation,
    read: impl FnOnce(&mut Store<WasiP1Ctx>, Instance) -> Result<T>,
) -> Result<(Outcome, T)> {
    let mut host = WasiHost::new(module.engine(), invocation)?;
    let instance = host.linker.instantiate(&mut host.store, module)?;
    let start = instance.get_typed_func::<(), ()>(&mut host.store, "_start")?;
    let ended = start.call(&mut host.store, ());
    let read = read(&mut host.store, instance);
    let outcome = host.outcome(ended);
    match read {
        Ok(read) => Ok((outcome, read)),
        Err(error) => Err(error.context(format!("its files cannot be read: {outcome:?}"))),
    }
}

/// Wasmtime's own WASI host for one program, with its standard streams in memory.
#[expect(missing_debug_implementations, reason = "wasmtime's linker has none")]
pub struct WasiHost {
    /// The store that the program's instance goes into.
    pub store: Store<WasiP1Ctx>,
    /// Defines preview1, and the preview before.
    pub linker: Linker<WasiP1Ctx>,
    stdout: MemoryOutputPipe,
    stderr: MemoryOutputPipe,
}

impl WasiHost {
    /// Returns a host that gives the program what `invocation` has.
    ///
    /// # Errors
    ///
    /// When a directory of the host cannot be opened.
    pub fn new(engine: &wasmtime::Engine, invocation: &Invocation) -> Result<Self> {
        let stdout = MemoryOutputPipe::new(OUTPUT_LIMIT_BYTES);
        let stderr = MemoryOutputPipe::new(OUTPUT_LIMIT_BYTES);
        let mut context = WasiCtxBuilder::new();
        context
            .args(&invocation.args)
            .envs(&invocation.env)
            .stdin(MemoryInputPipe::new(invocation.stdin.clone()))
            .stdout(stdout.clone())
            .stderr(stderr.clone());
        if let Some(root) = &invocation.host_root {
            context.preopened_dir(root, "/", FsPerms::ReadWrite)?;
            for name in &invocation.host_preopens {
                context.preopened_dir(root.join(name), name, FsPerms::ReadWrite)?;
            }
        }
        let mut linker: Linker<WasiP1Ctx> = Linker::new(engine);
        p1::add_to_linker_sync(&mut linker, |context| context)?;
        // For programs of the preview before.
        p0::add_to_linker_sync(&mut linker, |context| context)?;
        Ok(Self { store: Store::new(engine, context.build_p1()), linker, stdout, stderr })
    }

    /// Returns the outcome of a program whose `_start` has returned `ended`.
    #[must_use]
    pub fn outcome(self, ended: wasmtime::Result<()>) -> Outcome {
        drop(self.store);
        let mut outcome = Outcome {
            status: Some(0),
            stdout: self.stdout.contents().into(),
            stderr: self.stderr.contents().into(),
            files: Vec::new(),
        };
        if let Err(error) = ended {
            outcome.status = error.downcast_ref::<I32Exit>().map(|exit| exit.0);
            if outcome.status.is_none() {
                outcome.stderr.extend_from_slice(format!("{error:?}").as_bytes());
            }
        }
        outcome
    }
}

/// Reads files out of a packed program that has ended.
fn collect(
    store: &mut Store<WasiP1Ctx>,
    instance: Instance,
    paths: &[String],
) -> Result<Vec<Vec<u8>>> {
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    let tree = HostApi::new(&mut *store, &instance)?;
    paths.iter().map(|path| Ok(tree.read(&mut *store, &format!("/{path}"))?)).collect()
}
