//! States and what tells trees apart: the digest of a tree, `commit`, and `diff`.

use crate::archives::{archive, file, member};
use crate::hostile_archives::{empty, pax, with_record};
use crate::sandbox::{NOTHING, Sandbox, read};
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;
use wasm_vfs::{
    Commit, ErrorKind, Form, ModuleForm, PackedModule, Packer, Policy, Program, TreeBuilder,
};

/// Another program than [`NOTHING`].
const OTHER: &str = r#"
    (module
      (import "wasi_snapshot_preview1" "fd_write"
        (func (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 8) "other")
      (func (export "_start") (drop (i32.load (i32.const 8)))))"#;

pub(crate) fn digest(sandbox: &Sandbox, file: &str) -> String {
    PackedModule::open(sandbox.path(file)).unwrap().tree_digest().unwrap().to_string()
}

/// A directory `host` with some of everything, and the programs `app.wasm` and `other.wasm`.
pub(crate) fn sample() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.file("host/a", "contents of a");
    sandbox.file("host/d/b", "b");
    sandbox.file("host/d/same", "b");
    sandbox.file("host/d/e/deep", "deep");
    sandbox.file("host/large", vec![7; 3 << 20]);
    symlink("a", sandbox.path("host/link")).unwrap();
    fs::hard_link(sandbox.path("host/a"), sandbox.path("host/d/further")).unwrap();
    for name in ["a", "d/b", "d/same", "d/e/deep", "large", "d/e", "d", "."] {
        let mode = if sandbox.path(&format!("host/{name}")).is_dir() { 0o755 } else { 0o644 };
        sandbox.dress(&format!("host/{name}"), mode);
    }
    sandbox.wasm("app.wasm", NOTHING);
    sandbox.wasm("other.wasm", OTHER);
    sandbox
}

pub(crate) fn pack(sandbox: &Sandbox, program: &str, args: &[&str]) {
    let all = [&["pack", program, "-o", "packed.wasm", "--no-dev", "--no-tmp"], args].concat();
    sandbox.tool(&all).ok();
}

#[test]
fn the_digest_is_of_the_tree_alone() {
    let sandbox = sample();
    let host = ["--dir", "host::/"];
    pack(&sandbox, "app.wasm", &host);
    let expected = digest(&sandbox, "packed.wasm");
    let shown = sandbox.tool(&["inspect", "packed.wasm"]).ok();
    assert!(shown.stdout().contains(&format!("\ndigest    {expected} of the tree\n")));
    let same: [(&str, &[&str]); 5] = [
        ("app.wasm", &["--isolate"]),
        ("other.wasm", &[]),
        ("app.wasm", &["--env", "A=1", "--stdin", "null"]),
        ("app.wasm", &["--component"]),
        ("app.wasm", &["--trace"]),
    ];
    for (program, args) in same {
        pack(&sandbox, program, &[&host[..], args].concat());
        assert_eq!(digest(&sandbox, "packed.wasm"), expected, "{args:?}");
        // Packed again with nothing, and as an archive.
        fs::copy(sandbox.path("packed.wasm"), sandbox.path("again.wasm")).unwrap();
        pack(&sandbox, "again.wasm", &[]);
        assert_eq!(digest(&sandbox, "packed.wasm"), expected, "{args:?} again");
    }
    sandbox.tool(&["export", "packed.wasm", "-o", "host.tar"]).ok();
    pack(&sandbox, "app.wasm", &["--tar", "host.tar"]);
    assert_eq!(digest(&sandbox, "packed.wasm"), expected);
    sandbox.image(&["--no-tmp", "--dir", "host::/"]);
    assert_eq!(digest(&sandbox, "image.wasm"), expected);

    let mut seen = vec![expected];
    let changed: [&[&str]; 9] = [
        &["--text", "/new="],
        &["--symlink", "/new=a"],
        &["--mode", "/a=600"],
        &["--owner", "0:1"],
        &["--owner", "1:0"],
        &["--exclude", "/link"],
        &["--exclude", "/d/same"],
        &["--text", "/a=another one!"],
        &["--text", "/d/b=B"],
    ];
    for args in changed {
        pack(&sandbox, "app.wasm", &[&host[..], args].concat());
        seen.push(digest(&sandbox, "packed.wasm"));
    }
    // One byte of a large file; a time; an attribute; the target of a link; names.
    let mut other = |change: &dyn Fn()| {
        change();
        pack(&sandbox, "app.wasm", &host);
        seen.push(digest(&sandbox, "packed.wasm"));
    };
    other(&|| {
        let mut bytes = vec![7; 3 << 20];
        bytes[2 << 20] = 8;
        sandbox.file("host/large", bytes);
        sandbox.dress("host/large", 0o644);
    });
    other(&|| {
        let later = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1);
        fs::File::open(sandbox.path("host/d/b")).unwrap().set_modified(later).unwrap();
    });
    other(&|| {
        let (path, flags) = (sandbox.path("host/d/b"), rustix::fs::XattrFlags::empty());
        rustix::fs::setxattr(path, "user.k", b"v", flags).unwrap();
    });
    other(&|| fs::rename(sandbox.path("host/d/b"), sandbox.path("host/d/c")).unwrap());
    other(&|| {
        fs::remove_file(sandbox.path("host/d/further")).unwrap();
        fs::copy(sandbox.path("host/a"), sandbox.path("host/d/further")).unwrap();
        sandbox.dress("host/d/further", 0o644);
    });
    let count = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), count);
}

