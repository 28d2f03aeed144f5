//! inotify(7).

use wasm_vfs_core::{Errno, InotifyMask, OFlags};

use crate::calls::call;
use crate::calls::user::path;

#[unsafe(export_name = "SYS_inotify_init")]
extern "C" fn inotify_init() -> i64 {
    inotify_init1(0)
}

#[unsafe(export_name = "SYS_inotify_init1")]
extern "C" fn inotify_init1(flags: u32) -> i64 {
    let flags = OFlags::from_bits_retain(flags);
    call(|kernel, _| kernel.fs.inotify_init1(&mut kernel.process, flags))
}

#[unsafe(export_name = "SYS_inotify_add_watch")]
extern "C" fn inotify_add_watch(fd: i32, pathname: u32, mask: u32) -> i64 {
    let mask = InotifyMask::from_bits_retain(mask);
    call(|kernel, buffers| {
        let path = path(&mut buffers.path, pathname);
        // The path is the last that is looked at: an empty one is ENOENT if all else is well.
        let watched =
            kernel.fs.inotify_add_watch(&kernel.process, fd, path.unwrap_or_default(), mask);
        match (path, watched) {
            (Err(errno), Err(Errno::ENOENT)) => Err(errno),
            (_, watched) => watched,
        }
    })
}

#[unsafe(export_name = "SYS_inotify_rm_watch")]
extern "C" fn inotify_rm_watch(fd: i32, wd: i32) -> i64 {
    call(|kernel, _| kernel.fs.inotify_rm_watch(&kernel.process, fd, wd))
}
