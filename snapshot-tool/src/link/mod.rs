//! Joins a program with a rootfs module into one module.

pub(crate) mod custom_sections;
pub(crate) mod data_segments;
pub(crate) mod emit;
pub(crate) mod forms;
pub(crate) mod limits;
pub(crate) mod missing;
pub(crate) mod one_thread;
pub(crate) mod plan;
pub(crate) mod program;
pub(crate) mod program_code;
pub(crate) mod unlink;

use anyhow::{Context, Result, bail};
use wasmparser::{ExternalKind, Import, TypeRef, WasmFeatures};

use crate::adapter::initial_memory;
use crate::adapter::names::{HOST_API_BASE, HOST_API_PREFIX, WASI_HOST};
use crate::error::{ErrorKind, Marked as _, is_marked, mark};
use crate::format::grouped;
use crate::link::emit::Emitter;
use crate::link::forms::rules::FormRules;
use crate::link::plan::{Inputs, Plan};
use crate::packed::form::{Form, ModuleForm};
use crate::packed::program_part::{Entry, JoinedSegment, ProgramPart, ServedImport, SizeView};
use crate::packed::section::Section;
use crate::preview1::{PREVIEW1, ServedModule, UNSTABLE};
use crate::wasm::index::{DataIdx, FuncIdx, TypeIdx};
use crate::wasm::module::Module;
use crate::wasm::reach::Live;
use crate::wasm::verify;

pub use crate::adapter::lower::lower;
use crate::adapter::rootfs_module::RootfsModule;
pub use crate::packed::contents_source::{ContentsSource, FileRange};
pub use crate::packed::hollow::HollowModule;

/// What the host interface exports beside its functions: the memory, and the base of addresses.
const HOST_API_PLACES: usize = 2;

/// A linked module and what can be said about it.
#[derive(Debug)]
pub struct Linked {
    /// To be written with the contents.
    pub output: HollowModule,
    /// What the module says of itself, as it is written in it.
    pub section: Section,
    /// What happened.
    pub summary: Summary,
}

/// What linking did, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// The form of the result.
    pub form: Form,
    /// How many bytes the filesystem adds to the program: its code and initial memory, not the
    /// packed files (contents and manifest).
    pub added_bytes: i64,
    /// Bytes of the program's custom sections that were dropped; [`notes`](Self::notes) says why.
    pub dropped_bytes: u64,
    /// How many bytes were added by running a function of the program, if one ran.
    pub initialised_bytes: Option<i64>,
    /// How many functions of the filesystem are in the result.
    pub filesystem_functions: usize,
    /// The imports of the result, as (module, name).
    pub imports: Vec<(String, String)>,
    /// Which of these imports neither the filesystem nor a WASI host answers, as far as it is known
    /// whose they are: WASIX's, Emscripten's, and names that preview1 does not have.
    pub unanswered_imports: Vec<(String, String)>,
    /// What a person should know, one line each: sections dropped and why, imports that nobody
    /// answers.
    pub notes: Vec<String>,
}

/// Links `program` with the filesystem `rootfs`.
///
/// # Errors
///
/// When the program cannot be served; the message says why and what to do, in one line.
pub fn link(program: &[u8], rootfs: &RootfsModule, form: Form) -> Result<Linked> {
    link_with_reserve(program, rootfs, form, 0)
}

/// Links as [`link`] does, so that `reserve` data segments can be added to the result.
pub(crate) fn link_with_reserve(
    program: &[u8],
    rootfs: &RootfsModule,
    form: Form,
    reserve: u64,
) -> Result<Linked> {
    linked(program, rootfs, form, reserve).map_err(|error| match is_marked(&error) {
        true => error,
        // What stopped the linker may only be a consequence: nothing was said of the program before.
        false => valid(program).err().unwrap_or(error),
    })
}

/// Checks that a program is valid.
fn valid(program: &[u8]) -> Result<()> {
    verify::validate(program, WasmFeatures::all())
        .context("the program is not valid WebAssembly")
        .of_kind(ErrorKind::Damaged)
}

