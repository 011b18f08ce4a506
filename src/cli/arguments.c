// SPDX-License-Identifier: Apache-2.0
// Reads command lines by a table of options. It knows no command and prints nothing.
#include "cli/arguments.h"

#include "base/arena.h"
#include "base/vec.h"
#include "cli/units.h"

struct arguments arguments_begin(struct arena *a, const struct option *options, size_t count)
{
    return (struct arguments){ .arena = a, .options = options, .option_count = count, .given = NEW_ARRAY(a, struct given, count) };
}

void arguments_extend(struct arguments *args, const struct option *more, size_t count)
{
    size_t total = args->option_count + count;
    struct option *options = NEW_ARRAY(args->arena, struct option, total);
    struct given *given = NEW_ARRAY(args->arena, struct given, total);
    for (size_t i = 0; i < args->option_count; i++)
        options[i] = args->options[i], given[i] = args->given[i];
    for (size_t i = 0; i < count; i++)
        options[args->option_count + i] = more[i];
    args->options = options;
    args->given = given;
    args->option_count = total;
}

static bool names_match(Str given, Str name, bool exactly)
{
    if (exactly || given.len != name.len)
        return str_eq(given, name);
    for (size_t i = 0; i < name.len; i++) {
        char x = given.data[i] == '_' ? '-' : given.data[i], y = name.data[i] == '_' ? '-' : name.data[i];
        if (x != y)
            return false;
    }
    return true;
}

// Exact names first, so that inputs that differ only in '_' and '-' can both be reached.
static ptrdiff_t find_option(const struct arguments *args, Str name)
{
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < args->option_count; i++)
            if (names_match(name, str_of(args->options[i].name), pass == 0))
                return (ptrdiff_t)i;
    return -1;
}

static ptrdiff_t find_letter(const struct arguments *args, char letter)
{
    for (size_t i = 0; i < args->option_count; i++)
        if (args->options[i].letter && args->options[i].letter == letter)
            return (ptrdiff_t)i;
    return -1;
}

static bool unknown_option(const struct arguments *args, Str name, struct err *err)
{
    Str *names = NEW_ARRAY(args->arena, Str, args->option_count);
    for (size_t i = 0; i < args->option_count; i++)
        names[i] = str_of(args->options[i].name);
    Str near = str_nearest(name, names, args->option_count);
    if (near.len)
        return err_set(err, ERR_INVALID, "unknown option '--" STR_FMT "': did you mean '--" STR_FMT "'?", STR_ARG(name), STR_ARG(near));
    return err_set(err, ERR_INVALID, "unknown option '--" STR_FMT "'", STR_ARG(name));
}

static bool set_flag(struct given *g, const struct option *o, bool value, const Str *text, struct err *err)
{
    if (text && !str_is(*text, "true") && !str_is(*text, "false"))
        return err_set(err, ERR_INVALID, "'--%s=" STR_FMT "': this option takes 'true' or 'false', or no value", o->name, STR_ARG(*text));
    g->flag = text && str_is(*text, "false") ? !value : value;
    g->count++;
    return true;
}

static bool convert(struct given *g, const struct option *o, Str text, struct err *err)
{
    Time duration;
    switch (o->kind) {
    case OPTION_FLAG: case OPTION_TEXT:
        return true;
    case OPTION_FILE: case OPTION_FOLDER:
        return text.len ? true : err_set(err, ERR_INVALID, "'--%s': expected a path, found nothing", o->name);
    case OPTION_COUNT:
        if (!str_to_int(text, &g->integer) || g->integer < 0)
            return err_set(err, ERR_INVALID, "'--%s " STR_FMT "': expected an integer that is not negative", o->name, STR_ARG(text));
        return true;
    case OPTION_NUMBER:
        if (!str_to_double(text, &g->number) || g->number <= 0)
            return err_set(err, ERR_INVALID, "'--%s " STR_FMT "': expected a number greater than 0", o->name, STR_ARG(text));
        return true;
    case OPTION_SIZE:
        return size_parse(text, &g->integer, err) || err_wrap(err, "'--%s'", o->name);
    case OPTION_DURATION:
        if (!duration_parse(text, &duration, err))
            return err_wrap(err, "'--%s'", o->name);
        g->integer = duration;
        return true;
    }
    return true;
}

