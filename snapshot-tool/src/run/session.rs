//! One run of a program: compiling, linking, what goes into its tree, the call, what comes out.

use crate::error::{ErrorKind, InnerResult, Marked as _};
use crate::format::human_bytes;
use crate::host_api::HostApi;
use crate::progress::Stage;
use crate::run::entry::{self, Entry};
use crate::run::imports::provide_unknown;
use crate::run::limits::deadline::Deadline;
use crate::run::limits::meter::{GiveUp, Meter};
use crate::run::limits::streams::{Input, Output};
use crate::run::limits::usage::MemoryLimit;
use crate::run::limits::waiting::{self, Since};
use crate::run::outcome::Outcome;
use crate::run::save::Save;
use crate::run::settings::Settings;
use crate::run::syncing::{self, HasSyncing, Syncing};
use anyhow::{Context as _, anyhow, bail};
use std::borrow::Cow;
use std::io;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Instant;
use wasmtime::{AsContextMut, Cache, Config, Engine, Instance, Linker, Module, Store, Val};
use wasmtime_wasi::p1::{self, WasiP1Ctx};
use wasmtime_wasi::{FsPerms, WasiCtxBuilder};

/// What a thread's stack has beyond that of the program's calls, for what they call of the host.
const HOST_STACK_BYTES: usize = 4 << 20;

/// How much of the stack the program's calls may take, if nobody says otherwise: wasmtime's default.
const WASM_STACK_BYTES: usize = 512 << 10;

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) outcome: Outcome,
    /// Whether all is there that was to be got.
    pub(crate) left: InnerResult<()>,
}

/// What a store has beside the program.
struct Host {
    wasi: WasiP1Ctx,
    memory: MemoryLimit,
    syncing: Option<Syncing>,
}

impl HasSyncing for Host {
    fn syncing(&mut self) -> &mut Option<Syncing> {
        &mut self.syncing
    }
}

/// Runs a module.
///
/// # Errors
///
/// When it does not run.
pub(crate) fn run(
    settings: &Settings,
    name: &str,
    program: Cow<'_, [u8]>,
    save: Option<&Save>,
) -> InnerResult<Ended> {
    if !may_be_cut(settings) && settings.limits.stack_bytes.is_none() {
        return run_here(settings, name, &program, save, Arc::new(|_| {}));
    }
    // On a thread of its own, whose stack is as large as it must be; and a program that waits for
    // its host, and does not come back, is left on it.
    let stack_bytes = stack_bytes(settings).checked_add(HOST_STACK_BYTES);
    let stack_bytes = stack_bytes.context("no stack is so large: give less to --max-stack")?;
    let (report, reports) = mpsc::channel();
    let worker = {
        let (settings, name, save) = (settings.clone(), name.to_owned(), save.cloned());
        let program = program.into_owned();
        let stuck = report.clone();
        let work = move || {
            let give_up: GiveUp = Arc::new(move |cut| drop(stuck.send(Err(cut))));
            let ended = run_here(&settings, &name, &program, save.as_ref(), give_up);
            // Nobody listens if this took too long.
            let _ = report.send(Ok(ended));
        };
        let thread = thread::Builder::new().name("program".to_owned());
        let started = thread.stack_size(stack_bytes).spawn(work);
        started
            .with_context(|| format!("cannot start a thread with {stack_bytes} bytes of stack"))?
    };
    match reports.recv() {
        Ok(Ok(ended)) => ended,
        Ok(Err(cut)) => {
            let left = nothing_left(settings, "it is within a call of its host that does not end");
            Ok(Ended { outcome: Outcome::of_cut(cut), left })
        }
        // Only a panic drops both senders unused.
        Err(_) => match worker.join() {
            Ok(()) => bail!("the program's thread ended without a word"),
            Err(panic) => std::panic::resume_unwind(panic),
        },
    }
}

