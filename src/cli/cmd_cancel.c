// SPDX-License-Identifier: Apache-2.0
// petri cancel: asks the process that works on a run to stop. It changes nothing in the run itself.
#include <signal.h>

#include "cli/commands.h"
#include "cli/home.h"
#include "cli/report.h"
#include "journal/journal.h"
#include "sys/machine.h"

static const struct option options[] = {
    { "now", OPTION_FLAG, NULL, "Kill running tasks at once, without time to tidy up." },
};

static bool signal_owner(Str run, Str owner, bool now, struct err *err)
{
    Str host = owner, pid_text = str_cut(&host, '@');
    int64_t pid;
    if (!str_to_int(pid_text, &pid) || pid <= 1)
        return err_set(err, ERR_INTERNAL, "run " STR_FMT " is in use, but its lock does not say by which process", STR_ARG(run));
    if (!str_eq(host, machine_host()))
        return err_set(err, ERR_INVALID, "run " STR_FMT " is run by process %lld on " STR_FMT ": cancel it there", STR_ARG(run), (long long)pid,
                       STR_ARG(host));
    for (int i = 0; i < (now ? 2 : 1); i++)
        if (kill((pid_t)pid, i ? SIGINT : SIGTERM) != 0)        // two signals of one kind could be seen as one
            return err_errno(err, "process %lld, which runs " STR_FMT, (long long)pid, STR_ARG(run));
    return true;
}

static int cancel_main(struct invocation *in)
{
    struct arguments args;
    struct strbuf text = { 0 };
    char owner[128] = "";
    struct err err;
    Str home, run;
    int code;
    if (!command_arguments(in, 1, 1, &args, &code))
        return code;
    if (!home_require(in->arena, &home, &err) || !run_find(in->arena, home, args.words[0], &run, &err))
        return report_err(&err);
    if (!journal_is_live(run_folder(in->arena, home, run), owner)) {
        report_error("run " STR_FMT " is not running", STR_ARG(run));
        return EXIT_FAILED;
    }
    if (!signal_owner(run, str_of(owner), arguments_flag(&args, "now"), &err))
        return report_err(&err);
    strbuf_addf(&text, "asked process %s to cancel " STR_FMT "; 'petri resume " STR_FMT "' goes on with it later\n", owner,
                STR_ARG(run), STR_ARG(run));
    return print_out(&text);
}

const struct command cmd_cancel = {
    .name = "cancel",
    .usage = "RUN [--now]",
    .summary = "Cancel a running run",
    .description = "Asks the process that works on RUN to end its tasks and stop, as Ctrl-C does. Nothing that had finished is lost: "
                   "'petri resume RUN' goes on. RUN may be the beginning of a name, or 'last'.",
    .options = options,
    .option_count = LEN(options),
    .words = "runs",
    .main = cancel_main,
};
