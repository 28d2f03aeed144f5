/* For software that knows WASI by `__wasi__` and leaves out what wasi-libc lacks: compiled with
 * `-include wasm_vfs_unix.h` it sees a Unix of no particular name, and takes all.
 *
 * For C. The headers of libc++ must know which system they are on.
 */
#ifndef WASM_VFS_UNIX_H
#define WASM_VFS_UNIX_H

#pragma GCC system_header
/* The header that refuses to be read without `__wasi__`; once is enough for it. */
#include <wasi/api.h>
#undef __wasi__
#ifndef __unix__
#define __unix__ 1
#endif

#endif
