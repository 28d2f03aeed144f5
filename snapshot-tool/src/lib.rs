//! Bakes directory trees into WASI programs.
//!
//! The pipeline, and who does what:
//!
//! ```text
//! core form --bake--> baked core --lower--> adapter module --link(program)--> packed program
//! ```
//!
//! * [`lower`]: core form to adapter module, its contract checked on the way.
//! * [`link`]: adapter module and program to one module, in a [`Form`](link::Form).
//! * [`section`]: the `wasm-vfs` custom section that a written module carries.
//! * [`hollow`]: modules without the bytes of their image; [`image`]: where those come from.
#![forbid(unsafe_code)]

pub mod adapter_module;
pub mod hollow;
pub mod image;
pub mod index;
pub mod link;
pub mod lower;
mod program;
pub mod section;
