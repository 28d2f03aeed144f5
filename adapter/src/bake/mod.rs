//! The baking exports: a tool fills the filesystem through them, and Wizer takes the memory that
//! results.
//!
//! `bake_buffer` gives room for bytes, `bake_records` adds manifest records, `bake_failed_record`
//! names a culprit, the rest say what was chosen for the program ([`crate::kernel::settings`]), and
//! `wizer-initialize` ends it. No import is called on the way. A linker drops all of them
//! afterwards. Each answers 0 or a Linux errno.

#[cfg(feature = "mounts")]
mod overlays;

use alloc::vec::Vec;
use core::mem::{ManuallyDrop, take};

use wasm_vfs_core::{Config, Credentials, Errno, Fs, Population};

use rand_xoshiro::Xoshiro256StarStar;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};

use crate::bytes::copy;
use crate::defect::len32;
use crate::kernel::settings::{Inherited, SEED_BYTES, Settings, Stream};
use crate::kernel::{self, Kernel, state, view};
use crate::one_thread::{Later, OneThread, is_ready};
use crate::platform::Host;
use crate::platform::clock::Source;
use crate::{host_api, mounts, runtime, trace};

/// What is only there while a tree is baked.
#[derive(Default)]
struct Baking {
    /// Records from the tool.
    buffer: Vec<u8>,
    /// What they became so far.
    population: Population,
    /// The number in its chunk of the record that was refused last.
    failed_record: u32,
    /// Whether the embedder's exports are kept.
    host_api: bool,
}

static BAKING: OneThread<Later<Baking>> = OneThread::new(Later::new());

/// Runs `body` on what is being baked, starting at the first call.
fn with<T>(body: impl FnOnce(&mut Baking, &mut Kernel) -> Result<T, Errno>) -> Result<T, Errno> {
    start()?;
    let mut result = Err(Errno::EIO);
    let _ = kernel::enter(|kernel, _| {
        // SAFETY: no import is called while a tree is baked, and `body` calls no export.
        result = unsafe { BAKING.with(|baking| body(baking.get_or_make(Baking::default), kernel)) };
        Ok(())
    });
    result
}

/// Makes the filesystem, once.
#[inline(never)]
fn start() -> Result<(), Errno> {
    if !is_ready() {
        runtime::clear_freed_memory(true);
        // Not dropped if there is no process: it would be 15 kB of code that never runs.
        let mut fs = ManuallyDrop::new(Fs::new(Host::baking(), Config::default())?);
        let process = fs.spawn(Credentials::ROOT)?;
        let fs = ManuallyDrop::into_inner(fs);
        state::install(Kernel { fs, process, settings: Settings::new() });
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
        Ok(len32(baking.buffer.as_mut_ptr().addr()))
    });
    made.unwrap_or(0)
}

/// The result of a baking export.
fn answer(result: Result<(), Errno>) -> i32 {
    result.map_or_else(|errno| i32::from(errno.number()), |()| 0)
}

/// Hands the first `len` bytes of the buffer to `body`. Returns 0 or a Linux errno.
#[cfg(feature = "mounts")]
pub(crate) fn with_bytes(
    len: u32,
    body: impl FnOnce(&[u8], &mut Kernel) -> Result<(), Errno>,
) -> i32 {
    answer(with(|baking, kernel| {
        body(baking.buffer.get(..len as usize).ok_or(Errno::EFAULT)?, kernel)
    }))
}

/// Adds the records in the first `len` bytes of the buffer. Returns 0 or a Linux errno.
#[unsafe(no_mangle)]
extern "C" fn bake_records(len: u32) -> i32 {
    answer(with(|baking, kernel| {
        let records = baking.buffer.get(..len as usize).ok_or(Errno::EFAULT)?;
        let before = baking.population.records();
        let result = kernel.fs.populate(&mut baking.population, records);
        if result.is_err() {
            baking.failed_record =
                u32::try_from(baking.population.records() - before).unwrap_or(u32::MAX);
        }
        result
    }))
}

/// The number, in the chunk given last, of the record that `bake_records` refused.
#[unsafe(no_mangle)]
extern "C" fn bake_failed_record() -> u32 {
    with(|baking, _| Ok(baking.failed_record)).unwrap_or(0)
}

