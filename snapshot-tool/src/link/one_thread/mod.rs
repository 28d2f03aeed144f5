//! What a program has for threads, and a program of one thread can do without ([`single_threaded`]).
//!
//! Toolchains that know threads (WALI, WASIX, wasm32-wasip1-threads) give every program a shared
//! memory, which it often imports, and atomic instructions. Nothing here starts a thread, so before
//! such a program is linked it is written anew:
//!
//! ```text
//! types      those of the functions that are added
//! imports    without the memory
//! functions  one more for each atomic instruction, behind the others: see `atomics`
//! memories   the imported one first; none is shared
//! exports    `memory`, if the imported memory is not exported by that name
//! code       an atomic instruction calls its function; a fence is gone
//! names      those of the added functions
//! target_features  without `atomics` and `shared-mem`
//! ```
//!
//! All other sections are copied, and no index moves. What comes out is an ordinary program, which
//! the linker links, and which packing again finds: it is not turned back.

mod atomics;

use anyhow::{Result, anyhow};
use wasm_encoder::reencode::Reencode as _;
use wasm_encoder::{
    DataCountSection, Encode as _, ExportKind, ExportSection, FunctionSection, ImportSection,
    MemorySection, RawSection, Section as _, SectionId, StartSection, TypeSection,
};
use wasmparser::{FuncType, MemoryType, SectionLimited, TypeRef};

use crate::adapter::names::MEMORY;
use crate::link::custom_sections::{self, Leading};
use crate::link::emit::items_of;
use crate::link::one_thread::atomics::Lowering;
use crate::wasm::index::TypeIdx;
use crate::wasm::module::Module;
use crate::wasm::names;
use crate::wasm::remap::{Remap, explain};

/// Returns whether a program has a shared or an imported memory. One that has neither may still
/// have atomic instructions.
pub(crate) fn has_memory_of_threads(program: &Module<'_>) -> bool {
    program.imported_memories > 0 || program.memories.iter().any(|memory| memory.shared)
}

/// Writes a program anew, for one thread: it defines its memory, which is not shared, and has no
/// atomic instruction. It must be valid, and import one memory at most.
///
/// # Errors
///
/// When a section is damaged.
pub(crate) fn single_threaded(program: &Module<'_>) -> Result<Vec<u8>> {
    let lowering = Lowering::of(program)?;
    let mut types = AddedTypes { program, added: Vec::new() };
    let added = lowering.functions.iter().map(|function| types.place(&function.ty())).collect();
    Rewriting { program, lowering, function_types: added, types: types.added }.write()
}

/// The types of added functions: the program's where it has them.
struct AddedTypes<'a> {
    program: &'a Module<'a>,
    added: Vec<FuncType>,
}

impl AddedTypes<'_> {
    fn place(&mut self, wanted: &FuncType) -> TypeIdx {
        self.program.equal_function_type(wanted).unwrap_or_else(|| {
            let at = self.added.iter().position(|ty| ty == wanted).unwrap_or_else(|| {
                self.added.push(wanted.clone());
                self.added.len() - 1
            });
            TypeIdx::from_index(self.program.types.len() + at)
        })
    }
}

/// A program in the making.
struct Rewriting<'a> {
    program: &'a Module<'a>,
    lowering: Lowering,
    /// The type of each added function.
    function_types: Vec<TypeIdx>,
    /// Types to append to the program's.
    types: Vec<FuncType>,
}

