// SPDX-License-Identifier: Apache-2.0
// Compares two records. Tasks are paired by name; a task is recorded after those it depends on, so the first that differs is a cause and
// not a consequence.
#include "view/run_diff.h"

#include "engine/export.h"
#include "value/read.h"
#include "view/text.h"
#include "view/why.h"

enum { DIFFERENCES_MAX = 1000, SHOWN = 20, SHOWN_COLUMNS = 160 };

static void add(struct arena *a, struct run_diff *d, enum diff_section section, Str what, Str before, Str after)
{
    if (d->differences.len < DIFFERENCES_MAX)
        vec_push(a, &d->differences, (struct difference){ section, what, before, after });
}

// --- values with files in them

struct side {
    const struct run_record *record;
    Value value;
};

// Of a folder of the user: of the names and digests of what was read in it.
static Hash folder_digest(const struct run_record *r, Str path)
{
    struct hasher h;
    bool is_any = false;
    hasher_init(&h);
    for (size_t i = 0; i < r->files.len; i++) {
        const struct recorded_file *f = r->files.entries[i].value;
        if (!str_starts(f->name, path) || f->name.len <= path.len || f->name.data[path.len] != '/')
            continue;
        is_any = true;
        hasher_update(&h, f->name.data + path.len, f->name.len - path.len);
        hasher_update(&h, "", 1);
        hasher_update(&h, f->hash.bytes, sizeof f->hash.bytes);
    }
    return is_any ? hasher_finish(&h) : (Hash){ 0 };
}

static Hash digest_of(const struct side *s, struct arena *a)
{
    Hash hash;
    Str path;
    if (hash_parse(value_get_str(s->value, STR("petri:digest")), &hash))
        return hash;
    if (!location_path(a, value_get_str(s->value, STR("location")), &path))
        return (Hash){ 0 };
    if (value_is_directory(s->value))
        return folder_digest(s->record, path);
    const struct recorded_file *f = map_find(&s->record->files, path);
    return f ? f->hash : (Hash){ 0 };
}

static Str shown(struct arena *a, const struct side *s)
{
    struct strbuf b = { 0 };
    Str path = value_get_str(s->value, STR("path"));
    if (value_is_null(s->value))
        return (Str){ 0 };
    if (value_is_file(s->value) || value_is_directory(s->value)) {
        Hash hash = digest_of(s, a);
        if (path.len == 0 && !location_path(a, value_get_str(s->value, STR("location")), &path))
            path = value_get_str(s->value, STR("basename"));
        return hash_is_zero(hash) ? path : str_printf(a, STR_FMT " (%.23s…)", STR_ARG(path), hash_text(a, hash).data);
    }
    json_write(&b, s->value, 0);
    return strbuf_take(&b, a);
}

static void compare_values(struct arena *a, struct run_diff *d, enum diff_section section, Str what, struct side x, struct side y);

static Value field(Value v, size_t i) { return v.map->at[i].value; }
static Str field_name(Value v, size_t i) { return (Str){ v.map->at[i].key->data, v.map->at[i].key->len }; }

static void compare_fields(struct arena *a, struct run_diff *d, enum diff_section section, Str what, struct side x, struct side y)
{
    for (size_t i = 0; i < value_len(x.value); i++) {
        Str name = field_name(x.value, i), inner = what.len ? str_printf(a, STR_FMT "." STR_FMT, STR_ARG(what), STR_ARG(name)) : name;
        compare_values(a, d, section, inner, (struct side){ x.record, field(x.value, i) }, (struct side){ y.record, value_get(y.value, name) });
    }
    for (size_t i = 0; i < value_len(y.value); i++) {
        Str name = field_name(y.value, i), inner = what.len ? str_printf(a, STR_FMT "." STR_FMT, STR_ARG(what), STR_ARG(name)) : name;
        if (!value_has(x.value, name))
            compare_values(a, d, section, inner, (struct side){ x.record, value_null }, (struct side){ y.record, field(y.value, i) });
    }
}

