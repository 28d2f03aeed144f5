//! What is left out of a tree: `--exclude` patterns and `.wasmvfsignore` files.
//!
//! Both are written as lines of a `.gitignore`. A `.wasmvfsignore` may be in any directory and
//! speaks for what is beneath it; a deeper one has the last word. `--exclude` patterns are read
//! as if they stood in each mapped directory itself, and override the files. As with git, what
//! is in an excluded directory cannot be included again. The `.wasmvfsignore` files themselves
//! are never packed. `.gitignore` files mean nothing here: what git should not keep, build
//! results say, is often what should be packed.

use anyhow::{Context as _, Result};
use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use std::path::{Path, PathBuf};

/// Name of the files that list what to leave out of a tree.
pub const IGNORE_FILE: &str = ".wasmvfsignore";

/// The rules in force in the directory being read.
#[derive(Debug)]
pub(crate) struct IgnoreRules {
    excludes: Gitignore,
    /// The ignore files met on the way down, the deepest last, with how deep each is.
    files: Vec<(usize, Gitignore)>,
    depth: usize,
}

impl IgnoreRules {
    /// The rules for one mapped directory, before any ignore file is read.
    pub(crate) fn new(host: &Path, excludes: &[String]) -> Result<Self> {
        let mut builder = GitignoreBuilder::new(host);
        for pattern in excludes {
            builder
                .add_line(None, pattern)
                .with_context(|| format!("--exclude `{pattern}` is not a valid pattern"))?;
        }
        let excludes =
            builder.build().context("the --exclude patterns are too many or too long")?;
        Ok(Self { excludes, files: Vec::new(), depth: 0 })
    }

    /// Goes into a directory; reads its ignore file if it has one.
    pub(crate) fn enter(&mut self, directory: &Path, ignore_file: Option<PathBuf>) -> Result<()> {
        self.depth += 1;
        if let Some(path) = ignore_file {
            let mut builder = GitignoreBuilder::new(directory);
            if let Some(error) = builder.add(&path) {
                return Err(error).with_context(|| format!("cannot use {}", path.display()));
            }
            let rules =
                builder.build().with_context(|| format!("cannot use {}", path.display()))?;
            self.files.push((self.depth, rules));
        }
        Ok(())
    }

    /// Leaves the directory last entered.
    pub(crate) fn leave(&mut self) {
        if self.files.last().is_some_and(|(depth, _)| *depth == self.depth) {
            self.files.pop();
        }
        self.depth -= 1;
    }

    /// Whether an entry of the current directory is left out.
    pub(crate) fn excludes(&self, host_path: &Path, is_directory: bool) -> bool {
        if host_path.file_name().is_some_and(|name| name == IGNORE_FILE) {
            return true;
        }
        let deepest_first = self.files.iter().rev().map(|(_, rules)| rules);
        for rules in std::iter::once(&self.excludes).chain(deepest_first) {
            match rules.matched(host_path, is_directory) {
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
                Match::None => {}
            }
        }
        false
    }
}
