/* The structures and numbers of the calls in wasm_vfs.h: 64-bit Linux's, with pointers of 4 bytes.
 *
 * They differ from the numbers of wasi-libc's headers (O_CREAT, AT_FDCWD, ENOENT ...), so all of them
 * have a prefix here. The functions with POSIX names translate; the functions wasm_vfs_NAME do not.
 */
#ifndef WASM_VFS_TYPES_H
#define WASM_VFS_TYPES_H

#include <stddef.h>
#include <stdint.h>

#if UINTPTR_MAX != 0xffffffffu
#error wasm_vfs.h is for wasm32
#endif

/* Structures. Fields are as in the manual page of the call that fills them. */

struct wasm_vfs_timespec {
    int64_t tv_sec;
    int64_t tv_nsec;
};

struct wasm_vfs_timeval {
    int64_t tv_sec;
    int64_t tv_usec;
};

struct wasm_vfs_utimbuf {
    int64_t actime;
    int64_t modtime;
};

struct wasm_vfs_stat {
    uint64_t st_dev;
    uint64_t st_ino;
    uint64_t st_nlink;
    uint32_t st_mode;
    uint32_t st_uid;
    uint32_t st_gid;
    uint32_t unused_1;
    uint64_t st_rdev;
    int64_t st_size;
    int64_t st_blksize;
    int64_t st_blocks; /* of 512 bytes */
    struct wasm_vfs_timespec st_atim;
    struct wasm_vfs_timespec st_mtim;
    struct wasm_vfs_timespec st_ctim;
    int64_t unused_2[3];
};

struct wasm_vfs_statx_timestamp {
    int64_t tv_sec;
    uint32_t tv_nsec;
    int32_t unused;
};

struct wasm_vfs_statx {
    uint32_t stx_mask;
    uint32_t stx_blksize;
    uint64_t stx_attributes;
    uint32_t stx_nlink;
    uint32_t stx_uid;
    uint32_t stx_gid;
    uint16_t stx_mode;
    uint16_t unused_1;
    uint64_t stx_ino;
    uint64_t stx_size;
    uint64_t stx_blocks; /* of 512 bytes */
    uint64_t stx_attributes_mask;
    struct wasm_vfs_statx_timestamp stx_atime;
    struct wasm_vfs_statx_timestamp stx_btime;
    struct wasm_vfs_statx_timestamp stx_ctime;
    struct wasm_vfs_statx_timestamp stx_mtime;
    uint32_t stx_rdev_major;
    uint32_t stx_rdev_minor;
    uint32_t stx_dev_major;
    uint32_t stx_dev_minor;
    uint64_t stx_mnt_id;
    uint64_t unused_2[13];
};

struct wasm_vfs_statfs {
    int64_t f_type;
    int64_t f_bsize;
    uint64_t f_blocks;
    uint64_t f_bfree;
    uint64_t f_bavail;
    uint64_t f_files;
    uint64_t f_ffree;
    int32_t f_fsid[2];
    int64_t f_namelen;
    int64_t f_frsize;
    int64_t f_flags;
    int64_t unused[4];
};

struct wasm_vfs_iovec {
    void *iov_base;
    size_t iov_len;
};

struct wasm_vfs_pollfd {
    int32_t fd;
    int16_t events;
    int16_t revents;
};

/* What fcntl reads and fills for record locks. */
struct wasm_vfs_flock {
    int16_t l_type;
    int16_t l_whence;
    int64_t l_start;
    int64_t l_len;
    int32_t l_pid;
};

struct wasm_vfs_open_how {
    uint64_t flags;
    uint64_t mode;
    uint64_t resolve;
};

/* What getdents64 stores: d_reclen bytes each. */
struct wasm_vfs_dirent64 {
    uint64_t d_ino;
    int64_t d_off;
    uint16_t d_reclen;
    uint8_t d_type;
    char d_name[5]; /* ends with a NUL, and may be longer */
};

/* What an inotify descriptor reads: `len` bytes of a name follow each. */
struct wasm_vfs_inotify_event {
    int32_t wd;
    uint32_t mask;
    uint32_t cookie;
    uint32_t len;
};

struct wasm_vfs_rlimit {
    uint64_t rlim_cur;
    uint64_t rlim_max;
};

struct wasm_vfs_utsname {
    char sysname[65];
    char nodename[65];
    char release[65];
    char version[65];
    char machine[65];
    char domainname[65];
};

struct wasm_vfs_sysinfo {
    int64_t uptime;
    uint64_t loads[3];
    uint64_t totalram;
    uint64_t freeram;
    uint64_t sharedram;
    uint64_t bufferram;
    uint64_t totalswap;
    uint64_t freeswap;
    uint16_t procs;
    uint16_t unused[3];
    uint64_t totalhigh;
    uint64_t freehigh;
    uint32_t mem_unit;
};

/* A size that is not Linux's does not compile, in any C or C++. */
#define WASM_VFS_SIZE(type, bytes) typedef char wasm_vfs_size_of_##type[sizeof(struct wasm_vfs_##type) == (bytes) ? 1 : -1]
WASM_VFS_SIZE(timespec, 16);
WASM_VFS_SIZE(timeval, 16);
WASM_VFS_SIZE(utimbuf, 16);
WASM_VFS_SIZE(stat, 144);
WASM_VFS_SIZE(statx, 256);
WASM_VFS_SIZE(statfs, 120);
WASM_VFS_SIZE(iovec, 8);
WASM_VFS_SIZE(pollfd, 8);
WASM_VFS_SIZE(flock, 32);
WASM_VFS_SIZE(open_how, 24);
WASM_VFS_SIZE(dirent64, 24);
WASM_VFS_SIZE(inotify_event, 16);
WASM_VFS_SIZE(rlimit, 16);
WASM_VFS_SIZE(utsname, 390);
WASM_VFS_SIZE(sysinfo, 112);
#undef WASM_VFS_SIZE

