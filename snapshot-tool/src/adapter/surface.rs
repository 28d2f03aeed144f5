//! Who answers which function of preview1.
//!
//! The core module exports a function under its preview1 name; where a policy has a choice there
//! are *variants*, exported as `function@variant`. Lowering keeps one of each and drops the rest.
//! Without an export the function stays the host's.
//!
//! What the filesystem itself would ask of the host can be *cut*: the call becomes an error number,
//! or a trap, and the import is gone.

use crate::adapter::names::{
    AFTER_CALL, AFTER_CUT, AFTER_LINUX_CALL, HOST_API_PREFIX, TRACE_PREFIX, UNSTABLE_SUFFIX,
    VARIANT_MARK,
};
use crate::policy::settled::Settled;
use crate::policy::values::{Clock, HostCall, InheritEnv, Random, Stream, Trace};
use wasi::Errno;

/// What takes the place of a call of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// It answers this error number.
    Answer(u16),
    /// It traps.
    Trap,
}

/// The choices among the core module's exports and imports.
#[derive(Clone, Debug, Default)]
pub(crate) struct Surface {
    /// Functions answered by a variant, and which.
    variants: Vec<(&'static str, &'static str)>,
    /// Functions of the host that are not called.
    cuts: Vec<(&'static str, Cut)>,
    /// Whether the host interface is left out.
    strips_host_api: bool,
    /// Whether calls are told.
    pub(crate) traces: bool,
    /// Whether the embedder is told what calls did.
    pub(crate) tells_events: bool,
}

/// The host's functions on its descriptors.
const ON_STREAMS: [&str; 16] = [
    "fd_advise",
    "fd_allocate",
    "fd_close",
    "fd_datasync",
    "fd_fdstat_get",
    "fd_fdstat_set_flags",
    "fd_fdstat_set_rights",
    "fd_filestat_get",
    "fd_filestat_set_size",
    "fd_filestat_set_times",
    "fd_pread",
    "fd_pwrite",
    "fd_read",
    "fd_seek",
    "fd_sync",
    "fd_tell",
];

const ON_SOCKETS: [&str; 4] = ["sock_accept", "sock_recv", "sock_send", "sock_shutdown"];

impl Surface {
    /// What a settled policy chooses.
    pub(crate) fn of(policy: &Settled) -> Surface {
        let mut surface = Surface {
            strips_host_api: policy.strip_host_api,
            traces: policy.trace != Trace::Off,
            tells_events: policy.events,
            ..Surface::default()
        };
        let denies = |call: HostCall| call == HostCall::Deny;
        let inherit = &policy.inherit_env;
        if *inherit != InheritEnv::All || !policy.env.is_empty() {
            surface.choose(["environ_get", "environ_sizes_get"], "baked");
        }
        if !inherit.asks_host() {
            surface.cut(["environ_get", "environ_sizes_get"], answer(wasi::ERRNO_NOSYS));
        }
        if policy.args_only || !policy.arg.is_empty() {
            surface.choose(["args_get", "args_sizes_get"], "baked");
        }
        if policy.args_only {
            surface.cut(["args_get", "args_sizes_get"], answer(wasi::ERRNO_NOSYS));
        }
        if !policy.streams().contains(&&Stream::Host) && policy.has_no_mounts() {
            surface.cut(ON_STREAMS, answer(wasi::ERRNO_BADF));
            surface.cut(["fd_write"], answer(wasi::ERRNO_BADF));
        }
        if policy.clock != Clock::Host {
            surface.cut(["clock_time_get", "clock_res_get"], answer(wasi::ERRNO_NOSYS));
        }
        if matches!(policy.random, Random::Seed(_)) {
            surface.choose(["random_get"], "seeded");
            surface.cut(["random_get"], answer(wasi::ERRNO_NOSYS));
        }
        if denies(policy.exit) {
            surface.cut(["proc_exit"], Cut::Trap);
        }
        if surface.traces {
            surface.choose(["fd_close", "fd_renumber"], "traced");
        }
        if denies(policy.sched_yield) {
            surface.choose(["sched_yield"], "denied");
        } else if surface.traces {
            surface.choose(["sched_yield"], "traced");
        }
        if denies(policy.signals) {
            surface.choose(["proc_raise"], "denied");
        } else if surface.traces {
            surface.choose(["proc_raise"], "traced");
        }
        if denies(policy.sockets) {
            surface.cut(ON_SOCKETS, answer(wasi::ERRNO_NOTSOCK));
        }
        if denies(policy.poll) {
            surface.cut(["poll_oneoff"], answer(wasi::ERRNO_NOTSUP));
        }
        surface
    }

