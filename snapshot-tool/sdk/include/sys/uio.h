/* Completes wasi-libc's sys/uio.h: positions and flags. */
#ifndef WASM_VFS_SYS_UIO_H
#define WASM_VFS_SYS_UIO_H

#pragma GCC system_header
#include_next <sys/uio.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RWF_HIPRI 1
#define RWF_DSYNC 2
#define RWF_SYNC 4
#define RWF_NOWAIT 8
#define RWF_APPEND 16

ssize_t readv(int, const struct iovec *, int) __asm__("__wasm_vfs_readv");
ssize_t preadv(int, const struct iovec *, int, off_t) __asm__("__wasm_vfs_preadv");
ssize_t pwritev(int, const struct iovec *, int, off_t);
ssize_t preadv2(int, const struct iovec *, int, off_t, int) __asm__("__wasm_vfs_preadv2");
ssize_t pwritev2(int, const struct iovec *, int, off_t, int) __asm__("__wasm_vfs_pwritev2");

#ifdef __cplusplus
}
#endif
#endif
