// A program gone wild: it calls every fd_* and path_* function of preview1, and poll_oneoff, with pointers outside its
// memory, lengths that overflow, paths that hold NUL or are not UTF-8, closed and negative descriptors, and flags that
// do not exist. Every call must return an errno, none may trap, and afterwards the filesystem must be as it was.
//
// Packed only: hosts may trap on such calls. Exit status 0 when all was as expected.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <wasi/api.h>

#define IMPORT(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name)))
// Every pointer is a plain number here, so that it can be any number.
IMPORT(fd_advise) extern uint32_t fd_advise(uint32_t fd, uint64_t offset, uint64_t len, uint32_t advice);
IMPORT(fd_allocate) extern uint32_t fd_allocate(uint32_t fd, uint64_t offset, uint64_t len);
IMPORT(fd_close) extern uint32_t fd_close(uint32_t fd);
IMPORT(fd_datasync) extern uint32_t fd_datasync(uint32_t fd);
IMPORT(fd_fdstat_get) extern uint32_t fd_fdstat_get(uint32_t fd, uint32_t out);
IMPORT(fd_fdstat_set_flags) extern uint32_t fd_fdstat_set_flags(uint32_t fd, uint32_t flags);
IMPORT(fd_fdstat_set_rights) extern uint32_t fd_fdstat_set_rights(uint32_t fd, uint64_t base, uint64_t inheriting);
IMPORT(fd_filestat_get) extern uint32_t fd_filestat_get(uint32_t fd, uint32_t out);
IMPORT(fd_filestat_set_size) extern uint32_t fd_filestat_set_size(uint32_t fd, uint64_t size);
IMPORT(fd_filestat_set_times) extern uint32_t fd_filestat_set_times(uint32_t fd, uint64_t atim, uint64_t mtim, uint32_t flags);
IMPORT(fd_pread) extern uint32_t fd_pread(uint32_t fd, uint32_t iovs, uint32_t count, uint64_t offset, uint32_t out);
IMPORT(fd_prestat_get) extern uint32_t fd_prestat_get(uint32_t fd, uint32_t out);
IMPORT(fd_prestat_dir_name) extern uint32_t fd_prestat_dir_name(uint32_t fd, uint32_t path, uint32_t len);
IMPORT(fd_pwrite) extern uint32_t fd_pwrite(uint32_t fd, uint32_t iovs, uint32_t count, uint64_t offset, uint32_t out);
IMPORT(fd_read) extern uint32_t fd_read(uint32_t fd, uint32_t iovs, uint32_t count, uint32_t out);
IMPORT(fd_readdir) extern uint32_t fd_readdir(uint32_t fd, uint32_t buf, uint32_t len, uint64_t cookie, uint32_t out);
IMPORT(fd_renumber) extern uint32_t fd_renumber(uint32_t fd, uint32_t to);
IMPORT(fd_seek) extern uint32_t fd_seek(uint32_t fd, uint64_t offset, uint32_t whence, uint32_t out);
IMPORT(fd_sync) extern uint32_t fd_sync(uint32_t fd);
IMPORT(fd_tell) extern uint32_t fd_tell(uint32_t fd, uint32_t out);
IMPORT(fd_write) extern uint32_t fd_write(uint32_t fd, uint32_t iovs, uint32_t count, uint32_t out);
IMPORT(path_create_directory) extern uint32_t path_create_directory(uint32_t fd, uint32_t path, uint32_t len);
IMPORT(path_filestat_get) extern uint32_t path_filestat_get(uint32_t fd, uint32_t flags, uint32_t path, uint32_t len, uint32_t out);
IMPORT(path_filestat_set_times) extern uint32_t path_filestat_set_times(uint32_t fd, uint32_t flags, uint32_t path, uint32_t len, uint64_t atim, uint64_t mtim, uint32_t fst);
IMPORT(path_link) extern uint32_t path_link(uint32_t fd, uint32_t flags, uint32_t old, uint32_t old_len, uint32_t to, uint32_t path, uint32_t len);
IMPORT(path_open) extern uint32_t path_open(uint32_t fd, uint32_t dirflags, uint32_t path, uint32_t len, uint32_t oflags, uint64_t base, uint64_t inheriting, uint32_t fdflags, uint32_t out);
IMPORT(path_readlink) extern uint32_t path_readlink(uint32_t fd, uint32_t path, uint32_t len, uint32_t buf, uint32_t buf_len, uint32_t out);
IMPORT(path_remove_directory) extern uint32_t path_remove_directory(uint32_t fd, uint32_t path, uint32_t len);
IMPORT(path_rename) extern uint32_t path_rename(uint32_t fd, uint32_t old, uint32_t old_len, uint32_t to, uint32_t path, uint32_t len);
IMPORT(path_symlink) extern uint32_t path_symlink(uint32_t old, uint32_t old_len, uint32_t fd, uint32_t path, uint32_t len);
IMPORT(path_unlink_file) extern uint32_t path_unlink_file(uint32_t fd, uint32_t path, uint32_t len);
IMPORT(poll_oneoff) extern uint32_t poll_oneoff(uint32_t in, uint32_t out, uint32_t count, uint32_t nevents);
IMPORT(sock_accept) extern uint32_t sock_accept(uint32_t fd, uint32_t flags, uint32_t out);
IMPORT(sock_recv) extern uint32_t sock_recv(uint32_t fd, uint32_t iovs, uint32_t count, uint32_t flags, uint32_t out, uint32_t out_flags);
IMPORT(sock_send) extern uint32_t sock_send(uint32_t fd, uint32_t iovs, uint32_t count, uint32_t flags, uint32_t out);
IMPORT(sock_shutdown) extern uint32_t sock_shutdown(uint32_t fd, uint32_t how);

