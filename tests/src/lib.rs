//! What the parts do together, on real programs and real engines: the tests' shared support.
//!
//! * [`atomics`]: a program with every instruction of the threads proposal.
//! * [`engine`]: what it means to run a program ([`engine::Engine`]); a crate of its own, in
//!   `tests/engine/`.
//! * [`engines`]: the engines, a file each, with the registry of all. What they start is in
//!   `tests/engines/`.
//! * [`matrix`]: what engines do with packed programs, held against what they are known to do, and
//!   the record of it.
//! * [`npm_package`]: our JavaScript package, installed as its users install it.
//! * [`on_disk`]: what a program has left in its tree, unpacked on the disk and compared.
//! * [`reexporting`]: a program that does what a test tells it.
//! * [`trees`]: the directory trees that programs are given.
//! * [`tools`]: where `cargo xtask setup` put programs and compilers, and the record of what is
//!   missing.
//!
//! The tests themselves are the `[[test]]` binaries of this package, a directory each.

pub mod atomics;
pub mod engines;
pub mod matrix;
pub mod npm_package;
pub mod on_disk;
pub mod reexporting;
pub mod tools;
pub mod trees;

pub use wasm_vfs_test_engine as engine;
