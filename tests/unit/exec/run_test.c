// SPDX-License-Identifier: Apache-2.0
// Starting, staging and ending of attempts, with real processes.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exec/local.h"
#include "store/store.h"
#include "sys/file.h"
#include "unit/exec/rig.h"
#include "unit/test.h"

TEST(a_program_that_is_not_installed_is_said_by_name)
{
    struct rig r;
    rig_init(&r);
    struct tried *t = rig_command(&r, (const char *const[]){ "bwa-that-nobody-has", "mem", NULL });
    const struct attempt_outcome *o = rig_run(&r, t);
    EXPECT_INT(o->end, ATTEMPT_NOT_STARTED);
    EXPECT_INT(o->err.code, ERR_NOT_FOUND);
    EXPECT(str_starts(str_of(o->err.text), STR("bwa-that-nobody-has: not found in PATH (")));
    EXPECT_INT(rig_attempts(&r), 0);
    rig_release(&r);
}

TEST(a_missing_interpreter_an_empty_command_and_a_nul_byte_are_not_started)
{
    struct rig r;
    rig_init(&r);
    rig_write(&r, "script", "#!/no/such/interpreter\n");
    chmod(rig_path(&r, "script").data, 0755);
    struct tried *t = rig_command(&r, (const char *const[]){ rig_path(&r, "script").data, NULL });
    EXPECT_INT(rig_run(&r, t)->end, ATTEMPT_NOT_STARTED);
    EXPECT_INT(t->outcome.err.code, ERR_NOT_FOUND);
    t = rig_command(&r, (const char *const[]){ NULL });
    EXPECT_INT(rig_run(&r, t)->end, ATTEMPT_NOT_STARTED);
    EXPECT_INT(t->outcome.err.code, ERR_INVALID);
    t = rig_command(&r, (const char *const[]){ "true", NULL });
    t->spec.argv = (const Str[]){ STR_CONST("true"), STR_CONST("a\0b") };
    t->spec.argc = 2;
    EXPECT_INT(rig_run(&r, t)->end, ATTEMPT_NOT_STARTED);
    EXPECT_INT(t->outcome.err.code, ERR_INVALID);
    rig_release(&r);
}

TEST(a_label_that_is_no_folder_name_is_refused)
{
    struct rig r;
    struct err err;
    rig_init(&r);
    struct tried *t = rig_script(&r, "true", "");
    t->attempt.label = STR("../evil");
    EXPECT_ERR(executor_submit(r.x, &t->attempt, &r.arena, &err), err, ERR_INVALID);
    rig_release(&r);
}

TEST(a_stage_outside_of_the_task_root_or_without_its_source_is_not_started)
{
    struct rig r;
    rig_init(&r);
    const char *const bad[] = { "/etc/evil",           "/petri/task/../x", "/petri/task",
                                "/petri/task/out/./x", "/petri/taskx/y",   "x" };
    for (size_t i = 0; i < LEN(bad); i++) {
        struct tried *t = rig_script(&r, "true", "");
        rig_stage(&r, t, (struct stage){ .kind = STAGE_TEXT, .path = str_of(bad[i]), .text = STR("x") }, (Str){ 0 },
                  (Str){ 0 });
        EXPECT_INT(rig_run(&r, t)->end, ATTEMPT_NOT_STARTED);
        EXPECT_INT(t->outcome.err.code, ERR_INVALID);
    }
    struct tried *t = rig_script(&r, "true", "");
    rig_stage(&r, t, (struct stage){ .kind = STAGE_FILE, .path = STR(TASK_IN "/0/x") }, rig_path(&r, "absent"),
              (Str){ 0 });
    EXPECT_INT(rig_run(&r, t)->end, ATTEMPT_NOT_STARTED);
    EXPECT_INT(t->outcome.err.code, ERR_NOT_FOUND);
    EXPECT(str_starts(str_of(t->outcome.err.text), STR("cannot stage " TASK_IN "/0/x: its source ")));
    rig_release(&r);
}

