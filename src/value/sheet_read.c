// SPDX-License-Identifier: Apache-2.0
// Sheets: comma- or tab-separated tables with a header (RFC 4180, one row a line). A sheet is written by hand or saved from a
// spreadsheet, so what spreadsheets do to tables is looked for and said, and nothing is guessed.
#include "base/arena.h"
#include "base/map.h"
#include "value/read.h"
#include "value/utf8.h"

struct sheet_reader {
    struct arena *a;
    const struct source *source;
    struct diags *diags;
    Str line;                           // the row that is read
    uint32_t row;                       // 1 is the header
    size_t at;                          // in the line
    char separator;
    struct node *header;                // ARRAY of STRING
    struct map names;                   // those of the header
};

static struct span here(const struct sheet_reader *r, size_t at) { return (struct span){ r->source, r->row, (uint32_t)MIN(at, UINT32_MAX - 1) + 1 }; }

// A cell in quotes; "" in it is one quote. NULL: reported.
static struct node *quoted_cell(struct sheet_reader *r)
{
    size_t begin = r->at++;
    struct strbuf text = { 0 };
    for (;; r->at++) {
        if (r->at >= r->line.len) {
            strbuf_release(&text);
            diag_add(r->diags, here(r, begin), "row %u: a cell begins with a quote that is not closed in its row", r->row);
            diag_hint(r->diags, "a cell is one line; a quote in a cell in quotes is written twice");
            return NULL;
        }
        if (r->line.data[r->at] != '"') {
            strbuf_addc(&text, r->line.data[r->at]);
        } else if (r->at + 1 < r->line.len && r->line.data[r->at + 1] == '"') {
            strbuf_addc(&text, '"');
            r->at++;
        } else {
            break;
        }
    }
    r->at++;
    while (r->at < r->line.len && r->line.data[r->at] == ' ' && r->separator != ' ')
        r->at++;
    struct node *n = node_string(r->a, strbuf_take(&text, r->a), here(r, begin));
    if (r->at == r->line.len || r->line.data[r->at] == r->separator)
        return n;
    diag_add(r->diags, here(r, r->at), "row %u: something stands behind the closing quote of a cell", r->row);
    diag_hint(r->diags, "put all of the cell into the quotes, or none of it");
    return NULL;
}

// The cell at r->at, without white space around it; r->at is its end. NULL: reported.
static struct node *cell(struct sheet_reader *r)
{
    while (r->at < r->line.len && (r->line.data[r->at] == ' ' || (r->line.data[r->at] == '\t' && r->separator != '\t')))
        r->at++;
    if (r->at < r->line.len && r->line.data[r->at] == '"')
        return quoted_cell(r);
    size_t begin = r->at;
    while (r->at < r->line.len && r->line.data[r->at] != r->separator)
        r->at++;
    return node_string(r->a, str_trim(str_slice(r->line, begin, r->at)), here(r, begin));
}

// The cells of r->line. NULL: reported.
static struct node *cells(struct sheet_reader *r)
{
    struct node *row = node_new(r->a, VALUE_ARRAY, here(r, 0));
    for (r->at = 0;; r->at++) {
        struct node *n = cell(r);
        if (n == NULL)
            return NULL;
        node_array_push(r->a, row, n);
        if (row->items.len > SHEET_COLUMNS_MAX) {
            diag_add(r->diags, here(r, 0), "row %u has more than %d cells", r->row, SHEET_COLUMNS_MAX);
            return NULL;
        }
        if (r->at >= r->line.len)
            return row;
    }
}

static bool read_header(struct sheet_reader *r)
{
    size_t before = r->diags->errors;
    r->header = cells(r);
    for (size_t i = 0; r->header && i < r->header->items.len; i++) {
        struct node *n = r->header->items.at[i];
        if (node_str(n).len == 0) {
            diag_add(r->diags, n->span, "the header's column %zu has no name", i + 1);
            diag_hint(r->diags, "row 1 names every column; take out the separator at its end, if that is it");
        } else if (!map_set(&r->names, node_str(n), n)) {
            diag_add(r->diags, n->span, "two columns have the same name, '" STR_FMT "'", STR_ARG(node_str(n)));
        }
    }
    return r->header && r->diags->errors == before;
}

static struct node *row_map(struct sheet_reader *r)
{
    struct node *row = cells(r), *map = node_new(r->a, VALUE_MAP, here(r, 0));
    if (row == NULL)
        return NULL;
    if (row->items.len != r->header->items.len) {
        diag_add(r->diags, here(r, 0), "row %u has %zu cell%s, the header has %zu", r->row, row->items.len, row->items.len == 1 ? "" : "s",
                 r->header->items.len);
        diag_hint(r->diags, "a cell that is empty keeps its separator; a cell with a separator in it stands in \"quotes\"");
        return NULL;
    }
    for (size_t i = 0; i < row->items.len; i++)
        node_map_set(r->a, map, r->header->items.at[i], row->items.at[i]);
    return map;
}

static bool check_text(struct sheet_reader *r, Str text)
{
    size_t valid = utf8_valid_prefix(text);
    ptrdiff_t cr = str_find_char(text, '\r'), nul = str_find_char(text, '\0');
    size_t bad = valid < text.len ? valid : nul >= 0 ? (size_t)nul : cr >= 0 ? (size_t)cr : text.len;
    if (bad == text.len)
        return true;
    Str rest = str_first(text, bad);
    for (r->row = 1; str_find_char(rest, '\n') >= 0; r->row++)
        str_cut(&rest, '\n');
    if (valid < text.len || nul >= 0) {
        diag_add(r->diags, here(r, rest.len), "row %u: this is not UTF-8 text", r->row);
        diag_hint(r->diags, "save the sheet as 'CSV UTF-8', not as a workbook");
    } else {
        diag_add(r->diags, here(r, rest.len), "row %u, at its end: Windows line ends (CR LF)", r->row);
        diag_hint(r->diags, "save the sheet with Unix line ends, or: sed -i 's/\\r$//' " STR_FMT, STR_ARG(r->source->name));
    }
    return false;
}

static struct node *read_rows(struct sheet_reader *r, Str rest)
{
    struct node *rows = node_new(r->a, VALUE_ARRAY, here(r, 0));
    for (r->row = 1; rest.len; r->row++) {
        r->line = str_cut(&rest, '\n');
        if (str_trim(r->line).len == 0) {
            if (str_trim(rest).len == 0)
                break;
            diag_add(r->diags, here(r, 0), "row %u is empty", r->row);
            diag_hint(r->diags, "take it out: rows are counted");
        } else if (r->header == NULL) {
            if (!read_header(r))
                return NULL;
        } else {
            struct node *row = row_map(r);
            if (row)
                node_array_push(r->a, rows, row);
            if (rows->items.len > SHEET_ROWS_MAX) {
                diag_add(r->diags, here(r, 0), "the sheet has more than %d rows", SHEET_ROWS_MAX);
                return NULL;
            }
        }
    }
    return rows;
}

struct node *sheet_read(struct arena *a, const struct source *source, char separator, struct node **header, struct diags *diags)
{
    struct sheet_reader r = { .a = a, .source = source, .diags = diags, .separator = separator, .row = 1 };
    size_t before = diags->errors;
    Str text = utf8_skip_bom(source->text);
    struct node *rows = check_text(&r, text) ? read_rows(&r, text) : NULL;
    if (diags->errors == before && r.header == NULL)
        diag_add(diags, (struct span){ source, 0, 0 }, "the sheet is empty; row 1 names the columns");
    map_release(&r.names);
    *header = r.header;
    return diags->errors == before ? rows : NULL;
}
