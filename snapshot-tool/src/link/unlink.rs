//! Takes the program out of a packed module, to be packed again ([`unlink`]).
//!
//! What linking did is undone: calls of the filesystem's functions become imports again,
//! `memory.size` and `memory.grow` what they were, and all that is the filesystem's goes. Where
//! everything was the `wasm-vfs` section says ([`program_part`](crate::packed::program_part)). What
//! linking dropped (debug information) stays lost; packing what comes out gives what packing the
//! original gives.

use anyhow::{Context, Result, ensure};
use wasm_encoder::reencode::Reencode as _;
use wasm_encoder::{
    DataCountSection, Encode as _, EntityType, ExportKind, ExportSection, FunctionSection,
    GlobalSection, ImportSection, MemorySection, RawSection, Section as _, SectionId, StartSection,
};
use wasmparser::{ExternalKind, MemoryType, TypeRef};

use crate::link::custom_sections::Leading;
use crate::link::program_code::{Direction, MemoryView, ProgramCode};
use crate::link::{custom_sections, data_segments};
use crate::packed::program_part::ProgramPart;
use crate::packed::section::Section;
use crate::wasm::index::{FuncIdx, MemIdx};
use crate::wasm::module::Module;
use crate::wasm::remap::{IndexMap, Remap, explain};
use crate::wasm::{copy, names};

/// The program in a packed module. `hollow` is the module without its contents, as it was written;
/// `section` what it says about itself.
///
/// # Errors
///
/// When the program cannot be taken out, or the module is damaged.
pub(crate) fn unlink(hollow: &[u8], section: &Section) -> Result<Vec<u8>> {
    let part = section.program.as_ref().context("it holds no program, only a filesystem")?;
    if let Some(function) = &section.preinit {
        anyhow::bail!(
            "it was pre-initialised by `{function}`, so its filesystem is no longer what was packed: pack the original \
             program with all its directories"
        );
    }
    let mut linked = Module::parse(hollow)?;
    check_counts(&linked, part)?;
    let first = part.first_function.0 - linked.imported_functions;
    linked.bodies.truncate((first + part.functions) as usize);
    linked.bodies.drain(..first as usize);
    let unlinking = Unlinking { functions: functions_back(&linked, part)?, linked, part };
    unlinking.write()
}

/// Checks that there is as much of everything as linking put there.
fn check_counts(linked: &Module<'_>, part: &ProgramPart) -> Result<()> {
    let holds = |have: usize, counts: &[u32]| {
        let need: u64 = counts.iter().copied().map(u64::from).sum();
        have as u64 >= need
    };
    let served = u32::try_from(part.served.len())?;
    let fits = part.first_function.0 >= linked.imported_functions
        && holds(linked.function_types.len(), &[part.first_function.0, part.functions])
        && holds(linked.types.len(), &[part.types])
        && holds(linked.globals.len(), &[part.globals])
        && holds(linked.memories.len(), &[part.memories])
        && holds(part.memories as usize, &[part.user_memory.0, 1])
        && holds(linked.data_segments() as usize, &[part.data_segments])
        && holds(linked.exports.len(), &[part.exports])
        && part.imports >= served
        && holds(linked.imports.len(), &[part.imports - served]);
    ensure!(fits, "its `wasm-vfs` section is damaged: it counts more than there is");
    Ok(())
}

/// What the program's function indices were, by index of the linked module.
fn functions_back(linked: &Module<'_>, part: &ProgramPart) -> Result<Functions> {
    let mut all = vec![None; linked.function_types.len()];
    let mut next = 0;
    let mut put = |linked: FuncIdx, named: bool| -> Result<()> {
        let slot = all.get_mut(linked.index()).context("an import is served by nothing")?;
        // Two imports of one name are one function.
        slot.get_or_insert((next, named));
        next += 1;
        Ok(())
    };
    let mut kept_functions = 0;
    for import in imports_back(linked, part)? {
        match import {
            ImportBack::Served(position) => put(part.served[position].function, false)?,
            ImportBack::Kept(position) => {
                let import = linked.imports.get(position).context("an import is missing")?;
                if let TypeRef::Func(_) | TypeRef::FuncExact(_) = import.ty {
                    put(FuncIdx(kept_functions), true)?;
                    kept_functions += 1;
                }
            }
        }
    }
    for own in 0..part.functions {
        put(FuncIdx(part.first_function.0 + own), true)?;
    }
    let named = |slot: &Option<(u32, bool)>| slot.filter(|(_, named)| *named).map(|(old, _)| old);
    Ok(Functions {
        named: IndexMap::Table(all.iter().map(named).collect()),
        all: IndexMap::Table(all.iter().map(|slot| slot.map(|(old, _)| old)).collect()),
    })
}

