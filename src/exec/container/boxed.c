// SPDX-License-Identifier: Apache-2.0
// The engine's client stands in the process tree where a command would stand; what it runs is elsewhere, and is reached by the
// lifeline alone. What the helper says is believed, the client's exit code only where the helper said nothing.
#include "exec/container/boxed.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/vec.h"
#include "exec/container/command.h"
#include "exec/container/containers.h"
#include "exec/container/orders.h"
#include "sys/file.h"

enum { REPORT_MAX = 64 * 1024, CLIENT_FAILED = 125 };

// --- the lifeline

bool lifeline_make(struct lifeline *l, Str attempts, int number, struct err *err)
{
    l->fd = -1;
    int len = snprintf(l->path, sizeof l->path, STR_FMT "/" LIFELINE_PREFIX "%d-%d", STR_ARG(attempts), (int)getpid(), number);
    if (len >= (int)sizeof l->path)
        return err_set(err, ERR_LIMIT, "the path of the attempts' folder is too long");
    unlink(l->path);                    // of a process that had our number
    if (mkfifo(l->path, 0600) != 0)
        return err_errno(err, "cannot make %s", l->path);
    l->fd = open(l->path, O_RDWR | O_CLOEXEC | O_NONBLOCK);     // both ends: it must not wait for the other
    // Who only reads it can neither order anything nor hold it up when we are dead; in the container its mode cannot be changed.
    return (l->fd >= 0 && fchmod(l->fd, 0400) == 0) || err_errno(err, "cannot open %s", l->path);
}

void lifeline_say(struct lifeline *l, char order)
{
    if (l->fd >= 0 && write(l->fd, &order, 1) != 1)
        LOG(LOG_DEBUG, "nobody holds the lifeline");
}

void lifeline_cut(struct lifeline *l)
{
    if (l->fd < 0)
        return;
    lifeline_say(l, 'K');               // a child being staged may hold a copy of our end until it is a command
    close(l->fd);
    unlink(l->path);                    // if no folder got it
    l->fd = -1;
}

// What a runner that was killed between two steps left in the folder.
void lifelines_remove(Str attempts)
{
    struct arena a = { 0 };
    Str *names;
    size_t count;
    struct err ignored;
    bool ok = dir_list(&a, attempts, &names, &count, &ignored);
    for (size_t i = 0; ok && i < count; i++) {
        int64_t pid;
        Str rest = str_from(names[i], strlen(LIFELINE_PREFIX));
        if (str_starts(names[i], STR(LIFELINE_PREFIX)) && str_to_int(str_cut(&rest, '-'), &pid) && pid > 0 && kill((pid_t)pid, 0) != 0)
            unlink(str_join_path(&a, attempts, names[i]).data);
    }
    arena_release(&a);
}

// --- the attempt's process

static Str below(struct arena *a, const struct start *s, const char *name) { return str_join_path(a, s->folder, str_of(name)); }

struct mounts {
    struct arena *arena;
    VEC(struct box_mount) at;
};

static void mount(struct mounts *m, Str source, Str target, bool is_writable)
{
    vec_push(m->arena, &m->at, (struct box_mount){ source, target, is_writable });
}

