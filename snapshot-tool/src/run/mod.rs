//! Running a packed program under wasmtime, without any directory of the disk but those that it is
//! given for its mounts.

mod archive_sink;
pub(crate) mod at_run_time;
mod budget;
pub(crate) mod disk_tar;
mod entry;
pub(crate) mod events;
pub(crate) mod imports;
pub(crate) mod limits;
pub(crate) mod outcome;
mod save;
mod session;
mod settings;
mod states;
mod syncing;
pub(crate) mod transfer;

use crate::error::{Error, ErrorKind, InnerResult, Marked as _};
use crate::output::Destination;
use crate::pack::input::{Program, named};
use crate::progress::{Listener, Progress};
use crate::run::imports::UnknownImports;
use crate::run::limits::stop_handle::StopHandle;
use crate::run::outcome::Outcome;
use crate::run::save::Save;
use crate::run::settings::Settings;
use crate::run::states::{ChangesListener, ConflictsListener};
use crate::state::change::Change;
use crate::tree::guest_path::GuestPath;
use anyhow::Context as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

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
#[derive(Clone, Debug, Default)]
pub struct Runner {
    settings: Settings,
}

impl Runner {
    /// No arguments beside the program's name, an empty environment, no directory of the disk, no
    /// limits, compiled code cached.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the name that the program sees as its own, in place of that of its file.
    #[must_use]
    pub fn argv0(mut self, name: impl Into<String>) -> Self {
        self.settings.argv0 = Some(name.into());
        self
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.settings.args.push(arg.into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: Into<String>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.settings.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.env.push((name.into(), value.into()));
        self
    }

    /// Preopens a directory of the disk under a name. A packed program sees it where it was packed
    /// to: with a mount or an overlay of that name.
    #[must_use]
    pub fn host_directory(mut self, host: impl Into<PathBuf>, name: impl Into<String>) -> Self {
        self.settings.host_directories.push((host.into(), name.into()));
        self
    }

    /// Calls an exported function in place of `_start`, and tells what it returned
    /// ([`Outcome::Returned`]). The arguments are read by the function's types: `i32`, `i64`,
    /// `f32`, `f64`; integers may be hexadecimal. A reactor's `_initialize` is called before.
    ///
    /// ```
    /// use wasm_vfs::{Outcome, Packer, Program, Runner, TreeBuilder};
    ///
    /// let program = wat::parse_str(
    ///     r#"(module
    ///         (import "wasi_snapshot_preview1" "fd_close" (func (param i32) (result i32)))
    ///         (memory (export "memory") 1)
    ///         (func (export "add") (param i32 i32) (result i32)
    ///             (i32.add (local.get 0) (local.get 1))))"#,
    /// )?;
    /// let packed = Packer::new(TreeBuilder::new()).pack(Program::bytes("app", program))?;
    /// let packed = Program::bytes("app", packed.to_vec()?);
    /// let outcome = Runner::new().invoke("add", ["2", "0x28"]).run(&packed)?;
    /// assert_eq!(outcome, Outcome::Returned(vec!["42".to_owned()]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn invoke<A: Into<String>>(
        mut self,
        function: impl Into<String>,
        args: impl IntoIterator<Item = A>,
    ) -> Self {
        let args = args.into_iter().map(Into::into).collect();
        self.settings.invoke = Some((function.into(), args));
        self
    }

    /// Says what becomes of functions that the program imports and nobody provides. By default they
    /// are an error.
    #[must_use]
    pub fn unknown_imports(mut self, unknown: UnknownImports) -> Self {
        self.settings.unknown_imports = unknown;
        self
    }

    /// Stops the program when it has used up this much fuel, about one for each instruction
    /// ([`Outcome::OutOfFuel`]).
    #[must_use]
    pub fn fuel(mut self, fuel: u64) -> Self {
        self.settings.limits.fuel = Some(fuel);
        self
    }

    /// Stops the program when it has run for this long, or waited for input or for a clock
    /// ([`Outcome::TimedOut`]). Compiling does not count.
    ///
    /// A program that waits for anything else, such as a named pipe in a directory of the disk, is
    /// left alone with it a second later, on a thread that goes on waiting.
    #[must_use]
    pub fn timeout(mut self, time: Duration) -> Self {
        self.settings.limits.time = Some(time);
        self
    }

    /// Lets another thread stop the program ([`Outcome::Stopped`]), as [`timeout`](Self::timeout)
    /// does. What is left to do after the program is done.
    ///
    /// With a handle or a time limit the engine looks in loops and calls whether to go on, which
    /// takes time.
    #[must_use]
    pub fn stop(mut self, handle: &StopHandle) -> Self {
        self.settings.stop = Some(handle.clone());
        self
    }

    /// Lets the program's memories and tables take so many bytes together, those of its filesystem
    /// included; more is refused, which the program sees as `memory.grow` that fails.
    #[must_use]
    pub fn max_memory(mut self, bytes: u64) -> Self {
        self.settings.limits.memory_bytes = Some(bytes);
        self
    }

