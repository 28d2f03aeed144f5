/* Names: mkdir(2), mknod(2), link(2), symlink(2), readlink(2), rename(2), unlink(2), truncate(2). */
#include "wasm_vfs_library.h"

#include <stdio.h>

int mkdir(const char *path, mode_t mode) {
    return result(wasm_vfs_mkdir(path, mode));
}

int mkdirat(int dirfd, const char *path, mode_t mode) {
    return result(wasm_vfs_mkdirat(directory(dirfd), path, mode));
}

ADDED int mknod(const char *path, mode_t mode, dev_t device) {
    return result(wasm_vfs_mknod(path, (int)mode, (unsigned)device));
}
ALSO(mknod);

ADDED int mknodat(int dirfd, const char *path, mode_t mode, dev_t device) {
    return result(wasm_vfs_mknodat(directory(dirfd), path, (int)mode, (unsigned)device));
}
ALSO(mknodat);

ADDED int mkfifo(const char *path, mode_t mode) {
    return mknod(path, (mode & ~(mode_t)S_IFMT) | S_IFIFO, 0);
}
ALSO(mkfifo);

ADDED int mkfifoat(int dirfd, const char *path, mode_t mode) {
    return mknodat(dirfd, path, (mode & ~(mode_t)S_IFMT) | S_IFIFO, 0);
}
ALSO(mkfifoat);

int link(const char *from, const char *to) {
    return result(wasm_vfs_link(from, to));
}

int linkat(int from_dirfd, const char *from, int to_dirfd, const char *to, int flags) {
    flags = __wasm_vfs_at_flags(flags);
    return result(wasm_vfs_linkat(directory(from_dirfd), from, directory(to_dirfd), to, flags));
}

int symlink(const char *target, const char *path) {
    return result(wasm_vfs_symlink(target, path));
}

int symlinkat(const char *target, int dirfd, const char *path) {
    return result(wasm_vfs_symlinkat(target, directory(dirfd), path));
}

ssize_t readlink(const char *restrict path, char *restrict buffer, size_t size) {
    return bytes(wasm_vfs_readlink(path, buffer, size));
}

ssize_t readlinkat(int dirfd, const char *restrict path, char *restrict buffer, size_t size) {
    return bytes(wasm_vfs_readlinkat(directory(dirfd), path, buffer, size));
}

int rename(const char *from, const char *to) {
    return result(wasm_vfs_rename(from, to));
}

int renameat(int from_dirfd, const char *from, int to_dirfd, const char *to) {
    return result(wasm_vfs_renameat(directory(from_dirfd), from, directory(to_dirfd), to));
}

ADDED int renameat2(int from_dirfd, const char *from, int to_dirfd, const char *to, unsigned flags) {
    return result(wasm_vfs_renameat2(directory(from_dirfd), from, directory(to_dirfd), to, (int)flags));
}
ALSO(renameat2);

int unlink(const char *path) {
    return result(wasm_vfs_unlink(path));
}

int unlinkat(int dirfd, const char *path, int flags) {
    return result(wasm_vfs_unlinkat(directory(dirfd), path, __wasm_vfs_at_flags(flags)));
}

int rmdir(const char *path) {
    return result(wasm_vfs_rmdir(path));
}

int remove(const char *path) {
    int saved = errno;
    if (unlink(path) == 0) {
        return 0;
    }
    if (errno != EISDIR) {
        return -1;
    }
    errno = saved;
    return rmdir(path);
}

int truncate(const char *path, off_t length) {
    return result(wasm_vfs_truncate(path, length));
}
