//! What gets into a tree, and what does not.

use crate::sandbox::{Sandbox, THEN};
use std::fs;
use std::os::unix::fs::symlink;

#[test]
fn a_directory_in_sorted_order_with_tmp() {
    let sandbox = Sandbox::new();
    for name in ["host/b/2", "host/b/10", "host/a", "host/b-c", "host/B"] {
        sandbox.file(name, name);
    }
    symlink("b/2", sandbox.path("host/link")).unwrap();
    sandbox.image(&["--dir", "host::/"]);
    let expected =
        "/\n├── B\n├── a\n├── b\n│   ├── 10\n│   └── 2\n├── b-c\n├── link -> b/2\n└── tmp";
    assert_eq!(sandbox.image_tree(), expected);
    let tmp = sandbox.tool(&["stat", "image.wasm", "/tmp"]).ok();
    assert!(tmp.stdout().contains("Access: (1777/drwxrwxrwt)"), "{}", tmp.stdout());
}

#[test]
fn tmp_can_be_left_out_and_the_hosts_own_is_kept() {
    let sandbox = Sandbox::new();
    sandbox.file("host/tmp/kept", "");
    sandbox.dress("host/tmp", 0o755);
    sandbox.directory("empty");
    sandbox.image(&["--dir", "empty::/", "--no-tmp"]);
    assert_eq!(sandbox.image_tree(), "/");
    sandbox.image(&["--dir", "host::/"]);
    assert_eq!(sandbox.image_tree(), "/\n└── tmp\n    └── kept");
    let tmp = sandbox.tool(&["stat", "image.wasm", "/tmp"]).ok();
    assert!(tmp.stdout().contains("(0755/"), "{}", tmp.stdout());
}

#[test]
fn directories_nest_and_hide_what_is_beneath() {
    let sandbox = Sandbox::new();
    sandbox.file("outer/lib/hidden", "");
    sandbox.file("outer/z", "");
    sandbox.file("inner/shown", "");
    sandbox.image(&[
        "--no-tmp",
        "--dir",
        "inner::/lib",
        "--dir",
        "outer::/",
        "--dir",
        "inner::/n/e/w",
    ]);
    let expected =
        "/\n├── lib\n│   └── shown\n├── n\n│   └── e\n│       └── w\n│           └── shown\n└── z";
    assert_eq!(sandbox.image_tree(), expected);
}

#[test]
fn host_alone_is_the_same_path_on_both_sides() {
    let sandbox = Sandbox::new();
    sandbox.file("assets/x", "");
    sandbox.image(&["--no-tmp", "--dir", "./assets/"]);
    assert_eq!(sandbox.image_tree(), "/\n└── assets\n    └── x");
    let assets = sandbox.path("assets");
    sandbox.image(&["--no-tmp", "--dir", assets.to_str().unwrap()]);
    let found = sandbox.tool(&["ls", "image.wasm", assets.to_str().unwrap()]).ok();
    assert_eq!(found.stdout(), "x\n");
    sandbox.image(&["--dir", "."]);
    assert_eq!(sandbox.tool(&["ls", "image.wasm", "assets"]).ok().stdout(), "x\n");
}

#[test]
fn excludes_and_ignore_files() {
    let sandbox = Sandbox::new();
    let names = [
        "a.log",
        "keep.log",
        "build/x",
        "src/build",
        "src/a.log",
        "src/b.tmp",
        "src/deep/b.tmp",
        "src/deep/c",
        "docs/d.md",
        "docs/sub/d.md",
    ];
    for name in names {
        sandbox.file(&format!("host/{name}"), "");
    }
    sandbox.file("host/.wasmvfsignore", "# comment\n*.log\n!keep.log\n/build/\n");
    sandbox.file("host/src/.wasmvfsignore", "!a.log\n*.tmp\n");
    sandbox.file("host/src/deep/.wasmvfsignore", "!b.tmp\n");
    sandbox.file("host/.gitignore", "docs\n");
    // What an ignore file takes back, --exclude leaves out all the same.
    sandbox.image(&["--dir", "host::/", "--exclude", "keep.*"]);
    assert!(!sandbox.image_tree().contains("keep"));
    sandbox.image(&["--no-tmp", "--dir", "host::/", "--exclude", "docs/*.md", "--exclude", "c"]);
    let expected = "/\n├── .gitignore\n├── docs\n│   └── sub\n│       └── d.md\n├── keep.log\n└── src\n    \
                    ├── a.log\n    ├── build\n    └── deep\n        └── b.tmp";
    assert_eq!(sandbox.image_tree(), expected);
}

