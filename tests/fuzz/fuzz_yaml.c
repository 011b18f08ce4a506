// SPDX-License-Identifier: Apache-2.0
// The YAML reader must return, whatever the bytes, with a tree or with exactly one diagnostic inside the document.
#include "base/arena.h"
#include "base/err.h"
#include "value/read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_place(const struct source *source, struct span span)
{
    uint32_t lines = 1;
    for (size_t i = 0; i < source->text.len; i++)
        lines += source->text.data[i] == '\n';
    CHECK(span.line >= 1 && span.line <= lines && span.column >= 1 && span.column <= source->text.len + 1);
}

static void check_tree(const struct source *source, const struct node *n)
{
    check_place(source, n->span);
    for (size_t i = 0; n->kind == VALUE_ARRAY && i < n->items.len; i++)
        check_tree(source, n->items.at[i]);
    for (size_t i = 0; n->kind == VALUE_MAP && i < n->fields.len; i++) {
        check_place(source, n->fields.at[i].key->span);
        check_tree(source, n->fields.at[i].value);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct diags diags = { .arena = &a };
    struct source source = { STR("fuzz.yml"), { (const char *)data, size } };
    struct node *root = document_read(&a, &source, &diags);
    CHECK(diags.len == (root ? 0 : 1));
    struct strbuf out = { 0 };
    if (root) {
        struct err err;
        Value v = node_value(&a, root), back;
        CHECK(value_eq(v, value_copy(&a, v)));
        json_write(&out, v, 0);
        CHECK(json_parse(&a, strbuf_str(&out), &back, &err));
        check_tree(&source, root);
    } else {
        check_place(&source, diags.at[0].span);
        diag_print(&diags, &out);
        CHECK(str_is_utf8(strbuf_str(&out)));
    }
    strbuf_release(&out);
    arena_release(&a);
    return 0;
}
