//! Which instructions access memory, and where their address is on the stack.

use wasmparser::{MemArg, Operator, ValType};

/// An instruction with a memory immediate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MemoryAccess {
    pub(crate) memarg: MemArg,
    /// The operand above the address, if there is one.
    pub(crate) above: Option<ValType>,
}

/// The access that `operator` makes, `None` if it has no memory immediate or is atomic.
pub(crate) fn memory_access(operator: &Operator<'_>) -> Option<MemoryAccess> {
    use Operator as O;
    let (memarg, above) = match operator {
        O::I32Load { memarg }
        | O::I64Load { memarg }
        | O::F32Load { memarg }
        | O::F64Load { memarg }
        | O::I32Load8S { memarg }
        | O::I32Load8U { memarg }
        | O::I32Load16S { memarg }
        | O::I32Load16U { memarg }
        | O::I64Load8S { memarg }
        | O::I64Load8U { memarg }
        | O::I64Load16S { memarg }
        | O::I64Load16U { memarg }
        | O::I64Load32S { memarg }
        | O::I64Load32U { memarg }
        | O::V128Load { memarg }
        | O::V128Load8x8S { memarg }
        | O::V128Load8x8U { memarg }
        | O::V128Load16x4S { memarg }
        | O::V128Load16x4U { memarg }
        | O::V128Load32x2S { memarg }
        | O::V128Load32x2U { memarg }
        | O::V128Load8Splat { memarg }
        | O::V128Load16Splat { memarg }
        | O::V128Load32Splat { memarg }
        | O::V128Load64Splat { memarg }
        | O::V128Load32Zero { memarg }
        | O::V128Load64Zero { memarg } => (memarg, None),
        O::I32Store { memarg } | O::I32Store8 { memarg } | O::I32Store16 { memarg } => {
            (memarg, Some(ValType::I32))
        }
        O::I64Store { memarg }
        | O::I64Store8 { memarg }
        | O::I64Store16 { memarg }
        | O::I64Store32 { memarg } => (memarg, Some(ValType::I64)),
        O::F32Store { memarg } => (memarg, Some(ValType::F32)),
        O::F64Store { memarg } => (memarg, Some(ValType::F64)),
        O::V128Store { memarg }
        | O::V128Load8Lane { memarg, .. }
        | O::V128Load16Lane { memarg, .. }
        | O::V128Load32Lane { memarg, .. }
        | O::V128Load64Lane { memarg, .. }
        | O::V128Store8Lane { memarg, .. }
        | O::V128Store16Lane { memarg, .. }
        | O::V128Store32Lane { memarg, .. }
        | O::V128Store64Lane { memarg, .. } => (memarg, Some(ValType::V128)),
        _ => return None,
    };
    Some(MemoryAccess { memarg: *memarg, above })
}