// Folders hold files by name: what one side has more must not shift the rest.
static void compare_by_name(struct arena *a, struct run_diff *d, enum diff_section section, Str what, struct side x, struct side y)
{
    struct map names = { 0 };
    for (size_t i = 0; i < value_len(y.value); i++)
        map_set(&names, value_get_str(value_at(y.value, i), STR("basename")), arena_copy(a, &y.value.array->at[i], sizeof(Value)));
    for (size_t i = 0; i < value_len(x.value); i++) {
        Value item = value_at(x.value, i);
        Str name = value_get_str(item, STR("basename"));
        const Value *other = map_find(&names, name);
        compare_values(a, d, section, str_printf(a, STR_FMT "/" STR_FMT, STR_ARG(what), STR_ARG(name)), (struct side){ x.record, item },
                       (struct side){ y.record, other ? *other : value_null });
        map_set(&names, name, NULL);
    }
    for (size_t i = 0; i < names.len; i++)
        if (names.entries[i].value)
            compare_values(a, d, section, str_printf(a, STR_FMT "/" STR_FMT, STR_ARG(what), STR_ARG(names.entries[i].key)),
                           (struct side){ x.record, value_null }, (struct side){ y.record, *(const Value *)names.entries[i].value });
    map_release(&names);
}

// Below the output folder; empty: it lies elsewhere.
static Str place_of(const struct side *s)
{
    Str path = value_get_str(s->value, STR("path")), outdir = run_record_last(s->record)->outdir;
    bool is_below = outdir.len && str_starts(path, outdir) && path.len > outdir.len && path.data[outdir.len] == '/';
    return is_below ? str_from(path, outdir.len + 1) : (Str){ 0 };
}

static Str digest_text(struct arena *a, Hash hash) { return str_printf(a, "%.23s…", hash_text(a, hash).data); }

static void add_paths(struct arena *a, struct run_diff *d, enum diff_section section, Str what, struct side x, struct side y)
{
    Str before = place_of(&x), after = place_of(&y);
    bool is_output = section == DIFF_OUTPUT && before.len && str_eq(before, after) && value_is_file(x.value);
    if (is_output)
        add(a, d, section, before, digest_text(a, digest_of(&x, a)), digest_text(a, digest_of(&y, a)));
    else
        add(a, d, section, what, shown(a, &x), shown(a, &y));
}

static void compare_paths(struct arena *a, struct run_diff *d, enum diff_section section, Str what, struct side x, struct side y)
{
    Hash before = digest_of(&x, a), after = digest_of(&y, a);
    bool is_other_name = !value_eq(value_get(x.value, STR("basename")), value_get(y.value, STR("basename")));
    bool is_other_place = !value_eq(value_get(x.value, STR("location")), value_get(y.value, STR("location")));
    if (!hash_eq(before, after) || is_other_name || (hash_is_zero(before) && is_other_place && section == DIFF_INPUT))
        add_paths(a, d, section, what, x, y);
    Str lists[] = { STR("secondaryFiles"), STR("listing") };
    for (size_t i = 0; i < LEN(lists); i++)
        compare_by_name(a, d, section, what, (struct side){ x.record, value_get(x.value, lists[i]) },
                        (struct side){ y.record, value_get(y.value, lists[i]) });
}

static void compare_values(struct arena *a, struct run_diff *d, enum diff_section section, Str what, struct side x, struct side y)
{
    bool is_path = (value_is_file(x.value) && value_is_file(y.value)) || (value_is_directory(x.value) && value_is_directory(y.value));
    if (is_path) {
        compare_paths(a, d, section, what, x, y);
    } else if (x.value.kind == VALUE_MAP && y.value.kind == VALUE_MAP) {
        compare_fields(a, d, section, what, x, y);
    } else if (x.value.kind == VALUE_ARRAY && y.value.kind == VALUE_ARRAY) {
        for (size_t i = 0; i < MAX(value_len(x.value), value_len(y.value)); i++)
            compare_values(a, d, section, str_printf(a, STR_FMT "[%zu]", STR_ARG(what), i), (struct side){ x.record, value_at(x.value, i) },
                           (struct side){ y.record, value_at(y.value, i) });
    } else if (!value_eq(x.value, y.value)) {
        add(a, d, section, what, shown(a, &x), shown(a, &y));
    }
}

// --- workflow, tools, images

static void compare_text(struct arena *a, struct run_diff *d, const char *what, Str x, Str y)
{
    if (!str_eq(x, y))
        add(a, d, DIFF_WORKFLOW, str_of(what), x, y);
}