static bool make_file(Str path, mode_t mode, Str bytes, struct err *err)
{
    int fd = open(path.data, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return err_errno(err, "cannot make %s", path.data);
    bool ok = fd_write_all(fd, bytes.data, bytes.len, err);
    close(fd);
    return ok;
}

static bool add_variable(struct arena *a, const struct start *s, struct env_var var, struct env_var *env, size_t *count, bool is_fallback)
{
    for (size_t i = 0; is_fallback && i < s->env_count; i++)
        if (str_eq(s->env[i].name, var.name))
            return false;
    env[*count] = (struct env_var){ str_copy(a, var.name), var.value };
    ++*count;
    return true;
}

// The image's own comes first, in the helper. What the head passes on or the task asks for is put over it.
static struct env_var *environment(struct arena *a, const struct start *s, Str workdir, size_t *count)
{
    const struct sandbox *sandbox = &s->sandbox;
    const struct env_var ours[] = { { STR_CONST("HOME"), workdir }, { STR_CONST("TMPDIR"), STR_CONST(TASK_TMP) },
                                    { STR_CONST("PETRI_ATTEMPT"), s->label }, { STR_CONST("PETRI_SECRETS"), STR_CONST(TASK_SECRETS) } };
    struct env_var *env = NEW_ARRAY(a, struct env_var, LEN(ours) + 1 + sandbox->env_count + s->env_count);
    *count = 0;
    if (sandbox->limits.cores > 0)
        add_variable(a, s, (struct env_var){ STR("PETRI_CORES"), str_printf(a, "%.0f", ceil(sandbox->limits.cores)) }, env, count, true);
    for (size_t i = 0; i < LEN(ours) - (sandbox->secret_count == 0); i++)
        add_variable(a, s, ours[i], env, count, true);
    for (size_t i = 0; i < sandbox->env_count; i++)
        add_variable(a, s, sandbox->env[i], env, count, true);
    for (size_t i = 0; i < s->env_count; i++)
        add_variable(a, s, s->env[i], env, count, false);
    return env;
}

// Where the command's stream goes, as it is called in the container. A log is mounted as a file of its own.
static bool stream(struct arena *a, const struct start *s, Str name, const char *log, struct mounts *m, Str *path, struct err *err)
{
    if (name.len == 0) {
        Str file = below(a, s, log);
        *path = str_printf(a, BOX_LOG "/%s", log);
        mount(m, file, *path, true);
        return make_file(file, 0666, (Str){ 0 }, err);
    }
    Str normal = str_normal_path(a, name);
    if (normal.data[0] == '/' || str_is(normal, "..") || str_is(normal, ".") || str_starts(normal, STR("../")))
        return err_set(err, ERR_INVALID, "%s is to go to '" STR_FMT "', which is not a file below the output folder", log, STR_ARG(name));
    *path = str_join_path(a, STR(TASK_OUT), normal);
    return dir_make_all(str_dirname(str_join_path(a, below(a, s, "out"), normal)), err);
}

static bool write_orders(struct arena *a, const struct start *s, const char *life, struct mounts *m, struct err *err)
{
    const struct box *b = &s->box;
    Str workdir = b->workdir.len ? b->workdir : STR(TASK_OUT);
    struct box_orders o = { .box = b, .argv = s->argv, .argc = s->argc, .workdir = workdir };
    struct strbuf text = { 0 };
    o.env = environment(a, s, workdir, &o.env_count);
    o.stdin_path = s->stdin_path.len ? s->stdin_path : STR("/dev/null");
    if (!stream(a, s, s->stdout_name, "stdout", m, &o.stdout_path, err))
        return false;
    bool is_same = s->stdout_name.len && str_eq(s->stdout_name, s->stderr_name);
    o.stderr_path = o.stdout_path;
    if (!is_same && !stream(a, s, s->stderr_name, "stderr", m, &o.stderr_path, err))
        return false;
    Str folder = below(a, s, "box"), to = str_join_path(a, folder, STR("life"));
    bool ok = box_orders_text(&o, &text, err) && dir_make_all(folder, err) &&
              make_file(str_join_path(a, folder, STR("orders")), 0600, strbuf_str(&text), err);
    strbuf_release(&text);
    if (ok && rename(life, to.data) != 0)
        ok = err_errno(err, "cannot rename %s to %s", life, to.data);
    mount(m, b->helper, STR(BOX_HELPER), false);
    mount(m, folder, STR(BOX_FOLDER), false);
    return ok;
}

static void add_task_mounts(struct arena *a, const struct start *s, struct mounts *m)
{
    struct start_mount *task;
    size_t count = start_mounts(a, s, &task);
    for (size_t i = 0; i < count; i++)
        mount(m, task[i].source, task[i].path, task[i].is_writable);
    for (size_t i = 0; i < s->sandbox.path_count; i++)
        if (file_exists(s->sandbox.paths[i]))
            mount(m, s->sandbox.paths[i], s->sandbox.paths[i], false);
    mount(m, below(a, s, "tmp"), STR("/tmp"), true);
    mount(m, below(a, s, "tmp"), STR("/var/tmp"), true);
    if (s->box.workdir.len)
        mount(m, below(a, s, "out"), s->box.workdir, true);
}

// podman lowers its own limit to this, and cannot go back without CAP_SYS_RESOURCE.
static uint64_t most_processes(void)
{
    char text[32] = "";
    int fd = open("/proc/sys/kernel/pid_max", O_RDONLY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? read(fd, text, sizeof text) : -1;
    int64_t most;
    if (fd >= 0)
        close(fd);
    return len > 0 && str_to_int(str_trim((Str){ text, (size_t)len }), &most) && most > 0 ? (uint64_t)most : 32768;
}

static struct box_user user(struct arena *a)
{
    struct rlimit files = { 1024, 1024 }, processes = { 0, 0 };
    struct box_user u = { .user = geteuid(), .group = getegid() };
    int count = getgroups(0, NULL);
    gid_t *groups = NEW_ARRAY(a, gid_t, (size_t)MAX(count, 0) + 1);
    count = getgroups(MAX(count, 0), groups);
    u.groups = groups;
    u.group_count = (size_t)MAX(count, 0);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0)
        u.files_soft = files.rlim_cur, u.files_hard = files.rlim_max;
    if (getrlimit(RLIMIT_NPROC, &processes) == 0)
        u.processes_hard = MIN(processes.rlim_max, most_processes()), u.processes_soft = MIN(processes.rlim_cur, u.processes_hard);
    return u;
}

static bool redirect(struct arena *a, const struct start *s, struct err *err)
{
    const char *const names[] = { "/dev/null", "report", "engine" };
    for (int i = 0; i < (int)LEN(names); i++) {
        Str path = i ? below(a, s, names[i]) : str_of(names[i]);
        int fd = open(path.data, (i ? O_WRONLY | O_CREAT | O_TRUNC : O_RDONLY) | O_CLOEXEC, 0600);
        if (fd < 0 || dup2(fd, i) < 0)
            return err_errno(err, "cannot open %s", path.data);
    }
    return true;
}

// The client is the user's own program: it gets the user's environment (which daemon, which certificates), and the task nothing of it. Nor has it
// the attempt's label: what an engine leaves running for itself is not the task's.
bool box_exec(struct arena *a, const struct start *s, const char *life, struct err *err)
{
    const struct box *b = &s->box;
    struct mounts m = { .arena = a };
    struct box_user who = user(a);
    struct box_run run = { .name = box_name(a, s->folder, s->label), .label = s->label, .user = &who, .sandbox = &s->sandbox };
    Str *argv;
    size_t argc;
    if (s->argc + b->entrypoint_count == 0)
        return err_set(err, ERR_INVALID, "the command is empty");
    if (!write_orders(a, s, life, &m, err))
        return false;
    add_task_mounts(a, s, &m);
    run.mounts = m.at.at, run.mount_count = m.at.len;
    if (!box_command(a, b, &run, &argv, &argc, err))
        return false;
    if (b->kind != ENGINE_APPTAINER &&
        !make_file(below(a, s, "container"), 0600, str_printf(a, STR_FMT "\n" STR_FMT "\n", STR_ARG(b->program), STR_ARG(run.name)), err))
        return false;
    char **words = NEW_ARRAY(a, char *, argc + 1);
    for (size_t i = 0; i < argc; i++)
        words[i] = str_z(a, argv[i]);
    if (!redirect(a, s, err))
        return false;
    execve(words[0], words, environ);
    if (errno == E2BIG)
        return err_set(err, ERR_LIMIT, "too many inputs for one command line of %s; put them into a folder or an archive", words[0]);
    return err_errno(err, "cannot run %s", words[0]);
}

// --- what came of it

static void failed(struct arena *a, Str folder, int status, struct box_end *out)
{
    struct err ignored;
    struct command_result said = { .exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status) };
    if (!file_read(a, str_join_path(a, folder, STR("engine")), COMMAND_OUTPUT_MAX, &said.err, &ignored))
        said.err = (Str){ 0 };
    err_set(&out->err, ERR_UNAVAILABLE, "the container could not be started: " STR_FMT, STR_ARG(command_complaint(a, &said)));
}

