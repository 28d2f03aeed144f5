//! How the library tells its caller what it is doing.
//!
//! The library prints nothing. The command line draws a bar from these calls.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::tree::TreeEntry;

/// The stages of the work, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
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
    /// Sending to a registry; the unit is a byte.
    Pushing,
    /// Receiving from a registry; the unit is a byte.
    Pulling,
    /// Compiling a program to run it; the engine does not tell how far it is.
    Compiling,
}

/// Receives what the library is doing. Each method does nothing unless you implement it.
///
/// Calls may come from several threads.
///
/// ```
/// use wasm_vfs::{Packer, Program, Progress, Stage, TreeBuilder};
///
/// struct Log;
///
/// impl Progress for Log {
///     fn begin(&self, stage: Stage, total: Option<u64>) {
///         eprintln!("{stage:?}: {total:?} units");
///     }
/// }
///
/// # let program = wat::parse_str(wasm_vfs::doc::PROGRAM)?;
/// Packer::new(TreeBuilder::new()).progress(Log).pack(Program::bytes("app", program))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Progress: Send + Sync {
    /// A stage begins; `total` is how many units it has, `None` if nobody knows.
    fn begin(&self, _stage: Stage, _total: Option<u64>) {}

    /// Some units of the stage are done.
    fn advance(&self, _units: u64) {}

    /// An entry is in the tree, at this path.
    fn entry(&self, _path: &str, _entry: &TreeEntry) {}

    /// Something that only somebody who asks for details wants to know, in a line.
    fn detail(&self, _text: &str) {}

    /// All work is done: a program is about to run, and may write to the terminal.
    fn end(&self) {}
}

impl<P: Progress + ?Sized> Progress for Arc<P> {
    fn begin(&self, stage: Stage, total: Option<u64>) {
        (**self).begin(stage, total);
    }

    fn advance(&self, units: u64) {
        (**self).advance(units);
    }

    fn entry(&self, path: &str, entry: &TreeEntry) {
        (**self).entry(path, entry);
    }

    fn detail(&self, text: &str) {
        (**self).detail(text);
    }

    fn end(&self) {
        (**self).end();
    }
}

/// Takes no notice: what is told when nobody has asked.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Silent;

impl Progress for Silent {}

/// Whom the work is told to.
#[derive(Clone)]
pub(crate) struct Listener(Arc<dyn Progress>);

impl Listener {
    pub(crate) fn new(progress: impl Progress + 'static) -> Self {
        Self(Arc::new(progress))
    }
}

impl Default for Listener {
    fn default() -> Self {
        Self::new(Silent)
    }
}

impl Deref for Listener {
    type Target = dyn Progress;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}
