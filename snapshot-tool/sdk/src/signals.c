/* Signals that the program sends to itself: sigaction(2), sigprocmask(2), raise(3), kill(2).
 *
 * Nobody else sends any, so actions, mask and what is pending live here and not in the kernel.
 */
#include "wasm_vfs_library.h"

#include <signal.h>

/* Linux's, by signal; number 0 is none. */
static struct sigaction actions[_NSIG];
static uint64_t blocked;
static uint64_t pending;

static uint64_t bit(int signal) {
    return 1ull << (signal - 1);
}

/* Those that nobody blocks, catches or ignores. */
#define UNSTOPPABLE (bit(SIGKILL) | bit(SIGSTOP))

static int is_signal(int signal) {
    return signal > 0 && signal < _NSIG;
}

static int fails(int number) {
    errno = number;
    return -1;
}

ADDED int sigemptyset(sigset_t *set) {
    set->__bits = 0;
    return 0;
}
ALSO(sigemptyset);

ADDED int sigfillset(sigset_t *set) {
    set->__bits = ~0ull;
    return 0;
}
ALSO(sigfillset);

ADDED int sigaddset(sigset_t *set, int signal) {
    if (!is_signal(signal)) {
        return fails(EINVAL);
    }
    set->__bits |= bit(signal);
    return 0;
}
ALSO(sigaddset);

ADDED int sigdelset(sigset_t *set, int signal) {
    if (!is_signal(signal)) {
        return fails(EINVAL);
    }
    set->__bits &= ~bit(signal);
    return 0;
}
ALSO(sigdelset);

ADDED int sigismember(const sigset_t *set, int signal) {
    return is_signal(signal) ? (set->__bits & bit(signal)) != 0 : fails(EINVAL);
}
ALSO(sigismember);

/* The program ends as wasi-libc's abort ends it: preview1 has no status for a signal. */
_Noreturn static void terminate(int signal) {
    char text[] = "terminated by signal 00\n";
    text[sizeof(text) - 4] = (char)('0' + signal / 10);
    text[sizeof(text) - 3] = (char)('0' + signal % 10);
    (void)!write(2, text, sizeof(text) - 1);
    __builtin_trap();
}

/* Does what Linux does where no action was set. */
static int take_default(int signal) {
    switch (signal) {
    case SIGCHLD:
    case SIGURG:
    case SIGWINCH:
    case SIGCONT:
        return 0;
    case SIGSTOP:
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
        return fails(ENOSYS); /* nobody could wake the program */
    default:
        terminate(signal);
    }
}

/* Delivers a signal that is not blocked. */
static int deliver(int signal, int code) {
    struct sigaction action = actions[signal];
    if (action.sa_handler == SIG_DFL) {
        return take_default(signal);
    }
    if (action.sa_handler == SIG_IGN) {
        return 0;
    }
    if (((unsigned)action.sa_flags & SA_RESETHAND) != 0) {
        actions[signal].sa_handler = SIG_DFL;
    }
    uint64_t before = blocked;
    blocked |= action.sa_mask.__bits & ~UNSTOPPABLE;
    if ((action.sa_flags & SA_NODEFER) == 0) {
        blocked |= bit(signal);
    }
    if ((action.sa_flags & SA_SIGINFO) != 0) {
        siginfo_t info = {.si_signo = signal, .si_code = code, .si_pid = getpid(), .si_uid = getuid()};
        action.sa_sigaction(signal, &info, NULL);
    } else {
        action.sa_handler(signal);
    }
    sigset_t mask = {before};
    return sigprocmask(SIG_SETMASK, &mask, NULL);
}

static int send(int signal, int code) {
    if (signal == 0) {
        return 0; /* asks only whether the program is there */
    }
    if (!is_signal(signal)) {
        return fails(EINVAL);
    }
    if ((blocked & bit(signal)) != 0) {
        if (actions[signal].sa_handler != SIG_IGN) {
            pending |= bit(signal);
        }
        return 0;
    }
    return deliver(signal, code);
}

