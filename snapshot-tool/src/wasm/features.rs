//! Which proposals a module uses: what an engine must support to run it.
//!
//! Instructions are sorted by proposal in wasmparser's own operator table; the rest (types,
//! limits, segment kinds, constant expressions) is looked at section by section. The result is
//! what [`verify`](crate::wasm::verify) validates a linked module with, so that nothing the linker
//! writes can need more than the program and the form do.

use anyhow::Result;
use wasmparser::{
    AbstractHeapType as Abstract, CompositeInnerType, ConstExpr, DataKind, ElementItems,
    ElementKind, ExternalKind, FuncType, FunctionBody, HeapType, MemoryType, Operator, RefType,
    StorageType, SubType, TableInit, TableType, TypeRef, ValType, VisitOperator, VisitSimdOperator,
    WasmFeatures,
};

use crate::wasm::index::{FuncIdx, GlobalIdx, MemIdx};
use crate::wasm::module::Module;

/// The features of a module's sections other than its code.
///
/// # Errors
///
/// When a section is damaged.
pub(crate) fn of_sections(module: &Module<'_>) -> Result<WasmFeatures> {
    let mut used = Used { features: WasmFeatures::WASM1, reference: None };
    for ty in &module.types {
        used.sub_type(ty);
    }
    if let Some(types) = &module.sections.types {
        for group in types.clone() {
            if group?.is_explicit_rec_group() {
                used.features |= GC;
            }
        }
    }
    for import in &module.imports {
        match import.ty {
            TypeRef::Func(_) => {}
            TypeRef::FuncExact(_) => used.features |= WasmFeatures::CUSTOM_DESCRIPTORS | GC,
            TypeRef::Table(ty) => used.table(&ty),
            TypeRef::Memory(_) | TypeRef::Global(_) => {}
            TypeRef::Tag(_) => used.features |= WasmFeatures::EXCEPTIONS,
        }
    }
    for global in &module.globals {
        used.val_type(global.content_type);
        if global.shared {
            used.features |= WasmFeatures::SHARED_EVERYTHING_THREADS;
        }
    }
    for memory in &module.memories {
        used.memory(memory);
    }
    if module.memories.len() > 1 {
        used.features |= WasmFeatures::MULTI_MEMORY;
    }
    if module.sections.tags.is_some() {
        used.features |= WasmFeatures::EXCEPTIONS;
    }
    if module.exports.iter().any(|export| export.kind == ExternalKind::Tag) {
        used.features |= WasmFeatures::EXCEPTIONS;
    }
    used.tables(module)?;
    for (_, global) in module.defined_globals()? {
        used.const_expr(&global.init_expr, module.imported_globals)?;
    }
    used.elements(module)?;
    used.data(module)?;
    Ok(used.features)
}

/// The gc proposal stands on two others.
const GC: WasmFeatures =
    WasmFeatures::GC.union(WasmFeatures::REFERENCE_TYPES).union(WasmFeatures::FUNCTION_REFERENCES);

/// Typed function references stand on reference types.
const FUNCTION_REFERENCES: WasmFeatures =
    WasmFeatures::FUNCTION_REFERENCES.union(WasmFeatures::REFERENCE_TYPES);

/// Collects features while a module is looked at, operator by operator.
#[derive(Debug)]
pub(crate) struct Used {
    pub(crate) features: WasmFeatures,
    /// Set by an operator that the linker may have to rewrite; whoever reads it clears it.
    pub(crate) reference: Option<Reference>,
}

/// What an operator refers to that linking may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reference {
    /// `call`, `return_call`, `ref.func`.
    Function(FuncIdx),
    /// `global.get`.
    Global(GlobalIdx),
    /// `memory.size`.
    MemorySize(MemIdx),
    /// `memory.grow`.
    MemoryGrow(MemIdx),
    /// `call_indirect`, `return_call_indirect`: nothing changes, but how the table's index is
    /// written decides which features are needed.
    Indirect,
}

