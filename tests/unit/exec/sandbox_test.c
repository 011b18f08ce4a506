// SPDX-License-Identifier: Apache-2.0
// What an attempt gets by the settings, what a sandbox shows, and attempts in one. As root and as anybody else.
#include "exec/sandbox.h"

#include <errno.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "exec/cgroup.h"
#include "exec/isolate.h"
#include "exec/proctree.h"
#include "exec/refused.h"
#include "exec/shown.h"
#include "sys/file.h"
#include "unit/exec/rig.h"
#include "unit/test.h"

static struct sandbox choose(struct arena *a, const struct sandbox_settings *settings, struct task_resources resources, int64_t reserved)
{
    struct task_spec spec = { .resources = resources };
    struct attempt attempt = { .spec = &spec, .memory_bytes = reserved };
    struct sandbox out;
    struct err err;
    EXPECT_OK(sandbox_choose(a, settings, &attempt, &out, &err), err);
    return out;
}

TEST(what_a_task_asks_for_itself_is_its_limit_and_grows_with_a_further_try)
{
    enum { MIB = 1 << 20 };
    struct arena a = { 0 };
    struct sandbox_settings settings = { .kind = SANDBOX_NONE };
    struct task_resources asked = { .cores = 1, .cores_limit = 2, .memory_bytes = 100 * MIB, .memory_limit_bytes = 150 * MIB };
    EXPECT_INT(choose(&a, &settings, asked, 100 * MIB).limits.memory_bytes, 150 * MIB);
    EXPECT_INT(choose(&a, &settings, asked, 200 * MIB).limits.memory_bytes, 300 * MIB);
    EXPECT(choose(&a, &settings, asked, 100 * MIB).limits.cores == 2);
    struct task_resources nothing = { .cores = 1, .memory_bytes = 256 * MIB };          // only reserved for it
    EXPECT_INT(choose(&a, &settings, nothing, 256 * MIB).limits.memory_bytes, 0);
    settings.memory = settings.cores = LIMIT_NOT;
    EXPECT_INT(choose(&a, &settings, asked, 100 * MIB).limits.memory_bytes, 0);
    EXPECT(choose(&a, &settings, asked, 100 * MIB).limits.cores == 0);
    arena_release(&a);
}

static bool is_refused(struct arena *a, struct sandbox_settings settings, enum err_code code)
{
    struct task_spec spec = { 0 };
    struct attempt attempt = { .spec = &spec };
    struct sandbox out;
    struct err err;
    return !sandbox_choose(a, &settings, &attempt, &out, &err) && err.code == code;
}

TEST(settings_that_are_not_well_formed_are_refused)
{
    struct arena a = { 0 };
    struct rig r = { 0 };
    rig_write(&r, "token", "x");
    Str token = rig_path(&r, "token");
    static const char *const bad_secrets[] = { "token", "=/x", "token=x", "../x=/etc/hostname", "a/b=/etc/hostname", ".hidden=/etc/hostname", "a b=/etc/hostname" };
    for (size_t i = 0; i < LEN(bad_secrets); i++)
        EXPECT(is_refused(&a, (struct sandbox_settings){ .secrets = str_of(bad_secrets[i]) }, ERR_INVALID));
    EXPECT(is_refused(&a, (struct sandbox_settings){ .secrets = STR_CONST("token=/proc/nowhere/token") }, ERR_NOT_FOUND));
    EXPECT(is_refused(&a, (struct sandbox_settings){ .secrets = STR_CONST("token=/etc") }, ERR_NOT_FOUND));
    EXPECT(is_refused(&a, (struct sandbox_settings){ .paths = STR_CONST("data") }, ERR_INVALID));
    EXPECT(is_refused(&a, (struct sandbox_settings){ .paths = STR_CONST("/data:/x/..") }, ERR_INVALID));
    EXPECT(is_refused(&a, (struct sandbox_settings){ .environment = STR_CONST("A=1") }, ERR_INVALID));
    setenv("SANDBOX_TEST", "yes", 1);
    struct sandbox_settings good = { .secrets = str_printf(&a, "token=" STR_FMT ",", STR_ARG(token)), .paths = STR_CONST("/data/:/opt//x"),
                                     .environment = STR_CONST("SANDBOX_TEST, NOT_SET_ANYWHERE") };
    struct sandbox out = choose(&a, &good, (struct task_resources){ 0 }, 0);
    EXPECT_INT(out.secret_count, 1);
    EXPECT_STR(out.secrets[0].source, token);
    EXPECT_INT(out.path_count, 2);
    EXPECT_STR(out.paths[1], STR("/opt/x"));
    EXPECT_INT(out.env_count, 1);
    EXPECT_STR(out.env[0].value, STR("yes"));
    arena_release(&a);
    arena_release(&r.arena);
}

