//! Images of containers as sources of a tree: which layers an image has, and where their bytes are.
//!
//! What a layer means is `archive::layer`'s. Here an OCI image layout, or what `docker save` writes, is
//! read as far as its layers, and every blob on the way is verified.
//!
//! | file | what |
//! |---|---|
//! | `store` | files of a layout, in a directory or in an archive |
//! | `choice` | which of several images is meant |
//! | `layout` | an OCI image layout |
//! | `docker` | what older versions of `docker save` write |
//! | `source` | what somebody named |

mod choice;
mod docker;
mod layout;
pub(crate) mod source;
mod store;
