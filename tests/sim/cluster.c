// SPDX-License-Identifier: Apache-2.0
// Where simulated jobs run. Either as on this machine: they die with their head; or as under a scheduler: they outlive it, and a
// later head asks by the key of the task, which is in the intent, what became of them before it submits again.
#include "sim.h"

#define POLL (60 * SECOND)              // after so long a lost reply, or a job that vanished, is noticed
#define HOUR (3600 * SECOND)
#define NEVER ((Time)-1)

static int job_new(struct world *w)
{
    int at = w->free_job;
    if (at >= 0) {
        w->free_job = w->jobs.at[at].next_free;
    } else {
        vec_add(&w->jobs, (struct job){ 0 });
        at = (int)w->jobs.len - 1;
    }
    w->jobs.at[at] = (struct job){ .serial = ++w->job_serials };
    return at;
}

static void job_free(struct world *w, int at)
{
    w->jobs.at[at].serial = 0;
    w->jobs.at[at].next_free = w->free_job;
    w->free_job = at;
}

static void set_live(struct world *w, struct job *j, bool is_live)
{
    if (j->is_live != is_live)
        result_make(w, j->key, j->node)->live += is_live ? 1 : -1;
    j->is_live = is_live;
}

static void reserve_run(struct head *h, const struct job *j, int sign)
{
    h->running += sign;
    h->cores += sign * j->cores;
    h->memory += sign * j->memory;
    if (h->running == 0)
        h->cores = 0;
}

static void reserve(struct head *h, const struct job *j)
{
    reserve_run(h, j, +1);
    h->disk += j->disk;
}

static void unreserve(struct head *h, const struct job *j)
{
    if (!j->has_left)
        reserve_run(h, j, -1);
    h->left -= j->has_left;
    h->disk -= j->disk;
}

static void attach(struct sub *s, int at)
{
    struct job *j = &s->head->world->jobs.at[at];
    const struct node *n = &s->head->world->nodes[s->node];
    s->job = at;
    j->sub = s;
    j->cores = n->cores, j->memory = core_memory(s->task), j->disk = n->disk;
    j->has_left = false;
    reserve(s->head, j);
}

void cluster_forget(struct sub *s)
{
    if (s->job < 0)
        return;
    struct world *w = s->head->world;
    w->jobs.at[s->job].sub = NULL;
    set_live(w, &w->jobs.at[s->job], false);
    job_free(w, s->job);
    s->job = -1;
}

// A job of an earlier head for the same task: it runs, or has ended and nobody was told.
static int find_orphan(struct world *w, const struct sub *s)
{
    if (w->mutant == MUTANT_RESUBMITS)
        return -1;
    for (size_t i = 0; i < w->jobs.len; i++) {
        const struct job *j = &w->jobs.at[i];
        if (j->serial && j->sub == NULL && j->key == s->key)
            return (int)i;
    }
    return -1;
}

static enum core_ended draw_outcome(struct world *w, const struct sub *s, Time *takes)
{
    const struct node *n = &w->nodes[s->node];
    *takes = n->takes / 2 + (Time)draw(w, (uint64_t)n->takes);
    if (n->peak > core_memory(s->task)) {
        *takes /= 2;
        return ENDED_MEMORY;
    }
    if (n->always_fails)
        return draw(w, 2) ? ENDED_PERMANENT : ENDED_FAILURE;
    if (chance(w, FAULT_JOB_FAILS))
        return ENDED_FAILURE;
    if (chance(w, FAULT_JOB_TEMPORARY))
        return ENDED_TEMPORARY;
    if (chance(w, FAULT_JOB_VANISHES)) {
        *takes += 2 * POLL;             // then the scheduler is asked, and knows nothing of it
        return ENDED_TEMPORARY;
    }
    if (chance(w, FAULT_JOB_HANGS))
        *takes = n->limit ? NEVER : *takes + HOUR;      // its time limit must end it
    return ENDED_SUCCESS;
}

void cluster_start(struct sub *s)
{
    struct world *w = s->head->world;
    int at = w->is_cluster && !s->makes_again ? find_orphan(w, s) : -1;
    Time takes;
    if (at >= 0) {
        TRACE(w, "node %d: the job of an earlier head is adopted", s->node);
        attach(s, at);
        check_runs(s, true);
        if (!w->jobs.at[at].is_live)
            event_add(w, MILLISECOND, EVENT_REPLY, at, w->jobs.at[at].serial);
        return;
    }
    if (chance(w, FAULT_SUBMIT_REFUSED)) {
        head_event(s->head, (struct core_event){ .kind = CORE_ENDED, .task = s->task, .ended = ENDED_TEMPORARY });
        return;
    }
    enum core_ended outcome = draw_outcome(w, s, &takes);
    at = job_new(w);
    struct job *j = &w->jobs.at[at];
    j->key = s->key, j->node = s->node, j->attempt = core_attempt(s->task);
    j->outcome = outcome;
    j->digest = mix(s->key, w->nodes[s->node].is_random ? w->random : 7);
    attach(s, at);
    check_runs(s, false);
    bool is_accepted = true;
    if (w->is_cluster && takes != NEVER && chance(w, FAULT_SUBMIT_TIMES_OUT)) {
        is_accepted = draw(w, 2);       // the answer never comes: the scheduler is asked by the token until it must know
        takes = is_accepted ? takes + POLL / 2 : POLL;
        j->outcome = is_accepted ? outcome : ENDED_TEMPORARY;
    }
    set_live(w, j, is_accepted);
    if (takes != NEVER)
        event_add(w, takes, is_accepted ? EVENT_JOB_ENDS : EVENT_REPLY, at, j->serial);
}

