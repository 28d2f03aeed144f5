/* Linux's calls, for programs that `wasm-vfs` packs. Written by `cargo xtask sdk` from the table of
 * calls: do not edit.
 *
 * Each function is an import of the module `wasm_vfs`. Its result is a value, or minus an error
 * number: errno stays as it is. Flags, structures and error numbers are Linux's, as in
 * wasm_vfs_types.h. The functions with POSIX names, which set errno and take the numbers of
 * wasi-libc's headers, are in the other headers of this directory; libwasm_vfs.a has them.
 */
#ifndef WASM_VFS_H
#define WASM_VFS_H

#include "wasm_vfs_types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WASM_VFS_CALL(name) __attribute__((import_module("wasm_vfs"), import_name(#name)))

/* Opens a file, and answers the lowest free descriptor. In C: open. */
WASM_VFS_CALL(open)
long long wasm_vfs_open(const char *pathname, int flags, unsigned int mode);

/* Opens a file whose path starts at a directory. In C: openat. */
WASM_VFS_CALL(openat)
long long wasm_vfs_openat(int dirfd, const char *pathname, int flags, unsigned int mode);

/* Opens a file as a structure says, which may confine the path. In C: openat2. */
WASM_VFS_CALL(openat2)
long long wasm_vfs_openat2(int dirfd, const char *pathname, const struct wasm_vfs_open_how *how, size_t size);

/* Creates a file, or cuts it to nothing, and opens it for writing. In C: creat. */
WASM_VFS_CALL(creat)
long long wasm_vfs_creat(const char *pathname, unsigned int mode);

/* Closes a descriptor. In C: close. */
WASM_VFS_CALL(close)
long long wasm_vfs_close(int fd);

/* Closes all descriptors of a range. In C: close_range. */
WASM_VFS_CALL(close_range)
long long wasm_vfs_close_range(unsigned int first, unsigned int last, int flags);

/* Makes a second descriptor of an open file, the lowest that is free. In C: dup. */
WASM_VFS_CALL(dup)
long long wasm_vfs_dup(int oldfd);

/* Makes a second descriptor of an open file, of this number. In C: dup2. */
WASM_VFS_CALL(dup2)
long long wasm_vfs_dup2(int oldfd, int newfd);

/* As dup2, with flags; both numbers must differ. In C: dup3. */
WASM_VFS_CALL(dup3)
long long wasm_vfs_dup3(int oldfd, int newfd, int flags);

/* Duplicates a descriptor, reads or sets its flags, or locks ranges of its file. In C: fcntl,
 * lockf. */
WASM_VFS_CALL(fcntl)
long long wasm_vfs_fcntl(int fd, int cmd, unsigned long long arg);

/* Locks a whole file, or unlocks it. In C: flock. */
WASM_VFS_CALL(flock)
long long wasm_vfs_flock(int fd, int operation);

/* Asks a device, or how many bytes can be read (`FIONREAD`). In C: ioctl. */
WASM_VFS_CALL(ioctl)
long long wasm_vfs_ioctl(int fd, int request, void *argp);

/* Makes a pipe, and stores its two ends. In C: pipe. */
WASM_VFS_CALL(pipe)
long long wasm_vfs_pipe(int *pipefd);

/* Makes a pipe with flags. In C: pipe2. */
WASM_VFS_CALL(pipe2)
long long wasm_vfs_pipe2(int *pipefd, int flags);

/* Makes a counter that is read and written as a file. In C: eventfd. */
WASM_VFS_CALL(eventfd)
long long wasm_vfs_eventfd(unsigned int count);

/* As eventfd, with flags. */
WASM_VFS_CALL(eventfd2)
long long wasm_vfs_eventfd2(unsigned int count, int flags);

/* Waits until a descriptor is ready, or for so many milliseconds. In C: poll. */
WASM_VFS_CALL(poll)
long long wasm_vfs_poll(struct wasm_vfs_pollfd *fds, unsigned long long nfds, int timeout);

/* As poll, with a finer time. In C: ppoll. */
WASM_VFS_CALL(ppoll)
long long wasm_vfs_ppoll(struct wasm_vfs_pollfd *fds, unsigned long long nfds, const struct wasm_vfs_timespec *timeout, const void *sigmask, size_t size);

/* Waits as poll does, for sets of descriptors. In C: select. */
WASM_VFS_CALL(select)
long long wasm_vfs_select(int nfds, void *readfds, void *writefds, void *exceptfds, struct wasm_vfs_timeval *timeout);

