//! What a program makes of the result of its `memory.grow`.
//!
//! Allocators of wasi-libc, Rust and Zig put new pages to use where `memory.grow` says they are.
//! Those of Go, TinyGo, AssemblyScript and Emscripten only look whether it failed: they count on
//! memory that nobody else grows. Pages that do not follow the program's others can be given to the
//! former alone; the latter would write over whatever lies between.

use anyhow::Result;
use wasmparser::{FunctionBody, Operator};

use crate::wasm::index::MemIdx;
use crate::wasm::module::Module;

/// `memory.grow`, followed by the number of the memory.
const MEMORY_GROW: u8 = 0x40;
/// Shifted by this, or multiplied, a page's number becomes its address.
const PAGE_BITS: i32 = 16;
const PAGE_BYTES: i32 = 1 << PAGE_BITS;

/// Returns whether wherever the program grows `memory`, the function makes an address of the
/// result: it is multiplied by the size of a page.
///
/// # Errors
///
/// When a body is damaged.
pub(crate) fn uses_grown_address(program: &Module<'_>, memory: MemIdx) -> Result<bool> {
    for body in &program.bodies {
        // Few functions have these two bytes in a row, so few are read.
        let bytes = body.as_bytes();
        let may_grow = bytes.windows(2).any(|pair| pair[0] == MEMORY_GROW);
        if may_grow && !body_uses_grown_address(body, memory)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn body_uses_grown_address(body: &FunctionBody<'_>, memory: MemIdx) -> Result<bool> {
    let operators: Vec<Operator<'_>> =
        body.get_operators_reader()?.into_iter().collect::<Result<_, _>>()?;
    let grows = |operator: &Operator<'_>| *operator == Operator::MemoryGrow { mem: memory.0 };
    let every = (0..).zip(&operators).filter(|(_, operator)| grows(operator)).all(|(at, _)| {
        let after: &[Operator<'_>] = &operators[at + 1..];
        match after.first() {
            Some(&(Operator::LocalSet { local_index } | Operator::LocalTee { local_index })) => {
                operators.windows(3).any(|window| {
                    window[0] == Operator::LocalGet { local_index } && multiplies(&window[1..])
                })
            }
            _ => multiplies(after),
        }
    });
    Ok(every)
}

/// Whether the operand is multiplied by the size of a page.
fn multiplies(operators: &[Operator<'_>]) -> bool {
    matches!(
        operators,
        [Operator::I32Const { value: PAGE_BITS }, Operator::I32Shl, ..]
            | [Operator::I32Const { value: PAGE_BYTES }, Operator::I32Mul, ..]
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn uses(body: &str) -> bool {
        let text = format!(
            "(module (memory 1) (memory $other 1)
               (func (result i32) i32.const 0)
               (func (param $pages i32) (result i32) (local $x i32) {body}))"
        );
        let bytes = wat::parse_str(text).unwrap();
        uses_grown_address(&Module::parse(&bytes).unwrap(), MemIdx(0)).unwrap()
    }

    #[test]
    fn what_allocators_do() {
        let grow = "local.get $pages memory.grow";
        for (body, expected, whose) in [
            ("local.get $pages".to_owned(), true, "nobody's"),
            (format!("{grow} i32.const 16 i32.shl"), true, "short"),
            (
                format!(
                    "{grow} local.tee $x i32.const -1 i32.eq
                     if i32.const -1 return end local.get $x i32.const 16 i32.shl"
                ),
                true,
                "wasi-libc's sbrk",
            ),
            (
                format!("{grow} local.set $x local.get $x i32.const 65536 i32.mul"),
                true,
                "unoptimised",
            ),
            (
                format!("i32.const 8 {grow} i32.store i32.const 8 i32.load"),
                false,
                "Go's growMemory",
            ),
            (
                format!(
                    "memory.size local.set $x {grow} i32.const 0 i32.lt_s if unreachable end
                     local.get $x i32.const 16 i32.shl"
                ),
                false,
                "AssemblyScript's growMemory",
            ),
            (
                format!("{grow} i32.const 16 i32.shl drop {grow} drop i32.const 0"),
                false,
                "one of two",
            ),
            ("local.get $pages memory.grow $other".to_owned(), true, "of another memory"),
        ] {
            assert_eq!(uses(&body), expected, "{whose}");
        }
    }
}
