//! Builds engines into `target/tools/engines`, each as a program that the tests start.
//!
//! Zig's C compiler builds WAMR and Wasm3 from C sources that crates carry, with drivers of ours
//! (`tests/engines/native/`). Wasmer is a crate with a driver of ours
//! (`tests/engines/wasmer_driver/`).

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::tools::pypi;
use crate::{process, workspace};

/// An engine in C.
struct Engine {
    name: &'static str,
    /// The crate that carries its sources, and where in it they begin.
    package: &'static str,
    root: &'static str,
    driver: &'static str,
    /// What is compiled, below the root: files, and all C files of directories that end in `/`.
    sources: &'static [&'static str],
    /// Where headers are, below the root.
    includes: &'static [&'static str],
    defines: &'static [&'static str],
    /// The header that tells the version, and the names of its parts there.
    version: (&'static str, [&'static str; 3]),
}

const WAMR_SOURCES: &[&str] = &[
    "iwasm/common/",
    "iwasm/common/arch/invokeNative_em64.s",
    "iwasm/interpreter/wasm_loader.c",
    "iwasm/interpreter/wasm_runtime.c",
    "shared/mem-alloc/",
    "shared/mem-alloc/ems/",
    "shared/utils/",
    "shared/utils/uncommon/",
    "shared/platform/linux/",
    "shared/platform/common/posix/",
    "shared/platform/common/libc-util/",
    "iwasm/libraries/libc-wasi/",
    "iwasm/libraries/libc-wasi/sandboxed-system-primitives/src/",
];

const WAMR_INCLUDES: &[&str] = &[
    "",
    "iwasm/include",
    "iwasm/common",
    "iwasm/interpreter",
    "shared/include",
    "shared/utils",
    "shared/utils/uncommon",
    "shared/mem-alloc",
    "shared/platform/include",
    "shared/platform/linux",
    "shared/platform/common/libc-util",
    "iwasm/libraries/libc-wasi",
    "iwasm/libraries/libc-wasi/sandboxed-system-primitives/include",
    "iwasm/libraries/libc-wasi/sandboxed-system-primitives/src",
];

const WAMR_VERSION: (&str, [&str; 3]) =
    ("version.h", ["WAMR_VERSION_MAJOR", "WAMR_VERSION_MINOR", "WAMR_VERSION_PATCH"]);

/// What WAMR's own build defines for an interpreter with bulk memory, reference types and WASI on
/// Linux.
macro_rules! wamr_defines {
    ($($own:literal)*) => {
        &[
            "BUILD_TARGET_X86_64",
            "BH_PLATFORM_LINUX",
            "BH_MALLOC=wasm_runtime_malloc",
            "BH_FREE=wasm_runtime_free",
            "_GNU_SOURCE",
            "WASM_HAVE_MREMAP=1",
            "WASM_ENABLE_INTERP=1",
            "WASM_ENABLE_BULK_MEMORY=1",
            "WASM_ENABLE_BULK_MEMORY_OPT=1",
            "WASM_ENABLE_REF_TYPES=1",
            "WASM_ENABLE_CALL_INDIRECT_OVERLONG=1",
            "WASM_ENABLE_LIBC_WASI=1",
            "WASM_ENABLE_MODULE_INST_CONTEXT=1",
            "WASM_ENABLE_TAIL_CALL=1",
            "WASM_ENABLE_EXTENDED_CONST_EXPR=1",
            "WASM_DISABLE_HW_BOUND_CHECK=1",
            "WASM_DISABLE_STACK_HW_BOUND_CHECK=1",
            $($own),*
        ]
    };
}

const ENGINES: &[Engine] = &[
    Engine {
        name: "wamr-fast",
        package: "wamrx-sys",
        root: "wasm-micro-runtime/core",
        driver: "wamr.c",
        sources: &["iwasm/interpreter/wasm_interp_fast.c"],
        includes: WAMR_INCLUDES,
        defines: wamr_defines!("WASM_ENABLE_FAST_INTERP=1" "WASM_ENABLE_MULTI_MEMORY=0"),
        version: WAMR_VERSION,
    },
    Engine {
        name: "wamr-classic",
        package: "wamrx-sys",
        root: "wasm-micro-runtime/core",
        driver: "wamr.c",
        sources: &["iwasm/interpreter/wasm_interp_classic.c"],
        includes: WAMR_INCLUDES,
        defines: wamr_defines!("WASM_ENABLE_FAST_INTERP=0" "WASM_ENABLE_MULTI_MEMORY=1"),
        version: WAMR_VERSION,
    },
    Engine {
        name: "wasm3",
        package: "wasm3x-sys",
        root: "wasm3/source",
        driver: "wasm3.c",
        sources: &[""],
        includes: &[""],
        defines: &["d_m3LogOutput=0", "d_m3HasWASI"],
        version: ("wasm3.h", ["M3_VERSION_MAJOR", "M3_VERSION_MINOR", "M3_VERSION_REV"]),
    },
];

/// Needs a library that nothing here has; another file is its alternative.
const NOT_COMPILED: &str = "m3_api_uvwasi.c";

/// Returns the directory of the built programs.
fn directory() -> PathBuf {
    workspace::tools().join("engines")
}

