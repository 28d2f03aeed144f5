//! What is in the JavaScript package: its files, its types, and the examples of its README.

use std::fs;
use std::path::Path;
use std::process::Command;

use wasm_vfs::{Packer, Program, TreeBuilder};
use wasm_vfs_tests::engines::node::Node;
use wasm_vfs_tests::{npm_package, tools};

/// What the scripts print.
const DONE: &str = "all of it holds\n";

/// Runs a command, which must succeed; what it printed.
fn output(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}\n{stdout}{stderr}");
    stdout
}

#[test]
fn every_file_is_in_it_and_no_other() {
    let Some(installed) = npm_package::installed() else { return };
    let source = npm_package::source();
    let files = npm_package::files_below(&source).unwrap();
    assert_eq!(npm_package::files_below(&installed).unwrap(), files);
    assert_eq!(fs::read(source.join("LICENSE")).unwrap(), license());
}

fn license() -> Vec<u8> {
    fs::read(tools::test_data("../LICENSE")).unwrap()
}

/// It imports its own files, by relative paths, and nothing else, so that it runs wherever modules do.
#[test]
fn it_needs_nothing() {
    let source = npm_package::source();
    let mut imports = 0;
    for file in npm_package::files_below(&source).unwrap() {
        if file.extension().is_none_or(|extension| extension != "js") {
            continue;
        }
        let text = fs::read_to_string(source.join(&file)).unwrap();
        assert!(!text.contains("require(") && !text.contains("import("), "{}", file.display());
        // Imports may go over several lines: the last has the name.
        for line in text.lines().filter(|line| !line.trim_start().starts_with(['*', '/'])) {
            let Some((_, name)) = line.split_once(" from \"") else { continue };
            let name = name.trim_end_matches("\";");
            assert!(
                name.starts_with("./") || name.starts_with("../"),
                "{}: {line}",
                file.display()
            );
            let imported = source.join(&file).parent().unwrap().join(name);
            let imported = imported.canonicalize().unwrap();
            assert!(imported.starts_with(source.canonicalize().unwrap()), "{line}");
            imports += 1;
        }
        assert!(!text.contains("\nimport \""), "{}", file.display());
    }
    assert!(imports > 20, "{imports} imports were found");
}

/// Its description, its exports, and the types that are declared for them.
#[test]
fn types_and_exports_are_the_same() {
    let (Some(directory), Some(node)) = (npm_package::directory(), Node::find()) else { return };
    let Some(typescript) = tools::installed("npm/typescript") else { return };
    let script = directory.path().join("exports.mjs");
    fs::write(&script, include_str!("javascript_package.mjs")).unwrap();
    let mut command = Command::new(node.command());
    command.arg(script).arg(env!("CARGO_PKG_VERSION")).arg(typescript);
    assert_eq!(output(&mut command), DONE);
}

/// A program that uses every public item is right, with all of TypeScript's checks; and the package's sources are what
/// their comments say, as far as it can tell.
#[test]
fn types_are_right() {
    let (Some(directory), Some(node)) = (npm_package::directory(), Node::find()) else { return };
    let Some(typescript) = tools::installed("npm/typescript") else { return };
    let user = directory.path().join("user.mts");
    fs::write(&user, include_str!("javascript_types.mts")).unwrap();
    let source = npm_package::source();
    let mut command = Command::new(node.command());
    command.arg(typescript.join("bin/tsc"));
    command.args(["--noEmit", "--strict", "--noUnusedLocals", "--noUncheckedSideEffectImports"]);
    command.args(["--allowJs", "--checkJs", "--target", "es2022", "--module", "nodenext"]);
    command.args(["--lib", "es2024,dom"]);
    command.args([&user, &source.join("wasm-vfs.js"), &source.join("wasm-vfs.d.ts")]);
    assert_eq!(output(&mut command), "");
}

/// The examples of the README by the names in their first lines, those for Node.
#[test]
fn the_examples_of_its_readme() {
    let (Some(directory), Some(node)) = (npm_package::directory(), Node::with_multi_memory())
    else {
        return;
    };
    let Some(transform) = tools::guest("transform") else { return };
    let directory = directory.path();
    write_programs(directory, &fs::read(transform).unwrap());
    let readme = fs::read_to_string(npm_package::source().join("README.md")).unwrap();
    for (name, last_line) in [("app.mjs", "status 0, 8 bytes"), ("link.mjs", "no line feed")] {
        let opening = format!("```js\n// {name}\n");
        let (_, rest) = readme.split_once(&opening).unwrap();
        let (text, _) = rest.split_once("```").unwrap();
        fs::write(directory.join(name), text).unwrap();
        let mut command = Command::new(node.command());
        let printed = output(command.arg(name).current_dir(directory));
        assert!(printed.trim_end().ends_with(last_line), "{name}: {printed}");
    }
}

/// Writes a program, packed and not packed, and a filesystem for it.
fn write_programs(directory: &Path, program: &[u8]) {
    let tree = directory.join("tree");
    fs::create_dir_all(tree.join("input")).unwrap();
    let packer = || Packer::new(TreeBuilder::new().dir(&tree, "/"));
    fs::write(directory.join("app.wasm"), program).unwrap();
    fs::write(
        directory.join("packed.wasm"),
        packer()
            .pack(Program::bytes("program", program))
            .and_then(|packed| packed.to_vec())
            .unwrap(),
    )
    .unwrap();
    packer().bake().and_then(|rootfs| rootfs.write(directory.join("rootfs.wasm"))).unwrap();
}

/// The example that others copy runs where it is.
#[test]
fn the_example_runs_in_a_checkout() {
    let (Some(directory), Some(node)) = (npm_package::directory(), Node::with_multi_memory())
    else {
        return;
    };
    let Some(transform) = tools::guest("transform") else { return };
    write_programs(directory.path(), &fs::read(transform).unwrap());
    let mut command = Command::new(node.command());
    command.arg(tools::test_data("../examples/link.mjs")).args(["app.wasm", "rootfs.wasm", "word"]);
    let printed = output(command.current_dir(directory.path()));
    assert!(printed.starts_with("arguments: [\"app.wasm\", \"word\"]\n"), "{printed}");
}
