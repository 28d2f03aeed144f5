//! The portable form: one memory, the program's below and the filesystem's above it.
//!
//! ```text
//! 0                     program_pages      base                                memory.size
//! |  the program's memory  |  slack: zeros  |  the filesystem's memory  ->  grows  |
//! ```
//!
//! The program's addresses mean what they always did, so its code is untouched; the filesystem's
//! are relative to `base`. What is synthesised:
//!
//! * global `wasm_vfs::base`: where the filesystem's memory starts, in bytes, a whole number of
//!   pages;
//! * global `wasm_vfs::program_pages`: how many pages the program has at the start of memory;
//! * function `wasm_vfs::program_grow`: the program's `memory.grow`;
//! * function `wasm_vfs::kernel_grow`: the filesystem's;
//! * function `wasm_vfs::cabi_realloc_adapter`: see [`adapter_room`].
//!
//! When the program grows beyond the slack, the filesystem moves up. **Cost:** each move leaves
//! slack of half the filesystem's size and an eighth of the program's, so between two moves of K
//! bytes the program grows by at least K/2: all moves together copy at most twice the final size.
//! The slack is never touched, so on most engines it takes address space but no memory.
//!
//! # Pages of others
//!
//! The embedder can grow the exported memory, too (the adapter that makes a WASI 0.2 component of a
//! preview1 module does). Its pages then lie above the filesystem's, and neither may move:
//!
//! ```text
//! 0        program_pages  base                kernel_end                            memory.size
//! |  the program's  |  slack  |  the filesystem's  |  the embedder's  |  anybody's  ->  |
//! ```
//!
//! From then on the filesystem is *fenced*: whoever grows gets pages at the end of memory. The
//! program gets their true address, as it would if somebody else had grown the memory of an
//! unpacked program. Its `memory.size` reads the end of its own last page, so a program that takes
//! all memory that there is for its heap (Go, old wasi-libc) takes nothing of anybody else.
//!
//! That address is of use only to a program that looks at it. Others count on pages that follow
//! each other (Go does, see [`growth`](crate::link::forms::growth)), and would write over the
//! filesystem: they get no more pages once the slack is used up. [`adapter_room`] has much slack
//! made before the adapter of a component takes its pages.
//!
//! * global `wasm_vfs::kernel_end`: where the filesystem's memory ends, in pages; 0 once it is
//!   fenced. `memory.size` is another when somebody else has grown the memory;
//! * global `wasm_vfs::program_size`: the end of the program's last page, which is
//!   `program_pages` until the filesystem is fenced. The filesystem checks pointers with
//!   `program_pages`: below it all bytes are the program's, and beyond it hardly ever are.

use anyhow::{Context, Result, ensure};
use wasm_encoder::{BlockType, Function, InstructionSink, ValType};
use wasmparser::{FuncType, MemoryType, WasmFeatures};

use crate::adapter::names::KERNEL_MEMORY;
use crate::link::forms::adapter_room::{self, REALLOC_EXPORT};
use crate::link::forms::growth::uses_grown_address;
use crate::link::forms::portable_layout::PortableLayout;
use crate::link::forms::rules::{FormRules, Places, SynthesisedFunction, SynthesisedGlobal};
use crate::link::forms::{portable_body, portable_layout};
use crate::link::program_code::MemoryView;
use crate::wasm::index::{FuncIdx, GlobalIdx, MemIdx};
use crate::wasm::module::Module;
use crate::wasm::reach::Live;
use crate::wasm::remap::Remap;

/// log2 of the bytes of a page.
const WASM_PAGE_BITS: i32 = 16;
/// Bytes of a page.
const WASM_PAGE_BYTES: u64 = 1 << WASM_PAGE_BITS;
/// 4 GiB: what a 32-bit memory can have.
const MOST_PAGES: u64 = 1 << (32 - WASM_PAGE_BITS);
/// Slack is half the filesystem's pages ...
const SLACK_OF_KERNEL_BITS: i32 = 1;
/// ... and an eighth of the program's.
const SLACK_OF_PROGRAM_BITS: i32 = 3;
/// What `memory.grow` gives when it fails.
const GROW_FAILED: i32 = -1;
/// The end of a filesystem that is fenced: no memory has this size.
const FENCED: i32 = 0;

/// Positions in the lists of what is synthesised.
const BASE: u32 = 0;
const PROGRAM_PAGES: u32 = 1;
const PROGRAM_SIZE: u32 = 2;
const KERNEL_END: u32 = 3;
const PROGRAM_GROW: usize = 0;
const KERNEL_GROW: usize = 1;
const ADAPTER_REALLOC: usize = 2;

