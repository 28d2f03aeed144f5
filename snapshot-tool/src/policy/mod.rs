//! What of the world a packed program sees: everything that is chosen when it is packed.
//!
//! A [`Policy`] is the command line's flags, the configuration file's keys and the text that a packed module
//! carries, all by the same names. Each field is what its flag says; what nobody chose is `None`, so that
//! `hermetic` can tell a default from a contradiction. [`Policy::settled`] fills the defaults in.
//!
//! [`values`] has the types of single values and how they are written; [`mod@file`] reads the
//! configuration file; `surface` decides which functions of preview1 are answered by whom.

pub mod file;
pub mod values;

use crate::tree::guest_path::GuestPath;
use anyhow::{Result, bail, ensure};
use serde::{Deserialize, Serialize};

use values::{
    ByteCount, Clock, HostCall, InheritEnv, MountPoint, Overlay, Preopen, Random, Seed, Stream,
    Trace, Umask, Variable,
};

/// What a packed program sees beside its tree.
///
/// ```
/// use wasm_vfs::Policy;
///
/// let policy: Policy = toml::from_str(r#"
///     preopen = ["/", ".=/work"]
///     env = ["LANG=C.UTF-8"]
///     no-env = true
///     clock = "fixed=2026-01-01T00:00:00Z"
/// "#)?;
/// assert_eq!(policy.preopen.len(), 2);
/// # Ok::<(), anyhow::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::Args)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[command(next_help_heading = "What the program sees")]
pub struct Policy {
    /// Give the program nothing of the host: the result has no imports
    ///
    /// It exits by a trap after its status is stored; its streams are `null`, `file=/run/stdout` and
    /// `file=/run/stderr`; its clock steps, its random numbers repeat. The embedder reads results through the
    /// exported host interface. Other options may choose otherwise, but never `host`.
    #[arg(long)]
    #[serde(skip_serializing_if = "is_false")]
    pub hermetic: bool,

    /// Preopen a directory of the tree under a name; may be repeated [default: /]
    ///
    /// GUEST is what the program knows it by, TREEPATH where it is [default: GUEST, from /]. `.` gives programs
    /// an initial directory.
    #[arg(long, value_name = "GUEST[=TREEPATH]")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub preopen: Vec<Preopen>,

    /// Set an environment variable; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<Variable>,
    /// Pass the host's environment on, or only the variables named [default: all]
    #[arg(long, value_name = "NAME,...", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inherit_env: Option<InheritEnv>,
    /// Pass nothing of the host's environment on
    #[arg(long, conflicts_with = "inherit_env")]
    #[serde(skip_serializing_if = "is_false")]
    pub no_env: bool,

    /// Append an argument to the host's; may be repeated
    #[arg(long, value_name = "ARG", allow_hyphen_values = true)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub arg: Vec<String>,
    /// Give the program the arguments of --arg only, the first of which is its name
    #[arg(long)]
    #[serde(skip_serializing_if = "is_false")]
    pub args_only: bool,

    /// Standard input: `host` (default), `null`, `deny`, or `file=PATH` in the tree
    #[arg(long, value_name = "STREAM")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stdin: Option<Stream>,
    /// Standard output, likewise; a file is emptied first
    #[arg(long, value_name = "STREAM")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stdout: Option<Stream>,
    /// Standard error, likewise
    #[arg(long, value_name = "STREAM")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stderr: Option<Stream>,

    /// Clocks: `host` (default), `fixed=RFC3339`, or `step=NS`: each reading is NS later than the last
    #[arg(long, value_name = "CLOCK")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock: Option<Clock>,
    /// Random numbers: `host` (default) or `seed=HEX`: always the same, and no secret
    #[arg(long, value_name = "RANDOM")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub random: Option<Random>,

