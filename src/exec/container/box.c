// SPDX-License-Identifier: Apache-2.0
// The command lines of the engines, and the two formats of the helper. What is said here to an engine is what protects: no network
// unless asked for, nothing writable but the task's own, no privileges, the user's own numbers.
#include "exec/container/box.h"

#include <errno.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/vec.h"
#include "exec/container/orders.h"

struct words {
    struct arena *arena;
    VEC(Str) at;
};

static void add(struct words *w, const char *word) { vec_push(w->arena, &w->at, str_of(word)); }

static void add2(struct words *w, const char *option, Str value)
{
    add(w, option);
    vec_push(w->arena, &w->at, value);
}

Str box_name(struct arena *a, Str folder, Str label)
{
    char hex[HASH_HEX + 1];
    Str text = str_printf(a, STR_FMT "\n" STR_FMT, STR_ARG(folder), STR_ARG(label));
    hash_hex(hash_bytes(text.data, text.len), hex);
    return str_printf(a, "petri-%.24s", hex);
}

// --- docker and podman

// The value of --mount is a line of comma-separated values (RFC 4180).
static void add_csv(struct strbuf *b, const char *name, Str value)
{
    bool is_plain = !str_has(value, ',') && !str_has(value, '"') && !str_has(value, '\n') && !str_has(value, '\r');
    strbuf_addf(b, is_plain ? ",%s=" : ",\"%s=", name);
    for (size_t i = 0; i < value.len; i++) {
        strbuf_addc(b, value.data[i]);
        if (value.data[i] == '"')
            strbuf_addc(b, '"');
    }
    if (!is_plain)
        strbuf_addc(b, '"');
}

static void add_mount(struct words *w, Str source, Str target, bool is_writable)
{
    struct strbuf b = { 0 };
    strbuf_addz(&b, "type=bind");
    add_csv(&b, "source", source);
    add_csv(&b, "target", target);
    if (!is_writable)
        strbuf_addz(&b, ",readonly");
    add2(w, "--mount", strbuf_take(&b, w->arena));
}

static void add_ulimit(struct words *w, const char *name, int64_t soft, int64_t hard)
{
    add2(w, "--ulimit", str_printf(w->arena, "%s=%lld:%lld", name, (long long)soft, (long long)hard));
}

// Explicit, since an engine's own defaults may be more than this user, or the engine itself, may give.
static void add_limits(struct words *w, const struct box *b, const struct box_run *run)
{
    const struct sandbox_limits *limits = &run->sandbox->limits;
    const struct box_user *u = run->user;
    int64_t files = limits->open_files > 0 ? MIN(limits->open_files, (int64_t)u->files_hard) : (int64_t)u->files_hard;
    add_ulimit(w, "core", 0, 0);
    add_ulimit(w, "nofile", MIN((int64_t)u->files_soft, files), files);
    if (b->kind == ENGINE_PODMAN && u->processes_hard)
        add_ulimit(w, "nproc", (int64_t)u->processes_soft, (int64_t)u->processes_hard);
    if (limits->file_bytes > 0)
        add_ulimit(w, "fsize", limits->file_bytes, limits->file_bytes);
    if (!b->can_limit)
        return;
    if (limits->memory_bytes > 0) {     // no swap beside it: memory that a task was not given is not given by disk
        add2(w, "--memory", str_printf(w->arena, "%lld", (long long)limits->memory_bytes));
        add2(w, "--memory-swap", str_printf(w->arena, "%lld", (long long)limits->memory_bytes));
    }
    if (limits->processes > 0)          // and the helper
        add2(w, "--pids-limit", str_printf(w->arena, "%lld", (long long)limits->processes + 1));
    if (limits->cores > 0)
        add2(w, "--cpus", str_printf(w->arena, "%.3f", limits->cores));
}

