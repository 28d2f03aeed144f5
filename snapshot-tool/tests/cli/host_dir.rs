//! `--mount`, `--overlay` and `run --host-dir`: directories of the host in a packed program.

use crate::sandbox::{NOTHING, Sandbox, read};
use crate::transfer::COPY;

#[test]
fn a_program_reads_and_writes_where_it_was_packed_to() {
    let sandbox = Sandbox::new();
    sandbox.wasm("program.wasm", &COPY.replace("END", ""));
    sandbox.file("in/in", "from the host\n");
    sandbox.directory("out");
    for verbose in [false, true] {
        let mut pack = vec!["pack", "program.wasm", "-o", "app.wasm"];
        pack.extend(["--overlay", "/input=in", "--mount", "/output=results"]);
        pack.extend(verbose.then_some("-v"));
        sandbox.tool(&pack).ok();
        let run = ["run", "app.wasm", "--host-dir", "in", "--host-dir", "out::results"];
        sandbox.tool(&run).ok();
        assert_eq!(read(sandbox.path("out/out")), b"from the host\n");
        std::fs::remove_file(sandbox.path("out/out")).unwrap();

        // Without them it finds nothing, and says so if it was asked to.
        let ran = sandbox.tool(&["run", "app.wasm"]);
        assert_eq!(ran.status, 99, "{}", ran.stderr);
        let told =
            "wasm-vfs: the host preopens no directory `in`, so there is nothing of it at /input\n";
        assert_eq!(ran.stderr, if verbose { told } else { "" });
    }
}

#[test]
fn inspect_shows_them_and_the_tree_has_their_places() {
    let sandbox = Sandbox::new();
    sandbox.wasm("program.wasm", NOTHING);
    let pack = [
        "pack",
        "program.wasm",
        "-o",
        "app.wasm",
        "--no-tmp",
        "--no-dev",
        "--mount",
        "/a/b=c",
        "--overlay",
    ];
    sandbox.tool(&[&pack[..], &["/d=e"]].concat()).ok();
    let shown = sandbox.tool(&["inspect", "app.wasm"]).ok();
    for part in ["mount = [\"/a/b=c\"]", "overlay = [\"/d=e\"]"] {
        assert!(shown.stdout().contains(part), "{}", shown.stdout());
    }
    assert!(sandbox.tool(&["tree", "app.wasm"]).ok().stdout().contains("── b\n"));
}

#[test]
fn what_does_not_fit_is_named() {
    let sandbox = Sandbox::new();
    sandbox.wasm("program.wasm", NOTHING);
    let pack = |options: &[&str]| {
        let command = ["pack", "program.wasm", "-o", "app.wasm"];
        sandbox.tool(&[&command, options].concat()).error().to_owned()
    };
    for (options, wants) in [
        (
            &["--mount", "/a", "--mount", "/a=b"][..],
            "`mount /a=/a` and `mount /a=b` are at the same place",
        ),
        (
            &["--mount", "/a", "--overlay", "/a/b=c"],
            "`overlay /a/b=c` would be hidden by `mount /a=/a`",
        ),
        (&["--mount", "/"], "would hide the whole tree"),
        (&["--mount", "/a", "--hermetic"], "`hermetic` gives the program nothing of the host"),
    ] {
        let message = pack(options);
        assert!(message.contains(wants), "{message}");
    }
    sandbox.tool(&["pack", "program.wasm", "-o", "app.wasm", "--mount", "/a"]).ok();
    let missing = sandbox.tool(&["run", "app.wasm", "--host-dir", "nothing::/a"]);
    assert!(missing.error().contains("cannot open host directory `nothing`"), "{}", missing.stderr);
}
