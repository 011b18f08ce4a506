// SPDX-License-Identifier: Apache-2.0
// The attempt runner: a small process that starts tasks, waits until every process of theirs is dead, and says what
// they used. It keeps nothing on disk and decides nothing: time limits, retries and outputs are the head's. One thread,
// poll(), no library beyond libc. When the head's end of the socket closes it kills all that it started and ends.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "exec/birth.h"
#include "exec/cgroup.h"
#include "exec/container/boxed.h"
#include "exec/ground.h"
#include "exec/isolate.h"
#include "exec/local.h"
#include "exec/proctree.h"
#include "exec/watch.h"
#include "exec/wire.h"

struct child {                          // an attempt, from START to DONE
    uint64_t id;
    char *label;
    pid_t root;                         // the command's process; 0 once it was waited for
    int status;                         // of the root
    int report_fd;                      // where the process says why it could not start, or how it ended
    enum sandbox_kind sandbox;
    struct cgroup *group;               // NULL: none
    struct watch watch;
    char *folder;                       // in a container: of the attempt; else NULL
    struct lifeline life;               // likewise
    Time client_kill_at;                // likewise: the engine's client is to have ended by itself before; 0: not asked to
    bool is_killed;                     // cancelled before the root died
    int kills;                          // rounds of SIGKILL
    Time started, started_steady, ended, wall;
    Time user, system, io_wait;         // io_wait -1: not known
    int64_t peak_memory_bytes, read_blocks, written_blocks;
    int64_t chars_read, chars_written;  // -1: not known
    int64_t last_ticks;
};
struct runner {
    struct ground ground;
    int socket, signals;
    struct strbuf in;
    VEC(struct child *) children;       // by mark; NULL: free
    size_t root_count;
    bool is_ending;                     // the head is gone, or we were told to end
    bool is_killing;                    // and all are being killed
    struct proc_table *table;           // of this turn; NULL until somebody asks
    struct rlimit files;                // as tasks get it
    Time used_at;                       // of the last usage
    double cores;
    int64_t memory_bytes;
};
#define CLIENT_GRACE (10 * SECOND)
enum { ENGINE_MARK = PROC_MARKS - 1 };  // whatever a client starts: an engine's processes are no task's
enum { RECEIVE = 256 * 1024, SETTLE_MS = 20, BLOCK = 512, EXACT_FROM = 64 << 20 };

// --- Answers.

static void send_frame(struct runner *r, const struct strbuf *b)
{
    for (size_t sent = 0; sent < b->len && !r->is_ending;) {
        ssize_t n = send(r->socket, b->data + sent, b->len - sent, MSG_NOSIGNAL);
        if (n >= 0)
            sent += (size_t)n;
        else if (errno != EINTR)
            r->is_ending = true;        // nobody listens
    }
}

static void send_warning(struct runner *r, const char *text)
{
    struct strbuf b = { 0 };
    size_t begun = wire_begin(&b, WIRE_WARNING);
    wire_str(&b, str_of(text));
    wire_end(&b, begun);
    send_frame(r, &b);
    strbuf_release(&b);
}

static void send_done(struct runner *r, const struct child *c, enum attempt_end end, const struct err *err, const char *hidden)
{
    const struct attempt_limit *limit = &c->watch.limit;
    struct strbuf b = { 0 };
    size_t begun = wire_begin(&b, WIRE_DONE);
    wire_u64(&b, c->id);
    wire_u32(&b, (uint32_t)end);
    wire_u32(&b, WIFEXITED(c->status) ? (uint32_t)WEXITSTATUS(c->status) : 0);
    wire_u32(&b, WIFSIGNALED(c->status) ? (uint32_t)WTERMSIG(c->status) : 0);
    wire_u64(&b, (uint64_t)c->started), wire_u64(&b, (uint64_t)c->ended), wire_u64(&b, (uint64_t)c->wall);
    wire_u64(&b, (uint64_t)c->user), wire_u64(&b, (uint64_t)c->system);
    wire_u64(&b, (uint64_t)MAX(c->peak_memory_bytes, c->watch.peak_bytes));
    wire_u64(&b, (uint64_t)(c->read_blocks * BLOCK)), wire_u64(&b, (uint64_t)(c->written_blocks * BLOCK));
    wire_u64(&b, (uint64_t)c->io_wait);
    wire_u64(&b, (uint64_t)c->chars_read), wire_u64(&b, (uint64_t)c->chars_written);
    wire_u64(&b, (uint64_t)c->watch.peak_virtual_bytes);
    wire_u32(&b, (uint32_t)c->sandbox);
    wire_u32(&b, (uint32_t)limit->kind);
    wire_u64(&b, (uint64_t)limit->asked), wire_u64(&b, (uint64_t)limit->limit), wire_u64(&b, (uint64_t)limit->seen);
    wire_str(&b, str_of(hidden));
    wire_u32(&b, (uint32_t)err->code);
    wire_str(&b, str_of(err->text));
    wire_end(&b, begun);
    send_frame(r, &b);
    strbuf_release(&b);
}

