//! The program's function bodies in the linked module.
//!
//! They are copied byte by byte but for the few immediates that linking changes: the indices of
//! functions that moved (`call`, `return_call`, `ref.func`), and in the portable form
//! `memory.size` and `memory.grow`, which become `global.get` and `call`; taking a program out of a
//! linked module turns them back. A padded index stays as long as it was. Programs have tens of
//! megabytes of code, so nothing else is decoded into anything, and the bodies are shared among the
//! machine's cores.

use anyhow::{Context, Result};
use wasm_encoder::Encode as _;
use wasmparser::{FunctionBody, WasmFeatures};

use crate::link::limits;
use crate::wasm::features::{Reference, Used};
use crate::wasm::index::{FuncIdx, GlobalIdx, MemIdx};
use crate::wasm::module::Module;
use crate::wasm::remap::IndexMap;

/// Opcodes of the specification.
const GLOBAL_GET: u8 = 0x23;
const CALL: u8 = 0x10;
const MEMORY_SIZE: u8 = 0x3f;
const MEMORY_GROW: u8 = 0x40;

/// What becomes of the program's view of its own memory's size.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MemoryView {
    /// The memory.
    pub(crate) memory: MemIdx,
    /// Holds its size in pages: `memory.size` reads it.
    pub(crate) pages: GlobalIdx,
    /// `memory.grow` calls it.
    pub(crate) grow: FuncIdx,
}

/// In which direction the instructions of a [`MemoryView`] are replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// Linking: `memory.size` and `memory.grow` become the view.
    Link,
    /// Unlinking: the view becomes `memory.size` and `memory.grow`.
    Unlink,
}

/// Rewrites a program's bodies.
#[derive(Debug)]
pub(crate) struct ProgramCode<'m> {
    pub(crate) functions: &'m IndexMap,
    pub(crate) view: Option<MemoryView>,
    pub(crate) direction: Direction,
}

/// Encoded bodies (each with its size), and the features that they use.
#[derive(Debug)]
struct Bodies {
    bytes: Vec<u8>,
    features: WasmFeatures,
}

/// Bodies are rewritten in parts of about this size, so that few are held beside the result.
const PART_BYTES: usize = 2 << 20;

