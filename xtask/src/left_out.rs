//! What a run could not do because a tool is missing: reported loudly at its end, and an error
//! where the tool should be there.
//!
//! The chores note what they miss themselves. The tests run in processes of their own, so they
//! append lines to a file (`tests/src/tools.rs`).

use std::path::{Path, PathBuf};
use std::{fmt, fs};

use anyhow::{Context, Error, Result, bail};

use crate::workspace;

/// The list of what was left out, each with its reason.
#[derive(Debug, Default)]
pub(crate) struct LeftOut {
    lines: Vec<String>,
    /// What no installation on this machine could change.
    of_this_machine: Vec<String>,
    /// What another chore does, as it takes minutes.
    of_the_long_run: Vec<String>,
}

impl LeftOut {
    /// Notes that `what` was left out, and why.
    pub(crate) fn note(&mut self, what: impl fmt::Display, why: impl fmt::Display) {
        self.lines.push(report(what, why));
    }

    /// Notes that `what` was left out because of an error.
    pub(crate) fn note_error(&mut self, what: impl fmt::Display, error: &Error) {
        self.note(what, one_line(error));
    }

    /// Installs something. A failure is noted, and no error.
    pub(crate) fn attempt(
        &mut self,
        what: impl fmt::Display,
        install: impl FnOnce() -> Result<()>,
    ) {
        if let Err(error) = install() {
            self.note_error(what, &error);
        }
    }

    /// Notes that this machine cannot do `what`, and why, where nothing that a chore installs would
    /// help. It is reported as loudly, and is no error on any machine.
    pub(crate) fn note_of_this_machine(&mut self, what: impl fmt::Display, why: impl fmt::Display) {
        self.of_this_machine.push(report(what, why));
    }

    /// Empties the files that the tests append to.
    pub(crate) fn clear_those_of_the_tests() -> Result<()> {
        for list in [file(), file_of_the_long_run()] {
            fs::write(&list, "").with_context(|| format!("cannot write {}", list.display()))?;
        }
        Ok(())
    }

    /// Adds the lines that the tests of this run appended to [`file`] and [`file_of_the_long_run`].
    pub(crate) fn add_those_of_the_tests(&mut self) {
        add_lines(&mut self.lines, &file());
        add_lines(&mut self.of_the_long_run, &file_of_the_long_run());
    }

    /// Prints the list. On a CI machine everything that can be installed is expected to be there,
    /// so there it is an error to leave out any of it.
    pub(crate) fn conclude(&self) -> Result<()> {
        if !self.of_the_long_run.is_empty() {
            println!("\nLeft to `cargo xtask engines`, as it takes minutes:");
            for line in &self.of_the_long_run {
                println!("  * {line}");
            }
        }
        if self.lines.is_empty() && self.of_this_machine.is_empty() {
            return Ok(());
        }
        println!("\nLEFT OUT, not tested here:");
        for line in self.lines.iter().chain(&self.of_this_machine) {
            println!("  * {line}");
        }
        println!();
        if is_ci() && !self.lines.is_empty() {
            bail!("{} left out on a CI machine, where nothing may be", self.lines.len());
        }
        Ok(())
    }
}

/// Adds the lines of a file that are not known yet.
fn add_lines(known: &mut Vec<String>, file: &Path) {
    let text = fs::read_to_string(file).unwrap_or_default();
    for line in text.lines() {
        if !known.iter().any(|known| known == line) {
            known.push(line.to_owned());
        }
    }
}

/// Prints a line for the list, and returns it.
fn report(what: impl fmt::Display, why: impl fmt::Display) -> String {
    let line = format!("{what}: {why}");
    eprintln!("xtask: LEFT OUT: {line}");
    line
}

/// Puts an error and its causes on one line, which is all that the list has for it.
fn one_line(error: &Error) -> String {
    format!("{error:#}")
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("; ")
}

/// Returns the file that tests append to, a line for each thing that they leave out.
#[must_use]
pub fn file() -> PathBuf {
    workspace::target().join("left-out.txt")
}

/// Returns the file that tests append to, a line for each thing that only `cargo xtask engines`
/// tests.
#[must_use]
pub fn file_of_the_long_run() -> PathBuf {
    workspace::target().join("left-to-the-long-run.txt")
}

/// Whether this is a CI machine (`CI=true`), which should have everything.
#[must_use]
pub fn is_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false")
}
