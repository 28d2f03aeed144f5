/* What the sources of the library share: Linux's numbers from and to wasi-libc's.
 *
 * The functions have their POSIX names in the sources; the headers of ../include give them other
 * symbols (`__wasm_vfs_open`), for wasi-libc may have functions of these names, now or later. What
 * it lacks is weak, so that a program may bring one itself, and has its own name too.
 */
#ifndef WASM_VFS_LIBRARY_H
#define WASM_VFS_LIBRARY_H

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "wasm_vfs.h"

/* A function that wasi-libc lacks, or did at some time. */
#define ADDED __attribute__((weak))
/* Gives it its own name as well, for objects that were compiled without the SDK's headers. */
#define ALSO(name)                                                                                     \
    extern __typeof__(name) also_##name __asm__(#name)                                                 \
        __attribute__((weak, alias("__wasm_vfs_" #name)))
/* A function for the sources of the library only. */
#define HIDDEN __attribute__((visibility("hidden")))
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* wasi-libc's number of a Linux error. */
HIDDEN int __wasm_vfs_errno(long long linux_errno);
/* The result of a call, or -1 with errno set. */
HIDDEN long long __wasm_vfs_result(long long result);
/* Linux's bits for the O_ bits of fcntl.h, access mode included. */
HIDDEN int __wasm_vfs_open_flags(int flags);
/* As above, for calls that have no access mode; a bit that is no flag stays wrong. */
HIDDEN int __wasm_vfs_descriptor_flags(int flags);
/* The O_ bits of fcntl.h for Linux's. */
HIDDEN int __wasm_vfs_from_open_flags(int flags);
/* Linux's bits for the AT_ bits of fcntl.h. */
HIDDEN int __wasm_vfs_at_flags(int flags);

/* The result of a call that fits an int. */
static inline int result(long long answer) {
    return (int)__wasm_vfs_result(answer);
}

/* The result of a call that is a number of bytes. */
static inline ssize_t bytes(long long answer) {
    return (ssize_t)__wasm_vfs_result(answer);
}

/* Linux's number for AT_FDCWD. */
static inline int directory(int dirfd) {
    return dirfd == AT_FDCWD ? WASM_VFS_AT_FDCWD : dirfd;
}

#endif
