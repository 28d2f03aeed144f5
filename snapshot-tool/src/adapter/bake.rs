//! Baking: the adapter's core module runs once, here, on the manifest, and Wizer writes the
//! memory that results into the module. A packed program starts with its inode tables made.
//!
//! No import of the core module may be called while it is baked: each is a trap. So the outcome
//! depends on the core module and the manifest only, and baking twice gives the same bytes.

use crate::adapter::names::TRACE_END_CALL;
use crate::adapter::trace_table;
use crate::policy::Policy;
use crate::policy::settled::Settled;
use crate::policy::values::{Clock, HostCall, InheritEnv, Overlay, Preopen, Random, Stream, Trace};
use crate::progress::{Progress, Stage};
use crate::tree::Tree;
use crate::tree::manifest::Manifest;
use crate::wasm::snapshot::snapshot;
use anyhow::{Context as _, Result, anyhow, bail, ensure};
use std::fmt;
use std::sync::{Mutex, PoisonError};
use wasm_vfs_core::Errno;
use wasmtime::{
    Config, Engine, Instance, Linker, Memory, Module, OptLevel, RegallocAlgorithm, Store, Strategy,
    TypedFunc, Val,
};
use wizer::{ModuleContext, Wizer};

/// The adapter's core module that belongs to this version of the tool.
pub const ADAPTER_CORE: &[u8] = include_bytes!("../../assets/adapter.wasm");

/// The core module that does not know what changed: for programs without the host interface.
pub const ADAPTER_LEAN_CORE: &[u8] = include_bytes!("../../assets/adapter-lean.wasm");

/// The core module that knows directories of the WASI host: for programs with a mount or an
/// overlay.
pub const ADAPTER_MOUNTS_CORE: &[u8] = include_bytes!("../../assets/adapter-mounts.wasm");

/// The core module that serves Linux's calls: for programs that import `wasm_vfs` or `wali`.
pub const ADAPTER_CALLS_CORE: &[u8] = include_bytes!("../../assets/adapter-calls.wasm");

/// How much of the manifest is handed over at a time. Records are never split, so one that is
/// longer (a symbolic link with a very long target) goes alone.
const CHUNK_BYTES: usize = 256 << 10;

/// The user, group and umask that the core module has by itself.
const DEFAULT_IDENTITY: [u32; 3] = [0, 0, 0o022];

/// A core module with a tree in it.
#[derive(Debug)]
pub struct Baked {
    /// The module, with its start state replaced.
    pub module: Vec<u8>,
    /// The manifest that was baked in.
    pub manifest: Vec<u8>,
}

/// A core module compiled and ready to be baked. Making one takes about as long as reading a
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
    /// Compiles a core module, unless this process has done so before.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn new(core: &'a [u8]) -> Result<Self> {
        let wizer = Wizer::new();
        let (context, instrumented) = wizer
            .instrument(core)
            .map_err(anyhow::Error::from)
            .context("the adapter's core module cannot be baked")?;
        let module = compiled(instrumented)
            .map_err(anyhow::Error::from)
            .context("the adapter does not compile")?;
        Ok(Self { wizer, context, module })
    }

    /// Bakes a tree and what a policy chooses into the core module.
    ///
    /// # Errors
    ///
    /// When choices contradict each other, or the core module refuses one or an entry of the tree:
    /// the message names it.
    pub fn bake(&self, tree: &Tree, policy: &Policy, progress: &dyn Progress) -> Result<Baked> {
        let policy = policy.settle()?;
        let manifest = Manifest::of(tree)?;
        progress.begin(Stage::Baking, Some(manifest.len() as u64));
        let mut running = BakingInstance::start(&self.module, self.wizer.get_init_func())?;
        for (first, count, bytes) in manifest.chunks(CHUNK_BYTES) {
            running.add(bytes).map_err(|refusal| refusal.into_error(tree, first))?;
            progress.advance(count as u64);
        }
        running.choose(&policy)?;
        running.seal()?;
        let module = running.snapshot(&self.wizer, &self.context)?;
        Ok(Baked { module, manifest: manifest.bytes })
    }
}

/// The modules that this process has compiled, each with its bytes: whoever packs twice does so
/// with the same.
static COMPILED: Mutex<Vec<(Vec<u8>, Module)>> = Mutex::new(Vec::new());

/// How many are kept: as many as the tool has, and one of the caller's.
const MAX_COMPILED: usize = 5;

/// Where Winch, wasmtime's compiler of one pass, is complete.
const HAS_WINCH: bool = cfg!(target_arch = "x86_64");

/// The module of these bytes, compiled.
///
/// # Errors
///
/// When they are none.
fn compiled(bytes: Vec<u8>) -> wasmtime::Result<Module> {
    // Who comes meanwhile waits, for it wants the same.
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, module)) = compiled.iter().find(|(of, _)| *of == bytes) {
        return Ok(module.clone());
    }
    let module = if HAS_WINCH && let Ok(module) = compile(&bytes, Strategy::Winch) {
        module
    } else {
        compile(&bytes, Strategy::Cranelift)?
    };
    if compiled.len() == MAX_COMPILED {
        compiled.remove(0);
    }
    compiled.push((bytes, module.clone()));
    Ok(module)
}

