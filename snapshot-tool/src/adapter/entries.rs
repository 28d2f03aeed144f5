//! Where calls come into the filesystem and where they leave it for the host ([`Entries`]): what
//! lowering puts there, so that a call that never returns leaves nothing behind.
//!
//! A call into the filesystem may never return: a host function throws, fuel or an epoch ends, the
//! engine's stack is exhausted. Its frames then still lie on the filesystem's shadow stack. If each
//! such call left some there, the stack would in the end run into what is below it.
//!
//! So each outermost call starts at the top of the stack again. WebAssembly shows a module nothing
//! of the engine's stack, but the stack pointer tells enough: a call that ends puts it back. Where
//! a call comes in and the pointer is not at the top, an older call either waits for a host
//! function, which may have called back, or never returned.
//!
//! What lowering adds:
//!
//! * global `waiting`: the stack pointer of the call that waits for the host, 0 if none does;
//! * global `epoch`: how often the stack was started anew;
//! * function `call_host_NAME` for each host function: sets `waiting`, calls, and puts it back
//!   (`wait`, `go_on`). If the stack was started anew meanwhile, this call's frames are gone: it
//!   ends in a trap, in a function whose name says why;
//! * function `enter`, called where a call comes in and the pointer is not at the top. If it is at
//!   `waiting`, the call gets the stack below. Else, or if more than half of the stack is taken
//!   (by calls that wait for the host and will not return, or by a host that recurses without
//!   end), the stack starts anew. Either way the core module is told, and which it was
//!   (`after_cut`).
//!
//! The test of the pointer is at the front of each exported function that uses the stack. An
//! exported function that others call too gets a function of its own around it.

use anyhow::{Context, Result};
use wasm_encoder::{
    BlockType, ConstExpr, Function, GlobalSection, GlobalType, InstructionSink, ValType,
};
use wasmparser::{ConstExpr as ParsedConst, ExternalKind, Operator};

use crate::adapter::names::AFTER_CUT;
use crate::wasm::index::{FuncIdx, GlobalIdx};
use crate::wasm::module::Module;
use crate::wasm::reach::Live;

/// The shadow stack of the core module.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stack {
    /// The global that points to its end, by index of the core module.
    pub(crate) pointer: GlobalIdx,
    /// Where it starts. It grows down to address 0.
    pub(crate) top: i32,
}

/// No call waits for the host: no frame is at this address.
const NOBODY: i32 = 0;

/// A function that lowering puts around an exported one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'a> {
    /// The export's name.
    pub(crate) name: &'a str,
    /// The function within, by index of the core module.
    pub(crate) function: FuncIdx,
}

/// What lowering adds where calls come in and go out; nothing, if the core module has no stack.
#[derive(Debug, Default)]
pub(crate) struct Entries<'a> {
    stack: Option<Stack>,
    /// Whether a function or one that it calls uses the stack, by index of the core module.
    uses_stack: Vec<bool>,
    /// Exported functions that others call too.
    pub(crate) around: Vec<Entry<'a>>,
    /// The host's functions that are called.
    pub(crate) host: Vec<FuncIdx>,
    /// The function that is told when the stack starts anew.
    after_cut: Option<FuncIdx>,
}

/// Where lowering has put what it adds, by index of the rootfs module.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EntryPlaces {
    /// The core module's stack pointer.
    pub(crate) pointer: GlobalIdx,
    /// The first of the two added globals.
    pub(crate) first_global: GlobalIdx,
    /// The first of the functions that [`Entries::functions`] counts.
    pub(crate) first_function: FuncIdx,
}

impl EntryPlaces {
    fn waiting(self) -> u32 {
        self.first_global.0
    }

    fn epoch(self) -> u32 {
        self.first_global.0 + 1
    }

    fn enter(self) -> u32 {
        self.first_function.0
    }

    fn wait(self) -> u32 {
        self.first_function.0 + 1
    }

    fn go_on(self) -> u32 {
        self.first_function.0 + 2
    }

    fn gone(self) -> u32 {
        self.first_function.0 + 3
    }
}

/// The functions that are added besides those for one export or one host function: name,
/// parameters, results.
pub(crate) const COMMON: [(&str, &[ValType], &[ValType]); 4] = [
    ("enter", &[], &[]),
    ("wait", &[], &[ValType::I64]),
    ("go_on", &[ValType::I64], &[]),
    ("this_call_was_given_up_when_another_came_in", &[], &[]),
];