fn linked(bytes: &[u8], rootfs: &RootfsModule, form: Form, reserve: u64) -> Result<Linked> {
    let program = Module::parse(bytes)?;
    program::check(&program)?;
    let request = Request { program: &program, rootfs, form, reserve };
    if !one_thread::has_memory_of_threads(&program) {
        // Few programs have atomic instructions for a memory that is not shared. Their code is not
        // read once more to find these.
        let no_threads = WasmFeatures::all().difference(WasmFeatures::THREADS);
        if let Some(linked) = joined(&program, &request, no_threads)? {
            return Ok(linked);
        }
    }
    // What becomes of an invalid program might be valid.
    valid(bytes)?;
    let plain = one_thread::single_threaded(&program)?;
    let linked = joined(&Module::parse(&plain)?, &request, WasmFeatures::all())?;
    linked.context("the linked module needs more than all features")
}

/// What is to be linked.
struct Request<'a> {
    /// The program as it was given.
    program: &'a Module<'a>,
    rootfs: &'a RootfsModule,
    form: Form,
    reserve: u64,
}

/// Links the program, which may have been written anew; `None` if the result needs a feature that is
/// not `allowed`.
fn joined(
    program: &Module<'_>,
    request: &Request<'_>,
    allowed: WasmFeatures,
) -> Result<Option<Linked>> {
    let &Request { program: given, rootfs, form, reserve } = request;
    let user_memory = program::check(program)?;
    let adapter = Module::parse(rootfs.hollow()).context("the rootfs module")?;
    let served = plan::served(program, &adapter)?;
    let host_api = plan::host_api(program, &adapter)?;
    let roots: Vec<FuncIdx> = served
        .iter()
        .map(|it| it.adapter)
        .chain(host_api.iter().map(|&(_, function)| function))
        .collect();
    let mut live = Live::from_roots(&adapter, &roots, |_| false)?;
    if form == Form::Isolated
        && let Some(base) = adapter.exported(HOST_API_BASE, ExternalKind::Global)
    {
        live.globals[base as usize] = true;
    }
    let segments = initial_memory::segments(&adapter)?;
    let (mut segments, joined) = data_segments::make_room(program, segments, reserve)?;
    let rules = forms::rules(form, program, user_memory, &adapter, &live, &segments)?;
    if let Some(initial) = rules.initial() {
        segments.insert(0, initial);
    }
    let synthesised = rules.functions();
    let inputs = Inputs {
        program,
        adapter: &adapter,
        live: &live,
        served: &served,
        host_api: &host_api,
        user_memory,
        synthesised_functions: &synthesised,
        synthesised_globals: rules.globals().len(),
        program_segments: program.data_segments() as usize - joined.len(),
        kernel_segments: segments.len(),
    };
    let plan = Plan::new(&inputs)?;
    check_limits(program, &adapter, &plan, rules.as_ref())?;
    let section =
        linked_section(&rootfs.section, &inputs, &plan, rules.as_ref(), form, joined.clone())?;
    let emitter = Emitter {
        program,
        adapter: &adapter,
        plan: &plan,
        rules: rules.as_ref(),
        joined: &joined,
        segments: &segments,
        section,
        adapter_contents: rootfs.section.contents_segment,
    };
    let (output, section, features) = emitter.emit()?;
    if !allowed.contains(features) {
        return Ok(None);
    }
    let added = rules.export().map(|(name, _)| name);
    check(program, &adapter, &output, features, added).of_kind(ErrorKind::Internal)?;
    let summary = summarise(given, &plan, &output, &section, form)?;
    check_hermetic(&section, &summary.imports).of_kind(ErrorKind::Policy)?;
    Ok(Some(Linked { output, section, summary }))
}