/// Compiles a module in as little time as a compiler can: the code runs once, for milliseconds.
fn compile(bytes: &[u8], compiler: Strategy) -> wasmtime::Result<Module> {
    let mut config = Config::new();
    config.strategy(compiler);
    // Winch knows neither of these.
    if compiler == Strategy::Cranelift {
        config.cranelift_opt_level(OptLevel::None);
        config.cranelift_regalloc_algorithm(RegallocAlgorithm::SinglePass);
    }
    // What is kept holds no descriptor, which the process might close.
    config.memory_init_cow(false);
    Module::new(&Engine::new(&config)?, bytes)
}

/// An instance of the core module, being baked.
struct BakingInstance {
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

impl BakingInstance {
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
        if !self.fill_buffer(records, len).map_err(Refusal::Trap)? {
            return Err(Refusal::OutOfMemory);
        }
        match self.bake_records.call(&mut self.store, len).map_err(trap)? {
            0 => Ok(()),
            errno => {
                let record = self.bake_failed_record.call(&mut self.store, ()).map_err(trap)?;
                Err(Refusal::Record(record, errno))
            }
        }
    }

    /// Hands over what a settled policy chooses and the adapter would not do by itself.
    fn choose(&mut self, policy: &Settled) -> Result<()> {
        if policy.preopen.is_empty() {
            self.set("bake_preopen", "", &[length("")?, length("")?])?;
        } else if policy.preopen != [Preopen::root()] {
            for preopen in &policy.preopen {
                let path = preopen.path.to_string();
                let lengths = [length(&preopen.name)?, length(&path)?];
                let both = format!("{}{path}", preopen.name);
                self.set("bake_preopen", &both, &lengths).context("--preopen")?;
            }
        }
        if let InheritEnv::Only(names) = &policy.inherit_env {
            self.set("bake_inherit_only_named", "", &[])?;
            for name in names {
                self.set("bake_inherited_variable", name, &[length(name)?])?;
            }
        }
        for variable in &policy.env {
            let text = variable.to_string();
            self.set("bake_variable", &text, &[length(&text)?])?;
        }
        if policy.args_only {
            self.set("bake_no_host_arguments", "", &[])?;
        }
        for argument in &policy.arg {
            self.set("bake_argument", argument, &[length(argument)?])?;
        }
        for (fd, stream) in (0..).zip(policy.streams()) {
            let (choice, path) = match stream {
                Stream::Host => continue,
                Stream::Null => (1, ""),
                Stream::Deny => (2, ""),
                Stream::File(path) => (3, path.as_str()),
            };
            let arguments = [Val::I32(fd), Val::I32(choice), length(path)?];
            self.set("bake_stream", path, &arguments)?;
        }
        match policy.clock {
            Clock::Host => {}
            Clock::Fixed(time) => {
                self.set("bake_fixed_clock", "", &[Val::I64(time.cast_signed())])?;
            }
            Clock::Step(step) => {
                self.set("bake_stepping_clock", "", &[Val::I64(step.cast_signed())])?;
            }
        }
        if let Random::Seed(seed) = &policy.random {
            self.set("bake_seed", &seed.0, &[length(&seed.0)?])?;
        }
        if policy.poll == HostCall::Deny {
            self.set("bake_no_waiting", "", &[])?;
        }
        let overlays = policy.overlay.iter().map(|Overlay(point)| ("bake_overlay", point));
        let mounts = policy.mount.iter().map(|point| ("bake_mount", point));
        for (function, point) in mounts.chain(overlays) {
            let guest = point.guest.to_string();
            let lengths = [length(&guest)?, length(&point.preopen)?];
            let both = format!("{guest}{}", point.preopen);
            self.set(function, both, &lengths).with_context(|| format!("mounting at {guest}"))?;
        }
        if policy.verbose && !policy.has_no_mounts() {
            self.set("bake_verbose", "", &[])?;
        }
        if policy.trace != Trace::Off {
            let serves_linux = self.instance.get_func(&mut self.store, TRACE_END_CALL).is_some();
            let table = trace_table::table(policy.trace, serves_linux);
            self.set("bake_trace", &table, &[length(&table)?])?;
        }
        let ids = [policy.uid, policy.gid, policy.umask.0];
        if ids != DEFAULT_IDENTITY {
            self.set("bake_identity", "", &ids.map(|id| Val::I32(id.cast_signed())))?;
        }
        self.set("bake_open_all", "", &[]).context("what the program is to find open")?;
        self.limit(policy)?;
        if policy.read_only {
            self.set("bake_read_only", "", &[])?;
        }
        if !policy.strip_host_api {
            self.set("bake_host_api", "", &[])?;
        }
        Ok(())
    }

