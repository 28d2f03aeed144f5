/* sys/vfs.h, which wasi-libc lacks: another name of sys/statfs.h. */
#include <sys/statfs.h>
