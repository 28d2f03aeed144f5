//! Atomic instructions as functions of plain ones, where there is one thread ([`Lowering`]).
//!
//! An instruction needs its address twice (an atomic access traps if that is no multiple of its
//! width), and some their operands as well: so each becomes a call, and no body gets locals. Equal
//! instructions, with equal offsets, share a function. A call costs less than the processor's atomic
//! instruction did.
//!
//! * *Loads and stores* are plain ones. So is read-modify-write, which returns what was there; a
//!   fence is nothing.
//! * *Notifying* wakes nobody, and returns 0.
//! * *Waiting* for a value that is no longer there returns 1, as ever. If it still is, nobody is left
//!   to change it: with a timeout the wait returns 2 (timed out), at once; one without would never
//!   end, and traps. So does each wait on a memory that was not shared, as the specification says.
//!
//! The threads proposal numbers the instructions in a regular way: see [`FIRST_ACCESS`].

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use anyhow::{Context, Result};
use wasm_encoder::{BlockType, Encode as _, Function, Instruction, MemArg};
use wasmparser::{BinaryReader, FuncType, FunctionBody, ValType};

use crate::wasm::index::{FuncIdx, MemIdx};
use crate::wasm::module::{Module, reader};

/// The byte before the number of an atomic instruction.
const PREFIX: u8 = 0xfe;
const CALL: u8 = 0x10;

/// Numbers of instructions that access memory in their own way, and of the fence.
const NOTIFY: u32 = 0x00;
const WAIT32: u32 = 0x01;
const WAIT64: u32 = 0x02;
const FENCE: u32 = 0x03;
/// From here on, each operation of [`OPERATIONS`] has the widths of [`WIDTHS`], in order.
const FIRST_ACCESS: u32 = 0x10;

/// In the alignment of an access: the index of a memory follows.
const HAS_MEMORY: u32 = 1 << 6;

/// The first operand of all functions.
const ADDRESS: u32 = 0;

const ADDRESS_TYPE: ValType = ValType::I32;

/// How many a notification wakes.
const NOBODY: i32 = 0;

/// Results of a wait.
const NOT_EQUAL: i32 = 1;
const TIMED_OUT: i32 = 2;

/// What is accessed: the type of the value, the bytes in memory, and the plain instructions.
#[derive(Debug, Clone, Copy)]
struct Width {
    ty: ValType,
    bytes: u32,
    load: fn(MemArg) -> Instruction<'static>,
    store: fn(MemArg) -> Instruction<'static>,
}

const fn width(
    ty: ValType,
    bytes: u32,
    load: fn(MemArg) -> Instruction<'static>,
    store: fn(MemArg) -> Instruction<'static>,
) -> Width {
    Width { ty, bytes, load, store }
}

const WIDTHS: [Width; 7] = [
    width(ValType::I32, 4, Instruction::I32Load, Instruction::I32Store),
    width(ValType::I64, 8, Instruction::I64Load, Instruction::I64Store),
    width(ValType::I32, 1, Instruction::I32Load8U, Instruction::I32Store8),
    width(ValType::I32, 2, Instruction::I32Load16U, Instruction::I32Store16),
    width(ValType::I64, 1, Instruction::I64Load8U, Instruction::I64Store8),
    width(ValType::I64, 2, Instruction::I64Load16U, Instruction::I64Store16),
    width(ValType::I64, 4, Instruction::I64Load32U, Instruction::I64Store32),
];

/// What is done with an access.
#[derive(Debug, Clone, Copy)]
enum Operation {
    Load,
    Store,
    /// Read-modify-write: what was there is combined with the operand.
    Rmw(Combine),
    Cmpxchg,
}

/// How read-modify-write combines.
#[derive(Debug, Clone, Copy)]
enum Combine {
    Add,
    Sub,
    And,
    Or,
    Xor,
    /// The operand takes the place of what was there.
    Xchg,
}

