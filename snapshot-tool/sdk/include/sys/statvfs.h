/* sys/statvfs.h: wasi-libc's functions are stubs. */
#ifndef WASM_VFS_SYS_STATVFS_H
#define WASM_VFS_SYS_STATVFS_H

#pragma GCC system_header
#include_next <sys/statvfs.h>

#ifdef __cplusplus
extern "C" {
#endif

int statvfs(const char *__restrict, struct statvfs *__restrict) __asm__("__wasm_vfs_statvfs");
int fstatvfs(int, struct statvfs *) __asm__("__wasm_vfs_fstatvfs");

#ifdef __cplusplus
}
#endif
#endif
