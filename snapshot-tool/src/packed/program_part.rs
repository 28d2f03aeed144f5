//! What of a linked module is the program's, and how it was before it was linked ([`ProgramPart`]):
//! with it `unlink` takes the program out again, so that a packed module can be packed anew.
//!
//! All integers are unsigned LEB128; an option is 0, or 1 and the value:
//!
//! ```text
//! types, functions, globals, memories, data segments, imports, exports
//! user memory                          its index, its least size in pages, option: its largest
//! first function                       the index of the first of the program's own
//! start                                option: the program's start function
//! view                                 option: the global that `memory.size` reads, the function that `memory.grow` calls
//! entries                              count; each: the export's position, the program's function that it was
//! features                             option: how many entries of `target_features` are the program's; then count; each of those
//!                                      that the program does not use: position, prefix
//! served imports                       count; each: place, name, perhaps type, function that answers
//! joined                               count; each data segment that was joined with the one before: how many segments stand
//!                                      between it and the last of these, the gap's and its own length in bytes
//! ```
//!
//! A served import's place is how many imports stand between it and the one before it, times 4, and
//! 2 if it comes from `wasi_unstable`, and 1 if its type is said: else it is that of the function.
//! Its name is a number counted from 1 in the alphabet of preview1's functions, or 0 and a string: for
//! one of Linux's calls, which comes from another module, `MODULE.NAME`.
//! There are dozens of them, and each packed program carries them: hence so terse.

use anyhow::{Context, Result};
use wasm_encoder::Encode as _;
use wasmparser::BinaryReader;

use crate::linux_calls;
use crate::preview1;
use crate::preview1::ServedModule;
use crate::wasm::index::{FuncIdx, GlobalIdx, MemIdx, TypeIdx};

/// The program's part of a linked module. Its items come first in each index space (functions:
/// after the imports and some of the filesystem's); all that follows them is the filesystem's.
/// Indices are the linked module's unless said otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProgramPart {
    /// Types, the same indices as in the unlinked program.
    pub types: u32,
    /// Functions that the program defines.
    pub functions: u32,
    /// Globals, imported ones included.
    pub globals: u32,
    /// Memories.
    pub memories: u32,
    /// Data segments, as many as are left after some were [`joined`](Self::joined).
    pub data_segments: u32,
    /// Imports of the unlinked program, of all kinds.
    pub imports: u32,
    /// Exports.
    pub exports: u32,
    /// The memory that the program exports as `memory`,
    pub user_memory: MemIdx,
    /// its least size in pages,
    pub user_memory_min: u64,
    /// and its largest, if the program says one.
    pub user_memory_max: Option<u64>,
    /// Where the functions that the program defines begin.
    pub first_function: FuncIdx,
    /// The program's start function.
    pub start: Option<FuncIdx>,
    /// How the program sees the size of its memory, if not directly.
    pub view: Option<SizeView>,
    /// Exports that now lead to something of ours first.
    pub entries: Vec<Entry>,
    /// What of the section `target_features` is the program's, if it has one.
    pub features: Option<OwnFeatures>,
    /// The imports that the filesystem serves, in their order.
    pub served: Vec<ServedImport>,
    /// The data segments that were joined with the one before, in their order.
    pub joined: Vec<JoinedSegment>,
}

/// What took the place of the program's `memory.size` and `memory.grow`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SizeView {
    /// Holds the size in pages.
    pub pages: GlobalIdx,
    /// Grows it.
    pub grow: FuncIdx,
}

/// An export of the program that now leads to something of ours first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Which of the exports.
    pub export: u32,
    /// The program's function that it was.
    pub function: FuncIdx,
}

/// What of the section `target_features` is the program's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnFeatures {
    /// How many of the entries, from the first on.
    pub count: u32,
    /// Those of them that do not say that the program uses the feature: position and prefix.
    pub unused: Vec<(u32, u8)>,
}

/// A data segment of the program that was joined with the one before, with zeros between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JoinedSegment {
    /// Its index in the unlinked program.
    pub index: u32,
    /// How many zeros are between the two.
    pub gap: u32,
    /// Its length in bytes.
    pub bytes: u32,
}

/// An import of the program that the filesystem serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedImport {
    /// Its place among all imports of the unlinked program.
    pub position: u32,
    /// Where it came from.
    pub module: ServedModule,
    /// Its name.
    pub name: String,
    /// Its type, if that has another index than the type of the function.
    pub ty: Option<TypeIdx>,
    /// The function that answers now.
    pub function: FuncIdx,
}

