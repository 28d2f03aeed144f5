//! What of the world a packed program sees: everything that is chosen when it is packed.
//!
//! A [`Policy`] is the command line's flags, the configuration file's keys and the text that a
//! packed module carries, all by the same names. Each field is what its flag says; what nobody
//! chose is `None`, so that `hermetic` can tell a default from a contradiction. `settled` fills the
//! defaults in.
//!
//! [`values`] has the types of single values and how they are written; `keys` has the policy as
//! TOML, `file` reads the configuration file. Who then answers which function of preview1 is
//! decided in `adapter/surface.rs`.

pub(crate) mod file;
pub(crate) mod keys;
pub(crate) mod settled;
pub mod values;

use values::{
    ByteCount, Clock, HostCall, InheritEnv, MountPoint, Overlay, Preopen, Random, Stream, Trace,
    Umask, Variable,
};

/// Turns a struct into another that has a policy's fields. Both are named field by field, without
/// `..`: a field that somebody forgets on either side does not compile.
macro_rules! with_the_fields {
    ($value:expr, $from:ident => $to:ident) => {{
        let $from {
            hermetic,
            preopen,
            no_preopen,
            env,
            inherit_env,
            no_env,
            arg,
            args_only,
            stdin,
            stdout,
            stderr,
            clock,
            random,
            exit,
            sched_yield,
            signals,
            sockets,
            poll,
            read_only,
            max_bytes,
            max_inodes,
            max_fds,
            uid,
            gid,
            umask,
            no_dev,
            mount,
            overlay,
            verbose,
            trace,
            strip_host_api,
            events,
        } = $value;
        $to {
            hermetic,
            preopen,
            no_preopen,
            env,
            inherit_env,
            no_env,
            arg,
            args_only,
            stdin,
            stdout,
            stderr,
            clock,
            random,
            exit,
            sched_yield,
            signals,
            sockets,
            poll,
            read_only,
            max_bytes,
            max_inodes,
            max_fds,
            uid,
            gid,
            umask,
            no_dev,
            mount,
            overlay,
            verbose,
            trace,
            strip_host_api,
            events,
        }
    }};
}
pub(crate) use with_the_fields;

/// What a packed program sees beside its tree. A field is what the option of its name says; `None`
/// and `false` mean that nobody chose.
///
/// ```
/// use wasm_vfs::Policy;
///
/// let policy = Policy::from_toml(
///     r#"
///     preopen = ["/", "data=/srv/data"]
///     env = ["LANG=C.UTF-8"]
///     no-env = true
///     clock = "fixed=2026-01-01T00:00:00Z"
///     "#,
/// )?;
/// assert_eq!(policy.preopen.len(), 2);
/// assert!(policy.no_env);
/// # Ok::<(), wasm_vfs::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policy {
    /// Give the program nothing of the WASI host: the result has no imports
    ///
    /// It exits by a trap after its status is stored; its streams are `null`, `file=/run/stdout`
    /// and `file=/run/stderr`; its clock steps, its random numbers repeat. The embedder reads
    /// results through the exported host interface. Other options may choose otherwise, but never
    /// `host`.
    pub hermetic: bool,
    /// Preopen a directory of the tree under a name; may be repeated [default: /]
    ///
    /// GUEST is what the program knows it by, TREEPATH where it is [default: GUEST, from /]. `.`
    /// gives programs an initial directory.
    pub preopen: Vec<Preopen>,
    /// Preopen no directory: descriptor 3 is not open, and no path leads anywhere
    pub no_preopen: bool,
    /// Set an environment variable; may be repeated
    pub env: Vec<Variable>,
    /// Pass the WASI host's environment on, or only the variables named [default: all]
    pub inherit_env: Option<InheritEnv>,
    /// Pass nothing of the WASI host's environment on
    pub no_env: bool,
    /// Append an argument to those that the WASI host gives; may be repeated
    pub arg: Vec<String>,
    /// Give the program the arguments of --arg only, the first of which is its name
    pub args_only: bool,
    /// Standard input: `host` (default: the WASI host's), `null`, `deny`, or `file=PATH` in the
    /// tree
    pub stdin: Option<Stream>,
    /// Standard output, likewise; a file is emptied first
    pub stdout: Option<Stream>,
    /// Standard error, likewise
    pub stderr: Option<Stream>,
    /// Clocks: `host` (default), `fixed=RFC3339`, or `step=NS`: each reading is NS later than the
    /// last
    pub clock: Option<Clock>,
    /// Random numbers: `host` (default) or `seed=HEX`: always the same, and no secret
    pub random: Option<Random>,
    /// `proc_exit`: `host` (default) or `deny`: the status is stored and the program stopped by a
    /// trap
    pub exit: Option<HostCall>,
    /// `sched_yield`: `host` (default) or `deny`: there is nobody to yield to
    pub sched_yield: Option<HostCall>,
    /// `proc_raise`: `host` (default) or `deny`: not supported
    pub signals: Option<HostCall>,
    /// `sock_*` on the WASI host's descriptors: `host` (default) or `deny`: not a socket
    pub sockets: Option<HostCall>,
    /// Waiting for clocks and the WASI host's descriptors: `host` (default) or `deny`: nothing is
    /// waited for
    pub poll: Option<HostCall>,
    /// Refuse every change of the tree (EROFS)
    pub read_only: bool,
    /// How many bytes files may take in all, as in `64MiB`; those of the tree count [default: as
    /// many as memory holds]
    pub max_bytes: Option<ByteCount>,
    /// How many files and directories there may be, those of the tree included [default: as many
    /// as memory holds]
    pub max_inodes: Option<u32>,
    /// How many descriptors may be open, the standard streams and preopens included [default:
    /// 65536]
    pub max_fds: Option<u32>,
    /// The owner of the files that the program makes [default: 0]
    pub uid: Option<u32>,
    /// The group of the files that the program makes [default: 0]
    pub gid: Option<u32>,
    /// Permission bits that new files never have, in octal [default: 022]
    pub umask: Option<Umask>,
    /// Add no /dev with null, zero, full, random, urandom, stdin, stdout, stderr, fd, tty
    pub no_dev: bool,
    /// Let a directory that the WASI host preopens appear in the tree; may be repeated
    ///
    /// PREOPEN is the name by which the WASI host preopens it [default: GUEST].
    pub mount: Vec<MountPoint>,
    /// As --mount, but the directory is only read: changes stay in the tree; may be repeated
    pub overlay: Vec<Overlay>,
    /// Report a preopen of --mount or --overlay that the WASI host does not have, on standard
    /// error: `-v` of the command line.
    pub verbose: bool,
    /// Write each call of the program to standard error; `env`: if WASM_VFS_TRACE=1 is in its
    /// environment; `off`: never
    pub trace: Option<Trace>,
    /// Leave out the exports by which an embedder reaches the tree
    pub strip_host_api: bool,
    /// Tell the embedder what calls did: it provides `wasm_vfs_events.changed`, called after each
    /// call that changed the tree, and `wasm_vfs_events.sync`, after fsync and its like
    pub events: bool,
}