static void child_free(struct runner *r, size_t mark)
{
    struct child *c = r->children.at[mark];
    if (c->report_fd >= 0)
        close(c->report_fd);
    cgroup_free(c->group);
    lifeline_cut(&c->life);
    free(c->folder);
    free(c->label);
    free(c);
    r->children.at[mark] = NULL;
}

// What the helper in the container says, in place of what was seen of the engine's client.
static void believe_helper(struct child *c, struct birth_report *report, struct watch_end *end)
{
    struct box_end box;
    const struct box_report *r = &box.report;
    box_end_read(str_of(c->folder), c->status, &box);
    if (report->err.code == ERR_NONE && !box.has_run)
        report->err = box.err;
    report->has_status = true;
    report->status = box.status;
    c->user = MAX(r->user_ns, 0), c->system = MAX(r->system_ns, 0);
    c->peak_memory_bytes = r->peak_bytes;
    c->read_blocks = MAX(r->read_bytes, 0) / BLOCK, c->written_blocks = MAX(r->written_bytes, 0) / BLOCK;
    c->chars_read = r->read_chars, c->chars_written = r->written_chars;
    c->watch.peak_bytes = -1, c->watch.peak_virtual_bytes = r->peak_virtual_bytes;
    end->oom_kills = r->oom_kills, end->oom_peak_bytes = r->peak_bytes;
}

// What the attempt met, now that its control group will not change any more.
static void find_limit(struct child *c, struct watch_end *end)
{
    struct cgroup_use use;
    end->signal = WIFSIGNALED(c->status) ? WTERMSIG(c->status) : 0;
    if (c->group) {
        cgroup_read(c->group, &use);
        end->oom_kills = use.oom_kills, end->oom_peak_bytes = use.peak_bytes, end->refused_forks = use.refused_forks;
        c->io_wait = use.io_wait;
    }
    watch_finish(&c->watch, end);
}

static void finish(struct runner *r, size_t mark)
{
    struct child *c = r->children.at[mark];
    struct birth_report report;
    birth_read(c->report_fd, &report);
    struct watch_end met = { .oom_peak_bytes = -1, .refused_connections = report.refused };
    if (c->folder)
        believe_helper(c, &report, &met);
    if (report.has_status)
        c->status = report.status;
    enum attempt_end end = WIFSIGNALED(c->status) ? ATTEMPT_SIGNALED : ATTEMPT_EXITED;
    if (c->is_killed)
        end = ATTEMPT_KILLED;
    else if (report.err.code != ERR_NONE)
        end = ATTEMPT_NOT_STARTED;
    find_limit(c, &met);
    send_done(r, c, end, &report.err, report.hidden);
    child_free(r, mark);
}

// --- Deaths.

static void add_rusage(struct child *c, const struct rusage *use)
{
    c->user += use->ru_utime.tv_sec * SECOND + use->ru_utime.tv_usec * (Time)1000;
    c->system += use->ru_stime.tv_sec * SECOND + use->ru_stime.tv_usec * (Time)1000;
    c->peak_memory_bytes = MAX(c->peak_memory_bytes, use->ru_maxrss * (int64_t)1024);
    c->read_blocks += use->ru_inblock;
    c->written_blocks += use->ru_oublock;
}

// What it read and wrote, and those that it waited for: to be asked while it is dead and not yet waited for.
static void add_chars(struct child *c, pid_t pid)
{
    int64_t got, put;
    if (!proc_chars(pid, &got, &put))
        return;
    c->chars_read = MAX(c->chars_read, 0) + got;
    c->chars_written = MAX(c->chars_written, 0) + put;
}

