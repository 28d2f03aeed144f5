//! Calls at the boundary of a kernel: a name, numbers and addresses.
//!
//! [`calls`] says what each line of the language ([`crate::call`]) is there: one or more raw calls,
//! and what their result means. [`layout`] reads the structures of 64-bit Linux. Both are the same
//! for every kernel; a [`Raw`] differs in where memory is, and in how wide an address is. The
//! running Linux is one ([`crate::kernel`]); a packed program is another.

pub mod calls;
pub mod layout;
pub mod look;

use wasm_vfs_core::Errno;

use crate::outcome::Outcome;
use crate::world::Ids;

/// An argument of a raw call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// A number, or an address that is only a number; 0 is the null pointer.
    Number(i64),
    /// The address of bytes that the call reads: a string with its NUL, data, a structure.
    In(Vec<u8>),
    /// The address of bytes that the call fills or changes. They are here afterwards.
    Out(Vec<u8>),
    /// The address of an array of `struct iovec`, with pieces that the call reads.
    InVec(Vec<Vec<u8>>),
    /// The same, with pieces that the call fills. They are here afterwards.
    OutVec(Vec<Vec<u8>>),
}

impl Word {
    /// A string.
    pub fn string(bytes: &[u8]) -> Word {
        assert!(!bytes.contains(&0), "a path for a kernel has a NUL");
        Word::In([bytes, &[0]].concat())
    }

    /// A buffer for `len` bytes.
    pub fn buffer(len: i64) -> Word {
        Word::Out(vec![0; usize::try_from(len).unwrap()])
    }

    /// Words one after the other.
    pub fn words(words: &[i64]) -> Word {
        Word::In(words.iter().flat_map(|word| word.to_le_bytes()).collect())
    }

    /// The bytes that a call filled, all pieces in one.
    pub fn filled(&self) -> Vec<u8> {
        match self {
            Word::Out(bytes) => bytes.clone(),
            Word::OutVec(pieces) => pieces.concat(),
            other => panic!("{other:?} is nothing to fill"),
        }
    }
}

/// Who answers raw calls.
pub trait Raw {
    /// Makes a call. `name` is one of the table of calls (the crate `wasm-vfs-calls`), and the
    /// arguments are those that it has there.
    fn raw(&mut self, name: &'static str, args: &mut [Word]) -> Result<i64, Errno>;

    /// Whose calls the following ones are; the saved user stays 0.
    fn set_ids(&mut self, ids: &Ids) -> Result<(), Errno> {
        become_ids(self, ids)?;
        *self.ids() = ids.clone();
        Ok(())
    }

    /// What `set_ids` set last.
    fn ids(&mut self) -> &mut Ids;

    /// Where the addresses of mappings count from.
    fn mapped_from(&self) -> i64;

    /// What the program reads in its memory.
    fn load(&mut self, address: i64, len: i64) -> Outcome;

    /// What the program writes to its memory.
    fn store(&mut self, address: i64, bytes: &[u8]) -> Outcome;

    /// A descriptor of the root of the tree, which the program does not see.
    fn root_fd(&self) -> i64;

    /// How many inodes there are above the root of the tree.
    fn inodes_above(&self) -> u64;

    /// The highest descriptor that the test has for itself.
    fn last_fd(&self) -> i64;
}

/// Makes a call with these arguments.
pub fn ask<R: Raw + ?Sized, const N: usize>(
    raw: &mut R,
    name: &'static str,
    args: [Word; N],
) -> Result<i64, Errno> {
    let mut args = args;
    raw.raw(name, &mut args)
}

fn become_ids<R: Raw + ?Sized>(raw: &mut R, ids: &Ids) -> Result<(), Errno> {
    let number = |id: u32| Word::Number(id.into());
    ask(raw, "setresuid", [0, 0, 0].map(number))?;
    let list: Vec<u8> = ids.groups.iter().flat_map(|group| group.to_le_bytes()).collect();
    let count = i64::try_from(ids.groups.len()).unwrap();
    ask(raw, "setgroups", [Word::Number(count), Word::In(list)])?;
    ask(raw, "setresgid", [ids.gid, ids.egid, ids.egid].map(number))?;
    ask(raw, "setresuid", [ids.uid, ids.euid, 0].map(number))?;
    Ok(())
}
