/* Commits until it is killed, and says of each transaction that it is done. What is there at the start must
 * be all that was said before. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "show.h"

/* How many transactions there are at most: nobody may come to kill it. */
#define MOST 100000

static int number(sqlite3 *db, const char *sql) {
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK || sqlite3_step(statement) != SQLITE_ROW) {
        printf("%s: %s\n", sql, sqlite3_errmsg(db));
        exit(1);
    }
    int value = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return value;
}

void commits(const char *journal_mode) {
    sqlite3 *db = opened("commits.db", NULL);
    char sql[200];
    /* EXTRA: also the removal of a journal, which is what commits a transaction, is on the disk. */
    snprintf(sql, sizeof(sql), "PRAGMA locking_mode=EXCLUSIVE; PRAGMA synchronous=EXTRA; PRAGMA journal_mode=%s", journal_mode);
    quietly(db, sql);
    quietly(db, "CREATE TABLE IF NOT EXISTS t(id INTEGER PRIMARY KEY, twice INTEGER, text TEXT); "
                "CREATE INDEX IF NOT EXISTS twice ON t(twice)");
    run(db, "check", "PRAGMA integrity_check");
    int count = number(db, "SELECT count(*) FROM t");
    int wrong = number(db, "SELECT count(*) FROM t WHERE twice != 2 * id OR text != printf('%.*c', 50 + id % 3000, 'x')");
    printf("found %d, %d wrong, last %d\n", count, wrong, number(db, "SELECT coalesce(max(id), 0) FROM t"));
    fflush(stdout);
    for (int id = count + 1; id < MOST; id++) {
        snprintf(sql, sizeof(sql),
                 "BEGIN; INSERT INTO t VALUES(%d, 0, printf('%%.*c', %d, 'x')); UPDATE t SET twice = 2 * id WHERE id = %d; COMMIT", id,
                 50 + id % 3000, id);
        quietly(db, sql);
        printf("committed %d\n", id);
        fflush(stdout);
    }
}
