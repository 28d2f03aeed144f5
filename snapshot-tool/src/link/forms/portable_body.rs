//! A function of the filesystem in the portable form: its own memory starts at `base`.
//!
//! Each access of the filesystem's memory gets the base added to its address:
//!
//! | in the rootfs module | here |
//! |---|---|
//! | `addr; load` | `addr; base; i32.add; load` |
//! | `i32.const C; load offset=O` | `base; load offset=C+O` |
//! | `addr; value; store` | `addr; base; i32.add; value; store` |
//! | `dst; src; n; memory.copy` and the like | the base added to `dst`, `src` or both |
//! | `memory.size` | `memory.size - base / page` |
//! | `memory.grow` | `call $kernel_grow` |
//! | the program's `memory.size`, `memory.grow` | `global.get $program_pages`, `call $program_grow` |
//! | `global.get` of the one global that is constant | `base` |
//!
//! The base is kept in a local, read from its global when first needed and again after a call
//! that may have moved it: one that can reach the program's `memory.grow` or the host, which
//! might call back into the program. Before each control instruction the local is made valid, so
//! that it is valid on every path. A function that reads the base once or twice reads the global
//! instead.
//!
//! A local that is the address of several accesses has the base added once, into its shadow,
//! each time it is set, and after each call that may have moved the base, where that makes the
//! function shorter ([`AddressShadows`]).

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use wasm_encoder::reencode::Reencode as _;
use wasm_encoder::{Function, Instruction};
use wasmparser::{Operator, ValType};

use crate::adapter::names::{KERNEL_MEMORY, USER_MEMORY};
use crate::link::forms::address_shadows::{AddressShadows, Start};
use crate::link::forms::memory_access::memory_access;
use crate::link::forms::operands::{Arity, Operands, function_arity};
use crate::link::forms::portable_layout::PortableLayout;
use crate::wasm::index::{FuncIdx, MemIdx};
use crate::wasm::module::Module;
use crate::wasm::remap::{Remap, explain};

/// Rewrites one function.
///
/// # Errors
///
/// When it uses an instruction that cannot be relocated.
pub(crate) fn rewrite(
    adapter: &Module<'_>,
    function: FuncIdx,
    remap: &Remap,
    form: &PortableLayout<'_>,
) -> Result<Function> {
    let body = adapter.body(function).context("an imported function has no body")?;
    let mut accesses = 0;
    for operator in body.get_operators_reader()? {
        accesses += u32::from(uses_base(&operator?));
    }
    let plain = |base| write(adapter, function, remap, form, base, AddressShadows::default());
    let mut writer = plain(if accesses > 1 { BaseIn::Local } else { BaseIn::Global })?;
    if accesses > 1 {
        let chosen = AddressShadows::choose(adapter, function, &writer.address_uses, writer.moves)?;
        if !chosen.shadows.is_empty() {
            writer = write(adapter, function, remap, form, BaseIn::Local, chosen)?;
        }
        if writer.base_reads() <= FEW_READS {
            let chosen = writer.addresses;
            writer = write(adapter, function, remap, form, BaseIn::Global, chosen)?;
        }
    }
    let mut encoded = Function::new(writer.locals);
    for instruction in &writer.out {
        encoded.instruction(instruction);
    }
    Ok(encoded)
}