/// `wait` returns, and `go_on` takes, the old value of `waiting` in the bits from here on and the
/// epoch in those below.
const WAITING_SHIFT: i64 = 32;

/// Finds the core module's stack: by the toolchain's convention its pointer is the first global
/// that changes.
fn stack(core: &Module<'_>) -> Result<Option<Stack>> {
    for (index, global) in core.defined_globals()? {
        if global.ty.mutable {
            let top = constant(&global.init_expr)?;
            return Ok(top.map(|top| Stack { pointer: index, top }));
        }
    }
    Ok(None)
}

fn constant(expression: &ParsedConst<'_>) -> Result<Option<i32>> {
    Ok(match expression.get_operators_reader().read()? {
        Operator::I32Const { value } => Some(value),
        _ => None,
    })
}

/// The function of the core module that is told of calls that were cut short, if it has one.
pub(crate) fn after_cut(core: &Module<'_>) -> Option<FuncIdx> {
    core.exported(AFTER_CUT, ExternalKind::Func).map(FuncIdx)
}

impl<'a> Entries<'a> {
    /// What is to be added for these exports. `is_host` says which imported functions stay.
    ///
    /// # Errors
    ///
    /// When the core module is damaged.
    pub(crate) fn of(
        core: &Module<'a>,
        live: &Live,
        exports: &[(&'a str, FuncIdx)],
        is_host: impl Fn(FuncIdx) -> bool,
    ) -> Result<Self> {
        // The export says that the core module knows of this.
        let Some(after_cut) = after_cut(core) else { return Ok(Self::default()) };
        let stack = stack(core)?.context("the core module has no stack pointer")?;
        let uses_stack = users(core, live, stack.pointer)?;
        let is_called = |function: FuncIdx| live.calls.iter().any(|it| it.contains(&function));
        let around = exports
            .iter()
            .filter(|(_, function)| uses_stack[function.index()] && is_called(*function))
            .map(|&(name, function)| Entry { name, function })
            .collect();
        let host = live.function_indices().filter(|&function| is_host(function)).collect();
        Ok(Self { stack: Some(stack), uses_stack, around, host, after_cut: Some(after_cut) })
    }

    /// The core module's stack pointer.
    pub(crate) fn pointer(&self) -> Option<GlobalIdx> {
        self.stack.map(|stack| stack.pointer)
    }

    /// How many functions are added: those of [`COMMON`], then one for each of `around`, then one
    /// for each of `host`.
    pub(crate) fn functions(&self) -> usize {
        match self.stack {
            Some(_) => COMMON.len() + self.around.len() + self.host.len(),
            None => 0,
        }
    }

    /// Adds the globals.
    pub(crate) fn globals(&self, globals: &mut GlobalSection) {
        if self.stack.is_some() {
            let ty = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
            globals.global(ty, &ConstExpr::i32_const(NOBODY));
            globals.global(ty, &ConstExpr::i32_const(0));
        }
    }

    /// Where the function around an export is among those added.
    pub(crate) fn around(&self, name: &str) -> Option<usize> {
        let position = self.around.iter().position(|entry| entry.name == name)?;
        Some(COMMON.len() + position)
    }

    /// Where the function for a host function is among those added.
    pub(crate) fn host(&self, function: FuncIdx) -> Option<usize> {
        let position = self.host.iter().position(|&host| host == function)?;
        Some(COMMON.len() + self.around.len() + position)
    }

    /// Writes the test at the front of a function that a call comes in by: of this function of the
    /// core module, or of one around it.
    pub(crate) fn front(
        &self,
        function: FuncIdx,
        places: EntryPlaces,
        code: &mut InstructionSink<'_>,
    ) {
        let Some(stack) = self.stack else { return };
        if self.uses_stack[function.index()] {
            code.global_get(places.pointer.0).i32_const(stack.top).i32_ne();
            code.if_(BlockType::Empty).call(places.enter()).end();
        }
    }

    /// The bodies of all added functions. `place` is the new index of a function of the core
    /// module.
    ///
    /// # Errors
    ///
    /// When the core module is damaged.
    pub(crate) fn bodies(
        &self,
        core: &Module<'_>,
        places: EntryPlaces,
        place: impl Fn(FuncIdx) -> Result<u32>,
    ) -> Result<Vec<Function>> {
        let Some(stack) = self.stack else { return Ok(Vec::new()) };
        let after_cut = self.after_cut.map(&place).transpose()?;
        let mut gone = Function::new([]);
        gone.instructions().unreachable().end();
        let mut bodies = vec![enter(stack, places, after_cut), wait(places), go_on(places), gone];
        for entry in &self.around {
            let mut function = Function::new([]);
            let mut code = function.instructions();
            self.front(entry.function, places, &mut code);
            pass_on(core, entry.function, &mut code)?;
            code.call(place(entry.function)?).end();
            bodies.push(function);
        }
        for &host in &self.host {
            bodies.push(call_host(core, host, places, place(host)?)?);
        }
        Ok(bodies)
    }
}

/// Pushes all parameters.
fn pass_on(core: &Module<'_>, function: FuncIdx, code: &mut InstructionSink<'_>) -> Result<()> {
    for (param, _) in (0..).zip(core.function_type(function)?.params()) {
        code.local_get(param);
    }
    Ok(())
}

fn enter(stack: Stack, places: EntryPlaces, after_cut: Option<u32>) -> Function {
    const WAITS: u32 = 0;
    let mut function = Function::new([(1, ValType::I32)]);
    let mut code = function.instructions();
    let pointer = places.pointer.0;
    code.global_get(pointer).global_get(places.waiting()).i32_eq();
    // Signed: a pointer that ran off the stack is negative.
    code.global_get(pointer).i32_const(stack.top / 2).i32_ge_s().i32_and().local_tee(WAITS);
    code.i32_eqz().if_(BlockType::Empty);
    code.i32_const(stack.top).global_set(pointer);
    code.i32_const(NOBODY).global_set(places.waiting());
    code.global_get(places.epoch()).i32_const(1).i32_add().global_set(places.epoch());
    code.end();
    if let Some(after_cut) = after_cut {
        code.local_get(WAITS).call(after_cut);
    }
    code.end();
    function
}

fn wait(places: EntryPlaces) -> Function {
    let mut function = Function::new([]);
    let mut code = function.instructions();
    code.global_get(places.waiting()).i64_extend_i32_u().i64_const(WAITING_SHIFT).i64_shl();
    code.global_get(places.epoch()).i64_extend_i32_u().i64_or();
    code.global_get(places.pointer.0).global_set(places.waiting()).end();
    function
}

fn go_on(places: EntryPlaces) -> Function {
    let mut function = Function::new([]);
    let mut code = function.instructions();
    code.local_get(0).i32_wrap_i64().global_get(places.epoch()).i32_ne();
    code.if_(BlockType::Empty).call(places.gone()).end();
    code.local_get(0).i64_const(WAITING_SHIFT).i64_shr_u().i32_wrap_i64();
    code.global_set(places.waiting()).end();
    function
}

/// The stack pointer need not be put back after the host function: each function that has a frame
/// puts back its own.
fn call_host(
    core: &Module<'_>,
    host: FuncIdx,
    places: EntryPlaces,
    callee: u32,
) -> Result<Function> {
    let before = u32::try_from(core.function_type(host)?.params().len())?;
    let mut function = Function::new([(1, ValType::I64)]);
    let mut code = function.instructions();
    code.call(places.wait()).local_set(before);
    pass_on(core, host, &mut code)?;
    code.call(callee).local_get(before).call(places.go_on()).end();
    Ok(function)
}

/// Whether each live function uses the stack, itself or by one that it calls.
fn users(core: &Module<'_>, live: &Live, pointer: GlobalIdx) -> Result<Vec<bool>> {
    let mut uses = vec![false; core.function_types.len()];
    for function in live.function_indices() {
        let Some(body) = core.body(function) else { continue };
        for operator in body.get_operators_reader()? {
            let set = Operator::GlobalSet { global_index: pointer.0 };
            uses[function.index()] |= operator.context("a body is damaged")? == set;
        }
    }
    loop {
        let before = uses.clone();
        for function in live.function_indices() {
            let calls = &live.calls[function.index()];
            uses[function.index()] |= calls.iter().any(|callee| before[callee.index()]);
        }
        if uses == before {
            return Ok(uses);
        }
    }
}
