//! Bad input: one line that names it and says what to do, status 1, nothing written.

use crate::sandbox::{NOTHING, Sandbox};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;

/// Runs rows of (arguments, what the error must contain), and checks that nothing is written.
#[track_caller]
fn check(sandbox: &Sandbox, rows: &[(&[&str], &str)]) {
    let before = sandbox.names(".");
    for (args, expected) in rows {
        let ran = sandbox.tool(args);
        assert!(ran.error().contains(expected), "{args:?}: {}", ran.stderr);
        assert!(ran.stdout.is_empty());
        assert_eq!(sandbox.names("."), before, "{args:?}");
    }
}

#[test]
fn directories_that_cannot_be_mapped() {
    let sandbox = Sandbox::new();
    sandbox.file("host/f", "");
    symlink("f", sandbox.path("host/link")).unwrap();
    let image = |dirs: &[&'static str]| {
        let mut args = vec!["image", "-o", "out.wasm"];
        for dir in dirs {
            args.extend(["--dir", dir]);
        }
        args
    };
    let rows: [(&[&str], &str); 12] = [
        (&["none::/"], "cannot read host directory `none`: No such file"),
        (&["none"], "cannot read host directory `none`: No such file"),
        (&["host/f::/"], "`host/f` is not a directory"),
        (&["host::data"], "guest path `data` is not absolute"),
        (&["host::."], "guest path `.` is not absolute"),
        (&["host::"], "guest path `` is not absolute"),
        (&["host::/a/../b"], "guest path `/a/../b` contains `..`"),
        (&["../up"], "write `../up::GUEST`"),
        (&["::/x"], "names no host directory"),
        (
            &["host::/x", ".::/x/"],
            "directory `host` and directory `.` are both mapped to /x; give each its own",
        ),
        (&["host::/", "host::/link/x"], "passes through /link, which is a symbolic link there"),
        (&["host::/", "host::/f/x"], "passes through /f, which is a file there"),
    ];
    for (dirs, expected) in rows {
        check(&sandbox, &[(&image(dirs), expected)]);
    }
    check(
        &sandbox,
        &[
            (&["image", "-o", "o", "--owner", "me", "--dir", "host::/"], "owner `me` is neither"),
            (&["image", "-o", "host", "--dir", "host::/"], "`host`: it is a directory"),
            (&["image", "-o", "no/such/o", "--dir", "host::/"], "cannot write `no/such/o`"),
        ],
    );
}

#[test]
fn entries_that_cannot_be_packed() {
    let sandbox = Sandbox::new();
    let args = ["image", "-o", "out.wasm", "--dir", "host::/"];
    sandbox.directory("host");
    let listener = UnixListener::bind(sandbox.path("host/sock")).unwrap();
    check(&sandbox, &[(&args, "`host/sock` is a socket, which cannot be packed")]);
    sandbox.tool(&["image", "-o", "excluded.wasm", "--dir", "host::/", "--exclude", "sock"]).ok();
    drop(listener);
    fs::remove_file(sandbox.path("host/sock")).unwrap();

    let name = sandbox.path("host").join(OsStr::from_bytes(b"\xff"));
    fs::write(&name, "").unwrap();
    check(&sandbox, &[(&args, "is not UTF-8")]);
    fs::remove_file(&name).unwrap();

    check(&sandbox, &[(&["image", "-o", "o", "--dir", "/dev::/"], "device, which cannot be")]);
}

#[test]
fn unreadable_files() {
    if rustix::process::geteuid().is_root() {
        println!("root reads everything: left out");
        return;
    }
    let sandbox = Sandbox::new();
    let args = ["image", "-o", "out.wasm", "--dir", "host::/"];
    let path = sandbox.file("host/secret", "x");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o0)).unwrap();
    check(&sandbox, &[(&args, "cannot read `host/secret`: Permission denied")]);
    fs::remove_file(&path).unwrap();
    let path = sandbox.directory("host/closed");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o0)).unwrap();
    check(&sandbox, &[(&args, "cannot read host directory `host/closed`: Permission denied")]);
}

#[test]
fn trees_over_4_gib() {
    let sandbox = Sandbox::new();
    // Holes: they take no room on the host. Of different sizes, so that they are not equal.
    for (name, len) in [("host/a", 3_u64 << 30), ("host/b", (3 << 30) + 1)] {
        fs::File::create(sandbox.file(name, "")).unwrap().set_len(len).unwrap();
    }
    check(
        &sandbox,
        &[(
            &["image", "-o", "out.wasm", "--dir", "host::/"],
            "holds 6442450945 bytes (6.4 GB) of file contents, more than the 4 GiB",
        )],
    );
}