/* As select, with a finer time. In C: pselect. */
WASM_VFS_CALL(pselect6)
long long wasm_vfs_pselect6(int nfds, void *readfds, void *writefds, void *exceptfds, const struct wasm_vfs_timespec *timeout, const void *sigmask);

/* Makes an instance that tells of changes. In C: inotify_init. */
WASM_VFS_CALL(inotify_init)
long long wasm_vfs_inotify_init(void);

/* As inotify_init, with flags. In C: inotify_init1. */
WASM_VFS_CALL(inotify_init1)
long long wasm_vfs_inotify_init1(int flags);

/* Watches a file or directory, and answers the number of the watch. In C: inotify_add_watch. */
WASM_VFS_CALL(inotify_add_watch)
long long wasm_vfs_inotify_add_watch(int fd, const char *pathname, int mask);

/* Ends a watch. In C: inotify_rm_watch. */
WASM_VFS_CALL(inotify_rm_watch)
long long wasm_vfs_inotify_rm_watch(int fd, int wd);

/* Makes a file without a name, in no directory. In C: memfd_create. */
WASM_VFS_CALL(memfd_create)
long long wasm_vfs_memfd_create(const char *name, int flags);

/* Reads from the file offset on, and moves it. In C: read. */
WASM_VFS_CALL(read)
long long wasm_vfs_read(int fd, void *buf, size_t count);

/* Writes at the file offset, and moves it. In C: write. */
WASM_VFS_CALL(write)
long long wasm_vfs_write(int fd, const void *buf, size_t count);

/* Reads into several buffers. In C: readv. */
WASM_VFS_CALL(readv)
long long wasm_vfs_readv(int fd, const struct wasm_vfs_iovec *iov, int iovcnt);

/* Writes from several buffers. In C: writev. */
WASM_VFS_CALL(writev)
long long wasm_vfs_writev(int fd, const struct wasm_vfs_iovec *iov, int iovcnt);

/* Reads from an offset; that of the file stays. In C: pread. */
WASM_VFS_CALL(pread64)
long long wasm_vfs_pread64(int fd, void *buf, size_t count, long long offset);

/* Writes at an offset; that of the file stays. In C: pwrite. */
WASM_VFS_CALL(pwrite64)
long long wasm_vfs_pwrite64(int fd, const void *buf, size_t count, long long offset);

/* Reads from an offset into several buffers. In C: preadv. */
WASM_VFS_CALL(preadv)
long long wasm_vfs_preadv(int fd, const struct wasm_vfs_iovec *iov, int iovcnt, long long offset);

/* Writes at an offset from several buffers. In C: pwritev. */
WASM_VFS_CALL(pwritev)
long long wasm_vfs_pwritev(int fd, const struct wasm_vfs_iovec *iov, int iovcnt, long long offset);

/* As preadv, with flags; offset -1 is that of the file. In C: preadv2. */
WASM_VFS_CALL(preadv2)
long long wasm_vfs_preadv2(int fd, const struct wasm_vfs_iovec *iov, int iovcnt, long long offset, int flags);

/* As pwritev, with flags; offset -1 is that of the file. In C: pwritev2. */
WASM_VFS_CALL(pwritev2)
long long wasm_vfs_pwritev2(int fd, const struct wasm_vfs_iovec *iov, int iovcnt, long long offset, int flags);

/* Moves the file offset; or finds data, or a hole. In C: lseek. */
WASM_VFS_CALL(lseek)
long long wasm_vfs_lseek(int fd, long long offset, int whence);

/* Sets the size of a file. In C: ftruncate. */
WASM_VFS_CALL(ftruncate)
long long wasm_vfs_ftruncate(int fd, long long length);

/* Sets the size of a file by its path. In C: truncate. */
WASM_VFS_CALL(truncate)
long long wasm_vfs_truncate(const char *path, long long length);

/* Takes room for a range of a file, makes a hole or zeros of it, or moves what follows. In C:
 * fallocate, posix_fallocate. */
WASM_VFS_CALL(fallocate)
long long wasm_vfs_fallocate(int fd, int mode, long long offset, long long len);

/* Says how a range will be used. In C: posix_fadvise. */
WASM_VFS_CALL(fadvise64)
long long wasm_vfs_fadvise64(int fd, long long offset, long long len, int advice);

/* Copies bytes from one descriptor to another. In C: sendfile. */
WASM_VFS_CALL(sendfile)
long long wasm_vfs_sendfile(int out_fd, int in_fd, long long *offset, size_t count);

/* Copies a range of a file to another. In C: copy_file_range. */
WASM_VFS_CALL(copy_file_range)
long long wasm_vfs_copy_file_range(int fd_in, long long *off_in, int fd_out, long long *off_out, size_t len, unsigned int flags);