/// See the module's documentation. All sizes in pages.
pub(crate) struct Portable<'a> {
    adapter: &'a Module<'a>,
    memories: Vec<MemoryType>,
    memory: MemIdx,
    program_pages: u64,
    /// The most that the program may grow to.
    program_most: u64,
    /// The most that the filesystem may grow to, if it says.
    kernel_most: Option<u64>,
    base: u64,
    /// Whether the program can use pages that do not follow its others.
    takes_any_pages: bool,
    /// Whether [`adapter_room`] is there.
    has_adapter_room: bool,
    /// Whether a call of this function can move the base, by index of the adapter.
    moves: Vec<bool>,
}

impl<'a> Portable<'a> {
    pub(crate) fn new(
        program: &'a Module<'a>,
        memory: MemIdx,
        adapter: &'a Module<'a>,
        live: &Live,
    ) -> Result<Self> {
        let theirs = program.memories[memory.index()];
        let ours = adapter.memories[KERNEL_MEMORY.index()];
        let program_most = theirs.maximum.unwrap_or(MOST_PAGES).min(MOST_PAGES);
        let least = theirs.initial + ours.initial;
        ensure!(
            least <= MOST_PAGES,
            "the program starts with {} pages of memory and the filesystem needs {}, together \
             more than the {MOST_PAGES} (4 GiB) of one memory: use --isolate",
            theirs.initial,
            ours.initial
        );
        let slack = slack_pages(theirs.initial, ours.initial, program_most);
        let slack = if least + slack <= MOST_PAGES { slack } else { 0 };
        let mut memories = program.memories.clone();
        memories[memory.index()] = MemoryType { initial: least + slack, maximum: None, ..theirs };
        Ok(Self {
            adapter,
            memories,
            memory,
            program_pages: theirs.initial,
            program_most,
            kernel_most: ours.maximum,
            base: theirs.initial + slack,
            takes_any_pages: uses_grown_address(program, memory)?,
            // Nobody has it if the program has its own, or if nothing is left for a host.
            has_adapter_room: program.exports.iter().all(|export| export.name != REALLOC_EXPORT)
                && live.function_indices().any(|function| adapter.body(function).is_none()),
            moves: portable_layout::moving_functions(adapter, live)?,
        })
    }

