/* sys/sendfile.h, which wasi-libc lacks. */
#ifndef WASM_VFS_SYS_SENDFILE_H
#define WASM_VFS_SYS_SENDFILE_H

#pragma GCC system_header
#include <sys/types.h>
#include <unistd.h>

#ifdef __cplusplus
extern "C" {
#endif

ssize_t sendfile(int, int, off_t *, size_t) __asm__("__wasm_vfs_sendfile");

#ifdef __cplusplus
}
#endif
#endif
