// SPDX-License-Identifier: Apache-2.0
// petri run: from the command line to a plan. The rest is run_common.c's.
#include <unistd.h>

#include "cli/commands.h"
#include "cli/flows.h"
#include "cli/help.h"
#include "cli/home.h"
#include "cli/inputs.h"
#include "cli/report.h"
#include "cli/run_common.h"
#include "journal/journal.h"
#include "lang/lang.h"
#include "sys/file.h"
#include "value/diag.h"

static const struct option options[] = {
    { "outdir", OPTION_FOLDER, "DIR", "Where the outputs go. Default: results/RUN here; for cwl-runner this folder.", .letter = 'o' },
    { "report", OPTION_FILE, "FILE", "Write a report of the run as an HTML page when it has ended, well or not." },
    { "quiet", OPTION_FLAG, NULL, "Errors alone on standard error.", .letter = 'q' },
    { "json", OPTION_FLAG, NULL, "Print a summary of the run with the outputs in it, instead of the outputs alone." },
    { "name", OPTION_TEXT, "NAME", "The run's name. Default: date, time and four digits." },
    { "keep-going", OPTION_FLAG, NULL, "After a failure go on with all that does not depend on it." },
    { "dry-run", OPTION_FLAG, NULL, "Say what would run and what is cached; run nothing." },
    { "subset", OPTION_COUNT, "N", "A quick test: only the first N elements of each scattered input array." },
    { "no-cache", OPTION_FLAG, NULL, "Run every task, whatever is stored." },
    { "no-container", OPTION_FLAG, NULL, "Run tools that ask for a container on this machine as they are." },
    { "cores", OPTION_TEXT, "N", "Cores that running tasks may reserve together.", .setting = "engine.cores" },
    { "memory", OPTION_TEXT, "SIZE", "Memory that running tasks may reserve together: 8G, 512 MiB.", .setting = "engine.memory" },
    { "retries", OPTION_TEXT, "N", "Further attempts after a task failed.", .setting = "engine.retries" },
    { "manifest", OPTION_FLAG, NULL, "Leave a manifest.json beside the outputs ('petri verify' checks it). Default for flows.", .can_negate = true },
    { "sandbox", OPTION_TEXT, "KIND", "What tasks are shut into: " SANDBOX_CHOICES ". Default: auto.", .setting = "sandbox.kind" },
    { "keep-attempts", OPTION_FLAG, NULL, "Leave the work folders of attempts in .petri/attempts, to look into." },
};

static int print_workflow_help(const struct invocation *in, Str word, const struct workflow *w)
{
    struct strbuf text = { 0 };
    inputs_help(in->arena, w, word, options, LEN(options), &text);
    strbuf_addz(&text, "\nOptions:\n");
    help_options(options, LEN(options), &text);
    help_options(&help_option, 1, &text);
    return print_out(&text);
}

static bool stop(int *code, int exit_code)
{
    *code = exit_code;
    return false;
}

// A wrong command line; the help of the workflow, where there is one, tells more than the command's.
static int misuse(const struct arguments *args, const struct err *err)
{
    if (args->word_count == 0)
        return command_misuse(&cmd_run, err);
    report_error("run: %s", err->text);
    report_hint("'petri run " STR_FMT " --help' shows the inputs and options", STR_ARG(args->words[0]));
    return EXIT_USAGE;
}