enum { OK = 0, BADF = 8, FAULT = 21, ILSEQ = 25, INVAL = 28, NAMETOOLONG = 37, NOENT = 44, NOMEM = 48, NOTSOCK = 57, NOTCAPABLE = 76 };

static int checks, failures;

static void expect(int line, const char *call, uint32_t got, uint32_t wanted, uint32_t or_else) {
    checks++;
    if (got == wanted || got == or_else) return;
    failures++;
    printf("line %d: %s gave errno %u, not %u\n", line, call, got, wanted);
}
#define EXPECT(call, wanted) expect(__LINE__, #call, (call), (wanted), (wanted))
// Where preview1 leaves two answers open.
#define EITHER(call, wanted, or_else) expect(__LINE__, #call, (call), (wanted), (or_else))
#define CHECK(condition)                                                     \
    do {                                                                     \
        checks++;                                                            \
        if (!(condition)) failures++, printf("line %d: not so: %s\n", __LINE__, #condition); \
    } while (0)

static uint32_t at(const void *pointer) { return (uint32_t)(uintptr_t)pointer; }
// A path as two arguments.
#define PATH(text) at(text), (uint32_t)strlen(text)

#define EVERYTHING UINT64_C(0x1fffffff)
// Without fd_write, fd_allocate and fd_filestat_set_size: a directory is not opened for writing.
#define DIRECTORY_RIGHTS (EVERYTHING & ~UINT64_C(0x400140))
// Rights that a file can have: what wasi-libc asks for with O_RDWR, less what only directories have.
#define FILE_RIGHTS UINT64_C(0x8e001ff)

static uint32_t root; // The preopened directory.
static uint32_t file; // /data/blob.bin, open for reading and writing.
static uint32_t dir;  // /data, open.

static uint32_t open_at(const char *path, uint32_t oflags, uint64_t rights) {
    uint32_t fd = 0xdead;
    uint32_t error = path_open(root, 1, PATH(path), oflags, rights, EVERYTHING, 0, at(&fd));
    if (error != OK) printf("cannot open %s: errno %u\n", path, error), failures++;
    return fd;
}

// What the filesystem looks like: sizes and contents of the baked files, and how many entries /data has. (FNV-1a)
static uint64_t fingerprint(void) {
    static const char *paths[] = {"data/blob.bin", "data/hello.txt", "data/sub/lines.txt", "data/twin.bin", "data/empty"};
    static uint8_t buffer[65536];
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        uint32_t fd = open_at(paths[i], 0, FILE_RIGHTS), got = 0;
        struct { uint32_t address, length; } into = {at(buffer), sizeof buffer};
        while (fd_read(fd, at(&into), 1, at(&got)) == OK && got > 0)
            for (uint32_t j = 0; j < got; j++) hash = (hash ^ buffer[j]) * UINT64_C(0x100000001b3);
        fd_close(fd);
    }
    uint32_t fd = open_at("data", 2, DIRECTORY_RIGHTS), used = 0;
    if (fd_readdir(fd, at(buffer), sizeof buffer, 0, at(&used)) != OK) failures++;
    fd_close(fd);
    return hash * 31 + used;
}