fn run_here(
    settings: &Settings,
    name: &str,
    program: &[u8],
    save: Option<&Save>,
    give_up: GiveUp,
) -> InnerResult<Ended> {
    let state = settings.states.take(program)?.map(Arc::new);
    let module = compile(settings, name, program)?;
    let entry = Entry::of(&module, settings.invoke.as_ref())?;
    let deadline = Deadline::default();
    let clock = Since(Instant::now());
    let wasi = wasi(settings, name, clock, &deadline)?;
    let memory = MemoryLimit::new(settings.limits);
    let mut store = Store::new(module.engine(), Host { wasi, memory, syncing: None });
    store.limiter(|host| &mut host.memory);
    let mut linker: Linker<Host> = Linker::new(module.engine());
    p1::add_to_linker_sync(&mut linker, |host: &mut Host| &mut host.wasi)?;
    if may_be_cut(settings) {
        waiting::limit_poll(&mut linker, &mut store, clock, &deadline)?;
    }
    syncing::add_to_linker(&mut linker)?;
    provide_unknown(&mut linker, &mut store, &module, settings.unknown_imports)?;

    let mut meter = Meter::new(settings.limits, settings.stop.clone(), deadline, give_up);
    let began = Instant::now();
    let instance = match meter.run(&mut store, |store| linker.instantiate(store, &module)) {
        Ok(instance) => instance,
        Err(error) => {
            if let Some(wanted) = store.data().memory.refused_bytes() {
                bail!(too_little_memory(settings, wanted));
            }
            let outcome = Outcome::of_error(&error, meter.cut());
            let outcome = outcome.ok_or_else(|| anyhow!("{error:#}"))?;
            let left = nothing_left(settings, "it ended before it had a tree");
            return Ok(Ended { outcome, left });
        }
    };
    let wanted = save.is_some() || !settings.transfers.is_empty() || !settings.states.is_empty();
    let api = if wanted { Some(HostApi::new(&mut store, &instance)?) } else { None };
    if let Some(api) = &api {
        if let Some(state) = &state {
            state.load(program, settings.states.rebase.as_ref(), &mut store, api)?;
            if settings.states.sync {
                let syncing = Syncing::begin(Arc::clone(state), &mut store, api)?;
                store.data_mut().syncing = Some(syncing);
            }
        }
        settings.transfers.put(&mut store, api)?;
    }
    let outcome = match call(&mut meter, &mut store, &instance, &module, &entry) {
        Ok(outcome) => outcome,
        Err(error) => match Outcome::of_error(&error, meter.cut()) {
            Some(outcome @ (Outcome::OutOfFuel | Outcome::TimedOut | Outcome::Stopped)) => outcome,
            // A program that may not ask the WASI host ends so.
            Some(outcome) => stored_status(&mut store, &instance).map_or(outcome, Outcome::Exited),
            None => return Err(anyhow!("{error:#}")),
        },
    };
    let seconds = began.elapsed().as_secs_f64();
    settings.progress.detail(&format!("`{name}` {outcome}, after {seconds:.2} s"));
    if let Some(wanted) = store.data().memory.refused_bytes() {
        let wanted = human_bytes(wanted);
        settings.progress.detail(&format!("it was refused memory: {wanted} in all were too much"));
    }
    store.data_mut().memory.lift();
    if let Some(failure) = store.data_mut().syncing.take().and_then(|syncing| syncing.failure) {
        settings.progress.detail(&format!("--sync: a sync of the program failed: {failure:#}"));
    }
    let left = match &api {
        Some(api) => {
            // The state first: it is what cannot be had again.
            let kept = state.as_ref().map_or(Ok(()), |state| state.save(&mut store, api));
            let told = settings.states.tell(&mut store, api);
            let saved = save.map_or(Ok(()), |save| save.save(&mut store, api));
            kept.and(told).and(saved).and(settings.transfers.get(&mut store, api))
        }
        None => Ok(()),
    };
    Ok(Ended { outcome, left })
}

/// Whether the program may have to end before it does.
fn may_be_cut(settings: &Settings) -> bool {
    settings.limits.time.is_some() || settings.stop.is_some()
}

/// How much of the stack the program's calls may take.
fn stack_bytes(settings: &Settings) -> usize {
    let asked = settings.limits.stack_bytes;
    asked.map_or(WASM_STACK_BYTES, |bytes| usize::try_from(bytes).unwrap_or(usize::MAX))
}

