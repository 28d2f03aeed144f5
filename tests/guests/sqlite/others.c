/* Other ways to lock, files that are no databases, and pages that come and go. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "show.h"

static void with_vfs(const char *vfs) {
    printf("== %s\n", vfs);
    sqlite3 *a = opened("vfs.db", vfs), *b = opened("vfs.db", vfs);
    run(a, "A", "PRAGMA journal_mode=WAL; PRAGMA journal_mode=DELETE; CREATE TABLE t(v); BEGIN IMMEDIATE; INSERT INTO t VALUES(1)");
    show_files("vfs.db");
    show_file("vfs.db.lock");
    run(b, "B", "SELECT count(*) FROM t; INSERT INTO t VALUES(2)");
    run(a, "A", "COMMIT");
    show_file("vfs.db.lock");
    run(b, "B", "SELECT count(*) FROM t");
    closed(a, "A");
    closed(b, "B");
    unlink("vfs.db");
}

static void try_to_open(const char *path, int flags) {
    sqlite3 *db;
    int code = sqlite3_open_v2(path, &db, flags, NULL);
    printf("open %s: %s\n", path, sqlite3_errstr(code));
    if (code == SQLITE_OK) {
        run(db, path, "SELECT count(*) FROM sqlite_schema");
    }
    sqlite3_close(db);
}

void others(void) {
    with_vfs("unix-dotfile");
    with_vfs("unix-excl");
    printf("== files\n");
    mkdir("directory", 0755);
    FILE *file = fopen("text", "w");
    for (int i = 0; i < 1000; i++) {
        fprintf(file, "no database\n");
    }
    fclose(file);
    symlink("statements.db", "link.db");
    try_to_open("nowhere/x.db", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    try_to_open("missing.db", SQLITE_OPEN_READWRITE);
    try_to_open("directory", SQLITE_OPEN_READWRITE);
    try_to_open("text", SQLITE_OPEN_READWRITE);
    try_to_open("link.db", SQLITE_OPEN_READWRITE);
    try_to_open("link.db", SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW);

    printf("== pages that come and go\n");
    sqlite3 *db = opened("pages.db", NULL);
    run(db, "A", "PRAGMA auto_vacuum=INCREMENTAL; PRAGMA mmap_size=10000000; CREATE TABLE t(v)");
    for (int i = 0; i < 4; i++) {
        quietly(db, "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n LIMIT 300) INSERT INTO t SELECT randomblob(1000) FROM n");
        run(db, "A", "PRAGMA page_count; DELETE FROM t WHERE rowid % 3 <> 0; PRAGMA incremental_vacuum; PRAGMA page_count; SELECT count(*), sum(length(v)) FROM t");
        show_file("pages.db");
    }
    run(db, "A", "PRAGMA integrity_check");
    closed(db, "A");
}
