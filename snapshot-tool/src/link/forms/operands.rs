//! Where in a straight run of instructions each operand was complete.
//!
//! To add the base to an address that lies *under* other operands, the cheapest code inserts the
//! addition where the address was just computed. That place is known as long as no control
//! instruction came between; then nothing is known and the caller parks operands in locals.

use wasmparser::{
    CompositeInnerType, ContType, FrameKind, FuncType, ModuleArity, RefType, SubType,
};

use crate::wasm::module::Module;

/// The operands of the current straight run, bottom first: how many instructions had been written
/// when the operand was on top of the stack and complete.
#[derive(Debug, Default)]
pub(crate) struct Operands(Vec<Option<usize>>);

impl Operands {
    /// Forgets everything, as at a control instruction.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Where the operand under `depth` others was complete, if that is known.
    pub(crate) fn place(&self, depth: usize) -> Option<usize> {
        let at = self.0.len().checked_sub(depth + 1)?;
        self.0[at]
    }

    /// An instruction took `taken` operands and gave `given`, and `written` instructions have
    /// been written now.
    pub(crate) fn step(&mut self, taken: u32, given: u32, written: usize) {
        self.0.truncate(self.0.len().saturating_sub(taken as usize));
        for remaining in (0..given).rev() {
            // Only the last result is on top when the instruction is done.
            self.0.push((remaining == 0).then_some(written));
        }
    }
}

/// Arities of instructions other than control, by the types of a module.
pub(crate) struct Arity<'m>(pub(crate) &'m Module<'m>);

impl ModuleArity for Arity<'_> {
    fn sub_type_at(&self, type_idx: u32) -> Option<&SubType> {
        self.0.types.get(type_idx as usize)
    }

    fn tag_type_arity(&self, _at: u32) -> Option<(u32, u32)> {
        None
    }

    fn type_index_of_function(&self, function_idx: u32) -> Option<u32> {
        self.0.function_types.get(function_idx as usize).map(|ty| ty.0)
    }

    fn func_type_of_cont_type(&self, _ty: &ContType) -> Option<&FuncType> {
        None
    }

    fn sub_type_of_ref_type(&self, _ty: &RefType) -> Option<&SubType> {
        None
    }

    fn control_stack_height(&self) -> u32 {
        0
    }

    fn label_block(&self, _depth: u32) -> Option<(wasmparser::BlockType, FrameKind)> {
        None
    }
}

/// Parameters and results of a function.
pub(crate) fn function_arity(module: &Module<'_>, function: u32) -> Option<(u32, u32)> {
    let ty = module.function_types.get(function as usize)?;
    match &module.types.get(ty.index())?.composite_type.inner {
        CompositeInnerType::Func(ty) => {
            Some((u32::try_from(ty.params().len()).ok()?, u32::try_from(ty.results().len()).ok()?))
        }
        _ => None,
    }
}
