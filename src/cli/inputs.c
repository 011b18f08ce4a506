// SPDX-License-Identifier: Apache-2.0
// Inputs from the command line. Conversion to the inputs' types is the language's: here everything stays text.
#include "cli/inputs.h"

#include "base/arena.h"
#include "cli/help.h"
#include "lang/lang.h"
#include "value/read.h"

static bool is_flag(const struct workflow_input *in) { return in->base == INPUT_BOOL && !in->is_array && !in->may_be_array; }

static enum option_kind kind_of(const struct workflow_input *in)
{
    if (is_flag(in))
        return OPTION_FLAG;
    return in->base == INPUT_FILE || in->base == INPUT_RECORD ? OPTION_FILE : in->base == INPUT_DIR ? OPTION_FOLDER : OPTION_TEXT;
}

size_t inputs_extend(struct arguments *args, const struct workflow *w)
{
    size_t own = args->option_count, count = w->input_count;
    struct option *options = NEW_ARRAY(args->arena, struct option, count * 2);
    for (size_t i = 0; i < count; i++) {
        const struct workflow_input *in = &w->inputs[i];
        struct option o = { .kind = kind_of(in), .help = "", .can_negate = is_flag(in), .takes_word = is_flag(in),
                            .is_repeatable = in->is_array || in->may_be_array };
        o.name = str_z(args->arena, in->name);
        options[i] = o;
        o.name = str_z(args->arena, str_printf(args->arena, "input." STR_FMT, STR_ARG(in->name)));
        options[count + i] = o;
    }
    arguments_extend(args, options, count * 2);
    return own;
}

static Value texts_value(struct arena *a, const struct given *x, const struct given *y)
{
    Value *items = NEW_ARRAY(a, Value, x->count + y->count);
    for (size_t i = 0; i < x->count; i++)
        items[i] = value_string(a, x->texts[i]);
    for (size_t i = 0; i < y->count; i++)
        items[x->count + i] = value_string(a, y->texts[i]);
    return value_array(a, items, x->count + y->count);
}

bool inputs_given(const struct arguments *args, size_t own, const struct workflow *w, Value *out, struct err *err)
{
    struct value_builder b = value_map_begin(args->arena);
    for (size_t i = 0; i < w->input_count; i++) {
        const struct workflow_input *in = &w->inputs[i];
        const struct given *plain = &args->given[own + i], *full = &args->given[own + w->input_count + i];
        if (plain->count + full->count == 0)
            continue;
        bool is_list = in->is_array || (in->may_be_array && plain->count + full->count > 1);
        if (!is_flag(in) && !is_list && plain->count + full->count > 1)
            return err_set(err, ERR_INVALID, "'--" STR_FMT "' takes one value (" STR_FMT "), but was given %zu", STR_ARG(in->name),
                           STR_ARG(in->type_text), plain->count + full->count);
        Value texts = is_flag(in) ? value_bool(full->count ? full->flag : plain->flag) : texts_value(args->arena, plain, full);
        value_map_set(&b, in->name, is_flag(in) || is_list ? texts : value_at(texts, 0));
    }
    *out = value_map_end(&b);
    return true;
}

Str inputs_sheet(const struct workflow *w, Value given)
{
    Str found = { 0 };
    for (size_t i = 0; i < w->input_count; i++) {
        const struct workflow_input *in = &w->inputs[i];
        Value v = value_get(given, in->name);
        if (in->base != INPUT_RECORD || !in->is_array || value_len(v) != 1 || value_at(v, 0).kind != VALUE_STRING
            || str_starts(str_trim(value_str(value_at(v, 0))), STR("[")) || str_starts(str_trim(value_str(value_at(v, 0))), STR("{")))
            continue;
        if (found.len)
            return (Str){ 0 };
        found = value_str(value_at(v, 0));
    }
    return found;
}

static bool is_taken(Str name, const struct option *own, size_t own_count)
{
    for (size_t i = 0; i < own_count; i++)
        if (str_is(name, own[i].name))
            return true;
    return str_is(name, "help") || str_is(name, "version");
}

// "a|b|c" where that is short; the symbols are listed in the text otherwise.
static Str choices(struct arena *a, const struct workflow_input *in)
{
    enum { SHORT = 40 };
    struct strbuf text = { 0 };
    for (size_t i = 0; i < in->symbol_count && text.len <= SHORT; i++)
        strbuf_addf(&text, "%s" STR_FMT, i ? "|" : "", STR_ARG(in->symbols[i]));
    bool is_short = text.len > 0 && text.len <= SHORT;
    Str short_text = strbuf_take(&text, a);
    return is_short ? short_text : (Str){ 0 };
}