    /// Sets limits, after everything that the tree is to hold is in it.
    fn limit(&mut self, policy: &Settled) -> Result<()> {
        let Settled { max_bytes, max_inodes, max_fds, .. } = *policy;
        if max_bytes != 0 {
            let need = self.used("bake_used_bytes")?;
            ensure!(
                need <= max_bytes,
                "max-bytes is {max_bytes}, but the tree takes {need} bytes in pages of 4096: allow more, or leave files \
                 out with --exclude"
            );
        }
        if max_inodes != 0 {
            let need = self.used("bake_used_inodes")?;
            ensure!(
                need <= max_inodes.into(),
                "max-inodes is {max_inodes}, but the tree has {need} files and directories: allow more, or leave files \
                 out with --exclude"
            );
        }
        if max_bytes == 0 && max_inodes == 0 && max_fds == 0 {
            return Ok(());
        }
        let limits = [
            Val::I64(max_bytes.cast_signed()),
            Val::I32(max_inodes.cast_signed()),
            Val::I32(max_fds.cast_signed()),
        ];
        self.set("bake_limits", "", &limits)
    }

    /// Asks how much of something that can be limited is in use.
    fn used(&mut self, name: &str) -> Result<u64> {
        let function = self.instance.get_typed_func::<(), i64>(&mut self.store, name)?;
        Ok(function.call(&mut self.store, ())?.cast_unsigned())
    }

    /// Calls a baking export that chooses something, with bytes in the buffer.
    fn set(&mut self, name: &str, bytes: impl AsRef<[u8]>, arguments: &[Val]) -> Result<()> {
        let function = self.instance.get_func(&mut self.store, name);
        let function = function.with_context(|| {
            format!("this build of the adapter has no `{name}`: it belongs to an older wasm-vfs")
        })?;
        let bytes = bytes.as_ref();
        let room = self.fill_buffer(bytes, length_of(bytes)?)?;
        ensure!(room, "the filesystem's memory is full");
        let mut result = [Val::I32(0)];
        function.call(&mut self.store, arguments, &mut result)?;
        match result {
            [Val::I32(0)] => Ok(()),
            [Val::I32(errno)] => {
                let errno = u16::try_from(errno).ok().and_then(Errno::from_number);
                let reason = errno.map_or("unknown error", Errno::message);
                bail!("{reason}")
            }
            _ => bail!("`{name}` of the adapter answers no number"),
        }
    }

    /// Puts bytes, whose length is `len`, into the adapter's buffer; `false`: it has no room for
    /// them.
    fn fill_buffer(&mut self, bytes: &[u8], len: i32) -> Result<bool> {
        let address = self.bake_buffer.call(&mut self.store, len)?;
        if address == 0 {
            return Ok(false);
        }
        // An address in a 32-bit memory: the sign has no meaning.
        self.memory.write(&mut self.store, address.cast_unsigned() as usize, bytes)?;
        Ok(true)
    }

    /// The module with the state that baking left.
    fn snapshot(&mut self, wizer: &Wizer, context: &ModuleContext<'_>) -> Result<Vec<u8>> {
        snapshot(wizer, context, &mut self.store, self.instance)
            .context("the baked adapter cannot be written")
    }

    /// Ends baking: after this the adapter is as it will be when a packed program starts.
    fn seal(&mut self) -> Result<()> {
        let sealed = self.seal.call(&mut self.store, ()).map_err(anyhow::Error::from);
        sealed.context("the adapter failed at the end of baking")
    }
}

/// The length of a text, as an argument.
fn length(bytes: impl AsRef<[u8]>) -> Result<Val> {
    length_of(bytes.as_ref()).map(Val::I32)
}

/// A length as the adapter takes it.
fn length_of(bytes: &[u8]) -> Result<i32> {
    let len = bytes.len();
    i32::try_from(len).with_context(|| format!("{len} bytes are too many"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::progress::Silent;
    use crate::tree::tests::sample;

    const STAND_IN: &str = include_str!("../../tests/cli/stand_in.wat");

    #[test]
    fn baking_twice_gives_the_same_bytes() {
        let core = wat::parse_str(STAND_IN).unwrap();
        let first =
            Baker::new(&core).unwrap().bake(&sample(), &Policy::default(), &Silent).unwrap();
        let second =
            Baker::new(&core).unwrap().bake(&sample(), &Policy::default(), &Silent).unwrap();
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
        let message = Baker::new(&core)
            .unwrap()
            .bake(&sample(), &Policy::default(), &Silent)
            .unwrap_err()
            .to_string();
        assert_eq!(message, "cannot add /a/b/f to the filesystem: File name too long");
    }

    #[test]
    fn a_core_module_that_calls_the_host_is_refused() {
        let calling = STAND_IN.replace(
            "(global.set $records (i32.add (global.get $records) (local.get $len)))",
            "(drop (call $host_fd_write (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0)))",
        );
        let core = wat::parse_str(calling).unwrap();
        let message = format!(
            "{:#}",
            Baker::new(&core).unwrap().bake(&sample(), &Policy::default(), &Silent).unwrap_err()
        );
        assert!(message.contains("adapter failed while the tree was baked"), "{message}");
        assert!(message.contains("fd_write"), "{message}");
    }
}
