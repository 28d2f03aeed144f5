/* The usual statements, on a database with a rollback journal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "show.h"

static void tables(sqlite3 *db) {
    run(db, "A", "CREATE TABLE person(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, born INT CHECK(born > 1800))");
    run(db, "A", "CREATE TABLE book(id INTEGER PRIMARY KEY, title TEXT, author INT REFERENCES person ON DELETE CASCADE, price REAL)");
    run(db, "A", "PRAGMA foreign_keys=ON; PRAGMA foreign_keys");
    quietly(db, "BEGIN");
    sqlite3_stmt *person, *book;
    sqlite3_prepare_v2(db, "INSERT INTO person VALUES(?1, 'person ' || ?1, 1850 + ?1 % 150)", -1, &person, NULL);
    sqlite3_prepare_v2(db, "INSERT INTO book VALUES(?1, printf('book %05d', ?1 * 7919 % 10007), ?1 % 200 + 1, ?1 / 4.0)", -1,
                       &book, NULL);
    for (int i = 1; i <= 200; i++) {
        sqlite3_bind_int(person, 1, i);
        if (sqlite3_step(person) != SQLITE_DONE) {
            printf("person %d: %s\n", i, sqlite3_errmsg(db));
        }
        sqlite3_reset(person);
    }
    for (int i = 1; i <= 3000; i++) {
        sqlite3_bind_int(book, 1, i);
        if (sqlite3_step(book) != SQLITE_DONE) {
            printf("book %d: %s\n", i, sqlite3_errmsg(db));
        }
        sqlite3_reset(book);
    }
    sqlite3_finalize(person);
    sqlite3_finalize(book);
    quietly(db, "COMMIT");
    run(db, "A", "CREATE INDEX by_title ON book(title); CREATE INDEX by_author ON book(author, price DESC)");
}

static void questions(sqlite3 *db) {
    run(db, "A", "SELECT count(*), sum(price), min(title), max(title) FROM book");
    run(db, "A", "SELECT p.name, count(*) AS n, avg(b.price) FROM person p JOIN book b ON b.author = p.id "
                 "WHERE p.born BETWEEN 1900 AND 1903 GROUP BY p.id HAVING n > 10 ORDER BY 3 DESC, 1 LIMIT 5");
    run(db, "A", "EXPLAIN QUERY PLAN SELECT * FROM book WHERE title = 'book 00042'");
    run(db, "A", "SELECT id, title FROM book WHERE title GLOB 'book 0004*' ORDER BY title");
    run(db, "A", "WITH RECURSIVE f(a, b) AS (VALUES(0, 1) UNION ALL SELECT b, a + b FROM f LIMIT 20) SELECT group_concat(a) FROM f");
    run(db, "A", "SELECT title, rank() OVER (PARTITION BY author ORDER BY price DESC) AS r FROM book WHERE author < 3 ORDER BY author, r LIMIT 4");
    run(db, "A", "SELECT json_extract('{\"a\": [1, {\"b\": 2.5}]}', '$.a[1].b'), json_group_array(id) FROM person WHERE id < 5");
    run(db, "A", "SELECT datetime(86400 * 365.25 * 30, 'unixepoch'), strftime('%j', '2024-12-31'), hex(zeroblob(4)), 1e300 * 10, 0.1 + 0.2");
}

static void changes(sqlite3 *db) {
    run(db, "A", "CREATE TABLE audit(what TEXT, id INT); CREATE TRIGGER priced AFTER UPDATE OF price ON book "
                 "BEGIN INSERT INTO audit VALUES('price', new.id); END");
    run(db, "A", "UPDATE book SET price = price * 2 WHERE id % 10 = 0; SELECT changes(), (SELECT count(*) FROM audit)");
    run(db, "A", "DELETE FROM person WHERE id > 190; SELECT changes(), (SELECT count(*) FROM book)");
    run(db, "A", "BEGIN; DELETE FROM book; SELECT count(*) FROM book; ROLLBACK; SELECT count(*) FROM book");
    run(db, "A", "BEGIN; INSERT INTO person VALUES(1000, 'first', 1900); SAVEPOINT s; INSERT INTO person VALUES(1001, 'second', 1901); "
                 "ROLLBACK TO s; INSERT INTO person VALUES(1002, 'third', 1902); RELEASE s; COMMIT; SELECT id FROM person WHERE id >= 1000");
    run(db, "A", "INSERT INTO person VALUES(1, 'again', 1900)");
    run(db, "A", "INSERT INTO person VALUES(2000, 'too old', 1700)");
    run(db, "A", "INSERT INTO book VALUES(9999, 'orphan', 12345, 1)");
    run(db, "A", "INSERT INTO person VALUES(1, 'person 1', 1851) ON CONFLICT(id) DO UPDATE SET born = 1899 RETURNING id, born");
    run(db, "A", "SELECT nonsense FROM nowhere");
    run(db, "A", "CREATE VIRTUAL TABLE words USING fts5(text); INSERT INTO words SELECT title || ' of ' || name FROM book JOIN person ON author = person.id WHERE book.id < 500");
    run(db, "A", "SELECT count(*), min(rowid) FROM words WHERE words MATCH 'person NOT 00042'; SELECT highlight(words, 0, '<', '>') FROM words WHERE words MATCH '\"person 7\"' ORDER BY rank, rowid LIMIT 2");
    run(db, "A", "CREATE TEMP TABLE some AS SELECT * FROM book LIMIT 10; SELECT count(*) FROM temp.some; DROP TABLE temp.some");
}

/* Reads and writes a large value in pieces. */
static void large_value(sqlite3 *db) {
    run(db, "A", "CREATE TABLE large(v); INSERT INTO large VALUES(zeroblob(1234567))");
    sqlite3_blob *blob;
    printf("blob: %s\n", sqlite3_errstr(sqlite3_blob_open(db, "main", "large", "v", 1, 1, &blob)));
    static unsigned char piece[10000];
    for (int at = 0; at + (int)sizeof(piece) <= sqlite3_blob_bytes(blob); at += 3 * (int)sizeof(piece)) {
        memset(piece, at / 10000 % 251 + 1, sizeof(piece));
        if (sqlite3_blob_write(blob, piece, sizeof(piece), at) != SQLITE_OK) {
            printf("write at %d: %s\n", at, sqlite3_errmsg(db));
        }
    }
    unsigned sum = 0;
    for (int at = 0; at < sqlite3_blob_bytes(blob); at += (int)sizeof(piece)) {
        int size = sqlite3_blob_bytes(blob) - at < (int)sizeof(piece) ? sqlite3_blob_bytes(blob) - at : (int)sizeof(piece);
        sqlite3_blob_read(blob, piece, size, at);
        for (int i = 0; i < size; i++) {
            sum = sum * 31 + piece[i];
        }
    }
    printf("    %d bytes, sum %08x\n", sqlite3_blob_bytes(blob), sum);
    printf("    %s\n", sqlite3_errstr(sqlite3_blob_close(blob)));
}