// The words and Petri's options up to the workflow, then the workflow, then all the rest by its inputs. False: *code.
static bool read_command_line(struct invocation *in, struct arguments *args, const struct workflow **w, size_t *own, int *code)
{
    struct err err;
    size_t used, used_later;
    struct diags diags = { .arena = in->arena };
    *code = EXIT_OK;
    *args = arguments_begin(in->arena, options, LEN(options));
    if (!arguments_read(args, in->argv, in->argc, true, &used, &err))
        return stop(code, misuse(args, &err));
    if (args->wants_help)
        return stop(code, help_print_command(&cmd_run));
    if (args->word_count == 0) {
        err_set(&err, ERR_INVALID, "which workflow? petri run %s", cmd_run.usage);
        return stop(code, misuse(args, &err));
    }
    *w = workflow_load(in->arena, flow_resolve(in->arena, args->words[0]), &diags);
    if (*w == NULL) {
        report_diags(&diags, true);
        flow_hint(in->arena, args->words[0]);
        return stop(code, diags_exit_code(&diags));
    }
    *own = inputs_extend(args, *w);
    if (!arguments_read(args, in->argv + used, in->argc - used, false, &used_later, &err))
        return stop(code, misuse(args, &err));
    if (args->wants_help)
        return stop(code, print_workflow_help(in, args->words[0], *w));
    if (args->word_count > 2) {
        err_set(&err, ERR_INVALID, "too many arguments, beginning with '" STR_FMT "': a workflow and one file of inputs are enough",
                STR_ARG(args->words[2]));
        return stop(code, misuse(args, &err));
    }
    return report_diags(&diags, arguments_flag(args, "quiet")) || stop(code, EXIT_FAILED);
}

static void hint_inputs(const struct run_plan *plan, const struct arguments *args, Value given, Str job)
{
    Str missing = inputs_missing(plan->arena, plan->workflow, given, options, LEN(options));
    struct stat st;
    if (job.len && !file_stat(job, &st))
        report_hint("'" STR_FMT "' was taken for the file of inputs; the value of an input stands behind its name: --INPUT VALUE", STR_ARG(job));
    if (job.len == 0 && missing.len)
        report_hint("give " STR_FMT ", or a file of inputs", STR_ARG(missing));
    if (job.len == 0 && given.map->len == 0)
        report_hint("'petri run " STR_FMT " --help' shows the inputs", STR_ARG(args->words[0]));
}

static bool read_inputs(struct run_plan *plan, const struct arguments *args, size_t own, int *code)
{
    struct diags diags = { .arena = plan->arena };
    struct err err;
    Value given;
    if (!inputs_given(args, own, plan->workflow, &given, &err))
        return stop(code, misuse(args, &err));
    plan->sheet = inputs_sheet(plan->workflow, given);
    Str job = args->word_count > 1 ? args->words[1] : (Str){ 0 };
    bool ok = workflow_inputs(plan->arena, plan->workflow, job, given, &plan->inputs, &diags);
    ok = report_diags(&diags, plan->quiet) && ok;
    if (!ok)
        hint_inputs(plan, args, given, job);
    *code = ok ? EXIT_OK : diags_exit_code(&diags);
    return ok;
}

static Str outdir_of(struct invocation *in, const struct arguments *args, Str run)
{
    Str outdir = arguments_text(args, "outdir");
    if (outdir.len == 0)
        outdir = in->as_cwl_runner ? STR(".") : str_join_path(in->arena, STR("results"), run);
    return path_absolute(in->arena, outdir);
}

// Where outputs, manifest and report go. A flow that is run by its name leaves its records beside its outputs, unless something
// else is asked for.
static void set_places(struct run_plan *plan, struct invocation *in, const struct arguments *args)
{
    Str report = arguments_text(args, "report");
    bool is_flow = !str_eq(flow_resolve(in->arena, args->words[0]), args->words[0]);
    plan->outdir = outdir_of(in, args, plan->run);
    plan->manifest = arguments_get(args, "manifest")->count ? arguments_flag(args, "manifest") : is_flow;
    if (report.len)
        plan->report = path_absolute(in->arena, report);
    else if (is_flow)
        plan->report = str_join_path(in->arena, plan->outdir, STR("report.html"));
}

// Told before the work, not after it.
static bool check_outdir(Str outdir, struct err *err)
{
    struct stat st;
    if (!file_stat(outdir, &st) || S_ISDIR(st.st_mode))
        return true;
    return err_set(err, ERR_INVALID, "the output folder " STR_FMT " is a file: give --outdir another name", STR_ARG(outdir));
}

