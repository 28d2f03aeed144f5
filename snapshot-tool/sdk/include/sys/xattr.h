/* sys/xattr.h, which wasi-libc lacks: extended attributes. */
#ifndef WASM_VFS_SYS_XATTR_H
#define WASM_VFS_SYS_XATTR_H

#pragma GCC system_header
#include <errno.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define XATTR_CREATE 1
#define XATTR_REPLACE 2

ssize_t getxattr(const char *, const char *, void *, size_t) __asm__("__wasm_vfs_getxattr");
ssize_t lgetxattr(const char *, const char *, void *, size_t) __asm__("__wasm_vfs_lgetxattr");
ssize_t fgetxattr(int, const char *, void *, size_t) __asm__("__wasm_vfs_fgetxattr");
ssize_t listxattr(const char *, char *, size_t) __asm__("__wasm_vfs_listxattr");
ssize_t llistxattr(const char *, char *, size_t) __asm__("__wasm_vfs_llistxattr");
ssize_t flistxattr(int, char *, size_t) __asm__("__wasm_vfs_flistxattr");
int setxattr(const char *, const char *, const void *, size_t, int) __asm__("__wasm_vfs_setxattr");
int lsetxattr(const char *, const char *, const void *, size_t, int) __asm__("__wasm_vfs_lsetxattr");
int fsetxattr(int, const char *, const void *, size_t, int) __asm__("__wasm_vfs_fsetxattr");
int removexattr(const char *, const char *) __asm__("__wasm_vfs_removexattr");
int lremovexattr(const char *, const char *) __asm__("__wasm_vfs_lremovexattr");
int fremovexattr(int, const char *) __asm__("__wasm_vfs_fremovexattr");

#ifdef __cplusplus
}
#endif
#endif
