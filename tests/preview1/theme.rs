//! A theme and its runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::{Context, Result, anyhow, ensure};
use tempfile::TempDir;
use wasm_vfs::policy::values::Preopen;
use wasm_vfs::{Form, Packer, Policy, Program, TreeBuilder};
use wasm_vfs_tests::engine::{Engine, Invocation, Outcome};
use wasm_vfs_tests::engines::node::Node;
use wasm_vfs_tests::engines::wasmtime::Wasmtime;
use wasm_vfs_tests::matrix::{self, Weight, World};
use wasm_vfs_tests::{tools, trees};

/// What stands on the standard input of every run.
const INPUT: &[u8] = b"standard input\n";

/// The name of the preopen beside `/`, which is the directory of that name in it.
const SECOND_PREOPEN: &str = "second";

/// Engines that show a packed theme a directory of the host's, too.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shower {
    Wasmtime,
    Node,
}

/// Checks that a directory of the host's answers otherwise: the theme, the place it is told, their names. Numbers of descriptors, preopens and
/// rights are ours on a mount too, as everywhere in a packed program; what lies below an overlay is what the host tells.
const OTHERWISE: &[(&str, &str, &[&str])] = &[
    ("descriptors", "host", &["of three free, the", "the third"]),
    ("escapes", "packed", &["an absolute link in the tree", "its text"]),
    ("preopens", "host", &["the number that is given next", "a path through it"]),
    // The listing of a mounted directory is as it was when it began.
    ("readdir", "host", &["passes that it took are two"]),
    (
        "rights",
        "host",
        &[
            "what the preopen opens may not write",
            "for writing through the preopen",
            "cut through the preopen",
            "create through the preopen",
            "and through what it opens",
        ],
    ),
    ("stdio", "host", &["a file does not take its number"]),
    // Two mounts are two filesystems: `EXDEV`, and what follows from that.
    (
        "two_preopens",
        "host",
        &[
            "rename to the first",
            "it has come",
            "it has gone",
            "rename back",
            "rename within, by different ways",
            "rename onto itself, by different ways",
            "it is there",
            "link to the first",
            "two links",
            "link from the first",
            "three links",
            "link over what is there",
            "a directory over a full one",
            "a directory over an empty one",
            "with what is in it",
            "a file over a directory",
            "a directory over a file",
            "a directory into itself",
            "a file over a file",
            "its contents",
            "an absolute link of the tree, moved",
            "leads nowhere from there",
            "and serves",
            "its number is given next",
            "there it serves",
        ],
    ),
];

/// A theme.
pub(crate) struct Theme {
    name: &'static str,
    /// Its programs, packed by the first test that needs one. An error keeps its text only.
    packed: OnceLock<Result<Packed, String>>,
}

/// A program packed in both forms.
struct Packed {
    portable: PathBuf,
    isolated: PathBuf,
}

impl Theme {
    pub(crate) const fn new(name: &'static str) -> Self {
        Self { name, packed: OnceLock::new() }
    }

    /// The reference.
    pub(crate) fn on_host(&self) -> Result<()> {
        let Some(outcome) = on_host(self.name)? else { return Ok(()) };
        judge(self.name, &outcome).map(|_| ())
    }

    /// Packed, in this form, on every engine: the same checks, and none that fails.
    pub(crate) fn packed(&self, form: Form) -> Result<()> {
        let Some(reference) = checks_of(self.name)? else { return Ok(()) };
        let packed = self.packed_in(form)?.context("the program has just been there")?;
        let invocation = invocation(self.name, "packed");
        let mut failures = Vec::new();
        for spot in matrix::spots(Weight::Light).into_iter().filter(|spot| spot.form == form) {
            let run = |engine: &dyn Engine| engine.run(packed, &invocation);
            let same = |outcome: &Outcome| match judge(self.name, outcome) {
                Ok(checks) if checks == reference => Ok(()),
                Ok(checks) => Err(format!("not the checks of the host directory: {checks:#?}")),
                Err(error) => Err(format!("{error:#}")),
            };
            failures.extend(matrix::put_to(&spot, World::Preview1, self.name, run, same).err());
        }
        ensure!(failures.is_empty(), "{}", failures.join("\n"));
        Ok(())
    }

    /// Packed with an empty tree over a directory of the host's that has everything: as if that were baked.
    pub(crate) fn over_an_overlay(&self, engine: Shower) -> Result<()> {
        self.beside_the_host("overlay = ['/=/']\npreopen = ['/', 'second']", "packed", engine)
    }

    /// Packed with a directory of the host's in place of the tree: as on the host.
    pub(crate) fn on_a_mount(&self) -> Result<()> {
        let policy = "mount = ['/m=/', '/second=second']\npreopen = ['/=/m', 'second']";
        self.beside_the_host(policy, "host", Shower::Wasmtime)
    }

