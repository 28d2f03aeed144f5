//! `docs/calls.md`: the page of all of Linux's calls that a program reaches, from the table and the
//! rows that test fs-core.
//!
//! A call of the filesystem must have everything that the page has a column for.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use anyhow::{Context as _, Result};
use wasm_vfs_calls::{CALLS, Call, LIFECYCLE};

use crate::workspace;

/// What the page begins with.
const HEAD: &str = "\
<!-- Written by `cargo xtask calls` from calls/src/table.rs and fs-core/tests/posix/rows. -->
# Linux's calls

A program imports each of these calls as `wasm_vfs.NAME`, or as `wali.SYS_NAME` if it was built for WALI. Both are one function of the filesystem. In C,
`wasm_vfs.h` declares it as `wasm_vfs_NAME`, and the C library has it under its usual names (`wasm-vfs sdk`); in Rust, the crate `wasm-vfs-guest`. The result is
a value, or minus a Linux error number. A program pays only for the calls that it imports.

* *Arguments* are i32, but for those in *italics*, which are i64. A star marks a pointer that is checked.
* *fs-core* is the method of `wasm_vfs_core::Fs` that serves the call; the adapter serves the others by itself.
* *preview1* is the nearest function that WASI has.
* *Rows* counts the tested calls in the tables that run on Linux first and then on fs-core.

";

/// The page.
pub(super) fn page() -> Result<String> {
    let rows = rows()?;
    let mut page = HEAD.to_owned();
    let (of_filesystem, others): (Vec<&Call>, Vec<&Call>) =
        CALLS.iter().partition(|call| call.is_of_filesystem());
    page += "## Calls of the filesystem\n\n";
    page += "| call | arguments | what it does | fs-core | preview1 | C | rows |\n|---|---|---|---|---|---|---|\n";
    for call in of_filesystem {
        let Call { name, method, doc, .. } = call;
        writeln!(
            page,
            "| `{name}` | {} | {doc} | `{method}` | {} | {} | {} |",
            arguments(call),
            code(call.preview1),
            code(call.c),
            rows_of(call, &rows)
        )?;
    }
    page += "\n## Calls that programs make beside them\n\n";
    page += "| call | arguments | what it does | preview1 | C |\n|---|---|---|---|---|\n";
    for call in others {
        let Call { name, doc, .. } = call;
        let arguments = arguments(call);
        writeln!(
            page,
            "| `{name}` | {arguments} | {doc} | {} | {} |",
            code(call.preview1),
            code(call.c)
        )?;
    }
    page += "\n## How a program of WALI starts and ends\n\n| function of `wali` | what it does |\n|---|---|\n";
    for function in LIFECYCLE {
        writeln!(page, "| `{}` | {} |", function.name, function.doc)?;
    }
    Ok(page)
}

/// The arguments of a call, as the page shows them.
fn arguments(call: &Call) -> String {
    use wasm_vfs_calls::Wasm;
    let argument = |arg: &wasm_vfs_calls::Arg| {
        let star = if arg.kind.is_pointer() { "\\*" } else { "" };
        let name = arg.name.replace('_', "\\_");
        match arg.kind.wasm() {
            Wasm::I32 => format!("{star}{name}"),
            Wasm::I64 => format!("*{name}*"),
        }
    };
    call.args.iter().map(argument).collect::<Vec<_>>().join(", ")
}

/// Words, each as code.
fn code(words: &str) -> String {
    words.split_whitespace().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" ")
}

/// What the rows' language calls some calls, beside their own names.
const ROW_NAMES: &[(&str, &[&str])] = &[
    (
        "fcntl",
        &["dupfd", "dupfd_cloexec", "getfd", "setfd", "getfl", "setfl", "setpipe_sz", "getpipe_sz"],
    ),
    ("ioctl", &["fionread"]),
    ("pread64", &["pread"]),
    ("pwrite64", &["pwrite"]),
    ("newfstatat", &["fstatat"]),
    ("open", &["openat"]),
    ("fallocate", &["posix_fallocate"]),
    ("utimensat", &["futimens"]),
    ("pipe", &["pipe2"]),
    ("eventfd", &["eventfd2"]),
    ("ppoll", &["poll"]),
    ("select", &["poll"]),
    ("pselect6", &["poll"]),
    ("renameat", &["renameat2"]),
    ("inotify_init", &["inotify_init1"]),
    ("faccessat", &["faccessat2"]),
    ("fchmodat", &["fchmodat2"]),
];

/// How often the rows make each call.
fn rows() -> Result<BTreeMap<String, usize>> {
    let folder = workspace::root().join("fs-core/tests/posix/rows");
    let mut counts = BTreeMap::new();
    for entry in
        fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?
    {
        let text = fs::read_to_string(entry?.path())?;
        let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
        for call in lines.flat_map(|line| line.split(';')) {
            if let Some(name) = call.split_whitespace().next() {
                *counts.entry(name.to_owned()).or_default() += 1;
            }
        }
    }
    Ok(counts)
}

/// How often the rows make a call, under any of its names there.
fn rows_of(call: &Call, rows: &BTreeMap<String, usize>) -> usize {
    let more = ROW_NAMES.iter().find(|(name, _)| *name == call.name);
    let more = more.map(|(_, names)| *names).unwrap_or_default();
    let names = std::iter::once(&call.name).chain(more);
    names.filter_map(|name| rows.get(*name)).sum()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    /// Calls whose tests are not rows: they are of memory, which the rows do not show.
    const TESTED_IN_MEMORY: &[&str] = &["brk", "madvise", "mremap"];

    /// Calls of the filesystem for which C has the function of another row.
    const C_HAS_ANOTHER: &[&str] = &["eventfd2", "faccessat2", "fchmodat2", "getdents", "brk"];

    #[test]
    fn each_call_of_the_filesystem_has_rows_and_a_name_in_c() {
        let rows = rows().unwrap();
        let tests = workspace::root().join("fs-core/tests/program_mappings.rs");
        let tests = fs::read_to_string(tests).unwrap();
        let mut lacking = Vec::new();
        for call in CALLS.iter().filter(|call| call.is_of_filesystem()) {
            let in_memory = TESTED_IN_MEMORY.contains(&call.name)
                && tests.contains(&format!(".{}(", call.method));
            if rows_of(call, &rows) == 0 && !in_memory {
                lacking.push(format!("{} has no row", call.name));
            }
            if call.c.is_empty() && !C_HAS_ANOTHER.contains(&call.name) {
                lacking.push(format!("{} has no name in C", call.name));
            }
        }
        assert!(lacking.is_empty(), "{lacking:#?}");
    }

    /// The methods, by the sources of fs-core.
    #[test]
    fn each_method_is_there() {
        let mut sources = String::new();
        let mut folders = vec![workspace::root().join("fs-core/src/syscalls")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    sources += &fs::read_to_string(path).unwrap();
                }
            }
        }
        let is_missing = |call: &&Call| {
            let name = format!("pub fn {}(", call.method);
            call.is_of_filesystem() && !sources.contains(&name)
        };
        let missing: Vec<&str> = CALLS.iter().filter(is_missing).map(|call| call.name).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
