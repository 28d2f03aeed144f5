/* sys/mount.h, which wasi-libc lacks. A process can make the filesystem read-only, with MS_REMOUNT | MS_RDONLY on "/"; all else
   is EPERM. */
#ifndef WASM_VFS_SYS_MOUNT_H
#define WASM_VFS_SYS_MOUNT_H

#pragma GCC system_header

#define MS_RDONLY 1
#define MS_NOSUID 2
#define MS_NODEV 4
#define MS_NOEXEC 8
#define MS_SYNCHRONOUS 16
#define MS_REMOUNT 32
#define MS_MANDLOCK 64
#define MS_DIRSYNC 128
#define MS_NOATIME 1024
#define MS_NODIRATIME 2048
#define MS_BIND 4096
#define MS_MOVE 8192
#define MS_REC 16384

#ifdef __cplusplus
extern "C" {
#endif

int mount(const char *, const char *, const char *, unsigned long, const void *) __asm__("__wasm_vfs_mount");

#ifdef __cplusplus
}
#endif
#endif