/// Writes a body with these locals beside those that it has.
fn write<'m, 'a>(
    adapter: &'m Module<'a>,
    function: FuncIdx,
    remap: &Remap,
    form: &'m PortableLayout<'m>,
    base: BaseIn,
    addresses: AddressShadows,
) -> Result<BodyWriter<'m, 'a>> {
    let body = adapter.body(function).context("an imported function has no body")?;
    let mut remap = remap.clone();
    let mut locals = Vec::new();
    let mut next_local = u32::try_from(adapter.function_type(function)?.params().len())?;
    for group in body.get_locals_reader()? {
        let (count, ty) = group?;
        locals.push((count, remap.val_type(ty).map_err(explain)?));
        next_local += count;
    }
    let own = next_local;
    let cached = (base == BaseIn::Local).then(|| {
        next_local += 1;
        own
    });
    next_local += addresses.count();
    declare(&mut locals, next_local - own, wasm_encoder::ValType::I32);
    let mut writer = BodyWriter {
        form,
        adapter,
        remap,
        out: Vec::new(),
        operands: Operands::default(),
        cached,
        addresses,
        first_address: own + u32::from(cached.is_some()),
        address_uses: BTreeMap::new(),
        moves: 0,
        fresh_since: None,
        last_move: 0,
        next_local,
        parking: Vec::new(),
        depth: 0,
        locals,
    };
    writer.prologue();
    for operator in body.get_operators_reader()? {
        writer.operator(operator?)?;
    }
    for (_, ty) in &writer.parking {
        let ty = writer.remap.val_type(*ty).map_err(explain)?;
        declare(&mut writer.locals, 1, ty);
    }
    Ok(writer)
}

/// Declares more locals behind those that there are.
fn declare(
    locals: &mut Vec<(u32, wasm_encoder::ValType)>,
    more: u32,
    wanted: wasm_encoder::ValType,
) {
    match locals.last_mut() {
        Some((count, ty)) if *ty == wanted => *count += more,
        _ if more > 0 => locals.push((more, wanted)),
        _ => {}
    }
}

/// Where a function reads the base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BaseIn {
    /// In a local, which is read from the global.
    Local,
    /// In the global itself: as short, if it is read seldom.
    Global,
}

/// With so few reads the global is read each time.
const FEW_READS: u32 = 2;

/// How many reads one in a loop counts for.
const READS_IN_A_LOOP: u32 = 8;

/// Whether the base is needed for this instruction.
fn uses_base(operator: &Operator<'_>) -> bool {
    let kernel = KERNEL_MEMORY.0;
    match *operator {
        Operator::MemoryCopy { dst_mem, src_mem } => dst_mem == kernel || src_mem == kernel,
        Operator::MemoryFill { mem } | Operator::MemoryInit { mem, .. } => mem == kernel,
        _ => memory_access(operator).is_some_and(|access| access.memarg.memory == kernel),
    }
}

/// Writes a body, instruction by instruction.
struct BodyWriter<'m, 'a> {
    form: &'m PortableLayout<'m>,
    adapter: &'m Module<'a>,
    remap: Remap,
    out: Vec<Instruction<'a>>,
    operands: Operands,
    /// The local that holds the base, unless the function reads the global.
    cached: Option<u32>,
    addresses: AddressShadows,
    /// The first shadow.
    first_address: u32,
    /// How often each local as it is was the address of an access.
    address_uses: BTreeMap<u32, u32>,
    /// How many instructions may move the base.
    moves: u32,
    /// The cached base has been valid since this many instructions had been written.
    fresh_since: Option<usize>,
    /// How many instructions had been written when the base last could move.
    last_move: usize,
    next_local: u32,
    /// Locals that operands were parked in, for reuse.
    parking: Vec<(u32, ValType)>,
    /// Blocks that are open.
    depth: u32,
    locals: Vec<(u32, wasm_encoder::ValType)>,
}

