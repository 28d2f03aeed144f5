//! What hosts do to a packed program, and what must come of it: a file for each kind of behaviour.
//!
//! A host here is whoever runs the module: an engine, an embedder, the command that wraps one.
//! `host_api` tests the interface that embedders are offered; this binary tests what they do
//! besides.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod other_tools;