/* Moves bytes between a pipe and another descriptor. In C: splice. */
WASM_VFS_CALL(splice)
long long wasm_vfs_splice(int fd_in, long long *off_in, int fd_out, long long *off_out, size_t len, int flags);

/* Copies bytes from one pipe to another and leaves them there. In C: tee. */
WASM_VFS_CALL(tee)
long long wasm_vfs_tee(int fd_in, int fd_out, size_t len, int flags);

/* Moves bytes of the program into a pipe, or out of one. In C: vmsplice. */
WASM_VFS_CALL(vmsplice)
long long wasm_vfs_vmsplice(int fd, const struct wasm_vfs_iovec *iov, unsigned long long nr_segs, int flags);

/* Has what was written stored, where the embedder does that (`run --sync`, `pack --events`); the
 * memory is always in step. In C: fsync. */
WASM_VFS_CALL(fsync)
long long wasm_vfs_fsync(int fd);

/* As fsync: nothing is told apart. In C: fdatasync. */
WASM_VFS_CALL(fdatasync)
long long wasm_vfs_fdatasync(int fd);

/* As fsync, of all files. In C: sync. */
WASM_VFS_CALL(sync)
long long wasm_vfs_sync(void);

/* As fsync, of all files. In C: syncfs. */
WASM_VFS_CALL(syncfs)
long long wasm_vfs_syncfs(int fd);

/* Stores what a file is. In C: stat. */
WASM_VFS_CALL(stat)
long long wasm_vfs_stat(const char *pathname, struct wasm_vfs_stat *statbuf);

/* As stat, of a symbolic link itself. In C: lstat. */
WASM_VFS_CALL(lstat)
long long wasm_vfs_lstat(const char *pathname, struct wasm_vfs_stat *statbuf);

/* As stat, of an open file. In C: fstat. */
WASM_VFS_CALL(fstat)
long long wasm_vfs_fstat(int fd, struct wasm_vfs_stat *statbuf);

/* As stat, from a directory. In C: fstatat. */
WASM_VFS_CALL(newfstatat)
long long wasm_vfs_newfstatat(int dirfd, const char *pathname, struct wasm_vfs_stat *statbuf, int flags);

/* Stores more of what a file is, such as when it was made. In C: statx. */
WASM_VFS_CALL(statx)
long long wasm_vfs_statx(int dirfd, const char *pathname, int flags, int mask, struct wasm_vfs_statx *statxbuf);

/* Stores how large the filesystem is and how full. In C: statfs, statvfs. */
WASM_VFS_CALL(statfs)
long long wasm_vfs_statfs(const char *path, struct wasm_vfs_statfs *buf);

/* As statfs, of an open file. In C: fstatfs, fstatvfs. */
WASM_VFS_CALL(fstatfs)
long long wasm_vfs_fstatfs(int fd, struct wasm_vfs_statfs *buf);

/* Says whether a file may be used so. In C: access. */
WASM_VFS_CALL(access)
long long wasm_vfs_access(const char *pathname, int mode);

/* As access, from a directory. The kernel's call has no flags; WALI's passes them on, as
 * faccessat2. In C: faccessat. */
WASM_VFS_CALL(faccessat)
long long wasm_vfs_faccessat(int dirfd, const char *pathname, int mode, int flags);

/* As access, from a directory, with flags. */
WASM_VFS_CALL(faccessat2)
long long wasm_vfs_faccessat2(int dirfd, const char *pathname, int mode, int flags);

/* Sets the permission bits of a file. In C: chmod. */
WASM_VFS_CALL(chmod)
long long wasm_vfs_chmod(const char *pathname, unsigned int mode);

/* As chmod, of an open file. In C: fchmod. */
WASM_VFS_CALL(fchmod)
long long wasm_vfs_fchmod(int fd, unsigned int mode);

/* As chmod, from a directory. The kernel's call has no flags; WALI's passes them on, as
 * fchmodat2. In C: fchmodat. */
WASM_VFS_CALL(fchmodat)
long long wasm_vfs_fchmodat(int dirfd, const char *pathname, unsigned int mode, int flags);

/* As chmod, from a directory, with flags. */
WASM_VFS_CALL(fchmodat2)
long long wasm_vfs_fchmodat2(int dirfd, const char *pathname, unsigned int mode, int flags);

/* Sets owner and group of a file. In C: chown. */
WASM_VFS_CALL(chown)
long long wasm_vfs_chown(const char *pathname, unsigned int owner, unsigned int group);

