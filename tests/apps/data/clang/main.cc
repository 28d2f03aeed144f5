// Uses what differs between wasi_unstable and preview1: stat, lseek, poll.
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <vector>

int main() {
    struct stat status;
    if (stat("/ten", &status) != 0) {
        perror("stat");
        return 1;
    }
    int fd = open("/ten", O_RDONLY);
    std::vector<char> last(2);
    if (lseek(fd, -2, SEEK_END) != 8 || read(fd, last.data(), 2) != 2) {
        perror("lseek");
        return 1;
    }
    struct stat open_status;
    if (fstat(fd, &open_status) != 0 || open_status.st_ino != status.st_ino) {
        perror("fstat");
        return 1;
    }
    std::string text(last.begin(), last.end());
    printf("size %d, %d link, last two: %s\n", (int)status.st_size, (int)status.st_nlink, text.c_str());
    struct timespec wait = {0, 1000000};
    if (nanosleep(&wait, nullptr) != 0) {
        perror("nanosleep");
        return 1;
    }
    puts("slept");
    return 0;
}
