// SPDX-License-Identifier: Apache-2.0
// The manifest of a run at its end, out of its journal: what is written here is what 'petri export' would say of it later.
#include "cli/run_records.h"

#include "base/arena.h"
#include "cli/home.h"
#include "cli/report.h"
#include "cli/run_common.h"
#include "sys/file.h"
#include "view/manifest.h"

// Does the file begin as manifest_text() does? A user's own manifest.json must not be lost.
static bool is_ours(struct arena *a, Str path)
{
    struct err ignored;
    Str text;
    return file_read(a, path, MANIFEST_MAX, &text, &ignored) && str_find(str_first(text, 64), STR("\"petri_manifest\"")) >= 0;
}

static Str path_of(struct arena *a, const struct run_plan *plan)
{
    Str path = str_join_path(a, plan->outdir, STR("manifest.json"));
    if (!file_exists(path) || is_ours(a, path))
        return path;
    return str_join_path(a, plan->outdir, str_printf(a, "manifest-" STR_FMT ".json", STR_ARG(plan->run)));
}

void run_records_write(const struct run_plan *plan)
{
    struct arena scratch = { 0 };
    struct run_record *record;
    struct err err;
    if (!plan->manifest)
        return;
    if (!run_record_read_brief(&scratch, run_folder(&scratch, plan->home, plan->run), &record, &err)
        || !dir_make_all(plan->outdir, &err) || !file_write_atomic(path_of(&scratch, plan), manifest_text(&scratch, record), &err))
        report_error("the manifest was not written: %s; 'petri export " STR_FMT " --format manifest' prints it", err.text, STR_ARG(plan->run));
    arena_release(&scratch);
}
