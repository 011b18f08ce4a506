// SPDX-License-Identifier: Apache-2.0
// Where flows are found. Their documents are not read here.
#include "cli/flows.h"

#include "base/arena.h"
#include "base/vec.h"
#include "cli/report.h"
#include "sys/file.h"

typedef VEC(Str) Folders;

static bool is_file(Str path)
{
    struct stat st;
    return file_stat(path, &st) && S_ISREG(st.st_mode);
}

static void folders_of_environment(struct arena *a, Folders *folders)
{
    Str rest = str_of(getenv("PETRI_FLOWS"));
    while (rest.len) {
        Str folder = str_cut(&rest, ':');
        if (folder.len)
            vec_push(a, folders, path_absolute(a, folder));
    }
}

// Of PREFIX/bin/petri PREFIX/share/petri/flows; of SOURCE/build/release/petri SOURCE/flows.
static void folders_of_program(struct arena *a, Folders *folders)
{
    Str program;
    struct err ignored;
    if (!path_real(a, STR("/proc/self/exe"), &program, &ignored))
        return;
    Str above = str_dirname(str_dirname(program));
    vec_push(a, folders, str_join_path(a, above, STR("share/petri/flows")));
    vec_push(a, folders, str_join_path(a, str_dirname(above), STR("flows")));
}

static Folders folders_of(struct arena *a)
{
    Folders folders = { 0 };
    folders_of_environment(a, &folders);
    folders_of_program(a, &folders);
    return folders;
}

static Str document_in(struct arena *a, Str folder, Str name)
{
    Str path = str_join_path(a, folder, str_printf(a, STR_FMT "/" STR_FMT ".cwl", STR_ARG(name), STR_ARG(name)));
    return is_file(path) ? path : (Str){ 0 };
}

static bool is_listed(const struct flow *flows, size_t count, Str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(flows[i].name, name))
            return true;
    return false;
}

static int by_name(const void *x, const void *y) { return str_compare(((const struct flow *)x)->name, ((const struct flow *)y)->name); }

void flows_list(struct arena *a, struct flow **flows, size_t *count)
{
    Folders folders = folders_of(a);
    VEC(struct flow) found = { 0 };
    for (size_t i = 0; i < folders.len; i++) {
        Str *names;
        size_t len;
        struct err ignored;
        if (!dir_list(a, folders.at[i], &names, &len, &ignored))
            continue;
        for (size_t j = 0; j < len; j++) {
            Str path = document_in(a, folders.at[i], names[j]);
            if (path.len && !is_listed(found.at, found.len, names[j]))
                vec_push(a, &found, (struct flow){ names[j], path });
        }
    }
    if (found.len)
        qsort(found.at, found.len, sizeof *found.at, by_name);
    *flows = found.at;
    *count = found.len;
}

Str flow_resolve(struct arena *a, Str word)
{
    if (word.len == 0 || str_has(word, '/') || word.data[0] == '.' || is_file(word))
        return word;
    Folders folders = folders_of(a);
    for (size_t i = 0; i < folders.len; i++) {
        Str path = document_in(a, folders.at[i], word);
        if (path.len)
            return path;
    }
    return word;
}

void flow_hint(struct arena *a, Str word)
{
    struct flow *flows;
    size_t count;
    if (str_has(word, '/') || is_file(word))
        return;
    flows_list(a, &flows, &count);
    Str *names = NEW_ARRAY(a, Str, count + 1), near;
    for (size_t i = 0; i < count; i++)
        names[i] = flows[i].name;
    near = str_nearest(word, names, count);
    if (near.len)
        report_hint("there is a flow '" STR_FMT "': is it this?", STR_ARG(near));
    else if (!str_has(word, '.'))
        report_hint("'petri flows' lists the flows that can be run by name");
}
