//! SQLite commits, is killed, and has all that it said was committed: `run --state --sync`.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use wasm_vfs::{Form, Packer, Policy, Program, Runner, TreeBuilder};
use wasm_vfs_tests::tools;

/// What tells the process that [`no_committed_transaction_is_lost`] starts what to run: the packed
/// program, the state, and the mode of SQLite's journal.
const VARIABLE: &str = "WASM_VFS_TEST_COMMITS";

/// How often it is killed, in place of [`KILLS`].
const KILLS_VARIABLE: &str = "WASM_VFS_TEST_KILLS";

/// In each mode of the journal.
const KILLS: usize = 12;

/// Not a test: the process that [`no_committed_transaction_is_lost`] kills.
#[test]
fn program_that_is_killed() {
    let Ok(what) = std::env::var(VARIABLE) else { return };
    let [packed, state, mode] = what.split('\n').collect::<Vec<_>>()[..] else { unreachable!() };
    let runner = Runner::new().args(["/data", "commits", mode]).cache(true);
    runner.state(state).sync().run(&Program::file(packed)).unwrap();
}

/// What the program says, in its order.
#[derive(Debug, Default)]
struct Said {
    found: Option<usize>,
    committed: usize,
    lines: Vec<String>,
}

impl Said {
    fn line(&mut self, line: String) {
        let number = |text: &str| text.parse().unwrap();
        if let Some(found) = line.strip_prefix("found ") {
            assert!(found.contains(", 0 wrong, "), "{line}");
            self.found = Some(number(found.split(',').next().unwrap()));
        } else if let Some(committed) = line.strip_prefix("committed ") {
            self.committed = number(committed);
        }
        self.lines.push(line);
    }
}

/// Runs it and kills it when it has committed so many transactions more, a moment later.
fn killed(packed: &Path, state: &Path, mode: &str, transactions: usize, moment: Duration) -> Said {
    let what = [packed.to_str().unwrap(), state.to_str().unwrap(), mode].join("\n");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "commits::program_that_is_killed", "--nocapture"])
        .env(VARIABLE, what)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let (mut said, mut left) = (Said::default(), transactions);
    while left > 0 {
        let mut line = String::new();
        assert!(lines.read_line(&mut line).unwrap() > 0, "it ended: {said:?}");
        left -= usize::from(line.starts_with("committed "));
        said.line(line.trim().to_owned());
    }
    std::thread::sleep(moment);
    child.kill().unwrap();
    child.wait().unwrap();
    let mut rest = String::new();
    lines.read_to_string(&mut rest).unwrap();
    // The last line may be cut.
    let end = rest.rfind('\n').map_or(0, |end| end + 1);
    rest[..end].lines().for_each(|line| said.line(line.to_owned()));
    said
}

#[test]
fn no_committed_transaction_is_lost() {
    let Some(program) = tools::guest("sqlite") else { return };
    let kills = std::env::var(KILLS_VARIABLE).map_or(KILLS, |kills| kills.parse().unwrap());
    let directory = tempfile::tempdir().unwrap();
    let packed = directory.path().join("packed.wasm");
    let policy = Policy::from_toml("events = true").unwrap();
    let tree = TreeBuilder::new().file("/data/.keep", "");
    let packer = Packer::new(tree).form(Form::Isolated).policy(policy);
    packer.pack(Program::file(&program)).unwrap().write(&packed).unwrap();
    let mut seed = 7u64;
    for mode in ["WAL", "DELETE", "TRUNCATE", "PERSIST"] {
        let state = directory.path().join(format!("{mode}.state"));
        let mut committed = 0;
        for kill in 0..kills {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let (transactions, moment) =
                (1 + (seed >> 40) % 9, Duration::from_micros((seed >> 33) % 8000));
            let transactions = usize::try_from(transactions).unwrap();
            let said = killed(&packed, &state, mode, transactions, moment);
            let found = said.found.unwrap_or_else(|| panic!("{mode}, kill {kill}: {said:?}"));
            assert!(
                found >= committed,
                "{mode}, kill {kill}: {committed} were committed, {said:?}"
            );
            // What was on its way when it was killed may be there.
            assert!(
                found <= committed + 1,
                "{mode}, kill {kill}: {committed} were committed, {said:?}"
            );
            assert!(said.lines.iter().any(|line| line.trim() == "ok"), "{mode}: {said:?}");
            committed = said.committed;
        }
        assert!(committed >= kills, "{mode}: {committed}");
    }
}