static void not_reached(struct box_end *out)
{
    static const struct { enum err_code code; const char *text; } texts[] = {
        [BOX_BAD_ORDERS] = { ERR_INTERNAL, "the helper in the container got no orders: " },
        [BOX_NOT_FOUND] = { ERR_NOT_FOUND, "no such program in the image, or not executable: " },
        [BOX_NOT_EXECUTABLE] = { ERR_NOT_FOUND, "cannot be run in the image (is it for another machine, or is its interpreter missing?): " },
        [BOX_TOO_LONG] = { ERR_LIMIT, "the command line and environment are longer than this system allows; pass long lists in a file: " },
        [BOX_NO_FILE] = { ERR_NOT_FOUND, "cannot be opened in the container: " },
        [BOX_SYSTEM] = { ERR_UNAVAILABLE, "cannot start a process in the container: " },
    };
    const struct box_report *r = &out->report;
    err_set(&out->err, texts[r->failure].code, "%s" STR_FMT, texts[r->failure].text, STR_ARG(r->failure_text));
}

void box_end_read(Str folder, int status, struct box_end *out)
{
    struct arena a = { 0 };
    struct err ignored;
    Str text;
    *out = (struct box_end){ .status = status };
    folder = str_copy(&a, folder);
    if (!file_read(&a, str_join_path(&a, folder, STR("report")), REPORT_MAX, &text, &ignored))
        text = (Str){ 0 };
    out->report = box_report_read(text);
    out->has_run = out->report.has_started && !out->report.has_failed;
    if (out->report.has_ended)          // as wait() says it: the signal below, the exit code above
        out->status = out->report.is_signal ? out->report.number & 0x7f : out->report.number << 8;
    else if (out->has_run && WIFEXITED(status))
        out->status = SIGKILL;          // the container was ended from outside, with its helper
    if (out->report.has_failed)
        not_reached(out);
    else if (!out->report.has_started)
        failed(&a, folder, status, out);
    out->report.failure_text = (Str){ 0 };
    if (WIFEXITED(status))
        unlink(str_join_path(&a, folder, STR("container")).data);
    arena_release(&a);
}

