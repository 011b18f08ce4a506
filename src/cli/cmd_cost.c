// SPDX-License-Identifier: Apache-2.0
// petri cost: what a run cost, by the prices that were set when it ran, or by those that are set now.
#include "base/arena.h"
#include "cli/commands.h"
#include "cli/config.h"
#include "cli/home.h"
#include "cli/report.h"
#include "value/diag.h"
#include "view/cost.h"
#include "view/table.h"

static const struct option options[] = {
    { "tasks", OPTION_FLAG, NULL, "List every task as well." },
    { "now", OPTION_FLAG, NULL, "By the prices that are set now, not by those of the run." },
    { "json", OPTION_FLAG, NULL, "Print all of it as JSON." },
};

static Str hours(struct arena *a, double h) { return h > 0 ? str_printf(a, h < 0.01 ? "%.6f" : "%.3f", h) : (Str){ 0 }; }

static void add_row(struct arena *a, struct table *t, Str name, const struct cost *c, const struct price_table *p)
{
    char wall[TIME_TEXT];
    time_duration_text(c->wall, wall);
    table_row(t, (Str[]){ name, str_printf(a, "%lld", (long long)c->attempts), str_copy(a, str_of(wall)), hours(a, c->core_hours),
                          hours(a, c->gib_hours), hours(a, c->gpu_hours), prices_are_set(p) ? money_text(a, c->money, p) : (Str){ 0 } });
}

static struct table *table_of(struct arena *a, const char *what)
{
    const char *titles[] = { what, ">attempts", ">time", ">core hours", ">GiB hours", ">GPU hours", ">cost" };
    return table_new(a, titles, LEN(titles));
}

static void add_lines(struct arena *a, const char *what, const struct cost_line *lines, size_t count, const struct price_table *p, struct strbuf *out)
{
    struct table *t = table_of(a, what);
    struct strbuf text = { 0 };
    for (size_t i = 0; i < count; i++)
        if (lines[i].cost.attempts)
            add_row(a, t, lines[i].name.len ? lines[i].name : STR("(none)"), &lines[i].cost, p);
    table_print(t, &text);
    if (text.len)
        strbuf_addf(out, "\n" STR_FMT, STR_ARG(strbuf_str(&text)));
    strbuf_release(&text);
}

static void add_tasks(struct arena *a, const struct run_record *r, const struct price_table *p, Time now, struct strbuf *out)
{
    struct table *t = table_of(a, "task");
    for (size_t i = 0; i < r->tasks.len; i++) {
        const struct recorded_task *task = r->tasks.entries[i].value;
        struct cost c = cost_of_task(task, p, now);
        add_row(a, t, task->name, &c, p);
    }
    strbuf_addc(out, '\n');
    table_print(t, out);
}

static void add_outputs(struct arena *a, const struct run_cost *c, struct strbuf *out)
{
    char bytes[TIME_TEXT];
    size_text(c->output_bytes, bytes);
    strbuf_addf(out, "\noutputs: %s", bytes);
    if (c->prices.gb_month > 0)
        strbuf_addf(out, "; to keep them costs " STR_FMT " a month", STR_ARG(money_text(a, c->storage_month, &c->prices)));
    if (c->prices.egress_gb > 0)
        strbuf_addf(out, "; to take them out once " STR_FMT, STR_ARG(money_text(a, c->egress, &c->prices)));
    strbuf_addc(out, '\n');
}

static int print_cost(struct arena *a, const struct run_record *r, const struct run_cost *c, bool with_tasks, Time now)
{
    struct strbuf out = { 0 };
    struct table *total = table_of(a, "run");
    add_row(a, total, r->run, &c->total, &c->prices);
    table_print(total, &out);
    add_lines(a, "step", c->steps.at, c->steps.len, &c->prices, &out);
    add_lines(a, "sample", c->samples.at, c->samples.len, &c->prices, &out);
    if (with_tasks)
        add_tasks(a, r, &c->prices, now, &out);
    add_outputs(a, c, &out);
    if (c->total.unmeasured)
        strbuf_addf(&out, "%lld attempts ended without being measured and count as nothing\n", (long long)c->total.unmeasured);
    return print_out(&out);
}

static int cost_main(struct invocation *in)
{
    struct arguments args;
    struct diags diags = { .arena = in->arena };
    struct config_state config;
    struct run_record *record;
    struct err err;
    Str home, run;
    int code;
    if (!command_arguments(in, 1, 1, &args, &code))
        return code;
    if (!home_require(in->arena, &home, &err) || !run_find(in->arena, home, args.words[0], &run, &err)
        || !run_record_read(in->arena, run_folder(in->arena, home, run), &record, &err))
        return report_err(&err);
    bool loaded = config_load(in->arena, home, &config, &diags);
    if (!loaded) {
        report_diags(&diags, false);
        return EXIT_USAGE;
    }
    struct price_table now_set = config_prices(&config.config), recorded;
    bool was_priced = prices_from_value(run_record_last(record)->prices, &recorded);
    bool use_now = arguments_flag(&args, "now") || !was_priced;
    Time now = time_now();
    const struct run_cost *cost = cost_of_run(in->arena, record, use_now ? &now_set : NULL, now);
    if (arguments_flag(&args, "json"))
        return print_json(run_cost_value(in->arena, record, cost));
    code = print_cost(in->arena, record, cost, arguments_flag(&args, "tasks"), now);
    if (!prices_are_set(&cost->prices))
        report_hint("no prices are set: 'price.core_hour' and the others in config.yaml make money of these hours; 'petri help cost' says how");
    return code;
}

const struct command cmd_cost = {
    .name = "cost",
    .usage = "RUN [--tasks] [--now] [--json]",
    .summary = "Show what a run cost",
    .description = "What the run's tasks held, and for how long: cores, memory and GPUs as they were reserved, of every attempt, failed ones too; "
                   "results that were known cost nothing. By step, by sample (the label 'sample') and in all. Prices come from the settings and are "
                   "recorded with each run:\n\n"
                   "  price:\n"
                   "    currency: EUR\n"
                   "    core_hour: 0.031\n"
                   "    gib_hour: 0.004\n"
                   "    gpu_hour: 2.10\n"
                   "    gb_month: 0.02\n"
                   "    egress_gb: 0.08\n\n"
                   "A run that was started without prices is shown by those that are set now.",
    .options = options,
    .option_count = LEN(options),
    .words = "runs",
    .main = cost_main,
};
