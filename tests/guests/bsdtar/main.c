/* Stand-ins for what libarchive and bsdtar ask for and WebAssembly has not: processes, users' names, time zones.
 * bsdtar's own main is in bsdtar.c. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/types.h>
#include <sys/wait.h>

/* For filters that are other programs. libarchive has its own only where there is fork. */
int __archive_create_child(const char *cmd, int *child_stdin, int *child_stdout, pid_t *out_child) {
    errno = ENOSYS;
    return -25; /* ARCHIVE_FAILED */
}

void __archive_check_child(int in, int out) {}

pid_t waitpid(pid_t pid, int *status, int options) {
    errno = ECHILD;
    return -1;
}

/* There is no database of users: nobody has a name, which is no error. */
int getpwnam_r(const char *name, struct passwd *entry, char *buffer, size_t size, struct passwd **result) {
    *result = 0;
    return 0;
}

int getpwuid_r(uid_t uid, struct passwd *entry, char *buffer, size_t size, struct passwd **result) {
    *result = 0;
    return 0;
}

int getgrnam_r(const char *name, struct group *entry, char *buffer, size_t size, struct group **result) {
    *result = 0;
    return 0;
}

int getgrgid_r(gid_t gid, struct group *entry, char *buffer, size_t size, struct group **result) {
    *result = 0;
    return 0;
}

/* All time is UTC. */
void tzset(void) {}
