//! The JavaScript module, under Node and in a browser.

use std::fs;
use std::process::Command;

use wasm_vfs::{Form, Policy, Program, TreeBuilder};
use wasm_vfs_tests::engines::chromium::Chromium;
use wasm_vfs_tests::engines::node::Node;
use wasm_vfs_tests::tools;

/// The module.
pub(crate) const MODULE: &str = include_str!("../../js/wasm-vfs.js");
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

/// Runs a script under Node, in a directory with the module and `packed.wasm`; what it prints.
fn node(packed: &[u8], script: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("wasm-vfs.mjs"), MODULE).unwrap();
    fs::write(directory.path().join("packed.wasm"), packed).unwrap();
    fs::write(directory.path().join("script.mjs"), script).unwrap();
    let mut command = Command::new("node");
    command.arg("script.mjs").current_dir(directory.path());
    let output = command.output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{stdout}{}", String::from_utf8_lossy(&output.stderr));
    stdout
}

#[test]
fn it_is_one_small_file_and_needs_nothing() {
    assert!(MODULE.lines().count() <= 300, "{} lines", MODULE.lines().count());
    let imports: Vec<&str> = MODULE.lines().filter(|line| line.starts_with("import ")).collect();
    assert_eq!(imports, [""; 0]);
    assert!(!MODULE.contains("require("));
}

#[test]
fn under_node() {
    let Some(packed) = packed(Policy::from_toml("no-dev = true").unwrap()) else { return };
    if Node::find().is_none() {
        return;
    }
    let script = format!(
        "import {{ readFileSync }} from 'node:fs';\n\
         import {{ instantiate, VfsError }} from './wasm-vfs.mjs';\n\
         import {{ ok }} from 'node:assert';\n{CHECKS}\n\
         console.log(await check(instantiate, VfsError, readFileSync('packed.wasm'), ok));\n"
    );
    assert_eq!(node(&packed, &script), format!("{DONE}\n"));
}

#[test]
fn under_node_without_options() {
    let Some(packed) = packed(Policy::default()) else { return };
    if Node::find().is_none() {
        return;
    }
    let script = "
        import { readFileSync } from 'node:fs';
        import { instantiate } from './wasm-vfs.mjs';
        const program = await instantiate(readFileSync('packed.wasm'));
        program.put('/input/x', 'x');
        process.exitCode = program.start();";
    let printed = node(&packed, script);
    assert!(
        printed.starts_with("arguments: [\"program\"]\ngreeting: None\ninput: \"\"\n"),
        "{printed}"
    );
    assert!(printed.ends_with("no line feed"), "{printed}");
}

#[test]
fn a_module_without_the_interface_is_told_of() {
    let Some(packed) = packed(Policy::from_toml("strip-host-api = true").unwrap()) else { return };
    if Node::find().is_none() {
        return;
    }
    let script = "
        import { readFileSync } from 'node:fs';
        import { instantiate } from './wasm-vfs.mjs';
        await instantiate(readFileSync('packed.wasm')).catch((error) => console.log(error.message));";
    assert_eq!(
        node(&packed, script),
        "it exports no host interface of version 1 (--strip-host-api?)\n"
    );
}

#[test]
fn in_a_browser() {
    let Some(packed) = packed(Policy::from_toml("no-dev = true").unwrap()) else { return };
    let Some(chromium) = Chromium::find() else { return };
    // The page has it all in it: a script of a file: page may not load others.
    let module = MODULE.replace("\nexport ", "\n");
    let bytes: String = packed.iter().map(|byte| format!("{byte:02x}")).collect();
    let script = format!(
        "{module}\n{CHECKS}\n\
         const text = '{bytes}';\n\
         const bytes = Uint8Array.from({{ length: text.length / 2 }}, (_, at) => parseInt(text.substr(2 * at, 2), 16));\n\
         const assert = (holds, what) => {{ if (!holds) throw new Error(what); }};\n\
         answer = await check(instantiate, VfsError, bytes, assert);\n"
    );
    assert_eq!(chromium.evaluate(&script).unwrap(), DONE);
}
