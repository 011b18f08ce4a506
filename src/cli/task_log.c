// SPDX-License-Identifier: Apache-2.0
// Logs of tasks, from where they are kept. Never cut in the store; cut only where they are shown.
#include "cli/task_log.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/arena.h"
#include "store/store.h"
#include "sys/file.h"
#include "task/bytes.h"
#include "view/run_summary.h"
#include "view/text.h"

enum { TAIL_BYTES = 64 << 10, TAIL_LINES = 10 };

bool task_log_from_value(struct arena *a, Value v, struct output *log)
{
    Value text = value_get(v, STR("text"));
    *log = (struct output){ .kind = OUTPUT_FILE, .path = value_get_str(v, STR("path")), .size = value_get_int(v, STR("size"), 0) };
    if (text.kind == VALUE_STRING) {
        log->is_inline = true;
        log->bytes = value_str(text);
    } else if (value_has(v, STR("base64"))) {
        log->is_inline = base64_decode(a, value_get_str(v, STR("base64")), &log->bytes);
    }
    return log->size > 0 && (log->is_inline || hash_parse(value_get_str(v, STR("hash")), &log->hash));
}

static int open_log(struct store *s, const struct output *log, struct err *err)
{
    struct arena scratch = { 0 };
    Str path;
    int fd = -1;
    if (store_locate(s, log->hash, &scratch, &path, err)) {
        fd = open(str_z(&scratch, path), O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            err_errno(err, "cannot open " STR_FMT, STR_ARG(path));
    } else if (err->code == ERR_NOT_FOUND) {
        err_set(err, ERR_NOT_FOUND, "this log is no longer in the store: 'petri gc' may have deleted it");
    }
    arena_release(&scratch);
    return fd;
}

static bool copy_fd(int from, int to, struct err *err)
{
    char block[1 << 16];
    ssize_t n;
    while ((n = read(from, block, sizeof block)) > 0)
        if (!fd_write_all(to, block, (size_t)n, err))
            return false;
    return n == 0 || err_errno(err, "cannot read a log");
}

bool task_log_copy(struct store *s, const struct output *log, int fd, struct err *err)
{
    if (log->is_inline)
        return fd_write_all(fd, log->bytes.data, log->bytes.len, err);
    if (hash_is_zero(log->hash))                        // it wrote nothing
        return true;
    int from = open_log(s, log, err);
    if (from < 0)
        return false;
    bool ok = copy_fd(from, fd, err);
    close(from);
    return ok;
}

Str task_log_tail(struct arena *a, struct store *s, const struct output *log, size_t lines)
{
    struct err ignored;
    if (log->is_inline || hash_is_zero(log->hash))
        return text_last_lines(log->bytes, lines);
    int fd = open_log(s, log, &ignored);
    if (fd < 0)
        return (Str){ 0 };
    char *bytes = arena_alloc(a, TAIL_BYTES);
    ssize_t n = pread(fd, bytes, TAIL_BYTES, MAX(log->size - TAIL_BYTES, 0));
    close(fd);
    return n > 0 ? text_last_lines((Str){ bytes, (size_t)n }, lines) : (Str){ 0 };
}

static void add_tail(Str tail, struct strbuf *out)
{
    while (tail.len) {
        strbuf_addz(out, "    | ");
        text_add_cut(out, str_cut(&tail, '\n'), 400);
        strbuf_addc(out, '\n');
    }
}

void task_log_failures(struct arena *a, struct store *s, Str run, const struct run_summary *summary, size_t max, struct strbuf *out)
{
    for (size_t i = 0; i < MIN(summary->failures.len, max); i++) {
        const struct run_failure *f = &summary->failures.at[i];
        struct output log;
        Str tail = { 0 };
        if (task_log_from_value(a, f->log_err, &log))
            tail = task_log_tail(a, s, &log, TAIL_LINES);
        if (tail.len == 0 && task_log_from_value(a, f->log_out, &log))
            tail = task_log_tail(a, s, &log, TAIL_LINES);
        strbuf_addz(out, "  ");
        text_add(out, f->task);
        strbuf_addz(out, ": ");
        text_add(out, f->why);
        strbuf_addc(out, '\n');
        add_tail(tail, out);
    }
    if (summary->failures.len > max)
        strbuf_addf(out, "  and %zu more: petri logs " STR_FMT "\n", summary->failures.len - max, STR_ARG(run));
}
