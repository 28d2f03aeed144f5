//! The C SDK: its headers compile, and its library links.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod compile;
mod errno;
mod headers;
mod library;
mod programs;
