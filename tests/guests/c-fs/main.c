// An ordinary C program: what stdio and POSIX offer of files, through wasi-libc. It prints what it saw.
//
// Run on a host directory and packed it must print the same: no inode numbers, no clock times, directories sorted.
// `/data` is as the test made it (tests/src/trees.rs).
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static int failures;

// Not assert(): compilers define NDEBUG, and a failure must not end the transcript.
#define CHECK(condition)                                                      \
    do {                                                                      \
        if (!(condition)) {                                                   \
            printf("CHECK failed, line %d: %s (errno %d %s)\n", __LINE__, #condition, errno, strerror(errno)); \
            failures++;                                                       \
        }                                                                     \
    } while (0)

// The call must fail with this errno.
#define FAILS(call, expected)                                                                             \
    do {                                                                                                  \
        errno = 0;                                                                                        \
        long long result = (long long)(call);                                                             \
        if (result != -1 || errno != (expected)) {                                                        \
            printf("line %d: %s gave %lld, errno %d %s, not %s\n", __LINE__, #call, result, errno, strerror(errno), #expected); \
            failures++;                                                                                   \
        }                                                                                                 \
    } while (0)

static void write_text(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    CHECK(file != NULL);
    if (file == NULL) return;
    CHECK(fputs(text, file) >= 0);
    CHECK(fclose(file) == 0);
}

// The file's contents, in a buffer that the next call overwrites.
static const char *read_text(const char *path) {
    static char buffer[4096];
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        snprintf(buffer, sizeof buffer, "(%s)", strerror(errno));
        return buffer;
    }
    size_t length = fread(buffer, 1, sizeof buffer - 1, file);
    buffer[length] = 0;
    fclose(file);
    return buffer;
}

static void stdio(void) {
    puts("== stdio");
    CHECK(mkdir("/work/stdio", 0755) == 0);
    FILE *file = fopen("/work/stdio/file", "w+");
    CHECK(file != NULL);
    for (int i = 0; i < 1000; i++) CHECK(fprintf(file, "line %04d\n", i) == 10);
    CHECK(ftell(file) == 10000);
    CHECK(fflush(file) == 0);
    CHECK(fseek(file, 5000, SEEK_SET) == 0);
    char line[64];
    CHECK(fgets(line, sizeof line, file) != NULL);
    printf("at 5000: %s", line);
    CHECK(fseek(file, -10, SEEK_END) == 0);
    CHECK(fgets(line, sizeof line, file) != NULL);
    printf("the last: %s", line);
    CHECK(fgetc(file) == EOF && feof(file) && !ferror(file));
    CHECK(fseek(file, -20, SEEK_CUR) == 0 && !feof(file));
    CHECK(fputs("LINE", file) >= 0);
    rewind(file);
    CHECK(fseeko(file, 9980, SEEK_SET) == 0);
    CHECK(fgets(line, sizeof line, file) != NULL);
    printf("overwritten: %s", line);
    int first = fgetc(file);
    CHECK(ungetc(first, file) == first && fgetc(file) == first);
    CHECK(fclose(file) == 0);

    file = fopen("/work/stdio/file", "a+");
    CHECK(fputs("appended\n", file) >= 0);
    CHECK(fseek(file, 0, SEEK_SET) == 0);
    CHECK(fgets(line, sizeof line, file) != NULL);
    printf("a+ reads from the start: %s", line);
    CHECK(fputs("again\n", file) >= 0);
    CHECK(fclose(file) == 0);
    struct stat status;
    CHECK(stat("/work/stdio/file", &status) == 0);
    printf("%lld bytes\n", (long long)status.st_size);

    file = fopen("/work/stdio/file", "r");
    int number, count = 0;
    while (fscanf(file, "line %d\n", &number) == 1) count++;
    printf("scanned %d lines\n", count);
    CHECK(fclose(file) == 0);
    CHECK(fopen("/work/stdio/none", "r") == NULL && errno == ENOENT);
    CHECK(fopen("/work/stdio/file", "wx") == NULL && errno == EEXIST);
    CHECK(fopen("/work/stdio", "w") == NULL && errno == EISDIR);
    file = freopen("/work/stdio/second", "w", fopen("/work/stdio/first", "w"));
    CHECK(file != NULL && fputs("reopened", file) >= 0 && fclose(file) == 0);
    printf("first \"%s\", ", read_text("/work/stdio/first"));
    printf("second \"%s\"\n", read_text("/work/stdio/second"));
    CHECK(remove("/work/stdio/first") == 0);
    printf("removed: %s\n", read_text("/work/stdio/first"));
}

static int by_number_at_the_end(const struct dirent **a, const struct dirent **b) {
    return atoi((*a)->d_name + 1) - atoi((*b)->d_name + 1);
}

static int not_dots(const struct dirent *entry) {
    return entry->d_name[0] != '.';
}

static void directories(void) {
    puts("== directories");
    CHECK(mkdir("/work/dir", 0755) == 0);
    for (int i = 0; i < 200; i++) {
        char path[64];
        snprintf(path, sizeof path, "/work/dir/f%d", i);
        int fd = open(path, O_CREAT | O_WRONLY, 0644);
        CHECK(fd >= 0 && close(fd) == 0);
    }
    CHECK(mkdir("/work/dir/.sub", 0755) == 0);
    DIR *directory = opendir("/work/dir");
    CHECK(directory != NULL);
    if (directory == NULL) return;
    int entries = 0, dots = 0, files = 0, subdirectories = 0;
    long middle = -1;
    char after_middle[256] = "";
    struct dirent *entry;
    while ((entry = readdir(directory)) != NULL) {
        if (middle != -1 && after_middle[0] == 0) strcpy(after_middle, entry->d_name);
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) dots++;
        else if (entry->d_type == DT_REG) files++;
        else if (entry->d_type == DT_DIR) subdirectories++;
        if (++entries == 100) middle = telldir(directory);
    }
    printf("%d entries: %d dots, %d files, %d directories\n", entries, dots, files, subdirectories);
    // What telldir gave leads back to the same entry.
    seekdir(directory, middle);
    entry = readdir(directory);
    CHECK(entry != NULL && strcmp(entry->d_name, after_middle) == 0);
    int rest = 1;
    while (readdir(directory) != NULL) rest++;
    CHECK(rest == entries - 100);
    // A new entry is seen after rewinddir.
    write_text("/work/dir/new", "");
    rewinddir(directory);
    int again = 0;
    while (readdir(directory) != NULL) again++;
    CHECK(again == entries + 1);
    CHECK(closedir(directory) == 0);

    struct dirent **sorted;
    int count = scandir("/work/dir", &sorted, not_dots, by_number_at_the_end);
    printf("scandir: %d, the last is %s\n", count, count > 0 ? sorted[count - 1]->d_name : "?");
    for (int i = 0; i < count; i++) free(sorted[i]);
    if (count >= 0) free(sorted);

    CHECK(opendir("/work/dir/none") == NULL && errno == ENOENT);
    CHECK(opendir("/work/dir/new") == NULL && errno == ENOTDIR);
    FAILS(mkdir("/work/dir", 0755), EEXIST);
    FAILS(mkdir("/work/none/below", 0755), ENOENT);
    FAILS(rmdir("/work/dir"), ENOTEMPTY);
    FAILS(rmdir("/work/dir/new"), ENOTDIR);
    FAILS(unlink("/work/dir/.sub"), EISDIR);
    CHECK(rmdir("/work/dir/.sub") == 0);
    int at = open("/work/dir", O_RDONLY | O_DIRECTORY);
    CHECK(at >= 0);
    int fd = openat(at, "made-at", O_CREAT | O_EXCL | O_RDWR, 0600);
    CHECK(fd >= 0 && close(fd) == 0);
    struct stat status;
    CHECK(fstatat(at, "made-at", &status, 0) == 0 && S_ISREG(status.st_mode));
    CHECK(renameat(at, "made-at", at, "moved-at") == 0);
    CHECK(mkdirat(at, "sub", 0755) == 0 && unlinkat(at, "sub", AT_REMOVEDIR) == 0);
    CHECK(unlinkat(at, "moved-at", 0) == 0);
    CHECK(fstat(at, &status) == 0 && S_ISDIR(status.st_mode));
    CHECK(close(at) == 0);
    FAILS(open("/work/dir/new", O_RDONLY | O_DIRECTORY), ENOTDIR);
}

