/* The one thread: what wasi-libc's pthread.h lacks or has wrong there. */
#include "wasm_vfs_library.h"

#include <pthread.h>

#ifdef PTHREAD_MUTEX_ROBUST

int pthread_mutexattr_setrobust(pthread_mutexattr_t *attributes, int robust) {
    (void)attributes;
    /* No owner of a mutex ever dies before another thread asks for it, so every mutex is robust. */
    return robust == PTHREAD_MUTEX_STALLED || robust == PTHREAD_MUTEX_ROBUST ? 0 : EINVAL;
}

/* As many as Linux has in musl. */
enum { KEYS = 128 };

/* What the thread keeps for each key. Destructors are for threads that end before the program. */
static struct {
    int is_taken;
    const void *value;
} keys[KEYS];

static int is_key(pthread_key_t key) {
    return key < KEYS && keys[key].is_taken;
}

int pthread_key_create(pthread_key_t *key, void (*destructor)(void *)) {
    (void)destructor;
    for (pthread_key_t free = 0; free < KEYS; free++) {
        if (!keys[free].is_taken) {
            keys[free].is_taken = 1;
            keys[free].value = NULL;
            *key = free;
            return 0;
        }
    }
    return EAGAIN;
}

int pthread_key_delete(pthread_key_t key) {
    if (!is_key(key)) {
        return EINVAL;
    }
    keys[key].is_taken = 0;
    return 0;
}

void *pthread_getspecific(pthread_key_t key) {
    return is_key(key) ? (void *)(uintptr_t)keys[key].value : NULL;
}

int pthread_setspecific(pthread_key_t key, const void *value) {
    if (!is_key(key)) {
        return EINVAL;
    }
    keys[key].value = value;
    return 0;
}

#endif
