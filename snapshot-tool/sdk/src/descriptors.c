/* Descriptors: dup(2), pipe(2), fcntl(2), flock(2), lockf(3), lseek(2), ioctl(2), fsync(2). */
#include "wasm_vfs_library.h"

#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

ADDED int dup(int fd) {
    return result(wasm_vfs_dup(fd));
}
ALSO(dup);

ADDED int dup2(int fd, int to) {
    return result(wasm_vfs_dup2(fd, to));
}
ALSO(dup2);

ADDED int dup3(int fd, int to, int flags) {
    return result(wasm_vfs_dup3(fd, to, __wasm_vfs_descriptor_flags(flags)));
}
ALSO(dup3);

ADDED int pipe(int ends[2]) {
    return result(wasm_vfs_pipe(ends));
}
ALSO(pipe);

ADDED int pipe2(int ends[2], int flags) {
    return result(wasm_vfs_pipe2(ends, __wasm_vfs_descriptor_flags(flags)));
}
ALSO(pipe2);

ADDED int socketpair(int domain, int type, int protocol, int pair[2]) {
    return result(wasm_vfs_socketpair(domain, type, protocol, pair));
}
ALSO(socketpair);

ADDED int close_range(unsigned first, unsigned last, int flags) {
    return result(wasm_vfs_close_range(first, last, flags));
}
ALSO(close_range);

/* `struct flock` has Linux's layout. */
_Static_assert(sizeof(struct flock) == sizeof(struct wasm_vfs_flock), "struct flock");
_Static_assert(offsetof(struct flock, l_start) == offsetof(struct wasm_vfs_flock, l_start), "l_start");
_Static_assert(offsetof(struct flock, l_pid) == offsetof(struct wasm_vfs_flock, l_pid), "l_pid");
_Static_assert(SEEK_SET == 0 && SEEK_CUR == 1 && SEEK_END == 2, "whence has Linux's numbers");

int fcntl(int fd, int command, ...) {
    switch (command) {
    case F_GETFD:
    case F_GETPIPE_SZ:
    case F_GET_SEALS:
        return result(wasm_vfs_fcntl(fd, command, 0));
    case F_GETFL: {
        int flags = result(wasm_vfs_fcntl(fd, command, 0));
        return flags < 0 ? flags : __wasm_vfs_from_open_flags(flags);
    }
    default:
        break;
    }
    /* An int or a pointer: both have 32 bits. */
    va_list arguments;
    va_start(arguments, command);
    unsigned argument = va_arg(arguments, unsigned);
    va_end(arguments);
    if (command == F_SETFL) {
        argument = (unsigned)__wasm_vfs_open_flags((int)argument);
    }
    return result(wasm_vfs_fcntl(fd, command, argument));
}

ADDED int flock(int fd, int operation) {
    return result(wasm_vfs_flock(fd, operation));
}
ALSO(flock);

ADDED int lockf(int fd, int command, off_t length) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_CUR, .l_len = length};
    switch (command) {
    case F_LOCK:
        return fcntl(fd, F_SETLKW, &lock);
    case F_TLOCK:
        return fcntl(fd, F_SETLK, &lock);
    case F_ULOCK:
        lock.l_type = F_UNLCK;
        return fcntl(fd, F_SETLK, &lock);
    case F_TEST:
        if (fcntl(fd, F_GETLK, &lock) < 0) {
            return -1;
        }
        if (lock.l_type == F_UNLCK || lock.l_pid == getpid()) {
            return 0;
        }
        errno = EACCES;
        return -1;
    default:
        errno = EINVAL;
        return -1;
    }
}
ALSO(lockf);

off_t lseek(int fd, off_t offset, int whence) {
    return __wasm_vfs_result(wasm_vfs_lseek(fd, offset, whence));
}

int ioctl(int fd, int request, ...) {
    va_list arguments;
    va_start(arguments, request);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    switch (request) {
    case FIONREAD:
        request = WASM_VFS_FIONREAD;
        break;
    case FIONBIO:
        request = WASM_VFS_FIONBIO;
        break;
    default:
        break;
    }
    return result(wasm_vfs_ioctl(fd, request, argument));
}

int fsync(int fd) {
    return result(wasm_vfs_fsync(fd));
}

int fdatasync(int fd) {
    return result(wasm_vfs_fdatasync(fd));
}
