// A reactor: no main, but functions that its host calls as often as it likes after `_initialize`.
//
// It is pre-initialised, too: `wizer-initialize` fills a table before the program is packed.
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXPORT(name) __attribute__((export_name(name)))

static unsigned squares[1000];
static int constructed;
static FILE *journal;

// A constructor: runs in `_initialize`.
__attribute__((constructor)) static void construct(void) {
    constructed++;
}

EXPORT("wizer-initialize") void fill_table(void) {
    for (unsigned n = 0; n < 1000; n++)
        squares[n] = n * n;
}

EXPORT("constructed") int how_often_constructed(void) {
    return constructed;
}

EXPORT("square") unsigned square(unsigned n) {
    if (squares[1] == 0)
        fill_table();
    return squares[n % 1000];
}

// Appends a line to a file that stays open; returns its length then.
EXPORT("append") long append(int number) {
    if (!journal)
        journal = fopen("/work/journal", "a+");
    if (!journal)
        return -1;
    fprintf(journal, "line %d: %u\n", number, square(number));
    fflush(journal);
    return ftell(journal);
}

// A sum over all bytes of a file of the tree, with a buffer that makes memory grow.
EXPORT("sum") unsigned sum(int kilobytes) {
    unsigned char *buffer = malloc((size_t)kilobytes * 1024);
    if (!buffer)
        return 0;
    unsigned total = 0;
    int fd = open("/data/blob.bin", O_RDONLY);
    for (;;) {
        ssize_t got = read(fd, buffer, (size_t)kilobytes * 1024);
        if (got <= 0)
            break;
        for (ssize_t at = 0; at < got; at++)
            total = total * 31 + buffer[at];
    }
    close(fd);
    free(buffer);
    return total;
}

// How many entries a directory has after a new one was made in it.
EXPORT("make") int make(int number) {
    char name[64];
    snprintf(name, sizeof name, "/work/entry-%d", number);
    if (mkdir(name, 0777) != 0)
        return -1;
    DIR *directory = opendir("/work");
    int count = 0;
    while (readdir(directory))
        count++;
    closedir(directory);
    return count;
}