    /// Lets the program's calls take so many bytes of the stack, in place of wasmtime's default of
    /// 512 KiB. More is a trap.
    #[must_use]
    pub fn max_stack(mut self, bytes: u64) -> Self {
        self.settings.limits.stack_bytes = Some(bytes);
        self
    }

    /// Whether compiled code is kept in the user's cache directory, which is wasmtime's own. The
    /// default is yes; where that directory cannot be used, nothing is kept.
    #[must_use]
    pub fn cache(mut self, cache: bool) -> Self {
        self.settings.cache = cache;
        self
    }

    /// Puts a file or directory of the disk into the tree before the program starts, at the path
    /// `guest`: modes, modification times and symbolic links as they are. What is there already is
    /// replaced; directories are merged.
    #[must_use]
    pub fn put(mut self, host: impl Into<PathBuf>, guest: GuestPath) -> Self {
        self.settings.transfers.puts.push((host.into(), guest));
        self
    }

    /// Copies a file or directory of the tree to the disk after the program has ended, also by a
    /// trap. A file is replaced when all of it is there; a directory must not be there, or be
    /// empty.
    #[must_use]
    pub fn get(mut self, guest: GuestPath, host: impl Into<PathBuf>) -> Self {
        self.settings.transfers.gets.push((guest, host.into()));
        self
    }

    /// Limits how many bytes [`get`](Self::get) and [`export`](Self::export) write in all, for the
    /// program chooses how much that is. Holes of files do not count, of a directory 512 bytes or
    /// more for each entry do. The default is 4 GiB.
    #[must_use]
    pub fn get_limit(mut self, bytes: u64) -> Self {
        self.settings.transfers.limit = Some(bytes);
        self
    }

    /// Writes the whole tree as a tar archive after the program has ended, also by a trap.
    #[must_use]
    pub fn export(mut self, destination: impl Into<Destination>) -> Self {
        self.settings.transfers.exports.push(destination.into());
        self
    }

    /// Packs the program again after it has ended, also by a trap, with what it has changed in its
    /// tree, as [`Commit`](crate::Commit) does: the same program, form and policy. A file is replaced
    /// when all of it is there; it may be the program's own.
    #[must_use]
    pub fn save(mut self, destination: impl Into<Destination>) -> Self {
        self.settings.saves.push(destination.into());
        self
    }

    /// Starts the program from a state, if the file is there, and writes what it has changed to that
    /// file after it has ended, also by a trap. A state is an archive: an OCI image layer that says
    /// which tree it is for. The file is replaced when all of the new one is on the disk; one run at
    /// a time can use it.
    #[must_use]
    pub fn state(mut self, file: impl Into<PathBuf>) -> Self {
        self.settings.states.state = Some(file.into());
        self
    }

    /// Keeps the [`state`](Self::state) in step while the program runs: each time it calls fsync,
    /// fdatasync, sync, syncfs, msync with `MS_SYNC`, or writes to a file that it opened with `O_SYNC`
    /// or `O_DSYNC`, what it has written until then is on the disk before that call returns. If the
    /// run is killed, the next one starts from there. The program must be packed with
    /// [`Policy::events`](crate::Policy::events); else its calls tell nobody.
    #[must_use]
    pub fn sync(mut self) -> Self {
        self.settings.states.sync = true;
        self
    }

    /// Applies the [`state`](Self::state), or any layer of a container image in its place, although
    /// it was made for another tree, as [`Commit::rebase`](crate::Commit::rebase) does. What does not
    /// fit is left out or replaced, and `tell` gets a line for each. The state that the run leaves
    /// is for the tree of now.
    #[must_use]
    pub fn rebase(mut self, tell: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.settings.states.rebase = Some(ConflictsListener(Arc::new(tell)));
        self
    }

    /// Hands over what the program has changed, in the order of paths, after it has ended, also by a
    /// trap. With a [`state`](Self::state): since the tree was packed, not since the last run.
    #[must_use]
    pub fn changes(mut self, tell: impl Fn(&[Change]) + Send + Sync + 'static) -> Self {
        self.settings.states.listener = Some(ChangesListener(Arc::new(tell)));
        self
    }

    /// Reports compiling to `progress`.
    #[must_use]
    pub fn progress(mut self, progress: impl Progress + 'static) -> Self {
        self.settings.progress = Listener::new(progress);
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
        Ok(self.outcome(program).of_kind(ErrorKind::Run)?)
    }

    fn outcome(&self, program: &Program) -> InnerResult<Outcome> {
        let file = program.path().map_or_else(|| format!("`{}`", program.name()), named);
        let destinations = self.settings.saves.clone();
        let save = match destinations.is_empty() {
            true => None,
            false => Some(Save { program: program.in_memory()?, destinations }),
        };
        let bytes = match &save {
            Some(save) => program.blame(save.program.read_to_run())?,
            None => program.read_to_run()?,
        };
        let ended = session::run(&self.settings, program.name(), bytes, save.as_ref());
        let ended = ended.with_context(|| format!("cannot run {file}"))?;
        ended.left.with_context(|| {
            format!("{file} {}, but not all that it left could be copied", ended.outcome)
        })?;
        Ok(ended.outcome)
    }
}
