/* Directories: chdir(2), getcwd(3), opendir(3), getdents(2).
 *
 * wasi-libc keeps a current directory of its own, a string that its functions put before relative
 * paths. Linux's is the one that counts here; the string follows it, for functions of wasi-libc that
 * open paths themselves (freopen, scandir, realpath).
 */
#include "wasm_vfs_library.h"

#include <dirent.h>
#include <limits.h>
#include <sys/mount.h>

extern char *__wasilibc_cwd;
/* The function that puts the string before paths; preopens.c of wasi-libc refers to it weakly. */
int __wasilibc_find_relpath_alloc(const char *, const char **, char **, size_t *, int);

/* Keeps that function linked. */
static int (*const volatile relative_paths)(
    const char *, const char **, char **, size_t *, int
) = __wasilibc_find_relpath_alloc;

/* The string that was stored last; wasi-libc's own chdir frees strings of its own only. */
static char *stored;

/* Has wasi-libc's string follow Linux's directory. A directory without a path leaves it as it was. */
static void follow(void) {
    int saved = errno;
    char path[PATH_MAX];
    (void)relative_paths;
    if (wasm_vfs_getcwd(path, sizeof(path)) > 0 && path[0] == '/') {
        char *copy = strdup(path);
        if (copy != NULL) {
            if (__wasilibc_cwd == stored) {
                free(stored);
            }
            __wasilibc_cwd = copy;
            stored = copy;
        }
    }
    errno = saved;
}

int chdir(const char *path) {
    if (result(wasm_vfs_chdir(path)) < 0) {
        return -1;
    }
    follow();
    return 0;
}

ADDED int fchdir(int fd) {
    if (result(wasm_vfs_fchdir(fd)) < 0) {
        return -1;
    }
    follow();
    return 0;
}
ALSO(fchdir);

ADDED int chroot(const char *path) {
    if (result(wasm_vfs_chroot(path)) < 0) {
        return -1;
    }
    follow();
    return 0;
}
ALSO(chroot);

ADDED int mount(const char *source, const char *target, const char *filesystemtype, unsigned long mountflags, const void *data) {
    return result(wasm_vfs_mount(source, target, filesystemtype, mountflags, data));
}
ALSO(mount);

char *getcwd(char *buffer, size_t size) {
    char path[PATH_MAX];
    if (buffer != NULL) {
        if (size == 0) {
            errno = EINVAL;
            return NULL;
        }
        return result(wasm_vfs_getcwd(buffer, size)) < 0 ? NULL : buffer;
    }
    if (result(wasm_vfs_getcwd(path, sizeof(path))) < 0) {
        return NULL;
    }
    size_t needed = strlen(path) + 1;
    if (size != 0 && size < needed) {
        errno = ERANGE;
        return NULL;
    }
    char *copy = malloc(size != 0 ? size : needed);
    return copy != NULL ? memcpy(copy, path, needed) : NULL;
}

ADDED char *get_current_dir_name(void) {
    return getcwd(NULL, 0);
}
ALSO(get_current_dir_name);

DIR *opendir(const char *path) {
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return NULL;
    }
    DIR *directory_stream = fdopendir(fd);
    if (directory_stream == NULL) {
        int saved = errno;
        close(fd);
        errno = saved;
    }
    return directory_stream;
}

ADDED ssize_t getdents64(int fd, void *buffer, size_t size) {
    return bytes(wasm_vfs_getdents64(fd, buffer, (unsigned)size));
}
ALSO(getdents64);

ADDED int getdents(int fd, struct dirent *buffer, size_t size) {
    return result(wasm_vfs_getdents64(fd, buffer, (unsigned)size));
}
ALSO(getdents);
