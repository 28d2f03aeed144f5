//! Ignore files compared with git itself, on random patterns and trees.
//!
//! Each round starts git once. `WASM_VFS_SEED` chooses other patterns and trees; a failure prints
//! what it was.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use crate::TreeBuilder;
use crate::gather::ignore_rules::IGNORE_FILE;
use crate::tree::{EntryKind, Tree};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::Command;

/// SplitMix64: any seed is a good one.
struct Random(u64);

impl Random {
    fn new(salt: u64) -> Self {
        let seed = std::env::var("WASM_VFS_SEED").map_or(1, |seed| seed.parse().unwrap());
        println!("WASM_VFS_SEED={seed}");
        Self(seed << 8 ^ salt)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }
}

/// What patterns are made of: few letters, so that they meet the names, and all that is special.
const PIECES: [&str; 56] = [
    "a",
    "a",
    "a",
    "b",
    "b",
    "c",
    "A",
    "1",
    ".",
    "-",
    "_",
    " ",
    "  ",
    "\t",
    "\r",
    "\u{b}",
    "é",
    "{",
    "}",
    ",",
    "!",
    "#",
    "$",
    "^",
    "~",
    "]",
    "[",
    ":",
    "*",
    "*",
    "*",
    "**",
    "**",
    "**/",
    "/**",
    "/**/",
    "?",
    "?",
    "/",
    "/",
    "/",
    "\\",
    "\\",
    "[a-c]",
    "[!a]",
    "[^ab]",
    "[]a]",
    "[[:alpha:]]",
    "[[:space:]]",
    "[[:punct:]]",
    "[[:",
    ":]]",
    "[a-",
    "\\*",
    "\\/",
    "{a,b}",
];

/// What names are made of.
const LETTERS: [&str; 34] = [
    "a", "a", "a", "a", "b", "b", "b", "c", "A", "1", ".", "-", "_", " ", "\t", "\r", "\u{b}",
    "\u{7f}", "é", "{", "}", ",", "!", "#", "$", "^", "~", "]", "[", ":", "*", "?", "\\", "ab",
];

fn pattern(random: &mut Random, names: &[String]) -> String {
    if random.below(3) == 0 {
        let count = 1 + random.below(6);
        return (0..count).map(|_| random.one(&PIECES)).collect();
    }
    // A path that there is, or the end of one, with some of its letters put otherwise.
    let path = names[random.below(names.len())].as_str();
    let path = if random.below(2) == 0 { path } else { path.rsplit('/').next().unwrap() };
    let mut made = random.one(&["", "", "", "", "", "!", "/", "\\"]).to_owned();
    for letter in path.chars() {
        let other = match random.below(24) {
            0 => random.one(&PIECES).to_owned(),
            1..=3 => random.one(&["*", "?", "**", "**/"]).to_owned(),
            4 => format!("\\{letter}"),
            5 => format!("[{letter}{}]", random.one(&PIECES)),
            6 => format!("[{}{letter}]", random.one(&PIECES)),
            _ => letter.to_string(),
        };
        made.push_str(&other);
    }
    made + random.one(&["", "", "", "", "", "/", " ", "/*", "/**", "\r"])
}

fn name(random: &mut Random) -> String {
    loop {
        let count = 1 + random.below(4);
        let made: String = (0..count).map(|_| random.one(&LETTERS)).collect();
        if made != "." && made != ".." {
            return made;
        }
    }
}

/// Makes some files, some of them in directories; returns their paths and those of the directories.
fn fill(random: &mut Random, root: &Path, files: usize) -> (Vec<String>, Vec<String>) {
    let (mut names, mut directories) = (Vec::new(), vec![String::new()]);
    while names.len() < files {
        let path = directories[random.below(directories.len())].clone() + &name(random);
        let depth = path.matches('/').count();
        if random.below(3) == 0 && depth < 3 && fs::create_dir(root.join(&path)).is_ok() {
            directories.push(path + "/");
        } else if !root.join(&path).exists() && fs::write(root.join(&path), "").is_ok() {
            names.push(path);
        }
    }
    (names, directories)
}

/// What git would keep of a tree.
fn git_keeps(root: &Path, excludes: &[String]) -> BTreeSet<Vec<u8>> {
    let mut git = Command::new("git");
    git.args(["-c", "core.ignorecase=false", "ls-files", "--others", "-z"]);
    git.arg(format!("--exclude-per-directory={IGNORE_FILE}"));
    git.args(excludes.iter().map(|pattern| format!("--exclude={pattern}")));
    let listed = git.current_dir(root).output().expect("git is needed for this test");
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    let paths = listed.stdout.split(|&byte| byte == 0).filter(|path| !path.is_empty());
    paths.filter(|path| !path.ends_with(IGNORE_FILE.as_bytes())).map(<[u8]>::to_vec).collect()
}

