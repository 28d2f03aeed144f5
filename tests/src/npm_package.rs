//! Installs our JavaScript package as its users do: `npm pack` writes an archive, `npm install` installs it, offline, into
//! an empty project below `target/js-package`. Scripts in the project import the package as `wasm-vfs`.
//!
//! One test binary of a run installs it (about 1.5 seconds), the others find it there.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use crate::tools;

/// The package's name.
pub const NAME: &str = "wasm-vfs";

/// The engines' scripts, which import the package. We copy them into the project.
const ENGINE_SCRIPTS: [&str; 3] = ["driver.mjs", "node.mjs", "script.mjs"];

/// The project; `None` if the machine has no npm.
static PROJECT: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
    let has_npm = Command::new("npm").arg("--version").output();
    if !has_npm.is_ok_and(|output| output.status.success()) {
        tools::leave_out("the JavaScript package", "there is no `npm` to pack and install it");
        return None;
    }
    Some(install().unwrap_or_else(|error| panic!("the JavaScript package: {error:#}")))
});

/// Returns the project that has the package. Without npm, notes the package as left out.
#[must_use]
pub fn project() -> Option<&'static Path> {
    PROJECT.as_deref()
}

/// Creates a temporary directory within the project, for the scripts of a test.
///
/// # Panics
///
/// When the project cannot be written to.
#[must_use]
pub fn directory() -> Option<TempDir> {
    project().map(|project| TempDir::new_in(project).expect("the project can be written to"))
}

/// Returns the directory of the installed package.
#[must_use]
pub fn installed() -> Option<PathBuf> {
    Some(project()?.join("node_modules").join(NAME))
}

/// Returns the directory of the package's source.
#[must_use]
pub fn source() -> PathBuf {
    tools::test_data("../js")
}

/// Lists the files below a directory by their relative paths, sorted.
///
/// # Errors
///
/// When a directory cannot be read.
pub fn files_below(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut unread = vec![root.to_owned()];
    while let Some(directory) = unread.pop() {
        for entry in fs::read_dir(&directory)
            .with_context(|| format!("cannot read {}", directory.display()))?
        {
            let path = entry?.path();
            if path.is_dir() {
                unread.push(path);
            } else {
                found.push(path.strip_prefix(root)?.to_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Packs and installs the package, unless an earlier test binary installed it from the same files.
fn install() -> Result<PathBuf> {
    let directory = tools::target().join("js-package");
    fs::create_dir_all(&directory)?;
    let directory = directory.canonicalize()?;
    // Another test binary may be installing it. Closing the file releases the lock.
    let lock = File::create(directory.join("lock"))?;
    lock.lock()?;
    let project = directory.join("project");
    let stamp = directory.join("installed-from");
    let inputs = inputs()?;
    if fs::read(&stamp).is_ok_and(|installed| installed == inputs) {
        return Ok(project);
    }
    for stale in [&stamp, &project] {
        remove(stale)?;
    }
    fs::create_dir(&project)?;
    fs::write(project.join("package.json"), "{ \"private\": true, \"type\": \"module\" }\n")?;
    for script in ENGINE_SCRIPTS {
        fs::copy(engine_script(script), project.join(script))?;
    }
    let archive = pack(&directory)?;
    let mut npm = Command::new("npm");
    npm.args(["install", "--silent", "--offline", "--no-audit", "--no-fund", "--ignore-scripts"]);
    read(npm.arg(archive).current_dir(&project))?;
    fs::write(&stamp, inputs)?;
    Ok(project)
}

/// Packs the package into an archive in this directory.
fn pack(directory: &Path) -> Result<PathBuf> {
    let mut npm = Command::new("npm");
    npm.args(["pack", "--silent", "--pack-destination"]).arg(directory).current_dir(source());
    let printed = read(&mut npm)?;
    Ok(directory.join(printed.trim()))
}

fn engine_script(name: &str) -> PathBuf {
    tools::test_data("engines").join(name)
}

/// Returns the names and the bytes of all files that the project is made from, one after the other.
fn inputs() -> Result<Vec<u8>> {
    let source = source();
    let package = files_below(&source)?.into_iter().map(|file| source.join(file));
    let mut inputs = Vec::new();
    for file in package.chain(ENGINE_SCRIPTS.map(engine_script)) {
        inputs.extend(file.as_os_str().as_encoded_bytes());
        inputs.extend(fs::read(&file)?);
    }
    Ok(inputs)
}

/// Removes a file or directory, if it is there.
fn remove(path: &Path) -> Result<()> {
    if path.is_dir() {
        fs::remove_dir_all(path)?;
    } else if path.exists() {
        fs::remove_file(path)?;
    }
    Ok(())
}

/// Runs a command to its end, and returns what it printed.
fn read(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot start {command:?}"))?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    let stdout = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "{command:?}: {}\n{stdout}{stderr}", output.status);
    Ok(stdout.into_owned())
}