/* As chown, of a symbolic link itself. In C: lchown. */
WASM_VFS_CALL(lchown)
long long wasm_vfs_lchown(const char *pathname, unsigned int owner, unsigned int group);

/* As chown, of an open file. In C: fchown. */
WASM_VFS_CALL(fchown)
long long wasm_vfs_fchown(int fd, unsigned int owner, unsigned int group);

/* As chown, from a directory. In C: fchownat. */
WASM_VFS_CALL(fchownat)
long long wasm_vfs_fchownat(int dirfd, const char *pathname, unsigned int owner, unsigned int group, int flags);

/* Sets which permission bits new files do not get, and answers what they were. In C: umask. */
WASM_VFS_CALL(umask)
long long wasm_vfs_umask(unsigned int mask);

/* Sets the times of a file, in seconds. In C: utime. */
WASM_VFS_CALL(utime)
long long wasm_vfs_utime(const char *filename, const struct wasm_vfs_utimbuf *times);

/* Sets the times of a file, in microseconds. In C: utimes. */
WASM_VFS_CALL(utimes)
long long wasm_vfs_utimes(const char *filename, const struct wasm_vfs_timeval *times);

/* As utimes, from a directory. In C: futimesat. */
WASM_VFS_CALL(futimesat)
long long wasm_vfs_futimesat(int dirfd, const char *pathname, const struct wasm_vfs_timeval *times);

/* Sets the times of a file, in nanoseconds. Without a path, of the open file. In C: utimensat,
 * futimens, lutimes, futimes. */
WASM_VFS_CALL(utimensat)
long long wasm_vfs_utimensat(int dirfd, const char *pathname, const struct wasm_vfs_timespec *times, int flags);

/* Sets an extended attribute. In C: setxattr. */
WASM_VFS_CALL(setxattr)
long long wasm_vfs_setxattr(const char *path, const char *name, const void *value, size_t size, int flags);

/* As setxattr, of a symbolic link itself. In C: lsetxattr. */
WASM_VFS_CALL(lsetxattr)
long long wasm_vfs_lsetxattr(const char *path, const char *name, const void *value, size_t size, int flags);

/* As setxattr, of an open file. In C: fsetxattr. */
WASM_VFS_CALL(fsetxattr)
long long wasm_vfs_fsetxattr(int fd, const char *name, const void *value, size_t size, int flags);

/* Stores an extended attribute; of size 0, only answers how long it is. In C: getxattr. */
WASM_VFS_CALL(getxattr)
long long wasm_vfs_getxattr(const char *path, const char *name, void *value, size_t size);

/* As getxattr, of a symbolic link itself. In C: lgetxattr. */
WASM_VFS_CALL(lgetxattr)
long long wasm_vfs_lgetxattr(const char *path, const char *name, void *value, size_t size);

/* As getxattr, of an open file. In C: fgetxattr. */
WASM_VFS_CALL(fgetxattr)
long long wasm_vfs_fgetxattr(int fd, const char *name, void *value, size_t size);

/* Stores the names of all extended attributes. In C: listxattr. */
WASM_VFS_CALL(listxattr)
long long wasm_vfs_listxattr(const char *path, void *list, size_t size);

/* As listxattr, of a symbolic link itself. In C: llistxattr. */
WASM_VFS_CALL(llistxattr)
long long wasm_vfs_llistxattr(const char *path, void *list, size_t size);

/* As listxattr, of an open file. In C: flistxattr. */
WASM_VFS_CALL(flistxattr)
long long wasm_vfs_flistxattr(int fd, void *list, size_t size);

/* Removes an extended attribute. In C: removexattr. */
WASM_VFS_CALL(removexattr)
long long wasm_vfs_removexattr(const char *path, const char *name);

/* As removexattr, of a symbolic link itself. In C: lremovexattr. */
WASM_VFS_CALL(lremovexattr)
long long wasm_vfs_lremovexattr(const char *path, const char *name);

/* As removexattr, of an open file. In C: fremovexattr. */
WASM_VFS_CALL(fremovexattr)
long long wasm_vfs_fremovexattr(int fd, const char *name);

/* Makes a directory. In C: mkdir. */
WASM_VFS_CALL(mkdir)
long long wasm_vfs_mkdir(const char *pathname, unsigned int mode);

/* As mkdir, from a directory. In C: mkdirat. */
WASM_VFS_CALL(mkdirat)
long long wasm_vfs_mkdirat(int dirfd, const char *pathname, unsigned int mode);

/* Removes an empty directory. In C: rmdir. */
WASM_VFS_CALL(rmdir)
long long wasm_vfs_rmdir(const char *pathname);

