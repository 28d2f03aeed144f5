/* sys/ioctl.h: Linux's ioctl behind wasi-libc's name. */
#ifndef WASM_VFS_SYS_IOCTL_H
#define WASM_VFS_SYS_IOCTL_H

#pragma GCC system_header
#include_next <sys/ioctl.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef TIOCGWINSZ
#define TIOCGWINSZ 0x5413
struct winsize {
    unsigned short ws_row, ws_col, ws_xpixel, ws_ypixel;
};
#endif

int ioctl(int, int, ...) __asm__("__wasm_vfs_ioctl");

#ifdef __cplusplus
}
#endif
#endif
