//! Writing results: the same bytes each time, equal contents once, and all or nothing.

use crate::sandbox::{NOTHING, Sandbox, read};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

/// A tree with some of everything.
fn fill(sandbox: &Sandbox) {
    sandbox.file("host/a", vec![b'x'; 10_000]);
    sandbox.file("host/b/same-as-a", vec![b'x'; 10_000]);
    // As long as the others, and equal at the start only.
    let mut differs = vec![b'x'; 10_000];
    differs[9_999] = b'y';
    sandbox.file("host/differs", differs);
    sandbox.file("host/small1", "123");
    sandbox.file("host/small2", "123");
    sandbox.file("host/small3", "124");
    sandbox.file("host/empty", "");
    std::os::unix::fs::symlink("nowhere", sandbox.path("host/link")).unwrap();
}

#[test]
fn packing_twice_gives_the_same_bytes() {
    let sandbox = Sandbox::new();
    fill(&sandbox);
    sandbox.wasm("app.wasm", NOTHING);
    for form in [&[][..], &["--isolate"]] {
        let mut outputs = Vec::new();
        for output in ["1.wasm", "2.wasm"] {
            let mut args = vec!["pack", "app.wasm", "--dir", "host::/", "-o", output];
            args.extend(form);
            sandbox.tool(&args).ok();
            outputs.push(read(sandbox.path(output)));
        }
        assert!(outputs[0] == outputs[1]);
    }
}

#[test]
fn pack_is_image_and_link() {
    let sandbox = Sandbox::new();
    fill(&sandbox);
    sandbox.wasm("app.wasm", NOTHING);
    sandbox.image_with_dev(&["--dir", "host::/"]);
    for form in [&[][..], &["--isolate"]] {
        let pack = ["pack", "app.wasm", "--dir", "host::/", "-o", "packed.wasm"];
        sandbox.tool(&[&pack, form].concat()).ok();
        let link = ["link", "app.wasm", "image.wasm", "-o", "linked.wasm"];
        let ran = sandbox.tool(&[&link, form].concat()).ok();
        assert!(ran.stderr.starts_with("packed 7 files, 30.0 kB"), "{}", ran.stderr);
        assert!(read(sandbox.path("packed.wasm")) == read(sandbox.path("linked.wasm")));
    }
}

#[test]
fn equal_contents_are_stored_once() {
    let sandbox = Sandbox::new();
    fill(&sandbox);
    let ran = sandbox.image_with_dev(&["--dir", "host::/"]);
    let summary = "packed 7 files, 30.0 kB (10.0 kB of it stored once for several), into \
                   image.wasm: ";
    assert!(ran.stderr.starts_with(summary), "{}", ran.stderr);
    let module = read(sandbox.path("image.wasm")).len();
    sandbox.directory("nothing");
    sandbox.tool(&["image", "--dir", "nothing::/", "-o", "nothing.wasm"]).ok();
    let added = module - read(sandbox.path("nothing.wasm")).len();
    // `a`, `differs`, "123" and "124", and the metadata of nine entries.
    assert!((20_006..20_006 + 9 * 300).contains(&added), "{added}");
    for (name, contents) in [("b/same-as-a", "x"), ("small2", "123"), ("small3", "124")] {
        let cat = sandbox.tool(&["cat", "image.wasm", name]).ok();
        assert!(cat.stdout().starts_with(contents), "{name}");
    }
    let differs = sandbox.tool(&["cat", "image.wasm", "differs"]).ok();
    assert!(differs.stdout().ends_with("xy"));
    assert_eq!(sandbox.tool(&["cat", "image.wasm", "empty"]).ok().stdout(), "");
}

#[test]
fn quiet_verbose_and_neither() {
    let sandbox = Sandbox::new();
    fill(&sandbox);
    let ran = sandbox.image(&["--dir", "host::/", "--quiet"]);
    assert_eq!((ran.stdout(), ran.stderr.as_str()), ("", ""));
    let ran = sandbox.image(&["--dir", "host::/"]);
    assert_eq!((ran.stdout(), ran.stderr.lines().count()), ("", 1));
    let ran = sandbox.image(&["--dir", "host::/", "--verbose"]);
    for line in ["-rw-r--r--    10.0 kB /a", "drwxrwxrwt            /tmp"] {
        assert!(ran.stderr.lines().any(|l| l == line), "{}", ran.stderr);
    }
    assert_eq!(ran.stderr.lines().count(), 1 + 10 + 1, "{}", ran.stderr);
}

