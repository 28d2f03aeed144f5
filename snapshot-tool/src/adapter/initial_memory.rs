//! The filesystem's initial memory, as few data segments as is reasonable.
//!
//! Wizer leaves a segment for each stretch of non-zero bytes. Engines limit a module to 100,000
//! segments, and each costs time at every start; but zeros between segments cost bytes. Segments
//! are joined over short gaps, over longer ones when there would be many. So a small tree adds few
//! bytes to a small program, and a large tree takes little time.

use anyhow::{Context, Result, bail};
use wasmparser::{ConstExpr, DataKind, Operator};

use crate::wasm::module::Module;

/// Gaps of zeros shorter than this are stored: a segment's header takes about seven bytes.
const SHORTEST_GAP_BYTES: usize = 12;

/// With more segments than this their time counts too: initialising one takes as long as copying a
/// few hundred bytes.
const FEW_SEGMENTS: usize = 200;

/// The shortest gap that is left out then.
const LONGER_GAP_BYTES: usize = 64;

/// Many fewer than the 100,000 that engines accept, since a program has segments of its own.
const MOST_SEGMENTS: usize = 10_000;

/// A stretch of initial memory.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) offset: u32,
    pub(crate) bytes: Vec<u8>,
}

/// Joins the active segments of `module`, whose offsets must be plain constants.
///
/// # Errors
///
/// When a segment is damaged or its offset is computed.
pub(crate) fn segments(module: &Module<'_>) -> Result<Vec<Segment>> {
    let mut pieces = Vec::new();
    for data in module.sections.data.clone().into_iter().flatten() {
        let data = data?;
        if let DataKind::Active { offset_expr, .. } = &data.kind {
            pieces.push((constant(offset_expr)?, data.data));
        }
    }
    let memory = flatten(&pieces)?;
    let segments = split(&memory, SHORTEST_GAP_BYTES);
    if segments.len() <= FEW_SEGMENTS {
        return Ok(segments);
    }
    let mut gap = LONGER_GAP_BYTES;
    loop {
        let segments = split(&memory, gap);
        if segments.len() <= MOST_SEGMENTS {
            return Ok(segments);
        }
        gap *= 2;
    }
}

/// Joins segments whose gaps have at most `longest_gap` bytes. They must be in ascending order.
pub(crate) fn joined_over(segments: Vec<Segment>, longest_gap: u32) -> Vec<Segment> {
    let mut joined: Vec<Segment> = Vec::new();
    for segment in segments {
        if let Some(last) = joined.last_mut() {
            // Where the segment starts among the bytes of the last.
            let start = (segment.offset - last.offset) as usize;
            if start - last.bytes.len() <= longest_gap as usize {
                last.bytes.resize(start, 0);
                last.bytes.extend(segment.bytes);
                continue;
            }
        }
        joined.push(segment);
    }
    joined
}

/// The value of a constant offset.
///
/// # Errors
///
/// When it is anything but one `i32.const`.
pub(crate) fn constant(expr: &ConstExpr<'_>) -> Result<u32> {
    let mut operators = expr.get_operators_reader();
    match (operators.read()?, operators.is_end_then_eof()) {
        (Operator::I32Const { value }, true) => Ok(value.cast_unsigned()),
        _ => bail!("a data segment has a computed offset"),
    }
}

/// Later segments overwrite earlier ones, as at instantiation.
fn flatten(pieces: &[(u32, &[u8])]) -> Result<Vec<u8>> {
    let end = |&(offset, bytes): &(u32, &[u8])| (offset as usize).checked_add(bytes.len());
    let ends: Option<Vec<usize>> = pieces.iter().map(end).collect();
    let length = ends.context("a data segment ends beyond memory")?.into_iter().max().unwrap_or(0);
    let mut memory = vec![0; length];
    for (offset, bytes) in pieces {
        let start = *offset as usize;
        memory[start..start + bytes.len()].copy_from_slice(bytes);
    }
    Ok(memory)
}

/// Stretches between gaps of at least `gap` zeros.
fn split(memory: &[u8], gap: usize) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut at = 0;
    while let Some(start) = next_non_zero(memory, at) {
        let mut end = start + 1;
        while let Some(next) = next_non_zero(memory, end) {
            if next - end >= gap {
                break;
            }
            end = next + 1;
        }
        let offset = u32::try_from(start).expect("offsets of segments are 32-bit");
        segments.push(Segment { offset, bytes: memory[start..end].to_vec() });
        at = end;
    }
    segments
}

fn next_non_zero(memory: &[u8], from: usize) -> Option<usize> {
    memory[from..].iter().position(|&byte| byte != 0).map(|skipped| from + skipped)
}

/// An active data segment.
pub(crate) fn encode_active(segment: &Segment, memory: u32, offset: u32, out: &mut Vec<u8>) {
    use wasm_encoder::Encode as _;
    if memory == 0 {
        out.push(0);
    } else {
        out.push(2);
        memory.encode(out);
    }
    wasm_encoder::ConstExpr::i32_const(offset.cast_signed()).encode(out);
    segment.bytes.as_slice().encode(out);
}

/// A passive data segment.
pub(crate) fn encode_passive(bytes: &[u8], out: &mut Vec<u8>) {
    use wasm_encoder::Encode as _;
    const PASSIVE: u8 = 1;
    out.push(PASSIVE);
    bytes.encode(out);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn short_gaps_are_joined_and_long_ones_split() {
        let mut memory = vec![0; 1000];
        memory[3] = 1;
        memory[10] = 2;
        memory[10 + LONGER_GAP_BYTES + 1] = 3;
        let segments = split(&memory, LONGER_GAP_BYTES);
        assert_eq!(segments.len(), 2);
        assert_eq!(
            (segments[0].offset, segments[0].bytes.as_slice()),
            (3, &[1, 0, 0, 0, 0, 0, 0, 2][..])
        );
        assert_eq!(segments[1], Segment { offset: 75, bytes: vec![3] });
    }

    #[test]
    fn never_too_many_segments() {
        let wasm = |text: &str| wat::parse_str(text).unwrap();
        let mut text = String::from("(module (memory 100)");
        for at in 0..MOST_SEGMENTS + 1 {
            text += &format!("(data (i32.const {}) \"x\")", at * 100);
        }
        let bytes = wasm(&(text + ")"));
        let segments = segments(&Module::parse(&bytes).unwrap()).unwrap();
        assert!(segments.len() <= MOST_SEGMENTS);
        assert_eq!(
            segments
                .iter()
                .map(|segment| segment.bytes.iter().filter(|&&b| b != 0).count())
                .sum::<usize>(),
            MOST_SEGMENTS + 1
        );
    }

    #[test]
    fn joined_segments_have_zeros_between() {
        let segment = |offset, bytes: &[u8]| Segment { offset, bytes: bytes.to_vec() };
        let three = || vec![segment(2, b"ab"), segment(5, b"c"), segment(8, b"d")];
        assert_eq!(joined_over(three(), 0), three());
        assert_eq!(joined_over(three(), 1), [segment(2, b"ab\0c"), segment(8, b"d")]);
        assert_eq!(joined_over(three(), u32::MAX), [segment(2, b"ab\0c\0\0d")]);
    }

    #[test]
    fn later_segments_win() {
        assert_eq!(flatten(&[(2, b"abc"), (3, b"X")]).unwrap(), b"\0\0aXc");
    }
}
