//! A parsed core module: its index spaces, and its sections ready to be copied or re-encoded.
//!
//! Nothing is validated here and no function body is decoded; [`verify`](crate::wasm::verify)
//! checks what comes out in the end.

use anyhow::{Context, Result, bail, ensure};
use wasmparser::{
    BinaryReader, CompositeInnerType, CustomSectionReader, DataSectionReader, ElementSectionReader,
    Export, ExportSectionReader, ExternalKind, FuncType, FunctionBody, FunctionSectionReader,
    GlobalSectionReader, GlobalType, Import, MemoryType, Parser, Payload, SectionLimited, SubType,
    TableSectionReader, TagSectionReader, TypeRef, TypeSectionReader, WasmFeatures,
};

use crate::error::{ErrorKind, Marked as _};
use crate::wasm::index::{FuncIdx, GlobalIdx, MemIdx, TypeIdx};
use crate::wasm::preamble::check_preamble;

/// A module as its sections and index spaces. Sections that are absent are `None`.
pub(crate) struct Module<'a> {
    pub(crate) bytes: &'a [u8],
    /// All types, recursion groups flattened.
    pub(crate) types: Vec<SubType>,
    /// Whether the type at this index is alone in its recursion group, so that an equal type
    /// elsewhere is the same type.
    type_is_alone: Vec<bool>,
    pub(crate) imports: Vec<Import<'a>>,
    /// The type of each function, imported ones first.
    pub(crate) function_types: Vec<TypeIdx>,
    /// Imported ones first.
    pub(crate) memories: Vec<MemoryType>,
    /// Imported ones first.
    pub(crate) globals: Vec<GlobalType>,
    pub(crate) exports: Vec<Export<'a>>,
    pub(crate) start: Option<FuncIdx>,
    pub(crate) data_count: Option<u32>,
    pub(crate) bodies: Vec<FunctionBody<'a>>,
    pub(crate) imported_functions: u32,
    pub(crate) imported_memories: u32,
    pub(crate) imported_globals: u32,
    pub(crate) sections: Sections<'a>,
    /// In order of appearance.
    pub(crate) customs: Vec<Custom<'a>>,
}

/// The sections that are copied or re-encoded item by item.
#[derive(Default)]
pub(crate) struct Sections<'a> {
    pub(crate) types: Option<TypeSectionReader<'a>>,
    pub(crate) functions: Option<FunctionSectionReader<'a>>,
    pub(crate) tables: Option<TableSectionReader<'a>>,
    pub(crate) tags: Option<TagSectionReader<'a>>,
    pub(crate) globals: Option<GlobalSectionReader<'a>>,
    pub(crate) exports: Option<ExportSectionReader<'a>>,
    pub(crate) elements: Option<ElementSectionReader<'a>>,
    pub(crate) data: Option<DataSectionReader<'a>>,
}

/// A custom section, and whether it stood before all others.
pub(crate) struct Custom<'a> {
    pub(crate) reader: CustomSectionReader<'a>,
    pub(crate) leads: bool,
}