static bool set_value(struct arguments *args, struct given *g, const struct option *o, Str text, struct err *err)
{
    if (!convert(g, o, text, err))
        return false;
    if (g->count == g->text_cap)
        vec_grow(args->arena, (void **)&g->texts, &g->text_cap, sizeof *g->texts);
    g->texts[g->count++] = text;
    return true;
}

// One option whose name (without dashes) is `name`; `value`: what stood behind '=', or NULL. `next`: the argument
// behind it, or NULL; *took_next: it was the value.
static bool read_option(struct arguments *args, Str name, const Str *value, const Str *next, bool *took_next, struct err *err)
{
    ptrdiff_t at = find_option(args, name);
    bool is_negated = false;
    if (at < 0 && str_starts(name, STR("no-"))) {
        at = find_option(args, str_from(name, 3));
        is_negated = at >= 0 && args->options[at].can_negate;
        at = is_negated ? at : -1;
    }
    if (at < 0)
        return unknown_option(args, name, err);
    const struct option *o = &args->options[at];
    if (o->kind == OPTION_FLAG) {
        *took_next = o->takes_word && value == NULL && next && (str_is(*next, "true") || str_is(*next, "false"));
        return set_flag(&args->given[at], o, !is_negated, *took_next ? next : value, err);
    }
    if (value == NULL && next == NULL)
        return err_set(err, ERR_INVALID, "'--%s' needs a value: --%s %s", o->name, o->name, option_value_name(o));
    *took_next = value == NULL;
    return set_value(args, &args->given[at], o, value ? *value : *next, err);
}

static bool read_letter(struct arguments *args, Str arg, const Str *next, bool *took_next, struct err *err)
{
    ptrdiff_t at = arg.len == 2 ? find_letter(args, arg.data[1]) : -1;
    if (at < 0)
        return err_set(err, ERR_INVALID, "unknown option '" STR_FMT "'%s", STR_ARG(arg),
                       arg.len > 2 ? ": long options begin with two dashes" : "");
    return read_option(args, str_of(args->options[at].name), NULL, next, took_next, err);
}

static void add_word(struct arguments *args, Str word)
{
    if (args->word_count == args->word_cap)
        vec_grow(args->arena, (void **)&args->words, &args->word_cap, sizeof *args->words);
    args->words[args->word_count++] = word;
}

// Returns false with err for a mistake; *took_next as in read_option().
static bool read_one(struct arguments *args, Str arg, const Str *next, bool *took_next, struct err *err)
{
    if (args->only_words || arg.len < 2 || arg.data[0] != '-') {
        add_word(args, arg);
        return true;
    }
    if (str_is(arg, "--")) {
        args->only_words = true;
        return true;
    }
    if (str_is(arg, "-h") || str_is(arg, "--help")) {
        args->wants_help = true;
        return true;
    }
    if (arg.data[1] != '-')
        return read_letter(args, arg, next, took_next, err);
    Str rest = str_from(arg, 2), name = str_cut(&rest, '=');
    bool has_value = name.len < arg.len - 2;
    return read_option(args, name, has_value ? &rest : NULL, next, took_next, err);
}

bool arguments_read(struct arguments *args, const Str *argv, size_t argc, bool stop_at_word, size_t *used, struct err *err)
{
    size_t words = args->word_count;
    for (*used = 0; *used < argc && !args->wants_help && !(stop_at_word && args->word_count > words);) {
        bool took_next = false;
        Str arg = argv[(*used)++];
        if (!read_one(args, arg, *used < argc ? &argv[*used] : NULL, &took_next, err))
            return false;
        *used += took_next;
    }
    return true;
}

const struct given *arguments_get(const struct arguments *args, const char *name)
{
    for (size_t i = 0; i < args->option_count; i++)
        if (strcmp(args->options[i].name, name) == 0)
            return &args->given[i];
    CHECK(!"an option of this command");
    return NULL;
}

bool arguments_flag(const struct arguments *args, const char *name) { return arguments_get(args, name)->flag; }

Str arguments_text(const struct arguments *args, const char *name)
{
    const struct given *g = arguments_get(args, name);
    return g->count ? g->texts[g->count - 1] : (Str){ 0 };
}

const char *option_value_name(const struct option *o) { return o->kind == OPTION_FLAG ? "" : o->value ? o->value : "VALUE"; }
