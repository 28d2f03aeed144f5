//! Makes room among the data segments of a linked module, where the limit of engines asks for it.
//!
//! Engines take 100,000 segments of a module, and Go's linker makes exactly so many of any large
//! program. If the program's segments and ours are more together, we join
//!
//! 1. ours, over gaps of up to [`LONGEST_GAP_BYTES`];
//! 2. the program's, as few as must be, those with the shortest gaps between them;
//! 3. ours over any gap, if there are too few of the program's to join.
//!
//! A joined segment writes zeros into the gap. That changes nothing if the gap was still zero when
//! the second of its segments was written: memories start as zeros, segments are written in their
//! order, and no segment before wrote there. So two segments of the program are joined only if they
//! follow each other, in ascending order, in one memory, at constant addresses, and are encoded as
//! [`encode_active`] encodes them. Joining moves the indices of segments, so none is joined if an
//! instruction names one.
//!
//! The section `wasm-vfs` records each join ([`JoinedSegment`]), and [`split`] undoes them byte for
//! byte.

use std::collections::BTreeMap;
use std::ops::Range;

use anyhow::{Context, Result, anyhow, ensure};
use wasmparser::{Data, DataKind, Operator};

use crate::adapter::initial_memory::{Segment, constant, encode_active, joined_over};
use crate::error::{ErrorKind, mark};
use crate::format::grouped;
use crate::link::limits::DATA_SEGMENTS;
use crate::packed::program_part::{JoinedSegment, ProgramPart};
use crate::wasm::index::FuncIdx;
use crate::wasm::module::Module;
use crate::wasm::remap::IndexMap;

/// Our segments are joined over gaps of this length before any of the program's are.
const LONGEST_GAP_BYTES: u32 = 1024;

/// The segments that are neither the program's nor the filesystem's initial memory: what a form
/// adds (one active, one passive), and the contents.
const OTHERS: u64 = 3;

/// 4 GiB. Segments that reach so far are left alone.
const MEMORY_BYTES: u64 = 1 << 32;

/// The filesystem's initial memory, and which segments of the program are joined, so that the
/// linked module and `reserve` segments more are no more than engines take.
///
/// # Errors
///
/// When the data section is damaged, or there is no room.
pub(crate) fn make_room(
    program: &Module<'_>,
    ours: Vec<Segment>,
    reserve: u64,
) -> Result<(Vec<Segment>, Vec<JoinedSegment>)> {
    let room = DATA_SEGMENTS.most - OTHERS - reserve;
    let excess = |ours: &[Segment]| {
        (u64::from(program.data_segments()) + ours.len() as u64).saturating_sub(room)
    };
    if excess(&ours) == 0 {
        return Ok((ours, Vec::new()));
    }
    let mut ours = joined_over(ours, LONGEST_GAP_BYTES);
    if excess(&ours) == 0 {
        return Ok((ours, Vec::new()));
    }
    let naming = function_that_names_a_segment(program)?;
    let mut joins = if naming.is_some() { Vec::new() } else { possible_joins(program)? };
    if (joins.len() as u64) < excess(&ours) {
        ours = joined_over(ours, u32::MAX);
    }
    let needed = excess(&ours);
    if (joins.len() as u64) < needed {
        return Err(no_room(program, OTHERS + ours.len() as u64 + reserve, joins.len(), naming));
    }
    joins.sort_unstable_by_key(|it| (it.gap, it.index));
    joins.truncate(usize::try_from(needed)?);
    joins.sort_unstable_by_key(|it| it.index);
    Ok((ours, joins))
}

/// The error for a program whose segments cannot be joined: `added` is what packing adds.
fn no_room(
    program: &Module<'_>,
    added: u64,
    possible: usize,
    naming: Option<FuncIdx>,
) -> anyhow::Error {
    let count = u64::from(program.data_segments());
    if let Err(error) = DATA_SEGMENTS.check(count, count) {
        return error;
    }
    let why = match naming {
        Some(function) => format!(
            "none can be joined, for its function {} names one (`memory.init`, `data.drop`)",
            function.0
        ),
        None => format!(
            "only {} of them can be joined with the one before, for the rest are in no order",
            grouped(possible as u64)
        ),
    };
    let error = anyhow!(
        "it has {} data segments and packing adds {}, but engines take no more than {} of a module, and {why}: build the \
         program with fewer",
        grouped(count),
        grouped(added),
        grouped(DATA_SEGMENTS.most)
    );
    mark(error, ErrorKind::Unservable)
}

