//! The contract of the adapter's core module: what it may import and which instructions it may use.
//!
//! It is an ordinary one-memory module that reaches other memories through imported *intrinsics*;
//! [`lower`](crate::adapter::lower) replaces each call by the one instruction in the table below,
//! whose operands are in the order of the function's parameters.

use anyhow::{Context, Result, bail, ensure};
use wasm_encoder::{Instruction, MemArg};
use wasmparser::{DataKind, Operator, TypeRef, ValType};

use crate::adapter::names::{CONTENTS, EVENTS, KERNEL_MEMORY, USER, USER_MEMORY};
use crate::adapter::surface::{Cut, Surface};
use crate::preview1::PREVIEW1;
use crate::wasm::index::{DataIdx, FuncIdx, GlobalIdx};
use crate::wasm::module::Module;

/// Exports that serve baking and are gone afterwards start with one of these.
const BAKING_EXPORTS: [&str; 2] = ["bake_", "wizer"];

/// An imported function that stands for an instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Intrinsic {
    CopyFromUser,
    CopyToUser,
    ClearUser,
    LoadU8,
    LoadU32,
    LoadU64,
    StoreU8,
    StoreU16,
    StoreU32,
    StoreU64,
    Size,
    Grow,
    Base,
    ContentsToUser,
    ContentsToKernel,
    /// A function of the host with so many parameters, which the policy cuts.
    Cut {
        params: usize,
        cut: Cut,
    },
}

use Intrinsic as I;
use ValType::{I32, I64};

/// Import module, name, parameters, results.
type Signature = (&'static str, &'static str, &'static [ValType], &'static [ValType], Intrinsic);

const INTRINSICS: [Signature; 15] = [
    (USER, "copy_from_user", &[I32, I32, I32], &[], I::CopyFromUser),
    (USER, "copy_to_user", &[I32, I32, I32], &[], I::CopyToUser),
    (USER, "clear_user", &[I32, I32], &[], I::ClearUser),
    (USER, "load_u8", &[I32], &[I32], I::LoadU8),
    (USER, "load_u32", &[I32], &[I32], I::LoadU32),
    (USER, "load_u64", &[I32], &[I64], I::LoadU64),
    (USER, "store_u8", &[I32, I32], &[], I::StoreU8),
    (USER, "store_u16", &[I32, I32], &[], I::StoreU16),
    (USER, "store_u32", &[I32, I32], &[], I::StoreU32),
    (USER, "store_u64", &[I32, I64], &[], I::StoreU64),
    (USER, "size", &[], &[I32], I::Size),
    (USER, "grow", &[I32], &[I32], I::Grow),
    (USER, "base", &[], &[I32], I::Base),
    (CONTENTS, "contents_to_user", &[I32, I32, I32], &[], I::ContentsToUser),
    (CONTENTS, "contents_to_kernel", &[I32, I32, I32], &[], I::ContentsToKernel),
];

impl Intrinsic {
    /// Writes the instruction that a call becomes. `spare` is a local of type i32: `clear_user`
    /// has one operand fewer than `memory.fill`, and the missing one is not the last. `base` is the
    /// global that is 0 until linking puts the filesystem's memory elsewhere.
    pub(crate) fn emit(
        self,
        contents: DataIdx,
        base: GlobalIdx,
        spare: u32,
        out: &mut Vec<Instruction<'_>>,
    ) {
        let (user, kernel) = (USER_MEMORY.0, KERNEL_MEMORY.0);
        // Alignment is only a hint; programs pass any address.
        let at = MemArg { offset: 0, align: 0, memory_index: user };
        let instruction = match self {
            I::CopyFromUser => Instruction::MemoryCopy { src_mem: user, dst_mem: kernel },
            I::CopyToUser => Instruction::MemoryCopy { src_mem: kernel, dst_mem: user },
            I::ClearUser => {
                out.push(Instruction::LocalSet(spare));
                out.push(Instruction::I32Const(0));
                out.push(Instruction::LocalGet(spare));
                Instruction::MemoryFill(user)
            }
            I::LoadU8 => Instruction::I32Load8U(at),
            I::LoadU32 => Instruction::I32Load(at),
            I::LoadU64 => Instruction::I64Load(at),
            I::StoreU8 => Instruction::I32Store8(at),
            I::StoreU16 => Instruction::I32Store16(at),
            I::StoreU32 => Instruction::I32Store(at),
            I::StoreU64 => Instruction::I64Store(at),
            I::Cut { params, cut } => {
                out.extend((0..params).map(|_| Instruction::Drop));
                match cut {
                    Cut::Answer(number) => Instruction::I32Const(i32::from(number)),
                    Cut::Trap => Instruction::Unreachable,
                }
            }
            I::Size => Instruction::MemorySize(user),
            I::Grow => Instruction::MemoryGrow(user),
            I::Base => Instruction::GlobalGet(base.0),
            I::ContentsToUser => Instruction::MemoryInit { mem: user, data_index: contents.0 },
            I::ContentsToKernel => Instruction::MemoryInit { mem: kernel, data_index: contents.0 },
        };
        out.push(instruction);
    }
}

