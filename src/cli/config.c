// SPDX-License-Identifier: Apache-2.0
// The settings table and its sources. A setting that nobody knows is a mistake, never ignored: a misspelt limit must not
// silently be no limit.
#include "cli/config.h"

#include "base/arena.h"
#include "cli/units.h"
#include "sys/file.h"
#include "value/read.h"

#define FIELD(name) offsetof(struct config, name)
const struct setting settings[] = {
    { "engine.cores", SETTING_NUMBER, FIELD(cores), 0.01, 100000, NULL, "auto",
      "Cores that running tasks may reserve together; auto: all that this process may use." },
    { "engine.memory", SETTING_SIZE, FIELD(memory_bytes), 1 << 20, 9e18, NULL, "auto",
      "Memory that running tasks may reserve together; auto: all of this machine." },
    { "engine.max_running", SETTING_INT, FIELD(max_running), 1, 100000, NULL, "64", "Most tasks that may run at once." },
    { "engine.retries", SETTING_INT, FIELD(retries), 0, 100, NULL, "0", "Further attempts after a task failed." },
    { "engine.memory_retry_factor", SETTING_NUMBER, FIELD(memory_retry_factor), 1, 100, NULL, "1",
      "A task killed for memory is tried again with so many times more, within engine.retries; 1: not." },
    { "engine.retry_delay", SETTING_DURATION, FIELD(retry_delay), 0, 86400, NULL, "1s",
      "Wait before the first further attempt; doubles with each, up to five minutes." },
    { "engine.kill_grace", SETTING_DURATION, FIELD(kill_grace), 0, 3600, NULL, "5s",
      "How long a cancelled task may tidy up between SIGTERM and SIGKILL." },
    { "sandbox.kind", SETTING_CHOICE, FIELD(sandbox.kind), 0, 0, SANDBOX_CHOICES, "auto",
      "What tasks are shut into. auto: a container for a tool that names an image, else bwrap where this machine can, else none; bwrap: Linux "
      "namespaces, as bubblewrap makes them." },
    { "sandbox.paths", SETTING_TEXT, FIELD(sandbox.paths), 0, 65536, "PATH:PATH", "",
      "Folders and files of this machine that tasks in a sandbox may read beside their inputs, the system's folders and what PATH leads to." },
    { "sandbox.environment", SETTING_TEXT, FIELD(sandbox.environment), 0, 65536, "NAME,NAME", "",
      "Environment variables that are passed on to tasks. Nothing else is, and they are not part of a task's key." },
    { "sandbox.secrets", SETTING_TEXT, FIELD(sandbox.secrets), 0, 65536, "NAME=/FILE,NAME=/FILE", "",
      "Files with secrets, that tasks find in the folder $PETRI_SECRETS under these names." },
    { "limits.memory", SETTING_CHOICE, FIELD(sandbox.memory), 0, 0, "asked|none", "asked",
      "Kill a task that uses more memory than it asks for (CWL: ramMax, else ramMin); none: what it asks for is only reserved." },
    { "limits.cores", SETTING_CHOICE, FIELD(sandbox.cores), 0, 0, "asked|none", "asked",
      "Give a task no more cores than it asks for (CWL: coresMax, else coresMin); none: what it asks for is only reserved." },
    { "limits.processes", SETTING_INT, FIELD(sandbox.processes), 0, 4000000, NULL, "4096",
      "Most processes and threads of a task at once; 0: no limit." },
    { "limits.open_files", SETTING_INT, FIELD(sandbox.open_files), 0, 1000000000, NULL, "65536",
      "Most files that a process of a task may have open; 0: as many as Petri itself." },
    { "limits.file_size", SETTING_SIZE, FIELD(sandbox.file_bytes), 1, 9e18, NULL, "auto",
      "Largest file that a task may write; auto: more than the disk can hold, which stops files that are all holes." },
    { "limits.outputs", SETTING_INT, FIELD(sandbox.outputs), 1, 20000000, NULL, "500000",
      "Most files and folders that a task may leave as outputs." },
    { "js.timeout", SETTING_DURATION, FIELD(js_timeout), 0.01, 3600, NULL, "20s", "Longest evaluation of one JavaScript expression." },
    { "js.node", SETTING_TEXT, FIELD(js_node), 1, 4096, "PROGRAM", "node",
      "What evaluates expressions whose JavaScript is newer than ES5.1, where it is installed; none: nothing does." },
    { "price.currency", SETTING_TEXT, FIELD(currency), 1, 12, NULL, "EUR", "What the prices are in, as it is to be shown." },
    { "price.core_hour", SETTING_NUMBER, FIELD(core_hour), 0, 1e9, NULL, "0", "Price of a reserved core for an hour; 0: not priced." },
    { "price.gib_hour", SETTING_NUMBER, FIELD(gib_hour), 0, 1e9, NULL, "0", "Price of a reserved GiB of memory for an hour." },
    { "price.gpu_hour", SETTING_NUMBER, FIELD(gpu_hour), 0, 1e9, NULL, "0", "Price of a reserved GPU for an hour." },
    { "price.gb_month", SETTING_NUMBER, FIELD(gb_month), 0, 1e9, NULL, "0", "Price of a stored GB (10^9 bytes) for a month." },
    { "price.egress_gb", SETTING_NUMBER, FIELD(egress_gb), 0, 1e9, NULL, "0", "Price of a GB taken out of where it is stored." },
    { "log.level", SETTING_CHOICE, FIELD(log_level), 0, 0, "error|warn|info|debug", "warn", "What the operator's log on stderr tells." },
};
const size_t setting_count = LEN(settings);

