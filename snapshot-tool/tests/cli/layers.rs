//! Layers of container images, laid over directories, archives, other layers and packed programs.

use crate::archives::{archive, file, member};
use crate::hostile_archives::{empty, with_record};
use crate::sandbox::{NOTHING, Sandbox};
use wasm_vfs::ErrorKind::{self, Damaged, Tree};
use wasm_vfs::tree::{EntryKind, FinalSymlink};
use wasm_vfs::{PackedModule, Packer, Program, TreeBuilder};

/// The entries of a tree: paths, directories with a slash, links with what they lead to.
fn listing(tree: &wasm_vfs::tree::Tree) -> Vec<String> {
    let text = |index| {
        let path = tree.display_path(index);
        match &tree.entries()[index].kind {
            EntryKind::Directory => format!("{path}/"),
            EntryKind::Symlink { target } => {
                format!("{path} -> {}", String::from_utf8_lossy(target))
            }
            EntryKind::HardLink { original } => {
                format!("{path} = {}", tree.display_path(*original))
            }
            EntryKind::Fifo => format!("{path}|"),
            _ => path,
        }
    };
    (1..tree.entries().len()).map(text).collect()
}

/// What is left of `/d/{a,b,sub/{c,d}}`, `/f` and `/l -> d` below this layer.
fn over(sandbox: &Sandbox, members: &[Vec<u8>]) -> Result<Vec<String>, wasm_vfs::Error> {
    let lower = [
        file("d/a", b"a"),
        file("d/b", b"b"),
        file("d/sub/c", b"c"),
        file("d/sub/d", b"d"),
        file("f", b"f"),
        empty(b'2', "l", "d"),
    ];
    let (lower, upper) = (archive(&lower), archive(members));
    let (lower, upper) = (sandbox.file("lower.tar", lower), sandbox.file("layer.tar", upper));
    let tree = TreeBuilder::new().tmp(false).tar(lower, "/").layer(upper, "/").read()?;
    Ok(listing(&tree))
}

#[test]
fn whiteouts_hide_what_lies_below_and_nothing_of_their_own_layer() {
    let sandbox = Sandbox::new();
    let whiteout = |name| empty(b'0', name, "");
    type Row<'a> = (&'a str, Vec<Vec<u8>>, &'a [&'a str]);
    let rows: Vec<Row<'_>> = vec![
        (
            "nothing",
            vec![],
            &["/d/", "/d/a", "/d/b", "/d/sub/", "/d/sub/c", "/d/sub/d", "/f", "/l -> d"],
        ),
        (
            "a file",
            vec![whiteout(".wh.f")],
            &["/d/", "/d/a", "/d/b", "/d/sub/", "/d/sub/c", "/d/sub/d", "/l -> d"],
        ),
        ("a directory", vec![whiteout(".wh.d")], &["/f", "/l -> d"]),
        (
            "in a directory",
            vec![whiteout("d/.wh.sub"), whiteout("./d/.wh.a")],
            &["/d/", "/d/b", "/f", "/l -> d"],
        ),
        (
            "a link, not what it leads to",
            vec![whiteout(".wh.l"), whiteout(".wh.d"), file("d/new", b"")],
            &["/d/", "/d/new", "/f"],
        ),
        (
            "what is not there",
            vec![whiteout(".wh.x"), whiteout("x/.wh.y"), whiteout(".wh.d")],
            &["/f", "/l -> d"],
        ),
        // The layer's own, before and behind the whiteout.
        (
            "replaced",
            vec![
                file("d/a", b"A"),
                whiteout("d/.wh.a"),
                whiteout("d/.wh.b"),
                file("d/b", b"B"),
                whiteout(".wh.l"),
                whiteout("d/.wh.sub"),
            ],
            &["/d/", "/d/a", "/d/b", "/f"],
        ),
        (
            "a directory that is made anew",
            vec![
                file("d/sub/new", b""),
                whiteout("d/.wh.sub"),
                whiteout(".wh.f"),
                whiteout(".wh.l"),
            ],
            &["/d/", "/d/a", "/d/b", "/d/sub/", "/d/sub/new"],
        ),
        (
            "opaque",
            vec![file("d/sub/new", b""), whiteout("d/sub/.wh..wh..opq"), whiteout(".wh.l")],
            &["/d/", "/d/a", "/d/b", "/d/sub/", "/d/sub/new", "/f"],
        ),
        ("all opaque", vec![whiteout(".wh..wh..opq"), file("n", b"")], &["/n"]),
        (
            "files of AUFS",
            vec![
                whiteout(".wh..wh.plnk/1.2"),
                whiteout(".wh..wh.aufs"),
                whiteout(".wh.d"),
                empty(b'1', ".wh.l", ".wh..wh.plnk/1.2"),
            ],
            &["/f"],
        ),
        // What it is does not matter.
        ("as a directory", vec![empty(b'5', ".wh.d/", "")], &["/f", "/l -> d"]),
        ("with contents", vec![file(".wh.d", b"text")], &["/f", "/l -> d"]),
        // Kinds change.
        ("file for directory", vec![file("d", b""), whiteout(".wh.l")], &["/d", "/f"]),
        (
            "directory for file",
            vec![empty(b'5', "f/", ""), file("f/g", b""), whiteout(".wh.d")],
            &["/f/", "/f/g", "/l -> d"],
        ),
        (
            "directory for link",
            vec![empty(b'5', "l/", ""), file("l/g", b""), whiteout(".wh.d")],
            &["/f", "/l/", "/l/g"],
        ),
        // Further names of what lies below.
        (
            "links",
            vec![
                empty(b'1', "d/sub/new", "f"),
                empty(b'1', "more", "d/sub/new"),
                whiteout("d/.wh.a"),
                whiteout("d/.wh.b"),
            ],
            &[
                "/d/",
                "/d/sub/",
                "/d/sub/c",
                "/d/sub/d",
                "/d/sub/new",
                "/f = /d/sub/new",
                "/l -> d",
                "/more = /d/sub/new",
            ],
        ),
        (
            "a file with the name of an ignore file",
            vec![file(".wasmvfsignore", b"f\n"), whiteout(".wh.d")],
            &["/.wasmvfsignore", "/f", "/l -> d"],
        ),
    ];
    for (name, members, expected) in rows {
        assert_eq!(over(&sandbox, &members).unwrap(), expected, "{name}");
    }
}

