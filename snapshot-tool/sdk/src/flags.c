/* Flags that have other bits in wasi-libc than on Linux. */
#include "wasm_vfs_library.h"

struct pair {
    int wasi;
    int linux_bits;
};

/* Those with more bits come first: O_SYNC of Linux contains O_DSYNC. */
static const struct pair open_pairs[] = {
    {O_TMPFILE, WASM_VFS_O_TMPFILE},
    {O_RSYNC, WASM_VFS_O_SYNC},
    {O_SYNC, WASM_VFS_O_SYNC},
    {O_DSYNC, WASM_VFS_O_DSYNC},
    {O_APPEND, WASM_VFS_O_APPEND},
    {O_NONBLOCK, WASM_VFS_O_NONBLOCK},
    {O_CREAT, WASM_VFS_O_CREAT},
    {O_DIRECTORY, WASM_VFS_O_DIRECTORY},
    {O_EXCL, WASM_VFS_O_EXCL},
    {O_TRUNC, WASM_VFS_O_TRUNC},
    {O_NOCTTY, WASM_VFS_O_NOCTTY},
    {O_DIRECT, WASM_VFS_O_DIRECT},
    {O_ASYNC, WASM_VFS_O_ASYNC},
    {O_NOATIME, WASM_VFS_O_NOATIME},
    {O_CLOEXEC, WASM_VFS_O_CLOEXEC},
    {O_PATH, WASM_VFS_O_PATH},
    {O_NOFOLLOW, WASM_VFS_O_NOFOLLOW},
};

static const struct pair at_pairs[] = {
    {AT_SYMLINK_NOFOLLOW, WASM_VFS_AT_SYMLINK_NOFOLLOW},
    {AT_SYMLINK_FOLLOW, WASM_VFS_AT_SYMLINK_FOLLOW},
    {AT_REMOVEDIR, WASM_VFS_AT_REMOVEDIR},
};

/* A bit that no call of Linux knows. */
enum { NO_FLAG = 0x40000000 };

/* Takes the bits of wasi-libc that are paired out of `flags`, and returns Linux's. */
static int take(const struct pair *pairs, size_t count, int *flags) {
    int linux_bits = 0;
    for (size_t i = 0; i < count; i++) {
        if ((*flags & pairs[i].wasi) == pairs[i].wasi) {
            *flags &= ~pairs[i].wasi;
            linux_bits |= pairs[i].linux_bits;
        }
    }
    return linux_bits;
}

int __wasm_vfs_open_flags(int flags) {
    int linux_bits = take(open_pairs, COUNT(open_pairs), &flags);
    /* What Linux does not know, open ignores. */
    switch (flags & O_ACCMODE) {
    case O_WRONLY:
        return linux_bits | WASM_VFS_O_WRONLY;
    case O_RDWR:
        return linux_bits | WASM_VFS_O_RDWR;
    case O_SEARCH:
    case O_EXEC:
        return linux_bits | WASM_VFS_O_PATH;
    default:
        return linux_bits | WASM_VFS_O_RDONLY;
    }
}

int __wasm_vfs_descriptor_flags(int flags) {
    int linux_bits = take(open_pairs, COUNT(open_pairs), &flags);
    return flags == 0 ? linux_bits : linux_bits | NO_FLAG;
}

int __wasm_vfs_from_open_flags(int flags) {
    int wasi = 0;
    switch (flags & WASM_VFS_O_ACCMODE) {
    case WASM_VFS_O_RDONLY:
        wasi = O_RDONLY;
        break;
    case WASM_VFS_O_WRONLY:
        wasi = O_WRONLY;
        break;
    default:
        wasi = O_RDWR;
    }
    for (size_t i = 0; i < COUNT(open_pairs); i++) {
        int bits = open_pairs[i].linux_bits;
        /* Linux has no O_RSYNC of its own. */
        if (open_pairs[i].wasi != O_RSYNC && (flags & bits) == bits) {
            flags &= ~bits;
            wasi |= open_pairs[i].wasi;
        }
    }
    return wasi;
}

int __wasm_vfs_at_flags(int flags) {
    int linux_bits = take(at_pairs, COUNT(at_pairs), &flags);
    return linux_bits | flags;
}