    /// `proc_exit`: `host` (default) or `deny`: the status is stored and the program stopped by a trap
    #[arg(long, value_name = "host|deny")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit: Option<HostCall>,
    /// `sched_yield`: `host` (default) or `deny`: there is nobody to yield to
    #[arg(long, value_name = "host|deny")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sched_yield: Option<HostCall>,
    /// `proc_raise`: `host` (default) or `deny`: not supported
    #[arg(long, value_name = "host|deny")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signals: Option<HostCall>,
    /// `sock_*` on the host's descriptors: `host` (default) or `deny`: not a socket
    #[arg(long, value_name = "host|deny")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sockets: Option<HostCall>,
    /// Waiting for clocks and the host's descriptors: `host` (default) or `deny`: nothing is waited for
    #[arg(long, value_name = "host|deny")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub poll: Option<HostCall>,

    /// Refuse every change of the tree (EROFS)
    #[arg(long)]
    #[serde(skip_serializing_if = "is_false")]
    pub read_only: bool,
    /// How many bytes files may take in all, as in `64MiB`; those of the tree count [default: as many as memory holds]
    #[arg(long, value_name = "BYTES")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<ByteCount>,
    /// How many files and directories there may be, those of the tree included [default: as many as memory holds]
    #[arg(long, value_name = "COUNT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_inodes: Option<u32>,
    /// How many descriptors may be open, the standard streams and preopens included [default: 65536]
    #[arg(long, value_name = "COUNT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_fds: Option<u32>,
    /// Whose the files are that the program makes [default: 0]
    #[arg(long, value_name = "UID")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// The group of the files that the program makes [default: 0]
    #[arg(long, value_name = "GID")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gid: Option<u32>,
    /// Permission bits that new files never have, in octal [default: 022]
    #[arg(long, value_name = "OCTAL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub umask: Option<Umask>,
    /// Add no /dev with null, zero, full, random, urandom, stdin, stdout, stderr, fd, tty
    #[arg(long)]
    #[serde(skip_serializing_if = "is_false")]
    pub no_dev: bool,

    /// Let the host's preopened directory of a name appear in the tree; may be repeated
    ///
    /// PREOPEN is the name by which the host preopens it [default: GUEST].
    #[arg(long, value_name = "GUEST[=PREOPEN]")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mount: Vec<MountPoint>,
    /// As --mount, but the host's directory is only read: changes stay in the tree; may be repeated
    #[arg(long, value_name = "GUEST=PREOPEN")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overlay: Vec<Overlay>,
    /// Tell of a preopen of --mount or --overlay that the host does not have, on standard error: `-v` of the command line.
    #[arg(skip)]
    #[serde(skip_serializing_if = "is_false")]
    pub verbose: bool,

