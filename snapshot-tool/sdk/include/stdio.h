/* Completes wasi-libc's stdio.h by temporary files, and opens files in Linux's current directory. */
#ifndef WASM_VFS_STDIO_H
#define WASM_VFS_STDIO_H

#pragma GCC system_header
/* Their declarations carry warnings. */
#define tmpnam __wasm_vfs_no_tmpnam
#define tmpfile __wasm_vfs_no_tmpfile
#include_next <stdio.h>
#undef tmpnam
#undef tmpfile

#ifdef __cplusplus
extern "C" {
#endif

#ifndef P_tmpdir
#define P_tmpdir "/tmp"
#endif
#ifndef L_tmpnam
#define L_tmpnam 20
#endif
#ifndef TMP_MAX
#define TMP_MAX 10000
#endif
#define RENAME_NOREPLACE 1
#define RENAME_EXCHANGE 2
#define RENAME_WHITEOUT 4

FILE *fopen(const char *__restrict, const char *__restrict) __asm__("__wasm_vfs_fopen");
int remove(const char *) __asm__("__wasm_vfs_remove");
int rename(const char *, const char *) __asm__("__wasm_vfs_rename");
int renameat(int, const char *, int, const char *) __asm__("__wasm_vfs_renameat");
int renameat2(int, const char *, int, const char *, unsigned) __asm__("__wasm_vfs_renameat2");
FILE *tmpfile(void) __asm__("__wasm_vfs_tmpfile");
char *tmpnam(char *) __asm__("__wasm_vfs_tmpnam");

#ifdef __cplusplus
}
#endif
#endif