// Files that the task makes are the user's. Without root, docker's user 0 in the container is that user; podman keeps the number.
static void add_user(struct words *w, const struct box *b, const struct box_user *u)
{
    bool is_mapped_root = b->kind == ENGINE_DOCKER && b->is_rootless;
    bool is_root = u->user == 0 || is_mapped_root;
    add2(w, "--user", is_mapped_root ? STR("0:0") : str_printf(w->arena, "%u:%u", u->user, u->group));
    if (b->kind == ENGINE_PODMAN && b->is_rootless)
        add(w, "--userns=keep-id");
    // A group's files are shared in many labs. Rootless engines cannot hand groups on.
    for (size_t i = 0; !b->is_rootless && i < u->group_count; i++)
        if (u->groups[i] != u->group)
            add2(w, "--group-add", str_printf(w->arena, "%u", u->groups[i]));
    add(w, "--cap-drop=ALL");
    // What archivers and copies expect of root; nothing of it reaches beyond what is mounted.
    static const char *const files[] = { "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID" };
    for (size_t i = 0; is_root && i < LEN(files); i++)
        add2(w, "--cap-add", str_of(files[i]));
}

static void docker_command(struct words *w, const struct box *b, const struct box_run *run)
{
    static const char *const always[] = { "run", "--rm", "--pull=never", "--read-only", "--log-driver=none", "--no-healthcheck",
                                          "--hostname=petri", "--security-opt=no-new-privileges", "--security-opt=label=disable", "--workdir=/",
                                          "--entrypoint=" BOX_HELPER };
    for (size_t i = 0; i < LEN(always); i++)
        add(w, always[i]);
    add2(w, "--name", run->name);
    add2(w, "--label", str_concat(w->arena, STR("petri.attempt="), run->label));
    if (!run->sandbox->network)
        add(w, "--network=none");
    add_user(w, b, run->user);
    add_limits(w, b, run);
    for (size_t i = 0; i < run->mount_count; i++)
        add_mount(w, run->mounts[i].source, run->mounts[i].target, run->mounts[i].is_writable);
    vec_push(w->arena, &w->at, b->image);
}

// --- apptainer

static bool apptainer_bind(struct words *w, const struct box_mount *m, struct err *err)
{
    const Str both[] = { m->source, m->target };
    for (size_t i = 0; i < LEN(both); i++)
        if (str_has(both[i], ':') || str_has(both[i], ',') || str_has(both[i], '\n') || str_has(both[i], '\\'))
            return err_set(err, ERR_UNSUPPORTED, "apptainer cannot mount '" STR_FMT "': a path with ':', ',' or '\\'", STR_ARG(both[i]));
    add2(w, "--bind", str_printf(w->arena, STR_FMT ":" STR_FMT ":%s", STR_ARG(m->source), STR_ARG(m->target), m->is_writable ? "rw" : "ro"));
    return true;
}

static bool apptainer_command(struct words *w, const struct box *b, const struct box_run *run, struct err *err)
{
    static const char *const always[] = { "--silent", "exec", "--containall", "--cleanenv", "--no-home", "--pwd", "/" };
    for (size_t i = 0; i < LEN(always); i++)
        add(w, always[i]);
    if (!run->sandbox->network)
        add(w, "--net"), add2(w, "--network", STR("none"));
    for (size_t i = 0; i < run->mount_count; i++)
        if (!apptainer_bind(w, &run->mounts[i], err))
            return false;
    vec_push(w->arena, &w->at, b->image);
    add(w, BOX_HELPER);
    return true;
}

bool box_command(struct arena *a, const struct box *b, const struct box_run *run, Str **argv, size_t *argc, struct err *err)
{
    struct words w = { .arena = a };
    bool ok = true;
    vec_push(a, &w.at, b->program);
    if (b->kind == ENGINE_APPTAINER)
        ok = apptainer_command(&w, b, run, err);
    else
        docker_command(&w, b, run);
    *argv = w.at.at;
    *argc = w.at.len;
    return ok;
}

// --- orders

static bool put(struct strbuf *out, Str text, const char *what, struct err *err)
{
    if (str_has(text, '\0'))
        return err_set(err, ERR_INVALID, "%s holds a NUL byte, which the system cannot pass to a program", what);
    strbuf_add(out, text);
    strbuf_addc(out, '\0');
    return true;
}

