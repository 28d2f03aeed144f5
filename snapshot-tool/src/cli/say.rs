//! What is said on standard error.

use crate::quote::escaped;
use std::fmt::Display;

/// Says a line. Names of files and modules in it, which anybody may have chosen, are no commands to
/// the terminal.
pub(super) fn say(line: impl Display) {
    eprintln!("{}", escaped(line.to_string()));
}
