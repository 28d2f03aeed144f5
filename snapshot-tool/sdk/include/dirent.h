/* Completes wasi-libc's dirent.h by getdents, and opens directories in Linux's current directory. */
#ifndef WASM_VFS_DIRENT_H
#define WASM_VFS_DIRENT_H

#pragma GCC system_header
#define getdents __wasm_vfs_no_getdents
#include_next <dirent.h>
#undef getdents
#undef getdents64
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

DIR *opendir(const char *) __asm__("__wasm_vfs_opendir");
int dirfd(DIR *);
/* Both store Linux's entries, `struct wasm_vfs_dirent64`: wasi-libc's struct dirent has no length. */
ssize_t getdents64(int, void *, size_t) __asm__("__wasm_vfs_getdents64");
int getdents(int, struct dirent *, size_t) __asm__("__wasm_vfs_getdents");

#ifdef __cplusplus
}
#endif
#endif
