//! Checks what the linker wrote: valid with only the features that program and form need, and
//! importing and exporting only what it should.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use wasmparser::{
    FuncToValidate, FuncValidatorAllocations, FunctionBody, Parser, ValidPayload, Validator,
    ValidatorResources, WasmFeatures,
};

use crate::features;
use crate::module::Module;

/// The features that a module needs: no engine that has these refuses it.
///
/// # Errors
///
/// When the module is damaged.
pub fn features_needed(wasm: &[u8]) -> Result<WasmFeatures> {
    let module = Module::parse(wasm)?;
    Ok(features::of_sections(&module)? | features::of_bodies(module.bodies.iter())?)
}

/// Validates `wasm` with exactly `allowed`. Function bodies are shared among the machine's cores.
///
/// # Errors
///
/// When the module is invalid or needs another feature.
pub fn validate(wasm: &[u8], allowed: WasmFeatures) -> Result<()> {
    let mut validator = Validator::new_with_features(allowed);
    let mut parser = Parser::new(0);
    parser.set_features(allowed);
    let mut functions = Vec::new();
    for payload in parser.parse_all(wasm) {
        if let ValidPayload::Func(function, body) = validator.payload(&payload?)? {
            functions.push((function, body));
        }
    }
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let share = functions.len().div_ceil(workers).max(1);
    std::thread::scope(|scope| {
        let mut running = Vec::new();
        while !functions.is_empty() {
            let part = functions.split_off(functions.len().saturating_sub(share));
            running.push(scope.spawn(move || validate_bodies(part)));
        }
        // The parts were taken from the end; report the first error of the module.
        for worker in running.into_iter().rev() {
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        }
        Ok(())
    })
}

fn validate_bodies(
    functions: Vec<(FuncToValidate<ValidatorResources>, FunctionBody<'_>)>,
) -> Result<()> {
    let mut allocations = FuncValidatorAllocations::default();
    for (function, body) in functions {
        let mut validator = function.into_validator(allocations);
        validator.validate(&body)?;
        allocations = validator.into_allocations();
    }
    Ok(())
}

/// Checks a module's imports (as `module.name`) and exports against what is allowed.
///
/// # Errors
///
/// Naming the first import or export that is not in its list.
pub fn check_surface(
    wasm: &[u8],
    imports: &BTreeSet<String>,
    exports: &BTreeSet<String>,
) -> Result<()> {
    let module = Module::parse(wasm)?;
    for import in &module.imports {
        let name = format!("{}.{}", import.module, import.name);
        ensure!(imports.contains(&name), "the result imports `{name}`, which nothing asked for");
    }
    for export in &module.exports {
        let name = export.name;
        ensure!(exports.contains(name), "the result exports `{name}`, which nothing asked for");
    }
    ensure!(
        module.exports.len() == exports.len(),
        "the result has {} exports, the program {}",
        module.exports.len(),
        exports.len()
    );
    Ok(())
}
