/* Completes wasi-libc's signal.h by sets, masks and actions, and needs no -D_WASI_EMULATED_SIGNAL.
 *
 * A signal comes from the program itself alone (raise, kill), and its handler is called at once, or
 * when sigprocmask unblocks it.
 */
#ifndef WASM_VFS_SIGNAL_H
#define WASM_VFS_SIGNAL_H

#pragma GCC system_header
#ifdef _WASI_EMULATED_SIGNAL
#include_next <signal.h>
#else
#define _WASI_EMULATED_SIGNAL
#include_next <signal.h>
#undef _WASI_EMULATED_SIGNAL
#endif
#include <__typedef_sigset_t.h>
#include <sys/types.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Numbers that are no function's: wasi-libc has functions in its emulation for them. */
#undef SIG_ERR
#undef SIG_IGN
#define SIG_ERR ((void (*)(int))-1)
#define SIG_IGN ((void (*)(int))-2)

#ifndef NSIG
#define NSIG _NSIG
#endif
#define SIGRTMIN 35
#define SIGRTMAX 64
#define SIG_BLOCK 0
#define SIG_UNBLOCK 1
#define SIG_SETMASK 2

#define SI_USER 0
#define SI_TKILL (-6)

#ifndef SA_NODEFER
#define SA_NOCLDSTOP 0x00000001
#define SA_NOCLDWAIT 0x00000002
#define SA_SIGINFO 0x00000004
#define SA_ONSTACK 0x08000000
#define SA_RESTART 0x10000000
#define SA_NODEFER 0x40000000
#define SA_RESETHAND 0x80000000
#endif

union sigval {
    int sival_int;
    void *sival_ptr;
};

typedef struct {
    int si_signo;
    int si_errno;
    int si_code;
    pid_t si_pid;
    uid_t si_uid;
    int si_status;
    void *si_addr;
    union sigval si_value;
} siginfo_t;

struct sigaction {
    union {
        void (*sa_handler)(int);
        void (*sa_sigaction)(int, siginfo_t *, void *);
    } __sa_handler;
    sigset_t sa_mask;
    int sa_flags;
    void (*sa_restorer)(void);
};
#define sa_handler __sa_handler.sa_handler
#define sa_sigaction __sa_handler.sa_sigaction

int sigemptyset(sigset_t *) __asm__("__wasm_vfs_sigemptyset");
int sigfillset(sigset_t *) __asm__("__wasm_vfs_sigfillset");
int sigaddset(sigset_t *, int) __asm__("__wasm_vfs_sigaddset");
int sigdelset(sigset_t *, int) __asm__("__wasm_vfs_sigdelset");
int sigismember(const sigset_t *, int) __asm__("__wasm_vfs_sigismember");
int sigprocmask(int, const sigset_t *__restrict, sigset_t *__restrict) __asm__("__wasm_vfs_sigprocmask");
int pthread_sigmask(int, const sigset_t *__restrict, sigset_t *__restrict) __asm__("__wasm_vfs_pthread_sigmask");
int sigpending(sigset_t *) __asm__("__wasm_vfs_sigpending");
int sigsuspend(const sigset_t *) __asm__("__wasm_vfs_sigsuspend");
int sigwait(const sigset_t *__restrict, int *__restrict) __asm__("__wasm_vfs_sigwait");
int sigwaitinfo(const sigset_t *__restrict, siginfo_t *__restrict) __asm__("__wasm_vfs_sigwaitinfo");
int sigtimedwait(const sigset_t *__restrict, siginfo_t *__restrict, const struct timespec *__restrict) __asm__("__wasm_vfs_sigtimedwait");
int sigaction(int, const struct sigaction *__restrict, struct sigaction *__restrict) __asm__("__wasm_vfs_sigaction");
void (*signal(int, void (*)(int)))(int) __asm__("__wasm_vfs_signal");
int raise(int) __asm__("__wasm_vfs_raise");
int kill(pid_t, int) __asm__("__wasm_vfs_kill");
int killpg(pid_t, int) __asm__("__wasm_vfs_killpg");

#ifdef __cplusplus
}
#endif
#endif
