//! Linux's calls as a linker sees them: which import is which export of the adapter, and of what
//! type it must be. The table is the crate `wasm-vfs-calls`.

use wasm_vfs_calls::{CALLS, Call, LIFECYCLE, SYS, WALI, WASM_VFS};
use wasmparser::{Parser, Payload};

/// Whether a program's import from this module is one of Linux's calls, or wants to be.
pub(crate) fn is_module(module: &str) -> bool {
    [WASM_VFS, WALI].contains(&module)
}

/// The adapter's export that an import from such a module is served by; `None`: there is no such
/// call.
pub(crate) fn export(module: &str, name: &str) -> Option<String> {
    if let Some(call) = wasm_vfs_calls::find(module, name) {
        return Some(export_of(call));
    }
    let lifecycle = LIFECYCLE.iter().find(|it| module == WALI && it.name == name);
    lifecycle.map(|it| it.name.to_owned())
}

/// The adapter's export that serves a call.
pub(crate) fn export_of(call: &Call) -> String {
    format!("{SYS}{}", call.name)
}

/// The names that an export of the adapter has in programs: module and name.
pub(crate) fn imports_of(export: &str) -> Vec<(&'static str, String)> {
    if let Some(call) = CALLS.iter().find(|call| export_of(call) == export) {
        return vec![(WASM_VFS, call.name.to_owned()), (WALI, export.to_owned())];
    }
    let lifecycle = LIFECYCLE.iter().find(|it| it.name == export);
    lifecycle.map(|it| (WALI, it.name.to_owned())).into_iter().collect()
}

/// The names and types of all exports of an adapter that serves the calls.
#[cfg(test)]
pub(crate) fn exports() -> impl Iterator<Item = (String, wasmparser::FuncType)> {
    use wasm_vfs_calls::Wasm;
    use wasmparser::{FuncType, ValType};
    let value = |ty: Wasm| match ty {
        Wasm::I32 => ValType::I32,
        Wasm::I64 => ValType::I64,
    };
    let calls = CALLS.iter().map(move |call| {
        let params = call.args.iter().map(|arg| value(arg.kind.wasm()));
        (export_of(call), FuncType::new(params, [ValType::I64]))
    });
    let lifecycle = LIFECYCLE.iter().map(move |it| {
        let params = it.params.iter().copied().map(value);
        (it.name.to_owned(), FuncType::new(params, it.answers.then_some(ValType::I32)))
    });
    calls.chain(lifecycle)
}

/// Whether a program makes such calls. Only its imports are looked at; what is no module makes none.
pub(crate) fn are_made_by(program: &[u8]) -> bool {
    for payload in Parser::new(0).parse_all(program) {
        match payload {
            Ok(Payload::ImportSection(imports)) => {
                return imports
                    .into_imports()
                    .any(|import| import.is_ok_and(|import| is_module(import.module)));
            }
            Ok(Payload::Version { .. } | Payload::TypeSection(_) | Payload::CustomSection(_)) => {}
            // What comes behind the imports.
            _ => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn imports_lead_to_exports_and_back() {
        assert_eq!(export("wasm_vfs", "openat").as_deref(), Some("SYS_openat"));
        assert_eq!(export("wali", "SYS_openat").as_deref(), Some("SYS_openat"));
        assert_eq!(export("wali", "SYS_fadvise").as_deref(), Some("SYS_fadvise64"));
        assert_eq!(export("wali", "__init").as_deref(), Some("__init"));
        assert_eq!(export("wasm_vfs", "__init"), None);
        assert_eq!(export("wali", "SYS_bpf"), None);
        for (name, _) in exports() {
            for (module, import) in imports_of(&name) {
                assert_eq!(export(module, &import).as_ref(), Some(&name));
            }
        }
    }

    #[test]
    fn the_imports_alone_say_whether_calls_are_made() {
        let makes = |text: &str| are_made_by(&wat::parse_str(text).unwrap());
        assert!(makes(r#"(module (import "wali" "SYS_close" (func (param i32) (result i64))))"#));
        assert!(makes(r#"(module (import "wasm_vfs" "sync" (func (result i64))))"#));
        assert!(!makes(r#"(module (import "env" "SYS_close" (func)))"#));
        assert!(!makes("(module)"));
        assert!(!are_made_by(b"#!/bin/sh"));
    }
}