static bool put_count(struct strbuf *out, size_t count)
{
    strbuf_addf(out, "%zu", count);
    return strbuf_addc(out, '\0');
}

static bool put_list(struct strbuf *out, const Str *at, size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++)
        if (!put(out, at[i], "an argument", err))
            return false;
    return true;
}

static bool put_variable(struct strbuf *out, const struct env_var *v, struct err *err)
{
    if (v->name.len == 0 || str_has(v->name, '=') || str_has(v->name, '\0'))
        return err_set(err, ERR_INVALID, "'" STR_FMT "' cannot be the name of an environment variable", STR_ARG(v->name));
    strbuf_add(out, v->name);
    strbuf_addc(out, '=');
    return put(out, v->value, "an environment variable", err);
}

bool box_orders_text(const struct box_orders *o, struct strbuf *out, struct err *err)
{
    const struct box *b = o->box;
    if (!put(out, STR(ORDERS_MAGIC), "", err) || !put(out, o->workdir, "the working folder", err) || !put(out, o->stdin_path, "stdin", err) ||
        !put(out, o->stdout_path, "stdout", err) || !put(out, o->stderr_path, "stderr", err))
        return false;
    put_count(out, b->entrypoint_count + o->argc);
    if (!put_list(out, b->entrypoint, b->entrypoint_count, err) || !put_list(out, o->argv, o->argc, err))
        return false;
    put_count(out, o->env_count);
    for (size_t i = 0; i < o->env_count; i++)
        if (!put_variable(out, &o->env[i], err))
            return false;
    return !out->overflow || err_set(err, ERR_LIMIT, "the command line and environment are too long");
}

// --- the report

static void read_end(Str line, struct box_report *r)
{
    const struct { Str name; int64_t *to; } fields[] = {
        { STR_CONST("user"), &r->user_ns }, { STR_CONST("system"), &r->system_ns }, { STR_CONST("peak"), &r->peak_bytes },
        { STR_CONST("read"), &r->read_bytes }, { STR_CONST("written"), &r->written_bytes }, { STR_CONST("oom"), &r->oom_kills },
        { STR_CONST("limit"), &r->limit_bytes }, { STR_CONST("rchar"), &r->read_chars }, { STR_CONST("wchar"), &r->written_chars },
        { STR_CONST("virtual"), &r->peak_virtual_bytes },
    };
    int64_t number;
    Str how = str_cut(&line, ' ');
    if (!str_to_int(str_cut(&line, ' '), &number) || number < 0 || number > 255 || !(str_is(how, "exit") || str_is(how, "signal")))
        return;
    r->has_ended = true;
    r->is_signal = str_is(how, "signal");
    r->number = (int)number;
    while (line.len) {
        Str name = str_cut(&line, ' '), value = str_cut(&line, ' ');
        for (size_t i = 0; i < LEN(fields); i++)
            if (str_eq(name, fields[i].name) && str_to_int(value, &number) && number >= -1)
                *fields[i].to = number;
    }
}

struct box_report box_report_read(Str text)
{
    struct box_report r = { .user_ns = -1, .system_ns = -1, .peak_bytes = -1, .read_bytes = -1, .written_bytes = -1, .limit_bytes = -1,
                            .read_chars = -1, .written_chars = -1, .peak_virtual_bytes = -1 };
    while (text.len) {
        Str line = str_cut(&text, '\n'), word = str_cut(&line, ' ');
        int64_t code;
        if (str_is(word, "started")) {
            r.has_started = true;
        } else if (str_is(word, "failed") && str_to_int(str_cut(&line, ' '), &code) && code >= 0 && code <= BOX_SYSTEM) {
            r.has_failed = true;
            r.failure = (int)code;
            r.failure_text = line;
        } else if (str_is(word, "end")) {
            read_end(line, &r);
        }
    }
    return r;
}
