/* What files are: stat(2), statx(2), statfs(2), statvfs(3), access(2). */
#include "wasm_vfs_library.h"

#include <sys/statfs.h>
#include <sys/statvfs.h>

/* wasi-libc's struct stat has Linux's layout, but for two numbers that have 4 bytes and 4 of padding. */
#define SAME(type, field)                                                                              \
    _Static_assert(offsetof(struct type, field) == offsetof(struct wasm_vfs_##type, field), #field)
_Static_assert(sizeof(struct stat) == sizeof(struct wasm_vfs_stat), "struct stat");
SAME(stat, st_dev);
SAME(stat, st_ino);
SAME(stat, st_nlink);
SAME(stat, st_mode);
SAME(stat, st_uid);
SAME(stat, st_gid);
SAME(stat, st_rdev);
SAME(stat, st_size);
SAME(stat, st_blksize);
SAME(stat, st_blocks);
SAME(stat, st_atim);
SAME(stat, st_mtim);
SAME(stat, st_ctim);
_Static_assert(sizeof(struct statx) == sizeof(struct wasm_vfs_statx), "struct statx");
SAME(statx, stx_ino);
SAME(statx, stx_atime);
SAME(statx, stx_mnt_id);
_Static_assert(sizeof(struct statfs) == sizeof(struct wasm_vfs_statfs), "struct statfs");
SAME(statfs, f_namelen);
SAME(statfs, f_flags);

int stat(const char *restrict path, struct stat *restrict out) {
    return result(wasm_vfs_stat(path, (void *)out));
}

int lstat(const char *restrict path, struct stat *restrict out) {
    return result(wasm_vfs_lstat(path, (void *)out));
}

int fstat(int fd, struct stat *out) {
    return result(wasm_vfs_fstat(fd, (void *)out));
}

int fstatat(int dirfd, const char *restrict path, struct stat *restrict out, int flags) {
    return result(wasm_vfs_newfstatat(directory(dirfd), path, (void *)out, __wasm_vfs_at_flags(flags)));
}

ADDED int statx(int dirfd, const char *restrict path, int flags, unsigned mask, struct statx *restrict out) {
    flags = __wasm_vfs_at_flags(flags);
    return result(wasm_vfs_statx(directory(dirfd), path, flags, (int)mask, (void *)out));
}
ALSO(statx);

ADDED int statfs(const char *path, struct statfs *out) {
    return result(wasm_vfs_statfs(path, (void *)out));
}
ALSO(statfs);

ADDED int fstatfs(int fd, struct statfs *out) {
    return result(wasm_vfs_fstatfs(fd, (void *)out));
}
ALSO(fstatfs);

/* Linux's sign that `f_flags` is filled. */
enum { ST_VALID = 0x20 };

static void from_statfs(const struct wasm_vfs_statfs *from, struct statvfs *to) {
    memset(to, 0, sizeof(*to));
    to->f_bsize = (unsigned long)from->f_bsize;
    to->f_frsize = (unsigned long)(from->f_frsize != 0 ? from->f_frsize : from->f_bsize);
    to->f_blocks = from->f_blocks;
    to->f_bfree = from->f_bfree;
    to->f_bavail = from->f_bavail;
    to->f_files = from->f_files;
    to->f_ffree = from->f_ffree;
    to->f_favail = from->f_ffree;
    to->f_fsid = (unsigned long)from->f_fsid[0];
    to->f_flag = (unsigned long)from->f_flags & ~(unsigned long)ST_VALID;
    to->f_namemax = (unsigned long)from->f_namelen;
}

int statvfs(const char *restrict path, struct statvfs *restrict out) {
    struct wasm_vfs_statfs stored;
    if (result(wasm_vfs_statfs(path, &stored)) < 0) {
        return -1;
    }
    from_statfs(&stored, out);
    return 0;
}

int fstatvfs(int fd, struct statvfs *out) {
    struct wasm_vfs_statfs stored;
    if (result(wasm_vfs_fstatfs(fd, &stored)) < 0) {
        return -1;
    }
    from_statfs(&stored, out);
    return 0;
}

int access(const char *path, int mode) {
    return result(wasm_vfs_access(path, mode));
}

int faccessat(int dirfd, const char *path, int mode, int flags) {
    return result(wasm_vfs_faccessat2(directory(dirfd), path, mode, __wasm_vfs_at_flags(flags)));
}

ADDED int eaccess(const char *path, int mode) {
    return faccessat(AT_FDCWD, path, mode, AT_EACCESS);
}
ALSO(eaccess);

ADDED int euidaccess(const char *path, int mode) {
    return eaccess(path, mode);
}
ALSO(euidaccess);
