//! The filesystem's initial memory, as few data segments as is reasonable.
//!
//! Wizer leaves a segment for each stretch of non-zero bytes. Engines limit a module to 100,000
//! segments, and each costs time at every start; but zeros between segments cost bytes. Segments
//! are joined over short gaps, over longer ones when there would be many. So a small tree adds few
//! bytes to a small program, and a large tree takes little time.
//!
//! A damaged module may put a segment at any address, so nothing is as large as the addresses: what
//! is held is what the segments hold.

use anyhow::{Result, bail, ensure};
use std::ops::Range;
use wasmparser::{ConstExpr, DataKind, Operator};

use crate::wasm::module::Module;

/// Gaps of zeros shorter than this are stored: a segment's header takes about seven bytes.
const SHORTEST_GAP_BYTES: u64 = 12;

/// With more segments than this their time counts too: initialising one takes as long as copying a
/// few hundred bytes.
const FEW_SEGMENTS: usize = 200;

/// The shortest gap that is left out then.
const LONGER_GAP_BYTES: u64 = 64;

/// Many fewer than the 100,000 that engines accept, since a program has segments of its own.
const MOST_SEGMENTS: usize = 10_000;

/// How many bytes are stored for one that is not zero, at most: tables of a filesystem have a dozen.
const MOST_ZEROS: u64 = 256;

/// What addresses of 32 bits reach.
const MEMORY_BYTES: u64 = 1 << 32;

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
    let runs = runs(&memory);
    let mut joined = join(&runs, SHORTEST_GAP_BYTES);
    if joined.len() > FEW_SEGMENTS {
        let mut gap = LONGER_GAP_BYTES;
        joined = join(&runs, gap);
        while joined.len() > MOST_SEGMENTS {
            gap *= 2;
            joined = join(&runs, gap);
        }
    }
    check_density(&runs, &joined)?;
    Ok(cut(&memory, &joined))
}