    /// Write each call of the program to standard error; `env`: if WASM_VFS_TRACE=1 is in its environment
    #[arg(long, value_name = "always|env", num_args = 0..=1, require_equals = true, default_missing_value = "always")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<Trace>,
    /// Leave out the exports by which an embedder reaches the tree
    #[arg(long)]
    #[serde(skip_serializing_if = "is_false")]
    pub strip_host_api: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands fields over so")]
fn is_false(value: &bool) -> bool {
    !value
}

/// Where a hermetic program's standard output goes if nothing else is said.
const HERMETIC_STDOUT: &str = "/run/stdout";
/// Where a hermetic program's standard error goes if nothing else is said.
const HERMETIC_STDERR: &str = "/run/stderr";
/// How much later each reading of a hermetic program's clock is, in nanoseconds: a millisecond.
const HERMETIC_STEP_NS: u64 = 1_000_000;

/// A choice of a policy that a hermetic program may not make: its flag.
type Contradiction = &'static str;

impl Policy {
    /// This policy with every choice of `over` in place of its own; lists are joined, ours first.
    #[must_use]
    pub fn overridden_by(mut self, over: Policy) -> Policy {
        fn put<T>(ours: &mut Option<T>, theirs: Option<T>) {
            if theirs.is_some() {
                *ours = theirs;
            }
        }
        self.hermetic |= over.hermetic;
        self.preopen.extend(over.preopen);
        self.env.extend(over.env);
        if over.no_env {
            self.inherit_env = None;
        } else if over.inherit_env.is_some() {
            self.no_env = false;
        }
        put(&mut self.inherit_env, over.inherit_env);
        self.no_env |= over.no_env;
        self.arg.extend(over.arg);
        self.args_only |= over.args_only;
        put(&mut self.stdin, over.stdin);
        put(&mut self.stdout, over.stdout);
        put(&mut self.stderr, over.stderr);
        put(&mut self.clock, over.clock);
        put(&mut self.random, over.random);
        put(&mut self.exit, over.exit);
        put(&mut self.sched_yield, over.sched_yield);
        put(&mut self.signals, over.signals);
        put(&mut self.sockets, over.sockets);
        put(&mut self.poll, over.poll);
        self.read_only |= over.read_only;
        put(&mut self.max_bytes, over.max_bytes);
        put(&mut self.max_inodes, over.max_inodes);
        put(&mut self.max_fds, over.max_fds);
        put(&mut self.uid, over.uid);
        put(&mut self.gid, over.gid);
        put(&mut self.umask, over.umask);
        self.no_dev |= over.no_dev;
        self.mount.extend(over.mount);
        self.overlay.extend(over.overlay);
        self.verbose |= over.verbose;
        put(&mut self.trace, over.trace);
        self.strip_host_api |= over.strip_host_api;
        self
    }

    /// The policy of a program that was packed with this one and is packed again: as [`overridden_by`](Self::overridden_by), but
    /// what has a name (variables, preopens, mounts, overlays) takes the place of what had it before.
    #[must_use]
    pub fn packed_again_with(mut self, over: Policy) -> Policy {
        self.env.retain(|ours| over.env.iter().all(|theirs| theirs.name != ours.name));
        self.preopen.retain(|ours| over.preopen.iter().all(|theirs| theirs.name != ours.name));
        let points = || over.mount.iter().chain(over.overlay.iter().map(|Overlay(point)| point));
        self.mount.retain(|ours| points().all(|theirs| theirs.guest != ours.guest));
        self.overlay.retain(|Overlay(ours)| points().all(|theirs| theirs.guest != ours.guest));
        self.overridden_by(over)
    }

    /// The policy with nothing left open: every `Option` that has a default has its value.
    ///
    /// # Errors
    ///
    /// When choices contradict each other; the message names them.
    pub fn settled(&self) -> Result<Policy> {
        ensure!(
            !(self.no_env && self.inherit_env.is_some()),
            "`no-env` and `inherit-env` contradict each other: keep one"
        );
        if let Some(name) = first_repeated(self.env.iter().map(|variable| &variable.name)) {
            bail!("the environment variable `{name}` is set twice: keep one `env`");
        }
        if let Some(name) = first_repeated(self.preopen.iter().map(|preopen| &preopen.name)) {
            bail!("two directories are preopened as `{name}`: keep one `preopen`");
        }
        ensure!(
            self.preopen.len() <= MAX_PREOPENS,
            "{} directories are preopened, {MAX_PREOPENS} is the limit",
            self.preopen.len()
        );
        self.check_mounts()?;
        for (limit, key) in [
            (self.max_bytes.map(|bytes| bytes.0), "max-bytes"),
            (self.max_inodes.map(u64::from), "max-inodes"),
        ] {
            ensure!(
                limit != Some(0),
                "`{key}` is 0, which no tree fits in: allow more, or drop it"
            );
        }
        let found_open = STREAMS + self.preopen.len().max(1);
        ensure!(
            self.max_fds.is_none_or(|max| max as usize >= found_open),
            "`max-fds` is {}, but the program finds {found_open} descriptors open: allow as many",
            self.max_fds.unwrap_or(0)
        );
        let mut settled = self.clone();
        if self.hermetic {
            settled.make_hermetic()?;
        }
        if settled.preopen.is_empty() {
            settled.preopen.push(Preopen::root());
        }
        if settled.inherit_env.is_none() {
            settled.inherit_env = Some(if self.no_env || self.hermetic {
                InheritEnv::Only(Vec::new())
            } else {
                InheritEnv::All
            });
        }
        settled.no_env = false;
        for stream in [&mut settled.stdin, &mut settled.stdout, &mut settled.stderr] {
            stream.get_or_insert(Stream::Host);
        }
        settled.clock.get_or_insert(Clock::Host);
        settled.random.get_or_insert(Random::Host);
        for call in settled.host_calls() {
            call.get_or_insert(HostCall::Host);
        }
        Ok(settled)
    }