/// A state of these members for the tree of `packed.wasm`.
pub(crate) fn state(sandbox: &Sandbox, members: &[Vec<u8>]) {
    let header = pax(b'g', "WASMVFS.tree", &digest(sandbox, "packed.wasm"));
    sandbox.file("state", [header, archive(members)].concat());
}

/// What `diff` says, with its status.
pub(crate) fn diff(sandbox: &Sandbox, before: &str, after: &str) -> (i32, Vec<String>) {
    let ran = sandbox.tool(&["diff", before, after]);
    assert_eq!(ran.stderr, "");
    (ran.status, ran.stdout().lines().map(str::to_owned).collect())
}

fn dated(mut member: Vec<u8>) -> Vec<u8> {
    // As `Sandbox::dress` dates.
    let mut with = with_record("mtime", "1600000000.123456789", Vec::new());
    with.append(&mut member);
    with
}

pub(crate) fn dressed(kind: u8, name: &str, link: &str, contents: &[u8], mode: u32) -> Vec<u8> {
    dated(member(kind, name, link, contents, |header| header.set_mode(mode)))
}

/// Members that change something of each kind in the sample's tree.
pub(crate) fn changes() -> Vec<Vec<u8>> {
    vec![
        dressed(b'5', "./", "", b"", 0o755),
        dressed(b'0', "a", "", b"contents of A", 0o644),
        dressed(b'5', "d/", "", b"", 0o700),
        empty(b'0', "d/.wh.b", ""),
        empty(b'0', "d/.wh.e", ""),
        dressed(b'1', "d/further", "a", b"", 0o644),
        dressed(b'1', "d/linked", "d/same", b"", 0o644),
        dressed(b'5', "link/", "", b"", 0o755),
        dressed(b'0', "link/in", "", b"in", 0o644),
        dressed(b'6', "pipe", "", b"", 0o600),
    ]
}

const DIFFERENCES: [&str; 9] = [
    "M /a  contents",
    "M /d  mode",
    "D /d/b",
    "D /d/e",
    "M /d/further  contents",
    "A /d/linked",
    "M /d/same  links",
    "M /link  kind",
    "A /link/in",
];

