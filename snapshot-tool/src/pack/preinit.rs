//! Runs a function of the program when it is packed ([`Preinit`]): an interpreter imports its
//! modules once, and each start goes on from there, open descriptors and written files included.
//!
//! The linked module runs under the embedded wasmtime with its tree; Wizer writes the memories and
//! globals that result into it. Of the embedder it gets what is the same everywhere, so that
//! packing twice gives the same bytes: no arguments but its name, an empty environment, a standard
//! input that has ended, a clock that starts in 2000 and steps by a millisecond, and random numbers
//! that repeat. What it prints is collected.
//!
//! Wizer cannot keep the state of tables, of references and of dropped segments, so a program with
//! instructions that change those is refused (`check`), whether it executes them or not.

use crate::error::{ErrorKind, Marked as _};
use crate::host_api::HostApi;
use crate::pack::report::Printed;
use crate::packed::contents_source::ContentsSource;
use crate::packed::hollow::HollowModule;
use crate::packed::section::{SECTION_NAME, Section};
use crate::policy::Policy;
use crate::policy::values::Trace;
use crate::wasm::index::FuncIdx;
use crate::wasm::module::Module;
use crate::wasm::remap::{Remap, explain};
use crate::wasm::snapshot::snapshot;
use crate::wasm::{names, verify};
use anyhow::{Context as _, Result, anyhow, bail, ensure};
use sha2::{Digest as _, Sha256};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;
use wasm_encoder::reencode::Reencode as _;
use wasm_encoder::{CustomSection, ExportSection, RawSection, Section as _};
use wasm_vfs_core::Errno;
use wasmparser::{Operator, Parser, Payload, TypeRef, ValType};
use wasmtime::{Config, Engine, Linker, Store};
use wasmtime_wasi::p1::{self, WasiP1Ctx};
use wasmtime_wasi::p2::pipe::{MemoryInputPipe, MemoryOutputPipe};
use wasmtime_wasi::{Deterministic, HostMonotonicClock, HostWallClock, I32Exit, WasiCtxBuilder};
use wizer::Wizer;

/// The function of the host interface that notes what the tree is like.
const SEAL: &str = "wasm_vfs_seal";
/// A reactor's own initialisation, which is called before the function that is chosen.
const INITIALIZE: &str = "_initialize";
/// A command's entry.
const START: &str = "_start";
/// The entry of a program that was written with `wizer.h`: `main` without the constructors, which
/// have run.
const RESUME: &str = "wizer.resume";

/// What the program's calls may take of the stack, and the thread that they run on: the same and
/// some for the embedder's functions.
const WASM_STACK_BYTES: usize = 16 << 20;
const THREAD_STACK_BYTES: usize = WASM_STACK_BYTES + (4 << 20);

/// The most that is collected of what the program prints.
const OUTPUT_LIMIT_BYTES: usize = 64 << 20;

/// What the clock starts from: the beginning of 2000, in seconds since 1970. So does the stepping
/// clock of a packed program.
const CLOCK_FROM_S: u64 = 946_684_800;
/// How much later each reading is.
const CLOCK_STEP_NS: u64 = 1_000_000;

/// How many data segments a snapshot adds at most: Wizer joins what would be more
/// (`MAX_DATA_SEGMENTS`), and leaves those that were there, empty.
pub(crate) const ADDED_SEGMENTS: u64 = 10_000;

/// Which function runs when the program is packed.
///
/// ```
/// use wasm_vfs::{Packer, Preinit, Program, TreeBuilder};
///
/// # let program = wat::parse_str(
/// #     r#"(module
/// #         (import "wasi_snapshot_preview1" "sched_yield" (func (result i32)))
/// #         (memory (export "memory") 1)
/// #         (func (export "init"))
/// #         (func (export "_start")))"#,
/// # )?;
/// let packer = Packer::new(TreeBuilder::new()).preinit(Preinit::new("init"));
/// let packed = packer.pack(Program::bytes("interpreter", program))?;
/// print!("{}", String::from_utf8_lossy(&packed.report().printed.stdout));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preinit {
    function: String,
    start: Option<String>,
}

impl Preinit {
    /// Runs the exported function of this name, which takes and gives nothing. It is no longer
    /// exported afterwards.
    #[must_use]
    pub fn new(function: impl Into<String>) -> Self {
        Self { function: function.into(), start: None }
    }

    /// Exports the function of this name as `_start`, in place of what is. Unless chosen that is
    /// `wizer.resume`, if the program exports it.
    #[must_use]
    pub fn start(mut self, function: impl Into<String>) -> Self {
        self.start = Some(function.into());
        self
    }

