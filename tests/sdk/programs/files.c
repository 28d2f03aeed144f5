/* Opening with modes, permissions, what stat says. */
#include "show.h"
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <utime.h>

static void shows(const char *path) {
    struct stat stat_of;
    if (lstat(path, &stat_of) < 0) {
        printf("%s: %s\n", path, error_name(errno));
        return;
    }
    printf(
        "%s: mode %o, links %d, size %lld, blocks %d, ours %d %d\n", path, (unsigned)stat_of.st_mode,
        S_ISDIR(stat_of.st_mode) ? 0 : (int)stat_of.st_nlink,
        S_ISDIR(stat_of.st_mode) ? 0 : (long long)stat_of.st_size,
        S_ISREG(stat_of.st_mode) ? stat_of.st_blocks != 0 : 0, stat_of.st_uid == geteuid(),
        stat_of.st_gid == getegid()
    );
}

static void modes(void) {
    int fd = open("private", O_WRONLY | O_CREAT | O_EXCL, 0600);
    HOLDS(fd >= 0);
    SHOW(write(fd, "hello", 5));
    SHOW(close(fd));
    shows("private");
    SHOW(open("private", O_WRONLY | O_CREAT | O_EXCL, 0600));
    umask(027);
    SHOW(close(creat("masked", 0666)));
    SHOW(mkdir("directory", 0777));
    umask(022);
    shows("masked");
    shows("directory");
    SHOW(mkdirat(AT_FDCWD, "directory/in", 0700));
    shows("directory/in");
    SHOW(chmod("masked", 0754));
    shows("masked");
    fd = open("masked", O_RDWR);
    SHOW(fchmod(fd, 04711));
    shows("masked");
    SHOW(fchmodat(AT_FDCWD, "masked", 0400, 0));
    shows("masked");
    SHOW(close(fd));
    SHOW(chmod("missing", 0600));
    SHOW(fchmod(99, 0600));
    SHOW(mkfifo("fifo", 0640));
    shows("fifo");
    HOLDS(({ struct stat s; lstat("fifo", &s); S_ISFIFO(s.st_mode); }));
    SHOW(mknod("plain", S_IFREG | 0604, 0));
    shows("plain");
    SHOW(umask(022));
    FILE *file = fopen("stream", "wx");
    HOLDS(file != NULL);
    fputs("text", file);
    SHOW(fclose(file));
    shows("stream");
    HOLDS(fopen("stream", "wx") == NULL);
    HOLDS(fopen("stream", "?") == NULL);
}

static void permissions(void) {
    SHOW(chmod("private", 0));
    SHOW(access("private", F_OK));
    SHOW(access("private", X_OK));
    SHOW(access("missing", F_OK));
    SHOW(faccessat(AT_FDCWD, "directory", R_OK | W_OK | X_OK, AT_EACCESS));
    SHOW(access("private", 64));
    SHOW(chown("private", geteuid(), getegid()));
    SHOW(lchown("private", -1, -1));
    SHOW(fchownat(AT_FDCWD, "private", -1, -1, AT_SYMLINK_NOFOLLOW));
    SHOW(fchown(99, -1, -1));
}

