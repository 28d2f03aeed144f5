/* sys/file.h, which wasi-libc lacks: locks on whole files. */
#ifndef WASM_VFS_SYS_FILE_H
#define WASM_VFS_SYS_FILE_H

#pragma GCC system_header
#include <fcntl.h>
#include <unistd.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LOCK_SH 1
#define LOCK_EX 2
#define LOCK_NB 4
#define LOCK_UN 8
#define L_SET 0
#define L_INCR 1
#define L_XTND 2

int flock(int, int) __asm__("__wasm_vfs_flock");

#ifdef __cplusplus
}
#endif
#endif