static bool shows(const struct shown *s, Str path)
{
    for (size_t i = 0; i < s->places.len; i++)
        if (str_eq(s->places.at[i].path, path))
            return true;
    return false;
}

TEST(of_a_home_folder_only_the_programs_in_path_are_shown_and_what_belongs_to_them)
{
    struct rig r = { 0 };
    struct err err;
    struct shown s = { 0 };
    static const char *const folders[] = { "u/env/bin", "u/env/conda-meta", "u/env/data", "u/.tool/bin", "u/.tool/lib", "u/.tool/share/secret", "u/bin",
                                           "u/data", "u/project/.petri", "u/project/bin", "u/project/lib", "u/app/bin", "u/app/lib", "u/app/results" };
    for (size_t i = 0; i < LEN(folders); i++)
        EXPECT_OK(dir_make_all(rig_path(&r, folders[i]), &err), err);
    Str user = rig_path(&r, "u");
    Str path = str_printf(&r.arena, STR_FMT "/env/bin:" STR_FMT "/.tool/bin:" STR_FMT "/bin::relative:" STR_FMT "/app/bin:" STR_FMT "/project/bin:/nowhere", STR_ARG(user),
                          STR_ARG(user), STR_ARG(user), STR_ARG(user), STR_ARG(user));
    shown_find(&r.arena, &s, path, NULL, 0, rig_path(&r, "u/project/.petri"), user);
    EXPECT(shows(&s, rig_path(&r, "u/env")));           // a conda environment holds nothing but programs
    EXPECT(shows(&s, rig_path(&r, "u/.tool/bin")) && shows(&s, rig_path(&r, "u/.tool/lib")));
    EXPECT(shows(&s, rig_path(&r, "u/bin")) && shows(&s, rig_path(&r, "u/project/bin")));
    EXPECT(shows(&s, rig_path(&r, "u/app/lib")));
    static const char *const never[] = { "u", "u/data", "u/project", "u/project/.petri", "u/project/lib", "u/.tool", "u/.tool/share", "u/app", "u/app/results" };
    for (size_t i = 0; i < LEN(never); i++)
        EXPECT(!shows(&s, rig_path(&r, never[i])));
    EXPECT(shows(&s, STR("/usr")) && shows(&s, STR("/etc")));
    arena_release(&r.arena);
}

TEST(the_home_of_petri_is_hidden_whatever_is_to_be_shown)
{
    struct rig r = { 0 };
    struct err err;
    struct shown s = { 0 };
    Str data = rig_path(&r, "data"), home = rig_path(&r, "data/.petri");
    EXPECT_OK(dir_make_all(home, &err), err);
    shown_find(&r.arena, &s, STR("/usr/bin"), &data, 1, home, (Str){ 0 });
    EXPECT(shows(&s, data));
    bool is_hidden = false;
    for (size_t i = 0; i < s.hidden.len; i++)
        is_hidden |= str_eq(s.hidden.at[i].path, home);
    EXPECT(is_hidden);
    arena_release(&r.arena);
}

static void use(struct rig *r, enum sandbox_kind kind)
{
    rig_init(r);
    r->options.settings.kind = kind;
    rig_executor(r, false);
}

