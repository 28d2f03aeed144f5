//! The program's random numbers: the host's, or a generator's that the person who packed the
//! program seeded.

use core::cell::Cell;
use core::fmt;

use rand_xoshiro::Xoshiro256StarStar;
use rand_xoshiro::rand_core::RngCore;
use wasm_vfs_core::Errno;

use crate::abi::imports;
use crate::memory::borrowed::ask;
use crate::one_thread::lend;

/// Where random numbers come from, for who reads `/dev/urandom` and, if seeded, for `random_get`.
pub(crate) struct Random {
    /// `None`: from the host. It is only ever out of its place within one function.
    generator: Cell<Option<Xoshiro256StarStar>>,
}

impl fmt::Debug for Random {
    /// Not the state: it would have to be taken out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Random").finish_non_exhaustive()
    }
}

impl Random {
    /// The host's random numbers.
    pub(crate) const fn of_host() -> Random {
        Random { generator: Cell::new(None) }
    }

    /// From now on, a generator's.
    pub(crate) fn seed(&self, generator: Xoshiro256StarStar) {
        self.generator.set(Some(generator));
    }

    /// Whether a generator has the program's random numbers.
    #[cfg(feature = "calls")]
    pub(crate) fn is_seeded(&self) -> bool {
        let generator = self.generator.take();
        let is_seeded = generator.is_some();
        self.generator.set(generator);
        is_seeded
    }

    /// 64 bits of the generator.
    ///
    /// # Errors
    ///
    /// `EIO`: there is none.
    pub(crate) fn seeded(&self) -> Result<u64, Errno> {
        let mut generator = self.generator.take().ok_or(Errno::EIO)?;
        let number = generator.next_u64();
        self.generator.set(Some(generator));
        Ok(number)
    }

    /// 64 bits.
    ///
    /// # Errors
    ///
    /// `EIO`: the host has no random numbers.
    pub(crate) fn next(&self) -> Result<u64, Errno> {
        self.seeded().or_else(|_| of_host().ok_or(Errno::EIO))
    }
}

/// Random bytes of the host. `None`: it has none.
fn of_host() -> Option<u64> {
    ask(|addr| lend(|| imports::random_get(addr, 8)))
}
