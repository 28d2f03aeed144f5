//! What a program is run with: everything that [`Runner`](crate::Runner) collects.

use crate::output::Destination;
use crate::progress::Listener;
use crate::run::imports::UnknownImports;
use crate::run::limits::stop_handle::StopHandle;
use crate::run::limits::usage::Limits;
use crate::run::states::States;
use crate::run::transfer::Transfers;
use std::path::PathBuf;

/// What a program is run with.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// What the program sees as its own name; `None` for the name of its file.
    pub(crate) argv0: Option<String>,
    /// Its arguments after the name.
    pub(crate) args: Vec<String>,
    pub(crate) env: Vec<(String, String)>,
    /// Whether compiled code is kept.
    pub(crate) cache: bool,
    pub(crate) transfers: Transfers,
    pub(crate) states: States,
    /// Where the program is written to with its changes.
    pub(crate) saves: Vec<Destination>,
    /// Directories of the disk, each with the name by which it is preopened.
    pub(crate) host_directories: Vec<(PathBuf, String)>,
    /// The exported function to call, with its arguments as text; `None` for `_start`.
    pub(crate) invoke: Option<(String, Vec<String>)>,
    pub(crate) unknown_imports: UnknownImports,
    pub(crate) limits: Limits,
    /// What stops the program from another thread.
    pub(crate) stop: Option<StopHandle>,
    pub(crate) progress: Listener,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            argv0: None,
            args: Vec::new(),
            env: Vec::new(),
            cache: true,
            transfers: Transfers::default(),
            states: States::default(),
            saves: Vec::new(),
            host_directories: Vec::new(),
            invoke: None,
            unknown_imports: UnknownImports::default(),
            limits: Limits::default(),
            stop: None,
            progress: Listener::default(),
        }
    }
}
