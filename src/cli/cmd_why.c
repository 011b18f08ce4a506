// SPDX-License-Identifier: Apache-2.0
// petri why: what of a task's key changed.
#include "base/arena.h"
#include "cli/commands.h"
#include "cli/home.h"
#include "cli/report.h"
#include "store/store.h"
#include "view/run_summary.h"
#include "view/why.h"

static const struct option options[] = {
    { "json", OPTION_FLAG, NULL, "Print it as JSON." },
};

static int newest_first(const void *x, const void *y)
{
    const struct earlier_run *a = x, *b = y;
    return a->started != b->started ? (a->started < b->started) - (a->started > b->started) : str_compare(b->run, a->run);
}

// All other runs of the home folder; one whose journal can't be read is passed over.
static struct earlier_run *other_runs(struct arena *a, Str home, Str run, size_t *count, struct err *err)
{
    Str *names = NULL;
    size_t all, kept = 0;
    if (!runs_list(a, home, &names, &all, err))
        return NULL;
    struct earlier_run *runs = NEW_ARRAY(a, struct earlier_run, all + 1);
    for (size_t i = 0; i < all; i++) {
        Str dir = run_folder(a, home, names[i]);
        Time started = str_eq(names[i], run) ? 0 : run_first_start(dir);
        if (started)
            runs[kept++] = (struct earlier_run){ names[i], dir, started };
    }
    qsort(runs, kept, sizeof *runs, newest_first);
    *count = kept;
    return runs;
}

static int no_such_task(struct arena *a, const struct run_record *r, Str name)
{
    Str *names = NEW_ARRAY(a, Str, r->tasks.len);
    for (size_t i = 0; i < r->tasks.len; i++)
        names[i] = r->tasks.entries[i].key;
    Str near = str_nearest(name, names, r->tasks.len);
    report_error("run " STR_FMT " has no task '" STR_FMT "'", STR_ARG(r->run), STR_ARG(name));
    if (near.len)
        report_hint("did you mean '" STR_FMT "'?", STR_ARG(near));
    report_hint("'petri show " STR_FMT " --tasks' lists them", STR_ARG(r->run));
    return EXIT_NOT_FOUND;
}

static int why_main(struct invocation *in)
{
    struct arguments args;
    struct run_record *record;
    struct strbuf out = { 0 };
    struct why why;
    struct err err;
    Str home, run;
    size_t count;
    int code;
    if (!command_arguments(in, 2, 2, &args, &code))
        return code;
    if (!home_require(in->arena, &home, &err) || !run_find(in->arena, home, args.words[0], &run, &err)
        || !run_record_read(in->arena, run_folder(in->arena, home, run), &record, &err))
        return report_err(&err);
    const struct recorded_task *task = map_find(&record->tasks, args.words[1]);
    if (task == NULL)
        return no_such_task(in->arena, record, args.words[1]);
    const struct earlier_run *runs = other_runs(in->arena, home, run, &count, &err);
    if (runs == NULL)
        return report_err(&err);
    struct store *store = store_open(home, false, &err);
    if (store == NULL)
        return report_err(&err);
    why_find(in->arena, store, record, task, runs, count, &why);
    store_close(store);
    if (arguments_flag(&args, "json"))
        return print_json(why_value(in->arena, record, &why));
    why_print(in->arena, record, &why, &out);
    return print_out(&out);
}

const struct command cmd_why = {
    .name = "why",
    .usage = "RUN TASK [--json]",
    .summary = "Say why a task ran, or did not",
    .description = "Compares the key of TASK with the nearest earlier one, of a task of the same name or step in another run, and names every part "
                   "that changed with its old and its new value: an input, an argument, the program, the image, an environment variable, the "
                   "text of a script. RUN may be the beginning of a name, or 'last'; 'petri show RUN --tasks' lists the tasks.",
    .options = options,
    .option_count = LEN(options),
    .words = "runs",
    .main = why_main,
};
