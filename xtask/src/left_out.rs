//! What a run could not do for want of a tool: told loudly at the end, and an error where the tool should be there.
//!
//! The chores note what they miss themselves; the tests append lines to a file (`tests/src/tools.rs`), for they run in
//! processes of their own.

use std::path::PathBuf;
use std::{fmt, fs};

use anyhow::{Result, bail};

use crate::workspace;

/// The list of what was left out, each with its reason.
#[derive(Debug, Default)]
pub(crate) struct LeftOut {
    lines: Vec<String>,
    /// What no set-up could mend.
    of_this_machine: Vec<String>,
}

impl LeftOut {
    /// Notes that `what` was left out, and why.
    pub(crate) fn note(&mut self, what: impl fmt::Display, why: impl fmt::Display) {
        let line = format!("{what}: {why}");
        eprintln!("xtask: LEFT OUT: {line}");
        self.lines.push(line);
    }

    /// Notes that this machine cannot do `what`, and why, where nothing that a chore installs would help: told as loudly,
    /// and no error on any machine.
    pub(crate) fn note_of_this_machine(&mut self, what: impl fmt::Display, why: impl fmt::Display) {
        let line = format!("{what}: {why}");
        eprintln!("xtask: LEFT OUT: {line}");
        self.of_this_machine.push(line);
    }

    /// The file that tests append to, a line for each thing that they leave out.
    pub(crate) fn file() -> PathBuf {
        workspace::target().join("left-out.txt")
    }

    /// Adds what the tests of this run wrote down.
    pub(crate) fn add_those_of_the_tests(&mut self) {
        let text = fs::read_to_string(Self::file()).unwrap_or_default();
        for line in text.lines() {
            if !self.lines.iter().any(|known| known == line) {
                self.lines.push(line.to_owned());
            }
        }
    }

    /// Prints the list. On a CI machine (`CI=true`) everything that can be installed is expected to be there, so leaving that
    /// out is an error.
    pub(crate) fn conclude(&self) -> Result<()> {
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

/// Whether this machine should have everything.
fn is_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false")
}