    /// The program, with what it is to start with exported as `_start`. That comes before linking,
    /// which puts its own work in front of a program's entries.
    ///
    /// # Errors
    ///
    /// When the program has no such function, or is damaged.
    pub(crate) fn with_start(&self, program: Vec<u8>) -> Result<Vec<u8>> {
        let module = Module::parse(&program)?;
        let exports = |name: &str| module.exported_function(name).is_some();
        let start = match &self.start {
            Some(start) => start.as_str(),
            None if exports(RESUME) => RESUME,
            None => return Ok(program),
        };
        ensure!(exports(start), "it exports no function `{start}` to start with");
        let mut renamed = ExportSection::new();
        for export in &module.exports {
            let name = match export.name {
                START if start != START => continue,
                name if name == start => START,
                name => name,
            };
            let kind = Remap::default().export_kind(export.kind).map_err(explain)?;
            renamed.export(name, kind, export.index);
        }
        replaced(&program, |payload, out| {
            let is_that = matches!(payload, Payload::ExportSection(_));
            if is_that {
                renamed.append_to(out);
            }
            is_that
        })
    }

    /// What the policy chooses that cannot be had together with this.
    ///
    /// # Errors
    ///
    /// When there is such a choice; the message names it.
    pub(crate) fn check_policy(&self, policy: &Policy) -> Result<()> {
        ensure!(
            policy.mount.is_empty() && policy.overlay.is_empty(),
            "--preinit cannot be had with --mount and --overlay: the directories of the host are looked for once, and not there \
             when the program is packed"
        );
        ensure!(
            policy.trace != Some(Trace::Env),
            "--preinit cannot be had with --trace=env: the environment is looked at once, and empty when the program is packed; \
             --trace works"
        );
        Ok(())
    }
}

