//! `ls`, `tree`, `cat` and `stat`.

use crate::sandbox::{Sandbox, read};
use std::os::unix::fs::symlink;

fn sample() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.file("host/dir/f", "hello");
    sandbox.file("host/dir/sub/g", vec![b'g'; 1234]);
    symlink("/dir/../dir/f", sandbox.path("host/link")).unwrap();
    symlink("dir", sandbox.path("host/dirlink")).unwrap();
    symlink("loop", sandbox.path("host/loop")).unwrap();
    for name in ["host/dir/f", "host/dir/sub/g"] {
        sandbox.dress(name, 0o644);
    }
    for name in ["host/dir/sub", "host/dir", "host"] {
        sandbox.dress(name, 0o755);
    }
    sandbox.image(&["--dir", "host::/"]);
    sandbox
}

#[test]
fn ls_lists_directories_and_files() {
    let sandbox = sample();
    let rows: [(&[&str], &str); 6] = [
        (&[], "dir\ndirlink\nlink\nloop\ntmp\n"),
        (&["/dir"], "f\nsub\n"),
        (&["dirlink"], "f\nsub\n"),
        (
            &["-l", "dirlink/"],
            "-rw-r--r-- 1 0 0 5 2020-09-13 12:26 f\n\
                               drwxr-xr-x 2 0 0 0 2020-09-13 12:26 sub\n",
        ),
        (&["-l", "/dir/sub/../f"], "-rw-r--r-- 1 0 0 5 2020-09-13 12:26 /dir/sub/../f\n"),
        (&["link"], "link\n"),
    ];
    for (args, expected) in rows {
        let ran = sandbox.tool(&[&["ls", "image.wasm"], args].concat()).ok();
        assert_eq!(ran.stdout(), expected, "{args:?}");
    }
    let long = sandbox.tool(&["ls", "-l", "image.wasm", "link"]).ok();
    assert!(long.stdout().starts_with("lrwxrwxrwx 1 0 0 13 "), "{}", long.stdout());
    assert!(long.stdout().ends_with(" link -> /dir/../dir/f\n"), "{}", long.stdout());
}

#[test]
fn tree_draws_and_counts() {
    let sandbox = sample();
    let ran = sandbox.tool(&["tree", "image.wasm", "/dir"]).ok();
    assert_eq!(ran.stdout(), "/dir\n├── f\n└── sub\n    └── g\n\n1 directory, 2 files\n");
}

#[test]
fn cat_follows_links_inside_the_tree() {
    let sandbox = sample();
    let ran = sandbox.tool(&["cat", "image.wasm", "link", "/dirlink/f", "dir/sub/g"]).ok();
    assert_eq!(ran.stdout(), format!("hellohello{}", "g".repeat(1234)));
}

#[test]
fn stat_shows_what_stat_shows() {
    let sandbox = sample();
    let ran = sandbox.tool(&["stat", "image.wasm", "dir/f", "link"]).ok();
    let file = "  File: dir/f\n  Size: 5               Blocks: 1          regular file\n \
                Links: 1\nAccess: (0644/-rw-r--r--)  Uid: 0   Gid: 0\n\
                Modify: 2020-09-13 12:26:40.123456789 +0000\n Contents: 0..5\n";
    assert!(ran.stdout().starts_with(file), "{}", ran.stdout());
    let link = "  File: link -> /dir/../dir/f\n  Size: 13 ";
    assert!(ran.stdout().contains(link), "{}", ran.stdout());
}

#[test]
fn paths_that_are_not_there() {
    let sandbox = sample();
    let rows = [
        (["cat", "/none"], "/none: no such file or directory in the tree"),
        (["ls", "dir/f/x"], "dir/f/x: /dir/f is not a directory"),
        (["cat", "dir"], "/dir: is a directory"),
        (["cat", "loop"], "loop: leads through more than 40 symbolic links"),
        (["stat", "dir/f/"], "dir/f/: not a directory"),
    ];
    for ([command, path], expected) in rows {
        let ran = sandbox.tool(&[command, "image.wasm", path]);
        assert_eq!(ran.error(), expected);
        assert!(ran.stdout.is_empty());
    }
}

#[test]
fn a_packed_program_shows_the_same() {
    let sandbox = sample();
    sandbox.wasm("app.wasm", crate::sandbox::NOTHING);
    let image = sandbox.tool(&["tree", "image.wasm"]).ok();
    for form in [&[][..], &["--isolate"]] {
        let link = ["link", "app.wasm", "image.wasm", "-o", "out.wasm"];
        sandbox.tool(&[&link, form].concat()).ok();
        assert_eq!(sandbox.tool(&["tree", "out.wasm"]).ok().stdout, image.stdout);
        assert_eq!(sandbox.tool(&["cat", "out.wasm", "link"]).ok().stdout(), "hello");
    }
}

#[test]
fn a_reader_who_leaves_is_no_error_to_report() {
    let sandbox = Sandbox::new();
    sandbox.file("host/large", vec![b'x'; 4 << 20]);
    sandbox.image(&["--dir", "host::/"]);
    let shell = |command: &str| {
        let tool = env!("CARGO_BIN_EXE_wasm-vfs");
        let line = format!("{tool} {command} 2>err.txt | head -c 1 >/dev/null");
        let mut sh = std::process::Command::new("sh");
        let ran = sh.arg("-c").arg(line).current_dir(sandbox.path("")).status().unwrap();
        assert!(ran.success());
        String::from_utf8(read(sandbox.path("err.txt"))).unwrap()
    };
    for command in ["cat image.wasm /large", "export image.wasm -o -"] {
        assert_eq!(shell(command), "", "{command}");
    }
}
