//! Waiting on behalf of a program whose time is limited: standard input and `poll_oneoff` end at
//! the deadline.
//!
//! The engine interrupts the program's code, and not what the program calls of the WASI host. These
//! are the calls that wait for as long as the world likes; whatever else waits (a pipe that nobody
//! empties) is left to `session`, which gives up on the program then.

use crate::preview1::PREVIEW1;
use crate::run::limits::Deadline;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::io::AsyncRead;
use wasm_encoder::{
    CodeSection, EntityType, ExportKind, ExportSection, Function, FunctionSection, ImportSection,
    MemoryType, TypeSection, ValType,
};
use wasmtime::{Caller, Extern, Instance, Linker, Module, Store, Trap, TypedFunc};
use wasmtime_wasi::cli::{IsTerminal, StdinStream};
use wasmtime_wasi::p2::{InputStream, Pollable, StreamError, StreamResult};
use wasmtime_wasi::{HostMonotonicClock, async_trait};

/// This process's standard input, until a deadline.
pub(crate) struct Input(pub(crate) Deadline);

impl IsTerminal for Input {
    fn is_terminal(&self) -> bool {
        std::io::IsTerminal::is_terminal(&std::io::stdin())
    }
}

impl StdinStream for Input {
    fn async_stream(&self) -> Box<dyn AsyncRead + Send + Sync> {
        std::io::stdin().async_stream()
    }

    fn p2_stream(&self) -> Box<dyn InputStream> {
        Box::new(InputUntil { inner: std::io::stdin().p2_stream(), deadline: self.0.clone() })
    }
}

/// A stream of it.
struct InputUntil {
    inner: Box<dyn InputStream>,
    deadline: Deadline,
}

#[async_trait]
impl Pollable for InputUntil {
    async fn ready(&mut self) {
        match self.deadline.left() {
            // Whoever wakes without input looks at the deadline.
            Some(left) => drop(tokio::time::timeout(left, self.inner.ready()).await),
            None => self.inner.ready().await,
        }
    }
}

#[async_trait]
impl InputStream for InputUntil {
    fn read(&mut self, size: usize) -> StreamResult<bytes::Bytes> {
        if self.deadline.is_over() {
            return Err(StreamError::Trap(Trap::Interrupt.into()));
        }
        self.inner.read(size)
    }
}

/// Time since a moment: the program's monotonic clock, whose origin must be known to judge how long
/// it wants to wait.
#[derive(Clone, Copy)]
pub(crate) struct Since(pub(crate) Instant);

impl HostMonotonicClock for Since {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// What `poll_oneoff` takes.
type PollArgs = (u32, u32, u32, u32);

/// Makes `poll_oneoff` end at the deadline.
///
/// # Errors
///
/// Only wasmtime's own.
pub(crate) fn limit_poll<T: 'static>(
    linker: &mut Linker<T>,
    store: &mut Store<T>,
    clock: Since,
    deadline: &Deadline,
) -> wasmtime::Result<()> {
    let Extern::Func(inner) = linker.get(&mut *store, PREVIEW1, POLL)? else { return Ok(()) };
    let stand_in = Module::new(store.engine(), stand_in())?;
    let deadline = deadline.clone();
    let made: OnceLock<TypedFunc<PollArgs, i32>> = OnceLock::new();
    linker.allow_shadowing(true);
    linker.func_wrap(
        PREVIEW1,
        POLL,
        move |mut caller: Caller<'_, T>, given: u32, events: u32, count: u32, stored: u32| {
            let Some(Extern::Memory(memory)) = caller.get_export(MEMORY) else {
                return Err(wasmtime::Error::msg("the program exports no memory"));
            };
            if let Some(left) = deadline.left()
                && let Some(bytes) = memory.data(&caller).get(given as usize..)
                && wait(bytes, count, clock).is_some_and(|wait| wait >= left)
            {
                thread::sleep(left);
                return Err(Trap::Interrupt.into());
            }
            let poll = match made.get() {
                Some(poll) => poll.clone(),
                None => {
                    let imports = [Extern::Memory(memory), Extern::Func(inner)];
                    let instance = Instance::new(&mut caller, &stand_in, &imports)?;
                    let poll = instance.get_typed_func(&mut caller, POLL)?;
                    made.get_or_init(|| poll).clone()
                }
            };
            let answer = poll.call(caller, (given, events, count, stored))?;
            // Then it tells of input that may not be there.
            if deadline.is_over() { Err(Trap::Interrupt.into()) } else { Ok(answer) }
        },
    )?;
    linker.allow_shadowing(false);
    Ok(())
}

/// The name of the function, here and in WASI.
const POLL: &str = "poll_oneoff";

/// The name under which the WASI host looks for the memory of whoever calls it.
const MEMORY: &str = "memory";

/// A module that calls `poll_oneoff` in the program's place: the WASI host takes the memory that
/// its caller exports for the program's, and a function of ours exports none.
fn stand_in() -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([ValType::I32; 4], [ValType::I32]);
    let any = MemoryType {
        minimum: 0,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    };
    let mut imports = ImportSection::new();
    imports.import("", MEMORY, any).import("", POLL, EntityType::Function(0));
    let mut functions = FunctionSection::new();
    functions.function(0);
    let mut exports = ExportSection::new();
    exports.export(MEMORY, ExportKind::Memory, 0).export(POLL, ExportKind::Func, 1);
    let mut body = Function::new([]);
    let mut code = body.instructions();
    code.local_get(0).local_get(1).local_get(2).local_get(3).call(0).end();
    let mut bodies = CodeSection::new();
    bodies.function(&body);
    let mut module = wasm_encoder::Module::new();
    module.section(&types).section(&imports).section(&functions).section(&exports).section(&bodies);
    module.finish()
}

/// `__wasi_subscription_t`: its size and where its fields are.
mod subscription {
    pub(super) const BYTES: usize = 48;
    pub(super) const TAG: usize = 8;
    pub(super) const CLOCK: u8 = 0;
    pub(super) const CLOCK_ID: usize = 16;
    pub(super) const REALTIME: u32 = 0;
    pub(super) const TIMEOUT: usize = 24;
    pub(super) const FLAGS: usize = 40;
    pub(super) const ABSTIME: u16 = 1;
}

/// How long the program wants to wait, if it waits for clocks alone: `count` subscriptions at the
/// start of `bytes`. Standard input wakes at the deadline by itself, and nothing else that can be
/// waited for is ever waited for. `None` also for what `poll_oneoff` will refuse.
fn wait(bytes: &[u8], count: u32, clock: Since) -> Option<Duration> {
    let bytes = bytes.get(..(count as usize).checked_mul(subscription::BYTES)?)?;
    let mut earliest = None;
    for one in bytes.chunks_exact(subscription::BYTES) {
        if *one.get(subscription::TAG)? != subscription::CLOCK {
            return None;
        }
        let timeout = u64::from_le_bytes(*one.get(subscription::TIMEOUT..)?.first_chunk()?);
        let mut wait = Duration::from_nanos(timeout);
        let flags = u16::from_le_bytes(*one.get(subscription::FLAGS..)?.first_chunk()?);
        if flags & subscription::ABSTIME != 0 {
            let id = u32::from_le_bytes(*one.get(subscription::CLOCK_ID..)?.first_chunk()?);
            wait = wait.saturating_sub(match id {
                subscription::REALTIME => SystemTime::now().duration_since(UNIX_EPOCH).ok()?,
                _ => Duration::from_nanos(clock.now()),
            });
        }
        earliest = Some(earliest.map_or(wait, |before: Duration| before.min(wait)));
    }
    earliest
}
