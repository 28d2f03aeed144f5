//! What of an adapter is live: the functions that a set of roots reaches, and the types and
//! globals that those use. Everything else is dropped.

use anyhow::{Context, Result, bail};
use wasmparser::{BlockType, Operator};

use crate::wasm::index::FuncIdx;
use crate::wasm::module::Module;

/// What is used, by index of the module that was searched.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) functions: Vec<bool>,
    pub(crate) types: Vec<bool>,
    pub(crate) globals: Vec<bool>,
    /// The functions each live function calls.
    pub(crate) calls: Vec<Vec<FuncIdx>>,
}

impl Live {
    /// Searches from `roots`. Calls of an `ignored` function use nothing: an instruction will take
    /// their place.
    ///
    /// # Errors
    ///
    /// When a function is damaged or calls through a table, which hides whom it calls.
    pub(crate) fn from_roots(
        module: &Module<'_>,
        roots: &[FuncIdx],
        ignored: impl Fn(FuncIdx) -> bool,
    ) -> Result<Self> {
        let functions = module.function_types.len();
        let mut live = Self {
            functions: vec![false; functions],
            types: vec![false; module.types.len()],
            globals: vec![false; module.globals.len()],
            calls: vec![Vec::new(); functions],
        };
        let mut queue = roots.to_vec();
        while let Some(function) = queue.pop() {
            if mark(&mut live.functions, function.0, "function")? {
                continue;
            }
            mark(&mut live.types, module.function_types[function.index()].0, "type")?;
            let calls = live
                .uses_of(module, function)
                .with_context(|| format!("in function {} of the adapter", function.0))?;
            queue.extend(calls.iter().filter(|&&callee| !ignored(callee)));
            live.calls[function.index()] = calls;
        }
        Ok(live)
    }

    /// Marks what a body uses, and returns the functions it refers to.
    fn uses_of(&mut self, module: &Module<'_>, function: FuncIdx) -> Result<Vec<FuncIdx>> {
        let mut calls = Vec::new();
        let Some(body) = module.body(function) else { return Ok(calls) };
        for operator in body.get_operators_reader()? {
            match operator? {
                Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
                    calls.push(FuncIdx(function_index));
                }
                Operator::GlobalGet { global_index } | Operator::GlobalSet { global_index } => {
                    mark(&mut self.globals, global_index, "global")?;
                }
                Operator::Block { blockty }
                | Operator::Loop { blockty }
                | Operator::If { blockty } => self.block_type(blockty)?,
                Operator::CallIndirect { .. }
                | Operator::ReturnCallIndirect { .. }
                | Operator::CallRef { .. }
                | Operator::ReturnCallRef { .. }
                | Operator::RefFunc { .. } => bail!("it calls through a table or a reference"),
                _ => {}
            }
        }
        calls.sort_unstable();
        calls.dedup();
        Ok(calls)
    }

    fn block_type(&mut self, ty: BlockType) -> Result<()> {
        if let BlockType::FuncType(ty) = ty {
            mark(&mut self.types, ty, "type")?;
        }
        Ok(())
    }

    /// The live functions in order.
    pub(crate) fn function_indices(&self) -> impl Iterator<Item = FuncIdx> {
        (0..self.functions.len()).filter(|&at| self.functions[at]).map(FuncIdx::from_index)
    }
}

/// Marks an item as used; says whether it was marked before.
fn mark(used: &mut [bool], index: u32, space: &str) -> Result<bool> {
    let used = used.get_mut(index as usize);
    let used = used.with_context(|| format!("there is no {space} {index}"))?;
    Ok(std::mem::replace(used, true))
}