/// Copies the first `len` bytes of the buffer.
fn bytes(baking: &Baking, len: u32) -> Result<Vec<u8>, Errno> {
    copy(baking.buffer.get(..len as usize).ok_or(Errno::EFAULT)?)
}

/// Appends one string to a list.
fn append(list: &mut Vec<Vec<u8>>, string: Vec<u8>) -> Result<(), Errno> {
    list.try_reserve(1)?;
    list.push(string);
    Ok(())
}

/// Preopens a directory: the buffer has its name and then its path in the tree. If both are empty,
/// nothing is preopened; without any call, `/` is.
#[unsafe(no_mangle)]
extern "C" fn bake_preopen(name_len: u32, path_len: u32) -> i32 {
    answer(with(|baking, kernel| {
        let both = name_len.checked_add(path_len).ok_or(Errno::EFAULT)?;
        if both == 0 {
            kernel.settings.no_preopen = true;
            return Ok(());
        }
        let mut name = bytes(baking, both)?;
        let path = name.split_off(name_len as usize);
        kernel.settings.add_preopen(name, path)
    }))
}

/// Sets a variable of the environment: the buffer has `NAME=VALUE`.
#[unsafe(no_mangle)]
extern "C" fn bake_variable(len: u32) -> i32 {
    answer(with(|baking, kernel| append(&mut kernel.settings.variables, bytes(baking, len)?)))
}

/// Passes on only those variables of the host's environment that [`bake_inherited_variable`] names.
#[unsafe(no_mangle)]
extern "C" fn bake_inherit_only_named() -> i32 {
    answer(with(|_, kernel| {
        kernel.settings.inherited = Inherited::Only(Vec::new());
        Ok(())
    }))
}

/// Passes on a variable of the host's environment: the buffer has its name.
#[unsafe(no_mangle)]
extern "C" fn bake_inherited_variable(len: u32) -> i32 {
    answer(with(|baking, kernel| match &mut kernel.settings.inherited {
        Inherited::All => Ok(()),
        Inherited::Only(names) => append(names, bytes(baking, len)?),
    }))
}

/// Appends an argument.
#[unsafe(no_mangle)]
extern "C" fn bake_argument(len: u32) -> i32 {
    answer(with(|baking, kernel| append(&mut kernel.settings.arguments, bytes(baking, len)?)))
}

/// Leaves the host's arguments out.
#[unsafe(no_mangle)]
extern "C" fn bake_no_host_arguments() -> i32 {
    answer(with(|_, kernel| {
        kernel.settings.host_arguments = false;
        Ok(())
    }))
}

/// Chooses a standard stream: 0 the host's, 1 the null device, 2 closed, 3 the file whose path the
/// buffer has.
#[unsafe(no_mangle)]
extern "C" fn bake_stream(fd: u32, choice: u32, path_len: u32) -> i32 {
    answer(with(|baking, kernel| {
        let stream = match choice {
            0 => Stream::Host,
            1 => Stream::Null,
            2 => Stream::Closed,
            3 => Stream::File(bytes(baking, path_len)?),
            _ => return Err(Errno::EINVAL),
        };
        *kernel.settings.streams.get_mut(fd as usize).ok_or(Errno::EBADF)? = stream;
        Ok(())
    }))
}

/// Stops the clocks at so many nanoseconds since 1970.
#[unsafe(no_mangle)]
extern "C" fn bake_fixed_clock(time: u64) -> i32 {
    answer(with(|_, kernel| {
        kernel.fs.platform().clock.choose(Source::Fixed { time, waited: 0 });
        Ok(())
    }))
}

/// Makes each reading of a clock so many nanoseconds later than the last.
#[unsafe(no_mangle)]
extern "C" fn bake_stepping_clock(step: u64) -> i32 {
    answer(with(|_, kernel| {
        kernel.fs.platform().clock.choose(Source::Stepping { step, passed: 0 });
        Ok(())
    }))
}