    /// Checks that mounts and overlays do not hide each other.
    fn check_mounts(&self) -> Result<()> {
        let overlays = self.overlay.iter().map(|Overlay(point)| ("overlay", point));
        let points: Vec<_> =
            self.mount.iter().map(|point| ("mount", point)).chain(overlays).collect();
        for (index, (flag, point)) in points.iter().enumerate() {
            for (other_flag, other) in &points[..index] {
                ensure!(
                    point.guest != other.guest,
                    "`{other_flag} {other}` and `{flag} {point}` are at the same place: keep one"
                );
            }
            for outer in &self.mount {
                ensure!(
                    point.guest == outer.guest || !point.guest.is_beneath(&outer.guest),
                    "`{flag} {point}` would be hidden by `mount {outer}`: put it beside that"
                );
            }
        }
        if let Some(root) = self.mount.iter().find(|point| point.guest == GuestPath::root()) {
            bail!("`mount {root}` would hide the whole tree: use `overlay`, or mount it beneath /");
        }
        Ok(())
    }

    /// Replaces what nobody chose by what needs no host.
    fn make_hermetic(&mut self) -> Result<()> {
        if let Some(flag) = self.contradicts_hermetic() {
            bail!("`hermetic` gives the program nothing of the host, but `{flag}` does: drop one");
        }
        self.args_only = true;
        self.stdin.get_or_insert(Stream::Null);
        self.stdout.get_or_insert_with(|| Stream::File(HERMETIC_STDOUT.to_owned()));
        self.stderr.get_or_insert_with(|| Stream::File(HERMETIC_STDERR.to_owned()));
        self.clock.get_or_insert(Clock::Step(HERMETIC_STEP_NS));
        self.random.get_or_insert_with(|| Random::Seed(Seed::default()));
        for call in self.host_calls() {
            call.get_or_insert(HostCall::Deny);
        }
        Ok(())
    }

    fn contradicts_hermetic(&self) -> Option<Contradiction> {
        let host = |call: Option<HostCall>| call == Some(HostCall::Host);
        let stream = |stream: &Option<Stream>| *stream == Some(Stream::Host);
        let inherits = self.inherit_env.as_ref().is_some_and(InheritEnv::asks_host);
        [
            (inherits, "inherit-env"),
            (stream(&self.stdin), "stdin = host"),
            (stream(&self.stdout), "stdout = host"),
            (stream(&self.stderr), "stderr = host"),
            (self.clock == Some(Clock::Host), "clock = host"),
            (self.random == Some(Random::Host), "random = host"),
            (host(self.exit), "exit = host"),
            (host(self.sched_yield), "sched-yield = host"),
            (host(self.signals), "signals = host"),
            (host(self.sockets), "sockets = host"),
            (host(self.poll), "poll = host"),
            (!self.mount.is_empty(), "mount"),
            (!self.overlay.is_empty(), "overlay"),
        ]
        .into_iter()
        .find_map(|(found, flag)| found.then_some(flag))
    }