fn files(tree: &Tree) -> BTreeSet<Vec<u8>> {
    let is_file = |&index: &usize| matches!(tree.entries()[index].kind, EntryKind::File { .. });
    (0..tree.entries().len()).filter(is_file).map(|index| tree.path(index)[1..].to_vec()).collect()
}

fn we_keep(root: &Path, excludes: &[String]) -> BTreeSet<Vec<u8>> {
    let tree = TreeBuilder::new().tmp(false).dir(root, "/");
    let tree = excludes.iter().fold(tree, TreeBuilder::exclude);
    files(&tree.exclude("/.git").read().unwrap())
}

/// A directory that git lists.
fn repository() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let made = Command::new("git").args(["init", "-q"]).current_dir(&directory).status();
    assert!(made.expect("git is needed for this test").success());
    directory
}

fn shown(paths: &BTreeSet<Vec<u8>>) -> Vec<&OsStr> {
    paths.iter().map(|path| OsStr::from_bytes(path)).collect()
}

/// One pattern for each of many directories, in which the same names are.
#[test]
fn each_pattern_matches_what_it_does_for_git() {
    const PATTERNS: usize = 60;
    let mut random = Random::new(1);
    let (mut effective, mut tried) = (0, 0);
    for _ in 0..4 {
        let repository = repository();
        let directories: Vec<_> =
            (0..PATTERNS).map(|index| repository.path().join(format!("d{index:02}"))).collect();
        let mut names = Vec::new();
        for directory in &directories {
            fs::create_dir(directory).unwrap();
            let mut again = Random(random.0);
            names = fill(&mut again, directory, 24).0;
        }
        random.next();
        for _ in 0..12 {
            let patterns: Vec<String> =
                (0..PATTERNS).map(|_| pattern(&mut random, &names)).collect();
            for (directory, pattern) in directories.iter().zip(&patterns) {
                fs::write(directory.join(IGNORE_FILE), pattern).unwrap();
            }
            let (git, we) = (git_keeps(repository.path(), &[]), we_keep(repository.path(), &[]));
            if let Some(path) = git.symmetric_difference(&we).next() {
                let (directory, name) = path.split_at(4);
                let index: usize = std::str::from_utf8(&directory[1..3]).unwrap().parse().unwrap();
                let keeps = if git.contains(path) { "keeps" } else { "leaves out" };
                panic!("pattern {:?}: git {keeps} {:?}", patterns[index], OsStr::from_bytes(name));
            }
            let kept = |index: usize| {
                let directory = format!("d{index:02}/");
                git.iter().filter(|path| path.starts_with(directory.as_bytes())).count()
            };
            effective += (0..PATTERNS).filter(|&index| kept(index) < names.len()).count();
            tried += PATTERNS;
        }
    }
    println!("{effective} of {tried} patterns left something out");
    // Or it would be no test.
    assert!(effective > tried / 6);
}

/// Several ignore files, each of several lines, and options.
#[test]
fn trees_keep_what_they_keep_for_git() {
    let mut random = Random::new(2);
    for _ in 0..120 {
        let repository = repository();
        let root = repository.path();
        let (names, directories) = fill(&mut random, root, 30);
        for directory in &directories {
            if random.below(2) == 0 {
                let lines = 1 + random.below(6);
                let lines: Vec<String> = (0..lines).map(|_| pattern(&mut random, &names)).collect();
                fs::write(root.join(directory).join(IGNORE_FILE), lines.join("\n")).unwrap();
            }
        }
        let excludes = random.below(3);
        let excludes: Vec<String> = (0..excludes).map(|_| pattern(&mut random, &names)).collect();
        let (git, we) = (git_keeps(root, &excludes), we_keep(root, &excludes));
        if git != we {
            let files: Vec<_> = directories
                .iter()
                .filter_map(|directory| {
                    let text = fs::read_to_string(root.join(directory).join(IGNORE_FILE)).ok()?;
                    Some((directory, text))
                })
                .collect();
            let (more, fewer) = (&we - &git, &git - &we);
            let (more, fewer) = (shown(&more), shown(&fewer));
            panic!("we keep {more:?} more and {fewer:?} fewer: {files:?}, --exclude {excludes:?}");
        }
    }
}
