// SPDX-License-Identifier: Apache-2.0
// Regions, sorted by name and start without overlaps, so that a search by halves finds them.
#include "bio/region.h"

#include "base/vec.h"
#include "bio/columns.h"
#include "bio/window.h"

// "1,000" is a thousand.
static bool read_position(Str text, int64_t *out)
{
    char digits[32];
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] != ',' && len < sizeof digits)
            digits[len++] = text.data[i];
    return column_count((Str){ digits, len }, out);
}

static void add(struct arena *a, struct regions *r, Str name, int64_t start, int64_t end)
{
    vec_push(a, r, (struct region){ str_copy(a, name), start, end });
}

bool regions_add(struct arena *a, struct regions *r, Str text, struct err *err)
{
    int64_t from = 1, to = INT64_MAX;
    ptrdiff_t colon = str_rfind_char(text, ':');
    Str name = colon > 0 ? str_first(text, (size_t)colon) : text, range = colon > 0 ? str_from(text, (size_t)colon + 1) : (Str){ 0 };
    Str rest = range, first = str_cut(&rest, '-');
    bool has_range = colon > 0 && read_position(first, &from);
    if (has_range && rest.len && !read_position(rest, &to))
        return err_set(err, ERR_INVALID, "'" STR_FMT "' is no region: expected NAME, NAME:START or NAME:START-END", STR_ARG(text));
    if (!has_range)
        name = text;
    if (name.len == 0 || from < 1 || to < from)
        return err_set(err, ERR_INVALID, "'" STR_FMT "' is no region: expected positions from 1, the end not before the start", STR_ARG(text));
    add(a, r, name, from - 1, to);
    return true;
}

bool regions_add_bed(struct arena *a, struct regions *r, Str path, struct err *err)
{
    struct window w;
    Str line, columns[3];
    bool ok = true;
    if (!window_open(&w, path, (struct input_options){ 0 }, err))
        return false;
    while (ok && window_next_line(&w, &line)) {
        int64_t from, to;
        if (line.len == 0 || line.data[0] == '#' || str_starts(line, STR("track")) || str_starts(line, STR("browser")))
            continue;
        ok = columns_split(line, '\t', columns, 3) >= 3 && column_count(columns[1], &from) && column_count(columns[2], &to) && from <= to;
        if (ok)
            add(a, r, columns[0], from, to);
        else
            err_set(err, ERR_INVALID, STR_FMT ":%lld: expected a sequence, a start and an end with tabs between", STR_ARG(path), (long long)w.line);
    }
    if (w.broken) {
        *err = w.err;
        ok = err_wrap(err, STR_FMT, STR_ARG(path));
    }
    window_close(&w);
    return ok;
}

static int by_place(const void *left, const void *right)
{
    const struct region *x = left, *y = right;
    int order = str_compare(x->name, y->name);
    return order ? order : (x->start > y->start) - (x->start < y->start);
}

void regions_sort(struct regions *r)
{
    size_t kept = 0;
    if (r->len)
        qsort(r->at, r->len, sizeof *r->at, by_place);
    for (size_t i = 0; i < r->len; i++) {
        struct region *last = kept ? &r->at[kept - 1] : NULL;
        if (last && str_eq(last->name, r->at[i].name) && r->at[i].start <= last->end)
            last->end = MAX(last->end, r->at[i].end);
        else
            r->at[kept++] = r->at[i];
    }
    r->len = kept;
}

const struct region *regions_next(const struct regions *r, Str name, int64_t from)
{
    size_t low = 0, high = r->len;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = str_compare(r->at[middle].name, name);
        if (order < 0 || (order == 0 && r->at[middle].end <= from))
            low = middle + 1;
        else
            high = middle;
    }
    return low < r->len && str_eq(r->at[low].name, name) ? &r->at[low] : NULL;
}

bool regions_overlap(const struct regions *r, Str name, int64_t start, int64_t end)
{
    const struct region *x = regions_next(r, name, start);
    return x && x->start < MAX(end, start + 1);
}
