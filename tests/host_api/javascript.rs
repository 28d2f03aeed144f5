//! The JavaScript package, under Node, Bun and Deno and in a browser: packed programs, and what is not the tree's doing.

use std::fs;
use std::process::Command;

use wasm_vfs::{Form, Policy, Program, TreeBuilder};
use wasm_vfs_tests::engines::chromium::Chromium;
use wasm_vfs_tests::engines::node::Node;
use wasm_vfs_tests::{npm_package, tools};

use crate::javascript_link::Runtime;

/// What is checked.
const CHECKS: &str = include_str!("javascript.mjs");
/// What the checks answer.
const DONE: &str = "all of it holds";

/// `transform`, packed with a file.
fn packed(policy: Policy) -> Option<Vec<u8>> {
    let program = fs::read(tools::guest("transform")?).unwrap();
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("packed.txt"), "packed\n").unwrap();
    let tree = TreeBuilder::new().mapping(wasm_vfs::tree::DirMapping {
        host: directory.path().to_owned(),
        guest: wasm_vfs::tree::GuestPath::root(),
    });
    let packer = wasm_vfs::Packer::new(tree).form(Form::Portable).policy(policy);
    Some(
        packer
            .pack(Program::bytes("program", &program))
            .and_then(|packed| packed.to_vec())
            .unwrap(),
    )
}

/// Runs a script under Node, in a directory with `packed.wasm` where the package is installed; what it prints.
fn node(engine: &Node, packed: &[u8], script: &str) -> String {
    node_with(engine, &[], packed, script)
}

/// As [`node`], with options for Node.
fn node_with(node: &Node, options: &[&str], packed: &[u8], script: &str) -> String {
    let directory = npm_package::directory().unwrap();
    fs::write(directory.path().join("packed.wasm"), packed).unwrap();
    fs::write(directory.path().join("script.mjs"), script).unwrap();
    let mut command = Command::new(node.command());
    command.args(options).args(["script.mjs", "packed.wasm"]).current_dir(directory.path());
    let output = command.output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{stdout}{}", String::from_utf8_lossy(&output.stderr));
    stdout
}

/// Makes checks on a packed program under every JavaScript engine that is there: the Node of the machine, and those that the setup
/// installs.
fn hold(checks: &str, packed: &[u8]) {
    let script = format!(
        "import {{ readFileSync }} from 'node:fs';\n\
         import {{ instantiate, VfsError }} from 'wasm-vfs';\n\
         import {{ ok }} from 'node:assert';\n{checks}\n\
         console.log(await check(instantiate, VfsError, readFileSync('packed.wasm'), ok));\n"
    );
    let node = Node::find().map(|node| Runtime::node(node.command().to_owned()));
    for runtime in node.into_iter().chain(Runtime::all()) {
        let directory = npm_package::directory().unwrap();
        fs::write(directory.path().join("packed.wasm"), packed).unwrap();
        fs::write(directory.path().join("script.mjs"), &script).unwrap();
        let mut command = runtime.command("script.mjs".as_ref());
        let output = command.current_dir(directory.path()).output().unwrap();
        let printed = [output.stdout, output.stderr].concat();
        assert_eq!(String::from_utf8_lossy(&printed), format!("{DONE}\n"), "{runtime:?}");
    }
}

#[test]
fn under_every_engine() {
    let Some(packed) = packed(Policy::from_toml("no-dev = true").unwrap()) else { return };
    hold(CHECKS, &packed);
}

#[test]
fn under_node_without_options() {
    let Some(packed) = packed(Policy::default()) else { return };
    let Some(engine) = Node::find() else { return };
    let script = "
        import { readFileSync } from 'node:fs';
        import { instantiate } from 'wasm-vfs';
        const program = await instantiate(readFileSync('packed.wasm'));
        program.put('/input/x', 'x');
        process.exitCode = program.start();";
    let printed = node(&engine, &packed, script);
    assert!(
        printed.starts_with("arguments: [\"program\"]\ngreeting: None\ninput: \"\"\n"),
        "{printed}"
    );
    assert!(printed.ends_with("no line feed"), "{printed}");
}

#[test]
fn a_module_without_the_interface_is_told_of() {
    let Some(packed) = packed(Policy::from_toml("strip-host-api = true").unwrap()) else { return };
    let Some(engine) = Node::find() else { return };
    let script = "
        import { readFileSync } from 'node:fs';
        import { instantiate } from 'wasm-vfs';
        await instantiate(readFileSync('packed.wasm')).catch((error) => console.log(error.message));";
    assert_eq!(
        node(&engine, &packed, script),
        "it exports no host interface of version 1 (--strip-host-api?)\n"
    );
}