    fn program_grow(&self, places: &Places<'_>) -> Function {
        const DELTA: u32 = 0;
        const OLD: u32 = 1;
        const NEW: u32 = 2;
        const OLD_BASE: u32 = 3;
        const TOTAL: u32 = 4;
        const TARGET: u32 = 5;
        let (base, pages) = (places.global(BASE), places.global(PROGRAM_PAGES));
        let (size, kernel_end) = (places.global(PROGRAM_SIZE), places.global(KERNEL_END));
        let memory = self.memory.0;
        let most = pages_operand(self.program_most);
        let mut function = Function::new([(5, ValType::I32)]);
        let mut code = function.instructions();

        // More than the program's own maximum?
        code.global_get(size).local_set(OLD);
        code.local_get(DELTA).i32_const(most).local_get(OLD).i32_sub().i32_gt_u();
        return_failed(&mut code);

        code.local_get(OLD).local_get(DELTA).i32_add().local_set(NEW);
        code.global_get(base).i32_const(WASM_PAGE_BITS).i32_shr_u().local_set(OLD_BASE);
        code.local_get(NEW).local_get(OLD_BASE).i32_gt_u().if_(BlockType::Empty);
        {
            code.memory_size(memory).local_tee(TOTAL).global_get(kernel_end).i32_ne();
            code.if_(BlockType::Empty);
            {
                // Somebody else's pages lie above the filesystem: it stays where it is, and the
                // new pages are the last of memory.
                code.local_get(DELTA).i32_eqz().if_(BlockType::Empty);
                code.local_get(OLD).return_().end();
                if self.takes_any_pages {
                    code.local_get(TOTAL).local_get(DELTA).i32_add().local_tee(NEW);
                    code.i32_const(most).i32_gt_u();
                    return_failed(&mut code);
                    grow_real(&mut code, memory, |code| {
                        code.local_get(DELTA);
                    });
                    return_failed(&mut code);
                    code.i32_const(FENCED).global_set(kernel_end);
                    code.local_get(NEW).global_set(size).local_get(TOTAL).return_();
                } else {
                    code.i32_const(GROW_FAILED).return_();
                }
            }
            code.end();

            // From here on it is how many pages move.
            code.local_get(TOTAL).local_get(OLD_BASE).i32_sub().local_set(TOTAL);
            // With slack, but not beyond what the program can ever reach.
            code.local_get(TOTAL).i32_const(SLACK_OF_KERNEL_BITS).i32_shr_u();
            code.local_get(NEW).i32_const(SLACK_OF_PROGRAM_BITS).i32_shr_u().i32_add();
            code.local_get(NEW).i32_add().local_set(TARGET);
            code.local_get(TARGET).i32_const(most);
            code.local_get(TARGET).i32_const(most).i32_lt_u().select().local_set(TARGET);
            grow_real(&mut code, memory, |code| {
                code.local_get(TARGET).local_get(OLD_BASE).i32_sub();
            });
            code.if_(BlockType::Empty);
            {
                // Then without.
                code.local_get(NEW).local_set(TARGET);
                grow_real(&mut code, memory, |code| {
                    code.local_get(TARGET).local_get(OLD_BASE).i32_sub();
                });
                return_failed(&mut code);
            }
            code.end();

            // Move the filesystem up: memory.copy(target, base, kernel).
            bytes_of(&mut code, TARGET);
            code.global_get(base);
            bytes_of(&mut code, TOTAL);
            code.memory_copy(memory, memory);
            // Zero what it left: memory.fill(base, 0, min(target - base, kernel)). All between
            // its old end and its new start was never written, so it is zero already.
            code.global_get(base).i32_const(0);
            code.local_get(TARGET).local_get(OLD_BASE).i32_sub().local_tee(OLD_BASE);
            code.local_get(TOTAL);
            code.local_get(OLD_BASE).local_get(TOTAL).i32_lt_u().select();
            code.i32_const(WASM_PAGE_BITS).i32_shl();
            code.memory_fill(memory);
            bytes_of(&mut code, TARGET);
            code.global_set(base);
            code.memory_size(memory).global_set(kernel_end);
        }
        code.end();
        code.local_get(NEW).global_set(pages);
        code.local_get(NEW).global_set(size).local_get(OLD).end();
        function
    }

    /// New pages of the filesystem are the last of memory. They follow its other pages, unless
    /// somebody else has grown the memory meanwhile.
    fn kernel_grow(&self, places: &Places<'_>) -> Function {
        const DELTA: u32 = 0;
        const OLD_TOTAL: u32 = 1;
        let (base, kernel_end) = (places.global(BASE), places.global(KERNEL_END));
        let mut function = Function::new([(1, ValType::I32)]);
        let mut code = function.instructions();
        if let Some(most) = self.kernel_most {
            // delta > most - (memory.size - base)
            code.local_get(DELTA).i32_const(pages_operand(most.min(MOST_PAGES)));
            code.memory_size(self.memory.0);
            code.global_get(base).i32_const(WASM_PAGE_BITS).i32_shr_u().i32_sub();
            code.i32_sub().i32_gt_u();
            return_failed(&mut code);
        }
        code.local_get(DELTA).memory_grow(self.memory.0).local_tee(OLD_TOTAL);
        code.i32_const(GROW_FAILED).i32_eq();
        return_failed(&mut code);
        code.memory_size(self.memory.0).i32_const(FENCED);
        code.local_get(OLD_TOTAL).global_get(kernel_end).i32_eq().select().global_set(kernel_end);
        code.local_get(OLD_TOTAL);
        code.global_get(base).i32_const(WASM_PAGE_BITS).i32_shr_u().i32_sub().end();
        function
    }
}

