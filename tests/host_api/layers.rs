//! Layers that are applied to a tree: what a whiteout removes and what it does not, in whatever order members come.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tar::{Builder, EntryType};
use wasm_vfs::{Errno, Form, Policy};

use crate::archives::{export, header, members, one};
use crate::members::{archive, member};
use crate::{FORMS, Running, pack};

pub(crate) fn apply(running: &mut Running, layer: &[u8]) -> Result<(), wasm_vfs::Error> {
    running.api.import_layer(&mut running.store, "/in", layer)
}

/// A whiteout, or any other empty file.
pub(crate) fn mark(name: &str) -> Vec<u8> {
    member(EntryType::Regular, name, "", b"")
}

/// A directory or a file.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Node {
    Directory,
    File(Vec<u8>),
    Symlink(String),
}

/// What is in `/in`, by path.
fn tree(running: &mut Running) -> BTreeMap<String, Node> {
    let members = members(&export(running, "/in"));
    let named = members.into_iter().filter(|(name, _)| name != b"./");
    let named = named.map(|(name, member)| {
        let name = String::from_utf8(name).unwrap();
        let node = match member.entry_type {
            EntryType::Directory => Node::Directory,
            EntryType::Symlink => Node::Symlink(String::from_utf8(member.link).unwrap()),
            EntryType::Link => Node::File(member.link),
            _ => Node::File(member.contents),
        };
        (name.trim_end_matches('/').to_owned(), node)
    });
    named.collect()
}

/// Makes what is in `/in`.
fn make(running: &mut Running, nodes: &BTreeMap<String, Node>) {
    let (api, store) = (running.api.clone(), &mut running.store);
    api.create_dir_all(&mut *store, "/in", 0o755).unwrap();
    for (path, node) in nodes {
        let path = format!("/in/{path}");
        match node {
            Node::Directory => api.create_dir_all(&mut *store, &path, 0o711).unwrap(),
            Node::File(contents) => {
                api.put(&mut *store, &path, 0o644, &contents[..]).unwrap();
            }
            Node::Symlink(target) => api.symlink(&mut *store, target, &path).unwrap(),
        }
    }
}

/// A tree from lines: `d/`, `f=contents`, `l>target`.
fn nodes(lines: &[&str]) -> BTreeMap<String, Node> {
    let node = |line: &&str| {
        if let Some((path, target)) = line.split_once('>') {
            (path.to_owned(), Node::Symlink(target.to_owned()))
        } else if let Some(path) = line.strip_suffix('/') {
            (path.to_owned(), Node::Directory)
        } else {
            let (path, contents) = line.split_once('=').unwrap();
            (path.to_owned(), Node::File(contents.as_bytes().to_vec()))
        }
    };
    lines.iter().map(node).collect()
}

/// A member of a layer from such a line; a line without any of these is a whiteout's name.
fn member_of(line: &str) -> Vec<u8> {
    if let Some((path, target)) = line.split_once('>') {
        member(EntryType::Symlink, path, target, b"")
    } else if line.ends_with('/') {
        member(EntryType::Directory, line, "", b"")
    } else if let Some((path, contents)) = line.split_once('=') {
        member(EntryType::Regular, path, "", contents.as_bytes())
    } else {
        mark(line)
    }
}

fn layer(lines: &[&str]) -> Vec<u8> {
    let parts: Vec<Vec<u8>> = lines.iter().map(|line| member_of(line)).collect();
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    archive(&parts)
}

/// Every order of some things.
fn orders<'a>(lines: &[&'a str]) -> Vec<Vec<&'a str>> {
    let Some((first, rest)) = lines.split_first() else { return vec![Vec::new()] };
    let mut all = Vec::new();
    for order in orders(rest) {
        for at in 0..=order.len() {
            let mut order = order.clone();
            order.insert(at, first);
            all.push(order);
        }
    }
    all
}

/// A tree before, a layer, and the tree after it.
type Row = (&'static [&'static str], &'static [&'static str], &'static [&'static str]);