#[test]
fn the_output_is_made_whole_or_not_at_all() {
    let sandbox = Sandbox::new();
    fill(&sandbox);
    sandbox.directory("out");
    sandbox.tool(&["image", "--dir", "host::/", "-o", "out/i.wasm"]).ok();
    assert_eq!(sandbox.names("out"), ["i.wasm"]);
    let mode = fs::metadata(sandbox.path("out/i.wasm")).unwrap().permissions().mode();
    let plain = sandbox.file("plain", "");
    assert_eq!(mode, fs::metadata(plain).unwrap().permissions().mode());
    // An error leaves the old file as it was, and nothing beside it.
    fs::write(sandbox.path("out/i.wasm"), "old").unwrap();
    sandbox.wasm("app.wasm", "(module)");
    let ran = sandbox.tool(&["pack", "app.wasm", "--dir", "host::/", "-o", "out/i.wasm"]);
    ran.error();
    assert_eq!(sandbox.names("out"), ["i.wasm"]);
    assert_eq!(read(sandbox.path("out/i.wasm")), b"old");
    // Through a symbolic link, which stays one.
    std::os::unix::fs::symlink("i.wasm", sandbox.path("out/link")).unwrap();
    sandbox.tool(&["image", "--dir", "host::/", "-o", "out/link"]).ok();
    assert_eq!(fs::read_link(sandbox.path("out/link")).unwrap().to_str(), Some("i.wasm"));
    assert!(read(sandbox.path("out/i.wasm")).starts_with(b"\0asm"));
}

#[test]
fn standard_output_is_a_destination() {
    let sandbox = Sandbox::new();
    fill(&sandbox);
    sandbox.image_with_dev(&["--dir", "host::/"]);
    let ran = sandbox.tool(&["image", "--dir", "host::/", "-o", "-"]).ok();
    assert!(ran.stdout == read(sandbox.path("image.wasm")));
    assert!(ran.stderr.contains("into standard output"), "{}", ran.stderr);
}

#[test]
fn an_earlier_output_is_not_packed() {
    let sandbox = Sandbox::new();
    sandbox.file("host/f", "x");
    for _ in 0..2 {
        sandbox
            .tool(&["image", "--no-tmp", "--no-dev", "--dir", "host::/", "-o", "host/out.wasm"])
            .ok();
        let ls = sandbox.tool(&["ls", "host/out.wasm"]).ok();
        assert_eq!(ls.stdout(), "f\n");
    }
}

#[test]
fn a_damaged_custom_section_is_dropped_and_that_is_said() {
    let sandbox = Sandbox::new();
    for name in ["name", "producers", "target_features"] {
        let mut program = read(sandbox.wasm("app.wasm", NOTHING));
        // A count of items that are not there.
        let mut section = vec![u8::try_from(name.len()).unwrap()];
        section.extend(name.bytes());
        section.extend([1, 2, 0xff]);
        program.extend([0, u8::try_from(section.len()).unwrap()]);
        program.extend(section);
        sandbox.file("app.wasm", program);
        let ran = sandbox.tool(&["pack", "app.wasm", "-o", "out.wasm"]).ok();
        let note = format!("wasm-vfs: note: dropped custom section {name} (it is damaged)");
        assert!(ran.stderr.lines().any(|line| line == note), "{}", ran.stderr);
    }
}

#[test]
fn a_program_may_come_through_a_pipe() {
    let sandbox = Sandbox::new();
    let program = read(sandbox.wasm("app.wasm", NOTHING));
    sandbox.image(&[]);
    for args in [
        &["link", "/dev/stdin", "image.wasm", "-o", "out.wasm"][..],
        &["pack", "/dev/stdin", "-o", "out.wasm"],
    ] {
        assert_eq!(sandbox.tool_with(args, &[], &program).status, 0, "{args:?}");
    }
}

#[test]
fn no_earlier_output_is_packed() {
    let sandbox = Sandbox::new();
    let image = ["image", "--dir", ".", "-o", "rootfs.wasm", "--host-shim", "shim.wasm"];
    for _ in 0..2 {
        sandbox.tool(&image).ok();
        let names = sandbox.tool(&["ls", "rootfs.wasm"]).ok();
        assert!(!names.stdout().contains(".wasm"), "{}", names.stdout());
    }
}
