/* poll.h: wasi-libc's poll, by Linux's. */
#ifndef WASM_VFS_POLL_H
#define WASM_VFS_POLL_H

#pragma GCC system_header
#include_next <poll.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef POLLPRI
#define POLLPRI 0x4
#endif

int poll(struct pollfd *, nfds_t, int) __asm__("__wasm_vfs_poll");
#if defined(_GNU_SOURCE) || defined(_BSD_SOURCE)
int ppoll(struct pollfd *, nfds_t, const struct timespec *, const sigset_t *) __asm__("__wasm_vfs_ppoll");
#endif

#ifdef __cplusplus
}
#endif
#endif
