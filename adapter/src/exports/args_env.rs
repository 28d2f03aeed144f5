//! Arguments and environment: the host's, or what the person who packed the program chose.
//!
//! What is the host's is passed on after the program's pointers were checked. The variants behind
//! an `@` are linked instead where the policy chooses otherwise.

use alloc::vec::Vec;

use wasm_vfs_core::Errno;

use crate::abi::imports;
use crate::bytes::zeros;
use crate::defect::len32;
use crate::errno::{Error, Result, answer};
use crate::kernel;
use crate::kernel::settings::{Inherited, Settings};
use crate::memory::borrowed::Borrowed;
use crate::memory::user::{UserRange, check_for_host};

/// Bytes of a pointer of the program's.
const POINTER_BYTES: u32 = 4;

/// The two lists of strings that preview1 hands out.
#[derive(Clone, Copy)]
enum List {
    Arguments,
    Environment,
}

impl List {
    /// Asks the host how many strings there are and how many bytes they have, at two addresses.
    fn host_sizes(self, count: u32, bytes: u32) -> i32 {
        match self {
            List::Arguments => imports::args_sizes_get(count, bytes),
            List::Environment => imports::environ_sizes_get(count, bytes),
        }
    }

    /// Asks the host for the strings and pointers to them.
    fn host_strings(self, pointers: u32, strings: u32) -> i32 {
        match self {
            List::Arguments => imports::args_get(pointers, strings),
            List::Environment => imports::environ_get(pointers, strings),
        }
    }

    /// How many strings the host has, and how many bytes with their NULs.
    ///
    /// # Errors
    ///
    /// What the host answers; `NOMEM`: no memory to borrow.
    fn sizes_at_host(self) -> Result<(u32, u32)> {
        let borrowed = Borrowed::new(2 * POINTER_BYTES)?;
        let errno = self.host_sizes(borrowed.addr(), borrowed.addr() + POINTER_BYTES);
        let sizes = (borrowed.range().load_u32(0), borrowed.range().load_u32(POINTER_BYTES));
        borrowed.give_back();
        if errno == 0 { Ok(sizes) } else { Err(Error::of_host(errno)) }
    }

    /// The host's strings, each ended by a NUL.
    ///
    /// # Errors
    ///
    /// As [`sizes_at_host`](Self::sizes_at_host).
    fn host_copy(self) -> Result<Vec<u8>> {
        let (count, bytes) = self.sizes_at_host()?;
        let pointers = count.checked_mul(POINTER_BYTES).ok_or(Errno::ENOMEM)?;
        let mut strings = zeros(bytes as usize)?;
        let borrowed = Borrowed::new(pointers.checked_add(bytes).ok_or(Errno::ENOMEM)?)?;
        let errno = self.host_strings(borrowed.addr(), borrowed.addr() + pointers);
        let mut range = borrowed.range();
        range.take(pointers);
        range.copy_to_kernel(&mut strings);
        borrowed.give_back();
        if errno == 0 { Ok(strings) } else { Err(Error::of_host(errno)) }
    }

    /// The strings that a policy chose, each ended by a NUL.
    ///
    /// # Errors
    ///
    /// As [`host_copy`](Self::host_copy).
    fn chosen(self) -> Result<Vec<u8>> {
        let asks_host = kernel::enter(|kernel, _| Ok(self.asks_host(&kernel.settings)))?;
        let of_host = if asks_host { self.host_copy()? } else { Vec::new() };
        kernel::enter(|kernel, _| {
            let settings = &kernel.settings;
            let mut strings = Vec::new();
            for string in of_host.split_inclusive(|&byte| byte == 0) {
                if self.passes_on(settings, string) {
                    push(&mut strings, string, &[])?;
                }
            }
            for string in self.of_settings(settings) {
                push(&mut strings, string, &[0])?;
            }
            Ok(strings)
        })
    }

    fn asks_host(self, settings: &Settings) -> bool {
        match (self, &settings.inherited) {
            (List::Arguments, _) => settings.host_arguments,
            (List::Environment, Inherited::All) => true,
            (List::Environment, Inherited::Only(names)) => !names.is_empty(),
        }
    }

    /// What the policy adds.
    fn of_settings(self, settings: &Settings) -> &[Vec<u8>] {
        match self {
            List::Arguments => &settings.arguments,
            List::Environment => &settings.variables,
        }
    }

    /// Whether the program sees a string of the host's: a variable that is set anew is not there
    /// twice.
    fn passes_on(self, settings: &Settings, string: &[u8]) -> bool {
        let same_name = |other: &[u8]| name(other) == name(string);
        match (self, &settings.inherited) {
            (List::Arguments, _) => true,
            (List::Environment, _) if settings.variables.iter().any(|set| same_name(set)) => false,
            (List::Environment, Inherited::All) => true,
            (List::Environment, Inherited::Only(names)) => names.iter().any(|name| same_name(name)),
        }
    }

