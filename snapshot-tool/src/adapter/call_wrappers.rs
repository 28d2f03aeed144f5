//! Functions that lowering puts around those that a program calls, where somebody is to know of its
//! calls ([`CallWrappers`]).
//!
//! * Where calls are traced, each tells the adapter which call it is, then each argument as an i64,
//!   makes the call, and tells the answer. A call that does not return (`proc_exit`) is told before
//!   it is made.
//! * Where events are told, the adapter gets the answer of each call that may change the tree, tells
//!   the embedder what happened, and says what the program gets.

use anyhow::{Context, Result, ensure};
use wasm_encoder::{Function, InstructionSink, ValType};
use wasmparser::ExternalKind;

use crate::adapter::linux_trace;
use crate::adapter::names::{AFTER_CALL, AFTER_LINUX_CALL, TRACE_END_CALL, TRACE_PREFIX};
use crate::adapter::surface::Surface;
use crate::preview1;
use crate::wasm::index::FuncIdx;
use crate::wasm::module::Module;
use crate::wasm::remap::Remap;

/// What the adapter is told of a call without a result.
const NO_RESULT: i32 = -1;

/// The functions of preview1 after which there is nothing to tell: they change nothing in the tree,
/// or do not return.
const WITHOUT_EVENTS: [&str; 29] = [
    "args_get",
    "args_sizes_get",
    "clock_res_get",
    "clock_time_get",
    "environ_get",
    "environ_sizes_get",
    "fd_advise",
    "fd_fdstat_get",
    "fd_fdstat_set_flags",
    "fd_fdstat_set_rights",
    "fd_filestat_get",
    "fd_pread",
    "fd_prestat_dir_name",
    "fd_prestat_get",
    "fd_read",
    "fd_readdir",
    "fd_seek",
    "fd_tell",
    "path_filestat_get",
    "path_readlink",
    "poll_oneoff",
    "proc_exit",
    "proc_raise",
    "random_get",
    "sched_yield",
    "sock_accept",
    "sock_recv",
    "sock_send",
    "sock_shutdown",
];

/// A function that gets another around it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wrapped<'a> {
    /// The function of preview1, or the export that serves a call of Linux's.
    pub(crate) name: &'a str,
    /// By index of the core module.
    pub(crate) function: FuncIdx,
    /// Its number in the adapter's table.
    number: u32,
    /// Whether what it did is told.
    has_events: bool,
}

/// What tells calls, by index of the core module.
#[derive(Debug, Clone, Copy)]
struct Tells {
    begin: FuncIdx,
    arg: FuncIdx,
    end: FuncIdx,
    /// The end of one of Linux's calls, in an adapter that serves them.
    end_call: Option<FuncIdx>,
}

/// What tells events, by index of the core module.
#[derive(Debug, Clone, Copy)]
struct AfterCall {
    preview1: FuncIdx,
    /// After one of Linux's calls, in an adapter that serves them.
    linux: Option<FuncIdx>,
}

/// What is put around functions; nothing, where nobody is to know of calls.
#[derive(Debug, Default)]
pub(crate) struct CallWrappers<'a> {
    pub(crate) wrapped: Vec<Wrapped<'a>>,
    tells: Option<Tells>,
    after: Option<AfterCall>,
}

