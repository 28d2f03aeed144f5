//! Baking: the adapter's core form runs once, here, on the manifest, and Wizer writes the
//! memory that results into the module. A packed program starts with its inode tables made.
//!
//! No import of the core form may be called while it is baked: each is a trap. So the outcome
//! depends on the core form and the manifest only, and baking twice gives the same bytes.

use crate::manifest::Manifest;
use crate::progress::{Progress, Stage};
use crate::tree::Tree;
use anyhow::{Context as _, Result, anyhow, bail};
use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::task::{self, Poll, Waker};
use wasm_vfs_core::Errno;
use wasmtime::{Config, Engine, Instance, Linker, Memory, Module, OptLevel, Store, TypedFunc, Val};
use wizer::{InstanceState, ModuleContext, SnapshotVal, ValType, Wizer};

/// The adapter's core form that belongs to this version of the tool.
pub const ADAPTER_CORE: &[u8] = include_bytes!("../assets/adapter.wasm");

/// How much of the manifest is handed over at a time. Records are never split, so one that is
/// longer (a symbolic link with a very long target) goes alone.
const CHUNK_BYTES: usize = 256 << 10;

/// A core form with a tree in it.
#[derive(Debug)]
pub struct Baked {
    /// The module, with its start state replaced.
    pub module: Vec<u8>,
    /// The manifest that was baked in.
    pub manifest: Vec<u8>,
}

/// A core form compiled and ready to be baked. Making one takes about as long as reading a
/// tree of thousands of files, and can be done at the same time.
pub struct Baker<'a> {
    wizer: Wizer,
    context: ModuleContext<'a>,
    module: Module,
}

impl fmt::Debug for Baker<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Baker").finish_non_exhaustive()
    }
}

impl<'a> Baker<'a> {
    /// Compiles a core form.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn new(core: &'a [u8]) -> Result<Self> {
        let wizer = Wizer::new();
        let (context, instrumented) = wizer
            .instrument(core)
            .map_err(anyhow::Error::from)
            .context("the adapter's core form cannot be baked")?;
        let mut config = Config::new();
        // The code runs once, for milliseconds: compiling it well would take longer.
        config.cranelift_opt_level(OptLevel::None);
        let module = Engine::new(&config)
            .and_then(|engine| Module::new(&engine, instrumented))
            .map_err(anyhow::Error::from)
            .context("the adapter does not compile")?;
        Ok(Self { wizer, context, module })
    }

    /// Bakes a tree into the core form.
    ///
    /// # Errors
    ///
    /// When the core form refuses an entry of the tree: the message names it.
    pub fn bake(&self, tree: &Tree, progress: &dyn Progress) -> Result<Baked> {
        let manifest = Manifest::of(tree)?;
        progress.begin(Stage::Baking, Some(manifest.len() as u64));
        let mut running = Running::start(&self.module, self.wizer.get_init_func())?;
        for (first, count, bytes) in manifest.chunks(CHUNK_BYTES) {
            running.add(bytes).map_err(|refusal| refusal.into_error(tree, first))?;
            progress.advance(count as u64);
        }
        running.seal()?;
        let module = ready(self.wizer.snapshot(&self.context, &mut running))?
            .map_err(anyhow::Error::from)
            .context("the baked adapter cannot be written")?;
        Ok(Baked { module, manifest: manifest.bytes })
    }
}

/// An instance of the core form, being baked.
struct Running {
    store: Store<()>,
    instance: Instance,
    memory: Memory,
    bake_buffer: TypedFunc<i32, i32>,
    bake_records: TypedFunc<i32, i32>,
    bake_failed_record: TypedFunc<(), i32>,
    seal: TypedFunc<(), ()>,
}

/// Why a chunk was not taken.
enum Refusal {
    /// The record of this number in the chunk, with the errno.
    Record(i32, i32),
    OutOfMemory,
    Trap(anyhow::Error),
}

impl Refusal {
    fn into_error(self, tree: &Tree, first: usize) -> anyhow::Error {
        match self {
            Self::Record(number, errno) => {
                let index = usize::try_from(number).ok().and_then(|n| n.checked_add(first));
                let path = match index {
                    Some(index) if index < tree.entries().len() => tree.display_path(index),
                    _ => format!("entry {number} after {first}"),
                };
                let errno = u16::try_from(errno).ok().and_then(Errno::from_number);
                let reason = errno.map_or("unknown error", Errno::message);
                anyhow!("cannot add {path} to the filesystem: {reason}")
            }
            Self::OutOfMemory => {
                let entries = tree.entries().len();
                anyhow!(
                    "the metadata of {entries} entries does not fit in the filesystem's memory; \
                     leave files out with --exclude"
                )
            }
            Self::Trap(error) => error.context("the adapter failed while the tree was baked"),
        }
    }
}

impl Running {
    fn start(module: &Module, seal: &str) -> Result<Self> {
        let engine = module.engine();
        let mut store = Store::new(engine, ());
        let mut linker = Linker::new(engine);
        linker.define_unknown_imports_as_traps(module)?;
        let instance = linker.instantiate(&mut store, module)?;
        if let Ok(initialize) = instance.get_typed_func::<(), ()>(&mut store, "_initialize") {
            initialize.call(&mut store, ())?;
        }
        let memory = instance.get_memory(&mut store, "memory");
        Ok(Self {
            memory: memory.context("the adapter exports no memory named `memory`")?,
            bake_buffer: instance.get_typed_func(&mut store, "bake_buffer")?,
            bake_records: instance.get_typed_func(&mut store, "bake_records")?,
            bake_failed_record: instance.get_typed_func(&mut store, "bake_failed_record")?,
            seal: instance.get_typed_func(&mut store, seal)?,
            instance,
            store,
        })
    }

