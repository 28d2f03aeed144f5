//! What a program calls that was packed with `events`: [`add_events_to_linker`].

use crate::adapter::names::EVENTS;
use crate::error::{Error, ErrorKind, Marked as _};
use wasm_vfs_core::Errno;
use wasmtime::{Caller, Linker};

/// Provides what a program imports that was packed with [`Policy::events`](crate::Policy::events).
///
/// `changed` is called after each call of the program that changed its tree, or was about to and
/// failed; `sync` after fsync, fdatasync, sync, syncfs, msync with `MS_SYNC`, and writes to files that
/// were opened with `O_SYNC` or `O_DSYNC`, after `changed`. The program goes on when they return. The
/// tree is in no call meanwhile: a [`HostApi`](crate::embed::HostApi), which the store's data may
/// hold, can do anything with it. What `sync` answers the program gets as the result of its call; an
/// error of wasmtime's ends the program.
///
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering};
///
/// use wasm_vfs::embed::{HostApi, add_events_to_linker};
/// use wasm_vfs::{Packer, Policy, Program, TreeBuilder};
/// # use wasmtime::{Engine, Linker, Module, Store};
/// # use wasmtime_wasi::{WasiCtxBuilder, p1};
///
/// static CHANGES: AtomicUsize = AtomicUsize::new(0);
/// let program = wat::parse_str(
///     r#"(module
///         (import "wasi_snapshot_preview1" "path_create_directory"
///             (func $mkdir (param i32 i32 i32) (result i32)))
///         (memory (export "memory") 1)
///         (data (i32.const 0) "made")
///         (func (export "_start")
///             (drop (call $mkdir (i32.const 3) (i32.const 0) (i32.const 4)))))"#,
/// )?;
/// let policy = Policy::from_toml("events = true")?;
/// let packer = Packer::new(TreeBuilder::new()).policy(policy);
/// let packed = packer.pack(Program::bytes("app", program))?.to_vec()?;
/// # let engine = Engine::default();
/// # let module = Module::new(&engine, packed)?;
/// # let mut linker = Linker::new(&engine);
/// # p1::add_to_linker_sync(&mut linker, |wasi| wasi)?;
/// # let mut store = Store::new(&engine, WasiCtxBuilder::new().build_p1());
/// let count = || CHANGES.fetch_add(1, Ordering::Relaxed);
/// add_events_to_linker(&mut linker, move |_| Ok(drop(count())), |_| Ok(Ok(())))?;
/// let instance = linker.instantiate(&mut store, &module)?;
/// instance.get_typed_func::<(), ()>(&mut store, "_start")?.call(&mut store, ())?;
/// assert_eq!(CHANGES.load(Ordering::Relaxed), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// When the linker has such functions already.
pub fn add_events_to_linker<T: 'static>(
    linker: &mut Linker<T>,
    changed: impl Fn(Caller<'_, T>) -> wasmtime::Result<()> + Send + Sync + 'static,
    sync: impl Fn(Caller<'_, T>) -> wasmtime::Result<Result<(), Errno>> + Send + Sync + 'static,
) -> Result<(), Error> {
    let added = linker.func_wrap(EVENTS, "changed", changed).map(drop);
    let sync = move |caller: Caller<'_, T>| -> wasmtime::Result<i32> {
        Ok(match sync(caller)? {
            Ok(()) => 0,
            Err(errno) => -i32::from(errno.number()),
        })
    };
    let added = added.and_then(|()| linker.func_wrap(EVENTS, "sync", sync).map(drop));
    Ok(added.map_err(anyhow::Error::from).of_kind(ErrorKind::Run)?)
}