const OPERATIONS: [Operation; 9] = [
    Operation::Load,
    Operation::Store,
    Operation::Rmw(Combine::Add),
    Operation::Rmw(Combine::Sub),
    Operation::Rmw(Combine::And),
    Operation::Rmw(Combine::Or),
    Operation::Rmw(Combine::Xor),
    Operation::Rmw(Combine::Xchg),
    Operation::Cmpxchg,
];

impl Combine {
    /// The name, and the instruction that combines if one does.
    fn as_instruction(self, ty: ValType) -> (&'static str, Option<Instruction<'static>>) {
        let of = |narrow, wide| Some(if ty == ValType::I32 { narrow } else { wide });
        match self {
            Self::Add => ("add", of(Instruction::I32Add, Instruction::I64Add)),
            Self::Sub => ("sub", of(Instruction::I32Sub, Instruction::I64Sub)),
            Self::And => ("and", of(Instruction::I32And, Instruction::I64And)),
            Self::Or => ("or", of(Instruction::I32Or, Instruction::I64Or)),
            Self::Xor => ("xor", of(Instruction::I32Xor, Instruction::I64Xor)),
            Self::Xchg => ("xchg", None),
        }
    }
}

/// What an instruction does.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Notify,
    Wait(Width),
    Access(Operation, Width),
}

/// An atomic instruction that accesses memory, with its immediates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Access {
    number: u32,
    memory: MemIdx,
    offset: u64,
}

/// A function that does what an atomic instruction did.
#[derive(Debug, Clone, Copy)]
pub(super) struct AtomicFunction {
    access: Access,
    kind: Kind,
    /// Whether the memory was shared.
    shared: bool,
}

/// The functions of a program's atomic instructions.
pub(super) struct Lowering {
    /// In the order in which the program's code first has them.
    pub(super) functions: Vec<AtomicFunction>,
    positions: BTreeMap<Access, usize>,
    /// The index of the first of the functions.
    first: FuncIdx,
}

impl Lowering {
    /// Finds the atomic instructions of a program.
    ///
    /// # Errors
    ///
    /// When a body is damaged.
    pub(super) fn of(program: &Module<'_>) -> Result<Self> {
        let first = FuncIdx::from_index(program.function_types.len());
        let mut lowering = Self { functions: Vec::new(), positions: BTreeMap::new(), first };
        for body in &program.bodies {
            each_atomic(body, |_, access| {
                let Some((access, kind)) = access else { return Ok(()) };
                if !lowering.positions.contains_key(&access) {
                    let memory = program.memories.get(access.memory.index());
                    let memory = memory.context("an atomic instruction names no memory")?;
                    lowering.positions.insert(access, lowering.functions.len());
                    lowering.functions.push(AtomicFunction { access, kind, shared: memory.shared });
                }
                Ok(())
            })?;
        }
        Ok(lowering)
    }

    /// The index of the function at a position.
    pub(super) fn index(&self, position: usize) -> FuncIdx {
        FuncIdx::from_index(self.first.index() + position)
    }

    /// A body with calls of the functions in place of its atomic instructions.
    ///
    /// # Errors
    ///
    /// When the body is damaged.
    pub(super) fn rewritten<'a>(&self, body: &FunctionBody<'a>) -> Result<Cow<'a, [u8]>> {
        let bytes = body.as_bytes();
        let mut out = Vec::new();
        let mut copied = 0;
        each_atomic(body, |place, access| {
            out.extend_from_slice(&bytes[copied..place.start]);
            copied = place.end;
            if let Some((access, _)) = access {
                let position = self.positions.get(&access);
                let position = position.context("an atomic instruction has no function")?;
                out.push(CALL);
                self.index(*position).0.encode(&mut out);
            }
            Ok(())
        })?;
        if copied == 0 {
            return Ok(Cow::Borrowed(bytes));
        }
        out.extend_from_slice(&bytes[copied..]);
        Ok(Cow::Owned(out))
    }
}