static void wild_pointers(void) {
    // The first byte that is not memory, its last bytes, and the ends of the address space.
    uint32_t end = (uint32_t)__builtin_wasm_memory_size(0) * 65536;
    uint32_t wild[] = {end, end - 1, end - 3, 0x80000000u, 0xfffffff0u, 0xffffffffu};
    static uint8_t scratch[64];
    uint32_t got = 0;
    for (size_t i = 0; i < sizeof wild / sizeof *wild; i++) {
        uint32_t bad = wild[i];
        // Results that cannot be written.
        EXPECT(fd_fdstat_get(file, bad), FAULT);
        EXPECT(fd_filestat_get(file, bad), FAULT);
        EXPECT(fd_prestat_get(root, bad), FAULT);
        EXPECT(fd_tell(file, bad), FAULT);
        EXPECT(fd_seek(file, 5, 0, bad), FAULT);
        EXPECT(path_filestat_get(root, 0, PATH("data"), bad), FAULT);
        EXPECT(path_open(root, 0, PATH("data/hello.txt"), 0, FILE_RIGHTS, 0, 0, bad), FAULT);
        EXPECT(path_open(root, 0, PATH("data/must-not-appear"), 1, FILE_RIGHTS, 0, 0, bad), FAULT);
        // Buffers.
        EITHER(fd_prestat_dir_name(root, bad, 4096), FAULT, bad < end ? OK : FAULT); // "/" is one byte.
        EXPECT(fd_readdir(dir, bad, 4096, 0, at(&got)), FAULT);
        EXPECT(fd_readdir(dir, at(scratch), sizeof scratch, 0, bad), FAULT);
        EXPECT(path_readlink(root, PATH("data/sub/link-to-hello"), bad, 64, at(&got)), FAULT);
        EXPECT(path_readlink(root, PATH("data/sub/link-to-hello"), at(scratch), sizeof scratch, bad), FAULT);
        // Paths. One byte may be there, eight are not.
        EXPECT(path_open(root, 0, bad, 8, 0, FILE_RIGHTS, 0, 0, at(&got)), FAULT);
        EXPECT(path_create_directory(root, bad, 8), FAULT);
        EXPECT(path_filestat_get(root, 0, bad, 8, at(scratch)), FAULT);
        EXPECT(path_filestat_set_times(root, 0, bad, 8, 1, 1, 5), FAULT);
        EXPECT(path_link(root, 0, bad, 8, root, PATH("data/x")), FAULT);
        EXPECT(path_link(root, 0, PATH("data/hello.txt"), root, bad, 8), FAULT);
        EXPECT(path_readlink(root, bad, 8, at(scratch), sizeof scratch, at(&got)), FAULT);
        EXPECT(path_remove_directory(root, bad, 8), FAULT);
        EXPECT(path_rename(root, bad, 8, root, PATH("data/x")), FAULT);
        EXPECT(path_rename(root, PATH("data/hello.txt"), root, bad, 8), FAULT);
        EXPECT(path_symlink(bad, 8, root, PATH("data/x")), FAULT);
        EXPECT(path_symlink(PATH("target"), root, bad, 8), FAULT);
        EXPECT(path_unlink_file(root, bad, 8), FAULT);
        // Vectors that are not there, and vectors that lead out.
        EXPECT(fd_read(file, bad, 1, at(&got)), FAULT);
        EXPECT(fd_write(file, bad, 1, at(&got)), FAULT);
        EXPECT(fd_pread(file, bad, 1, 0, at(&got)), FAULT);
        EXPECT(fd_pwrite(file, bad, 1, 0, at(&got)), FAULT);
        struct { uint32_t address, length; } out = {bad, 16};
        EXPECT(fd_read(file, at(&out), 1, at(&got)), FAULT);
        EXPECT(fd_write(file, at(&out), 1, at(&got)), FAULT);
        EXPECT(fd_pread(file, at(&out), 1, 0, at(&got)), FAULT);
        EXPECT(fd_pwrite(file, at(&out), 1, 0, at(&got)), FAULT);
        struct { uint32_t address, length; } in = {at(scratch), 16};
        EXPECT(fd_read(file, at(&in), 1, bad), FAULT);
        EXPECT(fd_pread(file, at(&in), 1, 0, bad), FAULT);
        EXPECT(fd_write(file, at(&in), 1, bad), FAULT);
        EXPECT(fd_pwrite(file, at(&in), 1, 0, bad), FAULT);
    }
}

