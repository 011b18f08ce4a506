// SPDX-License-Identifier: Apache-2.0
// Any text as a string field of a CWL document: checking and evaluating it without JavaScript must return, whatever
// the bytes. The first byte chooses the settings.
#include "base/arena.h"
#include "lang/cwl/expr.h"
#include "lang/cwl/expr_scan.h"
#include "value/read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static Value inputs(struct arena *a)
{
    struct err err;
    Value v = value_null;
    CHECK(json_parse(a,
                     STR("{\"a\": {\"b c\": [1, 2.5e-7, null]}, \"s\": \"x\\u00e9y\", \"length\": [[]], \"f\": "
                         "{\"class\": \"File\"}}"),
                     &v, &err));
    return v;
}

// The pieces must cover the text without a gap.
static void check_pieces(Str text, bool old_escapes)
{
    struct expr_scan scan = { .text = text, .old_escapes = old_escapes };
    struct expr_piece p;
    struct err err;
    size_t at = 0;
    do {
        if (!expr_scan_next(&scan, &p, &err))
            return;
        CHECK(p.start == at && p.end <= text.len && (p.end > p.start || p.kind == PIECE_END));
        at = p.end;
    } while (p.kind != PIECE_END);
    CHECK(at == text.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct arena a = { 0 };
    struct err err;
    Str text = str_copy(&a, (Str){ (const char *)data + 1, size - 1 });
    struct expr_context c = {
        .arena = &a, .inputs = inputs(&a), .old_escapes = data[0] & 1, .keep_space = data[0] & 2
    };
    c.self = value_get(c.inputs, STR("a"));
    Value out;
    bool checked = expr_check(text, data[0] & 4, &err), done = expr_eval(&c, text, &out, &err);
    CHECK(checked || !done || c.old_escapes || data[0] & 4);    // what can be evaluated passes the check
    check_pieces(text, c.old_escapes);
    arena_release(&a);
    return 0;
}
