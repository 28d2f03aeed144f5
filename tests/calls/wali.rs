//! A program for WALI, packed as it is: its memory is shared and imported, and has atomics.

use wasm_vfs::{Packer, Program};
use wasm_vfs_tests::engine::{Engine, Invocation};
use wasm_vfs_tests::engines::node::Node;
use wasm_vfs_tests::engines::wasmi::Wasmi;
use wasm_vfs_tests::engines::wasmtime::Wasmtime;
use wasm_vfs_tests::tools;

use crate::{FORMS, tree};

#[test]
fn a_program_for_wali_runs_on_engines_that_know_nothing_of_it() {
    let Some(program) = tools::guest("wali") else { return };
    for form in FORMS {
        let file = tempfile::Builder::new().suffix(".wasm").tempfile().unwrap();
        let packed = Packer::new(tree()).form(form).pack(Program::file(&program)).unwrap();
        assert!(packed.summary().imports.iter().all(|(module, _)| module != "wali"));
        std::fs::write(file.path(), packed.to_vec().unwrap()).unwrap();
        let mut engines: Vec<Box<dyn Engine>> = vec![Box::new(Wasmtime), Box::new(Wasmi)];
        if let Some(node) = Node::with_multi_memory() {
            engines.push(Box::new(node));
        }
        for engine in engines {
            let invocation = Invocation::of("wali one two").env("HOME", "/root");
            let outcome = engine.run(file.path(), &invocation).unwrap();
            let text = String::from_utf8_lossy(&outcome.stdout);
            assert_eq!(
                text,
                "argument one\nargument two\nHOME=/root\nsystem Linux\ndirectory /\nhello\n",
                "{form} on {}: {}",
                engine.name(),
                String::from_utf8_lossy(&outcome.stderr)
            );
            assert_eq!(outcome.status, Some(7), "{form} on {}", engine.name());
        }
    }
}
