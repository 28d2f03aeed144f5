/* Mapped memory: a shared mapping is the file. */
#include "show.h"
#include <sys/mman.h>

int main(void) {
    start();
    size_t page = 65536;
    char text[16] = "";
    int fd = open("file", O_RDWR | O_CREAT, 0600);
    SHOW(ftruncate(fd, (off_t)(2 * page)));
    SHOW(pwrite(fd, "before", 6, 0));
    char *shared = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    HOLDS(shared != MAP_FAILED && (uintptr_t)shared % 4096 == 0);
    HOLDS(memcmp(shared, "before", 7) == 0);
    memcpy(shared, "mapped", 6);
    SHOW(pread(fd, text, 6, 0));
    puts(text);
    SHOW(pwrite(fd, "write", 5, (off_t)page));
    HOLDS(memcmp(shared + page, "write", 5) == 0);
    char *private = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    HOLDS(private != MAP_FAILED);
    memcpy(private, "mine", 4);
    HOLDS(memcmp(shared, "mapped", 6) == 0);
    SHOW(msync(shared, page, MS_SYNC));
    SHOW(msync(shared, page, MS_SYNC | MS_ASYNC));
    SHOW(mprotect(private, page, PROT_READ));
    SHOW(madvise(shared, page, MADV_WILLNEED));
    SHOW(posix_madvise(shared, page, POSIX_MADV_DONTNEED));
    HOLDS(memcmp(shared, "mapped", 6) == 0);
    SHOW(mlock(shared, page));
    SHOW(munlock(shared, page));
    SHOW(close(fd));
    SHOW(unlink("file"));
    memcpy(shared, "later", 5);
    HOLDS(memcmp(shared, "later", 5) == 0);
    SHOW(munmap(private, page));
    SHOW(munmap(shared, 2 * page));
    char *zeros = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    HOLDS(zeros != MAP_FAILED && zeros[0] == 0 && zeros[page - 1] == 0);
    zeros[0] = 7;
    zeros = mremap(zeros, page, 4 * page, MREMAP_MAYMOVE);
    HOLDS(zeros != MAP_FAILED && zeros[0] == 7 && zeros[4 * page - 1] == 0);
    SHOW(munmap(zeros, 4 * page));
    HOLDS(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == EINVAL);
    HOLDS(mmap(NULL, page, PROT_READ, MAP_PRIVATE, 99, 0) == MAP_FAILED && errno == EBADF);
    fd = memfd_create("name", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    HOLDS(fd >= 0);
    SHOW(write(fd, "in memory", 9));
    SHOW(fcntl(fd, F_GET_SEALS));
    SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK));
    SHOW(ftruncate(fd, 100));
    SHOW(fcntl(fd, F_GET_SEALS));
    SHOW(close(fd));
    return 0;
}
