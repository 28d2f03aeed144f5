//! What a rootfs module must be that was read from a file: [`check`].
//!
//! A file may be damaged, or another tool's work. So it is checked here once, whole, and what comes
//! after (linking, the shims) relies on it: it is valid, its memories, imports, exports and data
//! segments are what [`lower`](crate::adapter::lower) writes, and no function is so large that
//! linking could take it beyond the limits of engines. What lowering has just written need not be
//! checked: it was validated there.

use anyhow::{Result, anyhow, bail, ensure};
use wasmparser::{DataKind, ExternalKind, FunctionBody, Operator, TypeRef, ValType, WasmFeatures};

use crate::adapter::initial_memory::constant;
use crate::adapter::names::{
    APP, EVENTS, HOST_API_BASE, HOST_API_MEMORY, KERNEL_MEMORY, MEMORY, USER_MEMORY, WASI_HOST,
};
use crate::packed::section::Section;
use crate::wasm::index::{FuncIdx, GlobalIdx, MemIdx};
use crate::wasm::module::Module;
use crate::wasm::{names, verify};

/// What functions may use: what the portable form can relocate. References and tables, which hide
/// whom a function calls, are not among it.
const FEATURES: WasmFeatures = WasmFeatures::WASM1
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::MULTI_MEMORY)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::RELAXED_SIMD)
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::SIMD)
    .union(WasmFeatures::TAIL_CALL)
    .union(WasmFeatures::WIDE_ARITHMETIC);

/// The longest function, in bytes: linking makes functions longer, and engines allow 7,654,321.
const MAX_BODY_BYTES: usize = 1 << 20;

/// The most locals of a function: linking adds some, and engines allow 50,000.
const MAX_LOCALS: u32 = 10_000;

/// Bytes of a page of memory.
const WASM_PAGE_BYTES: u64 = 1 << 16;

/// Checks the hollow module of a rootfs module that says `section` of itself.
///
/// # Errors
///
/// When it is damaged; the message says what is wrong.
pub(crate) fn check(hollow: &[u8], section: &Section) -> Result<()> {
    // Parsed before it is validated: a validator makes room for as many imports as a section claims.
    let found = Module::parse(hollow).and_then(|module| {
        verify::validate(hollow, FEATURES)?;
        check_imports(&module)?;
        check_memories(&module)?;
        check_globals(&module)?;
        check_exports(&module)?;
        check_data(&module, section)?;
        check_bodies(&module, section)?;
        ensure!(module.start.is_none(), "it has a start function");
        ensure!(module.sections.tables.is_none(), "it has a table");
        ensure!(names::is_readable(&module), "its `name` section cannot be read");
        Ok(())
    });
    // One text: the cause is all that there is to say.
    found.map_err(|error| anyhow!("the rootfs module is damaged: {error:#}"))
}

fn check_imports(module: &Module<'_>) -> Result<()> {
    for import in &module.imports {
        let expected = match import.ty {
            TypeRef::Memory(_) => (import.module, import.name) == (APP, MEMORY),
            TypeRef::Func(_) => [WASI_HOST, EVENTS].contains(&import.module),
            _ => false,
        };
        ensure!(
            expected,
            "it imports `{}.{}`, which is neither a function of `{WASI_HOST}` or `{EVENTS}` nor the program's memory",
            import.module,
            import.name
        );
    }
    Ok(())
}

fn check_memories(module: &Module<'_>) -> Result<()> {
    ensure!(
        module.imported_memories == 1 && module.memories.len() == 2,
        "it has {} memories, {} of them imported, instead of the program's and its own",
        module.memories.len(),
        module.imported_memories
    );
    ensure!(module.memories[KERNEL_MEMORY.index()].initial > 0, "its memory has no page");
    Ok(())
}

/// Linking keeps the globals that are used; none may need another.
fn check_globals(module: &Module<'_>) -> Result<()> {
    for (index, global) in module.defined_globals()? {
        for operator in global.init_expr.get_operators_reader() {
            ensure!(
                !matches!(operator?, Operator::GlobalGet { .. }),
                "global {} starts as another",
                index.0
            );
        }
    }
    Ok(())
}

fn check_exports(module: &Module<'_>) -> Result<()> {
    let (mut memory, mut base) = (false, false);
    for export in &module.exports {
        match (export.name, export.kind) {
            (HOST_API_MEMORY, ExternalKind::Memory) if MemIdx(export.index) == KERNEL_MEMORY => {
                memory = true;
            }
            (HOST_API_BASE, ExternalKind::Global) => {
                let ty = module.globals.get(GlobalIdx(export.index).index());
                base = ty.is_some_and(|ty| ty.content_type == ValType::I32 && !ty.mutable);
                ensure!(base, "its export `{HOST_API_BASE}` is no constant address");
            }
            (HOST_API_MEMORY | HOST_API_BASE, _) => {
                bail!("its export `{}` is something else", export.name)
            }
            (_, ExternalKind::Func) => {}
            (name, _) => bail!("its export `{name}` is no function"),
        }
    }
    ensure!(
        memory == base,
        "only one of its exports `{HOST_API_MEMORY}` and `{HOST_API_BASE}` is there"
    );
    Ok(())
}