/// Calls `found` with each atomic instruction: where in the body it is, and what it accesses, unless
/// it is a fence.
fn each_atomic(
    body: &FunctionBody<'_>,
    mut found: impl FnMut(Range<usize>, Option<(Access, Kind)>) -> Result<()>,
) -> Result<()> {
    let bytes = body.as_bytes();
    // Most functions have no such byte, and need not be read.
    if !bytes.contains(&PREFIX) {
        return Ok(());
    }
    let start_of_body = body.range().start;
    let mut operators = body.get_operators_reader()?;
    while !operators.eof() {
        let start = operators.original_position() - start_of_body;
        operators.read()?;
        let place = start..operators.original_position() - start_of_body;
        if bytes[start] != PREFIX {
            continue;
        }
        let mut immediates = reader(&bytes[start + 1..place.end], start_of_body + start + 1);
        match immediates.read_var_u32()? {
            FENCE => found(place, None)?,
            number => {
                if let Some(kind) = kind(number) {
                    found(place, Some((access(number, &mut immediates)?, kind)))?;
                }
            }
        }
    }
    Ok(())
}

/// What the instruction of a number does; `None` for those of another proposal.
fn kind(number: u32) -> Option<Kind> {
    match number {
        NOTIFY => Some(Kind::Notify),
        WAIT32 => Some(Kind::Wait(WIDTHS[0])),
        WAIT64 => Some(Kind::Wait(WIDTHS[1])),
        _ => {
            let at = number.checked_sub(FIRST_ACCESS)? as usize;
            let operation = OPERATIONS.get(at / WIDTHS.len())?;
            Some(Kind::Access(*operation, WIDTHS[at % WIDTHS.len()]))
        }
    }
}

fn access(number: u32, immediates: &mut BinaryReader<'_>) -> Result<Access> {
    let flags = immediates.read_var_u32()?;
    let memory = if flags & HAS_MEMORY == 0 { 0 } else { immediates.read_var_u32()? };
    Ok(Access { number, memory: MemIdx(memory), offset: immediates.read_var_u64()? })
}

impl AtomicFunction {
    /// Its type: the operands and result of the instruction.
    pub(super) fn ty(&self) -> FuncType {
        match self.kind {
            Kind::Notify => FuncType::new([ADDRESS_TYPE, ValType::I32], [ValType::I32]),
            Kind::Wait(Width { ty, .. }) => {
                FuncType::new([ADDRESS_TYPE, ty, ValType::I64], [ValType::I32])
            }
            Kind::Access(operation, Width { ty, .. }) => match operation {
                Operation::Load => FuncType::new([ADDRESS_TYPE], [ty]),
                Operation::Store => FuncType::new([ADDRESS_TYPE, ty], []),
                Operation::Rmw(_) => FuncType::new([ADDRESS_TYPE, ty], [ty]),
                Operation::Cmpxchg => FuncType::new([ADDRESS_TYPE, ty, ty], [ty]),
            },
        }
    }

    /// The instruction in the text format, with its immediates.
    pub(super) fn name(&self) -> String {
        let mut name = match self.kind {
            Kind::Notify => "memory.atomic.notify".to_owned(),
            Kind::Wait(Width { bytes, .. }) => format!("memory.atomic.wait{}", bytes * 8),
            Kind::Access(operation, width) => {
                let (bits, unsigned) = match width.is_whole() {
                    true => (String::new(), ""),
                    false => ((width.bytes * 8).to_string(), "_u"),
                };
                let atomic = format!("{}.atomic", width.ty);
                match operation {
                    Operation::Load => format!("{atomic}.load{bits}{unsigned}"),
                    Operation::Store => format!("{atomic}.store{bits}"),
                    Operation::Rmw(combine) => {
                        let (combined, _) = combine.as_instruction(width.ty);
                        format!("{atomic}.rmw{bits}.{combined}{unsigned}")
                    }
                    Operation::Cmpxchg => format!("{atomic}.rmw{bits}.cmpxchg{unsigned}"),
                }
            }
        };
        if self.access.memory != MemIdx(0) {
            name += &format!(" {}", self.access.memory.0);
        }
        if self.access.offset != 0 {
            name += &format!(" offset={}", self.access.offset);
        }
        name
    }