/// Compiles a module, or finds it in the cache.
fn compile(settings: &Settings, name: &str, program: &[u8]) -> InnerResult<Module> {
    let progress = &settings.progress;
    progress.begin(Stage::Compiling, None);
    let mut config = Config::new();
    config.wasm_exceptions(true).wasm_wide_arithmetic(true);
    // wasmtime wants both, whichever it uses.
    config.max_wasm_stack(stack_bytes(settings));
    config.async_stack_size(stack_bytes(settings).saturating_add(HOST_STACK_BYTES));
    config.consume_fuel(settings.limits.fuel.is_some());
    config.epoch_interruption(may_be_cut(settings));
    // Only speed is lost without one.
    let cache = if settings.cache { Some(Cache::from_file(None)) } else { None };
    let used = cache.as_ref().and_then(|cache| cache.as_ref().ok());
    config.cache(used.cloned());
    let began = Instant::now();
    let module = Module::new(&Engine::new(&config)?, program)?;
    let seconds = began.elapsed().as_secs_f64();
    progress.end();
    let size = human_bytes(program.len() as u64);
    progress.detail(&match &cache {
        Some(Ok(cache)) if cache.cache_hits() > 0 => {
            format!("compiled code of `{name}` ({size}): from the cache, in {seconds:.2} s")
        }
        Some(Ok(cache)) => format!(
            "compiled `{name}` ({size}) in {seconds:.2} s, for the cache in `{}`",
            cache.directory().display()
        ),
        Some(Err(error)) => {
            format!("compiled `{name}` ({size}) in {seconds:.2} s; there is no cache: {error:#}")
        }
        None => format!("compiled `{name}` ({size}) in {seconds:.2} s, without a cache"),
    });
    Ok(module)
}

/// What the program gets of this process.
fn wasi(
    settings: &Settings,
    name: &str,
    clock: Since,
    deadline: &Deadline,
) -> InnerResult<WasiP1Ctx> {
    let mut wasi = WasiCtxBuilder::new();
    wasi.inherit_stdio();
    if may_be_cut(settings) {
        wasi.stdin(Input(deadline.clone())).monotonic_clock(clock);
        wasi.stdout(Output::new(io::stdout, deadline));
        wasi.stderr(Output::new(io::stderr, deadline));
    }
    wasi.arg(settings.argv0.as_deref().unwrap_or(name)).args(&settings.args).envs(&settings.env);
    for (host, name) in &settings.host_directories {
        wasi.preopened_dir(host, name, FsPerms::ReadWrite)
            .map_err(anyhow::Error::from)
            .with_context(|| format!("cannot open host directory `{}`", host.display()))?;
    }
    // Nothing else runs on this thread: no need to hand blocking calls to others.
    wasi.allow_blocking_current_thread(true);
    Ok(wasi.build_p1())
}

/// Calls what the program is to run.
fn call(
    meter: &mut Meter,
    store: &mut Store<Host>,
    instance: &Instance,
    module: &Module,
    entry: &Entry,
) -> wasmtime::Result<Outcome> {
    if let Some(name) = entry.first(module) {
        let function = instance.get_typed_func::<(), ()>(&mut *store, name)?;
        meter.run(store, |store| function.call(store, ()))?;
    }
    let call = match entry {
        Entry::Start => return Ok(Outcome::Exited(0)),
        Entry::Initialize => return Ok(Outcome::Initialized),
        Entry::Invoke(call) => call,
    };
    let function = instance.get_func(&mut *store, &call.name);
    let function = function.ok_or_else(|| wasmtime::Error::msg("the function is not exported"))?;
    let mut results = vec![Val::I32(0); call.results];
    meter.run(store, |store| function.call(store, &call.args, &mut results))?;
    Ok(Outcome::Returned(results.iter().map(entry::text).collect()))
}

/// Whether all is there of a program whose tree cannot be read.
fn nothing_left(settings: &Settings, why: &str) -> InnerResult<()> {
    let transfers = &settings.transfers;
    let is_got = transfers.gets.is_empty() && transfers.exports.is_empty();
    if is_got && settings.saves.is_empty() && settings.states.is_empty() {
        return Ok(());
    }
    let error = match settings.states.state {
        Some(_) => anyhow!("{why}; the state is as it was before the run"),
        None => anyhow!("{why}"),
    };
    Err(error).of_kind(ErrorKind::Run)
}

/// The message for a program that needs more memory than it may have from the start.
fn too_little_memory(settings: &Settings, wanted_bytes: u64) -> String {
    let limit_bytes = settings.limits.memory_bytes.unwrap_or_default();
    format!(
        "it needs {wanted_bytes} bytes of memory to start, and the limit is {limit_bytes}: give \
         --max-memory {wanted_bytes} or more"
    )
}

/// What the program gave to `proc_exit`, if it has the host interface.
fn stored_status(mut store: impl AsContextMut, instance: &Instance) -> Option<i32> {
    HostApi::new(&mut store, instance).and_then(|api| api.exit_status(store)).ok().flatten()
}