struct price_table config_prices(const struct config *c)
{
    return (struct price_table){ .currency = c->currency, .core_hour = c->core_hour, .gib_hour = c->gib_hour, .gpu_hour = c->gpu_hour,
                                 .gb_month = c->gb_month, .egress_gb = c->egress_gb };
}

const struct setting *setting_find(Str name)
{
    for (size_t i = 0; i < LEN(settings); i++)
        if (str_is(name, settings[i].name))
            return &settings[i];
    return NULL;
}

Str setting_environment_name(struct arena *a, const struct setting *s)
{
    Str name = str_printf(a, "PETRI_%s", s->name);
    char *z = str_z(a, name);
    for (size_t i = 0; z[i]; i++)
        z[i] = z[i] == '.' ? '_' : z[i] >= 'a' && z[i] <= 'z' ? (char)(z[i] - 'a' + 'A') : z[i];
    return str_of(z);
}

static const char *range_text(struct arena *a, const struct setting *s)
{
    char low[TIME_TEXT], high[TIME_TEXT];
    if (s->type == SETTING_SIZE) {
        size_text((int64_t)s->min, low);
        return str_z(a, str_printf(a, "%s or more", low));
    }
    if (s->type == SETTING_DURATION) {
        time_duration_text((Time)(s->min * (double)SECOND), low);
        time_duration_text((Time)(s->max * (double)SECOND), high);
        return str_z(a, str_printf(a, "%s to %s", low, high));
    }
    return str_z(a, str_printf(a, "%.10g to %.10g", s->min, s->max));
}

const char *setting_type_text(struct arena *a, const struct setting *s)
{
    static const char *const names[] = { "integer", "number", "size", "duration", "", "" };
    if (s->choices)
        return s->choices;
    if (s->type == SETTING_TEXT)
        return str_z(a, str_printf(a, "text, %g to %g characters", s->min, s->max));
    const char *automatic = strcmp(s->fallback, "auto") == 0 ? "auto, or " : "";
    return str_z(a, str_printf(a, "%s%s, %s", automatic, names[s->type], range_text(a, s)));
}

static bool parse_choice(const struct setting *s, Str text, int64_t *out)
{
    Str rest = str_of(s->choices);
    for (*out = 0; rest.len; ++*out)
        if (str_eq(str_cut(&rest, '|'), text))
            return true;
    return false;
}

// The number to compare with the range, and the value to store.
static bool parse_number(const struct setting *s, Str text, double *number, int64_t *integer, struct err *err)
{
    switch (s->type) {
    case SETTING_INT:
        if (!str_to_int(text, integer))
            return false;
        *number = (double)*integer;
        return true;
    case SETTING_NUMBER:
        return str_to_double(text, number);
    case SETTING_SIZE:
        if (!size_parse(text, integer, err))
            return false;
        *number = (double)*integer;
        return true;
    case SETTING_DURATION:
        if (!duration_parse(text, integer, err))
            return false;
        *number = (double)*integer / (double)SECOND;
        return true;
    case SETTING_CHOICE:
        return parse_choice(s, text, integer);
    case SETTING_TEXT:
        *number = (double)text.len;
        return str_is_utf8(text);
    }
    return false;
}

