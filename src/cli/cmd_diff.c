// SPDX-License-Identifier: Apache-2.0
// petri diff: two runs compared.
#include "base/arena.h"
#include "cli/commands.h"
#include "cli/home.h"
#include "cli/report.h"
#include "store/store.h"
#include "view/run_diff.h"

static const struct option options[] = {
    { "json", OPTION_FLAG, NULL, "Print it as JSON." },
};

static bool read_run(struct arena *a, Str home, Str name, struct run_record **out, struct err *err)
{
    Str run;
    return run_find(a, home, name, &run, err) && run_record_read(a, run_folder(a, home, run), out, err);
}

static int diff_main(struct invocation *in)
{
    struct arguments args;
    struct run_record *before, *after;
    struct strbuf out = { 0 };
    struct err err;
    Str home;
    int code;
    if (!command_arguments(in, 2, 2, &args, &code))
        return code;
    if (!home_require(in->arena, &home, &err) || !read_run(in->arena, home, args.words[0], &before, &err)
        || !read_run(in->arena, home, args.words[1], &after, &err))
        return report_err(&err);
    struct store *store = store_open(home, false, &err);
    if (store == NULL)
        return report_err(&err);
    const struct run_diff *diff = run_diff_make(in->arena, store, before, after);
    store_close(store);
    if (arguments_flag(&args, "json")) {
        code = print_json(run_diff_value(in->arena, diff));
    } else {
        run_diff_print(in->arena, diff, &out);
        code = print_out(&out);
    }
    return code == EXIT_OK && !diff->is_same ? EXIT_FAILED : code;
}

const struct command cmd_diff = {
    .name = "diff",
    .usage = "RUN RUN [--json]",
    .summary = "Compare two runs",
    .description = "Says what differs between two runs: the workflow, its inputs, tools and images; the first task where they part, and which part "
                   "of its key or which of its outputs; and the results. The last line is 'same results', or tells what changed. Exit code 0: the "
                   "same results; 1: others, or a run that is not done. Each RUN may be the beginning of a name, or 'last'.",
    .options = options,
    .option_count = LEN(options),
    .words = "runs",
    .main = diff_main,
};
