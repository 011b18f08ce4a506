// SPDX-License-Identifier: Apache-2.0
// The executor's parts by themselves: frames, texts, processes, recycled folders.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec/birth.h"
#include "exec/proctree.h"
#include "exec/recycle.h"
#include "exec/start.h"
#include "exec/wire.h"
#include "sys/file.h"
#include "unit/exec/rig.h"
#include "unit/test.h"

TEST(a_frame_that_is_cut_anywhere_is_waited_for_and_a_false_one_is_refused)
{
    struct strbuf b = { 0 };
    enum wire_type type;
    Str payload;
    size_t used, begun = wire_begin(&b, WIRE_CANCEL);
    wire_u64(&b, 7), wire_u32(&b, 8), wire_str(&b, STR("nine"));
    wire_end(&b, begun);
    for (size_t len = 0; len < b.len; len++)
        EXPECT_INT(wire_next(str_first(strbuf_str(&b), len), &type, &payload, &used), 0);
    EXPECT_INT(wire_next(strbuf_str(&b), &type, &payload, &used), 1);
    EXPECT_INT(used, b.len);
    struct wire_reader r = { .rest = payload };
    EXPECT_INT(wire_get_u64(&r), 7);
    EXPECT_INT(wire_get_u32(&r), 8);
    EXPECT_STR(wire_get_str(&r), STR("nine"));
    EXPECT(!r.is_bad);
    EXPECT_INT(wire_get_u32(&r), 0);
    EXPECT(r.is_bad);
    r = (struct wire_reader){ .rest = STR_CONST("\xff\xff\xff\xff short") };
    EXPECT_INT(wire_get_str(&r).len, 0);
    EXPECT(r.is_bad);
    b.data[4] = 99;
    EXPECT_INT(wire_next(strbuf_str(&b), &type, &payload, &used), -1);
    strbuf_release(&b);
}

TEST(a_description_comes_back_as_it_was_and_never_when_it_was_cut)
{
    struct arena a = { 0 };
    struct strbuf b = { 0 };
    struct start got;
    enum wire_type type;
    Str payload;
    size_t used;
    const Str argv[] = { STR_CONST("one"), STR_CONST("") };
    const struct stage stages[] = {
        { .kind = STAGE_TEXT, .path = STR_CONST("/petri/task/in/x"), .text = STR_CONST("t"), .is_writable = true }
    };
    const struct stage_source sources[1] = { 0 };
    const struct env_var env[] = { { STR_CONST("A"), STR_CONST("B") } };
    struct task_spec spec = { .argv = argv, .argc = 2, .env = env, .env_count = 1, .stages = stages, .stage_count = 1 };
    struct attempt attempt = { .label = STR_CONST("label"), .spec = &spec, .sources = sources };
    const struct sandbox_secret secrets[] = { { STR_CONST("token"), STR_CONST("/users/u/token") } };
    const Str paths[] = { STR_CONST("/data") };
    const struct start start = {
        .id = 5, .folder = STR_CONST("/folder"), .spare = STR_CONST("/spare"), .search_path = STR_CONST("/bin"), .home = STR_CONST("/users/u/.petri"),
        .sandbox = { .kind = SANDBOX_BWRAP, .network = true, .limits = { .memory_bytes = 7, .processes = 8, .file_bytes = 9, .cores = 1.5 },
                     .secrets = secrets, .secret_count = 1, .paths = paths, .path_count = 1, .env = env, .env_count = 1 },
        .box = { .kind = ENGINE_PODMAN, .is_rootless = true, .program = STR_CONST("/bin/podman"), .image = STR_CONST("sha256:1"),
                 .entrypoint = argv, .entrypoint_count = 2, .workdir = STR_CONST("/other") },
    };
    start_encode(&b, &start, &attempt);
    EXPECT_INT(wire_next(strbuf_str(&b), &type, &payload, &used), 1);
    EXPECT(start_decode_head(&a, payload, &got) && got.is_light);
    EXPECT_INT(got.sandbox.kind, SANDBOX_BWRAP);
    EXPECT_STR(got.home, STR("/users/u/.petri"));
    EXPECT(start_decode(&a, payload, &got));
    EXPECT_INT(got.id, 5);
    EXPECT_STR(got.spare, STR("/spare"));
    EXPECT_STR(got.argv[0], STR("one"));
    EXPECT_STR(got.env[0].value, STR("B"));
    EXPECT(got.stages[0].is_writable && !got.stages[0].is_executable);
    EXPECT_STR(got.stages[0].text, STR("t"));
    EXPECT(got.sandbox.network && got.sandbox.limits.cores == 1.5);
    EXPECT_INT(got.sandbox.limits.memory_bytes, 7);
    EXPECT_INT(got.sandbox.limits.file_bytes, 9);
    EXPECT_STR(got.sandbox.secrets[0].source, STR("/users/u/token"));
    EXPECT_STR(got.sandbox.paths[0], STR("/data"));
    EXPECT_STR(got.sandbox.env[0].name, STR("A"));
    EXPECT(got.box.kind == ENGINE_PODMAN && got.box.is_rootless && !got.box.can_limit);
    EXPECT_STR(got.box.entrypoint[0], STR("one"));
    EXPECT_STR(got.box.workdir, STR("/other"));
    for (size_t len = 0; len < payload.len; len++)
        EXPECT(!start_decode(&a, str_first(payload, len), &got));
    strbuf_release(&b);
    arena_release(&a);
}

