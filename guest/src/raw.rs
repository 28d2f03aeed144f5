//! The imports as they are: numbers and addresses, and a value or minus an error number.

// Written by `cargo xtask calls` from the table of calls.

use super::imports;

imports! {
    /// Opens a file, and answers the lowest free descriptor.
    fn open(pathname: i32, flags: i32, mode: i32);
    /// Opens a file whose path starts at a directory.
    fn openat(dirfd: i32, pathname: i32, flags: i32, mode: i32);
    /// Opens a file as a structure says, which may confine the path.
    fn openat2(dirfd: i32, pathname: i32, how: i32, size: i32);
    /// Creates a file, or cuts it to nothing, and opens it for writing.
    fn creat(pathname: i32, mode: i32);
    /// Closes a descriptor.
    fn close(fd: i32);
    /// Closes all descriptors of a range.
    fn close_range(first: i32, last: i32, flags: i32);
    /// Makes a second descriptor of an open file, the lowest that is free.
    fn dup(oldfd: i32);
    /// Makes a second descriptor of an open file, of this number.
    fn dup2(oldfd: i32, newfd: i32);
    /// As dup2, with flags; both numbers must differ.
    fn dup3(oldfd: i32, newfd: i32, flags: i32);
    /// Duplicates a descriptor, reads or sets its flags, or locks ranges of its file.
    fn fcntl(fd: i32, cmd: i32, arg: i64);
    /// Locks a whole file, or unlocks it.
    fn flock(fd: i32, operation: i32);
    /// Asks a device, or how many bytes can be read (`FIONREAD`).
    fn ioctl(fd: i32, request: i32, argp: i32);
    /// Makes a pipe, and stores its two ends.
    fn pipe(pipefd: i32);
    /// Makes a pipe with flags.
    fn pipe2(pipefd: i32, flags: i32);
    /// Makes a counter that is read and written as a file.
    fn eventfd(count: i32);
    /// As eventfd, with flags.
    fn eventfd2(count: i32, flags: i32);
    /// Waits until a descriptor is ready, or for so many milliseconds.
    fn poll(fds: i32, nfds: i64, timeout: i32);
    /// As poll, with a finer time.
    fn ppoll(fds: i32, nfds: i64, timeout: i32, sigmask: i32, size: i32);
    /// Waits as poll does, for sets of descriptors.
    fn select(nfds: i32, readfds: i32, writefds: i32, exceptfds: i32, timeout: i32);
    /// As select, with a finer time.
    fn pselect6(nfds: i32, readfds: i32, writefds: i32, exceptfds: i32, timeout: i32, sigmask: i32);
    /// Makes an instance that tells of changes.
    fn inotify_init();
    /// As inotify_init, with flags.
    fn inotify_init1(flags: i32);
    /// Watches a file or directory, and answers the number of the watch.
    fn inotify_add_watch(fd: i32, pathname: i32, mask: i32);
    /// Ends a watch.
    fn inotify_rm_watch(fd: i32, wd: i32);
    /// Makes a file without a name, in no directory.
    fn memfd_create(name: i32, flags: i32);
    /// Reads from the file offset on, and moves it.
    fn read(fd: i32, buf: i32, count: i32);
    /// Writes at the file offset, and moves it.
    fn write(fd: i32, buf: i32, count: i32);
    /// Reads into several buffers.
    fn readv(fd: i32, iov: i32, iovcnt: i32);
    /// Writes from several buffers.
    fn writev(fd: i32, iov: i32, iovcnt: i32);
    /// Reads from an offset; that of the file stays.
    fn pread64(fd: i32, buf: i32, count: i32, offset: i64);
    /// Writes at an offset; that of the file stays.
    fn pwrite64(fd: i32, buf: i32, count: i32, offset: i64);
    /// Reads from an offset into several buffers.
    fn preadv(fd: i32, iov: i32, iovcnt: i32, offset: i64);
    /// Writes at an offset from several buffers.
    fn pwritev(fd: i32, iov: i32, iovcnt: i32, offset: i64);
    /// As preadv, with flags; offset -1 is that of the file.
    fn preadv2(fd: i32, iov: i32, iovcnt: i32, offset: i64, flags: i32);
    /// As pwritev, with flags; offset -1 is that of the file.
    fn pwritev2(fd: i32, iov: i32, iovcnt: i32, offset: i64, flags: i32);
    /// Moves the file offset; or finds data, or a hole.
    fn lseek(fd: i32, offset: i64, whence: i32);
    /// Sets the size of a file.
    fn ftruncate(fd: i32, length: i64);
    /// Sets the size of a file by its path.
    fn truncate(path: i32, length: i64);
    /// Takes room for a range of a file, makes a hole or zeros of it, or moves what follows.
    fn fallocate(fd: i32, mode: i32, offset: i64, len: i64);
    /// Says how a range will be used.
    fn fadvise64(fd: i32, offset: i64, len: i64, advice: i32);
    /// Copies bytes from one descriptor to another.
    fn sendfile(out_fd: i32, in_fd: i32, offset: i32, count: i32);
    /// Copies a range of a file to another.
    fn copy_file_range(fd_in: i32, off_in: i32, fd_out: i32, off_out: i32, len: i32, flags: i32);
    /// Moves bytes between a pipe and another descriptor.
    fn splice(fd_in: i32, off_in: i32, fd_out: i32, off_out: i32, len: i32, flags: i32);
    /// Copies bytes from one pipe to another and leaves them there.
    fn tee(fd_in: i32, fd_out: i32, len: i32, flags: i32);
    /// Moves bytes of the program into a pipe, or out of one.
    fn vmsplice(fd: i32, iov: i32, nr_segs: i64, flags: i32);
    /// Has what was written stored, where the embedder does that (`run --sync`, `pack --events`); the memory is always in step.
    fn fsync(fd: i32);
    /// As fsync: nothing is told apart.
    fn fdatasync(fd: i32);
    /// As fsync, of all files.
    fn sync();
    /// As fsync, of all files.
    fn syncfs(fd: i32);
    /// Stores what a file is.
    fn stat(pathname: i32, statbuf: i32);
    /// As stat, of a symbolic link itself.
    fn lstat(pathname: i32, statbuf: i32);
    /// As stat, of an open file.
    fn fstat(fd: i32, statbuf: i32);
    /// As stat, from a directory.
    fn newfstatat(dirfd: i32, pathname: i32, statbuf: i32, flags: i32);
    /// Stores more of what a file is, such as when it was made.
    fn statx(dirfd: i32, pathname: i32, flags: i32, mask: i32, statxbuf: i32);
    /// Stores how large the filesystem is and how full.
    fn statfs(path: i32, buf: i32);
    /// As statfs, of an open file.
    fn fstatfs(fd: i32, buf: i32);
    /// Says whether a file may be used so.
    fn access(pathname: i32, mode: i32);
    /// As access, from a directory. The kernel's call has no flags; WALI's passes them on, as faccessat2.
    fn faccessat(dirfd: i32, pathname: i32, mode: i32, flags: i32);
    /// As access, from a directory, with flags.
    fn faccessat2(dirfd: i32, pathname: i32, mode: i32, flags: i32);
    /// Sets the permission bits of a file.
    fn chmod(pathname: i32, mode: i32);
    /// As chmod, of an open file.
    fn fchmod(fd: i32, mode: i32);
    /// As chmod, from a directory. The kernel's call has no flags; WALI's passes them on, as fchmodat2.
    fn fchmodat(dirfd: i32, pathname: i32, mode: i32, flags: i32);
    /// As chmod, from a directory, with flags.
    fn fchmodat2(dirfd: i32, pathname: i32, mode: i32, flags: i32);
    /// Sets owner and group of a file.
    fn chown(pathname: i32, owner: i32, group: i32);
    /// As chown, of a symbolic link itself.
    fn lchown(pathname: i32, owner: i32, group: i32);
    /// As chown, of an open file.
    fn fchown(fd: i32, owner: i32, group: i32);
    /// As chown, from a directory.
    fn fchownat(dirfd: i32, pathname: i32, owner: i32, group: i32, flags: i32);
    /// Sets which permission bits new files do not get, and answers what they were.
    fn umask(mask: i32);
    /// Sets the times of a file, in seconds.
    fn utime(filename: i32, times: i32);
    /// Sets the times of a file, in microseconds.
    fn utimes(filename: i32, times: i32);
    /// As utimes, from a directory.
    fn futimesat(dirfd: i32, pathname: i32, times: i32);
    /// Sets the times of a file, in nanoseconds. Without a path, of the open file.
    fn utimensat(dirfd: i32, pathname: i32, times: i32, flags: i32);
    /// Sets an extended attribute.
    fn setxattr(path: i32, name: i32, value: i32, size: i32, flags: i32);
    /// As setxattr, of a symbolic link itself.
    fn lsetxattr(path: i32, name: i32, value: i32, size: i32, flags: i32);
    /// As setxattr, of an open file.
    fn fsetxattr(fd: i32, name: i32, value: i32, size: i32, flags: i32);
    /// Stores an extended attribute; of size 0, only answers how long it is.
    fn getxattr(path: i32, name: i32, value: i32, size: i32);
    /// As getxattr, of a symbolic link itself.
    fn lgetxattr(path: i32, name: i32, value: i32, size: i32);
    /// As getxattr, of an open file.
    fn fgetxattr(fd: i32, name: i32, value: i32, size: i32);
    /// Stores the names of all extended attributes.
    fn listxattr(path: i32, list: i32, size: i32);
    /// As listxattr, of a symbolic link itself.
    fn llistxattr(path: i32, list: i32, size: i32);
    /// As listxattr, of an open file.
    fn flistxattr(fd: i32, list: i32, size: i32);
    /// Removes an extended attribute.
    fn removexattr(path: i32, name: i32);
    /// As removexattr, of a symbolic link itself.
    fn lremovexattr(path: i32, name: i32);
    /// As removexattr, of an open file.
    fn fremovexattr(fd: i32, name: i32);
    /// Makes a directory.
    fn mkdir(pathname: i32, mode: i32);
    /// As mkdir, from a directory.
    fn mkdirat(dirfd: i32, pathname: i32, mode: i32);
    /// Removes an empty directory.
    fn rmdir(pathname: i32);
    /// Removes a name, and its file when nothing has it open.
    fn unlink(pathname: i32);
    /// As unlink, or as rmdir, from a directory.
    fn unlinkat(dirfd: i32, pathname: i32, flags: i32);
    /// Renames a file; takes the place of what has the new name.
    fn rename(oldpath: i32, newpath: i32);
    /// As rename, from directories.
    fn renameat(olddirfd: i32, oldpath: i32, newdirfd: i32, newpath: i32);
    /// As renameat, with flags: exchange, or replace nothing.
    fn renameat2(olddirfd: i32, oldpath: i32, newdirfd: i32, newpath: i32, flags: i32);
    /// Gives a file another name.
    fn link(oldpath: i32, newpath: i32);
    /// As link, from directories.
    fn linkat(olddirfd: i32, oldpath: i32, newdirfd: i32, newpath: i32, flags: i32);
    /// Makes a symbolic link.
    fn symlink(target: i32, linkpath: i32);
    /// As symlink, from a directory.
    fn symlinkat(target: i32, newdirfd: i32, linkpath: i32);
    /// Stores the target of a symbolic link, without a NUL.
    fn readlink(pathname: i32, buf: i32, bufsiz: i32);
    /// As readlink, from a directory.
    fn readlinkat(dirfd: i32, pathname: i32, buf: i32, bufsiz: i32);
    /// Makes a named pipe, a device node, a socket's name or an empty file.
    fn mknod(pathname: i32, mode: i32, dev: i32);
    /// As mknod, from a directory.
    fn mknodat(dirfd: i32, pathname: i32, mode: i32, dev: i32);
    /// Sets the current directory.
    fn chdir(path: i32);
    /// Sets the current directory to an open one.
    fn fchdir(fd: i32);
    /// Stores the path of the current directory; answers its length with the NUL.
    fn getcwd(buf: i32, size: i32);
    /// Sets the root directory.
    fn chroot(path: i32);
    /// Makes the filesystem read-only: `MS_REMOUNT | MS_RDONLY` on `/`, and nothing else.
    fn mount(source: i32, target: i32, filesystemtype: i32, mountflags: i64, data: i32);
    /// Stores the next entries of a directory, in the old layout.
    fn getdents(fd: i32, dirp: i32, count: i32);
    /// Stores the next entries of a directory.
    fn getdents64(fd: i32, dirp: i32, count: i32);
    /// Maps a file, or zeros, into the program's memory, and answers where.
    fn mmap(addr: i32, length: i32, prot: i32, flags: i32, fd: i32, offset: i64);
    /// Ends what is mapped in a range.
    fn munmap(addr: i32, length: i32);
    /// Notes what may be done with mapped memory; nothing enforces it.
    fn mprotect(addr: i32, len: i32, prot: i32);
    /// Makes a mapping longer or shorter, or moves it.
    fn mremap(old_address: i32, old_size: i32, new_size: i32, flags: i32, new_address: i32);
    /// Brings a file's times up to date with what was stored through a mapping; with MS_SYNC also as fsync.
    fn msync(addr: i32, length: i32, flags: i32);
    /// Says how mapped memory will be used.
    fn madvise(addr: i32, length: i32, advice: i32);
    /// Checks that a range is mapped: all memory stays where it is.
    fn mlock(addr: i32, len: i32);
    /// Checks that a range is mapped.
    fn munlock(addr: i32, len: i32);
    /// Sets the end of the heap, and answers where it is.
    fn brk(addr: i32);
    /// Stores the time.
    fn clock_gettime(clockid: i32, tp: i32);
    /// Stores how finely a clock tells the time.
    fn clock_getres(clockid: i32, res: i32);
    /// Waits for a time, or until it.
    fn clock_nanosleep(clockid: i32, flags: i32, request: i32, remain: i32);
    /// Waits for a time.
    fn nanosleep(request: i32, remain: i32);
    /// Stores the time, in microseconds.
    fn gettimeofday(tv: i32, tz: i32);
    /// Is ENOSYS: nothing can interrupt a program.
    fn setitimer(which: i32, new_value: i32, old_value: i32);
    /// Answers 1.
    fn getpid();
    /// Answers 0.
    fn getppid();
    /// Answers 1.
    fn gettid();
    /// Answers 1 for the program itself.
    fn getpgid(pid: i32);
    /// Answers 1 for the program itself.
    fn getsid(pid: i32);
    /// Is for the program itself, and its own group.
    fn setpgid(pid: i32, pgid: i32);
    /// Is EPERM: the program leads a session.
    fn setsid();
    /// Answers the user.
    fn getuid();
    /// Answers the user that counts.
    fn geteuid();
    /// Answers the group.
    fn getgid();
    /// Answers the group that counts.
    fn getegid();
    /// Sets the user.
    fn setuid(uid: i32);
    /// Sets the group.
    fn setgid(gid: i32);
    /// Sets user and user that counts.
    fn setreuid(ruid: i32, euid: i32);
    /// Sets group and group that counts.
    fn setregid(rgid: i32, egid: i32);
    /// Sets all three users.
    fn setresuid(ruid: i32, euid: i32, suid: i32);
    /// Sets all three groups.
    fn setresgid(rgid: i32, egid: i32, sgid: i32);
    /// Stores all three users.
    fn getresuid(ruid: i32, euid: i32, suid: i32);
    /// Stores all three groups.
    fn getresgid(rgid: i32, egid: i32, sgid: i32);
    /// Stores the further groups; of size 0, only answers how many.
    fn getgroups(size: i32, list: i32);
    /// Sets the further groups.
    fn setgroups(size: i32, list: i32);
    /// Stores what system this is.
    fn uname(buf: i32);
    /// Stores how much memory there is.
    fn sysinfo(info: i32);
    /// Fills a buffer with random bytes.
    fn getrandom(buf: i32, buflen: i32, flags: i32);
    /// Gives way to nobody.
    fn sched_yield();
    /// Stores a limit.
    fn getrlimit(resource: i32, rlim: i32);
    /// Sets a limit: that of descriptors holds.
    fn setrlimit(resource: i32, rlim: i32);
    /// Stores a limit, and sets it.
    fn prlimit64(pid: i32, resource: i32, new_limit: i32, old_limit: i32);
    /// Stores zeros, but for the time that has passed.
    fn getrusage(who: i32, usage: i32);
    /// Is EINVAL, but for the name of the thread.
    fn prctl(option: i32, arg2: i64, arg3: i64, arg4: i64, arg5: i64);
    /// Ends the program.
    fn exit(status: i32);
    /// Ends the program.
    fn exit_group(status: i32);
    /// Is ENOSYS: there is one process.
    fn fork();
    /// Is ENOSYS.
    fn execve(pathname: i32, argv: i32, envp: i32);
    /// Is ECHILD: there are no children.
    fn wait4(pid: i32, wstatus: i32, options: i32, rusage: i32);
    /// Says whether a process is there, with signal 0: only the program itself is, others are ESRCH. Other signals are ENOSYS.
    fn kill(pid: i32, sig: i32);
    /// As kill.
    fn tkill(tid: i32, sig: i32);
    /// Keeps what was asked for; nothing is ever delivered.
    fn rt_sigaction(signum: i32, act: i32, oldact: i32, size: i32);
    /// Keeps the mask; nothing is ever delivered.
    fn rt_sigprocmask(how: i32, set: i32, oldset: i32, size: i32);
    /// Stores that nothing waits.
    fn rt_sigpending(set: i32, size: i32);
    /// Is ENOSYS: nothing would ever come.
    fn rt_sigsuspend(mask: i32, size: i32);
    /// Is ENOSYS: no handler was ever called.
    fn rt_sigreturn(unused: i64);
    /// Keeps what was asked for; no handler is ever called.
    fn sigaltstack(ss: i32, old_ss: i32);
    /// Answers the number of the thread, 1.
    fn set_tid_address(tidptr: i32);
    /// Wakes nobody; waiting is EAGAIN if the value differs, else it waits out its time, or is EDEADLK if it has none.
    fn futex(uaddr: i32, futex_op: i32, val: i32, timeout: i32, uaddr2: i32, val3: i32);
    /// Stores that there is one processor.
    fn sched_getaffinity(pid: i32, cpusetsize: i32, mask: i32);
    /// Is ENOSYS.
    fn epoll_create1(flags: i32);
    /// Is ENOSYS.
    fn epoll_ctl(epfd: i32, op: i32, fd: i32, event: i32);
    /// Is ENOSYS.
    fn epoll_pwait(epfd: i32, events: i32, maxevents: i32, timeout: i32, sigmask: i32, size: i32);
    /// Is ENOSYS.
    fn socket(domain: i32, type_: i32, protocol: i32);
    /// Is ENOSYS.
    fn socketpair(domain: i32, type_: i32, protocol: i32, sv: i32);
    /// Is ENOSYS.
    fn connect(sockfd: i32, addr: i32, addrlen: i32);
    /// Is ENOSYS.
    fn accept(sockfd: i32, addr: i32, addrlen: i32);
    /// Is ENOSYS.
    fn accept4(sockfd: i32, addr: i32, addrlen: i32, flags: i32);
    /// Is ENOSYS.
    fn bind(sockfd: i32, addr: i32, addrlen: i32);
    /// Is ENOSYS.
    fn listen(sockfd: i32, backlog: i32);
    /// Is ENOSYS.
    fn sendto(sockfd: i32, buf: i32, len: i32, flags: i32, dest_addr: i32, addrlen: i32);
    /// Is ENOSYS.
    fn recvfrom(sockfd: i32, buf: i32, len: i32, flags: i32, src_addr: i32, addrlen: i32);
    /// Is ENOSYS.
    fn sendmsg(sockfd: i32, msg: i32, flags: i32);
    /// Is ENOSYS.
    fn recvmsg(sockfd: i32, msg: i32, flags: i32);
    /// Is ENOSYS.
    fn shutdown(sockfd: i32, how: i32);
    /// Is ENOSYS.
    fn getsockname(sockfd: i32, addr: i32, addrlen: i32);
    /// Is ENOSYS.
    fn getpeername(sockfd: i32, addr: i32, addrlen: i32);
    /// Is ENOSYS.
    fn setsockopt(sockfd: i32, level: i32, optname: i32, optval: i32, optlen: i32);
    /// Is ENOSYS.
    fn getsockopt(sockfd: i32, level: i32, optname: i32, optval: i32, optlen: i32);
}
