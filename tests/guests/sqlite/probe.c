/* What this build of SQLite has beneath it: the same source with and without the SDK. */
#include <stdio.h>
#include <stdlib.h>

#include "show.h"

static int show_answer(void *pragma, int count, char **values, char **names) {
    (void)names;
    printf("%s: %s\n", (const char *)pragma, count > 0 && values[0] != NULL ? values[0] : "NULL");
    return 0;
}

void probe(void) {
    printf("VFS: %s\n", sqlite3_vfs_find(NULL)->zName);
    sqlite3 *db;
    if (sqlite3_open("probe.db", &db) != SQLITE_OK) {
        printf("cannot open: %s\n", sqlite3_errmsg(db));
        exit(1);
    }
    static const char *const pragmas[] = {"journal_mode=WAL", "mmap_size=1000000", "locking_mode"};
    for (size_t i = 0; i < sizeof(pragmas) / sizeof(pragmas[0]); i++) {
        char sql[64];
        snprintf(sql, sizeof(sql), "PRAGMA %s", pragmas[i]);
        char *name = (char *)(unsigned long)pragmas[i];
        if (sqlite3_exec(db, sql, show_answer, name, NULL) != SQLITE_OK) {
            printf("%s: %s\n", pragmas[i], sqlite3_errmsg(db));
        }
    }
    sqlite3_close(db);
}
