//! The trait of all engines, what they are given, and what they return.

use std::fmt;
use std::path::{Path, PathBuf};

/// What a program is started with.
#[derive(Clone, Debug, Default)]
pub struct Invocation {
    /// The arguments, the program's own name first.
    pub args: Vec<String>,
    /// The environment: nothing is inherited.
    pub env: Vec<(String, String)>,
    /// What standard input holds.
    pub stdin: Vec<u8>,
    /// The host directory that the program sees as `/`. `None`: it sees no host directory at all.
    pub host_root: Option<PathBuf>,
    /// Directories below [`host_root`](Self::host_root) that are preopened beside it, by their
    /// names there.
    pub host_preopens: Vec<String>,
    /// Files to read when the program has ended, by their paths without the leading `/`.
    pub collect: Vec<String>,
}

impl Invocation {
    /// A program's name and its arguments, separated by blanks.
    pub fn of(line: &str) -> Self {
        Self { args: line.split_whitespace().map(str::to_owned).collect(), ..Self::default() }
    }

    /// Adds a variable to the environment.
    #[must_use]
    pub fn env(mut self, key: &str, value: &str) -> Self {
        self.env.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Reads this file when the program has ended.
    #[must_use]
    pub fn collect(mut self, path: &str) -> Self {
        self.collect.push(path.to_owned());
        self
    }

    /// Shows the program a host directory as `/`.
    #[must_use]
    pub fn on_host(mut self, root: &Path) -> Self {
        self.host_root = Some(root.to_owned());
        self
    }
}

/// What came of a run.
#[derive(Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The exit status; `None` when the program trapped.
    pub status: Option<i32>,
    /// All that was written to standard output.
    pub stdout: Vec<u8>,
    /// All that was written to standard error; a trap's message comes last.
    pub stderr: Vec<u8>,
    /// The files that [`Invocation::collect`] asked for, in its order.
    pub files: Vec<Vec<u8>>,
}

impl fmt::Debug for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "exit status {:?}\n--- stdout\n{}\n--- stderr\n{}",
            self.status,
            String::from_utf8_lossy(&self.stdout),
            String::from_utf8_lossy(&self.stderr)
        )?;
        self.files.iter().try_for_each(|file| {
            write!(formatter, "\n--- a file\n{}", String::from_utf8_lossy(file))
        })
    }
}

/// A runtime for preview1 programs. `tests/src/engines/registry.rs` knows them all.
pub trait Engine: Send + Sync {
    /// What reports call it.
    fn name(&self) -> &'static str;

    /// Runs the module of this file as a command.
    ///
    /// # Errors
    ///
    /// When the engine cannot load the module or be started. What the program does, trap or fail,
    /// is an [`Outcome`].
    fn run(&self, wasm: &Path, invocation: &Invocation) -> anyhow::Result<Outcome>;

    /// Runs a hermetic module: the engine gives it nothing at all, calls `_start` and then reads,
    /// through the host interface, the status and what is in `/run/stdout` and `/run/stderr` of the
    /// tree.
    ///
    /// # Errors
    ///
    /// When the engine cannot load the module, or the tree in it cannot be read.
    fn run_hermetic(&self, wasm: &Path) -> anyhow::Result<Outcome>;
}

/// Where a hermetic program's standard output and error are, in its tree.
pub const HERMETIC_STREAMS: [&str; 2] = ["/run/stdout", "/run/stderr"];
