//! Damaged modules, tried on what each command calls: every byte of small modules changed, each
//! module cut at every length, and trees as deep as no disk has them.
//!
//! Nothing may panic; an answer is a result, or an error that is not called ours. The fuzz targets
//! (`fuzz/`) try the same functions on more.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::io::{self, Cursor};
use std::sync::{Arc, LazyLock};
use std::thread;

use wasm_encoder::{NameMap, NameSection, Section as _};

use crate::adapter::lower::lower;
use crate::disk::new_entry::Existing;
use crate::error::{Error, ErrorKind};
use crate::gather::builder::TreeBuilder;
use crate::link::link;
use crate::pack::Packer;
use crate::pack::input::{Input, Program};
use crate::pack::rootfs::Rootfs;
use crate::packed::contents_source::ContentsSource as _;
use crate::packed::form::Form;
use crate::packed::packed_module::PackedModule;
use crate::policy::Policy;
use crate::progress::{Listener, Silent};
use crate::tree::manifest::Manifest;
use crate::tree::{EntryKind, FinalSymlink, Metadata, Tree, TreeEntry};

static CORE: LazyLock<Vec<u8>> =
    LazyLock::new(|| wat::parse_str(include_str!("../../tests/damaged/core.wat")).unwrap());
static PROGRAM: LazyLock<Vec<u8>> =
    LazyLock::new(|| wat::parse_str(include_str!("../../tests/damaged/program.wat")).unwrap());

/// A rootfs with this tree, whose files' ranges lie in `contents`.
fn rootfs(entries: Vec<TreeEntry>, contents: &[u8]) -> Rootfs {
    let tree = Tree::new(entries).unwrap();
    let manifest = Manifest::of(&tree).unwrap().bytes;
    let policy = Policy::from_toml("arg = ['x']\nno-env = true").unwrap();
    let module = lower(&CORE, contents.len() as u64, &manifest, &policy).unwrap();
    Rootfs::new(module, contents.to_vec(), tree.totals(), Listener::default())
}

fn entry(parent: usize, name: &str, kind: EntryKind) -> TreeEntry {
    let metadata = Metadata { mode: 0o755, uid: 1, gid: 300, mtime_sec: -7, mtime_nsec: 5 };
    TreeEntry { parent, name: name.into(), metadata, kind }
}

fn sample() -> Rootfs {
    let entries = vec![
        entry(0, "", EntryKind::Directory),
        entry(0, "a", EntryKind::Directory),
        entry(1, "b", EntryKind::File { offset: 2, len: 3 }),
        entry(1, "c", EntryKind::Symlink { target: "../a/b".into() }),
        entry(0, "d", EntryKind::HardLink { original: 2 }),
        entry(0, "e", EntryKind::CharDevice { major: 1, minor: 3 }),
        entry(0, "f", EntryKind::DescriptorDirectory),
        entry(0, "g", EntryKind::File { offset: 0, len: 5 }),
    ];
    rootfs(entries, b"01234")
}

/// The module that `image` writes of this.
fn image(rootfs: &Rootfs) -> Vec<u8> {
    let mut bytes = Vec::new();
    rootfs.module().module.write_to(&b"01234"[..], &mut bytes).unwrap();
    bytes
}

fn packed(rootfs: &Rootfs, form: Form) -> Vec<u8> {
    rootfs.link(Program::bytes("program", &*PROGRAM), form).unwrap().to_vec().unwrap()
}

/// Counts answers by what they are.
#[derive(Debug, Default)]
struct Answers(BTreeMap<String, usize>);

impl Answers {
    /// Notes an answer; the result, if it is one.
    fn note<T>(&mut self, command: &str, answer: Result<T, Error>) -> Option<T> {
        let (value, what) = match answer {
            Ok(value) => (Some(value), "result".to_owned()),
            Err(error) => {
                let text = format!("{error:#}");
                assert!(!text.is_empty() && !text.contains('\n'), "{command}: {text:?}");
                assert_ne!(error.kind(), ErrorKind::Internal, "{command}: {text}");
                (None, format!("{:?}", error.kind()))
            }
        };
        *self.0.entry(format!("{command}: {what}")).or_default() += 1;
        value
    }

    /// Tries every command. `extracts`: also the one that writes to the disk.
    fn try_all(&mut self, bytes: &[u8], form: Form, extracts: bool) {
        let read = PackedModule::from_reader(Cursor::new(bytes));
        if let Some(mut packed) = self.note("inspect", read) {
            self.note("inspect", packed.imports());
            self.note("inspect", packed.policy());
            for index in 0..packed.tree().entries().len() {
                let path = packed.tree().path(index);
                self.note("ls", packed.tree().lookup(&path, FinalSymlink::Follow));
                self.note("cat", packed.copy_contents(index, &mut io::sink()));
            }
            self.note("export", packed.export_tar(io::sink()));
            if extracts {
                let directory = tempfile::tempdir().unwrap();
                self.note("extract", packed.extract(directory.path().join("x"), Existing::Keep));
                assert_eq!(directory.path().read_dir().unwrap().count(), 1);
            }
        }
        let read = Rootfs::from_reader(Cursor::new(bytes.to_vec()));
        if let Some(rootfs) = self.note("link", read) {
            let linked = rootfs.link(Program::bytes("program", &*PROGRAM), form);
            self.note("link", linked.and_then(|packed| packed.to_vec()));
            self.note("link", rootfs.run_time_shims());
        }
        let again = repack(bytes, TreeBuilder::new().file("/a/new", "x"));
        self.note("pack", again.map_err(Error::from));
    }
}