static const struct recorded_file *source_of(const struct recorded_start *s, Str name)
{
    for (size_t i = 0; i < s->sources.len; i++)
        if (str_eq(str_basename(s->sources.at[i].name), name))
            return &s->sources.at[i];
    return NULL;
}

// By their names without folders: the same workflow may lie in two places.
static void compare_sources(struct arena *a, struct run_diff *d, const struct recorded_start *x, const struct recorded_start *y)
{
    for (size_t i = 0; i < x->sources.len; i++) {
        Str name = str_basename(x->sources.at[i].name);
        const struct recorded_file *other = source_of(y, name);
        if (other == NULL || !hash_eq(x->sources.at[i].hash, other->hash))
            add(a, d, DIFF_WORKFLOW, name, digest_text(a, x->sources.at[i].hash), other ? digest_text(a, other->hash) : (Str){ 0 });
    }
    for (size_t i = 0; i < y->sources.len && x->sources.len; i++) {
        Str name = str_basename(y->sources.at[i].name);
        if (source_of(x, name) == NULL)
            add(a, d, DIFF_WORKFLOW, name, (Str){ 0 }, digest_text(a, y->sources.at[i].hash));
    }
}

static Str tool_text(struct arena *a, const struct recorded_tool *t)
{
    if (t == NULL)
        return (Str){ 0 };
    if (t->version.len == 0)
        return digest_text(a, t->hash);
    return str_printf(a, STR_FMT " (" STR_FMT ")", STR_ARG(t->version), STR_ARG(digest_text(a, t->hash)));
}

static void compare_tools(struct arena *a, struct run_diff *d, const struct run_record *x, const struct run_record *y)
{
    for (size_t i = 0; i < x->tools.len; i++) {
        const struct recorded_tool *t = x->tools.entries[i].value, *other = map_find(&y->tools, t->program);
        if (other == NULL || !hash_eq(t->hash, other->hash))
            add(a, d, DIFF_TOOL, t->program, tool_text(a, t), tool_text(a, other));
    }
    for (size_t i = 0; i < y->tools.len; i++) {
        const struct recorded_tool *t = y->tools.entries[i].value;
        if (!map_has(&x->tools, t->program))
            add(a, d, DIFF_TOOL, t->program, (Str){ 0 }, tool_text(a, t));
    }
}

static bool has_image(const struct run_record *r, Str image)
{
    for (size_t i = 0; i < r->images.len; i++)
        if (str_eq(r->images.at[i], image))
            return true;
    return false;
}

static void compare_images(struct arena *a, struct run_diff *d, const struct run_record *x, const struct run_record *y)
{
    for (size_t i = 0; i < x->images.len; i++)
        if (!has_image(y, x->images.at[i]))
            add(a, d, DIFF_IMAGE, STR("container image"), x->images.at[i], (Str){ 0 });
    for (size_t i = 0; i < y->images.len; i++)
        if (!has_image(x, y->images.at[i]))
            add(a, d, DIFF_IMAGE, STR("container image"), (Str){ 0 }, y->images.at[i]);
}

// --- tasks

static bool is_finished(const struct recorded_task *t) { return t->state == RECORDED_DONE || t->state == RECORDED_CACHED; }

static enum parting parting_of(const struct recorded_task *x, const struct recorded_task *y)
{
    Str before = recorded_task_last(x)->result, after = recorded_task_last(y)->result;
    if (!str_eq(x->key, y->key))
        return PARTING_KEY;
    if (is_finished(x) != is_finished(y))
        return PARTING_STATE;
    return before.len && after.len && !str_eq(before, after) ? PARTING_RESULT : PARTING_NONE;
}

static void compare_task_outputs(struct arena *a, struct run_diff *d)
{
    const struct recorded_files *x = &d->first_before->outputs, *y = &d->first_after->outputs;
    for (size_t i = 0; i < x->len; i++)
        for (size_t k = 0; k < y->len; k++)
            if (str_eq(x->at[i].name, y->at[k].name) && !hash_eq(x->at[i].hash, y->at[k].hash))
                vec_push(a, &d->files, (struct difference){ DIFF_OUTPUT, x->at[i].name, digest_text(a, x->at[i].hash),
                                                            digest_text(a, y->at[k].hash) });
}

