// SPDX-License-Identifier: Apache-2.0
// petri gc: deletes intermediates that nobody has needed for a while. What may go is gc.c's decision.
#include "cli/commands.h"
#include "cli/gc.h"
#include "cli/home.h"
#include "cli/report.h"
#include "store/store.h"

#define AGE_DEFAULT (30 * 86400 * SECOND)

static const struct option options[] = {
    { "older-than", OPTION_DURATION, "AGE", "Delete only what is at least so old: 30d, 12h. Default: 30d." },
    { "dry-run", OPTION_FLAG, NULL, "Say what would be deleted; delete nothing." },
    { "json", OPTION_FLAG, NULL, "Print the counts as JSON." },
};

static int print_counts(struct arena *a, const struct gc_counts *c, bool dry_run, bool json)
{
    char freed[TIME_TEXT], all[TIME_TEXT];
    struct strbuf text = { 0 };
    if (json) {
        struct value_builder b = value_map_begin(a);
        value_map_set(&b, STR("dry_run"), value_bool(dry_run));
        value_map_set(&b, STR("objects"), value_int(c->objects));
        value_map_set(&b, STR("bytes"), value_int(c->bytes));
        value_map_set(&b, STR("freed"), value_int(c->freed));
        value_map_set(&b, STR("freed_bytes"), value_int(c->freed_bytes));
        value_map_set(&b, STR("kept_outputs"), value_int(c->kept_outputs));
        value_map_set(&b, STR("kept_young"), value_int(c->kept_young));
        return print_json(value_map_end(&b));
    }
    size_text(c->freed_bytes, freed), size_text(c->bytes, all);
    strbuf_addf(&text, "%s %lld of %lld objects, %s of %s; kept %lld that are outputs, logs of failures or in use, and %lld that are younger\n",
                dry_run ? "would free" : "freed", (long long)c->freed, (long long)c->objects, freed, all, (long long)c->kept_outputs,
                (long long)c->kept_young);
    return print_out(&text);
}

static int gc_main(struct invocation *in)
{
    struct arguments args;
    struct gc_keep keep = { .arena = in->arena };
    struct gc_counts counts = { 0 };
    struct err err;
    Str home;
    int code;
    if (!command_arguments(in, 0, 0, &args, &code))
        return code;
    const struct given *given = arguments_get(&args, "older-than");
    Time age = given->count ? given->integer : AGE_DEFAULT;
    bool dry_run = arguments_flag(&args, "dry-run");
    struct store *store = home_require(in->arena, &home, &err) ? store_open(home, false, &err) : NULL;
    if (store == NULL)
        return report_err(&err);
    if (!dry_run)
        store_sweep(store);
    bool ok = gc_collect(&keep, home, store, &err) && gc_sweep(&keep, store, age, time_now(), dry_run, &counts, &err);
    store_close(store);
    return ok ? print_counts(in->arena, &counts, dry_run, arguments_flag(&args, "json")) : report_err(&err);
}

const struct command cmd_gc = {
    .name = "gc",
    .usage = "[--older-than AGE] [--dry-run] [--json]",
    .summary = "Delete old intermediates from the store",
    .description = "Deletes bytes in the store that are no final output of any run, no log of a failed task, not in use by a run that goes on, and "
                   "older than AGE. Results stay: a later resume still finds every finished task, and bytes that are needed again are made "
                   "again by running their task.",
    .options = options,
    .option_count = LEN(options),
    .main = gc_main,
};
