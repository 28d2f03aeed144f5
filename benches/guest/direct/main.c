// The guest that measures Linux's calls beside their twins of preview1: two exports for each operation, on the same files and descriptors.
//
// Both are called as the module imports them. A libc would add its own work to either.
#include <stdint.h>
#include <string.h>
#include <wasi/api.h>
#include <wasm_vfs.h>

#include "../guest.h"

// What packed programs have for the root directory.
#define ROOT 3
// Linux's numbers: <fcntl.h> has wasi-libc's.
#define LINUX_SEEK_SET 0
#define LINUX_PROT_READ 1
#define LINUX_MAP_SHARED 1

static unsigned char buffer[65536];

static const char FILE_PATH[] = "/one/file";
static const char DEEP_PATH[] = "/deep/deep/deep/deep/deep/deep/deep/file";
// A file of 16 MiB.
static const char DATA_PATH[] = "/data";
#define DATA_BYTES (16u << 20)

// An offset that jumps through the first 256 KiB of the file; 64 bytes follow it there.
static uint64_t somewhere(unsigned turn) {
    return (turn * 0x9e3779b9u >> 14) & ~63u;
}

static int open_by_preview1(const char *path) {
    __wasi_fd_t fd;
    __wasi_rights_t all = ~(__wasi_rights_t)0 >> 34;
    CHECK(__wasi_path_open(ROOT, __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW, path + 1, 0, all, all, 0, &fd) == 0);
    return (int)fd;
}

static void stat_by_preview1(const char *path, unsigned count) {
    __wasi_filestat_t found;
    for (unsigned turn = 0; turn < count; turn++)
        CHECK(__wasi_path_filestat_get(ROOT, __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW, path + 1, &found) == 0);
}

static void stat_directly(const char *path, unsigned count) {
    struct wasm_vfs_stat found;
    for (unsigned turn = 0; turn < count; turn++)
        CHECK(wasm_vfs_stat(path, &found) == 0);
}

EXPORT("preview1: stat") preview1_stat(unsigned count) { stat_by_preview1(FILE_PATH, count); }
EXPORT("direct: stat") direct_stat(unsigned count) { stat_directly(FILE_PATH, count); }
EXPORT("preview1: stat, eight directories deep") preview1_stat_deep(unsigned count) { stat_by_preview1(DEEP_PATH, count); }
EXPORT("direct: stat, eight directories deep") direct_stat_deep(unsigned count) { stat_directly(DEEP_PATH, count); }

EXPORT("preview1: fstat") preview1_fstat(unsigned count) {
    __wasi_filestat_t found;
    int fd = open_by_preview1(FILE_PATH);
    for (unsigned turn = 0; turn < count; turn++)
        CHECK(__wasi_fd_filestat_get((__wasi_fd_t)fd, &found) == 0);
    CHECK(__wasi_fd_close((__wasi_fd_t)fd) == 0);
}

EXPORT("direct: fstat") direct_fstat(unsigned count) {
    struct wasm_vfs_stat found;
    int fd = (int)wasm_vfs_open(FILE_PATH, 0, 0);
    CHECK(fd >= 0);
    for (unsigned turn = 0; turn < count; turn++)
        CHECK(wasm_vfs_fstat(fd, &found) == 0);
    CHECK(wasm_vfs_close(fd) == 0);
}

EXPORT("preview1: open+close") preview1_open_close(unsigned count) {
    for (unsigned turn = 0; turn < count; turn++)
        CHECK(__wasi_fd_close((__wasi_fd_t)open_by_preview1(FILE_PATH)) == 0);
}

EXPORT("direct: open+close") direct_open_close(unsigned count) {
    for (unsigned turn = 0; turn < count; turn++) {
        int fd = (int)wasm_vfs_open(FILE_PATH, 0, 0);
        CHECK(fd >= 0);
        CHECK(wasm_vfs_close(fd) == 0);
    }
}