// mkstemp as libraries write it: names until one can be created.
static int make_temporary(char *template) {
    static unsigned counter;
    char *suffix = template + strlen(template) - 6;
    for (int attempt = 0; attempt < 100; attempt++) {
        snprintf(suffix, 7, "%06u", counter++);
        int fd = open(template, O_RDWR | O_CREAT | O_EXCL, 0600);
        if (fd >= 0 || errno != EEXIST) return fd;
    }
    return -1;
}

static void temporary_files(void) {
    puts("== temporary files");
    write_text("/tmp/name-000000", "taken");
    char path[] = "/tmp/name-XXXXXX";
    int fd = make_temporary(path);
    CHECK(fd >= 0);
    printf("%s\n", path);
    // Unlinked while open: it lives until the last descriptor goes.
    CHECK(write(fd, "temporary contents", 18) == 18);
    CHECK(unlink(path) == 0);
    FAILS(access(path, F_OK), ENOENT);
    struct stat status;
    CHECK(fstat(fd, &status) == 0 && status.st_size == 18);
    printf("links left: %d\n", (int)status.st_nlink);
    CHECK(lseek(fd, 10, SEEK_SET) == 10);
    char buffer[32] = {0};
    CHECK(read(fd, buffer, sizeof buffer) == 8);
    printf("%s\n", buffer);
    CHECK(close(fd) == 0);
    FAILS(read(fd, buffer, 1), EBADF);
    FAILS(close(fd), EBADF);
    CHECK(unlink("/tmp/name-000000") == 0);
}