impl ProgramCode<'_> {
    /// Appends all bodies of `program` in order, and says which features they use.
    ///
    /// # Errors
    ///
    /// When a body is damaged.
    pub(crate) fn rewrite(&self, program: &Module<'_>, out: &mut Vec<u8>) -> Result<WasmFeatures> {
        let workers = std::thread::available_parallelism().map_or(1, usize::from);
        let mut features = WasmFeatures::empty();
        let mut first = program.imported_functions as usize;
        let mut rest = program.bodies.as_slice();
        while !rest.is_empty() {
            let mut batch = Vec::new();
            for _ in 0..workers {
                let (part, after) = rest.split_at(bodies_of(rest, PART_BYTES));
                batch.push((part, first));
                first += part.len();
                rest = after;
            }
            for bodies in self.rewrite_batch(batch)? {
                out.extend_from_slice(&bodies.bytes);
                features |= bodies.features;
            }
        }
        Ok(features)
    }

    fn rewrite_batch(&self, batch: Vec<(&[FunctionBody<'_>], usize)>) -> Result<Vec<Bodies>> {
        std::thread::scope(|scope| {
            let start = |(part, first)| scope.spawn(move || self.rewrite_part(part, first));
            let running: Vec<_> = batch.into_iter().map(start).collect();
            running
                .into_iter()
                .map(|it| it.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        })
    }

    fn rewrite_part(&self, part: &[FunctionBody<'_>], first: usize) -> Result<Bodies> {
        let size: usize = part.iter().map(|body| body.range().len()).sum();
        let mut bytes = Vec::with_capacity(size + size / 64 + part.len() * 5);
        let mut used = Used { features: WasmFeatures::WASM1, reference: None };
        let mut scratch = Vec::new();
        for (position, body) in part.iter().enumerate() {
            self.rewrite_body(body, &mut used, &mut scratch, &mut bytes)
                .with_context(|| format!("function {} of the program", first + position))?;
        }
        Ok(Bodies { bytes, features: used.features })
    }

    fn rewrite_body(
        &self,
        body: &FunctionBody<'_>,
        used: &mut Used,
        scratch: &mut Vec<u8>,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let bytes = body.as_bytes();
        let start_of_body = body.range().start;
        used.locals(body)?;
        let mut operators = body.get_operators_reader()?;
        let mut copied = 0;
        scratch.clear();
        while !operators.eof() {
            let start = operators.original_position() - start_of_body;
            operators.visit_operator(used)?;
            let Some(reference) = used.reference else { continue };
            let end = operators.original_position();
            used.check_indirect(body, end);
            used.reference = None;
            let end = end - start_of_body;
            let before = scratch.len();
            scratch.extend_from_slice(&bytes[copied..start]);
            if self.replace(reference, &bytes[start..end], scratch)? {
                copied = end;
            } else {
                scratch.truncate(before);
            }
        }
        let rest = &bytes[copied..];
        let len = scratch.len() + rest.len();
        if self.direction == Direction::Link {
            limits::BODY_BYTES.check(bytes.len() as u64, len as u64)?;
        }
        len.encode(out);
        out.extend_from_slice(scratch);
        out.extend_from_slice(rest);
        Ok(())
    }

    /// Appends what `operator` becomes, or says that it stays.
    fn replace(&self, reference: Reference, operator: &[u8], out: &mut Vec<u8>) -> Result<bool> {
        use Direction::{Link, Unlink};
        match (reference, self.view, self.direction) {
            (Reference::Function(function), Some(view), Unlink) if function == view.grow => {
                out.push(MEMORY_GROW);
                view.memory.0.encode(out);
                Ok(true)
            }
            (Reference::Global(global), Some(view), Unlink) if global == view.pages => {
                out.push(MEMORY_SIZE);
                view.memory.0.encode(out);
                Ok(true)
            }
            (Reference::Function(old), ..) => {
                let new = self.functions.get(old.0);
                let new = new.with_context(|| format!("it refers to function {}", old.0))?;
                if new == old.0 {
                    return Ok(false);
                }
                out.push(operator[0]);
                let width = operator.len() - 1;
                // Only what was padded stays so: else the result would depend on where things were
                // before.
                let was_padded = width > encoded_bytes(old.0);
                padded(new, if was_padded { width } else { 0 }, out);
                Ok(true)
            }
            (Reference::MemorySize(memory), Some(view), Link) if memory == view.memory => {
                out.push(GLOBAL_GET);
                view.pages.0.encode(out);
                Ok(true)
            }
            (Reference::MemoryGrow(memory), Some(view), Link) if memory == view.memory => {
                out.push(CALL);
                view.grow.0.encode(out);
                Ok(true)
            }
            _ => Ok(false),
        }
    }
}

/// How many bodies make up about `share` bytes; at least one if there is any.
fn bodies_of(bodies: &[FunctionBody<'_>], share: usize) -> usize {
    let mut bytes = 0;
    let enough = bodies.iter().position(|body| {
        bytes += body.range().len();
        bytes >= share
    });
    enough.map_or(bodies.len(), |last| last + 1)
}

/// How long an index is as LEB128 without padding.
fn encoded_bytes(index: u32) -> usize {
    const BITS: u32 = 7;
    (u32::BITS - index.leading_zeros()).div_ceil(BITS).max(1) as usize
}

/// Appends an index as LEB128, in `width` bytes if it is shorter.
fn padded(index: u32, width: usize, out: &mut Vec<u8>) {
    const MORE_BYTES_FOLLOW: u8 = 0x80;
    let start = out.len();
    index.encode(out);
    while out.len() - start < width {
        if let Some(last) = out.last_mut() {
            *last |= MORE_BYTES_FOLLOW;
        }
        out.push(0);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn padded_indices_keep_their_width_and_others_have_the_least() {
        for (index, width, bytes) in [
            (3, 1, &[3][..]),
            (3, 3, &[0x83, 0x80, 0]),
            (300, 1, &[0xac, 2]),
            (300, 5, &[0xac, 0x82, 0x80, 0x80, 0]),
            (u32::MAX, 5, &[0xff, 0xff, 0xff, 0xff, 0x0f]),
        ] {
            let mut out = Vec::new();
            padded(index, width, &mut out);
            assert_eq!(out, bytes);
            assert_eq!(crate::wasm::module::reader(&out, 0).read_var_u32().unwrap(), index);
        }
        for (index, bytes) in [(0, 1), (127, 1), (128, 2), (16_383, 2), (16_384, 3), (u32::MAX, 5)]
        {
            assert_eq!(encoded_bytes(index), bytes);
        }
    }
}