/// The intrinsic behind each imported function, `None` for those of the host that the surface
/// leaves.
///
/// # Errors
///
/// When the module breaks the contract.
pub(crate) fn check(core: &Module<'_>, surface: &Surface) -> Result<Vec<Option<Intrinsic>>> {
    let intrinsics = check_imports(core, surface)?;
    ensure!(
        core.memories.len() == 1 && core.imported_memories == 0,
        "the core module must define exactly one memory"
    );
    ensure!(core.start.is_none(), "the core module must have no start function");
    for data in core.sections.data.clone().into_iter().flatten() {
        let data = data?;
        // Wizer leaves an empty passive segment where each active one was.
        ensure!(
            matches!(data.kind, DataKind::Active { .. }) || data.data.is_empty(),
            "the core module must have no passive data segment"
        );
    }
    for (position, body) in core.bodies.iter().enumerate() {
        let function = FuncIdx::from_index(core.imported_functions as usize + position);
        for operator in body.get_operators_reader()? {
            check_operator(&operator?)
                .with_context(|| format!("function {} of the core module", function.0))?;
        }
    }
    Ok(intrinsics)
}

fn check_imports(core: &Module<'_>, surface: &Surface) -> Result<Vec<Option<Intrinsic>>> {
    let mut intrinsics = Vec::new();
    for import in &core.imports {
        let name = format!("`{}.{}`", import.module, import.name);
        ensure!(
            [USER, CONTENTS, PREVIEW1, EVENTS].contains(&import.module),
            "the core module imports {name}: it may import only from `{USER}`, `{CONTENTS}`, \
             `{PREVIEW1}` and `{EVENTS}`"
        );
        let TypeRef::Func(_) = import.ty else {
            bail!("the core module imports {name}, which is no function");
        };
        let function = FuncIdx::from_index(intrinsics.len());
        let intrinsic = match import.module {
            PREVIEW1 => match surface.cut_of(import.name) {
                Some(cut) => {
                    let params = core.function_type(function)?.params().len();
                    Some(Intrinsic::Cut { params, cut })
                }
                None => None,
            },
            EVENTS => None,
            _ => Some(find_intrinsic(core, function, import.module, import.name)?),
        };
        intrinsics.push(intrinsic);
    }
    Ok(intrinsics)
}

fn find_intrinsic(
    core: &Module<'_>,
    function: FuncIdx,
    module: &str,
    name: &str,
) -> Result<Intrinsic> {
    let (.., params, results, intrinsic) = INTRINSICS
        .iter()
        .find(|signature| signature.0 == module && signature.1 == name)
        .with_context(|| {
            format!("the core module imports `{module}.{name}`, which is no intrinsic")
        })?;
    let ty = core.function_type(function)?;
    ensure!(
        ty.params() == *params && ty.results() == *results,
        "the core module imports `{module}.{name}` with type {ty}, it takes {params:?} and gives \
         {results:?}"
    );
    Ok(*intrinsic)
}

fn check_operator(operator: &Operator<'_>) -> Result<()> {
    match operator {
        Operator::CallIndirect { .. }
        | Operator::ReturnCallIndirect { .. }
        | Operator::CallRef { .. }
        | Operator::ReturnCallRef { .. }
        | Operator::RefFunc { .. } => {
            bail!("calls through a table or a reference, so what it reaches cannot be told")
        }
        Operator::TableSet { .. }
        | Operator::TableGrow { .. }
        | Operator::TableFill { .. }
        | Operator::TableCopy { .. }
        | Operator::TableInit { .. }
        | Operator::ElemDrop { .. } => bail!("writes to a table, which Wizer cannot snapshot"),
        Operator::DataDrop { .. } => bail!("uses data.drop, which Wizer cannot snapshot"),
        Operator::MemoryInit { .. } => bail!("uses memory.init, which is left to the linker"),
        _ => Ok(()),
    }
}

/// Whether an export serves baking only.
pub(crate) fn is_baking_export(name: &str) -> bool {
    BAKING_EXPORTS.iter().any(|prefix| name.starts_with(prefix))
}