static void positions(void) {
    puts("== positions");
    int fd = open("/work/positions", O_CREAT | O_RDWR | O_TRUNC, 0644);
    CHECK(fd >= 0);
    char block[8192];
    for (size_t i = 0; i < sizeof block; i++) block[i] = (char)('a' + i % 26);
    CHECK(write(fd, block, sizeof block) == (ssize_t)sizeof block);
    char seen[16] = {0};
    CHECK(pread(fd, seen, 10, 4090) == 10);
    printf("pread across a page: %s\n", seen);
    CHECK(lseek(fd, 0, SEEK_CUR) == (off_t)sizeof block);
    CHECK(pwrite(fd, "HELLO", 5, 4094) == 5);
    CHECK(lseek(fd, 4090, SEEK_SET) == 4090);
    CHECK(read(fd, seen, 12) == 12);
    printf("after pwrite: %.12s\n", seen);
    struct iovec parts[3] = {{"one ", 4}, {"", 0}, {"two", 3}};
    CHECK(lseek(fd, 0, SEEK_SET) == 0);
    // A host may serve the first part only; POSIX allows it.
    ssize_t written = writev(fd, parts, 3);
    CHECK(written == 7 || (written == 4 && write(fd, "two", 3) == 3));
    char left[3], right[6] = {0};
    struct iovec into[2] = {{left, 3}, {right, 5}};
    ssize_t got = preadv(fd, into, 2, 0);
    CHECK(got == 8 || (got == 3 && pread(fd, right, 5, 3) == 5));
    printf("preadv: %.3s|%s\n", left, right);
    FAILS(lseek(fd, -1, SEEK_SET), EINVAL);
    CHECK(pread(fd, seen, 5, 1 << 20) == 0);
    CHECK(pwrite(fd, "far", 3, 100000) == 3);
    struct stat status;
    CHECK(fstat(fd, &status) == 0);
    printf("%lld bytes\n", (long long)status.st_size);
    memset(seen, 1, sizeof seen);
    CHECK(pread(fd, seen, 16, 50000) == 16);
    bool zero = true;
    for (size_t i = 0; i < sizeof seen; i++) zero = zero && seen[i] == 0;
    CHECK(zero);
    CHECK(read(fd, NULL, 0) == 0 && write(fd, NULL, 0) == 0);
    CHECK(fsync(fd) == 0 && fdatasync(fd) == 0);
    CHECK(close(fd) == 0);
    fd = open("/work/positions", O_RDONLY);
    FAILS(write(fd, "x", 1), EBADF);
    FAILS(pread(fd, seen, 1, -1), EINVAL);
    CHECK(close(fd) == 0);
    fd = open("/work/positions", O_WRONLY);
    FAILS(read(fd, seen, 1), EBADF);
    CHECK(close(fd) == 0);
}