/// Checks that engines take as much as the linked module has of everything. Bodies are checked when
/// they are written, data segments when room is made for them.
fn check_limits(
    program: &Module<'_>,
    adapter: &Module<'_>,
    plan: &Plan<'_>,
    rules: &dyn FormRules,
) -> Result<()> {
    let adds_memory = adapter.exported(HOST_API_BASE, ExternalKind::Global).is_some();
    let host_api = plan.host_api.len() + if adds_memory { HOST_API_PLACES } else { 0 };
    let functions =
        plan.imported_functions as usize + program.bodies.len() + plan.added_functions().count();
    let globals = (0..u32::try_from(adapter.globals.len())?)
        .filter(|&global| plan.adapter_globals.get(global).is_some())
        .count();
    for (limit, own, linked) in [
        (limits::TYPES, program.types.len(), program.types.len() + plan.types.len()),
        (limits::IMPORTS, program.imports.len(), plan.kept_imports.len() + plan.host_imports.len()),
        (limits::FUNCTIONS, program.function_types.len(), functions),
        (limits::MEMORIES, program.memories.len(), rules.memories().len()),
        (
            limits::GLOBALS,
            program.globals.len(),
            program.globals.len() + rules.globals().len() + globals,
        ),
        (limits::EXPORTS, program.exports.len(), program.exports.len() + host_api),
    ] {
        limit.check(own as u64, linked as u64)?;
    }
    Ok(())
}

/// What the linked module says about itself.
fn linked_section(
    rootfs: &Section,
    inputs: &Inputs<'_>,
    plan: &Plan<'_>,
    rules: &dyn FormRules,
    form: Form,
    joined: Vec<JoinedSegment>,
) -> Result<Section> {
    let program = inputs.program;
    let form_segments = usize::from(rules.passive_segment().is_some());
    let user_memory = plan.user_memory;
    let memory = program.memories[user_memory.index()];
    let places = plan.places();
    let count =
        |length: usize| u32::try_from(length).context("a program has fewer than 2^32 items");
    Ok(Section {
        form: ModuleForm::Linked(form),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        policy: rootfs.policy.clone(),
        contents_len: rootfs.contents_len,
        contents_segment: DataIdx::from_index(plan.passive_segment.index() + form_segments),
        preinit: None,
        preinit_changes: None,
        program: Some(ProgramPart {
            types: count(program.types.len())?,
            functions: count(program.bodies.len())?,
            globals: count(program.globals.len())?,
            memories: count(program.memories.len())?,
            data_segments: count(inputs.program_segments)?,
            imports: count(program.imports.len())?,
            exports: count(program.exports.len())?,
            user_memory,
            user_memory_min: memory.initial,
            user_memory_max: memory.maximum,
            first_function: FuncIdx(plan.imported_functions + count(plan.before.len())?),
            start: program.start.map(|start| plan.moved(start)).transpose()?,
            view: rules.view(&places).map(|view| SizeView { pages: view.pages, grow: view.grow }),
            entries: gated_exports(program, plan, rules)?,
            features: custom_sections::own_features(program),
            served: served_imports(inputs, plan)?,
            joined,
        }),
        manifest: rootfs.manifest.clone(),
    })
}

/// The program's exports that lead to something of the form first.
fn gated_exports(
    program: &Module<'_>,
    plan: &Plan<'_>,
    rules: &dyn FormRules,
) -> Result<Vec<Entry>> {
    let functions = (0..).zip(&program.exports).filter(|(_, it)| it.kind == ExternalKind::Func);
    let gated = functions.filter(|(_, it)| rules.gate(it.name).is_some());
    gated
        .map(|(export, it)| Ok(Entry { export, function: plan.moved(FuncIdx(it.index))? }))
        .collect()
}

/// The program's imports that are gone, to be put back when it is packed again.
fn served_imports(inputs: &Inputs<'_>, plan: &Plan<'_>) -> Result<Vec<ServedImport>> {
    let mut imports = Vec::new();
    let mut function = FuncIdx(0);
    for (position, import) in (0..).zip(&inputs.program.imports) {
        let (TypeRef::Func(ty) | TypeRef::FuncExact(ty)) = import.ty else { continue };
        if let Some(it) = inputs.served.iter().find(|it| it.program == function) {
            let module = ServedModule::named(import.module);
            let answers = inputs.adapter.function_types[it.adapter.index()];
            let answers = plan.adapter_types.get(answers.0);
            imports.push(ServedImport {
                position,
                module: module.context("an import is served that has no such module")?,
                name: import.name.to_owned(),
                ty: (answers != Some(ty)).then_some(TypeIdx(ty)),
                function: plan.moved(function)?,
            });
        }
        function.0 += 1;
    }
    Ok(imports)
}

