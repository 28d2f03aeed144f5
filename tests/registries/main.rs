//! Programs and images between wasm-vfs, registries and the tools that containers are made with:
//! Debian's `docker-registry` on this machine, `skopeo` and `umoci`.
//!
//! * `images`: images that others make, as trees.
//! * `rig`: a registry for a test, and the tools.
//! * `push_pull`: what is pushed is what others pull, and the other way round.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod images;
mod push_pull;
mod rig;