static void sizes(void) {
    puts("== sizes");
    write_text("/work/sizes", "0123456789");
    int fd = open("/work/sizes", O_RDWR);
    CHECK(fd >= 0);
    struct stat status;
    long long lengths[] = {5, 0, 7, 70000, 3};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        CHECK(ftruncate(fd, lengths[i]) == 0);
        CHECK(fstat(fd, &status) == 0 && status.st_size == lengths[i]);
    }
    FAILS(ftruncate(fd, -1), EINVAL);
    CHECK(truncate("/work/sizes", 4) == 0 && stat("/work/sizes", &status) == 0 && status.st_size == 4);
    // The position does not move with the size.
    CHECK(lseek(fd, 100, SEEK_SET) == 100 && ftruncate(fd, 1) == 0 && lseek(fd, 0, SEEK_CUR) == 100);
    CHECK(write(fd, "z", 1) == 1 && fstat(fd, &status) == 0 && status.st_size == 101);
    CHECK(close(fd) == 0);
    fd = open("/work/sizes", O_RDONLY);
    FAILS(ftruncate(fd, 0), EINVAL);
    CHECK(close(fd) == 0);
    fd = open("/work/sizes", O_WRONLY | O_TRUNC);
    CHECK(fd >= 0 && fstat(fd, &status) == 0 && status.st_size == 0 && close(fd) == 0);
}

static void names(void) {
    puts("== names");
    CHECK(mkdir("/work/names", 0755) == 0 && mkdir("/work/names/sub", 0755) == 0);
    write_text("/work/names/a", "a");
    CHECK(rename("/work/names/a", "/work/names/sub/b") == 0);
    FAILS(access("/work/names/a", F_OK), ENOENT);
    printf("moved: %s\n", read_text("/work/names/sub/b"));
    // Renaming a file that is open changes nothing for who has it open.
    int fd = open("/work/names/sub/b", O_RDWR);
    CHECK(fd >= 0 && rename("/work/names/sub", "/work/names/other") == 0);
    CHECK(pwrite(fd, "B!", 2, 0) == 2 && close(fd) == 0);
    printf("moved with its directory: %s\n", read_text("/work/names/other/b"));
    FAILS(rename("/work/names/other", "/work/names/other/deeper"), EINVAL);
    FAILS(rename("/work/names/none", "/work/names/x"), ENOENT);

    CHECK(link("/work/names/other/b", "/work/names/hard") == 0);
    struct stat one, two;
    CHECK(stat("/work/names/hard", &one) == 0 && stat("/work/names/other/b", &two) == 0);
    CHECK(one.st_ino == two.st_ino && one.st_dev == two.st_dev);
    printf("links: %d\n", (int)one.st_nlink);
    FAILS(link("/work/names/hard", "/work/names/other/b"), EEXIST);

    CHECK(symlink("other/b", "/work/names/soft") == 0);
    char target[64] = {0};
    CHECK(readlink("/work/names/soft", target, sizeof target) == 7);
    printf("readlink: %s\n", target);
    memset(target, 0, sizeof target);
    CHECK(readlink("/work/names/soft", target, 3) == 3);
    printf("a short buffer: %s\n", target);
    CHECK(lstat("/work/names/soft", &one) == 0 && S_ISLNK(one.st_mode) && one.st_size == 7);
    CHECK(stat("/work/names/soft", &one) == 0 && S_ISREG(one.st_mode));
    FAILS(readlink("/work/names/hard", target, sizeof target), EINVAL);
    FAILS(open("/work/names/soft", O_RDONLY | O_NOFOLLOW), ELOOP);
    FAILS(open("/work/names/soft", O_CREAT | O_EXCL | O_WRONLY, 0644), EEXIST);
    CHECK(symlink("two", "/work/names/one") == 0 && symlink("one", "/work/names/two") == 0);
    FAILS(open("/work/names/one", O_RDONLY), ELOOP);
    CHECK(unlink("/work/names/soft") == 0 && access("/work/names/other/b", R_OK) == 0);

    CHECK(access("/work/names/hard", F_OK) == 0 && access("/work/names/hard", R_OK | W_OK) == 0);
    char name[300];
    memset(name, 'n', sizeof name);
    memcpy(name, "/work/names/", 12);
    name[12 + 256] = 0;
    FAILS(open(name, O_CREAT | O_WRONLY, 0644), ENAMETOOLONG);
    name[12 + 255] = 0;
    fd = open(name, O_CREAT | O_WRONLY, 0644);
    CHECK(fd >= 0 && close(fd) == 0 && unlink(name) == 0);
    FAILS(open("/work/names/hard/", O_RDONLY), ENOTDIR);
    FAILS(open("/work/names/hard/x", O_RDONLY), ENOTDIR);
}