// Wild pointers in calls that the host serves: they must be found before the host sees them, for it knows more memory
// than the program's in the portable form, and may trap.
static void wild_pointers_for_the_host(void) {
    uint32_t end = (uint32_t)__builtin_wasm_memory_size(0) * 65536;
    uint32_t wild[] = {end, end - 1, end - 3, 0x80000000u, 0xfffffff0u, 0xffffffffu};
    static uint8_t scratch[64];
    static const uint8_t clock[48];
    uint32_t got = 0;
    for (size_t i = 0; i < sizeof wild / sizeof *wild; i++) {
        uint32_t bad = wild[i];
        EXPECT(fd_write(1, bad, 1, at(&got)), FAULT);
        struct { uint32_t address, length; } out = {bad, 16};
        EXPECT(fd_write(1, at(&out), 1, at(&got)), FAULT);
        EXPECT(fd_read(0, at(&out), 1, at(&got)), FAULT);
        EXPECT(fd_fdstat_get(1, bad), FAULT);
        EXPECT(poll_oneoff(bad, at(scratch), 1, at(&got)), FAULT);
        EXPECT(poll_oneoff(at(clock), bad, 1, at(&got)), FAULT);
        EXPECT(poll_oneoff(at(clock), at(scratch), 1, bad), FAULT);
    }
}