// --- the head

bool box_choose(struct arena *a, const struct containers *c, const struct task_spec *spec, struct start *start, struct err *err)
{
    static const enum sandbox_kind kinds[] = { [ENGINE_DOCKER] = SANDBOX_DOCKER, [ENGINE_PODMAN] = SANDBOX_PODMAN,
                                               [ENGINE_APPTAINER] = SANDBOX_APPTAINER };
    struct image image;
    if (!containers_image(a, c, spec->image, &image, err))
        return false;
    const struct engine *e = &c->engine;
    start->sandbox.kind = kinds[e->kind];
    start->box = (struct box){ .kind = e->kind, .program = e->program, .is_rootless = e->is_rootless, .can_limit = e->can_limit,
                               .image = e->kind == ENGINE_APPTAINER ? image_file(a, c->cache, image.id) : image.id,
                               .entrypoint = image.entrypoint, .entrypoint_count = image.entrypoint_count, .helper = c->helper,
                               .workdir = spec->workdir };
    return true;
}

void box_remove(Str folder)
{
    struct arena a = { 0 };
    struct command_result r;
    struct err err;
    Str note;
    folder = str_copy(&a, folder);
    if (file_read(&a, str_join_path(&a, folder, STR("container")), 2 * 4096, &note, &err)) {
        Str program = str_cut(&note, '\n'), name = str_cut(&note, '\n');
        const Str argv[] = { program, STR("rm"), STR("--force"), STR("--volumes"), name };
        if (!str_starts(name, STR("petri-")) || program.data[0] != '/')
            LOG(LOG_WARN, "an attempt's note on its container is damaged");
        else if (!command_run(&a, argv, LEN(argv), (Str){ 0 }, false, &r, &err))
            LOG(LOG_WARN, "a container may be left name=" STR_FMT ": %s", STR_ARG(name), err.text);
        else if (r.exit_code != 0 && str_find(r.err, STR("o such container")) < 0 && str_find(r.err, STR("no container with")) < 0)
            LOG(LOG_WARN, "a container may be left name=" STR_FMT ": " STR_FMT, STR_ARG(name), STR_ARG(command_complaint(&a, &r)));
    }
    arena_release(&a);
}
