//! `run --save`: the program packed again with what it has changed.

use crate::sandbox::{NOTHING, Sandbox, read};
use crate::states::{diff, pack, sample};
use crate::transfer::COPY;
use wasm_vfs::{Form, ModuleForm, PackedModule, Program, Runner};

#[test]
fn a_saved_program_has_the_changes_however_it_ended() {
    for form in [&[][..], &["--isolate"], &["--component"]] {
        for (end, status) in [("", 0), ("unreachable", 134)] {
            let sandbox = Sandbox::new();
            sandbox.wasm("app.wasm", &COPY.replace("END", end));
            sandbox.file("in.txt", "from the host\n");
            let args = ["pack", "app.wasm", "-o", "packed.wasm", "--env", "A=1"];
            sandbox.tool(&[&args, form].concat()).ok();
            let run = ["run", "--put", "in.txt::/input/in", "--save", "saved.wasm"];
            let ran =
                sandbox.tool(&[&run[..], &["--state", "s", "--diff", "packed.wasm"]].concat());
            assert_eq!(ran.status, status, "{}", ran.stderr);
            assert!(ran.stderr.contains("A /output/out\n"), "{}", ran.stderr);
            let cat = sandbox.tool(&["cat", "saved.wasm", "/output/out"]).ok();
            assert_eq!(cat.stdout(), "from the host\n");
            // It runs with them, and is what `commit` makes of the state.
            assert_eq!(sandbox.tool(&["run", "saved.wasm"]).status, status);
            sandbox.tool(&["commit", "packed.wasm", "s", "-o", "committed.wasm"]).ok();
            assert!(read(sandbox.path("saved.wasm")) == read(sandbox.path("committed.wasm")));
            let saved = PackedModule::open(sandbox.path("saved.wasm")).unwrap();
            let expected = if form == ["--isolate"] { Form::Isolated } else { Form::Portable };
            assert_eq!(saved.form(), ModuleForm::Linked(expected));
            assert_eq!(saved.is_component(), form == ["--component"]);
            assert_eq!(saved.policy().unwrap().env.len(), 1);
        }
    }
}

#[test]
fn what_is_packed_in_memory_is_saved_too() {
    let sandbox = sample();
    sandbox.file("new.txt", "new");
    let run = ["run", "--dir", "host::/", "--save"];
    for name in ["one.wasm", "two.wasm"] {
        sandbox.tool(&[&run[..], &[name, "app.wasm"]].concat()).ok();
    }
    sandbox.tool(&["pack", "app.wasm", "--dir", "host::/", "-o", "packed.wasm"]).ok();
    // With nothing changed, it is the same file, too.
    for name in ["one.wasm", "two.wasm"] {
        assert!(read(sandbox.path(name)) == read(sandbox.path("packed.wasm")), "{name}");
    }
    let put = ["one.wasm", "--put", "new.txt::/kept", "app.wasm"];
    sandbox.tool(&[&run[..], &put].concat()).ok();
    let (_, changes) = diff(&sandbox, "packed.wasm", "one.wasm");
    assert!(changes.contains(&"A /kept".to_owned()), "{changes:?}");
}

#[test]
fn a_program_may_be_saved_in_its_own_place_and_shares_contents() {
    let sandbox = sample();
    pack(&sandbox, "app.wasm", &["--dir", "host::/"]);
    let before = read(sandbox.path("packed.wasm")).len();
    for (from, to) in [("host/large", "/copy"), ("host/a", "/b")] {
        let put = format!("{from}::{to}");
        let run = ["run", "packed.wasm", "--save", "packed.wasm", "--put", &put];
        // The options of `run` come before the arguments of the program.
        let run = [&run[..1], &run[2..], &run[1..2]].concat();
        sandbox.tool(&run).ok();
    }
    // Three megabytes are there twice, and in the file once.
    let after = read(sandbox.path("packed.wasm")).len();
    assert!(after < before + (64 << 10), "{before} {after}");
    for path in ["/large", "/copy"] {
        assert_eq!(sandbox.tool(&["cat", "packed.wasm", path]).ok().stdout, vec![7; 3 << 20]);
    }
    let cat = sandbox.tool(&["cat", "packed.wasm", "/b"]).ok();
    assert_eq!(cat.stdout(), "contents of a");
    // Nothing temporary is left.
    let there = sandbox.names(".");
    assert!(there.iter().all(|name| !name.starts_with(".wasm-vfs-")), "{there:?}");
}

#[test]
fn what_cannot_be_saved_is_told_and_the_rest_is_done() {
    let sandbox = sample();
    pack(&sandbox, "app.wasm", &["--dir", "host::/"]);
    let run =
        ["run", "--save", "none/saved.wasm", "--state", "s", "--get", "/a::got", "packed.wasm"];
    let ran = sandbox.tool(&run);
    assert!(ran.error().contains("--save none/saved.wasm: cannot write"), "{}", ran.stderr);
    assert!(sandbox.path("s").exists() && sandbox.path("got").exists());
    sandbox.wasm("pure.wasm", "(module (func (export \"_start\")))");
    let ran = sandbox.tool(&["run", "--save", "saved.wasm", "pure.wasm"]);
    assert!(!ran.error().is_empty());
    assert!(!sandbox.path("saved.wasm").exists());
}

#[test]
fn embedders_save_in_several_places() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", NOTHING);
    sandbox.tool(&["pack", "app.wasm", "-o", "packed.wasm"]).ok();
    let saved = ["one.wasm", "two.wasm"].map(|name| sandbox.path(name));
    let runner = Runner::new().save(&saved[0]).save(&saved[1]).cache(false);
    runner.run(&Program::file(sandbox.path("packed.wasm"))).unwrap();
    assert!(read(&saved[0]) == read(&saved[1]));
    assert_eq!(diff(&sandbox, "packed.wasm", "one.wasm"), (0, vec![]));
}
