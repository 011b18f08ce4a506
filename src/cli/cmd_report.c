// SPDX-License-Identifier: Apache-2.0
// petri report: a run as one HTML page.
#include "base/arena.h"
#include "cli/commands.h"
#include "cli/home.h"
#include "cli/report.h"
#include "cli/report_page.h"

static const struct option options[] = {
    { "out", OPTION_FILE, "FILE", "Where the page goes. Default: report-RUN.html here; '-' is standard output.", .letter = 'o' },
    { "no-logs", OPTION_FLAG, NULL, "Leave out what failed tasks wrote." },
};

static int report_main(struct invocation *in)
{
    struct arguments args;
    struct strbuf said = { 0 };
    struct err err;
    Str home, run;
    int code;
    if (!command_arguments(in, 1, 1, &args, &code))
        return code;
    if (!home_require(in->arena, &home, &err) || !run_find(in->arena, home, args.words[0], &run, &err))
        return report_err(&err);
    Str file = arguments_text(&args, "out");
    if (file.len == 0)
        file = str_printf(in->arena, "report-" STR_FMT ".html", STR_ARG(run));
    if (!report_page_write(in->arena, home, run, file, !arguments_flag(&args, "no-logs"), &err)) {
        err_wrap(&err, "the report");
        return report_err(&err);
    }
    if (str_is(file, "-"))
        return EXIT_OK;
    strbuf_add(&said, file);
    strbuf_addc(&said, '\n');
    return print_out(&said);
}

const struct command cmd_report = {
    .name = "report",
    .usage = "RUN [--out FILE] [--no-logs]",
    .summary = "Make an HTML page of a run",
    .description = "Writes one HTML page that needs no other file and no network: verdict and summary, failures with the end of their logs, what the "
                   "workflow says of its results, samples by stage, timeline with the critical path, resources used against asked with a suggested "
                   "request, cost, the graph of steps, and the manifest. All of it comes from the run's journal and its outputs. Works while the run "
                   "goes on, and after it failed or was interrupted. The page's path is printed.\n\n"
                   "What is shown of the results comes from outputs called *.petri-report.json. RUN may be the beginning of a name, or 'last'. "
                   "'petri run --report FILE' writes the page at the end of a run.",
    .options = options,
    .option_count = LEN(options),
    .words = "runs",
    .main = report_main,
};