#[test]
fn programs_that_cannot_be_packed() {
    let sandbox = Sandbox::new();
    sandbox.directory("host");
    sandbox.file("text.wasm", "hello");
    sandbox.file("empty.wasm", "");
    sandbox.wasm("component.wasm", "(component)");
    sandbox.wasm("alone.wasm", "(module (memory (export \"memory\") 1))");
    sandbox.wasm("nomemory.wasm", &NOTHING.replace("(export \"memory\")", ""));
    sandbox
        .wasm("memory64.wasm", &NOTHING.replace("(export \"memory\")", "(export \"memory\") i64"));
    let with = |import: &str| NOTHING.replacen("(import", &format!("{import} (import"), 1);
    sandbox.wasm("imported.wasm", &with(r#"(import "e" "m" (memory 1))"#));
    sandbox.wasm("threads.wasm", &with(r#"(import "wasi" "thread-spawn" (func))"#));
    let rows = [
        ("none.wasm", "cannot read `none.wasm`: No such file"),
        ("text.wasm", "`text.wasm`: it is not WebAssembly"),
        ("empty.wasm", "`empty.wasm`: it is not WebAssembly"),
        ("component.wasm", "`component.wasm`: it is a component"),
        ("alone.wasm", "`alone.wasm`: "),
        ("nomemory.wasm", "`nomemory.wasm`: "),
        ("memory64.wasm", "`memory64.wasm`: "),
        ("imported.wasm", "`imported.wasm`: it imports a memory beside the one that it exports"),
        ("threads.wasm", "`threads.wasm`: it imports `wasi.thread-spawn`, which starts threads"),
    ];
    // A file that is no program is told before the directory is read.
    let unread = ["pack", "text.wasm", "--dir", "none::/", "-o", "out.wasm"];
    check(&sandbox, &[(&unread, "`text.wasm`: it is not WebAssembly")]);
    for (name, expected) in rows {
        check(
            &sandbox,
            &[
                (&["pack", name, "--dir", "host::/", "-o", "out.wasm"], expected),
                (&["run", name, "--dir", "host::/"], expected),
            ],
        );
    }
}

#[test]
fn imports_that_nobody_answers() {
    let sandbox = Sandbox::new();
    sandbox.directory("host");
    let import = r#"(import "wasix_32v1" "getcwd" (func)) (import"#;
    sandbox.wasm("app.wasm", &NOTHING.replacen("(import", import, 1));
    sandbox.image(&["--dir", "host::/"]);
    let said = "it has 1 import that neither the filesystem nor a WASI host answers, and most engines refuse a module for \
                it: `wasix_32v1.getcwd` (WASIX; build it for wasm32-wasip1)";
    let pack = ["pack", "app.wasm", "--dir", "host::/", "-o", "out.wasm"];
    let link = ["link", "app.wasm", "image.wasm", "-o", "out.wasm"];
    for command in [&pack[..], &link] {
        let ran = sandbox.tool(command).ok();
        assert!(ran.stderr.contains(&format!("note: {said}\n")), "{}", ran.stderr);
        check(&sandbox, &[(&[command, &["--strict"]].concat(), said)]);
    }
    sandbox.file("vfs.toml", "strict = true");
    check(&sandbox, &[(&[&pack[..], &["--config", "vfs.toml"]].concat(), said)]);
}

#[test]
fn files_that_are_not_packed() {
    let sandbox = Sandbox::new();
    sandbox.directory("host");
    sandbox.wasm("app.wasm", NOTHING);
    sandbox.file("text.wasm", "hello");
    sandbox.image(&["--dir", "host::/"]);
    let packed = fs::read(sandbox.path("image.wasm")).unwrap();
    sandbox.file("cut.wasm", &packed[..packed.len() - 1]);
    for command in ["ls", "tree", "stat"] {
        check(
            &sandbox,
            &[
                (&[command, "none.wasm"], "cannot read `none.wasm`: No such file"),
                (&[command, "text.wasm"], "`text.wasm`: it is not WebAssembly"),
                (&[command, "app.wasm"], "`app.wasm`: holds no files: it was not written by"),
                (&[command, "cut.wasm"], "`cut.wasm`: "),
            ],
        );
    }
    check(
        &sandbox,
        &[
            (&["cat", "app.wasm", "/x"], "`app.wasm`: holds no files"),
            (&["export", "app.wasm", "-o", "o.tar"], "`app.wasm`: holds no files"),
            (&["extract", "app.wasm", "-C", "o"], "`app.wasm`: holds no files"),
            (
                &["link", "app.wasm", "app.wasm", "-o", "o"],
                "`app.wasm`: it has no `wasm-vfs` section",
            ),
            (&["link", "app.wasm", "none.wasm", "-o", "o"], "cannot read `none.wasm`"),
            (&["run", "none.wasm"], "cannot read `none.wasm`"),
        ],
    );
}

#[test]
fn usage_errors_have_status_2() {
    let sandbox = Sandbox::new();
    let rows: [&[&str]; 6] =
        [&[], &["pack"], &["pack", "a.wasm"], &["frobnicate"], &["ls"], &["cat", "a.wasm"]];
    for args in rows {
        assert_eq!(sandbox.tool(args).status, 2, "{args:?}");
    }
    assert!(sandbox.tool(&["--help"]).ok().stdout().contains("pack"));
    let version = sandbox.tool(&["--version"]).ok();
    assert_eq!(version.stdout(), concat!("wasm-vfs ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn a_shim_that_cannot_be_written_leaves_no_module() {
    let sandbox = Sandbox::new();
    let image = ["image", "-o", "out.wasm", "--host-shim", "nowhere/shim.wasm"];
    assert!(sandbox.tool(&image).error().contains("cannot write `nowhere/shim.wasm`"));
    assert!(!sandbox.path("out.wasm").exists());
    let ran = sandbox.tool(&["image", "-o", "-", "--host-shim", "-"]);
    assert!(ran.error().contains("are to go to standard output"), "{}", ran.stderr);
    assert!(ran.stdout.is_empty());
}