static bool store_value(struct arena *a, struct config *c, const struct setting *s, Str text, struct err *err)
{
    double number = 0;
    int64_t integer = 0;
    bool is_auto = str_is(text, "auto") && strcmp(s->fallback, "auto") == 0;
    bool has_range = s->type != SETTING_CHOICE;
    bool ok = is_auto || (parse_number(s, text, &number, &integer, err) && (!has_range || (number >= s->min && number <= s->max)));
    if (!ok)
        return err_set(err, ERR_INVALID, "%s: expected %s, found '" STR_FMT "'", s->name, setting_type_text(a, s), STR_ARG(text));
    void *field = (char *)c + s->offset;
    if (s->type == SETTING_TEXT)
        *(Str *)field = str_copy(a, text);
    else if (s->type == SETTING_NUMBER)
        *(double *)field = number;
    else
        *(int64_t *)field = integer;
    return true;
}

bool config_set(struct arena *a, struct config_state *state, Str name, Str text, enum config_source source, Str place, struct err *err)
{
    const struct setting *s = setting_find(name);
    if (s == NULL) {
        Str names[LEN(settings)];
        for (size_t i = 0; i < LEN(settings); i++)
            names[i] = str_of(settings[i].name);
        Str near = str_nearest(name, names, LEN(names));
        return err_set(err, ERR_NOT_FOUND, "there is no setting '" STR_FMT "'%s" STR_FMT "%s", STR_ARG(name), near.len ? ": did you mean '" : "",
                       STR_ARG(near), near.len ? "'?" : "; 'petri config' lists them");
    }
    if (!store_value(a, &state->config, s, text, err))
        return false;
    state->origins[s - settings] = (struct config_origin){ source, str_copy(a, place), str_copy(a, text) };
    return true;
}

static void set_defaults(struct arena *a, struct config_state *state)
{
    struct err err;
    *state = (struct config_state){ .origins = NEW_ARRAY(a, struct config_origin, LEN(settings)) };
    for (size_t i = 0; i < LEN(settings); i++)
        CHECK(config_set(a, state, str_of(settings[i].name), str_of(settings[i].fallback), CONFIG_DEFAULT, (Str){ 0 }, &err));
}

static Str scalar_text(struct arena *a, const struct node *n)
{
    struct strbuf text = { 0 };
    if (n->kind == VALUE_STRING)
        return node_str(n);
    json_write(&text, n->scalar, 0);
    return strbuf_take(&text, a);
}

// Only what decides about a task's attempts can differ from step to step.
static bool is_of_steps(const struct setting *s)
{
    return str_starts(str_of(s->name), STR("sandbox.")) || str_starts(str_of(s->name), STR("limits."));
}

static void read_step(struct arena *a, struct config_state *state, const struct node *map, Str pattern, Str prefix, struct diags *diags)
{
    for (size_t i = 0; i < map->fields.len; i++) {
        struct node *key = map->fields.at[i].key, *value = map->fields.at[i].value;
        Str name = prefix.len ? str_printf(a, STR_FMT "." STR_FMT, STR_ARG(prefix), STR_ARG(node_str(key))) : node_str(key);
        const struct setting *s = setting_find(name);
        struct config scratch;
        struct err err;
        if (value->kind == VALUE_MAP) {
            read_step(a, state, value, pattern, name, diags);
            continue;
        }
        if (s == NULL || !is_of_steps(s) || value->kind == VALUE_ARRAY || value->kind == VALUE_NULL)
            diag_add(diags, key->span, "expected a setting of 'sandbox' or 'limits' with one value, found '" STR_FMT "'", STR_ARG(name));
        else if (!store_value(a, &scratch, s, scalar_text(a, value), &err))
            diag_add(diags, value->span, "%s", err.text);
        else
            vec_push(a, &state->steps, ((struct config_step_setting){ pattern, s, scalar_text(a, value) }));
    }
}

