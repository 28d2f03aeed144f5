//! What the person who packed the program chose for it, set by the baking exports.

use alloc::vec::Vec;

/// Bytes of a seed.
pub(crate) const SEED_BYTES: usize = 32;

/// The choices.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The directories that the program finds open.
    pub(crate) preopens: Vec<Preopen>,
    /// Whether none of them stands for none, rather than for `/`.
    pub(crate) no_preopen: bool,
    /// Standard input, output and error.
    pub(crate) streams: [Stream; 3],
    /// Variables of the environment, as `NAME=VALUE`.
    pub(crate) variables: Vec<Vec<u8>>,
    /// What of the host's environment the program sees too.
    pub(crate) inherited: Inherited,
    /// Arguments, after the host's.
    pub(crate) arguments: Vec<Vec<u8>>,
    /// Whether the host's arguments come first.
    pub(crate) host_arguments: bool,
    /// Whether the host may be asked to wait.
    pub(crate) waits: bool,
    /// What `proc_exit` was given.
    pub(crate) exit_status: Option<u32>,
    /// Where the paths of Linux's calls lead; `None` while a tree is baked.
    #[cfg(feature = "calls")]
    pub(crate) linux_paths: Option<wasm_vfs_core::ResolveFlags>,
}

/// A directory that a program starts with.
#[derive(Debug)]
pub(crate) struct Preopen {
    /// What the program knows it by.
    pub(crate) name: Vec<u8>,
    /// Which directory of the tree it is.
    pub(crate) tree_path: Vec<u8>,
}

/// A standard stream.
#[derive(Debug)]
pub(crate) enum Stream {
    /// The host's.
    Host,
    /// The null device.
    Null,
    /// Not open.
    Closed,
    /// A file of the tree.
    File(Vec<u8>),
}

/// Variables of the host's environment.
#[derive(Debug)]
pub(crate) enum Inherited {
    /// All of them.
    All,
    /// Those of these names.
    Only(Vec<Vec<u8>>),
}

impl Settings {
    /// Everything as the host has it.
    pub(crate) fn new() -> Settings {
        Settings {
            preopens: Vec::new(),
            no_preopen: false,
            streams: [Stream::Host, Stream::Host, Stream::Host],
            variables: Vec::new(),
            inherited: Inherited::All,
            arguments: Vec::new(),
            host_arguments: true,
            waits: true,
            exit_status: None,
            #[cfg(feature = "calls")]
            linux_paths: None,
        }
    }
}
