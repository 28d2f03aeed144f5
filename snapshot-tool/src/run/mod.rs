//! Running a packed program under wasmtime, without any directory of the disk but those that it is
//! given for its mounts.

mod archive_sink;
pub(crate) mod at_run_time;
mod budget;
pub(crate) mod disk_tar;
pub(crate) mod host_api;
pub(crate) mod transfer;

use crate::error::{Error, ErrorKind, InnerResult, Marked as _};
use crate::output::Destination;
use crate::pack::input::Program;
use crate::progress::{Listener, Progress, Stage};
use crate::run::host_api::HostApi;
use crate::run::transfer::Transfers;
use crate::tree::guest_path::GuestPath;
use anyhow::{Context as _, anyhow, bail};
use std::path::PathBuf;
use wasmtime::{Cache, Config, Engine, Instance, Linker, Module, Store, WasmBacktrace};
use wasmtime_wasi::p1::{self, WasiP1Ctx};
use wasmtime_wasi::{FsPerms, I32Exit, WasiCtxBuilder};

/// Runs programs: their arguments, their environment, and this process's standard streams.
///
/// ```
/// use wasm_vfs::{Outcome, Packer, Program, Runner, TreeBuilder};
///
/// # let program = wat::parse_str(wasm_vfs::doc::PROGRAM)?;
/// let packed = Packer::new(TreeBuilder::new()).pack(Program::bytes("app", program))?;
/// let packed = Program::bytes("app", packed.to_vec()?);
/// let outcome = Runner::new().arg("--verbose").env("LANG", "C").run(&packed)?;
/// assert_eq!(outcome, Outcome::Exited(0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Runner {
    args: Vec<String>,
    env: Vec<(String, String)>,
    cache: bool,
    transfers: Transfers,
    host_directories: Vec<(PathBuf, String)>,
    progress: Listener,
}

impl Default for Runner {
    fn default() -> Self {
        Self::new()
    }
}

/// How a program ended.
///
/// ```
/// use wasm_vfs::Outcome;
///
/// assert_eq!(Outcome::Exited(3).to_string(), "exited with status 3");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It returned (0) or called `proc_exit`.
    Exited(i32),
    /// It is a reactor: `_initialize` was called, and there is no `_start` to run.
    Initialized,
    /// It trapped.
    Trapped {
        /// What happened, in one line.
        reason: String,
        /// The calls that led there, a line for each; empty if unknown.
        backtrace: String,
    },
}

