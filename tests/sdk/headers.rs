//! Each header compiles on its own, in every C and C++ that programs are written in, without a warning.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::compile::{Zig, run, sdk};

/// All headers of the SDK, by what `#include` says.
fn headers() -> Vec<String> {
    fn walk(directory: &Path, root: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, root, found);
            } else {
                found.push(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    let root = sdk().join("include");
    let mut found = Vec::new();
    walk(&root, &root, &mut found);
    found.sort();
    found
}

/// All headers, in both orders.
fn together() -> Vec<String> {
    let headers = headers();
    assert!(headers.len() > 20, "{headers:?}");
    let forth = headers.iter().map(|header| format!("#include <{header}>\n")).collect();
    let back = headers.iter().rev().map(|header| format!("#include <{header}>\n")).collect();
    vec![forth, back]
}

/// Each header, twice.
fn alone() -> Vec<String> {
    headers().iter().map(|header| format!("#include <{header}>\n").repeat(2)).collect()
}

fn compile(sources: &[String], standards: &[&str], extension: &str) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("headers").with_extension(extension);
    let object = directory.path().join("headers.o");
    for zig in Zig::all() {
        for standard in standards {
            for source in sources {
                let mut source = source.clone();
                if zig.is_old() && standard.ends_with("99") {
                    // Its own header asks for a type of C11.
                    source = source.replace("#include <sys/socket.h>\n", "");
                }
                // A translation unit must declare something.
                fs::write(&file, format!("{source}extern int declared;\n"))?;
                let mut cc = zig.cc();
                cc.args(["-Wall", "-Wextra", "-Werror", "-pedantic", standard, "-c"]).arg(&file);
                run(cc.arg("-o").arg(&object)).context(source)?;
            }
        }
    }
    Ok(())
}

/// C23 was called C2x before it was done.
const C: &[&str] = &["-std=c99", "-std=gnu99", "-std=c11", "-std=gnu17", "-std=c2x"];
const CXX: &[&str] = &["-std=c++11", "-std=c++17", "-std=gnu++20"];

#[test]
fn compile_as_c() -> Result<()> {
    compile(&together(), C, "c")
}

#[test]
fn compile_as_cxx() -> Result<()> {
    compile(&together(), CXX, "cc")
}

#[test]
fn each_compiles_alone() -> Result<()> {
    compile(&alone(), &["-std=c99"], "c")?;
    compile(&alone(), &["-std=c++17"], "cc")
}
