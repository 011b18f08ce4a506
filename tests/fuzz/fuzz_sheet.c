// SPDX-License-Identifier: Apache-2.0
// The reader of sheets must return, whatever the bytes: with rows that all have the header's columns, or with diagnostics inside the sheet.
#include "base/arena.h"
#include "base/err.h"
#include "value/read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_rows(const struct node *rows, const struct node *header)
{
    CHECK(node_is(header, VALUE_ARRAY) && header->items.len > 0);
    for (size_t i = 0; i < rows->items.len; i++) {
        const struct node *row = rows->items.at[i];
        CHECK(row->fields.len == header->items.len && row->span.line == i + 2);
        for (size_t j = 0; j < row->fields.len; j++)
            CHECK(str_eq(node_str(row->fields.at[j].key), node_str(header->items.at[j])) && node_is(row->fields.at[j].value, VALUE_STRING));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct diags diags = { .arena = &a };
    struct source source = { STR("fuzz.csv"), { (const char *)data, size } };
    struct node *header, *rows = sheet_read(&a, &source, size % 2 ? ',' : '\t', &header, &diags);
    struct strbuf out = { 0 };
    CHECK((rows != NULL) == (diags.errors == 0));
    if (rows) {
        check_rows(rows, header);
    } else {
        diag_print(&diags, &out);
        CHECK(str_is_utf8(strbuf_str(&out)));
    }
    strbuf_release(&out);
    arena_release(&a);
    return 0;
}