TEST(a_task_in_a_sandbox_finds_its_inputs_outputs_and_streams_as_without)
{
    struct rig r;
    if (!rig_can_isolate())
        return;
    use(&r, SANDBOX_BWRAP);
    rig_write(&r, "source", "SOURCE");
    struct tried *t = rig_script(&r, "cat; cat /petri/task/in/0/text; cat linked; cp /petri/task/in/0/name copy; ln -s linked link; ln -s /petri/task/in/0/name far; echo e >&2", "**");
    t->spec.stdin_path = STR("/petri/task/in/0/name");
    rig_stage(&r, t, (struct stage){ .kind = STAGE_FILE, .path = STR_CONST("/petri/task/in/0/name"), .hash = hash_bytes("SOURCE", 6), .size = 6 }, rig_path(&r, "source"), (Str){ 0 });
    rig_stage(&r, t, (struct stage){ .kind = STAGE_TEXT, .path = STR_CONST("/petri/task/in/0/text"), .text = STR_CONST("/petri/task/in") }, (Str){ 0 }, (Str){ 0 });
    rig_stage(&r, t, (struct stage){ .kind = STAGE_FILE, .path = STR_CONST("/petri/task/out/linked"), .hash = hash_bytes("SOURCE", 6), .size = 6 }, rig_path(&r, "source"), (Str){ 0 });
    const struct attempt_outcome *o = rig_run(&r, t);
    EXPECT_INT(o->end, ATTEMPT_EXITED);
    EXPECT_INT(o->exit_code, 0);
    EXPECT_STR(o->log_out.bytes, STR("SOURCE/petri/task/inSOURCE"));
    EXPECT_STR(o->log_err.bytes, STR("e\n"));
    static const char *const kept[] = { "copy", "linked", "link", "far" };
    for (size_t i = 0; i < LEN(kept); i++) {
        EXPECT(rig_output(t, kept[i]) != NULL);
        EXPECT_STR(rig_output(t, kept[i])->bytes, STR("SOURCE"));
    }
    EXPECT(o->sandbox && strcmp(o->sandbox, "bwrap") == 0);
    rig_release(&r);
}

TEST(exit_codes_signals_and_programs_that_are_missing_come_back_out_of_a_sandbox)
{
    struct rig r;
    if (!rig_can_isolate())
        return;
    use(&r, SANDBOX_BWRAP);
    EXPECT_INT(rig_run(&r, rig_script(&r, "exit 7", ""))->exit_code, 7);
    const struct attempt_outcome *o = rig_run(&r, rig_script(&r, "kill -SEGV $$", ""));
    EXPECT_INT(o->end, ATTEMPT_SIGNALED);
    EXPECT_INT(o->signal, 11);
    o = rig_run(&r, rig_command(&r, (const char *const[]){ "no-such-program-anywhere", NULL }));
    EXPECT_INT(o->end, ATTEMPT_NOT_STARTED);
    EXPECT_INT(o->err.code, ERR_NOT_FOUND);
    rig_release(&r);
}

TEST(what_all_processes_of_a_sandbox_used_is_counted_orphans_too)
{
    struct rig r;
    if (!rig_can_isolate())
        return;
    use(&r, SANDBOX_BWRAP);
    const char *script = "(for ((i = 0; i < 300000; i++)); do :; done; touch burnt; sleep 100) & while [ ! -e burnt ]; do sleep 0.05; done";
    const struct attempt_outcome *o = rig_run(&r, rig_script(&r, script, ""));
    EXPECT_INT(o->exit_code, 0);
    EXPECT(o->measured.user + o->measured.system > 100 * MILLISECOND);
    EXPECT(o->measured.peak_memory_bytes > 500000);
    rig_release(&r);
}

TEST(memory_is_measured_over_all_processes_together)
{
    struct rig r;
    rig_init(&r);
    const char *script = "for i in 1 2 3; do (x=$(head -c 20000000 /dev/zero | tr '\\0' x); touch full.$i; "
                         "while [ ! -e full.1 -o ! -e full.2 -o ! -e full.3 ]; do sleep 0.05; done; sleep 1.5) & done; wait";
    const struct attempt_outcome *o = rig_run(&r, rig_script(&r, script, ""));
    EXPECT(o->measured.peak_memory_bytes > 55000000);   // no single one has more than 45 MB
    EXPECT(o->measured.peak_virtual_bytes > o->measured.peak_memory_bytes);
    rig_release(&r);
}

// 3 MB are read by a child and piped to another, then 1 MB by an orphan that the task waits for, but not as its parent.
static void chars_are_counted(enum sandbox_kind kind)
{
    struct rig r;
    use(&r, kind);
    const char *script = "head -c 3000000 /dev/zero | cat >kept; (head -c 1000000 /dev/zero >late && mv late done &); "
                         "while [ ! -e done ]; do sleep 0.05; done";
    const struct measured *m = &rig_run(&r, rig_script(&r, script, ""))->measured;
    EXPECT(m->chars_read >= 7000000 && m->chars_read < 9000000);
    EXPECT(m->chars_written >= 7000000 && m->chars_written < 9000000);
    m = &rig_run(&r, rig_script(&r, "exit 0", ""))->measured;
    EXPECT(m->chars_read >= 0 && m->chars_read < 1000000);      // nothing of the one before
    EXPECT(m->chars_written >= 0 && m->chars_written < 1000000);
    rig_release(&r);
}