    fn choose<const N: usize>(&mut self, functions: [&'static str; N], variant: &'static str) {
        self.variants.extend(functions.map(|function| (function, variant)));
    }

    fn cut<const N: usize>(&mut self, functions: [&'static str; N], cut: Cut) {
        self.cuts.extend(functions.map(|function| (function, cut)));
    }

    /// The function of preview1 that an export of the core module answers, or that of the host
    /// interface which it is; `None` if it is not chosen.
    pub(crate) fn binding<'a>(&self, export: &'a str) -> Option<&'a str> {
        if export.starts_with(HOST_API_PREFIX) {
            return (!self.strips_host_api).then_some(export);
        }
        if export.ends_with(UNSTABLE_SUFFIX) {
            return Some(export);
        }
        let is_for_lowering = [AFTER_CUT, AFTER_CALL, AFTER_LINUX_CALL].contains(&export);
        if export.starts_with(TRACE_PREFIX) || is_for_lowering {
            return None;
        }
        let (function, variant) = match export.split_once(VARIANT_MARK) {
            Some((function, variant)) => (function, Some(variant)),
            None => (export, None),
        };
        let chosen = self.variants.iter().find(|(name, _)| *name == function);
        (chosen.map(|&(_, variant)| variant) == variant).then_some(function)
    }

    /// What takes the place of a function of the host.
    pub(crate) fn cut_of(&self, function: &str) -> Option<Cut> {
        self.cuts.iter().find(|(name, _)| *name == function).map(|&(_, cut)| cut)
    }
}

fn answer(errno: Errno) -> Cut {
    Cut::Answer(errno.raw())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::collections::BTreeMap;

    use wasm_vfs_calls::SYS;

    use super::*;
    use crate::adapter::bake::ADAPTER_CALLS_CORE;
    use crate::linux_calls;
    use crate::policy::Policy;
    use crate::wasm::module::Module;

    #[test]
    fn the_default_policy_chooses_no_variant_and_cuts_nothing() {
        let surface = Surface::of(&Policy::default().settle().unwrap());
        assert_eq!(surface.binding("fd_read"), Some("fd_read"));
        assert_eq!(surface.binding("args_get@baked"), None);
        assert_eq!(surface.cut_of("fd_write"), None);
    }

    #[test]
    fn a_chosen_variant_takes_the_place_of_the_function() {
        let policy = Policy::from_toml("arg = ['x']\nexit = 'deny'").unwrap();
        let surface = Surface::of(&policy.settle().unwrap());
        assert_eq!(surface.binding("args_get"), None);
        assert_eq!(surface.binding("args_get@baked"), Some("args_get"));
        assert_eq!(surface.cut_of("args_get"), None, "the host's arguments come first");
        assert_eq!(surface.cut_of("proc_exit"), Some(Cut::Trap));
    }

    #[test]
    fn a_hermetic_policy_cuts_every_function_of_the_host() {
        let policy = Policy { hermetic: true, ..Policy::default() }.settle().unwrap();
        let surface = Surface::of(&policy);
        for function in ON_STREAMS.iter().chain(&ON_SOCKETS).chain(&[
            "fd_write",
            "args_get",
            "args_sizes_get",
            "environ_get",
            "environ_sizes_get",
            "clock_time_get",
            "clock_res_get",
            "random_get",
            "proc_exit",
            "poll_oneoff",
        ]) {
            assert!(surface.cut_of(function).is_some(), "{function}");
        }
        assert_eq!(surface.binding("sched_yield@denied"), Some("sched_yield"));
    }

    #[test]
    fn the_adapter_exports_every_call_of_the_table_with_its_type() {
        let core = Module::parse(ADAPTER_CALLS_CORE).unwrap();
        let mut wrong = Vec::new();
        for (name, wanted) in linux_calls::exports() {
            match core.exported_function(&name) {
                None => wrong.push(format!("{name} is missing")),
                Some(function) => {
                    let got = core.function_type(function).unwrap();
                    if *got != wanted {
                        wrong.push(format!("{name} is {got}, not {wanted}"));
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        let known: BTreeMap<_, _> = linux_calls::exports().collect();
        let more = core.exports.iter().filter(|it| it.name.starts_with(SYS));
        let more: Vec<_> =
            more.filter(|it| !known.contains_key(it.name)).map(|it| it.name).collect();
        assert!(more.is_empty(), "not in the table: {more:?}");
    }
}
