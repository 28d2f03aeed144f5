/* Waiting: inotify(7), eventfd(2), poll(2). */
#include "wasm_vfs_library.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>

ADDED int inotify_init(void) {
    return result(wasm_vfs_inotify_init());
}
ALSO(inotify_init);

ADDED int inotify_init1(int flags) {
    return result(wasm_vfs_inotify_init1(__wasm_vfs_descriptor_flags(flags)));
}
ALSO(inotify_init1);

ADDED int inotify_add_watch(int fd, const char *path, uint32_t mask) {
    return result(wasm_vfs_inotify_add_watch(fd, path, (int)mask));
}
ALSO(inotify_add_watch);

ADDED int inotify_rm_watch(int fd, int watch) {
    return result(wasm_vfs_inotify_rm_watch(fd, watch));
}
ALSO(inotify_rm_watch);

ADDED int eventfd(unsigned count, int flags) {
    int semaphore = flags & EFD_SEMAPHORE;
    flags = __wasm_vfs_descriptor_flags(flags & ~EFD_SEMAPHORE);
    return result(wasm_vfs_eventfd2(count, flags | semaphore));
}
ALSO(eventfd);

ADDED int eventfd_read(int fd, eventfd_t *value) {
    return read(fd, value, sizeof(*value)) == sizeof(*value) ? 0 : -1;
}
ALSO(eventfd_read);

ADDED int eventfd_write(int fd, eventfd_t value) {
    return write(fd, &value, sizeof(value)) == sizeof(value) ? 0 : -1;
}
ALSO(eventfd_write);

_Static_assert(sizeof(struct pollfd) == sizeof(struct wasm_vfs_pollfd), "struct pollfd");

static const struct {
    short wasi;
    short linux_event;
} events[] = {
    {POLLIN, WASM_VFS_POLLIN},   {POLLPRI, WASM_VFS_POLLPRI}, {POLLOUT, WASM_VFS_POLLOUT},
    {POLLERR, WASM_VFS_POLLERR}, {POLLHUP, WASM_VFS_POLLHUP}, {POLLNVAL, WASM_VFS_POLLNVAL},
};

static void to_linux(struct pollfd *fds, nfds_t count) {
    for (nfds_t i = 0; i < count; i++) {
        short wanted = 0;
        for (size_t event = 0; event < COUNT(events); event++) {
            if ((fds[i].events & events[event].wasi) != 0) {
                wanted |= events[event].linux_event;
            }
        }
        fds[i].events = wanted;
    }
}

static void from_linux(struct pollfd *fds, nfds_t count) {
    for (nfds_t i = 0; i < count; i++) {
        short wanted = 0;
        short ready = 0;
        for (size_t event = 0; event < COUNT(events); event++) {
            if ((fds[i].events & events[event].linux_event) != 0) {
                wanted |= events[event].wasi;
            }
            if ((fds[i].revents & events[event].linux_event) != 0) {
                ready |= events[event].wasi;
            }
        }
        fds[i].events = wanted;
        fds[i].revents = ready;
    }
}

int poll(struct pollfd *fds, nfds_t count, int timeout) {
    to_linux(fds, count);
    long long answer = wasm_vfs_poll((void *)fds, count, timeout);
    from_linux(fds, count);
    return result(answer);
}

/* Signals are never delivered, so the mask does not matter. */
ADDED int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask) {
    struct wasm_vfs_timespec linux_timeout;
    (void)mask;
    if (timeout != NULL) {
        linux_timeout.tv_sec = timeout->tv_sec;
        linux_timeout.tv_nsec = timeout->tv_nsec;
    }
    to_linux(fds, count);
    long long answer = wasm_vfs_ppoll((void *)fds, count, timeout != NULL ? &linux_timeout : NULL, NULL, 0);
    from_linux(fds, count);
    return result(answer);
}
ALSO(ppoll);
