// What the guests share: a guest exports its operations by their names in the tables, and traps on a wrong answer.
#ifndef GUEST_H
#define GUEST_H

#define EXPORT(name) __attribute__((export_name(name))) void
#define CHECK(condition)     \
    do {                     \
        if (!(condition))    \
            __builtin_trap(); \
    } while (0)

#endif