/// The layer may come in any order.
const IN_ANY_ORDER: &[Row] = &[
    (&["a=1", "b=2"], &[".wh.a"], &["b=2"]),
    (&["a=1"], &[".wh.none", "d/.wh.none", "a/.wh.none"], &["a=1"]),
    (&["d/", "d/e/", "d/e/f=1", "g=2"], &[".wh.d"], &["g=2"]),
    // What the layer itself has stays.
    (&["a=1"], &[".wh.a", "a=2"], &["a=2"]),
    (&["d/", "d/f=1"], &[".wh.d", "d/", "d/g=2"], &["d/", "d/g=2"]),
    (&["d/", "d/f=1"], &[".wh.d", "d/g=2"], &["d/", "d/g=2"]),
    (&["d/", "d/f=1"], &[".wh.d", "d=2"], &["d=2"]),
    (&["d/", "d/f=1"], &[".wh.d", "d>x"], &["d>x"]),
    (&["d/", "d/e/", "d/e/f=1", "d/e/g=1"], &[".wh.d", "d/e/f=2"], &["d/", "d/e/", "d/e/f=2"]),
    (&["a>b"], &[".wh.a", "a=2"], &["a=2"]),
    (&["a=1"], &["d/", "d/f=2", ".wh.d"], &["a=1", "d/", "d/f=2"]),
    // Directories of which all is gone.
    (&["d/", "d/f=1", "d/e/", "g=2"], &["d/.wh..wh..opq"], &["d/", "g=2"]),
    (&["d/", "d/f=1"], &["d/.wh..wh..opq", "d/f=2"], &["d/", "d/f=2"]),
    (
        &["d/", "d/f=1", "d/e/", "d/e/f=1", "d/e/g=1"],
        &["d/.wh..wh..opq", "d/e/g=2", "d/e/"],
        &["d/", "d/e/", "d/e/g=2"],
    ),
    (&["a=1", "d/", "d/f=1"], &[".wh..wh..opq", "d/g=2"], &["d/", "d/g=2"]),
    (&["a=1", "d/"], &[".wh..wh..opq"], &[]),
    (&["a=1"], &["d/.wh..wh..opq", "b=2"], &["a=1", "b=2"]),
    // A member takes the place of what was there.
    (&["a=1"], &["a=2"], &["a=2"]),
    (&["d/", "d/e/", "d/e/f=1"], &["d=2"], &["d=2"]),
    (&["d/", "d/f=1"], &["d>x"], &["d>x"]),
    (&["a=1"], &["a/"], &["a/"]),
    (&["d/", "a>d"], &["a/"], &["a/", "d/"]),
    (&["d/", "d/f=1"], &["d/"], &["d/", "d/f=1"]),
    // Names that only look like whiteouts.
    (&["a=1", ".whx=1"], &[".wha=2"], &[".wha=2", ".whx=1", "a=1"]),
    // A link leads to where it leads.
    (&["d/", "d/f=1", "l>d"], &["l/.wh.f"], &["d/", "l>d"]),
    (&["d/", "d/f=1", "l>d"], &["l/.wh..wh..opq"], &["d/", "l>d"]),
    (&["d/", "d/f=1", "l>d"], &["l/f=2", "d/.wh.f"], &["d/", "d/f=2", "l>d"]),
    (&["d/", "d/f=1", "l>d"], &[".wh.l"], &["d/", "d/f=1"]),
    (&["d/", "d/f=1", "l>."], &["l/l/d/.wh.f"], &["d/", "l>."]),
];

#[test]
fn whiteouts_remove_what_was_there_before_and_nothing_else() {
    for form in FORMS {
        let mut running = Running::new(form);
        for (before, lines, after) in IN_ANY_ORDER {
            for order in orders(lines) {
                let what = format!("{before:?} and {order:?}, {form}");
                make(&mut running, &nodes(before));
                running.api.check_layer(&mut running.store, &layer(&order)[..]).unwrap();
                assert_eq!(tree(&mut running), nodes(before), "{what}: checked only");
                apply(&mut running, &layer(&order))
                    .unwrap_or_else(|error| panic!("{what}: {error:#}"));
                assert_eq!(tree(&mut running), nodes(after), "{what}");
                running.api.remove(&mut running.store, "/in").unwrap();
            }
        }
        assert_eq!(running.names("/"), ["dev", "tmp"]);
    }
}

