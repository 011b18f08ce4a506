// SPDX-License-Identifier: Apache-2.0
// Finds the home folder and names runs. It does not read what is in them.
#include "cli/home.h"

#include <sys/random.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "engine/record.h"
#include "journal/journal.h"
#include "sys/file.h"
#include "value/read.h"

enum { RUN_NAME_MAX = 64 };

static bool is_folder(Str path)
{
    struct stat st;
    return file_stat(path, &st) && S_ISDIR(st.st_mode);
}

Str home_find(struct arena *a)
{
    const char *given = getenv("PETRI_HOME");
    if (given && *given)
        return path_absolute(a, str_of(given));
    Str here = path_cwd(a);
    for (Str dir = here;; dir = str_dirname(dir)) {
        Str home = str_join_path(a, dir, STR(".petri"));
        if (is_folder(home))
            return home;
        if (dir.len <= 1)
            return str_join_path(a, here, STR(".petri"));
    }
}

bool home_require(struct arena *a, Str *home, struct err *err)
{
    *home = home_find(a);
    if (is_folder(*home))
        return true;
    if (getenv("PETRI_HOME"))
        return err_set(err, ERR_NOT_FOUND, "there is no folder " STR_FMT " (from PETRI_HOME); 'petri run' makes it", STR_ARG(*home));
    return err_set(err, ERR_NOT_FOUND, "no .petri folder here or above: go to where the workflow was run, or set PETRI_HOME");
}

bool home_make(struct arena *a, Str *home, struct err *err)
{
    *home = home_find(a);
    return is_folder(*home) || dir_make_all(*home, err) || err_wrap(err, "the home folder (PETRI_HOME sets another one)");
}

Str run_folder(struct arena *a, Str home, Str run) { return str_join_path(a, str_join_path(a, home, STR("runs")), run); }

bool runs_list(struct arena *a, Str home, Str **names, size_t *count, struct err *err)
{
    Str dir = str_join_path(a, home, STR("runs"));
    size_t kept = 0;
    *count = 0;
    if (!is_folder(dir))
        return true;
    if (!dir_list(a, dir, names, count, err))
        return false;
    for (size_t i = 0; i < *count; i++) {
        Str name = (*names)[i];
        bool is_run = name.data[0] != '.' && file_exists(str_join_path(a, str_join_path(a, dir, name), STR("journal")));
        if (is_run)
            (*names)[kept++] = name;
    }
    *count = kept;
    return true;
}

static bool take_time(void *arg, uint8_t type, Str payload)
{
    struct arena scratch = { 0 };
    struct err ignored;
    Value r;
    if (type == RECORD_RUN && json_parse(&scratch, payload, &r, &ignored))
        *(Time *)arg = value_get_int(r, STR("time"), 0);
    arena_release(&scratch);
    return false;                                       // the first record is enough
}

Time run_first_start(Str dir)
{
    Time time = 0;
    char end[128];
    struct err ignored;
    struct journal_cursor cursor = { 0 };
    return journal_read(dir, &cursor, take_time, &time, end, &ignored) ? time : 0;
}

static Str find_last(struct arena *a, Str home, const Str *names, size_t count)
{
    Str last = { 0 };
    Time latest = -1;
    for (size_t i = 0; i < count; i++) {
        Time time = run_first_start(run_folder(a, home, names[i]));
        if (time > latest)
            latest = time, last = names[i];
    }
    return last;
}

static bool find_prefix(Str text, const Str *names, size_t count, Str *run, struct err *err)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        if (str_starts(names[i], text) && found++ == 0)
            *run = names[i];
    if (found == 1)
        return true;
    if (found > 1)
        return err_set(err, ERR_INVALID, "%zu runs begin with '" STR_FMT "', '" STR_FMT "' for one: give more of the name", found, STR_ARG(text),
                       STR_ARG(*run));
    Str near = str_nearest(text, names, count);
    return err_set(err, ERR_NOT_FOUND, "there is no run '" STR_FMT "'%s" STR_FMT "%s", STR_ARG(text), near.len ? ": did you mean '" : "",
                   STR_ARG(near), near.len ? "'?" : "; 'petri runs' lists them");
}

bool run_find(struct arena *a, Str home, Str text, Str *run, struct err *err)
{
    Str *names = NULL;
    size_t count;
    if (!runs_list(a, home, &names, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (str_eq(names[i], text)) {
            *run = names[i];
            return true;
        }
    }
    if (!str_is(text, "last"))
        return find_prefix(text, names, count, run, err);
    *run = find_last(a, home, names, count);
    return run->len > 0 || err_set(err, ERR_NOT_FOUND, "there is no run yet in " STR_FMT, STR_ARG(home));
}

bool run_name_check(Str name, struct err *err)
{
    bool ok = name.len > 0 && name.len <= RUN_NAME_MAX && name.data[0] != '.' && name.data[0] != '-' && !str_is(name, "last");
    for (size_t i = 0; i < name.len && ok; i++) {
        char c = name.data[i];
        ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    }
    return ok || err_set(err, ERR_INVALID, "'" STR_FMT "' can't be the name of a run: expected up to %d letters, digits, '.', '_' and '-', "
                         "beginning with a letter or digit, and not 'last'", STR_ARG(name), RUN_NAME_MAX);
}

Str run_name_new(struct arena *a)
{
    char when[32];
    uint16_t salt = 0;
    struct tm parts;
    time_t now = (time_t)(time_now() / SECOND);
    localtime_r(&now, &parts);
    strftime(when, sizeof when, "%Y%m%d-%H%M%S", &parts);
    if (getrandom(&salt, sizeof salt, 0) != sizeof salt)
        salt = (uint16_t)(time_steady() / 1000);        // the folder is made exclusively: a clash is seen
    return str_printf(a, "%s-%04x", when, salt);
}
