/* Drives LMDB through what it has, and prints what there is to see: the same on Linux as packed.
 *
 * Numbers of pages are not printed: they depend on how wide a pointer is.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lmdb.h"

enum { MEGABYTE = 1 << 20, MODE = 0640, MOST = 6 };

/* Shows a call of LMDB and its result. */
#define SHOW(call) printf("%s: %s\n", #call, mdb_strerror(call))

/* For calls that are not the matter. */
#define MUST(call)                                                                                     \
    do {                                                                                               \
        int must = (call);                                                                             \
        if (must != 0) {                                                                               \
            printf("line %d: %s: %s\n", __LINE__, #call, mdb_strerror(must));                          \
            exit(1);                                                                                   \
        }                                                                                              \
    } while (0)

#define HOLDS(condition) printf("%s: %s\n", #condition, (condition) ? "yes" : "no")

static MDB_val text(const char *string) {
    return (MDB_val){strlen(string), (void *)(uintptr_t)string};
}

static MDB_val number(const int *key) {
    return (MDB_val){sizeof(*key), (void *)(uintptr_t)key};
}

static void print(const char *what, MDB_val key, MDB_val data) {
    printf("%s: %.*s = %.*s\n", what, (int)key.mv_size, (char *)key.mv_data, (int)data.mv_size, (char *)data.mv_data);
}

static uint32_t checksum(uint32_t sum, const void *bytes, size_t size) {
    for (size_t i = 0; i < size; i++) {
        sum = (sum ^ ((const unsigned char *)bytes)[i]) * 16777619u;
    }
    return sum;
}

/* All that is in a database, in order. */
static void show_all(MDB_txn *txn, MDB_dbi dbi, const char *name) {
    MDB_cursor *cursor;
    MDB_val key, data;
    uint32_t sum = 2166136261u;
    size_t entries = 0;
    MUST(mdb_cursor_open(txn, dbi, &cursor));
    int error;
    while ((error = mdb_cursor_get(cursor, &key, &data, MDB_NEXT)) == 0) {
        sum = checksum(checksum(sum, key.mv_data, key.mv_size), data.mv_data, data.mv_size);
        entries++;
    }
    MDB_stat stat;
    MUST(mdb_stat(txn, dbi, &stat));
    printf("%s: %zu entries, %zu counted, pages of %u, checksum %08x, %s\n", name, entries, (size_t)stat.ms_entries,
           stat.ms_psize, sum, mdb_strerror(error));
    mdb_cursor_close(cursor);
}

static void show_file(const char *path) {
    struct stat s;
    if (stat(path, &s) < 0) {
        printf("%s: %s\n", path, strerror(errno));
        return;
    }
    printf("%s: mode %o, links %d\n", path, (unsigned)s.st_mode, (int)s.st_nlink);
}

static long long size_of(const char *path) {
    struct stat s;
    return stat(path, &s) < 0 ? -1 : (long long)s.st_size;
}

/* LMDB reads through its map what it writes with pwrite; read(2) must see the same as both. */
static void compare_map_with_file(MDB_env *env, const char *path) {
    MDB_envinfo info;
    MUST(mdb_env_info(env, &info));
    MDB_stat stat;
    MUST(mdb_env_stat(env, &stat));
    size_t size = (size_t)(info.me_last_pgno + 1) * stat.ms_psize;
    mdb_filehandle_t fd;
    MUST(mdb_env_get_fd(env, &fd));
    MDB_txn *txn;
    MDB_dbi dbi;
    MDB_val key, data;
    MDB_cursor *cursor;
    char *file = malloc(size);
    ssize_t there = pread(fd, file, size, 0);
    size_t compared = 0, same = 0;
    /* Where the map begins is known by the place of a page in it. */
    MUST(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn));
    MUST(mdb_dbi_open(txn, "words", 0, &dbi));
    MUST(mdb_cursor_open(txn, dbi, &cursor));
    while (mdb_cursor_get(cursor, &key, &data, MDB_NEXT) == 0) {
        compared++;
        for (ssize_t at = 0; at + (ssize_t)data.mv_size <= there; at++) {
            if (memcmp(file + at, data.mv_data, data.mv_size) == 0) {
                same++;
                break;
            }
        }
        if (compared == 16) {
            break;
        }
    }
    mdb_cursor_close(cursor);
    mdb_txn_abort(txn);
    free(file);
    printf("%s: %zu of %zu values found with read(2)\n", path, same, compared);
}

