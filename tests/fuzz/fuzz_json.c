// SPDX-License-Identifier: Apache-2.0
// Both JSON readers must return, whatever the bytes, and agree; what they accept must come back through the writer.
#include "base/arena.h"
#include "base/err.h"
#include "value/read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round_trip(struct arena *a, Value v)
{
    struct strbuf out = { 0 }, canonical = { 0 }, again = { 0 };
    struct err err;
    Value back;
    json_write(&out, v, 2);
    CHECK(json_parse(a, strbuf_str(&out), &back, &err));
    CHECK(value_eq(v, back));
    json_write_canonical(&canonical, v);
    json_write_canonical(&again, value_copy(a, back));
    CHECK(str_eq(strbuf_str(&canonical), strbuf_str(&again)));
    strbuf_release(&out);
    strbuf_release(&canonical);
    strbuf_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct diags diags = { .arena = &a };
    struct source source = { STR("fuzz.json"), { (const char *)data, size } };
    struct err err;
    Value v;
    struct node *root = json_read(&a, &source, &diags);
    bool parsed = json_parse(&a, source.text, &v, &err);
    CHECK(parsed == (root != NULL));
    CHECK(diags.len == (root ? 0 : 1));
    if (root) {
        CHECK(value_eq(node_value(&a, root), v));
        check_round_trip(&a, v);
    }
    struct strbuf shown = { 0 };
    diag_print(&diags, &shown);
    CHECK(str_is_utf8(strbuf_str(&shown)));
    strbuf_release(&shown);
    arena_release(&a);
    return 0;
}
