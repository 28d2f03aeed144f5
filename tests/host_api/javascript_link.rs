//! The JavaScript module links a program with a baked filesystem when it is started: `examples/link.mjs` on every engine that can,
//! compared with the same program on a host directory, and what it says where it cannot.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use wasm_vfs::{Packer, Policy, TreeBuilder};
use wasm_vfs_tests::engine::{Engine, Invocation, Outcome};
use wasm_vfs_tests::engines::chromium::Chromium;
use wasm_vfs_tests::engines::node::Node;
use wasm_vfs_tests::engines::script;
use wasm_vfs_tests::engines::wasmtime::Wasmtime;
use wasm_vfs_tests::{tools, trees};

use super::javascript::MODULE;

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
        packer.write_image(baked.rootfs()).unwrap();
        baked
    }

    fn rootfs(&self) -> PathBuf {
        self.output.path().join("rootfs.wasm")
    }

    /// What becomes of the program on the tree as a host directory.
    fn on_host(&self, program: &Path, invocation: &Invocation) -> Outcome {
        Wasmtime.run(program, &invocation.clone().on_host(self.root.path())).unwrap()
    }

    /// What becomes of it linked at run time, by the example.
    fn linked(&self, runtime: &Runtime, program: &Path, invocation: &Invocation) -> Outcome {
        let mut command = Command::new(&runtime.command);
        command.args(&runtime.arguments).arg(tools::test_data("../examples/link.mjs"));
        command.arg(program);
        // The example passes its own environment on, and the program's name is its path.
        let mut rest = invocation.clone();
        rest.args.remove(0);
        let shown = invocation.env.iter().map(|(name, value)| (name, value));
        script::run_with(command, &self.rootfs(), &rest, shown).unwrap()
    }
}

/// An engine with multi-memory, and what comes before the script's name.
struct Runtime {
    command: PathBuf,
    arguments: Vec<OsString>,
}

/// Those that are there; the others are noted as left out.
fn runtimes() -> Vec<Runtime> {
    let node = Node::with_multi_memory().map(|node| (node.command().to_owned(), ""));
    let bun = tools::installed("npm/oven-bun-linux-x64/bin/bun").map(|bun| (bun, "run"));
    let deno = tools::installed("npm/deno-linux-x64-glibc/deno")
        .map(|deno| (deno, "run --quiet --no-lock --allow-all"));
    let found = [node, bun, deno].into_iter().flatten();
    found
        .map(|(command, arguments)| Runtime {
            command,
            arguments: arguments.split_whitespace().map(OsString::from).collect(),
        })
        .collect()
}
