//! What a function of the filesystem must know of the portable form ([`PortableLayout`]): where the
//! base is, and which calls can move it.

use anyhow::Result;
use wasmparser::Operator;

use crate::adapter::names::USER_MEMORY;
use crate::wasm::index::{FuncIdx, GlobalIdx, MemIdx};
use crate::wasm::module::Module;
use crate::wasm::reach::Live;

/// What a body needs to know of the form.
pub(crate) struct PortableLayout<'a> {
    pub(crate) memory: MemIdx,
    pub(crate) base: GlobalIdx,
    pub(crate) program_pages: GlobalIdx,
    pub(crate) program_grow: FuncIdx,
    pub(crate) kernel_grow: FuncIdx,
    pub(crate) page_bits: i32,
    /// Whether a call of this function can move the base, by index of the adapter.
    pub(crate) moves: &'a [bool],
}

/// The functions whose call can move the base: imported ones, those that grow the program's
/// memory, and all that call one of these.
///
/// # Errors
///
/// When a body is damaged.
pub(crate) fn moving_functions(adapter: &Module<'_>, live: &Live) -> Result<Vec<bool>> {
    let mut moves = vec![false; adapter.function_types.len()];
    for function in live.function_indices() {
        moves[function.index()] = match adapter.body(function) {
            None => true,
            Some(body) => {
                let mut grows = false;
                for operator in body.get_operators_reader()? {
                    let grow = Operator::MemoryGrow { mem: USER_MEMORY.0 };
                    grows |= operator? == grow;
                }
                grows
            }
        };
    }
    loop {
        let before = moves.clone();
        for function in live.function_indices() {
            let calls = &live.calls[function.index()];
            moves[function.index()] |= calls.iter().any(|callee| before[callee.index()]);
        }
        if moves == before {
            return Ok(moves);
        }
    }
}
