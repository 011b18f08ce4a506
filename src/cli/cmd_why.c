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

// The step that a task of this name would be of: without the places of scattered ones.
static Str step_of(struct arena *a, Str name)
{
    struct strbuf text = { 0 };
    for (size_t i = 0; i < name.len; i++) {
        size_t end = i + 1;
        while (name.data[i] == '[' && end < name.len && name.data[end] >= '0' && name.data[end] <= '9')
            end++;
        if (end > i + 1 && end < name.len && name.data[end] == ']')
            i = end;
        else
            strbuf_addc(&text, name.data[i]);
    }
    return strbuf_take(&text, a);
}

// A step that is known, without this task.
static void say_step(const struct run_record *r, const struct recorded_step *step, Str name)
{
    bool is_live = r->status == RUN_RUNNING;
    if (step->tasks.len) {
        bool is_step = str_eq(step->name, name);
        report_error("run " STR_FMT " has no task '" STR_FMT "'%s" STR_FMT "%s has %zu task%s: '" STR_FMT "'%s", STR_ARG(r->run), STR_ARG(name),
                     is_step ? ", but a step, which" : "; step '", STR_ARG(is_step ? STR("") : step->name), is_step ? "" : "'", step->tasks.len,
                     step->tasks.len == 1 ? "" : "s", STR_ARG(step->tasks.at[0]->name), step->tasks.len == 1 ? "" : " and others");
    } else if (step->skipped) {
        report_error("nothing ran for step '" STR_FMT "' of run " STR_FMT ": its condition ('when') was not met", STR_ARG(step->name),
                     STR_ARG(r->run));
    } else if (step->evaluated) {
        report_error("step '" STR_FMT "' of run " STR_FMT " needs no task: it is an expression, evaluated anew each time", STR_ARG(step->name),
                     STR_ARG(r->run));
    } else if (is_live) {
        report_error("step '" STR_FMT "' of run " STR_FMT " has not begun: it waits for the steps before it", STR_ARG(step->name), STR_ARG(r->run));
    } else {
        report_error("step '" STR_FMT "' of run " STR_FMT " was never begun: the run ended (%s) before what it needs was there", STR_ARG(step->name),
                     STR_ARG(r->run), run_status_name(r->status));
    }
}

static int no_such_task(struct arena *a, const struct run_record *r, Str name)
{
    const struct recorded_step *step = map_find(&r->steps, step_of(a, name));
    Str *names = NEW_ARRAY(a, Str, r->tasks.len);
    for (size_t i = 0; i < r->tasks.len; i++)
        names[i] = r->tasks.entries[i].key;
    Str near = step ? (Str){ 0 } : str_nearest(name, names, r->tasks.len);
    if (step)
        say_step(r, step, name);
    else
        report_error("run " STR_FMT " has no task '" STR_FMT "'", STR_ARG(r->run), STR_ARG(name));
    if (near.len)
        report_hint("did you mean '" STR_FMT "'?", STR_ARG(near));
    report_hint("'petri show " STR_FMT " --tasks' lists %s", STR_ARG(r->run), step ? "the tasks that there are" : "them");
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
