// SPDX-License-Identifier: Apache-2.0
// petri show: one run, from its journal. The store is read for the ends of failed tasks' logs alone.
#include "base/arena.h"
#include "cli/commands.h"
#include "cli/home.h"
#include "cli/report.h"
#include "cli/task_log.h"
#include "store/store.h"
#include "value/read.h"
#include "view/cost.h"
#include "view/run_summary.h"
#include "view/table.h"
#include "view/text.h"

enum { FAILURES_SHOWN = 10, WARNINGS_SHOWN = 10, IMAGES_SHOWN = 20, ITEMS_SHOWN = 20 };

static const struct option options[] = {
    { "json", OPTION_FLAG, NULL, "Print all of it as JSON." },
    { "tasks", OPTION_FLAG, NULL, "List every task as well." },
};

static void add_line(struct strbuf *out, const char *what, Str text)
{
    if (text.len == 0)
        return;
    strbuf_addf(out, "%-10s ", what);
    text_add(out, text);
    strbuf_addc(out, '\n');
}

// What the workflow says of itself, and the commit it lies in.
static Str version_text(struct arena *a, const struct recorded_start *s)
{
    Str commit = str_first(s->commit, 12);
    if (s->version.len && commit.len)
        return str_printf(a, STR_FMT " (commit " STR_FMT ")", STR_ARG(s->version), STR_ARG(commit));
    return s->version.len ? s->version : commit.len ? str_concat(a, STR("commit "), commit) : s->version;
}

static Str cost_text(struct arena *a, const struct run_record *r)
{
    const struct run_cost *c = cost_of_run(a, r, NULL, time_now());
    return prices_are_set(&c->prices) ? money_text(a, c->total.money, &c->prices) : (Str){ 0 };
}

// Which images the tools ran in: the name in the workflow, and what it stood for.
static void add_images(struct arena *a, Value containers, struct strbuf *out)
{
    for (size_t i = 0; containers.kind == VALUE_MAP && i < MIN(value_len(containers), (size_t)IMAGES_SHOWN); i++) {
        const struct value_field *f = &containers.map->at[i];
        add_line(out, "image", str_printf(a, STR_FMT " is %.19s (" STR_FMT ")", (int)f->key->len, f->key->data,
                                          str_z(a, value_get_str(f->value, STR("id"))), STR_ARG(value_get_str(f->value, STR("engine")))));
    }
    if (value_len(containers) > IMAGES_SHOWN)
        add_line(out, "", str_printf(a, "and %zu more images; --json has all", value_len(containers) - IMAGES_SHOWN));
}

static int64_t running_tasks(const struct run_record *r)
{
    int64_t count = 0;
    for (size_t i = 0; i < r->tasks.len; i++) {
        const struct recorded_task *t = r->tasks.entries[i].value;
        count += t->state == RECORDED_RUNNING && recorded_task_is_current(r, t);
    }
    return count;
}

static void add_head(struct arena *a, Str run, const struct run_summary *s, struct strbuf *out)
{
    char when[TIME_TEXT], took[TIME_TEXT];
    add_line(out, "run", run);
    add_line(out, "status", s->owner[0] ? str_printf(a, "running (%s)", s->owner) : str_of(run_status_name(s->status)));
    add_line(out, "workflow", s->workflow);
    add_line(out, "version", version_text(a, run_record_last(s->record)));
    time_text(s->started, when);
    add_line(out, "started", s->starts > 1 ? str_printf(a, "%s (start %lld)", when, (long long)s->starts) : str_of(when));
    if (run_summary_duration(s, time_now())) {
        time_duration_text(run_summary_duration(s, time_now()), took);
        add_line(out, "took", str_of(took));
    }
    int64_t running = s->owner[0] ? running_tasks(s->record) : 0;
    add_line(out, "tasks", str_printf(a, "%s%lld done, %lld cached, %lld failed, %lld retried",
                                      running ? str_printf(a, "%lld running, ", (long long)running).data : "", (long long)s->done,
                                      (long long)s->cached, (long long)s->failed, (long long)s->retried));
    add_line(out, "cost", cost_text(a, s->record));
    add_images(a, run_record_last(s->record)->containers, out);
    add_line(out, "outputs", s->outdir);
    add_line(out, "error", s->error);
    add_line(out, "at", s->place);
    add_line(out, "damage", str_of(s->damage));
    for (size_t i = 0; i < MIN(s->warnings.len, (size_t)WARNINGS_SHOWN); i++)
        add_line(out, "warning", s->warnings.at[i]);
    if (s->warnings.len > WARNINGS_SHOWN)
        add_line(out, "", str_printf(a, "and %zu more warnings", s->warnings.len - WARNINGS_SHOWN));
}

static Str number(struct arena *a, int64_t n) { return n ? str_printf(a, "%lld", (long long)n) : (Str){ 0 }; }

static Str duration(struct arena *a, Time t)
{
    char text[TIME_TEXT];
    time_duration_text(t, text);
    return t ? str_copy(a, str_of(text)) : (Str){ 0 };
}

static Str size(struct arena *a, int64_t bytes)
{
    char text[TIME_TEXT];
    size_text(bytes, text);
    return bytes >= 0 ? str_copy(a, str_of(text)) : (Str){ 0 };
}

