//! The `name` section: the program's names at their new indices, and the filesystem's added.

use std::collections::BTreeMap;

use anyhow::Result;
use wasm_encoder::{IndirectNameMap, NameMap, NameSection};
use wasmparser::{KnownCustom, Name, NameSectionReader};

use crate::wasm::index::FuncIdx;
use crate::wasm::module::Module;
use crate::wasm::remap::IndexMap;

/// The names of a module's functions, as far as it has any.
///
/// # Errors
///
/// When the section is damaged.
pub(crate) fn function_names<'a>(module: &Module<'a>) -> Result<BTreeMap<FuncIdx, &'a str>> {
    let mut names = BTreeMap::new();
    for name in section(module).into_iter().flatten() {
        if let Name::Function(map) = name? {
            for naming in map {
                let naming = naming?;
                names.insert(FuncIdx(naming.index), naming.name);
            }
        }
    }
    Ok(names)
}

/// Whether the whole section can be read, if there is one.
pub(crate) fn is_readable(module: &Module<'_>) -> bool {
    let all = Indices::default();
    Subsections::read(module, &all).is_ok()
}

fn section<'a>(module: &Module<'a>) -> Option<NameSectionReader<'a>> {
    module.customs.iter().find_map(|custom| match custom.reader.as_known() {
        KnownCustom::Name(reader) => Some(reader),
        _ => None,
    })
}

/// Names to add, by index of the linked module.
#[derive(Debug, Default)]
pub(crate) struct Added {
    pub(crate) functions: BTreeMap<u32, String>,
    pub(crate) memories: BTreeMap<u32, String>,
    pub(crate) globals: BTreeMap<u32, String>,
    pub(crate) data: BTreeMap<u32, String>,
}

/// The section of the linked module, or `None` if the program has none: a stripped program stays
/// stripped. `indices` gives the new indices of what is the program's; an imported function that is
/// served now has none, for it bears the filesystem's name.
///
/// # Errors
///
/// When the program's section is damaged.
pub(crate) fn link(
    program: &Module<'_>,
    indices: &Indices,
    added: Added,
) -> Result<Option<NameSection>> {
    let Some(mut names) = Subsections::read(program, indices)? else { return Ok(None) };
    names.functions.extend(added.functions);
    names.memories.extend(added.memories);
    names.globals.extend(added.globals);
    names.data.extend(added.data);
    Ok(Some(names.encode()))
}

/// The section of a program that is taken out of a linked module: the names of what has an index in
/// `indices`.
///
/// # Errors
///
/// When the section is damaged.
pub(crate) fn unlink(linked: &Module<'_>, indices: &Indices) -> Result<Option<NameSection>> {
    Ok(Subsections::read(linked, indices)?.map(|names| names.encode()))
}

/// New indices of what has names, in the index spaces that linking adds to.
#[derive(Debug, Default)]
pub(crate) struct Indices {
    pub(crate) functions: IndexMap,
    pub(crate) memories: IndexMap,
    pub(crate) globals: IndexMap,
    pub(crate) data: IndexMap,
}

/// The section in the making: the subsections that change as sorted maps, the rest as bytes.
#[derive(Default)]
struct Subsections<'a> {
    module: Option<&'a str>,
    functions: BTreeMap<u32, String>,
    locals: BTreeMap<u32, NameMap>,
    labels: BTreeMap<u32, NameMap>,
    types: Option<NameMap>,
    tables: Option<NameMap>,
    memories: BTreeMap<u32, String>,
    globals: BTreeMap<u32, String>,
    elements: Option<NameMap>,
    data: BTreeMap<u32, String>,
    fields: BTreeMap<u32, NameMap>,
    tags: Option<NameMap>,
}

impl<'a> Subsections<'a> {
    /// Those of a module, at their new indices; `None` if it has no such section.
    fn read(module: &Module<'a>, indices: &Indices) -> Result<Option<Self>> {
        let Some(reader) = section(module) else { return Ok(None) };
        let mut names = Self::default();
        for name in reader {
            names.add(name?, indices)?;
        }
        Ok(Some(names))
    }

    fn add(&mut self, name: Name<'a>, indices: &Indices) -> Result<()> {
        let functions = &indices.functions;
        match name {
            Name::Module { name, .. } => self.module = Some(name),
            Name::Function(map) => self.functions = strings(map, functions)?,
            Name::Local(map) => self.locals = indirect(map, functions)?,
            Name::Label(map) => self.labels = indirect(map, functions)?,
            Name::Type(map) => self.types = Some(copied(map)?),
            Name::Table(map) => self.tables = Some(copied(map)?),
            Name::Memory(map) => self.memories = strings(map, &indices.memories)?,
            Name::Global(map) => self.globals = strings(map, &indices.globals)?,
            Name::Element(map) => self.elements = Some(copied(map)?),
            Name::Data(map) => self.data = strings(map, &indices.data)?,
            Name::Field(map) => self.fields = indirect(map, &IndexMap::Same)?,
            Name::Tag(map) => self.tags = Some(copied(map)?),
            // Nobody knows which indices it holds.
            Name::Unknown { .. } => {}
        }
        Ok(())
    }

    /// In the order of the subsections' ids.
    fn encode(&self) -> NameSection {
        let mut section = NameSection::new();
        if let Some(module) = self.module {
            section.module(module);
        }
        if !self.functions.is_empty() {
            section.functions(&map(&self.functions));
        }
        if !self.locals.is_empty() {
            section.locals(&indirect_map(&self.locals));
        }
        if !self.labels.is_empty() {
            section.labels(&indirect_map(&self.labels));
        }
        if let Some(types) = &self.types {
            section.types(types);
        }
        if let Some(tables) = &self.tables {
            section.tables(tables);
        }
        if !self.memories.is_empty() {
            section.memories(&map(&self.memories));
        }
        if !self.globals.is_empty() {
            section.globals(&map(&self.globals));
        }
        if let Some(elements) = &self.elements {
            section.elements(elements);
        }
        if !self.data.is_empty() {
            section.data(&map(&self.data));
        }
        if !self.fields.is_empty() {
            section.fields(&indirect_map(&self.fields));
        }
        if let Some(tags) = &self.tags {
            section.tags(tags);
        }
        section
    }
}

fn strings(names: wasmparser::NameMap<'_>, indices: &IndexMap) -> Result<BTreeMap<u32, String>> {
    let mut map = BTreeMap::new();
    for naming in names {
        let naming = naming?;
        if let Some(index) = indices.get(naming.index) {
            map.insert(index, naming.name.to_owned());
        }
    }
    Ok(map)
}

fn copied(names: wasmparser::NameMap<'_>) -> Result<NameMap> {
    Ok(map(&strings(names, &IndexMap::Same)?))
}

fn indirect(
    names: wasmparser::IndirectNameMap<'_>,
    indices: &IndexMap,
) -> Result<BTreeMap<u32, NameMap>> {
    let mut map = BTreeMap::new();
    for naming in names {
        let naming = naming?;
        if let Some(index) = indices.get(naming.index) {
            map.insert(index, copied(naming.names)?);
        }
    }
    Ok(map)
}

fn map(names: &BTreeMap<u32, String>) -> NameMap {
    let mut map = NameMap::new();
    for (&index, name) in names {
        map.append(index, name);
    }
    map
}

fn indirect_map(names: &BTreeMap<u32, NameMap>) -> IndirectNameMap {
    let mut map = IndirectNameMap::new();
    for (&index, names) in names {
        map.append(index, names);
    }
    map
}
