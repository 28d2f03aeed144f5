//! The two small modules with which a rootfs module is bound to a program when that is
//! instantiated, in place of being linked: `run/at_run_time.rs` uses them under wasmtime, and any
//! other engine can.
//!
//! ```text
//!   program --fd_read--> (calls) --fd_read--> rootfs module --fd_write--> (host) --fd_write--> engine's WASI
//! ```
//!
//! * [`host`]: an engine's WASI functions look for the memory that the instance which called them
//!   exports as `memory`. The rootfs module exports none: both memories that it uses are somebody
//!   else's, or private. So it calls them through this module, which imports the program's memory
//!   and exports it.
//! * [`calls`]: a program that exports its memory must exist before the rootfs module can have it,
//!   and needs the rootfs module's functions before it can exist. This module's functions stand in
//!   for them: each calls through a table, which is filled when there is something to call.

use anyhow::{Context as _, Result, ensure};
use wasm_encoder::reencode::Reencode as _;
use wasm_encoder::{
    CodeSection, EntityType, ExportKind, ExportSection, Function, FunctionSection, ImportSection,
    MemoryType, Module as Encoded, RefType, TableSection, TableType, TypeSection,
};
use wasmparser::{ExternalKind, FuncType};

use crate::adapter::names;
use crate::adapter::names::{HOST_API_PREFIX, WASI_HOST};
use crate::adapter::rootfs_module::RootfsModule;
use crate::linux_calls;
use crate::preview1::{PREVIEW1, ServedModule};
use crate::wasm::index::FuncIdx;
use crate::wasm::module::Module;
use crate::wasm::remap::{Remap, explain};

/// The import module of the program's memory, in a rootfs module and in [`host`].
pub const APP: &str = names::APP;
/// The program's memory: what WASI hosts look for.
pub const MEMORY: &str = names::MEMORY;
/// The export of [`calls`] that is filled: the function at each position is the one of that number
/// among its exported ones.
pub const TABLE: &str = "functions";

/// The module that calls the WASI host's functions for `rootfs`, with the program's memory
/// (imported as `app.memory`) as its own.
///
/// # Errors
///
/// When the rootfs module is damaged.
pub fn host(rootfs: &RootfsModule) -> Result<Vec<u8>> {
    host_functions(rootfs, Memory::OfTheProgram)
}

/// Returns the module that a second `wasm-merge` takes as `wasi_host`: for each WASI host function
/// of `rootfs` an import by its real name, and an exported function that calls it.
///
/// A rootfs module exports `fd_write` for the program and imports the WASI host's from `wasi_host`:
/// were that import named `wasi_snapshot_preview1.fd_write`, `wasm-merge` would resolve it to the
/// module's own export.
///
/// # Errors
///
/// When the rootfs module is damaged.
pub fn for_wasm_merge(rootfs: &RootfsModule) -> Result<Vec<u8>> {
    host_functions(rootfs, Memory::None)
}

/// Returns the module that a first `wasm-merge` takes as `module`, one of Linux's calls: for each of
/// them that `rootfs` serves an import from `wasi_snapshot_preview1`, which is how the rootfs module
/// is called there, and an export by the name that programs know.
///
/// # Errors
///
/// When the rootfs module is damaged, or serves no such calls.
pub fn calls_for_wasm_merge(rootfs: &RootfsModule, module: ServedModule) -> Result<Vec<u8>> {
    let adapter = Module::parse(rootfs.hollow()).context("the rootfs module")?;
    let mut served = Vec::new();
    for export in adapter.exports.iter().filter(|it| it.kind == ExternalKind::Func) {
        for (of, name) in linux_calls::imports_of(export.name) {
            if of == module.name() {
                served.push((export.name, name, FuncIdx(export.index)));
            }
        }
    }
    ensure!(
        !served.is_empty(),
        "the filesystem was made without Linux's calls: make it with `wasm-vfs image --calls`"
    );
    let mut imports = ImportSection::new();
    let mut shim = Functions::default();
    let first_defined = u32::try_from(served.len())?;
    for (number, (export, name, function)) in (0..).zip(&served) {
        imports.import(PREVIEW1, export, EntityType::Function(number));
        shim.add(name, adapter.function_type(*function)?, first_defined, |body| {
            body.instructions().call(number).end();
        })?;
    }
    Ok(shim.finish(Some(&imports), None))
}

