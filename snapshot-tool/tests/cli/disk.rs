//! What the disk may do meanwhile, and what may be there under a name: pipes, devices, files that
//! change, files of the kernel's, and what a killed process left behind.

use crate::sandbox::{NOTHING, Sandbox, read};
use std::fs::{self, File, Permissions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

fn make_fifo(path: &Path) {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
}

/// Starts the tool with its output and its errors in pipes.
fn start(sandbox: &Sandbox, args: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_wasm-vfs"))
        .args(args)
        .current_dir(sandbox.path("."))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn an_ignore_file_that_is_none() {
    let sandbox = Sandbox::new();
    sandbox.file("host/f", "");
    sandbox.file("rules", "f\n");
    let ignore = sandbox.path("host/.wasmvfsignore");
    let args = ["image", "-o", "out.wasm", "--dir", "host::/"];
    let refused = |expected: &str| {
        let ran = sandbox.tool(&args);
        let error = ran.error();
        assert!(error.contains("cannot use `host/.wasmvfsignore`: "), "{error}");
        assert!(error.contains(expected), "{error}");
        assert!(!sandbox.path("out.wasm").exists());
    };
    make_fifo(&ignore);
    refused("is a named pipe, where a regular file is needed");
    fs::remove_file(&ignore).unwrap();
    symlink("/dev/zero", &ignore).unwrap();
    refused("is a character device, where a regular file is needed");
    fs::remove_file(&ignore).unwrap();
    symlink("nowhere", &ignore).unwrap();
    refused("No such file");
    fs::remove_file(&ignore).unwrap();
    File::create(&ignore).unwrap().set_len(1 << 40).unwrap();
    refused("it is longer than 4.1 MB");
    fs::remove_file(&ignore).unwrap();
    fs::create_dir(&ignore).unwrap();
    refused("is a directory, where a regular file is needed");
    fs::remove_dir(&ignore).unwrap();
    // A link to an ordinary file is as good as the file.
    symlink("../rules", &ignore).unwrap();
    sandbox.image(&["--no-tmp", "--dir", "host::/"]);
    assert_eq!(sandbox.image_tree(), "/");
}

#[test]
fn inputs_that_are_no_files_are_not_waited_for() {
    let sandbox = Sandbox::new();
    make_fifo(&sandbox.path("pipe"));
    sandbox.wasm("app.wasm", NOTHING);
    let rows: [(&[&str], &str); 7] = [
        (&["ls", "pipe"], "`pipe` is a named pipe, where a regular file is needed"),
        (&["run", "pipe"], "`pipe` is a named pipe, where a regular file is needed"),
        (&["link", "app.wasm", "pipe", "-o", "o"], "`pipe` is a named pipe, where a regular"),
        (&["link", "app.wasm", "/dev/zero", "-o", "o"], "`/dev/zero` is a character device"),
        (&["pack", "/dev/zero", "-o", "o"], "`/dev/zero`: it is not WebAssembly"),
        (&["pack", "app.wasm", "--config", "/dev/zero", "-o", "o"], "is longer than 4.1 MB"),
        (&["pack", ".", "-o", "o"], "cannot read `.`: Is a directory"),
    ];
    for (args, expected) in rows {
        let ran = sandbox.tool(args);
        assert!(ran.error().contains(expected), "{args:?}: {}", ran.stderr);
        assert!(!sandbox.path("o").exists());
    }
}

/// Packs `host` while `change` is made to it: after its files were compared, before they are
/// copied. Returns the error.
fn pack_while(sandbox: &Sandbox, change: impl FnOnce()) -> String {
    // Each is listed on standard error when the tree is complete. Nobody reads on, so the tool
    // waits there.
    for index in 0..1500 {
        sandbox.file(&format!("host/many/{index:0100}"), "x");
    }
    let args = ["image", "--verbose", "-o", "out/out.wasm", "--dir", "host::/"];
    sandbox.directory("out");
    let mut child = start(sandbox, &args);
    let mut errors = child.stderr.take().unwrap();
    errors.read_exact(&mut [0]).unwrap();
    change();
    let mut text = String::new();
    errors.read_to_string(&mut text).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1), "{text}");
    assert!(sandbox.names("out").is_empty(), "{:?}", sandbox.names("out"));
    text.lines().last().unwrap().to_owned()
}

#[test]
fn a_file_that_changes_before_it_is_copied() {
    let sandbox = Sandbox::new();
    let path = sandbox.file("host/file", "old");
    let error = pack_while(&sandbox, || fs::write(&path, "new").unwrap());
    assert!(error.contains("`host/file` changed while it was being read; try again"), "{error}");
    let error = pack_while(&sandbox, || fs::write(&path, "longer").unwrap());
    assert!(error.contains("`host/file` changed from 3 to 6 bytes"), "{error}");
    // Another file of the same size and date.
    let error = pack_while(&sandbox, || {
        let other = sandbox.file("other", "LONGER");
        let mtime = fs::metadata(&path).unwrap().modified().unwrap();
        File::options().write(true).open(&other).unwrap().set_modified(mtime).unwrap();
        fs::rename(&other, &path).unwrap();
    });
    assert!(error.contains("`host/file` changed while it was being read; try again"), "{error}");
    // A pipe in its place is not waited for.
    let error = pack_while(&sandbox, || {
        fs::remove_file(&path).unwrap();
        make_fifo(&path);
    });
    assert!(error.contains("`host/file` is a named pipe"), "{error}");
}

