/* Completes wasi-libc's sys/socket.h: there are no sockets, and programs are told so. */
#ifndef WASM_VFS_SYS_SOCKET_H
#define WASM_VFS_SYS_SOCKET_H

#pragma GCC system_header
#include_next <sys/socket.h>

#ifdef __cplusplus
extern "C" {
#endif

int socketpair(int, int, int, int [2]) __asm__("__wasm_vfs_socketpair");

#ifdef __cplusplus
}
#endif
#endif
