/* utime.h: wasi-libc's utime, from Linux's current directory. */
#ifndef WASM_VFS_UTIME_H
#define WASM_VFS_UTIME_H

#pragma GCC system_header
#include_next <utime.h>

#ifdef __cplusplus
extern "C" {
#endif

int utime(const char *, const struct utimbuf *) __asm__("__wasm_vfs_utime");

#ifdef __cplusplus
}
#endif
#endif