static ptrdiff_t find_root(const struct runner *r, pid_t pid)
{
    for (size_t i = 0; i < r->children.len; i++)
        if (r->children.at[i] && r->children.at[i]->root == pid)
            return (ptrdiff_t)i;
    return -1;
}

// Whose orphan `pid` is: by its mark; by its environment; else the only one there is.
static ptrdiff_t find_owner(const struct runner *r, pid_t pid)
{
    ptrdiff_t only = -1;
    size_t count = 0;
    int mark = proc_mark_of(pid);
    if (mark == ENGINE_MARK)
        return -1;
    if (mark >= 0)
        return (size_t)mark < r->children.len && r->children.at[mark] ? mark : -1;
    for (size_t i = 0; i < r->children.len; i++) {
        if (!r->children.at[i])
            continue;
        if (proc_has_label(pid, str_of(r->children.at[i]->label), false))
            return (ptrdiff_t)i;
        only = (ptrdiff_t)i;
        count++;
    }
    return count == 1 ? only : -1;
}

static void root_died(struct runner *r, struct child *c, int status)
{
    c->root = 0;
    c->status = status;
    c->is_killed = c->watch.is_cancelled;
    c->ended = time_now();
    c->wall = time_steady() - c->started_steady;
    lifeline_cut(&c->life);             // a client that was killed leaves its container running
    r->root_count--;
}

static void reap(struct runner *r)
{
    for (;;) {
        siginfo_t info = { .si_pid = 0 };
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0)
            return;
        pid_t pid = info.si_pid;
        ptrdiff_t root = find_root(r, pid), owner = root >= 0 ? root : find_owner(r, pid);
        if (root >= 0)
            kill(-pid, SIGKILL);        // the rest of its group, while the number is still taken by the dead
        if (owner >= 0)
            add_chars(r->children.at[owner], pid);
        struct rusage use;
        int status;
        if (wait4(pid, &status, WNOHANG, &use) != pid)
            return;
        if (owner >= 0)
            add_rusage(r->children.at[owner], &use);
        if (root >= 0)
            root_died(r, r->children.at[root], status);
    }
}

// Kills orphans of attempts whose root is dead; an attempt is over when it has none.
static void settle(struct runner *r)
{
    bool is_needed = false;
    for (size_t i = 0; i < r->children.len; i++)
        is_needed |= r->children.at[i] && r->children.at[i]->root == 0;
    if (!is_needed)
        return;
    PidList pids = { 0 };
    proc_children(&pids);
    size_t count = r->children.len;
    bool *has_orphan = xcalloc(count, sizeof *has_orphan);
    for (size_t i = 0; pids.len > r->root_count && i < pids.len; i++) {
        ptrdiff_t owner = find_root(r, pids.at[i]) >= 0 ? -1 : find_owner(r, pids.at[i]);
        if (owner >= 0 && r->children.at[owner]->root == 0) {
            has_orphan[owner] = true;
            kill(pids.at[i], SIGKILL);  // our child, not waited for: the number cannot be another's
        }
    }
    for (size_t i = 0; i < count; i++)
        if (r->children.at[i] && r->children.at[i]->root == 0 && !has_orphan[i])
            finish(r, i);
    free(has_orphan);
    free(pids.at);
}

// --- Orders.

static size_t free_mark(struct runner *r)
{
    for (size_t i = 0; i < r->children.len; i++)
        if (!r->children.at[i])
            return i;
    vec_push_heap(&r->children, NULL);
    return r->children.len - 1;
}

static struct child *child_new(struct runner *r, const struct start *start, size_t *mark)
{
    struct child *c = xcalloc(1, sizeof *c);
    *mark = free_mark(r);
    r->children.at[*mark] = c;
    c->id = start->id;
    c->label = strndup(start->label.data, start->label.len);
    c->started = time_now();
    c->started_steady = time_steady();
    c->report_fd = -1;
    c->io_wait = c->chars_read = c->chars_written = -1;
    c->life.fd = -1;
    c->sandbox = start->sandbox.kind;
    return c;
}

static enum sandbox_kind automatic(struct runner *r)
{
    struct err err = { .code = ERR_NONE };
    enum sandbox_kind kind = ground_automatic(&r->ground, &err);
    if (err.code != ERR_NONE)
        send_warning(r, err.text);
    return kind;
}

