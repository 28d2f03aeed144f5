/* Completes wasi-libc's sys/random.h. */
#ifndef WASM_VFS_SYS_RANDOM_H
#define WASM_VFS_SYS_RANDOM_H

#pragma GCC system_header
#include_next <sys/random.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef GRND_NONBLOCK
#define GRND_NONBLOCK 1
#define GRND_RANDOM 2
#endif
#ifndef GRND_INSECURE
#define GRND_INSECURE 4
#endif

ssize_t getrandom(void *, size_t, unsigned) __asm__("__wasm_vfs_getrandom");

#ifdef __cplusplus
}
#endif
#endif