impl<'a> Module<'a> {
    /// Parses `bytes`.
    ///
    /// # Errors
    ///
    /// When they are no core module, or damaged.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self> {
        check_preamble(&bytes[..bytes.len().min(8)])?;
        Self::read(bytes).of_kind(ErrorKind::Damaged)
    }

    fn read(bytes: &'a [u8]) -> Result<Self> {
        let mut module = Self {
            bytes,
            types: Vec::new(),
            type_is_alone: Vec::new(),
            imports: Vec::new(),
            function_types: Vec::new(),
            memories: Vec::new(),
            globals: Vec::new(),
            exports: Vec::new(),
            start: None,
            data_count: None,
            bodies: Vec::new(),
            imported_functions: 0,
            imported_memories: 0,
            imported_globals: 0,
            sections: Sections::default(),
            customs: Vec::new(),
        };
        let mut parser = Parser::new(0);
        // Whatever a program uses must be parsed; whether that is allowed is decided by
        // validation.
        parser.set_features(WasmFeatures::all());
        let mut only_customs = true;
        for payload in parser.parse_all(bytes) {
            let payload = payload.context("the module is damaged")?;
            let is_custom = matches!(payload, Payload::CustomSection(_) | Payload::Version { .. });
            module.add(payload, only_customs).context("the module is damaged")?;
            only_customs &= is_custom;
        }
        let declared = module.function_types.len() - module.imported_functions as usize;
        ensure!(
            module.bodies.len() == declared,
            "the module is damaged: it declares {declared} functions and has the code of {}",
            module.bodies.len()
        );
        Ok(module)
    }

    fn add(&mut self, payload: Payload<'a>, leads: bool) -> Result<()> {
        match payload {
            Payload::Version { .. } | Payload::End(_) => {}
            Payload::TypeSection(section) => {
                for group in section.clone() {
                    let group = group?;
                    let alone = group.types().len() == 1;
                    for ty in group.into_types() {
                        self.types.push(ty);
                        self.type_is_alone.push(alone);
                    }
                }
                self.sections.types = Some(section);
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    self.add_import(import?);
                }
            }
            Payload::FunctionSection(section) => {
                for ty in section.clone() {
                    self.function_types.push(TypeIdx(ty?));
                }
                self.sections.functions = Some(section);
            }
            Payload::TableSection(section) => self.sections.tables = Some(section),
            Payload::MemorySection(section) => {
                for memory in section {
                    self.memories.push(memory?);
                }
            }
            Payload::TagSection(section) => self.sections.tags = Some(section),
            Payload::GlobalSection(section) => {
                for global in section.clone() {
                    self.globals.push(global?.ty);
                }
                self.sections.globals = Some(section);
            }
            Payload::ExportSection(section) => {
                self.exports = section.clone().into_iter().collect::<Result<_, _>>()?;
                self.sections.exports = Some(section);
            }
            Payload::StartSection { func, .. } => self.start = Some(FuncIdx(func)),
            Payload::ElementSection(section) => self.sections.elements = Some(section),
            Payload::DataCountSection { count, .. } => self.data_count = Some(count),
            Payload::DataSection(section) => {
                // Whoever counts segments may rely on it that there are so many.
                let claimed = section.count();
                ensure!(
                    claimed as usize <= section.range().len(),
                    "its data section claims {claimed} segments"
                );
                self.sections.data = Some(section);
            }
            Payload::CodeSectionStart { count, range, .. } => {
                // A damaged count must not reserve more than there can be.
                self.bodies.reserve((count as usize).min(range.len()));
            }
            Payload::CodeSectionEntry(body) => self.bodies.push(body),
            Payload::CustomSection(reader) => self.customs.push(Custom { reader, leads }),
            other => bail!("it has a section of an unknown kind ({other:?})"),
        }
        Ok(())
    }

    fn add_import(&mut self, import: Import<'a>) {
        match import.ty {
            TypeRef::Func(ty) | TypeRef::FuncExact(ty) => {
                self.function_types.push(TypeIdx(ty));
                self.imported_functions += 1;
            }
            TypeRef::Memory(ty) => {
                self.memories.push(ty);
                self.imported_memories += 1;
            }
            TypeRef::Global(ty) => {
                self.globals.push(ty);
                self.imported_globals += 1;
            }
            TypeRef::Table(_) | TypeRef::Tag(_) => {}
        }
        self.imports.push(import);
    }

    /// The imported functions with their indices.
    pub(crate) fn function_imports(&self) -> impl Iterator<Item = (FuncIdx, &Import<'a>)> {
        self.imports
            .iter()
            .filter(|import| matches!(import.ty, TypeRef::Func(_) | TypeRef::FuncExact(_)))
            .enumerate()
            .map(|(position, import)| (FuncIdx::from_index(position), import))
    }

    /// The body of a function, unless it is imported.
    pub(crate) fn body(&self, function: FuncIdx) -> Option<&FunctionBody<'a>> {
        let defined = function.0.checked_sub(self.imported_functions)?;
        self.bodies.get(defined as usize)
    }

    /// The type of a function.
    ///
    /// # Errors
    ///
    /// When there is no such function or its type is none of a function.
    pub(crate) fn function_type(&self, function: FuncIdx) -> Result<&FuncType> {
        let ty = self
            .function_types
            .get(function.index())
            .with_context(|| format!("there is no function {}", function.0))?;
        match self.types.get(ty.index()).map(|ty| &ty.composite_type.inner) {
            Some(CompositeInnerType::Func(ty)) => Ok(ty),
            _ => bail!("type {} of function {} is no function type", ty.0, function.0),
        }
    }

    /// A type that may stand for `wanted` because it is the same type.
    pub(crate) fn equal_function_type(&self, wanted: &FuncType) -> Option<TypeIdx> {
        let same = |ty: &SubType| {
            ty.is_final
                && ty.supertype_idx.is_none()
                && !ty.composite_type.shared
                && matches!(&ty.composite_type.inner, CompositeInnerType::Func(ty) if ty == wanted)
        };
        (0..self.types.len())
            .find(|&at| self.type_is_alone[at] && same(&self.types[at]))
            .map(TypeIdx::from_index)
    }

    /// The export of that name and kind.
    pub(crate) fn exported(&self, name: &str, kind: ExternalKind) -> Option<u32> {
        let export = self.exports.iter().find(|export| export.name == name && export.kind == kind);
        export.map(|export| export.index)
    }

    /// The memory exported as `name`.
    pub(crate) fn exported_memory(&self, name: &str) -> Option<MemIdx> {
        self.exported(name, ExternalKind::Memory).map(MemIdx)
    }

    /// The function exported as `name`.
    pub(crate) fn exported_function(&self, name: &str) -> Option<FuncIdx> {
        self.exported(name, ExternalKind::Func).map(FuncIdx)
    }

    /// How many data segments there are.
    pub(crate) fn data_segments(&self) -> u32 {
        self.sections.data.as_ref().map_or(0, SectionLimited::count)
    }

    /// The payload of the custom section of that name.
    pub(crate) fn custom(&self, name: &str) -> Option<&'a [u8]> {
        let found = self.customs.iter().find(|custom| custom.reader.name() == name);
        found.map(|custom| custom.reader.data())
    }

    /// The bytes of a section's items, without their count.
    pub(crate) fn item_bytes<T>(&self, section: &SectionLimited<'a, T>) -> &'a [u8] {
        // A fresh section reader stands right behind the count.
        &self.bytes[section.original_position()..section.range().end]
    }

    /// The initialisers of the defined globals.
    ///
    /// # Errors
    ///
    /// When the section is damaged.
    pub(crate) fn defined_globals(&self) -> Result<Vec<(GlobalIdx, wasmparser::Global<'a>)>> {
        let Some(section) = self.sections.globals.clone() else { return Ok(Vec::new()) };
        let mut globals = Vec::new();
        for (position, global) in section.into_iter().enumerate() {
            globals
                .push((GlobalIdx::from_index(self.imported_globals as usize + position), global?));
        }
        Ok(globals)
    }
}

/// A reader over bytes that start at `offset` of a module, for messages.
pub(crate) fn reader(bytes: &[u8], offset: usize) -> BinaryReader<'_> {
    BinaryReader::new_features(bytes, offset, WasmFeatures::all())
}