/// Packs again what is packed: all of it but Wizer.
fn repack(bytes: &[u8], over: TreeBuilder) -> anyhow::Result<Tree> {
    use crate::error::Marked as _;
    let input = Input::read(&Program::bytes("packed", bytes))?;
    let (packer, _) = Packer::new(over).over(input.before);
    let gathered = packer.tree.gather(&Silent).of_kind(ErrorKind::Tree)?;
    let manifest = Manifest::of(&gathered.tree)?.bytes;
    let policy = packer.policy.settle().of_kind(ErrorKind::Policy)?.asked();
    let module = lower(&CORE, gathered.contents.len(), &manifest, &policy)?;
    let form = packer.form.unwrap_or_default();
    link(&input.program, &module, form).of_kind(ErrorKind::Unservable)?;
    let mut contents = Vec::new();
    gathered.contents.write_to(&mut contents).of_kind(ErrorKind::Tree)?;
    Ok(gathered.tree)
}

/// Tries a module with each byte changed in turn, and cut at each length.
fn damage(module: &[u8]) -> Answers {
    let mut answers = Answers::default();
    answers.try_all(module, Form::Portable, true);
    let name = b"wasm-vfs";
    let ours = module.windows(name.len()).position(|it| it == name).unwrap();
    for at in 0..module.len() {
        let form = if at % 2 == 0 { Form::Portable } else { Form::Isolated };
        let mut changed = module.to_vec();
        changed[at] ^= [0x01, 0x80, 0xff][at % 3];
        answers.try_all(&changed, form, at > ours);
        answers.try_all(&module[..at], form, false);
    }
    answers
}

#[test]
fn every_byte_of_every_kind_of_module() {
    let sample = sample();
    let modules =
        [image(&sample), packed(&sample, Form::Portable), packed(&sample, Form::Isolated)];
    thread::scope(|scope| {
        let running = modules.each_ref().map(|module| scope.spawn(|| damage(module)));
        for (number, answers) in running.into_iter().enumerate() {
            let Answers(counts) = answers.join().unwrap();
            // Damage was found, and what was sound went all the way.
            let of = |what: &str| counts.get(what).copied().unwrap_or_default();
            let damaged = of("inspect: Damaged");
            assert!(damaged > 100, "{number}: {counts:?}");
            let command = if number == 0 { "link" } else { "pack" };
            assert!(of(&format!("{command}: result")) > 0, "{number}: {counts:?}");
            assert!(of(&format!("{command}: Damaged")) > 100, "{number}: {counts:?}");
            for command in ["ls", "cat", "export", "extract"] {
                assert!(of(&format!("{command}: result")) > 0, "{number}: {counts:?}");
            }
        }
    });
}

#[test]
fn a_tree_of_any_depth_is_packed_again() {
    const DEPTH: usize = 20_000;
    // Where each level of a tree took a call, each would have some ten bytes of this.
    const STACK_BYTES: usize = 256 << 10;
    let work = || {
        let mut entries = vec![entry(0, "", EntryKind::Directory)];
        entries.extend((0..DEPTH).map(|parent| entry(parent, "a", EntryKind::Directory)));
        let deep = Arc::new(packed(&rootfs(entries, b""), Form::Portable));
        let tree = repack(&deep, TreeBuilder::new().file("/a/a/b", "over it")).unwrap();
        // The root, the levels, the file and `/tmp`.
        assert_eq!(tree.entries().len(), 1 + DEPTH + 2);
        assert_eq!(tree.path(DEPTH).len(), 2 * DEPTH);
        let packed = PackedModule::from_reader(Cursor::new(&*deep)).unwrap();
        assert_eq!(packed.tree().lookup(&tree.path(DEPTH), FinalSymlink::Keep).unwrap(), DEPTH);
    };
    thread::Builder::new().stack_size(STACK_BYTES).spawn(work).unwrap().join().unwrap();
}

/// The kind of the error of linking this with the sample.
fn refusal(program: Vec<u8>) -> ErrorKind {
    sample().link(Program::bytes("program", program), Form::Portable).unwrap_err().kind()
}

#[test]
fn claims_of_a_program_are_damage() {
    let program = || wat::parse_str(crate::doc::PROGRAM).unwrap();
    let mut segments = program();
    segments.extend([11, 5, 0xff, 0xff, 0xff, 0xff, 0x0f]);
    assert_eq!(refusal(segments), ErrorKind::Damaged, "2^32-1 data segments");
    let memory = [5, 3, 1, 0, 1];
    let mut pages = program();
    let at = pages.windows(memory.len()).position(|it| it == memory).unwrap();
    let mut most = vec![5, 12, 1, 0];
    most.extend([[0xff; 9].as_slice(), &[1]].concat());
    pages.splice(at..at + memory.len(), most);
    assert_eq!(refusal(pages), ErrorKind::Damaged, "2^64-1 pages");
}

#[test]
fn names_of_what_is_not_there_are_dropped() {
    let mut program = wat::parse_str(crate::doc::PROGRAM).unwrap();
    let (mut names, mut ghosts) = (NameSection::new(), NameMap::new());
    ghosts.append(9, "ghost");
    names.memories(&ghosts);
    names.globals(&ghosts);
    names.data(&ghosts);
    names.append_to(&mut program);
    let packed = sample().link(Program::bytes("program", program), Form::Portable).unwrap();
    assert!(!packed.to_vec().unwrap().windows(5).any(|it| it == b"ghost"));
}
