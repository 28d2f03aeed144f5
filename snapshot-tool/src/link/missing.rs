//! Imports that neither the filesystem nor a WASI host answers ([`unanswered`]), and what to say of
//! them ([`described`]).
//!
//! An engine refuses a module for one such import, or ends the program when that is called. An
//! import of any other module may be the embedder's own, and nothing is said of it.

use wasmparser::{Import, TypeRef};

use crate::adapter::names::VARIANT_MARK;
use crate::preview1::{self, PREVIEW1, UNSTABLE};

/// Who defines what nobody answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    /// Modules that begin with `wasix_`.
    Wasix,
    /// What Emscripten's JavaScript provides, in `env`.
    Emscripten,
    /// Names in preview1's modules that preview1 does not have.
    NotPreview1,
}

const FAMILIES: [Family; 3] = [Family::Wasix, Family::Emscripten, Family::NotPreview1];

/// How the modules of WASIX begin: `wasix_32v1`, `wasix_64v1`.
const WASIX: &str = "wasix_";

/// The module of Emscripten's functions; embedders' own are in it too.
const ENV: &str = "env";

/// How the names of Emscripten's functions begin in [`ENV`]: system calls, its runtime, calls that
/// catch exceptions, C++'s exceptions, bindings.
const EMSCRIPTEN_STARTS: [&str; 7] =
    ["__syscall_", "emscripten_", "_emscripten_", "invoke_", "__cxa_", "_embind_", "__emscripten_"];

/// How the names of Emscripten's functions end that are JavaScript: `_mmap_js`.
const EMSCRIPTEN_END: &str = "_js";

/// The others.
const EMSCRIPTEN_NAMES: [&str; 6] = [
    "__assert_fail",
    "__call_sighandler",
    "__resumeException",
    "getTempRet0",
    "llvm_eh_typeid_for",
    "setTempRet0",
];

/// How many names of a family are said, and how many characters of a name.
const MOST_NAMES: usize = 8;
const MOST_CHARACTERS: usize = 80;

impl Family {
    fn of(module: &str, name: &str) -> Option<Self> {
        if module.starts_with(WASIX) {
            return Some(Self::Wasix);
        }
        let is_function = || !name.contains(VARIANT_MARK) && preview1::number(name).is_some();
        if [PREVIEW1, UNSTABLE].contains(&module) && !is_function() {
            return Some(Self::NotPreview1);
        }
        let is_emscriptens = EMSCRIPTEN_STARTS.iter().any(|start| name.starts_with(start))
            || name.ends_with(EMSCRIPTEN_END)
            || EMSCRIPTEN_NAMES.contains(&name);
        (module == ENV && is_emscriptens).then_some(Self::Emscripten)
    }

    /// Who it is, and what to do.
    fn explained(self) -> &'static str {
        match self {
            Self::Wasix => "WASIX; build it for wasm32-wasip1",
            Self::Emscripten => "Emscripten; build it with -sSTANDALONE_WASM",
            Self::NotPreview1 => "no function of preview1",
        }
    }
}

/// Returns the functions of these imports that neither the filesystem nor a WASI host answers, as
/// (module, name).
pub(crate) fn unanswered(kept: &[Import<'_>]) -> Vec<(String, String)> {
    let functions = kept.iter().filter(|import| {
        let is_function = matches!(import.ty, TypeRef::Func(_) | TypeRef::FuncExact(_));
        is_function && Family::of(import.module, import.name).is_some()
    });
    functions.map(|import| (import.module.to_owned(), import.name.to_owned())).collect()
}

/// Says in one line which imports nobody answers; `None` if there are none.
pub(crate) fn described(unanswered: &[(String, String)]) -> Option<String> {
    let mut groups = Vec::new();
    for family in FAMILIES {
        let of_family =
            |(module, name): &&(String, String)| Family::of(module, name) == Some(family);
        let names: Vec<String> = unanswered.iter().filter(of_family).map(full_name).collect();
        if names.is_empty() {
            continue;
        }
        let (said, rest) = names.split_at(names.len().min(MOST_NAMES));
        let mut text = said.join(", ");
        if !rest.is_empty() {
            text += &format!(" and {} more", rest.len());
        }
        groups.push(format!("{text} ({})", family.explained()));
    }
    let (imports, they) = match unanswered.len() {
        0 => return None,
        1 => ("1 import that", "it"),
        _ => (&*format!("{} imports that", unanswered.len()), "them"),
    };
    Some(format!(
        "it has {imports} neither the filesystem nor a WASI host answers, and most engines refuse a module for {they}: {}",
        groups.join("; ")
    ))
}

fn full_name((module, name): &(String, String)) -> String {
    let full = format!("{module}.{name}");
    match full.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => format!("`{}...`", &full[..end]),
        None => format!("`{full}`"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn imports(names: &[(&str, &str)]) -> Vec<(String, String)> {
        let import = |&(module, name)| Import { module, name, ty: TypeRef::Func(0) };
        unanswered(&names.iter().map(import).collect::<Vec<_>>())
    }

    #[test]
    fn each_family_is_said_with_what_to_do() {
        let found = imports(&[
            ("wasix_32v1", "getcwd"),
            ("env", "__syscall_openat"),
            ("env", "_mmap_js"),
            ("env", "setTempRet0"),
            ("wasi_snapshot_preview1", "sock_open"),
            ("wasi_unstable", "fd_seek@unstable"),
            // An embedder's own, the filesystem's, a WASI host's.
            ("env", "log"),
            ("mine", "__syscall_openat"),
            ("wali", "SYS_sendfile"),
            ("wasm_vfs", "chmod"),
            ("wasi_snapshot_preview1", "sock_recv"),
            ("wasi_unstable", "fd_seek"),
        ]);
        assert_eq!(found.len(), 6);
        assert_eq!(
            described(&found).unwrap(),
            "it has 6 imports that neither the filesystem nor a WASI host answers, and most engines refuse a module for \
             them: `wasix_32v1.getcwd` (WASIX; build it for wasm32-wasip1); `env.__syscall_openat`, `env._mmap_js`, \
             `env.setTempRet0` (Emscripten; build it with -sSTANDALONE_WASM); `wasi_snapshot_preview1.sock_open`, \
             `wasi_unstable.fd_seek@unstable` (no function of preview1)"
        );
        assert_eq!(described(&imports(&[("env", "log")])), None);
    }

    #[test]
    fn the_line_has_a_bounded_length() {
        let names: Vec<String> = (0..1000).map(|at| format!("{at:0>1000}")).collect();
        let names: Vec<_> = names.iter().map(|name| ("wasix_64v1", &**name)).collect();
        let line = described(&imports(&names)).unwrap();
        assert!(line.len() < 1200, "{line}");
        assert!(line.contains("it has 1000 imports"), "{line}");
        assert!(line.contains("and 992 more"), "{line}");
        let one = described(&imports(&[("wasix_64v1", "\u{e9}".repeat(100).as_str())])).unwrap();
        assert!(one.contains("it has 1 import that") && one.contains("\u{e9}...`"), "{one}");
    }

    #[test]
    fn only_functions_are_looked_at() {
        let memory = wasmparser::MemoryType {
            memory64: false,
            shared: false,
            initial: 1,
            maximum: None,
            page_size_log2: None,
        };
        let import = Import { module: "wasix_32v1", name: "x", ty: TypeRef::Memory(memory) };
        assert!(unanswered(&[import]).is_empty());
    }
}