/// Members that are refused: the layer, what the filesystem answers, and the culprit.
const REFUSED: &[(&[&str], Errno, &str)] = &[
    (&[".wh."], Errno::EINVAL, ".wh."),
    (&["d/.wh."], Errno::EINVAL, "d/.wh."),
    (&[".wh.."], Errno::EINVAL, ".wh.."),
    (&["d/.wh.."], Errno::EINVAL, "d/.wh.."),
    (&[".wh..."], Errno::EINVAL, ".wh..."),
    (&["d/.wh..."], Errno::EINVAL, "d/.wh..."),
    (&[".wh..wh.x"], Errno::EINVAL, ".wh..wh.x"),
    (&[".wh..wh.aufs"], Errno::EINVAL, ".wh..wh.aufs"),
    (&[".wh..wh..wh.x"], Errno::EINVAL, ".wh..wh..wh.x"),
    // A whiteout is an empty file.
    (&[".wh.d/"], Errno::EINVAL, ".wh.d/"),
    (&[".wh.d/f=1"], Errno::EINVAL, ".wh.d/f"),
    (&[".wh.d=1"], Errno::EINVAL, ".wh.d"),
    (&[".wh.d>x"], Errno::EINVAL, ".wh.d"),
    (&[".wh..wh..opq/x=1"], Errno::EINVAL, ".wh..wh..opq/x"),
    // Out of the directory.
    (&["../.wh.secret"], Errno::EINVAL, "../.wh.secret"),
    (&["d/../../.wh.secret"], Errno::EINVAL, "d/../../.wh.secret"),
    (&["out/.wh.secret"], Errno::EXDEV, "out/.wh.secret"),
    (&["out/.wh..wh..opq"], Errno::EXDEV, "out/.wh..wh..opq"),
    (&["up/.wh.secret"], Errno::EXDEV, "up/.wh.secret"),
    (&["loop/.wh.x"], Errno::ELOOP, "loop/.wh.x"),
    // What the layer itself has brought is not replaced by another kind.
    (&["n/f=1", "n=2"], Errno::EISDIR, "n"),
    (&["d/n=1", "d=2"], Errno::EISDIR, "d"),
    (&["d/e/n=1", "d=2"], Errno::EISDIR, "d"),
    (&["d/e/", "d=2"], Errno::EISDIR, "d"),
    (&["d/", "d>x"], Errno::EISDIR, "d"),
    (&["n>d", "n/"], Errno::EEXIST, "n/"),
    (&["d/f/n=1"], Errno::ENOTDIR, "d/f/n"),
];

#[test]
fn hostile_layers_are_refused_by_name_and_change_nothing() {
    let before = nodes(&["d/", "d/e/", "d/e/f=1", "d/f=1", "loop>loop", "out>/", "up>.."]);
    for form in FORMS {
        let mut running = Running::new(form);
        running.put("/secret", b"s");
        for (lines, errno, culprit) in REFUSED {
            make(&mut running, &before);
            // What comes before the culprit is done.
            let (last, good) = lines.split_last().unwrap();
            apply(&mut running, &layer(good)).unwrap();
            let expected = tree(&mut running);
            running.api.remove(&mut running.store, "/in").unwrap();
            make(&mut running, &before);
            // Nothing after it is.
            let lines: Vec<&str> = [good, &[*last, "after=1", ".wh.d"]].concat();
            let refused = apply(&mut running, &layer(&lines));
            let error = refused.expect_err(&format!("{lines:?}"));
            assert_eq!(error.find(), Some(errno), "{lines:?}: {error:#}");
            let text = format!("{error:#}");
            assert!(text.contains(&format!("its member `{culprit}`: ")), "{text}");
            assert_eq!(tree(&mut running), expected, "{lines:?}");
            assert_eq!(running.read("/secret"), b"s", "{lines:?}");
            running.api.remove(&mut running.store, "/in").unwrap();
        }
    }
}

