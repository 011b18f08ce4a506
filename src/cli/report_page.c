// SPDX-License-Identifier: Apache-2.0
// Brings together what a report is made of: the record, the sections among the outputs, the logs of failures.
#include "cli/report_page.h"

#include <unistd.h>

#include "base/arena.h"
#include "cli/home.h"
#include "cli/task_log.h"
#include "lang/lang.h"
#include "store/store.h"
#include "sys/file.h"
#include "value/diag.h"
#include "view/report/collect.h"
#include "view/report/report.h"
#include "view/run_record.h"

enum { LOG_LINES = 40, SOURCE_MAX = 64 << 20 };

static Str log_end(void *store, struct arena *a, const struct recorded_attempt *t)
{
    struct output log;
    Str text = { 0 };
    if (task_log_from_value(a, t->log_err, &log))
        text = task_log_tail(a, store, &log, LOG_LINES);
    if (text.len == 0 && task_log_from_value(a, t->log_out, &log))
        text = task_log_tail(a, store, &log, LOG_LINES);
    return text;
}

static bool write_page(struct arena *a, const struct report *r, Str file, struct err *err)
{
    struct strbuf page = { 0 };
    report_write(r, &page);
    bool ok = !page.overflow || err_set(err, ERR_LIMIT, "the report is larger than 1 GiB");
    if (ok && str_is(file, "-"))
        ok = fd_write_all(STDOUT_FILENO, page.data, page.len, err);
    else if (ok)
        ok = dir_make_all(str_dirname(path_absolute(a, file)), err) && file_write_atomic(path_absolute(a, file), strbuf_str(&page), err);
    strbuf_release(&page);
    return ok;
}

// Is the workflow still what the run's last start read?
static bool is_same_workflow(struct arena *a, const struct recorded_start *start, const struct workflow *w)
{
    for (size_t i = 0; i < w->file_count; i++) {
        Str bytes;
        struct err ignored;
        size_t k = 0;
        while (k < start->sources.len && !str_eq(start->sources.at[k].name, w->files[i]))
            k++;
        if (k == start->sources.len || !file_read(a, w->files[i], SOURCE_MAX, &bytes, &ignored)
            || !hash_eq(hash_bytes(bytes.data, bytes.len), start->sources.at[k].hash))
            return false;
    }
    return true;
}

// How the steps hang together is in the workflow, not in the record. None where it was changed, or is not there any more.
static void add_links(struct arena *a, struct report *r)
{
    const struct recorded_start *start = run_record_last(r->record);
    const struct workflow_link *links;
    struct diags silent = { .arena = a };
    const struct workflow *w = start->workflow.len ? workflow_load(a, start->workflow, &silent) : NULL;
    if (w == NULL || !is_same_workflow(a, start, w))
        return;
    workflow_links(a, w, &links, &r->link_count);
    struct report_link *copy = NEW_ARRAY(a, struct report_link, r->link_count + 1);
    for (size_t i = 0; i < r->link_count; i++)
        copy[i] = (struct report_link){ links[i].from, links[i].to };
    r->links = copy;
}

bool report_page_write(struct arena *a, Str home, Str run, Str file, bool with_logs, struct err *err)
{
    struct run_record *record;
    struct sections sections = { .arena = a };
    struct err no_store;
    if (!run_record_read(a, run_folder(a, home, run), &record, err))
        return false;
    struct store *store = store_open(home, false, &no_store);           // without one there are no logs and fewer sections
    sections_collect(&sections, store, record);
    struct report r = { .record = record, .sections = &sections, .now = time_now(), .log_end = with_logs && store ? log_end : NULL, .arg = store };
    add_links(a, &r);
    bool ok = write_page(a, &r, file, err);
    store_close(store);
    return ok;
}
