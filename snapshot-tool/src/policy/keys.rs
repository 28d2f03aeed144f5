//! The keys of a policy in TOML: serde's twin of [`Policy`]. A configuration file has them, and so
//! has the section of a packed module.

use crate::error::{Error, ErrorKind, Marked as _};
use crate::policy::values::{
    ByteCount, Clock, HostCall, InheritEnv, MountPoint, Overlay, Preopen, Random, Stream, Trace,
    Umask, Variable,
};
use crate::policy::{Policy, with_the_fields};
use anyhow::bail;
use serde::{Deserialize, Serialize};

/// Each field is a key, in the order in which they are written.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct PolicyKeys {
    #[serde(skip_serializing_if = "is_false")]
    hermetic: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    preopen: Vec<Preopen>,
    #[serde(skip_serializing_if = "is_false")]
    no_preopen: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    env: Vec<Variable>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inherit_env: Option<InheritEnv>,
    #[serde(skip_serializing_if = "is_false")]
    no_env: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    arg: Vec<String>,
    #[serde(skip_serializing_if = "is_false")]
    args_only: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stdin: Option<Stream>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stdout: Option<Stream>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stderr: Option<Stream>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clock: Option<Clock>,
    #[serde(skip_serializing_if = "Option::is_none")]
    random: Option<Random>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit: Option<HostCall>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sched_yield: Option<HostCall>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signals: Option<HostCall>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sockets: Option<HostCall>,
    #[serde(skip_serializing_if = "Option::is_none")]
    poll: Option<HostCall>,
    #[serde(skip_serializing_if = "is_false")]
    read_only: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_bytes: Option<ByteCount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_inodes: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_fds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gid: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    umask: Option<Umask>,
    #[serde(skip_serializing_if = "is_false")]
    no_dev: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mount: Vec<MountPoint>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    overlay: Vec<Overlay>,
    #[serde(skip_serializing_if = "is_false")]
    verbose: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<Trace>,
    #[serde(skip_serializing_if = "is_false")]
    strip_host_api: bool,
    #[serde(skip_serializing_if = "is_false")]
    events: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands fields over so")]
fn is_false(value: &bool) -> bool {
    !value
}

impl From<PolicyKeys> for Policy {
    fn from(keys: PolicyKeys) -> Self {
        with_the_fields!(keys, PolicyKeys => Policy)
    }
}

impl From<Policy> for PolicyKeys {
    fn from(policy: Policy) -> Self {
        with_the_fields!(policy, Policy => PolicyKeys)
    }
}

impl Policy {
    /// Reads a policy from the keys of a configuration file: those that are named like the fields,
    /// with `-` for `_`.
    ///
    /// # Errors
    ///
    /// If the text is no TOML, has another key, or a value makes no sense: [`ErrorKind::Policy`].
    pub fn from_toml(text: &str) -> Result<Self, Error> {
        Ok(PolicyKeys::parse(text).of_kind(ErrorKind::Policy)?.into())
    }

    /// Returns the policy as the text of a configuration file.
    ///
    /// # Errors
    ///
    /// None that is known: every value has a text.
    pub fn to_toml(&self) -> Result<String, Error> {
        let text = toml::to_string(&PolicyKeys::from(self.clone())).map_err(anyhow::Error::from);
        Ok(text.of_kind(ErrorKind::Policy)?)
    }
}

impl PolicyKeys {
    fn parse(text: &str) -> anyhow::Result<Self> {
        let table: toml::Table = toml::from_str(text).map_err(|error| whole(&error))?;
        if let Some(key) = table.keys().find(|key| !POLICY_KEYS.contains(&key.as_str())) {
            bail!("there is no key `{key}`{}", suggestion(key, POLICY_KEYS.into_iter()));
        }
        table.try_into().map_err(|error| whole(&error))
    }
}

/// How alike a key and a word must be for one to be meant by the other: Jaro-Winkler, 0 to 1.
const ALIKE: f64 = 0.75;

/// An error of the TOML reader, in one line.
pub(super) fn whole(error: &toml::de::Error) -> anyhow::Error {
    let text = error.to_string();
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    anyhow::anyhow!("{}", lines.join(" "))
}

/// What an unknown key may mean among those that are known.
pub(super) fn suggestion(key: &str, known: impl Iterator<Item = &'static str> + Clone) -> String {
    let alike = |word: &str| strsim::jaro_winkler(&key.replace('_', "-"), word);
    let nearest = known.clone().max_by(|a, b| alike(a).total_cmp(&alike(b)));
    match nearest {
        Some(word) if alike(word) > ALIKE => format!("; did you mean `{word}`?"),
        _ => format!("; these are known: {}", known.collect::<Vec<_>>().join(", ")),
    }
}

/// The names of the keys.
pub(crate) const POLICY_KEYS: [&str; 32] = [
    "hermetic",
    "preopen",
    "no-preopen",
    "env",
    "inherit-env",
    "no-env",
    "arg",
    "args-only",
    "stdin",
    "stdout",
    "stderr",
    "clock",
    "random",
    "exit",
    "sched-yield",
    "signals",
    "sockets",
    "poll",
    "read-only",
    "max-bytes",
    "max-inodes",
    "max-fds",
    "uid",
    "gid",
    "umask",
    "no-dev",
    "mount",
    "overlay",
    "verbose",
    "trace",
    "strip-host-api",
    "events",
];

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_those_that_serde_knows() {
        let error = toml::from_str::<PolicyKeys>("zzz = 1").unwrap_err().to_string();
        let (_, known) = error.split_once("expected one of ").unwrap();
        let known: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
        assert_eq!(known, POLICY_KEYS);
    }
}
