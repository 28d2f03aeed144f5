//! What a program must be to get a filesystem, and the one-line reasons why one cannot.

use anyhow::{Result, anyhow, bail, ensure};
use wasmparser::{ExternalKind, Import, TypeRef};

use crate::adapter::names::MEMORY;
use crate::error::{ErrorKind, Marked as _};
use crate::linux_calls;
use crate::packed::form::ModuleForm;
use crate::packed::section::{SECTION_NAME, Section};
use crate::preview1::{PREVIEW1, UNSTABLE};
use crate::wasm::index::MemIdx;
use crate::wasm::module::Module;

/// The pages of a memory of 4 GiB.
const MOST_PAGES: u64 = 1 << 16;

/// Checks that a filesystem can serve the program, and returns the memory that it exports as
/// `memory`, or imports.
///
/// # Errors
///
/// If no filesystem can serve it; the message says why and what to do.
pub(crate) fn check(module: &Module<'_>) -> Result<MemIdx> {
    check_not_packed(module)?;
    check_threads(module).of_kind(ErrorKind::Unservable)?;
    check_memories(module).of_kind(ErrorKind::Unservable)?;
    let memory = own_memory(module).of_kind(ErrorKind::Unservable)?;
    check_imports(module).of_kind(ErrorKind::Unservable)?;
    Ok(memory)
}

fn check_not_packed(module: &Module<'_>) -> Result<()> {
    let Some(payload) = module.custom(SECTION_NAME) else { return Ok(()) };
    match Section::decode(payload).of_kind(ErrorKind::Damaged)?.form {
        ModuleForm::Rootfs => Err(anyhow!(IS_ROOTFS)).of_kind(ErrorKind::Unservable),
        ModuleForm::Linked(form) => Err(anyhow!(
            "it is already packed by wasm-vfs ({form} form): `wasm-vfs pack` adds to the tree of such a module, `link` and \
             the library's `link` take the original program"
        ))
        .of_kind(ErrorKind::AlreadyPacked),
    }
}

/// Why a rootfs module is not packed.
pub(crate) const IS_ROOTFS: &str = "it is a rootfs module (from `wasm-vfs image`), not a program: link a program with \
     it (`wasm-vfs link APP.wasm ROOTFS.wasm`)";

/// How the functions that start a thread are named, with `-` or `_`: in `wasi`, and in WASIX's
/// modules with a version behind it.
const THREAD_SPAWN: &str = "thread_spawn";

/// How the modules of WASI's proposals and of WASIX begin.
const WASI: &str = "wasi";

/// How the modules begin whose functions WASIX defines.
const WASIX: &str = "wasix_";

/// Emscripten's functions that start a thread, by module and name.
const EMSCRIPTEN_SPAWN: [(&str, &str); 2] =
    [("env", "__pthread_create_js"), ("env", "_emscripten_create_wasm_worker")];

fn starts_threads(import: &Import<'_>) -> bool {
    let of_wasi =
        import.module.starts_with(WASI) && import.name.replace('-', "_").starts_with(THREAD_SPAWN);
    of_wasi || EMSCRIPTEN_SPAWN.contains(&(import.module, import.name))
}

/// A program that cannot start threads may have a shared memory and atomic instructions:
/// `one_thread` replaces them.
fn check_threads(module: &Module<'_>) -> Result<()> {
    let starts = module.function_imports().find(|(_, import)| starts_threads(import));
    let Some((_, Import { module, name, .. })) = starts else { return Ok(()) };
    let instead = if module.starts_with(WASIX) {
        "for WASI preview1 (wasm32-wasip1), without threads"
    } else {
        "without them (wasm32-wasip1, not wasm32-wasip1-threads; without -pthread)"
    };
    bail!(
        "it imports `{module}.{name}`, which starts threads, and a packed program has one thread: build it {instead}"
    )
}

fn check_memories(module: &Module<'_>) -> Result<()> {
    let memories = |import: &&Import<'_>| matches!(import.ty, TypeRef::Memory(_));
    let mut imported = module.imports.iter().filter(memories);
    if let (Some(one), Some(other)) = (imported.next(), imported.next()) {
        bail!(
            "it imports two memories (`{}.{}` and `{}.{}`); a packed program defines its memory, which can take the place \
             of one: link it without --import-memory",
            one.module,
            one.name,
            other.module,
            other.name
        );
    }
    for memory in &module.memories {
        ensure!(
            !memory.memory64,
            "it has a 64-bit memory, and preview1 pointers have 32 bits: build it for wasm32"
        );
        ensure!(
            memory.page_size_log2.is_none(),
            "it has a memory with a custom page size: build it with pages of 64 KiB"
        );
        if memory.initial > MOST_PAGES {
            let pages = memory.initial;
            let error = anyhow!("the module is damaged: it has a memory of {pages} pages");
            return Err(error).of_kind(ErrorKind::Damaged);
        }
    }
    Ok(())
}

/// The memory that hosts shall see: exported as `memory`, or imported.
fn own_memory(module: &Module<'_>) -> Result<MemIdx> {
    let memory = module.exported_memory(MEMORY);
    let imports_memory = module.imported_memories > 0;
    match memory {
        Some(memory) => {
            ensure!(
                memory.index() < module.memories.len(),
                "the module is damaged: it exports memory {}, which it does not have",
                memory.0
            );
            ensure!(
                !imports_memory || memory == MemIdx(0),
                "it imports a memory beside the one that it exports as `{MEMORY}`: link it without --import-memory"
            );
            return Ok(memory);
        }
        None if imports_memory => {
            ensure!(
                module.exports.iter().all(|export| export.name != MEMORY),
                "it exports something else than the memory that it imports as `{MEMORY}`: rename the export"
            );
            return Ok(MemIdx(0));
        }
        None => {}
    }
    let other = module.exports.iter().find(|export| export.kind == ExternalKind::Memory);
    match other {
        Some(export) => bail!(
            "it exports its memory as `{}`; preview1 wants `{MEMORY}`: rename the export",
            export.name
        ),
        None => bail!(
            "it exports no memory, so no host could pass it data: link it so that it exports \
             `{MEMORY}`"
        ),
    }
}

/// Whether a program imports anything of WASI, or a call of Linux's.
pub(crate) fn imports_wasi(module: &Module<'_>) -> bool {
    module.function_imports().any(|(_, import)| {
        [PREVIEW1, UNSTABLE].contains(&import.module) || linux_calls::is_module(import.module)
    })
}

fn check_imports(module: &Module<'_>) -> Result<()> {
    ensure!(
        imports_wasi(module),
        "it imports nothing from `{PREVIEW1}`, so there is nothing to serve: a program that opens \
         files imports `path_open` at least{}",
        if module.imports.is_empty() { "" } else { EMSCRIPTEN }
    );
    Ok(())
}

/// What a program of Emscripten lacks, whose imports have names such as `a.b` or `env.x`.
const EMSCRIPTEN: &str = " (a program of Emscripten: if it is built with -sSTANDALONE_WASM)";
