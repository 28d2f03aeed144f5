/* The process: ids, limits, uname(2), getrandom(2). */
#include "wasm_vfs_library.h"

#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

_Static_assert(sizeof(struct utsname) == sizeof(struct wasm_vfs_utsname), "struct utsname");
_Static_assert(sizeof(struct sysinfo) == sizeof(struct wasm_vfs_sysinfo), "struct sysinfo");
_Static_assert(sizeof(struct rlimit) == sizeof(struct wasm_vfs_rlimit), "struct rlimit");
_Static_assert(sizeof(uid_t) == 4 && sizeof(gid_t) == 4 && sizeof(pid_t) == 4, "ids");

pid_t getpid(void) {
    return (pid_t)wasm_vfs_getpid();
}

ADDED pid_t getppid(void) {
    return (pid_t)wasm_vfs_getppid();
}
ALSO(getppid);

ADDED pid_t gettid(void) {
    return (pid_t)wasm_vfs_gettid();
}
ALSO(gettid);

ADDED pid_t getpgid(pid_t pid) {
    return result(wasm_vfs_getpgid(pid));
}
ALSO(getpgid);

ADDED pid_t getpgrp(void) {
    return getpgid(0);
}
ALSO(getpgrp);

ADDED int setpgid(pid_t pid, pid_t group) {
    return result(wasm_vfs_setpgid(pid, group));
}
ALSO(setpgid);

ADDED pid_t getsid(pid_t pid) {
    return result(wasm_vfs_getsid(pid));
}
ALSO(getsid);

ADDED pid_t setsid(void) {
    return result(wasm_vfs_setsid());
}
ALSO(setsid);

ADDED uid_t getuid(void) {
    return (uid_t)wasm_vfs_getuid();
}
ALSO(getuid);

ADDED uid_t geteuid(void) {
    return (uid_t)wasm_vfs_geteuid();
}
ALSO(geteuid);

ADDED gid_t getgid(void) {
    return (gid_t)wasm_vfs_getgid();
}
ALSO(getgid);

ADDED gid_t getegid(void) {
    return (gid_t)wasm_vfs_getegid();
}
ALSO(getegid);

ADDED int setuid(uid_t uid) {
    return result(wasm_vfs_setuid(uid));
}
ALSO(setuid);

ADDED int setgid(gid_t gid) {
    return result(wasm_vfs_setgid(gid));
}
ALSO(setgid);

ADDED int seteuid(uid_t uid) {
    return result(wasm_vfs_setresuid((uid_t)-1, uid, (uid_t)-1));
}
ALSO(seteuid);

ADDED int setegid(gid_t gid) {
    return result(wasm_vfs_setresgid((gid_t)-1, gid, (gid_t)-1));
}
ALSO(setegid);

ADDED int setreuid(uid_t real, uid_t effective) {
    return result(wasm_vfs_setreuid(real, effective));
}
ALSO(setreuid);

ADDED int setregid(gid_t real, gid_t effective) {
    return result(wasm_vfs_setregid(real, effective));
}
ALSO(setregid);

ADDED int setresuid(uid_t real, uid_t effective, uid_t saved) {
    return result(wasm_vfs_setresuid(real, effective, saved));
}
ALSO(setresuid);

ADDED int setresgid(gid_t real, gid_t effective, gid_t saved) {
    return result(wasm_vfs_setresgid(real, effective, saved));
}
ALSO(setresgid);

ADDED int getresuid(uid_t *real, uid_t *effective, uid_t *saved) {
    return result(wasm_vfs_getresuid(real, effective, saved));
}
ALSO(getresuid);

ADDED int getresgid(gid_t *real, gid_t *effective, gid_t *saved) {
    return result(wasm_vfs_getresgid(real, effective, saved));
}
ALSO(getresgid);

ADDED int getgroups(int size, gid_t list[]) {
    return result(wasm_vfs_getgroups(size, list));
}
ALSO(getgroups);

ADDED int setgroups(size_t size, const gid_t *list) {
    return result(wasm_vfs_setgroups(size, list));
}
ALSO(setgroups);

int uname(struct utsname *out) {
    return result(wasm_vfs_uname((void *)out));
}

ADDED int sysinfo(struct sysinfo *out) {
    return result(wasm_vfs_sysinfo((void *)out));
}
ALSO(sysinfo);

ADDED int getrlimit(int resource, struct rlimit *out) {
    return result(wasm_vfs_getrlimit(resource, (void *)out));
}
ALSO(getrlimit);

ADDED int setrlimit(int resource, const struct rlimit *limit) {
    return result(wasm_vfs_setrlimit(resource, (const void *)limit));
}
ALSO(setrlimit);

ADDED int prlimit(pid_t pid, int resource, const struct rlimit *new_limit, struct rlimit *old_limit) {
    return result(wasm_vfs_prlimit64(pid, resource, (const void *)new_limit, (void *)old_limit));
}
ALSO(prlimit);

int getrusage(int who, struct rusage *usage) {
    /* Linux's begins with the two times; wasi-libc's has no more. */
    long long stored[18];
    int linux_who = who == RUSAGE_SELF ? 0 : who == RUSAGE_CHILDREN ? -1 : 2;
    if (result(wasm_vfs_getrusage(linux_who, stored)) < 0) {
        return -1;
    }
    memset(usage, 0, sizeof(*usage));
    usage->ru_utime.tv_sec = stored[0];
    usage->ru_utime.tv_usec = stored[1];
    usage->ru_stime.tv_sec = stored[2];
    usage->ru_stime.tv_usec = stored[3];
    return 0;
}

ssize_t getrandom(void *buffer, size_t size, unsigned flags) {
    return bytes(wasm_vfs_getrandom(buffer, size, (int)flags));
}

/* wasi-libc's own, which knows all but what is the kernel's here. */
long libc_sysconf(int) __asm__("sysconf");
enum { FS_PAGE_BYTES = 4096 };

int getpagesize(void) {
    return FS_PAGE_BYTES;
}

long sysconf(int name) {
    switch (name) {
    case _SC_PAGESIZE:
        return FS_PAGE_BYTES;
    case _SC_OPEN_MAX: {
        struct rlimit limit;
        return getrlimit(RLIMIT_NOFILE, &limit) < 0 ? -1 : (long)limit.rlim_cur;
    }
    default:
        return libc_sysconf(name);
    }
}
