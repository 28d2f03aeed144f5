//! The project's chores: `cargo xtask CHORE`.
//!
//! `cargo xtask demo` and `cargo xtask test` are for everybody and do all their own set-up. The
//! other chores are for the people who change the project. From the ground up:
//!
//! * [`workspace`]: where the sources, the builds and the installed tools are.
//! * `process`: runs other programs, with errors that name them.
//! * [`left_out`]: collects what a run could not do on this machine.
//! * [`file_server`]: serves a directory to a browser.
//! * `tools`: installs what the chores run, pinned: from rustup, PyPI, npm, crates.io and Debian.
//! * [`chores`]: a file for each chore.
//!
//! Only [`chores::main`] is for the command. The other public items are shared with the tests,
//! which look for the same directories. This package compiles before anything else can start, so it
//! depends on nothing of ours.

pub mod chores;
pub mod file_server;
pub mod left_out;
mod process;
mod tools;
pub mod workspace;
