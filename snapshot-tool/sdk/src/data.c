/* Data of and between descriptors: read(2), ftruncate(2), sendfile(2), copy_file_range(2), splice(2), preadv2(2), sync(2). */
#include "wasm_vfs_library.h"

#include <sys/sendfile.h>
#include <sys/uio.h>

_Static_assert(sizeof(struct iovec) == sizeof(struct wasm_vfs_iovec), "struct iovec");
_Static_assert(sizeof(off_t) == 8, "off_t");

ssize_t read(int fd, void *buffer, size_t size) {
    return bytes(wasm_vfs_read(fd, buffer, size));
}

ssize_t pread(int fd, void *buffer, size_t size, off_t offset) {
    return bytes(wasm_vfs_pread64(fd, buffer, size, offset));
}

ssize_t readv(int fd, const struct iovec *pieces, int count) {
    return bytes(wasm_vfs_readv(fd, (const void *)pieces, count));
}

ssize_t preadv(int fd, const struct iovec *pieces, int count, off_t offset) {
    return bytes(wasm_vfs_preadv(fd, (const void *)pieces, count, offset));
}

int ftruncate(int fd, off_t length) {
    return result(wasm_vfs_ftruncate(fd, length));
}

ADDED ssize_t sendfile(int to, int from, off_t *offset, size_t count) {
    return bytes(wasm_vfs_sendfile(to, from, offset, count));
}
ALSO(sendfile);

ADDED ssize_t copy_file_range(
    int from, off_t *from_offset, int to, off_t *to_offset, size_t length, unsigned flags
) {
    return bytes(wasm_vfs_copy_file_range(from, from_offset, to, to_offset, length, flags));
}
ALSO(copy_file_range);

ADDED ssize_t splice(int from, off_t *from_offset, int to, off_t *to_offset, size_t length, unsigned flags) {
    return bytes(wasm_vfs_splice(from, from_offset, to, to_offset, length, (int)flags));
}
ALSO(splice);

ADDED ssize_t tee(int from, int to, size_t length, unsigned flags) {
    return bytes(wasm_vfs_tee(from, to, length, (int)flags));
}
ALSO(tee);

ADDED ssize_t vmsplice(int fd, const struct iovec *pieces, size_t count, unsigned flags) {
    return bytes(wasm_vfs_vmsplice(fd, (const void *)pieces, count, (int)flags));
}
ALSO(vmsplice);

ADDED ssize_t preadv2(int fd, const struct iovec *pieces, int count, off_t offset, int flags) {
    return bytes(wasm_vfs_preadv2(fd, (const void *)pieces, count, offset, flags));
}
ALSO(preadv2);

ADDED ssize_t pwritev2(int fd, const struct iovec *pieces, int count, off_t offset, int flags) {
    return bytes(wasm_vfs_pwritev2(fd, (const void *)pieces, count, offset, flags));
}
ALSO(pwritev2);

ADDED void sync(void) {
    wasm_vfs_sync();
}
ALSO(sync);

ADDED int syncfs(int fd) {
    return result(wasm_vfs_syncfs(fd));
}
ALSO(syncfs);
