//! Mutation that knows of sections ([`mutate`]).
//!
//! Bytes changed anywhere seldom leave a module: the size of a section is wrong, and nothing behind
//! it is read. So most mutations change what is inside a section and write the sizes anew; those of
//! the section `wasm-vfs` change one record of its manifest, or one field, as often as bytes.

use std::cell::Cell;

use libfuzzer_sys::fuzzer_mutate;
use wasm_vfs::internals::index::DataIdx;
use wasm_vfs::internals::section::{SECTION_NAME, Section};
use wasm_vfs_core::manifest::{Reader, Record, RecordKind};

const PREAMBLE: &[u8] = b"\0asm\x01\0\0\0";
const CUSTOM: u8 = 0;

/// Numbers at which something ends.
const EDGES: [u64; 14] = [
    0,
    1,
    2,
    0x7f,
    0x80,
    0xff,
    0x100,
    0xffff,
    0x1_0000,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    1 << 62,
    u64::MAX,
];

/// Changes the first `size` bytes of `data`, of which `max_size` may be used; returns how many are
/// used then. What is no module becomes one of `seeds`.
pub fn mutate(seeds: &[Vec<u8>], data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let random = Random(Cell::new(u64::from(seed) << 1 | 1));
    let Some(mut sections) = Sections::of(&data[..size]) else {
        if random.one_in(4) {
            return fuzzer_mutate(data, size, max_size);
        }
        return put(random.one_of(seeds), data, max_size).unwrap_or(size);
    };
    match random.below(16) {
        0 => return fuzzer_mutate(data, size, max_size),
        1 => return put(random.one_of(seeds), data, max_size).unwrap_or(size),
        2 => sections.rearrange(&random),
        3..=9 => sections.mutate_ours(&random),
        _ => {
            let at = random.below(sections.0.len());
            mutate_payload(&mut sections.0[at].1, &random);
        }
    }
    put(&sections.bytes(), data, max_size).unwrap_or(size)
}

/// Writes bytes where there is room for them.
fn put(bytes: &[u8], data: &mut [u8], max_size: usize) -> Option<usize> {
    data.get_mut(..max_size)?.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(bytes.len())
}

/// Id and payload of each section.
struct Sections(Vec<(u8, Vec<u8>)>);

impl Sections {
    /// Those of a module; `None` if there are none.
    fn of(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes.strip_prefix(PREAMBLE)?;
        let mut sections = Vec::new();
        while let Some((&id, after)) = rest.split_first() {
            let (size, after) = leb128(after)?;
            let (payload, after) = after.split_at_checked(usize::try_from(size).ok()?)?;
            sections.push((id, payload.to_vec()));
            rest = after;
        }
        (!sections.is_empty()).then_some(Self(sections))
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = PREAMBLE.to_vec();
        for (id, payload) in &self.0 {
            bytes.push(*id);
            encode(payload.len() as u64, &mut bytes);
            bytes.extend_from_slice(payload);
        }
        bytes
    }

    fn rearrange(&mut self, random: &Random) {
        let (at, other) = (random.below(self.0.len()), random.below(self.0.len()));
        match random.below(3) {
            0 => self.0.swap(at, other),
            1 => self.0.insert(other, self.0[at].clone()),
            _ => drop(self.0.remove(at)),
        }
    }

    /// Changes the section `wasm-vfs`, or another if there is none.
    fn mutate_ours(&mut self, random: &Random) {
        let name = [&[SECTION_NAME.len() as u8], SECTION_NAME.as_bytes()].concat();
        let ours = self.0.iter_mut().find(|(id, it)| *id == CUSTOM && it.starts_with(&name));
        let Some((_, payload)) = ours else {
            let at = random.below(self.0.len());
            return mutate_payload(&mut self.0[at].1, random);
        };
        let mut rest = payload.split_off(name.len());
        match Section::decode(&rest) {
            Ok(mut section) if !random.one_in(4) => {
                mutate_section(&mut section, random);
                rest = section.encode();
            }
            _ => mutate_payload(&mut rest, random),
        }
        payload.extend(rest);
    }
}

