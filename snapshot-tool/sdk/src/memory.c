/* Memory: mmap(2) and its kin, memfd_create(2). */
#include "wasm_vfs_library.h"

#include <sys/mman.h>

/* An address, or MAP_FAILED with errno set. */
static void *address(long long answer) {
    return answer < 0 ? (__wasm_vfs_result(answer), MAP_FAILED) : (void *)(uintptr_t)answer;
}

void *mmap(void *start, size_t length, int protection, int flags, int fd, off_t offset) {
    return address(wasm_vfs_mmap(start, length, protection, flags, fd, offset));
}

int munmap(void *start, size_t length) {
    return result(wasm_vfs_munmap(start, length));
}

int mprotect(void *start, size_t length, int protection) {
    return result(wasm_vfs_mprotect(start, length, protection));
}

void *mremap(void *start, size_t old_length, size_t new_length, int flags, ...) {
    void *to = NULL;
    if ((flags & MREMAP_FIXED) != 0) {
        va_list arguments;
        va_start(arguments, flags);
        to = va_arg(arguments, void *);
        va_end(arguments);
    }
    return address(wasm_vfs_mremap(start, old_length, new_length, flags, to));
}

int msync(void *start, size_t length, int flags) {
    return result(wasm_vfs_msync(start, length, flags));
}

int madvise(void *start, size_t length, int advice) {
    return result(wasm_vfs_madvise(start, length, advice));
}

int posix_madvise(void *start, size_t length, int advice) {
    /* Linux's MADV_DONTNEED would discard what is there; this one must not. */
    if (advice == POSIX_MADV_DONTNEED) {
        return 0;
    }
    long long answer = wasm_vfs_madvise(start, length, advice);
    return answer < 0 ? __wasm_vfs_errno(-answer) : 0;
}

int mlock(const void *start, size_t length) {
    return result(wasm_vfs_mlock((void *)(uintptr_t)start, length));
}

int munlock(const void *start, size_t length) {
    return result(wasm_vfs_munlock((void *)(uintptr_t)start, length));
}

ADDED int memfd_create(const char *name, unsigned flags) {
    return result(wasm_vfs_memfd_create(name, (int)flags));
}
ALSO(memfd_create);
