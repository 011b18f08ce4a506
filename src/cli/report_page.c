// SPDX-License-Identifier: Apache-2.0
// Brings together what a report is made of: the record, the sections among the outputs, the logs of failures.
#include "cli/report_page.h"

#include <unistd.h>

#include "base/arena.h"
#include "cli/home.h"
#include "cli/task_log.h"
#include "store/store.h"
#include "sys/file.h"
#include "view/report/collect.h"
#include "view/report/report.h"
#include "view/run_record.h"

enum { LOG_LINES = 40 };

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
    bool ok = write_page(a, &r, file, err);
    store_close(store);
    return ok;
}
