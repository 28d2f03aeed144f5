//! The exports for archives: begin, take or give a piece, end.

use wasm_vfs_core::{Errno, Fs};

use super::session::{Session, serve};
use super::tar_export::Export;
use super::tar_import::Import;
use crate::platform::Host;

/// Drops the archive that is being imported, and notes which member was being worked on.
#[inline(never)]
fn give_up_import(fs: &mut Fs<Host>, session: &mut Session) {
    if let Some(import) = &mut session.import {
        session.culprit = import.give_up(fs, &mut session.embedder);
    }
    session.import = None;
}

#[unsafe(no_mangle)]
extern "C" fn wasm_vfs_import_begin(path: u32, path_len: u32) -> i32 {
    serve(|fs, session, buffers| {
        give_up_import(fs, session);
        session.culprit.clear();
        let path = session.path(&mut buffers.path, path, path_len)?;
        session.import = Some(Import::begin(fs, &mut session.embedder, path)?);
        Ok(0)
    })
}

#[unsafe(no_mangle)]
extern "C" fn wasm_vfs_import(data: u32, len: u32) -> i32 {
    serve(|fs, session, _| {
        let data = session.buffer.get(data, len)?;
        let import = session.import.as_mut().ok_or(Errno::EINVAL)?;
        let taken = import.take(fs, &mut session.embedder, data);
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

/// Drops the archive that is being exported.
#[inline(never)]
fn end_export(fs: &mut Fs<Host>, session: &mut Session) {
    if let Some(export) = &session.export {
        export.close(fs, &mut session.embedder);
    }
    session.export = None;
}

#[unsafe(no_mangle)]
extern "C" fn wasm_vfs_export_begin(path: u32, path_len: u32) -> i32 {
    serve(|fs, session, buffers| {
        end_export(fs, session);
        let path = session.path(&mut buffers.path, path, path_len)?;
        session.reserve.release();
        let begun = Export::begin(fs, &mut session.embedder, path);
        session.reserve.refill();
        session.export = Some(begun?);
        Ok(0)
    })
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
