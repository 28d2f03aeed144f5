//! The baking exports: a tool fills the filesystem through them, and Wizer takes the memory that results.
//!
//! `bake_buffer` gives room for manifest records, `bake_records` adds them, `bake_failed_record` names a culprit, and
//! `wizer-initialize` ends it. No import is called on the way. A linker drops all four afterwards.

use alloc::vec::Vec;
use core::cell::UnsafeCell;

use wasm_vfs_core::{Config, Credentials, Errno, Fs, Population, ResolveFlags};

use crate::host::Host;
use crate::preopens;
use crate::runtime;
use crate::state::{self, Kernel};

/// The lowest descriptor that opening gives: the numbers of the standard streams are only taken by `fd_renumber`.
const FIRST_FD: u32 = 3;

/// What is only there while a tree is baked.
struct Baking {
    /// Records from the tool.
    buffer: Vec<u8>,
    /// What they became so far.
    population: Population,
    /// The number in its chunk of the record that was refused last.
    failed_record: u32,
}

struct Global(UnsafeCell<Option<Baking>>);

// SAFETY: a wasm instance has one thread.
unsafe impl Sync for Global {}

static BAKING: Global = Global(UnsafeCell::new(None));

/// Runs `body` on what is being baked, starting at the first call.
fn with<T>(body: impl FnOnce(&mut Baking, &mut Kernel) -> Result<T, Errno>) -> Result<T, Errno> {
    start()?;
    // SAFETY: one thread; the reference ends with this function, and nothing that `body` calls comes back here.
    let baking = unsafe { &mut *BAKING.0.get() };
    let baking = baking.get_or_insert_with(|| Baking {
        buffer: Vec::new(),
        population: Population::default(),
        failed_record: 0,
    });
    let mut result = Err(Errno::EIO);
    let _ = state::enter(|kernel, _| {
        result = body(baking, kernel);
        Ok(())
    });
    result
}

/// Makes the filesystem, once.
#[inline(never)]
fn start() -> Result<(), Errno> {
    if !state::is_ready() {
        runtime::clear_freed_memory(true);
        let mut fs = Fs::new(Host::baking(), Config::default())?;
        let process = fs.spawn(Credentials::ROOT)?;
        state::install(Kernel { fs, process });
    }
    Ok(())
}

/// Gives the address of a buffer of at least `len` bytes; 0: out of memory.
#[unsafe(no_mangle)]
extern "C" fn bake_buffer(len: u32) -> u32 {
    let made = with(|baking, _| {
        let len = len as usize;
        if let Some(more) = len.checked_sub(baking.buffer.len()) {
            baking.buffer.try_reserve_exact(more)?;
            baking.buffer.resize(len, 0);
        }
        // An address in this memory has 32 bits.
        Ok(u32::try_from(baking.buffer.as_mut_ptr().addr()).unwrap_or(0))
    });
    made.unwrap_or(0)
}

/// Adds the records in the first `len` bytes of the buffer. Returns 0 or a Linux errno.
#[unsafe(no_mangle)]
extern "C" fn bake_records(len: u32) -> i32 {
    let added = with(|baking, kernel| {
        let records = baking.buffer.get(..len as usize).ok_or(Errno::EFAULT)?;
        let before = baking.population.records();
        let result = kernel.fs.populate(&mut baking.population, records);
        if result.is_err() {
            baking.failed_record =
                u32::try_from(baking.population.records() - before).unwrap_or(u32::MAX);
        }
        result
    });
    added.map_or_else(|errno| i32::from(errno.number()), |()| 0)
}

/// The number, in the chunk given last, of the record that `bake_records` refused.
#[unsafe(no_mangle)]
extern "C" fn bake_failed_record() -> u32 {
    with(|baking, _| Ok(baking.failed_record)).unwrap_or(0)
}

/// Ends baking: opens what a program finds open, and leaves nothing of the tool's bytes behind.
#[unsafe(export_name = "wizer-initialize")]
extern "C" fn wizer_initialize() {
    let sealed = with(|baking, kernel| {
        let population = core::mem::take(&mut baking.population);
        kernel.fs.finish_population(population);
        baking.buffer = Vec::new();
        preopens::open_all(&mut kernel.fs, &mut kernel.process)?;
        kernel.process.confine(ResolveFlags::BENEATH | ResolveFlags::ABSOLUTE_LINKS);
        kernel.process.keep_fds_below(FIRST_FD);
        kernel.fs.platform().sealed();
        Ok(())
    });
    runtime::clear_freed_memory(false);
    // A trap stops the tool; it can only be out of memory.
    assert!(sealed.is_ok());
}