/// The initial memory, then the contents.
fn check_data(module: &Module<'_>, section: &Section) -> Result<()> {
    let contents = section.contents_segment.0;
    let count = module.data_segments();
    ensure!(
        contents.checked_add(1) == Some(count),
        "it has {count} data segments, and its contents are number {contents} instead of the last"
    );
    let bytes = module.memories[KERNEL_MEMORY.index()].initial * WASM_PAGE_BYTES;
    for (position, data) in (0..contents).zip(module.sections.data.clone().into_iter().flatten()) {
        let data = data?;
        let place = match &data.kind {
            DataKind::Active { memory_index, offset_expr }
                if MemIdx(*memory_index) == KERNEL_MEMORY =>
            {
                constant(offset_expr).ok()
            }
            _ => None,
        };
        ensure!(
            place.is_some_and(|at| u64::from(at) + data.data.len() as u64 <= bytes),
            "data segment {position} is no part of its initial memory"
        );
    }
    Ok(())
}

fn check_bodies(module: &Module<'_>, section: &Section) -> Result<()> {
    for (position, body) in module.bodies.iter().enumerate() {
        let function = FuncIdx::from_index(module.imported_functions as usize + position);
        check_body(body, section.contents_segment.0)
            .map_err(|error| anyhow!("function {}: {error:#}", function.0))?;
    }
    Ok(())
}

fn check_body(body: &FunctionBody<'_>, contents: u32) -> Result<()> {
    ensure!(body.range().len() <= MAX_BODY_BYTES, "it is longer than {MAX_BODY_BYTES} bytes");
    let mut locals = 0_u32;
    for group in body.get_locals_reader()? {
        locals = locals.saturating_add(group?.0);
    }
    ensure!(locals <= MAX_LOCALS, "it has {locals} locals, more than {MAX_LOCALS}");
    for operator in body.get_operators_reader()? {
        match operator? {
            Operator::MemoryInit { data_index, mem } => ensure!(
                data_index == contents && [USER_MEMORY, KERNEL_MEMORY].contains(&MemIdx(mem)),
                "it copies data segment {data_index}, which is not the contents"
            ),
            Operator::DataDrop { .. } => bail!("it drops a data segment"),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::wasm::index::DataIdx;

    const SOUND: &str = r#"(module
        (import "app" "memory" (memory 0))
        (import "wasi_host" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
        (memory $own 1)
        (global $stack (mut i32) (i32.const 16))
        (global $base i32 (i32.const 0))
        (func (export "fd_read") (param i32) (result i32)
            (memory.init $own $contents (i32.const 0) (i32.const 0) (i32.const 0))
            (global.get $stack))
        (func (export "wasm_vfs_list"))
        (export "wasm_vfs_memory" (memory $own))
        (export "wasm_vfs_base" (global $base))
        (data $first (memory $own) (i32.const 65533) "abc")
        (data $contents ""))"#;

    fn message(text: &str) -> Option<String> {
        let wasm = wat::parse_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let section = Section::for_rootfs(0, DataIdx(1), String::new(), Vec::new());
        check(&wasm, &section).err().map(|error| error.to_string())
    }

    #[test]
    fn each_breach_has_its_message() {
        assert_eq!(message(SOUND), None);
        let locals =
            format!("(func (local{}))(func (export \"wasm_vfs_list\"))", " i32".repeat(10_001));
        for (sound, broken, part) in [
            ("\"app\"", "\"env\"", "imports `env.memory`"),
            ("\"wasi_host\"", "\"env\"", "imports `env.fd_write`"),
            ("(memory $own 1)", "(memory $own 1) (memory 1)", "3 memories"),
            ("(memory $own 1)", "(memory $own i64 1)", "memory64"),
            ("(func (export", "(global i32 (global.get $base)) (func (export", "global"),
            ("(global.get $stack))", "(global.get $stack)) (table 1 funcref)", "table"),
            (
                "(func (export \"wasm_vfs_list\"))",
                "(func $f (export \"wasm_vfs_list\")) (start $f)",
                "start function",
            ),
            ("(func (export \"wasm_vfs_list\"))", &locals, "10001 locals"),
            (
                "(func (export \"wasm_vfs_list\"))",
                "(func (data.drop $first))",
                "drops a data segment",
            ),
            ("$own $contents", "$own $first", "copies data segment 0"),
            ("(export \"wasm_vfs_memory\" (memory $own))", "", "only one of"),
            ("(memory $own))", "(memory 0))", "`wasm_vfs_memory` is something else"),
            ("(global $base))", "(global $stack))", "no constant address"),
            ("\"wasm_vfs_base\"", "\"base\"", "`base` is no function"),
            ("65533", "65534", "data segment 0 is no part"),
            ("(data $first (memory $own)", "(data $first (memory 0)", "data segment 0 is no part"),
            ("(data $contents \"\")", "(data $contents \"\") (data \"\")", "has 3 data segments"),
            ("(global.get $stack))", "(global.get $stack) (drop))", "type mismatch"),
        ] {
            let text = SOUND.replacen(sound, broken, 1);
            assert_ne!(text, SOUND, "{sound}");
            let message = message(&text).unwrap_or_else(|| panic!("{broken} is taken"));
            assert!(message.starts_with("the rootfs module is damaged: "), "{message}");
            assert!(message.contains(part), "{part}: {message}");
        }
    }
}
