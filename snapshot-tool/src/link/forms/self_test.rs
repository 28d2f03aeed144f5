//! The self-test of the isolated form: whether the engine keeps the two memories apart.
//!
//! Engines without multi-memory refuse an isolated module. Some that accept one have got a memory
//! index wrong somewhere: a `memory.copy` with its two memories exchanged, a load that is always of
//! the first memory. A filesystem there would write over its program's data and read it as its own.
//! So what the filesystem uses of memories is tried before anything of the program runs: each load
//! and store, `memory.copy` in each direction, `memory.fill`, `memory.init`, `memory.size` and
//! `memory.grow`, and where initial data went. If one does something else than it should, the
//! program ends with a message on standard error and a status that is not zero.
//!
//! What is tried is tried on the first [`SCRATCH_BYTES`] of both memories. The program's are put
//! back as they were; the filesystem's are below the end of its shadow stack, where nothing is.
//! Memory grows only where both happen to have the same size, by one page of the filesystem's:
//! otherwise a size does not tell whose it is.
//!
//! Where it stands:
//! * a module that exports `_start` or `_initialize` exports a function in its place that tests
//!   first and then calls it, so that the message can be written: some hosts serve no calls while
//!   they instantiate;
//! * one with a start function of its own has it tested before that; one with nothing of this gets
//!   a start function.
//!
//! Vector and floating-point accesses are not tried: the filesystem has none.

use anyhow::Result;
use wasm_encoder::{BlockType, Function, Instruction, InstructionSink, MemArg};
use wasmparser::{ExternalKind, FuncType, Operator, ValType};

use crate::adapter::initial_memory::Segment;
use crate::adapter::names::{KERNEL_MEMORY, USER_MEMORY};
use crate::link::forms::rules::{Places, SynthesisedFunction};
use crate::wasm::index::{DataIdx, FuncIdx, MemIdx};
use crate::wasm::module::Module;
use crate::wasm::reach::Live;

/// What of both memories the test writes to.
pub(crate) const SCRATCH_BYTES: u32 = 16;

/// What a program prints where memories are mixed up.
const MESSAGE: &[u8] = b"wasm-vfs: this engine mixes up memories: pack without --isolate\n";

/// The status of a program that has not started.
const EXIT_STATUS: i32 = 1;

/// Standard error.
const STDERR: i32 = 2;

/// Where the message and its vector are put, in the program's memory.
const IOVEC: i32 = 0;
const WRITTEN: i32 = 8;
const TEXT: i32 = 16;

/// The functions that are called before all others.
const ENTRIES: [&str; 2] = ["_start", "_initialize"];

/// What is called of the filesystem's memory as it starts, at its address 0.
const MARK: &[u8; 4] = b"mark";

/// The byte that is initialised from.
const PASSIVE: &[u8; 1] = b"p";

/// The two words that are tried, by their addresses.
const FIRST: i32 = 0;
const SECOND: i32 = 8;

/// What the first word is for loads: each byte is another one in the other memory, and has its sign
/// bit set.
const USER_PATTERN: u64 = 0x8182_8384_8586_8788;
const KERNEL_PATTERN: u64 = 0x9192_9394_9596_9798;

/// A load or store of integers.
#[derive(Clone, Copy)]
struct Access {
    name: &'static str,
    instruction: fn(MemArg) -> Instruction<'static>,
    bytes: u32,
    ty: ValType,
    does: Does,
}

/// What an access does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Does {
    LoadUnsigned,
    LoadSigned,
    Store,
}

macro_rules! accesses {
    ($($does:ident $ty:ident $bytes:literal $name:ident)*) => {[$(Access {
        name: stringify!($name),
        instruction: Instruction::$name,
        bytes: $bytes,
        ty: ValType::$ty,
        does: Does::$does,
    }),*]};
}

/// All of them. Stores are in ascending order of their widths.
const ACCESSES: [Access; 19] = accesses![
    LoadUnsigned I32 1 I32Load8U
    LoadSigned I32 1 I32Load8S
    LoadUnsigned I32 2 I32Load16U
    LoadSigned I32 2 I32Load16S
    LoadUnsigned I32 4 I32Load
    LoadUnsigned I64 1 I64Load8U
    LoadSigned I64 1 I64Load8S
    LoadUnsigned I64 2 I64Load16U
    LoadSigned I64 2 I64Load16S
    LoadUnsigned I64 4 I64Load32U
    LoadSigned I64 4 I64Load32S
    LoadUnsigned I64 8 I64Load
    Store I32 1 I32Store8
    Store I64 1 I64Store8
    Store I32 2 I32Store16
    Store I64 2 I64Store16
    Store I32 4 I32Store
    Store I64 4 I64Store32
    Store I64 8 I64Store
];

