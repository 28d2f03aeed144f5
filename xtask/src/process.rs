//! Runs other programs, with errors that name them; reads along with `cargo test` to count its
//! tests.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// Returns a command of the cargo that runs this chore, in the workspace's root.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(crate::workspace::root());
    command
}

/// Returns the platform that this runs on, as the compiler calls it.
pub(crate) fn host() -> Result<String> {
    let version = read(Command::new("rustc").arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("`rustc -vV` does not say its host")?.to_owned())
}

/// Runs `command` with this process's standard streams; anything but success is an error that names
/// the command.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let shown = show(command);
    let status = command.status().with_context(|| format!("cannot start `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}`: {status}");
    }
    Ok(())
}

/// Runs `command` and returns what it wrote to standard output; on failure the error carries its
/// standard error.
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let shown = show(command);
    let output = command.output().with_context(|| format!("cannot start `{shown}`"))?;
    if !output.status.success() {
        bail!(
            "`{shown}`: {}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim_end()
        );
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{shown}` did not print UTF-8"))
}

/// Writes the command as a person would type it.
pub(crate) fn show(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let mut line =
        program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned();
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    line
}

/// How many tests `cargo test` ran, summed over its binaries.
#[derive(Debug, Default)]
pub(crate) struct TestSummary {
    pub(crate) passed: u32,
    pub(crate) failed: u32,
    pub(crate) ignored: u32,
    /// Whether cargo itself succeeded: a test that does not compile fails without being counted.
    pub(crate) success: bool,
}

/// Runs `cargo test`, shows its output as it comes, and sums the closing lines of its binaries.
pub(crate) fn run_and_read_along(command: &mut Command) -> Result<TestSummary> {
    let shown = show(command);
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{shown}`"))?;
    let mut summary = TestSummary::default();
    let output = child.stdout.take().context("the child's output was asked for")?;
    for line in BufReader::new(output).lines() {
        let line = line.with_context(|| format!("`{shown}` did not print UTF-8"))?;
        println!("{line}");
        if let Some(counts) = line.strip_prefix("test result: ") {
            summary.add(counts);
        }
    }
    summary.success = child.wait()?.success();
    Ok(summary)
}

impl TestSummary {
    /// Adds a closing line's counts: `ok. 3 passed; 0 failed; 1 ignored; ...`.
    fn add(&mut self, counts: &str) {
        for part in counts.split(['.', ';']) {
            let mut words = part.split_whitespace();
            let (Some(number), Some(what)) = (words.next(), words.next()) else {
                continue;
            };
            let Ok(number) = number.parse::<u32>() else {
                continue;
            };
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_add_up() {
        let mut summary = TestSummary::default();
        summary.add(
            "ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s",
        );
        summary.add(
            "FAILED. 3 passed; 4 failed; 0 ignored; 0 measured; 7 filtered out; finished in 1.50s",
        );
        assert_eq!((summary.passed, summary.failed, summary.ignored), (5, 4, 1));
    }
}