/* Removes a name, and its file when nothing has it open. In C: unlink. */
WASM_VFS_CALL(unlink)
long long wasm_vfs_unlink(const char *pathname);

/* As unlink, or as rmdir, from a directory. In C: unlinkat. */
WASM_VFS_CALL(unlinkat)
long long wasm_vfs_unlinkat(int dirfd, const char *pathname, int flags);

/* Renames a file; takes the place of what has the new name. In C: rename. */
WASM_VFS_CALL(rename)
long long wasm_vfs_rename(const char *oldpath, const char *newpath);

/* As rename, from directories. In C: renameat. */
WASM_VFS_CALL(renameat)
long long wasm_vfs_renameat(int olddirfd, const char *oldpath, int newdirfd, const char *newpath);

/* As renameat, with flags: exchange, or replace nothing. In C: renameat2. */
WASM_VFS_CALL(renameat2)
long long wasm_vfs_renameat2(int olddirfd, const char *oldpath, int newdirfd, const char *newpath, int flags);

/* Gives a file another name. In C: link. */
WASM_VFS_CALL(link)
long long wasm_vfs_link(const char *oldpath, const char *newpath);

/* As link, from directories. In C: linkat. */
WASM_VFS_CALL(linkat)
long long wasm_vfs_linkat(int olddirfd, const char *oldpath, int newdirfd, const char *newpath, int flags);

/* Makes a symbolic link. In C: symlink. */
WASM_VFS_CALL(symlink)
long long wasm_vfs_symlink(const char *target, const char *linkpath);

/* As symlink, from a directory. In C: symlinkat. */
WASM_VFS_CALL(symlinkat)
long long wasm_vfs_symlinkat(const char *target, int newdirfd, const char *linkpath);

/* Stores the target of a symbolic link, without a NUL. In C: readlink. */
WASM_VFS_CALL(readlink)
long long wasm_vfs_readlink(const char *pathname, void *buf, size_t bufsiz);

/* As readlink, from a directory. In C: readlinkat. */
WASM_VFS_CALL(readlinkat)
long long wasm_vfs_readlinkat(int dirfd, const char *pathname, void *buf, size_t bufsiz);

/* Makes a named pipe, a device node, a socket's name or an empty file. In C: mknod, mkfifo. */
WASM_VFS_CALL(mknod)
long long wasm_vfs_mknod(const char *pathname, int mode, unsigned int dev);

/* As mknod, from a directory. In C: mknodat, mkfifoat. */
WASM_VFS_CALL(mknodat)
long long wasm_vfs_mknodat(int dirfd, const char *pathname, int mode, unsigned int dev);

/* Sets the current directory. In C: chdir. */
WASM_VFS_CALL(chdir)
long long wasm_vfs_chdir(const char *path);

/* Sets the current directory to an open one. In C: fchdir. */
WASM_VFS_CALL(fchdir)
long long wasm_vfs_fchdir(int fd);

/* Stores the path of the current directory; answers its length with the NUL. In C: getcwd. */
WASM_VFS_CALL(getcwd)
long long wasm_vfs_getcwd(void *buf, size_t size);

/* Sets the root directory. In C: chroot. */
WASM_VFS_CALL(chroot)
long long wasm_vfs_chroot(const char *path);

/* Makes the filesystem read-only: `MS_REMOUNT | MS_RDONLY` on `/`, and nothing else. In C:
 * mount. */
WASM_VFS_CALL(mount)
long long wasm_vfs_mount(const char *source, const char *target, const char *filesystemtype, unsigned long long mountflags, const char *data);

/* Stores the next entries of a directory, in the old layout. */
WASM_VFS_CALL(getdents)
long long wasm_vfs_getdents(int fd, void *dirp, unsigned int count);

/* Stores the next entries of a directory. In C: getdents. */
WASM_VFS_CALL(getdents64)
long long wasm_vfs_getdents64(int fd, void *dirp, unsigned int count);

/* Maps a file, or zeros, into the program's memory, and answers where. In C: mmap. */
WASM_VFS_CALL(mmap)
long long wasm_vfs_mmap(void *addr, size_t length, int prot, int flags, int fd, long long offset);

/* Ends what is mapped in a range. In C: munmap. */
WASM_VFS_CALL(munmap)
long long wasm_vfs_munmap(void *addr, size_t length);

/* Notes what may be done with mapped memory; nothing enforces it. In C: mprotect. */
WASM_VFS_CALL(mprotect)
long long wasm_vfs_mprotect(void *addr, size_t len, int prot);

/* Makes a mapping longer or shorter, or moves it. In C: mremap. */
WASM_VFS_CALL(mremap)
long long wasm_vfs_mremap(void *old_address, size_t old_size, size_t new_size, int flags, void *new_address);