#[test]
fn what_is_left_out_is_what_git_leaves_out() {
    let sandbox = Sandbox::new();
    let rows: [(&str, &[&str], &str); 12] = [
        ("*.txt{}", &["a.txt", "b.txt{}"], "a.txt"),
        ("{a,b}", &["a", "b", "{a,b}"], "a b"),
        (
            "/{{cookiecutter.slug}}/secrets",
            &["{{cookiecutter.slug}}/secrets", "cookiecutter.slug/secrets"],
            "cookiecutter.slug/secrets",
        ),
        ("{{ name }}.yml", &["{{ name }}.yml", " name .yml"], " name .yml"),
        ("x}", &["x}", "y"], "y"),
        ("[[:digit:]]*.log", &["1.log", "a.log"], "a.log"),
        ("key[[:space:]]*", &["key 1", "key1"], "key1"),
        ("a[^x]b", &["a/b", "acb", "axb"], "a/b axb"),
        ("secret\n!", &["secret", "d/secret", "b"], "b"),
        ("x[", &["x[", "y"], "x[ y"),
        ("#a", &["#a", "a"], "#a a"),
        ("a/**/b\r\n!/a/c/b ", &["a/b", "a/c/b", "a/c/d/b"], "a/c/b"),
    ];
    for (index, (patterns, files, kept)) in rows.into_iter().enumerate() {
        let host = format!("host{index}");
        for name in files {
            sandbox.file(&format!("{host}/{name}"), "");
        }
        sandbox.file(&format!("{host}/.wasmvfsignore"), patterns);
        sandbox.image(&["--no-tmp", "--dir", &format!("{host}::/")]);
        let archive = sandbox.tool(&["export", "-q", "image.wasm", "-o", "-"]).ok().stdout;
        let mut archive = tar::Archive::new(archive.as_slice());
        let names = archive.entries().unwrap().map(|entry| {
            let entry = entry.unwrap();
            (entry.header().entry_type().is_file(), entry.path().unwrap().display().to_string())
        });
        let names: Vec<String> =
            names.filter(|(is_file, _)| *is_file).map(|(_, name)| name).collect();
        assert_eq!(names.join(" "), kept, "{patterns}");
    }
    // An option is a pattern and nothing else.
    sandbox.file("options/#a", "");
    sandbox.file("options/b ", "");
    sandbox.image(&["--no-tmp", "--dir", "options::/", "--exclude", "#a", "--exclude", "b "]);
    assert_eq!(sandbox.image_tree(), "/");
}

#[test]
fn hard_links_stay_one_file() {
    let sandbox = Sandbox::new();
    let path = sandbox.file("host/z/one", "contents");
    fs::hard_link(&path, sandbox.path("host/a-second-name")).unwrap();
    sandbox.file("other/x", "");
    fs::hard_link(&path, sandbox.path("other/third")).unwrap();
    sandbox.image(&["--dir", "host::/", "--dir", "other::/other"]);
    let long = sandbox.tool(&["ls", "-l", "image.wasm", "/z/one"]).ok();
    assert!(long.stdout().starts_with("-rw-r--r-- 3 0 0 8 "), "{}", long.stdout());
    for name in ["z/one", "a-second-name", "other/third"] {
        assert_eq!(sandbox.tool(&["cat", "image.wasm", name]).ok().stdout(), "contents");
    }
}

#[test]
fn modes_dates_and_owners() {
    let sandbox = Sandbox::new();
    sandbox.file("host/f", "x");
    sandbox.dress("host/f", 0o4751);
    sandbox.dress("host", 0o750);
    sandbox.image(&["--dir", "host::/"]);
    let stat = sandbox.tool(&["stat", "image.wasm", "/", "f"]).ok();
    let rows = [
        "Access: (0750/drwxr-x---)  Uid: 0   Gid: 0\nModify: 2020-09-13 12:26:40.123456789 +0000",
        "Access: (4751/-rwsr-x--x)  Uid: 0   Gid: 0\nModify: 2020-09-13 12:26:40.123456789 +0000",
    ];
    for row in rows {
        assert!(stat.stdout().contains(row), "{}", stat.stdout());
    }
    sandbox.image(&["--dir", "host::/", "--owner", "12:4294967295"]);
    let stat = sandbox.tool(&["stat", "image.wasm", "f"]).ok();
    assert!(stat.stdout().contains("Uid: 12   Gid: 4294967295"), "{}", stat.stdout());
    std::os::unix::fs::chown(sandbox.path("host/f"), Some(7), Some(8))
        .unwrap_or_else(|e| println!("not run as root, the owner stays: {e}"));
    sandbox.image(&["--dir", "host::/", "--owner", "host"]);
    let stat = sandbox.tool(&["stat", "image.wasm", "f"]).ok();
    use std::os::unix::fs::MetadataExt as _;
    let host = fs::metadata(sandbox.path("host/f")).unwrap();
    let owner = format!("Uid: {}   Gid: {}", host.uid(), host.gid());
    assert!(stat.stdout().contains(&owner), "{}", stat.stdout());
}

#[test]
fn source_date_epoch_is_the_latest_date() {
    let sandbox = Sandbox::new();
    sandbox.file("host/old", "");
    sandbox.dress("host/old", 0o644);
    sandbox.file("host/new", "");
    let later = (THEN.0 + 1).to_string();
    let args = ["image", "-o", "image.wasm", "--dir", "host::/"];
    sandbox.tool_with(&args, &[("SOURCE_DATE_EPOCH", &later)], b"").ok();
    let stat = sandbox.tool(&["stat", "image.wasm", "old", "new", "/"]).ok();
    let dates: Vec<&str> =
        stat.stdout().lines().filter_map(|line| line.strip_prefix("Modify: ")).collect();
    let expected = [
        "2020-09-13 12:26:40.123456789 +0000",
        "2020-09-13 12:26:41.000000000 +0000",
        "2020-09-13 12:26:41.000000000 +0000",
    ];
    assert_eq!(dates, expected);
    let ran = sandbox.tool_with(&args, &[("SOURCE_DATE_EPOCH", "yesterday")], b"");
    assert!(ran.error().contains("seconds since 1970"), "{}", ran.stderr);
}