#[test]
fn what_a_name_alone_forbids_is_found_by_checking() {
    let mut running = Running::new(Form::Portable);
    let before = members(&export(&mut running, "/"));
    for (lines, errno, culprit) in REFUSED {
        let checked = running.api.check_layer(&mut running.store, &layer(lines)[..]);
        match checked {
            Err(error) => {
                assert_eq!(error.find(), Some(errno), "{lines:?}: {error:#}");
                assert!(
                    format!("{error:#}").contains(&format!("its member `{culprit}`: ")),
                    "{error:#}"
                );
            }
            Ok(()) => assert_ne!(*errno, Errno::EINVAL, "{lines:?}"),
        }
    }
    for damaged in
        [&layer(&["a=1"])[..600], &layer(&["a=1"])[..1024], b"PK\x03\x04 is a zip archive"]
    {
        running.api.check_layer(&mut running.store, damaged).unwrap_err();
    }
    assert_eq!(members(&export(&mut running, "/")), before);
}

/// An archive that is no layer has files with such names.
#[test]
fn in_an_archive_whiteouts_are_names() {
    let mut running = Running::new(Form::Portable);
    make(&mut running, &nodes(&["a=1"]));
    crate::archives::import(&mut running, &layer(&[".wh.a", ".wh."])).unwrap();
    assert_eq!(running.names("/in"), [".wh.", ".wh.a", "a"]);
}

#[test]
fn a_layer_that_is_cut_short_is_done_as_far_as_it_is_whole() {
    let before = nodes(&["a=1", "b=1", "d/", "d/f=1", "d/g=1"]);
    let lines = ["d/", "d/.wh.f", "d/h=2", ".wh.a", "b=2"];
    let whole = layer(&lines);
    // Where each member ends.
    let ends: Vec<usize> =
        (0..=lines.len()).map(|count| layer(&lines[..count]).len() - 1024).collect();
    let mut running = Running::new(Form::Isolated);
    let mut after = Vec::new();
    for count in 0..=lines.len() {
        make(&mut running, &before);
        apply(&mut running, &layer(&lines[..count])).unwrap();
        after.push(tree(&mut running));
        running.api.remove(&mut running.store, "/in").unwrap();
    }
    for len in (0..whole.len()).step_by(73) {
        make(&mut running, &before);
        let result = apply(&mut running, &whole[..len]);
        assert_eq!(result.is_ok(), len >= whole.len() - 512, "{len} bytes");
        // The bytes that fill a member's last block are not needed.
        let done = ends.iter().filter(|end| **end <= len + 511).count() - 1;
        let got = tree(&mut running);
        assert!(got == after[done] || done > 0 && got == after[done - 1], "{len} bytes: {got:?}");
        running.api.remove(&mut running.store, "/in").unwrap();
    }
}

#[test]
fn directories_are_what_the_layer_says() {
    let mut running = Running::new(Form::Portable);
    make(&mut running, &nodes(&["d/", "d/f=1", "e/", "e/f=1", "g/"]));
    let mut directory = header(EntryType::Directory, 0o1750, 1_000_000, 0);
    let mut builder = Builder::new(Vec::new());
    builder.append_data(&mut directory, "d/", &[][..]).unwrap();
    for name in ["d/.wh.f", "d/n", ".wh.e", "e/n"] {
        let mut file = header(EntryType::Regular, 0o600, 2_000_000, 0);
        builder.append_data(&mut file, name, &[][..]).unwrap();
    }
    apply(&mut running, &builder.into_inner().unwrap()).unwrap();
    let mut stat = |path: &str| {
        let stat = running.api.stat(&mut running.store, path).unwrap();
        (stat.mode & 0o7777, stat.uid, stat.gid, stat.mtime)
    };
    // Though it was changed afterwards.
    assert_eq!(stat("/in/d"), (0o1750, 7, 8, (1_000_000, 0)));
    // It was gone, and made again for what is in it.
    let (mode, uid, gid, _) = stat("/in/e");
    assert_eq!((mode, uid, gid), (0o755, 0, 0));
    assert_eq!(stat("/in/g").0, 0o711);
}

