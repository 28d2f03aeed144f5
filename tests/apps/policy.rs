//! What a packed program sees of the world is what was chosen for it: `tests/guests/world` tells what it sees, packed
//! with one policy after the other.

use anyhow::Result;
use tempfile::TempDir;
use wasm_vfs::{ConfigFile, Form, Packer, Program, TreeBuilder};
use wasm_vfs_tests::engine::{Engine, Invocation, Outcome};
use wasm_vfs_tests::engines::node::Node;
use wasm_vfs_tests::engines::wasmi::Wasmi;
use wasm_vfs_tests::engines::wasmtime::Wasmtime;
use wasm_vfs_tests::tools;

const FORMS: [Form; 2] = [Form::Portable, Form::Isolated];

/// Packs the guest with a policy, and a tree of `/work/input`.
fn packed(policy: &str, form: Form) -> Result<Option<Vec<u8>>> {
    let Some(program) = tools::guest("world") else { return Ok(None) };
    let files = TempDir::new()?;
    std::fs::write(files.path().join("input"), "from the tree")?;
    let policy = ConfigFile::parse(policy)?.policy;
    let tree = TreeBuilder::new().dir(files.path(), "/work");
    let packer = Packer::new(tree).form(form).policy(policy);
    Ok(Some(
        packer
            .pack(Program::bytes("program", &std::fs::read(program)?))
            .and_then(|packed| packed.to_vec())?,
    ))
}

fn invocation() -> Invocation {
    let mut invocation = Invocation::of("world one").env("A", "1").env("B", "2");
    invocation.stdin = b"from the host".to_vec();
    invocation
}

/// What the guest tells, packed with a policy; it must be the same in both forms, and on each engine where the host is
/// asked for nothing that differs.
fn tells(policy: &str) -> Result<Option<Outcome>> {
    let mut outcomes = Vec::new();
    for form in FORMS {
        let Some(bytes) = packed(policy, form)? else { return Ok(None) };
        let file = tempfile::Builder::new().suffix(".wasm").tempfile()?;
        std::fs::write(file.path(), bytes)?;
        outcomes.push(Wasmtime.run(file.path(), &invocation())?);
        if form == Form::Portable {
            outcomes.push(Wasmi.run(file.path(), &invocation())?);
            if let Some(node) = Node::find() {
                outcomes.push(node.run(file.path(), &invocation())?);
            }
        }
    }
    let steady = |outcome: &Outcome| -> Vec<String> {
        let varies = ["realtime", "slept 3", "random", "slept ", "sock_"];
        let lines = String::from_utf8_lossy(&outcome.stdout).into_owned();
        let lines = lines.lines().filter(|line| !varies.iter().any(|word| line.starts_with(word)));
        lines.map(str::to_owned).collect()
    };
    for outcome in &outcomes {
        assert_eq!(outcome.status, outcomes[0].status, "{policy}: {outcome:?}");
        assert_eq!(steady(outcome), steady(&outcomes[0]));
    }
    Ok(outcomes.into_iter().next())
}

/// Checks that the guest tells these lines.
fn expect(policy: &str, lines: &[&str]) -> Result<()> {
    let Some(outcome) = tells(policy)? else { return Ok(()) };
    let told = String::from_utf8_lossy(&outcome.stdout).into_owned();
    for line in lines {
        assert!(told.lines().any(|told| told == *line), "no {line:?} with `{policy}` in\n{told}");
    }
    Ok(())
}

#[test]
fn by_default_the_world_is_the_hosts() -> Result<()> {
    expect(
        "",
        &[
            r#"arguments ["world", "one"]"#,
            r#"environment [("A", "1"), ("B", "2")]"#,
            "preopen 3 /",
            r#"stdin "from the host""#,
            "slept 30 ms true",
            "resolution 0 true",
            // INVAL.
            "clock 9 28",
            "sched_yield 0",
            // FAULT.
            "wild [21, 21, 21, 21]",
            "poll 0 1 token 5 error 0",
        ],
    )
}

