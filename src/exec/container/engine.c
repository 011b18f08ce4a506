// SPDX-License-Identifier: Apache-2.0
// Which engine is here and works. That a program is installed says nothing: docker's client is there on many machines without
// a daemon, so each is asked.
#include "exec/container/engine.h"

#include <unistd.h>

#include "base/arena.h"
#include "exec/container/command.h"
#include "sys/file.h"
#include "value/read.h"

static const struct kind {
    const char *name;
    const char *programs[2];
    const char *question;               // that only a working engine answers with exit code 0
    const char *arguments[4];
} kinds[ENGINE_KINDS] = {
    [ENGINE_DOCKER] = { "docker", { "docker" }, "info",
                        { "--format", "{\"security\":{{json .SecurityOptions}},\"memory\":{{json .MemoryLimit}}}" } },
    [ENGINE_PODMAN] = { "podman", { "podman" }, "version", { NULL } },  // has no daemon; `info` looks at far more than this
    [ENGINE_APPTAINER] = { "apptainer", { "apptainer", "singularity" }, "version", { NULL } },
};

const char *engine_name(enum engine_kind kind) { return kinds[kind].name; }

static Str find_program(struct arena *a, const struct kind *k)
{
    const char *path = getenv("PATH");
    Str search = path && *path ? str_of(path) : STR("/usr/local/bin:/usr/bin:/bin"), found = { 0 };
    for (size_t i = 0; i < LEN(k->programs) && k->programs[i] && !found.data; i++)
        found = path_find_program(a, str_of(k->programs[i]), search);
    return found.data ? path_absolute(a, found) : found;
}

// Docker's answer: is the daemon the user's own, can it limit memory?
static void read_docker(struct arena *a, Str answer, struct engine *e)
{
    Value v;
    struct err ignored;
    if (!json_parse(a, answer, &v, &ignored))
        return;
    Value security = value_get(v, STR("security")), memory = value_get(v, STR("memory"));
    for (size_t i = 0; i < value_len(security); i++)
        e->is_rootless |= str_starts(value_str(value_at(security, i)), STR("name=rootless"));
    e->can_limit = memory.kind != VALUE_BOOL || memory.boolean;
}

// Rootless podman on control groups of version 1 can limit nothing.
static bool has_unified_groups(void) { return file_exists(STR("/sys/fs/cgroup/cgroup.controllers")); }

static bool ask(struct arena *a, enum engine_kind kind, struct engine *e, struct err *err)
{
    const struct kind *k = &kinds[kind];
    struct command_result r;
    Str argv[2 + LEN(k->arguments)] = { e->program, str_of(k->question) };
    size_t argc = 2;
    for (size_t i = 0; i < LEN(k->arguments) && k->arguments[i]; i++)
        argv[argc++] = str_of(k->arguments[i]);
    if (!command_run(a, argv, argc, (Str){ 0 }, false, &r, err))
        return false;
    if (r.exit_code != 0)
        return err_set(err, ERR_NOT_FOUND, "%s does not work here: " STR_FMT, k->name, STR_ARG(command_complaint(a, &r)));
    e->can_limit = true;
    if (kind == ENGINE_DOCKER)
        read_docker(a, str_trim(r.out), e);
    if (kind == ENGINE_PODMAN) {
        e->is_rootless = geteuid() != 0;
        e->can_limit = !e->is_rootless || has_unified_groups();
    }
    if (kind == ENGINE_APPTAINER) {
        e->is_rootless = geteuid() != 0;
        e->can_limit = false;
    }
    return true;
}

static bool try_kind(struct arena *a, enum engine_kind kind, struct engine *out, struct err *err)
{
    *out = (struct engine){ .kind = kind, .program = find_program(a, &kinds[kind]) };
    if (!out->program.data)
        return err_set(err, ERR_NOT_FOUND, "%s is not installed (not in PATH)", kinds[kind].name);
    return ask(a, kind, out, err);
}

bool engine_find(struct arena *a, int kind, struct engine *out, struct err *err)
{
    if (kind != ENGINE_AUTO)
        return try_kind(a, (enum engine_kind)kind, out, err);
    struct strbuf why = { .limit = sizeof err->text / 2 };
    for (int k = 0; k < ENGINE_KINDS; k++) {
        struct err one;
        if (try_kind(a, (enum engine_kind)k, out, &one)) {
            strbuf_release(&why);
            return true;
        }
        strbuf_addf(&why, "%s%s", why.len ? "; " : "", one.text);
    }
    err_set(err, ERR_NOT_FOUND, "no container engine works on this machine (" STR_FMT ")", STR_ARG(strbuf_str(&why)));
    strbuf_release(&why);
    return false;
}