#[test]
fn pieces_may_be_of_any_size() {
    let layer =
        layer(&["d/", "d/.wh..wh..opq", ".wh.a", "d/f=2", &format!("n={}", "x".repeat(3000))]);
    for size in [1, 511, 513, 4099] {
        let mut running = Running::new(Form::Isolated);
        make(&mut running, &nodes(&["a=1", "d/", "d/g=1"]));
        let room = running.call::<u32, u32>("wasm_vfs_allocate", 8192).unwrap();
        let memory = running.instance.get_memory(&mut running.store, "wasm_vfs_memory").unwrap();
        memory.write(&mut running.store, room as usize, b"/in").unwrap();
        let begin = "wasm_vfs_import_layer_begin";
        assert_eq!(running.call::<(u32, u32), i32>(begin, (room, 3)).unwrap(), 0);
        for piece in layer.chunks(size) {
            memory.write(&mut running.store, room as usize, piece).unwrap();
            let args = (room, piece.len() as u32);
            assert_eq!(running.call::<(u32, u32), i32>("wasm_vfs_import", args).unwrap(), 0);
        }
        assert_eq!(running.call::<(), i32>("wasm_vfs_import_end", ()).unwrap(), 0);
        let long = format!("n={}", "x".repeat(3000));
        assert_eq!(tree(&mut running), nodes(&["d/", "d/f=2", &long]), "pieces of {size}");
    }
}

/// The directory of descriptors cannot be made anew, so it is the one that was there, if the layer has one.
#[test]
fn a_directory_of_descriptors_outlives_a_layer_that_brings_it() {
    for form in FORMS {
        let mut running = Running::new(form);
        running.put("/f", b"f");
        let descriptors = running.names("/dev/fd");
        assert!(!descriptors.is_empty());
        let all = export(&mut running, "/");
        // The whole tree, in place of all that was there.
        let opaque = [&mark(".wh..wh..opq")[..], &all].concat();
        running.api.import_layer(&mut running.store, "/", &opaque[..]).unwrap();
        assert_eq!(members(&export(&mut running, "/")), members(&all));
        assert_eq!(running.names("/dev/fd"), descriptors);
        // One that does not bring it.
        let opaque = layer(&[".wh..wh..opq", "dev/", "n=1"]);
        running.api.import_layer(&mut running.store, "/", &opaque[..]).unwrap();
        assert_eq!(running.names("/"), ["dev", "n"]);
        assert_eq!(running.names("/dev"), [""; 0]);
    }
}

/// 5000 directories within each other, and no memory to remember the way.
#[test]
fn whiteouts_need_no_memory() {
    for form in FORMS {
        for limit in [3 << 20, (3 << 20) + 200_000, (3 << 20) + 300_000] {
            let mut running = Running::new(form);
            running.call::<i32, ()>("nest", 5000).unwrap();
            running.limit_memory(limit);
            running.call::<(), ()>("fill", ()).unwrap();
            let gone = one(EntryType::Regular, b".wh.d", b"", b"");
            running.api.import_layer(&mut running.store, "/", &gone[..]).unwrap();
            assert!(!running.names("/").iter().any(|name| name == "d"), "{form}");
            let gone = one(EntryType::Regular, b".wh..wh..opq", b"", b"");
            running.api.import_layer(&mut running.store, "/", &gone[..]).unwrap();
            assert_eq!(running.names("/"), [""; 0], "{form}");
        }
    }
}

/// A random tree: paths of at most three names, each parent a directory.
fn any_tree(contents: &'static str) -> impl Strategy<Value = BTreeMap<String, Node>> {
    let name = || proptest::sample::select(vec!["a", "b", "c"]);
    let path = proptest::collection::vec(name(), 1..4);
    proptest::collection::vec((path, any::<bool>()), 0..10).prop_map(move |paths| {
        let mut tree: BTreeMap<String, Node> = BTreeMap::new();
        for (path, is_directory) in paths {
            let path = path.join("/");
            let above = path.match_indices('/').map(|(at, _)| path[..at].to_owned());
            let above: Vec<String> = above.collect();
            let beneath = format!("{path}/");
            let fits = above.iter().all(|path| !matches!(tree.get(path), Some(Node::File(_))))
                && (is_directory || !tree.keys().any(|other| other.starts_with(&beneath)));
            if !fits {
                continue;
            }
            tree.extend(above.into_iter().map(|path| (path, Node::Directory)));
            let file = Node::File(format!("{contents} {path}").into_bytes());
            tree.insert(path, if is_directory { Node::Directory } else { file });
        }
        tree
    })
}

