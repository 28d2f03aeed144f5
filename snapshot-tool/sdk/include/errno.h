/* Completes wasi-libc's errno.h by the error numbers of Linux that preview1 has none for.
 *
 * Their values are 1000 and Linux's number, beyond all of preview1's. strerror does not know them.
 */
#ifndef WASM_VFS_ERRNO_H
#define WASM_VFS_ERRNO_H

#pragma GCC system_header
#include_next <errno.h>

#ifndef ENODATA
#define ENODATA 1061
#endif
#ifndef ENOATTR
#define ENOATTR ENODATA
#endif
#ifndef ENOTBLK
#define ENOTBLK 1015
#endif
#ifndef ETIME
#define ETIME 1062
#endif
#ifndef EREMOTE
#define EREMOTE 1066
#endif
#ifndef ENOTUNIQ
#define ENOTUNIQ 1076
#endif
#ifndef EUSERS
#define EUSERS 1087
#endif
#ifndef EUCLEAN
#define EUCLEAN 1117
#endif
#ifndef EREMOTEIO
#define EREMOTEIO 1121
#endif
#ifndef EPFNOSUPPORT
#define EPFNOSUPPORT 1096
#endif
#ifndef ESOCKTNOSUPPORT
#define ESOCKTNOSUPPORT 1094
#endif
#ifndef ESHUTDOWN
#define ESHUTDOWN 1108
#endif

#endif
