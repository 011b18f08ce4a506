// SPDX-License-Identifier: Apache-2.0
// petri logs: what tasks wrote, as they wrote it.
#include <unistd.h>

#include "base/arena.h"
#include "cli/commands.h"
#include "cli/home.h"
#include "cli/report.h"
#include "cli/task_log.h"
#include "store/store.h"
#include "view/run_summary.h"

static const struct option options[] = {
    { "stdout", OPTION_FLAG, NULL, "Only what it wrote to standard output." },
    { "stderr", OPTION_FLAG, NULL, "Only what it wrote to standard error." },
};

struct logs {                           // of one task; size 0: nothing there
    struct output out, err;
};

// From the record of a failure, else from the result under the task's key.
static bool find_logs(struct arena *a, struct store *store, const struct run_task *task, struct logs *logs, struct err *err)
{
    struct task_result *result = NEW(a, struct task_result);
    Hash key;
    bool has_out = task_log_from_value(a, task->log_out, &logs->out), has_err = task_log_from_value(a, task->log_err, &logs->err);
    if (has_out || has_err || str_is(task->state, "failed") || str_is(task->state, "cancelled"))
        return true;
    if (str_is(task->state, "running"))
        return err_set(err, ERR_UNAVAILABLE, "task " STR_FMT " is running: its log is kept when it has ended", STR_ARG(task->name));
    if (!hash_parse(task->key, &key))
        return err_set(err, ERR_DAMAGED, "the journal holds no key for task " STR_FMT, STR_ARG(task->name));
    if (!store_find_result(store, key, a, result, err))
        return err_wrap(err, "the result of task " STR_FMT, STR_ARG(task->name));
    logs->out = result->log_out;
    logs->err = result->log_err;
    return true;
}

struct wanted {
    bool out, err;
};

static bool print_logs(struct store *store, const struct logs *logs, struct wanted wanted, struct err *err)
{
    return (!wanted.out || task_log_copy(store, &logs->out, STDOUT_FILENO, err))
        && (!wanted.err || task_log_copy(store, &logs->err, STDOUT_FILENO, err));
}

static int print_task(struct arena *a, struct store *store, const struct run_summary *s, Str name, struct wanted wanted)
{
    struct logs logs = { 0 };
    struct err err;
    const struct run_task *task = map_find(&s->tasks, name);
    if (task == NULL) {
        Str *names = NEW_ARRAY(a, Str, s->tasks.len);
        for (size_t i = 0; i < s->tasks.len; i++)
            names[i] = s->tasks.entries[i].key;
        Str near = str_nearest(name, names, s->tasks.len);
        report_error("the run has no task '" STR_FMT "'", STR_ARG(name));
        if (near.len)
            report_hint("did you mean '" STR_FMT "'? 'petri show RUN --tasks' lists them", STR_ARG(near));
        return EXIT_NOT_FOUND;
    }
    if (!find_logs(a, store, task, &logs, &err) || !print_logs(store, &logs, wanted, &err))
        return report_err(&err);
    return EXIT_OK;
}

static int print_failed(struct arena *a, struct store *store, const struct run_summary *s, struct wanted wanted)
{
    struct strbuf text = { 0 };
    for (size_t i = 0; i < s->failures.len; i++) {
        const struct run_failure *f = &s->failures.at[i];
        const struct run_task *task = map_find(&s->tasks, f->task);
        struct logs logs = { 0 };
        struct err err;
        strbuf_addf(&text, "==> " STR_FMT ": " STR_FMT "\n", STR_ARG(f->task), STR_ARG(f->why));
        int code = print_out(&text);
        if (code != EXIT_OK)
            return code;
        if (task && (!find_logs(a, store, task, &logs, &err) || !print_logs(store, &logs, wanted, &err)))
            report_err(&err);
    }
    if (s->failures.len)
        return EXIT_OK;
    strbuf_addz(&text, "no task failed; the tasks are:\n");
    for (size_t i = 0; i < s->tasks.len; i++)
        strbuf_addf(&text, STR_FMT "\n", STR_ARG(s->tasks.entries[i].key));
    return print_out(&text);
}

static int logs_main(struct invocation *in)
{
    struct arguments args;
    struct run_summary *summary;
    struct err err;
    Str home, run;
    int code;
    if (!command_arguments(in, 1, 2, &args, &code))
        return code;
    if (!home_require(in->arena, &home, &err) || !run_find(in->arena, home, args.words[0], &run, &err)
        || !run_summary_read(in->arena, run_folder(in->arena, home, run), RUN_TASKS, &summary, &err))
        return report_err(&err);
    struct store *store = store_open(home, false, &err);
    if (store == NULL)
        return report_err(&err);
    bool only_out = arguments_flag(&args, "stdout"), only_err = arguments_flag(&args, "stderr");
    struct wanted wanted = { .out = only_out || !only_err, .err = only_err || !only_out };
    if (args.word_count > 1)
        code = print_task(in->arena, store, summary, args.words[1], wanted);
    else
        code = print_failed(in->arena, store, summary, wanted);
    store_close(store);
    return code;
}

const struct command cmd_logs = {
    .name = "logs",
    .usage = "RUN [TASK] [--stdout | --stderr]",
    .summary = "Print what tasks wrote",
    .description = "Prints what TASK wrote to standard output and standard error, whole and as it was. Without TASK: of every failed task, or, "
                   "when none failed, the names of the tasks. RUN may be the beginning of a name, or 'last'.",
    .options = options,
    .option_count = LEN(options),
    .words = "runs",
    .main = logs_main,
};