#[test]
fn a_state_is_shown_and_committed() {
    for (form, options) in [(Form::Portable, &[][..]), (Form::Isolated, &["--isolate"])] {
        let sandbox = sample();
        pack(&sandbox, "app.wasm", &[&["--dir", "host::/", "--env", "KEPT=1"], options].concat());
        state(&sandbox, &changes());
        let mut expected: Vec<String> = DIFFERENCES.map(str::to_owned).to_vec();
        expected.push("A /pipe".to_owned());
        assert_eq!(diff(&sandbox, "packed.wasm", "state"), (1, expected.clone()));
        sandbox.tool(&["commit", "packed.wasm", "state", "-o", "later.wasm"]).ok();
        assert_eq!(diff(&sandbox, "packed.wasm", "later.wasm"), (1, expected));
        let packed = PackedModule::open(sandbox.path("later.wasm")).unwrap();
        assert_eq!(packed.form(), ModuleForm::Linked(form));
        let policy = packed.policy().unwrap();
        assert_eq!((policy.env.len(), policy.no_dev), (1, true));
        // The same program: packed from the start, it is the same file.
        sandbox.tool(&["export", "later.wasm", "-o", "later.tar"]).ok();
        pack(&sandbox, "app.wasm", &[&["--tar", "later.tar", "--env", "KEPT=1"], options].concat());
        assert_eq!(diff(&sandbox, "packed.wasm", "later.wasm"), (0, vec![]));
        assert!(read(sandbox.path("packed.wasm")) == read(sandbox.path("later.wasm")));
        sandbox.tool(&["run", "later.wasm"]).ok();
        // Its tree is another one, so the state is not for it.
        let ran = sandbox.tool(&["commit", "later.wasm", "state", "-o", "x.wasm"]);
        let error = ran.error();
        let (old, new) = (digest(&sandbox, "packed.wasm"), digest(&sandbox, "later.wasm"));
        assert_eq!(old, new);
        assert!(error.contains("was made for the tree sha256:") && error.contains(&new), "{error}");
        assert!(error.contains("or --rebase"), "{error}");
        assert!(!sandbox.path("x.wasm").exists());
    }
}

#[test]
fn an_empty_state_changes_nothing() {
    let sandbox = sample();
    sandbox
        .tool(&["pack", "app.wasm", "-o", "packed.wasm", "--dir", "host::/", "--owner", "3:4"])
        .ok();
    state(&sandbox, &[]);
    assert_eq!(diff(&sandbox, "packed.wasm", "state"), (0, vec![]));
    sandbox.tool(&["commit", "packed.wasm", "state", "-o", "later.wasm"]).ok();
    assert!(read(sandbox.path("packed.wasm")) == read(sandbox.path("later.wasm")));
    // Removed devices do not come back, and /dev/fd stays what it is.
    let members = [
        empty(b'0', "dev/.wh.null", ""),
        empty(b'0', ".wh.tmp", ""),
        dressed(b'5', "dev/fd/", "", b"", 0o555),
    ];
    state(&sandbox, &members);
    sandbox.tool(&["commit", "packed.wasm", "state", "-o", "later.wasm"]).ok();
    let changes = vec!["M /dev/fd  owner,times".to_owned(), "D /dev/null".into(), "D /tmp".into()];
    assert_eq!(diff(&sandbox, "packed.wasm", "later.wasm"), (1, changes));
    let packed = PackedModule::open(sandbox.path("later.wasm")).unwrap();
    let fd = packed.tree().lookup(b"/dev/fd", wasm_vfs::tree::FinalSymlink::Keep).unwrap();
    let kind = &packed.tree().entries()[fd].kind;
    assert!(matches!(kind, wasm_vfs::tree::EntryKind::DescriptorDirectory));
}

#[test]
fn attributes_stay_where_the_program_knows_none() {
    let sandbox = sample();
    let flags = rustix::fs::XattrFlags::empty();
    rustix::fs::setxattr(sandbox.path("host/a"), "user.k", b"v", flags).unwrap();
    pack(&sandbox, "app.wasm", &["--dir", "host::/"]);
    state(&sandbox, &[dressed(b'0', "a", "", b"changed", 0o644)]);
    sandbox.tool(&["commit", "packed.wasm", "state", "-o", "later.wasm"]).ok();
    let stat = sandbox.tool(&["stat", "later.wasm", "/a"]).ok();
    assert!(stat.stdout().ends_with(" Xattr: user.k=\"v\"\n"), "{}", stat.stdout());
    assert_eq!(diff(&sandbox, "packed.wasm", "state").1[0], "M /a  contents,links");
}