TEST(the_task_root_is_replaced_where_it_stands_for_itself)
{
    static const struct {
        const char *text, *want;
    } table[] = {
        { "/petri/task", "/F" },
        { "/petri/task/out/x", "/F/out/x" },
        { "-I/petri/task/in:/petri/task/tmp", "-I/F/in:/F/tmp" },
        { "/petri/task2", "/petri/task2" },
        { "/petri/task.x", "/petri/task.x" },
        { "/petri/task_", "/petri/task_" },
        { "x='/petri/task'", "x='/F'" },
        { "/petri/task/petri/task", "/F/F" },
        { "/petri/tas", "/petri/tas" },
        { "", "" },
        { "/petri/task-/petri/task ", "/petri/task-/F " },
    };
    struct arena a = { 0 };
    for (size_t i = 0; i < LEN(table); i++)
        EXPECT_STR(start_localize(&a, str_of(table[i].text), STR("/F")), str_of(table[i].want));
    arena_release(&a);
}

TEST(staging_and_exec_report_what_fails)
{
    struct arena a = { 0 };
    struct err err;
    struct start s = { .folder = str_of("/proc/nowhere/x"), .sandbox = { .kind = SANDBOX_NONE } };
    struct start_streams streams;
    EXPECT_ERR(start_stage_all(&a, &s, &err), err, ERR_NOT_FOUND);
    EXPECT_ERR(start_open_streams(&a, &s, &streams, &err), err, ERR_NOT_FOUND);
    EXPECT_ERR(start_exec(&a, &s, &streams, &err), err, ERR_INVALID);
    arena_release(&a);
}

TEST(a_birth_that_fails_says_why)
{
    struct birth_report report;
    int said[2];
    EXPECT(pipe2(said, O_CLOEXEC | O_NONBLOCK) == 0);
    birth_read(said[0], &report);
    EXPECT(report.err.code == ERR_NONE && !report.has_status);          // nothing said
    struct birth b = { .payload = STR_CONST("damaged"), .report_fd = said[1], .parent = getpid(), .start.sandbox.kind = SANDBOX_NONE };
    waitpid(birth_give(&b), NULL, 0);
    birth_read(said[0], &report);
    EXPECT_INT(report.err.code, ERR_INTERNAL);
    EXPECT(!report.has_status);
    close(said[0]), close(said[1]);
}