impl Used {
    fn sub_type(&mut self, ty: &SubType) {
        if !ty.is_final || ty.supertype_idx.is_some() {
            self.features |= GC;
        }
        if ty.composite_type.shared {
            self.features |= WasmFeatures::SHARED_EVERYTHING_THREADS;
        }
        match &ty.composite_type.inner {
            CompositeInnerType::Func(func) => self.func_type(func),
            CompositeInnerType::Array(array) => {
                self.features |= GC;
                self.storage_type(array.0.element_type);
            }
            CompositeInnerType::Struct(fields) => {
                self.features |= GC;
                for field in &fields.fields {
                    self.storage_type(field.element_type);
                }
            }
            CompositeInnerType::Cont(_) => self.features |= WasmFeatures::STACK_SWITCHING | GC,
        }
    }

    fn func_type(&mut self, ty: &FuncType) {
        if ty.results().len() > 1 {
            self.features |= WasmFeatures::MULTI_VALUE;
        }
        for ty in ty.params().iter().chain(ty.results()) {
            self.val_type(*ty);
        }
    }

    fn storage_type(&mut self, ty: StorageType) {
        if let StorageType::Val(ty) = ty {
            self.val_type(ty);
        }
    }

    /// Of a value type, wherever it stands.
    pub(crate) fn val_type(&mut self, ty: ValType) {
        match ty {
            ValType::V128 => self.features |= WasmFeatures::SIMD,
            ValType::Ref(ty) => self.ref_type(ty),
            _ => {}
        }
    }

    fn ref_type(&mut self, ty: RefType) {
        self.features |= WasmFeatures::REFERENCE_TYPES;
        if ty == RefType::FUNCREF || ty == RefType::EXTERNREF {
            return;
        }
        match ty.heap_type() {
            HeapType::Abstract { shared: true, .. } => {
                self.features |= WasmFeatures::SHARED_EVERYTHING_THREADS;
            }
            HeapType::Exact(_) => self.features |= WasmFeatures::CUSTOM_DESCRIPTORS | GC,
            _ => {}
        }
        if ty == RefType::EXNREF {
            self.features |= WasmFeatures::EXCEPTIONS;
        } else if ty == RefType::FUNCREF.as_non_null()
            || ty == RefType::EXTERNREF.as_non_null()
            || ty.is_concrete_type_ref()
        {
            self.features |= FUNCTION_REFERENCES;
        } else if let HeapType::Abstract { ty: Abstract::Cont | Abstract::NoCont, .. } =
            ty.heap_type()
        {
            self.features |= WasmFeatures::STACK_SWITCHING | GC;
        } else {
            self.features |= GC | WasmFeatures::EXCEPTIONS;
        }
    }

    fn memory(&mut self, ty: &MemoryType) {
        if ty.memory64 {
            self.features |= WasmFeatures::MEMORY64;
        }
        if ty.shared {
            self.features |= WasmFeatures::THREADS;
        }
        if ty.page_size_log2.is_some() {
            self.features |= WasmFeatures::CUSTOM_PAGE_SIZES;
        }
    }

    fn table(&mut self, ty: &TableType) {
        if ty.element_type != RefType::FUNCREF {
            self.ref_type(ty.element_type);
        }
        if ty.table64 {
            self.features |= WasmFeatures::MEMORY64;
        }
        if ty.shared {
            self.features |= WasmFeatures::SHARED_EVERYTHING_THREADS;
        }
    }

    fn tables(&mut self, module: &Module<'_>) -> Result<()> {
        let imported =
            module.imports.iter().filter(|import| matches!(import.ty, TypeRef::Table(_))).count();
        let mut count = imported;
        for table in module.sections.tables.clone().into_iter().flatten() {
            let table = table?;
            self.table(&table.ty);
            if let TableInit::Expr(init) = &table.init {
                self.features |= FUNCTION_REFERENCES;
                self.const_expr(init, module.imported_globals)?;
            }
            count += 1;
        }
        if count > 1 {
            self.features |= WasmFeatures::REFERENCE_TYPES;
        }
        Ok(())
    }

    fn elements(&mut self, module: &Module<'_>) -> Result<()> {
        for element in module.sections.elements.clone().into_iter().flatten() {
            let element = element?;
            match &element.kind {
                ElementKind::Active { table_index, offset_expr } => {
                    if table_index.is_some() {
                        self.features |= WasmFeatures::REFERENCE_TYPES;
                    }
                    self.const_expr(offset_expr, module.imported_globals)?;
                }
                ElementKind::Passive => self.features |= WasmFeatures::BULK_MEMORY,
                ElementKind::Declared => {
                    self.features |= WasmFeatures::REFERENCE_TYPES | WasmFeatures::BULK_MEMORY;
                }
            }
            if let ElementItems::Expressions(ty, items) = element.items {
                self.features |= WasmFeatures::BULK_MEMORY;
                self.ref_type(ty);
                for item in items {
                    self.const_expr(&item?, module.imported_globals)?;
                }
            }
        }
        Ok(())
    }

