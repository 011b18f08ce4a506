// SPDX-License-Identifier: Apache-2.0
#include "unit/exec/rig.h"

#include <signal.h>
#include <unistd.h>

#include "exec/isolate.h"
#include "exec/local.h"
#include "store/store.h"
#include "sys/file.h"
#include "sys/loop.h"
#include "unit/test.h"

pid_t rig_runner;

// Started again as "attempt --serve", this test program is a runner, before its main() begins. It must be a new
// program: libuv's hooks into fork() would close the descriptors of a runner that was only forked.
__attribute__((constructor)) static void serve_if_asked(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "attempt") == 0 && strcmp(argv[2], "--serve") == 0)
        exit(attempt_serve(3));         // not _exit: the leak checker speaks here
}

static bool (*start_runner)(pid_t *pid, int *fd, struct err *err);

static bool rig_start_runner(pid_t *pid, int *fd, struct err *err)
{
    bool ok = start_runner(pid, fd, err);
    rig_runner = *pid;
    return ok;
}

static void on_done(void *arg, struct attempt *attempt, const struct attempt_outcome *outcome)
{
    struct rig *r = arg;
    struct tried *t = attempt->owner;
    EXPECT(!t->is_done);
    t->is_done = true;
    t->outcome = *outcome;
    r->waiting--;
    if (r->waiting == 0 || r->only == t)
        loop_stop(r->loop);
}

void rig_executor(struct rig *r, bool keep_attempts)
{
    struct err err;
    executor_free(r->x);
    r->options.keep_attempts = keep_attempts;
    EXPECT_OK((r->x = local_executor_new(r->loop, r->store, r->home, &r->options, &err)) != NULL, err);
    r->x->done = on_done;
    r->x->done_arg = r;
}

void rig_init(struct rig *r)
{
    struct err err;
    *r = (struct rig){ .options = { .settings = { .kind = SANDBOX_NONE, .outputs = 100000 } } };
    r->home = rig_path(r, "home");
    start_runner = start_runner ? start_runner : local_start_runner;
    local_start_runner = rig_start_runner;
    r->loop = loop_new(2);
    EXPECT_OK(dir_make_all(r->home, &err), err);
    EXPECT_OK((r->store = store_open(r->home, true, &err)) != NULL, err);
    rig_executor(r, false);
}

void rig_release(struct rig *r)
{
    executor_free(r->x);
    loop_free(r->loop);
    store_close(r->store);
    arena_release(&r->arena);
}

Str rig_path(struct rig *r, const char *name) { return str_join_path(&r->arena, str_of(test_dir()), str_of(name)); }

void rig_write(struct rig *r, const char *name, const char *text)
{
    struct err err;
    EXPECT_OK(file_write_atomic(rig_path(r, name), str_of(text), &err), err);
}

struct tried *rig_command(struct rig *r, const char *const *argv)
{
    struct tried *t = NEW(&r->arena, struct tried);
    VEC(Str) args = { 0 };
    for (; *argv; argv++)
        vec_push(&r->arena, &args, str_copy(&r->arena, str_of(*argv)));
    t->spec.name = t->spec.step = STR("test");
    t->spec.argv = args.at;
    t->spec.argc = args.len;
    t->attempt = (struct attempt){ .id = ++r->last_id, .spec = &t->spec, .owner = t };
    t->attempt.label = str_printf(&r->arena, "t%d-1-%llu", getpid(), (unsigned long long)r->last_id);
    return t;
}

struct tried *rig_script(struct rig *r, const char *script, const char *globs)
{
    struct tried *t = rig_command(r, (const char *const[]){ "bash", "-c", script, NULL });
    VEC(Str) patterns = { 0 };
    t->spec.keep_all = strcmp(globs, "**") == 0;
    for (Str rest = str_of(globs); rest.len && !t->spec.keep_all;)
        vec_push(&r->arena, &patterns, str_cut(&rest, ' '));
    t->spec.globs = patterns.at;
    t->spec.glob_count = patterns.len;
    return t;
}

void rig_stage(struct rig *r, struct tried *t, struct stage stage, Str source, Str bytes)
{
    size_t n = t->spec.stage_count;
    struct stage *stages = NEW_ARRAY(&r->arena, struct stage, n + 1);
    struct stage_source *sources = NEW_ARRAY(&r->arena, struct stage_source, n + 1);
    for (size_t i = 0; i < n; i++)
        stages[i] = t->spec.stages[i], sources[i] = t->attempt.sources[i];
    stages[n] = stage;
    sources[n] = (struct stage_source){ source, bytes };
    t->spec.stages = stages;
    t->spec.stage_count = n + 1;
    t->attempt.sources = sources;
}

void rig_submit(struct rig *r, struct tried *t)
{
    struct err err;
    EXPECT_OK(executor_submit(r->x, &t->attempt, &r->arena, &err), err);
    r->waiting++;
}

void rig_wait(struct rig *r)
{
    while (r->waiting > 0)
        loop_run(r->loop);
}

const struct attempt_outcome *rig_run(struct rig *r, struct tried *t)
{
    rig_submit(r, t);
    rig_wait(r);
    EXPECT_INT(r->x->running, 0);
    return &t->outcome;
}

void rig_run_one(struct rig *r, struct tried *t)
{
    rig_submit(r, t);
    r->only = t;
    while (!t->is_done)
        loop_run(r->loop);
    r->only = NULL;
}

const struct output *rig_output(const struct tried *t, const char *path)
{
    for (size_t i = 0; i < t->outcome.output_count; i++)
        if (str_is(t->outcome.outputs[i].path, path))
            return &t->outcome.outputs[i];
    return NULL;
}

bool rig_is_alive(struct rig *r, const char *pid_file)
{
    Str text;
    struct err err;
    int64_t pid;
    EXPECT_OK(file_read(&r->arena, rig_path(r, pid_file), 100, &text, &err), err);
    EXPECT(str_to_int(str_trim(text), &pid));
    if (kill((pid_t)pid, 0) < 0)
        return false;
    // A zombie whose parent is init or a test is as good as dead.
    Str stat;
    if (!file_exists(str_printf(&r->arena, "/proc/%d/stat", (int)pid)))
        return false;
    FILE *file = fopen(str_printf(&r->arena, "/proc/%d/stat", (int)pid).data, "re");
    char line[512] = "";
    if (file && !fgets(line, sizeof line, file))
        line[0] = '\0';
    if (file)
        fclose(file);
    stat = str_of(line);
    ptrdiff_t name_end = str_rfind_char(stat, ')');
    return name_end > 0 && stat.data[name_end + 2] != 'Z';
}

size_t rig_attempts(struct rig *r)
{
    Str *names;
    size_t count;
    struct err err;
    EXPECT_OK(dir_list(&r->arena, str_join_path(&r->arena, r->home, STR("attempts")), &names, &count, &err), err);
    size_t labelled = 0;
    for (size_t i = 0; i < count; i++)
        labelled += names[i].data[0] != '.';            // those are spare
    return labelled;
}

bool rig_can_isolate(void)
{
    struct err err;
    bool ok = isolate_probe(&err);
    if (!ok)
        printf("# skipped: %s\n", err.text);
    return ok;
}
