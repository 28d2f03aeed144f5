// The guest of the benchmarks: one export for each operation, which does it that many times.
//
// It is a reactor, so that the host can call operation after operation, on several instances in turn, and time the calls.
// It knows nothing of what serves its files: the same module runs on a directory of the host, packed, and on an adapter that
// does nothing. Every answer is checked as a program would; a wrong one traps.
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest.h"

static unsigned char buffer[65536];

// A file of 16 MiB.
static const char DATA[] = "/data";
#define DATA_BYTES (16u << 20)

// An offset that jumps through the first 256 KiB of DATA; 64 bytes follow it there. It is the calls that are measured: all of DATA does not
// fit in the processor's caches, and fetching 64 bytes from memory takes longer than they do.
static off_t somewhere(unsigned turn) {
    return (off_t)((turn * 0x9e3779b9u) >> 14) & ~(off_t)63;
}

static void stat_times(const char *path, unsigned count) {
    struct stat found;
    for (unsigned turn = 0; turn < count; turn++)
        CHECK(stat(path, &found) == 0);
}

EXPORT("stat in a directory of 1") stat_1(unsigned count) { stat_times("/one/file", count); }
EXPORT("stat in a directory of 1,000") stat_1000(unsigned count) {
    stat_times("/thousand/file-500", count);
}
EXPORT("stat in a directory of 100,000") stat_100000(unsigned count) {
    stat_times("/many/file-50000", count);
}
EXPORT("stat, eight directories deep") stat_deep(unsigned count) {
    stat_times("/deep/deep/deep/deep/deep/deep/deep/file", count);
}

EXPORT("fstat") fstat_open(unsigned count) {
    struct stat found;
    int fd = open("/one/file", O_RDONLY);
    CHECK(fd >= 0);
    for (unsigned turn = 0; turn < count; turn++)
        CHECK(fstat(fd, &found) == 0);
    CHECK(close(fd) == 0);
}

EXPORT("open+close") open_close(unsigned count) {
    for (unsigned turn = 0; turn < count; turn++) {
        int fd = open("/one/file", O_RDONLY);
        CHECK(fd >= 0);
        CHECK(close(fd) == 0);
    }
}

EXPORT("open+read 4 KiB+close") open_read_close(unsigned count) {
    for (unsigned turn = 0; turn < count; turn++) {
        int fd = open("/one/file", O_RDONLY);
        CHECK(fd >= 0);
        CHECK(read(fd, buffer, 4096) == 4096);
        CHECK(close(fd) == 0);
    }
}

EXPORT("lseek+read 64 B") lseek_read(unsigned count) {
    int fd = open(DATA, O_RDONLY);
    CHECK(fd >= 0);
    for (unsigned turn = 0; turn < count; turn++) {
        CHECK(lseek(fd, somewhere(turn), SEEK_SET) >= 0);
        CHECK(read(fd, buffer, 64) == 64);
    }
    CHECK(close(fd) == 0);
}

EXPORT("pread 64 B") pread_64(unsigned count) {
    int fd = open(DATA, O_RDONLY);
    CHECK(fd >= 0);
    for (unsigned turn = 0; turn < count; turn++)
        CHECK(pread(fd, buffer, 64, somewhere(turn)) == 64);
    CHECK(close(fd) == 0);
}

EXPORT("sequential read, 64 KiB") sequential(unsigned count) {
    int fd = open(DATA, O_RDONLY);
    CHECK(fd >= 0);
    for (unsigned turn = 0; turn < count; turn++) {
        if (turn % (DATA_BYTES / sizeof buffer) == 0)
            CHECK(lseek(fd, 0, SEEK_SET) == 0);
        CHECK(read(fd, buffer, sizeof buffer) == sizeof buffer);
    }
    CHECK(close(fd) == 0);
}

EXPORT("create+write 4 KiB+close+unlink") create_write(unsigned count) {
    for (unsigned turn = 0; turn < count; turn++) {
        int fd = open("/tmp/new", O_CREAT | O_EXCL | O_WRONLY, 0644);
        CHECK(fd >= 0);
        CHECK(write(fd, buffer, 4096) == 4096);
        CHECK(close(fd) == 0);
        CHECK(unlink("/tmp/new") == 0);
    }
}

// The file is cut every MiB.
static void append_times(unsigned count, size_t bytes) {
    int fd = open("/tmp/log", O_CREAT | O_WRONLY | O_APPEND | O_TRUNC, 0644);
    CHECK(fd >= 0);
    for (unsigned turn = 0; turn < count; turn++) {
        if (turn % ((1u << 20) / bytes) == 0)
            CHECK(ftruncate(fd, 0) == 0);
        CHECK(write(fd, buffer, bytes) == (ssize_t)bytes);
    }
    CHECK(close(fd) == 0);
}

EXPORT("append 64 B") append_64(unsigned count) { append_times(count, 64); }
EXPORT("append 4 KiB") append_4096(unsigned count) { append_times(count, 4096); }

EXPORT("rename") rename_file(unsigned count) {
    int fd = open("/tmp/a", O_CREAT | O_WRONLY, 0644);
    CHECK(fd >= 0);
    CHECK(close(fd) == 0);
    for (unsigned turn = 0; turn < count; turn++) {
        CHECK(rename("/tmp/a", "/tmp/b") == 0);
        CHECK(rename("/tmp/b", "/tmp/a") == 0);
    }
}

static void list(const char *path, unsigned entries, unsigned count) {
    for (unsigned turn = 0; turn < count; turn++) {
        DIR *directory = opendir(path);
        CHECK(directory != NULL);
        unsigned seen = 0;
        while (readdir(directory) != NULL)
            seen++;
        CHECK(seen >= entries);
        CHECK(closedir(directory) == 0);
    }
}

EXPORT("readdir of 1,000") list_1000(unsigned count) { list("/thousand", 1000, count); }
EXPORT("readdir of 100,000") list_100000(unsigned count) { list("/many", 100000, count); }

EXPORT("no file calls (64 KiB hashed)") compute(unsigned count) {
    uint32_t hash = 0;
    for (unsigned turn = 0; turn < count; turn++) {
        for (size_t at = 0; at < sizeof buffer; at++)
            hash = (hash ^ buffer[at]) * 16777619u;
        buffer[turn % sizeof buffer] = (unsigned char)hash;
    }
}

// For start-up: what a program does first.
EXPORT("read a file") read_a_file(unsigned count) {
    for (unsigned turn = 0; turn < count; turn++) {
        FILE *file = fopen("/one/file", "r");
        CHECK(file != NULL);
        CHECK(fread(buffer, 1, 4096, file) == 4096);
        CHECK(fclose(file) == 0);
    }
}

// For growing memory: what the filesystem holds then, and how the program grows.
EXPORT("write a MiB") write_mib(unsigned count) {
    int fd = open("/tmp/written", O_CREAT | O_WRONLY | O_APPEND, 0644);
    CHECK(fd >= 0);
    for (unsigned piece = 0; piece < count * ((1u << 20) / sizeof buffer); piece++)
        CHECK(write(fd, buffer, sizeof buffer) == (ssize_t)sizeof buffer);
    CHECK(close(fd) == 0);
}
EXPORT("grow by a page") grow(unsigned count) {
    for (unsigned turn = 0; turn < count; turn++)
        CHECK(__builtin_wasm_memory_grow(0, 1) != (size_t)-1);
}