#[test]
fn hostile_layers_are_refused_or_contained() {
    let sandbox = Sandbox::new();
    let whiteout = |name| empty(b'0', name, "");
    type Row<'a> = (&'a str, Vec<Vec<u8>>, ErrorKind, &'a str);
    let rows: Vec<Row<'_>> = vec![
        ("no name", vec![whiteout("d/.wh.")], Tree, "`d/.wh.`: it is a whiteout without a name"),
        ("itself", vec![whiteout("d/.wh..")], Tree, "`d/.wh..`: it is a whiteout of `.`"),
        ("above", vec![whiteout("d/sub/.wh...")], Tree, "it is a whiteout of `..`"),
        ("the root", vec![whiteout(".wh..")], Tree, "it is a whiteout of `.`"),
        ("above the root", vec![whiteout(".wh...")], Tree, "it is a whiteout of `..`"),
        ("..", vec![whiteout("d/../.wh.f")], Tree, "its name has `..`"),
        ("leads out", vec![whiteout("../.wh.f")], Tree, "its name has `..`"),
        ("beneath a whiteout", vec![file(".wh.d/a", b"")], Tree, "it lies beneath a whiteout"),
        ("NUL", vec![with_record("path", ".wh.f\0g", file("g", b""))], Tree, "a NUL byte"),
        (
            "not UTF-8",
            vec![member(b'0', "g", "", b"", |it| {
                it.as_old_mut().name[..6].copy_from_slice(b".wh.\xff\xfe")
            })],
            Tree,
            "not UTF-8",
        ),
        (
            "long",
            vec![with_record("path", &format!(".wh.{}", "n".repeat(252)), file("g", b""))],
            Tree,
            "more than 255 bytes",
        ),
        // Links, of the layer and below.
        (
            "through its own link",
            vec![empty(b'2', "m", "d"), whiteout("m/.wh.a")],
            Tree,
            "it lies beneath `m`, which is a symbolic link",
        ),
        (
            "through its own file",
            vec![file("m", b""), whiteout("m/n/.wh.a")],
            Tree,
            "it lies beneath `m`, which is a file",
        ),
        (
            "a member through a link below",
            vec![file("l/new", b"")],
            Tree,
            "guest path /l/new passes through /l, which is a symbolic link there",
        ),
        (
            "a link to nothing",
            vec![empty(b'1', "m", "x")],
            Tree,
            "/m: it is a link to /x, which is neither in the layer nor a file below",
        ),
        (
            "a link to what is hidden",
            vec![whiteout(".wh.f"), empty(b'1', "m", "f")],
            Tree,
            "neither in the layer nor a file below",
        ),
        (
            "a link to a directory",
            vec![empty(b'1', "m", "d")],
            Tree,
            "neither in the layer nor a file below",
        ),
        (
            "a link through a link",
            vec![empty(b'1', "m", "l/a")],
            Tree,
            "neither in the layer nor a file below",
        ),
        ("a link that leads out", vec![empty(b'1', "m", "../f")], Tree, "its name has `..`"),
        (
            "a link in a link below",
            vec![empty(b'1', "l/m", "f")],
            Tree,
            "passes through /l, which is a symbolic link",
        ),
        ("damaged", vec![file("a", b""), vec![1; 512]], Damaged, "wrong checksum"),
    ];
    for (name, members, kind, expected) in rows {
        let error = over(&sandbox, &members).unwrap_err();
        let message = format!("{error:#}");
        assert!(error.kind() == kind && message.contains(expected), "{name}: {error:?}");
        assert!(message.contains("layer.tar`: "), "{name}: {message}");
    }
    // Contained: the link below is not followed.
    let kept =
        over(&sandbox, &[whiteout("l/.wh.a"), whiteout("l/.wh..wh..opq"), whiteout("f/.wh.x")]);
    assert_eq!(kept.unwrap(), over(&sandbox, &[]).unwrap());
    // Nor does it reach beyond its place.
    let layer = archive(&[whiteout(".wh..wh..opq"), whiteout(".wh.f"), file("n", b"")]);
    let layer = sandbox.file("layer.tar", layer);
    let tree = TreeBuilder::new().tmp(false).file("/f", "").file("/in/f", "").layer(layer, "/in");
    assert_eq!(listing(&tree.read().unwrap()), ["/f", "/in/", "/in/n"]);
}