/* Brings a file's times up to date with what was stored through a mapping; with MS_SYNC also as
 * fsync. In C: msync. */
WASM_VFS_CALL(msync)
long long wasm_vfs_msync(void *addr, size_t length, int flags);

/* Says how mapped memory will be used. In C: madvise, posix_madvise. */
WASM_VFS_CALL(madvise)
long long wasm_vfs_madvise(void *addr, size_t length, int advice);

/* Checks that a range is mapped: all memory stays where it is. In C: mlock. */
WASM_VFS_CALL(mlock)
long long wasm_vfs_mlock(void *addr, size_t len);

/* Checks that a range is mapped. In C: munlock. */
WASM_VFS_CALL(munlock)
long long wasm_vfs_munlock(void *addr, size_t len);

/* Sets the end of the heap, and answers where it is. */
WASM_VFS_CALL(brk)
long long wasm_vfs_brk(void *addr);

/* Stores the time. */
WASM_VFS_CALL(clock_gettime)
long long wasm_vfs_clock_gettime(int clockid, struct wasm_vfs_timespec *tp);

/* Stores how finely a clock tells the time. */
WASM_VFS_CALL(clock_getres)
long long wasm_vfs_clock_getres(int clockid, struct wasm_vfs_timespec *res);

/* Waits for a time, or until it. */
WASM_VFS_CALL(clock_nanosleep)
long long wasm_vfs_clock_nanosleep(int clockid, int flags, const struct wasm_vfs_timespec *request, struct wasm_vfs_timespec *remain);

/* Waits for a time. */
WASM_VFS_CALL(nanosleep)
long long wasm_vfs_nanosleep(const struct wasm_vfs_timespec *request, struct wasm_vfs_timespec *remain);

/* Stores the time, in microseconds. */
WASM_VFS_CALL(gettimeofday)
long long wasm_vfs_gettimeofday(struct wasm_vfs_timeval *tv, void *tz);

/* Is ENOSYS: nothing can interrupt a program. */
WASM_VFS_CALL(setitimer)
long long wasm_vfs_setitimer(int which, const void *new_value, void *old_value);

/* Answers 1. In C: getpid. */
WASM_VFS_CALL(getpid)
long long wasm_vfs_getpid(void);

/* Answers 0. In C: getppid. */
WASM_VFS_CALL(getppid)
long long wasm_vfs_getppid(void);

/* Answers 1. In C: gettid. */
WASM_VFS_CALL(gettid)
long long wasm_vfs_gettid(void);

/* Answers 1 for the program itself. In C: getpgid, getpgrp. */
WASM_VFS_CALL(getpgid)
long long wasm_vfs_getpgid(int pid);

/* Answers 1 for the program itself. In C: getsid. */
WASM_VFS_CALL(getsid)
long long wasm_vfs_getsid(int pid);

/* Is for the program itself, and its own group. In C: setpgid. */
WASM_VFS_CALL(setpgid)
long long wasm_vfs_setpgid(int pid, int pgid);

/* Is EPERM: the program leads a session. In C: setsid. */
WASM_VFS_CALL(setsid)
long long wasm_vfs_setsid(void);

/* Answers the user. In C: getuid. */
WASM_VFS_CALL(getuid)
long long wasm_vfs_getuid(void);

/* Answers the user that counts. In C: geteuid. */
WASM_VFS_CALL(geteuid)
long long wasm_vfs_geteuid(void);

/* Answers the group. In C: getgid. */
WASM_VFS_CALL(getgid)
long long wasm_vfs_getgid(void);

/* Answers the group that counts. In C: getegid. */
WASM_VFS_CALL(getegid)
long long wasm_vfs_getegid(void);

/* Sets the user. In C: setuid. */
WASM_VFS_CALL(setuid)
long long wasm_vfs_setuid(unsigned int uid);

/* Sets the group. In C: setgid. */
WASM_VFS_CALL(setgid)
long long wasm_vfs_setgid(unsigned int gid);

/* Sets user and user that counts. In C: setreuid. */
WASM_VFS_CALL(setreuid)
long long wasm_vfs_setreuid(unsigned int ruid, unsigned int euid);

/* Sets group and group that counts. In C: setregid. */
WASM_VFS_CALL(setregid)
long long wasm_vfs_setregid(unsigned int rgid, unsigned int egid);

/* Sets all three users. In C: setresuid. */
WASM_VFS_CALL(setresuid)
long long wasm_vfs_setresuid(unsigned int ruid, unsigned int euid, unsigned int suid);

