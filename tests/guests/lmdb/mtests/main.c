/* LMDB's own tests, as they are, one after the other in one program. They end it if something is wrong.
 * The sixth asks for a function that only LMDB's build for debugging has. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define main mtest
#include "mtest.c"
#undef main
#define main mtest2
#include "mtest2.c"
#undef main
#define main mtest3
#include "mtest3.c"
#undef main
#define main mtest4
#include "mtest4.c"
#undef main
#define main mtest5
#include "mtest5.c"
#undef main

int main(int argc, char **argv) {
    int (*const tests[])(int, char **) = {mtest, mtest2, mtest3, mtest4, mtest5};
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        if (mkdir("testdb", 0755) < 0) {
            perror("testdb");
            return 1;
        }
        int status = tests[i](argc, argv);
        printf("test %zu: status %d, files removed %d %d %d\n", i + 1, status, unlink("testdb/data.mdb"),
               unlink("testdb/lock.mdb"), rmdir("testdb"));
    }
    return 0;
}
