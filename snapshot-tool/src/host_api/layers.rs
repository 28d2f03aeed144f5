//! How a tree differs from what it was, as a layer.

use std::io::{self, Read, Write};

use anyhow::{Context as _, anyhow};
use wasm_vfs_core::{Change, Errno};
use wasmtime::AsContextMut;

use super::archives::Incoming;
use super::layer_functions::Layers;
use super::records::decode_change;
use super::{HostApi, PIECE_BYTES};
use crate::error::{Error, ErrorKind, InnerResult, Marked as _, find};

/// No change has a longer record: two paths of a tree whose memory they would fill.
const LONGEST_RECORD_BYTES: u32 = 1 << 30;

impl HostApi {
    /// The functions for layers.
    pub(super) fn layers(&self) -> InnerResult<&Layers> {
        self.layers
            .as_ref()
            .ok_or_else(|| {
                anyhow!("the program was packed by a wasm-vfs that knew no layers: pack it again")
            })
            .of_kind(ErrorKind::NotPacked)
    }

    /// Applies a layer to a directory, which is made if it is missing: a tar archive as
    /// [`import_tar`](Self::import_tar) takes, in which `.wh.NAME` says that NAME is gone and
    /// `.wh..wh..opq` that all of a directory is (the layers of OCI images are such). What a layer
    /// says is gone is what was there before; what it brings itself stays, in whatever order it
    /// comes. A member takes the place of whatever was there, a directory with all in it too.
    ///
    /// # Errors
    ///
    /// As [`import_tar`](Self::import_tar); a whiteout of nothing, of the directory itself, or with
    /// something in it is refused. What came before the member at fault is done, whole.
    pub fn import_layer(
        &self,
        store: impl AsContextMut,
        path: &str,
        mut layer: impl Read,
    ) -> Result<(), Error> {
        Ok(self.import(store, Incoming::Layer(path), |out| {
            io::copy(&mut layer, out)?;
            Ok(())
        })?)
    }

    /// Reads a layer to its end, and changes nothing: whether its structure and its names are such
    /// that [`import_layer`](Self::import_layer) takes them.
    ///
    /// # Errors
    ///
    /// As [`import_layer`](Self::import_layer), but for what the tree has to do with.
    pub fn check_layer(&self, store: impl AsContextMut, mut layer: impl Read) -> Result<(), Error> {
        Ok(self.import(store, Incoming::Check, |out| {
            io::copy(&mut layer, out)?;
            Ok(())
        })?)
    }

    /// Writes what differs from the tree that was packed, as a layer: an uncompressed tar archive
    /// of what is new or changed, and whiteouts of what is gone. Equal changes make equal bytes,
    /// whatever led to them.
    ///
    /// If the filesystem ran out of memory at some time, it does not know what differs: then the
    /// layer is the whole tree, in place of everything.
    ///
    /// # Errors
    ///
    /// When the filesystem refuses, or `out` cannot be written. A name that begins with `.wh.`
    /// cannot be in a layer; the message has it.
    pub fn export_layer(
        &self,
        mut store: impl AsContextMut,
        mut out: impl Write,
    ) -> Result<(), Error> {
        let store = &mut store.as_context_mut();
        let text = || "cannot write the changes of the tree as a layer".to_owned();
        let (_, data) = self.room_beside(store, "", PIECE_BYTES).with_context(text)?;
        let begun = self.answer(store, &self.layers()?.export_begin, ());
        begun.with_context(text)?;
        let taken = self.take_pieces(store, data, &mut out).map_err(|error| {
            match self.culprit(store, data) {
                Ok(name) if !name.is_empty() => error.context(format!(
                    "no layer can hold `{name}`: names that begin with `.wh.` say what is gone"
                )),
                _ => error,
            }
        });
        Ok(taken.with_context(text)?)
    }

    /// What differs from the tree that was packed, in pre-order, by the bytes of the names in each
    /// directory. A directory of it that was renamed is one change with its new name and one with
    /// its old name; of a new directory all that is in it is told.
    ///
    /// # Errors
    ///
    /// When the filesystem refuses: [`EOVERFLOW`](wasm_vfs_core::Errno::EOVERFLOW) if it ran out of
    /// memory at some time and does not know what differs.
    pub fn changes(&self, mut store: impl AsContextMut) -> Result<Vec<Change>, Error> {
        let store = &mut store.as_context_mut();
        let text = || "cannot list the changes of the tree".to_owned();
        let function = &self.layers()?.changes;
        let mut len = PIECE_BYTES;
        let (_, mut data) = self.room_beside(store, "", len).with_context(text)?;
        let mut changes = Vec::new();
        let mut cookie = 0;
        loop {
            let filled = match self.answer(store, function, (data.at, data.len, cookie)) {
                // A path that is longer than the buffer.
                Err(error)
                    if find(&error) == Some(&Errno::EINVAL) && len < LONGEST_RECORD_BYTES =>
                {
                    len *= 2;
                    (_, data) = self.room_of(store, "", len).with_context(text)?;
                    continue;
                }
                filled => filled.with_context(text)?,
            };
            if filled == 0 {
                return Ok(changes);
            }
            let mut rest = self.bytes(store, data, filled)?;
            while !rest.is_empty() {
                let (change, next, after) = decode_change(rest).with_context(text)?;
                changes.push(change);
                (cookie, rest) = (next, after);
            }
        }
    }

    /// Makes the tree what it was when it was packed. What the program has open stays open, without
    /// a name if it was not in that tree.
    ///
    /// # Errors
    ///
    /// When the filesystem refuses: `EOVERFLOW` as [`changes`](Self::changes),
    /// [`EBUSY`](wasm_vfs_core::Errno::EBUSY) if the program has mapped a file that changed. Nothing
    /// has changed then.
    pub fn revert(&self, mut store: impl AsContextMut) -> Result<(), Error> {
        let reverted = self.answer(&mut store.as_context_mut(), &self.layers()?.revert, ());
        reverted.context("cannot make the tree what it was when it was packed")?;
        Ok(())
    }

    /// [`export_layer`](Self::export_layer) as bytes: what [`restore`](Self::restore) takes, in an
    /// instance of the same packed program.
    ///
    /// # Errors
    ///
    /// As [`export_layer`](Self::export_layer).
    pub fn snapshot(&self, store: impl AsContextMut) -> Result<Vec<u8>, Error> {
        let mut layer = Vec::new();
        self.export_layer(store, &mut layer)?;
        Ok(layer)
    }

    /// Makes the tree what it was when [`snapshot`](Self::snapshot) was called.
    ///
    /// # Errors
    ///
    /// When `snapshot` is damaged: nothing has changed then. As [`revert`](Self::revert), and as
    /// [`import_layer`](Self::import_layer): if there is no room for what comes, a part of it is
    /// there.
    pub fn restore(&self, mut store: impl AsContextMut, snapshot: &[u8]) -> Result<(), Error> {
        self.check_layer(&mut store, snapshot)?;
        self.revert(&mut store)?;
        self.import_layer(store, "/", snapshot)
    }
}
