//! The isolated form: the filesystem keeps a memory of its own, behind the program's.
//!
//! Nothing is synthesised, and the program's code changes only where it calls the filesystem.

use anyhow::{Context, Result};
use wasm_encoder::Function;
use wasm_encoder::reencode::Reencode as _;
use wasmparser::{MemoryType, WasmFeatures};

use super::{FormRules, Places, SynthesisedGlobal};
use crate::core_form::KERNEL_MEMORY;
use crate::index::{FuncIdx, MemIdx};
use crate::module::Module;
use crate::program_code::MemoryView;
use crate::remap::{Remap, explain};

/// See the module's documentation.
pub(crate) struct Isolated<'a> {
    program: &'a Module<'a>,
    adapter: &'a Module<'a>,
}

impl<'a> Isolated<'a> {
    pub(crate) fn new(program: &'a Module<'a>, adapter: &'a Module<'a>) -> Self {
        Self { program, adapter }
    }
}

impl FormRules for Isolated<'_> {
    fn memories(&self) -> Vec<MemoryType> {
        let mut memories = self.program.memories.clone();
        memories.push(self.adapter.memories[KERNEL_MEMORY.index()]);
        memories
    }

    fn kernel_memory(&self) -> MemIdx {
        MemIdx::from_index(self.program.memories.len())
    }

    fn segment_offset(&self, offset: u32) -> Result<u32> {
        Ok(offset)
    }

    fn globals(&self) -> Vec<SynthesisedGlobal> {
        Vec::new()
    }

    fn base(&self) -> Option<u32> {
        None
    }

    fn functions(&self) -> Vec<&'static str> {
        Vec::new()
    }

    fn function(&self, _position: usize, _places: &Places) -> Function {
        Function::new([])
    }

    fn view(&self, _places: &Places) -> Option<MemoryView> {
        None
    }

    fn body(&self, function: FuncIdx, remap: &Remap, _places: &Places) -> Result<Function> {
        let body = self.adapter.body(function).context("an imported function has no body")?;
        let mut remap = remap.clone();
        let mut encoded = remap.new_function_with_parsed_locals(body).map_err(explain)?;
        for operator in body.get_operators_reader()? {
            encoded.instruction(&remap.instruction(operator?).map_err(explain)?);
        }
        Ok(encoded)
    }

    fn features(&self) -> WasmFeatures {
        WasmFeatures::MULTI_MEMORY
    }

    fn memory_name(&self) -> Option<&'static str> {
        Some("wasm_vfs::memory")
    }
}
