//! The header `wasm_vfs.h`: every call of the table, declared for C.

use std::fmt::Write as _;

use wasm_vfs_calls::{Arg, CALLS, Call, WASM_VFS};

/// What stands before the declarations. The structures are in a header that people write.
const BEGINNING: &str = "\
/* Linux's calls, for programs that `wasm-vfs` packs. Written by `cargo xtask sdk` from the table of
 * calls: do not edit.
 *
 * Each function is an import of the module `wasm_vfs`. Its result is a value, or minus an error
 * number: errno stays as it is. Flags, structures and error numbers are Linux's, as in
 * wasm_vfs_types.h. The functions with POSIX names, which set errno and take the numbers of
 * wasi-libc's headers, are in the other headers of this directory; libwasm_vfs.a has them.
 */
#ifndef WASM_VFS_H
#define WASM_VFS_H

#include \"wasm_vfs_types.h\"

#ifdef __cplusplus
extern \"C\" {
#endif

#define WASM_VFS_CALL(name) __attribute__((import_module(\"wasm_vfs\"), import_name(#name)))
";

const END: &str = "
#undef WASM_VFS_CALL

#ifdef __cplusplus
}
#endif
#endif
";

/// Where a line of a comment ends.
const COLUMNS: usize = 100;

/// Returns the text of the header.
pub(super) fn text() -> String {
    let mut text = BEGINNING.to_owned();
    assert!(text.contains(&format!("import_module(\"{WASM_VFS}\")")), "the table's module");
    for call in CALLS {
        declare(&mut text, call);
    }
    text + END
}

/// Adds the declaration of a call, with what the table says of it.
fn declare(text: &mut String, call: &Call) {
    let mut doc = call.doc.to_owned();
    if !call.c.is_empty() {
        let _ = write!(doc, " In C: {}.", call.c.split(' ').collect::<Vec<_>>().join(", "));
    }
    text.push('\n');
    comment(text, &doc);
    let parameters: Vec<String> = call.args.iter().map(parameter).collect();
    let parameters = if parameters.is_empty() { "void".to_owned() } else { parameters.join(", ") };
    let _ = writeln!(text, "WASM_VFS_CALL({})", call.name);
    let _ = writeln!(text, "long long wasm_vfs_{}({parameters});", call.name);
}

/// Adds a comment of as many lines as it needs.
fn comment(text: &mut String, doc: &str) {
    let mut line = "/*".to_owned();
    for word in doc.split(' ') {
        if line.len() + 1 + word.len() > COLUMNS - 3 {
            let _ = writeln!(text, "{line}");
            " *".clone_into(&mut line);
        }
        line.push(' ');
        line.push_str(word);
    }
    let _ = writeln!(text, "{line} */");
}

/// The parameter of an argument. Arrays and what may be null are pointers, as everywhere in C.
fn parameter(arg: &Arg) -> String {
    let c = arg.kind.c();
    let name = arg.name;
    if c.ends_with('*') { format!("{c}{name}") } else { format!("{c} {name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_a_number_and_no_arguments() {
        let text = text();
        assert!(text.contains(
            "long long wasm_vfs_stat(const char *pathname, struct wasm_vfs_stat *statbuf);\n"
        ));
        assert!(text.contains(
            "WASM_VFS_CALL(lseek)\nlong long wasm_vfs_lseek(int fd, long long offset, int whence);\n"
        ));
        assert!(text.contains("long long wasm_vfs_sync(void);\n"));
    }

    #[test]
    fn comments_are_wrapped() {
        for line in text().lines().filter(|line| line.starts_with("/*") || line.starts_with(" *")) {
            assert!(line.len() <= COLUMNS, "{line}");
        }
    }
}
