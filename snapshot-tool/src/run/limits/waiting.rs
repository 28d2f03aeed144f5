//! `poll_oneoff` on behalf of a program that may be cut short: it ends at the deadline.
//!
//! The engine interrupts the program's code, and not what the program calls of the WASI host. This
//! call and those of `streams` wait for as long as the world likes; whatever else waits (a named
//! pipe in a directory of the disk) is left to `session`, which gives up on the program then.

use crate::preview1::PREVIEW1;
use crate::run::limits::deadline::Deadline;
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use wasm_encoder::{
    CodeSection, EntityType, ExportKind, ExportSection, Function, FunctionSection, ImportSection,
    MemoryType, TypeSection, ValType,
};
use wasmtime::{Caller, Extern, Instance, Linker, Module, Store, Trap, TypedFunc};
use wasmtime_wasi::HostMonotonicClock;

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
            // For clocks alone the WASI host would sleep, and nobody could wake it.
            if let Some(waits) = waits(memory.data(&caller), given, count, clock) {
                let shortest = waits.iter().map(|(_, wait)| *wait).min().unwrap_or_default();
                if deadline.wait(shortest) {
                    return Err(Trap::Interrupt.into());
                }
                let past = waits.iter().filter(|(_, wait)| *wait <= shortest);
                let past: Vec<u64> = past.map(|(userdata, _)| *userdata).collect();
                if let Some(answer) = tell(memory.data_mut(&mut caller), &past, events, stored) {
                    return Ok(answer);
                }
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
    pub(super) const USERDATA: usize = 0;
    pub(super) const TAG: usize = 8;
    pub(super) const CLOCK: u8 = 0;
    pub(super) const CLOCK_ID: usize = 16;
    pub(super) const REALTIME: u32 = 0;
    pub(super) const MONOTONIC: u32 = 1;
    pub(super) const TIMEOUT: usize = 24;
    pub(super) const FLAGS: usize = 40;
    pub(super) const ABSTIME: u16 = 1;
}

/// `__wasi_event_t`: its size. The user's number comes first; for a clock that has gone off all
/// else is zero.
const EVENT_BYTES: usize = 32;

/// What the program waits for, if that is clocks alone: each one's user data, and for how long.
/// Standard input wakes at the deadline by itself, and nothing else that can be waited for is ever
/// waited for. `None` also for what `poll_oneoff` will refuse.
fn waits(memory: &[u8], given: u32, count: u32, clock: Since) -> Option<Vec<(u64, Duration)>> {
    let bytes = memory.get(given as usize..)?;
    let bytes = bytes.get(..(count as usize).checked_mul(subscription::BYTES)?)?;
    let mut waits = Vec::new();
    for one in bytes.chunks_exact(subscription::BYTES) {
        if *one.get(subscription::TAG)? != subscription::CLOCK {
            return None;
        }
        let userdata = u64::from_le_bytes(*one.get(subscription::USERDATA..)?.first_chunk()?);
        let timeout = u64::from_le_bytes(*one.get(subscription::TIMEOUT..)?.first_chunk()?);
        let flags = u16::from_le_bytes(*one.get(subscription::FLAGS..)?.first_chunk()?);
        let id = u32::from_le_bytes(*one.get(subscription::CLOCK_ID..)?.first_chunk()?);
        let now = match (id, flags) {
            (subscription::REALTIME | subscription::MONOTONIC, 0) => Duration::ZERO,
            (subscription::REALTIME, subscription::ABSTIME) => {
                SystemTime::now().duration_since(UNIX_EPOCH).ok()?
            }
            (subscription::MONOTONIC, subscription::ABSTIME) => Duration::from_nanos(clock.now()),
            _ => return None,
        };
        waits.push((userdata, Duration::from_nanos(timeout).saturating_sub(now)));
    }
    // Nothing to wait for is refused.
    (!waits.is_empty()).then_some(waits)
}

/// Tells the program of the clocks that have gone off. `None`: there is no room for it in its
/// memory.
fn tell(memory: &mut [u8], past: &[u64], events: u32, stored: u32) -> Option<i32> {
    let count = u32::try_from(past.len()).ok()?;
    memory.get(stored as usize..)?.get(..size_of::<u32>())?;
    let room = memory.get_mut(events as usize..)?;
    let room = room.get_mut(..past.len().checked_mul(EVENT_BYTES)?)?;
    for (event, userdata) in room.chunks_exact_mut(EVENT_BYTES).zip(past) {
        event.fill(0);
        event.get_mut(..size_of::<u64>())?.copy_from_slice(&userdata.to_le_bytes());
    }
    let stored = memory.get_mut(stored as usize..)?.get_mut(..size_of::<u32>())?;
    stored.copy_from_slice(&count.to_le_bytes());
    Some(0)
}
