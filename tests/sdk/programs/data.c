/* Data between descriptors, attributes, events, temporary files. */
#include "show.h"
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/xattr.h>

static void copies(void) {
    put("from", "0123456789abcdef");
    put("to", "");
    int from = open("from", O_RDONLY);
    int to = open("to", O_RDWR);
    off_t offset = 4;
    SHOW(sendfile(to, from, &offset, 6));
    SHOW(offset);
    SHOW(sendfile(to, from, NULL, 2));
    get("to");
    off_t out = 1;
    offset = 10;
    SHOW(copy_file_range(from, &offset, to, &out, 3, 0));
    SHOW(offset);
    SHOW(out);
    get("to");
    SHOW(copy_file_range(from, NULL, to, NULL, 3, 1));
    int ends[2];
    int others[2];
    pipe(ends);
    pipe(others);
    offset = 0;
    SHOW(splice(from, &offset, ends[1], NULL, 5, 0));
    SHOW(tee(ends[0], others[1], 5, 0));
    SHOW(splice(ends[0], NULL, to, NULL, 5, 0));
    struct iovec pieces[2] = {{.iov_base = "xy", .iov_len = 2}, {.iov_base = "z", .iov_len = 1}};
    SHOW(vmsplice(others[1], pieces, 2, 0));
    char text[32] = "";
    SHOW(read(others[0], text, sizeof(text)));
    puts(text);
    SHOW(splice(from, NULL, to, NULL, 1, 0));
    SHOW(pwritev2(to, pieces, 2, 0, 0));
    SHOW(pwritev2(to, pieces, 1, -1, RWF_APPEND));
    SHOW(pwritev2(to, pieces, 1, 0, 1 << 20));
    char first[3] = "";
    struct iovec into[1] = {{.iov_base = first, .iov_len = 2}};
    SHOW(preadv2(from, into, 1, 3, 0));
    puts(first);
    get("to");
}

static void attributes(void) {
    char value[32] = "";
    put("file", "x");
    SHOW(setxattr("file", "user.one", "value", 5, 0));
    SHOW(setxattr("file", "user.one", "value", 5, XATTR_CREATE));
    SHOW(setxattr("file", "user.two", "value", 5, XATTR_REPLACE));
    SHOW(getxattr("file", "user.one", value, sizeof(value)));
    puts(value);
    SHOW(getxattr("file", "user.one", NULL, 0));
    SHOW(getxattr("file", "user.one", value, 2));
    SHOW(getxattr("file", "user.none", value, sizeof(value)));
    SHOW(lsetxattr("file", "user.l", "l", 1, 0));
    SHOW(lgetxattr("file", "user.l", value, sizeof(value)));
    int fd = open("file", O_RDWR);
    SHOW(fsetxattr(fd, "user.f", "ff", 2, 0));
    SHOW(fgetxattr(fd, "user.f", value, sizeof(value)));
    SHOW(flistxattr(fd, NULL, 0));
    SHOW(listxattr("file", value, 1));
    SHOW(llistxattr("file", NULL, 0));
    SHOW(removexattr("file", "user.one"));
    SHOW(lremovexattr("file", "user.l"));
    SHOW(fremovexattr(fd, "user.f"));
    SHOW(fremovexattr(fd, "user.f"));
    SHOW(listxattr("file", value, sizeof(value)));
    SHOW(close(fd));
}

