//! Functions that lowering puts around those that a program calls, where its calls are to be told
//! ([`TraceWrappers`]).
//!
//! Each tells the adapter which call it is, then each argument as an i64, makes the call, and tells
//! the result. A call that does not return (`proc_exit`) is told before it is made.

use anyhow::{Context, Result};
use wasm_encoder::{Function, InstructionSink, ValType};
use wasmparser::ExternalKind;

use crate::adapter::linux_trace;
use crate::adapter::names::{TRACE_END_CALL, TRACE_PREFIX};
use crate::preview1;
use crate::wasm::index::FuncIdx;
use crate::wasm::module::Module;
use crate::wasm::remap::Remap;

/// What the adapter is told of a call without a result.
const NO_RESULT: i32 = -1;

/// A function that gets another around it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Traced<'a> {
    /// The function of preview1, or the export that serves a call of Linux's.
    pub(crate) name: &'a str,
    /// By index of the core module.
    pub(crate) function: FuncIdx,
    /// Its number in the adapter's table.
    number: u32,
}

/// What is put around functions; nothing, where calls are not told.
#[derive(Debug, Default)]
pub(crate) struct TraceWrappers<'a> {
    pub(crate) traced: Vec<Traced<'a>>,
    /// `trace_begin`, `trace_arg`, `trace_end`.
    tells: Option<[FuncIdx; 3]>,
    /// `trace_end_call`.
    tells_call: Option<FuncIdx>,
}

impl<'a> TraceWrappers<'a> {
    /// Around all functions of preview1 and calls of Linux's among `exports`.
    ///
    /// # Errors
    ///
    /// When the core module cannot tell calls.
    pub(crate) fn of(core: &Module<'a>, exports: &[(&'a str, FuncIdx)]) -> Result<Self> {
        let tell = |name: &str| {
            let name = format!("{TRACE_PREFIX}{name}");
            let export = core.exported(&name, ExternalKind::Func);
            export.map(FuncIdx).with_context(|| {
                format!(
                    "this build of the adapter has no `{name}`: it belongs to an older wasm-vfs"
                )
            })
        };
        let traced = exports
            .iter()
            .filter_map(|&(name, function)| {
                let number = preview1::number(name).or_else(|| linux_trace::number(name))?;
                Some(Traced { name, function, number })
            })
            .collect();
        let tells_call = core.exported(TRACE_END_CALL, ExternalKind::Func).map(FuncIdx);
        Ok(Self { traced, tells: Some([tell("begin")?, tell("arg")?, tell("end")?]), tells_call })
    }

    /// The functions that tell.
    pub(crate) fn roots(&self) -> impl Iterator<Item = FuncIdx> {
        self.tells.into_iter().flatten().chain(self.tells_call)
    }

    /// The number of the function that is put around the one of this name, if one is. (Functions
    /// may be the same to the compiler; their names differ.)
    pub(crate) fn position(&self, name: &str) -> Option<u32> {
        let position = self.traced.iter().position(|traced| traced.name == name)?;
        u32::try_from(position).ok()
    }

    /// The body of the function around another, which has its type. `front` writes what comes
    /// first.
    ///
    /// # Errors
    ///
    /// When the core module is damaged.
    pub(crate) fn body(
        &self,
        core: &Module<'_>,
        traced: Traced<'_>,
        remap: &Remap,
        front: impl FnOnce(&mut InstructionSink<'_>),
    ) -> Result<Function> {
        let place = |function: FuncIdx| {
            remap.functions.get(function.0).context("a function that is traced was dropped")
        };
        let [begin, arg, end] = self.tells.context("nothing tells calls")?;
        let (begin, arg, end) = (place(begin)?, place(arg)?, place(end)?);
        let callee = place(traced.function)?;
        let ty = core.function_type(traced.function)?;
        let params = u32::try_from(ty.params().len())?;
        // The answer of one of Linux's calls has 64 bits.
        let is_call = ty.results() == [wasmparser::ValType::I64];
        let (answer, end_of_answer) = if is_call {
            (ValType::I64, place(self.tells_call.context("nothing tells the ends of calls")?)?)
        } else {
            (ValType::I32, end)
        };
        let returns = !ty.results().is_empty() && linux_trace::returns(traced.name);
        let mut function = Function::new([(1, answer)]);
        let mut code = function.instructions();
        front(&mut code);
        code.i32_const(traced.number.cast_signed()).call(begin);
        for (index, param) in (0..).zip(ty.params()) {
            code.local_get(index);
            if *param == wasmparser::ValType::I32 {
                code.i64_extend_i32_u();
            }
            code.call(arg);
        }
        if !returns {
            code.i32_const(NO_RESULT).call(end);
        }
        for index in 0..params {
            code.local_get(index);
        }
        code.call(callee);
        if returns {
            code.local_tee(params).call(end_of_answer).local_get(params);
        }
        code.end();
        Ok(function)
    }
}
