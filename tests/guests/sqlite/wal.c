/* A write-ahead log: its shared index is a mapped file, readers see what was when they began, and a checkpoint
 * goes as far as they let it. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "show.h"

static void fill(sqlite3 *db, const char *what, int from, int rows) {
    char *sql = sqlite3_mprintf("WITH RECURSIVE n(i) AS (VALUES(%d) UNION ALL SELECT i + 1 FROM n LIMIT %d) "
                                "INSERT INTO t SELECT i, printf('%s %%d: %%.*c', i, 200, 'x') FROM n",
                                from, rows, what);
    quietly(db, sql);
    sqlite3_free(sql);
}

/* How the rest of a statement goes that was begun earlier. */
static void finish(sqlite3_stmt *reading, const char *name, long long sum, int rows) {
    int code;
    while ((code = sqlite3_step(reading)) == SQLITE_ROW) {
        sum += sqlite3_column_int(reading, 0);
        rows++;
    }
    printf("%s read %d rows, sum %lld, %s\n", name, rows, sum, sqlite3_errstr(code));
    sqlite3_finalize(reading);
}

static void of_maps(const char *maps) {
    printf("== write-ahead log, mmap_size %s\n", maps);
    sqlite3 *a = opened("wal.db", NULL), *b = opened("wal.db", NULL);
    char *sql = sqlite3_mprintf("PRAGMA mmap_size=%s", maps);
    run(a, "A", "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; PRAGMA synchronous=NORMAL");
    run(a, "A", sql);
    run(b, "B", sql);
    sqlite3_free(sql);
    run(a, "A", "CREATE TABLE t(id INTEGER PRIMARY KEY, v)");
    int index = open("wal.db-shm", O_RDWR);
    fill(a, "first", 1, 1000);
    show_files("wal.db");
    show_index_locks(index, "between transactions");

    /* A reader in the midst of a statement, while the other connection writes and checkpoints. */
    sqlite3_stmt *reading;
    sqlite3_prepare_v2(b, "SELECT id, v FROM t ORDER BY id", -1, &reading, NULL);
    long long sum = 0;
    int rows = 0;
    while (rows < 10 && sqlite3_step(reading) == SQLITE_ROW) {
        sum += sqlite3_column_int(reading, 0);
        rows++;
    }
    show_index_locks(index, "while B reads");
    fill(a, "second", 1001, 1000);
    run(a, "A", "UPDATE t SET v = 'changed' WHERE id % 3 = 0; DELETE FROM t WHERE id % 100 = 99");
    run(a, "A", "BEGIN IMMEDIATE");
    show_index_locks(index, "while B reads and A writes");
    run(a, "A", "COMMIT; SELECT count(*), sum(v = 'changed') FROM t");
    run(a, "A", "PRAGMA wal_checkpoint(PASSIVE)");
    run(a, "A", "PRAGMA wal_checkpoint(TRUNCATE)");
    show_files("wal.db");
    finish(reading, "B", sum, rows);
    run(b, "B", "SELECT count(*), sum(v = 'changed') FROM t");
    run(a, "A", "PRAGMA wal_checkpoint(TRUNCATE)");
    show_files("wal.db");
    run(a, "A", "SELECT count(*) FROM t WHERE v = 'changed'");

    /* Writers. */
    run(a, "A", "BEGIN IMMEDIATE; INSERT INTO t VALUES(5000, 'by A')");
    run(b, "B", "BEGIN IMMEDIATE");
    run(b, "B", "PRAGMA busy_timeout=30; INSERT INTO t VALUES(5001, 'by B')");
    run(b, "B", "SELECT count(*) FROM t WHERE id >= 5000");
    run(a, "A", "COMMIT");
    run(b, "B", "INSERT INTO t VALUES(5001, 'by B'); SELECT count(*) FROM t WHERE id >= 5000");
    run(b, "B", "BEGIN; SELECT count(*) FROM t");
    run(a, "A", "INSERT INTO t VALUES(5002, 'by A again')");
    run(b, "B", "INSERT INTO t VALUES(5003, 'too late')");
    run(b, "B", "ROLLBACK");

    /* The log begins anew when it is checkpointed, and the database grows under its maps. */
    for (int i = 0; i < 8; i++) {
        fill(i % 2 == 0 ? a : b, "round", 10000 + 2000 * i, 2000);
        quietly(i % 2 == 0 ? b : a, "PRAGMA wal_checkpoint(RESTART)");
    }
    run(a, "A", "SELECT count(*), sum(length(v)) FROM t");
    run(b, "B", "SELECT count(*), sum(length(v)) FROM t; PRAGMA mmap_size; PRAGMA integrity_check");
    show_files("wal.db");
    run(a, "A", "DELETE FROM t WHERE id > 6000; VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");
    run(b, "B", "SELECT count(*), sum(length(v)) FROM t; PRAGMA page_count; PRAGMA integrity_check");
    show_files("wal.db");
    show_index_locks(index, "after all");

    closed(a, "A");
    show_files("wal.db");
    closed(b, "B");
    close(index);
    show_files("wal.db");
    run(a = opened("wal.db", NULL), "A", "PRAGMA journal_mode; PRAGMA journal_mode=DELETE; SELECT count(*) FROM t");
    closed(a, "A");
    show_files("wal.db");
    unlink("wal.db");
}

