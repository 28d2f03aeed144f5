//! The exports for archives: their beginnings, pieces and ends.

use wasm_vfs_core::{Errno, Fs};

use super::session::{Side, serve};
use super::tar_export::Export;
use super::tar_import::Import;
use crate::platform::Host;

/// Drops the archive that is being imported, and notes which member was being worked on.
#[inline(never)]
fn give_up_import(fs: &mut Fs<Host>, side: &mut Side) {
    if let Some(import) = &mut side.import {
        side.culprit = import.give_up(fs, &mut side.process);
    }
    side.import = None;
}

#[unsafe(no_mangle)]
extern "C" fn wasm_vfs_import_begin(path: u32, path_len: u32) -> i32 {
    serve(|fs, side, buffers| {
        give_up_import(fs, side);
        side.culprit.clear();
        let path = side.path(&mut buffers.path, path, path_len)?;
        side.import = Some(Import::begin(fs, &mut side.process, path)?);
        Ok(0)
    })
}

#[unsafe(no_mangle)]
extern "C" fn wasm_vfs_import(data: u32, len: u32) -> i32 {
    serve(|fs, side, _| {
        let data = side.buffer.get(data, len)?;
        let import = side.import.as_mut().ok_or(Errno::EINVAL)?;
        let taken = import.take(fs, &mut side.process, data);
        if taken.is_err() {
            give_up_import(fs, side);
        }
        taken.map(|()| 0)
    })
}

#[unsafe(no_mangle)]
extern "C" fn wasm_vfs_import_end() -> i32 {
    serve(|fs, side, _| {
        let import = side.import.as_mut().ok_or(Errno::EINVAL)?;
        let ended = import.end(fs, &mut side.process);
        give_up_import(fs, side);
        ended.map(|()| 0)
    })
}

#[unsafe(no_mangle)]
extern "C" fn wasm_vfs_culprit(data: u32, len: u32) -> i32 {
    serve(|_, side, _| {
        let out = side.buffer.get_mut(data, len)?;
        let len = out.len().min(side.culprit.len());
        for (place, byte) in out.iter_mut().zip(&side.culprit) {
            *place = *byte;
        }
        Ok(len)
    })
}

/// Drops the archive that is being exported.
#[inline(never)]
fn end_export(fs: &mut Fs<Host>, side: &mut Side) {
    if let Some(export) = &side.export {
        export.close(fs, &mut side.process);
    }
    side.export = None;
}

#[unsafe(no_mangle)]
extern "C" fn wasm_vfs_export_begin(path: u32, path_len: u32) -> i32 {
    serve(|fs, side, buffers| {
        end_export(fs, side);
        let path = side.path(&mut buffers.path, path, path_len)?;
        side.export = Some(Export::begin(fs, &mut side.process, path)?);
        Ok(0)
    })
}

#[unsafe(no_mangle)]
extern "C" fn wasm_vfs_export(data: u32, len: u32) -> i32 {
    serve(|fs, side, _| {
        let out = side.buffer.get_mut(data, len)?;
        let export = side.export.as_mut().ok_or(Errno::EINVAL)?;
        let filled = export.fill(fs, &mut side.process, out);
        if len > 0 && !matches!(filled, Ok(1..)) {
            end_export(fs, side);
        }
        filled
    })
}
