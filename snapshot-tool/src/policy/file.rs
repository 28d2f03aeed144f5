//! The configuration file: the command line's flags as TOML keys, by the same names.
//!
//! ```toml
//! dir = ["site::/www"]        # HOST is relative to the file
//! exclude = ["*.map"]
//! preopen = ["/", ".=/www"]
//! no-env = true
//! stdout = "host"
//! ```

use crate::policy::Policy;
use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};

/// What a configuration file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigFile {
    /// What goes into the tree.
    pub tree: TreeKeys,
    /// What the program sees beside it.
    pub policy: Policy,
    /// Where the file is: host directories are taken from there.
    pub directory: PathBuf,
}

/// The keys that say what goes into the tree, and the form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct TreeKeys {
    /// `HOST[::GUEST]`, as `--dir`.
    pub dir: Vec<String>,
    /// As `--exclude`.
    pub exclude: Vec<String>,
    /// As `--no-tmp`.
    pub no_tmp: bool,
    /// As `--owner`.
    pub owner: Option<String>,
    /// As `--isolate`.
    pub isolate: bool,
    /// As `--preinit`.
    pub preinit: Option<String>,
    /// As `--preinit-start`.
    pub preinit_start: Option<String>,
}

/// The keys of [`TreeKeys`].
const TREE_KEYS: [&str; 7] =
    ["dir", "exclude", "no-tmp", "owner", "isolate", "preinit", "preinit-start"];

/// The key of a policy whose flag is not the policy's alone: `-v`.
const VERBOSE: &str = "verbose";

/// How alike a key and a word must be for one to be meant by the other: Jaro-Winkler, 0 to 1.
const ALIKE: f64 = 0.75;

impl ConfigFile {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// When it cannot be read, is no TOML, has a key that there is not or a value that makes no sense; the message names
    /// file and key.
    pub fn read(path: impl AsRef<Path>) -> Result<ConfigFile> {
        let path = path.as_ref();
        let text = fs::read_to_string(path)
            .with_context(|| format!("cannot read the configuration `{}`", path.display()))?;
        let mut file = ConfigFile::parse(&text).with_context(|| format!("`{}`", path.display()))?;
        file.directory = path.parent().unwrap_or(Path::new("")).to_owned();
        Ok(file)
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn parse(text: &str) -> Result<ConfigFile> {
        let mut policy: toml::Table = toml::from_str(text).map_err(|error| whole(&error))?;
        let known = known_keys();
        let mut tree = toml::Table::new();
        for key in policy.keys().cloned().collect::<Vec<_>>() {
            if TREE_KEYS.contains(&key.as_str()) {
                tree.extend(policy.remove_entry(&key));
            } else if !known.contains(&key) {
                bail!("there is no key `{key}`{}", suggestion(&key, &known));
            }
        }
        Ok(ConfigFile {
            tree: tree.try_into().map_err(|error| whole(&error))?,
            policy: policy.try_into().map_err(|error| whole(&error))?,
            directory: PathBuf::new(),
        })
    }
}

/// An error of the TOML reader, in one line.
fn whole(error: &toml::de::Error) -> anyhow::Error {
    let text = error.to_string();
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    anyhow::anyhow!("{}", lines.join(" "))
}

/// Every key: the flags of a policy, and those of the tree.
fn known_keys() -> Vec<String> {
    let flags = <Policy as clap::Args>::augment_args(clap::Command::new("policy"));
    let flags = flags.get_arguments().filter_map(|flag| flag.get_long().map(str::to_owned));
    flags.chain(TREE_KEYS.map(str::to_owned)).chain([VERBOSE.to_owned()]).collect()
}

fn suggestion(key: &str, known: &[String]) -> String {
    let alike = |word: &String| strsim::jaro_winkler(&key.replace('_', "-"), word);
    let nearest = known.iter().max_by(|a, b| alike(a).total_cmp(&alike(b)));
    match nearest {
        Some(word) if alike(word) > ALIKE => format!("; did you mean `{word}`?"),
        _ => format!("; these are known: {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::policy::values::{Clock, InheritEnv, Stream};

    #[test]
    fn every_key_is_read() {
        let file = ConfigFile::parse(
            r#"
            dir = ["site::/www"]
            isolate = true
            preopen = ["/", ".=/www"]
            inherit-env = ["HOME", "LANG"]
            stdin = "null"
            clock = "step=1000"
            max-bytes = "1MiB"
            max-inodes = 100
            umask = "027"
            trace = "env"
            "#,
        )
        .unwrap();
        assert_eq!(file.tree.dir, ["site::/www"]);
        assert!(file.tree.isolate);
        let policy = file.policy;
        assert_eq!(policy.inherit_env, Some(InheritEnv::Only(vec!["HOME".into(), "LANG".into()])));
        assert_eq!(policy.stdin, Some(Stream::Null));
        assert_eq!(policy.clock, Some(Clock::Step(1000)));
        // And what is written is read again.
        let again = ConfigFile::parse(&policy.to_toml().unwrap()).unwrap();
        assert_eq!(again.policy, policy);
    }

    #[test]
    fn an_unknown_key_is_an_error_with_a_suggestion() {
        let error = |text: &str| format!("{:#}", ConfigFile::parse(text).unwrap_err());
        assert_eq!(error("preopens = []"), "there is no key `preopens`; did you mean `preopen`?");
        assert_eq!(
            error("read_only = true"),
            "there is no key `read_only`; did you mean `read-only`?"
        );
        assert!(error("zzz = 1").contains("these are known: hermetic, preopen"));
        assert!(error("stdout = 'nowhere'").contains("`nowhere` is no stream"));
        assert!(error("max-fds = 'x'").contains("max-fds"));
        assert!(error("dir = 3").contains("dir"));
    }
}