impl FormRules for Portable<'_> {
    fn memories(&self) -> Vec<MemoryType> {
        self.memories.clone()
    }

    fn kernel_memory(&self) -> MemIdx {
        self.memory
    }

    fn segment_offset(&self, offset: u32) -> Result<u32> {
        let offset = self.base * WASM_PAGE_BYTES + u64::from(offset);
        u32::try_from(offset).context("the filesystem's initial memory lies beyond 4 GiB")
    }

    fn globals(&self) -> Vec<SynthesisedGlobal> {
        let pages = |name, pages: u64| SynthesisedGlobal {
            name,
            initial: u32::try_from(pages).expect("a memory has at most 65536 pages"),
        };
        let base = self.base * WASM_PAGE_BYTES;
        vec![
            SynthesisedGlobal {
                name: "wasm_vfs::base",
                // `new` has checked that all of it lies below 4 GiB.
                initial: u32::try_from(base).expect("the base is an address"),
            },
            pages("wasm_vfs::program_pages", self.program_pages),
            pages("wasm_vfs::program_size", self.program_pages),
            pages("wasm_vfs::kernel_end", self.memories[self.memory.index()].initial),
        ]
    }

    fn base(&self) -> Option<u32> {
        Some(BASE)
    }

    fn functions(&self) -> Vec<SynthesisedFunction> {
        let grow = |name: &str| SynthesisedFunction {
            name: name.to_owned(),
            ty: FuncType::new([wasmparser::ValType::I32], [wasmparser::ValType::I32]),
        };
        let mut functions = vec![grow("wasm_vfs::program_grow"), grow("wasm_vfs::kernel_grow")];
        if self.has_adapter_room {
            let name = format!("wasm_vfs::{REALLOC_EXPORT}");
            functions.push(SynthesisedFunction { name, ty: adapter_room::realloc_type() });
        }
        functions
    }

    fn function(&self, position: usize, places: &Places<'_>) -> Result<Function> {
        Ok(match position {
            PROGRAM_GROW => self.program_grow(places),
            ADAPTER_REALLOC => adapter_room::realloc(&adapter_room::Layout {
                memory: self.memory,
                program_grow: places.functions[PROGRAM_GROW],
                program_pages: GlobalIdx(places.global(PROGRAM_PAGES)),
                program_size: GlobalIdx(places.global(PROGRAM_SIZE)),
                kernel_end: GlobalIdx(places.global(KERNEL_END)),
            }),
            _ => self.kernel_grow(places),
        })
    }

    fn export(&self) -> Option<(&'static str, usize)> {
        self.has_adapter_room.then_some((REALLOC_EXPORT, ADAPTER_REALLOC))
    }

    fn view(&self, places: &Places<'_>) -> Option<MemoryView> {
        Some(MemoryView {
            memory: self.memory,
            pages: GlobalIdx(places.global(PROGRAM_SIZE)),
            grow: places.functions[PROGRAM_GROW],
        })
    }

    fn body(&self, function: FuncIdx, remap: &Remap, places: &Places<'_>) -> Result<Function> {
        let base = PortableLayout {
            memory: self.memory,
            base: GlobalIdx(places.global(BASE)),
            program_pages: GlobalIdx(places.global(PROGRAM_PAGES)),
            program_grow: places.functions[PROGRAM_GROW],
            kernel_grow: places.functions[KERNEL_GROW],
            page_bits: WASM_PAGE_BITS,
            moves: &self.moves,
        };
        portable_body::rewrite(self.adapter, function, remap, &base)
    }

    fn features(&self) -> WasmFeatures {
        WasmFeatures::BULK_MEMORY
    }

    fn memory_name(&self) -> Option<&'static str> {
        None
    }
}

impl Places<'_> {
    fn global(&self, position: u32) -> u32 {
        self.first_global.0 + position
    }
}

/// Slack for a program and a filesystem of these sizes, as `program_grow` computes it.
fn slack_pages(program: u64, kernel: u64, program_most: u64) -> u64 {
    let slack = (kernel >> SLACK_OF_KERNEL_BITS) + (program >> SLACK_OF_PROGRAM_BITS);
    slack.min(program_most.saturating_sub(program))
}

/// A number of pages, at most 65536, as an operand.
fn pages_operand(pages: u64) -> i32 {
    i32::try_from(pages).expect("a memory has at most 65536 pages")
}

/// Leaves 1 if growing the memory by what `delta` pushes failed.
fn grow_real(
    code: &mut InstructionSink<'_>,
    memory: u32,
    delta: impl FnOnce(&mut InstructionSink<'_>),
) {
    delta(code);
    code.memory_grow(memory).i32_const(GROW_FAILED).i32_eq();
}

/// Gives up if the top of the stack is true.
fn return_failed(code: &mut InstructionSink<'_>) {
    code.if_(BlockType::Empty).i32_const(GROW_FAILED).return_().end();
}

/// Pushes the bytes of a local that holds pages.
fn bytes_of(code: &mut InstructionSink<'_>, pages: u32) {
    code.local_get(pages).i32_const(WASM_PAGE_BITS).i32_shl();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slack_is_bounded_by_what_the_program_can_reach() {
        assert_eq!(slack_pages(80, 20, MOST_PAGES), 20);
        assert_eq!(slack_pages(80, 20, 85), 5);
        assert_eq!(slack_pages(80, 20, 80), 0);
    }
}