TEST(exit_codes_and_signals_come_back)
{
    struct rig r;
    rig_init(&r);
    struct tried *t = rig_script(&r, "echo out; echo err >&2; exit 7", "");
    const struct attempt_outcome *o = rig_run(&r, t);
    EXPECT_INT(o->end, ATTEMPT_EXITED);
    EXPECT_INT(o->exit_code, 7);
    EXPECT_STR(o->log_out.bytes, STR("out\n"));
    EXPECT_STR(o->log_err.bytes, STR("err\n"));
    EXPECT(o->measured.wall > 0 && o->measured.started > 0 && o->measured.ended >= o->measured.started);
    EXPECT(o->measured.peak_memory_bytes > 0);
    t = rig_script(&r, "kill -SEGV $$", "");
    EXPECT_INT(rig_run(&r, t)->end, ATTEMPT_SIGNALED);
    EXPECT_INT(t->outcome.signal, SIGSEGV);
    EXPECT_INT(rig_attempts(&r), 0);
    rig_release(&r);
}

TEST(a_file_that_was_asked_for_is_kept_inline_when_small_and_in_the_store_when_large)
{
    struct rig r;
    struct err err;
    Str path;
    rig_init(&r);
    struct tried *t = rig_script(&r, "echo hello > a.txt; head -c 5000 /dev/zero > b.bin; chmod +x b.bin; echo no > c",
                                 "*.txt b.bin");
    EXPECT_INT(rig_run(&r, t)->end, ATTEMPT_EXITED);
    EXPECT_INT(t->outcome.output_count, 2);
    const struct output *a = rig_output(t, "a.txt"), *b = rig_output(t, "b.bin");
    EXPECT(a && a->is_inline && !a->is_executable);
    EXPECT_STR(a->bytes, STR("hello\n"));
    EXPECT(hash_eq(a->hash, hash_bytes("hello\n", 6)));
    EXPECT(b && !b->is_inline && b->is_executable);
    EXPECT_INT(b->size, 5000);
    EXPECT_OK(store_locate(r.store, b->hash, &r.arena, &path, &err), err);
    rig_release(&r);
}

TEST(outputs_of_a_failed_command_are_not_kept_but_its_logs_are)
{
    struct rig r;
    rig_init(&r);
    struct tried *t = rig_script(&r, "echo x > a; head -c 5000 /dev/zero; exit 1", "a");
    EXPECT_INT(rig_run(&r, t)->output_count, 0);
    EXPECT(!t->outcome.log_out.is_inline);
    EXPECT_INT(t->outcome.log_out.size, 5000);
    EXPECT(store_has(r.store, t->outcome.log_out.hash));
    rig_release(&r);
}

