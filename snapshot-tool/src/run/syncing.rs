//! `run --sync`: when the program syncs, what it has changed goes to the disk.
//!
//! A program that is packed with `events` calls `wasm_vfs_events.sync` after fsync and its like. Its
//! tree is in no call then, so the whole of the changes can be read and compared with what the
//! state holds; what differs is appended to it.

use crate::error::{InnerResult, find};
use crate::host_api::HostApi;
use crate::run::events::add_events_to_linker;
use crate::run::states::StateInUse;
use crate::state::journal::Journal;
use std::fs::File;
use std::io;
use std::sync::Arc;
use wasm_vfs_core::Errno;
use wasmtime::{AsContextMut, Caller, Linker, Trap};

/// A state that is kept in step.
#[derive(Debug)]
pub(crate) struct Syncing {
    state: Arc<StateInUse>,
    api: HostApi,
    journal: Journal<File>,
    /// Why the first sync failed that did.
    pub(crate) failure: Option<anyhow::Error>,
}

/// A store's data that may have a state to keep in step.
pub(crate) trait HasSyncing {
    fn syncing(&mut self) -> &mut Option<Syncing>;
}

impl Syncing {
    /// Begins: the state's file is there from now on.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub(crate) fn begin(
        state: Arc<StateInUse>,
        store: impl AsContextMut,
        api: &HostApi,
    ) -> InnerResult<Self> {
        let journal = state.journal(store, api)?;
        Ok(Self { state, api: api.clone(), journal, failure: None })
    }

    /// Appends to the state what it lacks, and waits for the disk.
    fn sync(&mut self, mut store: impl AsContextMut) -> InnerResult<()> {
        let Self { state, api, journal, .. } = self;
        if journal.is_wasteful() {
            *journal = state.new_journal(store, api)?;
            return Ok(());
        }
        journal.append(|out| state.write(&mut store, api, out))
    }
}

/// Provides what a program calls that was packed with `events`.
///
/// # Errors
///
/// Only wasmtime's own.
pub(crate) fn add_to_linker<T: HasSyncing + 'static>(linker: &mut Linker<T>) -> InnerResult<()> {
    let sync = |mut caller: Caller<'_, T>| {
        // Without a state there is nothing to keep.
        let Some(mut syncing) = caller.data_mut().syncing().take() else { return Ok(Ok(())) };
        let fuel = caller.get_fuel().ok();
        if fuel.is_some() {
            // The program does not pay for it.
            caller.set_fuel(u64::MAX)?;
        }
        let synced = syncing.sync(&mut caller);
        if let Some(fuel) = fuel {
            caller.set_fuel(fuel)?;
        }
        let answer = match synced {
            Ok(()) => Ok(Ok(())),
            Err(error) => answer(&mut syncing, error),
        };
        *caller.data_mut().syncing() = Some(syncing);
        answer
    };
    Ok(add_events_to_linker(linker, |_| Ok(()), sync)?)
}

/// What the program gets when a sync has failed.
///
/// # Errors
///
/// When it was stopped meanwhile.
fn answer(syncing: &mut Syncing, error: anyhow::Error) -> wasmtime::Result<Result<(), Errno>> {
    if let Some(Trap::Interrupt) = find(&error) {
        return Err(Trap::Interrupt.into());
    }
    let number = find::<io::Error>(&error).and_then(io::Error::raw_os_error);
    let errno = number.and_then(|it| u16::try_from(it).ok()).and_then(Errno::from_number);
    // Others say more of our file than the program should know.
    let told = [Errno::ENOSPC, Errno::EDQUOT, Errno::EFBIG];
    let errno = errno.filter(|errno| told.contains(errno)).unwrap_or(Errno::EIO);
    syncing.failure.get_or_insert(error);
    Ok(Err(errno))
}