    /// Hands over whole records.
    fn add(&mut self, records: &[u8]) -> std::result::Result<(), Refusal> {
        let trap = |error: wasmtime::Error| Refusal::Trap(error.into());
        let len = i32::try_from(records.len()).map_err(|_| Refusal::OutOfMemory)?;
        let address = self.bake_buffer.call(&mut self.store, len).map_err(trap)?;
        if address == 0 {
            return Err(Refusal::OutOfMemory);
        }
        // An address in a 32-bit memory: the sign has no meaning.
        let address = address.cast_unsigned() as usize;
        self.memory
            .write(&mut self.store, address, records)
            .map_err(|error| Refusal::Trap(error.into()))?;
        match self.bake_records.call(&mut self.store, len).map_err(trap)? {
            0 => Ok(()),
            errno => {
                let record = self.bake_failed_record.call(&mut self.store, ()).map_err(trap)?;
                Err(Refusal::Record(record, errno))
            }
        }
    }

    /// Ends baking: after this the adapter is as it will be when a packed program starts.
    fn seal(&mut self) -> Result<()> {
        let sealed = self.seal.call(&mut self.store, ()).map_err(anyhow::Error::from);
        sealed.context("the adapter failed at the end of baking")
    }
}

impl InstanceState for Running {
    async fn global_get(&mut self, name: &str, _: ValType) -> SnapshotVal {
        // Wizer asks only for what its own instrumentation exports, and refuses other types.
        let global = self.instance.get_global(&mut self.store, name);
        match global.map(|global| global.get(&mut self.store)) {
            Some(Val::I32(value)) => SnapshotVal::I32(value),
            Some(Val::I64(value)) => SnapshotVal::I64(value),
            Some(Val::F32(bits)) => SnapshotVal::F32(bits),
            Some(Val::F64(bits)) => SnapshotVal::F64(bits),
            Some(Val::V128(value)) => SnapshotVal::V128(value.as_u128()),
            other => unreachable!("wizer asked for the global `{name}`, which is {other:?}"),
        }
    }

    async fn memory_contents(&mut self, name: &str, contents: impl FnOnce(&[u8]) + Send) {
        let memory = self.instance.get_memory(&mut self.store, name).unwrap_or(self.memory);
        contents(memory.data(&self.store));
    }
}

/// The result of a future that never waits: [`Running`]'s answers are there at once.
fn ready<T>(future: impl Future<Output = T>) -> Result<T> {
    match pin!(future).poll(&mut task::Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Ok(value),
        Poll::Pending => bail!("wizer waited for something that is not there"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::progress::Silent;
    use crate::tree::tests::sample;

    const STAND_IN: &str = include_str!("../tests/cli/stand_in.wat");

    #[test]
    fn baking_twice_gives_the_same_bytes() {
        let core = wat::parse_str(STAND_IN).unwrap();
        let first = Baker::new(&core).unwrap().bake(&sample(), &Silent).unwrap();
        let second = Baker::new(&core).unwrap().bake(&sample(), &Silent).unwrap();
        assert_eq!(first.module, second.module);
        // The state that baking left is in the module now: the number of bytes taken.
        let count = u32::try_from(first.manifest.len()).unwrap().to_le_bytes();
        let mut data = Vec::new();
        for payload in wasmparser::Parser::new(0).parse_all(&first.module) {
            if let wasmparser::Payload::DataSection(segments) = payload.unwrap() {
                data.extend(segments.into_iter().map(|segment| segment.unwrap().data.to_vec()));
            }
        }
        let data = data.concat();
        assert!(count.starts_with(&data) && !data.is_empty(), "{data:?}");
    }

    #[test]
    fn a_refused_entry_is_named() {
        let refusing = STAND_IN
            .replace(
                "(global.set $records (i32.add (global.get $records) (local.get $len)))",
                "(return (i32.const 36))",
            )
            .replace(
                "(func (export \"bake_failed_record\") (result i32) (i32.const 0))",
                "(func (export \"bake_failed_record\") (result i32) (i32.const 3))",
            );
        let core = wat::parse_str(refusing).unwrap();
        let message = Baker::new(&core).unwrap().bake(&sample(), &Silent).unwrap_err().to_string();
        assert_eq!(message, "cannot add /a/b/f to the filesystem: File name too long");
    }

    #[test]
    fn a_core_form_that_calls_the_host_is_refused() {
        let calling = STAND_IN.replace(
            "(global.set $records (i32.add (global.get $records) (local.get $len)))",
            "(drop (call $host_fd_write (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0)))",
        );
        let core = wat::parse_str(calling).unwrap();
        let message =
            format!("{:#}", Baker::new(&core).unwrap().bake(&sample(), &Silent).unwrap_err());
        assert!(message.contains("adapter failed while the tree was baked"), "{message}");
        assert!(message.contains("fd_write"), "{message}");
    }
}