static void words(MDB_env *env) {
    MDB_txn *txn;
    MDB_dbi dbi;
    char key_text[32], data_text[96];
    MUST(mdb_txn_begin(env, NULL, 0, &txn));
    MUST(mdb_dbi_open(txn, "words", MDB_CREATE, &dbi));
    for (int i = 0; i < 700; i++) {
        snprintf(key_text, sizeof(key_text), "word %03d", i * 353 % 1000);
        snprintf(data_text, sizeof(data_text), "%d is the value of %s, for which there is some room", i, key_text);
        MDB_val key = text(key_text), data = text(data_text);
        MUST(mdb_put(txn, dbi, &key, &data, 0));
    }
    MDB_val key = text("word 000"), data = text("another");
    SHOW(mdb_put(txn, dbi, &key, &data, MDB_NOOVERWRITE));
    print("was there", key, data);
    data = (MDB_val){5, NULL};
    key = text("reserved");
    SHOW(mdb_put(txn, dbi, &key, &data, MDB_RESERVE));
    memcpy(data.mv_data, "later", 5);
    key = (MDB_val){0, ""};
    SHOW(mdb_put(txn, dbi, &key, &data, 0));
    key = text("zzz");
    data = text("the last");
    SHOW(mdb_put(txn, dbi, &key, &data, MDB_APPEND));
    key = text("aaa");
    SHOW(mdb_put(txn, dbi, &key, &data, MDB_APPEND));
    show_all(txn, dbi, "words");
    SHOW(mdb_txn_commit(txn));

    MUST(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn));
    MDB_cursor *cursor;
    MUST(mdb_cursor_open(txn, dbi, &cursor));
    const struct {
        const char *name;
        MDB_cursor_op op;
        const char *key;
    } moves[] = {
        {"first", MDB_FIRST, ""},       {"next", MDB_NEXT, ""},           {"last", MDB_LAST, ""},
        {"prev", MDB_PREV, ""},         {"range", MDB_SET_RANGE, "word 5"}, {"next", MDB_NEXT, ""},
        {"set", MDB_SET_KEY, "word 353"}, {"current", MDB_GET_CURRENT, ""}, {"set", MDB_SET, "no word"},
        {"range", MDB_SET_RANGE, "zzzz"},
    };
    for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
        MDB_val found = text(moves[i].key), value;
        int error = mdb_cursor_get(cursor, &found, &value, moves[i].op);
        if (error != 0) {
            printf("%s: %s\n", moves[i].name, mdb_strerror(error));
        } else {
            print(moves[i].name, found, value);
        }
    }
    mdb_cursor_close(cursor);
    key = text("refused");
    SHOW(mdb_put(txn, dbi, &key, &data, 0));
    mdb_txn_abort(txn);
}

static void duplicates_and_numbers(MDB_env *env) {
    MDB_txn *txn;
    MDB_dbi duplicates, numbers, reversed, one_more;
    MUST(mdb_txn_begin(env, NULL, 0, &txn));
    SHOW(mdb_dbi_open(txn, "duplicates", 0, &duplicates));
    MUST(mdb_dbi_open(txn, "duplicates", MDB_CREATE | MDB_DUPSORT, &duplicates));
    MUST(mdb_dbi_open(txn, "numbers", MDB_CREATE | MDB_INTEGERKEY, &numbers));
    MUST(mdb_dbi_open(txn, "reversed", MDB_CREATE | MDB_REVERSEKEY, &reversed));
    MUST(mdb_dbi_open(txn, "big", MDB_CREATE | MDB_INTEGERKEY, &one_more));
    SHOW(mdb_dbi_open(txn, "the sixth", MDB_CREATE, &one_more));
    SHOW(mdb_dbi_open(txn, "one too many", MDB_CREATE, &one_more));
    char data_text[32];
    for (int i = 0; i < 300; i++) {
        snprintf(data_text, sizeof(data_text), "duplicate %d", i * 7 % 300);
        MDB_val key = text(i % 3 == 0 ? "fizz" : "buzz"), data = text(data_text);
        MUST(mdb_put(txn, duplicates, &key, &data, 0));
        int digit = i * 101 % 300;
        key = number(&digit);
        MUST(mdb_put(txn, numbers, &key, &data, 0));
        snprintf(data_text, sizeof(data_text), "%03d", i);
        key = text(data_text);
        MUST(mdb_put(txn, reversed, &key, &data, 0));
    }
    MDB_val key = text("fizz"), data = text("duplicate 0");
    SHOW(mdb_put(txn, duplicates, &key, &data, MDB_NODUPDATA));
    MDB_cursor *cursor;
    MUST(mdb_cursor_open(txn, duplicates, &cursor));
    SHOW(mdb_cursor_get(cursor, &key, &data, MDB_SET_KEY));
    mdb_size_t count = 0;
    SHOW(mdb_cursor_count(cursor, &count));
    printf("count %zu\n", (size_t)count);
    SHOW(mdb_cursor_get(cursor, &key, &data, MDB_LAST_DUP));
    print("last", key, data);
    SHOW(mdb_cursor_get(cursor, &key, &data, MDB_NEXT_DUP));
    key = text("buzz");
    data = text("duplicate 1");
    SHOW(mdb_cursor_get(cursor, &key, &data, MDB_GET_BOTH_RANGE));
    print("both", key, data);
    SHOW(mdb_cursor_del(cursor, 0));
    SHOW(mdb_cursor_get(cursor, &key, &data, MDB_GET_CURRENT));
    print("current", key, data);
    SHOW(mdb_cursor_get(cursor, &key, &data, MDB_NEXT_NODUP));
    print("next key", key, data);
    SHOW(mdb_cursor_del(cursor, MDB_NODUPDATA));
    mdb_cursor_close(cursor);
    show_all(txn, duplicates, "duplicates");
    show_all(txn, numbers, "numbers");
    show_all(txn, reversed, "reversed");
    MDB_dbi all;
    MUST(mdb_dbi_open(txn, NULL, 0, &all));
    MDB_cursor *names;
    MUST(mdb_cursor_open(txn, all, &names));
    while (mdb_cursor_get(names, &key, &data, MDB_NEXT) == 0) {
        printf("database %.*s\n", (int)key.mv_size, (char *)key.mv_data);
    }
    mdb_cursor_close(names);
    SHOW(mdb_txn_commit(txn));
}