static void absurd_lengths(void) {
    static uint8_t scratch[64];
    uint32_t got = 0;
    // More vectors than memory holds; their bytes alone overflow 32 bits.
    static struct { uint32_t address, length; } one[4];
    uint32_t counts[] = {0x10000000u, 0x20000000u, 0x20000001u, 0x7fffffffu, 0xffffffffu};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        EITHER(fd_read(file, at(one), counts[i], at(&got)), FAULT, INVAL);
        EITHER(fd_write(file, at(one), counts[i], at(&got)), FAULT, INVAL);
        EITHER(fd_pread(file, at(one), counts[i], 0, at(&got)), FAULT, INVAL);
        EITHER(fd_pwrite(file, at(one), counts[i], 0, at(&got)), FAULT, INVAL);
        EITHER(poll_oneoff(at(scratch), at(scratch), counts[i], at(&got)), FAULT, NOMEM);
    }
    // Lengths whose sum overflows.
    for (size_t i = 0; i < 4; i++) one[i].address = at(scratch), one[i].length = 0xffffffffu;
    EITHER(fd_read(file, at(one), 4, at(&got)), FAULT, INVAL);
    EITHER(fd_write(file, at(one), 4, at(&got)), FAULT, INVAL);
    for (size_t i = 0; i < 4; i++) one[i].length = 0x40000000u;
    EITHER(fd_read(file, at(one), 4, at(&got)), FAULT, INVAL);
    EITHER(fd_write(file, at(one), 4, at(&got)), FAULT, INVAL);
    EITHER(fd_pread(file, at(one), 4, 0, at(&got)), FAULT, INVAL);
    EITHER(fd_pwrite(file, at(one), 4, 0, at(&got)), FAULT, INVAL);
    EXPECT(poll_oneoff(at(scratch), at(scratch), 0, at(&got)), INVAL);
    // Paths that are longer than any path, and some that leave memory on the way.
    EITHER(path_open(root, 0, at(scratch), 0xffffffffu, 0, FILE_RIGHTS, 0, 0, at(&got)), FAULT, NAMETOOLONG);
    EITHER(path_unlink_file(root, at(scratch), 0x7fffffffu), FAULT, NAMETOOLONG);
    EITHER(path_create_directory(root, at(scratch), 0xfffffffeu), FAULT, NAMETOOLONG);
    static char path[8192];
    memset(path, 'a', sizeof path);
    EXPECT(path_open(root, 0, at(path), sizeof path, 0, FILE_RIGHTS, 0, 0, at(&got)), NAMETOOLONG);
    EXPECT(path_create_directory(root, at(path), 256), NAMETOOLONG);
    EXPECT(path_symlink(at(path), sizeof path, root, PATH("data/x")), NAMETOOLONG);
    // Sizes and offsets that no file has.
    EXPECT(fd_seek(file, UINT64_C(0x8000000000000000), 0, at(&got)), INVAL);
    EXPECT(fd_seek(file, 0, 3, at(scratch)), INVAL);
    EXPECT(fd_seek(file, 0, 0xffffffffu, at(scratch)), INVAL);
    EXPECT(fd_filestat_set_size(file, UINT64_C(0xffffffffffffffff)), INVAL);
    EXPECT(fd_pread(file, at(one), 0, UINT64_C(0xffffffffffffffff), at(&got)), INVAL);
    EXPECT(fd_allocate(file, UINT64_C(0xffffffffffffffff), 10), INVAL);
    EITHER(fd_advise(file, UINT64_C(0xffffffffffffffff), 10, 0), INVAL, OK);
    EXPECT(fd_advise(file, 0, 0, 77), INVAL);
    // A directory listed from a place that it never gave.
    CHECK(fd_readdir(dir, at(scratch), sizeof scratch, UINT64_C(0xfffffffffffffff0), at(&got)) != FAULT);
    EXPECT(fd_readdir(dir, at(scratch), 0, 0, at(&got)), OK);
}

static void bad_paths(void) {
    uint32_t got = 0;
    static uint8_t scratch[64];
    static const char nul[] = "data\0hello.txt", latin[] = "data/caf\xe9", cut[] = "data/\xe2\x98", surrogate[] = "data/\xed\xa0\x80";
    struct { const char *path; uint32_t length; uint32_t wanted, or_else; } bad[] = {
        // Linux cannot even see a name with NUL in it; WASI hosts answer either.
        {nul, sizeof nul - 1, INVAL, ILSEQ},
        {latin, sizeof latin - 1, ILSEQ, ILSEQ},
        {cut, sizeof cut - 1, ILSEQ, ILSEQ},
        {surrogate, sizeof surrogate - 1, ILSEQ, ILSEQ},
        {"", 0, NOENT, NOENT},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint32_t path = at(bad[i].path), length = bad[i].length, wanted = bad[i].wanted, or_else = bad[i].or_else;
        EITHER(path_open(root, 0, path, length, 1, FILE_RIGHTS, 0, 0, at(&got)), wanted, or_else);
        EITHER(path_create_directory(root, path, length), wanted, or_else);
        EITHER(path_filestat_get(root, 0, path, length, at(scratch)), wanted, or_else);
        EITHER(path_filestat_set_times(root, 0, path, length, 1, 1, 5), wanted, or_else);
        EITHER(path_link(root, 0, path, length, root, PATH("data/x")), wanted, or_else);
        EITHER(path_link(root, 0, PATH("data/hello.txt"), root, path, length), wanted, or_else);
        EITHER(path_readlink(root, path, length, at(scratch), sizeof scratch, at(&got)), wanted, or_else);
        EITHER(path_remove_directory(root, path, length), wanted, or_else);
        EITHER(path_rename(root, path, length, root, PATH("data/x")), wanted, or_else);
        EITHER(path_rename(root, PATH("data/hello.txt"), root, path, length), wanted, or_else);
        EITHER(path_symlink(PATH("target"), root, path, length), wanted, or_else);
        EITHER(path_unlink_file(root, path, length), wanted, or_else);
    }
    // Out of the descriptor's directory.
    static const char *out[] = {"..", "../", "../../data", "sub/../../data", "/data/hello.txt", "../data/hello.txt"};
    for (size_t i = 0; i < sizeof out / sizeof *out; i++) {
        EITHER(path_open(dir, 1, PATH(out[i]), 0, FILE_RIGHTS, 0, 0, at(&got)), 63 /* EPERM */, NOTCAPABLE);
        EITHER(path_filestat_get(dir, 1, PATH(out[i]), at(scratch)), 63, NOTCAPABLE);
    }
    EITHER(path_unlink_file(dir, PATH("../data/hello.txt")), 63, NOTCAPABLE);
    EITHER(path_rename(dir, PATH("hello.txt"), dir, PATH("../stolen")), 63, NOTCAPABLE);
}

