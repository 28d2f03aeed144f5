//! What the parts do together, on real programs and real engines: the tests' shared support.
//!
//! * [`engine`]: what it means to run a program ([`engine::Engine`]), and each engine in `tests/engines/`, with the registry of all.
//! * [`matrix`]: what engines do with packed programs, held against what they are known to do, and the record of it.
//! * [`npm_package`]: our JavaScript package, installed as its users install it.
//! * [`trees`]: the directory trees that programs are given.
//! * [`tools`]: where `cargo xtask setup` put programs and compilers, and the record of what is missing.
//!
//! The tests themselves are the `[[test]]` binaries of this package, a directory each.

pub mod engine;
pub mod matrix;
pub mod npm_package;
pub mod tools;
pub mod trees;

#[path = "../engines/mod.rs"]
pub mod engines;
