// SPDX-License-Identifier: Apache-2.0
// Brings the progress onto the screen, at most ten times a second. A slow or closed terminal never fails a run: what
// can't be written is dropped. Counting is progress_model.c's, drawing progress_table.c's.
#include "view/progress.h"

#include <langinfo.h>
#include <locale.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "engine/driver.h"
#include "engine/executor.h"
#include "sys/file.h"
#include "sys/loop.h"
#include "view/progress_lines.h"
#include "view/progress_table.h"
#include "view/text.h"

#define TICK (100 * MILLISECOND)
#define REFRESH SECOND                                  // the clock in the header goes on even if nothing happens

struct progress {
    struct progress_options options;
    struct progress_model model;
    struct executor *executor;
    struct loop_timer *timer;
    struct strbuf pending;                              // lines not yet written
    size_t drawn_lines;                                 // of the table on the screen, above the cursor
    Time drawn_at;
    bool is_changed, is_over;
};

void progress_options_detect(struct progress_options *o)
{
    const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
    o->is_terminal = isatty(o->fd) && term && *term && strcmp(term, "dumb") != 0;
    o->use_color = o->is_terminal && !(no_color && *no_color);
    if (o->is_terminal && setlocale(LC_CTYPE, ""))
        o->use_unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

static void write_out(struct progress *p, struct strbuf *text)
{
    struct err ignored;
    if (text->len && !fd_write_all(p->options.fd, text->data, text->len, &ignored))
        p->options.is_quiet = true;                     // the terminal is gone; the run goes on
    strbuf_clear(text);
}

static struct progress_look look_now(const struct progress *p)
{
    struct winsize size = { 0 };
    bool known = ioctl(p->options.fd, TIOCGWINSZ, &size) == 0 && size.ws_col && size.ws_row;
    return (struct progress_look){ .width = known ? size.ws_col : 80, .height = known ? size.ws_row : 24,
                                   .use_unicode = p->options.use_unicode, .use_color = p->options.use_color };
}

static void erase_table(struct progress *p, struct strbuf *out)
{
    if (p->drawn_lines)
        strbuf_addf(out, "\x1b[%zuA\r\x1b[J", p->drawn_lines);
    p->drawn_lines = 0;
}

// Lines that wait go above the table. One write for all of it, so that nothing flickers.
static void draw_table(struct progress *p, Time now)
{
    struct strbuf out = { 0 };
    struct progress_look look = look_now(p);
    if (p->executor)
        executor_usage(p->executor, &p->model.cores_used, &p->model.memory_used);
    erase_table(p, &out);
    strbuf_add(&out, strbuf_str(&p->pending));
    strbuf_clear(&p->pending);
    size_t start = out.len;
    progress_table_render(&p->model, p->options.run, &look, now, &out);
    for (size_t i = start; i < out.len; i++)
        p->drawn_lines += out.data[i] == '\n';
    write_out(p, &out);
    strbuf_release(&out);
    p->drawn_at = now;
    p->is_changed = false;
}

static void on_tick(void *arg)
{
    struct progress *p = arg;
    Time now = time_steady();
    if (p->options.is_terminal && (p->is_changed || p->pending.len || now - p->drawn_at >= REFRESH))
        draw_table(p, now);
    if (!p->options.is_terminal) {
        progress_lines_summarize(&p->model, now, false, &p->pending);
        write_out(p, &p->pending);
    }
    loop_timer_set(p->timer, TICK);
}

static bool is_shown(const struct progress *p) { return !p->options.is_quiet && !p->is_over; }

static void on_step(void *arg, Str step, int64_t expected)
{
    struct progress *p = arg;
    if (!is_shown(p))
        return;
    progress_model_step(&p->model, step, expected);
    p->is_changed = true;
}

static void on_task(void *arg, Str step, Str name, enum record_type what, Str detail)
{
    struct progress *p = arg;
    if (!is_shown(p))
        return;
    Time now = time_steady();
    bool skipped = what == RECORD_EVALUATED && str_starts(detail, STR("skip"));
    struct progress_event e = progress_model_task(&p->model, step, name, what, skipped, now);
    if (!p->options.is_terminal || what == RECORD_FAILED)
        progress_lines_task(&e, name, what, detail, &p->pending);
    p->is_changed = true;
}

static void on_warning(void *arg, Str text)
{
    struct progress *p = arg;
    if (!is_shown(p))
        return;
    strbuf_addz(&p->pending, "warning: ");
    text_add(&p->pending, text);
    strbuf_addc(&p->pending, '\n');
}

struct progress *progress_new(struct loop *loop, struct driver *driver, struct executor *executor, const struct progress_options *o)
{
    struct progress *p = xcalloc(1, sizeof *p);
    *p = (struct progress){ .options = *o, .executor = executor };
    progress_model_init(&p->model, time_steady());
    p->model.cores = o->cores;
    driver_watch(driver, (struct driver_watcher){ .step = on_step, .task = on_task, .warning = on_warning, .arg = p });
    if (!o->is_quiet) {
        p->timer = loop_timer_new(loop, on_tick, p);
        loop_timer_set(p->timer, TICK);
    }
    return p;
}

void progress_say(struct progress *p, Str text)
{
    struct strbuf out = { 0 };
    erase_table(p, &out);
    strbuf_add(&out, strbuf_str(&p->pending));
    strbuf_clear(&p->pending);
    strbuf_add(&out, text);
    strbuf_addc(&out, '\n');
    write_out(p, &out);
    strbuf_release(&out);
    p->is_changed = true;
}

void progress_end(struct progress *p)
{
    progress_model_stop(&p->model);
    if (is_shown(p) && p->options.is_terminal)
        draw_table(p, time_steady());
    if (is_shown(p) && !p->options.is_terminal)
        progress_lines_summarize(&p->model, time_steady(), true, &p->pending);
    write_out(p, &p->pending);
    p->drawn_lines = 0;
    p->is_over = true;
    p->executor = NULL;
    if (p->timer)
        loop_timer_stop(p->timer);
}

void progress_free(struct progress *p)
{
    if (p == NULL)
        return;
    if (p->timer)
        loop_timer_free(p->timer);
    progress_model_release(&p->model);
    strbuf_release(&p->pending);
    free(p);
}