TEST(each_kind_of_stage_is_there_as_promised)
{
    struct rig r;
    rig_init(&r);
    rig_write(&r, "source", "SOURCE");
    Str source = rig_path(&r, "source");
    struct tried *t = rig_script(&r,
        "set -e; cd " TASK_IN "; [ -L 0/link ] && cat 0/link; cat 0/bytes; cat 0/text; [ ! -L 0/own ]; [ -w 0/own ]; "
        "echo +changed >> 0/own; cat 0/own; 0/run; [ -d folder/empty ]; stat -c %a 0/bytes 0/run folder; cat", "");
    rig_stage(&r, t, (struct stage){ .kind = STAGE_FILE, .path = STR(TASK_IN "/0/link") }, source, (Str){ 0 });
    rig_stage(&r, t, (struct stage){ .kind = STAGE_FILE, .path = STR(TASK_IN "/0/bytes") }, (Str){ 0 },
              STR("/petri/task BYTES"));
    rig_stage(&r, t, (struct stage){ .kind = STAGE_TEXT, .path = STR(TASK_IN "/0/text"), .text = STR("TEXT\n") },
              (Str){ 0 }, (Str){ 0 });
    rig_stage(&r, t, (struct stage){ .kind = STAGE_FILE, .path = STR(TASK_IN "/0/own"), .is_writable = true }, source,
              (Str){ 0 });
    rig_stage(&r, t, (struct stage){ .kind = STAGE_TEXT, .path = STR(TASK_IN "/0/run"), .is_executable = true,
                                     .text = STR("#!/bin/sh\necho ran\n") }, (Str){ 0 }, (Str){ 0 });
    rig_stage(&r, t, (struct stage){ .kind = STAGE_DIR, .path = STR(TASK_IN "/folder/empty") }, (Str){ 0 }, (Str){ 0 });
    t->spec.stdin_path = STR(TASK_IN "/0/link");
    EXPECT_INT(rig_run(&r, t)->end, ATTEMPT_EXITED);
    EXPECT_STR(t->outcome.log_err.bytes, STR(""));
    EXPECT_STR(t->outcome.log_out.bytes,
               STR("SOURCE/petri/task BYTESTEXT\nSOURCE+changed\nran\n400\n500\n700\nSOURCE"));
    Str after;
    struct err err;
    EXPECT_OK(file_read(&r.arena, source, 100, &after, &err), err);
    EXPECT_STR(after, STR("SOURCE"));
    rig_release(&r);
}

TEST(an_executable_stage_is_a_copy_when_its_source_is_not)
{
    struct rig r;
    rig_init(&r);
    rig_write(&r, "tool", "#!/bin/sh\necho tool\n");
    struct tried *t = rig_command(&r, (const char *const[]){ TASK_IN "/0/tool", NULL });
    rig_stage(&r, t, (struct stage){ .kind = STAGE_FILE, .path = STR(TASK_IN "/0/tool"), .is_executable = true },
              rig_path(&r, "tool"), (Str){ 0 });
    EXPECT_INT(rig_run(&r, t)->end, ATTEMPT_EXITED);
    EXPECT_STR(t->outcome.log_out.bytes, STR("tool\n"));
    rig_release(&r);
}

TEST(the_environment_is_exactly_what_was_promised)
{
    struct rig r;
    setenv("SECRET_OF_THE_HEAD", "1", 1);
    setenv("PATH", "/usr/bin:/bin", 1);
    rig_init(&r);
    struct tried *t = rig_command(&r, (const char *const[]){ "env", NULL });
    t->spec.env = (const struct env_var[]){ { STR_CONST("LANG"), STR_CONST("C.UTF-8") },
                                            { STR_CONST("WHERE"), STR_CONST(TASK_IN ":/petri/tasks") } };
    t->spec.env_count = 2;
    EXPECT_INT(rig_run(&r, t)->end, ATTEMPT_EXITED);
    Str folder = str_printf(&r.arena, STR_FMT "/attempts/00000000000000000000", STR_ARG(r.home));
    Str want = str_printf(&r.arena,
                          "PETRI_ATTEMPT=" STR_FMT "\nPATH=/usr/bin:/bin\nHOME=" STR_FMT "/out\nTMPDIR=" STR_FMT
                          "/tmp\nLANG=C.UTF-8\nWHERE=" STR_FMT "/in:/petri/tasks\n",
                          STR_ARG(t->attempt.label), STR_ARG(folder), STR_ARG(folder), STR_ARG(folder));
    EXPECT_STR(t->outcome.log_out.bytes, want);
    t = rig_script(&r, "echo $HOME $PATH; umask; ulimit -c; pwd; trap", "");
    t->spec.env =
        (const struct env_var[]){ { STR_CONST("HOME"), STR_CONST("/mine") }, { STR_CONST("PATH"), STR_CONST("/bin") } };
    t->spec.env_count = 2;
    rig_run(&r, t);
    folder = str_printf(&r.arena, STR_FMT "/attempts/00000000000000000000", STR_ARG(r.home));
    EXPECT_STR(t->outcome.log_out.bytes,
               str_printf(&r.arena, "/mine /bin\n0077\n0\n" STR_FMT "/out\n", STR_ARG(folder)));
    rig_release(&r);
}

