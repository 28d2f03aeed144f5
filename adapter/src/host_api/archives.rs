//! The exports for archives: begin, take or give a piece, end.

use wasm_vfs_core::{Errno, Fs};

use super::session::{Session, serve};
use super::tar::reading::destination::Purpose;
use super::tar::reading::import::Import;
use super::tar::writing::export::Export;
use super::tar::writing::layer::Layer;
use super::tar::writing::outgoing::Outgoing;
use crate::platform::Host;

/// Drops the archive that is being imported, and notes which member was being worked on.
#[inline(never)]
fn give_up_import(fs: &mut Fs<Host>, session: &mut Session) {
    if let Some(import) = &mut session.import {
        session.culprit = import.give_up(fs, &mut session.embedder);
    }
    session.import = None;
}

/// Begins an import that goes into a directory; `None`: it goes nowhere.
#[inline(never)]
fn begin_import(into: Option<(u32, u32, Purpose)>) -> i32 {
    serve(|fs, session, buffers| {
        give_up_import(fs, session);
        session.culprit.clear();
        let import = match into {
            Some((path, path_len, purpose)) => {
                let path = session.path(&mut buffers.path, path, path_len)?;
                session.reserve.release();
                let begun = Import::begin(fs, &mut session.embedder, path, purpose);
                session.reserve.refill();
                begun?
            }
            None => Import::check(),
        };
        session.import = Some(import);
        Ok(0)
    })
}

#[unsafe(no_mangle)]
extern "C" fn wasm_vfs_import_begin(path: u32, path_len: u32) -> i32 {
    begin_import(Some((path, path_len, Purpose::Archive)))
}

#[unsafe(no_mangle)]
extern "C" fn wasm_vfs_import_layer_begin(path: u32, path_len: u32) -> i32 {
    begin_import(Some((path, path_len, Purpose::Layer)))
}

#[unsafe(no_mangle)]
extern "C" fn wasm_vfs_check_layer_begin() -> i32 {
    begin_import(None)
}

#[unsafe(no_mangle)]
extern "C" fn wasm_vfs_import(data: u32, len: u32) -> i32 {
    serve(|fs, session, _| {
        let data = session.buffer.get(data, len)?;
        let import = session.import.as_mut().ok_or(Errno::EINVAL)?;
        let taken = import.take(fs, &mut session.embedder, &mut session.reserve, data);
        if taken.is_err() {
            give_up_import(fs, session);
        }
        taken.map(|()| 0)
    })
}

#[unsafe(no_mangle)]
extern "C" fn wasm_vfs_import_end() -> i32 {
    serve(|fs, session, _| {
        let import = session.import.as_mut().ok_or(Errno::EINVAL)?;
        let ended = import.end(fs, &mut session.embedder);
        give_up_import(fs, session);
        ended.map(|()| 0)
    })
}

#[unsafe(no_mangle)]
extern "C" fn wasm_vfs_culprit(data: u32, len: u32) -> i32 {
    serve(|_, session, _| {
        let out = session.buffer.get_mut(data, len)?;
        let len = out.len().min(session.culprit.len());
        for (place, byte) in out.iter_mut().zip(&session.culprit) {
            *place = *byte;
        }
        Ok(len)
    })
}

/// Drops the archive that is being exported, and notes what could not be.
#[inline(never)]
fn end_export(fs: &mut Fs<Host>, session: &mut Session) {
    if let Some(export) = &mut session.export {
        session.culprit = export.give_up(fs, &mut session.embedder);
    }
    session.export = None;
}

/// Begins an export: of a directory, or of what differs.
#[inline(never)]
fn begin_export(of: Option<(u32, u32)>) -> i32 {
    serve(|fs, session, buffers| {
        end_export(fs, session);
        session.culprit.clear();
        let path = match of {
            Some((path, path_len)) => Some(session.path(&mut buffers.path, path, path_len)?),
            None => None,
        };
        session.reserve.release();
        let embedder = &mut session.embedder;
        let begun = match path {
            Some(path) => Export::begin(fs, embedder, path).map(Outgoing::Archive),
            None => Layer::begin(fs, embedder).map(Outgoing::Layer),
        };
        session.reserve.refill();
        session.export = Some(begun?);
        Ok(0)
    })
}

#[unsafe(no_mangle)]
extern "C" fn wasm_vfs_export_begin(path: u32, path_len: u32) -> i32 {
    begin_export(Some((path, path_len)))
}

#[unsafe(no_mangle)]
extern "C" fn wasm_vfs_export_layer_begin() -> i32 {
    begin_export(None)
}

#[unsafe(no_mangle)]
extern "C" fn wasm_vfs_export(data: u32, len: u32) -> i32 {
    serve(|fs, session, _| {
        let out = session.buffer.get_mut(data, len)?;
        let export = session.export.as_mut().ok_or(Errno::EINVAL)?;
        session.reserve.release();
        let filled = export.fill(fs, &mut session.embedder, out);
        session.reserve.refill();
        if len > 0 && !matches!(filled, Ok(1..)) {
            end_export(fs, session);
        }
        filled
    })
}
