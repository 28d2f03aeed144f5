//! The library's error: a message for a person, and a kind for a program.
//!
//! Within the crate errors are [`anyhow::Error`]s. The layer that knows the kind marks the error with it
//! ([`Marked::of_kind`]); each public function turns what arrives into an [`Error`], which keeps messages and causes as they are.

use std::error::Error as StdError;
use std::{fmt, io};

/// Why an operation of this library failed.
///
/// Its text is one line that names the file, module or option at fault and what you can do. `{}` shows what was
/// attempted; `{:#}` appends the causes, which [`source`](StdError::source) returns one by one.
///
/// ```
/// use wasm_vfs::{ErrorKind, Packer, Program, TreeBuilder};
///
/// let error = Packer::new(TreeBuilder::new()).pack(Program::bytes("app", *b"#!/bin/sh")).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::NotWasm);
/// assert_eq!(
///     format!("{error:#}"),
///     "it is not WebAssembly (no `\\0asm` at its start): give a .wasm file"
/// );
/// ```
pub struct Error {
    kind: ErrorKind,
    inner: anyhow::Error,
}

/// What kind of thing is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The file is no WebAssembly module.
    NotWasm,
    /// The file is a component, and only core modules can be packed.
    Component,
    /// The program cannot get a filesystem: its memory or its imports do not allow it.
    Unservable,
    /// The program is packed already, where only an unpacked one will do.
    AlreadyPacked,
    /// The module carries no filesystem: wasm-vfs did not write it.
    NotPacked,
    /// What the tree is made from, or a path in a tree: a missing directory, a name that is not UTF-8, two sources for one path.
    Tree,
    /// The choices of a policy or of a configuration file contradict each other or make no sense.
    Policy,
    /// A module, a section or an archive is damaged, cut short, or was changed by another tool.
    Damaged,
    /// A file or directory could not be read or written. The [`io::Error`] is among the causes.
    Io,
    /// The program could not be started, or a function of it failed while it was packed.
    Run,
    /// The filesystem of a running program refused a call. The [`Errno`](crate::Errno) is among the causes.
    Filesystem,
    /// A defect of wasm-vfs or of the adapter's build that it was given: please report it.
    Internal,
}

impl Error {
    /// Returns what kind of thing is at fault.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Returns the first cause of type `T`: an [`io::Error`], an [`Errno`](crate::Errno).
    #[must_use]
    pub fn find<T: StdError + Send + Sync + 'static>(&self) -> Option<&T> {
        find(&self.inner)
    }
}

/// The first cause of type `T`, those within marked errors included.
pub(crate) fn find<T: StdError + Send + Sync + 'static>(error: &anyhow::Error) -> Option<&T> {
    // What `context` attached is found by anyhow's own search only.
    error.downcast_ref().or_else(|| {
        error.chain().find_map(|cause| match cause.downcast_ref::<Error>() {
            Some(marked) => marked.find(),
            None => cause.downcast_ref(),
        })
    })
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What `fn main() -> Result<(), Error>` prints: for a reader.
        write!(f, "{:#} ({:?})", self.inner, self.kind)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.inner.source()
    }
}

#[doc(hidden)]
impl From<anyhow::Error> for Error {
    /// Takes the kind that an inner layer has marked; else an I/O error is [`ErrorKind::Io`], and what nobody expected is ours.
    fn from(inner: anyhow::Error) -> Self {
        let marked = inner.chain().find_map(|cause| cause.downcast_ref::<Self>());
        let kind = match marked {
            Some(marked) => marked.kind,
            None if find::<io::Error>(&inner).is_some() => ErrorKind::Io,
            None => ErrorKind::Internal,
        };
        Self { kind, inner }
    }
}

/// Marks errors with their kind.
pub(crate) trait Marked<T> {
    /// The result, whose error is of this kind unless an inner layer has marked it, or it comes of I/O.
    fn of_kind(self, kind: ErrorKind) -> anyhow::Result<T>;
}

impl<T> Marked<T> for anyhow::Result<T> {
    fn of_kind(self, kind: ErrorKind) -> anyhow::Result<T> {
        self.map_err(|inner| {
            let marked = inner.chain().any(|cause| cause.is::<Error>());
            if marked || find::<io::Error>(&inner).is_some() {
                return inner;
            }
            anyhow::Error::new(Error { kind, inner })
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use anyhow::{Context as _, anyhow};

    fn marked(kind: ErrorKind) -> anyhow::Result<()> {
        Err(anyhow!("cause")).context("what").of_kind(kind)
    }

    #[test]
    fn the_innermost_mark_counts_and_messages_stay() {
        let outer = marked(ErrorKind::Tree).context("outer").of_kind(ErrorKind::Policy);
        let error = Error::from(outer.unwrap_err());
        assert_eq!(error.kind(), ErrorKind::Tree);
        assert_eq!(format!("{error:#}"), "outer: what: cause");
        assert_eq!(error.to_string(), "outer");
        let mut causes = Vec::new();
        let mut cause = error.source();
        while let Some(error) = cause {
            causes.push(error.to_string());
            cause = error.source();
        }
        assert_eq!(causes, ["what", "cause"]);
        // A caller's own anyhow sees the same.
        assert_eq!(format!("{:#}", anyhow::Error::new(error)), "outer: what: cause");
    }

    #[test]
    fn input_and_output_is_known_by_its_cause() {
        let missing = Err::<(), _>(io::Error::from(io::ErrorKind::NotFound)).context("cannot read");
        let error = Error::from(missing.of_kind(ErrorKind::Tree).unwrap_err());
        assert_eq!(error.kind(), ErrorKind::Io);
        assert_eq!(error.find::<io::Error>().unwrap().kind(), io::ErrorKind::NotFound);
        // Also as the whole error, and through several layers.
        let pipe = anyhow::Error::from(io::Error::from(io::ErrorKind::BrokenPipe));
        let error = anyhow::Error::new(Error::from(pipe)).context("outer");
        assert_eq!(find::<io::Error>(&error).unwrap().kind(), io::ErrorKind::BrokenPipe);
        assert_eq!(Error::from(anyhow!("surprise")).kind(), ErrorKind::Internal);
    }
}