TEST(no_descriptor_but_the_standard_three_reaches_the_task)
{
    struct rig r;
    rig_init(&r);
    struct tried *t = rig_command(&r, (const char *const[]){ "ls", "/proc/self/fd", NULL });
    rig_run(&r, t);
    EXPECT_STR(t->outcome.log_out.bytes, STR("0\n1\n2\n3\n"));     // 3 is the folder that ls reads
    rig_release(&r);
}

TEST(streams_go_to_named_files_and_never_through_a_staged_link)
{
    struct rig r;
    struct err err;
    rig_init(&r);
    rig_write(&r, "source", "SOURCE");
    struct tried *t = rig_script(&r, "echo out; echo err >&2", "**");
    t->spec.stdout_name = STR("sub/o.txt");
    t->spec.stderr_name = STR("e.txt");
    rig_stage(&r, t, (struct stage){ .kind = STAGE_FILE, .path = STR(TASK_OUT "/e.txt") }, rig_path(&r, "source"),
              (Str){ 0 });
    EXPECT_INT(rig_run(&r, t)->end, ATTEMPT_EXITED);
    EXPECT_STR(rig_output(t, "sub/o.txt")->bytes, STR("out\n"));
    EXPECT_STR(rig_output(t, "e.txt")->bytes, STR("err\n"));
    EXPECT_INT(t->outcome.log_out.size, 0);
    Str after;
    EXPECT_OK(file_read(&r.arena, rig_path(&r, "source"), 100, &after, &err), err);
    EXPECT_STR(after, STR("SOURCE"));
    t = rig_script(&r, "echo out; echo err >&2", "both");
    t->spec.stdout_name = t->spec.stderr_name = STR("both");
    rig_run(&r, t);
    EXPECT_STR(rig_output(t, "both")->bytes, STR("out\nerr\n"));
    t = rig_script(&r, "true", "");
    t->spec.stdout_name = STR("../x");
    EXPECT_INT(rig_run(&r, t)->end, ATTEMPT_NOT_STARTED);
    rig_release(&r);
}

TEST(an_argument_list_of_a_megabyte_arrives_and_one_that_is_too_long_is_said)
{
    struct rig r;
    rig_init(&r);
    enum { ARGS = 1024, SIZE = 1024 };
    Str *argv = NEW_ARRAY(&r.arena, Str, ARGS + 4);
    char *text = arena_alloc(&r.arena, SIZE);
    memset(text, 'x', SIZE);
    argv[0] = STR("bash"), argv[1] = STR("-c"), argv[2] = STR("printf %s \"$@\" | wc -c"), argv[3] = STR("name");
    for (int i = 0; i < ARGS; i++)
        argv[4 + i] = (Str){ text, SIZE };
    struct tried *t = rig_script(&r, "true", "");
    t->spec.argv = argv, t->spec.argc = ARGS + 4;
    EXPECT_INT(rig_run(&r, t)->end, ATTEMPT_EXITED);
    EXPECT_STR(str_trim(t->outcome.log_out.bytes), STR("1048576"));
    char *long_text = arena_alloc(&r.arena, 8 << 20);
    memset(long_text, 'x', 8 << 20);
    t = rig_script(&r, "true", "");
    t->spec.argv = (const Str[]){ STR_CONST("true"), { long_text, 8 << 20 } }, t->spec.argc = 2;
    EXPECT_INT(rig_run(&r, t)->end, ATTEMPT_NOT_STARTED);
    EXPECT_INT(t->outcome.err.code, ERR_LIMIT);
    rig_release(&r);
}

