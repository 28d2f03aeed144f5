/* Completes wasi-libc's sys/resource.h by limits, and needs no -D_WASI_EMULATED_PROCESS_CLOCKS. */
#ifndef WASM_VFS_SYS_RESOURCE_H
#define WASM_VFS_SYS_RESOURCE_H

#pragma GCC system_header
#ifdef _WASI_EMULATED_PROCESS_CLOCKS
#include_next <sys/resource.h>
#else
#define _WASI_EMULATED_PROCESS_CLOCKS
#include_next <sys/resource.h>
#undef _WASI_EMULATED_PROCESS_CLOCKS
#endif
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef unsigned long long rlim_t;
struct rlimit {
    rlim_t rlim_cur;
    rlim_t rlim_max;
};

#define RLIM_INFINITY (~0ull)
#define RLIM_SAVED_CUR RLIM_INFINITY
#define RLIM_SAVED_MAX RLIM_INFINITY
#define RLIMIT_CPU 0
#define RLIMIT_FSIZE 1
#define RLIMIT_DATA 2
#define RLIMIT_STACK 3
#define RLIMIT_CORE 4
#define RLIMIT_RSS 5
#define RLIMIT_NPROC 6
#define RLIMIT_NOFILE 7
#define RLIMIT_MEMLOCK 8
#define RLIMIT_AS 9
#define RLIMIT_LOCKS 10
#define RLIMIT_SIGPENDING 11
#define RLIMIT_MSGQUEUE 12
#define RLIMIT_NICE 13
#define RLIMIT_RTPRIO 14
#define RLIMIT_RTTIME 15
#define RLIM_NLIMITS 16

int getrusage(int, struct rusage *) __asm__("__wasm_vfs_getrusage");
int getrlimit(int, struct rlimit *) __asm__("__wasm_vfs_getrlimit");
int setrlimit(int, const struct rlimit *) __asm__("__wasm_vfs_setrlimit");
int prlimit(pid_t, int, const struct rlimit *, struct rlimit *) __asm__("__wasm_vfs_prlimit");

#ifdef __cplusplus
}
#endif
#endif