/// Runs a command that writes a module to standard output, and calls `change` when the first of it
/// is there and more is than a pipe takes. Returns the error.
fn write_while(sandbox: &Sandbox, args: &[&str], change: impl FnOnce()) -> String {
    let mut child = start(sandbox, args);
    let mut out = child.stdout.take().unwrap();
    out.read_exact(&mut [0]).unwrap();
    change();
    out.read_to_end(&mut Vec::new()).unwrap();
    let mut error = String::new();
    child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1), "{error}");
    error
}

#[test]
fn a_file_that_changes_while_it_is_copied() {
    let sandbox = Sandbox::new();
    const LEN: usize = 8 << 20;
    let change = |name: &str, at: usize| {
        let file = File::options().write(true).open(sandbox.path(name)).unwrap();
        file.write_all_at(b"new", at as u64).unwrap();
    };
    sandbox.file("host/large", vec![b'o'; LEN]);
    sandbox.wasm("app.wasm", NOTHING);
    let pack = ["pack", "--quiet", "app.wasm", "--dir", "host::/", "-o", "-"];
    for at in [0, LEN - 3] {
        let error = write_while(&sandbox, &pack, || change("host/large", at));
        assert!(error.contains("`host/large` changed while it was being read"), "{error}");
    }
    // The same of what was packed before.
    sandbox.image(&["--dir", "host::/"]);
    let link = ["link", "--quiet", "app.wasm", "image.wasm", "-o", "-"];
    let error = write_while(&sandbox, &link, || change("image.wasm", LEN));
    assert!(error.contains("`image.wasm` changed while it was being read"), "{error}");
    sandbox.tool(&["pack", "app.wasm", "--dir", "host::/", "-o", "packed.wasm"]).ok();
    let again = ["pack", "--quiet", "packed.wasm", "-o", "-"];
    let error = write_while(&sandbox, &again, || change("packed.wasm", LEN));
    assert!(error.contains("`packed.wasm` changed while it was being read"), "{error}");
    // Another file that takes the name of a rootfs module does no harm: it is open.
    sandbox.image(&["--dir", "host::/"]);
    sandbox.tool(&["link", "app.wasm", "image.wasm", "-o", "before.wasm"]).ok();
    let mut child = start(&sandbox, &link);
    let mut out = child.stdout.take().unwrap();
    let mut linked = vec![0];
    out.read_exact(&mut linked).unwrap();
    let other = sandbox.file("other", "another");
    fs::rename(other, sandbox.path("image.wasm")).unwrap();
    out.read_to_end(&mut linked).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(linked == read(sandbox.path("before.wasm")));
}

#[test]
fn too_much_is_told_before_it_is_read() {
    let sandbox = Sandbox::new();
    for name in ["host/a", "host/sub/b"] {
        File::create(sandbox.file(name, "")).unwrap().set_len(1 << 40).unwrap();
    }
    sandbox.file("host/small", "x");
    let ran = sandbox.tool(&["image", "-o", "out.wasm", "--dir", "host::/data"]);
    let expected = "the tree holds at least 1099511627777 bytes (1.0 TB) of file contents, more than the 4 GiB that \
                    fit in a module; leave files out with --exclude (the largest: /data/a (1.0 TB), /data/sub/b \
                    (1.0 TB), /data/small (1 B))";
    assert_eq!(ran.error(), expected);
}

#[test]
#[cfg(target_os = "linux")]
fn files_that_are_made_up_when_they_are_read() {
    let sandbox = Sandbox::new();
    let only = |name: &str| {
        let kept = format!("!/{name}");
        let args = [
            "image",
            "-o",
            "o.wasm",
            "--dir",
            "/proc/self::/",
            "--exclude",
            "*",
            "--exclude",
            &kept,
        ];
        let ran = sandbox.tool(&args);
        assert!(!sandbox.path("o.wasm").exists());
        ran.error().to_owned()
    };
    let error = only("status");
    let expected = "`/proc/self/status` says that it has 0 bytes and has another number: its contents are made up \
                    when they are read";
    assert!(error.starts_with(expected), "{error}");
    // Reading from its start is an error.
    assert!(only("mem").contains("`/proc/self/mem`"));
}

