// SPDX-License-Identifier: Apache-2.0
// petri config: the settings, their values and where these come from.
#include "base/arena.h"
#include "cli/commands.h"
#include "cli/config.h"
#include "cli/help.h"
#include "cli/home.h"
#include "cli/report.h"
#include "value/diag.h"
#include "view/table.h"

static const struct option options[] = {
    { "json", OPTION_FLAG, NULL, "Print the settings as JSON." },
};

static const char *source_name(enum config_source source)
{
    static const char *const names[] = { "default", "file", "environment", "command line" };
    return names[source];
}

static int print_table(struct arena *a, const struct config_state *state)
{
    static const char *const titles[] = { "setting", "value", "from" };
    struct table *t = table_new(a, titles, LEN(titles));
    struct strbuf text = { 0 };
    for (size_t i = 0; i < setting_count; i++) {
        const struct config_origin *o = &state->origins[i];
        table_row(t, (Str[]){ str_of(settings[i].name), o->text, o->place.len ? o->place : str_of(source_name(o->source)) });
    }
    table_print(t, &text);
    return print_out(&text);
}

static Value setting_value(struct arena *a, const struct setting *s, const struct config_origin *o)
{
    struct value_builder b = value_map_begin(a);
    value_map_set(&b, STR("name"), value_string(a, str_of(s->name)));
    value_map_set(&b, STR("value"), value_string(a, o->text));
    value_map_set(&b, STR("source"), value_string(a, str_of(source_name(o->source))));
    if (o->place.len)
        value_map_set(&b, STR("place"), value_string(a, o->place));
    value_map_set(&b, STR("default"), value_string(a, str_of(s->fallback)));
    value_map_set(&b, STR("takes"), value_string(a, str_of(setting_type_text(a, s))));
    value_map_set(&b, STR("environment"), value_string(a, setting_environment_name(a, s)));
    value_map_set(&b, STR("help"), value_string(a, str_of(s->help)));
    return value_map_end(&b);
}

static int print_all_json(struct arena *a, const struct config_state *state)
{
    Value *items = NEW_ARRAY(a, Value, setting_count);
    for (size_t i = 0; i < setting_count; i++)
        items[i] = setting_value(a, &settings[i], &state->origins[i]);
    return print_json(value_array(a, items, setting_count));
}

static int print_one(struct arena *a, const struct setting *s, const struct config_origin *o)
{
    struct strbuf text = { 0 };
    strbuf_addf(&text, "%s: " STR_FMT "\n", s->name, STR_ARG(o->text));
    help_wrap(str_of(s->help), 2, &text);
    strbuf_addf(&text, "  takes:       %s\n  default:     %s\n  from:        " STR_FMT "\n  environment: " STR_FMT "\n", setting_type_text(a, s),
                s->fallback, STR_ARG(o->place.len ? o->place : str_of(source_name(o->source))), STR_ARG(setting_environment_name(a, s)));
    return print_out(&text);
}

static int unknown_setting(struct invocation *in, struct config_state *state, Str name)
{
    struct err err;
    CHECK(!config_set(in->arena, state, name, (Str){ 0 }, CONFIG_FLAG, (Str){ 0 }, &err));
    return report_err(&err);
}

static int config_main(struct invocation *in)
{
    struct arguments args;
    struct config_state state;
    struct diags diags = { .arena = in->arena };
    int code;
    if (!command_arguments(in, 0, 1, &args, &code))
        return code;
    bool loaded = config_load(in->arena, home_find(in->arena), &state, &diags);
    report_diags(&diags, false);
    if (!loaded)
        return EXIT_USAGE;
    bool json = arguments_flag(&args, "json");
    if (args.word_count == 0)
        return json ? print_all_json(in->arena, &state) : print_table(in->arena, &state);
    const struct setting *s = setting_find(args.words[0]);
    if (s == NULL)
        return unknown_setting(in, &state, args.words[0]);
    const struct config_origin *o = &state.origins[s - settings];
    return json ? print_json(setting_value(in->arena, s, o)) : print_one(in->arena, s, o);
}

const struct command cmd_config = {
    .name = "config",
    .usage = "[NAME] [--json]",
    .summary = "Show the settings and where they come from",
    .description = "A setting comes from its default, from ~/.config/petri/config.yaml, from config.yaml in the home folder, from the environment, "
                   "or from the command line; the later wins. Files are YAML:\n\n"
                   "  engine:\n"
                   "    cores: 4\n"
                   "    memory: 16 GiB\n\n"
                   "In the environment engine.cores is PETRI_ENGINE_CORES. A name that is not known is a mistake, never ignored.",
    .options = options,
    .option_count = LEN(options),
    .words = "engine.cores engine.memory engine.max_running engine.retries engine.memory_retry_factor engine.retry_delay engine.kill_grace "
             "js.timeout price.currency price.core_hour price.gib_hour price.gpu_hour price.gb_month price.egress_gb log.level",
    .main = config_main,
};
