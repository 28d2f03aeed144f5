/* Descriptors: duplicates, pipes, locks, limits. */
#include "show.h"

#include <poll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/uio.h>

static void duplicates(void) {
    put("file", "abcdefgh");
    int fd = open("file", O_RDONLY);
    int copy = dup(fd);
    char byte;
    HOLDS(copy > fd);
    SHOW(read(fd, &byte, 1));
    SHOW(read(copy, &byte, 1));
    SHOW(byte);
    SHOW(dup2(fd, 40));
    SHOW(dup2(fd, fd) == fd);
    SHOW(dup3(fd, 41, O_CLOEXEC));
    SHOW(fcntl(41, F_GETFD));
    SHOW(fcntl(40, F_GETFD));
    SHOW(dup3(fd, fd, 0));
    SHOW(dup3(fd, 42, O_APPEND));
    SHOW(dup(99));
    SHOW(dup2(99, 40));
    SHOW(fcntl(fd, F_DUPFD, 50));
    SHOW(fcntl(fd, F_DUPFD_CLOEXEC, 50));
    SHOW(fcntl(51, F_GETFD));
    SHOW(fcntl(99, F_GETFD));
    SHOW(fcntl(fd, 12345, 0));
    SHOW(close_range(40, 51, 0));
    SHOW(fcntl(40, F_GETFD));
    SHOW(close(copy));
    SHOW(lseek(fd, 0, SEEK_CUR));
    SHOW(close(fd));
}

static void pipes(void) {
    int ends[2];
    char text[16] = "";
    int ready = 0;
    SHOW(pipe(ends));
    SHOW(write(ends[1], "through", 7));
    SHOW(ioctl(ends[0], FIONREAD, &ready));
    SHOW(ready);
    struct pollfd both[2] = {{.fd = ends[0], .events = POLLIN}, {.fd = ends[1], .events = POLLOUT}};
    SHOW(poll(both, 2, 0));
    HOLDS(both[0].revents == POLLIN);
    HOLDS(both[1].revents == POLLOUT);
    HOLDS(both[0].events == POLLIN);
    SHOW(read(ends[0], text, sizeof(text)));
    puts(text);
    SHOW(poll(both, 1, 0));
    SHOW(close(ends[1]));
    SHOW(poll(both, 1, 0));
    HOLDS(both[0].revents == POLLHUP);
    SHOW(read(ends[0], text, sizeof(text)));
    SHOW(lseek(ends[0], 0, SEEK_SET));
    SHOW(close(ends[0]));
    SHOW(poll(both, 1, 0));
    HOLDS(both[0].revents == POLLNVAL);
    SHOW(pipe2(ends, O_NONBLOCK | O_CLOEXEC));
    SHOW(read(ends[0], text, sizeof(text)));
    SHOW(fcntl(ends[0], F_GETFD));
    HOLDS(fcntl(ends[0], F_GETPIPE_SZ) >= 4096);
    SHOW(pipe2(ends, O_TRUNC));
    struct timespec none = {0, 0};
    both[0].fd = ends[0];
    SHOW(ppoll(both, 1, &none, NULL));
    close(ends[0]);
    close(ends[1]);
    int fd = open("file", O_RDONLY);
    struct winsize size;
    SHOW(ioctl(fd, TIOCGWINSZ, &size));
    SHOW(close(fd));
}

static void locks(void) {
    put("locked", "0123456789");
    int one = open("locked", O_RDWR);
    int other = open("locked", O_RDWR);
    SHOW(flock(one, LOCK_EX));
    SHOW(flock(other, LOCK_SH | LOCK_NB));
    SHOW(flock(one, LOCK_UN));
    SHOW(flock(other, LOCK_SH | LOCK_NB));
    SHOW(flock(other, LOCK_UN));
    SHOW(flock(one, 77));
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 2, .l_len = 4};
    SHOW(fcntl(one, F_SETLK, &lock));
    SHOW(fcntl(other, F_GETLK, &lock));
    HOLDS(lock.l_type == F_UNLCK);
    lock.l_type = F_UNLCK;
    SHOW(fcntl(one, F_SETLK, &lock));
    /* Locks of open file descriptions conflict within a process. */
    lock = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 2, .l_len = 4};
    SHOW(fcntl(one, F_OFD_SETLK, &lock));
    SHOW(fcntl(other, F_OFD_SETLK, &lock));
    lock.l_start = 0;
    SHOW(fcntl(other, F_OFD_GETLK, &lock));
    HOLDS(lock.l_type == F_WRLCK && lock.l_start == 2 && lock.l_len == 4 && lock.l_pid == -1);
    lock = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 6, .l_len = 0};
    SHOW(fcntl(other, F_OFD_SETLK, &lock));
    SHOW(close(one));
    lock.l_start = 0;
    SHOW(fcntl(other, F_OFD_SETLK, &lock));
    SHOW(close(other));
    one = open("locked", O_RDWR);
    SHOW(lockf(one, F_LOCK, 5));
    SHOW(lockf(one, F_TEST, 5));
    SHOW(lockf(one, F_TLOCK, 0));
    SHOW(lockf(one, F_ULOCK, 0));
    SHOW(lockf(one, 9, 0));
    SHOW(close(one));
}

static void limits(void) {
    struct rlimit limit;
    SHOW(getrlimit(RLIMIT_NOFILE, &limit));
    HOLDS(limit.rlim_cur > 8 && limit.rlim_cur <= limit.rlim_max);
    limit.rlim_cur = 8;
    SHOW(setrlimit(RLIMIT_NOFILE, &limit));
    SHOW(dup2(1, 8));
    SHOW(prlimit(0, RLIMIT_NOFILE, NULL, &limit));
    SHOW(limit.rlim_cur);
    struct rusage usage;
    SHOW(getrusage(RUSAGE_SELF, &usage));
}

/* wasi-libc's functions on what is no file. */
static void not_files(void) {
    char byte = 0;
    int directory = open(".", O_RDONLY | O_DIRECTORY), ends[2];
    SHOW(fsync(directory));
    SHOW(fdatasync(directory));
    SHOW(read(directory, &byte, 1));
    SHOW(pread(directory, &byte, 1, 0));
    struct iovec piece = {&byte, 1};
    SHOW(readv(directory, &piece, 1));
    SHOW(preadv(directory, &piece, 1, 0));
    SHOW(write(directory, &byte, 1));
    SHOW(ftruncate(directory, 0));
    SHOW(close(directory));
    SHOW(fsync(directory));
    SHOW(pipe(ends));
    SHOW(fsync(ends[0]));
    SHOW(fdatasync(ends[1]));
    SHOW(pread(ends[0], &byte, 1, 0));
    SHOW(pwrite(ends[1], &byte, 1, 0));
    SHOW(ftruncate(ends[1], 0));
    SHOW(write(ends[0], &byte, 1));
    SHOW(read(ends[1], &byte, 1));
    SHOW(close(ends[0]));
    SHOW(close(ends[1]));
    SHOW(write(ends[1], &byte, 1));
}

int main(void) {
    start();
    not_files();
    duplicates();
    pipes();
    locks();
    limits();
    return 0;
}