    /// Stores how many strings the program sees, and how many bytes.
    fn store_sizes(self, count: u32, bytes: u32) -> Result<()> {
        let (count, bytes) = (UserRange::new(count, 4)?, UserRange::new(bytes, 4)?);
        let strings = self.chosen()?;
        let ends = strings.iter().filter(|&&byte| byte == 0).count();
        count.store_u32(0, u32::try_from(ends).map_err(|_| Error::OVERFLOW)?);
        bytes.store_u32(0, u32::try_from(strings.len()).map_err(|_| Error::OVERFLOW)?);
        Ok(())
    }

    /// Stores the strings that the program sees, and pointers to them.
    fn store(self, pointers: u32, addr: u32) -> Result<()> {
        let strings = self.chosen()?;
        let ends = strings.iter().filter(|&&byte| byte == 0).count();
        let ends = u32::try_from(ends).map_err(|_| Error::OVERFLOW)?;
        let mut pointers = UserRange::array(pointers, ends, POINTER_BYTES)?;
        let len = u32::try_from(strings.len()).map_err(|_| Error::OVERFLOW)?;
        let mut place = UserRange::new(addr, len)?;
        for string in strings.split_inclusive(|&byte| byte == 0) {
            let piece = place.take(len32(string.len()));
            pointers.take(POINTER_BYTES).store_u32(0, piece.addr());
            piece.store_bytes(string);
        }
        Ok(())
    }

    /// Passes a call for sizes on.
    fn forward_sizes(self, count: u32, bytes: u32) -> i32 {
        match check_for_host(count, 4) | check_for_host(bytes, 4) {
            0 => self.host_sizes(count, bytes),
            fault => fault,
        }
    }

    /// Passes a call for strings on.
    fn forward(self, pointers: u32, strings: u32) -> i32 {
        let checked = self.sizes_at_host().and_then(|(count, bytes)| {
            UserRange::array(pointers, count, POINTER_BYTES)?;
            UserRange::new(strings, bytes)?;
            Ok(count)
        });
        match checked {
            // Node answers INVAL when it has nothing to hand out.
            Ok(0) => 0,
            Ok(_) => self.host_strings(pointers, strings),
            Err(error) => error.number(),
        }
    }
}

/// The environment that the program sees, each variable ended by a NUL.
///
/// # Errors
///
/// What the host answers; `NOMEM`: no memory.
pub(crate) fn environment() -> Result<Vec<u8>> {
    List::Environment.chosen()
}

/// The arguments that the program sees, each ended by a NUL.
///
/// # Errors
///
/// As [`environment`].
#[cfg(feature = "calls")]
pub(crate) fn arguments() -> Result<Vec<u8>> {
    List::Arguments.chosen()
}

/// The name of a variable.
fn name(variable: &[u8]) -> &[u8] {
    variable.split(|&byte| byte == b'=' || byte == 0).next().unwrap_or_default()
}

/// Appends two pieces.
fn push(strings: &mut Vec<u8>, string: &[u8], end: &[u8]) -> Result<()> {
    strings.try_reserve(string.len() + end.len()).map_err(Errno::from)?;
    strings.extend_from_slice(string);
    strings.extend_from_slice(end);
    Ok(())
}

#[unsafe(no_mangle)]
extern "C" fn args_sizes_get(count: u32, bytes: u32) -> i32 {
    List::Arguments.forward_sizes(count, bytes)
}

#[unsafe(no_mangle)]
extern "C" fn args_get(pointers: u32, strings: u32) -> i32 {
    List::Arguments.forward(pointers, strings)
}

#[unsafe(no_mangle)]
extern "C" fn environ_sizes_get(count: u32, bytes: u32) -> i32 {
    List::Environment.forward_sizes(count, bytes)
}

#[unsafe(no_mangle)]
extern "C" fn environ_get(pointers: u32, strings: u32) -> i32 {
    List::Environment.forward(pointers, strings)
}

#[unsafe(export_name = "args_sizes_get@baked")]
extern "C" fn args_sizes_get_baked(count: u32, bytes: u32) -> i32 {
    answer(List::Arguments.store_sizes(count, bytes))
}

#[unsafe(export_name = "args_get@baked")]
extern "C" fn args_get_baked(pointers: u32, strings: u32) -> i32 {
    answer(List::Arguments.store(pointers, strings))
}

#[unsafe(export_name = "environ_sizes_get@baked")]
extern "C" fn environ_sizes_get_baked(count: u32, bytes: u32) -> i32 {
    answer(List::Environment.store_sizes(count, bytes))
}

#[unsafe(export_name = "environ_get@baked")]
extern "C" fn environ_get_baked(pointers: u32, strings: u32) -> i32 {
    answer(List::Environment.store(pointers, strings))
}