impl Access {
    /// Whether `operator` is this access, and of which memory.
    fn memory(&self, operator: &Operator<'_>) -> Option<MemIdx> {
        macro_rules! same {
            ($($name:ident)*) => {
                match operator {
                    $(Operator::$name { memarg } if self.name == stringify!($name) => {
                        Some(MemIdx(memarg.memory))
                    })*
                    _ => None,
                }
            };
        }
        same!(
            I32Load8U I32Load8S I32Load16U I32Load16S I32Load I64Load8U I64Load8S I64Load16U I64Load16S I64Load32U
            I64Load32S I64Load I32Store8 I64Store8 I32Store16 I64Store16 I32Store I64Store32 I64Store
        )
    }

    /// What it loads where `pattern` is.
    fn loaded(&self, pattern: u64) -> u64 {
        let unused = u64::BITS - 8 * self.bytes;
        let high = pattern << unused;
        match self.does {
            Does::LoadSigned => (high.cast_signed() >> unused).cast_unsigned(),
            _ => high >> unused,
        }
    }
}

/// Whose memory.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    User,
    Kernel,
}

impl Whose {
    /// By a memory of the rootfs module.
    fn of(memory: MemIdx) -> Self {
        if memory == USER_MEMORY { Self::User } else { Self::Kernel }
    }

    fn pattern(self) -> u64 {
        match self {
            Self::User => USER_PATTERN,
            Self::Kernel => KERNEL_PATTERN,
        }
    }
}

const BOTH: [Whose; 2] = [Whose::User, Whose::Kernel];

/// What of memories the filesystem uses.
#[derive(Default)]
struct Used {
    accesses: Vec<(Access, Whose)>,
    /// Destination and source.
    copies: Vec<(Whose, Whose)>,
    fills: Vec<Whose>,
    inits: Vec<Whose>,
    grows_kernel: bool,
}

impl Used {
    fn of(adapter: &Module<'_>, live: &Live) -> Result<Self> {
        let mut used = Self::default();
        let mut seen = [[false; 2]; ACCESSES.len()];
        for body in live.function_indices().filter_map(|function| adapter.body(function)) {
            for operator in body.get_operators_reader()? {
                let operator = operator?;
                match operator {
                    Operator::MemoryCopy { dst_mem, src_mem } => {
                        let copy = (Whose::of(MemIdx(dst_mem)), Whose::of(MemIdx(src_mem)));
                        add(&mut used.copies, copy);
                    }
                    Operator::MemoryFill { mem } => {
                        add(&mut used.fills, Whose::of(MemIdx(mem)));
                    }
                    Operator::MemoryInit { mem, .. } => {
                        add(&mut used.inits, Whose::of(MemIdx(mem)));
                    }
                    Operator::MemoryGrow { mem } => used.grows_kernel |= mem == KERNEL_MEMORY.0,
                    _ => {
                        for (access, seen) in ACCESSES.iter().zip(&mut seen) {
                            if let Some(memory) = access.memory(&operator) {
                                seen[usize::from(Whose::of(memory) == Whose::Kernel)] = true;
                            }
                        }
                    }
                }
            }
        }
        for (access, seen) in ACCESSES.into_iter().zip(seen) {
            for (whose, _) in BOTH.into_iter().zip(seen).filter(|(_, seen)| *seen) {
                used.accesses.push((access, whose));
            }
        }
        Ok(used)
    }
}

/// Adds what is not there. The order is that of the code: always the same for the same filesystem.
fn add<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

/// A function of the program that is called after the test.
struct Gate {
    name: String,
    entry: FuncIdx,
    export: Option<&'static str>,
}

/// The test of one linked module.
pub(crate) struct SelfTest {
    used: Used,
    user: MemIdx,
    kernel: MemIdx,
    /// What both memories have at least, in pages.
    least_pages: [u64; 2],
    gates: Vec<Gate>,
    /// Whether the filesystem's initial memory leaves the scratch bytes.
    marks: bool,
}

