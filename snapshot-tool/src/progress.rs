//! How the library tells its caller what it is doing.
//!
//! The library prints nothing. The command line draws a bar from these calls; a build script
//! passes [`Silent`].

use crate::tree::TreeEntry;

/// The stages of the work, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Reading directories; the unit is an entry.
    Reading,
    /// Looking for equal contents; the unit is a file.
    Comparing,
    /// Running the adapter on the manifest; the unit is an entry.
    Baking,
    /// Linking; one unit in all.
    Linking,
    /// Running a function of the program; how long that takes nobody knows.
    Initialising,
    /// Writing the output; the unit is a byte.
    Writing,
    /// Compiling a program to run it; how far it is, is not known.
    Compiling,
}

/// Receives what the library is doing. Each method does nothing unless implemented.
///
/// Calls may come from several threads.
pub trait Progress: Sync {
    /// A stage begins; `total` is how many units it has, where that is known.
    fn begin(&self, _stage: Stage, _total: Option<u64>) {}

    /// Some units of the stage are done.
    fn advance(&self, _units: u64) {}

    /// An entry is in the tree, at this path.
    fn entry(&self, _path: &str, _entry: &TreeEntry) {}

    /// All work is done: a program is about to run, and may write to the terminal.
    fn end(&self) {}
}

/// Takes no notice.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {}
