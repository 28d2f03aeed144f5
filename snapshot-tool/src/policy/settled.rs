//! What holds, once every choice is made ([`Settled`]), and which choices contradict each other.

use crate::policy::Policy;
#[cfg(feature = "cli")]
use crate::policy::values::ByteCount;
use crate::policy::values::{
    Clock, HostCall, InheritEnv, MountPoint, Overlay, Preopen, Random, Seed, Stream, Trace, Umask,
    Variable,
};
use crate::tree::guest_path::GuestPath;
use anyhow::{Result, bail, ensure};

/// Where a hermetic program's standard output goes if nothing else is said.
const HERMETIC_STDOUT: &str = "/run/stdout";
/// Where a hermetic program's standard error goes if nothing else is said.
const HERMETIC_STDERR: &str = "/run/stderr";
/// How much later each reading of a hermetic program's clock is, in nanoseconds: a millisecond.
const HERMETIC_STEP_NS: u64 = 1_000_000;

/// A choice of a policy that a hermetic program may not make: its flag.
type Contradiction = &'static str;

/// The umask of a program for which none is chosen.
const DEFAULT_UMASK: Umask = Umask(0o022);

/// How many descriptors come before those of directories: standard input, output and error.
const STREAMS: usize = 3;

/// How many preopens the adapter has room for.
const MAX_PREOPENS: usize = 15;

fn first_repeated<'a>(names: impl Iterator<Item = &'a String> + Clone) -> Option<&'a String> {
    let mut seen = std::collections::BTreeSet::new();
    names.into_iter().find(|name| !seen.insert(name.as_str()))
}

/// A policy with nothing left open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settled {
    /// The policy asked for nothing of the WASI host: for a reader.
    hermetic: bool,
    /// Empty: the program finds no directory open.
    pub(crate) preopen: Vec<Preopen>,
    /// No name twice.
    pub(crate) env: Vec<Variable>,
    pub(crate) inherit_env: InheritEnv,
    pub(crate) arg: Vec<String>,
    pub(crate) args_only: bool,
    pub(crate) stdin: Stream,
    pub(crate) stdout: Stream,
    pub(crate) stderr: Stream,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    pub(crate) exit: HostCall,
    pub(crate) sched_yield: HostCall,
    pub(crate) signals: HostCall,
    pub(crate) sockets: HostCall,
    pub(crate) poll: HostCall,
    pub(crate) read_only: bool,
    /// 0: as many as memory holds.
    pub(crate) max_bytes: u64,
    /// 0: as many as memory holds.
    pub(crate) max_inodes: u32,
    /// 0: what the adapter chooses.
    pub(crate) max_fds: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) umask: Umask,
    pub(crate) no_dev: bool,
    pub(crate) mount: Vec<MountPoint>,
    pub(crate) overlay: Vec<Overlay>,
    pub(crate) verbose: bool,
    pub(crate) trace: Trace,
    pub(crate) strip_host_api: bool,
    pub(crate) events: bool,
}

impl Policy {
    /// Fills the defaults in.
    ///
    /// # Errors
    ///
    /// When choices contradict each other; the message names them.
    pub(crate) fn settle(&self) -> Result<Settled> {
        self.check()?;
        if self.hermetic
            && let Some(flag) = self.contradicts_hermetic()
        {
            bail!("`hermetic` gives the program nothing of the host, but `{flag}` does: drop one");
        }
        let Policy {
            hermetic,
            mut preopen,
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
        } = self.clone();
        if preopen.is_empty() && !no_preopen {
            preopen.push(Preopen::root());
        }
        let nothing_inherited = no_env || hermetic;
        let defaults = if hermetic { Defaults::hermetic() } else { Defaults::host() };
        Ok(Settled {
            hermetic,
            preopen,
            env,
            inherit_env: inherit_env.unwrap_or(if nothing_inherited {
                InheritEnv::Only(Vec::new())
            } else {
                InheritEnv::All
            }),
            arg,
            args_only: args_only || hermetic,
            stdin: stdin.unwrap_or(defaults.stdin),
            stdout: stdout.unwrap_or(defaults.stdout),
            stderr: stderr.unwrap_or(defaults.stderr),
            clock: clock.unwrap_or(defaults.clock),
            random: random.unwrap_or(defaults.random),
            exit: exit.unwrap_or(defaults.host_call),
            sched_yield: sched_yield.unwrap_or(defaults.host_call),
            signals: signals.unwrap_or(defaults.host_call),
            sockets: sockets.unwrap_or(defaults.host_call),
            poll: poll.unwrap_or(defaults.host_call),
            read_only,
            max_bytes: max_bytes.map_or(0, |bytes| bytes.0),
            max_inodes: max_inodes.unwrap_or(0),
            max_fds: max_fds.unwrap_or(0),
            uid: uid.unwrap_or(0),
            gid: gid.unwrap_or(0),
            umask: umask.unwrap_or(DEFAULT_UMASK),
            no_dev,
            mount,
            overlay,
            verbose,
            trace: trace.unwrap_or(Trace::Off),
            strip_host_api,
            events,
        })
    }

