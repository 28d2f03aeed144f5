/* Completes wasi-libc's pthread.h, where there is one: robust mutexes, and keys that can be deleted.
 *
 * There is one thread: pthread_create is wasi-libc's and fails with EAGAIN.
 */
#ifndef WASM_VFS_PTHREAD_H
#define WASM_VFS_PTHREAD_H

#pragma GCC system_header
#if __has_include_next(<pthread.h>)
#include_next <pthread.h>

#ifdef __cplusplus
extern "C" {
#endif

int pthread_mutexattr_setrobust(pthread_mutexattr_t *, int) __asm__("__wasm_vfs_pthread_mutexattr_setrobust");
/* wasi-libc's pthread_key_delete does not end. */
int pthread_key_create(pthread_key_t *, void (*)(void *)) __asm__("__wasm_vfs_pthread_key_create");
int pthread_key_delete(pthread_key_t) __asm__("__wasm_vfs_pthread_key_delete");
void *pthread_getspecific(pthread_key_t) __asm__("__wasm_vfs_pthread_getspecific");
int pthread_setspecific(pthread_key_t, const void *) __asm__("__wasm_vfs_pthread_setspecific");

#ifdef __cplusplus
}
#endif
#endif
#endif
