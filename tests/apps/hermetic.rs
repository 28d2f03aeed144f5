//! Hermetic programs import nothing: they run on engines that have no WASI at all, and what they leave behind is read
//! through the host interface. Each engine gets the bytes and nothing else.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;
use wasm_vfs::{ConfigFile, Form, HostApi, Packer, TreeBuilder};
use wasm_vfs_tests::engines::chromium::Chromium;
use wasm_vfs_tests::engines::node::Node;
use wasm_vfs_tests::tools;

/// What a hermetic program left behind.
#[derive(Debug, PartialEq, Eq)]
struct Left {
    status: i32,
    stdout: String,
    stderr: String,
}

const STDOUT: &str = "/run/stdout";
const STDERR: &str = "/run/stderr";

const POLICY: &str = "hermetic = true\narg = ['world', 'one', 'exit=7']\nenv = ['A=1']";

fn packed(form: Form) -> Result<Option<Vec<u8>>> {
    let Some(program) = tools::guest("world") else { return Ok(None) };
    let policy = ConfigFile::parse(POLICY)?.policy;
    let packer = Packer::new(TreeBuilder::new()).form(form).policy(policy);
    Ok(Some(packer.pack_bytes(&std::fs::read(program)?)?))
}

fn on_wasmtime(wasm: &[u8]) -> Result<Left> {
    use wasmtime::{Engine, Instance, Module, Store};
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &Module::new(&engine, wasm)?, &[])?;
    let start = instance.get_typed_func::<(), ()>(&mut store, "_start")?;
    ensure!(start.call(&mut store, ()).is_err(), "proc_exit returned");
    let tree = HostApi::new(&mut store, &instance)?;
    Ok(Left {
        status: tree.exit_status(&mut store)?.context("no exit status")?,
        stdout: String::from_utf8(tree.read(&mut store, STDOUT)?)?,
        stderr: String::from_utf8(tree.read(&mut store, STDERR)?)?,
    })
}

/// Without our wrappers: the exports as they are documented.
fn on_wasmi(wasm: &[u8]) -> Result<Left> {
    use wasmi::{Engine, Linker, Module, Store};
    const ROOM: i32 = 65_536;
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let instance =
        Linker::new(&engine).instantiate_and_start(&mut store, &Module::new(&engine, wasm)?)?;
    let start = instance.get_typed_func::<(), ()>(&store, "_start")?;
    ensure!(start.call(&mut store, ()).is_err(), "proc_exit returned");
    let status = instance.get_typed_func::<(), i32>(&store, "wasm_vfs_exit_status")?;
    let allocate = instance.get_typed_func::<i32, i32>(&store, "wasm_vfs_allocate")?;
    let get = instance.get_typed_func::<(i32, i32, i32, i32, i64), i32>(&store, "wasm_vfs_get")?;
    let memory = instance.get_memory(&store, "wasm_vfs_memory").context("no memory")?;
    let base = instance.get_global(&store, "wasm_vfs_base").context("no base")?;
    let mut read = |path: &str| -> Result<String> {
        let at = allocate.call(&mut store, ROOM)?;
        let (len, data) = (i32::try_from(path.len())?, at + 4096);
        let place = |store: &Store<()>, at: i32| {
            let base = base.get(store).i32().unwrap_or_default();
            at.wrapping_add(base).cast_unsigned() as usize
        };
        let to = place(&store, at);
        memory.write(&mut store, to, path.as_bytes())?;
        let filled = get.call(&mut store, (at, len, data, ROOM - 4096, 0))?;
        let mut bytes = vec![0; usize::try_from(filled).with_context(|| path.to_owned())?];
        memory.read(&store, place(&store, data), &mut bytes)?;
        Ok(String::from_utf8(bytes)?)
    };
    let (stdout, stderr) = (read(STDOUT)?, read(STDERR)?);
    Ok(Left { status: status.call(&mut store, ())?, stdout, stderr })
}

