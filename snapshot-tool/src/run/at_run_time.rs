//! Binding a rootfs module to a program when that is instantiated, under wasmtime:
//! [`RunTimeLinker`].
//!
//! The program's module stays as it is, and so does the filesystem's (from `wasm-vfs image`): each
//! is compiled once, and every instance of the program gets an instance of the filesystem. The
//! engine must have multi-memory.
//!
//! It works for a program that imports its memory and for one that exports it as `memory`. It
//! cannot work for a program that exports its memory *and* calls WASI from its start function: the
//! filesystem needs the memory, which is there only when the start function has returned. Link such
//! a program.

use anyhow::{Context as _, bail, ensure};
use wasmtime::{
    Engine, ExternType, Func, Instance, Linker, Memory, MemoryType, Module, Ref, Store, Table,
};

use crate::adapter::names::{EVENTS, HOST_API_PREFIX, UNSTABLE_SUFFIX, WASI_HOST};
use crate::adapter::rootfs_module::RootfsModule;
use crate::adapter::shims;
use crate::adapter::shims::{APP, MEMORY, TABLE};
use crate::error::{Error, ErrorKind, InnerResult, Marked as _};
use crate::linux_calls;
use crate::preview1::{PREVIEW1, UNSTABLE};

/// A rootfs module, compiled, for programs that are not linked with it.
///
/// ```
/// use wasm_vfs::embed::{HostApi, RunTimeLinker};
/// use wasm_vfs::{Packer, TreeBuilder};
/// use wasmtime::{Engine, Linker, Module, Store};
/// use wasmtime_wasi::WasiCtxBuilder;
/// use wasmtime_wasi::p1::{self, WasiP1Ctx};
///
/// # let directory = tempfile::tempdir()?;
/// # std::env::set_current_dir(&directory)?;
/// # std::fs::write("program.wasm", wat::parse_str(wasm_vfs::doc::PROGRAM)?)?;
/// let tree = TreeBuilder::new().file("/etc/version", "1.2\n");
/// Packer::new(tree).bake()?.write("rootfs.wasm")?;
///
/// let engine = Engine::default();
/// let filesystem = RunTimeLinker::new(&engine, &std::fs::read("rootfs.wasm")?)?;
/// let program = Module::from_file(&engine, "program.wasm")?;
///
/// let mut wasi: Linker<WasiP1Ctx> = Linker::new(&engine);
/// p1::add_to_linker_sync(&mut wasi, |context| context)?;
/// let mut store = Store::new(&engine, WasiCtxBuilder::new().build_p1());
/// let bound = filesystem.instantiate(&mut store, &wasi, &program)?;
/// bound.program.get_typed_func::<(), ()>(&mut store, "_start")?.call(&mut store, ())?;
/// let tree = HostApi::new(&mut store, &bound.filesystem)?;
/// assert_eq!(tree.read(&mut store, "/etc/version")?, b"1.2\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct RunTimeLinker {
    adapter: Module,
    host: Module,
    calls: Module,
}

/// A program and its filesystem.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Bound {
    /// To be started.
    pub program: Instance,
    /// For [`HostApi`](crate::embed::HostApi).
    pub filesystem: Instance,
}

/// The program's memory.
enum UserMemory {
    /// Imported by these names.
    Imported(String, String, MemoryType),
    Exported,
}

impl RunTimeLinker {
    /// Compiles a filesystem that `wasm-vfs image` has written.
    ///
    /// # Errors
    ///
    /// When the bytes are no rootfs module, or the engine has no multi-memory.
    pub fn new(engine: &Engine, rootfs: &[u8]) -> Result<Self, Error> {
        Ok(Self::compile(engine, rootfs).of_kind(ErrorKind::Run)?)
    }

    fn compile(engine: &Engine, rootfs: &[u8]) -> InnerResult<Self> {
        let adapter = RootfsModule::parse(rootfs).of_kind(ErrorKind::Damaged)?;
        let compile = |bytes: &[u8]| Module::new(engine, bytes).map_err(anyhow::Error::from);
        Ok(Self {
            host: compile(&shims::host(&adapter)?)?,
            calls: compile(&shims::calls(&adapter)?)?,
            adapter: compile(rootfs)
                .context("the rootfs module (is multi-memory enabled in the engine?)")?,
        })
    }

