/* What the programs of this directory share: each prints calls with their results, the same on Linux
 * as packed. A call that fails is shown with the name of its error. */
#ifndef SHOW_H
#define SHOW_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static inline const char *error_name(int number) {
    static const struct {
        int number;
        const char *name;
    } names[] = {
        {EACCES, "EACCES"}, {EAGAIN, "EAGAIN"},     {EBADF, "EBADF"},         {EBUSY, "EBUSY"},
        {EEXIST, "EEXIST"}, {EFAULT, "EFAULT"},     {EFBIG, "EFBIG"},         {EINTR, "EINTR"},         {EINVAL, "EINVAL"},
        {EISDIR, "EISDIR"}, {ELOOP, "ELOOP"},       {EMFILE, "EMFILE"},       {ENAMETOOLONG, "ENAMETOOLONG"},
        {ENODATA, "ENODATA"}, {ENODEV, "ENODEV"},   {ENOENT, "ENOENT"},       {ENOMEM, "ENOMEM"},
        {ENOSPC, "ENOSPC"}, {ENOSYS, "ENOSYS"},     {ENOTDIR, "ENOTDIR"},     {ENOTEMPTY, "ENOTEMPTY"},
        {ENOTTY, "ENOTTY"}, {ENXIO, "ENXIO"},       {EOPNOTSUPP, "EOPNOTSUPP"}, {EPERM, "EPERM"},
        {EPIPE, "EPIPE"},   {ERANGE, "ERANGE"},     {EROFS, "EROFS"},         {ESPIPE, "ESPIPE"},
        {ETXTBSY, "ETXTBSY"}, {EXDEV, "EXDEV"},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (names[i].number == number) {
            return names[i].name;
        }
    }
    return "another error";
}

/* Shows a call and its result. */
#define SHOW(call)                                                                                     \
    do {                                                                                               \
        errno = 0;                                                                                     \
        long long shown = (long long)(call);                                                           \
        if (shown == -1) {                                                                             \
            printf("%s = -1 %s\n", #call, error_name(errno));                                          \
        } else {                                                                                       \
            printf("%s = %lld\n", #call, shown);                                                       \
        }                                                                                              \
    } while (0)

/* Shows whether a call succeeds: its value differs between systems. */
#define DOES(call) SHOW((call) < 0 ? -1 : 0)

/* Shows whether something holds. */
#define HOLDS(condition) printf("%s: %s\n", #condition, (condition) ? "yes" : "no")

/* Makes a directory, and goes there. */
static inline void start(void) {
    static char path[] = "/tmp/sdk-XXXXXX";
    umask(022);
    if (mkdtemp(path) == NULL || chdir(path) < 0) {
        printf("cannot start: %s\n", strerror(errno));
        exit(1);
    }
}

/* Makes a file with this text. */
static inline void put(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || close(fd) < 0) {
        printf("cannot write %s: %s\n", path, strerror(errno));
        exit(1);
    }
}

/* Shows what a file says. */
static inline void get(const char *path) {
    char text[4096];
    int fd = open(path, O_RDONLY);
    ssize_t length = read(fd, text, sizeof(text));
    printf("%s: \"%.*s\"\n", path, length < 0 ? 0 : (int)length, text);
    close(fd);
}

#endif
