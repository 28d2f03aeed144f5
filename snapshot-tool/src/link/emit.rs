//! Writes a linked module as its [`Plan`] says.
//!
//! Sections of the program that linking does not change are copied as bytes (types, tags, data);
//! those that hold function indices are re-encoded; code is rewritten by
//! [`program_code`](crate::link::program_code).

use std::borrow::Cow;

use anyhow::{Context, Result, anyhow};
use wasm_encoder::reencode::Reencode as _;
use wasm_encoder::{
    CodeSection, ConstExpr, CustomSection, DataCountSection, Encode as _, EntityType, ExportKind,
    ExportSection, FunctionSection, GlobalSection, GlobalType, ImportSection, MemorySection,
    RawSection, Section as _, SectionId, StartSection, TypeSection, ValType,
};
use wasmparser::{ExternalKind, WasmFeatures};

use crate::adapter::initial_memory::{Segment, encode_active, encode_passive};
use crate::adapter::names::{
    HOST_API_BASE, HOST_API_MEMORY, KERNEL_MEMORY, NAME_PREFIX, USER_MEMORY,
};
use crate::link::custom_sections::Leading;
use crate::link::forms::rules::FormRules;
use crate::link::plan::{AddedFunction, HostImport, Plan};
use crate::link::program_code::{Direction, ProgramCode};
use crate::link::{custom_sections, data_segments};
use crate::packed::hollow::HollowModule;
use crate::packed::program_part::JoinedSegment;
use crate::packed::section::{SECTION_NAME, Section};
use crate::wasm::index::DataIdx;
use crate::wasm::module::Module;
use crate::wasm::remap::{IndexMap, Remap, explain};
use crate::wasm::{copy, features, names};

/// All that a linked module is written from.
pub(crate) struct Emitter<'a> {
    pub(crate) program: &'a Module<'a>,
    pub(crate) adapter: &'a Module<'a>,
    pub(crate) plan: &'a Plan<'a>,
    pub(crate) rules: &'a dyn FormRules,
    /// The program's segments that are joined with the one before.
    pub(crate) joined: &'a [JoinedSegment],
    pub(crate) segments: &'a [Segment],
    pub(crate) section: Section,
    /// The contents' segment in the rootfs module.
    pub(crate) adapter_contents: DataIdx,
}

/// The size of a section as LEB128 in this many bytes, when it is written before it is known.
const PADDED_SIZE_BYTES: usize = 5;