/// Positions in the list of what is synthesised: the test, then the gates.
const TEST: usize = 0;
const FIRST_GATE: usize = 1;

impl SelfTest {
    /// The test for a program and a filesystem; `None` if nothing of the filesystem can run.
    ///
    /// # Errors
    ///
    /// When a body is damaged.
    pub(crate) fn new(
        program: &Module<'_>,
        user: MemIdx,
        adapter: &Module<'_>,
        live: &Live,
        segments: &[Segment],
    ) -> Result<Option<Self>> {
        if live.function_indices().all(|function| adapter.body(function).is_none()) {
            return Ok(None);
        }
        let pages = [program.memories[user.index()], adapter.memories[KERNEL_MEMORY.index()]];
        Ok(Some(Self {
            used: Used::of(adapter, live)?,
            user,
            kernel: MemIdx::from_index(program.memories.len()),
            least_pages: pages.map(|memory| memory.initial),
            gates: gates(program)?,
            marks: segments.first().is_none_or(|segment| segment.offset >= SCRATCH_BYTES),
        }))
    }

    pub(crate) fn functions(&self) -> Vec<SynthesisedFunction> {
        let ty = FuncType::new([], []);
        let test = SynthesisedFunction { name: "wasm_vfs::self_test".to_owned(), ty: ty.clone() };
        let gate = |gate: &Gate| SynthesisedFunction {
            name: format!("wasm_vfs::tested_{}", gate.name),
            ty: ty.clone(),
        };
        std::iter::once(test).chain(self.gates.iter().map(gate)).collect()
    }

    pub(crate) fn function(&self, position: usize, places: &Places<'_>) -> Result<Function> {
        if position == TEST {
            return Ok(self.test(places));
        }
        let entry = self.gates[position - FIRST_GATE].entry;
        let mut function = Function::new([]);
        let mut code = function.instructions();
        code.call(places.functions[TEST].0);
        if let Some(entry) = places.program_functions.get(entry.0) {
            code.call(entry);
        }
        code.end();
        Ok(function)
    }

    /// Which function stands before an export of the program.
    pub(crate) fn gate(&self, export: &str) -> Option<usize> {
        let gate = self.gates.iter().position(|gate| gate.export == Some(export));
        gate.map(|position| FIRST_GATE + position)
    }

    /// Which function is the start function.
    pub(crate) fn start(&self) -> Option<usize> {
        match self.gates.first() {
            None => Some(TEST),
            Some(gate) => gate.export.is_none().then_some(FIRST_GATE),
        }
    }

    /// What the filesystem's memory starts with, to see where initial data goes.
    pub(crate) fn initial(&self) -> Option<Segment> {
        self.marks.then(|| Segment { offset: FIRST.cast_unsigned(), bytes: MARK.to_vec() })
    }

    /// What memory is initialised from, if the filesystem does that.
    pub(crate) fn passive_segment(&self) -> Option<&'static [u8]> {
        (!self.used.inits.is_empty()).then_some(PASSIVE)
    }

    fn test(&self, places: &Places<'_>) -> Function {
        let locals = [(1, wasm_encoder::ValType::I32), (4, wasm_encoder::ValType::I64)];
        let mut body = Body { test: self, function: Function::new(locals) };
        body.code().i32_const(0);
        body.sizes();
        body.code().local_set(BAD);
        if self.used.grows_kernel {
            body.growth();
        }
        body.code().local_get(BAD);
        let memories = self.words();
        body.keep(memories);
        if self.marks {
            let mark = u64::from(u32::from_le_bytes(*MARK));
            body.expect(Whose::Kernel, FIRST, mark);
        }
        body.loads();
        body.stores();
        body.copies();
        body.fills();
        body.inits(places.passive_segment);
        body.put_back(memories);
        body.code().if_(BlockType::Empty);
        body.give_up(places);
        body.code().end().end();
        body.function
    }

    /// The memories that have the words that are tried: a program's may start with no page at all.
    fn words(&self) -> &'static [Whose] {
        if self.least_pages[0] > 0 { &BOTH } else { &BOTH[1..] }
    }

    fn memory(&self, whose: Whose) -> u32 {
        match whose {
            Whose::User => self.user.0,
            Whose::Kernel => self.kernel.0,
        }
    }
}

