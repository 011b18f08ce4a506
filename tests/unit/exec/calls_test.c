// SPDX-License-Identifier: Apache-2.0
// Each system call between fork and exec fails in turn. Whichever it is: no command runs in less of a sandbox than was asked for, and who
// is not started says why.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec/birth.h"
#include "exec/container/boxed.h"
#include "exec/isolate.h"
#include "sys/file.h"
#include "unit/exec/rig.h"
#include "unit/failing.h"
#include "unit/test.h"

struct site {
    struct arena arena;
    Str folder;                         // the attempt's
    struct strbuf frame;
    struct birth birth;
    int report[2];
    struct lifeline *life;              // NULL: not in a container
};

// What the command says: in what it finds itself. "weak" where something of the sandbox is missing.
#define STRONG \
    "grep -q 'NoNewPrivs:.*1' /proc/self/status && grep -q 'Seccomp:.*2' /proc/self/status && grep -q 'CapBnd:.*0000000000000000' /proc/self/status && " \
    "! touch /outside 2>/dev/null && ! touch $0 2>/dev/null && [ ! -e $1 ] && [ \"$(ls /proc/self/fd | tr -d '\\n')\" = 0123 ] && [ $$ -lt 100 ] "
#define SCRIPT_STRONG "if " STRONG "; then echo strong; else echo weak; fi"

static Str at(struct site *s, const char *name) { return str_join_path(&s->arena, str_of(test_dir()), str_of(name)); }

// The engine's client is a program that says on its standard output, where the helper reports, what orders it finds.
static void become_boxed(struct site *s, struct start *start)
{
    struct err err;
    static struct lifeline life;
    Str engine = at(s, "engine"), body = str_printf(&s->arena, "#!/bin/sh\ncd %s; [ -p box/life ] && grep -a -q INPUTS box/orders && echo started && "
                                                    "echo end exit 0\n", s->folder.data);
    EXPECT_OK(file_write_atomic(engine, body, &err), err);
    EXPECT(chmod(engine.data, 0755) == 0);
    EXPECT_OK(lifeline_make(&life, str_of(test_dir()), 1, &err), err);
    start->box = (struct box){ .kind = ENGINE_DOCKER, .program = engine, .image = STR("sha256:x"), .helper = engine };
    s->birth.life = life.path;
    s->life = &life;
}

static void site_init(struct site *s, enum sandbox_kind kind, const char *script, int number)
{
    struct err err;
    *s = (struct site){ .report = { -1, -1 } };
    s->folder = at(s, str_z(&s->arena, str_printf(&s->arena, "a%d", number)));
    EXPECT_OK(file_write_atomic(at(s, "input"), STR("INPUT"), &err), err);
    EXPECT_OK(file_write_atomic(at(s, "host"), STR("of the machine"), &err), err);
    const Str argv[] = { STR_CONST("/bin/bash"), STR_CONST("-c"), str_of(script), STR_CONST(TASK_IN "/x"), at(s, "host") };
    const struct stage stages[] = { { .kind = STAGE_FILE, .path = STR_CONST(TASK_IN "/x"), .size = 5 },
                                    { .kind = STAGE_TEXT, .path = STR_CONST(TASK_OUT "/text"), .text = STR_CONST("t") } };
    const struct stage_source sources[] = { { .path = at(s, "input") }, { .path = { 0 } } };
    const struct task_spec spec = { .argv = (Str *)argv, .argc = LEN(argv), .stages = (struct stage *)stages, .stage_count = LEN(stages) };
    const struct attempt attempt = { .label = STR("run-1-1"), .spec = &spec, .sources = sources };
    struct start start = { .folder = s->folder, .search_path = STR("/usr/bin:/bin"), .home = str_of(test_dir()), .sandbox = { .kind = kind } };
    start.sandbox.limits.open_files = 100;
    start.sandbox.limits.file_bytes = 1 << 20;
    if (kind == SANDBOX_DOCKER)
        become_boxed(s, &start);
    start_encode(&s->frame, &start, &attempt);
    s->birth.payload = str_from(strbuf_str(&s->frame), 5);
    EXPECT(start_decode_head(&s->birth.arena, s->birth.payload, &s->birth.start));
    s->birth.start.sandbox.kind = kind;
    s->birth.parent = getpid();
    s->birth.files = (struct rlimit){ 1024, 1024 };
    if (kind == SANDBOX_BWRAP)
        shown_find(&s->birth.arena, &s->birth.shown, STR("/usr/bin:/bin"), NULL, 0, str_of(test_dir()), (Str){ 0 });
    EXPECT(pipe2(s->report, O_CLOEXEC | O_NONBLOCK) == 0);
    s->birth.report_fd = s->report[1];
}

static void site_release(struct site *s)
{
    struct err err;
    if (file_exists(s->folder))
        EXPECT_OK(tree_remove(s->folder, &err), err);
    if (s->life)
        lifeline_cut(s->life);
    close(s->report[0]), close(s->report[1]);
    strbuf_release(&s->frame);
    arena_release(&s->birth.arena);
    arena_release(&s->arena);
}

// How the command ended, as the runner would see it; what it wrote is in *said.
static void read_end(struct site *s, struct birth_report *report, int *status, Str *said)
{
    struct err err;
    birth_read(s->report[0], report);
    const char *where = s->life ? "report" : "stdout";
    if (!file_read(&s->arena, str_join_path(&s->arena, s->folder, str_of(where)), 4096, said, &err))
        *said = STR("");
    if (report->has_status)
        *status = report->status;
}

static void each_call_fails(enum sandbox_kind kind, const char *script, const char *wanted, int error)
{
    bool more = true;
    int refused = 0, started = 0;
    fail_with(error);
    for (int n = 1; more; n++) {
        struct site s;
        struct birth_report report = { .err = { .code = ERR_NONE } };
        Str said = STR("");
        site_init(&s, kind, script, n);
        fail_call(n);
        pid_t pid = birth_give(&s.birth);
        int status = -1;
        if (pid > 0)
            while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
                continue;
        more = call_failed();
        read_end(&s, &report, &status, &said);
        if (report.err.code != ERR_NONE) {
            refused++;
            EXPECT(report.err.text[0] != '\0');
            EXPECT_STR(said, STR(""));
        } else if (status == 0) {
            started++;
            if (!str_is(said, wanted))
                test_fail(__FILE__, __LINE__, "call %d failed, and the command said '" STR_FMT "'", n, STR_ARG(said));
        } else if (said.len && !str_is(said, wanted)) {
            test_fail(__FILE__, __LINE__, "call %d failed, and the command, which ended with %d, said '" STR_FMT "'", n, status, STR_ARG(said));
        }
        site_release(&s);
    }
    EXPECT(started > 0);
    EXPECT(error == EINTR || refused > 20);
    printf("# %d not started, %d started\n", refused, started);
}

TEST(whichever_call_fails_no_command_runs_in_less_than_its_sandbox)
{
    for (int i = 2; i < 64; i++)        // they are given up one by one, all in the same way: two stand for all where we may
        prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
    if (rig_can_isolate())
        each_call_fails(SANDBOX_BWRAP, SCRIPT_STRONG, "strong\n", EIO);
}

TEST(whichever_call_fails_without_a_sandbox_a_command_has_its_inputs_and_streams_or_does_not_run)
{
    each_call_fails(SANDBOX_NONE, "cat $0 ../out/text", "INPUTt", EIO);
}

TEST(whichever_call_fails_an_engine_is_called_with_all_of_its_orders_or_not_at_all)
{
    each_call_fails(SANDBOX_DOCKER, "echo INPUTS", "started\nend exit 0\n", EIO);
}