TEST(bytes_read_and_written_through_system_calls_are_counted_of_all_processes) { chars_are_counted(SANDBOX_NONE); }

TEST(bytes_read_and_written_in_a_sandbox_are_counted_too)
{
    if (rig_can_isolate())
        chars_are_counted(SANDBOX_BWRAP);
}

TEST(a_cancelled_sandbox_is_asked_first_and_then_killed_with_all_that_is_in_it)
{
    struct rig r;
    if (!rig_can_isolate())
        return;
    use(&r, SANDBOX_BWRAP);
    struct tried *polite = rig_script(&r, "trap 'echo bye; exit 3' TERM; sleep 100 & wait", "");
    struct tried *stubborn = rig_script(&r, "trap '' TERM; (trap '' TERM; sleep 100) & sleep 100", "");
    rig_submit(&r, polite);
    rig_submit(&r, stubborn);
    struct timespec while_they_start = { .tv_nsec = 400000000 };
    nanosleep(&while_they_start, NULL);
    executor_cancel(r.x, &polite->attempt, 20000);
    executor_cancel(r.x, &stubborn->attempt, 300);
    rig_wait(&r);
    EXPECT_INT(polite->outcome.end, ATTEMPT_KILLED);
    EXPECT_STR(polite->outcome.log_out.bytes, STR("bye\n"));
    EXPECT_INT(stubborn->outcome.end, ATTEMPT_KILLED);
    rig_release(&r);
}

TEST(settings_of_a_step_are_for_the_steps_of_its_pattern)
{
    struct rig r;
    if (!rig_can_isolate())
        return;
    rig_init(&r);
    struct local_step steps[] = { { STR_CONST("shut/*"), { .kind = SANDBOX_BWRAP, .outputs = 100 } } };
    r.options.steps = steps, r.options.step_count = 1;
    rig_executor(&r, false);
    struct tried *shut = rig_script(&r, "true", ""), *open = rig_script(&r, "true", "");
    shut->spec.step = STR("shut/in/here");
    open->spec.step = STR("open");
    EXPECT(strcmp(rig_run(&r, shut)->sandbox, "bwrap") == 0);
    EXPECT(strcmp(rig_run(&r, open)->sandbox, "none") == 0);
    rig_release(&r);
}

TEST(mounts_are_made_read_only_one_by_one_too)
{
    int status = 1;
    struct err err;
    if (!rig_can_isolate())
        return;
    Str place = str_of(test_dir());
    pid_t pid = isolate_fork(true);
    EXPECT(pid >= 0);
    if (pid == 0) {
        bool ok = isolate_init(true, &err) && mount(place.data, place.data, NULL, MS_BIND, NULL) == 0 && chdir(place.data) == 0 &&
                  mkdir("before", 0700) == 0 && isolate_read_only_each(place.data, &err);
        _exit(ok && mkdir("after", 0700) < 0 && errno == EROFS ? 0 : 1);
    }
    while (waitpid(pid, &status, 0) < 0)
        continue;
    EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST(a_control_group_is_only_had_where_it_can_be_entered)
{
    struct cgroups groups;
    struct sandbox_limits limits = { .memory_bytes = 256 << 20 };
    cgroups_find(&groups);
    struct cgroup *c = cgroup_new(&groups, &limits, 1);
    if (!c)
        printf("# skipped: this user can make no control groups\n");
    int status = 1;
    struct err err;
    pid_t pid = c ? fork() : 0;
    if (c && pid == 0)
        _exit(cgroup_enter(c, &err) ? 0 : 1);
    if (c) {
        while (waitpid(pid, &status, 0) < 0)
            continue;
        EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        struct cgroup_use use;
        cgroup_read(c, &use);
        EXPECT_INT(use.oom_kills, 0);
        EXPECT(!cgroup_limits_memory(c) || use.peak_bytes > 0);
    }
    EXPECT(!cgroup_limits_memory(NULL));
    cgroup_free(c);
    cgroups_release(&groups);
}

TEST(a_tree_of_processes_is_counted_without_looking_at_the_others)
{
    struct proc_look quick = { 0 }, exact = { 0 };
    proc_tree_look(getpid(), false, &quick);
    proc_tree_look(getpid(), true, &exact);
    EXPECT_INT(quick.count, 1);
    EXPECT_INT(exact.count, 1);
    EXPECT(quick.memory_bytes > 100000 && exact.memory_bytes > 100000);
    EXPECT(quick.virtual_bytes > quick.memory_bytes);
    EXPECT(refused_connections() >= 0);
}