impl Policy {
    /// This policy with every choice of `over` in place of its own; lists are joined, ours first.
    #[must_use]
    pub fn overridden_by(mut self, over: Policy) -> Policy {
        fn put<T>(ours: &mut Option<T>, theirs: Option<T>) {
            if theirs.is_some() {
                *ours = theirs;
            }
        }
        let Policy {
            hermetic,
            preopen,
            no_preopen,
            env,
            inherit_env,
            no_env,
            arg,
            args_only,
            stdin,
            stdout,
            stderr,
            clock,
            random,
            exit,
            sched_yield,
            signals,
            sockets,
            poll,
            read_only,
            max_bytes,
            max_inodes,
            max_fds,
            uid,
            gid,
            umask,
            no_dev,
            mount,
            overlay,
            verbose,
            trace,
            strip_host_api,
            events,
        } = over;
        self.hermetic |= hermetic;
        if no_preopen {
            self.preopen.clear();
        } else if !preopen.is_empty() {
            self.no_preopen = false;
        }
        self.preopen.extend(preopen);
        self.no_preopen |= no_preopen;
        self.env.extend(env);
        if no_env {
            self.inherit_env = None;
        } else if inherit_env.is_some() {
            self.no_env = false;
        }
        put(&mut self.inherit_env, inherit_env);
        self.no_env |= no_env;
        self.arg.extend(arg);
        self.args_only |= args_only;
        put(&mut self.stdin, stdin);
        put(&mut self.stdout, stdout);
        put(&mut self.stderr, stderr);
        put(&mut self.clock, clock);
        put(&mut self.random, random);
        put(&mut self.exit, exit);
        put(&mut self.sched_yield, sched_yield);
        put(&mut self.signals, signals);
        put(&mut self.sockets, sockets);
        put(&mut self.poll, poll);
        self.read_only |= read_only;
        put(&mut self.max_bytes, max_bytes);
        put(&mut self.max_inodes, max_inodes);
        put(&mut self.max_fds, max_fds);
        put(&mut self.uid, uid);
        put(&mut self.gid, gid);
        put(&mut self.umask, umask);
        self.no_dev |= no_dev;
        self.mount.extend(mount);
        self.overlay.extend(overlay);
        self.verbose |= verbose;
        put(&mut self.trace, trace);
        self.strip_host_api |= strip_host_api;
        self.events |= events;
        self
    }

    /// The policy of a program that was packed with this one and is packed again: as
    /// [`overridden_by`](Self::overridden_by), but what has a name (variables, preopens, mounts,
    /// overlays) takes the place of what had it before.
    #[must_use]
    pub fn packed_again_with(mut self, over: Policy) -> Policy {
        self.env.retain(|ours| over.env.iter().all(|theirs| theirs.name != ours.name));
        self.preopen.retain(|ours| over.preopen.iter().all(|theirs| theirs.name != ours.name));
        let points = || over.mount.iter().chain(over.overlay.iter().map(|Overlay(point)| point));
        self.mount.retain(|ours| points().all(|theirs| theirs.guest != ours.guest));
        self.overlay.retain(|Overlay(ours)| points().all(|theirs| theirs.guest != ours.guest));
        self.overridden_by(over)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn policy(text: &str) -> Policy {
        Policy::from_toml(text).unwrap()
    }

    #[test]
    fn the_command_line_goes_before_the_file() {
        let file = policy("stdin = 'null'\nno-env = true\nenv = ['A=1']");
        let over = policy("stdin = 'host'\ninherit-env = 'B'\nenv = ['C=2']");
        let both = file.overridden_by(over);
        assert_eq!(both.stdin, Some(Stream::Host));
        assert_eq!((both.no_env, both.env.len()), (false, 2));
        assert!(both.settle().is_ok());
        let both = policy("inherit-env = 'B'").overridden_by(policy("no-env = true"));
        assert_eq!((both.no_env, both.inherit_env), (true, None));
        let both = policy("preopen = ['/a']").overridden_by(policy("no-preopen = true"));
        assert_eq!((both.no_preopen, both.preopen.len()), (true, 0));
        let both = both.packed_again_with(policy("preopen = ['/b']"));
        assert_eq!((both.no_preopen, both.preopen.len()), (false, 1));
    }
}
