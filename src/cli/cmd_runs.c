// SPDX-License-Identifier: Apache-2.0
// petri runs: all runs in the home folder, newest first.
#include "base/arena.h"
#include "cli/commands.h"
#include "cli/home.h"
#include "cli/report.h"
#include "view/run_summary.h"
#include "view/table.h"

static const struct option options[] = {
    { "json", OPTION_FLAG, NULL, "Print the list as JSON." },
    { "names", OPTION_FLAG, NULL, "Print the names alone, one a line." },
};

struct entry {
    Str run;
    const struct run_summary *summary;  // NULL: `trouble` says why
    struct err trouble;
};

static int newest_first(const void *x, const void *y)
{
    const struct entry *a = x, *b = y;
    Time at = a->summary ? a->summary->started : 0, bt = b->summary ? b->summary->started : 0;
    return at != bt ? (at < bt) - (at > bt) : str_compare(b->run, a->run);
}

static struct entry *read_all(struct arena *a, Str home, const Str *names, size_t count)
{
    struct entry *entries = NEW_ARRAY(a, struct entry, count);
    for (size_t i = 0; i < count; i++) {
        struct run_summary *summary;
        entries[i].run = names[i];
        if (run_summary_read(a, run_folder(a, home, names[i]), RUN_BRIEF, &summary, &entries[i].trouble))
            entries[i].summary = summary;
    }
    qsort(entries, count, sizeof *entries, newest_first);
    return entries;
}

static void add_row(struct arena *a, struct table *t, const struct entry *e)
{
    char started[TIME_TEXT], took[TIME_TEXT] = "";
    const struct run_summary *s = e->summary;
    if (s == NULL) {
        Str state = e->trouble.code == ERR_NOT_FOUND ? STR("empty") : STR("unreadable");
        table_row(t, (Str[]){ e->run, state, { 0 }, { 0 }, { 0 }, { 0 }, { 0 }, { 0 } });
        return;
    }
    time_text(s->started, started);
    Time duration = run_summary_duration(s, time_now());
    if (duration)
        time_duration_text(duration, took);
    Str when = str_printf(a, "%.10s %.8s", started, started + 11);      // without T, milliseconds and Z
    table_row(t, (Str[]){ e->run, str_of(run_status_name(s->status)), str_basename(s->workflow), when, str_copy(a, str_of(took)),
                          str_printf(a, "%lld", (long long)s->done), str_printf(a, "%lld", (long long)s->cached),
                          str_printf(a, "%lld", (long long)s->failed) });
}

static int print_table(struct arena *a, const struct entry *entries, size_t count)
{
    static const char *const titles[] = { "run", "status", "workflow", "started (UTC)", ">took", ">done", ">cached", ">failed" };
    struct table *t = table_new(a, titles, LEN(titles));
    struct strbuf text = { 0 };
    for (size_t i = 0; i < count; i++)
        add_row(a, t, &entries[i]);
    table_print(t, &text);
    if (count == 0)
        strbuf_addz(&text, "no runs yet\n");
    return print_out(&text);
}

static int print_list_json(struct arena *a, const struct entry *entries, size_t count)
{
    Value *items = NEW_ARRAY(a, Value, count);
    for (size_t i = 0; i < count; i++) {
        struct value_builder b = value_map_begin(a);
        value_map_set(&b, STR("run"), value_string(a, entries[i].run));
        value_map_set(&b, STR("status"), value_string(a, STR("unreadable")));
        value_map_set(&b, STR("error"), value_string(a, str_of(entries[i].trouble.text)));
        items[i] = entries[i].summary ? run_summary_value(a, entries[i].run, entries[i].summary) : value_map_end(&b);
    }
    return print_json(value_array(a, items, count));
}

static int runs_main(struct invocation *in)
{
    struct arguments args;
    struct strbuf text = { 0 };
    struct err err;
    Str home, *names = NULL;
    size_t count;
    int code;
    if (!command_arguments(in, 0, 0, &args, &code))
        return code;
    if (!home_require(in->arena, &home, &err) || !runs_list(in->arena, home, &names, &count, &err))
        return report_err(&err);
    if (arguments_flag(&args, "names")) {
        for (size_t i = 0; i < count; i++)
            strbuf_addf(&text, STR_FMT "\n", STR_ARG(names[i]));
        return print_out(&text);
    }
    const struct entry *entries = read_all(in->arena, home, names, count);
    return arguments_flag(&args, "json") ? print_list_json(in->arena, entries, count) : print_table(in->arena, entries, count);
}

const struct command cmd_runs = {
    .name = "runs",
    .usage = "[--json]",
    .summary = "List the runs",
    .description = "The runs in the home folder, newest first, with the counts of their last start. A run that is 'interrupted' ended without "
                   "saying so: the machine or the process was stopped. 'petri resume RUN' goes on with it.",
    .options = options,
    .option_count = LEN(options),
    .main = runs_main,
};
