/* sys/statvfs.h: wasi-libc's functions are stubs, and some builds of it have no such header. */
#ifndef WASM_VFS_SYS_STATVFS_H
#define WASM_VFS_SYS_STATVFS_H

#pragma GCC system_header
#if __has_include_next(<sys/statvfs.h>)
#include_next <sys/statvfs.h>
#else
struct statvfs {
    unsigned long f_bsize, f_frsize;
    unsigned long long f_blocks, f_bfree, f_bavail;
    unsigned long long f_files, f_ffree, f_favail;
    unsigned long f_fsid, : 32;
    unsigned long f_flag, f_namemax;
    unsigned int f_type;
    int __reserved[5];
};

#define ST_RDONLY 1
#define ST_NOSUID 2
#define ST_NODEV 4
#define ST_NOEXEC 8
#define ST_SYNCHRONOUS 16
#define ST_NOATIME 1024
#define ST_NODIRATIME 2048
#define ST_RELATIME 4096
#endif

#ifdef __cplusplus
extern "C" {
#endif

int statvfs(const char *__restrict, struct statvfs *__restrict) __asm__("__wasm_vfs_statvfs");
int fstatvfs(int, struct statvfs *) __asm__("__wasm_vfs_fstatvfs");

#ifdef __cplusplus
}
#endif
#endif