TEST(a_text_of_many_megabytes_is_staged)
{
    struct rig r;
    rig_init(&r);
    size_t size = 20 << 20;
    char *text = arena_alloc(&r.arena, size);
    memset(text, 'x', size);
    struct tried *t = rig_script(&r, "wc -c < " TASK_IN "/0/big", "");
    rig_stage(&r, t, (struct stage){ .kind = STAGE_TEXT, .path = STR(TASK_IN "/0/big"), .text = { text, size } },
              (Str){ 0 }, (Str){ 0 });
    EXPECT_INT(rig_run(&r, t)->end, ATTEMPT_EXITED);
    EXPECT_STR(str_trim(t->outcome.log_out.bytes), STR("20971520"));
    rig_release(&r);
}

TEST(two_hundred_tasks_run_at_once)
{
    struct rig r;
    rig_init(&r);
    struct tried *tried[200];
    for (size_t i = 0; i < LEN(tried); i++) {
        tried[i] = rig_script(&r, "echo $0 > x; while [ ! -e ../../go ]; do sleep 0.1; done", "x");
        rig_submit(&r, tried[i]);
    }
    struct tried *opener = rig_script(&r, "touch ../../go", "");
    rig_submit(&r, opener);
    rig_wait(&r);
    for (size_t i = 0; i < LEN(tried); i++) {
        EXPECT_INT(tried[i]->outcome.end, ATTEMPT_EXITED);
        EXPECT(rig_output(tried[i], "x"));
    }
    rig_release(&r);
}

TEST(a_script_without_a_first_line_is_run_by_the_shell)
{
    struct rig r;
    rig_init(&r);
    rig_write(&r, "plain", "echo plain $1\n");
    chmod(rig_path(&r, "plain").data, 0755);
    struct tried *t = rig_command(&r, (const char *const[]){ rig_path(&r, "plain").data, "one", NULL });
    rig_run(&r, t);
    EXPECT_STR(t->outcome.log_out.bytes, STR("plain one\n"));
    rig_release(&r);
}

TEST(kept_attempts_stay_and_a_sweep_takes_only_those_of_its_run)
{
    struct rig r;
    rig_init(&r);
    rig_executor(&r, true);
    struct tried *one = rig_script(&r, "echo x > left", ""), *two = rig_script(&r, "exit 1", "");
    one->attempt.label = STR("one-1-1"), two->attempt.label = STR("two-1-1");
    EXPECT_INT(rig_run(&r, one)->end, ATTEMPT_EXITED);
    EXPECT_INT(rig_run(&r, two)->end, ATTEMPT_EXITED);
    EXPECT(file_exists(rig_path(&r, "home/attempts/00000000000000000000/out/left")));
    local_sweep(r.home, STR("two"));
    EXPECT(file_exists(rig_path(&r, "home/attempts/00000000000000000000/out/left")));
    EXPECT_INT(rig_attempts(&r), 1);
    struct tried *again = rig_script(&r, "true", "");
    EXPECT_INT(rig_run(&r, again)->end, ATTEMPT_EXITED);        // a folder that is there already is never used again
    EXPECT(file_exists(rig_path(&r, "home/attempts/00000000000000000000/out/left")));
    rig_release(&r);
}

TEST(usage_is_asked_of_the_runner_and_is_zero_when_nothing_runs)
{
    struct rig r;
    double cores = 1;
    int64_t memory = 1;
    rig_init(&r);
    executor_usage(r.x, &cores, &memory);
    EXPECT(cores == 0 && memory == 0);
    struct tried *t = rig_script(&r, "echo > ../../started; while [ ! -e ../../go ]; do sleep 0.02; done", "");
    struct tried *waits = rig_script(&r, "while [ ! -e ../../started ]; do sleep 0.02; done", "");
    rig_submit(&r, t);
    rig_run_one(&r, waits);
    executor_usage(r.x, &cores, &memory);               // asks; the answer comes before what is told next
    rig_run_one(&r, rig_script(&r, "true", ""));
    executor_usage(r.x, &cores, &memory);
    EXPECT(cores >= 0);
    EXPECT(memory > 0);
    rig_run(&r, rig_script(&r, "touch ../../go", ""));
    rig_release(&r);
}