/// What the program printed, for a message.
fn shown(printed: &Printed) -> String {
    let text = [&printed.stdout[..], &printed.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let text = text.trim();
    if text.is_empty() { "it printed nothing".to_owned() } else { format!("it printed: {text}") }
}

/// Runs a linked program's function. `section` is what the module says of itself, `contents` the
/// bytes of its files.
///
/// # Errors
///
/// When the program has no such function, cannot be kept, or the function does not return.
pub(crate) fn run(
    preinit: &Preinit,
    output: &HollowModule,
    section: &Section,
    contents: &(impl ContentsSource + ?Sized),
    name: &str,
) -> Result<(HollowModule, Printed)> {
    let linked = Module::parse(output.hollow())?;
    check(&linked)?;
    ensure!(
        linked.exported_function(&preinit.function).is_some(),
        "it exports no function `{}` to run: functions that are there are {}",
        preinit.function,
        exported_functions(&linked)
    );
    let mut wizer = Wizer::new();
    wizer.init_func(&preinit.function);
    let (context, instrumented) = wizer.instrument(output.hollow()).map_err(anyhow::Error::from)?;
    let instrumented = HollowModule::from_hollow(&instrumented, section.contents_len)?;
    let mut module = Vec::with_capacity(usize::try_from(instrumented.len())?);
    instrumented.write_to(contents, &mut module)?;
    drop(instrumented);
    let (hollow, changes, printed) = thread::scope(|scope| {
        let deep = thread::Builder::new().stack_size(THREAD_STACK_BYTES);
        let running = deep.spawn_scoped(scope, || -> Result<_> {
            let mut running = ProgramInstance::start(&module, name)?;
            running.call(&preinit.function)?;
            let changes = running.changes()?;
            running.seal()?;
            let printed = running.printed();
            let instance = running.instance;
            Ok((snapshot(&wizer, &context, &mut running.store, instance)?, changes, printed))
        })?;
        running.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })?;
    let section = Section {
        preinit: Some(preinit.function.clone()),
        preinit_changes: changes,
        ..section.clone()
    };
    let hollow = with_section(&hollow, &section)?;
    verify::validate(&hollow, verify::features_needed(output.hollow())?)
        .context("the pre-initialised module came out invalid: please report this")
        .of_kind(ErrorKind::Internal)?;
    Ok((HollowModule::from_hollow(&hollow, section.contents_len)?, printed))
}

fn exported_functions(module: &Module<'_>) -> String {
    let functions = module.exports.iter().filter(|it| it.kind == wasmparser::ExternalKind::Func);
    let names = functions.filter(|it| !it.name.starts_with(crate::adapter::names::HOST_API_PREFIX));
    names.map(|it| format!("`{}`", it.name)).collect::<Vec<_>>().join(", ")
}

/// Checks that a snapshot can hold all that running the program changes.
///
/// # Errors
///
/// When not; the message names the instruction and the function.
fn check(module: &Module<'_>) -> Result<()> {
    for import in &module.imports {
        let what = match import.ty {
            TypeRef::Global(_) => "global",
            TypeRef::Table(_) => "table",
            TypeRef::Tag(_) | TypeRef::Func(_) | TypeRef::FuncExact(_) | TypeRef::Memory(_) => {
                continue;
            }
        };
        bail!(
            "it imports the {what} `{}.{}`, which is not there when the program is packed: pack it without --preinit",
            import.module,
            import.name
        );
    }
    for (index, global) in module.globals.iter().enumerate() {
        ensure!(
            !(global.mutable && matches!(global.content_type, ValType::Ref(_))),
            "its global {index} holds a reference, which no snapshot keeps: pack it without --preinit"
        );
    }
    let names = names::function_names(module).unwrap_or_default();
    for (position, body) in module.bodies.iter().enumerate() {
        for operator in body.get_operators_reader()? {
            if let Some(instruction) = not_kept(&operator?) {
                let index = FuncIdx::from_index(module.imported_functions as usize + position);
                let name = names.get(&index).map(|name| format!(" (`{name}`)")).unwrap_or_default();
                bail!(
                    "its function {}{name} has a `{instruction}`, whose effect no snapshot keeps: build the program without \
                     it, or pack it without --preinit",
                    index.0
                );
            }
        }
    }
    Ok(())
}

/// The instruction's name, if it changes what Wizer cannot keep.
fn not_kept(operator: &Operator<'_>) -> Option<&'static str> {
    Some(match operator {
        Operator::TableCopy { .. } => "table.copy",
        Operator::TableInit { .. } => "table.init",
        Operator::TableSet { .. } => "table.set",
        Operator::TableGrow { .. } => "table.grow",
        Operator::TableFill { .. } => "table.fill",
        Operator::ElemDrop { .. } => "elem.drop",
        Operator::DataDrop { .. } => "data.drop",
        Operator::StructSet { .. } => "struct.set",
        Operator::ArraySet { .. } => "array.set",
        Operator::ArrayFill { .. } => "array.fill",
        Operator::ArrayCopy { .. } => "array.copy",
        Operator::ArrayInitData { .. } => "array.init_data",
        Operator::ArrayInitElem { .. } => "array.init_elem",
        _ => return None,
    })
}

/// The module with another `wasm-vfs` section.
fn with_section(module: &[u8], section: &Section) -> Result<Vec<u8>> {
    replaced(module, |payload, out| {
        let is_that = matches!(payload, Payload::CustomSection(it) if it.name() == SECTION_NAME);
        if is_that {
            let data = section.encode().into();
            CustomSection { name: SECTION_NAME.into(), data }.append_to(out);
        }
        is_that
    })
}

/// The module section by section, but for those that `replace` writes in their stead.
fn replaced(
    module: &[u8],
    mut replace: impl FnMut(&Payload<'_>, &mut Vec<u8>) -> bool,
) -> Result<Vec<u8>> {
    let mut out = wasm_encoder::Module::HEADER.to_vec();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        if !replace(&payload, &mut out)
            && let Some((id, range)) = payload.as_section()
        {
            RawSection { id, data: &module[range] }.append_to(&mut out);
        }
    }
    Ok(out)
}

/// The program while it is packed.
struct ProgramInstance {
    store: Store<WasiP1Ctx>,
    instance: wasmtime::Instance,
    stdout: MemoryOutputPipe,
    stderr: MemoryOutputPipe,
}

impl ProgramInstance {
    fn start(module: &[u8], name: &str) -> Result<Self> {
        let mut config = Config::new();
        config.wasm_exceptions(true).wasm_wide_arithmetic(true).max_wasm_stack(WASM_STACK_BYTES);
        config.async_stack_size(THREAD_STACK_BYTES);
        let engine = Engine::new(&config)?;
        let module = wasmtime::Module::new(&engine, module)?;
        let mut linker: Linker<WasiP1Ctx> = Linker::new(&engine);
        p1::add_to_linker_sync(&mut linker, |wasi| wasi)?;
        linker.define_unknown_imports_as_traps(&module)?;
        let stdout = MemoryOutputPipe::new(OUTPUT_LIMIT_BYTES);
        let stderr = MemoryOutputPipe::new(OUTPUT_LIMIT_BYTES);
        let mut wasi = WasiCtxBuilder::new();
        wasi.arg(name)
            .stdin(MemoryInputPipe::new(Vec::new()))
            .stdout(stdout.clone())
            .stderr(stderr.clone())
            .wall_clock(SteppingClock::default())
            .monotonic_clock(SteppingClock::default())
            .secure_random(Deterministic::new(vec![0]))
            .insecure_random(Deterministic::new(vec![0]))
            .insecure_random_seed(0)
            .allow_blocking_current_thread(true);
        let mut store = Store::new(&engine, wasi.build_p1());
        match linker.instantiate(&mut store, &module) {
            Ok(instance) => Ok(Self { store, instance, stdout, stderr }),
            Err(error) => Err(anyhow::Error::from(error).context("its start function failed")),
        }
    }

    /// The digest of what the program has changed in its tree; `None`: nothing, or the module cannot
    /// tell.
    fn changes(&mut self) -> Result<Option<[u8; 32]>> {
        let Ok(api) = HostApi::new(&mut self.store, &self.instance) else { return Ok(None) };
        match api.changes(&mut self.store) {
            Ok(changes) if changes.is_empty() => return Ok(None),
            // It ran out of memory: the layer is the whole tree.
            Err(error) if error.find() == Some(&Errno::EOVERFLOW) => {}
            changes => drop(changes?),
        }
        let mut layer = Sha256::new();
        let exported = api.export_layer(&mut self.store, &mut layer);
        let hasher = match exported {
            // A name as whiteouts have.
            Err(error) if error.find() == Some(&Errno::EINVAL) => {
                let mut archive = Sha256::new();
                api.export_tar(&mut self.store, "/", &mut archive)?;
                archive
            }
            exported => {
                exported?;
                layer
            }
        };
        api.clear_buffer(&mut self.store)?;
        Ok(Some(hasher.finalize().into()))
    }

    /// Makes the tree that the program starts with the one that its changes are told from, if the
    /// module can tell them.
    fn seal(&mut self) -> Result<()> {
        let Ok(seal) = self.instance.get_typed_func::<(), i32>(&mut self.store, SEAL) else {
            return Ok(());
        };
        match seal.call(&mut self.store, ()).map_err(anyhow::Error::from)? {
            0 => Ok(()),
            _ => bail!("there is no memory left for a copy of the files that it wrote"),
        }
    }

    /// Calls a reactor's initialisation, if it is one, and then the function.
    fn call(&mut self, function: &str) -> Result<()> {
        let initialize = self.instance.get_func(&mut self.store, INITIALIZE).is_some();
        if initialize && function != INITIALIZE {
            self.call_one(INITIALIZE)?;
        }
        self.call_one(function)
    }

    fn call_one(&mut self, function: &str) -> Result<()> {
        let typed = self.instance.get_typed_func::<(), ()>(&mut self.store, function);
        let typed = typed.map_err(|_| {
            anyhow!("its function `{function}` takes or gives something: --preinit wants one that does neither")
        })?;
        let ended = typed.call(&mut self.store, ());
        ended.map_err(|error| {
            let printed = shown(&self.printed());
            match error.downcast_ref::<I32Exit>() {
                Some(exit) => {
                    let status = exit.0;
                    anyhow!(
                        "its function `{function}` exited with status {status} while it was packed, and {printed}"
                    )
                }
                None => anyhow::Error::from(error)
                    .context(format!("its function `{function}` failed while it was packed, and {printed}")),
            }
        })
    }

    fn printed(&self) -> Printed {
        let (stdout, stderr) = (self.stdout.contents(), self.stderr.contents());
        Printed { stdout: stdout.to_vec(), stderr: stderr.to_vec() }
    }
}

/// A clock that is the same each time.
#[derive(Default)]
struct SteppingClock {
    readings: AtomicU64,
}

impl SteppingClock {
    fn passed_ns(&self) -> u64 {
        self.readings.fetch_add(1, Ordering::Relaxed) * CLOCK_STEP_NS
    }
}

impl HostWallClock for SteppingClock {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(CLOCK_STEP_NS)
    }

    fn now(&self) -> Duration {
        Duration::from_secs(CLOCK_FROM_S) + Duration::from_nanos(self.passed_ns())
    }
}

impl HostMonotonicClock for SteppingClock {
    fn resolution(&self) -> u64 {
        CLOCK_STEP_NS
    }

    fn now(&self) -> u64 {
        self.passed_ns()
    }
}
