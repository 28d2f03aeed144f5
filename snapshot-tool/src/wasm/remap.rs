//! Old indices to new ones, applied to everything that wasm-encoder can re-encode ([`Remap`]).

use anyhow::{Result, anyhow};
use wasm_encoder::reencode::{Error, Reencode};

/// The new index of each item of one index space.
#[derive(Debug, Clone, Default)]
pub(crate) enum IndexMap {
    /// Nothing moved.
    #[default]
    Same,
    /// New index by old index; `None` for what was dropped.
    Table(Vec<Option<u32>>),
}

impl IndexMap {
    /// The new index, unless the item was dropped.
    pub(crate) fn get(&self, old: u32) -> Option<u32> {
        match self {
            Self::Same => Some(old),
            Self::Table(table) => table.get(old as usize).copied().flatten(),
        }
    }

    /// Keeps the items that `live` marks and numbers them from `first`.
    pub(crate) fn keep(live: &[bool], first: u32) -> Self {
        let mut next = first..;
        Self::Table(live.iter().map(|&live| live.then(|| next.next()).flatten()).collect())
    }
}

/// New indices for all index spaces that linking or lowering moves.
#[derive(Debug, Clone, Default)]
pub(crate) struct Remap {
    pub(crate) types: IndexMap,
    pub(crate) functions: IndexMap,
    pub(crate) globals: IndexMap,
    pub(crate) memories: IndexMap,
    pub(crate) data: IndexMap,
    /// Added to the offset of the next memory instruction.
    pub(crate) extra_offset: u64,
}

fn moved(map: &IndexMap, space: &str, old: u32) -> Result<u32, Error<anyhow::Error>> {
    map.get(old).ok_or_else(|| Error::UserError(anyhow!("{space} {old} is used but was dropped")))
}

impl Reencode for Remap {
    type Error = anyhow::Error;

    fn type_index(&mut self, ty: u32) -> Result<u32, Error<Self::Error>> {
        moved(&self.types, "type", ty)
    }

    fn function_index(&mut self, func: u32) -> Result<u32, Error<Self::Error>> {
        moved(&self.functions, "function", func)
    }

    fn global_index(&mut self, global: u32) -> Result<u32, Error<Self::Error>> {
        moved(&self.globals, "global", global)
    }

    fn memory_index(&mut self, memory: u32) -> Result<u32, Error<Self::Error>> {
        moved(&self.memories, "memory", memory)
    }

    fn data_index(&mut self, data: u32) -> Result<u32, Error<Self::Error>> {
        moved(&self.data, "data segment", data)
    }

    fn mem_arg(
        &mut self,
        arg: wasmparser::MemArg,
    ) -> Result<wasm_encoder::MemArg, Error<Self::Error>> {
        Ok(wasm_encoder::MemArg {
            offset: arg.offset + std::mem::take(&mut self.extra_offset),
            align: arg.align.into(),
            memory_index: self.memory_index(arg.memory)?,
        })
    }
}

/// A re-encoding error as one of ours.
pub(crate) fn explain(error: Error<anyhow::Error>) -> anyhow::Error {
    match error {
        Error::UserError(error) => error,
        Error::ParseError(error) => anyhow::Error::new(error),
        other => anyhow!("{other}"),
    }
}