impl<'a> CallWrappers<'a> {
    /// Around functions of preview1 and calls of Linux's among `exports`, as `surface` wants it.
    ///
    /// # Errors
    ///
    /// When the core module cannot tell calls or events.
    pub(crate) fn of(
        core: &Module<'a>,
        surface: &Surface,
        exports: &[(&'a str, FuncIdx)],
    ) -> Result<Self> {
        let find = |name: &str| core.exported(name, ExternalKind::Func).map(FuncIdx);
        let get = |name: &str| {
            find(name).with_context(|| {
                format!(
                    "this build of the adapter has no `{name}`: it belongs to an older wasm-vfs"
                )
            })
        };
        let tells = surface.traces.then(|| {
            let tell = |name: &str| get(&format!("{TRACE_PREFIX}{name}"));
            let (begin, arg, end) = (tell("begin")?, tell("arg")?, tell("end")?);
            anyhow::Ok(Tells { begin, arg, end, end_call: find(TRACE_END_CALL) })
        });
        let after = surface.tells_events.then(|| {
            anyhow::Ok(AfterCall { preview1: get(AFTER_CALL)?, linux: find(AFTER_LINUX_CALL) })
        });
        let tells = tells.transpose().context("--trace")?;
        let after = after.transpose().context("--events")?;
        let wrapped = exports
            .iter()
            .filter_map(|&(name, function)| {
                let number = preview1::number(name).or_else(|| linux_trace::number(name))?;
                let may_change = !WITHOUT_EVENTS.contains(&name) && linux_trace::returns(name);
                let has_events = after.is_some() && may_change;
                let is_wrapped = tells.is_some() || has_events;
                is_wrapped.then_some(Wrapped { name, function, number, has_events })
            })
            .collect();
        Ok(Self { wrapped, tells, after })
    }

    /// The functions that wrappers call beside those that they are around.
    pub(crate) fn roots(&self) -> impl Iterator<Item = FuncIdx> {
        let tells = self.tells.map(|it| [Some(it.begin), Some(it.arg), Some(it.end), it.end_call]);
        let after = self.after.map(|it| [Some(it.preview1), it.linux]);
        tells.into_iter().flatten().chain(after.into_iter().flatten()).flatten()
    }

    /// The number of the function that is put around the one of this name, if one is. (Functions
    /// may be the same to the compiler; their names differ.)
    pub(crate) fn position(&self, name: &str) -> Option<u32> {
        let position = self.wrapped.iter().position(|wrapped| wrapped.name == name)?;
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
        wrapped: Wrapped<'_>,
        remap: &Remap,
        front: impl FnOnce(&mut InstructionSink<'_>),
    ) -> Result<Function> {
        let place = |function: FuncIdx| {
            remap.functions.get(function.0).context("a function that a wrapper calls was dropped")
        };
        let ty = core.function_type(wrapped.function)?;
        let params = u32::try_from(ty.params().len())?;
        // The answer of one of Linux's calls has 64 bits.
        let is_linux = ty.results() == [wasmparser::ValType::I64];
        let answer = if is_linux { ValType::I64 } else { ValType::I32 };
        let returns = !ty.results().is_empty() && linux_trace::returns(wrapped.name);
        let mut function = Function::new([(1, answer)]);
        let mut code = function.instructions();
        front(&mut code);
        if let Some(tells) = self.tells {
            code.i32_const(wrapped.number.cast_signed()).call(place(tells.begin)?);
            for (index, param) in (0..).zip(ty.params()) {
                code.local_get(index);
                if *param == wasmparser::ValType::I32 {
                    code.i64_extend_i32_u();
                }
                code.call(place(tells.arg)?);
            }
            if !returns {
                code.i32_const(NO_RESULT).call(place(tells.end)?);
            }
        }
        for index in 0..params {
            code.local_get(index);
        }
        code.call(place(wrapped.function)?);
        if let Some(after) = self.after.filter(|_| wrapped.has_events) {
            ensure!(returns, "`{}` has no answer to be handed on", wrapped.name);
            let after = if is_linux {
                after.linux.context("nothing tells events of Linux's calls")?
            } else {
                after.preview1
            };
            code.call(place(after)?);
        }
        if let Some(tells) = self.tells.filter(|_| returns) {
            let end = if is_linux {
                tells.end_call.context("nothing tells the ends of calls")?
            } else {
                tells.end
            };
            code.local_tee(params).call(place(end)?).local_get(params);
        }
        code.end();
        Ok(function)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_events_is_of_preview1() {
        for name in WITHOUT_EVENTS {
            assert!(preview1::number(name).is_some(), "{name}");
        }
    }
}