/* What a value is within a transaction. */
static void show_value(MDB_txn *txn, MDB_dbi dbi, const char *name, const char *of) {
    MDB_val key = text(of), data;
    int error = mdb_get(txn, dbi, &key, &data);
    if (error != 0) {
        printf("%s: %s: %s\n", name, of, mdb_strerror(error));
    } else {
        print(name, key, data);
    }
}

static void transactions(MDB_env *env, unsigned flags) {
    MDB_txn *parent, *child, *reader, *second;
    MDB_dbi dbi;
    MUST(mdb_txn_begin(env, NULL, 0, &parent));
    MUST(mdb_dbi_open(parent, "words", 0, &dbi));
    MDB_val key = text("state"), data = text("before");
    MUST(mdb_put(parent, dbi, &key, &data, 0));
    MUST(mdb_txn_commit(parent));

    MUST(mdb_txn_begin(env, NULL, MDB_RDONLY, &reader));
    MUST(mdb_txn_begin(env, NULL, 0, &parent));
    data = text("of the parent");
    MUST(mdb_put(parent, dbi, &key, &data, 0));
    /* A map that is written to has no nested transactions. */
    int nested = mdb_txn_begin(env, parent, 0, &child);
    printf("nested: %s\n", (flags & MDB_WRITEMAP) != 0 ? mdb_strerror(nested) : nested == 0 ? "yes" : "no");
    if (nested == 0) {
        data = text("of the child");
        MUST(mdb_put(child, dbi, &key, &data, 0));
        show_value(child, dbi, "child", "state");
        mdb_txn_abort(child);
        show_value(parent, dbi, "parent, child aborted", "state");
        MUST(mdb_txn_begin(env, parent, 0, &child));
        data = text("of the second child");
        MUST(mdb_put(child, dbi, &key, &data, 0));
        key = text("by a child");
        MUST(mdb_put(child, dbi, &key, &data, 0));
        SHOW(mdb_txn_commit(child));
        show_value(parent, dbi, "parent, child committed", "state");
    }
    show_value(reader, dbi, "reader meanwhile", "state");
    SHOW(mdb_txn_commit(parent));
    show_value(reader, dbi, "reader after", "state");
    mdb_txn_reset(reader);
    SHOW(mdb_txn_renew(reader));
    show_value(reader, dbi, "reader renewed", "state");
    SHOW(mdb_txn_begin(env, NULL, MDB_RDONLY, &second));
    mdb_txn_abort(reader);

    MUST(mdb_txn_begin(env, NULL, 0, &parent));
    key = text("state");
    SHOW(mdb_del(parent, dbi, &key, NULL));
    SHOW(mdb_del(parent, dbi, &key, NULL));
    mdb_txn_abort(parent);
    MUST(mdb_txn_begin(env, NULL, MDB_RDONLY, &reader));
    show_value(reader, dbi, "deletion aborted", "state");
    mdb_txn_abort(reader);
    int dead = -1;
    SHOW(mdb_reader_check(env, &dead));
    printf("dead readers %d\n", dead);
}