static void start_failed(struct runner *r, size_t mark)
{
    struct child *c = r->children.at[mark];
    struct err err;
    bool is_sandbox = c->sandbox == SANDBOX_BWRAP && errno != EAGAIN && errno != ENOMEM;
    err_errno(&err, is_sandbox ? "cannot make the namespaces of the sandbox" : "cannot start a process");
    err.code = is_sandbox ? ERR_UNSUPPORTED : ERR_UNAVAILABLE;
    if (is_sandbox)
        isolate_explain(&err);
    c->root = 0;
    c->ended = c->started;
    send_done(r, c, ATTEMPT_NOT_STARTED, &err, "");
    child_free(r, mark);
}

// An attempt in a container has a lifeline, and nothing of its limits is ours to keep.
static bool start_box(struct child *c, struct birth *b, size_t mark, struct err *err)
{
    const struct start *s = &b->start;
    c->folder = xstrdup(str_z(&b->arena, s->folder));
    const struct sandbox_limits *all = &s->sandbox.limits;
    struct sandbox_limits known = { .memory_bytes = all->memory_bytes, .asked_memory_bytes = all->asked_memory_bytes, .file_bytes = all->file_bytes };
    watch_begin(&c->watch, &known, true, c->started_steady);
    b->mark = ENGINE_MARK;
    b->life = c->life.path;
    return lifeline_make(&c->life, str_dirname(s->folder), (int)mark, err);
}

static void start(struct runner *r, Str payload)
{
    struct birth b = { .payload = payload, .parent = getpid(), .files = r->files };
    int report[2];
    size_t mark;
    CHECK(start_decode_head(&b.arena, payload, &b.start));
    if (b.start.sandbox.kind == SANDBOX_AUTO)
        b.start.sandbox.kind = automatic(r);
    if (b.start.sandbox.kind == SANDBOX_BWRAP)
        b.shown = *ground_shown(&r->ground, &b.start);
    struct child *c = child_new(r, &b.start, &mark);
    c->group = ground_group(&r->ground, &b.start.sandbox, (int)mark);
    watch_begin(&c->watch, &b.start.sandbox.limits, cgroup_limits_memory(c->group), c->started_steady);
    if (pipe2(report, O_CLOEXEC | O_NONBLOCK) == 0) {
        struct err err;
        b.mark = (int)mark;
        b.group = c->group;
        b.report_fd = report[1];
        c->report_fd = report[0];
        c->root = start_is_boxed(&b.start) && !start_box(c, &b, mark, &err) ? -1 : birth_give(&b);
        int number = errno;
        close(report[1]);
        errno = number;
    }
    int number = errno;
    arena_release(&b.arena);
    errno = number;
    if (c->report_fd >= 0 && c->root > 0) {
        r->root_count++;
        return;
    }
    start_failed(r, mark);
}

static const struct proc_table *table_of_turn(struct runner *r)
{
    if (!r->table)
        r->table = proc_table_new();
    return r->table;
}

// A container is told by its lifeline. Its engine's client then ends by itself, and tidies up; only when it does not it is killed too.
static bool box_is_told(struct child *c, int number)
{
    Time now = time_steady();
    if (number != SIGKILL) {
        lifeline_say(&c->life, 'T');
        return true;
    }
    lifeline_cut(&c->life);
    if (c->client_kill_at == 0)
        c->client_kill_at = now + CLIENT_GRACE;
    return now < c->client_kill_at;
}

// Signals every process of the attempt, those that hide as its orphans too. In a sandbox the first SIGKILL spares process 1:
// it then waits for the others, and what they used is counted.
static void signal_all(struct runner *r, size_t mark, int number)
{
    PidList pids = { 0 }, direct = { 0 };
    struct child *c = r->children.at[mark];
    bool spares_root = number == SIGKILL && c->sandbox == SANDBOX_BWRAP && c->kills++ < 2;
    if (c->folder && box_is_told(c, number))
        return;
    proc_children(&direct);
    for (size_t i = 0; i < direct.len; i++) {
        ptrdiff_t root = find_root(r, direct.at[i]), owner = root >= 0 ? root : find_owner(r, direct.at[i]);
        if (owner == (ptrdiff_t)mark)
            proc_table_tree(table_of_turn(r), direct.at[i], &pids, NULL);
    }
    for (size_t i = 0; i < pids.len; i++) {
        if (spares_root && pids.at[i] == c->root && pids.len > 1)
            continue;
        kill(pids.at[i], number);
        kill(pids.at[i], SIGCONT);      // a stopped process would never hear SIGTERM
    }
    free(direct.at);
    free(pids.at);
}