/* A log whose index is too large for one region of 32 KiB. */
static void large_log(void) {
    printf("== a large log\n");
    sqlite3 *a = opened("large.db", NULL), *b = opened("large.db", NULL);
    run(a, "A", "PRAGMA page_size=512; PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE t(id INTEGER PRIMARY KEY, v)");
    fill(a, "many", 1, 9000);
    for (int i = 0; i < 4; i++) {
        quietly(a, "UPDATE t SET v = v || 'y'");
        quietly(b, "SELECT count(*) FROM t");
    }
    show_files("large.db");
    run(b, "B", "SELECT count(*), sum(length(v)) FROM t; PRAGMA integrity_check");
    run(b, "B", "PRAGMA wal_checkpoint(PASSIVE)");
    closed(a, "A");
    closed(b, "B");
    show_files("large.db");
}

void write_ahead_log(void) {
    of_maps("0");
    of_maps("268435456");
    large_log();
}

static void copy(const char *from, const char *to) {
    static char bytes[1 << 20];
    FILE *source = fopen(from, "rb"), *target = fopen(to, "wb");
    size_t size, all = 0;
    while ((size = fread(bytes, 1, sizeof(bytes), source)) > 0) {
        all += fwrite(bytes, 1, size, target);
    }
    fclose(source);
    fclose(target);
    printf("    copied %zu of %s\n", all, from);
}

void logs_that_stay(void) {
    printf("== a log that is recovered\n");
    sqlite3 *a = opened("stay.db", NULL);
    run(a, "A", "PRAGMA journal_mode=WAL; CREATE TABLE t(id INTEGER PRIMARY KEY, v)");
    fill(a, "kept", 1, 500);
    copy("stay.db", "dead.db");
    copy("stay.db-wal", "dead.db-wal");
    sqlite3 *b = opened("dead.db", NULL);
    run(b, "B", "SELECT count(*) FROM t; PRAGMA integrity_check");
    closed(b, "B");
    show_files("dead.db");

    printf("== a log that stays\n");
    int persist = 1;
    printf("persist: %s\n", sqlite3_errstr(sqlite3_file_control(a, "main", SQLITE_FCNTL_PERSIST_WAL, &persist)));
    closed(a, "A");
    show_files("stay.db");
    sqlite3_open_v2("stay.db", &a, SQLITE_OPEN_READONLY, NULL);
    run(a, "read only", "SELECT count(*) FROM t; INSERT INTO t VALUES(0, 0)");
    closed(a, "read only");
    a = opened("file:stay.db?immutable=1", NULL);
    run(a, "immutable", "SELECT count(*) FROM t");
    closed(a, "immutable");

    printf("== a log without an index\n");
    a = opened("alone.db", NULL);
    run(a, "A", "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; CREATE TABLE t(id INTEGER PRIMARY KEY, v)");
    fill(a, "alone", 1, 500);
    show_files("alone.db");
    b = opened("alone.db", NULL);
    run(b, "B", "SELECT count(*) FROM t");
    closed(b, "B");
    closed(a, "A");
    show_files("alone.db");
}
