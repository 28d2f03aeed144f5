/* A program for WALI without its libc: the functions by which one starts and ends, calls of each kind, atomics, and a memory
   that is shared and imported, as WALI's toolchain has it. It prints what it sees, and exits with 7. */
#include <stdint.h>

#define WALI(name) __attribute__((import_module("wali"), import_name(name)))
WALI("__init") int wali_init(void);
WALI("__deinit") int wali_deinit(void);
WALI("__proc_exit") void wali_proc_exit(int);
WALI("__cl_get_argc") int wali_argc(void);
WALI("__cl_get_argv_len") int wali_argv_len(int);
WALI("__cl_copy_argv") int wali_copy_argv(char *, int);
WALI("__get_init_envfile") int wali_envfile(char *, int);
WALI("__wasm_thread_spawn") int wali_thread_spawn(int, void *);
WALI("SYS_write") int64_t wali_write(int, const void *, uint32_t);
WALI("SYS_open") int64_t wali_open(const char *, int, int);
WALI("SYS_read") int64_t wali_read(int, void *, uint32_t);
WALI("SYS_mmap") int64_t wali_mmap(void *, uint32_t, int, int, int, int64_t);
WALI("SYS_munmap") int64_t wali_munmap(void *, uint32_t);
WALI("SYS_set_tid_address") int64_t wali_set_tid_address(int *);
WALI("SYS_futex") int64_t wali_futex(int *, int, int, void *, int *, int);
WALI("SYS_uname") int64_t wali_uname(char *);
WALI("SYS_clock_gettime") int64_t wali_clock_gettime(int, int64_t *);
WALI("SYS_getcwd") int64_t wali_getcwd(char *, uint32_t);
WALI("SYS_poll") int64_t wali_poll(void *, uint64_t, int);
WALI("SYS_fcntl") int64_t wali_fcntl(int, int, uint64_t);
WALI("SYS_lseek") int64_t wali_lseek(int, int64_t, int);

enum { EAGAIN = 11, O_RDONLY = 0, F_GETFD = 1, SEEK_END = 2, FUTEX_WAIT = 0 };
enum { PROT_READ_WRITE = 3, MAP_SHARED = 1, MAP_PRIVATE_ANONYMOUS = 0x22 };

static char buffer[4096];
static _Atomic int counter;

static uint32_t length(const char *text) {
    uint32_t bytes = 0;
    while (text[bytes]) bytes++;
    return bytes;
}

static void put(const char *text) { wali_write(1, text, length(text)); }

static void line(const char *what, const char *value) {
    put(what);
    put(" ");
    put(value);
    put("\n");
}

static void holds(int is_true, const char *what) {
    if (!is_true) {
        line("wrong:", what);
        wali_proc_exit(1);
    }
}

void _start(void) {
    int thread, word = 5;
    int64_t time[2];
    holds(wali_init() == 0, "init");
    counter += 3;
    holds(counter == 3, "atomics");
    for (int index = 0; index < wali_argc(); index++) {
        wali_copy_argv(buffer, index);
        holds(wali_argv_len(index) == (int)length(buffer), "argv_len");
        if (index > 0) line("argument", buffer);
    }
    if (wali_envfile(buffer, sizeof buffer) == 1) {
        int file = (int)wali_open(buffer, O_RDONLY, 0);
        int64_t bytes = wali_read(file, buffer, sizeof buffer);
        holds(file >= 0 && bytes > 0, "environment");
        wali_write(1, buffer, (uint32_t)bytes);
    }
    holds(wali_set_tid_address(&thread) == 1, "set_tid_address");
    holds(wali_thread_spawn(0, 0) < 0, "thread_spawn");
    holds(wali_futex(&word, FUTEX_WAIT, 4, 0, 0, 0) == -EAGAIN, "futex");
    holds(wali_uname(buffer) == 0, "uname");
    line("system", buffer);
    holds(wali_clock_gettime(1, time) == 0 && time[1] < 1000000000, "clock_gettime");
    holds(wali_getcwd(buffer, sizeof buffer) == 2, "getcwd");
    line("directory", buffer);
    char *zeros = (char *)(intptr_t)wali_mmap(0, 100000, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0);
    zeros[99999] = 'x';
    holds(zeros[0] == 0 && wali_munmap(zeros, 100000) == 0, "mmap of zeros");
    int motd = (int)wali_open("/etc/motd", O_RDONLY, 0);
    int64_t bytes = wali_lseek(motd, 0, SEEK_END);
    const char *text = (const char *)(intptr_t)wali_mmap(0, (uint32_t)bytes, 1, MAP_SHARED, motd, 0);
    wali_write(1, text, (uint32_t)bytes);
    holds(wali_fcntl(motd, F_GETFD, 0) == 0, "fcntl");
    holds(wali_poll(0, 0, 1) == 0, "poll");
    wali_deinit();
    wali_proc_exit(7);
}
