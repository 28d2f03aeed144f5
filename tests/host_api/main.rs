//! The host interface: what an embedder does to the tree of a packed program, through the library's [`wasm_vfs::embed::HostApi`] and
//! through the bare exports, in both forms.
//!
//! * `files`: single files, before the program starts and after it has ended in every way.
//! * `archives`: tar archives in and out, held against the `tar` crate.
//! * `attributes`: extended attributes in archives.
//! * `members`: what an import leaves of members that it refuses, and what it takes of headers.
//! * `layers`: layers that are applied to a tree, and `linux`, a program that makes any call.
//! * `states`: what differs from the packed tree, as a list and as a layer.
//! * `events`: what the embedder is told that calls did.
//! * `sparse`: archives of files with holes, held against GNU tar and Python.
//! * `memory`: what works when the program has used up all memory.
//! * `hostile`: addresses, lengths and archives that no host should give.
//! * `javascript`: the JavaScript package, under Node, Bun and Deno and in a browser.
//! * `javascript_link`: programs that the package links when they are started.
//! * `javascript_output`: what programs write under Node, Bun and Deno.
//! * `javascript_package`: what is in the package, its types, and its README.
//! * `umoci`: these layers, applied by umoci.
//! * `surface`: which exports there are, and what they cost.

#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test fails by panicking")]
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small numbers")]

mod archives;
mod attributes;
mod events;
mod files;
mod hostile;
mod javascript;
mod javascript_link;
mod javascript_output;
mod javascript_package;
mod layers;
mod linux;
mod members;
mod memory;
mod sparse;
mod states;
mod surface;
mod umoci;

use std::path::Path;
use std::sync::LazyLock;

use wasm_vfs::embed::HostApi;
use wasm_vfs::{Form, Packer, Policy, Program, TreeBuilder};
use wasm_vfs_tests::engines::wasmtime::compile_quickly;
use wasmtime::{Config, Engine, Instance, Linker, Module, Store, StoreLimits, StoreLimitsBuilder};
use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::p1::{self, WasiP1Ctx};

const FORMS: [Form; 2] = [Form::Portable, Form::Isolated];

/// The program that the tests pack.
const PROGRAM: &str = include_str!("program.wat");

static ENGINE: LazyLock<Engine> =
    LazyLock::new(|| Engine::new(compile_quickly(&mut Config::new())).unwrap());

/// Packs the program with a directory.
fn pack(directory: &Path, form: Form, policy: Policy) -> Vec<u8> {
    let tree = TreeBuilder::new().mapping(wasm_vfs::tree::DirMapping {
        host: directory.to_owned(),
        guest: wasm_vfs::tree::GuestPath::root(),
    });
    let packer = Packer::new(tree).form(form).policy(policy);
    packer
        .pack(Program::bytes("program", wat::parse_str(PROGRAM).unwrap()))
        .and_then(|packed| packed.to_vec())
        .unwrap()
}

/// What the program's host has.
struct Host {
    wasi: WasiP1Ctx,
    limits: StoreLimits,
}

/// A packed program, instantiated.
struct Running {
    store: Store<Host>,
    instance: Instance,
    api: HostApi,
}

impl Running {
    fn of(packed: &[u8]) -> Running {
        let module = Module::new(&ENGINE, packed).unwrap();
        let mut linker: Linker<Host> = Linker::new(&ENGINE);
        p1::add_to_linker_sync(&mut linker, |host| &mut host.wasi).unwrap();
        let wasi = WasiCtxBuilder::new().build_p1();
        let mut store = Store::new(&ENGINE, Host { wasi, limits: StoreLimits::default() });
        store.limiter(|host| &mut host.limits);
        let instance = linker.instantiate(&mut store, &module).unwrap();
        let api = HostApi::new(&mut store, &instance).unwrap();
        Running { store, instance, api }
    }

    /// One with an empty tree.
    fn new(form: Form) -> Running {
        Running::of(&pack(tempfile::tempdir().unwrap().path(), form, Policy::default()))
    }

    /// Lets no memory grow beyond so many bytes.
    fn limit_memory(&mut self, bytes: usize) {
        self.store.data_mut().limits = StoreLimitsBuilder::new().memory_size(bytes).build();
    }

    /// Calls an export of the program.
    fn call<P: wasmtime::WasmParams, R: wasmtime::WasmResults>(
        &mut self,
        name: &str,
        args: P,
    ) -> wasmtime::Result<R> {
        self.instance.get_typed_func::<P, R>(&mut self.store, name)?.call(&mut self.store, args)
    }

    fn put(&mut self, path: &str, contents: &[u8]) {
        let put = self.api.put(&mut self.store, path, 0o644, contents).unwrap();
        assert_eq!(put, contents.len() as u64);
    }

    fn read(&mut self, path: &str) -> Vec<u8> {
        self.api.read(&mut self.store, path).unwrap()
    }

    /// The names in a directory, sorted.
    fn names(&mut self, path: &str) -> Vec<String> {
        let entries = self.api.list(&mut self.store, path).unwrap();
        let mut names: Vec<String> = entries.into_iter().map(|entry| entry.name).collect();
        names.sort();
        names
    }
}

/// Bytes that are not all alike.
fn noise(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}
