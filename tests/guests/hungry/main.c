// A C program whose memory and whose files grow in turn, with calls of the host between: whoever has pages in the same
// memory shows here if one of them is taken for another's. Then it tells what it was given: arguments, environment,
// standard input, clocks, random numbers. Exits with its last argument, if there is one.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 24, BLOCK = 700000, FILE_BYTES = 300000 };

static unsigned char *blocks[ROUNDS];
static unsigned char buffer[FILE_BYTES];

static unsigned char mark(int round, int at) {
    return (unsigned char)(round * 31 + at % 251 + 1);
}

static void fill(unsigned char *bytes, int length, int round) {
    for (int at = 0; at < length; at++)
        bytes[at] = mark(round, at);
}

static int wrong(const unsigned char *bytes, int length, int round) {
    int count = 0;
    for (int at = 0; at < length; at++)
        count += bytes[at] != mark(round, at);
    return count;
}

static const char *name_of(int round) {
    static char name[64];
    snprintf(name, sizeof name, "/work/file-%d", round);
    return name;
}

int main(int argc, char **argv) {
    char line[256] = "";
    FILE *hello = fopen("/data/hello.txt", "r");
    if (!hello || !fgets(line, sizeof line, hello))
        return 90;
    fclose(hello);
    printf("read: %s", line);

    int bad = 0;
    for (int round = 0; round < ROUNDS; round++) {
        blocks[round] = malloc(BLOCK);
        if (!blocks[round])
            return 91;
        fill(blocks[round], BLOCK, round);
        fill(buffer, FILE_BYTES, round);
        FILE *file = fopen(name_of(round), "w");
        if (!file || fwrite(buffer, 1, FILE_BYTES, file) != FILE_BYTES || fclose(file))
            return 92;
        // Calls that the host answers.
        printf("round %d\n", round);
        fflush(stdout);
        struct timespec now;
        if (clock_gettime(CLOCK_MONOTONIC, &now))
            return 93;
    }
    for (int round = 0; round < ROUNDS; round++) {
        bad += wrong(blocks[round], BLOCK, round);
        FILE *file = fopen(name_of(round), "r");
        if (!file || fread(buffer, 1, FILE_BYTES, file) != FILE_BYTES || fclose(file))
            return 94;
        bad += wrong(buffer, FILE_BYTES, round);
        free(blocks[round]);
    }
    printf("wrong bytes: %d\n", bad);

    for (int at = 0; at < argc; at++)
        printf("argument %d: %s\n", at, argv[at]);
    printf("GREETING=%s\n", getenv("GREETING") ? getenv("GREETING") : "(unset)");
    while (fgets(line, sizeof line, stdin))
        printf("input: %s", line);
    printf("after 2024: %d\n", time(NULL) > 1704067200);
    unsigned char random[16] = {0}, none[16] = {0};
    printf("random: %d\n", !getentropy(random, sizeof random) && memcmp(random, none, sizeof none) != 0);
    struct timespec before, after, nap = {0, 20000000};
    clock_gettime(CLOCK_MONOTONIC, &before);
    nanosleep(&nap, NULL);
    clock_gettime(CLOCK_MONOTONIC, &after);
    long long slept = (after.tv_sec - before.tv_sec) * 1000000000ll + after.tv_nsec - before.tv_nsec;
    printf("slept: %d\n", slept >= 20000000);
    fprintf(stderr, "to standard error\n");
    return bad ? 95 : argc > 1 ? atoi(argv[argc - 1]) : 0;
}
