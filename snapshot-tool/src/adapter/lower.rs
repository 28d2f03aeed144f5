//! Baked core module to rootfs module.
//!
//! What changes:
//! * each call of an intrinsic becomes the instruction it stands for (see `contract`);
//! * the memory becomes memory 1; memory 0 is the program's, imported as `app.memory`;
//! * the WASI host's functions are imported from `wasi_host` instead of `wasi_snapshot_preview1`,
//!   so that `wasm-merge` does not resolve them to the module's own exports;
//! * exports for baking, other than functions, and all that nothing else reaches are dropped;
//! * initial memory is written as few data segments, then the contents as a passive one;
//! * calls that never returned are noticed where the next one comes in (`entries`);
//! * where calls are traced or events told, functions are put around those that a program calls
//!   (`call_wrappers`);
//! * where the host interface is kept, the memory and a constant base of 0 are exported for it;
//! * the `wasm-vfs` section is added, and the `name` section rewritten.

use anyhow::{Context, Result};
use wasm_encoder::reencode::Reencode as _;
use wasm_encoder::{
    CodeSection, ConstExpr, CustomSection, DataCountSection, EntityType, ExportKind, ExportSection,
    Function, FunctionSection, GlobalSection, GlobalType, ImportSection, Instruction,
    InstructionSink, MemorySection, MemoryType, Module as Encoded, NameMap, NameSection,
    TypeSection, ValType,
};
use wasmparser::{ExternalKind, FunctionBody, Operator, WasmFeatures};

use crate::adapter::call_wrappers::CallWrappers;
use crate::adapter::contract::Intrinsic;
use crate::adapter::entries::{self, Entries, EntryPlaces};
use crate::adapter::initial_memory::{Segment, encode_active};
use crate::adapter::names::{
    APP, EVENTS, HOST_API_BASE, HOST_API_MEMORY, HOST_API_PREFIX, KERNEL_MEMORY, MEMORY,
    NAME_PREFIX, WASI_HOST,
};
use crate::adapter::rootfs_module::RootfsModule;
use crate::adapter::surface::Surface;
use crate::adapter::{contract, initial_memory};
use crate::packed::hollow::{HollowModule, check_contents_len};
use crate::packed::section::{SECTION_NAME, Section};
use crate::policy::Policy;
use crate::wasm::index::{DataIdx, FuncIdx, GlobalIdx};
use crate::wasm::module::Module;
use crate::wasm::reach::Live;
use crate::wasm::remap::{IndexMap, Remap, explain};
use crate::wasm::{features, names, verify};

/// Turns the baked core module into the rootfs module.
///
/// `manifest` is what was baked, `contents_len` how long the contents will be, `policy` what the
/// program is to see.
///
/// # Errors
///
/// When the core module breaks its contract, the contents are too long, or choices of the policy
/// contradict each other.
pub fn lower(
    baked_core: &[u8],
    contents_len: u64,
    manifest: &[u8],
    policy: &Policy,
) -> Result<RootfsModule> {
    check_contents_len(contents_len)?;
    let surface = Surface::of(&policy.settle()?);
    let core = Module::parse(baked_core).context("the adapter's core module")?;
    let intrinsics = contract::check(&core, &surface)?;
    let segments = initial_memory::segments(&core)?;
    let lowering =
        Lowering::plan(&core, intrinsics, &surface, DataIdx::from_index(segments.len()))?;
    let section =
        Section::for_rootfs(contents_len, lowering.contents, policy.to_toml()?, manifest.to_vec());
    let output = lowering.write(&segments, &section)?;
    let allowed = features::of_sections(&core)?
        | lowering.code_features()?
        | WasmFeatures::MULTI_MEMORY
        | WasmFeatures::BULK_MEMORY;
    verify::validate(output.hollow(), allowed).context("the rootfs module came out invalid")?;
    Ok(RootfsModule { module: output, section })
}

/// The exports that a rootfs module keeps.
fn kept_exports<'a>(core: &Module<'a>, surface: &Surface) -> Vec<(&'a str, FuncIdx)> {
    core.exports
        .iter()
        .filter(|export| export.kind == ExternalKind::Func)
        .filter(|export| !contract::is_baking_export(export.name))
        .filter_map(|export| Some((surface.binding(export.name)?, FuncIdx(export.index))))
        .collect()
}