impl<'a> BodyWriter<'_, 'a> {
    /// Reads the base and sets the shadows, if there are any.
    fn prologue(&mut self) {
        self.set_shadows(|start| start);
    }

    /// The same again, wherever that is.
    fn set_shadows(&mut self, start: impl Fn(Start) -> Start) {
        if self.addresses.shadows.is_empty() {
            return;
        }
        if let Some(local) = self.cached {
            self.out.push(Instruction::GlobalGet(self.form.base.0));
            self.out.push(Instruction::LocalSet(local));
            self.fresh_since = Some(self.out.len());
        }
        for (&local, &(position, at_start)) in &self.addresses.shadows {
            let shadow = Instruction::LocalSet(self.first_address + position);
            let base = self.base();
            match start(at_start) {
                Start::Parameter => {
                    let local = Instruction::LocalGet(local);
                    self.out.extend([local, base, Instruction::I32Add, shadow]);
                }
                Start::Zero => self.out.extend([base, shadow]),
                Start::Unset => {}
            }
        }
    }

    /// Reads the base where it is known to be valid.
    fn base(&self) -> Instruction<'a> {
        match self.cached {
            Some(local) => Instruction::LocalGet(local),
            None => Instruction::GlobalGet(self.form.base.0),
        }
    }

    /// How often the local of the base is read; reads in loops count for more.
    fn base_reads(&self) -> u32 {
        let (mut reads, mut blocks) = (0, Vec::new());
        for instruction in &self.out {
            match instruction {
                Instruction::Loop(_) => blocks.push(READS_IN_A_LOOP),
                Instruction::Block(_) | Instruction::If(_) => {
                    blocks.push(blocks.last().copied().unwrap_or(1));
                }
                Instruction::End => {
                    blocks.pop();
                }
                Instruction::LocalGet(local) | Instruction::LocalTee(local)
                    if Some(*local) == self.cached =>
                {
                    reads += blocks.last().copied().unwrap_or(1);
                }
                _ => {}
            }
        }
        reads
    }

    /// The shadow of this local.
    fn shadow(&self, local: u32) -> Option<u32> {
        let (position, _) = self.addresses.shadows.get(&local)?;
        Some(self.first_address + position)
    }

    /// Writes `local.set` or `local.tee`, and sets its shadow.
    fn set(&mut self, local: u32, shadow: u32, tee: bool) {
        self.out.push(Instruction::LocalTee(local));
        if tee {
            self.out.push(Instruction::LocalGet(local));
        }
        let base = self.base();
        self.out.extend([base, Instruction::I32Add, Instruction::LocalSet(shadow)]);
        self.operands.step(1, u32::from(tee), self.out.len());
    }

    /// Adds the base to the operand that was complete at `place`.
    fn add_base(&mut self, place: usize) {
        let Some((at, local)) = self.addend_before(place) else {
            return self.insert_base(place, BaseAs::Addend);
        };
        match self.shadow(local) {
            Some(shadow) => self.out[at] = Instruction::LocalGet(shadow),
            None => {
                *self.address_uses.entry(local).or_default() += 1;
                self.insert_base(place, BaseAs::Addend);
            }
        }
    }

    /// A local that is all of the operand that was complete at `place`, or one of two addends of
    /// it: which, and where it is read.
    fn addend_before(&self, place: usize) -> Option<(usize, u32)> {
        let before = self.out.get(..place)?;
        match *before {
            [.., Instruction::LocalGet(local)] => Some((place - 1, local)),
            [.., Instruction::LocalGet(local), Instruction::I32Add] => Some((place - 2, local)),
            [.., Instruction::LocalGet(local), Instruction::I32Const(_), Instruction::I32Add] => {
                Some((place - 3, local))
            }
            _ => None,
        }
    }

    fn operator(&mut self, operator: Operator<'a>) -> Result<()> {
        ensure!(
            is_understood(&operator),
            "the filesystem uses the instruction {operator:?}, which cannot be made portable yet"
        );
        match operator {
            Operator::MemoryCopy { dst_mem, src_mem } => {
                self.bulk(src_mem, 1)?;
                self.bulk(dst_mem, 2)?;
                self.plain(operator)
            }
            Operator::MemoryFill { mem } | Operator::MemoryInit { mem, .. } => {
                self.bulk(mem, 2)?;
                self.plain(operator)
            }
            Operator::LocalSet { local_index } | Operator::LocalTee { local_index }
                if let Some(shadow) = self.shadow(local_index) =>
            {
                let tee = matches!(operator, Operator::LocalTee { .. });
                self.set(local_index, shadow, tee);
                Ok(())
            }
            Operator::MemorySize { mem } => {
                self.memory_size(MemIdx(mem));
                Ok(())
            }
            Operator::MemoryGrow { mem } => {
                self.memory_grow(MemIdx(mem));
                Ok(())
            }
            Operator::Call { function_index } => {
                let arity = function_arity(self.adapter, function_index);
                self.push(operator)?;
                if self.form.moves[function_index as usize] {
                    self.moved();
                }
                match arity {
                    Some((taken, given)) => self.operands.step(taken, given, self.out.len()),
                    None => self.operands.clear(),
                }
                Ok(())
            }
            Operator::GlobalGet { global_index } if self.is_base(global_index) => {
                let base = Instruction::GlobalGet(self.form.base.0);
                self.out.push(base);
                self.operands.step(0, 1, self.out.len());
                Ok(())
            }
            _ if is_control(&operator) => self.control(operator),
            _ => match memory_access(&operator) {
                Some(access) if access.memarg.memory == KERNEL_MEMORY.0 => {
                    self.add_base_to_access(access.memarg.offset, access.above)?;
                    self.plain(operator)
                }
                _ => self.plain(operator),
            },
        }
    }

    /// Writes an instruction that is not control, at its new indices.
    fn plain(&mut self, operator: Operator<'a>) -> Result<()> {
        let arity = operator.operator_arity(&Arity(self.adapter));
        self.push(operator)?;
        match arity {
            Some((taken, given)) => self.operands.step(taken, given, self.out.len()),
            None => self.operands.clear(),
        }
        Ok(())
    }

    /// Appends the instruction at its new indices.
    fn push(&mut self, operator: Operator<'a>) -> Result<()> {
        self.out.push(self.remap.instruction(operator).map_err(explain)?);
        Ok(())
    }

    /// Writes a control instruction, with a valid base before it if any path goes on from it.
    fn control(&mut self, operator: Operator<'a>) -> Result<()> {
        let leaves = matches!(operator, Operator::Return | Operator::Unreachable)
            || (matches!(operator, Operator::End) && self.depth == 0);
        match operator {
            Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => self.depth += 1,
            Operator::End => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        if let (false, None, Some(local)) = (leaves, self.fresh_since, self.cached) {
            self.out.push(Instruction::GlobalGet(self.form.base.0));
            self.out.push(Instruction::LocalSet(local));
        }
        self.push(operator)?;
        self.fresh_since = Some(self.out.len());
        self.operands.clear();
        Ok(())
    }

    /// The base may be another from here on.
    fn moved(&mut self) {
        self.moves += 1;
        self.fresh_since = None;
        self.last_move = self.out.len();
        // Each may have any value by now, as a parameter does.
        self.set_shadows(|_| Start::Parameter);
    }

    /// Whether a global of the filesystem says where its memory begins: the only one that is
    /// constant.
    fn is_base(&self, global: u32) -> bool {
        self.adapter.globals.get(global as usize).is_some_and(|global| !global.mutable)
    }

    fn memory_size(&mut self, memory: MemIdx) {
        if memory == USER_MEMORY {
            self.out.push(Instruction::GlobalGet(self.form.program_pages.0));
        } else {
            self.out.extend([
                Instruction::MemorySize(self.form.memory.0),
                Instruction::GlobalGet(self.form.base.0),
                Instruction::I32Const(self.form.page_bits),
                Instruction::I32ShrU,
                Instruction::I32Sub,
            ]);
        }
        self.operands.step(0, 1, self.out.len());
    }

    fn memory_grow(&mut self, memory: MemIdx) {
        if memory == USER_MEMORY {
            self.out.push(Instruction::Call(self.form.program_grow.0));
            self.moved();
        } else {
            self.out.push(Instruction::Call(self.form.kernel_grow.0));
        }
        self.operands.step(1, 1, self.out.len());
    }

    /// Adds the base to the operand under `depth` lengths or values of a bulk instruction, if it
    /// is an address of the filesystem's memory.
    fn bulk(&mut self, memory: u32, depth: usize) -> Result<()> {
        if memory != KERNEL_MEMORY.0 {
            return Ok(());
        }
        let above = [ValType::I32; 2];
        match self.usable_place(depth) {
            Some(place) => self.add_base(place),
            None => self.park_and_add(&above[..depth]),
        }
        Ok(())
    }

    /// Adds the base to the address of a load or store.
    fn add_base_to_access(&mut self, offset: u64, above: Option<ValType>) -> Result<()> {
        let depth = usize::from(above.is_some());
        let Some(place) = self.usable_place(depth) else {
            self.park_and_add(above.as_slice());
            return Ok(());
        };
        match self.constant_before(place).filter(|it| u64::from(*it) + offset < 1 << 32) {
            Some(constant) => {
                self.out.remove(place - 1);
                self.shift_after_removal(place);
                self.insert_base(place - 1, BaseAs::Address);
                self.remap.extra_offset = constant.into();
            }
            None => self.add_base(place),
        }
        Ok(())
    }

    /// Where the operand was complete, if the base added there is still the base now.
    fn usable_place(&self, depth: usize) -> Option<usize> {
        self.operands.place(depth).filter(|&place| place >= self.last_move)
    }

    /// The operand that was complete at `place`, if it is a constant.
    fn constant_before(&self, place: usize) -> Option<u32> {
        match self.out.get(place.checked_sub(1)?)? {
            Instruction::I32Const(value) => u32::try_from(*value).ok(),
            _ => None,
        }
    }

    fn shift_after_removal(&mut self, place: usize) {
        if let Some(since) = &mut self.fresh_since
            && *since >= place
        {
            *since -= 1;
        }
    }

    /// Inserts instructions at `place` that push the base, and add it if it is an addend.
    fn insert_base(&mut self, place: usize, base: BaseAs) {
        let mut code = Vec::with_capacity(3);
        match (self.cached, self.fresh_since) {
            (None, _) => code.push(Instruction::GlobalGet(self.form.base.0)),
            (Some(local), Some(since)) if since <= place => code.push(Instruction::LocalGet(local)),
            (Some(local), _) => {
                code.push(Instruction::GlobalGet(self.form.base.0));
                code.push(Instruction::LocalTee(local));
                self.fresh_since = Some(place + code.len());
            }
        }
        if base == BaseAs::Addend {
            code.push(Instruction::I32Add);
        }
        self.out.splice(place..place, code);
    }

    /// Parks the operands above the address, adds the base to it, and puts them back.
    fn park_and_add(&mut self, above: &[ValType]) {
        let mut parked = Vec::new();
        for &ty in above {
            let local = self.parking_place(ty, &parked);
            self.out.push(Instruction::LocalSet(local));
            parked.push(local);
        }
        self.insert_base(self.out.len(), BaseAs::Addend);
        for local in parked.into_iter().rev() {
            self.out.push(Instruction::LocalGet(local));
        }
    }

    /// A local of type `ty` that is not in `taken`.
    fn parking_place(&mut self, ty: ValType, taken: &[u32]) -> u32 {
        let free = self.parking.iter().find(|(at, it)| *it == ty && !taken.contains(at));
        if let Some((local, _)) = free {
            return *local;
        }
        let local = self.next_local;
        self.next_local += 1;
        self.parking.push((local, ty));
        local
    }
}