/* Sets all three groups. In C: setresgid. */
WASM_VFS_CALL(setresgid)
long long wasm_vfs_setresgid(unsigned int rgid, unsigned int egid, unsigned int sgid);

/* Stores all three users. In C: getresuid. */
WASM_VFS_CALL(getresuid)
long long wasm_vfs_getresuid(unsigned int *ruid, unsigned int *euid, unsigned int *suid);

/* Stores all three groups. In C: getresgid. */
WASM_VFS_CALL(getresgid)
long long wasm_vfs_getresgid(unsigned int *rgid, unsigned int *egid, unsigned int *sgid);

/* Stores the further groups; of size 0, only answers how many. In C: getgroups. */
WASM_VFS_CALL(getgroups)
long long wasm_vfs_getgroups(int size, unsigned int *list);

/* Sets the further groups. In C: setgroups. */
WASM_VFS_CALL(setgroups)
long long wasm_vfs_setgroups(size_t size, const unsigned int *list);

/* Stores what system this is. In C: uname. */
WASM_VFS_CALL(uname)
long long wasm_vfs_uname(struct wasm_vfs_utsname *buf);

/* Stores how much memory there is. In C: sysinfo. */
WASM_VFS_CALL(sysinfo)
long long wasm_vfs_sysinfo(struct wasm_vfs_sysinfo *info);

/* Fills a buffer with random bytes. In C: getrandom. */
WASM_VFS_CALL(getrandom)
long long wasm_vfs_getrandom(void *buf, size_t buflen, int flags);

/* Gives way to nobody. */
WASM_VFS_CALL(sched_yield)
long long wasm_vfs_sched_yield(void);

/* Stores a limit. In C: getrlimit. */
WASM_VFS_CALL(getrlimit)
long long wasm_vfs_getrlimit(int resource, struct wasm_vfs_rlimit *rlim);

/* Sets a limit: that of descriptors holds. In C: setrlimit. */
WASM_VFS_CALL(setrlimit)
long long wasm_vfs_setrlimit(int resource, const struct wasm_vfs_rlimit *rlim);

/* Stores a limit, and sets it. In C: prlimit. */
WASM_VFS_CALL(prlimit64)
long long wasm_vfs_prlimit64(int pid, int resource, const struct wasm_vfs_rlimit *new_limit, struct wasm_vfs_rlimit *old_limit);

/* Stores zeros, but for the time that has passed. In C: getrusage. */
WASM_VFS_CALL(getrusage)
long long wasm_vfs_getrusage(int who, void *usage);

/* Is EINVAL, but for the name of the thread. */
WASM_VFS_CALL(prctl)
long long wasm_vfs_prctl(int option, unsigned long long arg2, unsigned long long arg3, unsigned long long arg4, unsigned long long arg5);

/* Ends the program. */
WASM_VFS_CALL(exit)
long long wasm_vfs_exit(int status);

/* Ends the program. */
WASM_VFS_CALL(exit_group)
long long wasm_vfs_exit_group(int status);

/* Is ENOSYS: there is one process. */
WASM_VFS_CALL(fork)
long long wasm_vfs_fork(void);

/* Is ENOSYS. */
WASM_VFS_CALL(execve)
long long wasm_vfs_execve(void *pathname, void *argv, void *envp);

/* Is ECHILD: there are no children. */
WASM_VFS_CALL(wait4)
long long wasm_vfs_wait4(int pid, void *wstatus, int options, void *rusage);

/* Says whether a process is there, with signal 0: only the program itself is, others are ESRCH.
 * Other signals are ENOSYS. In C: kill, killpg. */
WASM_VFS_CALL(kill)
long long wasm_vfs_kill(int pid, int sig);

/* As kill. */
WASM_VFS_CALL(tkill)
long long wasm_vfs_tkill(int tid, int sig);

/* Keeps what was asked for; nothing is ever delivered. */
WASM_VFS_CALL(rt_sigaction)
long long wasm_vfs_rt_sigaction(int signum, const void *act, void *oldact, size_t size);

/* Keeps the mask; nothing is ever delivered. */
WASM_VFS_CALL(rt_sigprocmask)
long long wasm_vfs_rt_sigprocmask(int how, const void *set, void *oldset, size_t size);

/* Stores that nothing waits. */
WASM_VFS_CALL(rt_sigpending)
long long wasm_vfs_rt_sigpending(void *set, size_t size);

/* Is ENOSYS: nothing would ever come. */
WASM_VFS_CALL(rt_sigsuspend)
long long wasm_vfs_rt_sigsuspend(const void *mask, size_t size);

