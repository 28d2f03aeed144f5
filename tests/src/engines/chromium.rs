//! Chromium, as Debian packages it: a browser's engine. It runs a script in a page without a
//! window.

use std::path::Path;
use std::process::{Command, Output};

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

use crate::{npm_package, tools};

/// Where the script's answer is in the page.
const BEGIN: &str = "<pre id=\"answer\">";
const END: &str = "</pre>";

/// The `chromium` that is on the path.
#[derive(Debug)]
pub struct Chromium;

impl Chromium {
    /// Chromium, if the machine has it; else it is noted as left out.
    pub fn find() -> Option<Self> {
        let version = Command::new("chromium").arg("--version").output();
        if version.is_ok_and(|output| output.status.success()) {
            return Some(Self);
        }
        tools::leave_out("Chromium", "there is no `chromium` to run: run `cargo xtask setup`");
        None
    }

    /// What a module's script leaves in `answer`, a variable that is there; or the error that it
    /// throws. The text must do without `&`, `<` and `>`. Our package is there as `wasmVfs`.
    ///
    /// # Errors
    ///
    /// When Chromium does not run or the script throws.
    pub fn evaluate(&self, script: &str) -> Result<String> {
        let directory = TempDir::new()?;
        let page = directory.path().join("page.html");
        let text = format!(
            "<!doctype html><meta charset=utf-8>{BEGIN}nothing{END}{}\n\
             let answer = 'nothing';\n\
             try {{\n{script}\n}} catch (error) {{ answer = 'threw ' + error + ' ' + error.stack; }}\n\
             document.getElementById('answer').textContent = answer;\n</script>\n",
            beginning_of_script()?
        );
        std::fs::write(&page, text)?;
        // On a busy machine a headless Chromium now and then waits for its own time to pass for ever: then another is started.
        for _ in 0..ATTEMPTS {
            let output = dump(&page, directory.path())?;
            if !matches!(output.status.code(), Some(TIMED_OUT | KILLED)) {
                return answer(&output);
            }
        }
        bail!("chromium did not end {ATTEMPTS} times, {PATIENCE_S} s each")
    }
}

/// How often a page is tried.
const ATTEMPTS: u32 = 3;
/// How long Chromium may take, in seconds: it takes about five.
const PATIENCE_S: u32 = 90;
/// What timeout(1) ends with when the time is up.
const TIMED_OUT: i32 = 124;
/// And when it had to kill: 128 + SIGKILL.
const KILLED: i32 = 137;

/// Loads a page, and dumps it when its script has ended.
fn dump(page: &Path, directory: &Path) -> Result<Output> {
    let profile = directory.join("profile");
    // What the attempt before has left.
    let _ = std::fs::remove_dir_all(&profile);
    Command::new("timeout")
        .args(["--kill-after=5", &PATIENCE_S.to_string(), "chromium"])
        // Without a sandbox of its own, which the superuser cannot have; it loads nothing but
        // our page.
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=60000"])
        // Without this a script of a file: page may not load others.
        .arg("--allow-file-access-from-files")
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg("--dump-dom")
        .arg(format!("file://{}", page.display()))
        .output()
        .context("cannot start chromium")
}

/// What the script left on a page.
fn answer(output: &Output) -> Result<String> {
    ensure!(output.status.success(), "chromium: {}", String::from_utf8_lossy(&output.stderr));
    let page = String::from_utf8(output.stdout.clone())?;
    let answer = page.split_once(BEGIN).and_then(|(_, rest)| rest.split_once(END));
    let (answer, _) = answer.with_context(|| format!("no answer in {page}"))?;
    ensure!(!answer.starts_with("threw "), "the script {answer}");
    Ok(answer.to_owned())
}

/// How a script begins that has the package. A page is done when its static imports are, so it is one.
fn beginning_of_script() -> Result<String> {
    let package = npm_package::installed().context("the page needs our package")?;
    let (name, package) = (npm_package::NAME, package.display());
    Ok(format!(
        "<script type=importmap>{{\"imports\": {{\"{name}\": \"file://{package}/wasm-vfs.js\"}}}}</script>\
         <script type=module>import * as wasmVfs from \"{name}\";"
    ))
}
