//! `/dev`, which is added unless somebody says otherwise, and the limits of a tree.

use crate::sandbox::{NOTHING, Sandbox};

const ALL: &str = "dev\n├── fd\n├── full\n├── null\n├── random\n├── stderr -> fd/2\n├── stdin -> fd/0\n├── \
                   stdout -> fd/1\n├── tty\n├── urandom\n└── zero";

#[test]
fn dev_is_added_and_listed() {
    let sandbox = Sandbox::new();
    sandbox.image_with_dev(&["--no-tmp"]);
    let indented = ALL.replace('\n', "\n    ");
    assert_eq!(sandbox.image_tree(), format!("/\n└── {indented}"));
    let list = sandbox.tool(&["ls", "-l", "image.wasm", "/dev"]).ok();
    for line in [
        "dr-xr-xr-x 2 0 0 0 1970-01-01 00:00 fd",
        "crw-rw-rw- 1 0 0 0 1970-01-01 00:00 null",
        "lrwxrwxrwx 1 0 0 4 1970-01-01 00:00 stdin -> fd/0",
    ] {
        assert!(list.stdout().lines().any(|l| l == line), "{}", list.stdout());
    }
    let null = sandbox.tool(&["stat", "image.wasm", "/dev/null"]).ok();
    assert!(null.stdout().contains("Device type: 1,3"), "{}", null.stdout());
    let cat = sandbox.tool(&["cat", "image.wasm", "/dev/null"]);
    assert_eq!(cat.error(), "/dev/null: is a device, which has no contents");
    assert_eq!(sandbox.tool(&["ls", "image.wasm", "/dev/fd"]).ok().stdout(), "");
    sandbox.image_with_dev(&["--no-tmp", "--no-dev"]);
    assert_eq!(sandbox.image_tree(), "/");
}

#[test]
fn what_a_mapped_directory_has_in_dev_stays() {
    let sandbox = Sandbox::new();
    sandbox.file("host/dev/null", "mine");
    sandbox.file("host/dev/fd/3", "mine too");
    sandbox.image_with_dev(&["--no-tmp", "--dir", "host::/"]);
    assert_eq!(sandbox.tool(&["cat", "image.wasm", "/dev/null"]).ok().stdout(), "mine");
    assert_eq!(sandbox.tool(&["cat", "image.wasm", "/dev/fd/3"]).ok().stdout(), "mine too");
    assert!(sandbox.image_tree().contains("zero"));
    // A file in its place is no directory to add to.
    sandbox.file("other/dev", "a file");
    sandbox.image_with_dev(&["--no-tmp", "--dir", "other::/"]);
    assert_eq!(sandbox.image_tree(), "/\n└── dev");
}

#[test]
fn export_has_device_nodes_and_extract_leaves_them_out() {
    let sandbox = Sandbox::new();
    sandbox.image_with_dev(&["--no-tmp"]);
    sandbox.tool(&["export", "image.wasm", "-o", "out.tar"]).ok();
    let bytes = std::fs::read(sandbox.path("out.tar")).unwrap();
    let mut archive = tar::Archive::new(bytes.as_slice());
    let mut devices = Vec::new();
    let mut members = 0;
    for entry in archive.entries().unwrap() {
        let entry = entry.unwrap();
        members += 1;
        let header = entry.header();
        if header.entry_type() == tar::EntryType::Char {
            let numbers = (header.device_major().unwrap(), header.device_minor().unwrap());
            devices.push((entry.path().unwrap().display().to_string(), numbers));
        }
    }
    // The root, dev, fd and three links beside the nodes.
    assert_eq!(members, 6 + devices.len());
    let expected = [
        ("full", 1, 7),
        ("null", 1, 3),
        ("random", 1, 8),
        ("tty", 5, 0),
        ("urandom", 1, 9),
        ("zero", 1, 5),
    ];
    let expected =
        expected.map(|(name, major, minor)| (format!("dev/{name}"), (Some(major), Some(minor))));
    assert_eq!(devices, expected);
    sandbox.tool(&["extract", "image.wasm", "-C", "out"]).ok();
    assert_eq!(sandbox.names("out/dev"), ["fd", "stderr", "stdin", "stdout"]);
}

