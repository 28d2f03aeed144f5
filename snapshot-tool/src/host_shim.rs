//! The module that gives an adapter module's host functions their real names, for people who link with `wasm-merge`.
//!
//! An adapter module exports `fd_write` for the program and imports the host's from `wasi_host`: were that import named
//! `wasi_snapshot_preview1.fd_write`, `wasm-merge` would resolve it to the module's own export. A second merge with this module, as
//! `wasi_host`, puts the real name in.

use anyhow::{Context as _, Result};
use wasm_encoder::reencode::Reencode as _;
use wasm_encoder::{
    CodeSection, EntityType, ExportKind, ExportSection, Function, FunctionSection, ImportSection,
    Module as Encoded, TypeSection,
};

use crate::adapter_module::AdapterModule;
use crate::core_form::{PREVIEW1, WASI_HOST};
use crate::module::Module;
use crate::remap::{Remap, explain};

/// The module for the host functions of `adapter`: for each an import by its real name, and an exported function that
/// calls it. (An import that is exported as it is would do for engines, but not for every tool.)
///
/// # Errors
///
/// When the adapter module is damaged.
pub fn host_shim(adapter: &AdapterModule<'_>) -> Result<Vec<u8>> {
    let adapter = Module::parse(&adapter.hollow).context("the baked filesystem")?;
    let (mut types, mut imports) = (TypeSection::new(), ImportSection::new());
    let (mut functions, mut exports) = (FunctionSection::new(), ExportSection::new());
    let mut code = CodeSection::new();
    let hosts = adapter.function_imports().filter(|(_, import)| import.module == WASI_HOST);
    let hosts: Vec<_> = hosts.collect();
    for (number, (function, import)) in (0..).zip(&hosts) {
        let ty = adapter.function_type(*function)?;
        let params = ty.params().len();
        let encoded = Remap::default().func_type(ty.clone()).map_err(explain)?;
        types.ty().func_type(&encoded);
        imports.import(PREVIEW1, import.name, EntityType::Function(number));
        functions.function(number);
        let index = u32::try_from(hosts.len())? + number;
        exports.export(import.name, ExportKind::Func, index);
        let mut body = Function::new([]);
        for param in 0..u32::try_from(params)? {
            body.instructions().local_get(param);
        }
        body.instructions().call(number).end();
        code.function(&body);
    }
    let mut shim = Encoded::new();
    shim.section(&types).section(&imports).section(&functions).section(&exports).section(&code);
    Ok(shim.finish())
}
