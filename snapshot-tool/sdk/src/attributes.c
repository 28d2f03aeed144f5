/* What is set of files: chmod(2), chown(2), utimensat(2), xattr(7), umask(2). */
#include "wasm_vfs_library.h"

#include <sys/time.h>
#include <sys/xattr.h>
#include <utime.h>

int chmod(const char *path, mode_t mode) {
    return result(wasm_vfs_chmod(path, mode));
}

int fchmod(int fd, mode_t mode) {
    return result(wasm_vfs_fchmod(fd, mode));
}

int fchmodat(int dirfd, const char *path, mode_t mode, int flags) {
    return result(wasm_vfs_fchmodat2(directory(dirfd), path, mode, __wasm_vfs_at_flags(flags)));
}

ADDED int lchmod(const char *path, mode_t mode) {
    return fchmodat(AT_FDCWD, path, mode, AT_SYMLINK_NOFOLLOW);
}
ALSO(lchmod);

ADDED int chown(const char *path, uid_t owner, gid_t group) {
    return result(wasm_vfs_chown(path, owner, group));
}
ALSO(chown);

ADDED int lchown(const char *path, uid_t owner, gid_t group) {
    return result(wasm_vfs_lchown(path, owner, group));
}
ALSO(lchown);

ADDED int fchown(int fd, uid_t owner, gid_t group) {
    return result(wasm_vfs_fchown(fd, owner, group));
}
ALSO(fchown);

ADDED int fchownat(int dirfd, const char *path, uid_t owner, gid_t group, int flags) {
    flags = __wasm_vfs_at_flags(flags);
    return result(wasm_vfs_fchownat(directory(dirfd), path, owner, group, flags));
}
ALSO(fchownat);

ADDED mode_t umask(mode_t mask) {
    return (mode_t)wasm_vfs_umask(mask);
}
ALSO(umask);

/* A time for Linux: `tv_nsec` has 8 bytes there, and other special numbers. */
static struct wasm_vfs_timespec linux_time(const struct timespec *time) {
    struct wasm_vfs_timespec converted = {time->tv_sec, time->tv_nsec};
    if (time->tv_nsec == UTIME_NOW) {
        converted.tv_nsec = WASM_VFS_UTIME_NOW;
    } else if (time->tv_nsec == UTIME_OMIT) {
        converted.tv_nsec = WASM_VFS_UTIME_OMIT;
    } else if (time->tv_nsec < 0 || time->tv_nsec > 999999999) {
        converted.tv_nsec = -1;
    }
    return converted;
}

/* utimensat of Linux, whose path may be null. */
static int set_times(int dirfd, const char *path, const struct timespec times[2], int flags) {
    struct wasm_vfs_timespec converted[2];
    if (times == NULL) {
        return result(wasm_vfs_utimensat(dirfd, path, NULL, flags));
    }
    converted[0] = linux_time(&times[0]);
    converted[1] = linux_time(&times[1]);
    return result(wasm_vfs_utimensat(dirfd, path, converted, flags));
}

int utimensat(int dirfd, const char *path, const struct timespec times[2], int flags) {
    if (path == NULL) {
        /* It would be futimens. */
        errno = EINVAL;
        return -1;
    }
    return set_times(directory(dirfd), path, times, __wasm_vfs_at_flags(flags));
}

int futimens(int fd, const struct timespec times[2]) {
    if (fd < 0) {
        errno = EBADF;
        return -1;
    }
    return set_times(fd, NULL, times, 0);
}

/* Times in microseconds. */
static int set_microseconds(int dirfd, const char *path, const struct timeval times[2], int flags) {
    struct timespec converted[2];
    if (times == NULL) {
        return set_times(dirfd, path, NULL, flags);
    }
    for (int i = 0; i < 2; i++) {
        if (times[i].tv_usec < 0 || times[i].tv_usec > 999999) {
            errno = EINVAL;
            return -1;
        }
        converted[i].tv_sec = times[i].tv_sec;
        converted[i].tv_nsec = (long)times[i].tv_usec * 1000;
    }
    return set_times(dirfd, path, converted, flags);
}

int utimes(const char *path, const struct timeval times[2]) {
    return set_microseconds(WASM_VFS_AT_FDCWD, path, times, 0);
}

ADDED int lutimes(const char *path, const struct timeval times[2]) {
    return set_microseconds(WASM_VFS_AT_FDCWD, path, times, WASM_VFS_AT_SYMLINK_NOFOLLOW);
}
ALSO(lutimes);

ADDED int futimes(int fd, const struct timeval times[2]) {
    if (fd < 0) {
        errno = EBADF;
        return -1;
    }
    return set_microseconds(fd, NULL, times, 0);
}
ALSO(futimes);

ADDED int futimesat(int dirfd, const char *path, const struct timeval times[2]) {
    return set_microseconds(directory(dirfd), path, times, 0);
}
ALSO(futimesat);

int utime(const char *path, const struct utimbuf *times) {
    _Static_assert(sizeof(struct utimbuf) == sizeof(struct wasm_vfs_utimbuf), "struct utimbuf");
    return result(wasm_vfs_utime(path, (const void *)times));
}

ADDED ssize_t getxattr(const char *path, const char *name, void *value, size_t size) {
    return bytes(wasm_vfs_getxattr(path, name, value, size));
}
ALSO(getxattr);

ADDED ssize_t lgetxattr(const char *path, const char *name, void *value, size_t size) {
    return bytes(wasm_vfs_lgetxattr(path, name, value, size));
}
ALSO(lgetxattr);

ADDED ssize_t fgetxattr(int fd, const char *name, void *value, size_t size) {
    return bytes(wasm_vfs_fgetxattr(fd, name, value, size));
}
ALSO(fgetxattr);

ADDED ssize_t listxattr(const char *path, char *list, size_t size) {
    return bytes(wasm_vfs_listxattr(path, list, size));
}
ALSO(listxattr);

ADDED ssize_t llistxattr(const char *path, char *list, size_t size) {
    return bytes(wasm_vfs_llistxattr(path, list, size));
}
ALSO(llistxattr);

ADDED ssize_t flistxattr(int fd, char *list, size_t size) {
    return bytes(wasm_vfs_flistxattr(fd, list, size));
}
ALSO(flistxattr);

ADDED int setxattr(const char *path, const char *name, const void *value, size_t size, int flags) {
    return result(wasm_vfs_setxattr(path, name, value, size, flags));
}
ALSO(setxattr);

ADDED int lsetxattr(const char *path, const char *name, const void *value, size_t size, int flags) {
    return result(wasm_vfs_lsetxattr(path, name, value, size, flags));
}
ALSO(lsetxattr);

ADDED int fsetxattr(int fd, const char *name, const void *value, size_t size, int flags) {
    return result(wasm_vfs_fsetxattr(fd, name, value, size, flags));
}
ALSO(fsetxattr);

ADDED int removexattr(const char *path, const char *name) {
    return result(wasm_vfs_removexattr(path, name));
}
ALSO(removexattr);

ADDED int lremovexattr(const char *path, const char *name) {
    return result(wasm_vfs_lremovexattr(path, name));
}
ALSO(lremovexattr);

ADDED int fremovexattr(int fd, const char *name) {
    return result(wasm_vfs_fremovexattr(fd, name));
}
ALSO(fremovexattr);