    /// Its body.
    pub(super) fn body(&self) -> Function {
        match self.kind {
            Kind::Notify => self.notify(),
            Kind::Wait(width) => self.wait(width),
            Kind::Access(Operation::Load, width) => self.load(width),
            Kind::Access(Operation::Store, width) => self.store(width),
            Kind::Access(Operation::Rmw(combine), width) => self.modify(combine, width),
            Kind::Access(Operation::Cmpxchg, width) => self.exchange_if_equal(width),
        }
    }

    fn load(&self, width: Width) -> Function {
        let mut function = Function::new([]);
        self.trap_if_unaligned(width, &mut function);
        function.instruction(&Instruction::LocalGet(ADDRESS));
        function.instruction(&(width.load)(self.memarg(width)));
        function.instruction(&Instruction::End);
        function
    }

    fn store(&self, width: Width) -> Function {
        const VALUE: u32 = 1;
        let mut function = Function::new([]);
        self.trap_if_unaligned(width, &mut function);
        function.instruction(&Instruction::LocalGet(ADDRESS));
        function.instruction(&Instruction::LocalGet(VALUE));
        function.instruction(&(width.store)(self.memarg(width)));
        function.instruction(&Instruction::End);
        function
    }

    fn modify(&self, combine: Combine, width: Width) -> Function {
        const OPERAND: u32 = 1;
        const OLD: u32 = 2;
        let memarg = self.memarg(width);
        let mut function = Function::new([(1, encoded(width.ty))]);
        self.trap_if_unaligned(width, &mut function);
        function.instruction(&Instruction::LocalGet(ADDRESS));
        function.instruction(&(width.load)(memarg));
        function.instruction(&Instruction::LocalSet(OLD));
        function.instruction(&Instruction::LocalGet(ADDRESS));
        match combine.as_instruction(width.ty) {
            (_, Some(combine)) => {
                function.instruction(&Instruction::LocalGet(OLD));
                function.instruction(&Instruction::LocalGet(OPERAND));
                function.instruction(&combine);
            }
            (_, None) => {
                function.instruction(&Instruction::LocalGet(OPERAND));
            }
        }
        function.instruction(&(width.store)(memarg));
        function.instruction(&Instruction::LocalGet(OLD));
        function.instruction(&Instruction::End);
        function
    }

    fn exchange_if_equal(&self, width: Width) -> Function {
        const EXPECTED: u32 = 1;
        const REPLACEMENT: u32 = 2;
        const OLD: u32 = 3;
        let memarg = self.memarg(width);
        let mut function = Function::new([(1, encoded(width.ty))]);
        self.trap_if_unaligned(width, &mut function);
        function.instruction(&Instruction::LocalGet(ADDRESS));
        function.instruction(&(width.load)(memarg));
        function.instruction(&Instruction::LocalTee(OLD));
        function.instruction(&Instruction::LocalGet(EXPECTED));
        width.wrap(&mut function);
        function.instruction(&width.of(Instruction::I32Eq, Instruction::I64Eq));
        function.instruction(&Instruction::If(BlockType::Empty));
        function.instruction(&Instruction::LocalGet(ADDRESS));
        function.instruction(&Instruction::LocalGet(REPLACEMENT));
        function.instruction(&(width.store)(memarg));
        function.instruction(&Instruction::End);
        function.instruction(&Instruction::LocalGet(OLD));
        function.instruction(&Instruction::End);
        function
    }

