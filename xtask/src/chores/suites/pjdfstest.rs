//! `cargo xtask pjdfstest`: runs the POSIX suite pjdfstest on a mount of fs-core, and on a tmpfs in
//! the same run.
//!
//! Both must agree test by test, no test may fail, and as many must pass as are known to. Both skip
//! the tests that remount read-only or need a second filesystem, and one that needs `LINK_MAX`. The
//! chore prints every answer.
//!
//! The suite itself takes seconds, so `cargo xtask test` runs it too.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::chores::suites::fuse_mount::{self, Mounted};
use crate::left_out::LeftOut;
use crate::tools::cargo_install::Program;
use crate::{process, workspace};

const PJDFSTEST: Program = Program { name: "pjdfstest", version: "0.2.2" };

/// What tmpfs has of the suite's optional features, and the pause that the timestamps' granularity
/// needs.
const CONFIGURATION: &str = "
[features]
posix_fallocate = {}
rename_ctime = {}
stat_st_birthtime = {}
utime_now = {}
utimensat = {}

[settings]
naptime = 0.02
";

/// How many tests this version of the suite has, and how many of them a tmpfs passes; the others
/// are skipped.
const TESTS: usize = 398;
const PASSED: usize = 382;

/// The answers of one run: test -> `ok`, `skipped` or `FAILED`.
type Score = BTreeMap<String, String>;

pub(crate) fn run() -> Result<()> {
    let mut left_out = LeftOut::default();
    fuse_mount::or_leave_out(&mut left_out, "pjdfstest on fs-core", compare)?;
    left_out.conclude()
}

/// Runs the suite on a tmpfs and on fs-core.
///
/// # Errors
///
/// The suite cannot be had or run, or fs-core's score is less than it should be.
pub(crate) fn compare() -> Result<()> {
    PJDFSTEST.ensure()?;
    let configuration = configure()?;
    let linux = score("Linux's tmpfs", &configuration, &Mounted::tmpfs("pjdfstest-tmpfs")?)?;
    let ours = score("fs-core", &configuration, &Mounted::by_fuse("pjdfstest")?)?;
    for (test, answer) in &ours {
        println!("pjdfstest {test}: {answer}");
    }
    let wrong = wrong(&ours, &linux);
    for line in &wrong {
        println!("WRONG: {line}");
    }
    ensure!(wrong.is_empty(), "pjdfstest: {} answers are not as they should be", wrong.len());
    let passed = ours.values().filter(|answer| *answer == "ok").count();
    let skipped = ours.len() - passed;
    ensure!(
        ours.len() == TESTS && passed >= PASSED,
        "pjdfstest: {passed} of {} tests passed, {PASSED} of {TESTS} should",
        ours.len()
    );
    println!("pjdfstest on fs-core: {passed} passed, 0 failed, {skipped} skipped, as on tmpfs");
    Ok(())
}

/// What fs-core answers otherwise than a tmpfs, or fails.
fn wrong(ours: &Score, linux: &Score) -> Vec<String> {
    let not_run = "not run".to_owned();
    let tests = ours.keys().chain(linux.keys().filter(|test| !ours.contains_key(*test)));
    let answers = |test| (ours.get(test).unwrap_or(&not_run), linux.get(test).unwrap_or(&not_run));
    tests
        .map(|test| (test, answers(test)))
        .filter(|(_, (here, there))| here != there || !matches!(here.as_str(), "ok" | "skipped"))
        .map(|(test, (here, there))| format!("{test}: {here} on fs-core, {there} on tmpfs"))
        .collect()
}

/// Writes the configuration: two users that are not root, with their groups, are this machine's.
fn configure() -> Result<PathBuf> {
    let users = users()?;
    let [(first, first_group), (second, second_group)] = &users[..] else {
        bail!("/etc/passwd has no two users beside root whose groups have names");
    };
    let text = format!(
        "{CONFIGURATION}\n[dummy_auth]\nentries = [[{first:?}, {first_group:?}], [{second:?}, {second_group:?}]]\n"
    );
    let path = workspace::tools().join("pjdfstest.toml");
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

/// The first two users that are not root, with the names of their groups.
fn users() -> Result<Vec<(String, String)>> {
    let read = |path| fs::read_to_string(path).with_context(|| format!("cannot read {path}"));
    let (passwd, group) = (read("/etc/passwd")?, read("/etc/group")?);
    let groups: BTreeMap<&str, &str> = group
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?;
            Some((fields.nth(1)?, name))
        })
        .collect();
    let user = |line: &str| {
        let fields: Vec<&str> = line.split(':').collect();
        let (name, uid, gid) = (fields.first()?, fields.get(2)?, fields.get(3)?);
        let group = groups.get(gid)?;
        (*uid != "0" && *gid != "0").then(|| ((*name).to_owned(), (*group).to_owned()))
    };
    Ok(passwd.lines().filter_map(user).take(2).collect())
}

fn score(of: &str, configuration: &Path, mounted: &Mounted) -> Result<Score> {
    let mut suite = Command::new(PJDFSTEST.path());
    suite.arg("-c").arg(configuration).arg("-p").arg(mounted.path());
    let shown = process::show(&suite);
    // It ends with an error if a test fails; that is judged here.
    let output = suite.output().with_context(|| format!("cannot start `{shown}`"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let Some(summary) = text.lines().find(|line| line.starts_with("Summary:")) else {
        bail!("`{shown}` printed no summary:\n{}", String::from_utf8_lossy(&output.stderr));
    };
    println!("pjdfstest on {of}: {}", summary.trim_start_matches("Summary: "));
    Ok(text.lines().filter_map(answer).collect())
}

/// Reads `chmod::eloop      ok`.
fn answer(line: &str) -> Option<(String, String)> {
    let mut words = line.split_whitespace();
    match (words.next(), words.next(), words.next()) {
        (Some(test), Some(answer), None) if test.contains("::") && !line.starts_with('\t') => {
            Some((test.to_owned(), answer.to_owned()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Score, answer, wrong};

    #[test]
    fn failures_and_differences_are_told() {
        let score = |answers: &[(&str, &str)]| -> Score {
            answers.iter().map(|&(test, answer)| (test.to_owned(), answer.to_owned())).collect()
        };
        let linux =
            score(&[("a::b", "ok"), ("a::c", "skipped"), ("a::d", "ok"), ("a::e", "FAILED")]);
        assert!(wrong(&score(&[("a::b", "ok")]), &score(&[("a::b", "ok")])).is_empty());
        let ours = score(&[("a::b", "skipped"), ("a::c", "skipped"), ("a::e", "FAILED")]);
        assert_eq!(
            wrong(&ours, &linux),
            [
                "a::b: skipped on fs-core, ok on tmpfs",
                "a::e: FAILED on fs-core, FAILED on tmpfs",
                "a::d: not run on fs-core, ok on tmpfs",
            ]
        );
    }

    #[test]
    fn answers_are_told_from_explanations() {
        let pair = |test: &str, answer: &str| Some((test.to_owned(), answer.to_owned()));
        assert_eq!(answer("chown::eloop_comp      ok"), pair("chown::eloop_comp", "ok"));
        assert_eq!(answer("a::b::c skipped"), pair("a::b::c", "skipped"));
        assert_eq!(answer("\tstd::io failed"), None);
        assert_eq!(answer("Summary: 0 failed, 16 skipped"), None);
    }
}