#[test]
fn what_a_killed_pack_left_is_neither_packed_nor_kept() {
    let sandbox = Sandbox::new();
    let args = ["image", "--no-tmp", "--no-dev", "--dir", "host::/", "-o", "host/out.wasm"];
    let large = sandbox.file("host/large", "");
    File::options().write(true).open(&large).unwrap().set_len(1 << 30).unwrap();
    let temporary = |name: &String| name.ends_with(".tmp");
    let left = (0..20).find_map(|_| {
        let mut child = start(&sandbox, &args);
        while child.try_wait().unwrap().is_none() {
            if sandbox.names("host").iter().any(temporary) {
                child.kill().unwrap();
                break;
            }
            thread::sleep(Duration::from_micros(200));
        }
        child.wait().unwrap();
        sandbox.names("host").into_iter().find(temporary)
    });
    let left = left.expect("no pack was killed while it wrote");
    fs::write(&large, "x").unwrap();
    assert!(left.starts_with(".out.wasm.wasm-vfs-"), "{left}");
    // One that somebody still writes to is not packed, either, but left alone.
    let held = sandbox.file("host/.out.wasm.wasm-vfs-living.tmp", "y");
    let held = File::open(held).unwrap();
    rustix::fs::flock(&held, rustix::fs::FlockOperation::LockExclusive).unwrap();
    sandbox.tool(&args).ok();
    assert_eq!(sandbox.tool(&["ls", "host/out.wasm"]).ok().stdout(), "large\n");
    assert_eq!(sandbox.names("host"), [".out.wasm.wasm-vfs-living.tmp", "large", "out.wasm"]);
    drop(held);
    // It goes with the next pack to the same file, and with no other.
    sandbox.tool(&["image", "--dir", "host::/", "-o", "host/other.wasm"]).ok();
    assert!(sandbox.names("host").iter().any(temporary));
    sandbox.tool(&args).ok();
    assert_eq!(sandbox.names("host"), ["large", "other.wasm", "out.wasm"]);
}

#[test]
fn an_output_has_the_mode_and_owner_of_what_it_replaces() {
    let sandbox = Sandbox::new();
    let mode = |name: &str| fs::metadata(sandbox.path(name)).unwrap().mode() & 0o7777;
    let plain = sandbox.file("plain", "");
    sandbox.tool(&["image", "-o", "out.wasm"]).ok();
    assert_eq!(mode("out.wasm"), fs::metadata(plain).unwrap().mode() & 0o7777);
    for kept in [0o600, 0o755, 0o444, 0o640] {
        fs::set_permissions(sandbox.path("out.wasm"), Permissions::from_mode(kept)).unwrap();
        sandbox.tool(&["image", "-o", "out.wasm"]).ok();
        assert_eq!(mode("out.wasm"), kept);
    }
    match chown(sandbox.path("out.wasm"), Some(7), Some(8)) {
        Err(error) => println!("not run as root, owners cannot be tried: {error}"),
        Ok(()) => {
            sandbox.tool(&["image", "-o", "out.wasm"]).ok();
            let found = fs::metadata(sandbox.path("out.wasm")).unwrap();
            assert_eq!((found.uid(), found.gid(), found.mode() & 0o7777), (7, 8, 0o640));
        }
    }
}

#[test]
fn an_output_goes_through_links_pipes_and_standard_output() {
    let sandbox = Sandbox::new();
    sandbox.image_with_dev(&[]);
    let image = read(sandbox.path("image.wasm"));
    // A link to what is not there yet: it is made there.
    sandbox.directory("builds");
    symlink("builds/new.wasm", sandbox.path("link")).unwrap();
    symlink("link", sandbox.path("link2")).unwrap();
    sandbox.tool(&["image", "-o", "link2"]).ok();
    assert!(read(sandbox.path("builds/new.wasm")) == image);
    assert!(sandbox.path("link").is_symlink() && sandbox.path("link2").is_symlink());
    symlink("loop", sandbox.path("loop")).unwrap();
    let ran = sandbox.tool(&["image", "-o", "loop"]);
    assert!(ran.error().contains("cannot write `loop`: Too many levels"), "{}", ran.stderr);
    // A pipe.
    make_fifo(&sandbox.path("pipe"));
    let reader = thread::spawn({
        let pipe = sandbox.path("pipe");
        move || read(pipe)
    });
    sandbox.tool(&["image", "-o", "pipe"]).ok();
    assert!(reader.join().unwrap() == image);
    // Standard output by its path, where what is written before and after stays.
    for name in ["/dev/stdout", "/dev/fd/1", "-"] {
        let mut file = File::create(sandbox.path("out")).unwrap();
        file.write_all(b"before").unwrap();
        let done = Command::new(env!("CARGO_BIN_EXE_wasm-vfs"))
            .args(["image", "-q", "-o", name])
            .current_dir(sandbox.path("."))
            .stdout(file.try_clone().unwrap())
            .status();
        assert!(done.unwrap().success());
        file.write_all(b"after").unwrap();
        assert!(read(sandbox.path("out")) == [b"before", image.as_slice(), b"after"].concat());
    }
}