EXPORT("preview1: lseek+read 64 B") preview1_lseek_read(unsigned count) {
    __wasi_fd_t fd = (__wasi_fd_t)open_by_preview1(DATA_PATH);
    for (unsigned turn = 0; turn < count; turn++) {
        __wasi_filesize_t at;
        CHECK(__wasi_fd_seek(fd, (__wasi_filedelta_t)somewhere(turn), __WASI_WHENCE_SET, &at) == 0);
        __wasi_iovec_t vector = {buffer, 64};
        __wasi_size_t got;
        CHECK(__wasi_fd_read(fd, &vector, 1, &got) == 0 && got == 64);
    }
    CHECK(__wasi_fd_close(fd) == 0);
}

EXPORT("direct: lseek+read 64 B") direct_lseek_read(unsigned count) {
    int fd = (int)wasm_vfs_open(DATA_PATH, 0, 0);
    CHECK(fd >= 0);
    for (unsigned turn = 0; turn < count; turn++) {
        CHECK(wasm_vfs_lseek(fd, (long long)somewhere(turn), LINUX_SEEK_SET) >= 0);
        CHECK(wasm_vfs_read(fd, buffer, 64) == 64);
    }
    CHECK(wasm_vfs_close(fd) == 0);
}

EXPORT("preview1: pread 64 B") preview1_pread(unsigned count) {
    __wasi_fd_t fd = (__wasi_fd_t)open_by_preview1(DATA_PATH);
    for (unsigned turn = 0; turn < count; turn++) {
        __wasi_iovec_t vector = {buffer, 64};
        __wasi_size_t got;
        CHECK(__wasi_fd_pread(fd, &vector, 1, somewhere(turn), &got) == 0 && got == 64);
    }
    CHECK(__wasi_fd_close(fd) == 0);
}

EXPORT("direct: pread 64 B") direct_pread(unsigned count) {
    int fd = (int)wasm_vfs_open(DATA_PATH, 0, 0);
    CHECK(fd >= 0);
    for (unsigned turn = 0; turn < count; turn++)
        CHECK(wasm_vfs_pread64(fd, buffer, 64, (long long)somewhere(turn)) == 64);
    CHECK(wasm_vfs_close(fd) == 0);
}

// What a program does with the bytes: sums them up.
static uint64_t sum(const unsigned char *bytes, size_t length) {
    uint64_t total = 0;
    for (size_t at = 0; at < length; at += 8) {
        uint64_t word;
        memcpy(&word, bytes + at, 8);
        total += word;
    }
    return total;
}

static volatile uint64_t sink;

// Both have the whole file in memory then. Read in pieces into one small buffer, it would stay in the processor's caches.
static unsigned char whole[DATA_BYTES];

EXPORT("preview1: read or map 16 MB, and sum it up") preview1_all(unsigned count) {
    for (unsigned turn = 0; turn < count; turn++) {
        __wasi_fd_t fd = (__wasi_fd_t)open_by_preview1(DATA_PATH);
        __wasi_iovec_t vector = {whole, sizeof whole};
        __wasi_size_t got;
        CHECK(__wasi_fd_read(fd, &vector, 1, &got) == 0 && got == sizeof whole);
        sink = sum(whole, sizeof whole);
        CHECK(__wasi_fd_close(fd) == 0);
    }
}

EXPORT("direct: read or map 16 MB, and sum it up") direct_all(unsigned count) {
    for (unsigned turn = 0; turn < count; turn++) {
        int fd = (int)wasm_vfs_open(DATA_PATH, 0, 0);
        CHECK(fd >= 0);
        long long address = wasm_vfs_mmap(0, DATA_BYTES, LINUX_PROT_READ, LINUX_MAP_SHARED, fd, 0);
        CHECK(address > 0);
        sink = sum((const unsigned char *)(uintptr_t)address, DATA_BYTES);
        CHECK(wasm_vfs_munmap((void *)(uintptr_t)address, DATA_BYTES) == 0);
        CHECK(wasm_vfs_close(fd) == 0);
    }
}
