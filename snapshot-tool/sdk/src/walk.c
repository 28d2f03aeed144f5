/* Trees: nftw(3), ftw(3).
 *
 * DEVIATION: the limit of open descriptors is ignored: each level of the tree holds one.
 */
#include "wasm_vfs_library.h"

#include <dirent.h>
#include <ftw.h>

typedef int visitor(const char *, const struct stat *, int, struct FTW *);

/* A walk. */
struct walk {
    visitor *visit;
    int flags;
    dev_t device; /* of the root */
    char *path;
    size_t length;
    size_t room;
};

/* A directory that the walk is in. */
struct level {
    const struct level *above; /* NULL: none */
    dev_t device;
    ino_t inode;
};

/* Adds to the path; with a slash before it, unless the path ends with one. */
static int append(struct walk *walk, const char *name) {
    size_t added = strlen(name);
    size_t needed = walk->length + added + 2;
    if (needed > walk->room) {
        char *grown = realloc(walk->path, needed * 2);
        if (grown == NULL) {
            return -1;
        }
        walk->path = grown;
        walk->room = needed * 2;
    }
    if (walk->length != 0 && walk->path[walk->length - 1] != '/') {
        walk->path[walk->length++] = '/';
    }
    memcpy(walk->path + walk->length, name, added + 1);
    walk->length += added;
    return 0;
}

/* Calls the program's function, in the directory `parent` if that was asked for. */
static int visit(struct walk *walk, int parent, const struct stat *stat, int type, int base, int level) {
    struct FTW place = {.base = base, .level = level};
    if ((walk->flags & FTW_CHDIR) != 0 && parent != AT_FDCWD && fchdir(parent) < 0) {
        return -1;
    }
    return walk->visit(walk->path, stat, type, &place);
}

static int is_above(const struct level *level, const struct stat *stat) {
    for (; level != NULL; level = level->above) {
        if (level->device == stat->st_dev && level->inode == stat->st_ino) {
            return 1;
        }
    }
    return 0;
}

/* What a file is, as FTW_ says; -1 with errno set. */
static int look(const struct walk *walk, int parent, const char *name, struct stat *stat) {
    int is_physical = (walk->flags & FTW_PHYS) != 0;
    if (fstatat(parent, name, stat, is_physical ? AT_SYMLINK_NOFOLLOW : 0) == 0) {
        if (S_ISDIR(stat->st_mode)) {
            return (walk->flags & FTW_DEPTH) != 0 ? FTW_DP : FTW_D;
        }
        return S_ISLNK(stat->st_mode) ? FTW_SL : FTW_F;
    }
    if (!is_physical && errno == ENOENT && fstatat(parent, name, stat, AT_SYMLINK_NOFOLLOW) == 0) {
        return FTW_SLN;
    }
    if (errno != EACCES) {
        return -1;
    }
    memset(stat, 0, sizeof(*stat));
    return FTW_NS;
}

static int file(struct walk *walk, int parent, const char *name, int base, int depth, const struct level *above);

/* Walks what is in a directory. */
static int entries(struct walk *walk, DIR *stream, int depth, const struct level *above) {
    struct dirent *entry;
    size_t length = walk->length;
    int stopped = 0;
    while (stopped == 0 && (entry = readdir(stream)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        if (append(walk, entry->d_name) < 0) {
            return -1;
        }
        size_t base = walk->length - strlen(entry->d_name);
        stopped = file(walk, dirfd(stream), entry->d_name, (int)base, depth + 1, above);
        walk->length = length;
        walk->path[length] = 0;
    }
    return stopped;
}

/* Walks a file, and what is beneath it. */
static int file(struct walk *walk, int parent, const char *name, int base, int depth, const struct level *above) {
    struct stat stat;
    int type = look(walk, parent, name, &stat);
    if (type < 0) {
        return -1;
    }
    if (depth == 0) {
        walk->device = stat.st_dev;
    }
    if ((walk->flags & FTW_MOUNT) != 0 && type != FTW_NS && stat.st_dev != walk->device) {
        return 0;
    }
    if (type != FTW_D && type != FTW_DP) {
        return visit(walk, parent, &stat, type, base, depth);
    }
    /* A link that leads back up. */
    if (is_above(above, &stat)) {
        return 0;
    }
    DIR *stream = NULL;
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 && (stream = fdopendir(fd)) == NULL) {
        close(fd);
        return -1;
    }
    if (fd < 0) {
        return errno == EACCES ? visit(walk, parent, &stat, FTW_DNR, base, depth) : -1;
    }
    struct level here = {.above = above, .device = stat.st_dev, .inode = stat.st_ino};
    int stopped = type == FTW_D ? visit(walk, parent, &stat, type, base, depth) : 0;
    if (stopped == 0) {
        stopped = entries(walk, stream, depth, &here);
    }
    int saved = errno;
    closedir(stream);
    errno = saved;
    if (stopped == 0 && type == FTW_DP) {
        stopped = visit(walk, parent, &stat, type, base, depth);
    }
    return stopped;
}

/* The directory that the root of a walk is in, opened. */
static int directory_of(const char *path, size_t base) {
    if (base == 0) {
        return open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    char *parent = strndup(path, base);
    if (parent == NULL) {
        return -1;
    }
    int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(parent);
    return fd;
}

ADDED int nftw(const char *path, visitor *called, int descriptors, int flags) {
    struct walk walk = {.visit = called, .flags = flags};
    int start = -1;
    int parent = AT_FDCWD;
    int stopped = -1;
    (void)descriptors;
    if (append(&walk, path) < 0) {
        return -1;
    }
    size_t base = walk.length;
    while (base > 0 && walk.path[base - 1] == '/') {
        base--;
    }
    while (base > 0 && walk.path[base - 1] != '/') {
        base--;
    }
    if ((flags & FTW_CHDIR) != 0) {
        start = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        parent = start < 0 ? -1 : directory_of(path, base);
    }
    if (parent != -1) {
        const char *name = parent == AT_FDCWD || path[base] == 0 ? path : path + base;
        stopped = file(&walk, parent, name, (int)base, 0, NULL);
    }
    int saved = errno;
    if (start >= 0) {
        fchdir(start);
        close(start);
    }
    if (parent >= 0) {
        close(parent);
    }
    free(walk.path);
    errno = saved;
    return stopped;
}
ALSO(nftw);

/* The function of a call of ftw. There is one thread, and walks that are within one another restore it. */
static int (*plain)(const char *, const struct stat *, int);

static int visit_plain(const char *path, const struct stat *stat, int type, struct FTW *place) {
    (void)place;
    return plain(path, stat, type == FTW_SLN ? FTW_NS : type);
}

ADDED int ftw(const char *path, int (*called)(const char *, const struct stat *, int), int descriptors) {
    int (*outer)(const char *, const struct stat *, int) = plain;
    plain = called;
    int stopped = nftw(path, visit_plain, descriptors, 0);
    plain = outer;
    return stopped;
}
ALSO(ftw);
