//! What is said on standard error.

use crate::quote::escaped;
use std::fmt::Display;

/// Says a line. Names of files and modules in it, which anybody may have chosen, are no commands to
/// the terminal.
pub(super) fn say(line: impl Display) {
    eprintln!("{}", escaped(line.to_string()));
}

/// Says an error: one line.
pub(super) fn say_error(error: &anyhow::Error) {
    // Causes may have several lines; an error has one.
    let text = format!("{error:#}");
    let line: Vec<&str> = text.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    say(format_args!("wasm-vfs: error: {}", line.join(" ")));
}
