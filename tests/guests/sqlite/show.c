/* How the parts of this program show what they do. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "show.h"

sqlite3 *opened(const char *path, const char *vfs) {
    sqlite3 *db;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI;
    int code = sqlite3_open_v2(path, &db, flags, vfs);
    if (code != SQLITE_OK) {
        printf("cannot open %s: %s\n", path, sqlite3_errstr(code));
        exit(1);
    }
    sqlite3_extended_result_codes(db, 1);
    return db;
}

void closed(sqlite3 *db, const char *name) {
    printf("%s closes: %s\n", name, sqlite3_errstr(sqlite3_close(db)));
}

static int show_row(void *unused, int count, char **values, char **names) {
    (void)unused, (void)names;
    if (count == 0) {
        return 0; /* of a pragma that works row by row and has nothing to say */
    }
    for (int i = 0; i < count; i++) {
        printf(i == 0 ? "    %s" : "|%s", values[i] != NULL ? values[i] : "NULL");
    }
    printf("\n");
    return 0;
}

void run(sqlite3 *db, const char *name, const char *sql) {
    printf("%s> %s\n", name, sql);
    char *message = NULL;
    int code = sqlite3_exec(db, sql, show_row, NULL, &message);
    if (code != SQLITE_OK) {
        printf("    error %d: %s\n", code, message);
    }
    sqlite3_free(message);
}

void quietly(sqlite3 *db, const char *sql) {
    char *message = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK) {
        printf("%s: %s\n", sql, message);
        exit(1);
    }
}

void show_file(const char *path) {
    struct stat s;
    if (stat(path, &s) < 0) {
        printf("    %s: %s\n", path, strerror(errno));
        return;
    }
    if (S_ISDIR(s.st_mode)) {
        printf("    %s: directory, mode %o\n", path, (unsigned)s.st_mode);
        return;
    }
    printf("    %s: %lld bytes, mode %o, links %d\n", path, (long long)s.st_size, (unsigned)s.st_mode, (int)s.st_nlink);
}

void show_files(const char *path) {
    static const char *const suffixes[] = {"", "-journal", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        char name[256];
        snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
        show_file(name);
    }
}

static void show_lock(int fd, const char *name, off_t start, off_t length) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
    if (fcntl(fd, F_OFD_GETLK, &lock) < 0) {
        printf(" %s %s", name, strerror(errno));
    } else if (lock.l_type != F_UNLCK) {
        printf(" %s %s%s %d+%d", name, lock.l_type == F_RDLCK ? "shared" : "exclusive",
               lock.l_pid == getpid() ? "" : " by another", (int)(lock.l_start - start), (int)lock.l_len);
    }
}

void show_database_locks(int fd, const char *when) {
    /* os.h of SQLite: PENDING_BYTE, RESERVED_BYTE, SHARED_FIRST and SHARED_SIZE. */
    printf("    locks %s:", when);
    show_lock(fd, "pending", 0x40000000, 1);
    show_lock(fd, "reserved", 0x40000001, 1);
    show_lock(fd, "shared", 0x40000002, 510);
    printf("\n");
}

void show_index_locks(int fd, const char *when) {
    /* os_unix.c of SQLite: UNIX_SHM_BASE and what follows. */
    printf("    locks of the index %s:", when);
    show_lock(fd, "write", 120, 1);
    show_lock(fd, "checkpoint", 121, 1);
    show_lock(fd, "recover", 122, 1);
    for (int i = 0; i < 5; i++) {
        char name[16];
        snprintf(name, sizeof(name), "read%d", i);
        show_lock(fd, name, 123 + i, 1);
    }
    show_lock(fd, "alive", 128, 1);
    printf("\n");
}
