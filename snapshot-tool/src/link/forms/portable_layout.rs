//! What a function of the filesystem must know of the portable form ([`PortableLayout`]): where the
//! base is, and which calls can move it.

use anyhow::Result;
use wasmparser::{FunctionBody, Operator};

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
    let mut callers: Vec<Vec<FuncIdx>> = vec![Vec::new(); moves.len()];
    // Those whose callers are still to be marked.
    let mut left = Vec::new();
    for function in live.function_indices() {
        for callee in &live.calls[function.index()] {
            callers[callee.index()].push(function);
        }
        let grows = match adapter.body(function) {
            None => true,
            Some(body) => grows_program(body)?,
        };
        if grows {
            moves[function.index()] = true;
            left.push(function);
        }
    }
    while let Some(callee) = left.pop() {
        for &caller in &callers[callee.index()] {
            if !std::mem::replace(&mut moves[caller.index()], true) {
                left.push(caller);
            }
        }
    }
    Ok(moves)
}

/// Whether a body grows the program's memory itself.
fn grows_program(body: &FunctionBody<'_>) -> Result<bool> {
    for operator in body.get_operators_reader()? {
        if operator? == (Operator::MemoryGrow { mem: USER_MEMORY.0 }) {
            return Ok(true);
        }
    }
    Ok(false)
}