/// Everything decided before the first byte is written.
struct Lowering<'a> {
    core: &'a Module<'a>,
    intrinsics: Vec<Option<Intrinsic>>,
    exports: Vec<(&'a str, FuncIdx)>,
    /// What is put around exported functions.
    wrappers: CallWrappers<'a>,
    /// What is put where calls come in and go out.
    entries: Entries<'a>,
    live: Live,
    remap: Remap,
    contents: DataIdx,
}

impl<'a> Lowering<'a> {
    fn plan(
        core: &'a Module<'a>,
        intrinsics: Vec<Option<Intrinsic>>,
        surface: &Surface,
        contents: DataIdx,
    ) -> Result<Self> {
        let exports = kept_exports(core, surface);
        let wrappers = CallWrappers::of(core, surface, &exports)?;
        let roots = exports.iter().map(|&(_, function)| function);
        let roots: Vec<FuncIdx> =
            roots.chain(wrappers.roots()).chain(entries::after_cut(core)).collect();
        let is_intrinsic =
            |function: FuncIdx| intrinsics.get(function.index()).is_some_and(Option::is_some);
        let live = Live::from_roots(core, &roots, is_intrinsic)?;
        let is_host = |function: FuncIdx| function.0 < core.imported_functions;
        let entries = Entries::of(core, &live, &exports, is_host)?;
        let remap = Remap {
            types: IndexMap::keep(&live.types, 0),
            functions: IndexMap::keep(&live.functions, 0),
            globals: IndexMap::keep(&live.globals, 0),
            memories: IndexMap::Table(vec![Some(KERNEL_MEMORY.0)]),
            ..Remap::default()
        };
        Ok(Self { core, intrinsics, exports, wrappers, entries, live, remap, contents })
    }

    fn write(&self, segments: &[Segment], section: &Section) -> Result<HollowModule> {
        let mut module = Encoded::new();
        module.section(&self.types()?);
        module.section(&self.imports()?);
        module.section(&self.functions()?);
        module.section(&self.memory());
        module.section(&self.globals()?);
        module.section(&self.exports()?);
        module.section(&DataCountSection { count: self.contents.0 + 1 });
        module.section(&self.code()?);
        let payload = section.encode();
        module.section(&CustomSection { name: SECTION_NAME.into(), data: payload.into() });
        let data = data_payload(segments, self.contents);
        let mut tail = Vec::new();
        wasm_encoder::Section::append_to(&self.names()?, &mut tail);
        HollowModule::assemble(module.finish(), &[&data], &[], &tail, section.contents_len)
    }

    fn types(&self) -> Result<TypeSection> {
        let mut types = TypeSection::new();
        for (ty, &live) in self.core.types.iter().zip(&self.live.types) {
            if live {
                let encoded = self.remap.clone().sub_type(ty.clone()).map_err(explain)?;
                types.ty().subtype(&encoded);
            }
        }
        if self.entries.functions() > 0 {
            for (_, params, results) in entries::COMMON {
                types.ty().function(params.iter().copied(), results.iter().copied());
            }
        }
        Ok(types)
    }

    fn imports(&self) -> Result<ImportSection> {
        let mut imports = ImportSection::new();
        // As small as can be: `wasm-merge` wants a program's memory to be at least this large.
        let app = MemoryType {
            minimum: 0,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        };
        imports.import(APP, MEMORY, EntityType::Memory(app));
        for (function, import) in self.core.function_imports() {
            if self.live.functions[function.index()] {
                let module = if import.module == EVENTS { EVENTS } else { WASI_HOST };
                imports.import(module, import.name, EntityType::Function(self.ty(function)?));
            }
        }
        Ok(imports)
    }

    fn functions(&self) -> Result<FunctionSection> {
        let mut functions = FunctionSection::new();
        for function in self.defined_functions() {
            functions.function(self.ty(function)?);
        }
        for wrapped in &self.wrappers.wrapped {
            functions.function(self.ty(wrapped.function)?);
        }
        if self.entries.functions() > 0 {
            let live = self.live.types.iter().filter(|&&live| live).count();
            for position in 0..entries::COMMON.len() {
                functions.function(u32::try_from(live + position)?);
            }
        }
        for entry in &self.entries.around {
            functions.function(self.ty(entry.function)?);
        }
        for &host in &self.entries.host {
            functions.function(self.ty(host)?);
        }
        Ok(functions)
    }

