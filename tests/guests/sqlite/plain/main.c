/* SQLite as it is built for preview1 alone: what it says that it has. */
#include "../show.h"

int main(void) {
    probe();
    return 0;
}
