/* Opening: open(2), openat2(2), posix_fadvise(3), fallocate(2). */
#include "wasm_vfs_library.h"

/* Whether open has a third argument. */
static int has_mode(int flags) {
    return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
}

int openat(int dirfd, const char *path, int flags, ...) {
    mode_t mode = 0;
    if (has_mode(flags)) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    return result(wasm_vfs_openat(directory(dirfd), path, __wasm_vfs_open_flags(flags), mode));
}

int open(const char *path, int flags, ...) {
    mode_t mode = 0;
    if (has_mode(flags)) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    return openat(AT_FDCWD, path, flags, mode);
}

int creat(const char *path, mode_t mode) {
    return open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
}

ADDED int openat2(int dirfd, const char *path, const struct open_how *how, size_t size) {
    struct wasm_vfs_open_how linux_how;
    if (size != sizeof(linux_how)) {
        return result(wasm_vfs_openat2(directory(dirfd), path, (const void *)how, size));
    }
    linux_how.flags = (unsigned)__wasm_vfs_open_flags((int)how->flags);
    /* Bits beyond those of fcntl.h are an error for this call. */
    linux_how.flags |= how->flags & ~0xffffffffull;
    linux_how.mode = how->mode;
    linux_how.resolve = how->resolve;
    return result(wasm_vfs_openat2(directory(dirfd), path, &linux_how, size));
}
ALSO(openat2);

int posix_fadvise(int fd, off_t offset, off_t length, int advice) {
    static const struct {
        int wasi;
        int linux_advice;
    } pairs[] = {
        {POSIX_FADV_NORMAL, WASM_VFS_FADV_NORMAL},
        {POSIX_FADV_RANDOM, WASM_VFS_FADV_RANDOM},
        {POSIX_FADV_SEQUENTIAL, WASM_VFS_FADV_SEQUENTIAL},
        {POSIX_FADV_WILLNEED, WASM_VFS_FADV_WILLNEED},
        {POSIX_FADV_DONTNEED, WASM_VFS_FADV_DONTNEED},
        {POSIX_FADV_NOREUSE, WASM_VFS_FADV_NOREUSE},
    };
    int linux_advice = -1;
    for (size_t i = 0; i < COUNT(pairs); i++) {
        if (pairs[i].wasi == advice) {
            linux_advice = pairs[i].linux_advice;
        }
    }
    long long answer = wasm_vfs_fadvise64(fd, offset, length, linux_advice);
    return answer < 0 ? __wasm_vfs_errno(-answer) : 0;
}

int posix_fallocate(int fd, off_t offset, off_t length) {
    long long answer = wasm_vfs_fallocate(fd, 0, offset, length);
    return answer < 0 ? __wasm_vfs_errno(-answer) : 0;
}

ADDED int fallocate(int fd, int mode, off_t offset, off_t length) {
    return result(wasm_vfs_fallocate(fd, mode, offset, length));
}
ALSO(fallocate);
