// SPDX-License-Identifier: Apache-2.0
// Keeps the rest of a block in front of the next one: in the block's headroom if it fits, else both go into memory of the
// window's own. It knows lines, and nothing of what they say.
#include "bio/window.h"

void window_open_text(struct window *w, char *text, size_t len)
{
    *w = (struct window){ .data = text, .len = len, .ended = true, .bytes = (int64_t)len };
}

bool window_open(struct window *w, Str path, struct input_options options, struct err *err)
{
    static char nothing[1];
    *w = (struct window){ .input = input_open(path, options, err), .data = nothing };
    if (w->input == NULL)
        return false;
    window_more(w);
    return true;
}

void window_close(struct window *w)
{
    input_close(w->input);
    free(w->own);
    *w = (struct window){ 0 };
}

static bool keep_in_own(struct window *w, size_t kept, struct input_block block)
{
    size_t need = kept + block.len;
    if (need > WINDOW_MAX)
        return false;
    if (need > w->own_size) {
        size_t size = MAX(need, 2 * w->own_size);
        char *own = xmalloc(size);
        memcpy(own, w->data + w->mark, kept);
        free(w->own);
        w->own = own, w->own_size = size;
    } else if (kept) {
        memmove(w->own, w->data + w->mark, kept);
    }
    memcpy(w->own + kept, block.data, block.len);
    w->data = w->own;
    return true;
}

// What lies behind the mark is in the block that input_next() takes back: it goes to safety first when it is not in `own`.
static void save_rest(struct window *w, size_t kept)
{
    bool is_own = w->own && w->data >= w->own && w->data < w->own + w->own_size;
    if (is_own || kept == 0)
        return;
    if (kept > w->own_size) {
        free(w->own);
        w->own_size = MAX(kept, (size_t)INPUT_HEADROOM);
        w->own = xmalloc(w->own_size);
    }
    memcpy(w->own, w->data + w->mark, kept);
    w->data = w->own;
    w->at -= w->mark, w->len -= w->mark, w->mark = 0;
}

bool window_more(struct window *w)
{
    struct input_block block;
    if (w->ended)
        return false;
    size_t kept = w->len - w->mark, ahead = w->at - w->mark;
    save_rest(w, kept);
    if (!input_next(w->input, &block, &w->err)) {
        w->broken = w->ended = true;
        return false;
    }
    w->bytes += (int64_t)block.len;
    if (block.len == 0) {
        w->ended = true;
        return false;
    }
    if (kept <= INPUT_HEADROOM) {
        if (kept)
            memcpy(block.data - kept, w->data + w->mark, kept);
        w->data = block.data - kept;
    } else if (!keep_in_own(w, kept, block)) {
        w->ended = w->broken = true;
        return err_set(&w->err, ERR_LIMIT, "one record is longer than %d MiB", WINDOW_MAX >> 20);
    }
    w->mark = 0, w->at = ahead, w->len = kept + block.len;
    return true;
}

bool window_line(struct window *w, size_t *start, size_t *len)
{
    size_t ahead = w->at - w->mark, searched = ahead;
    const char *end;
    while ((end = memchr(w->data + w->mark + searched, '\n', w->len - w->mark - searched)) == NULL) {
        searched = w->len - w->mark;
        if (!window_more(w))
            break;
    }
    const char *from = w->data + w->mark + ahead;
    *start = ahead;
    if (end == NULL) {
        *len = w->len - w->at;
        w->at = w->len;
        if (*len == 0)
            return false;
        w->last_line_open = true;
    } else {
        *len = (size_t)(end - from);
        w->at += *len + 1;
    }
    w->line++;
    if (*len && from[*len - 1] == '\r') {
        (*len)--;
        w->dos_lines++;
    }
    return true;
}

bool window_next_line(struct window *w, Str *line)
{
    size_t start, len;
    window_mark(w);
    *line = (Str){ 0 };
    if (!window_line(w, &start, &len))
        return false;
    *line = window_str(w, start, len);
    return true;
}

bool window_piece(struct window *w, Str *piece, bool *is_end)
{
    window_mark(w);
    *piece = (Str){ 0 };
    *is_end = true;
    if (w->at == w->len && !window_more(w))
        return false;
    const char *from = w->data + w->at, *end = memchr(from, '\n', w->len - w->at);
    size_t len = end ? (size_t)(end - from) : w->len - w->at;
    if (end == NULL && from[len - 1] == '\r') {         // its LF may stand in the next block
        bool more = window_more(w);
        from = w->data + w->at;
        if (more && w->at + len < w->len && from[len] == '\n')
            end = from + len;
    }
    *is_end = end != NULL || (w->ended && w->at + len == w->len);
    w->at += len + (end != NULL);
    w->line += *is_end;
    w->last_line_open = *is_end && end == NULL;
    if (*is_end && len && from[len - 1] == '\r') {
        len--;
        w->dos_lines++;
    }
    *piece = (Str){ from, len };
    return true;
}

bool window_bytes(struct window *w, size_t len, Str *bytes)
{
    window_mark(w);
    while (w->len - w->at < len && window_more(w))
        ;
    bool ok = w->len - w->at >= len;
    *bytes = (Str){ w->data + w->at, ok ? len : w->len - w->at };
    w->at += bytes->len;
    return ok;
}
