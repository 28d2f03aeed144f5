//! What a program must be to get a filesystem, and the one-line reasons why one cannot.

use anyhow::{Result, anyhow, bail, ensure};
use wasmparser::{ExternalKind, Import, TypeRef};

use crate::error::{ErrorKind, Marked as _};
use crate::linux_calls;
use crate::packed::form::ModuleForm;
use crate::packed::section::{SECTION_NAME, Section};
use crate::preview1::{PREVIEW1, UNSTABLE};
use crate::wasm::index::MemIdx;
use crate::wasm::module::Module;

/// The name that preview1 gives to the memory that hosts read and write.
const MEMORY_EXPORT: &str = "memory";

/// The pages of a memory of 4 GiB.
const MOST_PAGES: u64 = 1 << 16;

/// Checks that a filesystem can serve the program, and returns the memory that it exports as
/// `memory`.
///
/// # Errors
///
/// If no filesystem can serve it; the message says why and what to do.
pub(crate) fn check(module: &Module<'_>) -> Result<MemIdx> {
    check_not_packed(module)?;
    check_threads(module).of_kind(ErrorKind::Unservable)?;
    check_memories(module).of_kind(ErrorKind::Unservable)?;
    let memory = exported_memory(module).of_kind(ErrorKind::Unservable)?;
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

/// What a program imports to start a thread: the module and the function.
const THREAD_SPAWN: (&str, &str) = ("wasi", "thread-spawn");

/// How the modules begin whose functions WASIX defines.
const WASIX: &str = "wasix_";

/// Threads need a shared memory, which a program of WASI's proposal imports and exports again. They
/// are the reason then, and not the import.
fn check_threads(module: &Module<'_>) -> Result<()> {
    let spawns = |(_, it): (_, &Import<'_>)| (it.module, it.name) == THREAD_SPAWN;
    let is_shared = module.memories.iter().any(|memory| memory.shared)
        || module.imports.iter().any(|it| matches!(it.ty, TypeRef::Memory(ty) if ty.shared));
    if !is_shared && !module.function_imports().any(spawns) {
        return Ok(());
    }
    let wasix = module.imports.iter().find(|import| import.module.starts_with(WASIX));
    if let Some(Import { module, name, .. }) = wasix {
        bail!(
            "it is a program of WASIX, with threads (it has a shared memory and imports \
             `{module}.{name}`): build it for WASI preview1 (wasm32-wasip1), without threads"
        );
    }
    bail!(
        "it has a shared memory; threads are not supported: build it without them \
         (wasm32-wasip1, not wasm32-wasip1-threads; without -pthread)"
    )
}

fn check_memories(module: &Module<'_>) -> Result<()> {
    for import in &module.imports {
        if let TypeRef::Memory(_) = import.ty {
            bail!(
                "it imports its memory (`{}.{}`); the host reads the memory that a program \
                 exports: link it without --import-memory",
                import.module,
                import.name
            );
        }
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

fn exported_memory(module: &Module<'_>) -> Result<MemIdx> {
    if let Some(memory) = module.exported_memory(MEMORY_EXPORT) {
        ensure!(
            memory.index() < module.memories.len(),
            "the module is damaged: it exports memory {}, which it does not have",
            memory.0
        );
        return Ok(memory);
    }
    let other = module.exports.iter().find(|export| export.kind == ExternalKind::Memory);
    match other {
        Some(export) => bail!(
            "it exports its memory as `{}`; preview1 wants `{MEMORY_EXPORT}`: rename the export",
            export.name
        ),
        None => bail!(
            "it exports no memory, so no host could pass it data: link it so that it exports \
             `{MEMORY_EXPORT}`"
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