#[test]
fn rebase_tells_what_does_not_fit() {
    let sandbox = sample();
    pack(&sandbox, "app.wasm", &["--dir", "host::/"]);
    let members = [
        empty(b'0', "d/.wh.gone", ""),
        empty(b'0', "gone/.wh..wh..opq", ""),
        file("missing/dir/f", b""),
        file("d/e", b"a file now"),
        file("a/b", b"beneath a file"),
        empty(b'1', "linked", "gone"),
        file("new", b"fits"),
    ];
    state(&sandbox, &members);
    pack(&sandbox, "app.wasm", &["--dir", "host::/", "--text", "/other="]);
    let refused =
        Commit::new(sandbox.path("packed.wasm"), sandbox.path("state")).pack().unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Tree);
    assert!(
        sandbox.tool(&["diff", "packed.wasm", "state"]).stderr.contains("was made for the tree")
    );
    let ran =
        sandbox.tool(&["commit", "--rebase", "packed.wasm", "state", "-o", "later.wasm"]).ok();
    for note in [
        "/d/gone: to be removed, and it is not there",
        "/gone: to be removed, and it is not there",
        "/a: there is a file; what the layer has beneath it is left out",
        "/d/e: a file takes the place of a directory",
        "/missing: its directory is not there; it is made",
        "/linked: it is a link to /gone, which is neither in the layer nor a file below",
    ] {
        let line = format!("wasm-vfs: note: {note}");
        assert!(ran.stderr.lines().any(|it| it == line), "{note}: {}", ran.stderr);
    }
    let (_, changes) = diff(&sandbox, "packed.wasm", "later.wasm");
    let shown: Vec<&str> = changes.iter().map(String::as_str).collect();
    assert_eq!(
        shown,
        ["M /d/e  kind", "A /missing", "A /missing/dir", "A /missing/dir/f", "A /new"]
    );
    // Any layer can be applied so, without a header.
    sandbox.file("layer.tar", archive(&[empty(b'0', ".wh.d", "")]));
    let ran = sandbox.tool(&["commit", "packed.wasm", "layer.tar", "-o", "x.wasm"]);
    assert!(ran.error().contains("`layer.tar` is no state: it does not say which tree"), "{ran:?}");
    sandbox.tool(&["commit", "--rebase", "packed.wasm", "layer.tar", "-o", "later.wasm"]).ok();
    assert_eq!(
        diff(&sandbox, "packed.wasm", "later.wasm"),
        (1, vec!["M /a  links".to_owned(), "D /d".to_owned()])
    );
}

#[test]
fn what_cannot_be_committed() {
    let sandbox = sample();
    sandbox.image(&["--dir", "host::/"]);
    pack(&sandbox, "app.wasm", &["--dir", "host::/"]);
    state(&sandbox, &[]);
    sandbox.file("cut", &read(sandbox.path("state"))[..700]);
    let rows: [(&[&str], &str); 6] = [
        (&["app.wasm", "state"], "`app.wasm`: holds no files"),
        (&["image.wasm", "state"], "`image.wasm`: "),
        (&["none.wasm", "state"], "cannot read `none.wasm`: No such file"),
        (&["packed.wasm", "none"], "cannot read `none`: No such file"),
        (&["packed.wasm", "app.wasm"], "`app.wasm` is no state"),
        (&["packed.wasm", "cut"], "`cut`: it is cut short"),
    ];
    for (args, expected) in rows {
        let ran = sandbox.tool(&[&["commit", "-o", "x.wasm"], args].concat());
        assert!(ran.error().contains(expected), "{args:?}: {}", ran.stderr);
        assert!(!sandbox.path("x.wasm").exists());
    }
}

