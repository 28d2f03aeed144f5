//! Single entries as sources of a tree: `--file`, `--text`, `--symlink` and `--mode`.

use crate::archives::{archive, file, member};
use crate::sandbox::{NOTHING, Sandbox};
use std::fs;
use std::os::unix::fs::symlink;
use wasm_vfs::{ErrorKind, TreeBuilder};

#[test]
fn single_entries() {
    let sandbox = Sandbox::new();
    sandbox.file("host/a", "of the directory");
    sandbox.file("one", "of the disk");
    sandbox.dress("one", 0o750);
    symlink("one", sandbox.path("to-one")).unwrap();
    let options = [
        "--dir",
        "host::/data",
        "--file",
        "to-one::/data/a",
        "--text",
        "/etc/version=1.2=x\n",
        "--text",
        r"/etc/a\=b=",
        "--symlink",
        "/bin/sh=../data/a",
        "--mode",
        "/etc/version=4600",
        "--mode",
        "/data=700",
    ];
    sandbox.image(&[&["--no-tmp"], &options[..]].concat());
    let tree = "/\n├── bin\n│   └── sh -> ../data/a\n├── data\n│   └── a\n└── etc\n    ├── a=b\n    └── version";
    assert_eq!(sandbox.image_tree(), tree);
    let cat = sandbox.tool(&["cat", "image.wasm", "/data/a", "/etc/version"]).ok();
    assert_eq!(cat.stdout(), "of the disk1.2=x\n");
    for (path, expected) in [
        ("/data/a", "(0750/"),
        ("/data/a", "Modify: 2020-09-13 12:26:40.123456789"),
        ("/etc/version", "(4600/"),
        ("/data", "(0700/"),
        ("/etc", "(0755/"),
    ] {
        let stat = sandbox.tool(&["stat", "image.wasm", path]).ok();
        assert!(stat.stdout().contains(expected), "{path}: {}", stat.stdout());
    }
    // The other commands take them, and so does the configuration file.
    sandbox.wasm("app.wasm", NOTHING);
    sandbox.tool(&[&["run"], &options[..], &["app.wasm"]].concat()).ok();
    let config = "file = ['one::/f']\ntext = ['/t=T']\nsymlink = ['/l=t']\nmode = ['/t=600']";
    sandbox.file("conf/vfs.toml", config);
    fs::rename(sandbox.path("one"), sandbox.path("conf/one")).unwrap();
    let args =
        ["pack", "app.wasm", "--config", "conf/vfs.toml", "--mode", "/t=640", "-o", "p.wasm"];
    sandbox.tool(&args).ok();
    assert_eq!(sandbox.tool(&["cat", "p.wasm", "/f", "/l"]).ok().stdout(), "of the diskT");
    // The command line has the last word.
    let stat = sandbox.tool(&["stat", "p.wasm", "/t"]).ok();
    assert!(stat.stdout().contains("(0640/"), "{}", stat.stdout());
}

#[test]
fn the_mode_of_a_file_is_that_of_all_its_names() {
    let sandbox = Sandbox::new();
    let members = [file("b", b"x"), member(b'1', "a", "b", b"", |_| {}), file("c", b"x")];
    let path = sandbox.file("x.tar", archive(&members));
    let tree = TreeBuilder::new().tmp(false).tar(path, "/").mode("/b", 0o600).read().unwrap();
    let modes: Vec<u16> = tree.entries().iter().map(|entry| entry.metadata.mode).collect();
    assert_eq!(modes, [0o755, 0o600, 0o600, 0o644]);
}

#[test]
fn names_of_one_file_of_the_disk_stay_names_of_one_file() {
    let sandbox = Sandbox::new();
    let path = sandbox.file("host/a", "x");
    fs::hard_link(&path, sandbox.path("host/b")).unwrap();
    let tree = TreeBuilder::new().tmp(false).dir(sandbox.path("host"), "/d").host_file(path, "/f");
    let tree = tree.read().unwrap();
    let index = tree.lookup(b"/f", wasm_vfs::tree::FinalSymlink::Follow).unwrap();
    assert_eq!(tree.link_count(index), 3);
}

#[test]
fn wrong_sources() {
    let sandbox = Sandbox::new();
    sandbox.file("f", "");
    sandbox.directory("d");
    sandbox.file("x.tar", archive(&[file("f", b"")]));
    symlink("f", sandbox.path("d/link")).unwrap();
    let rows: [(&[&str], &str); 23] = [
        (&["--file", "f"], "--file f: write HOST::GUEST"),
        (&["--file", "::/f"], "--file ::/f: write HOST::GUEST"),
        (&["--file", "f::f"], "--file f::f: guest path `f` is not absolute"),
        (&["--file", "none::/f"], "cannot read `none`: No such file"),
        (&["--file", "d::/f"], "`d` is a directory, where a regular file is needed"),
        (&["--file", "f::/"], "file `f` cannot be /, which is a directory"),
        (&["--text", "/f"], "--text /f: write GUEST=TEXT"),
        (&["--text", "f=x"], "--text f=x: guest path `f` is not absolute"),
        (&["--text", "/f=x", "--file", "f::/f"], "are both mapped to /f; give each its own"),
        (&["--text", "/f=x", "--text", "/f/g=x"], "passes through /f, which is a file there"),
        (&["--symlink", "/l"], "--symlink /l: write GUEST=TARGET"),
        (&["--symlink", "/l="], "a symbolic link cannot have the text \"\""),
        (&["--mode", "/f"], "--mode /f: write GUEST=OCTAL"),
        (&["--mode", "/tmp=8"], "--mode /tmp=8: write the mode in octal digits"),
        (&["--mode", "/tmp=10000"], "7777 at most"),
        (&["--mode", "/tmp=+7"], "write the mode in octal digits"),
        (&["--mode", "/none=7"], "/none is to have the mode 7, and nothing is there"),
        (&["--dir", "d::/", "--mode", "/link=7"], "/link is a symbolic link, which has no mode"),
        (&["--tar", ""], "it names no archive"),
        (&["--tar", "d"], "`d`: it is a directory: map it with --dir"),
        (&["--tar", "f::x"], "--tar f::x: guest path `x` is not absolute"),
        (&["--tar", "-", "--tar", "-::/x"], "--tar -::/x: standard input can be read once"),
        (
            &["--tar", "x.tar", "--dir", "d::/"],
            "directory `d` and archive `x.tar` are both mapped to /",
        ),
    ];
    let stdin = archive(&[file("f", b"")]);
    for (args, expected) in rows {
        let all = [&["image", "-o", "out.wasm"], args].concat();
        let ran = sandbox.tool_with(&all, &[], &stdin);
        assert!(ran.error().contains(expected), "{args:?}: {}", ran.stderr);
        assert!(!sandbox.path("out.wasm").exists());
    }
    let error = TreeBuilder::new().mode("/tmp", 0o10000).read().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tree);
    assert_eq!(error.to_string(), "the mode 10000 of /tmp has bits beyond 7777");
}