/* A value of a megabyte and some, that is the same for the same seed. */
static unsigned char *big_value(unsigned seed) {
    static unsigned char bytes[MEGABYTE + 123];
    for (size_t i = 0; i < sizeof(bytes); i++) {
        seed = seed * 1103515245u + 12345u;
        bytes[i] = (unsigned char)(seed >> 16);
    }
    return bytes;
}

static void big_values(MDB_env *env, const char *path) {
    MDB_txn *txn;
    MDB_dbi dbi;
    int full = -1;
    MUST(mdb_txn_begin(env, NULL, 0, &txn));
    MUST(mdb_dbi_open(txn, "big", MDB_CREATE | MDB_INTEGERKEY, &dbi));
    for (int i = 0; full < 0 && i < 16; i++) {
        MDB_val key = number(&i), data = {MEGABYTE + 123, big_value((unsigned)i)};
        int error = mdb_put(txn, dbi, &key, &data, 0);
        if (error != 0) {
            printf("value %d: %s\n", i, mdb_strerror(error));
            full = i;
        }
    }
    mdb_txn_abort(txn);

    SHOW(mdb_env_set_mapsize(env, 12 * MEGABYTE));
    MDB_envinfo info;
    MUST(mdb_env_info(env, &info));
    printf("map of %zu, %u readers at most\n", (size_t)info.me_mapsize, info.me_maxreaders);
    MUST(mdb_txn_begin(env, NULL, 0, &txn));
    MUST(mdb_dbi_open(txn, "big", MDB_CREATE | MDB_INTEGERKEY, &dbi));
    for (int i = 0; i < 4; i++) {
        MDB_val key = number(&i), data = {MEGABYTE + 123, big_value((unsigned)i)};
        MUST(mdb_put(txn, dbi, &key, &data, 0));
    }
    SHOW(mdb_txn_commit(txn));
    long long before = size_of(path);

    /* Pages of what is deleted serve again, so the file stays as long as it is. */
    for (int round = 0; round < 8; round++) {
        MUST(mdb_txn_begin(env, NULL, 0, &txn));
        int which = round % 2;
        MDB_val key = number(&which);
        MUST(mdb_del(txn, dbi, &key, NULL));
        MUST(mdb_txn_commit(txn));
        MUST(mdb_txn_begin(env, NULL, 0, &txn));
        MDB_val data = {MEGABYTE + 123, big_value((unsigned)round + 100)};
        MUST(mdb_put(txn, dbi, &key, &data, 0));
        MUST(mdb_txn_commit(txn));
    }
    HOLDS(size_of(path) <= before + 3 * MEGABYTE);
    MUST(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn));
    for (int i = 0; i < 4; i++) {
        MDB_val key = number(&i), data;
        MUST(mdb_get(txn, dbi, &key, &data));
        HOLDS(memcmp(data.mv_data, big_value(i < 2 ? (unsigned)i + 106 : (unsigned)i), data.mv_size) == 0);
    }
    mdb_txn_abort(txn);
    MUST(mdb_txn_begin(env, NULL, 0, &txn));
    SHOW(mdb_drop(txn, dbi, 1));
    SHOW(mdb_txn_commit(txn));
}

/* What a copy holds. */
static void show_copy(const char *path, unsigned flags) {
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    MUST(mdb_env_create(&env));
    MUST(mdb_env_set_maxdbs(env, MOST));
    SHOW(mdb_env_open(env, path, MDB_RDONLY | flags, MODE));
    MUST(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn));
    MUST(mdb_dbi_open(txn, "words", 0, &dbi));
    show_all(txn, dbi, "words of the copy");
    mdb_txn_abort(txn);
    mdb_env_close(env);
}

static void copies(MDB_env *env, unsigned flags) {
    MUST(mkdir("copied", 0755));
    const char *copy = (flags & MDB_NOSUBDIR) != 0 ? "copied/data.mdb" : "copied";
    SHOW(mdb_env_copy2(env, copy, 0));
    SHOW(mdb_env_copy2(env, copy, 0));
    show_file("copied/data.mdb");
    show_copy(copy, flags & MDB_NOSUBDIR);
    int fd = open("copied.mdb", O_RDWR | O_CREAT | O_EXCL, 0600);
    SHOW(mdb_env_copyfd2(env, fd, 0));
    MUST(close(fd));
    show_copy("copied.mdb", MDB_NOSUBDIR);
    const char *files[] = {"copied/data.mdb", "copied/lock.mdb", "copied/data.mdb-lock", "copied.mdb", "copied.mdb-lock"};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        printf("unlink %s: %d\n", files[i], unlink(files[i]));
    }
    printf("rmdir: %d\n", rmdir("copied"));
}