#[test]
fn preopens() -> Result<()> {
    expect(
        "preopen = ['/=/', '.=/work', 'also=/work']",
        &["preopen 3 /", "preopen 4 .", "preopen 5 also", r#"here ["input"]"#],
    )?;
    let error = packed("preopen = ['x=/nowhere']", Form::Portable).unwrap_err().to_string();
    assert!(error.contains("/nowhere is no directory of the tree"), "{error}");
    Ok(())
}

#[test]
fn environment() -> Result<()> {
    expect(
        "env = ['C=3', 'A=4']",
        &[r#"environment [("A", "4"), ("B", "2"), ("C", "3")]"#, "wild [21, 21, 21, 21]"],
    )?;
    expect("inherit-env = 'B,X'", &[r#"environment [("B", "2")]"#])?;
    expect("no-env = true\nenv = ['C=3']", &[r#"environment [("C", "3")]"#])?;
    expect("no-env = true", &["environment []"])
}

#[test]
fn arguments() -> Result<()> {
    expect("arg = ['two', '']", &[r#"arguments ["world", "one", "two", ""]"#])?;
    expect("arg = ['me', 'x y']\nargs-only = true", &[r#"arguments ["me", "x y"]"#])
}

#[test]
fn streams() -> Result<()> {
    expect(
        "stdin = 'file=/work/input'",
        &[r#"stdin "from the tree""#, "poll 0 1 token 5 error 0"],
    )?;
    expect("stdin = 'null'", &["stdin \"\"", "sock_shutdown 57", "poll 0 1 token 5 error 0"])?;
    // BADF, from the first read on.
    expect("stdin = 'deny'", &["stdin \"\""])?;
    let Some(outcome) = tells("stdout = 'file=/log'\nstderr = 'file=/log'")? else { return Ok(()) };
    assert_eq!((outcome.stdout.len(), outcome.stderr.len()), (0, 0));
    Ok(())
}

#[test]
fn clocks() -> Result<()> {
    expect(
        "clock = 'fixed=2026-01-02T03:04:05Z'",
        &[
            "realtime 1767323045000000000 then 0",
            "slept 30 ms true",
            "slept 30ms",
            "resolution 0 true",
            "clock 9 28",
        ],
    )?;
    expect("clock = 'step=1000'", &["realtime 946684800000000000 then 1000", "slept 30 ms true"])
}

#[test]
fn random_numbers() -> Result<()> {
    let seeded = |seed: &str| -> Result<Option<String>> {
        let outcome = tells(&format!("random = 'seed={seed}'"))?;
        Ok(outcome.and_then(|outcome| {
            let told = String::from_utf8_lossy(&outcome.stdout).into_owned();
            told.lines().find(|line| line.starts_with("random 0 [")).map(str::to_owned)
        }))
    };
    assert_eq!(seeded("01")?, seeded("01")?);
    assert_ne!(seeded("01")?, seeded("02")?);
    Ok(())
}

#[test]
fn denied_calls() -> Result<()> {
    // NOTSUP as the event's error.
    expect("poll = 'deny'", &["poll 0 1 token 5 error 58"])?;
    // NOTSOCK.
    expect(
        "sched-yield = 'deny'\nsockets = 'deny'\nsignals = 'deny'",
        &["sched_yield 0", "sock_shutdown 57"],
    )?;
    let Some(bytes) = packed("exit = 'deny'", Form::Portable)? else { return Ok(()) };
    let file = tempfile::Builder::new().suffix(".wasm").tempfile()?;
    std::fs::write(file.path(), bytes)?;
    let outcome = Wasmtime.run(file.path(), &Invocation::of("world exit=3"))?;
    assert_eq!(outcome.status, None, "{outcome:?}");
    assert!(String::from_utf8_lossy(&outcome.stderr).contains("unreachable"), "{outcome:?}");
    Ok(())
}

/// What is denied is not imported.
#[test]
fn what_is_denied_is_no_import() -> Result<()> {
    let imports = |policy: &str| -> Result<Option<Vec<String>>> {
        let Some(bytes) = packed(policy, Form::Portable)? else { return Ok(None) };
        let mut packed = wasm_vfs::PackedModule::from_reader(std::io::Cursor::new(bytes))?;
        Ok(Some(packed.imports()?.into_iter().map(|(_, name)| name).collect()))
    };
    let Some(all) = imports("")? else { return Ok(()) };
    for (policy, gone) in [
        ("args-only = true", &["args_get", "args_sizes_get"][..]),
        ("no-env = true", &["environ_get", "environ_sizes_get"]),
        ("clock = 'step=1'", &["clock_time_get", "clock_res_get"]),
        ("random = 'seed='", &["random_get"]),
        ("exit = 'deny'", &["proc_exit"]),
        ("sched-yield = 'deny'", &["sched_yield"]),
        ("signals = 'deny'", &["proc_raise"]),
        ("sockets = 'deny'", &["sock_shutdown"]),
        ("poll = 'deny'", &["poll_oneoff"]),
        ("stdin = 'deny'\nstdout = 'deny'\nstderr = 'deny'", &["fd_read", "fd_write", "fd_close"]),
    ] {
        let left = imports(policy)?.unwrap_or_default();
        for name in gone {
            assert!(all.iter().any(|import| import == name), "{name} was never there");
            assert!(!left.iter().any(|import| import == name), "{name} is left with `{policy}`");
        }
        // And nothing else is gone, but what else there is for descriptors when none is the host's.
        let also = |name: &String| policy.starts_with("stdin") && name.starts_with("fd_");
        let kept = |name: &&String| !gone.contains(&name.as_str()) && !also(name);
        let expected: Vec<_> = all.iter().filter(kept).collect();
        assert_eq!(left.iter().collect::<Vec<_>>(), expected, "{policy}");
    }
    assert_eq!(imports("hermetic = true")?, Some(Vec::new()));
    Ok(())
}