static void explain_first(struct arena *a, struct run_diff *d, struct store *store)
{
    const struct recorded_task *x = d->first_before, *y = d->first_after;
    if (d->parting == PARTING_RESULT)
        compare_task_outputs(a, d);
    if (d->parting != PARTING_KEY)
        return;
    Value before = recorded_identity(a, store, x->key, recorded_task_last(x)), after = recorded_identity(a, store, y->key, recorded_task_last(y));
    d->parts_known = before.kind == VALUE_MAP && after.kind == VALUE_MAP;
    if (d->parts_known)
        task_parts_compare(a, before, after, d->before, d->after, &d->parts);
}

// Another key, and the same bytes: nothing behind it parts because of it.
static bool left_the_same(const struct recorded_task *x, const struct recorded_task *y)
{
    Str before = recorded_task_last(x)->result, after = recorded_task_last(y)->result;
    return is_finished(x) && is_finished(y) && before.len && str_eq(before, after);
}

static void compare_tasks(struct arena *a, struct run_diff *d)
{
    const struct run_record *x = d->before, *y = d->after;
    bool has_cause = false;
    for (size_t i = 0; i < x->tasks.len; i++) {
        const struct recorded_task *t = x->tasks.entries[i].value, *other = map_find(&y->tasks, t->name);
        if (!recorded_task_is_current(x, t))
            continue;
        if (other == NULL || !recorded_task_is_current(y, other)) {
            vec_push(a, &d->only_before, t);
            continue;
        }
        enum parting parting = parting_of(t, other);
        d->same_tasks += parting == PARTING_NONE;
        d->other_tasks += parting != PARTING_NONE;
        bool is_first = parting != PARTING_NONE && d->parting == PARTING_NONE, is_cause = parting != PARTING_NONE && !left_the_same(t, other);
        if (is_first || (is_cause && !has_cause))
            d->parting = parting, d->first_before = t, d->first_after = other;
        has_cause |= is_cause;
    }
    for (size_t i = 0; i < y->tasks.len; i++) {
        const struct recorded_task *t = y->tasks.entries[i].value, *other = map_find(&x->tasks, t->name);
        if (recorded_task_is_current(y, t) && (other == NULL || !recorded_task_is_current(x, other)))
            vec_push(a, &d->only_after, t);
    }
}

struct run_diff *run_diff_make(struct arena *a, struct store *store, const struct run_record *before, const struct run_record *after)
{
    const struct recorded_start *x = run_record_last(before), *y = run_record_last(after);
    struct run_diff *d = NEW(a, struct run_diff);
    *d = (struct run_diff){ .before = before, .after = after, .can_compare = before->status == RUN_DONE && after->status == RUN_DONE };
    if (!str_eq(str_basename(x->workflow), str_basename(y->workflow)))
        compare_text(a, d, "workflow", x->workflow, y->workflow);
    compare_text(a, d, "version of the workflow", x->version, y->version);
    compare_sources(a, d, x, y);
    compare_text(a, d, "petri", x->petri, y->petri);
    compare_values(a, d, DIFF_INPUT, (Str){ 0 }, (struct side){ before, x->inputs }, (struct side){ after, y->inputs });
    compare_tools(a, d, before, after);
    compare_images(a, d, before, after);
    compare_tasks(a, d);
    explain_first(a, d, store);
    size_t outputs = d->differences.len;
    if (d->can_compare)
        compare_values(a, d, DIFF_OUTPUT, (Str){ 0 }, (struct side){ before, x->outputs }, (struct side){ after, y->outputs });
    d->is_same = d->can_compare && d->differences.len == outputs && outputs < DIFFERENCES_MAX;
    return d;
}

// --- shown

static void print_line(Str what, Str before, Str after, struct strbuf *out)
{
    strbuf_addz(out, "  ");
    text_add(out, what);
    strbuf_addz(out, ":\n    - ");
    text_add_cut(out, before.len ? before : STR("(not there)"), SHOWN_COLUMNS);
    strbuf_addz(out, "\n    + ");
    text_add_cut(out, after.len ? after : STR("(not there)"), SHOWN_COLUMNS);
    strbuf_addc(out, '\n');
}