/// Changes bytes of a payload; most often it stays as long as it is.
fn mutate_payload(payload: &mut Vec<u8>, random: &Random) {
    if payload.is_empty() {
        return payload.push(random.byte());
    }
    let at = random.below(payload.len());
    match random.below(8) {
        0..=2 => payload[at] ^= 1 << random.below(8),
        3 => payload[at] = random.byte(),
        4 => payload[at] = payload[random.below(payload.len())],
        5 => {
            let mut number = Vec::new();
            encode(random.edge(), &mut number);
            payload.splice(at..=at, number);
        }
        6 => payload.truncate(at),
        _ => {
            const ROOM: usize = 64;
            let size = payload.len();
            payload.resize(size + ROOM, 0);
            let size = fuzzer_mutate(payload, size, size + ROOM);
            payload.truncate(size);
        }
    }
}

/// Changes one field.
fn mutate_section(section: &mut Section, random: &Random) {
    match random.below(12) {
        0 => section.contents_len = random.edge(),
        1 => section.contents_segment = DataIdx(random.edge() as u32),
        2 => section.preinit = random.one_in(2).then(|| "init".to_owned()),
        3 => {
            let mut policy = std::mem::take(&mut section.policy).into_bytes();
            mutate_payload(&mut policy, random);
            section.policy = String::from_utf8_lossy(&policy).into_owned();
        }
        4 | 5 => {
            if let Some(part) = &mut section.program {
                let number = random.edge();
                let index = number as u32;
                match random.below(12) {
                    0 => part.types = index,
                    1 => part.functions = index,
                    2 => part.globals = index,
                    3 => part.memories = index,
                    4 => part.data_segments = index,
                    5 => part.imports = index,
                    6 => part.exports = index,
                    7 => part.user_memory.0 = index,
                    8 => part.user_memory_min = number,
                    9 => part.user_memory_max = Some(number),
                    10 => part.first_function.0 = index,
                    _ => drop(part.served.pop()),
                }
            }
        }
        6 => mutate_payload(&mut section.manifest, random),
        _ => section.manifest = mutated_manifest(&section.manifest, random),
    }
}

/// The manifest with one record changed.
fn mutated_manifest(manifest: &[u8], random: &Random) -> Vec<u8> {
    let mut records: Vec<Record<'_>> = Reader::new(manifest).map_while(Result::ok).collect();
    if records.is_empty() {
        return manifest.to_vec();
    }
    let at = random.below(records.len());
    let another = records[random.below(records.len())];
    let (edge, index) = (random.edge(), random.below(records.len() + 1) as u32);
    match random.below(10) {
        0 => records[at].parent = if random.one_in(2) { index } else { edge as u32 },
        1 => records[at].name = another.name,
        2 => records[at].kind = another.kind,
        3 => records[at].attributes.mode = edge as u32,
        4 => records[at].attributes.mtime.tv_sec = edge.cast_signed(),
        5 => records[at].attributes.mtime.tv_nsec = edge as u32,
        6 => records[at].kind = RecordKind::HardLink { record: index },
        7 => drop(records.remove(at)),
        8 => records.insert(at, Record { name: b"~", ..another }),
        _ => {
            if let RecordKind::Regular { contents_offset, len } = &mut records[at].kind {
                *(if random.one_in(2) { contents_offset } else { len }) = edge % 64;
            }
        }
    }
    let mut bytes = Vec::new();
    for record in &records {
        record.encode(&mut bytes);
    }
    bytes
}

fn leb128(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0;
    for (at, byte) in bytes.iter().enumerate().take(5) {
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[at + 1..]));
        }
    }
    None
}

fn encode(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Xorshift: libFuzzer gives a seed for each mutation.
struct Random(Cell<u64>);

impl Random {
    fn next(&self) -> u64 {
        let mut state = self.0.get();
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        self.0.set(state);
        state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32
    }

    /// A number below `bound`, which is not zero.
    fn below(&self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn one_in(&self, chances: usize) -> bool {
        self.below(chances) == 0
    }

    fn byte(&self) -> u8 {
        self.next() as u8
    }

    fn edge(&self) -> u64 {
        match self.below(3) {
            0 => self.next() % 64,
            _ => EDGES[self.below(EDGES.len())],
        }
    }

    fn one_of<'s>(&self, seeds: &'s [Vec<u8>]) -> &'s [u8] {
        &seeds[self.below(seeds.len())]
    }
}