static void times(void) {
    puts("== times");
    write_text("/work/times", "x");
    struct timespec both[2] = {{1000, 1}, {2000000000, 999999999}};
    CHECK(utimensat(AT_FDCWD, "/work/times", both, 0) == 0);
    struct stat status;
    CHECK(stat("/work/times", &status) == 0);
    printf("accessed %lld.%09ld, modified %lld.%09ld\n", (long long)status.st_atim.tv_sec, status.st_atim.tv_nsec,
           (long long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
    struct timespec omit[2] = {{0, UTIME_OMIT}, {5, 6}};
    int fd = open("/work/times", O_RDWR);
    CHECK(fd >= 0 && futimens(fd, omit) == 0 && fstat(fd, &status) == 0);
    printf("accessed %lld, modified %lld.%09ld\n", (long long)status.st_atim.tv_sec, (long long)status.st_mtim.tv_sec,
           status.st_mtim.tv_nsec);
    struct timespec now[2] = {{0, UTIME_OMIT}, {0, UTIME_NOW}};
    CHECK(futimens(fd, now) == 0 && fstat(fd, &status) == 0);
    CHECK(status.st_mtim.tv_sec > 1600000000);
    CHECK(close(fd) == 0);
    CHECK(stat("/data/hello.txt", &status) == 0);
    printf("baked: modified %lld.%09ld\n", (long long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

static void descriptors(void) {
    puts("== descriptors");
    int a = open("/data/hello.txt", O_RDONLY), b = open("/data/hello.txt", O_RDONLY);
    CHECK(a >= 3 && b >= 3 && a != b);
    CHECK(close(a) == 0);
    int flags = fcntl(b, F_GETFL);
    CHECK((flags & O_ACCMODE) == O_RDONLY);
    CHECK(close(b) == 0);
    int fd = open("/work/flags", O_CREAT | O_RDWR, 0644);
    CHECK(write(fd, "12345", 5) == 5 && lseek(fd, 0, SEEK_SET) == 0);
    CHECK(fcntl(fd, F_SETFL, O_APPEND) == 0 && (fcntl(fd, F_GETFL) & O_APPEND) != 0);
    CHECK(write(fd, "67", 2) == 2);
    CHECK(fcntl(fd, F_SETFL, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0 && write(fd, "ab", 2) == 2);
    CHECK(close(fd) == 0);
    printf("%s\n", read_text("/work/flags"));
    CHECK(!isatty(1) && errno == ENOTTY);
    FAILS(fcntl(99, F_GETFL), EBADF);
    struct stat status;
    FAILS(fstat(99, &status), EBADF);
    FAILS(fstat(-1, &status), EBADF);
    // Many at once.
    int opened[500], count = 0;
    while (count < 500 && (opened[count] = open("/data/hello.txt", O_RDONLY)) >= 0) count++;
    printf("%d open at once\n", count);
    for (int i = 0; i < count; i++) CHECK(close(opened[i]) == 0);
}

static void baked(void) {
    puts("== the baked tree");
    printf("%s", read_text("/data/hello.txt"));
    printf("%s", read_text("/data/sub/link-to-hello"));
    printf("%s", read_text("data/a/b/c/d/e/deep.txt"));
    struct stat one, two;
    CHECK(stat("/data/hello.txt", &one) == 0 && stat("/data/hard.txt", &two) == 0 && one.st_ino == two.st_ino);
    printf("links: %d\n", (int)one.st_nlink);
    FILE *file = fopen("/data/blob.bin", "rb");
    CHECK(file != NULL);
    unsigned long long sum = 0;
    long bytes = 0;
    for (int byte; (byte = fgetc(file)) != EOF; bytes++) sum = sum * 31 + (unsigned)byte;
    CHECK(fclose(file) == 0);
    printf("blob.bin: %ld bytes, %llx\n", bytes, sum);
    char cwd[256];
    CHECK(getcwd(cwd, sizeof cwd) != NULL);
    printf("cwd %s\n", cwd);
    CHECK(chdir("/data/sub") == 0);
    printf("%s", read_text("lines.txt"));
    CHECK(chdir("..") == 0);
    printf("%s", read_text("a/b/../../hello.txt"));
    CHECK(chdir("/") == 0);
}

int main(int argc, char **argv) {
    printf("%d arguments, %s\n", argc - 1, argc > 1 ? argv[1] : "none");
    const char *greeting = getenv("GREETING");
    printf("GREETING=%s\n", greeting ? greeting : "(unset)");
    char line[128];
    while (fgets(line, sizeof line, stdin) != NULL) printf("stdin: %s", line);
    CHECK(mkdir("/work", 0755) == 0 || errno == EEXIST);
    baked();
    stdio();
    directories();
    temporary_files();
    positions();
    sizes();
    names();
    times();
    descriptors();
    fprintf(stderr, "%d checks failed\n", failures);
    return failures == 0 ? 7 : 1;
}
