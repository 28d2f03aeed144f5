//! Wizer's snapshot of an instance under the embedded wasmtime.

use anyhow::{Result, bail};
use std::future::Future;
use std::pin::pin;
use std::task::{self, Poll, Waker};
use wasmtime::{Instance, Store, Val};
use wizer::{InstanceState, ModuleContext, SnapshotVal, ValType, Wizer};

/// The module of `context` with the memories and globals as they are in `instance`, which runs its
/// instrumented form.
///
/// # Errors
///
/// When Wizer cannot write it.
pub(crate) fn snapshot<T: Send + 'static>(
    wizer: &Wizer,
    context: &ModuleContext<'_>,
    store: &mut Store<T>,
    instance: Instance,
) -> Result<Vec<u8>> {
    let written = ready(wizer.snapshot(context, &mut WizerInstance { store, instance }))?;
    written.map_err(anyhow::Error::from)
}

struct WizerInstance<'a, T: 'static> {
    store: &'a mut Store<T>,
    instance: Instance,
}

impl<T: Send> InstanceState for WizerInstance<'_, T> {
    async fn global_get(&mut self, name: &str, _: ValType) -> SnapshotVal {
        // Wizer asks only for what its own instrumentation exports, and refuses other types.
        let global = self.instance.get_global(&mut *self.store, name);
        match global.map(|global| global.get(&mut *self.store)) {
            Some(Val::I32(value)) => SnapshotVal::I32(value),
            Some(Val::I64(value)) => SnapshotVal::I64(value),
            Some(Val::F32(bits)) => SnapshotVal::F32(bits),
            Some(Val::F64(bits)) => SnapshotVal::F64(bits),
            Some(Val::V128(value)) => SnapshotVal::V128(value.as_u128()),
            other => unreachable!("wizer asked for the global `{name}`, which is {other:?}"),
        }
    }

    async fn memory_contents(&mut self, name: &str, contents: impl FnOnce(&[u8]) + Send) {
        match self.instance.get_memory(&mut *self.store, name) {
            Some(memory) => contents(memory.data(&*self.store)),
            None => unreachable!("wizer asked for the memory `{name}`, which it exports itself"),
        }
    }
}

/// The result of a future that never waits: what Wizer asks of an instance is there at once.
fn ready<T>(future: impl Future<Output = T>) -> Result<T> {
    match pin!(future).poll(&mut task::Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Ok(value),
        Poll::Pending => bail!("wizer waited for something that is not there"),
    }
}
