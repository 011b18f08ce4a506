// SPDX-License-Identifier: Apache-2.0
// petri resume: a run again, with the inputs and options that its journal holds. The workflow's file is read again: what
// was changed in it runs, the rest answers from the store.
#include "base/vec.h"
#include "cli/commands.h"
#include "cli/home.h"
#include "cli/report.h"
#include "cli/run_common.h"
#include "journal/journal.h"
#include "lang/lang.h"
#include "sys/file.h"
#include "value/diag.h"
#include "value/read.h"
#include "view/run_record.h"

static const struct option options[] = {
    { "quiet", OPTION_FLAG, NULL, "Errors alone on standard error.", .letter = 'q' },
    { "json", OPTION_FLAG, NULL, "Print a summary of the run with the outputs in it, instead of the outputs alone." },
    { "outdir", OPTION_FOLDER, "DIR", "Where the outputs go. Default: where the run's were to go.", .letter = 'o' },
    { "report", OPTION_FILE, "FILE", "Write a report of the run as an HTML page. Default: where the run's was to go, if it was." },
    { "keep-going", OPTION_FLAG, NULL, "After a failure go on with all that does not depend on it." },
    { "no-container", OPTION_FLAG, NULL, "Run tools that ask for a container on this machine as they are." },
    { "cores", OPTION_TEXT, "N", "Cores that running tasks may reserve together.", .setting = "engine.cores" },
    { "memory", OPTION_TEXT, "SIZE", "Memory that running tasks may reserve together: 8G, 512 MiB.", .setting = "engine.memory" },
    { "retries", OPTION_TEXT, "N", "Further attempts after a task failed.", .setting = "engine.retries" },
    { "sandbox", OPTION_TEXT, "KIND", "What tasks are shut into: " SANDBOX_CHOICES ".", .setting = "sandbox.kind" },
    { "keep-attempts", OPTION_FLAG, NULL, "Leave the work folders of attempts in .petri/attempts, to look into." },
};

static bool is_true(Value v) { return v.kind == VALUE_BOOL && v.boolean; }

// The recorded inputs go in as a job file: they are complete, and say what they are.
static bool restore_inputs(struct run_plan *plan, const struct recorded_start *before, struct err *err, int *code)
{
    struct diags diags = { .arena = plan->arena };
    struct strbuf json = { 0 };
    Str path = str_join_path(plan->arena, run_folder(plan->arena, plan->home, plan->run), STR("inputs.json"));
    struct value_builder none = value_map_begin(plan->arena);
    json_write(&json, before->inputs, 4);
    bool written = file_write_atomic(path, strbuf_str(&json), err);
    strbuf_release(&json);
    if (!written) {
        *code = report_err(err);
        return false;
    }
    bool ok = workflow_inputs(plan->arena, plan->workflow, path, value_map_end(&none), &plan->inputs, &diags);
    ok = report_diags(&diags, plan->quiet) && ok;
    *code = ok ? EXIT_OK : diags_exit_code(&diags);
    return ok;
}

static bool restore_workflow(struct run_plan *plan, const struct recorded_start *before, int *code)
{
    struct diags diags = { .arena = plan->arena };
    plan->workflow = workflow_load(plan->arena, before->workflow, &diags);
    report_diags(&diags, plan->quiet);
    *code = plan->workflow ? EXIT_OK : diags_exit_code(&diags);
    return plan->workflow != NULL;
}

// Everything of the plan that the journal knows. False: *code, and what is wrong is printed.
static bool restore(struct run_plan *plan, const struct arguments *args, int *code)
{
    struct run_record *record;
    struct err err;
    if (!run_record_read_brief(plan->arena, run_folder(plan->arena, plan->home, plan->run), &record, &err)) {
        *code = report_err(&err);
        if (err.code == ERR_NOT_FOUND)
            report_hint("it ended before anything was recorded; start it anew with 'petri run'");
        return false;
    }
    const struct recorded_start *before = run_record_last(record);
    Str outdir = arguments_text(args, "outdir");
    plan->outdir = outdir.len ? path_absolute(plan->arena, outdir) : before->outdir;
    Str page = arguments_text(args, "report");
    plan->report = page.len ? path_absolute(plan->arena, page) : value_get_str(before->options, STR("report"));
    plan->subset = value_get_int(before->options, STR("subset"), 0);
    plan->keep_going = arguments_flag(args, "keep-going") || is_true(value_get(before->options, STR("keep_going")));
    plan->no_container = arguments_flag(args, "no-container") || is_true(value_get(before->options, STR("no_container")));
    plan->sheet = value_get_str(before->options, STR("sheet"));
    plan->manifest = is_true(value_get(before->options, STR("manifest")));
    return run_configure(plan, args, value_get(before->options, STR("settings")), code)
        && restore_workflow(plan, before, code) && restore_inputs(plan, before, &err, code);
}

static int resume_main(struct invocation *in)
{
    struct arguments args;
    struct journal *journal;
    struct err err;
    int code;
    if (!command_arguments(in, 1, 1, &args, &code))
        return code;
    struct run_plan plan = { .arena = in->arena, .argv = in->argv, .argc = in->argc, .quiet = arguments_flag(&args, "quiet"),
                             .json = arguments_flag(&args, "json"), .keep_attempts = arguments_flag(&args, "keep-attempts") };
    if (!home_require(in->arena, &plan.home, &err) || !run_find(in->arena, plan.home, args.words[0], &plan.run, &err))
        return report_err(&err);
    if (!run_open(&plan, &journal, &err)) {             // before anything else: forty-nine of fifty end here
        code = report_err(&err);
        if (err.code == ERR_CONFLICT)
            report_hint("'petri show " STR_FMT "' shows how far it is, 'petri cancel " STR_FMT "' ends it", STR_ARG(plan.run), STR_ARG(plan.run));
        return code;
    }
    if (restore(&plan, &args, &code))
        return run_carry_out(&plan, journal);
    journal_close(journal);
    return code;
}

const struct command cmd_resume = {
    .name = "resume",
    .usage = "RUN [OPTIONS]",
    .summary = "Go on with a run that was interrupted, cancelled or failed",
    .description = "Evaluates the workflow again with the inputs and options of the run's last start. Every task that had finished answers from "
                   "the store; only what is missing runs. The workflow's file is read again, so a step that was mended since then runs anew, "
                   "and so does what depends on it.\n\n"
                   "A run that is done can be resumed too: its outputs are written and printed again. RUN may be the beginning of a name, or "
                   "'last'. Only one process can work on a run; a second one says so and ends with exit code 4.",
    .options = options,
    .option_count = LEN(options),
    .words = "runs",
    .main = resume_main,
};
