//! What hosts do to a packed program, and what must come of it: a file for each kind of behaviour.
//!
//! A host here is whoever runs the module: an engine, an embedder, the command that wraps one.
//! `host_api` tests the interface that embedders are offered; this binary tests what they do
//! besides.
//!
//! * `memory`: memory that somebody else adds.
//! * `cut_short`: calls that never return, and calls within calls.
//! * `javascript`: the same by an embedder in JavaScript, on Node, Bun and Deno.
//! * `wasmi`: the same on an interpreter.
//! * `room`: what a program then has to grow in.
//! * `other_tools`: what another tool makes of a packed module.
//! * `component`: components of WASI 0.2, by whoever makes and runs them.

#![allow(unreachable_pub, missing_docs, missing_debug_implementations, reason = "a harness")]
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test fails by panicking")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "small numbers"
)]

mod component;
mod component_hosts;
mod cut_short;
mod guest;
mod javascript;
mod memory;
mod other_tools;
mod room;
mod wasmi;
