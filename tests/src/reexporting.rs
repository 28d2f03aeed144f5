//! A program that exports the functions of preview1 that it imports ([`program`]): packed, its exports are the filesystem's
//! functions, for a test to call in any order.

use std::fmt::Write as _;

/// The text of such a program, with `rest` (its memory, functions of its own) behind the imports. Of each function: its
/// name and its parameters, `i` of 32 bits and `I` of 64.
#[must_use]
pub fn program(functions: &[(&str, &str)], rest: &str) -> String {
    let (mut imports, mut exports) = (String::new(), String::new());
    for (name, params) in functions {
        let types: String =
            params.chars().map(|c| if c == 'i' { "i32 " } else { "i64 " }).collect();
        let gets: String = (0..params.len()).map(|n| format!("(local.get {n})")).collect();
        // Writing to a string does not fail.
        let _ = writeln!(
            imports,
            r#"(import "wasi_snapshot_preview1" "{name}" (func ${name} (param {types}) (result i32)))"#
        );
        let _ = writeln!(
            exports,
            r#"(func (export "{name}") (param {types}) (result i32) (call ${name} {gets}))"#
        );
    }
    format!("(module {imports} {rest} {exports})")
}
