/* Rollback journals in every mode, the locks of two connections, and what is left when all are closed. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "show.h"

static void of_mode(const char *mode, const char *maps) {
    printf("== journal mode %s, mmap_size %s\n", mode, maps);
    sqlite3 *a = opened("journals.db", NULL);
    /* Opened after SQLite has the file, and closed after it: closing it ends the locks. */
    int fd = open("journals.db", O_RDWR | O_CREAT, 0644);
    char *sql = sqlite3_mprintf("PRAGMA journal_mode=%s; PRAGMA mmap_size=%s", mode, maps);
    run(a, "A", sql);
    sqlite3_free(sql);
    run(a, "A", "CREATE TABLE t(id INTEGER PRIMARY KEY, v)");
    quietly(a, "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n LIMIT 2000) INSERT INTO t SELECT i, printf('value %d', i) FROM n");
    show_files("journals.db");
    sqlite3 *b = opened("journals.db", NULL);
    run(a, "A", "BEGIN");
    show_database_locks(fd, "in a transaction that did nothing yet");
    run(a, "A", "SELECT v FROM t WHERE id = 100");
    show_database_locks(fd, "of a reader");
    run(a, "A", "UPDATE t SET v = 'changed ' || id WHERE id % 100 = 0");
    show_database_locks(fd, "of a writer");
    show_files("journals.db");
    run(b, "B", "SELECT v FROM t WHERE id = 100");
    run(b, "B", "BEGIN IMMEDIATE");
    run(b, "B", "PRAGMA busy_timeout=30; UPDATE t SET v = 0 WHERE id = 1");
    run(b, "B", "BEGIN; SELECT count(*) FROM t");
    run(a, "A", "COMMIT");
    show_database_locks(fd, "of a writer that waits for a reader");
    run(b, "B", "COMMIT");
    run(a, "A", "COMMIT");
    show_database_locks(fd, "after all");
    show_files("journals.db");
    run(b, "B", "SELECT v FROM t WHERE id = 100");
    run(a, "A", "BEGIN EXCLUSIVE");
    show_database_locks(fd, "exclusive");
    run(b, "B", "SELECT v FROM t WHERE id = 100");
    run(a, "A", "DELETE FROM t WHERE id > 1000; ROLLBACK; SELECT count(*) FROM t");
    run(a, "A", "PRAGMA locking_mode=EXCLUSIVE; UPDATE t SET v = 'alone' WHERE id = 1");
    show_database_locks(fd, "that stay");
    run(b, "B", "SELECT v FROM t WHERE id = 1");
    run(a, "A", "PRAGMA locking_mode=NORMAL; SELECT v FROM t WHERE id = 1");
    run(b, "B", "SELECT v FROM t WHERE id = 1; PRAGMA integrity_check");
    closed(a, "A");
    closed(b, "B");
    close(fd);
    show_files("journals.db");
    unlink("journals.db");
    unlink("journals.db-journal");
}

/* A journal of a program that did not live to end its transaction: its copy is rolled back. */
static void hot_journal(void) {
    printf("== a hot journal\n");
    sqlite3 *a = opened("hot.db", NULL);
    run(a, "A", "PRAGMA cache_size=5; CREATE TABLE t(v)");
    quietly(a, "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n LIMIT 3000) INSERT INTO t SELECT printf('value %d', i) FROM n");
    run(a, "A", "BEGIN; UPDATE t SET v = 'lost'; SELECT count(*) FROM t WHERE v = 'lost'");
    static char bytes[1 << 20];
    static const char *const files[][2] = {{"hot.db", "dead.db"}, {"hot.db-journal", "dead.db-journal"}};
    for (int i = 0; i < 2; i++) {
        FILE *from = fopen(files[i][0], "rb"), *to = fopen(files[i][1], "wb");
        size_t size = fread(bytes, 1, sizeof(bytes), from);
        printf("    copied %zu of %s\n", fwrite(bytes, 1, size, to), files[i][0]);
        fclose(from);
        fclose(to);
    }
    sqlite3 *b = opened("dead.db", NULL);
    run(b, "B", "SELECT count(*), sum(v = 'lost') FROM t; PRAGMA integrity_check");
    show_files("dead.db");
    closed(b, "B");
    run(a, "A", "ROLLBACK");
    closed(a, "A");
}

void journals(void) {
    of_mode("DELETE", "0");
    of_mode("TRUNCATE", "0");
    of_mode("PERSIST", "1000000");
    of_mode("MEMORY", "1000000");
    hot_journal();
}
