//! The exports about what differs from the tree that was baked: the list, going back, and beginning
//! anew.

use wasm_vfs_core::Errno;

use super::changes::Changes;
use super::session::{Session, serve};

#[unsafe(no_mangle)]
extern "C" fn wasm_vfs_changes(data: u32, len: u32, cookie: i64) -> i32 {
    serve(|fs, session, _| {
        let Session { buffer, reserve, changes, .. } = session;
        let out = buffer.get_mut(data, len)?;
        let cookie = usize::try_from(cookie).map_err(|_| Errno::EINVAL)?;
        reserve.release();
        let filled = changes.fill(fs, out, cookie);
        if filled.is_err() {
            *changes = Changes::default();
        }
        reserve.refill();
        filled
    })
}

#[unsafe(no_mangle)]
extern "C" fn wasm_vfs_revert() -> i32 {
    serve(|fs, session, _| {
        session.changes = Changes::default();
        session.reserve.release();
        let reverted = fs.revert();
        session.reserve.refill();
        reverted.map(|()| 0)
    })
}

#[unsafe(no_mangle)]
extern "C" fn wasm_vfs_seal() -> i32 {
    serve(|fs, session, _| {
        session.changes = Changes::default();
        fs.seal().map(|()| 0)
    })
}
