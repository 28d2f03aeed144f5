//! Runs other programs, with errors that name them; reads along with `cargo test` to count its
//! tests.

use std::io::{BufRead, BufReader};
use std::panic::resume_unwind;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread::ScopedJoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// Returns a command of the cargo that runs this chore, in the workspace's root.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(crate::workspace::root());
    command
}

/// Waits for a thread that runs other programs; its panic goes on in this one.
pub(crate) fn join<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| resume_unwind(panic))
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
    /// How long each binary's tests ran, with the name that cargo gives it.
    pub(crate) times: Vec<(Duration, String)>,
}

/// Runs `cargo test`, shows its output as it comes, and sums the closing lines of its binaries.
pub(crate) fn run_and_read_along(command: &mut Command) -> Result<TestSummary> {
    let shown = show(command);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{shown}`"))?;
    let mut summary = TestSummary::default();
    let output = child.stdout.take().context("the child's output was asked for")?;
    let messages = child.stderr.take().context("the child's messages were asked for")?;
    // Cargo says there which binary comes next.
    let running = Mutex::new(String::new());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for line in BufReader::new(messages).lines().map_while(Result::ok) {
                eprintln!("{line}");
                if let Some(name) = running_binary(&line) {
                    *running.lock().unwrap_or_else(PoisonError::into_inner) = name.to_owned();
                }
            }
        });
        for line in BufReader::new(output).lines() {
            let line = line.with_context(|| format!("`{shown}` did not print UTF-8"))?;
            println!("{line}");
            if let Some(counts) = line.strip_prefix("test result: ") {
                let name = running.lock().unwrap_or_else(PoisonError::into_inner).clone();
                summary.add(counts, name);
            }
        }
        anyhow::Ok(())
    })?;
    summary.success = child.wait()?.success();
    Ok(summary)
}

/// The binary that cargo says it starts: `Running tests/x.rs (target/...)`, `Doc-tests name`.
fn running_binary(line: &str) -> Option<&str> {
    let line = line.trim_start();
    if let Some(running) = line.strip_prefix("Running ") {
        // Many are called the same but for what cargo made of them.
        let file = running.split_once('(').map_or(running, |(_, file)| file);
        let name = file.trim_end_matches(')').rsplit('/').next()?;
        return Some(name.rsplit_once('-').map_or(name, |(name, _)| name));
    }
    line.starts_with("Doc-tests ").then_some(line)
}

impl TestSummary {
    /// Adds another run.
    pub(crate) fn extend(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
        self.success &= other.success;
        self.times.extend(other.times);
    }

    /// The binaries whose tests took longest, the slowest first.
    pub(crate) fn slowest(&self) -> impl Iterator<Item = &(Duration, String)> {
        let mut times: Vec<_> = self.times.iter().collect();
        times.sort_by(|a, b| b.cmp(a));
        times.into_iter().take(10)
    }

    /// Adds a closing line of a binary: `ok. 3 passed; 0 failed; 1 ignored; ...; finished in 1.50s`.
    fn add(&mut self, counts: &str, binary: String) {
        let seconds = counts.rsplit("finished in ").next().and_then(|end| end.strip_suffix('s'));
        let seconds = seconds.and_then(|seconds| seconds.parse().ok()).unwrap_or(0.0);
        self.times.push((Duration::try_from_secs_f64(seconds).unwrap_or_default(), binary));
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
            "quick".to_owned(),
        );
        summary.add(
            "FAILED. 3 passed; 4 failed; 0 ignored; 0 measured; 7 filtered out; finished in 1.50s",
            "slow".to_owned(),
        );
        assert_eq!((summary.passed, summary.failed, summary.ignored), (5, 4, 1));
        let slowest: Vec<_> = summary.slowest().cloned().collect();
        assert_eq!(slowest[0], (Duration::from_millis(1500), "slow".to_owned()));
    }

    #[test]
    fn cargo_says_which_binary_runs() {
        let line = "     Running linux/main.rs (target/debug/deps/linux-e41f7e1b8855f1a9)";
        assert_eq!(running_binary(line), Some("linux"));
        let line =
            "     Running unittests src/lib.rs (target/debug/deps/wasm_vfs-0123456789abcdef)";
        assert_eq!(running_binary(line), Some("wasm_vfs"));
        assert_eq!(running_binary("   Doc-tests wasm_vfs"), Some("Doc-tests wasm_vfs"));
        assert_eq!(running_binary("   Compiling wasm-vfs v0.1.0"), None);
    }
}
