//! What is left out of a tree: `--exclude` patterns and `.wasmvfsignore` files.
//!
//! Both are written as git's are. A `.wasmvfsignore` may be in any directory and speaks for what is
//! beneath it; a deeper one has the last word, and within one the last pattern that matches.
//! `--exclude` patterns are read as if they stood in each mapped directory itself, and override the
//! files. As with git, what is in an excluded directory cannot be included again. The
//! `.wasmvfsignore` files themselves are never packed. `.gitignore` files mean nothing here: what
//! git should not keep, build results say, is often what should be packed.

use crate::disk::input::read_found;
use crate::gather::ignore_pattern::{IgnorePattern, patterns};
use anyhow::{Context as _, Result};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// Name of the files that list what to leave out of a tree.
pub const IGNORE_FILE: &str = ".wasmvfsignore";

/// The longest ignore file: some hundred thousand patterns.
pub(crate) const MAX_IGNORE_FILE_BYTES: u64 = 4 << 20;

/// The rules in force in the directory being read.
#[derive(Debug)]
pub(crate) struct IgnoreRules {
    excludes: Vec<IgnorePattern>,
    /// The ignore files met on the way down, the deepest last.
    files: Vec<IgnoreFile>,
    /// Whether ignore files mean anything; else they are packed as all files.
    has_files: bool,
    /// How long `path` was in each directory on the way down.
    directories: Vec<usize>,
    /// The current directory from the mapped one: empty, or ended by a slash.
    path: Vec<u8>,
}

/// An ignore file.
#[derive(Debug)]
struct IgnoreFile {
    /// How long the path is of the directory that it is in.
    base: usize,
    patterns: Vec<IgnorePattern>,
}

impl IgnoreRules {
    /// The rules for one mapped directory, before any ignore file is read.
    pub(crate) fn new(excludes: &[String]) -> Self {
        let excludes = excludes.iter().map(|text| IgnorePattern::parse(text.as_bytes())).collect();
        Self {
            excludes,
            files: Vec::new(),
            has_files: true,
            directories: Vec::new(),
            path: Vec::new(),
        }
    }

    /// The same rules where ignore files mean nothing.
    pub(crate) fn without_files(self) -> Self {
        Self { has_files: false, ..self }
    }

    /// Whether ignore files mean anything.
    pub(crate) fn has_files(&self) -> bool {
        self.has_files
    }

    /// Goes into a directory of the disk, the mapped one first; reads its ignore file if it has one.
    ///
    /// # Errors
    ///
    /// When the ignore file is no regular file, is too long, or cannot be read.
    pub(crate) fn enter(&mut self, directory: &Path, has_ignore_file: bool) -> Result<()> {
        let text = if has_ignore_file {
            let path = directory.join(IGNORE_FILE);
            let text = read_found(&path, MAX_IGNORE_FILE_BYTES)
                .with_context(|| format!("cannot use `{}`", path.display()))?;
            Some(text)
        } else {
            None
        };
        let name = directory.file_name().unwrap_or_default();
        self.enter_named(name.as_bytes(), text.as_deref());
        Ok(())
    }

    /// Goes into a directory of this name, the mapped one first, whose ignore file has this text.
    pub(crate) fn enter_named(&mut self, name: &[u8], ignore_file: Option<&[u8]>) {
        if !self.directories.is_empty() {
            self.path.extend(name);
            self.path.push(b'/');
        }
        self.directories.push(self.path.len());
        if let Some(text) = ignore_file {
            self.files.push(IgnoreFile { base: self.path.len(), patterns: patterns(text) });
        }
    }

    /// Leaves the directory last entered.
    pub(crate) fn leave(&mut self) {
        if self.files.last().is_some_and(|file| file.base == self.path.len()) {
            self.files.pop();
        }
        self.directories.pop();
        self.path.truncate(self.directories.last().copied().unwrap_or_default());
    }

    /// Whether an entry of the current directory is left out.
    pub(crate) fn excludes(&self, name: &OsStr, is_directory: bool) -> bool {
        if self.has_files && name == IGNORE_FILE {
            return true;
        }
        let name = name.as_bytes();
        let path = [&self.path, name].concat();
        let files = self.files.iter().rev().map(|file| (file.base, &file.patterns));
        for (base, patterns) in std::iter::once((0, &self.excludes)).chain(files) {
            let path = &path[base..];
            let last = patterns.iter().rev().find(|one| one.matches(path, name, is_directory));
            if let Some(pattern) = last {
                return !pattern.is_negated;
            }
        }
        false
    }
}