/// What a script does with `bytes` and `Program` of `js/wasm-vfs.js`: `WebAssembly.instantiate(bytes, {})`, and an answer without
/// characters that a page would escape.
const SCRIPT: &str = r#"
const { instance } = await WebAssembly.instantiate(bytes, {});
const program = new Program(instance);
const status = program.start();
const text = (path) => Array.from(program.get(path)).join(" ");
answer = [status, text("/run/stdout"), text("/run/stderr")].join(";");
"#;

/// The answer of [`SCRIPT`].
fn left(answer: &str) -> Result<Left> {
    let text = |part: Option<&str>| -> Result<String> {
        let codes = part.context("no answer")?.split_whitespace().map(str::parse);
        Ok(String::from_utf8(codes.collect::<Result<_, _>>()?)?)
    };
    let mut parts = answer.trim().split(';');
    let status = parts.next().context("no status")?.parse()?;
    Ok(Left { status, stdout: text(parts.next())?, stderr: text(parts.next())? })
}

fn on_node(node: &Node, wasm: &[u8]) -> Result<Left> {
    let directory = TempDir::new()?;
    let (program, script) = (directory.path().join("p.wasm"), directory.path().join("run.mjs"));
    std::fs::write(&program, wasm)?;
    let library = std::fs::canonicalize(tools::test_data("../js/wasm-vfs.js"))?;
    let text = format!(
        "import {{ readFileSync }} from 'node:fs';\nimport {{ Program }} from {:?};\n\
         const bytes = readFileSync({:?});\nlet answer;\n{SCRIPT}\nconsole.log(answer);\n",
        library, program
    );
    std::fs::write(&script, text)?;
    let output = Command::new(node.command()).arg("--no-warnings").arg(&script).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    left(&String::from_utf8(output.stdout)?)
}

fn on_chromium(chromium: &Chromium, wasm: &[u8]) -> Result<Left> {
    // A page from a file may not import another file, so our module is put into the script.
    let library = std::fs::read_to_string(tools::test_data("../js/wasm-vfs.js"))?;
    let library = library.replace("\nexport ", "\n");
    let bytes: Vec<String> = wasm.iter().map(u8::to_string).collect();
    let bytes = bytes.join(",");
    left(
        &chromium
            .evaluate(&format!("const bytes = new Uint8Array([{bytes}]);\n{library}\n{SCRIPT}"))?,
    )
}

#[test]
fn it_runs_on_engines_without_wasi() -> Result<()> {
    let Some(portable) = packed(Form::Portable)? else { return Ok(()) };
    let expected = on_wasmtime(&portable).context("wasmtime")?;
    assert_eq!(expected.status, 7);
    assert_eq!(expected.stderr, "to stderr\n");
    for line in [
        r#"arguments ["world", "one", "exit=7"]"#,
        r#"environment [("A", "1")]"#,
        // Files that were written before have read the clock too: a millisecond each time.
        "realtime 946684800004000000 then 1000000",
        "slept 30 ms true",
        r#"stdin """#,
        "sched_yield 0",
        // NOTSOCK; the null device is ready, and has its end to read.
        "sock_shutdown 57",
        "poll 0 1 token 5 error 0",
    ] {
        let told = &expected.stdout;
        assert!(told.lines().any(|told| told == line), "no {line:?} in\n{told}");
    }
    assert_eq!(on_wasmi(&portable).context("wasmi")?, expected);
    if let Some(node) = Node::find() {
        assert_eq!(on_node(&node, &portable).context("Node")?, expected);
    }
    if let Some(chromium) = Chromium::find() {
        assert_eq!(on_chromium(&chromium, &portable).context("Chromium")?, expected);
    }
    let isolated = packed(Form::Isolated)?.context("the guest is gone")?;
    assert_eq!(on_wasmtime(&isolated).context("wasmtime, isolated")?, expected);
    if let Some(node) = Node::with_multi_memory() {
        assert_eq!(on_node(&node, &isolated).context("new Node, isolated")?, expected);
    }
    Ok(())
}