/* open, pipe2, dup3, inotify_init1 */
#define WASM_VFS_O_RDONLY 0
#define WASM_VFS_O_WRONLY 1
#define WASM_VFS_O_RDWR 2
#define WASM_VFS_O_ACCMODE 3
#define WASM_VFS_O_CREAT 0100
#define WASM_VFS_O_EXCL 0200
#define WASM_VFS_O_NOCTTY 0400
#define WASM_VFS_O_TRUNC 01000
#define WASM_VFS_O_APPEND 02000
#define WASM_VFS_O_NONBLOCK 04000
#define WASM_VFS_O_DSYNC 010000
#define WASM_VFS_O_ASYNC 020000
#define WASM_VFS_O_DIRECT 040000
#define WASM_VFS_O_LARGEFILE 0100000
#define WASM_VFS_O_DIRECTORY 0200000
#define WASM_VFS_O_NOFOLLOW 0400000
#define WASM_VFS_O_NOATIME 01000000
#define WASM_VFS_O_CLOEXEC 02000000
#define WASM_VFS_O_SYNC 04010000
#define WASM_VFS_O_PATH 010000000
#define WASM_VFS_O_TMPFILE 020200000

/* openat2: `resolve` */
#define WASM_VFS_RESOLVE_NO_XDEV 1
#define WASM_VFS_RESOLVE_NO_MAGICLINKS 2
#define WASM_VFS_RESOLVE_NO_SYMLINKS 4
#define WASM_VFS_RESOLVE_BENEATH 8
#define WASM_VFS_RESOLVE_IN_ROOT 16
#define WASM_VFS_RESOLVE_CACHED 32

/* calls whose names end with `at` */
#define WASM_VFS_AT_FDCWD (-100)
#define WASM_VFS_AT_SYMLINK_NOFOLLOW 0x100
#define WASM_VFS_AT_EACCESS 0x200
#define WASM_VFS_AT_REMOVEDIR 0x200
#define WASM_VFS_AT_SYMLINK_FOLLOW 0x400
#define WASM_VFS_AT_NO_AUTOMOUNT 0x800
#define WASM_VFS_AT_EMPTY_PATH 0x1000

/* utimensat: `tv_nsec` */
#define WASM_VFS_UTIME_NOW 0x3fffffff
#define WASM_VFS_UTIME_OMIT 0x3ffffffe

/* stat: `st_mode` */
#define WASM_VFS_S_IFMT 0170000
#define WASM_VFS_S_IFSOCK 0140000
#define WASM_VFS_S_IFLNK 0120000
#define WASM_VFS_S_IFREG 0100000
#define WASM_VFS_S_IFBLK 0060000
#define WASM_VFS_S_IFDIR 0040000
#define WASM_VFS_S_IFCHR 0020000
#define WASM_VFS_S_IFIFO 0010000

/* getdents64: `d_type` */
#define WASM_VFS_DT_UNKNOWN 0
#define WASM_VFS_DT_FIFO 1
#define WASM_VFS_DT_CHR 2
#define WASM_VFS_DT_DIR 4
#define WASM_VFS_DT_BLK 6
#define WASM_VFS_DT_REG 8
#define WASM_VFS_DT_LNK 10
#define WASM_VFS_DT_SOCK 12

/* lseek */
#define WASM_VFS_SEEK_SET 0
#define WASM_VFS_SEEK_CUR 1
#define WASM_VFS_SEEK_END 2
#define WASM_VFS_SEEK_DATA 3
#define WASM_VFS_SEEK_HOLE 4

/* fcntl */
#define WASM_VFS_F_DUPFD 0
#define WASM_VFS_F_GETFD 1
#define WASM_VFS_F_SETFD 2
#define WASM_VFS_F_GETFL 3
#define WASM_VFS_F_SETFL 4
#define WASM_VFS_F_GETLK 5
#define WASM_VFS_F_SETLK 6
#define WASM_VFS_F_SETLKW 7
#define WASM_VFS_F_OFD_GETLK 36
#define WASM_VFS_F_OFD_SETLK 37
#define WASM_VFS_F_OFD_SETLKW 38
#define WASM_VFS_F_DUPFD_CLOEXEC 1030
#define WASM_VFS_F_SETPIPE_SZ 1031
#define WASM_VFS_F_GETPIPE_SZ 1032
#define WASM_VFS_F_ADD_SEALS 1033
#define WASM_VFS_F_GET_SEALS 1034
#define WASM_VFS_FD_CLOEXEC 1
#define WASM_VFS_F_RDLCK 0
#define WASM_VFS_F_WRLCK 1
#define WASM_VFS_F_UNLCK 2

/* poll */
#define WASM_VFS_POLLIN 0x001
#define WASM_VFS_POLLPRI 0x002
#define WASM_VFS_POLLOUT 0x004
#define WASM_VFS_POLLERR 0x008
#define WASM_VFS_POLLHUP 0x010
#define WASM_VFS_POLLNVAL 0x020

/* ioctl */
#define WASM_VFS_FIONREAD 0x541B
#define WASM_VFS_FIONBIO 0x5421
#define WASM_VFS_TIOCGWINSZ 0x5413

/* fadvise64 */
#define WASM_VFS_FADV_NORMAL 0
#define WASM_VFS_FADV_RANDOM 1
#define WASM_VFS_FADV_SEQUENTIAL 2
#define WASM_VFS_FADV_WILLNEED 3
#define WASM_VFS_FADV_DONTNEED 4
#define WASM_VFS_FADV_NOREUSE 5

#endif