    fn memory(&self) -> MemorySection {
        let mut memories = MemorySection::new();
        memories.memory(self.core.memories[0].into());
        memories
    }

    /// Whether the host interface is kept.
    fn has_host_api(&self) -> bool {
        self.exports.iter().any(|(name, _)| name.starts_with(HOST_API_PREFIX))
    }

    fn globals(&self) -> Result<GlobalSection> {
        let mut globals = GlobalSection::new();
        for (index, global) in self.core.defined_globals()? {
            if self.live.globals[index.index()] {
                self.remap.clone().parse_global(&mut globals, global).map_err(explain)?;
            }
        }
        // In this module addresses are what they are.
        let ty = GlobalType { val_type: ValType::I32, mutable: false, shared: false };
        globals.global(ty, &ConstExpr::i32_const(0));
        self.entries.globals(&mut globals);
        Ok(globals)
    }

    /// The constant global that says where this module's memory begins. It follows those of the
    /// core module.
    fn base(&self) -> GlobalIdx {
        GlobalIdx::from_index(self.live.globals.iter().filter(|&&live| live).count())
    }

    /// Where what [`Entries`] adds comes to lie.
    fn entry_places(&self) -> Result<EntryPlaces> {
        let pointer = self.entries.pointer().and_then(|it| self.remap.globals.get(it.0));
        let wrapped = u32::try_from(self.wrappers.wrapped.len())?;
        Ok(EntryPlaces {
            // Without a stack nothing refers to it.
            pointer: GlobalIdx(pointer.unwrap_or_default()),
            first_global: GlobalIdx(self.base().0 + 1),
            first_function: FuncIdx(self.first_added()? + wrapped),
        })
    }

    fn exports(&self) -> Result<ExportSection> {
        let mut exports = ExportSection::new();
        for &(name, function) in &self.exports {
            let index = match (self.wrappers.position(name), self.entries.around(name)) {
                (Some(position), _) => self.first_added()? + position,
                (None, Some(position)) => self.entry(position)?,
                (None, None) => self.remap.functions.get(function.0).context("it was dropped")?,
            };
            exports.export(name, ExportKind::Func, index);
        }
        if self.has_host_api() {
            exports.export(HOST_API_MEMORY, ExportKind::Memory, KERNEL_MEMORY.0);
            exports.export(HOST_API_BASE, ExportKind::Global, self.base().0);
        }
        Ok(exports)
    }