static void bad_descriptors(void) {
    static uint8_t scratch[4096];
    uint32_t got = 0;
    struct { uint32_t address, length; } in = {at(scratch), sizeof scratch};
    uint32_t closed = open_at("data/hello.txt", 0, FILE_RIGHTS);
    EXPECT(fd_close(closed), OK);
    EXPECT(fd_close(closed), BADF);
    uint32_t bad[] = {closed, 1000, 0x7fffffffu, 0x80000000u, 0xffffffffu};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint32_t fd = bad[i];
        EXPECT(fd_advise(fd, 0, 0, 0), BADF);
        EXPECT(fd_allocate(fd, 0, 1), BADF);
        EXPECT(fd_close(fd), BADF);
        EXPECT(fd_datasync(fd), BADF);
        EXPECT(fd_fdstat_get(fd, at(scratch)), BADF);
        EXPECT(fd_fdstat_set_flags(fd, 0), BADF);
        EXPECT(fd_fdstat_set_rights(fd, 0, 0), BADF);
        EXPECT(fd_filestat_get(fd, at(scratch)), BADF);
        EXPECT(fd_filestat_set_size(fd, 0), BADF);
        EXPECT(fd_filestat_set_times(fd, 0, 0, 0), BADF);
        EXPECT(fd_pread(fd, at(&in), 1, 0, at(&got)), BADF);
        EXPECT(fd_prestat_get(fd, at(scratch)), BADF);
        EXPECT(fd_prestat_dir_name(fd, at(scratch), 1), BADF);
        EXPECT(fd_pwrite(fd, at(&in), 1, 0, at(&got)), BADF);
        EXPECT(fd_read(fd, at(&in), 1, at(&got)), BADF);
        EXPECT(fd_readdir(fd, at(scratch), sizeof scratch, 0, at(&got)), BADF);
        EXPECT(fd_renumber(fd, file), BADF);
        EXPECT(fd_renumber(file, fd), BADF);
        EXPECT(fd_seek(fd, 0, 0, at(scratch)), BADF);
        EXPECT(fd_sync(fd), BADF);
        EXPECT(fd_tell(fd, at(scratch)), BADF);
        EXPECT(fd_write(fd, at(&in), 1, at(&got)), BADF);
        EXPECT(path_create_directory(fd, PATH("x")), BADF);
        EXPECT(path_filestat_get(fd, 0, PATH("x"), at(scratch)), BADF);
        EXPECT(path_filestat_set_times(fd, 0, PATH("x"), 1, 1, 5), BADF);
        EXPECT(path_link(fd, 0, PATH("x"), root, PATH("y")), BADF);
        EXPECT(path_link(root, 0, PATH("data/hello.txt"), fd, PATH("y")), BADF);
        EXPECT(path_open(fd, 0, PATH("x"), 0, FILE_RIGHTS, 0, 0, at(&got)), BADF);
        EXPECT(path_readlink(fd, PATH("x"), at(scratch), 10, at(&got)), BADF);
        EXPECT(path_remove_directory(fd, PATH("x")), BADF);
        EXPECT(path_rename(fd, PATH("x"), root, PATH("y")), BADF);
        EXPECT(path_rename(root, PATH("data/hello.txt"), fd, PATH("y")), BADF);
        EXPECT(path_symlink(PATH("x"), fd, PATH("y")), BADF);
        EXPECT(path_unlink_file(fd, PATH("x")), BADF);
        EXPECT(sock_accept(fd, 0, at(&got)), BADF);
        EXPECT(sock_recv(fd, at(&in), 1, 0, at(&got), at(scratch)), BADF);
        EXPECT(sock_send(fd, at(&in), 1, 0, at(&got)), BADF);
        EXPECT(sock_shutdown(fd, 3), BADF);
    }
    // A file where a socket or a directory is wanted.
    EXPECT(sock_accept(file, 0, at(&got)), NOTSOCK);
    EXPECT(sock_recv(file, at(&in), 1, 0, at(&got), at(scratch)), NOTSOCK);
    EXPECT(sock_send(file, at(&in), 1, 0, at(&got)), NOTSOCK);
    EXPECT(sock_shutdown(file, 3), NOTSOCK);
    EITHER(path_open(file, 0, PATH("x"), 0, FILE_RIGHTS, 0, 0, at(&got)), 54 /* ENOTDIR */, NOTCAPABLE);
    EITHER(fd_readdir(file, at(scratch), sizeof scratch, 0, at(&got)), 54, BADF);
}

