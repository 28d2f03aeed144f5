/* sys/eventfd.h, which wasi-libc lacks. */
#ifndef WASM_VFS_SYS_EVENTFD_H
#define WASM_VFS_SYS_EVENTFD_H

#pragma GCC system_header
#include <fcntl.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef uint64_t eventfd_t;

#define EFD_SEMAPHORE 1
#define EFD_CLOEXEC O_CLOEXEC
#define EFD_NONBLOCK O_NONBLOCK

int eventfd(unsigned, int) __asm__("__wasm_vfs_eventfd");
int eventfd_read(int, eventfd_t *) __asm__("__wasm_vfs_eventfd_read");
int eventfd_write(int, eventfd_t) __asm__("__wasm_vfs_eventfd_write");

#ifdef __cplusplus
}
#endif
#endif