/// What the base is inserted as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BaseAs {
    /// Added to the operand that is complete there.
    Addend,
    /// The operand itself.
    Address,
}

/// Whether an instruction ends or starts a straight run.
fn is_control(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::Unreachable
            | Operator::Block { .. }
            | Operator::Loop { .. }
            | Operator::If { .. }
            | Operator::Else
            | Operator::End
            | Operator::Br { .. }
            | Operator::BrIf { .. }
            | Operator::BrTable { .. }
            | Operator::Return
            | Operator::ReturnCall { .. }
    )
}

/// Whether the rewriting above is complete for the proposal that an instruction comes from: what
/// adds control instructions or memory accesses must be thought about first.
fn is_understood(operator: &Operator<'_>) -> bool {
    const UNDERSTOOD: [&str; 9] = [
        "mvp",
        "bulk_memory",
        "reference_types",
        "relaxed_simd",
        "saturating_float_to_int",
        "sign_extension",
        "simd",
        "tail_call",
        "wide_arithmetic",
    ];
    macro_rules! proposal {
        ($(@$proposal:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
            match operator {
                $(Operator::$op { .. } => stringify!($proposal),)*
                _ => "",
            }
        };
    }
    UNDERSTOOD.contains(&wasmparser::for_each_operator!(proposal))
}