// Flags that do not exist. A host may refuse or ignore them, but it must not trap, and what it does must be no harm.
static void flags_that_are_none(void) {
    static uint8_t scratch[64];
    uint32_t got = 0xdead;
    EXPECT(fd_filestat_set_times(file, 1, 1, 3), INVAL);  // ATIM and ATIM_NOW
    EXPECT(fd_filestat_set_times(file, 1, 1, 12), INVAL); // MTIM and MTIM_NOW
    EXPECT(path_filestat_set_times(root, 0, PATH("data/blob.bin"), 1, 1, 15), INVAL);
    CHECK(path_open(root, 0xfffffffe, PATH("data/none"), 0, FILE_RIGHTS, 0, 0, at(&got)) != OK);
    CHECK(path_filestat_get(root, 0xfffffffe, PATH("data/none"), at(scratch)) != OK);
    // Exclusive and directory, create and directory.
    CHECK(path_open(root, 0, PATH("data/none"), 3, FILE_RIGHTS, 0, 0, at(&got)) != OK);
    CHECK(path_open(root, 0, PATH("data/hello.txt"), 2, FILE_RIGHTS, 0, 0, at(&got)) == 54);
}

int main(int argc, char **argv) {
    // The preopened directory is the first descriptor after the standard ones.
    uint8_t prestat[8];
    for (root = 3; fd_prestat_get(root, at(prestat)) != OK; root++) {
        if (root > 10) return puts("no preopened directory"), 1;
    }
    file = open_at("data/blob.bin", 0, FILE_RIGHTS);
    dir = open_at("data", 2, DIRECTORY_RIGHTS);
    uint64_t before = fingerprint();
    wild_pointers();
    absurd_lengths();
    bad_paths();
    bad_descriptors();
    flags_that_are_none();
    if (argc > 1 && strcmp(argv[1], "for-the-host") == 0) wild_pointers_for_the_host();
    CHECK(fingerprint() == before);
    // The descriptors still work.
    static uint8_t scratch[64];
    struct { uint32_t address, length; } in = {at(scratch), sizeof scratch};
    uint32_t got = 0;
    EXPECT(fd_pread(file, at(&in), 1, 0, at(&got)), OK);
    CHECK(got == sizeof scratch);
    EXPECT(fd_close(file), OK);
    EXPECT(fd_close(dir), OK);
    printf("%d checks, %d failed\n", checks, failures);
    return failures != 0;
}
