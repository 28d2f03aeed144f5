/* Completes wasi-libc's fcntl.h: flags and commands that it lacks, and open with its mode. */
#ifndef WASM_VFS_FCNTL_H
#define WASM_VFS_FCNTL_H

#pragma GCC system_header
#include_next <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bits that wasi-libc leaves free. It has O_CLOEXEC and O_NOCTTY as 0. */
#undef O_CLOEXEC
#undef O_NOCTTY
#define O_NOCTTY 0x00008000
#define O_DIRECT 0x00010000
#define O_ASYNC 0x00020000
#define O_NOATIME 0x00040000
#define O_CLOEXEC 0x00080000
#define O_PATH 0x00200000
#define O_TMPFILE (0x00400000 | O_DIRECTORY)
#define O_LARGEFILE 0
#ifndef O_NDELAY
#define O_NDELAY O_NONBLOCK
#endif

#undef AT_EACCESS
#define AT_EACCESS 0x200
#define AT_NO_AUTOMOUNT 0x800
#define AT_EMPTY_PATH 0x1000
#define AT_STATX_SYNC_TYPE 0x6000
#define AT_STATX_SYNC_AS_STAT 0
#define AT_STATX_FORCE_SYNC 0x2000
#define AT_STATX_DONT_SYNC 0x4000

#undef F_DUPFD
#define F_DUPFD 0
#define F_GETLK 5
#define F_SETLK 6
#define F_SETLKW 7
#define F_OFD_GETLK 36
#define F_OFD_SETLK 37
#define F_OFD_SETLKW 38
#define F_DUPFD_CLOEXEC 1030
#define F_SETPIPE_SZ 1031
#define F_GETPIPE_SZ 1032
#define F_ADD_SEALS 1033
#define F_GET_SEALS 1034
#define F_RDLCK 0
#define F_WRLCK 1
#define F_UNLCK 2
#ifndef F_LOCK
#define F_ULOCK 0
#define F_LOCK 1
#define F_TLOCK 2
#define F_TEST 3
#endif
#define F_SEAL_SEAL 0x0001
#define F_SEAL_SHRINK 0x0002
#define F_SEAL_GROW 0x0004
#define F_SEAL_WRITE 0x0008
#define F_SEAL_FUTURE_WRITE 0x0010

#define FALLOC_FL_KEEP_SIZE 0x01
#define FALLOC_FL_PUNCH_HOLE 0x02
#define FALLOC_FL_COLLAPSE_RANGE 0x08
#define FALLOC_FL_ZERO_RANGE 0x10
#define FALLOC_FL_INSERT_RANGE 0x20
#define FALLOC_FL_UNSHARE_RANGE 0x40

#define SPLICE_F_MOVE 1
#define SPLICE_F_NONBLOCK 2
#define SPLICE_F_MORE 4
#define SPLICE_F_GIFT 8

struct open_how {
    unsigned long long flags;
    unsigned long long mode;
    unsigned long long resolve;
};
#define RESOLVE_NO_XDEV 1
#define RESOLVE_NO_MAGICLINKS 2
#define RESOLVE_NO_SYMLINKS 4
#define RESOLVE_BENEATH 8
#define RESOLVE_IN_ROOT 16
#define RESOLVE_CACHED 32

int open(const char *, int, ...) __asm__("__wasm_vfs_open");
int openat(int, const char *, int, ...) __asm__("__wasm_vfs_openat");
int creat(const char *, mode_t) __asm__("__wasm_vfs_creat");
int fcntl(int, int, ...) __asm__("__wasm_vfs_fcntl");
int posix_fadvise(int, off_t, off_t, int) __asm__("__wasm_vfs_posix_fadvise");
int posix_fallocate(int, off_t, off_t) __asm__("__wasm_vfs_posix_fallocate");
/* `flags` of `how` has the O_ of this header. */
int openat2(int, const char *, const struct open_how *, size_t) __asm__("__wasm_vfs_openat2");
int lockf(int, int, off_t) __asm__("__wasm_vfs_lockf");
int fallocate(int, int, off_t, off_t) __asm__("__wasm_vfs_fallocate");
ssize_t splice(int, off_t *, int, off_t *, size_t, unsigned) __asm__("__wasm_vfs_splice");
ssize_t tee(int, int, size_t, unsigned) __asm__("__wasm_vfs_tee");
ssize_t vmsplice(int, const struct iovec *, size_t, unsigned) __asm__("__wasm_vfs_vmsplice");

#ifdef __cplusplus
}
#endif
#endif
