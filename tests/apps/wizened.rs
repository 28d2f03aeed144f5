//! Pre-initialises a module with Wizer, as its makers would before anybody packs it.

use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use anyhow::{Context as _, Result, bail};
use wasmtime::{Engine, Instance, Linker, Module, Store, Val};
use wasmtime_wasi::p1::{self, WasiP1Ctx};
use wasmtime_wasi::{FsPerms, WasiCtxBuilder};
use wizer::{InstanceState, SnapshotVal, Wizer};

/// Calls `_initialize`, if there is one, and `wizer-initialize`, and takes the snapshot. The program sees `root` as `/`, as it will
/// see its tree: wasi-libc notes what is preopened.
pub(crate) fn wizen(module: &[u8], root: &Path) -> Result<Vec<u8>> {
    let wizer = Wizer::new();
    let (context, instrumented) = wizer.instrument(module)?;
    let engine = Engine::default();
    let module = Module::new(&engine, &instrumented)?;
    let mut linker: Linker<WasiP1Ctx> = Linker::new(&engine);
    p1::add_to_linker_sync(&mut linker, |context| context)?;
    let mut wasi = WasiCtxBuilder::new();
    wasi.preopened_dir(root, "/", FsPerms::ReadWrite)?;
    let mut store = Store::new(&engine, wasi.build_p1());
    let instance = linker.instantiate(&mut store, &module)?;
    if let Ok(initialize) = instance.get_typed_func::<(), ()>(&mut store, "_initialize") {
        initialize.call(&mut store, ())?;
    }
    instance.get_typed_func::<(), ()>(&mut store, "wizer-initialize")?.call(&mut store, ())?;
    let mut running = Running { store, instance };
    let snapshot = pin!(wizer.snapshot(&context, &mut running));
    match snapshot.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(snapshot) => Ok(snapshot?),
        Poll::Pending => bail!("wizer waited for something that is not there"),
    }
}

struct Running {
    store: Store<WasiP1Ctx>,
    instance: Instance,
}

impl InstanceState for Running {
    async fn global_get(&mut self, name: &str, _: wasmparser::ValType) -> SnapshotVal {
        let global = self.instance.get_global(&mut self.store, name);
        match global.context("no such global").unwrap().get(&mut self.store) {
            Val::I32(value) => SnapshotVal::I32(value),
            Val::I64(value) => SnapshotVal::I64(value),
            other => panic!("the global {name} is {other:?}"),
        }
    }

    async fn memory_contents(&mut self, name: &str, contents: impl FnOnce(&[u8]) + Send) {
        let memory = self.instance.get_memory(&mut self.store, name);
        contents(memory.context("no such memory").unwrap().data(&self.store));
    }
}
