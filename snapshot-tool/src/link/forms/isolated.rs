//! The isolated form: the filesystem keeps a memory of its own, behind the program's.
//!
//! The program's code changes only where it calls the filesystem. What is synthesised is the
//! [`self_test`](crate::link::forms::self_test) that runs before it.

use anyhow::{Context, Result};
use wasm_encoder::Function;
use wasm_encoder::reencode::Reencode as _;
use wasmparser::{MemoryType, WasmFeatures};

use crate::adapter::initial_memory::Segment;
use crate::adapter::names::KERNEL_MEMORY;
use crate::link::forms::rules::{FormRules, Places, SynthesisedFunction, SynthesisedGlobal};
use crate::link::forms::self_test::SelfTest;
use crate::link::program_code::MemoryView;
use crate::wasm::index::{FuncIdx, MemIdx};
use crate::wasm::module::Module;
use crate::wasm::reach::Live;
use crate::wasm::remap::{Remap, explain};

/// See the module's documentation.
pub(crate) struct Isolated<'a> {
    program: &'a Module<'a>,
    adapter: &'a Module<'a>,
    self_test: Option<SelfTest>,
}

impl<'a> Isolated<'a> {
    pub(crate) fn new(
        program: &'a Module<'a>,
        user_memory: MemIdx,
        adapter: &'a Module<'a>,
        live: &Live,
        segments: &[Segment],
    ) -> Result<Self> {
        let self_test = SelfTest::new(program, user_memory, adapter, live, segments)?;
        Ok(Self { program, adapter, self_test })
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

    fn functions(&self) -> Vec<SynthesisedFunction> {
        self.self_test.as_ref().map(SelfTest::functions).unwrap_or_default()
    }

    fn function(&self, position: usize, places: &Places<'_>) -> Result<Function> {
        let test = self.self_test.as_ref().context("nothing is synthesised")?;
        test.function(position, places)
    }

    fn gate(&self, export: &str) -> Option<usize> {
        self.self_test.as_ref()?.gate(export)
    }

    fn start(&self) -> Option<usize> {
        self.self_test.as_ref()?.start()
    }

    fn initial(&self) -> Option<Segment> {
        self.self_test.as_ref()?.initial()
    }

    fn passive_segment(&self) -> Option<&'static [u8]> {
        self.self_test.as_ref()?.passive_segment()
    }

    fn view(&self, _places: &Places<'_>) -> Option<MemoryView> {
        None
    }

    fn body(&self, function: FuncIdx, remap: &Remap, _places: &Places<'_>) -> Result<Function> {
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