static MDB_env *opened(const char *path, unsigned flags) {
    MDB_env *env;
    MUST(mdb_env_create(&env));
    MUST(mdb_env_set_maxdbs(env, MOST));
    MUST(mdb_env_set_maxreaders(env, 10));
    MUST(mdb_env_set_mapsize(env, 2 * MEGABYTE));
    SHOW(mdb_env_open(env, path, flags, MODE));
    return env;
}

/* Everything, with an environment of these flags. */
static void all_of_it(const char *name, unsigned flags) {
    printf("== %s\n", name);
    const char *path = "environment", *file = "environment", *lock = "environment-lock";
    if ((flags & MDB_NOSUBDIR) == 0) {
        MUST(mkdir(path, 0755));
        file = "environment/data.mdb";
        lock = "environment/lock.mdb";
    }
    MDB_env *env = opened(path, flags);
    show_file(file);
    show_file(lock);
    words(env);
    duplicates_and_numbers(env);
    transactions(env, flags);
    compare_map_with_file(env, name);
    big_values(env, file);
    SHOW(mdb_env_sync(env, 1));
    copies(env, flags);
    mdb_env_close(env);

    env = opened(path, flags);
    MDB_txn *txn;
    MDB_dbi dbi;
    MUST(mdb_txn_begin(env, NULL, 0, &txn));
    MUST(mdb_dbi_open(txn, "words", 0, &dbi));
    show_all(txn, dbi, "words, reopened");
    MUST(mdb_dbi_open(txn, "numbers", 0, &dbi));
    show_all(txn, dbi, "numbers, reopened");
    SHOW(mdb_dbi_open(txn, "big", 0, &dbi));
    mdb_txn_abort(txn);
    mdb_env_close(env);
    printf("unlink: %d %d\n", unlink(file), unlink(lock));
    if ((flags & MDB_NOSUBDIR) == 0) {
        printf("rmdir: %d\n", rmdir(path));
    }
}

static void errors(void) {
    MDB_env *env;
    printf("== errors\n");
    MUST(mdb_env_create(&env));
    SHOW(mdb_env_open(env, "nowhere", 0, MODE));
    mdb_env_close(env);
    FILE *other = fopen("other", "w");
    for (int i = 0; i < 10000; i++) {
        fputc('x', other);
    }
    fclose(other);
    MUST(mdb_env_create(&env));
    SHOW(mdb_env_open(env, "other", MDB_NOSUBDIR, MODE));
    mdb_env_close(env);
    MUST(mdb_env_create(&env));
    SHOW(mdb_env_open(env, "missing", MDB_NOSUBDIR | MDB_RDONLY, MODE));
    mdb_env_close(env);

    /* A reader for each transaction, not for each thread. */
    MDB_txn *readers[4] = {0};
    MUST(mkdir("few", 0755));
    MUST(mdb_env_create(&env));
    MUST(mdb_env_set_maxreaders(env, 3));
    MUST(mdb_env_open(env, "few", MDB_NOTLS, MODE));
    for (int i = 0; i < 4; i++) {
        SHOW(mdb_txn_begin(env, NULL, MDB_RDONLY, &readers[i]));
    }
    for (int i = 0; i < 3; i++) {
        mdb_txn_abort(readers[i]);
    }
    mdb_env_close(env);
}

int main(int argc, char **argv) {
    char directory[2048];
    umask(022);
    snprintf(directory, sizeof(directory), "%s/lmdb-XXXXXX", argc > 1 ? argv[1] : "/tmp");
    if (mkdtemp(directory) == NULL || chdir(directory) < 0) {
        printf("no directory: %s\n", strerror(errno));
        return 1;
    }
    if (argc > 2 && strcmp(argv[2], "compact") == 0) {
        /* Copies in a thread of its own. */
        MDB_env *env = opened("environment", MDB_NOSUBDIR);
        SHOW(mdb_env_copy2(env, "compacted", MDB_CP_COMPACT));
        mdb_env_close(env);
        return 0;
    }
    printf("%s\n", mdb_version(NULL, NULL, NULL));
    all_of_it("default", 0);
    all_of_it("writemap", MDB_WRITEMAP);
    all_of_it("writemap, mapasync, nosubdir", MDB_WRITEMAP | MDB_MAPASYNC | MDB_NOSUBDIR);
    all_of_it("nosubdir, nosync, nordahead", MDB_NOSUBDIR | MDB_NOSYNC | MDB_NORDAHEAD);
    errors();
    return 0;
}