impl Runner {
    /// No arguments beside the program's name, an empty environment, no directory of the disk,
    /// compiled code cached.
    #[must_use]
    pub fn new() -> Self {
        Self {
            args: Vec::new(),
            env: Vec::new(),
            cache: true,
            transfers: Transfers::default(),
            host_directories: Vec::new(),
            progress: Listener::default(),
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: Into<String>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Preopens a directory of the disk under a name. A packed program sees it where it was packed
    /// to: with a mount or an overlay of that name.
    #[must_use]
    pub fn host_directory(mut self, host: impl Into<PathBuf>, name: impl Into<String>) -> Self {
        self.host_directories.push((host.into(), name.into()));
        self
    }

    /// Whether compiled code is kept in the user's cache directory, which is wasmtime's own. The
    /// default is yes; where that directory cannot be used, nothing is kept.
    #[must_use]
    pub fn cache(mut self, cache: bool) -> Self {
        self.cache = cache;
        self
    }

    /// Puts a file or directory of the disk into the tree before the program starts, at the path
    /// `guest`: modes, modification times and symbolic links as they are. What is there already is
    /// replaced; directories are merged.
    #[must_use]
    pub fn put(mut self, host: impl Into<PathBuf>, guest: GuestPath) -> Self {
        self.transfers.puts.push((host.into(), guest));
        self
    }

    /// Copies a file or directory of the tree to the disk after the program has ended, also by a
    /// trap. A file is replaced when all of it is there; a directory must not be there, or be
    /// empty.
    #[must_use]
    pub fn get(mut self, guest: GuestPath, host: impl Into<PathBuf>) -> Self {
        self.transfers.gets.push((guest, host.into()));
        self
    }

    /// Limits how many bytes [`get`](Self::get) and [`export`](Self::export) write in all, for the
    /// program chooses how much that is. Holes of files do not count, of a directory 512 bytes or
    /// more for each entry do. The default is 4 GiB.
    #[must_use]
    pub fn get_limit(mut self, bytes: u64) -> Self {
        self.transfers.limit = Some(bytes);
        self
    }

    /// Writes the whole tree as a tar archive after the program has ended, also by a trap.
    #[must_use]
    pub fn export(mut self, destination: impl Into<Destination>) -> Self {
        self.transfers.exports.push(destination.into());
        self
    }

    /// Reports compiling to `progress`.
    #[must_use]
    pub fn progress(mut self, progress: impl Progress + 'static) -> Self {
        self.progress = Listener::new(progress);
        self
    }

    /// Runs a program. It sees its name before its arguments. Of a component that
    /// [`Packer::component`] made, the packed module in it runs.
    ///
    /// [`Packer::component`]: crate::Packer::component
    ///
    /// # Errors
    ///
    /// If the program cannot be read ([`Io`](ErrorKind::Io)); if it cannot be compiled or
    /// instantiated, or has nothing to run ([`Run`](ErrorKind::Run)); if a file cannot be put into
    /// its tree or got out of it ([`Filesystem`](ErrorKind::Filesystem), [`Io`](ErrorKind::Io)).
    pub fn run(&self, program: &Program) -> Result<Outcome, Error> {
        let bytes = program.read_to_run()?;
        let ran = self.run_module(program.name(), &bytes).of_kind(ErrorKind::Run);
        Ok(match program.path() {
            Some(path) => ran.with_context(|| format!("cannot run `{}`", path.display()))?,
            None => ran?,
        })
    }

    fn run_module(&self, name: &str, program: &[u8]) -> InnerResult<Outcome> {
        self.progress.begin(Stage::Compiling, None);
        let engine = self.engine()?;
        let module = Module::new(&engine, program)?;
        self.progress.end();
        let mut linker: Linker<WasiP1Ctx> = Linker::new(&engine);
        p1::add_to_linker_sync(&mut linker, |wasi| wasi)?;
        let mut store = Store::new(&engine, self.wasi(name)?);
        let entry = entry_point(&module)?;
        let instance = match linker.instantiate(&mut store, &module) {
            Ok(instance) => instance,
            Err(error) => return ended(&error),
        };
        let api = self.transfers.api(&mut store, &instance)?;
        if let Some(api) = &api {
            self.transfers.put(&mut store, api)?;
        }
        let start = instance.get_typed_func::<(), ()>(&mut store, entry.name())?;
        let outcome = match (start.call(&mut store, ()), entry) {
            (Ok(()), Entry::Start) => Outcome::Exited(0),
            (Ok(()), Entry::Initialize) => Outcome::Initialized,
            (Err(error), _) => match stored_status(&mut store, &instance) {
                // A program that may not ask the WASI host ends so.
                Some(status) => Outcome::Exited(status),
                None => ended(&error)?,
            },
        };
        if let Some(api) = &api {
            let got = self.transfers.get(&mut store, api);
            got.with_context(|| {
                format!("the program {outcome}, but what it left is not all here")
            })?;
        }
        Ok(outcome)
    }

    /// What the program gets of this process.
    fn wasi(&self, name: &str) -> InnerResult<WasiP1Ctx> {
        let mut wasi = WasiCtxBuilder::new();
        wasi.inherit_stdio().arg(name).args(&self.args).envs(&self.env);
        for (host, name) in &self.host_directories {
            wasi.preopened_dir(host, name, FsPerms::ReadWrite)
                .map_err(anyhow::Error::from)
                .with_context(|| format!("cannot open host directory `{}`", host.display()))?;
        }
        // Nothing else runs in this process: no need to hand blocking calls to other threads.
        wasi.allow_blocking_current_thread(true);
        Ok(wasi.build_p1())
    }

    fn engine(&self) -> InnerResult<Engine> {
        let mut config = Config::new();
        config.wasm_exceptions(true);
        if self.cache {
            // Only speed is lost without one.
            config.cache(Cache::from_file(None).ok());
        }
        Ok(Engine::new(&config)?)
    }
}

/// What the program gave to `proc_exit`, if it has the host interface.
fn stored_status(store: &mut Store<WasiP1Ctx>, instance: &Instance) -> Option<i32> {
    HostApi::new(&mut *store, instance).and_then(|api| api.exit_status(store)).ok().flatten()
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exited(status) => write!(f, "exited with status {status}"),
            Self::Initialized => f.write_str("was initialized"),
            Self::Trapped { reason, .. } => write!(f, "trapped ({reason})"),
        }
    }
}

/// Which function is called.
#[derive(Clone, Copy, Debug)]
enum Entry {
    Start,
    Initialize,
}

impl Entry {
    fn name(self) -> &'static str {
        match self {
            Self::Start => "_start",
            Self::Initialize => "_initialize",
        }
    }
}

fn entry_point(module: &Module) -> InnerResult<Entry> {
    let entries = [Entry::Start, Entry::Initialize];
    match entries.into_iter().find(|entry| module.get_export(entry.name()).is_some()) {
        Some(entry) => Ok(entry),
        None => bail!(
            "it exports neither `_start` nor `_initialize`, so there is nothing to run; \
             build it as a command"
        ),
    }
}

/// What an error from running means.
fn ended(error: &wasmtime::Error) -> InnerResult<Outcome> {
    if let Some(I32Exit(status)) = error.downcast_ref() {
        return Ok(Outcome::Exited(*status));
    }
    // Errors without a trap come from linking: an import that nobody provides.
    let Some(trap) = error.downcast_ref::<wasmtime::Trap>() else {
        return Err(anyhow!("{error:#}"));
    };
    let backtrace = error.downcast_ref::<WasmBacktrace>().map(ToString::to_string);
    Ok(Outcome::Trapped { reason: trap.to_string(), backtrace: backtrace.unwrap_or_default() })
}
