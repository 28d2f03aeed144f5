/* What is kept for the one thread, and its mutexes. Run with the newest wasi-libc only: the oldest has none of these functions. */
#include "show.h"

#include <pthread.h>

static void keys(void) {
    static const char *const values[] = {"one", "two"};
    pthread_key_t one, two, again;
    SHOW(pthread_key_create(&one, NULL));
    SHOW(pthread_key_create(&two, free));
    HOLDS(one != two);
    HOLDS(pthread_getspecific(one) == NULL);
    SHOW(pthread_setspecific(one, values[0]));
    SHOW(pthread_setspecific(two, values[1]));
    HOLDS(pthread_getspecific(one) == values[0]);
    HOLDS(pthread_getspecific(two) == values[1]);
    SHOW(pthread_key_delete(one));
    HOLDS(pthread_key_delete(one) == EINVAL);
    HOLDS(pthread_setspecific(one, values[0]) == EINVAL);
    HOLDS(pthread_getspecific(two) == values[1]);
    SHOW(pthread_key_create(&again, NULL));
    HOLDS(pthread_getspecific(again) == NULL);
    int more = 0;
    while (pthread_key_create(&two, NULL) == 0) {
        more++;
    }
    HOLDS(more > 100);
}

static void mutexes(void) {
    pthread_mutexattr_t attributes;
    pthread_mutex_t mutex;
    SHOW(pthread_mutexattr_init(&attributes));
    SHOW(pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED));
    SHOW(pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST));
    HOLDS(pthread_mutexattr_setrobust(&attributes, 9) == EINVAL);
    SHOW(pthread_mutex_init(&mutex, &attributes));
    SHOW(pthread_mutex_lock(&mutex));
    SHOW(pthread_mutex_unlock(&mutex));
    HOLDS(pthread_mutex_consistent(&mutex) == EINVAL);
    SHOW(pthread_mutex_destroy(&mutex));
}

int main(void) {
    keys();
    mutexes();
    return 0;
}