/// What a layer makes of a tree, by the words of the specification.
fn model(
    before: &BTreeMap<String, Node>,
    upper: &BTreeMap<String, Node>,
    gone: &[String],
    opaque: &[String],
) -> BTreeMap<String, Node> {
    let mut after = before.clone();
    for path in gone {
        let beneath = format!("{path}/");
        after.retain(|other, _| other != path && !other.starts_with(&beneath));
    }
    for path in opaque {
        let beneath = format!("{path}/");
        after.retain(|other, _| !path.is_empty() && !other.starts_with(&beneath));
    }
    for (path, node) in upper {
        if *node != Node::Directory {
            let beneath = format!("{path}/");
            after.retain(|other, _| !other.starts_with(&beneath));
        }
        after.insert(path.clone(), node.clone());
    }
    after
}

#[test]
fn random_layers_do_what_the_specification_says() {
    let running = FORMS.map(Running::new).map(std::cell::RefCell::new);
    let path = proptest::collection::vec(proptest::sample::select(vec!["a", "b", "c"]), 0..4);
    let marks =
        proptest::collection::vec((path, any::<bool>(), any::<proptest::sample::Index>()), 0..6);
    let cases = (any_tree("old"), any_tree("new"), marks);
    let mut runner =
        TestRunner::new(Config { cases: 400, failure_persistence: None, ..Config::default() });
    runner
        .run(&cases, |(before, upper, marks)| {
            // In the order of the tree, parents first; whiteouts wherever they fall.
            let mut parts: Vec<Vec<u8>> = upper
                .iter()
                .map(|(path, node)| match node {
                    Node::File(contents) => member(EntryType::Regular, path, "", contents),
                    _ => member(EntryType::Directory, path, "", b""),
                })
                .collect();
            let (mut gone, mut opaque) = (Vec::new(), Vec::new());
            for (path, is_opaque, at) in marks {
                let name = match path.split_last() {
                    Some((last, parents)) if !is_opaque => {
                        gone.push(path.join("/"));
                        [parents, &[&format!(".wh.{last}")]].concat().join("/")
                    }
                    _ => {
                        opaque.push(path.join("/"));
                        [&path[..], &[".wh..wh..opq"]].concat().join("/")
                    }
                };
                parts.insert(at.index(parts.len() + 1), mark(&name));
            }
            let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            for running in &running {
                let running = &mut *running.borrow_mut();
                make(running, &before);
                apply(running, &archive(&parts)).unwrap();
                assert_eq!(tree(running), model(&before, &upper, &gone, &opaque));
                running.api.remove(&mut running.store, "/in").unwrap();
            }
            Ok(())
        })
        .unwrap();
}

/// A layer of thousands of members and as many whiteouts costs as it is long.
#[test]
fn many_whiteouts_between_many_members() {
    let mut running =
        Running::of(&pack(tempfile::tempdir().unwrap().path(), Form::Isolated, Policy::default()));
    let mut took = Vec::new();
    for count in [2_000, 8_000] {
        let lines: Vec<String> = (0..count)
            .flat_map(|n| [format!("n{n}=1"), format!(".wh.n{n}"), format!(".wh.o{n}")])
            .collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let layer = layer(&lines);
        let begun = std::time::Instant::now();
        apply(&mut running, &layer).unwrap();
        took.push(begun.elapsed());
        assert_eq!(running.names("/in").len(), count);
        running.api.remove(&mut running.store, "/in").unwrap();
    }
    // Four times as much, and a logarithm.
    assert!(took[1] < took[0] * 10, "{took:?}");
}