#[test]
fn directories_archives_and_modules_are_compared() {
    let sandbox = sample();
    pack(&sandbox, "app.wasm", &["--dir", "host::/", "--owner", "host"]);
    let args = ["--format=pax", "-C", "host", "-cf", "host.tar", "."];
    assert!(
        Command::new("tar").args(args).current_dir(sandbox.path(".")).status().unwrap().success()
    );
    let sides = ["host", "host.tar", "packed.wasm"];
    for before in sides {
        for after in sides {
            assert_eq!(diff(&sandbox, before, after), (0, vec![]), "{before} {after}");
        }
    }
    fs::remove_dir_all(sandbox.path("host/d/e")).unwrap();
    sandbox.file("host/large", vec![8; 3 << 20]);
    sandbox.file("host/n/f", "");
    for name in ["large", "d", "."] {
        sandbox.dress(&format!("host/{name}"), if name == "large" { 0o600 } else { 0o755 });
    }
    for before in &sides[1..] {
        let expected = ["D /d/e", "M /large  contents,mode", "A /n", "A /n/f"].map(str::to_owned);
        assert_eq!(diff(&sandbox, before, "host"), (1, expected.to_vec()));
    }
    let json = sandbox.tool(&["diff", "--json", "host", "host.tar"]);
    let expected = r#"{"change":"A","path":"/d/e"}
{"change":"A","path":"/d/e/deep"}
{"change":"M","path":"/large","what":["contents","mode"]}
{"change":"D","path":"/n"}
"#;
    assert_eq!((json.status, json.stdout()), (1, expected));
    for args in [["host", "none"], ["none", "host"], ["host", "app.wasm"]] {
        let ran = sandbox.tool(&[&["diff"], &args[..]].concat());
        assert_eq!(ran.status, 2, "{args:?}");
        assert!(ran.stderr.starts_with("wasm-vfs: error: "), "{}", ran.stderr);
    }
    assert_eq!(sandbox.tool(&["diff", "host"]).status, 2);
}

#[test]
fn each_aspect_has_its_word() {
    let sandbox = Sandbox::new();
    let tree = |name: &str, members: &[Vec<u8>]| sandbox.file(name, archive(members));
    let xattr = |member| with_record("SCHILY.xattr.user.k", "v", member);
    let device = |minor| {
        member(b'3', "x", "", b"", |header| {
            header.set_device_major(1).unwrap();
            header.set_device_minor(minor).unwrap();
        })
    };
    let x = || file("x", b"contents");
    let changed =
        |change: &dyn Fn(&mut tar::Header)| member(b'0', "x", "", b"contents", |it| change(it));
    let rows = [
        ("contents", x(), file("x", b"Contents")),
        ("contents", x(), file("x", b"")),
        ("mode", x(), changed(&|it| it.set_mode(0o600))),
        ("owner", x(), changed(&|it| it.set_uid(7))),
        ("owner", x(), changed(&|it| it.set_gid(7))),
        ("times", x(), changed(&|it| it.set_mtime(7))),
        ("times", x(), with_record("mtime", "0.5", x())),
        ("attributes", x(), xattr(x())),
        ("attributes", with_record("SCHILY.xattr.user.k", "w", x()), xattr(x())),
        ("kind", x(), empty(b'2', "x", "y")),
        ("kind", x(), empty(b'5', "x", "")),
        ("kind", empty(b'6', "x", ""), empty(b'5', "x", "")),
        ("target", empty(b'2', "x", "y"), empty(b'2', "x", "z")),
        ("target", device(3), device(5)),
        (
            "contents,mode,owner,times,attributes",
            x(),
            xattr(member(b'0', "x", "", b"", |it| {
                it.set_mode(0o600);
                it.set_uid(7);
                it.set_mtime(7);
            })),
        ),
    ];
    for (what, before, after) in rows {
        tree("before", &[before]);
        tree("after", &[after]);
        let (status, lines) = diff(&sandbox, "before", "after");
        assert_eq!((status, lines), (1, vec![format!("M /x  {what}")]));
    }
    tree("before", &[x(), empty(b'1', "y", "x"), file("z", b"contents")]);
    tree("after", &[x(), file("y", b"contents"), empty(b'1', "z", "x")]);
    let lines = ["M /x  links", "M /y  links", "M /z  links"];
    // Of /x only the second name is another one, which its own count does not tell.
    assert_eq!(diff(&sandbox, "before", "after").1, lines[1..]);
}

#[test]
fn committed_policies_and_forms_come_from_the_program() {
    let sandbox = sample();
    let policy = Policy::from_toml("no-dev = true\nhermetic = true").unwrap();
    let tree = TreeBuilder::new().dir(sandbox.path("host"), "/");
    let packed = Packer::new(tree).policy(policy).pack(Program::file(sandbox.path("app.wasm")));
    packed.unwrap().write(sandbox.path("packed.wasm")).unwrap();
    state(&sandbox, &[file("new", b"new")]);
    let later = Commit::new(sandbox.path("packed.wasm"), sandbox.path("state")).pack().unwrap();
    later.write(sandbox.path("later.wasm")).unwrap();
    let policy =
        |file| PackedModule::open(sandbox.path(file)).unwrap().policy().unwrap().to_toml().unwrap();
    assert_eq!(policy("later.wasm"), policy("packed.wasm"));
}

