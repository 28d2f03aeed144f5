/* Signals that a program raises itself: sets, masks, actions, what waits; and what a page is. */
#include "show.h"

#include <pthread.h>
#include <signal.h>
#if __has_include(<pthread.h>)
#include <pthread.h>
#endif

static void one(int number) {
    printf("handler of %d\n", number);
}

static void nested(int number) {
    sigset_t mask;
    sigprocmask(SIG_BLOCK, NULL, &mask);
    printf("begin %d, blocks itself %d, USR2 %d\n", number, sigismember(&mask, number), sigismember(&mask, SIGUSR2));
    raise(SIGUSR2);
    printf("end %d\n", number);
}

static void informed(int number, siginfo_t *info, void *context) {
    (void)context;
    printf("information of %d: %d, from itself %d\n", number, info->si_signo, info->si_pid == getpid());
}

static void sets(void) {
    sigset_t set;
    SHOW(sigemptyset(&set));
    SHOW(sigaddset(&set, SIGPIPE));
    SHOW(sigaddset(&set, 64));
    SHOW(sigaddset(&set, 0));
    SHOW(sigaddset(&set, 65));
    SHOW(sigismember(&set, SIGPIPE));
    SHOW(sigismember(&set, SIGHUP));
    SHOW(sigdelset(&set, SIGPIPE));
    SHOW(sigismember(&set, SIGPIPE));
    SHOW(sigfillset(&set));
    SHOW(sigismember(&set, SIGTERM));
}

static void actions(void) {
    struct sigaction action = {0}, old;
    action.sa_handler = one;
    SHOW(sigaction(SIGUSR1, &action, NULL));
    SHOW(raise(SIGUSR1));
    SHOW(kill(getpid(), SIGUSR1));
    SHOW(kill(0, 0));
    SHOW(raise(0) == 0);
    SHOW(kill(getpid(), 99));
    action.sa_flags = SA_RESETHAND;
    SHOW(sigaction(SIGUSR1, &action, &old));
    HOLDS(old.sa_handler == one);
    SHOW(raise(SIGUSR1));
    SHOW(sigaction(SIGUSR1, NULL, &old));
    HOLDS(old.sa_handler == SIG_DFL);
    action.sa_flags = SA_SIGINFO;
    action.sa_sigaction = informed;
    SHOW(sigaction(SIGUSR2, &action, NULL));
    SHOW(raise(SIGUSR2));
    SHOW(sigaction(SIGKILL, &action, NULL));
    SHOW(sigaction(0, &action, NULL));
    HOLDS(signal(SIGTERM, SIG_IGN) == SIG_DFL);
    SHOW(raise(SIGTERM));
    HOLDS(signal(SIGTERM, one) == SIG_IGN);
    SHOW(raise(SIGTERM));
    HOLDS(signal(SIGTERM, SIG_DFL) == one);
    SHOW(raise(SIGCHLD));
    HOLDS(signal(SIGKILL, one) == SIG_ERR);
}

static void masks(void) {
    sigset_t set, old;
    signal(SIGUSR1, one);
    signal(SIGUSR2, one);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGKILL);
    SHOW(sigprocmask(SIG_BLOCK, &set, &old));
    SHOW(sigismember(&old, SIGUSR1));
    SHOW(sigprocmask(9, &set, NULL));
    SHOW(pthread_sigmask(SIG_BLOCK, NULL, &old));
    SHOW(sigismember(&old, SIGUSR1));
    SHOW(sigismember(&old, SIGKILL));
    SHOW(raise(SIGUSR1));
    SHOW(raise(SIGUSR1));
    SHOW(sigpending(&old));
    SHOW(sigismember(&old, SIGUSR1));
    printf("unblock\n");
    SHOW(sigprocmask(SIG_UNBLOCK, &set, NULL));
    SHOW(sigpending(&old));
    SHOW(sigismember(&old, SIGUSR1));
    sigprocmask(SIG_BLOCK, &set, NULL);
    SHOW(raise(SIGUSR1));
    int number = 0;
    SHOW(sigwait(&set, &number));
    SHOW(number);
    SHOW(raise(SIGUSR1));
    sigemptyset(&set);
    SHOW(sigsuspend(&set));
    struct timespec none = {0, 1000};
    sigaddset(&set, SIGUSR1);
    SHOW(sigtimedwait(&set, NULL, &none));
    SHOW(raise(SIGUSR1));
    siginfo_t info;
    SHOW(sigtimedwait(&set, &info, &none));
    SHOW(info.si_signo);
    SHOW(sigprocmask(SIG_UNBLOCK, &set, NULL));

    struct sigaction action = {0};
    action.sa_handler = nested;
    sigaddset(&action.sa_mask, SIGUSR2);
    sigaction(SIGUSR1, &action, NULL);
    SHOW(raise(SIGUSR1));
}

int main(void) {
    sets();
    actions();
    masks();
    SHOW(sysconf(_SC_PAGESIZE));
    SHOW(getpagesize());
    return 0;
}