    fn notify(&self) -> Function {
        let [word, ..] = WIDTHS;
        let mut function = Function::new([]);
        self.trap_if_unaligned(word, &mut function);
        // It traps beyond the memory.
        function.instruction(&Instruction::LocalGet(ADDRESS));
        function.instruction(&(word.load)(self.memarg(word)));
        function.instruction(&Instruction::Drop);
        function.instruction(&Instruction::I32Const(NOBODY));
        function.instruction(&Instruction::End);
        function
    }

    fn wait(&self, width: Width) -> Function {
        const EXPECTED: u32 = 1;
        const TIMEOUT: u32 = 2;
        let mut function = Function::new([]);
        if !self.shared {
            function.instruction(&Instruction::Unreachable);
            function.instruction(&Instruction::End);
            return function;
        }
        self.trap_if_unaligned(width, &mut function);
        function.instruction(&Instruction::LocalGet(ADDRESS));
        function.instruction(&(width.load)(self.memarg(width)));
        function.instruction(&Instruction::LocalGet(EXPECTED));
        function.instruction(&width.of(Instruction::I32Ne, Instruction::I64Ne));
        function.instruction(&Instruction::If(BlockType::Empty));
        function.instruction(&Instruction::I32Const(NOT_EQUAL));
        function.instruction(&Instruction::Return);
        function.instruction(&Instruction::End);
        // A negative timeout is none.
        function.instruction(&Instruction::LocalGet(TIMEOUT));
        function.instruction(&Instruction::I64Const(0));
        function.instruction(&Instruction::I64LtS);
        function.instruction(&Instruction::If(BlockType::Empty));
        function.instruction(&Instruction::Unreachable);
        function.instruction(&Instruction::End);
        function.instruction(&Instruction::I32Const(TIMED_OUT));
        function.instruction(&Instruction::End);
        function
    }

    /// The specification traps where address and offset together are no multiple of the width.
    fn trap_if_unaligned(&self, width: Width, function: &mut Function) {
        let below = i32::try_from(width.bytes - 1).expect("a width is 8 at most");
        if below == 0 {
            return;
        }
        function.instruction(&Instruction::LocalGet(ADDRESS));
        // What matters of the offset.
        let [low, ..] = self.access.offset.to_le_bytes();
        let low = i32::from(low) & below;
        if low != 0 {
            function.instruction(&Instruction::I32Const(low));
            function.instruction(&Instruction::I32Add);
        }
        function.instruction(&Instruction::I32Const(below));
        function.instruction(&Instruction::I32And);
        function.instruction(&Instruction::If(BlockType::Empty));
        function.instruction(&Instruction::Unreachable);
        function.instruction(&Instruction::End);
    }

    fn memarg(&self, width: Width) -> MemArg {
        MemArg {
            offset: self.access.offset,
            align: width.bytes.ilog2(),
            memory_index: self.access.memory.0,
        }
    }
}

impl Width {
    /// Whether all bits of the value are in memory.
    fn is_whole(self) -> bool {
        self.bytes == if self.ty == ValType::I32 { 4 } else { 8 }
    }

    /// The instruction for the type of the value.
    fn of<'a>(self, narrow: Instruction<'a>, wide: Instruction<'a>) -> Instruction<'a> {
        if self.ty == ValType::I32 { narrow } else { wide }
    }

    /// Cuts the operand to the width that is in memory.
    fn wrap(self, function: &mut Function) {
        if self.is_whole() {
            return;
        }
        let mask = (1_i64 << (self.bytes * 8)) - 1;
        let mask_of_32_bits = i32::try_from(mask).unwrap_or(i32::MAX);
        function.instruction(
            &self.of(Instruction::I32Const(mask_of_32_bits), Instruction::I64Const(mask)),
        );
        function.instruction(&self.of(Instruction::I32And, Instruction::I64And));
    }
}

fn encoded(ty: ValType) -> wasm_encoder::ValType {
    if ty == ValType::I32 { wasm_encoder::ValType::I32 } else { wasm_encoder::ValType::I64 }
}
