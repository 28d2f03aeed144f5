/* Completes wasi-libc's sys/time.h: times of files. */
#ifndef WASM_VFS_SYS_TIME_H
#define WASM_VFS_SYS_TIME_H

#pragma GCC system_header
#include_next <sys/time.h>

#ifdef __cplusplus
extern "C" {
#endif

int utimes(const char *, const struct timeval [2]) __asm__("__wasm_vfs_utimes");
int futimes(int, const struct timeval [2]) __asm__("__wasm_vfs_futimes");
int lutimes(const char *, const struct timeval [2]) __asm__("__wasm_vfs_lutimes");
int futimesat(int, const char *, const struct timeval [2]) __asm__("__wasm_vfs_futimesat");

#ifdef __cplusplus
}
#endif
#endif