    /// Packed with no files of its own and a directory of the host's that has them, in the portable form.
    fn beside_the_host(&self, policy: &str, place: &str, engine: Shower) -> Result<()> {
        let Some(program) = program(self.name) else { return Ok(()) };
        let node = Node::find();
        if node.is_none() && matches!(engine, Shower::Node) {
            return Ok(());
        }
        let root = TempDir::new()?;
        trees::for_themes(root.path())?;
        trees::temporary_directory(root.path())?;
        // What is preopened has to be in the tree.
        let empty = TempDir::new()?;
        let mut tree = TreeBuilder::new().tmp(false);
        if place == "packed" {
            tree = tree.dir(empty.path(), format!("/{SECOND_PREOPEN}"));
        }
        let packer = Packer::new(tree).policy(Policy::from_toml(policy)?);
        let packed = root.path().with_extension("wasm");
        packer.pack(Program::file(program))?.write(&packed)?;
        let invocation = invocation(self.name, place).on_host(root.path());
        let ran = match (engine, node) {
            (Shower::Node, Some(node)) => node.run(&packed, &invocation),
            _ => Wasmtime.run(&packed, &invocation),
        };
        fs::remove_file(packed)?;
        let outcome = ran?;
        let printed = String::from_utf8_lossy(&outcome.stdout);
        let failed: Vec<&str> = printed
            .lines()
            .filter_map(|line| line.strip_prefix("FAILED ")?.split(": expected").next())
            .collect();
        let otherwise = OTHERWISE.iter().find(|row| (row.0, row.1) == (self.name, place));
        let otherwise = otherwise.filter(|_| matches!(engine, Shower::Wasmtime));
        let Some((_, _, expected)) = otherwise else {
            return judge(self.name, &outcome).map(|_| ());
        };
        ensure!(failed == *expected, "{}: {failed:?} failed, not {expected:?}", self.name);
        let ended = format!("{} failed", failed.len());
        ensure!(printed.trim_end().ends_with(&ended), "{}: it did not come to its end", self.name);
        Ok(())
    }

    /// The packed program. `None`: it was not built; that is noted.
    pub(crate) fn packed_in(&self, form: Form) -> Result<Option<&Path>> {
        let Some(program) = program(self.name) else { return Ok(None) };
        let packed = self
            .packed
            .get_or_init(|| pack(self.name, &program).map_err(|error| format!("{error:?}")))
            .as_ref()
            .map_err(|error| anyhow!("{error}"))?;
        Ok(Some(match form {
            Form::Portable => &packed.portable,
            Form::Isolated => &packed.isolated,
        }))
    }
}

/// The names of a theme's checks, as it makes them on a host directory. `None`: it was not built.
pub(crate) fn checks_of(name: &str) -> Result<Option<Vec<String>>> {
    let Some(outcome) = on_host(name)? else { return Ok(None) };
    let printed = String::from_utf8(outcome.stdout)?;
    Ok(Some(printed.lines().filter_map(check).collect()))
}

fn program(name: &str) -> Option<PathBuf> {
    tools::guest(&format!("preview1/{name}"))
}

/// How a program is started: `place` is `host` or `packed`.
pub(crate) fn invocation(name: &str, place: &str) -> Invocation {
    let mut invocation = Invocation::of(name).env("THEME", name);
    invocation.args.push(place.to_owned());
    invocation.stdin = INPUT.to_vec();
    invocation.host_preopens.push(SECOND_PREOPEN.to_owned());
    invocation
}

fn on_host(name: &str) -> Result<Option<Outcome>> {
    run_on_host(name, invocation(name, "host"))
}

/// Runs the unpacked program on a host directory. `None`: it was not built.
pub(crate) fn run_on_host(name: &str, invocation: Invocation) -> Result<Option<Outcome>> {
    let Some(program) = program(name) else { return Ok(None) };
    let root = TempDir::new()?;
    trees::for_themes(root.path())?;
    trees::temporary_directory(root.path())?;
    Ok(Some(Wasmtime.run(&program, &invocation.on_host(root.path()))?))
}

/// Packs a theme with the tree.
fn pack(name: &str, program: &Path) -> Result<Packed> {
    let root = TempDir::new()?;
    trees::for_themes(root.path())?;
    let mut policy = Policy::default();
    policy.preopen = vec![Preopen::root(), SECOND_PREOPEN.parse()?];
    let rootfs = Packer::new(TreeBuilder::new().dir(root.path(), "/")).policy(policy).bake()?;
    let program = fs::read(program)?;
    let directory = tools::target().join("preview1");
    fs::create_dir_all(&directory)?;
    let link = |form, path: String| {
        let path = directory.join(path);
        fs::write(&path, rootfs.link(Program::bytes("program", &program), form)?.to_vec()?)?;
        anyhow::Ok(path)
    };
    Ok(Packed {
        portable: link(Form::Portable, format!("{name}-portable.wasm"))?,
        isolated: link(Form::Isolated, format!("{name}-isolated.wasm"))?,
    })
}

/// Which check a line is of.
fn check(line: &str) -> Option<String> {
    let failed = || line.strip_prefix("FAILED ").and_then(|line| line.split(": expected").next());
    line.strip_prefix("ok ").or_else(failed).map(str::to_owned)
}

/// The names of the checks that a run made; an error if one failed or the program did not come to its end.
fn judge(name: &str, outcome: &Outcome) -> Result<Vec<String>> {
    let printed = String::from_utf8_lossy(&outcome.stdout);
    let checks: Vec<String> = printed.lines().filter_map(check).collect();
    let failed: Vec<&str> = printed.lines().filter(|line| line.starts_with("FAILED")).collect();
    let ended = format!("{} checks, 0 failed", checks.len());
    ensure!(
        outcome.status == Some(0) && printed.lines().next_back() == Some(&ended),
        "{name}: {} failed, exit status {:?}, the last line is {:?}\n{}\n{}",
        failed.len(),
        outcome.status,
        printed.lines().next_back(),
        failed.join("\n"),
        String::from_utf8_lossy(&outcome.stderr)
    );
    Ok(checks)
}