/// Whether a module of forwarding functions has a memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Memory {
    /// It is merged with a module that has one.
    None,
    OfTheProgram,
}

/// A module that exports, for each WASI host function of `rootfs`, a function that calls the one of
/// the real name. (An import that is exported as it is would do for engines, but not for every
/// tool, and would be called by whoever calls the export.)
pub(crate) fn host_functions(rootfs: &RootfsModule, memory: Memory) -> Result<Vec<u8>> {
    let adapter = Module::parse(rootfs.hollow()).context("the rootfs module")?;
    let mut imports = ImportSection::new();
    if memory == Memory::OfTheProgram {
        imports.import(APP, MEMORY, EntityType::Memory(any_memory()));
    }
    let hosts = adapter.function_imports().filter(|(_, import)| import.module == WASI_HOST);
    let hosts: Vec<_> = hosts.map(|(function, import)| (import.name, function)).collect();
    let mut shim = Functions::default();
    for (number, (name, function)) in (0..).zip(&hosts) {
        imports.import(PREVIEW1, name, EntityType::Function(number));
        let first_defined = u32::try_from(hosts.len())?;
        shim.add(name, adapter.function_type(*function)?, first_defined, |body| {
            body.instructions().call(number).end();
        })?;
    }
    if memory == Memory::OfTheProgram {
        shim.exports.export(MEMORY, ExportKind::Memory, 0);
    }
    Ok(shim.finish(Some(&imports), None))
}

/// The module that stands in for the functions that `adapter` exports for programs.
///
/// # Errors
///
/// When the rootfs module is damaged.
pub fn calls(rootfs: &RootfsModule) -> Result<Vec<u8>> {
    let adapter = Module::parse(rootfs.hollow()).context("the rootfs module")?;
    let exports: Vec<(&str, FuncIdx)> = adapter
        .exports
        .iter()
        .filter(|export| export.kind == ExternalKind::Func)
        .filter(|export| !export.name.starts_with(HOST_API_PREFIX))
        .map(|export| (export.name, FuncIdx(export.index)))
        .collect();
    let mut shim = Functions::default();
    for (number, (name, function)) in (0..).zip(&exports) {
        shim.add(name, adapter.function_type(*function)?, 0, |body| {
            body.instructions().i32_const(number).call_indirect(0, number.cast_unsigned()).end();
        })?;
    }
    let functions = u64::try_from(exports.len())?;
    let mut tables = TableSection::new();
    tables.table(TableType {
        element_type: RefType::FUNCREF,
        table64: false,
        minimum: functions,
        maximum: Some(functions),
        shared: false,
    });
    shim.exports.export(TABLE, ExportKind::Table, 0);
    Ok(shim.finish(None, Some(&tables)))
}

/// A memory of any size.
fn any_memory() -> MemoryType {
    MemoryType { minimum: 0, maximum: None, memory64: false, shared: false, page_size_log2: None }
}

/// Exported functions in the making, each of a type of its own.
#[derive(Default)]
struct Functions {
    types: TypeSection,
    functions: FunctionSection,
    exports: ExportSection,
    code: CodeSection,
}

impl Functions {
    /// Adds a function that pushes its parameters and does `then`.
    fn add(
        &mut self,
        name: &str,
        ty: &FuncType,
        first_defined: u32,
        then: impl FnOnce(&mut Function),
    ) -> Result<()> {
        let number = self.functions.len();
        let encoded = Remap::default().func_type(ty.clone()).map_err(explain)?;
        self.types.ty().func_type(&encoded);
        self.functions.function(number);
        self.exports.export(name, ExportKind::Func, first_defined + number);
        let mut body = Function::new([]);
        for param in 0..u32::try_from(ty.params().len())? {
            body.instructions().local_get(param);
        }
        then(&mut body);
        self.code.function(&body);
        Ok(())
    }

    fn finish(self, imports: Option<&ImportSection>, tables: Option<&TableSection>) -> Vec<u8> {
        let mut module = Encoded::new();
        module.section(&self.types);
        if let Some(imports) = imports {
            module.section(imports);
        }
        module.section(&self.functions);
        if let Some(tables) = tables {
            module.section(tables);
        }
        module.section(&self.exports).section(&self.code);
        module.finish()
    }
}