/// The first function with an instruction that names a data segment.
fn function_that_names_a_segment(program: &Module<'_>) -> Result<Option<FuncIdx>> {
    // Such an instruction is valid only behind this section.
    if program.data_count.is_none() {
        return Ok(None);
    }
    for (position, body) in program.bodies.iter().enumerate() {
        for operator in body.get_operators_reader()? {
            if let Operator::MemoryInit { .. }
            | Operator::DataDrop { .. }
            | Operator::ArrayNewData { .. }
            | Operator::ArrayInitData { .. } = operator?
            {
                let index = program.imported_functions as usize + position;
                return Ok(Some(FuncIdx::from_index(index)));
            }
        }
    }
    Ok(None)
}

/// Where an active segment writes.
struct Place {
    memory: u32,
    bytes: Range<u64>,
}

impl Place {
    /// `None` if the address is computed, or lies at the end of what 32 bits address.
    fn of(data: &Data<'_>) -> Option<Self> {
        let DataKind::Active { memory_index, offset_expr } = &data.kind else { return None };
        let start = u64::from(constant(offset_expr).ok()?);
        let bytes = start..start + data.data.len() as u64;
        (bytes.end < MEMORY_BYTES).then_some(Self { memory: *memory_index, bytes })
    }

    /// Whether the segment is encoded as we would encode it, so that splitting gives it back.
    fn is_canonical(&self, program: &Module<'_>, data: &Data<'_>) -> Result<bool> {
        let header = &program.bytes[data.range.start..data.range.end - data.data.len()];
        let mut encoded = Vec::with_capacity(header.len() + data.data.len());
        let segment = Segment { offset: u32::try_from(self.bytes.start)?, bytes: data.data.into() };
        encode_active(&segment, self.memory, segment.offset, &mut encoded);
        Ok(encoded[..encoded.len() - data.data.len()] == *header)
    }
}

/// Which parts of a memory segments have written.
#[derive(Default)]
struct Written {
    /// Ends by starts, of ranges that do not touch each other.
    ranges: BTreeMap<u64, u64>,
}

impl Written {
    fn add(&mut self, mut added: Range<u64>) {
        while let Some((&start, &end)) = self.ranges.range(..=added.end).next_back()
            && end >= added.start
        {
            self.ranges.remove(&start);
            added = start.min(added.start)..end.max(added.end);
        }
        self.ranges.insert(added.start, added.end);
    }

    fn overlaps(&self, range: &Range<u64>) -> bool {
        let last = self.ranges.range(..range.end).next_back();
        !range.is_empty() && last.is_some_and(|(_, &end)| end > range.start)
    }
}

/// All segments of the program that can be joined with the one before.
fn possible_joins(program: &Module<'_>) -> Result<Vec<JoinedSegment>> {
    let mut joins = Vec::new();
    let mut written: BTreeMap<u32, Written> = BTreeMap::new();
    let mut before: Option<Place> = None;
    for (index, data) in (0..).zip(program.sections.data.clone().into_iter().flatten()) {
        let data = data?;
        let DataKind::Active { memory_index, .. } = data.kind else {
            before = None;
            continue;
        };
        let written = written.entry(memory_index).or_default();
        let here = Place::of(&data);
        if let (Some(before), Some(here)) = (&before, &here)
            && before.memory == here.memory
            && before.bytes.end <= here.bytes.start
        {
            let gap = before.bytes.end..here.bytes.start;
            // What an imported memory starts with is not known.
            let is_zero = here.memory >= program.imported_memories && !written.overlaps(&gap);
            if gap.is_empty() || is_zero {
                let (gap, bytes) = (gap.end - gap.start, data.data.len());
                let (gap, bytes) = (u32::try_from(gap)?, u32::try_from(bytes)?);
                joins.push(JoinedSegment { index, gap, bytes });
            }
        }
        // An address that is not known may be any.
        written.add(here.as_ref().map_or(0..MEMORY_BYTES, |here| here.bytes.clone()));
        before = match here {
            Some(here) if here.is_canonical(program, &data)? => Some(here),
            _ => None,
        };
        if before.is_none() && joins.last().is_some_and(|join| join.index == index) {
            joins.pop();
        }
    }
    Ok(joins)
}

