//! The linker: what it writes, and how that behaves.
//!
//! * `golden`: each directory beside this file is a case: `program.wat` and `kernel.wat` (the
//!   core module; the one in this directory unless the case has its own) give `adapter.wat`,
//!   `portable.wat` and `isolated.wat`, or `error.txt`. `BLESS=1` writes them anew.
//! * `features`: programs of every proposal, and large ones.
//! * `limits`: programs at the limits that engines share.
//! * `memory`: programs that grow while the filesystem holds state, in both forms.
//! * `one_thread`: programs with shared or imported memories, and with atomic instructions.
//! * `rebinding`: every way of referring to an imported function.
//! * `relocation`: every instruction that accesses memory, in a filesystem that moves.
//! * `repacking`: the program of each case, packed, taken out and packed again.
//! * `refusals`: programs and core modules that cannot be linked.
//! * `self_test`: engines that mix up memories.
//! * `size`: what a filesystem adds to a program.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test fails by panicking")]
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small numbers")]

mod features;
mod golden;
mod limits;
mod memory;
mod one_thread;
mod rebinding;
mod refusals;
mod relocation;
mod repacking;
mod self_test;
mod size;

use wasm_vfs::internals::lower::lower;
use wasm_vfs::link::{Linked, link};
use wasm_vfs::{Form, Policy};
use wasmtime::{Config, Engine, Instance, Linker, Module, OptLevel, Store};

/// Both forms.
const FORMS: [Form; 2] = [Form::Portable, Form::Isolated];

/// What the contents hold in these tests.
const CONTENTS: &[u8] = b"the bytes";

/// The manifest is opaque to the linker.
const MANIFEST: &[u8] = b"manifest";

/// Parses a module in the text format.
fn wasm(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}"))
}

/// Links the program with the kernel, both in the text format.
fn link_text(program: &str, kernel: &str, form: Form) -> anyhow::Result<Linked> {
    link_bytes(&wasm(program), kernel, form)
}

/// Links a program with a kernel in the text format.
fn link_bytes(program: &[u8], kernel: &str, form: Form) -> anyhow::Result<Linked> {
    let lowered = lower(&wasm(kernel), CONTENTS.len() as u64, MANIFEST, &Policy::default())?;
    link(program, &lowered, form)
}

/// The bytes of a linked module with [`CONTENTS`] as its contents.
fn bytes_of(linked: &Linked) -> Vec<u8> {
    let mut bytes = Vec::new();
    linked.output.write_to(&CONTENTS.to_vec(), &mut bytes).unwrap();
    assert_eq!(bytes.len() as u64, linked.output.len());
    assert_eq!(bytes[linked.output.contents_range().start as usize..][..CONTENTS.len()], *CONTENTS);
    bytes
}

/// A linked program, running.
struct Running<T: 'static = ()> {
    store: Store<T>,
    instance: Instance,
}

impl<T> Running<T> {
    /// Instantiates `linked` with the host functions of `linker`.
    fn start(linked: &Linked, data: T, define: impl FnOnce(&mut Linker<T>)) -> Self {
        let mut config = Config::new();
        config.cranelift_opt_level(OptLevel::None);
        let engine = Engine::new(&config).unwrap();
        let module = Module::new(&engine, bytes_of(linked)).unwrap();
        let mut linker = Linker::new(&engine);
        define(&mut linker);
        let mut store = Store::new(&engine, data);
        let instance = linker.instantiate(&mut store, &module).unwrap();
        Self { store, instance }
    }

    /// Calls an exported function.
    fn call<P: wasmtime::WasmParams, R: wasmtime::WasmResults>(
        &mut self,
        name: &str,
        args: P,
    ) -> R {
        let function = self.instance.get_typed_func::<P, R>(&mut self.store, name).unwrap();
        function.call(&mut self.store, args).unwrap()
    }

    /// The bytes of the memory exported as `memory`.
    fn memory(&mut self) -> &[u8] {
        let memory = self.instance.get_memory(&mut self.store, "memory").unwrap();
        memory.data(&self.store)
    }
}

impl Running {
    /// Instantiates `linked`, which needs nothing of the host.
    fn alone(linked: &Linked) -> Self {
        Self::start(linked, (), |_| {})
    }
}