static void cancel(struct runner *r, Str payload)
{
    struct wire_reader in = { .rest = payload };
    uint64_t id = wire_get_u64(&in);
    Time grace = wire_get_u32(&in) * MILLISECOND;
    for (size_t i = 0; i < r->children.len; i++) {
        struct child *c = r->children.at[i];
        if (!c || c->id != id)
            continue;
        if (watch_cancel(&c->watch, grace, time_steady()))
            signal_all(r, i, SIGTERM);
    }
}

static void kill_overdue(struct runner *r)
{
    Time now = time_steady();
    for (size_t i = 0; i < r->children.len; i++) {
        struct child *c = r->children.at[i];
        if (c && r->is_ending && !r->is_killing)
            watch_cancel(&c->watch, 0, now);
        if (c && watch_is_kill_due(&c->watch, now))
            signal_all(r, i, SIGKILL);
    }
    r->is_killing = r->is_ending;
}

// What all processes of the attempt use together. Memory is counted exactly when that could make a difference.
static struct watch_sight sight_of(struct runner *r, size_t mark)
{
    struct child *c = r->children.at[mark];
    struct watch_sight seen = { .memory_bytes = -1, .processes = -1, .virtual_bytes = -1 };
    if (c->folder)                      // what we could see is the engine's client
        return seen;
    struct cgroup_use use = { .anonymous_bytes = -1 };
    PidList direct = { 0 };
    proc_children(&direct);
    for (int exact = 0; exact < 2; exact++) {
        struct proc_look look = { .memory_bytes = 0 };
        for (size_t i = 0; i < direct.len; i++) {
            bool is_root = direct.at[i] == c->root;
            if (is_root || (direct.len > r->root_count && find_root(r, direct.at[i]) < 0 && find_owner(r, direct.at[i]) == (ptrdiff_t)mark))
                proc_tree_look(direct.at[i], exact, &look);
        }
        seen.memory_bytes = look.memory_bytes, seen.processes = look.count, seen.virtual_bytes = look.virtual_bytes;
        bool is_news = seen.processes > 1 && seen.memory_bytes > EXACT_FROM && seen.memory_bytes > c->watch.peak_bytes;
        if (!is_news)
            break;
    }
    if (c->group)
        cgroup_read(c->group, &use);
    seen.oom_kills = use.oom_kills;
    free(direct.at);
    return seen;
}

static void look(struct runner *r)
{
    Time now = time_steady();
    for (size_t i = 0; i < r->children.len; i++) {
        struct child *c = r->children.at[i];
        if (!c || !c->root || !watch_is_look_due(&c->watch, now))
            continue;
        struct watch_sight seen = sight_of(r, i);
        watch_look(&c->watch, &seen, now);
    }
}

static void measure(struct runner *r)
{
    Time now = time_steady();
    if (now - r->used_at < SECOND - 50 * MILLISECOND)
        return;
    int64_t ticks = 0;
    r->memory_bytes = 0;
    for (size_t i = 0; i < r->children.len; i++) {
        struct child *c = r->children.at[i];
        if (!c || !c->root)
            continue;
        struct proc_use use = { 0 };
        proc_table_tree(table_of_turn(r), c->root, NULL, &use);
        ticks += MAX(use.cpu_ticks - c->last_ticks, 0); // children that ended unseen may have taken theirs with them
        c->last_ticks = use.cpu_ticks;
        r->memory_bytes += use.memory_bytes;
    }
    double seconds = (double)(now - r->used_at) / (double)SECOND;
    r->cores = r->used_at ? (double)ticks / (double)sysconf(_SC_CLK_TCK) / seconds : 0;
    r->used_at = now;
}

