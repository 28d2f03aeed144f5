/* sys/wait.h, for the filters that are other programs: wasi-libc has none, for there are no processes. */
#ifndef STAND_IN_SYS_WAIT_H
#define STAND_IN_SYS_WAIT_H

#include <sys/types.h>

#define WIFEXITED(status) (((status) & 0x7f) == 0)
#define WEXITSTATUS(status) (((status) >> 8) & 0xff)
#define WIFSIGNALED(status) (((status) & 0x7f) != 0)
#define WTERMSIG(status) ((status) & 0x7f)

pid_t waitpid(pid_t, int *, int);

#endif
