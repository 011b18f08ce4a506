// SPDX-License-Identifier: Apache-2.0
// Aligned columns. No borders, no colours, no wrapping: what is printed can be read by people and cut by tools.
#include "view/table.h"

#include "base/arena.h"
#include "base/vec.h"
#include "view/text.h"

struct table {
    struct arena *arena;
    size_t columns;
    Str *titles;
    size_t *widths;
    bool *to_the_right;
    VEC(const Str *) rows;
};

struct table *table_new(struct arena *a, const char *const *titles, size_t columns)
{
    struct table *t = NEW(a, struct table);
    *t = (struct table){ .arena = a, .columns = columns, .titles = NEW_ARRAY(a, Str, columns),
                         .widths = NEW_ARRAY(a, size_t, columns), .to_the_right = NEW_ARRAY(a, bool, columns) };
    for (size_t i = 0; i < columns; i++) {
        t->to_the_right[i] = titles[i][0] == '>';
        t->titles[i] = str_of(titles[i] + t->to_the_right[i]);
        t->widths[i] = text_width(t->titles[i]);
    }
    return t;
}

void table_row(struct table *t, const Str *cells)
{
    const Str *row = arena_copy(t->arena, cells, sizeof *cells * t->columns);
    for (size_t i = 0; i < t->columns; i++)
        t->widths[i] = MAX(t->widths[i], text_width(row[i]));
    vec_push(t->arena, &t->rows, row);
}

static void print_row(const struct table *t, const Str *cells, struct strbuf *out)
{
    size_t last = t->columns;
    while (last > 0 && cells[last - 1].len == 0)
        last--;
    for (size_t i = 0; i < last; i++) {
        size_t padding = t->widths[i] - text_width(cells[i]);
        if (i > 0)
            strbuf_addz(out, "  ");
        if (t->to_the_right[i])
            text_add_spaces(out, padding);
        text_add(out, cells[i]);
        if (!t->to_the_right[i] && i + 1 < last)
            text_add_spaces(out, padding);
    }
    strbuf_addc(out, '\n');
}

void table_print(const struct table *t, struct strbuf *out)
{
    if (t->rows.len == 0)
        return;
    Str *titles = NEW_ARRAY(t->arena, Str, t->columns);
    for (size_t i = 0; i < t->columns; i++) {
        char *title = str_z(t->arena, t->titles[i]);
        for (size_t k = 0; title[k]; k++)
            title[k] = title[k] >= 'a' && title[k] <= 'z' ? (char)(title[k] - 'a' + 'A') : title[k];
        titles[i] = str_of(title);
    }
    print_row(t, titles, out);
    for (size_t i = 0; i < t->rows.len; i++)
        print_row(t, t->rows.at[i], out);
}