    fn host_calls(&mut self) -> [&mut Option<HostCall>; 5] {
        [
            &mut self.exit,
            &mut self.sched_yield,
            &mut self.signals,
            &mut self.sockets,
            &mut self.poll,
        ]
    }

    /// Standard input, output and error of a settled policy.
    pub(crate) fn streams(&self) -> [Stream; 3] {
        [&self.stdin, &self.stdout, &self.stderr]
            .map(|stream| stream.clone().unwrap_or(Stream::Host))
    }

    /// Whether no directory of the host can appear in the tree.
    pub(crate) fn has_no_mounts(&self) -> bool {
        self.mount.is_empty() && self.overlay.is_empty()
    }

    /// The policy as a configuration file.
    ///
    /// # Errors
    ///
    /// None that is known: every value has a text.
    pub fn to_toml(&self) -> Result<String> {
        Ok(toml::to_string(self)?)
    }
}

/// How many descriptors come before those of directories: standard input, output and error.
const STREAMS: usize = 3;

/// How many preopens the adapter has room for.
const MAX_PREOPENS: usize = 15;

fn first_repeated<'a>(names: impl Iterator<Item = &'a String> + Clone) -> Option<&'a String> {
    let mut seen = std::collections::BTreeSet::new();
    names.into_iter().find(|name| !seen.insert(name.as_str()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn policy(text: &str) -> Policy {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn a_settled_policy_leaves_nothing_open() {
        let settled = Policy::default().settled().unwrap();
        assert_eq!(settled.preopen, [Preopen::root()]);
        assert_eq!(settled.inherit_env, Some(InheritEnv::All));
        assert_eq!(settled.streams(), [Stream::Host, Stream::Host, Stream::Host]);
        assert_eq!(settled.settled().unwrap(), settled);
    }

    #[test]
    fn the_command_line_goes_before_the_file() {
        let file = policy("stdin = 'null'\nno-env = true\nenv = ['A=1']");
        let over = policy("stdin = 'host'\ninherit-env = 'B'\nenv = ['C=2']");
        let both = file.overridden_by(over);
        assert_eq!(both.stdin, Some(Stream::Host));
        assert_eq!((both.no_env, both.env.len()), (false, 2));
        assert!(both.settled().is_ok());
        let both = policy("inherit-env = 'B'").overridden_by(policy("no-env = true"));
        assert_eq!((both.no_env, both.inherit_env), (true, None));
    }

    #[test]
    fn a_hermetic_policy_asks_the_host_for_nothing() {
        let settled = policy("hermetic = true\nstdout = 'null'").settled().unwrap();
        assert_eq!(settled.streams()[1], Stream::Null);
        assert_eq!(settled.streams()[2], Stream::File(HERMETIC_STDERR.to_owned()));
        assert_eq!(settled.exit, Some(HostCall::Deny));
        assert_eq!(settled.settled().unwrap(), settled);
    }

    #[test]
    fn contradictions_are_named() {
        for (text, wants) in [
            ("no-env = true\ninherit-env = true", "`no-env` and `inherit-env`"),
            ("env = ['A=1', 'A=2']", "`A` is set twice"),
            ("preopen = ['/', '/=/x']", "preopened as `/`"),
            ("hermetic = true\nstdin = 'host'", "`stdin = host` does"),
            ("hermetic = true\ninherit-env = ['A']", "`inherit-env` does"),
            ("hermetic = true\nmount = ['/m']", "`mount` does"),
            ("mount = ['/m', '/m/=x']", "`mount /m=/m` and `mount /m=x` are at the same place"),
            ("mount = ['/m']\noverlay = ['/m=x']", "`overlay /m=x` are at the same place"),
            ("mount = ['/m', '/m/n']", "`mount /m/n=/m/n` would be hidden by `mount /m=/m`"),
            ("mount = ['/']", "would hide the whole tree"),
        ] {
            let message = policy(text).settled().unwrap_err().to_string();
            assert!(message.contains(wants), "{message}");
        }
    }
}