/// The program's functions, by index of the linked module.
struct Functions {
    all: IndexMap,
    /// Those that have their own names there.
    named: IndexMap,
}

/// An import of the unlinked program.
#[derive(Debug, Clone, Copy)]
enum ImportBack {
    /// Which of the linked module's.
    Kept(usize),
    /// Which of those that are served.
    Served(usize),
}

/// The imports of the unlinked program, in their order.
fn imports_back(linked: &Module<'_>, part: &ProgramPart) -> Result<Vec<ImportBack>> {
    let (mut kept, mut served) = (0..linked.imports.len(), (0..).zip(&part.served).peekable());
    let mut imports = Vec::new();
    for position in 0..part.imports {
        imports.push(match served.next_if(|(_, import)| import.position == position) {
            Some((which, _)) => ImportBack::Served(which),
            None => {
                // `check_counts` has counted them.
                ImportBack::Kept(kept.next().context("an import is missing")?)
            }
        });
    }
    ensure!(served.next().is_none(), "its `wasm-vfs` section is damaged: an import has no place");
    Ok(imports)
}

struct Unlinking<'a> {
    /// With the bodies of the program's own functions only.
    linked: Module<'a>,
    part: &'a ProgramPart,
    functions: Functions,
}

impl Unlinking<'_> {
    fn write(&self) -> Result<Vec<u8>> {
        let mut out = wasm_encoder::Module::HEADER.to_vec();
        out.reserve(self.linked.bytes.len());
        custom_sections::copy_unlinked(&self.linked, Leading::Yes, &mut out);
        self.types(&mut out)?;
        self.imports()?.append_to(&mut out);
        self.function_types(&mut out)?;
        copy::tables(&self.linked, self.remap(), &mut out)?;
        self.memories(&mut out);
        copy::tags(&self.linked, &mut out);
        self.globals(&mut out)?;
        self.exports()?.append_to(&mut out);
        if let Some(start) = self.part.start {
            let function_index = self.function(start).context("its start function")?;
            StartSection { function_index }.append_to(&mut out);
        }
        copy::elements(&self.linked, self.remap(), &mut out)?;
        DataCountSection { count: self.data_segments()? }.append_to(&mut out);
        self.code(&mut out)?;
        self.data(&mut out)?;
        if let Some(names) = names::unlink(&self.linked, &self.names())? {
            names.append_to(&mut out);
        }
        let features = self.part.features.as_ref();
        if let Some(features) =
            features.and_then(|own| custom_sections::unlinked_features(&self.linked, own))
        {
            features.append_to(&mut out);
        }
        custom_sections::copy_unlinked(&self.linked, Leading::No, &mut out);
        Ok(out)
    }

    /// The program's types come first; where they end, a group ends too.
    fn types(&self, out: &mut Vec<u8>) -> Result<()> {
        let Some(section) = &self.linked.sections.types else { return Ok(()) };
        let (mut types, mut groups) = (0, 0_u32);
        let mut end = section.range().end;
        for group in section.clone().into_iter_with_offsets() {
            let (start, group) = group?;
            if types == self.part.types as usize {
                end = start;
                break;
            }
            types += group.types().len();
            groups += 1;
        }
        let start = section.range().end - self.linked.item_bytes(section).len();
        let mut data = Vec::new();
        groups.encode(&mut data);
        data.extend_from_slice(&self.linked.bytes[start..end]);
        RawSection { id: SectionId::Type.into(), data: &data }.append_to(out);
        Ok(())
    }

    fn imports(&self) -> Result<ImportSection> {
        let mut imports = ImportSection::new();
        for import in imports_back(&self.linked, self.part)? {
            match import {
                ImportBack::Kept(position) => {
                    let import = self.linked.imports[position];
                    self.remap().parse_import(&mut imports, import).map_err(explain)?;
                }
                ImportBack::Served(position) => {
                    let import = &self.part.served[position];
                    let answers = self.linked.function_types.get(import.function.index());
                    let ty = import.ty.or(answers.copied()).context("an import has no type")?;
                    let ty = EntityType::Function(ty.0);
                    imports.import(import.module.name(), &import.name, ty);
                }
            }
        }
        Ok(imports)
    }

    fn function_types(&self, out: &mut Vec<u8>) -> Result<()> {
        let start = self.part.first_function.index();
        let types = self.linked.function_types.get(start..start + self.part.functions as usize);
        let mut functions = FunctionSection::new();
        for ty in types.context("it has too few functions")? {
            functions.function(ty.0);
        }
        functions.append_to(out);
        Ok(())
    }

    fn memories(&self, out: &mut Vec<u8>) {
        let mut memories = MemorySection::new();
        let own = self.linked.memories.iter().enumerate().take(self.part.memories as usize);
        for (index, memory) in own.skip(self.linked.imported_memories as usize) {
            let memory = if MemIdx::from_index(index) == self.part.user_memory {
                MemoryType {
                    initial: self.part.user_memory_min,
                    maximum: self.part.user_memory_max,
                    ..*memory
                }
            } else {
                *memory
            };
            memories.memory(memory.into());
        }
        memories.append_to(out);
    }

    fn globals(&self, out: &mut Vec<u8>) -> Result<()> {
        let mut globals = GlobalSection::new();
        for (index, global) in self.linked.defined_globals()? {
            if index.0 < self.part.globals {
                self.remap().parse_global(&mut globals, global).map_err(explain)?;
            }
        }
        if !globals.is_empty() {
            globals.append_to(out);
        }
        Ok(())
    }

    fn exports(&self) -> Result<ExportSection> {
        let mut exports = ExportSection::new();
        let own = self.linked.exports.iter().take(self.part.exports as usize);
        for (position, export) in (0..).zip(own) {
            let entry = self.part.entries.iter().find(|entry| entry.export == position);
            let (kind, index) = match (entry, export.kind) {
                (Some(entry), _) => (ExportKind::Func, self.function(entry.function)?),
                (None, ExternalKind::Func | ExternalKind::FuncExact) => {
                    (ExportKind::Func, self.function(FuncIdx(export.index))?)
                }
                (None, kind) => (self.remap().export_kind(kind).map_err(explain)?, export.index),
            };
            exports.export(export.name, kind, index);
        }
        Ok(exports)
    }

    fn code(&self, out: &mut Vec<u8>) -> Result<()> {
        let mut data = Vec::new();
        self.linked.bodies.len().encode(&mut data);
        let memory = self.part.user_memory;
        let view = self.part.view.map(|it| MemoryView { memory, pages: it.pages, grow: it.grow });
        let code =
            ProgramCode { functions: &self.functions.all, view, direction: Direction::Unlink };
        code.rewrite(&self.linked, &mut data)?;
        RawSection { id: SectionId::Code.into(), data: &data }.append_to(out);
        Ok(())
    }

    /// How many data segments the program had before some were joined.
    fn data_segments(&self) -> Result<u32> {
        let count = self.part.data_segments as usize + self.part.joined.len();
        u32::try_from(count)
            .context("its `wasm-vfs` section is damaged: it joins segments without end")
    }

    /// The program's segments come first.
    fn data(&self, out: &mut Vec<u8>) -> Result<()> {
        if self.linked.sections.data.is_none() {
            return Ok(());
        }
        let mut data = Vec::new();
        self.data_segments()?.encode(&mut data);
        data.extend(data_segments::split(&self.linked, self.part)?);
        RawSection { id: SectionId::Data.into(), data: &data }.append_to(out);
        Ok(())
    }

    /// What the index of a function was.
    fn function(&self, linked: FuncIdx) -> Result<u32> {
        let old = self.functions.all.get(linked.0);
        old.with_context(|| format!("function {} is not the program's", linked.0))
    }

    fn remap(&self) -> Remap {
        Remap { functions: self.functions.all.clone(), ..Remap::default() }
    }

    fn names(&self) -> names::Indices {
        let first = |count: u32| IndexMap::Table((0..count).map(Some).collect());
        names::Indices {
            functions: self.functions.named.clone(),
            memories: first(self.part.memories),
            globals: first(self.part.globals),
            data: data_segments::split_indices(self.part),
        }
    }
}