static size_t print_section(const struct run_diff *d, enum diff_section section, const char *title, struct strbuf *out)
{
    size_t count = 0;
    for (size_t i = 0; i < d->differences.len; i++) {
        const struct difference *x = &d->differences.at[i];
        if (x->section != section)
            continue;
        if (count++ == 0)
            strbuf_addf(out, "%s\n", title);
        if (count <= SHOWN)
            print_line(x->what, x->before, x->after, out);
    }
    if (count > SHOWN)
        strbuf_addf(out, "  and %zu more\n", count - SHOWN);
    return count;
}

static Str names_of(struct arena *a, const struct recorded_task *const *at, size_t len)
{
    enum { NAMES = 4 };
    struct strbuf b = { 0 };
    for (size_t i = 0; i < MIN(len, (size_t)NAMES); i++)
        strbuf_addf(&b, "%s" STR_FMT, i ? ", " : "", STR_ARG(at[i]->name));
    if (len > NAMES)
        strbuf_addz(&b, ", …");
    return strbuf_take(&b, a);
}

static void print_only(struct arena *a, const struct run_record *r, const struct recorded_task *const *at, size_t len, struct strbuf *out)
{
    if (len == 0)
        return;
    strbuf_addf(out, "only in " STR_FMT ": %zu task%s (", STR_ARG(r->run), len, len == 1 ? "" : "s");
    text_add(out, names_of(a, at, len));
    strbuf_addz(out, ")\n");
}

static Str state_text(struct arena *a, const struct recorded_task *t)
{
    Str why = recorded_task_last(t)->why, state = str_of(recorded_state_name(t->state));
    return why.len ? str_printf(a, STR_FMT ": " STR_FMT, STR_ARG(state), STR_ARG(why)) : state;
}

static void print_first(struct arena *a, const struct run_diff *d, struct strbuf *out)
{
    if (d->parting == PARTING_NONE)
        return;
    strbuf_addz(out, "first task where they part: ");
    text_add(out, d->first_before->name);
    strbuf_addc(out, '\n');
    switch (d->parting) {
    case PARTING_KEY:
        if (d->parts_known)
            part_differences_print(&d->parts, SHOWN, 2, out);
        else
            strbuf_addz(out, "  its keys differ; what they were made of is not kept any more\n");
        break;
    case PARTING_RESULT:
        strbuf_addz(out, "  the same command with the same inputs left other bytes: the tool does not always do the same\n");
        for (size_t i = 0; i < MIN(d->files.len, (size_t)SHOWN); i++)
            print_line(d->files.at[i].what, d->files.at[i].before, d->files.at[i].after, out);
        break;
    case PARTING_STATE: print_line(STR("it ended"), state_text(a, d->first_before), state_text(a, d->first_after), out); break;
    case PARTING_NONE: break;
    }
}

static size_t count_of(const struct run_diff *d, enum diff_section section)
{
    size_t count = 0;
    for (size_t i = 0; i < d->differences.len; i++)
        count += d->differences.at[i].section == section;
    return count;
}

// The last line: what a person, or a grep, looks for.
static void print_verdict(const struct run_diff *d, struct strbuf *out)
{
    static const struct { enum diff_section section; const char *one, *many; } names[] = {
        { DIFF_WORKFLOW, "part of the workflow", "parts of the workflow" }, { DIFF_INPUT, "input", "inputs" }, { DIFF_TOOL, "tool", "tools" },
        { DIFF_IMAGE, "image", "images" }, { DIFF_OUTPUT, "output", "outputs" },
    };
    bool is_first = true;
    if (!d->can_compare) {
        strbuf_addf(out, "the results can't be compared: " STR_FMT " is '%s', " STR_FMT " is '%s'\n", STR_ARG(d->before->run),
                    run_status_name(d->before->status), STR_ARG(d->after->run), run_status_name(d->after->status));
        return;
    }
    if (d->is_same) {
        strbuf_addz(out, "same results\n");
        return;
    }
    strbuf_addz(out, "other results: ");
    for (size_t i = 0; i < LEN(names); i++) {
        size_t count = count_of(d, names[i].section);
        if (count)
            strbuf_addf(out, "%s%zu %s", is_first ? "" : ", ", count, count == 1 ? names[i].one : names[i].many), is_first = false;
    }
    strbuf_addz(out, " changed\n");
}