static pid_t sleeping_child(const char *label, int mark)
{
    int ready[2];
    char byte;
    EXPECT(pipe2(ready, O_CLOEXEC) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        char *env[] = { (char *)label, NULL };
        proc_mark(mark);
        execle("/bin/sleep", "sleep", "100", NULL, env);
        _exit(1);
    }
    close(ready[1]);
    EXPECT_INT(read(ready[0], &byte, 1), 0);            // exec closed the other end; its environment comes a little later
    for (int i = 0; i < 1000 && !proc_has_label(pid, (Str){ 0 }, true); i++)
        usleep(1000);
    close(ready[0]);
    return pid;
}

TEST(a_process_is_known_by_its_mark_its_label_and_its_parent)
{
    proc_marks_init();
    pid_t pid = sleeping_child("PETRI_ATTEMPT=run-1-2", 17);
    PidList direct = { 0 }, tree = { 0 };
    struct proc_use use = { 0 };
    EXPECT_INT(proc_mark_of(pid), 17);
    EXPECT_INT(proc_mark_of(getpid()), -1);
    EXPECT(proc_has_label(pid, STR("run-1-2"), false));
    EXPECT(!proc_has_label(pid, STR("run-1"), false));
    EXPECT(proc_has_label(pid, STR("run-1"), true));
    proc_children(&direct);
    EXPECT_INT(direct.len, 1);
    EXPECT_INT(direct.at[0], pid);
    struct proc_table *table = proc_table_new();
    proc_table_tree(table, getpid(), &tree, &use);
    EXPECT(tree.len >= 2);
    EXPECT(use.memory_bytes > 0);
    proc_table_free(table);
    signal(SIGCHLD, SIG_IGN);                           // reaped at once: proc_kill_labelled waits until it is gone
    EXPECT_INT(proc_kill_labelled((const Str[]){ STR_CONST("run-1-2") }, 1, false), 0);
    EXPECT(kill(pid, 0) < 0);
    free(direct.at);
    free(tree.at);
}

TEST(marks_are_off_inside_of_a_task)
{
    setenv(PROC_MARKER, "outer-1-1", 1);
    proc_marks_init();
    pid_t pid = sleeping_child("X=Y", 3);
    EXPECT_INT(proc_mark_of(pid), -1);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void make_attempt(struct rig *r)
{
    struct err err;
    EXPECT_OK(dir_make_all(rig_path(r, "attempts/one/out/sub"), &err), err);
    EXPECT_OK(dir_make_all(rig_path(r, "attempts/one/tmp"), &err), err);
    rig_write(r, "attempts/one/out/sub/file", "x");
    rig_write(r, "attempts/one/stdout", "log");
}

TEST(a_recycled_folder_is_empty_and_one_that_was_tampered_with_is_refused)
{
    struct rig r = { 0 };
    umask(0077);                        // as in attempts
    Str one = rig_path(&r, "attempts/one"), spare = rig_path(&r, "attempts/.spare-1");
    make_attempt(&r);
    chmod(rig_path(&r, "attempts/one/out").data, 0755);
    EXPECT(!folder_recycle(one, spare, NULL));
    chmod(rig_path(&r, "attempts/one/out").data, 0700);
    EXPECT(folder_recycle(one, spare, NULL));
    struct stat st;
    EXPECT(file_stat(rig_path(&r, "attempts/.spare-1/stdout"), &st));
    EXPECT_INT(st.st_size, 0);
    EXPECT(!file_exists(rig_path(&r, "attempts/.spare-1/out/sub")));
    make_attempt(&r);
    rmdir(rig_path(&r, "attempts/one/tmp").data);
    EXPECT(!folder_recycle(one, spare, NULL));
    spares_remove(rig_path(&r, "attempts"));
    EXPECT(!file_exists(spare));
    EXPECT(file_exists(one));
    arena_release(&r.arena);
}
