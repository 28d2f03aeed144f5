//! Packing a module that was packed before gives what packing its program at once gives, byte for byte: for the program of each
//! golden directory, which together have every section and every way of referring to what linking moves.

use std::path::Path;

use wasm_vfs::{Form, Packer, Program, TreeBuilder};

use super::FORMS;

/// Packs `program` with these files in a form.
fn pack(program: &[u8], files: &[(&str, &str)], form: Form) -> anyhow::Result<Vec<u8>> {
    let tree = TreeBuilder::new();
    let tree = files.iter().fold(tree, |tree, (path, contents)| tree.file(*path, *contents));
    Ok(Packer::new(tree).form(form).pack(Program::bytes("program", program))?.to_vec()?)
}

#[test]
fn the_program_of_each_case() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("link");
    let mut repacked = Vec::new();
    for case in std::fs::read_dir(root).unwrap() {
        let case = case.unwrap().path();
        if !case.is_dir() {
            continue;
        }
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let program = wat::parse_file(case.join("program.wat")).unwrap();
        let first = [("/a", "first"), ("/b", "stays")];
        let second = [("/a", "second"), ("/c/d", "new")];
        let all = [("/a", "second"), ("/b", "stays"), ("/c/d", "new")];
        // What cannot be packed at all is another test's.
        if pack(&program, &all, Form::Isolated).is_err() {
            continue;
        }
        for to in FORMS {
            let at_once = pack(&program, &all, to).unwrap();
            for from in FORMS {
                let before = pack(&program, &first, from).unwrap();
                let again = pack(&before, &second, to).unwrap();
                assert!(again == at_once, "{name}: {from} packed again as {to}");
            }
        }
        repacked.push(name);
    }
    for name in [
        "every_section",
        "imported_memory",
        "rebinding",
        "named",
        "second_memory",
        "shared_memory",
        "preview0",
    ] {
        assert!(repacked.iter().any(|it| it == name), "{name} is not among {repacked:?}");
    }
}