/// What wasmparser says where a module is too large in some way.
const BEYOND_A_LIMIT: &str = "exceeds the limit";

/// Validates the result, and that it imports and exports nothing unexpected.
fn check(
    program: &Module<'_>,
    adapter: &Module<'_>,
    output: &HollowModule,
    features: WasmFeatures,
    added_export: Option<&str>,
) -> Result<()> {
    if let Err(error) = verify::validate(output.hollow(), features) {
        // Whose fault is it? Nothing was said of the program before, to do the work only once.
        valid(program.bytes)?;
        if error.to_string().contains(BEYOND_A_LIMIT) {
            // Of the module as a whole: what linking counts is checked before.
            let error =
                error.context("with its filesystem it is more than engines take of a module");
            return Err(mark(error, ErrorKind::Unservable));
        }
        let error = error.context("the linked module came out invalid: please report this");
        return Err(mark(error, ErrorKind::Internal));
    }
    let full_name = |import: &Import<'_>| format!("{}.{}", import.module, import.name);
    let theirs = program.imports.iter().map(|it| match it.module {
        UNSTABLE => format!("{PREVIEW1}.{}", it.name),
        _ => full_name(it),
    });
    let hosts = adapter.function_imports().map(|(_, it)| match it.module {
        WASI_HOST => format!("{PREVIEW1}.{}", it.name),
        _ => full_name(it),
    });
    let host_api = adapter.exports.iter().filter(|it| it.name.starts_with(HOST_API_PREFIX));
    let exports = program.exports.iter().chain(host_api).map(|export| export.name);
    let exports = exports.chain(added_export).map(str::to_owned);
    verify::check_surface(output.hollow(), &theirs.chain(hosts).collect(), &exports.collect())
}

/// Checks that a hermetic program has no imports.
fn check_hermetic(section: &Section, imports: &[(String, String)]) -> Result<()> {
    let hermetic = section.chosen().of_kind(ErrorKind::Damaged)?.hermetic;
    if let Some((module, name)) = imports.first().filter(|_| hermetic) {
        bail!(
            "it imports `{module}.{name}`, which wasm-vfs cannot serve, so it cannot be hermetic: pack it without \
             --hermetic, or build it without that import"
        );
    }
    Ok(())
}

fn summarise(
    program: &Module<'_>,
    plan: &Plan<'_>,
    output: &HollowModule,
    section: &Section,
    form: Form,
) -> Result<Summary> {
    let kept = plan.kept_imports.iter().map(|it| (it.module.to_owned(), it.name.to_owned()));
    let added = plan.host_imports.iter().map(|it| (it.module.to_owned(), it.name.to_owned()));
    let dropped_bytes = custom_sections::dropped_bytes(program);
    let mut notes = custom_sections::notes(program);
    notes.extend(note_of_joined(section));
    let unanswered_imports = missing::unanswered(&plan.kept_imports);
    notes.extend(missing::described(&unanswered_imports));
    let kept_bytes = program.bytes.len() as u64 - dropped_bytes;
    let files = section.contents_len + section.manifest.len() as u64;
    Ok(Summary {
        form,
        added_bytes: i64::try_from(output.len())? - i64::try_from(kept_bytes + files)?,
        dropped_bytes,
        initialised_bytes: None,
        filesystem_functions: plan.added_functions().count(),
        imports: kept.chain(added).collect(),
        unanswered_imports,
        notes,
    })
}

/// What to say of data segments that were joined.
fn note_of_joined(section: &Section) -> Option<String> {
    let joined = section.program.as_ref()?.joined.len();
    (joined > 0).then(|| {
        format!(
            "joined {joined} of its data segments with those before, for engines take {} of a module; packing again \
             takes them apart",
            grouped(limits::DATA_SEGMENTS.most)
        )
    })
}