/// Seeds the generator of random numbers: the buffer has at most 32 bytes.
#[unsafe(no_mangle)]
extern "C" fn bake_seed(len: u32) -> i32 {
    answer(with(|baking, kernel| {
        let given = baking.buffer.get(..len as usize).ok_or(Errno::EFAULT)?;
        if given.len() > SEED_BYTES {
            return Err(Errno::EINVAL);
        }
        // Byte by byte through the generator: seeds that people write are mostly zeros, which its
        // first numbers would show.
        let mut random = Xoshiro256StarStar::seed_from_u64(0);
        for &byte in given {
            random = Xoshiro256StarStar::seed_from_u64(random.next_u64() ^ u64::from(byte));
        }
        kernel.fs.platform().random.seed(random);
        Ok(())
    }))
}

/// Leaves waiting to nobody: what would wait for the host answers at once.
#[unsafe(no_mangle)]
extern "C" fn bake_no_waiting() -> i32 {
    answer(with(|_, kernel| {
        kernel.settings.waits = false;
        Ok(())
    }))
}

/// Tells the program's calls on standard error: the buffer has the table of words.
#[unsafe(no_mangle)]
extern "C" fn bake_trace(len: u32) -> i32 {
    answer(with(|baking, _| {
        trace::choose(bytes(baking, len)?);
        Ok(())
    }))
}

/// Makes the files that the program makes this user's and this group's, without these permission
/// bits.
#[unsafe(no_mangle)]
extern "C" fn bake_identity(uid: u32, gid: u32, umask: u32) -> i32 {
    answer(with(|_, kernel| {
        let Kernel { fs, process, .. } = kernel;
        process.credentials = Credentials { uid, euid: uid, gid, egid: gid, ..Credentials::ROOT };
        fs.umask(process, umask);
        Ok(())
    }))
}

/// How many bytes of pages the files of the tree take.
#[unsafe(no_mangle)]
extern "C" fn bake_used_bytes() -> u64 {
    with(|_, kernel| Ok(kernel.fs.usage().bytes)).unwrap_or(0)
}

/// How many inodes the tree takes.
#[unsafe(no_mangle)]
extern "C" fn bake_used_inodes() -> u64 {
    with(|_, kernel| Ok(kernel.fs.usage().inodes)).unwrap_or(0)
}

/// Limits what files may take in bytes, how many there may be, and the numbers of descriptors,
/// which are below the limit. 0: no limit, or of descriptors the usual one. After `bake_open_all`.
#[unsafe(no_mangle)]
extern "C" fn bake_limits(max_bytes: u64, max_inodes: u32, max_fds: u32) -> i32 {
    answer(with(|_, kernel| {
        let config = Config { max_bytes, max_inodes, ..*kernel.fs.config() };
        kernel.fs.remount(config)?;
        if max_fds != 0 {
            kernel.process.limit_fds(max_fds);
        }
        Ok(())
    }))
}

/// Makes the tree read-only. After `bake_open_all`, which may make files: what is open for writing
/// stays so.
#[unsafe(no_mangle)]
extern "C" fn bake_read_only() -> i32 {
    answer(with(|_, kernel| {
        let config = Config { read_only: true, ..*kernel.fs.config() };
        kernel.fs.remount(config)
    }))
}

/// Sets aside what the embedder's exports need when memory is used up: they are kept.
#[unsafe(no_mangle)]
extern "C" fn bake_host_api() -> i32 {
    answer(with(|baking, _| {
        baking.host_api = true;
        Ok(())
    }))
}

/// Opens what a program finds open: the last of the tree's changes before the end.
#[unsafe(no_mangle)]
extern "C" fn bake_open_all() -> i32 {
    answer(with(|baking, kernel| {
        let population = take(&mut baking.population);
        kernel.fs.finish_population(population);
        kernel.open_all()
    }))
}

/// Ends baking: leaves nothing of the tool's bytes behind.
#[unsafe(export_name = "wizer-initialize")]
extern "C" fn wizer_initialize() {
    let sealed = with(|baking, kernel| {
        baking.buffer = Vec::new();
        if take(&mut baking.host_api) {
            host_api::prepare(&mut kernel.fs)?;
        }
        mounts::seal(kernel)?;
        kernel.fs.seal()?;
        view::begin(&mut kernel.process, &mut kernel.settings);
        kernel.fs.platform().clock.start();
        Ok(())
    });
    runtime::clear_freed_memory(false);
    runtime::clear_stack();
    // A trap stops the tool; it can only be out of memory.
    assert!(sealed.is_ok());
}