impl Rewriting<'_> {
    fn write(&self) -> Result<Vec<u8>> {
        let program = self.program;
        let names = self.names();
        let features = custom_sections::features_but(program, &["atomics", "shared-mem"]);
        // A section that is damaged stays, to be dropped with a note when the program is linked.
        let mut written = Vec::new();
        written.extend(names.as_ref().map(|_| "name"));
        written.extend(features.as_ref().map(|_| custom_sections::TARGET_FEATURES_NAME));

        let mut out = wasm_encoder::Module::HEADER.to_vec();
        out.reserve(program.bytes.len());
        custom_sections::copy_but(program, Leading::Yes, &written, &mut out);
        self.types(&mut out)?;
        self.imports()?.append_to(&mut out);
        self.functions(&mut out);
        copied(program, SectionId::Table, program.sections.tables.as_ref(), &mut out);
        self.memories(&mut out);
        copied(program, SectionId::Tag, program.sections.tags.as_ref(), &mut out);
        copied(program, SectionId::Global, program.sections.globals.as_ref(), &mut out);
        self.exports()?.append_to(&mut out);
        if let Some(start) = program.start {
            StartSection { function_index: start.0 }.append_to(&mut out);
        }
        copied(program, SectionId::Element, program.sections.elements.as_ref(), &mut out);
        if let Some(count) = program.data_count {
            DataCountSection { count }.append_to(&mut out);
        }
        self.code(&mut out)?;
        copied(program, SectionId::Data, program.sections.data.as_ref(), &mut out);
        if let Some(names) = names {
            names.append_to(&mut out);
        }
        if let Some(features) = features {
            features.append_to(&mut out);
        }
        custom_sections::copy_but(program, Leading::No, &written, &mut out);
        Ok(out)
    }

    fn types(&self, out: &mut Vec<u8>) -> Result<()> {
        let (groups, theirs) = match &self.program.sections.types {
            Some(section) => (section.count(), self.program.item_bytes(section)),
            None => (0, &[][..]),
        };
        let mut data = Vec::with_capacity(theirs.len() + 64);
        // The section counts recursion groups.
        (groups as usize + self.types.len()).encode(&mut data);
        data.extend_from_slice(theirs);
        let mut added = TypeSection::new();
        for ty in &self.types {
            let ty = wasm_encoder::FuncType::try_from(ty.clone());
            let ty = ty.map_err(|_| anyhow!("an atomic instruction takes numbers only"))?;
            added.ty().func_type(&ty);
        }
        data.extend(items_of(&added)?);
        RawSection { id: SectionId::Type.into(), data: &data }.append_to(out);
        Ok(())
    }

    /// The program's imports but for the memory.
    fn imports(&self) -> Result<ImportSection> {
        let mut imports = ImportSection::new();
        for import in &self.program.imports {
            if !matches!(import.ty, TypeRef::Memory(_)) {
                Remap::default().parse_import(&mut imports, *import).map_err(explain)?;
            }
        }
        Ok(imports)
    }

    fn functions(&self, out: &mut Vec<u8>) {
        let mut functions = FunctionSection::new();
        let defined = &self.program.function_types[self.program.imported_functions as usize..];
        for ty in defined.iter().chain(&self.function_types) {
            functions.function(ty.0);
        }
        if !functions.is_empty() {
            functions.append_to(out);
        }
    }

    /// An imported memory has the indices before all others, so it keeps its own.
    fn memories(&self, out: &mut Vec<u8>) {
        let mut memories = MemorySection::new();
        for &memory in &self.program.memories {
            memories.memory(MemoryType { shared: false, ..memory }.into());
        }
        memories.append_to(out);
    }

    fn exports(&self) -> Result<ExportSection> {
        let mut exports = ExportSection::new();
        for export in self.program.sections.exports.clone().into_iter().flatten() {
            Remap::default().parse_export(&mut exports, export?).map_err(explain)?;
        }
        if self.program.imported_memories > 0 && self.program.exported_memory(MEMORY).is_none() {
            exports.export(MEMORY, ExportKind::Memory, 0);
        }
        Ok(exports)
    }

    fn code(&self, out: &mut Vec<u8>) -> Result<()> {
        let count = self.program.bodies.len() + self.lowering.functions.len();
        if count == 0 {
            return Ok(());
        }
        let mut data = Vec::new();
        count.encode(&mut data);
        for body in &self.program.bodies {
            self.lowering.rewritten(body)?.encode(&mut data);
        }
        for function in &self.lowering.functions {
            function.body().encode(&mut data);
        }
        RawSection { id: SectionId::Code.into(), data: &data }.append_to(out);
        Ok(())
    }

    /// The program's names and those of the added functions; `None` if it has none, or they are
    /// damaged.
    fn names(&self) -> Option<wasm_encoder::NameSection> {
        let functions = self.lowering.functions.iter().enumerate();
        let functions = functions
            .map(|(position, function)| (self.lowering.index(position).0, function.name()));
        let added = names::Added { functions: functions.collect(), ..names::Added::default() };
        names::link(self.program, &names::Indices::default(), added).ok().flatten()
    }
}

/// Copies a section as it is.
fn copied<T>(
    program: &Module<'_>,
    id: SectionId,
    section: Option<&SectionLimited<'_, T>>,
    out: &mut Vec<u8>,
) {
    if let Some(section) = section {
        RawSection { id: id.into(), data: &program.bytes[section.range()] }.append_to(out);
    }
}