    /// Instantiates `program` with a filesystem of its own. `host` has what the engine's embedder
    /// provides: WASI for the filesystem, and whatever else the program imports.
    ///
    /// # Errors
    ///
    /// When the program has no memory that it imports or exports as `memory`, an import is missing,
    /// or its start function traps.
    pub fn instantiate<T: 'static>(
        &self,
        store: &mut Store<T>,
        host: &Linker<T>,
        program: &Module,
    ) -> Result<Bound, Error> {
        Ok(self.bind(store, host, program).of_kind(ErrorKind::Run)?)
    }

    fn bind<T: 'static>(
        &self,
        store: &mut Store<T>,
        host: &Linker<T>,
        program: &Module,
    ) -> InnerResult<Bound> {
        let mut linker = host.clone();
        linker.allow_shadowing(true);
        match user_memory(program)? {
            UserMemory::Imported(module, name, ty) => {
                let memory = Memory::new(&mut *store, ty)?;
                linker.define(&mut *store, &module, &name, memory)?;
                let filesystem = self.filesystem(store, host, memory)?;
                self.serve(store, &mut linker, filesystem, program)?;
                let program = linker.instantiate(&mut *store, program)?;
                Ok(Bound { program, filesystem })
            }
            UserMemory::Exported => {
                let calls = Linker::new(store.engine()).instantiate(&mut *store, &self.calls)?;
                self.serve(store, &mut linker, calls, program)?;
                let program = linker.instantiate(&mut *store, program)?;
                let memory = program.get_memory(&mut *store, MEMORY);
                let memory = memory.context("the program exports no memory")?;
                let filesystem = self.filesystem(store, host, memory)?;
                let table = calls.get_table(&mut *store, TABLE).context("there is no table")?;
                self.fill(store, table, filesystem)?;
                Ok(Bound { program, filesystem })
            }
        }
    }

    /// An instance of the filesystem for a program with this memory.
    fn filesystem<T: 'static>(
        &self,
        store: &mut Store<T>,
        host: &Linker<T>,
        memory: Memory,
    ) -> InnerResult<Instance> {
        let mut to_host = host.clone();
        to_host.allow_shadowing(true);
        to_host.define(&mut *store, APP, MEMORY, memory)?;
        let shim = to_host.instantiate(&mut *store, &self.host)?;
        let mut linker = Linker::new(store.engine());
        linker.define(&mut *store, APP, MEMORY, memory)?;
        linker.instance(&mut *store, WASI_HOST, shim)?;
        for import in self.adapter.imports().filter(|import| import.module() == EVENTS) {
            if let Some(told) = host.get_by_import(&mut *store, &import) {
                linker.define(&mut *store, EVENTS, import.name(), told)?;
            }
        }
        Ok(linker.instantiate(&mut *store, &self.adapter)?)
    }

    /// Gives the program's imports of WASI the functions that `served` exports.
    fn serve<T: 'static>(
        &self,
        store: &mut Store<T>,
        linker: &mut Linker<T>,
        served: Instance,
        program: &Module,
    ) -> InnerResult<()> {
        for import in program.imports() {
            let (module, name) = (import.module(), import.name());
            if name.starts_with(HOST_API_PREFIX) {
                continue;
            }
            let older = format!("{name}{UNSTABLE_SUFFIX}");
            let function = match module {
                PREVIEW1 => served.get_func(&mut *store, name),
                UNSTABLE => served
                    .get_func(&mut *store, &older)
                    .or_else(|| served.get_func(&mut *store, name)),
                _ => linux_calls::export(module, name)
                    .and_then(|export| served.get_func(&mut *store, &export)),
            };
            if let Some(function) = function {
                linker.define(&mut *store, module, name, function)?;
            }
        }
        Ok(())
    }

    /// Gives the stand-ins what they stand in for.
    fn fill<T: 'static>(
        &self,
        store: &mut Store<T>,
        table: Table,
        filesystem: Instance,
    ) -> InnerResult<()> {
        let functions = self.calls.exports().filter(|it| matches!(it.ty(), ExternType::Func(_)));
        for (position, export) in (0..).zip(functions) {
            let function: Option<Func> = filesystem.get_func(&mut *store, export.name());
            table.set(&mut *store, position, Ref::Func(function))?;
        }
        Ok(())
    }
}

/// How the program comes by its memory.
fn user_memory(program: &Module) -> InnerResult<UserMemory> {
    for import in program.imports() {
        if let ExternType::Memory(ty) = import.ty() {
            check_memory(&ty)?;
            let (module, name) = (import.module().to_owned(), import.name().to_owned());
            return Ok(UserMemory::Imported(module, name, ty));
        }
    }
    match program.get_export(MEMORY) {
        Some(ExternType::Memory(ty)) => {
            check_memory(&ty)?;
            Ok(UserMemory::Exported)
        }
        _ => bail!("the program neither imports a memory nor exports one as `{MEMORY}`"),
    }
}

/// Checks that the filesystem can work on a program's memory.
fn check_memory(ty: &MemoryType) -> InnerResult<()> {
    ensure!(
        !ty.is_shared(),
        "the program's memory is shared, and linking at run time does not change the program: use `wasm-vfs pack`, which \
         makes an ordinary memory of it"
    );
    ensure!(!ty.is_64(), "the program's memory has 64-bit addresses: build it for wasm32");
    Ok(())
}