impl ProgramPart {
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        for count in [
            self.types,
            self.functions,
            self.globals,
            self.memories,
            self.data_segments,
            self.imports,
            self.exports,
            self.user_memory.0,
        ] {
            count.encode(out);
        }
        self.user_memory_min.encode(out);
        option(self.user_memory_max, out);
        self.first_function.0.encode(out);
        option(self.start.map(|start| start.0.into()), out);
        option(self.view.map(|view| view.pages.0.into()), out);
        if let Some(view) = self.view {
            view.grow.0.encode(out);
        }
        self.entries.len().encode(out);
        for entry in &self.entries {
            entry.export.encode(out);
            entry.function.0.encode(out);
        }
        option(self.features.as_ref().map(|own| own.count.into()), out);
        if let Some(own) = &self.features {
            own.unused.len().encode(out);
            for (position, prefix) in &own.unused {
                position.encode(out);
                out.push(*prefix);
            }
        }
        self.served.len().encode(out);
        let mut next = 0;
        for import in &self.served {
            import.encode(next, out);
            next = import.position + 1;
        }
        self.joined.len().encode(out);
        let mut next = 0;
        for segment in &self.joined {
            (segment.index - next).encode(out);
            segment.gap.encode(out);
            segment.bytes.encode(out);
            next = segment.index + 1;
        }
    }

    pub(crate) fn decode(reader: &mut BinaryReader<'_>) -> Result<Self> {
        let mut part = Self {
            types: reader.read_var_u32()?,
            functions: reader.read_var_u32()?,
            globals: reader.read_var_u32()?,
            memories: reader.read_var_u32()?,
            data_segments: reader.read_var_u32()?,
            imports: reader.read_var_u32()?,
            exports: reader.read_var_u32()?,
            user_memory: MemIdx(reader.read_var_u32()?),
            user_memory_min: reader.read_var_u64()?,
            user_memory_max: read_option(reader)?,
            first_function: FuncIdx(reader.read_var_u32()?),
            start: read_index(reader)?.map(FuncIdx),
            ..Self::default()
        };
        if let Some(pages) = read_index(reader)? {
            let grow = FuncIdx(reader.read_var_u32()?);
            part.view = Some(SizeView { pages: GlobalIdx(pages), grow });
        }
        for _ in 0..reader.read_var_u32()? {
            let (export, function) = (reader.read_var_u32()?, FuncIdx(reader.read_var_u32()?));
            part.entries.push(Entry { export, function });
        }
        if let Some(count) = read_index(reader)? {
            let mut unused = Vec::new();
            for _ in 0..reader.read_var_u32()? {
                unused.push((reader.read_var_u32()?, reader.read_u8()?));
            }
            part.features = Some(OwnFeatures { count, unused });
        }
        let mut next = 0;
        for _ in 0..reader.read_var_u32()? {
            let import = ServedImport::decode(next, reader)?;
            next = import.position.checked_add(1).context("an import is out of place")?;
            part.served.push(import);
        }
        let mut next = 0_u32;
        for _ in 0..reader.read_var_u32()? {
            let index =
                next.checked_add(reader.read_var_u32()?).context("a segment is out of place")?;
            let (gap, bytes) = (reader.read_var_u32()?, reader.read_var_u32()?);
            part.joined.push(JoinedSegment { index, gap, bytes });
            next = index.checked_add(1).context("a segment is out of place")?;
        }
        Ok(part)
    }
}

/// The bits of a served import's place.
const PLACE_SHIFT: u32 = 2;
const IS_UNSTABLE: u32 = 2;
const HAS_TYPE: u32 = 1;

impl ServedImport {
    /// `next` is the position behind the import before this.
    fn encode(&self, next: u32, out: &mut Vec<u8>) {
        let unstable = if self.module == ServedModule::Unstable { IS_UNSTABLE } else { 0 };
        let typed = if self.ty.is_some() { HAS_TYPE } else { 0 };
        ((self.position - next) << PLACE_SHIFT | unstable | typed).encode(out);
        let is_linux = linux_calls::is_module(self.module.name());
        match preview1::number(&self.name).filter(|_| !is_linux) {
            Some(number) => (number + 1).encode(out),
            None => {
                out.push(0);
                if is_linux {
                    format!("{}.{}", self.module.name(), self.name).as_str().encode(out);
                } else {
                    self.name.as_str().encode(out);
                }
            }
        }
        if let Some(ty) = self.ty {
            ty.0.encode(out);
        }
        self.function.0.encode(out);
    }

    fn decode(next: u32, reader: &mut BinaryReader<'_>) -> Result<Self> {
        let place = reader.read_var_u32()?;
        let position =
            next.checked_add(place >> PLACE_SHIFT).context("an import is out of place")?;
        let mut module =
            if place & IS_UNSTABLE != 0 { ServedModule::Unstable } else { ServedModule::Preview1 };
        let name = match reader.read_var_u32()? {
            0 => {
                let name = reader.read_string()?;
                // No function of preview1 has a dot in its name.
                let linux = name.split_once('.').filter(|(it, _)| linux_calls::is_module(it));
                match linux {
                    Some((of, name)) => {
                        module = ServedModule::named(of).context("a served import's module")?;
                        name.to_owned()
                    }
                    None => name.to_owned(),
                }
            }
            number => {
                let name = preview1::function(number - 1);
                name.context("a served import is no function of preview1")?.to_owned()
            }
        };
        let ty = if place & HAS_TYPE != 0 { Some(TypeIdx(reader.read_var_u32()?)) } else { None };
        Ok(Self { position, module, name, ty, function: FuncIdx(reader.read_var_u32()?) })
    }
}

fn option(value: Option<u64>, out: &mut Vec<u8>) {
    match value {
        None => out.push(0),
        Some(value) => {
            out.push(1);
            value.encode(out);
        }
    }
}

fn read_option(reader: &mut BinaryReader<'_>) -> Result<Option<u64>> {
    Ok(if reader.read_u8()? == 0 { None } else { Some(reader.read_var_u64()?) })
}

fn read_index(reader: &mut BinaryReader<'_>) -> Result<Option<u32>> {
    read_option(reader)?.map(u32::try_from).transpose().context("an index has 32 bits")
}