#[test]
fn in_a_browser() {
    let Some(packed) = packed(Policy::from_toml("no-dev = true").unwrap()) else { return };
    let (Some(chromium), Some(_)) = (Chromium::find(), npm_package::project()) else { return };
    assert_eq!(chromium.evaluate(&in_page(CHECKS, &packed)).unwrap(), DONE);
}

/// Layers and states, under every engine and in a browser: by a program that needs no guest of the tests.
#[test]
fn layers() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("packed.txt"), "packed\n").unwrap();
    let policy =
        Policy::from_toml("no-dev = true\nclock = \"fixed=2026-01-01T00:00:00Z\"").unwrap();
    let packed = crate::pack(directory.path(), Form::Portable, policy);
    holds(include_str!("javascript_layers.mjs"), &packed);
}

#[test]
fn events() {
    let policy = Policy::from_toml("events = true").unwrap();
    holds(include_str!("javascript_events.mjs"), &crate::events::packed(Form::Portable, policy));
}

/// Makes checks on a packed program, under every engine and in a browser.
fn holds(checks: &str, packed: &[u8]) {
    hold(checks, packed);
    if let (Some(chromium), Some(_)) = (Chromium::find(), npm_package::project()) {
        assert_eq!(chromium.evaluate(&in_page(checks, packed)).unwrap(), DONE);
    }
}

/// A script for a page that makes these checks on these bytes.
fn in_page(checks: &str, packed: &[u8]) -> String {
    let bytes: String = packed.iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "const {{ instantiate, VfsError }} = wasmVfs;\n{checks}\n\
         const text = '{bytes}';\n\
         const bytes = Uint8Array.from({{ length: text.length / 2 }}, (_, at) => parseInt(text.substr(2 * at, 2), 16));\n\
         const assert = (holds, what) => {{ if (!holds) throw new Error(what); }};\n\
         answer = await check(instantiate, VfsError, bytes, assert);\n"
    )
}

/// A module that is packed with an empty tree.
fn packed_text(text: &str, form: Form) -> Vec<u8> {
    let empty = tempfile::tempdir().unwrap();
    let packer = wasm_vfs::Packer::new(TreeBuilder::new().dir(empty.path(), "/")).form(form);
    packer
        .pack(Program::bytes("program", wat::parse_str(text).unwrap()))
        .and_then(|packed| packed.to_vec())
        .unwrap()
}

#[test]
fn pointers_above_2_gib() {
    const PROGRAM: &str = include_str!("javascript_pointers.wat");
    const SCRIPT: &str = include_str!("javascript_pointers.mjs");
    let rows = [(Node::find(), Form::Portable), (Node::with_multi_memory(), Form::Isolated)];
    for (engine, form) in rows {
        let Some(engine) = engine else { continue };
        assert_eq!(node(&engine, &packed_text(PROGRAM, form), SCRIPT), format!("{DONE}\n"));
    }
}

#[test]
fn after_the_program_has_used_up_all_memory() {
    const SCRIPT: &str = include_str!("javascript_memory.mjs");
    let rows = [(Node::find(), Form::Portable), (Node::with_multi_memory(), Form::Isolated)];
    for (engine, form) in rows {
        let Some(engine) = engine else { continue };
        let packed = packed_text(crate::PROGRAM, form);
        for pages in [50, 51, 77, 200] {
            let option = format!("--wasm-max-mem-pages={pages}");
            assert_eq!(node_with(&engine, &[&option], &packed, SCRIPT), format!("{DONE}\n"));
        }
    }
}

#[test]
fn a_program_that_starts_nothing_is_told_of() {
    let Some(engine) = Node::find() else { return };
    let program = r#"(module
        (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
        (memory (export "memory") 1)
        (func (export "work") (drop (call $yield))))"#;
    let script = "
        import { readFileSync } from 'node:fs';
        import { instantiate } from 'wasm-vfs';
        const program = await instantiate(readFileSync('packed.wasm'));
        try { program.start(); } catch (error) { console.log(`${error}`); }
        program.instance.exports.work();";
    assert_eq!(
        node(&engine, &packed_text(program, Form::Portable), script),
        "Error: the program exports neither `_start` nor `_initialize`: call its exports in `instance`\n"
    );
}
