/* Runs bsdtar, once for each of the command lines that an argument `;` separates: what the first has extracted is there
 * for the second. Its own main has another name (`-Dmain=bsdtar_main`). Before it come stand-ins for what libarchive
 * and bsdtar ask for and WebAssembly has not: processes, users' names, time zones. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
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

#undef main
int bsdtar_main(int argc, char **argv);

int main(int argc, char **argv) {
    int status = 0, first = 1;
    for (int at = 1; at <= argc && status == 0; at++) {
        if (at < argc && strcmp(argv[at], ";") != 0) continue;
        /* The word before an argument list is the program's name. */
        argv[at] = NULL;
        argv[first - 1] = "bsdtar";
        status = bsdtar_main(at - first + 1, argv + first - 1);
        first = at + 1;
    }
    return status;
}
