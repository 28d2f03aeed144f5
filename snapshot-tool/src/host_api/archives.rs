//! Whole directories in and out as tar archives, through the buffer piece by piece.

use std::io::{self, Read, Write};

use anyhow::Context as _;
use wasm_vfs_core::Errno;
use wasmtime::AsContextMut;

use super::{HostApi, PATH_BYTES, PIECE_BYTES, Room, narrow};
use crate::error::{Error, ErrorKind, InnerResult, find, mark};

impl HostApi {
    /// Unpacks a tar archive into a directory, which is made if it is missing: files, directories,
    /// symbolic and hard links, with modes, owners and modification times, files with their holes.
    /// Nothing leads out of the directory.
    ///
    /// # Errors
    ///
    /// When `archive` cannot be read, is damaged or cut short, or the filesystem refuses a member:
    /// the message names it. Members before it are there then, whole; of it there is nothing, nor
    /// are there directories that only it needed.
    pub fn import_tar(
        &self,
        mut store: impl AsContextMut,
        path: &str,
        mut archive: impl Read,
    ) -> Result<(), Error> {
        Ok(self.import_tar_with(&mut store, path, |out| {
            io::copy(&mut archive, out)?;
            Ok(())
        })?)
    }

    /// [`import_tar`](Self::import_tar) of an archive that `write` produces.
    ///
    /// # Errors
    ///
    /// As there, and what `write` answers.
    pub(crate) fn import_tar_with(
        &self,
        store: impl AsContextMut,
        path: &str,
        write: impl FnOnce(&mut dyn Write) -> InnerResult<()>,
    ) -> InnerResult<()> {
        self.import(store, Incoming::Archive(path), write)
    }

    /// Hands an archive that `write` produces to the filesystem.
    pub(super) fn import(
        &self,
        mut store: impl AsContextMut,
        incoming: Incoming<'_>,
        write: impl FnOnce(&mut dyn Write) -> InnerResult<()>,
    ) -> InnerResult<()> {
        let store = &mut store.as_context_mut();
        let text = || match incoming {
            Incoming::Archive(path) => {
                format!("cannot import an archive into `{path}` of the tree")
            }
            Incoming::Layer(path) => format!("cannot apply a layer to `{path}` of the tree"),
            Incoming::Check => "the layer cannot be applied".to_owned(),
        };
        let path = match incoming {
            Incoming::Archive(path) | Incoming::Layer(path) => path,
            Incoming::Check => "",
        };
        let (place, data) = self.room_beside(store, path, PIECE_BYTES).with_context(text)?;
        let begun = match incoming {
            Incoming::Archive(_) => self.answer(store, &self.import_begin, place),
            Incoming::Layer(_) => {
                self.layers().and_then(|layers| self.answer(store, &layers.import_begin, place))
            }
            Incoming::Check => {
                self.layers().and_then(|layers| self.answer(store, &layers.check_begin, ()))
            }
        };
        begun.with_context(text)?;
        let mut sink = ImportSink { api: self, store, data, piece: Vec::new(), refused: None };
        let written = write(&mut sink).and_then(|()| Ok(sink.send()?));
        let refused = sink.refused.take();
        let store = sink.store;
        if let Some(error) = refused {
            return Err(self.name_culprit(store, data, error)).with_context(text);
        }
        let ended = self.answer(store, &self.import_end, ());
        written.with_context(text)?;
        match ended {
            Ok(_) => Ok(()),
            Err(error) => Err(self.name_culprit(store, data, error)).with_context(text),
        }
    }

    /// The member of the archive that is at fault.
    pub(super) fn culprit(&self, store: &mut impl AsContextMut, data: Room) -> InnerResult<String> {
        let len = self.answer(store, &self.culprit, (data.at, PATH_BYTES))?;
        Ok(String::from_utf8_lossy(self.bytes(store, data, len)?).into_owned())
    }

    /// Adds to an error which member of the archive is at fault.
    fn name_culprit(
        &self,
        store: &mut impl AsContextMut,
        data: Room,
        error: anyhow::Error,
    ) -> anyhow::Error {
        match self.culprit(store, data) {
            Ok(name) if !name.is_empty() => error.context(format!("its member `{name}`")),
            _ if find(&error) == Some(&Errno::EINVAL) => {
                let error = anyhow::Error::new(Errno::EINVAL);
                let error = error.context("it is no tar archive, or a damaged or incomplete one");
                mark(error, ErrorKind::Damaged)
            }
            _ => error,
        }
    }

    /// Writes a directory as a tar archive: POSIX pax format, as `wasm-vfs export` writes it. Files
    /// with holes are GNU tar's sparse members of version 1.0, which GNU tar, libarchive and Python
    /// read (the `tar` crate does not).
    ///
    /// # Errors
    ///
    /// When the filesystem refuses, or `out` cannot be written.
    pub fn export_tar(
        &self,
        mut store: impl AsContextMut,
        path: &str,
        mut out: impl Write,
    ) -> Result<(), Error> {
        let store = &mut store.as_context_mut();
        let text = || format!("cannot export `{path}` of the tree");
        let (place, data) = self.room_beside(store, path, PIECE_BYTES).with_context(text)?;
        self.answer(store, &self.export_begin, place).with_context(text)?;
        Ok(self.take_pieces(store, data, &mut out).with_context(text)?)
    }

    /// Writes what an export that was begun hands out.
    pub(super) fn take_pieces(
        &self,
        store: &mut impl AsContextMut,
        data: Room,
        out: &mut dyn Write,
    ) -> InnerResult<()> {
        loop {
            let filled = self.answer(store, &self.export, (data.at, data.len))?;
            if filled == 0 {
                return Ok(());
            }
            out.write_all(self.bytes(store, data, filled)?)?;
        }
    }
}

/// What is done with an archive.
#[derive(Clone, Copy)]
pub(super) enum Incoming<'p> {
    /// It goes into this directory.
    Archive(&'p str),
    /// It says how this directory is to differ from what it is.
    Layer(&'p str),
    /// It is such a layer, and only checked.
    Check,
}

/// Hands what is written to it to an import, in large pieces.
struct ImportSink<'a, S> {
    api: &'a HostApi,
    store: &'a mut S,
    data: Room,
    piece: Vec<u8>,
    /// Why the import has ended, if it has.
    refused: Option<anyhow::Error>,
}

impl<S: AsContextMut> ImportSink<'_, S> {
    fn send(&mut self) -> io::Result<()> {
        let sent = self.api.write(self.store, self.data, &self.piece).and_then(|()| {
            let len = narrow(self.piece.len())?;
            self.api.answer(self.store, &self.api.import, (self.data.at, len))
        });
        self.piece.clear();
        if let Err(error) = sent {
            self.refused.get_or_insert(error);
        }
        match self.refused {
            Some(_) => Err(io::Error::other("the archive was refused")),
            None => Ok(()),
        }
    }
}

impl<S: AsContextMut> Write for ImportSink<'_, S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let whole = self.data.len as usize;
        let taken = bytes.len().min(whole - self.piece.len());
        self.piece.extend_from_slice(&bytes[..taken]);
        if self.piece.len() == whole {
            self.send()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
