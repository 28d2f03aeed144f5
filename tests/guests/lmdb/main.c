#include <stdio.h>
#include "lmdb.h"
int main(void) {
    MDB_env *env;
    int error = mdb_env_create(&env);
    if (!error) error = mdb_env_open(env, "/db", MDB_NOSUBDIR, 0644);
    printf("%d %s\n", error, mdb_strerror(error));
    return error != 0;
}
