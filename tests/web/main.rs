//! Pages in Chromium, served by the server of `cargo xtask web --serve`.
//!
//! * The page of `cargo xtask web`: `page.mjs` is what a person does there.
//! * `readme`: the page and the worker that the README of the JavaScript package shows.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod readme;

use std::fs;
use std::path::Path;
use std::process::Command;

use wasm_vfs::{Form, Packer, Policy, Program, TreeBuilder};
use wasm_vfs_tests::engines::chromium::Chromium;
use wasm_vfs_tests::engines::node::Node;
use wasm_vfs_tests::{npm_package, tools};
use xtask::file_server::FileServer;

/// Programs that end in ways of their own.
const ENDLESS: &str =
    r#"(module (memory (export "memory") 1) (func (export "_start") (loop br 0)))"#;
/// It wants what no page has.
const STRANGE: &str = r#"(module (import "env" "beep" (func)) (memory (export "memory") 1) (func (export "_start")))"#;
/// It calls before the page can know its memory.
const EARLY: &str = r#"(module
    (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
    (memory (export "memory") 1)
    (func $early (drop (call $yield)))
    (start $early)
    (func (export "_start")))"#;
/// How a component begins.
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

/// Writes what the person drops on the page.
fn programs(directory: &Path) -> Option<()> {
    let transform = fs::read(tools::guest("transform")?).unwrap();
    let empty = tempfile::tempdir().unwrap();
    let packed = |form: Form, policy: Policy| {
        let tree = TreeBuilder::new().dir(empty.path(), "/");
        Packer::new(tree)
            .form(form)
            .policy(policy)
            .pack(Program::bytes("program", &transform))
            .and_then(|packed| packed.to_vec())
            .unwrap()
    };
    let bare = Policy::from_toml("strip-host-api = true").unwrap();
    let hermetic = Policy::from_toml("hermetic = true").unwrap();
    let files: [(&str, Vec<u8>); 8] = [
        ("transform.wasm", transform.clone()),
        ("isolated.wasm", packed(Form::Isolated, Policy::default())),
        ("bare.wasm", packed(Form::Portable, bare)),
        ("hermetic.wasm", packed(Form::Portable, hermetic)),
        ("endless.wasm", wat::parse_str(ENDLESS).unwrap()),
        ("strange.wasm", wat::parse_str(STRANGE).unwrap()),
        ("early.wasm", wat::parse_str(EARLY).unwrap()),
        ("component.wasm", COMPONENT.to_vec()),
    ];
    for (name, bytes) in files {
        fs::write(directory.join(name), bytes).unwrap();
    }
    fs::write(empty.path().join("baked.txt"), "baked\n").unwrap();
    let baked = Packer::new(TreeBuilder::new().dir(empty.path(), "/"));
    baked.bake().and_then(|rootfs| rootfs.write(directory.join("baked.wasm"))).unwrap();
    fs::create_dir_all(directory.join("project/data")).unwrap();
    fs::write(directory.join("project/data/d.txt"), "in a directory").unwrap();
    Some(())
}

/// The page has the modules of the package that users install, and no others.
fn has_the_package(copy: &Path) {
    let package = npm_package::installed().unwrap();
    let mut files = npm_package::files_below(&package).unwrap();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "js"));
    assert_eq!(npm_package::files_below(copy).unwrap(), files, "run `cargo xtask web`");
    for file in files {
        let same = fs::read(copy.join(&file)).unwrap() == fs::read(package.join(&file)).unwrap();
        assert!(same, "{} is not the package's: run `cargo xtask web`", file.display());
    }
}

/// A script of this folder that drives Chromium, and what runs it.
struct Script<'a> {
    node: &'a Node,
    playwright: &'a Path,
    name: &'a str,
}

impl Script<'_> {
    /// Runs it on the pages of `site`, served on a free port; its files are in `directory`.
    fn holds(&self, site: &Path, directory: &Path) {
        let server = FileServer::bind(site, 0).unwrap();
        let address = format!("http://{}/", server.address().unwrap());
        std::thread::spawn(move || server.serve());
        let output = Command::new(self.node.command())
            .arg(tools::test_data(&format!("web/{}", self.name)))
            .args([self.playwright.as_os_str(), address.as_ref(), directory.as_os_str()])
            .output()
            .unwrap();
        let (stdout, stderr) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{stdout}{stderr}");
        assert_eq!(stdout, "all of it holds\n");
    }
}

#[test]
fn a_person_uses_the_page() {
    let Some(page) = tools::page() else { return };
    let Some(playwright) = tools::installed("npm/playwright-core") else { return };
    let (Some(node), Some(_)) = (Node::find(), Chromium::find()) else { return };
    let directory = tempfile::tempdir().unwrap();
    if programs(directory.path()).is_none() {
        return;
    }
    has_the_package(&page.join("wasm-vfs"));
    let script = Script { node: &node, playwright: &playwright, name: "page.mjs" };
    script.holds(&page, directory.path());
    // The README has such a picture.
    fs::copy(directory.path().join("page.png"), tools::target().join("web-page.png")).unwrap();
}