static void send_usage(struct runner *r)
{
    struct strbuf b = { 0 };
    measure(r);
    size_t begun = wire_begin(&b, WIRE_USAGE);
    wire_u64(&b, (uint64_t)(r->cores * 1e6));
    wire_u64(&b, (uint64_t)r->memory_bytes);
    wire_end(&b, begun);
    send_frame(r, &b);
    strbuf_release(&b);
}

// A vforked task starts with our peak of memory as its own: one huge order must not be seen in all later measurements.
static void forget_peak(void)
{
    int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, "5", 1) < 0)
        LOG(LOG_DEBUG, "cannot reset the peak of memory");
    if (fd >= 0)
        close(fd);
}

static void obey(struct runner *r)
{
    size_t at = 0, used;
    enum wire_type type;
    Str payload;
    for (;; at += used) {
        int got = wire_next(str_from(strbuf_str(&r->in), at), &type, &payload, &used);
        CHECK(got >= 0);
        if (got == 0)
            break;
        switch (type) {
        case WIRE_START: start(r, payload); break;
        case WIRE_CANCEL: cancel(r, payload); break;
        case WIRE_USAGE: send_usage(r); break;
        case WIRE_WARNING:
        case WIRE_DONE: CHECK(!"the head never sends this");
        }
    }
    wire_drop(&r->in, at);
    if (r->in.len == 0 && r->in.cap > 4 * RECEIVE) {
        strbuf_release(&r->in);
        forget_peak();
    }
}

static void receive(struct runner *r)
{
    static char block[RECEIVE];
    ssize_t n = recv(r->socket, block, sizeof block, MSG_DONTWAIT);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n <= 0) {
        r->is_ending = true;
        return;
    }
    strbuf_add(&r->in, (Str){ block, (size_t)n });
    CHECK(!r->in.overflow);
    obey(r);
}

// --- The loop.

static int wait_ms(const struct runner *r)
{
    Time now = time_steady(), soonest = INT64_MAX;
    for (size_t i = 0; i < r->children.len; i++) {
        const struct child *c = r->children.at[i];
        if (c)
            soonest = MIN(soonest, c->root ? watch_next(&c->watch) : now + SETTLE_MS * MILLISECOND);
    }
    return soonest == INT64_MAX ? -1 : (int)(MAX(soonest - now, 0) / MILLISECOND) + 1;
}

static bool has_children(const struct runner *r)
{
    for (size_t i = 0; i < r->children.len; i++)
        if (r->children.at[i])
            return true;
    return false;
}

static void runner_init(struct runner *r, int fd)
{
    sigset_t handled;
    sigemptyset(&handled);
    sigaddset(&handled, SIGCHLD), sigaddset(&handled, SIGTERM);
    sigaddset(&handled, SIGINT), sigaddset(&handled, SIGHUP);
    for (int number = 1; number < SIGRTMIN; number++)
        signal(number, SIG_DFL);        // tasks inherit what is ignored; SIGKILL and SIGSTOP refuse, rightly
    CHECK(sigprocmask(SIG_SETMASK, &handled, NULL) == 0);
    r->signals = signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK);
    CHECK(r->signals >= 0);
    CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    getrlimit(RLIMIT_NOFILE, &r->files);
    struct rlimit more = { r->files.rlim_max, r->files.rlim_max };     // one descriptor for each running attempt
    setrlimit(RLIMIT_NOFILE, &more);
    proc_marks_init();
}

static void read_signals(struct runner *r)
{
    struct signalfd_siginfo info;
    while (read(r->signals, &info, sizeof info) == sizeof info)
        if (info.ssi_signo != SIGCHLD)
            r->is_ending = true;
}

int attempt_serve(int fd)
{
    struct runner r = { .socket = fd };
    runner_init(&r, fd);
    while (!r.is_ending || has_children(&r)) {
        struct pollfd polls[] = { { .fd = r.signals, .events = POLLIN },
                                  { .fd = r.is_ending ? -1 : fd, .events = POLLIN } };
        poll(polls, LEN(polls), wait_ms(&r));
        read_signals(&r);
        reap(&r);
        settle(&r);
        if (polls[1].revents)
            receive(&r);
        look(&r);
        kill_overdue(&r);
        proc_table_free(r.table);
        r.table = NULL;
    }
    free(r.children.at);
    strbuf_release(&r.in);
    ground_release(&r.ground);
    close(r.signals);
    close(fd);
    return 0;
}