static void events(void) {
    char buffer[1024];
    int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    HOLDS(watch >= 0);
    SHOW(inotify_add_watch(watch, ".", IN_CREATE | IN_DELETE | IN_MOVE));
    SHOW(read(watch, buffer, sizeof(buffer)));
    put("new", "");
    rename("new", "newer");
    unlink("newer");
    struct pollfd ready = {.fd = watch, .events = POLLIN};
    SHOW(poll(&ready, 1, 0));
    ssize_t length = read(watch, buffer, sizeof(buffer));
    uint32_t cookie = 0;
    for (ssize_t at = 0; at < length;) {
        struct inotify_event *event = (struct inotify_event *)(buffer + at);
        printf("  %x %s %d\n", event->mask, event->name, event->cookie != 0 && event->cookie == cookie);
        cookie = event->cookie;
        at += (ssize_t)sizeof(*event) + event->len;
    }
    SHOW(inotify_add_watch(watch, "missing", IN_CREATE));
    SHOW(inotify_rm_watch(watch, 1));
    SHOW(inotify_rm_watch(watch, 1));
    SHOW(close(watch));
    DOES(inotify_init());
    int counter = eventfd(3, EFD_NONBLOCK);
    eventfd_t value = 0;
    SHOW(eventfd_write(counter, 4));
    SHOW(eventfd_read(counter, &value));
    SHOW(value);
    SHOW(eventfd_read(counter, &value));
    SHOW(close(counter));
    counter = eventfd(2, EFD_SEMAPHORE | EFD_CLOEXEC);
    SHOW(eventfd_read(counter, &value));
    SHOW(value);
    SHOW(fcntl(counter, F_GETFD));
    SHOW(close(counter));
    SHOW(eventfd(0, 1 << 22));
}

static void temporary(void) {
    char one[] = "fileXXXXXX";
    char other[] = "fileXXXXXX.txt";
    char wrong[] = "fileXXXXX";
    char missing[] = "missing/XXXXXX";
    char directory[] = "directoryXXXXXX";
    struct stat stat_of;
    int fd = mkstemp(one);
    HOLDS(fd >= 0 && strncmp(one, "file", 4) == 0 && strcmp(one, "fileXXXXXX") != 0);
    SHOW(fstat(fd, &stat_of));
    SHOW(stat_of.st_mode);
    HOLDS((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR);
    SHOW(close(fd));
    SHOW(unlink(one));
    fd = mkostemps(other, 4, O_CLOEXEC | O_APPEND);
    HOLDS(fd >= 0 && strcmp(other + 10, ".txt") == 0);
    SHOW(fcntl(fd, F_GETFD));
    HOLDS((fcntl(fd, F_GETFL) & O_APPEND) != 0);
    SHOW(close(fd));
    SHOW(mkstemp(wrong));
    SHOW(mkostemp(missing, 0));
    HOLDS(mkdtemp(directory) == directory);
    SHOW(stat(directory, &stat_of));
    SHOW(stat_of.st_mode);
    SHOW(rmdir(directory));
    FILE *file = tmpfile();
    HOLDS(file != NULL);
    SHOW(fputs("kept", file) >= 0);
    rewind(file);
    char text[8] = "";
    HOLDS(fgets(text, sizeof(text), file) != NULL && strcmp(text, "kept") == 0);
    SHOW(fstat(fileno(file), &stat_of));
    SHOW(stat_of.st_nlink);
    SHOW(stat_of.st_mode);
    SHOW(fclose(file));
    char name[L_tmpnam];
    HOLDS(tmpnam(name) == name && strncmp(name, "/tmp/", 5) == 0 && access(name, F_OK) == -1);
}

static void process(void) {
    struct utsname system;
    SHOW(uname(&system));
    puts(system.sysname);
    HOLDS(getpid() > 0 && getpid() == gettid() && getppid() >= 0);
    HOLDS(getpgid(0) == getpgrp());
    uid_t real, effective, saved;
    SHOW(getresuid(&real, &effective, &saved));
    HOLDS(real == getuid() && effective == geteuid());
    SHOW(getresgid(&real, &effective, &saved));
    HOLDS(real == getgid() && effective == getegid());
    HOLDS(getgroups(0, NULL) >= 0);
    SHOW(setuid(getuid()));
    SHOW(seteuid(geteuid()));
    SHOW(setgid(getgid()));
    SHOW(setresuid(-1, -1, -1));
}

int main(void) {
    start();
    copies();
    attributes();
    events();
    temporary();
    process();
    return 0;
}