static void flags(void) {
    put("log", "one");
    int fd = open("log", O_RDWR | O_APPEND | O_CLOEXEC);
    SHOW(lseek(fd, 0, SEEK_SET));
    SHOW(write(fd, " two", 4));
    HOLDS((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR);
    HOLDS((fcntl(fd, F_GETFL) & O_APPEND) != 0);
    HOLDS((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    SHOW(fcntl(fd, F_SETFL, O_NONBLOCK));
    HOLDS((fcntl(fd, F_GETFL) & O_APPEND) != 0);
    HOLDS((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    SHOW(fcntl(fd, F_GETFD));
    SHOW(fcntl(fd, F_SETFD, 0));
    SHOW(fcntl(fd, F_GETFD));
    SHOW(close(fd));
    get("log");
    SHOW(symlink("log", "link"));
    SHOW(open("link", O_RDONLY | O_NOFOLLOW));
    SHOW(open("log", O_RDONLY | O_DIRECTORY));
    SHOW(open("directory", O_WRONLY));
    SHOW(open("", O_RDONLY));
    SHOW(open("log/", O_RDONLY));
    fd = open("log", O_PATH);
    HOLDS(fd >= 0);
    SHOW(fcntl(fd, F_SETFL, O_NONBLOCK));
    SHOW(close(fd));
    fd = open(".", O_RDWR | O_TMPFILE, 0600);
    HOLDS(fd >= 0);
    SHOW(write(fd, "x", 1));
    SHOW(linkat(fd, "", AT_FDCWD, "linked", AT_EMPTY_PATH));
    SHOW(close(fd));
    put("sparse", "");
    SHOW(truncate("sparse", 1 << 20));
    fd = open("sparse", O_RDWR);
    SHOW(pwrite(fd, "data", 4, 1 << 18));
    SHOW(lseek(fd, 0, SEEK_DATA) <= 1 << 18);
    SHOW(lseek(fd, 1 << 18, SEEK_HOLE) > 1 << 18);
    SHOW(lseek(fd, 2 << 20, SEEK_DATA));
    SHOW(lseek(fd, 0, 77));
    SHOW(ftruncate(fd, 10));
    SHOW(lseek(fd, 0, SEEK_END));
    SHOW(lseek(fd, 0, SEEK_CUR));
    SHOW(posix_fallocate(fd, 0, 100));
    SHOW(posix_fallocate(fd, 0, 0) == EINVAL);
    SHOW(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 4096));
    SHOW(posix_fadvise(fd, 0, 0, POSIX_FADV_WILLNEED));
    SHOW(lseek(fd, 0, SEEK_END));
    SHOW(close(fd));
}

static void times(void) {
    struct stat stat_of;
    struct timespec of[2] = {{.tv_sec = 1000, .tv_nsec = 5}, {.tv_sec = 2000, .tv_nsec = 7}};
    SHOW(utimensat(AT_FDCWD, "log", of, 0));
    stat("log", &stat_of);
    SHOW(stat_of.st_atim.tv_sec);
    SHOW(stat_of.st_atim.tv_nsec);
    SHOW(stat_of.st_mtim.tv_sec);
    SHOW(stat_of.st_mtim.tv_nsec);
    of[0].tv_nsec = UTIME_OMIT;
    of[1].tv_nsec = UTIME_NOW;
    int fd = open("log", O_RDWR);
    SHOW(futimens(fd, of));
    SHOW(fstat(fd, &stat_of));
    SHOW(stat_of.st_atim.tv_sec);
    HOLDS(stat_of.st_mtim.tv_sec > 2000);
    of[1].tv_nsec = 2000000000;
    SHOW(futimens(fd, of));
    struct timeval micro[2] = {{.tv_sec = 30, .tv_usec = 4}, {.tv_sec = 50, .tv_usec = 6}};
    SHOW(utimes("log", micro));
    SHOW(fstatat(AT_FDCWD, "log", &stat_of, AT_SYMLINK_NOFOLLOW));
    SHOW(stat_of.st_mtim.tv_nsec);
    SHOW(lutimes("link", micro));
    SHOW(lstat("link", &stat_of));
    SHOW(stat_of.st_mtim.tv_sec);
    SHOW(futimes(fd, micro));
    SHOW(futimesat(AT_FDCWD, "log", micro));
    micro[0].tv_usec = 1000000;
    SHOW(utimes("log", micro));
    struct utimbuf seconds = {.actime = 70, .modtime = 80};
    SHOW(utime("log", &seconds));
    SHOW(stat("log", &stat_of));
    SHOW(stat_of.st_mtim.tv_sec);
    SHOW(close(fd));
}

static void filesystems(void) {
    struct statvfs vfs;
    struct statfs fs;
    SHOW(statvfs(".", &vfs));
    HOLDS(vfs.f_bsize > 0 && vfs.f_frsize > 0 && vfs.f_blocks >= vfs.f_bfree);
    SHOW(vfs.f_namemax);
    int fd = open(".", O_RDONLY | O_DIRECTORY);
    SHOW(fstatvfs(fd, &vfs));
    SHOW(statfs(".", &fs));
    SHOW(fs.f_namelen);
    SHOW(fstatfs(fd, &fs));
    SHOW(statvfs("missing", &vfs));
    SHOW(fstatfs(99, &fs));
    SHOW(syncfs(fd));
    sync();
    SHOW(close(fd));
    struct statx extended;
    SHOW(statx(AT_FDCWD, "log", AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &extended));
    SHOW(extended.stx_size);
    SHOW(extended.stx_mode);
    SHOW(extended.stx_mtime.tv_sec);
    SHOW(statx(AT_FDCWD, "missing", 0, STATX_BASIC_STATS, &extended));
}

int main(void) {
    start();
    modes();
    permissions();
    flags();
    times();
    filesystems();
    return 0;
}