/// Builds the engines in C that are missing or older than their sources.
pub(crate) fn ensure_those_in_c() -> Result<()> {
    prepare()?;
    for engine in ENGINES {
        compile(engine).with_context(|| format!("cannot build {}", engine.name))?;
    }
    Ok(())
}

/// Builds Wasmer if it is missing or older than its driver.
pub(crate) fn ensure_wasmer() -> Result<()> {
    prepare()?;
    wasmer().context("cannot build wasmer")
}

fn prepare() -> Result<()> {
    ensure!(
        cfg!(all(target_os = "linux", target_arch = "x86_64")),
        "the drivers are made for Linux on x86-64"
    );
    fs::create_dir_all(directory())
        .with_context(|| format!("cannot create {}", directory().display()))
}

fn compile(engine: &Engine) -> Result<()> {
    let drivers = workspace::root().join("tests/engines/native");
    let output = directory().join(engine.name);
    // What decides on the result: the drivers, the versions of the sources, and this file.
    let mut made_of = include_str!("engine_drivers.rs").to_owned();
    for file in ["driver.h", engine.driver, "Cargo.lock"] {
        made_of += &read(&drivers.join(file))?;
    }
    let stamp = output.with_extension("stamp");
    if output.exists() && fs::read_to_string(&stamp).is_ok_and(|text| text == made_of) {
        return Ok(());
    }
    eprintln!("xtask: compiling {} into {}", engine.name, output.display());
    let root = package(engine.package)?.join(engine.root);
    let mut cc = pypi::python(&["-m", "ziglang", "cc", "-target", "x86_64-linux-gnu"]);
    // Their code is theirs: no warnings, and none of Zig's own checks, which abort.
    cc.args(["-O2", "-w", "-fno-sanitize=all", "-o"]).arg(&output);
    cc.args(engine.defines.iter().map(|define| format!("-D{define}")));
    cc.args(engine.includes.iter().map(|include| format!("-I{}", root.join(include).display())));
    cc.arg(drivers.join(engine.driver));
    let shared = if engine.package == "wamrx-sys" { WAMR_SOURCES } else { &[] };
    for source in engine.sources.iter().chain(shared) {
        cc.args(files(&root.join(source))?);
    }
    let scratch = workspace::target().join("guests/build/zig");
    cc.args(["-lm", "-lpthread"]);
    cc.env("ZIG_GLOBAL_CACHE_DIR", &scratch).env("ZIG_LOCAL_CACHE_DIR", &scratch);
    process::run(&mut cc)?;
    let (header, parts) = engine.version;
    let header = read(&root.join(header))?;
    let version: Option<Vec<&str>> = parts.iter().map(|part| defined(&header, part)).collect();
    let version = version.context("its header tells no version")?.join(".");
    write(&output.with_extension("version"), &version)?;
    write(&stamp, &made_of)
}

/// The value of a preprocessor's constant.
fn defined<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    header.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        (words.next() == Some("#define") && words.next() == Some(name)).then(|| words.next())?
    })
}

/// A file, or all C files of a directory.
fn files(source: &Path) -> Result<Vec<PathBuf>> {
    if source.is_file() {
        return Ok(vec![source.to_owned()]);
    }
    let mut files = Vec::new();
    let entries = fs::read_dir(source).with_context(|| format!("no {}", source.display()))?;
    for entry in entries {
        let path = entry?.path();
        let compiled = path.file_name().is_some_and(|name| name != NOT_COMPILED);
        if compiled && path.extension().is_some_and(|extension| extension == "c") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Where cargo has unpacked a crate that the drivers' lock file pins.
fn package(name: &str) -> Result<PathBuf> {
    let manifest = workspace::root().join("tests/engines/native/Cargo.toml");
    let mut cargo = process::cargo(&["metadata", "--locked", "--format-version", "1"]);
    cargo.args(["--filter-platform", "x86_64-unknown-linux-gnu", "--manifest-path"]).arg(manifest);
    let metadata = process::read(&mut cargo)?;
    // Of all that cargo tells, one path: that of the crate's manifest.
    let manifests = metadata
        .split("\"manifest_path\":\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next().map(Path::new));
    let directories = manifests.filter_map(Path::parent);
    let wanted = format!("{name}-");
    let mut found = directories.filter(|directory| {
        directory.file_name().is_some_and(|file| file.to_string_lossy().starts_with(&wanted))
    });
    found.next().map(Path::to_owned).with_context(|| format!("cargo has no sources of {name}"))
}

fn wasmer() -> Result<()> {
    let manifest = workspace::root().join("tests/engines/wasmer_driver/Cargo.toml");
    let build = workspace::target().join("tools-build");
    let mut cargo =
        process::cargo(&["build", "--quiet", "--release", "--locked", "--manifest-path"]);
    cargo.arg(manifest).arg("--target-dir").arg(&build);
    process::run(&mut cargo)?;
    let (built, output) = (build.join("release/wasmer-driver"), directory().join("wasmer"));
    let when = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    if when(&output) < when(&built) {
        // Beside it first: a test may be running the one that is there.
        let unfinished = output.with_extension("unfinished");
        fs::copy(&built, &unfinished)
            .and_then(|_| fs::rename(&unfinished, &output))
            .with_context(|| format!("cannot write {}", output.display()))?;
    }
    Ok(())
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
