/* sys/statfs.h, which wasi-libc lacks. */
#ifndef WASM_VFS_SYS_STATFS_H
#define WASM_VFS_SYS_STATFS_H

#pragma GCC system_header

#ifdef __cplusplus
extern "C" {
#endif

struct statfs {
    long long f_type;
    long long f_bsize;
    unsigned long long f_blocks;
    unsigned long long f_bfree;
    unsigned long long f_bavail;
    unsigned long long f_files;
    unsigned long long f_ffree;
    struct {
        int __val[2];
    } f_fsid;
    long long f_namelen;
    long long f_frsize;
    long long f_flags;
    long long f_spare[4];
};

int statfs(const char *, struct statfs *) __asm__("__wasm_vfs_statfs");
int fstatfs(int, struct statfs *) __asm__("__wasm_vfs_fstatfs");

#ifdef __cplusplus
}
#endif
#endif
