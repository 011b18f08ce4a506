// SPDX-License-Identifier: Apache-2.0
// The head's side of running attempts on this machine: keeps one runner process, tells it what to start, has worker
// threads collect what is finished. It waits for nothing on the loop thread, and starts no task itself.
#include "exec/local.h"

#include <errno.h>
#include <fnmatch.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/vec.h"
#include "exec/collect.h"
#include "exec/container/boxed.h"
#include "exec/proctree.h"
#include "exec/recycle.h"
#include "exec/start.h"
#include "exec/wire.h"
#include "sys/file.h"
#include "sys/loop.h"
#include "sys/machine.h"
#include "sys/process.h"

struct running {                        // from submit until the driver has been told
    struct local_executor *executor;
    struct attempt *attempt;
    struct arena *arena;                // the driver's
    size_t number;                      // by which the runner knows it, and its place in executor->running
    bool is_done;                       // the runner has spoken; the collection is under way
    struct collection collection;
};
struct lost {                           // attempts whose runner died
    struct local_executor *executor;
    VEC(struct running *) attempts;
};
struct local_executor {
    struct executor base;               // must be first
    Str home, folder;                   // Petri's; <home>/attempts
    Str search_path, user_home;         // PATH, HOME
    struct arena arena;
    struct local_options options;
    int64_t disk_bytes;                 // all that it holds: no file can be larger, but for one that is all holes
    pid_t runner;                       // 0: none yet
    int socket;
    struct loop_watch *watch;
    struct strbuf in, out;              // out: what the socket did not take yet
    VEC(struct running *) running;      // by number; NULL: free
    VEC(bool) has_spare;                // by number: a recycled folder waits for the next attempt of this number
    Time asked_at;                      // for usage
    double cores;
    int64_t memory_bytes;
    bool is_freed;
    size_t jobs;                        // whose `done` has not been called
    pthread_mutex_t lock;
    pthread_cond_t idle;
    size_t working;                     // under lock: jobs whose work is not over
};
enum { MORE_THAN_THE_DISK = 64 << 20, RECEIVE = 64 * 1024, RUNNER_END_MS = 10000, FOLDERS_OF_A_KEY = 1000 };

static bool start_this_program(pid_t *pid, int *fd, struct err *err)
{
    const char *const argv[] = { "petri", "attempt", "--serve", NULL };
    return process_start_self(argv, false, pid, fd, err);       // it must outlive us to clean up
}

bool (*local_start_runner)(pid_t *pid, int *fd, struct err *err) = start_this_program;

// --- Jobs for workers.

static void destroy(struct local_executor *x)
{
    arena_release(&x->arena);
    strbuf_release(&x->in);
    strbuf_release(&x->out);
    free(x->running.at);
    free(x->has_spare.at);
    pthread_mutex_destroy(&x->lock);
    pthread_cond_destroy(&x->idle);
    free(x);
}

static void job_begin(struct local_executor *x)
{
    x->jobs++;
    pthread_mutex_lock(&x->lock);
    x->working++;
    pthread_mutex_unlock(&x->lock);
}

static void job_worked(struct local_executor *x)        // on the worker
{
    pthread_mutex_lock(&x->lock);
    if (--x->working == 0)
        pthread_cond_signal(&x->idle);
    pthread_mutex_unlock(&x->lock);
}

static void job_end(struct local_executor *x)
{
    if (--x->jobs == 0 && x->is_freed)
        destroy(x);
}

static void release_arena(void *arena)
{
    arena_release(arena);
    free(arena);
}

static void running_free(struct running *run)
{
    struct local_executor *x = run->executor;
    x->running.at[run->number] = NULL;
    x->has_spare.at[run->number] |= run->collection.is_recycled;
    arena_release(&run->collection.arena);
    free(run);
}

// The outcome's memory becomes the driver's without a copy: its arena lets go of ours.
static void tell(struct running *run)
{
    struct local_executor *x = run->executor;
    if (!x->is_freed) {
        struct arena *ours = xmalloc(sizeof *ours);
        *ours = run->collection.arena;
        run->collection.arena = (struct arena){ 0 };
        arena_defer(run->arena, release_arena, ours);
        x->base.running--;
        x->base.done(x->base.done_arg, run->attempt, &run->collection.outcome);
    }
    running_free(run);
}

