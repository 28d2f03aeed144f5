//! A guest: a shell that runs the utilities of uutils in its own process, one after another.
//!
//!     sh [--files] [SCRIPT]
//!
//! Without a script it reads standard input. Pipes are pipes, of 1 MiB; with `--files` they are files without names, which hold any amount.
//!
//! `parse` turns a script into steps, `machine` runs them, `descriptors` has what lies behind `|` and redirections, `image` gives each utility
//! the memory of a new process, and `utilities` is the table of their programs.

mod descriptors;
mod image;
mod machine;
mod parse;
mod utilities;

use std::io::Read as _;
use std::process::exit;

use descriptors::Between;
use machine::Machine;

/// What sh answers when it cannot read its script.
const CANNOT_READ: i32 = 2;

/// What a Rust program that panics exits with.
const PANICKED: i32 = 101;

fn main() {
    // A panic would trap, which ends the shell, too.
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        report(panic);
        exit(PANICKED);
    }));
    let mut arguments = std::env::args().peekable();
    let shell = arguments.next().unwrap_or_default();
    let files = arguments.next_if(|argument| argument == "--files").is_some();
    let script = arguments.next();
    let name = script.clone().unwrap_or(shell);
    let text = match &script {
        Some(path) => std::fs::read_to_string(path),
        None => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).map(|_| text)
        }
    };
    let steps = text.map_err(|error| error.to_string()).and_then(|text| parse::script(&text));
    let steps = steps.unwrap_or_else(|error| fail(&name, &error));
    if let Err(errno) = image::begin() {
        fail(&name, &errno.to_string());
    }
    let between = if files { Between::File } else { Between::Pipe };
    match Machine::new(&name, steps, between) {
        Ok(machine) => exit(machine.run()),
        Err(errno) => fail(&name, &errno.to_string()),
    }
}

fn fail(name: &str, message: &str) -> ! {
    eprintln!("{name}: {message}");
    exit(CANNOT_READ)
}
