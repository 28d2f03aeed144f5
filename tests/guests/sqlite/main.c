/* Drives SQLite through its files: journals of every mode, a write-ahead log with its shared index, locks,
 * and maps. Prints what there is to see, the same on Linux as packed. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "show.h"

static char directory[4096];

/* What goes wrong beneath, even where SQLite knows how to go on. Where the files are and the numbers of
 * errors are the system's, and left out. */
static void log_line(void *unused, int code, const char *message) {
    (void)unused;
    printf("    log %d: ", code);
    while (*message != '\0') {
        int number;
        int length = 0;
        if (strncmp(message, directory, strlen(directory)) == 0) {
            message += strlen(directory);
        } else if (sscanf(message, "(%d) %n", &number, &length) == 1 && length > 0) {
            message += length;
        } else {
            putchar(*message++);
        }
    }
    putchar('\n');
}

int main(int argc, char **argv) {
    char path[2048];
    umask(022);
    if (argc > 3 && strcmp(argv[2], "commits") == 0) {
        if (chdir(argv[1]) < 0) {
            printf("%s: %s\n", argv[1], strerror(errno));
            return 1;
        }
        commits(argv[3]);
        return 0;
    }
    snprintf(path, sizeof(path), "%s/sqlite-XXXXXX", argc > 1 ? argv[1] : "/tmp");
    if (mkdtemp(path) == NULL || chdir(path) < 0 || getcwd(directory, sizeof(directory)) == NULL) {
        printf("no directory: %s\n", strerror(errno));
        return 1;
    }
    sqlite3_config(SQLITE_CONFIG_LOG, log_line, NULL);
    if (argc > 2 && strcmp(argv[2], "probe") == 0) {
        probe();
        return 0;
    }
    printf("SQLite %s, %s\n", sqlite3_libversion(), sqlite3_vfs_find(NULL)->zName);
    statements();
    journals();
    write_ahead_log();
    logs_that_stay();
    others();
    return 0;
}
