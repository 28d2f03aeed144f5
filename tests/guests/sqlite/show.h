/* How the parts of this program show what they do: statements with their rows and errors, files, and locks. */
#ifndef SHOW_H
#define SHOW_H

#include <sqlite3.h>

/* Opens a database with a VFS (NULL: the default), or ends the program. */
sqlite3 *opened(const char *path, const char *vfs);
/* Closes it, and shows the result. */
void closed(sqlite3 *db, const char *name);
/* Runs statements; shows them, their rows, and the error that ended them. */
void run(sqlite3 *db, const char *name, const char *sql);
/* Runs statements that must succeed, without a word. */
void quietly(sqlite3 *db, const char *sql);
/* Shows size, mode and links of a file, or that it is not there. */
void show_file(const char *path);
/* Shows a database's files: itself, its journal, write-ahead log and index. */
void show_files(const char *path);
/* Shows which ranges of a file another program would find locked. `fd` is an open description of
 * the caller's own, which stays open: closing it would end the locks of this program. */
void show_database_locks(int fd, const char *when);
void show_index_locks(int fd, const char *when);

/* The parts. */
void probe(void);
void statements(void);
void journals(void);
void write_ahead_log(void);
void logs_that_stay(void);
void others(void);
void commits(const char *journal_mode);

#endif