static void add_steps(struct arena *a, const struct run_summary *s, struct strbuf *out)
{
    static const char *const titles[] = { "step", ">tasks", ">done", ">cached", ">failed", ">retried", ">skipped", ">time", ">peak memory" };
    struct table *t = table_new(a, titles, LEN(titles));
    for (size_t i = 0; i < s->steps.len; i++) {
        const struct run_step *step = s->steps.entries[i].value;
        table_row(t, (Str[]){ step->name, step->expected < 0 ? STR("?") : str_printf(a, "%lld", (long long)step->expected),
                              number(a, step->done + step->evaluated - step->skipped), number(a, step->cached), number(a, step->failed),
                              number(a, step->retried), number(a, step->skipped), duration(a, step->took), size(a, step->peak_memory) });
    }
    if (s->steps.len)
        strbuf_addc(out, '\n');
    table_print(t, out);
}

static void add_tasks(struct arena *a, const struct run_summary *s, struct strbuf *out)
{
    static const char *const titles[] = { "task", "state", ">attempts", ">time", ">user", ">system", ">peak memory", ">read", ">written", ">IO wait",
                                          "sandbox", "key" };
    const struct recorded_attempt none = { .measured = { .read_bytes = -1, .written_bytes = -1, .io_wait = -1 } };
    struct table *t = table_new(a, titles, LEN(titles));
    for (size_t i = 0; i < s->tasks.len; i++) {
        const struct run_task *task = s->tasks.entries[i].value;
        const struct recorded_attempt *at = task->measured ? task->measured : &none;
        table_row(t, (Str[]){ task->name, task->state, number(a, task->attempts), duration(a, task->took), duration(a, MAX(at->measured.user, 0)),
                              duration(a, MAX(at->measured.system, 0)), size(a, task->peak_memory), size(a, at->measured.read_bytes),
                              size(a, at->measured.written_bytes), duration(a, MAX(at->measured.io_wait, 0)), at->sandbox, task->key });
    }
    if (s->tasks.len)
        strbuf_addc(out, '\n');
    table_print(t, out);
}

// A file by its path, anything else as JSON, the items of a list of files one a line.
static void add_output(Str name, Value v, struct strbuf *out)
{
    enum { VALUE_COLUMNS = 200 };
    Str path = value_get_str(v, STR("path"));
    struct strbuf json = { 0 };
    if (v.kind == VALUE_ARRAY && value_get_str(value_at(v, 0), STR("path")).len) {
        for (size_t i = 0; i < MIN(v.array->len, (size_t)ITEMS_SHOWN); i++)
            add_output(name, v.array->at[i], out);
        if (v.array->len > ITEMS_SHOWN)
            strbuf_addf(out, "  and %zu more\n", v.array->len - ITEMS_SHOWN);
        return;
    }
    if (path.len == 0)
        json_write(&json, v, 0);
    strbuf_addz(out, "  ");
    text_add(out, name);
    strbuf_addz(out, ": ");
    if (path.len)
        text_add(out, path);
    else
        text_add_cut(out, strbuf_str(&json), VALUE_COLUMNS);
    strbuf_addc(out, '\n');
    strbuf_release(&json);
}

static void add_outputs(const struct run_summary *s, struct strbuf *out)
{
    if (value_len(s->outputs) == 0)
        return;
    strbuf_addz(out, "\noutputs:\n");
    for (size_t i = 0; i < s->outputs.map->len; i++) {
        const struct value_field *f = &s->outputs.map->at[i];
        add_output((Str){ f->key->data, f->key->len }, f->value, out);
    }
}

static void add_failures(struct arena *a, Str home, Str run, const struct run_summary *s, struct strbuf *out)
{
    struct err err;
    struct store *store = s->failures.len ? store_open(home, false, &err) : NULL;
    if (store == NULL)
        return;
    strbuf_addz(out, "\nfailed:\n");
    task_log_failures(a, store, run, s, FAILURES_SHOWN, out);
    store_close(store);
}

static int show_main(struct invocation *in)
{
    struct arguments args;
    struct run_summary *summary;
    struct strbuf out = { 0 };
    struct err err;
    Str home, run;
    int code;
    if (!command_arguments(in, 1, 1, &args, &code))
        return code;
    enum run_detail detail = arguments_flag(&args, "tasks") ? RUN_TASKS : RUN_STEPS;
    if (!home_require(in->arena, &home, &err) || !run_find(in->arena, home, args.words[0], &run, &err)
        || !run_summary_read(in->arena, run_folder(in->arena, home, run), detail, &summary, &err))
        return report_err(&err);
    if (arguments_flag(&args, "json"))
        return print_json(run_summary_value(in->arena, run, summary));
    add_head(in->arena, run, summary, &out);
    add_steps(in->arena, summary, &out);
    add_tasks(in->arena, summary, &out);
    add_failures(in->arena, home, run, summary, &out);
    add_outputs(summary, &out);
    return print_out(&out);
}

const struct command cmd_show = {
    .name = "show",
    .usage = "RUN [--json] [--tasks]",
    .summary = "Show a run: steps, failures, outputs",
    .description = "What the run's journal says of its last start, while it runs or later: status, steps, failed tasks with the end of what they "
                   "wrote, outputs. RUN may be the beginning of a name, or 'last'.",
    .options = options,
    .option_count = LEN(options),
    .words = "runs",
    .main = show_main,
};