static struct run_plan plan_of(struct invocation *in, const struct arguments *args, const struct workflow *w)
{
    struct run_plan plan = {
        .arena = in->arena, .workflow = w, .argv = in->argv, .argc = in->argc,
        .subset = arguments_get(args, "subset")->integer, .keep_going = arguments_flag(args, "keep-going"),
        .no_container = arguments_flag(args, "no-container"), .no_cache = arguments_flag(args, "no-cache"),
        .dry_run = arguments_flag(args, "dry-run"), .quiet = arguments_flag(args, "quiet"), .json = arguments_flag(args, "json"),
        .keep_attempts = arguments_flag(args, "keep-attempts"), .run = arguments_text(args, "name"),
    };
    if (plan.dry_run)
        plan.run = str_printf(in->arena, ".dry-run-%d", (int)getpid());     // hidden from the list of runs, and removed
    else if (plan.run.len == 0)
        plan.run = run_name_new(in->arena);
    set_places(&plan, in, args);
    return plan;
}

static int start(struct run_plan *plan, struct invocation *in, const struct arguments *args)
{
    struct journal *journal;
    struct err err;
    bool is_named = plan->dry_run || arguments_get(args, "name")->count > 0;
    while (!run_create(plan, &journal, &err)) {
        if (is_named || err.code != ERR_CONFLICT)
            return report_err(&err);
        plan->run = run_name_new(in->arena);            // another start of this second drew the same name
        set_places(plan, in, args);
    }
    int code = run_carry_out(plan, journal);
    if (plan->dry_run && !tree_remove(run_folder(plan->arena, plan->home, plan->run), &err))
        return report_err(&err);
    return code;
}

static int run_main(struct invocation *in)
{
    struct arguments args;
    const struct workflow *w;
    struct err err;
    size_t own;
    int code;
    if (!read_command_line(in, &args, &w, &own, &code))
        return code;
    if (arguments_get(&args, "name")->count && !run_name_check(arguments_text(&args, "name"), &err))
        return misuse(&args, &err);
    struct run_plan plan = plan_of(in, &args, w);
    if (!check_outdir(plan.outdir, &err))
        return misuse(&args, &err);
    if (!read_inputs(&plan, &args, own, &code))
        return code;
    if (!home_make(in->arena, &plan.home, &err))
        return report_err(&err);
    if (!run_configure(&plan, &args, value_null, &code))
        return code;
    return start(&plan, in, &args);
}

const struct command cmd_run = {
    .name = "run",
    .usage = "WORKFLOW [INPUTS.yml] [--INPUT VALUE …] [OPTIONS]",
    .summary = "Run a workflow",
    .description = "Runs WORKFLOW (a CWL document, where 'file.cwl#id' chooses one of several in it, or the name of a flow: see 'petri flows') "
                   "with the inputs in INPUTS (YAML or JSON).\n\n"
                   "The workflow's inputs are options too, behind WORKFLOW: '--threshold 3 --reads a.fq --reads b.fq'. A repeated option makes "
                   "an array; an array of records is given as a sheet ('--samples sheet.csv'); booleans are '--flag' and '--no-flag', or "
                   "'--flag false'; '_' and '-' are the same in names; paths are "
                   "relative to the current folder. They win over INPUTS. An input whose name Petri uses itself is '--input.NAME'. "
                   "'petri run WORKFLOW --help' lists them.\n\n"
                   "What has run before with the same inputs, tools and commands is not run again. State is kept in the home folder: "
                   "$PETRI_HOME, else the nearest '.petri' upward, else './.petri'. The outputs are copied to the output folder; the output "
                   "object is printed as JSON on standard output, and nothing else is; progress goes to standard error. "
                   "With --manifest a file manifest.json lies beside the outputs: what went in, by what it was made and what came out, with "
                   "digests.\n\n"
                   "Ctrl-C ends running tasks and stops; a second one kills them at once. 'petri resume RUN' goes on after that, or after a "
                   "crash, and runs nothing that had finished.",
    .options = options,
    .option_count = LEN(options),
    .words = "files",
    .main = run_main,
};
