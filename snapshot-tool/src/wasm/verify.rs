//! Checks what the linker wrote: valid with only the features that program and form need, and
//! importing and exporting only what it should.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use wasmparser::{
    FuncToValidate, FuncValidatorAllocations, FunctionBody, Parser, ValidPayload, Validator,
    ValidatorResources, WasmFeatures,
};

use crate::wasm::features;
use crate::wasm::module::Module;

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
        "the result has {} exports, and should have {}",
        module.exports.len(),
        exports.len()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use WasmFeatures as F;

    /// Modules, and what each needs beyond the first version of WebAssembly.
    fn rows() -> Vec<(&'static str, F)> {
        let exceptions = F::EXCEPTIONS;
        let typed = F::FUNCTION_REFERENCES | F::REFERENCE_TYPES;
        vec![
            ("(module (memory 1) (func (drop (i32.load (i32.const 0)))))", F::empty()),
            ("(module (global (export \"g\") (mut i32) (i32.const 0)))", F::empty()),
            (
                "(module (func (param i32) (result i32) (i32.extend8_s (local.get 0))))",
                F::SIGN_EXTENSION,
            ),
            (
                "(module (func (result i32) (i32.trunc_sat_f32_s (f32.const 1))))",
                F::SATURATING_FLOAT_TO_INT,
            ),
            ("(module (func (result i32 i32) (i32.const 1) (i32.const 1)))", F::MULTI_VALUE),
            ("(module (func (i32.const 1) (block (param i32) (drop))))", F::MULTI_VALUE),
            (
                "(module (memory 1) (func (memory.copy (i32.const 0) (i32.const 0) (i32.const 0))))",
                F::BULK_MEMORY,
            ),
            ("(module (memory 1) (data \"passive\"))", F::BULK_MEMORY),
            ("(module (func (local v128)))", F::SIMD),
            ("(module (func (param v128)))", F::SIMD),
            (
                "(module (func (param v128) (result v128) (i32x4.relaxed_trunc_f32x4_s (local.get 0))))",
                F::SIMD | F::RELAXED_SIMD,
            ),
            ("(module (func $f (return_call $f)))", F::TAIL_CALL),
            ("(module (table 1 funcref) (table 1 funcref))", F::REFERENCE_TYPES),
            ("(module (table 1 externref))", F::REFERENCE_TYPES),
            ("(module (func (result externref) (ref.null extern)))", F::REFERENCE_TYPES),
            ("(module (memory 1) (memory 1))", F::MULTI_MEMORY),
            ("(module (global i32 (i32.add (i32.const 1) (i32.const 1))))", F::EXTENDED_CONST),
            ("(module (tag) (func (throw 0)))", exceptions),
            ("(module (func try catch_all end))", exceptions | F::LEGACY_EXCEPTIONS),
            ("(module (func (block $b (try_table (catch_all $b)))))", exceptions),
            (
                "(module (func $f) (elem declare func $f) (func (call_ref 0 (ref.func $f))))",
                typed | F::BULK_MEMORY,
            ),
            ("(module (type (struct)))", typed | F::GC),
            ("(module (func (local contref)))", typed | F::GC | F::STACK_SWITCHING),
            ("(module (rec (type (func)) (type (func))))", typed | F::GC),
            ("(module (memory i64 1))", F::MEMORY64),
            ("(module (memory 1 1 shared))", F::THREADS),
            (
                "(module (memory 1 1 shared) (func (drop (i32.atomic.load (i32.const 0)))))",
                F::THREADS,
            ),
            ("(module (memory 1 (pagesize 1)))", F::CUSTOM_PAGE_SIZES),
        ]
    }

    #[test]
    fn needed_features_are_exact() {
        for (text, expected) in rows() {
            let wasm = wat::parse_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            let needed = features_needed(&wasm).unwrap();
            assert_eq!(needed, F::WASM1 | expected, "{text}");
            validate(&wasm, needed).unwrap_or_else(|error| panic!("{text}: {error}"));
            if !expected.is_empty() {
                assert!(validate(&wasm, F::WASM1).is_err(), "{text} needs nothing");
            }
        }
    }

    #[test]
    fn a_padded_table_index_is_a_feature_of_its_own() {
        let text = "(module (table 1 funcref) (func (call_indirect (i32.const 0))))";
        let mut wasm = wat::parse_str(text).unwrap();
        assert_eq!(features_needed(&wasm).unwrap(), F::WASM1);
        // The table's index is last but for `end`; sizes of body and section grow with it.
        let end = wasm.iter().rposition(|&byte| byte == 0x0b).unwrap();
        assert_eq!(wasm[end - 3..=end], [0x11, 0, 0, 0x0b]);
        wasm.splice(end - 1..end, [0x80, 0]);
        for size in [end - 7, end - 9] {
            wasm[size] += 1;
        }
        assert_eq!(features_needed(&wasm).unwrap(), F::WASM1 | F::CALL_INDIRECT_OVERLONG);
    }

    #[test]
    fn surplus_imports_and_exports_are_found() {
        let wasm =
            wat::parse_str(r#"(module (import "a" "b" (func)) (func (export "f")))"#).unwrap();
        let set = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        check_surface(&wasm, &set(&["a.b"]), &set(&["f"])).unwrap();
        assert!(check_surface(&wasm, &set(&[]), &set(&["f"])).is_err());
        assert!(check_surface(&wasm, &set(&["a.b"]), &set(&[])).is_err());
        assert!(check_surface(&wasm, &set(&["a.b"]), &set(&["f", "g"])).is_err());
    }
}
