// SPDX-License-Identifier: Apache-2.0
// A fork-join team. Workers wait for the next job a little while awake, then asleep: between the phases of a layer there are microseconds, between
// batches there may be seconds.
#include "model/team.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

enum { SPINS = 4000 };

struct member {
    struct team *team;
    pthread_t thread;
    int number;
};
struct team {
    int size;
    struct member *members;             // size - 1 of them are threads: 1 … size-1
    pthread_mutex_t mutex;
    pthread_cond_t start, done;
    atomic_uint job;                    // changes when there is a new one
    atomic_int busy;                    // threads that have not finished it
    atomic_size_t next;
    size_t count;
    team_fn *fn;
    void *arg;
    bool stop;
};

static inline void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

static void take_items(struct team *t, int member)
{
    for (size_t i; (i = atomic_fetch_add(&t->next, 1)) < t->count;)
        t->fn(t->arg, i, member);
}

static unsigned await_job(struct team *t, unsigned last)
{
    for (int i = 0; i < SPINS; i++) {
        if (atomic_load(&t->job) != last)
            return atomic_load(&t->job);
        relax();
    }
    pthread_mutex_lock(&t->mutex);
    while (atomic_load(&t->job) == last)
        pthread_cond_wait(&t->start, &t->mutex);
    pthread_mutex_unlock(&t->mutex);
    return atomic_load(&t->job);
}

static void *work(void *arg)
{
    struct member *m = arg;
    struct team *t = m->team;
    for (unsigned last = 0;;) {
        last = await_job(t, last);
        if (t->stop)
            return NULL;
        take_items(t, m->number);
        if (atomic_fetch_sub(&t->busy, 1) == 1) {
            pthread_mutex_lock(&t->mutex);
            pthread_cond_signal(&t->done);
            pthread_mutex_unlock(&t->mutex);
        }
    }
}

struct team *team_new(int size)
{
    struct team *t = xcalloc(1, sizeof *t);
    sigset_t all, before;
    t->members = xcalloc((size_t)MAX(size, 1), sizeof *t->members);
    t->size = 1;
    pthread_mutex_init(&t->mutex, NULL);
    pthread_cond_init(&t->start, NULL);
    pthread_cond_init(&t->done, NULL);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);        // signals are for the program's own threads
    while (t->size < size) {
        struct member *m = &t->members[t->size];
        *m = (struct member){ .team = t, .number = t->size };
        if (pthread_create(&m->thread, NULL, work, m) != 0)
            break;                                      // fewer threads, the same results
        t->size++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return t;
}

int team_size(const struct team *t) { return t->size; }

static void announce(struct team *t)
{
    pthread_mutex_lock(&t->mutex);
    atomic_fetch_add(&t->job, 1);
    pthread_cond_broadcast(&t->start);
    pthread_mutex_unlock(&t->mutex);
}

void team_run(struct team *t, size_t count, team_fn *fn, void *arg)
{
    if (t->size == 1 || count <= 1) {
        for (size_t i = 0; i < count; i++)
            fn(arg, i, 0);
        return;
    }
    t->count = count, t->fn = fn, t->arg = arg;
    atomic_store(&t->next, 0);
    atomic_store(&t->busy, t->size - 1);
    announce(t);
    take_items(t, 0);
    for (int i = 0; i < SPINS && atomic_load(&t->busy); i++)
        relax();
    pthread_mutex_lock(&t->mutex);
    while (atomic_load(&t->busy))
        pthread_cond_wait(&t->done, &t->mutex);
    pthread_mutex_unlock(&t->mutex);
}

void team_free(struct team *t)
{
    if (t == NULL)
        return;
    t->stop = true;
    announce(t);
    for (int i = 1; i < t->size; i++)
        pthread_join(t->members[i].thread, NULL);
    pthread_mutex_destroy(&t->mutex);
    pthread_cond_destroy(&t->start);
    pthread_cond_destroy(&t->done);
    free(t->members);
    free(t);
}