    /// Checks each choice beside the others.
    fn check(&self) -> Result<()> {
        ensure!(
            !(self.no_env && self.inherit_env.is_some()),
            "`no-env` and `inherit-env` contradict each other: keep one"
        );
        ensure!(
            !self.no_preopen || self.preopen.is_empty(),
            "`no-preopen` and `preopen` contradict each other: keep one"
        );
        ensure!(
            !(self.events && self.strip_host_api),
            "`events` and `strip-host-api` contradict each other: who is told of changes asks for them through the \
             host interface; keep one"
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
        let preopened = if self.no_preopen { 0 } else { self.preopen.len().max(1) };
        let found_open = STREAMS + preopened;
        ensure!(
            self.max_fds.is_none_or(|max| max as usize >= found_open),
            "`max-fds` is {}, but the program finds {found_open} descriptors open: allow as many",
            self.max_fds.unwrap_or(0)
        );
        Ok(())
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
            (self.events, "events"),
        ]
        .into_iter()
        .find_map(|(found, flag)| found.then_some(flag))
    }
}

/// What holds where nobody has chosen.
struct Defaults {
    stdin: Stream,
    stdout: Stream,
    stderr: Stream,
    clock: Clock,
    random: Random,
    host_call: HostCall,
}

impl Defaults {
    fn host() -> Self {
        Self {
            stdin: Stream::Host,
            stdout: Stream::Host,
            stderr: Stream::Host,
            clock: Clock::Host,
            random: Random::Host,
            host_call: HostCall::Host,
        }
    }

    /// What needs no WASI host.
    fn hermetic() -> Self {
        Self {
            stdin: Stream::Null,
            stdout: Stream::File(HERMETIC_STDOUT.to_owned()),
            stderr: Stream::File(HERMETIC_STDERR.to_owned()),
            clock: Clock::Step(HERMETIC_STEP_NS),
            random: Random::Seed(Seed::default()),
            host_call: HostCall::Deny,
        }
    }
}

impl Settled {
    /// Standard input, output and error.
    pub(crate) fn streams(&self) -> [&Stream; 3] {
        [&self.stdin, &self.stdout, &self.stderr]
    }

    /// Whether no directory of the WASI host can appear in the tree.
    pub(crate) fn has_no_mounts(&self) -> bool {
        self.mount.is_empty() && self.overlay.is_empty()
    }

    /// The policy that asks for this by name, but for numbers and a trace that are the defaults:
    /// for a reader. Settling it gives the same again.
    #[cfg(feature = "cli")]
    pub(crate) fn asked(self) -> Policy {
        let Self {
            hermetic,
            preopen,
            env,
            inherit_env,
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
        } = self;
        Policy {
            hermetic,
            no_preopen: preopen.is_empty(),
            preopen,
            env,
            inherit_env: Some(inherit_env),
            no_env: false,
            arg,
            args_only,
            stdin: Some(stdin),
            stdout: Some(stdout),
            stderr: Some(stderr),
            clock: Some(clock),
            random: Some(random),
            exit: Some(exit),
            sched_yield: Some(sched_yield),
            signals: Some(signals),
            sockets: Some(sockets),
            poll: Some(poll),
            read_only,
            max_bytes: (max_bytes != 0).then_some(ByteCount(max_bytes)),
            max_inodes: (max_inodes != 0).then_some(max_inodes),
            max_fds: (max_fds != 0).then_some(max_fds),
            uid: (uid != 0).then_some(uid),
            gid: (gid != 0).then_some(gid),
            umask: (umask != DEFAULT_UMASK).then_some(umask),
            no_dev,
            mount,
            overlay,
            verbose,
            trace: (trace != Trace::Off).then_some(trace),
            strip_host_api,
            events,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn policy(text: &str) -> Policy {
        Policy::from_toml(text).unwrap()
    }

    #[test]
    fn a_settled_policy_leaves_nothing_open() {
        let settled = Policy::default().settle().unwrap();
        assert_eq!(settled.preopen, [Preopen::root()]);
        assert_eq!(settled.inherit_env, InheritEnv::All);
        assert_eq!(settled.streams(), [&Stream::Host; 3]);
        assert_eq!(settled.clone().asked().settle().unwrap(), settled);
    }

    #[test]
    fn no_preopen_is_none() {
        let settled = policy("no-preopen = true\nmax-fds = 3").settle().unwrap();
        assert_eq!(settled.preopen, []);
        assert_eq!(settled.clone().asked().settle().unwrap(), settled);
    }

    #[test]
    fn a_hermetic_policy_asks_the_host_for_nothing() {
        let settled = policy("hermetic = true\nstdout = 'null'").settle().unwrap();
        assert_eq!(settled.stdout, Stream::Null);
        assert_eq!(settled.stderr, Stream::File(HERMETIC_STDERR.to_owned()));
        assert_eq!(settled.exit, HostCall::Deny);
        assert_eq!(settled.clone().asked().settle().unwrap(), settled);
    }

    #[test]
    fn contradictions_are_named() {
        for (text, wants) in [
            ("no-env = true\ninherit-env = true", "`no-env` and `inherit-env`"),
            ("no-preopen = true\npreopen = ['/']", "`no-preopen` and `preopen`"),
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
            let message = policy(text).settle().unwrap_err().to_string();
            assert!(message.contains(wants), "{message}");
        }
    }
}
