// SPDX-License-Identifier: Apache-2.0
// The last words of a run. On stdout stands the output object and nothing else, so that a pipe can read it.
#include "cli/run_report.h"

#include "cli/home.h"
#include "cli/report.h"
#include "cli/run_common.h"
#include "cli/task_log.h"
#include "engine/export.h"
#include "view/run_summary.h"

enum { FAILURES_SHOWN = 3 };

static int exit_code(const struct run_end *e)
{
    switch (e->status) {
    case DRIVER_OK: return EXIT_OK;
    case DRIVER_CANCELLED: return EXIT_CANCELLED;
    default: return e->code == ERR_NONE ? EXIT_FAILED : exit_code_of(e->code);
    }
}

static const char *status_name(const struct run_end *e)
{
    switch (e->status) {
    case DRIVER_OK: return "done";
    case DRIVER_CANCELLED: return "cancelled";
    case DRIVER_BROKEN: return "interrupted";
    default: return "failed";
    }
}

// "row 2": of a sheet. The words of a task or an expression do not know how the sheet is called.
static bool names_a_row(Str text)
{
    for (ptrdiff_t at; (at = str_find(text, STR("row "))) >= 0; text = str_from(text, (size_t)at + 4))
        if ((size_t)at + 4 < text.len && text.data[at + 4] >= '0' && text.data[at + 4] <= '9')
            return true;
    return false;
}

// True: they name rows.
static bool print_failures(const struct run_end *e)
{
    const struct run_plan *p = e->plan;
    struct run_summary *summary;
    struct strbuf text = { 0 };
    struct err ignored;
    if (!run_summary_read(p->arena, run_folder(p->arena, p->home, p->run), RUN_STEPS, &summary, &ignored))
        return false;
    task_log_failures(p->arena, e->store, p->run, summary, FAILURES_SHOWN, &text);
    fwrite(text.data ? text.data : "", 1, text.len, stderr);
    bool has_rows = names_a_row(strbuf_str(&text));
    strbuf_release(&text);
    return has_rows;
}

static void print_trouble(const struct run_end *e)
{
    const char *run = str_z(e->plan->arena, e->plan->run);
    if (e->status == DRIVER_CANCELLED)
        report_error("cancelled; nothing finished is lost");
    else
        report_error("run %s %s: " STR_FMT "%s" STR_FMT, run, e->status == DRIVER_BROKEN ? "had to stop" : "failed", STR_ARG(e->place),
                     e->place.len ? ": " : "", STR_ARG(e->error));
    bool has_rows = (e->driver->failed && print_failures(e)) || names_a_row(e->error);
    if (has_rows && e->plan->sheet.len)
        report_hint("rows are those of " STR_FMT ", whose first line is row 1", STR_ARG(e->plan->sheet));
    if (e->driver->failed && e->status == DRIVER_FAILED)
        report_hint("'petri logs %s' shows all that failed tasks wrote; 'petri resume %s' goes on once the cause is gone", run, run);
    else if (e->code == ERR_NONE && e->status == DRIVER_FAILED)
        report_hint("mend it and give the same command again: what is done is not done twice");
    else if (e->code != ERR_UNSUPPORTED)
        report_hint("'petri resume %s' goes on", run);
}

static void print_success(const struct run_end *e)
{
    char took[TIME_TEXT];
    struct strbuf line = { 0 };
    if (e->plan->quiet)
        return;
    time_duration_text(e->took, took);
    strbuf_addf(&line, "done in %s: %lld run, %lld cached", took, (long long)e->driver->ran, (long long)e->driver->cached);
    if (e->driver->retried)
        strbuf_addf(&line, ", %lld retried", (long long)e->driver->retried);
    strbuf_addf(&line, "; outputs are in " STR_FMT "\n", STR_ARG(e->plan->outdir));
    fwrite(line.data, 1, line.len, stderr);
    strbuf_release(&line);
}

static Value outputs_of(const struct run_end *e)
{
    struct value_builder none = value_map_begin(e->plan->arena);
    return e->status == DRIVER_OK ? outputs_public(e->plan->arena, e->outputs) : value_map_end(&none);
}

static Value report_value(const struct run_end *e)
{
    struct arena *a = e->plan->arena;
    struct value_builder b = value_map_begin(a);
    value_map_set(&b, STR("run"), value_string(a, e->plan->run));
    value_map_set(&b, STR("status"), value_string(a, str_of(status_name(e))));
    value_map_set(&b, STR("outdir"), value_string(a, e->plan->outdir));
    value_map_set(&b, STR("seconds"), value_float((double)e->took / (double)SECOND));
    value_map_set(&b, STR("ran"), value_int(e->driver->ran));
    value_map_set(&b, STR("cached"), value_int(e->driver->cached));
    value_map_set(&b, STR("failed"), value_int(e->driver->failed));
    value_map_set(&b, STR("retried"), value_int(e->driver->retried));
    if (e->error.len)
        value_map_set(&b, STR("error"), value_string(a, e->error));
    if (e->place.len)
        value_map_set(&b, STR("place"), value_string(a, e->place));
    value_map_set(&b, STR("outputs"), outputs_of(e));
    return value_map_end(&b);
}

int run_report(const struct run_end *e)
{
    if (e->status == DRIVER_OK)
        print_success(e);
    else
        print_trouble(e);
    int printed = print_json(e->plan->json ? report_value(e) : outputs_of(e));
    int code = exit_code(e);
    return code == EXIT_OK ? printed : code;
}

static int print_dry_json(const struct run_end *e)
{
    struct arena *a = e->plan->arena;
    struct value_builder b = value_map_begin(a);
    Value *names = NEW_ARRAY(a, Value, (size_t)e->driver->would_run);
    for (int64_t i = 0; i < e->driver->would_run; i++)
        names[i] = value_string(a, e->driver->would_run_names[i]);
    value_map_set(&b, STR("cached"), value_int(e->driver->cached));
    value_map_set(&b, STR("would_run"), value_array(a, names, (size_t)e->driver->would_run));
    return print_json(value_map_end(&b));
}

int run_report_dry(const struct run_end *e)
{
    struct strbuf text = { 0 };
    if (e->status == DRIVER_BROKEN || e->status == DRIVER_CANCELLED || (e->status == DRIVER_FAILED && e->driver->would_run == 0)) {
        report_error("dry run: " STR_FMT "%s" STR_FMT, STR_ARG(e->place), e->place.len ? ": " : "", STR_ARG(e->error));
        return exit_code(e);
    }
    if (e->plan->json)
        return print_dry_json(e);
    for (int64_t i = 0; i < e->driver->would_run; i++)
        strbuf_addf(&text, "would run  " STR_FMT "\n", STR_ARG(e->driver->would_run_names[i]));
    strbuf_addf(&text, "%lld cached, %lld would run%s\n", (long long)e->driver->cached, (long long)e->driver->would_run,
                e->driver->would_run ? "; what follows from these is not known yet" : ": nothing to do");
    return print_out(&text);
}