    fn data(&mut self, module: &Module<'_>) -> Result<()> {
        if module.data_count.is_some() {
            self.features |= WasmFeatures::BULK_MEMORY;
        }
        for data in module.sections.data.clone().into_iter().flatten() {
            match data?.kind {
                DataKind::Passive => self.features |= WasmFeatures::BULK_MEMORY,
                DataKind::Active { offset_expr, .. } => {
                    self.const_expr(&offset_expr, module.imported_globals)?
                }
            }
        }
        Ok(())
    }

    fn const_expr(&mut self, expr: &ConstExpr<'_>, imported_globals: u32) -> Result<()> {
        let mut operators = expr.get_operators_reader();
        while !operators.is_end_then_eof() {
            match operators.read()? {
                Operator::I32Add
                | Operator::I32Sub
                | Operator::I32Mul
                | Operator::I64Add
                | Operator::I64Sub
                | Operator::I64Mul => self.features |= WasmFeatures::EXTENDED_CONST,
                // Before the gc proposal only imported globals were constant.
                Operator::GlobalGet { global_index } if global_index >= imported_globals => {
                    self.features |= GC;
                }
                operator => self.visit_operator(&operator),
            }
        }
        Ok(())
    }

    fn proposal(&mut self, features: WasmFeatures) {
        self.features |= features;
    }
}

/// The features of an operator's proposal.
mod proposal {
    #![expect(non_upper_case_globals, reason = "the names come from wasmparser's operator table")]
    use wasmparser::WasmFeatures;

    pub(super) const mvp: WasmFeatures = WasmFeatures::empty();
    pub(super) const bulk_memory: WasmFeatures = WasmFeatures::BULK_MEMORY;
    pub(super) const custom_descriptors: WasmFeatures =
        WasmFeatures::CUSTOM_DESCRIPTORS.union(super::GC);
    pub(super) const exceptions: WasmFeatures = WasmFeatures::EXCEPTIONS;
    pub(super) const function_references: WasmFeatures = super::FUNCTION_REFERENCES;
    pub(super) const gc: WasmFeatures = super::GC;
    pub(super) const legacy_exceptions: WasmFeatures =
        WasmFeatures::LEGACY_EXCEPTIONS.union(WasmFeatures::EXCEPTIONS);
    pub(super) const memory_control: WasmFeatures = WasmFeatures::MEMORY_CONTROL;
    pub(super) const reference_types: WasmFeatures = WasmFeatures::REFERENCE_TYPES;
    pub(super) const relaxed_simd: WasmFeatures =
        WasmFeatures::RELAXED_SIMD.union(WasmFeatures::SIMD);
    pub(super) const saturating_float_to_int: WasmFeatures = WasmFeatures::SATURATING_FLOAT_TO_INT;
    pub(super) const shared_everything_threads: WasmFeatures =
        WasmFeatures::SHARED_EVERYTHING_THREADS;
    pub(super) const sign_extension: WasmFeatures = WasmFeatures::SIGN_EXTENSION;
    pub(super) const simd: WasmFeatures = WasmFeatures::SIMD;
    pub(super) const stack_switching: WasmFeatures = WasmFeatures::STACK_SWITCHING;
    pub(super) const tail_call: WasmFeatures = WasmFeatures::TAIL_CALL;
    pub(super) const threads: WasmFeatures = WasmFeatures::THREADS;
    pub(super) const wide_arithmetic: WasmFeatures = WasmFeatures::WIDE_ARITHMETIC;
}