void run_diff_print(struct arena *a, const struct run_diff *d, struct strbuf *out)
{
    strbuf_addf(out, "- " STR_FMT "\n+ " STR_FMT "\n", STR_ARG(d->before->run), STR_ARG(d->after->run));
    print_section(d, DIFF_WORKFLOW, "workflow", out);
    print_section(d, DIFF_INPUT, "inputs", out);
    print_section(d, DIFF_TOOL, "tools", out);
    print_section(d, DIFF_IMAGE, "images", out);
    print_only(a, d->before, d->only_before.at, d->only_before.len, out);
    print_only(a, d->after, d->only_after.at, d->only_after.len, out);
    print_first(a, d, out);
    print_section(d, DIFF_OUTPUT, "outputs", out);
    strbuf_addf(out, "tasks: %lld the same, %lld with a difference, %zu only in one\n", (long long)d->same_tasks, (long long)d->other_tasks,
                d->only_before.len + d->only_after.len);
    print_verdict(d, out);
}

// --- JSON

static Value differences_value(struct arena *a, const struct run_diff *d, enum diff_section section)
{
    Value *items = NEW_ARRAY(a, Value, d->differences.len);
    size_t count = 0;
    for (size_t i = 0; i < d->differences.len; i++) {
        const struct difference *x = &d->differences.at[i];
        if (x->section != section)
            continue;
        struct value_builder b = value_map_begin(a);
        value_map_set(&b, STR("what"), value_string(a, x->what));
        value_map_set(&b, STR("before"), x->before.len ? value_string(a, x->before) : value_null);
        value_map_set(&b, STR("after"), x->after.len ? value_string(a, x->after) : value_null);
        items[count++] = value_map_end(&b);
    }
    return value_array(a, items, count);
}

static Value names_value(struct arena *a, const struct recorded_task *const *at, size_t len)
{
    Value *items = NEW_ARRAY(a, Value, len);
    for (size_t i = 0; i < len; i++)
        items[i] = value_string(a, at[i]->name);
    return value_array(a, items, len);
}

static Value first_value(struct arena *a, const struct run_diff *d)
{
    static const char *const kinds[] = { "", "key", "result", "state" };
    struct value_builder b = value_map_begin(a);
    if (d->parting == PARTING_NONE)
        return value_null;
    value_map_set(&b, STR("task"), value_string(a, d->first_before->name));
    value_map_set(&b, STR("differs"), value_string(a, str_of(kinds[d->parting])));
    value_map_set(&b, STR("before"), value_string(a, state_text(a, d->first_before)));
    value_map_set(&b, STR("after"), value_string(a, state_text(a, d->first_after)));
    value_map_set(&b, STR("parts"), d->parts_known ? part_differences_value(a, &d->parts) : value_null);
    return value_map_end(&b);
}

Value run_diff_value(struct arena *a, const struct run_diff *d)
{
    static const struct { Str name; enum diff_section section; } sections[] = {
        { STR_CONST("workflow"), DIFF_WORKFLOW }, { STR_CONST("inputs"), DIFF_INPUT }, { STR_CONST("tools"), DIFF_TOOL },
        { STR_CONST("images"), DIFF_IMAGE }, { STR_CONST("outputs"), DIFF_OUTPUT },
    };
    struct value_builder b = value_map_begin(a);
    value_map_set(&b, STR("before"), value_string(a, d->before->run));
    value_map_set(&b, STR("after"), value_string(a, d->after->run));
    value_map_set(&b, STR("same"), d->can_compare ? value_bool(d->is_same) : value_null);
    for (size_t i = 0; i < LEN(sections); i++)
        value_map_set(&b, sections[i].name, differences_value(a, d, sections[i].section));
    value_map_set(&b, STR("first"), first_value(a, d));
    value_map_set(&b, STR("same_tasks"), value_int(d->same_tasks));
    value_map_set(&b, STR("other_tasks"), value_int(d->other_tasks));
    value_map_set(&b, STR("only_before"), names_value(a, d->only_before.at, d->only_before.len));
    value_map_set(&b, STR("only_after"), names_value(a, d->only_after.at, d->only_after.len));
    return value_map_end(&b);
}