    fn code(&self) -> Result<CodeSection> {
        let mut code = CodeSection::new();
        for function in self.defined_functions() {
            if let Some(body) = self.core.body(function) {
                let body = self
                    .body(function, body)
                    .with_context(|| format!("lowering function {}", function.0))?;
                code.function(&body);
            }
        }
        let places = self.entry_places()?;
        for wrapped in &self.wrappers.wrapped {
            let front = |code: &mut InstructionSink<'_>| {
                self.entries.front(wrapped.function, places, code);
            };
            code.function(&self.wrappers.body(self.core, *wrapped, &self.remap, front)?);
        }
        let place = |function: FuncIdx| {
            self.remap.functions.get(function.0).context("a function that is called was dropped")
        };
        for body in self.entries.bodies(self.core, places, place)? {
            code.function(&body);
        }
        Ok(code)
    }

    /// The index of a function that [`Entries`] adds.
    fn entry(&self, position: usize) -> Result<u32> {
        Ok(self.entry_places()?.first_function.0 + u32::try_from(position)?)
    }

    /// Whether calls come into this function of the core module directly: it is exported, and
    /// nothing is put around it.
    fn is_front(&self, function: FuncIdx) -> bool {
        self.exports.iter().any(|&(name, exported)| {
            exported == function
                && self.wrappers.position(name).is_none()
                && self.entries.around(name).is_none()
        })
    }

    fn body(&self, function: FuncIdx, body: &FunctionBody<'a>) -> Result<Function> {
        let mut remap = self.remap.clone();
        let mut locals = Vec::new();
        let mut next_local = self.core.function_type(function)?.params().len();
        for group in body.get_locals_reader()? {
            let (count, ty) = group?;
            locals.push((count, remap.val_type(ty).map_err(explain)?));
            next_local += count as usize;
        }
        let spare = u32::try_from(next_local)?;
        let mut instructions = Vec::new();
        for operator in body.get_operators_reader()? {
            let operator = operator?;
            if let Some((intrinsic, tail)) = self.intrinsic(&operator) {
                intrinsic.emit(self.contents, self.base(), spare, &mut instructions);
                if tail {
                    instructions.push(Instruction::Return);
                }
                continue;
            }
            instructions.push(match (callee(&operator), remap.instruction(operator)) {
                (Some(callee), Ok(call)) => match (self.entries.host(callee), call) {
                    (Some(position), Instruction::Call(_)) => {
                        Instruction::Call(self.entry(position)?)
                    }
                    (Some(position), _) => Instruction::ReturnCall(self.entry(position)?),
                    (None, call) => call,
                },
                (_, instruction) => instruction.map_err(explain)?,
            });
        }
        if instructions.iter().any(|it| matches!(it, Instruction::LocalSet(at) if *at == spare)) {
            locals.push((1, ValType::I32));
        }
        let mut encoded = Function::new(locals);
        if self.is_front(function) {
            self.entries.front(function, self.entry_places()?, &mut encoded.instructions());
        }
        for instruction in &instructions {
            encoded.instruction(instruction);
        }
        Ok(encoded)
    }

    /// The intrinsic that an operator calls, and whether it is a tail call.
    fn intrinsic(&self, operator: &Operator<'_>) -> Option<(Intrinsic, bool)> {
        let function = callee(operator)?;
        let intrinsic = self.intrinsics.get(function.index()).copied().flatten()?;
        Some((intrinsic, matches!(operator, Operator::ReturnCall { .. })))
    }

    /// Function names of the core module, and for exports their own.
    fn names(&self) -> Result<NameSection> {
        let mut by_index = names::function_names(self.core)?;
        for &(name, function) in &self.exports {
            by_index.insert(function, name);
        }
        let mut functions = NameMap::new();
        for (function, name) in by_index {
            if let Some(index) = self.remap.functions.get(function.0) {
                let imported = function.0 < self.core.imported_functions;
                let prefix = if imported { "" } else { NAME_PREFIX };
                functions.append(index, &format!("{prefix}{name}"));
            }
        }
        for (position, wrapped) in (0..).zip(&self.wrappers.wrapped) {
            let name = format!("{NAME_PREFIX}around_{}", wrapped.name);
            functions.append(self.first_added()? + position, &name);
        }
        if self.entries.functions() > 0 {
            let added = entries::COMMON.iter().map(|(name, ..)| (*name).to_owned());
            let around = self.entries.around.iter().map(|it| format!("enter_{}", it.name));
            let host = self.entries.host.iter();
            let host = host.map(|it| format!("call_host_{}", self.core.imports[it.index()].name));
            for (position, name) in added.chain(around).chain(host).enumerate() {
                functions.append(self.entry(position)?, &format!("{NAME_PREFIX}{name}"));
            }
        }
        let mut names = NameSection::new();
        names.functions(&functions);
        Ok(names)
    }

    /// The index of the first function that lowering adds: those of the core module come first.
    fn first_added(&self) -> Result<u32> {
        Ok(u32::try_from(self.live.function_indices().count())?)
    }

    fn code_features(&self) -> Result<WasmFeatures> {
        let bodies = self.defined_functions().filter_map(|function| self.core.body(function));
        features::of_bodies(bodies)
    }

    fn defined_functions(&self) -> impl Iterator<Item = FuncIdx> {
        let imported = self.core.imported_functions;
        self.live.function_indices().filter(move |function| function.0 >= imported)
    }

    /// The new index of a function's type.
    fn ty(&self, function: FuncIdx) -> Result<u32> {
        let ty = self.core.function_types[function.index()];
        self.remap.types.get(ty.0).context("its type was dropped")
    }
}

/// The function that an operator calls by its index.
fn callee(operator: &Operator<'_>) -> Option<FuncIdx> {
    match *operator {
        Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
            Some(FuncIdx(function_index))
        }
        _ => None,
    }
}

/// The data section's payload up to the contents segment.
fn data_payload(segments: &[Segment], contents: DataIdx) -> Vec<u8> {
    use wasm_encoder::Encode as _;
    let mut payload = Vec::new();
    (contents.0 + 1).encode(&mut payload);
    for segment in segments {
        encode_active(segment, KERNEL_MEMORY.0, segment.offset, &mut payload);
    }
    payload
}
