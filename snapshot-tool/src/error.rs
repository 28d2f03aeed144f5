//! The library's error: a message for a person, and a kind for a program.
//!
//! Within the crate errors are [`anyhow::Error`]s. The layer that knows the kind marks the error
//! with it ([`Marked::of_kind`]); each public function turns what arrives into an [`Error`], which
//! keeps messages and causes as they are.

use crate::quote::escaped;
use std::error::Error as StdError;
use std::{fmt, io};

/// Why an operation of this library failed.
///
/// Its text is one line that names the file, module or option at fault and what you can do;
/// control characters in names are written as C's escapes. `{:#}` appends the causes, which
/// [`source`](StdError::source) returns one by one.
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
    /// What the tree is made from, or a path in a tree: a missing directory, a name that is not
    /// UTF-8, two sources for one path.
    Tree,
    /// The choices of a policy or of a configuration file contradict each other or make no sense.
    Policy,
    /// A module, a section or an archive is damaged, cut short, or was changed by another tool.
    Damaged,
    /// A file or directory could not be read or written. Where the standard library said why, its
    /// [`io::Error`] is among the causes.
    Io,
    /// A registry could not be reached, refused something, or has not what was asked for.
    Registry,
    /// The program could not be started, or a function of it failed while it was packed.
    Run,
    /// The filesystem of a running program refused a call. The [`Errno`](crate::Errno) is among the
    /// causes.
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

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = if f.alternate() { format!("{:#}", self.inner) } else { self.inner.to_string() };
        // Causes of others may have several lines; an error has one.
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        // Names in it may hold anything, and a text for people goes to terminals.
        f.write_str(&escaped(lines.collect::<Vec<_>>().join(" ")))
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What `fn main() -> Result<(), Error>` prints: for a reader.
        write!(f, "{self:#} ({:?})", self.kind)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.inner.source()
    }
}

#[doc(hidden)]
impl From<anyhow::Error> for Error {
    /// Takes the kind that an inner layer has marked; else an I/O error is [`ErrorKind::Io`], and
    /// what nobody expected is ours.
    fn from(inner: anyhow::Error) -> Self {
        let kind = known_kind(&inner).unwrap_or(ErrorKind::Internal);
        Self { kind, inner }
    }
}

/// The result of a function within the crate. Those that users see name [`Error`].
pub(crate) type InnerResult<T> = anyhow::Result<T>;

/// What a layer of the crate adds to an error. The error below keeps its text and its causes.
#[derive(Debug)]
struct Layer {
    /// The kind, if this layer knows it.
    kind: Option<ErrorKind>,
    /// What the error is about: comes before its text.
    about: Option<String>,
    inner: anyhow::Error,
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(about) = &self.about {
            write!(f, "{about}: ")?;
        }
        write!(f, "{}", self.inner)
    }
}

impl StdError for Layer {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.inner.source()
    }
}

/// The error that a cause stands for, if it is one of ours: its own causes leave out the first.
fn beneath<'e>(cause: &'e (dyn StdError + 'static)) -> Option<&'e anyhow::Error> {
    let layer = cause.downcast_ref::<Layer>().map(|layer| &layer.inner);
    layer.or_else(|| cause.downcast_ref::<Error>().map(|error| &error.inner))
}

/// The first cause of type `T`, those beneath layers included.
pub(crate) fn find<T: StdError + Send + Sync + 'static>(error: &anyhow::Error) -> Option<&T> {
    // What `context` attached is found by anyhow's own search only.
    error.downcast_ref().or_else(|| {
        error.chain().find_map(|cause| match beneath(cause) {
            Some(inner) => find(inner),
            None => cause.downcast_ref(),
        })
    })
}

/// The kind that a layer has marked, or that the causes tell.
fn known_kind(error: &anyhow::Error) -> Option<ErrorKind> {
    fn marked(error: &anyhow::Error) -> Option<ErrorKind> {
        error.chain().find_map(|cause| {
            let layer = cause.downcast_ref::<Layer>().and_then(|layer| layer.kind);
            let own = layer.or_else(|| cause.downcast_ref::<Error>().map(Error::kind));
            own.or_else(|| beneath(cause).and_then(marked))
        })
    }
    marked(error).or_else(|| find::<io::Error>(error).map(|_| ErrorKind::Io))
}

/// The error, which is of this kind unless an inner layer has marked it, or it comes of I/O.
pub(crate) fn mark(inner: anyhow::Error, kind: ErrorKind) -> anyhow::Error {
    match known_kind(&inner) {
        Some(_) => inner,
        None => anyhow::Error::new(Layer { kind: Some(kind), about: None, inner }),
    }
}

/// Whether a layer has marked the error with a kind, or it comes of I/O.
pub(crate) fn is_marked(error: &anyhow::Error) -> bool {
    known_kind(error).is_some()
}

/// Marks errors with what a layer knows of them.
pub(crate) trait Marked<T> {
    /// The result, whose error is of this kind unless an inner layer has marked it, or it comes of
    /// I/O.
    fn of_kind(self, kind: ErrorKind) -> anyhow::Result<T>;

    /// The result, whose error is about this: a file. Its text begins with it.
    fn about(self, what: impl FnOnce() -> String) -> anyhow::Result<T>;
}

impl<T> Marked<T> for anyhow::Result<T> {
    fn of_kind(self, kind: ErrorKind) -> anyhow::Result<T> {
        self.map_err(|error| mark(error, kind))
    }

    fn about(self, what: impl FnOnce() -> String) -> anyhow::Result<T> {
        self.map_err(|inner| anyhow::Error::new(Layer { kind: None, about: Some(what()), inner }))
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
    fn a_layer_names_what_the_error_is_about() {
        let error = Error::from(marked(ErrorKind::Tree).about(|| "`app.wasm`".into()).unwrap_err());
        assert_eq!(error.kind(), ErrorKind::Tree);
        assert_eq!(error.to_string(), "`app.wasm`: what");
        assert_eq!(format!("{error:#}"), "`app.wasm`: what: cause");
        let error = Error::from(anyhow!("two\n  lines\n"));
        assert_eq!(error.to_string(), "two lines");
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
