//! What only one kind of inode does: regular files, pipes, device nodes, directories of
//! descriptors, directories that the embedder owns.

pub(crate) mod descriptor_directory;
pub(crate) mod devices;
pub(crate) mod foreign;
pub(crate) mod pipes;
pub(crate) mod regular;
