// SPDX-License-Identifier: Apache-2.0
// Writing and reading frames. Not a public format: it has no version, since both ends are one program.
#include "exec/wire.h"

size_t wire_begin(struct strbuf *b, enum wire_type type)
{
    size_t begun = b->len;
    wire_u32(b, 0);
    strbuf_addc(b, (char)type);
    return begun;
}

void wire_end(struct strbuf *b, size_t begun)
{
    if (b->overflow)
        return;
    uint32_t len = (uint32_t)(b->len - begun - WIRE_HEADER);
    memcpy(b->data + begun, &len, sizeof len);
}

void wire_u32(struct strbuf *b, uint32_t number) { strbuf_add(b, (Str){ (const char *)&number, sizeof number }); }
void wire_u64(struct strbuf *b, uint64_t number) { strbuf_add(b, (Str){ (const char *)&number, sizeof number }); }

void wire_str(struct strbuf *b, Str s)
{
    wire_u32(b, (uint32_t)MIN(s.len, (size_t)UINT32_MAX));      // beyond the limit anyway: the add overflows
    strbuf_add(b, s);
}

int wire_next(Str bytes, enum wire_type *type, Str *payload, size_t *used)
{
    uint32_t len;
    if (bytes.len < WIRE_HEADER)
        return 0;
    memcpy(&len, bytes.data, sizeof len);
    if (len > WIRE_MAX || (unsigned char)bytes.data[4] > WIRE_DONE)
        return -1;
    if (bytes.len - WIRE_HEADER < len)
        return 0;
    *type = (enum wire_type)bytes.data[4];
    *payload = (Str){ bytes.data + WIRE_HEADER, len };
    *used = WIRE_HEADER + (size_t)len;
    return 1;
}

void wire_drop(struct strbuf *b, size_t used)
{
    if (used > 0)
        memmove(b->data, b->data + used, b->len - used);
    b->len -= used;
}

static void get(struct wire_reader *r, void *out, size_t size)
{
    if (r->is_bad || r->rest.len < size) {
        r->is_bad = true;
        memset(out, 0, size);
        return;
    }
    memcpy(out, r->rest.data, size);
    r->rest = str_from(r->rest, size);
}

uint32_t wire_get_u32(struct wire_reader *r)
{
    uint32_t number;
    get(r, &number, sizeof number);
    return number;
}

uint64_t wire_get_u64(struct wire_reader *r)
{
    uint64_t number;
    get(r, &number, sizeof number);
    return number;
}

Str wire_get_str(struct wire_reader *r)
{
    uint32_t len = wire_get_u32(r);
    if (r->is_bad || r->rest.len < len) {
        r->is_bad = true;
        return (Str){ 0 };
    }
    Str s = str_first(r->rest, len);
    r->rest = str_from(r->rest, len);
    return s;
}