void cluster_kill(struct sub *s)
{
    struct world *w = s->head->world;
    if (s->job < 0)
        return;
    struct job *j = &w->jobs.at[s->job];
    if (!j->is_live || j->is_killed)
        return;
    j->is_killed = true;
    j->killer = s->head->serial;
    Time grace = (Time)draw(w, 5 * SECOND);
    j->dies_at = w->now + grace;
    event_add(w, grace, EVENT_JOB_ENDS, s->job, j->serial);
}

// Its processes are dead, and what it made is being taken: the head may be told that cores and memory are free.
static void leave(struct world *w, int at)
{
    struct job *j = &w->jobs.at[at];
    struct sub *s = j->sub;
    if (s == NULL || s->head->is_stopped || draw(w, 2))
        return;
    struct head *h = s->head;
    struct core_event left = { .kind = CORE_LEFT, .task = s->task, .attempt = core_attempt(s->task) };
    reserve_run(h, j, -1);
    h->left++;
    j->has_left = true;
    head_event(h, left);
    if (chance(w, FAULT_REPLY_TWICE))
        head_event(h, left);
    head_turn(h);
}

void cluster_job_ends(struct world *w, int at)
{
    struct job *j = &w->jobs.at[at];
    if (!j->is_live)
        return;
    if (j->is_killed && w->now >= j->dies_at)
        j->outcome = ENDED_KILLED;
    set_live(w, j, false);
    if (j->sub == NULL && j->is_killed) {
        job_free(w, at);                // nobody waits, and nobody will
        return;
    }
    uint64_t serial = j->serial;
    leave(w, at);
    j = &w->jobs.at[at];                // others may have started, or the head has died of it
    if (j->serial != serial)
        return;
    Time delay = (Time)draw(w, MILLISECOND);
    if (chance(w, FAULT_REPLY_LATE))
        delay = (Time)draw(w, 2 * HOUR);
    if (chance(w, FAULT_REPLY_LOST))
        delay += POLL;                  // noticed by the next question
    event_add(w, delay, EVENT_REPLY, at, j->serial);
}

// Tells the core; perhaps twice at once, perhaps again much later, when the task may be at another attempt, or over.
static void tell_ended(struct sub *s, struct core_event ended)
{
    struct world *w = s->head->world;
    head_event(s->head, ended);
    if (!chance(w, FAULT_REPLY_TWICE))
        return;
    if (draw(w, 2))
        head_event(s->head, ended);
    vec_add(&w->late, (struct late){ s, s->serial, ended });
    event_add(w, (Time)draw(w, 10 * POLL), EVENT_REPLY_AGAIN, (int)w->late.len - 1, s->serial);
}

void cluster_reply(struct world *w, int at)
{
    struct job *j = &w->jobs.at[at];
    struct sub *s = j->sub;
    if (s == NULL) {                    // its head has died: another may ask for it, or nobody ever will
        if (!w->is_cluster)
            job_free(w, at);
        return;
    }
    struct head *h = s->head;
    if (h->is_stopped) {
        event_add(w, h->wakes_at - w->now, EVENT_REPLY, at, j->serial);
        return;
    }
    if (j->outcome == ENDED_KILLED && j->killer != h->serial)
        j->outcome = ENDED_TEMPORARY;   // an earlier head's will, not this one's
    TRACE(w, "node %d: its job ended, %d", s->node, j->outcome);
    struct core_event ended = { .kind = CORE_ENDED, .task = s->task, .ended = j->outcome, .attempt = core_attempt(s->task) };
    unreserve(h, j);
    s->digest = j->outcome == ENDED_SUCCESS ? j->digest : 0;
    s->job = -1;
    job_free(w, at);
    tell_ended(s, ended);
    head_turn(h);
}

void cluster_reply_again(struct world *w, int which)
{
    struct late late = w->late.at[which];
    struct head *h = late.sub->head;
    if (late.sub->serial != late.serial || !h->is_alive || h->is_stopped)
        return;                         // nobody knows this token any more
    head_event(h, late.ended);
    head_turn(h);
}

void cluster_head_died(struct head *h)
{
    struct world *w = h->world;
    for (size_t i = 0; i < w->jobs.len; i++) {
        struct job *j = &w->jobs.at[i];
        if (j->serial == 0 || j->sub == NULL || j->sub->head != h)
            continue;
        j->sub = NULL;
        if (w->is_cluster)
            continue;
        set_live(w, j, false);          // as the runner does: all of it is killed
        job_free(w, (int)i);
    }
}

void cluster_reap(struct world *w)
{
    for (size_t i = 0; i < w->jobs.len; i++)
        if (w->jobs.at[i].serial && w->jobs.at[i].sub == NULL)
            set_live(w, &w->jobs.at[i], false);
}

int cluster_live(const struct world *w)
{
    int live = 0;
    for (size_t i = 0; i < w->jobs.len; i++)
        live += w->jobs.at[i].serial && w->jobs.at[i].is_live;
    return live;
}