static void add_fields(const struct workflow_input *in, struct strbuf *text)
{
    strbuf_addz(text, in->is_array ? "CSV or TSV, a row for each, with the columns " : "As JSON: {");
    for (size_t i = 0; i < in->field_count; i++)
        strbuf_addf(text, in->is_array ? "%s" STR_FMT " (" STR_FMT ")" : "%s\"" STR_FMT "\": " STR_FMT, i ? ", " : "",
                    STR_ARG(in->fields[i].name), STR_ARG(in->fields[i].type_text));
    strbuf_addz(text, in->is_array ? ". " : "}. ");
}

// "Required." or "Default: 3.", then what a value is made of, then the input's own doc.
static Str input_text(struct arena *a, const struct workflow_input *in)
{
    enum { DEFAULT_SHOWN = 120 };
    struct strbuf text = { 0 };
    if (in->has_default && !value_is_null(in->default_value)) {
        struct strbuf json = { 0 };
        json_write(&json, in->default_value, 0);
        strbuf_addf(&text, "Default: " STR_FMT "%s. ", STR_ARG(str_first(strbuf_str(&json), DEFAULT_SHOWN)), json.len > DEFAULT_SHOWN ? "…" : "");
        strbuf_release(&json);
    } else if (in->is_required) {
        strbuf_addz(&text, "Required. ");
    }
    bool is_listed = in->symbol_count && choices(a, in).len == 0;
    for (size_t i = 0; is_listed && i < in->symbol_count; i++)
        strbuf_addf(&text, "%s" STR_FMT "%s", i ? ", " : "One of ", STR_ARG(in->symbols[i]), i + 1 == in->symbol_count ? ". " : "");
    if (in->base == INPUT_RECORD)
        add_fields(in, &text);
    else if (in->is_array || in->may_be_array)
        strbuf_addz(&text, "May be repeated. ");
    strbuf_add(&text, str_trim(in->doc));
    return strbuf_take(&text, a);
}

// What stands for a value of the input in its help.
static const char *value_name(struct arena *a, const struct workflow_input *in)
{
    if (in->base == INPUT_RECORD)
        return in->is_array ? "SHEET" : "JSON";
    if (in->base == INPUT_ENUM)
        return choices(a, in).len ? str_z(a, choices(a, in)) : "NAME";
    return str_z(a, in->type_text);
}

// As options are mostly written, unless another input has that name.
static Str dashed(struct arena *a, const struct workflow *w, Str name)
{
    Str copy = str_copy(a, name);
    char *text = arena_copy(a, copy.data, copy.len);
    for (size_t i = 0; i < name.len; i++)
        text[i] = text[i] == '_' ? '-' : text[i];
    for (size_t i = 0; i < w->input_count; i++)
        if (str_eq(w->inputs[i].name, (Str){ text, name.len }))
            return name;
    return (Str){ text, name.len };
}

static Str option_name(struct arena *a, const struct workflow *w, Str input, const struct option *own, size_t own_count)
{
    Str plain = dashed(a, w, input);
    return is_taken(plain, own, own_count) ? str_concat(a, STR("input."), plain) : plain;
}

Str inputs_missing(struct arena *a, const struct workflow *w, Value given, const struct option *own, size_t own_count)
{
    enum { SHOWN = 8 };
    struct strbuf text = { 0 };
    size_t count = 0;
    for (size_t i = 0; i < w->input_count; i++) {
        if (!w->inputs[i].is_required || value_has(given, w->inputs[i].name))
            continue;
        if (++count <= SHOWN)
            strbuf_addf(&text, "%s--" STR_FMT, count > 1 ? ", " : "", STR_ARG(option_name(a, w, w->inputs[i].name, own, own_count)));
    }
    if (count > SHOWN)
        strbuf_addf(&text, " and %zu more", count - SHOWN);
    return strbuf_take(&text, a);
}

void inputs_help(struct arena *a, const struct workflow *w, Str word, const struct option *own, size_t own_count, struct strbuf *out)
{
    struct option *shown = NEW_ARRAY(a, struct option, w->input_count);
    strbuf_addf(out, STR_FMT "%s" STR_FMT "\n\n", STR_ARG(str_basename(word)), w->label.len ? ": " : "", STR_ARG(w->label));
    if (w->doc.len) {
        help_wrap(str_trim(w->doc), 0, out);
        strbuf_addc(out, '\n');
    }
    strbuf_addf(out, "Usage: petri run " STR_FMT " [INPUTS.yml] [--INPUT VALUE …] [OPTIONS]\n\nInputs:\n", STR_ARG(word));
    for (size_t i = 0; i < w->input_count; i++) {
        const struct workflow_input *in = &w->inputs[i];
        Str name = option_name(a, w, in->name, own, own_count);
        shown[i] = (struct option){ .name = str_z(a, name), .kind = kind_of(in), .value = value_name(a, in),
                                    .help = str_z(a, input_text(a, in)), .can_negate = is_flag(in) };
    }
    help_options(shown, w->input_count, out);
    if (w->input_count == 0)
        strbuf_addz(out, "  none\n");
}
