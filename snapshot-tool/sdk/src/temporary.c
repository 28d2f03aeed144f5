/* Files that are opened by a stream's mode, and temporary ones: fopen(3), mkstemp(3), tmpfile(3). */
#include "wasm_vfs_library.h"

#include <stdio.h>

/* The flags of a mode of fopen, or -1. */
static int mode_flags(const char *mode) {
    int flags = strchr(mode, '+') != NULL ? O_RDWR : *mode == 'r' ? O_RDONLY : O_WRONLY;
    switch (*mode) {
    case 'r':
        break;
    case 'w':
        flags |= O_CREAT | O_TRUNC;
        break;
    case 'a':
        flags |= O_CREAT | O_APPEND;
        break;
    default:
        return -1;
    }
    if (strchr(mode, 'x') != NULL) {
        flags |= O_EXCL;
    }
    if (strchr(mode, 'e') != NULL) {
        flags |= O_CLOEXEC;
    }
    return flags;
}

/* A stream of a descriptor, which is closed if there can be none. */
static FILE *stream(int fd, const char *mode) {
    FILE *file = fdopen(fd, mode);
    if (file == NULL) {
        int saved = errno;
        close(fd);
        errno = saved;
    }
    return file;
}

FILE *fopen(const char *restrict path, const char *restrict mode) {
    int flags = mode_flags(mode);
    if (flags < 0) {
        errno = EINVAL;
        return NULL;
    }
    int fd = open(path, flags, 0666);
    return fd < 0 ? NULL : stream(fd, mode);
}

/* The letters that a template is filled with. */
static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
enum { FILLED = 6, TRIES = 100 };

/* The X of a template that ends before a suffix, or NULL with errno set. */
static char *filling(char *template, int suffix) {
    size_t length = strlen(template);
    if (suffix < 0 || length < (size_t)FILLED + (size_t)suffix) {
        errno = EINVAL;
        return NULL;
    }
    char *place = template + length - (size_t)suffix - FILLED;
    if (memcmp(place, "XXXXXX", FILLED) != 0) {
        errno = EINVAL;
        return NULL;
    }
    return place;
}

/* Fills a template with random letters. */
static int fill(char *place) {
    unsigned char random[FILLED];
    if (result(wasm_vfs_getrandom(random, sizeof(random), 0)) < 0) {
        return -1;
    }
    for (size_t i = 0; i < FILLED; i++) {
        place[i] = letters[random[i] % (sizeof(letters) - 1)];
    }
    return 0;
}

/* What is made at a path, once it is filled; -1 with EEXIST asks for another. */
typedef int maker(const char *path, int flags);

static int make(char *template, int suffix, int flags, maker *at) {
    char *place = filling(template, suffix);
    if (place == NULL) {
        return -1;
    }
    for (int tries = 0; tries < TRIES && fill(place) == 0; tries++) {
        int made = at(template, flags);
        if (made >= 0 || errno != EEXIST) {
            if (made >= 0) {
                return made;
            }
            break;
        }
    }
    memcpy(place, "XXXXXX", FILLED);
    return -1;
}

static int make_file(const char *path, int flags) {
    flags &= ~O_ACCMODE;
    return open(path, flags | O_RDWR | O_CREAT | O_EXCL, 0600);
}

static int make_directory(const char *path, int flags) {
    (void)flags;
    return mkdir(path, 0700);
}

ADDED int mkostemps(char *template, int suffix, int flags) {
    return make(template, suffix, flags, make_file);
}
ALSO(mkostemps);

ADDED int mkostemp(char *template, int flags) {
    return make(template, 0, flags, make_file);
}
ALSO(mkostemp);

ADDED int mkstemps(char *template, int suffix) {
    return make(template, suffix, 0, make_file);
}
ALSO(mkstemps);

ADDED int mkstemp(char *template) {
    return make(template, 0, 0, make_file);
}
ALSO(mkstemp);

ADDED char *mkdtemp(char *template) {
    return make(template, 0, 0, make_directory) < 0 ? NULL : template;
}
ALSO(mkdtemp);

ADDED FILE *tmpfile(void) {
    char path[] = P_tmpdir "/tmpfileXXXXXX";
    int fd = make(path, 0, 0, make_file);
    if (fd < 0) {
        return NULL;
    }
    unlink(path);
    return stream(fd, "w+");
}
ALSO(tmpfile);

static int make_nothing(const char *path, int flags) {
    struct stat found;
    (void)flags;
    if (lstat(path, &found) == 0) {
        errno = EEXIST;
        return -1;
    }
    return errno == ENOENT ? 0 : -1;
}

ADDED char *tmpnam(char *buffer) {
    static char kept[L_tmpnam];
    char path[] = P_tmpdir "/tmpnamXXXXXX";
    _Static_assert(sizeof(path) <= L_tmpnam, "L_tmpnam");
    if (make(path, 0, 0, make_nothing) < 0) {
        return NULL;
    }
    return strcpy(buffer != NULL ? buffer : kept, path);
}
ALSO(tmpnam);
