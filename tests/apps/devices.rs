//! A program that uses `/dev` and tries to change its tree (`tests/guests/devices`), packed with each option of the tree, in both forms.

use anyhow::Result;
use wasm_vfs::embed::HostApi;
use wasm_vfs::{ConfigFile, Form, Packer, Program, TreeBuilder};
use wasm_vfs_tests::engine::{Engine, Invocation};
use wasm_vfs_tests::engines::wasmtime::Wasmtime;
use wasm_vfs_tests::tools;

/// What the guest tells, packed with a policy; the same in both forms.
fn tells(policy: &str) -> Result<Option<String>> {
    let Some(program) = tools::guest("devices") else { return Ok(None) };
    let program = std::fs::read(program)?;
    let mut told = Vec::new();
    for form in [Form::Portable, Form::Isolated] {
        let policy = ConfigFile::parse(policy)?.policy;
        let packer = Packer::new(TreeBuilder::new()).form(form).policy(policy);
        let file = tempfile::Builder::new().suffix(".wasm").tempfile()?;
        std::fs::write(
            file.path(),
            packer.pack(Program::bytes("program", &program)).and_then(|packed| packed.to_vec())?,
        )?;
        let mut invocation = Invocation::of("devices");
        invocation.stdin = b"from the host".to_vec();
        let outcome = Wasmtime.run(file.path(), &invocation)?;
        assert_eq!(outcome.status, Some(0), "{policy:?}: {outcome:?}", policy = form);
        told.push(String::from_utf8(outcome.stdout)?);
    }
    assert_eq!(told[0], told[1]);
    Ok(told.pop())
}

fn expect(policy: &str, lines: &[&str]) -> Result<()> {
    let Some(told) = tells(policy)? else { return Ok(()) };
    for line in lines {
        assert!(told.lines().any(|l| l == *line), "{policy}: no {line:?} in\n{told}");
    }
    Ok(())
}

#[test]
fn dev_is_there_by_default() -> Result<()> {
    expect(
        "",
        &[
            "/dev/null read 0 zeros true write 0",
            "/dev/zero read 64 zeros true write 0",
            "/dev/full read 64 zeros true write 51",
            "/dev/urandom read 64 zeros false write 0",
            "/dev/tty error 60",
            r#"stdin 0 "from the host""#,
            "by /dev/stdout",
            "by /dev/fd/1",
            "create 0",
            "fill 0",
            "opened 20",
        ],
    )?;
    expect("no-dev = true", &["/dev/null error 44", r#"stdin 44 """#, "create 0"])
}

#[test]
fn each_option_of_the_tree_is_obeyed() -> Result<()> {
    expect("read-only = true", &["create 69", "fill 69", "/dev/null read 0 zeros true write 0"])?;
    expect("max-bytes = '64KiB'", &["create 0", "fill 51"])?;
    expect("max-inodes = 13", &["create 51", "fill 51"])?;
    expect("max-fds = 8", &["opened 4"])?;
    expect("stdin = 'null'", &[r#"stdin 0 """#])?;
    expect("uid = 7\ngid = 8\numask = '077'", &["create 0"])
}

/// Read back through the host interface, after the program has ended.
#[test]
fn new_files_have_the_owner_and_mode_that_were_chosen() -> Result<()> {
    use wasmtime::{Instance, Module, Store};
    let Some(program) = tools::guest("devices") else { return Ok(()) };
    let program = std::fs::read(program)?;
    let engine = wasmtime::Engine::default();
    for (policy, expected) in [
        ("hermetic = true", (0, 0, 0o644)),
        ("hermetic = true\nuid = 7\ngid = 8\numask = '077'", (7, 8, 0o600)),
    ] {
        let policy = ConfigFile::parse(policy)?.policy;
        let packed = Packer::new(TreeBuilder::new())
            .policy(policy)
            .pack(Program::bytes("program", &program))
            .and_then(|packed| packed.to_vec())?;
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &Module::new(&engine, packed)?, &[])?;
        instance.get_typed_func::<(), ()>(&mut store, "_start")?.call(&mut store, ())?;
        let status = HostApi::new(&mut store, &instance)?.stat(&mut store, "/new")?;
        assert_eq!((status.uid, status.gid, status.mode & 0o7777), expected);
    }
    Ok(())
}