static void collect_work(void *arg)
{
    struct running *run = arg;
    collect(&run->collection);
    job_worked(run->executor);
}

static void collect_done(void *arg)
{
    struct local_executor *x = ((struct running *)arg)->executor;
    tell(arg);
    job_end(x);
}

static void lost_work(void *arg)
{
    struct lost *lost = arg;
    Str *labels = xcalloc(lost->attempts.len, sizeof *labels);
    for (size_t i = 0; i < lost->attempts.len; i++)
        labels[i] = lost->attempts.at[i]->attempt->label;
    if (proc_kill_labelled(labels, lost->attempts.len, false) > 0)
        LOG(LOG_WARN, "processes of lost attempts do not die");
    free(labels);
    for (size_t i = 0; i < lost->attempts.len; i++)
        collect(&lost->attempts.at[i]->collection);     // ATTEMPT_LOST: the folder goes, nothing is kept
    job_worked(lost->executor);
}

static void lost_done(void *arg)
{
    struct lost *lost = arg;
    for (size_t i = 0; i < lost->attempts.len; i++)
        tell(lost->attempts.at[i]);
    job_end(lost->executor);
    free(lost->attempts.at);
    free(lost);
}

// --- The runner.

static void runner_close(struct local_executor *x)
{
    loop_watch_free(x->watch);
    x->watch = NULL;
    close(x->socket);
    strbuf_clear(&x->in);
    strbuf_clear(&x->out);
    int pidfd = (int)syscall(SYS_pidfd_open, x->runner, 0);     // it ends once all its tasks are dead
    struct pollfd ended = { .fd = pidfd, .events = POLLIN };
    if (pidfd >= 0 && poll(&ended, 1, RUNNER_END_MS) == 0)
        LOG(LOG_WARN, "the attempt runner does not end pid=%d", (int)x->runner);
    if (pidfd >= 0)
        close(pidfd);
    waitpid(x->runner, NULL, pidfd >= 0 ? WNOHANG : 0);
    x->runner = 0;
}

static void runner_died(struct local_executor *x)
{
    LOG(LOG_WARN, "the attempt runner died pid=%d", (int)x->runner);
    kill(x->runner, SIGKILL);           // if only its socket broke
    runner_close(x);
    struct lost *lost = xcalloc(1, sizeof *lost);
    lost->executor = x;
    for (size_t i = 0; i < x->running.len; i++) {
        struct running *run = x->running.at[i];
        if (!run || run->is_done)
            continue;
        run->is_done = true;
        run->collection.outcome.end = ATTEMPT_LOST;
        err_set(&run->collection.outcome.err, ERR_UNAVAILABLE, "the attempt runner died; the task was killed with it");
        vec_push_heap(&lost->attempts, run);
    }
    job_begin(x);
    loop_work(x->base.loop, lost_work, lost_done, lost);
}