/// Refuses what would take more memory than any filesystem has zeros in its tables.
fn check_density(runs: &[Range<u64>], joined: &[Range<u64>]) -> Result<()> {
    let bytes = |ranges: &[Range<u64>]| ranges.iter().map(|it| it.end - it.start).sum::<u64>();
    ensure!(
        bytes(joined) / MOST_ZEROS <= bytes(runs) + joined.len() as u64,
        "its initial memory lies scattered in {} pieces: the module is damaged",
        runs.len()
    );
    Ok(())
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

/// The stretches that segments give bytes to, in the order of their addresses; none touches the
/// next. Later segments overwrite earlier ones, as at instantiation.
fn flatten(pieces: &[(u32, &[u8])]) -> Result<Vec<Segment>> {
    let mut order: Vec<usize> = (0..pieces.len()).collect();
    order.sort_by_key(|&at| pieces[at].0);
    let mut stretches = Vec::new();
    let mut left = order.as_slice();
    while let Some(&first) = left.first() {
        let start = u64::from(pieces[first].0);
        let mut end = start;
        let touching = left.iter().take_while(|&&at| {
            let (offset, bytes) = pieces[at];
            let touches = u64::from(offset) <= end;
            if touches {
                end = end.max(u64::from(offset) + bytes.len() as u64);
            }
            touches
        });
        let count = touching.count();
        ensure!(end <= MEMORY_BYTES, "a data segment ends beyond memory");
        let (together, after) = left.split_at(count);
        let mut together = together.to_vec();
        together.sort_unstable();
        let mut bytes = vec![0; usize::try_from(end - start)?];
        for at in together {
            let (offset, piece) = pieces[at];
            let at = usize::try_from(u64::from(offset) - start)?;
            bytes[at..at + piece.len()].copy_from_slice(piece);
        }
        stretches.push(Segment { offset: pieces[first].0, bytes });
        left = after;
    }
    Ok(stretches)
}

/// The addresses of what is not zero.
fn runs(memory: &[Segment]) -> Vec<Range<u64>> {
    let mut runs = Vec::new();
    for Segment { offset, bytes } in memory {
        let mut at = 0;
        while let Some(zeros) = bytes[at..].iter().position(|&byte| byte != 0) {
            let start = at + zeros;
            let more = bytes[start..].iter().position(|&byte| byte == 0);
            at = more.map_or(bytes.len(), |more| start + more);
            runs.push(u64::from(*offset) + start as u64..u64::from(*offset) + at as u64);
        }
    }
    runs
}

/// Stretches between gaps of at least `gap` zeros.
fn join(runs: &[Range<u64>], gap: u64) -> Vec<Range<u64>> {
    let mut joined: Vec<Range<u64>> = Vec::new();
    for run in runs {
        match joined.last_mut() {
            Some(last) if run.start - last.end < gap => last.end = run.end,
            _ => joined.push(run.clone()),
        }
    }
    joined
}

/// The bytes at these addresses; both lists are in their order.
fn cut(memory: &[Segment], ranges: &[Range<u64>]) -> Vec<Segment> {
    let mut stretches = memory.iter().peekable();
    let mut segments = Vec::with_capacity(ranges.len());
    for range in ranges {
        let mut bytes = vec![0; usize_of(range.end - range.start)];
        while let Some(stretch) = stretches.peek() {
            let start = u64::from(stretch.offset);
            let end = start + stretch.bytes.len() as u64;
            let (from, to) = (start.max(range.start), end.min(range.end));
            if from < to {
                let piece = &stretch.bytes[usize_of(from - start)..usize_of(to - start)];
                bytes[usize_of(from - range.start)..usize_of(to - range.start)]
                    .copy_from_slice(piece);
            }
            if end > range.end {
                break;
            }
            stretches.next();
        }
        let offset = u32::try_from(range.start).expect("addresses have 32 bits");
        segments.push(Segment { offset, bytes });
    }
    segments
}

/// An address or a length of 4 GiB at most.
fn usize_of(bytes: u64) -> usize {
    usize::try_from(bytes).expect("a memory has at most 4 GiB")
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
        memory[75] = 3;
        let memory =
            [Segment { offset: 0, bytes: memory }, Segment { offset: 1003, bytes: vec![4] }];
        let split = |gap| cut(&memory, &join(&runs(&memory), gap));
        let segment = |offset, bytes: &[u8]| Segment { offset, bytes: bytes.to_vec() };
        let first = segment(3, &[1, 0, 0, 0, 0, 0, 0, 2]);
        assert_eq!(split(64), [first, segment(75, &[3]), segment(1003, &[4])]);
        assert_eq!(split(65).len(), 2);
        let all = split(1000);
        assert_eq!((all.len(), all[0].offset, all[0].bytes.len()), (1, 3, 1001));
        assert_eq!(all[0].bytes.last(), Some(&4));
    }

    /// What the segments of a module come to, or its error.
    fn segments_of(data: &str) -> Result<Vec<Segment>> {
        let wasm = wat::parse_str(format!("(module (memory 65536) {data})")).unwrap();
        segments(&Module::parse(&wasm).unwrap())
    }

    #[test]
    fn addresses_take_no_memory() {
        let far = segments_of(r#"(data (i32.const 1) "a") (data (i32.const 0xffffffff) "z")"#);
        let expected = |offset, byte| Segment { offset, bytes: vec![byte] };
        assert_eq!(far.unwrap(), [expected(1, b'a'), expected(u32::MAX, b'z')]);
        let beyond = segments_of(r#"(data (i32.const 0xffffffff) "\00z")"#).unwrap_err();
        assert_eq!(beyond.to_string(), "a data segment ends beyond memory");
        let scattered = |step| {
            let data = |at| format!("(data (i32.const {}) \"x\")", at * step);
            (0..=MOST_SEGMENTS).map(data).collect::<String>()
        };
        assert!(segments_of(&scattered(60)).is_ok());
        let message = segments_of(&scattered(1000)).unwrap_err().to_string();
        assert!(message.contains("scattered in 10001 pieces"), "{message}");
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
        let flat = |offset, bytes: &[u8]| Segment { offset, bytes: bytes.to_vec() };
        assert_eq!(flatten(&[(2, b"abc"), (3, b"X")]).unwrap(), [flat(2, b"aXc")]);
        assert_eq!(flatten(&[(3, b"X"), (2, b"abc")]).unwrap(), [flat(2, b"abc")]);
        assert_eq!(
            flatten(&[(7, b"g"), (2, b"ab"), (4, b"c"), (6, b"")]).unwrap(),
            [flat(2, b"abc"), flat(6, b""), flat(7, b"g")],
        );
    }
}