static void copies(sqlite3 *db) {
    sqlite3 *copy = opened("copy.db", NULL);
    sqlite3_backup *backup = sqlite3_backup_init(copy, "main", db, "main");
    int steps = 0, code;
    while ((code = sqlite3_backup_step(backup, 100)) == SQLITE_OK) {
        steps++;
    }
    printf("backup: %d steps, %d pages, %s, %s\n", steps, sqlite3_backup_pagecount(backup), sqlite3_errstr(code),
           sqlite3_errstr(sqlite3_backup_finish(backup)));
    run(copy, "copy", "PRAGMA integrity_check; SELECT count(*) FROM book");
    closed(copy, "copy");
    run(db, "A", "DELETE FROM large; VACUUM; PRAGMA page_count; PRAGMA freelist_count; PRAGMA integrity_check");
    show_files("statements.db");
    run(db, "A", "VACUUM INTO 'into.db'; ATTACH 'into.db' AS other; SELECT count(*) FROM other.book; SELECT seq, name FROM pragma_database_list");
    run(db, "A", "BEGIN; UPDATE main.book SET price = 0 WHERE id < 5; UPDATE other.book SET price = 1 WHERE id < 5; COMMIT; "
                 "SELECT m.price, o.price FROM main.book m JOIN other.book o USING(id) WHERE id < 3");
    run(db, "A", "DETACH other; PRAGMA foreign_key_check; PRAGMA quick_check");
    show_files("into.db");
}

void statements(void) {
    printf("== statements\n");
    sqlite3 *db = opened("statements.db", NULL);
    tables(db);
    questions(db);
    changes(db);
    large_value(db);
    copies(db);
    /* Sorts that do not fit go through files that have no name any more. */
    run(db, "A", "PRAGMA temp_store=FILE; PRAGMA cache_size=10; SELECT count(*), sum(n) FROM (SELECT DISTINCT a.title || b.id AS t, a.id + b.id AS n "
                 "FROM book a, book b WHERE a.id < 150 AND b.id < 150 ORDER BY t DESC)");
    closed(db, "A");
    show_files("statements.db");
}