#[test]
fn layers_lie_over_what_was_given_before_and_beneath_what_comes_later() {
    let sandbox = Sandbox::new();
    sandbox.file("host/a", "disk");
    sandbox.file("host/b", "disk");
    sandbox.file("later/c", "later");
    sandbox.file("later/d", "later");
    let hides = |names: &[&str], more: &[Vec<u8>]| {
        let whiteouts = names.iter().map(|name| empty(b'0', &format!(".wh.{name}"), ""));
        archive(&[whiteouts.collect::<Vec<_>>(), more.to_vec()].concat())
    };
    let one = sandbox
        .file("one.tar", hides(&["a"], &[file("c", b"one"), file("x", b"one"), file("y", b"one")]));
    let two = sandbox.file("two.tar", hides(&["x"], &[file("y", b"two")]));
    let tree = TreeBuilder::new().tmp(false).layer(one, "/t").dir(sandbox.path("host"), "/t");
    assert_eq!(listing(&tree.read().unwrap()), ["/t/", "/t/a", "/t/b", "/t/c", "/t/x", "/t/y"]);
    let tree = TreeBuilder::new()
        .tmp(false)
        .dir(sandbox.path("host"), "/t")
        .layer(sandbox.path("one.tar"), "/t")
        .layer(two, "/t")
        .dir(sandbox.path("later"), "/t");
    // And over the tree of a packed program, which a layer hides as well.
    sandbox.wasm("app.wasm", NOTHING);
    let lower = TreeBuilder::new().file("/t/x", "packed").file("/t/z", "packed");
    Packer::new(lower)
        .pack(Program::file(sandbox.path("app.wasm")))
        .unwrap()
        .write(sandbox.path("one.wasm"))
        .unwrap();
    let packed = Packer::new(tree).pack(Program::file(sandbox.path("one.wasm"))).unwrap();
    packed.write(sandbox.path("two.wasm")).unwrap();
    let mut packed = PackedModule::open(sandbox.path("two.wasm")).unwrap();
    let found = listing(packed.tree()).into_iter().filter(|path| path.starts_with("/t/"));
    assert_eq!(found.collect::<Vec<_>>(), ["/t/", "/t/b", "/t/c", "/t/d", "/t/y", "/t/z"]);
    for (path, expected) in
        [("/t/c", "later"), ("/t/y", "two"), ("/t/z", "packed"), ("/t/b", "disk")]
    {
        let index = packed.tree().lookup(path.as_bytes(), FinalSymlink::Keep).unwrap();
        let mut contents = Vec::new();
        packed.copy_contents(index, &mut contents).unwrap();
        assert_eq!(String::from_utf8(contents).unwrap(), expected, "{path}");
    }
    // Two directories at one path are still a mistake, unless a layer is between them.
    let twice =
        TreeBuilder::new().layer(sandbox.path("one.tar"), "/").file("/a", "").file("/a", "");
    assert!(twice.read().unwrap_err().to_string().contains("are both mapped to /a"));
}

#[test]
fn a_directory_keeps_what_its_layer_says_of_it() {
    let sandbox = Sandbox::new();
    let mode = |mode| move |header: &mut tar::Header| header.set_mode(mode);
    let lower = archive(&[
        member(b'5', "d/", "", b"", mode(0o700)),
        member(b'5', "e/", "", b"", mode(0o701)),
        file("d/a", b""),
    ]);
    let upper = [
        file("d/b", b""),
        member(b'5', "e/", "", b"", mode(0o711)),
        empty(b'0', "e/.wh..wh..opq", ""),
    ];
    let (lower, upper) =
        (sandbox.file("lower.tar", lower), sandbox.file("upper.tar", archive(&upper)));
    let tree = TreeBuilder::new().tmp(false).tar(lower, "/").layer(upper, "/").read().unwrap();
    assert_eq!(listing(&tree), ["/d/", "/d/a", "/d/b", "/e/"]);
    assert_eq!((tree.entries()[1].metadata.mode, tree.entries()[4].metadata.mode), (0o700, 0o711));
}
