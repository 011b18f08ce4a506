// SPDX-License-Identifier: Apache-2.0
// Asks the machine once. Keeps no process and no descriptor.
#include "exec/ground.h"

#include <unistd.h>

#include "exec/isolate.h"

struct ground_shown {
    Str asked;                          // PATH, and the places behind it, each after a NUL
    struct shown shown;
};

enum sandbox_kind ground_automatic(struct ground *g, struct err *err)
{
    if (g->automatic != SANDBOX_AUTO)
        return g->automatic;
    g->automatic = isolate_probe(err) ? SANDBOX_BWRAP : SANDBOX_NONE;
    if (g->automatic == SANDBOX_NONE)
        err_wrap(err, "tasks run without a sandbox and see all that you see");
    else
        err->code = ERR_NONE;
    return g->automatic;
}

const struct shown *ground_shown(struct ground *g, const struct start *s)
{
    struct strbuf asked = { 0 };
    strbuf_add(&asked, s->search_path);
    for (size_t i = 0; i < s->sandbox.path_count; i++)
        strbuf_addc(&asked, '\0'), strbuf_add(&asked, s->sandbox.paths[i]);
    for (size_t i = 0; i < g->shown.len; i++)
        if (str_eq(g->shown.at[i]->asked, strbuf_str(&asked))) {
            strbuf_release(&asked);
            return &g->shown.at[i]->shown;
        }
    struct ground_shown *entry = NEW(&g->arena, struct ground_shown);
    entry->asked = strbuf_take(&asked, &g->arena);
    Str *paths = NEW_ARRAY(&g->arena, Str, s->sandbox.path_count);
    for (size_t i = 0; i < s->sandbox.path_count; i++)
        paths[i] = str_copy(&g->arena, s->sandbox.paths[i]);
    shown_find(&g->arena, &entry->shown, str_copy(&g->arena, s->search_path), paths, s->sandbox.path_count, str_copy(&g->arena, s->home),
               str_copy(&g->arena, s->user_home));
    vec_push(&g->arena, &g->shown, entry);
    return &entry->shown;
}

struct cgroup *ground_group(struct ground *g, const struct sandbox *sandbox, int number)
{
    struct sandbox_limits limits = sandbox->limits;
    if (sandbox->kind > SANDBOX_BWRAP)  // the engine makes one
        return NULL;
    if (sandbox->kind == SANDBOX_NONE && limits.memory_bytes == 0 && limits.cores <= 0)
        return NULL;
    if (!g->has_groups)
        cgroups_find(&g->groups);
    g->has_groups = true;
    if (sandbox->kind == SANDBOX_BWRAP && geteuid() != 0)
        limits.processes = 0;
    return cgroup_new(&g->groups, &limits, number);
}

void ground_release(struct ground *g)
{
    cgroups_release(&g->groups);
    arena_release(&g->arena);
    *g = (struct ground){ 0 };
}
