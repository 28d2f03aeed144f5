/* Completes wasi-libc's sys/stat.h: all of a file's mode, its owner, and the calls that set them. */
#ifndef WASM_VFS_SYS_STAT_H
#define WASM_VFS_SYS_STAT_H

#pragma GCC system_header
#include_next <sys/stat.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Older wasi-libcs have sockets' number for named pipes. */
#undef S_IFIFO
#define S_IFIFO 0x1000
#undef S_IFMT
#define S_IFMT 0xf000
#ifndef S_IREAD
#define S_IREAD S_IRUSR
#define S_IWRITE S_IWUSR
#define S_IEXEC S_IXUSR
#endif
#ifndef ACCESSPERMS
#define ACCESSPERMS 0777
#define ALLPERMS 07777
#define DEFFILEMODE 0666
#endif

#define STATX_TYPE 0x001u
#define STATX_MODE 0x002u
#define STATX_NLINK 0x004u
#define STATX_UID 0x008u
#define STATX_GID 0x010u
#define STATX_ATIME 0x020u
#define STATX_MTIME 0x040u
#define STATX_CTIME 0x080u
#define STATX_INO 0x100u
#define STATX_SIZE 0x200u
#define STATX_BLOCKS 0x400u
#define STATX_BASIC_STATS 0x7ffu
#define STATX_BTIME 0x800u
#define STATX_ALL 0xfffu
#define STATX_MNT_ID 0x1000u

struct statx_timestamp {
    long long tv_sec;
    unsigned tv_nsec;
    int __reserved;
};

struct statx {
    unsigned stx_mask;
    unsigned stx_blksize;
    unsigned long long stx_attributes;
    unsigned stx_nlink;
    unsigned stx_uid;
    unsigned stx_gid;
    unsigned short stx_mode;
    unsigned short __spare0;
    unsigned long long stx_ino;
    unsigned long long stx_size;
    unsigned long long stx_blocks;
    unsigned long long stx_attributes_mask;
    struct statx_timestamp stx_atime;
    struct statx_timestamp stx_btime;
    struct statx_timestamp stx_ctime;
    struct statx_timestamp stx_mtime;
    unsigned stx_rdev_major;
    unsigned stx_rdev_minor;
    unsigned stx_dev_major;
    unsigned stx_dev_minor;
    unsigned long long stx_mnt_id;
    unsigned long long __spare1[13];
};

int stat(const char *__restrict, struct stat *__restrict) __asm__("__wasm_vfs_stat");
int lstat(const char *__restrict, struct stat *__restrict) __asm__("__wasm_vfs_lstat");
int fstat(int, struct stat *) __asm__("__wasm_vfs_fstat");
int fstatat(int, const char *__restrict, struct stat *__restrict, int) __asm__("__wasm_vfs_fstatat");
int chmod(const char *, mode_t) __asm__("__wasm_vfs_chmod");
int fchmod(int, mode_t) __asm__("__wasm_vfs_fchmod");
int fchmodat(int, const char *, mode_t, int) __asm__("__wasm_vfs_fchmodat");
int mkdir(const char *, mode_t) __asm__("__wasm_vfs_mkdir");
int mkdirat(int, const char *, mode_t) __asm__("__wasm_vfs_mkdirat");
int futimens(int, const struct timespec [2]) __asm__("__wasm_vfs_futimens");
int utimensat(int, const char *, const struct timespec [2], int) __asm__("__wasm_vfs_utimensat");
int lchmod(const char *, mode_t) __asm__("__wasm_vfs_lchmod");
mode_t umask(mode_t) __asm__("__wasm_vfs_umask");
int mkfifo(const char *, mode_t) __asm__("__wasm_vfs_mkfifo");
int mkfifoat(int, const char *, mode_t) __asm__("__wasm_vfs_mkfifoat");
int mknod(const char *, mode_t, dev_t) __asm__("__wasm_vfs_mknod");
int mknodat(int, const char *, mode_t, dev_t) __asm__("__wasm_vfs_mknodat");
int statx(int, const char *__restrict, int, unsigned, struct statx *__restrict) __asm__("__wasm_vfs_statx");

#ifdef __cplusplus
}
#endif
#endif
