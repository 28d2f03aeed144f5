//! LMDB: a database that is a shared mapping of a file, with record locks.

use wasm_vfs::TreeBuilder;
use wasm_vfs_tests::engine::Invocation;
use wasm_vfs_tests::engines::wasmtime::Wasmtime;
use wasm_vfs_tests::tools;

#[test]
fn a_database_is_a_mapped_file() {
    let Some(program) = tools::guest("lmdb") else { return };
    for form in crate::FORMS {
        let outcome =
            crate::run(&program, TreeBuilder::new(), form, &Wasmtime, &Invocation::of("lmdb"));
        assert_eq!(outcome.status, Some(0), "{form}: {outcome:?}");
    }
}