/// The functions of the program that run first, each behind a gate.
fn gates(program: &Module<'_>) -> Result<Vec<Gate>> {
    if let Some(entry) = program.start {
        return Ok(vec![Gate { name: "start".to_owned(), entry, export: None }]);
    }
    let mut gates = Vec::new();
    for name in ENTRIES {
        let Some(entry) = program.exported(name, ExternalKind::Func).map(FuncIdx) else { continue };
        if *program.function_type(entry)? == FuncType::new([], []) {
            gates.push(Gate { name: name.to_owned(), entry, export: Some(name) });
        }
    }
    Ok(gates)
}

/// Locals: whether something was wrong, and the words as they were.
const BAD: u32 = 0;
const KEPT: u32 = 1;

/// The body of the test in the making. Whether something was wrong is on the stack, but where said
/// otherwise.
struct Body<'t> {
    test: &'t SelfTest,
    function: Function,
}

impl Body<'_> {
    fn code(&mut self) -> InstructionSink<'_> {
        self.function.instructions()
    }

    fn at(&self, whose: Whose) -> MemArg {
        // Alignment is only a hint.
        MemArg { offset: 0, align: 0, memory_index: self.test.memory(whose) }
    }

    /// Loads a word.
    fn word(&mut self, whose: Whose, address: i32) {
        let at = self.at(whose);
        self.code().i32_const(address).i64_load(at);
    }

    /// Stores a word.
    fn put(&mut self, whose: Whose, address: i32, value: u64) {
        let at = self.at(whose);
        self.code().i32_const(address).i64_const(value.cast_signed()).i64_store(at);
    }

    /// A word must have this value.
    fn expect(&mut self, whose: Whose, address: i32, value: u64) {
        self.word(whose, address);
        self.code().i64_const(value.cast_signed()).i64_ne().i32_or();
    }

    fn size(&mut self, whose: Whose) {
        let memory = self.test.memory(whose);
        self.code().memory_size(memory);
    }

    /// Neither memory is smaller than it started.
    fn sizes(&mut self) {
        for (whose, least) in BOTH.into_iter().zip(self.test.least_pages) {
            if let Ok(least @ 1..) = i32::try_from(least) {
                self.size(whose);
                self.code().i32_const(least).i32_lt_u().i32_or();
            }
        }
    }

    /// Sizes are of the memory that is meant, and so is growing. The verdict is in [`BAD`].
    fn growth(&mut self) {
        const FAILED: i32 = -1;
        let kernel = self.test.memory(Whose::Kernel);
        self.code().block(BlockType::Empty);
        self.size(Whose::User);
        self.size(Whose::Kernel);
        self.code().i32_eq().if_(BlockType::Empty);
        // If the host gives no page more, nothing can be told.
        self.code().i32_const(1).memory_grow(kernel).i32_const(FAILED).i32_eq().br_if(1).end();
        self.code().local_get(BAD);
        self.size(Whose::User);
        self.size(Whose::Kernel);
        self.code().i32_eq().i32_or();
        self.code().i32_const(0).memory_grow(kernel);
        self.size(Whose::Kernel);
        self.code().i32_ne().i32_or();
        self.code().local_set(BAD).end();
    }

    /// Keeps the words as they are.
    fn keep(&mut self, memories: &[Whose]) {
        let words = memories.iter().flat_map(|&whose| [(whose, FIRST), (whose, SECOND)]);
        for (local, (whose, address)) in (KEPT..).zip(words) {
            self.word(whose, address);
            self.code().local_set(local);
        }
    }

    fn put_back(&mut self, memories: &[Whose]) {
        let words = memories.iter().flat_map(|&whose| [(whose, FIRST), (whose, SECOND)]);
        for (local, (whose, address)) in (KEPT..).zip(words) {
            let at = self.at(whose);
            self.code().i32_const(address).local_get(local).i64_store(at);
        }
    }

    /// The accesses of memories that have the words.
    fn accesses(&self, stores: bool) -> Vec<(Access, Whose)> {
        let has_words = |whose| self.test.words().contains(&whose);
        let accesses = self.test.used.accesses.iter().copied();
        accesses
            .filter(|&(access, whose)| (access.does == Does::Store) == stores && has_words(whose))
            .collect()
    }

    fn loads(&mut self) {
        for &whose in self.test.words() {
            self.put(whose, FIRST, whose.pattern());
        }
        for (access, whose) in self.accesses(false) {
            let at = self.at(whose);
            let expected = access.loaded(whose.pattern()).cast_signed();
            self.code().i32_const(FIRST);
            self.function.instruction(&(access.instruction)(at));
            match access.ty {
                #[expect(clippy::cast_possible_truncation, reason = "the load leaves these bits")]
                ValType::I32 => self.code().i32_const(expected as i32).i32_ne(),
                _ => self.code().i64_const(expected).i64_ne(),
            };
            self.code().i32_or();
        }
    }

    fn stores(&mut self) {
        for &whose in self.test.words() {
            self.put(whose, FIRST, 0);
        }
        // The higher bytes stay zero as widths ascend, and each value is another one.
        for (value, (access, whose)) in (1_u8..).zip(self.accesses(true)) {
            let at = self.at(whose);
            self.code().i32_const(FIRST);
            match access.ty {
                ValType::I32 => self.code().i32_const(value.into()),
                _ => self.code().i64_const(value.into()),
            };
            self.function.instruction(&(access.instruction)(at));
            self.expect(whose, FIRST, value.into());
        }
    }

    fn has_words(&self, whose: Whose) -> bool {
        self.test.words().contains(&whose)
    }

    fn copies(&mut self) {
        const WORD_BYTES: i32 = 8;
        let value = |whose| if whose == Whose::User { 1 } else { 2 };
        for &whose in self.test.words() {
            self.put(whose, FIRST, value(whose));
        }
        for &(destination, source) in &self.test.used.copies {
            if self.has_words(destination) && self.has_words(source) {
                let memories = (self.test.memory(destination), self.test.memory(source));
                self.put(destination, SECOND, 0);
                self.code().i32_const(SECOND).i32_const(FIRST).i32_const(WORD_BYTES);
                self.code().memory_copy(memories.0, memories.1);
                self.expect(destination, SECOND, value(source));
            }
        }
    }

    fn fills(&mut self) {
        const VALUE: u8 = 1;
        for &whose in &self.test.used.fills {
            if self.has_words(whose) {
                let memory = self.test.memory(whose);
                self.put(whose, SECOND, 0);
                self.code()
                    .i32_const(SECOND)
                    .i32_const(VALUE.into())
                    .i32_const(1)
                    .memory_fill(memory);
                self.expect(whose, SECOND, VALUE.into());
            }
        }
    }

    fn inits(&mut self, segment: DataIdx) {
        for &whose in &self.test.used.inits {
            if self.has_words(whose) {
                let memory = self.test.memory(whose);
                self.put(whose, SECOND, 0);
                self.code()
                    .i32_const(SECOND)
                    .i32_const(0)
                    .i32_const(1)
                    .memory_init(memory, segment.0);
                self.expect(whose, SECOND, PASSIVE[0].into());
            }
        }
    }

    /// Says so and ends. The program has not started, so its memory is free to be used; the message
    /// is put there by stores, for nobody knows what became of data segments.
    fn give_up(&mut self, places: &Places<'_>) {
        let at = self.at(Whose::User);
        if let (Some(fd_write), true) = (places.fd_write, self.has_words(Whose::User)) {
            let length = i64::try_from(MESSAGE.len()).expect("the message is short");
            let iovec = i64::from(TEXT) | length << 32;
            self.code().i32_const(IOVEC).i64_const(iovec).i64_store(at);
            for (address, part) in (TEXT..).step_by(8).zip(MESSAGE.chunks(8)) {
                let mut word = [0; 8];
                word[..part.len()].copy_from_slice(part);
                self.code().i32_const(address).i64_const(i64::from_le_bytes(word)).i64_store(at);
            }
            self.code().i32_const(STDERR).i32_const(IOVEC).i32_const(1).i32_const(WRITTEN);
            self.code().call(fd_write.0).drop();
        }
        if let Some(proc_exit) = places.proc_exit {
            self.code().i32_const(EXIT_STATUS).call(proc_exit.0);
        }
        self.code().unreachable();
    }
}
