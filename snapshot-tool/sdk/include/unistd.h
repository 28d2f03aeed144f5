/* Completes wasi-libc's unistd.h by the calls that it lacks, and replaces those on paths, so that
 * the current directory is Linux's. */
#ifndef WASM_VFS_UNISTD_H
#define WASM_VFS_UNISTD_H

#pragma GCC system_header
/* Its declaration carries a warning. */
#define getpid __wasm_vfs_no_getpid
#include_next <unistd.h>
#undef getpid
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef SEEK_DATA
#define SEEK_DATA 3
#define SEEK_HOLE 4
#endif
#ifndef F_LOCK
#define F_ULOCK 0
#define F_LOCK 1
#define F_TLOCK 2
#define F_TEST 3
#endif
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_UNSHARE 2
#define CLOSE_RANGE_CLOEXEC 4
#endif

/* Instead of wasi-libc's. Its lseek is a macro that knows no SEEK_DATA. */
#undef lseek
off_t lseek(int, off_t, int) __asm__("__wasm_vfs_lseek");
int access(const char *, int) __asm__("__wasm_vfs_access");
int faccessat(int, const char *, int, int) __asm__("__wasm_vfs_faccessat");
int link(const char *, const char *) __asm__("__wasm_vfs_link");
int linkat(int, const char *, int, const char *, int) __asm__("__wasm_vfs_linkat");
int symlink(const char *, const char *) __asm__("__wasm_vfs_symlink");
int symlinkat(const char *, int, const char *) __asm__("__wasm_vfs_symlinkat");
ssize_t readlink(const char *__restrict, char *__restrict, size_t) __asm__("__wasm_vfs_readlink");
ssize_t readlinkat(int, const char *__restrict, char *__restrict, size_t) __asm__("__wasm_vfs_readlinkat");
int unlink(const char *) __asm__("__wasm_vfs_unlink");
int unlinkat(int, const char *, int) __asm__("__wasm_vfs_unlinkat");
int rmdir(const char *) __asm__("__wasm_vfs_rmdir");
int truncate(const char *, off_t) __asm__("__wasm_vfs_truncate");
int chdir(const char *) __asm__("__wasm_vfs_chdir");
char *getcwd(char *, size_t) __asm__("__wasm_vfs_getcwd");

/* Descriptors. To preview1 a directory is EBADF where Linux has EISDIR and EINVAL, or synchronises it. */
ssize_t read(int, void *, size_t) __asm__("__wasm_vfs_read");
ssize_t pread(int, void *, size_t, off_t) __asm__("__wasm_vfs_pread");
int ftruncate(int, off_t) __asm__("__wasm_vfs_ftruncate");
int fsync(int) __asm__("__wasm_vfs_fsync");
int fdatasync(int) __asm__("__wasm_vfs_fdatasync");
int dup(int) __asm__("__wasm_vfs_dup");
int dup2(int, int) __asm__("__wasm_vfs_dup2");
int dup3(int, int, int) __asm__("__wasm_vfs_dup3");
int pipe(int [2]) __asm__("__wasm_vfs_pipe");
int pipe2(int [2], int) __asm__("__wasm_vfs_pipe2");
int close_range(unsigned, unsigned, int) __asm__("__wasm_vfs_close_range");
int lockf(int, int, off_t) __asm__("__wasm_vfs_lockf");
ssize_t copy_file_range(int, off_t *, int, off_t *, size_t, unsigned) __asm__("__wasm_vfs_copy_file_range");
void sync(void) __asm__("__wasm_vfs_sync");
int syncfs(int) __asm__("__wasm_vfs_syncfs");

/* Paths. */
int fchdir(int) __asm__("__wasm_vfs_fchdir");
int chroot(const char *) __asm__("__wasm_vfs_chroot");
char *get_current_dir_name(void) __asm__("__wasm_vfs_get_current_dir_name");
int chown(const char *, uid_t, gid_t) __asm__("__wasm_vfs_chown");
int fchown(int, uid_t, gid_t) __asm__("__wasm_vfs_fchown");
int lchown(const char *, uid_t, gid_t) __asm__("__wasm_vfs_lchown");
int fchownat(int, const char *, uid_t, gid_t, int) __asm__("__wasm_vfs_fchownat");
int eaccess(const char *, int) __asm__("__wasm_vfs_eaccess");
int euidaccess(const char *, int) __asm__("__wasm_vfs_euidaccess");

/* The process: there is one, and its number is 1. */
pid_t getpid(void) __asm__("__wasm_vfs_getpid"); /* not that of wasi-libc's emulation */
pid_t getppid(void) __asm__("__wasm_vfs_getppid");
pid_t gettid(void) __asm__("__wasm_vfs_gettid");
pid_t getpgid(pid_t) __asm__("__wasm_vfs_getpgid");
pid_t getpgrp(void) __asm__("__wasm_vfs_getpgrp");
int setpgid(pid_t, pid_t) __asm__("__wasm_vfs_setpgid");
pid_t getsid(pid_t) __asm__("__wasm_vfs_getsid");
pid_t setsid(void) __asm__("__wasm_vfs_setsid");
uid_t getuid(void) __asm__("__wasm_vfs_getuid");
uid_t geteuid(void) __asm__("__wasm_vfs_geteuid");
gid_t getgid(void) __asm__("__wasm_vfs_getgid");
gid_t getegid(void) __asm__("__wasm_vfs_getegid");
int setuid(uid_t) __asm__("__wasm_vfs_setuid");
int seteuid(uid_t) __asm__("__wasm_vfs_seteuid");
int setgid(gid_t) __asm__("__wasm_vfs_setgid");
int setegid(gid_t) __asm__("__wasm_vfs_setegid");
int setreuid(uid_t, uid_t) __asm__("__wasm_vfs_setreuid");
int setregid(gid_t, gid_t) __asm__("__wasm_vfs_setregid");
int setresuid(uid_t, uid_t, uid_t) __asm__("__wasm_vfs_setresuid");
int setresgid(gid_t, gid_t, gid_t) __asm__("__wasm_vfs_setresgid");
int getresuid(uid_t *, uid_t *, uid_t *) __asm__("__wasm_vfs_getresuid");
int getresgid(gid_t *, gid_t *, gid_t *) __asm__("__wasm_vfs_getresgid");
int getgroups(int, gid_t []) __asm__("__wasm_vfs_getgroups");
int setgroups(size_t, const gid_t *) __asm__("__wasm_vfs_setgroups");

/* The unit of mappings is Linux's page of 4096 bytes, not WebAssembly's of 65536, which wasi-libc answers. */
long sysconf(int) __asm__("__wasm_vfs_sysconf");
int getpagesize(void) __asm__("__wasm_vfs_getpagesize");

#ifdef __cplusplus
}
#endif
#endif