// What the socket does not take now waits in `out`. A broken socket shows when it is read.
static void flush(struct local_executor *x)
{
    size_t sent = 0;
    while (sent < x->out.len) {
        ssize_t n = send(x->socket, x->out.data + sent, x->out.len - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            break;
        sent += (size_t)n;
    }
    wire_drop(&x->out, sent);
    if (x->out.len == 0 && x->out.cap > 1024 * 1024)
        strbuf_release(&x->out);
    loop_watch_writes(x->watch, x->out.len > 0);
}

static void on_done(struct local_executor *x, Str payload)
{
    struct wire_reader r = { .rest = payload };
    uint64_t number = wire_get_u64(&r);
    CHECK(number < x->running.len && x->running.at[number] && !x->running.at[number]->is_done);
    struct running *run = x->running.at[number];
    struct attempt_outcome *outcome = &run->collection.outcome;
    struct measured *m = &outcome->measured;
    run->is_done = true;
    outcome->end = (enum attempt_end)wire_get_u32(&r);
    outcome->exit_code = (int)wire_get_u32(&r);
    outcome->signal = (int)wire_get_u32(&r);
    m->started = (Time)wire_get_u64(&r), m->ended = (Time)wire_get_u64(&r), m->wall = (Time)wire_get_u64(&r);
    m->user = (Time)wire_get_u64(&r), m->system = (Time)wire_get_u64(&r);
    m->peak_memory_bytes = (int64_t)wire_get_u64(&r);
    m->read_bytes = (int64_t)wire_get_u64(&r), m->written_bytes = (int64_t)wire_get_u64(&r);
    m->io_wait = (Time)wire_get_u64(&r);
    m->chars_read = (int64_t)wire_get_u64(&r), m->chars_written = (int64_t)wire_get_u64(&r);
    m->peak_virtual_bytes = (int64_t)wire_get_u64(&r);
    outcome->sandbox = sandbox_kind_name((enum sandbox_kind)wire_get_u32(&r));
    outcome->limit.kind = (enum attempt_limit_kind)wire_get_u32(&r);
    outcome->limit.asked = (int64_t)wire_get_u64(&r), outcome->limit.limit = (int64_t)wire_get_u64(&r);
    outcome->limit.seen = (int64_t)wire_get_u64(&r);
    outcome->hidden = str_copy(&run->collection.arena, wire_get_str(&r));
    enum err_code code = (enum err_code)wire_get_u32(&r);
    Str text = wire_get_str(&r);
    if (code != ERR_NONE)
        err_set(&outcome->err, code, STR_FMT, STR_ARG(text));
    CHECK(!r.is_bad);
    if (x->base.left && !x->is_freed)
        x->base.left(x->base.done_arg, run->attempt);
    job_begin(x);
    loop_work(x->base.loop, collect_work, collect_done, run);
}

static void on_frames(struct local_executor *x)
{
    size_t at = 0, used;
    enum wire_type type;
    Str payload;
    while (wire_next(str_from(strbuf_str(&x->in), at), &type, &payload, &used) > 0) {
        struct wire_reader r = { .rest = payload };
        at += used;
        if (type == WIRE_DONE)
            on_done(x, payload);
        else if (type == WIRE_WARNING && x->base.warn && !x->is_freed)
            x->base.warn(x->base.done_arg, wire_get_str(&r));
        else if (type == WIRE_USAGE)
            x->cores = (double)wire_get_u64(&r) / 1e6, x->memory_bytes = (int64_t)wire_get_u64(&r);
    }
    wire_drop(&x->in, at);
}

static void on_socket(void *arg)
{
    struct local_executor *x = arg;
    char block[RECEIVE];
    ssize_t n = recv(x->socket, block, sizeof block, MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        runner_died(x);
        return;
    }
    if (n > 0) {
        strbuf_add(&x->in, (Str){ block, (size_t)n });
        on_frames(x);
    }
    flush(x);
}

static bool runner_start(struct local_executor *x, struct err *err)
{
    if (x->runner)
        return true;
    if (!local_start_runner(&x->runner, &x->socket, err)) {
        x->runner = 0;
        return err_wrap(err, "the attempt runner");
    }
    x->watch = loop_watch_new(x->base.loop, x->socket, on_socket, x);
    return true;
}

// --- The executor's operations.

static size_t free_number(struct local_executor *x)
{
    for (size_t i = 0; i < x->running.len; i++)
        if (!x->running.at[i])
            return i;
    vec_push_heap(&x->running, NULL);
    vec_push_heap(&x->has_spare, false);
    return x->running.len - 1;
}

static const struct sandbox_settings *settings_of(const struct local_executor *x, Str step)
{
    char *name = xcalloc(step.len + 1, 1);
    const struct sandbox_settings *found = &x->options.settings;
    memcpy(name, step.data ? step.data : "", step.len);
    for (size_t i = 0; i < x->options.step_count && found == &x->options.settings; i++)
        if (fnmatch(x->options.steps[i].pattern.data, name, 0) == 0)
            found = &x->options.steps[i].settings;
    free(name);
    return found;
}

static struct running *running_new(struct local_executor *x, struct attempt *attempt, struct arena *a)
{
    struct running *run = xcalloc(1, sizeof *run);
    struct collection *c = &run->collection;
    run->executor = x, run->attempt = attempt, run->arena = a;
    run->number = free_number(x);
    x->running.at[run->number] = run;
    c->outputs_max = (size_t)settings_of(x, attempt->spec->step)->outputs;
    c->attempt = attempt, c->store = x->base.store, c->keep_folder = x->options.keep_attempts;
    if (!x->options.keep_attempts)
        c->spare = str_printf(&c->arena, STR_FMT "/.spare-%d-%zu", STR_ARG(x->folder), (int)getpid(), run->number);
    return run;
}

static bool is_good_label(Str label)
{
    return label.len > 0 && label.len < 200 && !str_has(label, '/') && !str_has(label, '\0') && label.data[0] != '.';
}

// Chosen by another attempt of ours, whose folder the runner has perhaps not made yet.
static bool is_chosen(const struct local_executor *x, const struct running *run)
{
    for (size_t i = 0; i < x->running.len; i++) {
        const struct running *other = x->running.at[i];
        if (other && other != run && str_eq(other->collection.folder, run->collection.folder))
            return true;
    }
    return false;
}

// A folder named by the task's key: commands that write their own paths into their outputs then write the same bytes each
// time. While another attempt of the key has it (or left it behind), ".2" and so on are used. Should two heads choose the
// same at the same moment, the runner of one finds it taken and says "try again later".
static bool choose_folder(struct local_executor *x, struct running *run, struct err *err)
{
    struct collection *c = &run->collection;
    char hex[HASH_HEX + 1];
    hash_hex(run->attempt->key, hex);
    for (int n = 1; n <= FOLDERS_OF_A_KEY; n++) {
        struct stat st;
        c->folder = n == 1 ? str_printf(&c->arena, STR_FMT "/%.20s", STR_ARG(x->folder), hex)
                           : str_printf(&c->arena, STR_FMT "/%.20s.%d", STR_ARG(x->folder), hex, n);
        if (!is_chosen(x, run) && lstat(c->folder.data, &st) != 0)
            return true;
    }
    return err_set(err, ERR_UNAVAILABLE, "%d attempts of one task are under way", FOLDERS_OF_A_KEY);
}

// The order to the runner, into x->out.
static bool order(struct local_executor *x, const struct running *run, struct err *err)
{
    struct arena scratch = { 0 };
    bool has_spare = x->has_spare.at[run->number];
    struct start start = { .id = run->number, .folder = run->collection.folder, .spare = has_spare ? run->collection.spare : (Str){ 0 },
                           .search_path = x->search_path, .user_home = x->user_home, .home = x->home };
    struct strbuf frame = { .limit = WIRE_MAX };
    bool ok = sandbox_choose(&scratch, settings_of(x, run->attempt->spec->step), run->attempt, &start.sandbox, err);
    if (ok && run->attempt->spec->image.len)
        ok = box_choose(&scratch, x->options.containers, run->attempt->spec, &start, err);
    else if (ok && start.sandbox.kind > SANDBOX_BWRAP)  // an engine was chosen, and there is no image to run
        start.sandbox.kind = SANDBOX_AUTO;
    if (ok && start.sandbox.limits.file_bytes == 0 && x->disk_bytes > 0)        // a real file meets a full disk first, and is told so
        start.sandbox.limits.file_bytes = x->disk_bytes + x->disk_bytes / 8 + MORE_THAN_THE_DISK;
    if (ok) {
        start_encode(&frame, &start, run->attempt);
        ok = !frame.overflow && strbuf_add(&x->out, strbuf_str(&frame));
        if (!ok)
            err_set(err, ERR_LIMIT, "the texts of the task are longer than %d bytes together", WIRE_MAX);
    }
    x->out.overflow = false;
    strbuf_release(&frame);
    arena_release(&scratch);
    return ok;
}

static bool local_submit(struct executor *base, struct attempt *attempt, struct arena *a, struct err *err)
{
    struct local_executor *x = (struct local_executor *)base;
    if (!is_good_label(attempt->label))
        return err_set(err, ERR_INVALID, "'" STR_FMT "' cannot be the label of an attempt",
                       STR_ARG(attempt->label));
    if (!runner_start(x, err))
        return false;
    struct running *run = running_new(x, attempt, a);
    if (!choose_folder(x, run, err) || !order(x, run, err)) {
        running_free(run);
        return false;
    }
    x->has_spare.at[run->number] = false;
    flush(x);
    return true;
}

static void local_cancel(struct executor *base, struct attempt *attempt, int grace_ms)
{
    struct local_executor *x = (struct local_executor *)base;
    for (size_t i = 0; i < x->running.len; i++) {
        if (!x->running.at[i] || x->running.at[i]->attempt != attempt || x->running.at[i]->is_done)
            continue;
        size_t begun = wire_begin(&x->out, WIRE_CANCEL);
        wire_u64(&x->out, i);
        wire_u32(&x->out, (uint32_t)grace_ms);
        wire_end(&x->out, begun);
        flush(x);
        return;
    }
}

// Answers with what was known last, and asks for news, at most once a second.
static void local_usage(struct executor *base, double *cores, int64_t *memory_bytes)
{
    struct local_executor *x = (struct local_executor *)base;
    Time now = time_steady();
    if (x->runner && now - x->asked_at >= SECOND) {
        x->asked_at = now;
        wire_end(&x->out, wire_begin(&x->out, WIRE_USAGE));
        flush(x);
    }
    *cores = x->base.running ? x->cores : 0;
    *memory_bytes = x->base.running ? x->memory_bytes : 0;
}

// Kills what runs, and waits for the workers, which read the driver's memory. Nobody is told of anything any more.
static void local_free(struct executor *base)
{
    struct local_executor *x = (struct local_executor *)base;
    x->is_freed = true;
    if (x->runner)
        runner_close(x);
    pthread_mutex_lock(&x->lock);
    while (x->working > 0)
        pthread_cond_wait(&x->idle, &x->lock);
    pthread_mutex_unlock(&x->lock);
    for (size_t i = 0; i < x->running.len; i++) {
        struct running *run = x->running.at[i];
        if (!run || run->is_done)       // what is done is freed when its job comes back to the loop
            continue;
        run->collection.outcome.end = ATTEMPT_LOST;
        collect(&run->collection);      // removes the folder
        running_free(run);
    }
    spares_remove(x->folder);
    if (x->jobs == 0)
        destroy(x);
}

static const struct executor_ops local_ops = {
    .name = "local", .submit = local_submit, .cancel = local_cancel, .usage = local_usage, .free = local_free,
};

// PATH with folders as they are called in a sandbox: what a `..` starts from need not be there.
static Str search_path_of(struct arena *a, Str path)
{
    struct strbuf b = { 0 };
    if (str_find(path, STR("/..")) < 0)
        return str_copy(a, path);
    while (path.len) {
        struct err ignored;
        Str folder = str_cut(&path, ':'), real = folder;
        if (str_find(folder, STR("/..")) >= 0 && !path_real(a, folder, &real, &ignored))
            real = folder;
        strbuf_addf(&b, "%s" STR_FMT, strbuf_str(&b).len ? ":" : "", STR_ARG(real));
    }
    return strbuf_take(&b, a);
}

struct executor *local_executor_new(struct loop *loop, struct store *store, Str home, const struct local_options *options,
                                    struct err *err)
{
    struct local_executor *x = xcalloc(1, sizeof *x);
    const char *path = getenv("PATH"), *user_home = getenv("HOME");
    x->base = (struct executor){ .ops = &local_ops, .loop = loop, .store = store };
    x->home = path_absolute(&x->arena, home);
    x->folder = str_join_path(&x->arena, x->home, STR("attempts"));
    x->search_path = search_path_of(&x->arena, path && *path ? str_of(path) : STR("/usr/local/bin:/usr/bin:/bin"));
    x->user_home = user_home && *user_home == '/' ? str_copy(&x->arena, str_of(user_home)) : (Str){ 0 };
    x->options = *options;
    x->disk_bytes = disk_bytes(home);
    x->out.limit = (size_t)2 * WIRE_MAX;
    pthread_mutex_init(&x->lock, NULL);
    pthread_cond_init(&x->idle, NULL);
    if (!dir_make_all(x->folder, err)) {
        destroy(x);
        return NULL;
    }
    spares_remove(x->folder);
    lifelines_remove(x->folder);
    return &x->base;
}