/// What an operator needs beyond its proposal.
macro_rules! beyond {
    ($self:ident Block $ty:ident) => { $self.block_type($ty) };
    ($self:ident Loop $ty:ident) => { $self.block_type($ty) };
    ($self:ident If $ty:ident) => { $self.block_type($ty) };
    ($self:ident Try $ty:ident) => { $self.block_type($ty) };
    ($self:ident TryTable $table:ident) => { $self.block_type($table.ty) };
    ($self:ident CallIndirect $ty:ident $table:ident) => {
        {
            let _ = $ty;
            $self.indirect($table);
        }
    };
    ($self:ident ReturnCallIndirect $ty:ident $table:ident) => {
        {
            let _ = $ty;
            $self.indirect($table);
        }
    };
    ($self:ident Call $function:ident) => { $self.function($function) };
    ($self:ident ReturnCall $function:ident) => { $self.function($function) };
    ($self:ident RefFunc $function:ident) => { $self.function($function) };
    ($self:ident GlobalGet $global:ident) => {
        $self.reference = Some(Reference::Global(GlobalIdx($global)))
    };
    ($self:ident MemorySize $mem:ident) => {
        $self.reference = Some(Reference::MemorySize(MemIdx($mem)))
    };
    ($self:ident MemoryGrow $mem:ident) => {
        $self.reference = Some(Reference::MemoryGrow(MemIdx($mem)))
    };
    ($self:ident TypedSelect $ty:ident) => { $self.val_type($ty) };
    ($self:ident RefNull $ty:ident) => {
        if let Some(ty) = RefType::new(true, $ty) { $self.ref_type(ty) }
    };
    ($self:ident $operator:ident $($arg:ident)*) => { $(let _ = $arg;)* };
}

macro_rules! visit {
    ($(@$proposal:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
        $(
            fn $visit(&mut self $($(, $arg: $argty)*)?) {
                self.proposal(proposal::$proposal);
                beyond!(self $op $($($arg)*)?);
            }
        )*
    };
}

impl Used {
    fn block_type(&mut self, ty: wasmparser::BlockType) {
        match ty {
            wasmparser::BlockType::Empty => {}
            wasmparser::BlockType::Type(ty) => self.val_type(ty),
            wasmparser::BlockType::FuncType(_) => self.proposal(WasmFeatures::MULTI_VALUE),
        }
    }

    /// Of the declared locals.
    ///
    /// # Errors
    ///
    /// When the body is damaged.
    pub(crate) fn locals(&mut self, body: &FunctionBody<'_>) -> Result<()> {
        for group in body.get_locals_reader()? {
            self.val_type(group?.1);
        }
        Ok(())
    }

    /// Call after each operator of `body`, which ended at `end`: a table index that is written
    /// with more than one byte needs a feature of its own.
    pub(crate) fn check_indirect(&mut self, body: &FunctionBody<'_>, end: usize) {
        const MORE_BYTES_FOLLOW: u8 = 0x80;
        if self.reference != Some(Reference::Indirect) {
            return;
        }
        self.reference = None;
        let before_last = end - body.range().start - 2;
        if body.as_bytes()[before_last] & MORE_BYTES_FOLLOW != 0 {
            self.proposal(WasmFeatures::CALL_INDIRECT_OVERLONG);
        }
    }

    fn function(&mut self, index: u32) {
        self.reference = Some(Reference::Function(FuncIdx(index)));
    }

    fn indirect(&mut self, table: u32) {
        if table != 0 {
            self.proposal(WasmFeatures::REFERENCE_TYPES);
        }
        self.reference = Some(Reference::Indirect);
    }
}

impl<'a> VisitOperator<'a> for Used {
    type Output = ();

    fn simd_visitor(&mut self) -> Option<&mut dyn VisitSimdOperator<'a, Output = ()>> {
        Some(self)
    }

    wasmparser::for_each_visit_operator!(visit);
}

impl VisitSimdOperator<'_> for Used {
    wasmparser::for_each_visit_simd_operator!(visit);
}

/// The features of function types.
pub(crate) fn of_function_types(types: &[FuncType]) -> WasmFeatures {
    let mut used = Used { features: WasmFeatures::empty(), reference: None };
    for ty in types {
        used.func_type(ty);
    }
    used.features
}

/// The features of function bodies.
///
/// # Errors
///
/// When a body is damaged.
pub(crate) fn of_bodies<'a, 'b: 'a>(
    bodies: impl Iterator<Item = &'a FunctionBody<'b>>,
) -> Result<WasmFeatures> {
    let mut used = Used { features: WasmFeatures::WASM1, reference: None };
    for body in bodies {
        used.locals(body)?;
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            operators.visit_operator(&mut used)?;
            used.check_indirect(body, operators.original_position());
        }
    }
    Ok(used.features)
}