impl Emitter<'_> {
    /// Writes the module; also its `wasm-vfs` section, and the features that program, filesystem
    /// and form need.
    ///
    /// # Errors
    ///
    /// When a section of the program is damaged.
    pub(crate) fn emit(self) -> Result<(HollowModule, Section, WasmFeatures)> {
        let mut head = wasm_encoder::Module::HEADER.to_vec();
        head.reserve(self.program.bytes.len() + self.adapter.bytes.len());
        custom_sections::copy(self.program, Leading::Yes, &mut head);
        self.types(&mut head)?;
        self.imports()?.append_to(&mut head);
        self.functions(&mut head)?;
        copy::tables(self.program, self.program_remap(), &mut head)?;
        self.memories(&mut head);
        copy::tags(self.program, &mut head);
        self.globals(&mut head)?;
        self.exports(&mut head)?;
        self.start(&mut head)?;
        copy::elements(self.program, self.program_remap(), &mut head)?;
        DataCountSection { count: self.contents_segment().0 + 1 }.append_to(&mut head);
        let code_features = self.code(&mut head)?;
        let payload = self.section.encode();
        CustomSection { name: SECTION_NAME.into(), data: payload.into() }.append_to(&mut head);

        let added = features::of_bodies(self.added_bodies())?
            | features::of_function_types(&self.plan.types)
            | self.rules.features()
            | WasmFeatures::BULK_MEMORY;
        let tail = self.tail(added)?;
        let (count, segments) = self.data()?;
        let program_data = match &self.program.sections.data {
            Some(data) if self.joined.is_empty() => Cow::Borrowed(self.program.item_bytes(data)),
            Some(_) => Cow::Owned(data_segments::join(self.program, self.joined)?),
            None => Cow::Borrowed(&[][..]),
        };
        let data: [&[u8]; 3] = [&count, &program_data, &segments];
        let output = HollowModule::assemble(head, &data, &[], &tail, self.section.contents_len)?;
        let sections = features::of_sections(self.program)?;
        Ok((output, self.section, sections | code_features | added))
    }

    /// The program's types as they are, then the filesystem's.
    fn types(&self, out: &mut Vec<u8>) -> Result<()> {
        let mut added = TypeSection::new();
        for ty in &self.plan.types {
            let ty = wasm_encoder::FuncType::try_from(ty.clone());
            let ty = ty.map_err(|_| {
                anyhow!("a function of the filesystem has a type of another module's")
            })?;
            added.ty().func_type(&ty);
        }
        let (count, theirs) = match &self.program.sections.types {
            Some(section) => (section.count(), self.program.item_bytes(section)),
            None => (0, &[][..]),
        };
        let mut data = Vec::with_capacity(theirs.len() + 64);
        // The section counts recursion groups.
        (count + added.len()).encode(&mut data);
        data.extend_from_slice(theirs);
        data.extend(items_of(&added)?);
        RawSection { id: SectionId::Type.into(), data: &data }.append_to(out);
        Ok(())
    }

    fn imports(&self) -> Result<ImportSection> {
        let mut imports = ImportSection::new();
        for import in &self.plan.kept_imports {
            self.program_remap().parse_import(&mut imports, *import).map_err(explain)?;
        }
        for import in &self.plan.host_imports {
            imports.import(import.module, import.name, EntityType::Function(import.ty.0));
        }
        Ok(imports)
    }

    fn functions(&self, out: &mut Vec<u8>) -> Result<()> {
        let mut functions = FunctionSection::new();
        let defined = self.program.imported_functions as usize..;
        let theirs = self.program.function_types[defined].iter().map(|ty| Ok(ty.0));
        let before = self.plan.before.iter().map(|function| self.type_of(*function));
        let after = self.plan.after.iter().map(|function| self.type_of(*function));
        for ty in before.chain(theirs).chain(after) {
            functions.function(ty?);
        }
        if !functions.is_empty() {
            functions.append_to(out);
        }
        Ok(())
    }

    fn type_of(&self, function: AddedFunction) -> Result<u32> {
        match function {
            AddedFunction::Synthesised(position) => Ok(self.plan.synthesised_types[position].0),
            AddedFunction::Adapter(function) => {
                let ty = self.adapter.function_types[function.index()];
                self.plan
                    .adapter_types
                    .get(ty.0)
                    .context("the type of an added function was dropped")
            }
        }
    }

    fn memories(&self, out: &mut Vec<u8>) {
        let mut memories = MemorySection::new();
        for memory in self.rules.memories().iter().skip(self.program.imported_memories as usize) {
            memories.memory((*memory).into());
        }
        memories.append_to(out);
    }

    /// The program's, the form's, the filesystem's.
    fn globals(&self, out: &mut Vec<u8>) -> Result<()> {
        let mut globals = GlobalSection::new();
        for (_, global) in self.program.defined_globals()? {
            self.program_remap().parse_global(&mut globals, global).map_err(explain)?;
        }
        for global in self.rules.globals() {
            let ty = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
            globals.global(ty, &ConstExpr::i32_const(global.initial.cast_signed()));
        }
        for (index, global) in self.adapter.defined_globals()? {
            if self.plan.adapter_globals.get(index.0).is_some() {
                self.adapter_remap().parse_global(&mut globals, global).map_err(explain)?;
            }
        }
        if !globals.is_empty() {
            globals.append_to(out);
        }
        Ok(())
    }

    /// The program's, then the form's, then the host interface.
    fn exports(&self, out: &mut Vec<u8>) -> Result<()> {
        let mut exports = ExportSection::new();
        if let Some(section) = &self.program.sections.exports {
            for export in section.clone() {
                let export = export?;
                match self.rules.gate(export.name).filter(|_| export.kind == ExternalKind::Func) {
                    Some(gate) => {
                        let gate = self.plan.synthesised[gate].0;
                        exports.export(export.name, ExportKind::Func, gate);
                    }
                    None => {
                        self.program_remap().parse_export(&mut exports, export).map_err(explain)?;
                    }
                }
            }
        }
        if let Some((name, position)) = self.rules.export() {
            exports.export(name, ExportKind::Func, self.plan.synthesised[position].0);
        }
        for &(name, function) in &self.plan.host_api {
            let index = self.plan.adapter_functions.get(function.0);
            let index = index.context("a function of the host interface was dropped")?;
            exports.export(name, ExportKind::Func, index);
        }
        if let Some(base) = self.adapter.exported(HOST_API_BASE, ExternalKind::Global) {
            let base = match self.rules.base() {
                Some(position) => self.plan.first_synthesised_global.0 + position,
                None => {
                    let index = self.plan.adapter_globals.get(base);
                    index.context("the base of the host interface was dropped")?
                }
            };
            exports.export(HOST_API_MEMORY, ExportKind::Memory, self.rules.kernel_memory().0);
            exports.export(HOST_API_BASE, ExportKind::Global, base);
        }
        if !exports.is_empty() {
            exports.append_to(out);
        }
        Ok(())
    }

    fn start(&self, out: &mut Vec<u8>) -> Result<()> {
        if let Some(gate) = self.rules.start() {
            StartSection { function_index: self.plan.synthesised[gate].0 }.append_to(out);
        } else if let Some(start) = self.program.start {
            let start = self.plan.moved(start).context("the start function")?;
            StartSection { function_index: start.0 }.append_to(out);
        }
        Ok(())
    }

    fn code(&self, out: &mut Vec<u8>) -> Result<WasmFeatures> {
        let before = self.added_code(&self.plan.before)?;
        let after = self.added_code(&self.plan.after)?;
        let count = self.program.bodies.len() + self.plan.added_functions().count();
        out.push(SectionId::Code.into());
        let size_at = out.len();
        out.extend([0; PADDED_SIZE_BYTES]);
        let start = out.len();
        count.encode(out);
        out.extend(before);
        let places = self.plan.places();
        let code = ProgramCode {
            functions: &self.plan.program_functions,
            view: self.rules.view(&places),
            direction: Direction::Link,
        };
        let features = code.rewrite(self.program, out)?;
        out.extend(after);
        let size = u32::try_from(out.len() - start).context("the code is longer than 4 GiB")?;
        out[size_at..start].copy_from_slice(&padded_size(size));
        Ok(features)
    }

    /// Added functions, encoded.
    fn added_code(&self, functions: &[AddedFunction]) -> Result<Vec<u8>> {
        let mut code = CodeSection::new();
        let places = self.plan.places();
        let remap = self.adapter_remap();
        for function in functions {
            let body = match *function {
                AddedFunction::Synthesised(position) => self.rules.function(position, &places)?,
                AddedFunction::Adapter(function) => self
                    .rules
                    .body(function, &remap, &places)
                    .with_context(|| format!("linking function {} of the adapter", function.0))?,
            };
            code.function(&body);
        }
        items_of(&code)
    }

    /// The data section's count, and the filesystem's initial memory.
    fn data(&self) -> Result<(Vec<u8>, Vec<u8>)> {
        let mut count = Vec::new();
        (self.contents_segment().0 + 1).encode(&mut count);
        let mut segments = Vec::new();
        for segment in self.segments {
            let offset = self.rules.segment_offset(segment.offset)?;
            encode_active(segment, self.rules.kernel_memory().0, offset, &mut segments);
        }
        if let Some(bytes) = self.rules.passive_segment() {
            encode_passive(bytes, &mut segments);
        }
        Ok((count, segments))
    }

    /// Custom sections that follow the data section.
    fn tail(&self, added: WasmFeatures) -> Result<Vec<u8>> {
        let mut tail = Vec::new();
        // A damaged section is dropped, and noted: `custom_sections::notes`.
        // A damaged section may name what the program has not: it would be the filesystem's here.
        let all = |count: usize| IndexMap::keep(&vec![true; count], 0);
        let indices = names::Indices {
            functions: self.names_of_program(),
            memories: all(self.program.memories.len()),
            globals: all(self.program.globals.len()),
            data: match data_segments::joined_indices(self.program, self.joined) {
                IndexMap::Same => all(self.program.data_segments() as usize),
                joined => joined,
            },
        };
        let names = names::link(self.program, &indices, self.added_names()?);
        if let Ok(Some(names)) = names {
            names.append_to(&mut tail);
        }
        if let Some(producers) = custom_sections::producers(self.program) {
            producers.append_to(&mut tail);
        }
        if let Some(target_features) = custom_sections::target_features(self.program, added) {
            target_features.append_to(&mut tail);
        }
        custom_sections::copy(self.program, Leading::No, &mut tail);
        Ok(tail)
    }

    /// The new indices of the program's functions that keep their names: served imports take the
    /// filesystem's.
    fn names_of_program(&self) -> IndexMap {
        let own = |index: u32| {
            let new = self.plan.program_functions.get(index)?;
            let was_imported = index < self.program.imported_functions;
            (!was_imported || new < self.plan.imported_functions).then_some(new)
        };
        let functions = (0..).zip(&self.program.function_types);
        IndexMap::Table(functions.map(|(index, _)| own(index)).collect())
    }

    fn added_names(&self) -> Result<names::Added> {
        let mut added = names::Added::default();
        for (function, name) in names::function_names(self.adapter)? {
            let imported = function.0 < self.adapter.imported_functions;
            if let Some(index) = self.plan.adapter_functions.get(function.0)
                && !imported
            {
                added.functions.insert(index, name.to_owned());
            }
        }
        for &HostImport { name, .. } in &self.plan.host_imports {
            let function = self.adapter.function_imports().find(|(_, it)| it.name == name);
            if let Some(index) = function.and_then(|(at, _)| self.plan.adapter_functions.get(at.0))
            {
                added.functions.insert(index, name.to_owned());
            }
        }
        for (function, index) in self.rules.functions().into_iter().zip(&self.plan.synthesised) {
            added.functions.insert(index.0, function.name);
        }
        for (position, global) in (0u32..).zip(self.rules.globals()) {
            let index = self.plan.first_synthesised_global.0 + position;
            added.globals.insert(index, global.name.to_owned());
        }
        if let Some(name) = self.rules.memory_name() {
            added.memories.insert(self.rules.kernel_memory().0, name.to_owned());
        }
        added.data.insert(self.contents_segment().0, format!("{NAME_PREFIX}contents"));
        Ok(added)
    }

    fn added_bodies(&self) -> impl Iterator<Item = &wasmparser::FunctionBody<'_>> {
        self.plan.added_functions().filter_map(|function| match function {
            AddedFunction::Adapter(function) => self.adapter.body(function),
            AddedFunction::Synthesised(_) => None,
        })
    }

    /// Only functions of the program move.
    fn program_remap(&self) -> Remap {
        Remap { functions: self.plan.program_functions.clone(), ..Remap::default() }
    }

    fn adapter_remap(&self) -> Remap {
        let mut memories = vec![None; self.adapter.memories.len()];
        memories[USER_MEMORY.index()] = Some(self.plan.user_memory.0);
        memories[KERNEL_MEMORY.index()] = Some(self.rules.kernel_memory().0);
        let mut data = vec![None; self.adapter.data_segments() as usize];
        if let Some(contents) = data.get_mut(self.adapter_contents.index()) {
            *contents = Some(self.contents_segment().0);
        }
        Remap {
            types: self.plan.adapter_types.clone(),
            functions: self.plan.adapter_functions.clone(),
            globals: self.plan.adapter_globals.clone(),
            memories: IndexMap::Table(memories),
            data: IndexMap::Table(data),
            extra_offset: 0,
        }
    }

    fn contents_segment(&self) -> DataIdx {
        self.section.contents_segment
    }
}

/// The items of a section that wasm-encoder made, without size and count.
pub(crate) fn items_of(section: &impl wasm_encoder::Encode) -> Result<Vec<u8>> {
    let mut encoded = Vec::new();
    section.encode(&mut encoded);
    let mut reader = crate::wasm::module::reader(&encoded, 0);
    // Its size, then its count.
    reader.read_var_u32()?;
    reader.read_var_u32()?;
    Ok(encoded.split_off(reader.original_position()))
}

/// A size as LEB128 in exactly five bytes.
fn padded_size(size: u32) -> [u8; PADDED_SIZE_BYTES] {
    let mut bytes = [0; PADDED_SIZE_BYTES];
    for (at, byte) in bytes.iter_mut().enumerate() {
        let [seven, ..] = (size >> (7 * at)).to_le_bytes();
        let more = at + 1 < PADDED_SIZE_BYTES;
        *byte = seven & 0x7f | if more { 0x80 } else { 0 };
    }
    bytes
}
