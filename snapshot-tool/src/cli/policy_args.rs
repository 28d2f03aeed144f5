//! The options that say what the program sees: clap's twin of [`Policy`].

use crate::policy::values::{
    ByteCount, Clock, HostCall, InheritEnv, MountPoint, Overlay, Preopen, Random, Stream, Trace,
    Umask, Variable,
};
use crate::policy::{Policy, with_the_fields};
use clap::Args;

/// What the program sees beside its tree.
#[derive(Debug, Args)]
#[command(next_help_heading = "What the program sees")]
pub(crate) struct PolicyArgs {
    /// Give the program nothing of the WASI host: the result has no imports
    ///
    /// It exits by a trap after its status is stored; its streams are `null`, `file=/run/stdout`
    /// and `file=/run/stderr`; its clock steps, its random numbers repeat. The embedder reads
    /// results through the exported host interface. Other options may choose otherwise, but never
    /// `host`.
    #[arg(long)]
    hermetic: bool,
    /// Preopen a directory of the tree under a name; may be repeated [default: /]
    ///
    /// GUEST is what the program knows it by, TREEPATH where it is [default: GUEST, from /]. `.`
    /// gives programs an initial directory.
    #[arg(long, value_name = "GUEST[=TREEPATH]")]
    preopen: Vec<Preopen>,
    /// Preopen no directory: descriptor 3 is not open, and no path leads anywhere
    #[arg(long, conflicts_with = "preopen")]
    no_preopen: bool,
    /// Set an environment variable; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    env: Vec<Variable>,
    /// Pass the WASI host's environment on, or only the variables named [default: all]
    #[arg(long, value_name = "NAME,...", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    inherit_env: Option<InheritEnv>,
    /// Pass nothing of the WASI host's environment on
    #[arg(long, conflicts_with = "inherit_env")]
    no_env: bool,
    /// Append an argument to those that the WASI host gives; may be repeated
    #[arg(long, value_name = "ARG", allow_hyphen_values = true)]
    arg: Vec<String>,
    /// Give the program the arguments of --arg only, the first of which is its name
    #[arg(long)]
    args_only: bool,
    /// Standard input: `host` (default: the WASI host's), `null`, `deny`, or `file=PATH` in the
    /// tree
    #[arg(long, value_name = "STREAM")]
    stdin: Option<Stream>,
    /// Standard output, likewise; a file is emptied first
    #[arg(long, value_name = "STREAM")]
    stdout: Option<Stream>,
    /// Standard error, likewise
    #[arg(long, value_name = "STREAM")]
    stderr: Option<Stream>,
    /// Clocks: `host` (default), `fixed=RFC3339`, or `step=NS`: each reading is NS later than the
    /// last
    #[arg(long, value_name = "CLOCK")]
    clock: Option<Clock>,
    /// Random numbers: `host` (default) or `seed=HEX`: always the same, and no secret
    #[arg(long, value_name = "RANDOM")]
    random: Option<Random>,
    /// `proc_exit`: `host` (default) or `deny`: the status is stored and the program stopped by a
    /// trap
    #[arg(long, value_name = "host|deny")]
    exit: Option<HostCall>,
    /// `sched_yield`: `host` (default) or `deny`: there is nobody to yield to
    #[arg(long, value_name = "host|deny")]
    sched_yield: Option<HostCall>,
    /// `proc_raise`: `host` (default) or `deny`: not supported
    #[arg(long, value_name = "host|deny")]
    signals: Option<HostCall>,
    /// `sock_*` on the WASI host's descriptors: `host` (default) or `deny`: not a socket
    #[arg(long, value_name = "host|deny")]
    sockets: Option<HostCall>,
    /// Waiting for clocks and the WASI host's descriptors: `host` (default) or `deny`: nothing is
    /// waited for
    #[arg(long, value_name = "host|deny")]
    poll: Option<HostCall>,
    /// Refuse every change of the tree (EROFS)
    #[arg(long)]
    read_only: bool,
    /// How many bytes files may take in all, as in `64MiB`; those of the tree count [default: as
    /// many as memory holds]
    #[arg(long, value_name = "BYTES")]
    max_bytes: Option<ByteCount>,
    /// How many files and directories there may be, those of the tree included [default: as many
    /// as memory holds]
    #[arg(long, value_name = "COUNT")]
    max_inodes: Option<u32>,
    /// How many descriptors may be open, the standard streams and preopens included [default:
    /// 65536]
    #[arg(long, value_name = "COUNT")]
    max_fds: Option<u32>,
    /// The owner of the files that the program makes [default: 0]
    #[arg(long, value_name = "UID")]
    uid: Option<u32>,
    /// The group of the files that the program makes [default: 0]
    #[arg(long, value_name = "GID")]
    gid: Option<u32>,
    /// Permission bits that new files never have, in octal [default: 022]
    #[arg(long, value_name = "OCTAL")]
    umask: Option<Umask>,
    /// Add no /dev with null, zero, full, random, urandom, stdin, stdout, stderr, fd, tty
    #[arg(long)]
    no_dev: bool,
    /// Let a directory that the WASI host preopens appear in the tree; may be repeated
    ///
    /// PREOPEN is the name by which the WASI host preopens it [default: GUEST].
    #[arg(long, value_name = "GUEST[=PREOPEN]")]
    mount: Vec<MountPoint>,
    /// As --mount, but the directory is only read: changes stay in the tree; may be repeated
    #[arg(long, value_name = "GUEST=PREOPEN")]
    overlay: Vec<Overlay>,
    /// `-v`, which is an option of every command.
    #[arg(skip)]
    verbose: bool,
    /// Write each call of the program to standard error; `env`: if WASM_VFS_TRACE=1 is in its
    /// environment; `off`: never
    #[arg(long, value_name = "always|env|off", num_args = 0..=1, require_equals = true, default_missing_value = "always")]
    trace: Option<Trace>,
    /// Leave out the exports by which an embedder reaches the tree
    #[arg(long)]
    strip_host_api: bool,
    /// Tell the embedder what calls did: it provides `wasm_vfs_events.changed`, called after each
    /// call that changed the tree, and `wasm_vfs_events.sync`, after fsync and its like
    #[arg(long)]
    events: bool,
}

impl PolicyArgs {
    /// The policy that the options ask for. `verbose`: preopens that the WASI host lacks are
    /// reported.
    pub(super) fn policy(self, verbose: bool) -> Policy {
        let args = Self { verbose, ..self };
        with_the_fields!(args, PolicyArgs => Policy)
    }
}