ADDED int pthread_sigmask(int how, const sigset_t *restrict set, sigset_t *restrict old) {
    uint64_t mask = blocked;
    if (set != NULL) {
        switch (how) {
        case SIG_BLOCK:
            mask |= set->__bits;
            break;
        case SIG_UNBLOCK:
            mask &= ~set->__bits;
            break;
        case SIG_SETMASK:
            mask = set->__bits;
            break;
        default:
            return EINVAL;
        }
    }
    if (old != NULL) {
        old->__bits = blocked;
    }
    blocked = mask & ~UNSTOPPABLE;
    for (int signal = 1; signal < _NSIG && (pending & ~blocked) != 0; signal++) {
        if ((pending & ~blocked & bit(signal)) != 0) {
            pending &= ~bit(signal);
            (void)deliver(signal, SI_USER);
        }
    }
    return 0;
}
ALSO(pthread_sigmask);

ADDED int sigprocmask(int how, const sigset_t *restrict set, sigset_t *restrict old) {
    int error = pthread_sigmask(how, set, old);
    return error == 0 ? 0 : fails(error);
}
ALSO(sigprocmask);

ADDED int sigpending(sigset_t *set) {
    set->__bits = pending;
    return 0;
}
ALSO(sigpending);

/* The lowest of the set that is pending, which it no longer is then, or 0. */
static int take(const sigset_t *set) {
    for (int signal = 1; signal < _NSIG; signal++) {
        if ((pending & set->__bits & bit(signal)) != 0) {
            pending &= ~bit(signal);
            return signal;
        }
    }
    return 0;
}

ADDED int sigwait(const sigset_t *restrict set, int *restrict signal) {
    *signal = take(set);
    return *signal != 0 ? 0 : ENOSYS; /* nothing would ever come */
}
ALSO(sigwait);

ADDED int sigtimedwait(const sigset_t *restrict set, siginfo_t *restrict info, const struct timespec *restrict timeout) {
    int signal = take(set);
    if (signal == 0) {
        if (timeout == NULL) {
            return fails(ENOSYS);
        }
        nanosleep(timeout, NULL);
        return fails(EAGAIN);
    }
    if (info != NULL) {
        *info = (siginfo_t){.si_signo = signal, .si_code = SI_USER, .si_pid = getpid(), .si_uid = getuid()};
    }
    return signal;
}
ALSO(sigtimedwait);

ADDED int sigwaitinfo(const sigset_t *restrict set, siginfo_t *restrict info) {
    return sigtimedwait(set, info, NULL);
}
ALSO(sigwaitinfo);

ADDED int sigsuspend(const sigset_t *mask) {
    if ((pending & ~mask->__bits) == 0) {
        return fails(ENOSYS);
    }
    sigset_t before;
    sigprocmask(SIG_SETMASK, mask, &before);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return fails(EINTR);
}
ALSO(sigsuspend);

ADDED int sigaction(int signal, const struct sigaction *restrict action, struct sigaction *restrict old) {
    if (!is_signal(signal) || (action != NULL && (UNSTOPPABLE & bit(signal)) != 0)) {
        return fails(EINVAL);
    }
    struct sigaction before = actions[signal];
    if (action != NULL) {
        actions[signal] = *action;
        if (action->sa_handler == SIG_IGN) {
            pending &= ~bit(signal);
        }
    }
    if (old != NULL) {
        *old = before;
    }
    return 0;
}
ALSO(sigaction);

void (*signal(int signal, void (*handler)(int)))(int) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART}, old;
    return sigaction(signal, &action, &old) < 0 ? SIG_ERR : old.sa_handler;
}

int raise(int signal) {
    return send(signal, SI_TKILL);
}

ADDED int kill(pid_t pid, int signal) {
    if (signal != 0 && !is_signal(signal)) {
        return fails(EINVAL);
    }
    if (signal != 0 && (pid == getpid() || pid == 0 || pid == -getpgrp())) {
        return send(signal, SI_USER);
    }
    return result(wasm_vfs_kill(pid, 0));
}
ALSO(kill);

ADDED int killpg(pid_t group, int signal) {
    return group < 0 ? fails(EINVAL) : kill(-group, signal);
}
ALSO(killpg);