/// Makes a pipe, a block device and a file in `/made`.
const MAKES_NODES: &str = r#"(module
    (import "wasm_vfs" "mkdir" (func $mkdir (param i32 i32) (result i64)))
    (import "wasm_vfs" "mknod" (func $mknod (param i32 i32 i32) (result i64)))
    (memory (export "memory") 1)
    (data (i32.const 100) "/made\00")
    (data (i32.const 110) "/made/pipe\00")
    (data (i32.const 130) "/made/disk\00")
    (data (i32.const 150) "/made/file\00")
    (func $made (param i64) (if (i64.ne (local.get 0) (i64.const 0)) (then (unreachable))))
    (func (export "_start")
        (call $made (call $mkdir (i32.const 100) (i32.const 0x1ed)))
        (call $made (call $mknod (i32.const 110) (i32.const 0x11a4) (i32.const 0)))
        (call $made (call $mknod (i32.const 130) (i32.const 0x61a4) (i32.const 0x812)))
        (call $made (call $mknod (i32.const 150) (i32.const 0x81a4) (i32.const 0)))))"#;

#[test]
fn pipes_and_devices_of_a_program_are_exported_and_get_leaves_them_out() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", MAKES_NODES);
    sandbox.tool(&["pack", "app.wasm", "-o", "packed.wasm", "--no-dev"]).ok();
    let options = ["run", "packed.wasm", "--get", "/made::out", "--export", "out.tar"];
    sandbox.tool(&options).ok();
    assert_eq!(sandbox.names("out"), ["file"]);
    let bytes = std::fs::read(sandbox.path("out.tar")).unwrap();
    let mut archive = tar::Archive::new(bytes.as_slice());
    let made = archive.entries().unwrap().map(|entry| {
        let entry = entry.unwrap();
        (entry.path().unwrap().display().to_string(), entry.header().entry_type())
    });
    let made: Vec<_> = made.filter(|(name, _)| name.starts_with("made/")).skip(1).collect();
    assert_eq!(
        made,
        [
            ("made/pipe".to_owned(), tar::EntryType::Fifo),
            ("made/disk".to_owned(), tar::EntryType::Block),
            ("made/file".to_owned(), tar::EntryType::Regular),
        ]
    );
}

#[test]
fn a_tree_that_does_not_fit_its_limits_is_an_error_with_limit_and_need() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", NOTHING);
    sandbox.file("host/a", [1; 5000]);
    sandbox.file("host/b", "x");
    let pack = |options: &[&str]| {
        let fixed =
            ["pack", "app.wasm", "-o", "out.wasm", "--no-tmp", "--no-dev", "--dir", "host::/"];
        sandbox.tool(&[&fixed, options].concat())
    };
    // rows: options, a part of the error if there is one
    for (options, expected) in [
        (&["--max-bytes", "12KiB"][..], None),
        (&["--max-bytes", "12287"], Some("max-bytes is 12287, but the tree takes 12288 bytes")),
        (&["--max-inodes", "3"], None),
        (&["--max-inodes", "2"], Some("max-inodes is 2, but the tree has 3 files and directories")),
        (&["--max-inodes", "3", "--stdout", "file=/out"], Some("but the tree has 4 files")),
        (&["--max-inodes", "0"], Some("`max-inodes` is 0")),
        (&["--max-fds", "4"], None),
        (&["--max-fds", "3"], Some("`max-fds` is 3, but the program finds 4 descriptors open")),
        (&["--read-only", "--uid", "7", "--gid", "8", "--umask", "027"], None),
    ] {
        let ran = pack(options);
        match expected {
            None => assert_eq!(ran.status, 0, "{options:?}: {}", ran.stderr),
            Some(part) => assert!(ran.error().contains(part), "{options:?}: {}", ran.stderr),
        }
    }
}
