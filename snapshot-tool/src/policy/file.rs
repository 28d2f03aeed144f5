//! The configuration file: the command line's flags as TOML keys, by the same names.
//!
//! ```toml
//! dir = ["site::/www"]        # HOST is relative to the file
//! exclude = ["*.map"]
//! preopen = ["/", ".=/www"]
//! no-env = true
//! stdout = "host"
//! ```

use crate::disk::input::read_named;
use crate::error::{Error, ErrorKind, InnerResult, Marked as _};
use crate::policy::Policy;
use crate::policy::keys::{POLICY_KEYS, PolicyKeys, suggestion, whole};
#[cfg(feature = "cli")]
use anyhow::anyhow;
use anyhow::{Context as _, bail};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// What a configuration file says.
///
/// ```
/// use wasm_vfs::{ConfigFile, ErrorKind, Packer, TreeBuilder};
///
/// let config = ConfigFile::parse("exclude = ['*.map']\nno-env = true\n")?;
/// let tree = config.tree.exclude.iter().fold(TreeBuilder::new(), TreeBuilder::exclude);
/// let packer = Packer::new(tree).policy(config.policy);
///
/// let error = ConfigFile::parse("exlude = ['*.map']").unwrap_err();
/// assert_eq!(error.to_string(), "there is no key `exlude`; did you mean `exclude`?");
/// assert_eq!(error.kind(), ErrorKind::Policy);
/// # Ok::<(), wasm_vfs::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConfigFile {
    /// What goes into the tree.
    pub tree: TreeKeys,
    /// What the program sees beside it.
    pub policy: Policy,
    /// The directory of the file: relative paths of the disk start there.
    pub directory: PathBuf,
    /// The file, for messages; `None` for a text.
    path: Option<PathBuf>,
}

/// The keys that say what goes into the tree, and the form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct TreeKeys {
    /// `HOST[::GUEST]`, as `--dir`.
    pub dir: Vec<String>,
    /// `FILE[::GUEST]`, as `--tar`.
    pub tar: Vec<String>,
    /// `FILE[::GUEST]`, as `--zip`.
    pub zip: Vec<String>,
    /// `LAYOUT[:REF][::GUEST]`, as `--oci`.
    pub oci: Vec<String>,
    /// As `--oci-platform`.
    pub oci_platform: Option<String>,
    /// `HOST::GUEST`, as `--file`.
    pub file: Vec<String>,
    /// `GUEST=TEXT`, as `--text`.
    pub text: Vec<String>,
    /// `GUEST=TARGET`, as `--symlink`.
    pub symlink: Vec<String>,
    /// `GUEST=OCTAL`, as `--mode`.
    pub mode: Vec<String>,
    /// As `--exclude`.
    pub exclude: Vec<String>,
    /// As `--no-tmp`.
    pub no_tmp: bool,
    /// As `--owner`.
    pub owner: Option<String>,
    /// As `--isolate`.
    pub isolate: bool,
    /// As `--component`.
    pub component: bool,
    /// As `--preinit`.
    pub preinit: Option<String>,
    /// As `--preinit-start`.
    pub preinit_start: Option<String>,
    /// As `--strict`.
    pub strict: bool,
}

/// The longest file.
const MAX_BYTES: u64 = 4 << 20;

/// The keys of [`TreeKeys`].
const TREE_KEYS: [&str; 17] = [
    "dir",
    "tar",
    "zip",
    "oci",
    "oci-platform",
    "file",
    "text",
    "symlink",
    "mode",
    "exclude",
    "no-tmp",
    "owner",
    "isolate",
    "component",
    "preinit",
    "preinit-start",
    "strict",
];

impl ConfigFile {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// If the file cannot be read ([`Io`](ErrorKind::Io)); if it is no TOML, has an unknown key, or
    /// a value makes no sense ([`Policy`](ErrorKind::Policy)). The message names file and key.
    pub fn read(path: impl AsRef<Path>) -> Result<ConfigFile, Error> {
        let path = path.as_ref();
        let text = read_named(path, MAX_BYTES)
            .and_then(|bytes| Ok(String::from_utf8(bytes)?))
            .with_context(|| format!("cannot read the configuration `{}`", path.display()))?;
        let mut file = ConfigFile::parsed(&text).about(|| format!("`{}`", path.display()))?;
        file.directory = path.parent().unwrap_or(Path::new("")).to_owned();
        file.path = Some(path.to_owned());
        Ok(file)
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn parse(text: &str) -> Result<ConfigFile, Error> {
        Ok(Self::parsed(text)?)
    }

    fn parsed(text: &str) -> InnerResult<ConfigFile> {
        Self::from_table(text).of_kind(ErrorKind::Policy)
    }

    pub(crate) fn from_table(text: &str) -> InnerResult<ConfigFile> {
        let mut policy: toml::Table = toml::from_str(text).map_err(|error| whole(&error))?;
        let mut tree = toml::Table::new();
        for key in policy.keys().cloned().collect::<Vec<_>>() {
            if TREE_KEYS.contains(&key.as_str()) {
                tree.extend(policy.remove_entry(&key));
            } else if !POLICY_KEYS.contains(&key.as_str()) {
                bail!(
                    "there is no key `{key}`{}",
                    suggestion(&key, POLICY_KEYS.into_iter().chain(TREE_KEYS))
                );
            }
        }
        let policy: PolicyKeys = policy.try_into().map_err(|error| whole(&error))?;
        let tree: TreeKeys = tree.try_into().map_err(|error| whole(&error))?;
        Ok(ConfigFile { tree, policy: policy.into(), directory: PathBuf::new(), path: None })
    }

    /// Checks that `preinit-start` comes with a function to run, which an option may name.
    ///
    /// # Errors
    ///
    /// If nobody names one; the message names the key.
    #[cfg(feature = "cli")]
    pub(crate) fn check_start(&self, option_names_one: bool) -> InnerResult<()> {
        let named = option_names_one || self.tree.preinit.is_some();
        if named || self.tree.preinit_start.is_none() {
            return Ok(());
        }
        Err(anyhow!(
            "`preinit-start` says where a program starts after `preinit`, which is not there: add it, or drop \
             `preinit-start`"
        ))
        .of_kind(ErrorKind::Policy)
    }

    /// Refuses the keys that `command` has no use for: what somebody wrote is never ignored.
    ///
    /// # Errors
    ///
    /// If the file has one of `keys`; the message names it and the file.
    #[cfg(feature = "cli")]
    pub(crate) fn refuse(&self, command: &str, keys: &[&str]) -> InnerResult<()> {
        let TreeKeys {
            dir: _,
            tar: _,
            zip: _,
            oci: _,
            oci_platform: _,
            file: _,
            text: _,
            symlink: _,
            mode: _,
            exclude: _,
            no_tmp: _,
            owner: _,
            isolate,
            component,
            preinit,
            preinit_start,
            strict,
        } = &self.tree;
        let present = [
            ("isolate", *isolate),
            ("component", *component),
            ("preinit", preinit.is_some()),
            ("preinit-start", preinit_start.is_some()),
            ("strict", *strict),
        ];
        let Some((key, _)) = present.iter().find(|(key, found)| *found && keys.contains(key))
        else {
            return Ok(());
        };
        let path = self.path.as_deref().unwrap_or(Path::new("the configuration"));
        Err(anyhow!(
            "`{}`: `{key}` is about a program, and `{command}` has none: remove the key, or give another file",
            path.display()
        ))
        .of_kind(ErrorKind::Policy)
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
