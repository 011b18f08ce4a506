// SPDX-License-Identifier: Apache-2.0
// Collecting and showing faults. They are not struct diag: those hold the text of the line, which must not be shown here, and
// files have a hundred million lines.
#include "bio/fault.h"

#include "base/vec.h"

static struct fault_count *count_of(struct faults *f, const char *code, enum fault_level level)
{
    for (size_t i = 0; i < f->count_len; i++)
        if (f->counts[i].level == level && strcmp(f->counts[i].code, code) == 0)
            return &f->counts[i];
    CHECK(f->count_len < FAULT_CODES_MAX);
    f->counts[f->count_len] = (struct fault_count){ .code = code, .level = level };
    return &f->counts[f->count_len++];
}

static bool is_refused(Str codes, const char *code)
{
    while (codes.len)
        if (str_is(str_trim(str_cut(&codes, ',')), code))
            return true;
    return false;
}

PRINTF(6, 0)
static void add(struct faults *f, enum fault_level level, int64_t line, int64_t column, const char *code, const char *fmt, va_list args)
{
    if (level == FAULT_WARNING && is_refused(f->refused, code))
        level = FAULT_ERROR;
    struct fault_count *count = count_of(f, code, level);
    count->count++;
    if (level == FAULT_ERROR)
        f->errors++;
    else
        f->warnings++;
    f->last_was_kept = count->count <= (int64_t)f->kept_per_code;
    if (!f->last_was_kept)
        return;
    struct strbuf text = { 0 };
    strbuf_addv(&text, fmt, args);
    vec_push(f->arena, f, (struct fault){ .level = level, .code = code, .line = line, .column = column,
                                          .text = strbuf_take(&text, f->arena) });
}

void fault_add(struct faults *f, int64_t line, int64_t column, const char *code, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    add(f, FAULT_ERROR, line, column, code, fmt, args);
    va_end(args);
}

void fault_warn(struct faults *f, int64_t line, int64_t column, const char *code, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    add(f, FAULT_WARNING, line, column, code, fmt, args);
    va_end(args);
}

void fault_convention(struct faults *f, int64_t line, int64_t column, const char *code, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    add(f, f->is_lenient ? FAULT_WARNING : FAULT_ERROR, line, column, code, fmt, args);
    va_end(args);
}

void fault_hint(struct faults *f, const char *fmt, ...)
{
    if (f->len == 0 || !f->last_was_kept)
        return;
    struct strbuf text = { 0 };
    va_list args;
    va_start(args, fmt);
    strbuf_addv(&text, fmt, args);
    va_end(args);
    f->at[f->len - 1].hint = strbuf_take(&text, f->arena);
}

// Paths come from users: a control character in one must not reach a terminal.
static void add_clean(struct strbuf *out, Str s)
{
    for (size_t i = 0; i < s.len; i++)
        strbuf_addc(out, (unsigned char)s.data[i] < ' ' || s.data[i] == 127 ? '?' : s.data[i]);
}

static int by_place(const void *left, const void *right)
{
    const struct fault *x = *(const struct fault *const *)left, *y = *(const struct fault *const *)right;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    return x < y ? -1 : x > y;                          // as they were added
}

static const struct fault **sorted(const struct faults *f)
{
    const struct fault **list = xcalloc(f->len + 1, sizeof *list);
    for (size_t i = 0; i < f->len; i++)
        list[i] = &f->at[i];
    qsort(list, f->len, sizeof *list, by_place);
    return list;
}

static void print_one(const struct fault *x, Str path, struct strbuf *out)
{
    add_clean(out, path);
    if (x->line)
        strbuf_addf(out, ":%lld", (long long)x->line);
    if (x->line && x->column)
        strbuf_addf(out, ":%lld", (long long)x->column);
    strbuf_addz(out, x->level == FAULT_ERROR ? ": error: " : ": warning: ");
    add_clean(out, x->text);
    strbuf_addf(out, " [%s]\n", x->code);
    if (x->hint.len) {
        strbuf_addz(out, "  hint: ");
        add_clean(out, x->hint);
        strbuf_addc(out, '\n');
    }
}

void faults_print(const struct faults *f, Str path, struct strbuf *out)
{
    const struct fault **list = sorted(f);
    for (size_t i = 0; i < f->len; i++)
        print_one(list[i], path, out);
    free(list);
    for (size_t i = 0; i < f->count_len; i++) {
        int64_t more = f->counts[i].count - (int64_t)f->kept_per_code;
        if (more <= 0)
            continue;
        add_clean(out, path);
        strbuf_addf(out, ": %lld more of [%s] are not shown\n", (long long)more, f->counts[i].code);
    }
}

Value faults_value(const struct faults *f, struct arena *a)
{
    const struct fault **list = sorted(f);
    Value *items = NEW_ARRAY(a, Value, f->len);
    for (size_t i = 0; i < f->len; i++) {
        struct value_builder b = value_map_begin(a);
        value_map_set(&b, STR("level"), value_string(a, list[i]->level == FAULT_ERROR ? STR("error") : STR("warning")));
        value_map_set(&b, STR("code"), value_string(a, str_of(list[i]->code)));
        if (list[i]->line)
            value_map_set(&b, STR("line"), value_int(list[i]->line));
        if (list[i]->column)
            value_map_set(&b, STR("column"), value_int(list[i]->column));
        value_map_set(&b, STR("text"), value_string(a, list[i]->text));
        if (list[i]->hint.len)
            value_map_set(&b, STR("hint"), value_string(a, list[i]->hint));
        items[i] = value_map_end(&b);
    }
    Value all = value_array(a, items, f->len);
    free(list);
    return all;
}

Value faults_counts_value(const struct faults *f, struct arena *a)
{
    struct value_builder b = value_map_begin(a);
    for (size_t i = 0; i < f->count_len; i++)
        value_map_set(&b, str_of(f->counts[i].code), value_int(f->counts[i].count));
    return value_map_end(&b);
}