/* Is ENOSYS: no handler was ever called. */
WASM_VFS_CALL(rt_sigreturn)
long long wasm_vfs_rt_sigreturn(unsigned long long unused);

/* Keeps what was asked for; no handler is ever called. */
WASM_VFS_CALL(sigaltstack)
long long wasm_vfs_sigaltstack(const void *ss, void *old_ss);

/* Answers the number of the thread, 1. */
WASM_VFS_CALL(set_tid_address)
long long wasm_vfs_set_tid_address(void *tidptr);

/* Wakes nobody; waiting is EAGAIN if the value differs, else it waits out its time, or is
 * EDEADLK if it has none. */
WASM_VFS_CALL(futex)
long long wasm_vfs_futex(int *uaddr, int futex_op, int val, void *timeout, void *uaddr2, int val3);

/* Stores that there is one processor. */
WASM_VFS_CALL(sched_getaffinity)
long long wasm_vfs_sched_getaffinity(int pid, size_t cpusetsize, void *mask);

/* Is ENOSYS. In C: epoll_create1. */
WASM_VFS_CALL(epoll_create1)
long long wasm_vfs_epoll_create1(int flags);

/* Is ENOSYS. In C: epoll_ctl. */
WASM_VFS_CALL(epoll_ctl)
long long wasm_vfs_epoll_ctl(int epfd, int op, int fd, void *event);

/* Is ENOSYS. In C: epoll_wait. */
WASM_VFS_CALL(epoll_pwait)
long long wasm_vfs_epoll_pwait(int epfd, void *events, int maxevents, int timeout, void *sigmask, size_t size);

/* Is ENOSYS. In C: socket. */
WASM_VFS_CALL(socket)
long long wasm_vfs_socket(int domain, int type, int protocol);

/* Is ENOSYS. In C: socketpair. */
WASM_VFS_CALL(socketpair)
long long wasm_vfs_socketpair(int domain, int type, int protocol, void *sv);

/* Is ENOSYS. In C: connect. */
WASM_VFS_CALL(connect)
long long wasm_vfs_connect(int sockfd, void *addr, size_t addrlen);

/* Is ENOSYS. In C: accept. */
WASM_VFS_CALL(accept)
long long wasm_vfs_accept(int sockfd, void *addr, void *addrlen);

/* Is ENOSYS. In C: accept4. */
WASM_VFS_CALL(accept4)
long long wasm_vfs_accept4(int sockfd, void *addr, void *addrlen, int flags);

/* Is ENOSYS. In C: bind. */
WASM_VFS_CALL(bind)
long long wasm_vfs_bind(int sockfd, void *addr, size_t addrlen);

/* Is ENOSYS. In C: listen. */
WASM_VFS_CALL(listen)
long long wasm_vfs_listen(int sockfd, int backlog);

/* Is ENOSYS. In C: sendto, send. */
WASM_VFS_CALL(sendto)
long long wasm_vfs_sendto(int sockfd, void *buf, size_t len, int flags, void *dest_addr, size_t addrlen);

/* Is ENOSYS. In C: recvfrom, recv. */
WASM_VFS_CALL(recvfrom)
long long wasm_vfs_recvfrom(int sockfd, void *buf, size_t len, int flags, void *src_addr, void *addrlen);

/* Is ENOSYS. In C: sendmsg. */
WASM_VFS_CALL(sendmsg)
long long wasm_vfs_sendmsg(int sockfd, void *msg, int flags);

/* Is ENOSYS. In C: recvmsg. */
WASM_VFS_CALL(recvmsg)
long long wasm_vfs_recvmsg(int sockfd, void *msg, int flags);

/* Is ENOSYS. In C: shutdown. */
WASM_VFS_CALL(shutdown)
long long wasm_vfs_shutdown(int sockfd, int how);

/* Is ENOSYS. In C: getsockname. */
WASM_VFS_CALL(getsockname)
long long wasm_vfs_getsockname(int sockfd, void *addr, void *addrlen);

/* Is ENOSYS. In C: getpeername. */
WASM_VFS_CALL(getpeername)
long long wasm_vfs_getpeername(int sockfd, void *addr, void *addrlen);

/* Is ENOSYS. In C: setsockopt. */
WASM_VFS_CALL(setsockopt)
long long wasm_vfs_setsockopt(int sockfd, int level, int optname, void *optval, size_t optlen);

/* Is ENOSYS. In C: getsockopt. */
WASM_VFS_CALL(getsockopt)
long long wasm_vfs_getsockopt(int sockfd, int level, int optname, void *optval, void *optlen);

#undef WASM_VFS_CALL

#ifdef __cplusplus
}
#endif
#endif
