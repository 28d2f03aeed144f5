//! The page and the worker that the README of the JavaScript package shows, as they are written there.

use std::fs;
use std::path::Path;

use wasm_vfs::{Packer, Program, TreeBuilder};
use wasm_vfs_tests::engines::chromium::Chromium;
use wasm_vfs_tests::engines::node::Node;
use wasm_vfs_tests::{npm_package, tools};

use crate::Script;

/// The README's examples: what they begin with there, and the files that they become.
const EXAMPLES: [(&str, &str); 3] = [
    ("```html\n<!doctype html>\n", "index.html"),
    ("```js\n// worker.js\n", "worker.js"),
    ("```js\n// page.js\n", "page.js"),
];

/// Writes what a person who follows the README puts on a server.
fn write_site(site: &Path, program: &[u8]) {
    let readme = fs::read_to_string(npm_package::source().join("README.md")).unwrap();
    for (opening, name) in EXAMPLES {
        let at = readme.find(opening).unwrap();
        let (_, rest) = readme[at..].split_once('\n').unwrap();
        let (text, _) = rest.split_once("```").unwrap();
        fs::write(site.join(name), text).unwrap();
    }
    let page = "<!doctype html><meta charset=utf-8><script type=module src=page.js></script>";
    fs::write(site.join("with-worker.html"), page).unwrap();
    let package = npm_package::installed().unwrap();
    for file in npm_package::files_below(&package).unwrap() {
        let copy = site.join("wasm-vfs").join(&file);
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        fs::copy(package.join(&file), copy).unwrap();
    }
    let empty = tempfile::tempdir().unwrap();
    let packer = Packer::new(TreeBuilder::new().dir(empty.path(), "/"));
    fs::write(
        site.join("packed.wasm"),
        packer.pack(Program::bytes("program", program)).and_then(|packed| packed.to_vec()).unwrap(),
    )
    .unwrap();
}

#[test]
fn the_examples_of_the_package() {
    let Some(playwright) = tools::installed("npm/playwright-core") else { return };
    let Some(transform) = tools::guest("transform") else { return };
    let (Some(node), Some(_)) = (Node::find(), Chromium::find()) else { return };
    let directory = tempfile::tempdir().unwrap();
    let site = directory.path().join("site");
    fs::create_dir(&site).unwrap();
    write_site(&site, &fs::read(transform).unwrap());
    let script = Script { node: &node, playwright: &playwright, name: "readme.mjs" };
    script.holds(&site, directory.path());
}