/// The program's segments, encoded, after these joins.
///
/// # Errors
///
/// When the data section is damaged.
pub(crate) fn join(program: &Module<'_>, joins: &[JoinedSegment]) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut joins = joins.iter().peekable();
    let mut open: Option<(u32, Segment)> = None;
    for (index, data) in (0..).zip(program.sections.data.clone().into_iter().flatten()) {
        let data = data?;
        if let Some(join) = joins.next_if(|join| join.index == index) {
            let (_, segment) = open.as_mut().context("a segment is joined with none")?;
            segment.bytes.resize(segment.bytes.len() + join.gap as usize, 0);
            segment.bytes.extend_from_slice(data.data);
            continue;
        }
        close(&mut open, &mut out);
        if joins.peek().is_some_and(|join| join.index == index + 1) {
            let place = Place::of(&data).context("a segment that is joined is not active")?;
            let offset = u32::try_from(place.bytes.start)?;
            open = Some((place.memory, Segment { offset, bytes: data.data.into() }));
        } else {
            out.extend_from_slice(&program.bytes[data.range]);
        }
    }
    close(&mut open, &mut out);
    Ok(out)
}

fn close(open: &mut Option<(u32, Segment)>, out: &mut Vec<u8>) {
    if let Some((memory, segment)) = open.take() {
        encode_active(&segment, memory, segment.offset, out);
    }
}

/// The program's segments of a linked module, encoded, as they were before they were joined.
///
/// # Errors
///
/// When the segments are not what the joins made.
pub(crate) fn split(linked: &Module<'_>, part: &ProgramPart) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut joins = part.joined.iter().peekable();
    let mut index = 0;
    let segments = linked.sections.data.clone().into_iter().flatten();
    for data in segments.take(part.data_segments as usize) {
        let data = data?;
        let mut parts = Vec::new();
        index += 1;
        while let Some(join) = joins.next_if(|join| join.index == index) {
            parts.push(join);
            index += 1;
        }
        if parts.is_empty() {
            out.extend_from_slice(&linked.bytes[data.range]);
        } else {
            split_one(&data, &parts, &mut out).context("a joined data segment is damaged")?;
        }
    }
    ensure!(joins.next().is_none(), "its `wasm-vfs` section is damaged: a segment has no place");
    Ok(out)
}

fn split_one(data: &Data<'_>, parts: &[&JoinedSegment], out: &mut Vec<u8>) -> Result<()> {
    let place = Place::of(data).context("it is not active")?;
    let mut offset = u32::try_from(place.bytes.start)?;
    let joined: u64 = parts.iter().map(|it| u64::from(it.gap) + u64::from(it.bytes)).sum();
    let first = (data.data.len() as u64).checked_sub(joined).context("it is too short")?;
    let (mut bytes, mut rest) = data.data.split_at(usize::try_from(first)?);
    for part in parts {
        encode_active(&Segment { offset, bytes: bytes.into() }, place.memory, offset, out);
        offset += u32::try_from(bytes.len())? + part.gap;
        let (gap, after) = rest.split_at(part.gap as usize);
        ensure!(gap.iter().all(|&byte| byte == 0), "a gap in it is not zero");
        (bytes, rest) = after.split_at(part.bytes as usize);
    }
    encode_active(&Segment { offset, bytes: bytes.into() }, place.memory, offset, out);
    Ok(())
}

/// The indices of the program's segments after these joins. One that is joined with the segment
/// before has none.
pub(crate) fn joined_indices(program: &Module<'_>, joins: &[JoinedSegment]) -> IndexMap {
    if joins.is_empty() {
        return IndexMap::Same;
    }
    let mut joins = joins.iter().peekable();
    let mut next = 0..;
    let table = (0..program.data_segments()).map(|index| {
        let joined = joins.next_if(|join| join.index == index);
        if joined.is_some() { None } else { next.next() }
    });
    IndexMap::Table(table.collect())
}

/// The indices that the program's segments of a linked module had before they were joined.
pub(crate) fn split_indices(part: &ProgramPart) -> IndexMap {
    let mut joins = part.joined.iter().peekable();
    let mut index = 0;
    let mut table = Vec::new();
    for _ in 0..part.data_segments {
        table.push(Some(index));
        index += 1;
        while joins.next_if(|join| join.index == index).is_some() {
            index += 1;
        }
    }
    IndexMap::Table(table)
}