/// A program that traps.
const TRAPPING: &str = r#"
    (module
      (import "wasi_snapshot_preview1" "fd_write"
        (func (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "_start") unreachable))"#;

#[test]
fn a_run_starts_from_its_state_and_leaves_one() {
    for options in [&[][..], &["--isolate"]] {
        let sandbox = sample();
        pack(&sandbox, "app.wasm", &[&["--dir", "host::/"], options].concat());
        sandbox.file("new.txt", "first");
        // Nothing is changed, and that is a state.
        sandbox.tool(&["run", "--state", "s", "packed.wasm"]).ok();
        assert_eq!(diff(&sandbox, "packed.wasm", "s"), (0, vec![]));
        sandbox.tool(&["run", "--state", "s", "--put", "new.txt::/kept", "packed.wasm"]).ok();
        let kept = read(sandbox.path("s"));
        let (status, told) = diff(&sandbox, "packed.wasm", "s");
        assert!(status == 1 && told.contains(&"A /kept".to_owned()), "{told:?}");
        let again = ["run", "--state", "s", "--get", "/kept::got", "--diff", "packed.wasm"];
        let ran = sandbox.tool(&again);
        assert!(ran.stderr.contains("A /kept\n"), "{}", ran.stderr);
        ran.ok();
        assert_eq!(read(sandbox.path("got")), b"first");
        // Equal changes are equal bytes.
        assert!(read(sandbox.path("s")) == kept);
        let ran = sandbox.tool(&["run", "--state", "s", "--diff", "--json", "packed.wasm"]);
        assert!(ran.stderr.contains(r#"{"change":"A","path":"/kept"}"#), "{}", ran.stderr);
        sandbox.tool(&["commit", "packed.wasm", "s", "-o", "later.wasm"]).ok();
        assert_eq!(diff(&sandbox, "later.wasm", "packed.wasm").0, 1);
    }
}

#[test]
fn a_run_that_traps_leaves_its_state() {
    let sandbox = sample();
    sandbox.wasm("trapping.wasm", TRAPPING);
    pack(&sandbox, "trapping.wasm", &["--dir", "host::/"]);
    sandbox.file("new.txt", "first");
    let ran = sandbox.tool(&["run", "--state", "s", "--put", "new.txt::/kept", "packed.wasm"]);
    assert_eq!(ran.status, 134, "{}", ran.stderr);
    let (_, told) = diff(&sandbox, "packed.wasm", "s");
    assert!(told.contains(&"A /kept".to_owned()), "{told:?}");
}

#[test]
fn a_state_of_another_tree_is_refused_and_kept() {
    let sandbox = sample();
    pack(&sandbox, "app.wasm", &["--dir", "host::/"]);
    sandbox.tool(&["run", "--state", "s", "packed.wasm"]).ok();
    let kept = read(sandbox.path("s"));
    let made_for = digest(&sandbox, "packed.wasm");
    sandbox.file("host/a", "other contents");
    pack(&sandbox, "app.wasm", &["--dir", "host::/"]);
    let ran = sandbox.tool(&["run", "--state", "s", "packed.wasm"]);
    let error = ran.error();
    let now = digest(&sandbox, "packed.wasm");
    for part in ["was made for another tree", &made_for, &now, "; --rebase applies it anyway"] {
        assert!(error.contains(part), "{error}");
    }
    assert!(read(sandbox.path("s")) == kept);
    sandbox.file("s", "no archive");
    let ran = sandbox.tool(&["run", "--state", "s", "packed.wasm"]);
    let error = ran.error();
    assert!(error.contains("the state `s`"), "{error}");
    assert_eq!(read(sandbox.path("s")), b"no archive");
    // A state that is cut short is none.
    sandbox.file("s", &kept[..kept.len() - 1024]);
    sandbox.tool(&["run", "--state", "s", "packed.wasm"]).error();
}