static void read_steps(struct arena *a, struct config_state *state, const struct node *steps, struct diags *diags)
{
    for (size_t i = 0; i < steps->fields.len; i++) {
        struct node *key = steps->fields.at[i].key, *value = steps->fields.at[i].value;
        if (value->kind == VALUE_MAP)
            read_step(a, state, value, str_copy(a, node_str(key)), (Str){ 0 }, diags);
        else
            diag_add(diags, value->span, "expected the settings of the step '" STR_FMT "', found %s", STR_ARG(node_str(key)),
                     value_kind_name(value->kind));
    }
}

struct config config_of_steps(struct arena *a, const struct config_state *state, Str pattern)
{
    struct config c = state->config;
    struct err err;
    for (size_t i = 0; i < state->steps.len; i++) {
        const struct config_step_setting *s = &state->steps.at[i];
        bool is_ours = str_eq(s->pattern, pattern) && state->origins[s->setting - settings].source != CONFIG_FLAG;
        if (is_ours)
            CHECK(store_value(a, &c, s->setting, s->text, &err));
    }
    return c;
}

// "engine: {cores: 4}" and "engine.cores: 4" are the same.
static void read_settings(struct arena *a, struct config_state *state, const struct node *map, Str prefix, struct diags *diags)
{
    for (size_t i = 0; i < map->fields.len; i++) {
        struct node *key = map->fields.at[i].key, *value = map->fields.at[i].value;
        Str name = prefix.len ? str_printf(a, STR_FMT "." STR_FMT, STR_ARG(prefix), STR_ARG(node_str(key))) : node_str(key);
        struct err err;
        if (value->kind == VALUE_MAP && str_is(name, "steps"))
            read_steps(a, state, value, diags);
        else if (value->kind == VALUE_MAP)
            read_settings(a, state, value, name, diags);
        else if (value->kind == VALUE_ARRAY || value->kind == VALUE_NULL)
            diag_add(diags, value->span, "expected one value for '" STR_FMT "', found %s", STR_ARG(name), value_kind_name(value->kind));
        else if (!config_set(a, state, name, scalar_text(a, value), CONFIG_FILE, span_text(a, value->span), &err))
            diag_add(diags, err.code == ERR_NOT_FOUND ? key->span : value->span, "%s", err.text);
    }
}

// No file: fine. One that can't be read is not: its limits would be missed.
static void read_file(struct arena *a, struct config_state *state, Str path, struct diags *diags)
{
    enum { MAX_BYTES = 1 << 20 };
    struct err err;
    struct source *source = NEW(a, struct source);
    source->name = path;
    if (!file_exists(path))
        return;
    if (!file_read(a, path, MAX_BYTES, &source->text, &err)) {
        diag_add(diags, (struct span){ source, 0, 0 }, "%s", err.text);
        return;
    }
    const struct node *root = yaml_read(a, source, diags);
    if (root && root->kind != VALUE_MAP && root->kind != VALUE_NULL)
        diag_add(diags, root->span, "expected settings, one 'name: value' a line");
    else if (node_is(root, VALUE_MAP))
        read_settings(a, state, root, (Str){ 0 }, diags);
}

static void read_environment(struct arena *a, struct config_state *state, struct diags *diags)
{
    for (size_t i = 0; i < LEN(settings); i++) {
        struct err err;
        Str name = setting_environment_name(a, &settings[i]);
        const char *text = getenv(name.data);
        struct source *source = NEW(a, struct source);
        source->name = name;
        if (text && *text && !config_set(a, state, str_of(settings[i].name), str_of(text), CONFIG_ENVIRONMENT, name, &err))
            diag_add(diags, (struct span){ source, 0, 0 }, "%s", err.text);
    }
}

static Str user_file(struct arena *a)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *user = getenv("HOME");
    if (config && *config == '/')
        return str_join_path(a, str_of(config), STR("petri/config.yaml"));
    return user && *user ? str_join_path(a, str_of(user), STR(".config/petri/config.yaml")) : (Str){ 0 };
}

bool config_load(struct arena *a, Str home, struct config_state *out, struct diags *diags)
{
    Str user = user_file(a);
    size_t errors = diags->errors;
    set_defaults(a, out);
    if (user.len)
        read_file(a, out, user, diags);
    if (home.len)
        read_file(a, out, str_join_path(a, home, STR("config.yaml")), diags);
    read_environment(a, out, diags);
    return diags->errors == errors;
}
