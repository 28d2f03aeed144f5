/* sigset_t, in place of wasi-libc's, whose 8 bits are too few: a bit for each of Linux's 64 signals. */
#ifndef WASM_VFS_TYPEDEF_SIGSET_T_H
#define WASM_VFS_TYPEDEF_SIGSET_T_H

#pragma GCC system_header
typedef struct {
    unsigned long long __bits;
} sigset_t;

#endif
