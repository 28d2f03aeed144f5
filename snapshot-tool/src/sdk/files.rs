//! The files of the C SDK, as the tool carries them: what `snapshot-tool/sdk` holds.
//!
//! A test compares the list with the directory. `cargo xtask sdk` makes `wasm_vfs.h` and the library.

/// A file: its path in the SDK, and its bytes.
pub(super) struct SdkFile {
    pub(super) path: &'static str,
    pub(super) bytes: &'static [u8],
}

macro_rules! files {
    ($($path:literal)*) => {
        &[$(SdkFile { path: $path, bytes: include_bytes!(concat!("../../sdk/", $path)) },)*]
    };
}

pub(super) static FILES: &[SdkFile] = files! {
    "include/__typedef_sigset_t.h"
    "include/dirent.h"
    "include/errno.h"
    "include/fcntl.h"
    "include/ftw.h"
    "include/poll.h"
    "include/pthread.h"
    "include/signal.h"
    "include/stdio.h"
    "include/stdlib.h"
    "include/sys/eventfd.h"
    "include/sys/file.h"
    "include/sys/inotify.h"
    "include/sys/ioctl.h"
    "include/sys/mman.h"
    "include/sys/mount.h"
    "include/sys/random.h"
    "include/sys/resource.h"
    "include/sys/sendfile.h"
    "include/sys/socket.h"
    "include/sys/stat.h"
    "include/sys/statfs.h"
    "include/sys/statvfs.h"
    "include/sys/sysinfo.h"
    "include/sys/time.h"
    "include/sys/uio.h"
    "include/sys/utsname.h"
    "include/sys/vfs.h"
    "include/sys/xattr.h"
    "include/unistd.h"
    "include/utime.h"
    "include/wasm_vfs.h"
    "include/wasm_vfs_types.h"
    "include/wasm_vfs_unix.h"
    "lib/libwasm_vfs.a"
    "src/attributes.c"
    "src/data.c"
    "src/descriptors.c"
    "src/directories.c"
    "src/errno.c"
    "src/events.c"
    "src/flags.c"
    "src/memory.c"
    "src/names.c"
    "src/open.c"
    "src/process.c"
    "src/signals.c"
    "src/stat.c"
    "src/temporary.c"
    "src/thread.c"
    "src/walk.c"
    "src/wasm_vfs_library.h"
};
