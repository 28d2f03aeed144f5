//! What the output forms decide differently ([`FormRules`]), and what their decisions are written
//! with.

use anyhow::Result;
use wasm_encoder::Function;
use wasmparser::{FuncType, MemoryType, WasmFeatures};

use crate::adapter::initial_memory::Segment;
use crate::link::program_code::MemoryView;
use crate::wasm::index::{DataIdx, FuncIdx, GlobalIdx, MemIdx};
use crate::wasm::remap::{IndexMap, Remap};

/// A mutable i32 global that linking adds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SynthesisedGlobal {
    pub(crate) name: &'static str,
    pub(crate) initial: u32,
}

/// A function that linking adds.
#[derive(Debug, Clone)]
pub(crate) struct SynthesisedFunction {
    pub(crate) name: String,
    pub(crate) ty: FuncType,
}

/// Where things have come to lie in the linked module.
#[derive(Debug, Clone)]
pub(crate) struct Places<'p> {
    /// The first synthesised global; the others follow.
    pub(crate) first_global: GlobalIdx,
    /// The synthesised functions, in the order of [`FormRules::functions`].
    pub(crate) functions: &'p [FuncIdx],
    /// The segment of [`FormRules::passive_segment`].
    pub(crate) passive_segment: DataIdx,
    /// The program's functions.
    pub(crate) program_functions: &'p IndexMap,
    /// The host's `fd_write`, if the result imports it.
    pub(crate) fd_write: Option<FuncIdx>,
    /// The host's `proc_exit`, if the result imports it.
    pub(crate) proc_exit: Option<FuncIdx>,
}

/// One output form. A form adds globals and functions, places the filesystem's memory, and
/// rewrites its functions.
pub(crate) trait FormRules {
    /// All memories of the result; the program's keep their indices.
    fn memories(&self) -> Vec<MemoryType>;

    /// The memory that the filesystem's own has become.
    fn kernel_memory(&self) -> MemIdx;

    /// Where an initial byte at `offset` of the filesystem's memory lies in that memory.
    fn segment_offset(&self, offset: u32) -> Result<u32>;

    /// Globals to add.
    fn globals(&self) -> Vec<SynthesisedGlobal>;

    /// Which added global holds where the filesystem's memory begins in that memory; `None`: at its
    /// start.
    fn base(&self) -> Option<u32>;

    /// The functions to add.
    fn functions(&self) -> Vec<SynthesisedFunction>;

    /// The body of the added function number `position`.
    fn function(&self, position: usize, places: &Places<'_>) -> Result<Function>;

    /// Which added function the program's export of a function leads to, if not to that itself.
    fn gate(&self, _export: &str) -> Option<usize> {
        None
    }

    /// Which added function the result exports for its embedder, and by which name.
    fn export(&self) -> Option<(&'static str, usize)> {
        None
    }

    /// Which added function is the start function, if not the program's.
    fn start(&self) -> Option<usize> {
        None
    }

    /// Initial bytes to add before the filesystem's.
    fn initial(&self) -> Option<Segment> {
        None
    }

    /// A passive segment to add behind the initial memory.
    fn passive_segment(&self) -> Option<&'static [u8]> {
        None
    }

    /// How the program sees the size of its memory, if not directly.
    fn view(&self, places: &Places<'_>) -> Option<MemoryView>;

    /// A function of the filesystem, at its new indices.
    fn body(&self, function: FuncIdx, remap: &Remap, places: &Places<'_>) -> Result<Function>;

    /// The features that the form itself needs, beyond the program's and the filesystem's.
    fn features(&self) -> WasmFeatures;

    /// The memory's name in the `name` section, if it is a memory of its own.
    fn memory_name(&self) -> Option<&'static str>;
}
