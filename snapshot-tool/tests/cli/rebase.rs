//! `run --state --rebase`: a state that was made for another tree.

use crate::archives::{archive, file};
use crate::hostile_archives::{empty, with_record};
use crate::sandbox::{Sandbox, read};
use crate::states::{changes, diff, digest, dressed, pack, sample, state};

/// Runs the program from `state` with `--rebase`, after `commit --rebase` has made `expected.wasm` of
/// the two. Both make the same tree, and say the same of it. Returns what they say.
fn rebased(sandbox: &Sandbox) -> Vec<String> {
    let commit = ["commit", "--rebase", "packed.wasm", "state", "-o", "expected.wasm"];
    let committed = sandbox.tool(&commit).ok();
    let ran = sandbox.tool(&["run", "--state", "state", "--rebase", "packed.wasm"]).ok();
    let notes = |text: &str| {
        let is_told = |line: &&str| line.starts_with("wasm-vfs: note: /");
        text.lines().filter(is_told).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(notes(&ran.stderr), notes(&committed.stderr));
    // The state is for the tree of now, and the next run takes it.
    sandbox.tool(&["commit", "packed.wasm", "state", "-o", "later.wasm"]).ok();
    assert_eq!(diff(sandbox, "expected.wasm", "later.wasm"), (0, vec![]));
    let kept = read(sandbox.path("state"));
    let again = sandbox.tool(&["run", "--state", "state", "--rebase", "packed.wasm"]).ok();
    assert_eq!(again.stderr, "");
    assert!(read(sandbox.path("state")) == kept);
    notes(&ran.stderr)
}

#[test]
fn what_does_not_fit_is_told_and_the_rest_applied() {
    for form in [&[][..], &["--isolate"]] {
        let sandbox = sample();
        pack(&sandbox, "app.wasm", &["--dir", "host::/"]);
        let members = [
            empty(b'0', "d/.wh.gone", ""),
            empty(b'0', "gone/.wh..wh..opq", ""),
            file("missing/dir/f", b""),
            file("d/e", b"a file now"),
            file("a/b", b"beneath a file"),
            empty(b'1', "linked", "gone"),
            empty(b'1', "beside", "a/b"),
            file("new", b"fits"),
        ];
        state(&sandbox, &members);
        let other = ["--dir", "host::/", "--text", "/other="];
        pack(&sandbox, "app.wasm", &[&other, form].concat());
        let notes = rebased(&sandbox);
        for note in [
            "/d/gone: to be removed, and it is not there",
            "/gone: to be removed, and it is not there",
            "/a: there is a file; what the layer has beneath it is left out",
            "/d/e: a file takes the place of a directory",
            "/missing: its directory is not there; it is made",
            "/linked: it is a link to /gone, which is neither in the layer nor a file below",
        ] {
            assert!(notes.contains(&format!("wasm-vfs: note: {note}")), "{note}: {notes:?}");
        }
        let (_, changes) = diff(&sandbox, "packed.wasm", "state");
        let shown: Vec<&str> = changes.iter().map(String::as_str).collect();
        let expected = [
            "A /beside",
            "M /d/e  kind",
            "A /missing",
            "A /missing/dir",
            "A /missing/dir/f",
            "A /new",
        ];
        assert_eq!(
            shown.iter().filter(|it| !it.ends_with("times")).copied().collect::<Vec<_>>(),
            expected
        );
    }
}

#[test]
fn changes_of_each_kind_are_applied() {
    let sandbox = sample();
    pack(&sandbox, "app.wasm", &["--dir", "host::/"]);
    let mut members = changes();
    // A file of holes, a long name; further names of what lies below and of what comes.
    let sparse =
        [("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.realsize", "9000000")];
    let mut map = b"1\n8000000\n4\n".to_vec();
    map.resize(512, 0);
    let member = file("holes", &[&map[..], b"data"].concat());
    let member = sparse.iter().fold(member, |member, (key, value)| with_record(key, value, member));
    members.push(member);
    members.push(dressed(b'0', "x", "", b"x", 0o600));
    members.push(with_record("path", &format!("new/{}", "n".repeat(200)), file("n", b"long")));
    members.push(dressed(b'1', "also", "d/same", b"", 0o644));
    members.push(dressed(b'1', "new/x", "x", b"", 0o600));
    state(&sandbox, &members);
    pack(&sandbox, "app.wasm", &["--dir", "host::/", "--text", "/other="]);
    let notes = rebased(&sandbox);
    let expected = [
        "wasm-vfs: note: /link: a directory takes the place of a symbolic link",
        "wasm-vfs: note: /new: its directory is not there; it is made",
    ];
    assert_eq!(notes, expected);
}

#[test]
fn any_layer_is_taken_and_nothing_without_the_option() {
    let sandbox = sample();
    pack(&sandbox, "app.wasm", &["--dir", "host::/"]);
    sandbox.file("state", archive(&[empty(b'0', ".wh.d", ""), file("new", b"new")]));
    let kept = read(sandbox.path("state"));
    let ran = sandbox.tool(&["run", "--state", "state", "packed.wasm"]);
    assert!(ran.error().ends_with("; --rebase takes any layer"), "{}", ran.stderr);
    assert!(read(sandbox.path("state")) == kept);
    rebased(&sandbox);
    let (_, changed) = diff(&sandbox, "packed.wasm", "state");
    for line in ["M /a  links", "D /d", "A /new"] {
        assert!(changed.contains(&line.to_owned()), "{changed:?}");
    }
    // One for the tree is taken as it is; none is no error.
    let made_for = digest(&sandbox, "packed.wasm");
    assert!(String::from_utf8_lossy(&read(sandbox.path("state"))).contains(&made_for));
    assert_eq!(
        sandbox.tool(&["run", "--state", "none", "--rebase", "packed.wasm"]).ok().stderr,
        ""
    );
    assert_eq!(sandbox.tool(&["run", "--rebase", "packed.wasm"]).status, 2);
    // What is no layer stays what it is.
    sandbox.file("state", "no archive");
    let ran = sandbox.tool(&["run", "--state", "state", "--rebase", "packed.wasm"]);
    assert!(ran.error().contains("the state `state`"), "{}", ran.stderr);
    assert_eq!(read(sandbox.path("state")), b"no archive");
    let quiet = sandbox.tool(&["-q", "run", "--state", "n", "--rebase", "packed.wasm"]).ok();
    assert_eq!(quiet.stderr, "");
}
