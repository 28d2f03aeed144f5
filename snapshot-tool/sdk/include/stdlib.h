/* Completes wasi-libc's stdlib.h by temporary files. */
#ifndef WASM_VFS_STDLIB_H
#define WASM_VFS_STDLIB_H

#pragma GCC system_header
#include_next <stdlib.h>

#ifdef __cplusplus
extern "C" {
#endif

int mkstemp(char *) __asm__("__wasm_vfs_mkstemp");
int mkstemps(char *, int) __asm__("__wasm_vfs_mkstemps");
int mkostemp(char *, int) __asm__("__wasm_vfs_mkostemp");
int mkostemps(char *, int, int) __asm__("__wasm_vfs_mkostemps");
char *mkdtemp(char *) __asm__("__wasm_vfs_mkdtemp");

#ifdef __cplusplus
}
#endif
#endif
