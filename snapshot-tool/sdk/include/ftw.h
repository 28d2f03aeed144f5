/* Completes wasi-libc's ftw.h by ftw, and walks from Linux's current directory. */
#ifndef WASM_VFS_FTW_H
#define WASM_VFS_FTW_H

#pragma GCC system_header
#include_next <ftw.h>
#include <sys/stat.h>

#ifdef __cplusplus
extern "C" {
#endif

int ftw(const char *, int (*)(const char *, const struct stat *, int), int) __asm__("__wasm_vfs_ftw");
int nftw(const char *, int (*)(const char *, const struct stat *, int, struct FTW *), int, int) __asm__("__wasm_vfs_nftw");

#ifdef __cplusplus
}
#endif
#endif
