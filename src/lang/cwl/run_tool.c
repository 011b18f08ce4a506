// SPDX-License-Identifier: Apache-2.0
// A CommandLineTool becomes a task: resources, staging, command line, environment, policy. The order is the standard's: what
// an expression may see is known before it is evaluated.
#include <math.h>

#include "lang/cwl/run.h"
#include "store/store.h"
#include "sys/file.h"

#define RESOURCE_MAX 1e12                // cores, MiB
#define TIME_LIMIT_MAX 1e9               // seconds

struct expr_context tool_expr(struct call *c, Value self)
{
    return scope_expr(c->e, &c->scope, c->process->version, &c->arena, c->tool->view, self, c->tool->runtime);
}

// --- resources (CWL ResourceRequirement): runtime.* and what is reserved

// *most: what it asks for at the most, or 0: it asks for nothing.
static bool resource(struct call *c, const struct cwl_requirement *r, const char *kind, double otherwise, double *out, double *most, struct err *err)
{
    bool is_found = false;
    *out = otherwise;
    *most = 0;
    static const char *const ends[] = { "Min", "Max" };
    for (size_t i = 0; r && i < LEN(ends); i++) {
        Str name = str_printf(&c->arena, "%s%s", kind, ends[i]);
        Value v = value_get(r->fields, name);
        if (value_is_null(v))
            continue;
        struct expr_context x = scope_expr(c->e, &c->scope, c->process->version, &c->arena, c->inputs, value_null, value_null);
        if (v.kind == VALUE_STRING && !expr_eval(&x, value_str(v), &v, err))
            return err_wrap(err, "ResourceRequirement, " STR_FMT, STR_ARG(name));
        if (value_is_null(v))
            continue;
        if (!value_as_double(v, most) || !(*most >= 0 && *most <= RESOURCE_MAX))
            return err_set(err, ERR_INVALID, "ResourceRequirement, " STR_FMT ": expected a number from 0 to 10^12", STR_ARG(name));
        *out = is_found ? *out : *most; // Min where it is given, else Max
        is_found = true;
    }
    *most = MAX(*most, is_found ? *out : 0);
    return true;
}

static bool resources(struct call *c, struct task_resources *out, struct err *err)
{
    const struct cwl_requirement *r = scope_find(c->e, &c->scope, CWL_REQ_RESOURCE, NULL);
    double cores, ram, tmp, outdir, most_cores, most_ram, ignored;
    if (!resource(c, r, "cores", 1, &cores, &most_cores, err) || !resource(c, r, "ram", 256, &ram, &most_ram, err)
        || !resource(c, r, "tmpdir", 1024, &tmp, &ignored, err) || !resource(c, r, "outdir", 1024, &outdir, &ignored, err))
        return false;
    struct value_builder b = value_map_begin(&c->arena);
    value_map_set(&b, STR("outdir"), value_string(&c->arena, c->tool->workdir.len ? c->tool->workdir : STR(TASK_OUT)));
    value_map_set(&b, STR("tmpdir"), value_string(&c->arena, STR(TASK_TMP)));
    value_map_set(&b, STR("cores"), value_int(MAX((int64_t)ceil(cores), 1)));
    value_map_set(&b, STR("ram"), value_int((int64_t)ceil(ram)));
    value_map_set(&b, STR("tmpdirSize"), value_int((int64_t)ceil(tmp)));
    value_map_set(&b, STR("outdirSize"), value_int((int64_t)ceil(outdir)));
    c->tool->runtime = value_map_end(&b);
    out->cores = cores;
    out->memory_bytes = (int64_t)(ram * 1048576.0);
    out->cores_limit = ceil(most_cores);                // as the tool is told in runtime.cores
    out->memory_limit_bytes = (int64_t)(most_ram * 1048576.0);
    // The defaults of 1 GiB are what runtime reports; reserved is only what was asked for.
    out->tmp_bytes = r && (value_has(r->fields, STR("tmpdirMin")) || value_has(r->fields, STR("tmpdirMax"))) ? (int64_t)(tmp * 1048576.0) : 0;
    out->out_bytes = r && (value_has(r->fields, STR("outdirMin")) || value_has(r->fields, STR("outdirMax"))) ? (int64_t)(outdir * 1048576.0) : 0;
    return true;
}

// --- environment

static int compare_env(const void *a, const void *b)
{
    return str_compare(((const struct env_var *)a)->name, ((const struct env_var *)b)->name);
}

static bool add_env(struct call *c, Str name, Value v, struct err *err)
{
    struct expr_context x = tool_expr(c, value_null);
    Str text = value_str(v);
    if (v.kind == VALUE_STRING && expr_is(text)) {
        if (!expr_eval(&x, text, &v, err))
            return err_wrap(err, "EnvVarRequirement, " STR_FMT, STR_ARG(name));
        text = v.kind == VALUE_MAP && (value_is_file(v) || value_is_directory(v)) ? value_get_str(v, STR("path")) : expr_text(&c->arena, v);
    } else if (v.kind != VALUE_STRING) {
        text = expr_text(&c->arena, v);
    }
    vec_push(&c->arena, &c->tool->env, (struct env_var){ name, text });
    return true;
}

static bool environment(struct call *c, struct err *err)
{
    const struct cwl_requirement *r = scope_find(c->e, &c->scope, CWL_REQ_ENV_VAR, NULL);
    Value defs = r ? value_get(r->fields, STR("envDef")) : value_null;
    for (size_t i = 0; i < value_len(defs); i++) {
        Value def = value_at(defs, i), value;
        Str name;
        if (defs.kind == VALUE_MAP) {
            name = (Str){ defs.map->at[i].key->data, defs.map->at[i].key->len };
            value = defs.map->at[i].value;
            if (value.kind == VALUE_MAP)
                value = value_get(value, STR("envValue"));
        } else {
            name = value_get_str(def, STR("envName"));
            value = value_get(def, STR("envValue"));
        }
        if (!add_env(c, name, value, err))
            return false;
    }
    if (c->tool->env.len)
        qsort(c->tool->env.at, c->tool->env.len, sizeof *c->tool->env.at, compare_env);
    return true;
}

// --- streams

static bool stream_name(struct call *c, Str text, const char *what, Str *out, struct err *err)
{
    struct expr_context x = tool_expr(c, value_null);
    if (!expr_string(&x, text, what, out, err))
        return false;
    if (out->len == 0)
        return true;
    Str name = tool_path(c, *out);
    if (str_starts(name, STR(TASK_OUT "/")))
        name = str_from(name, sizeof TASK_OUT);
    *out = str_normal_path(&c->arena, name);
    if (str_starts(*out, STR("/")) || str_starts(*out, STR("..")) || str_is(*out, "."))
        return err_set(err, ERR_INVALID, "%s: '" STR_FMT "' is not a file in the working folder", what, STR_ARG(name));
    return true;
}

static bool streams(struct call *c, struct err *err)
{
    struct tool_run *t = c->tool;
    struct expr_context x = tool_expr(c, value_null);
    Value v = value_null;
    bool is_expression = expr_is(c->process->stdin_expr);               // null: no file
    if (is_expression && !expr_eval(&x, c->process->stdin_expr, &v, err))
        return err_wrap(err, "stdin");
    if (!(is_expression && value_is_null(v)) && !expr_string(&x, c->process->stdin_expr, "stdin", &t->stdin_path, err))
        return false;
    if (t->stdin_path.len && t->stdin_path.data[0] != '/')
        t->stdin_path = str_join_path(&c->arena, STR(TASK_OUT), t->stdin_path);
    return stream_name(c, c->process->stdout_expr, "stdout", &t->stdout_name, err)
        && stream_name(c, c->process->stderr_expr, "stderr", &t->stderr_name, err);
}

// --- identity of the program

static Str identity_of_tool(struct evaluation *e, Str program, struct err *err)
{
    const Str *known = map_find(&e->tools, program);
    if (known)
        return *known;
    const char *search = getenv("PATH");
    Str path = path_find_program(&e->arena, program, str_of(search ? search : "/usr/local/bin:/usr/bin:/bin"));
    if (path.data == NULL) {
        err_set(err, ERR_NOT_FOUND, "the program '" STR_FMT "' is not installed (it is not in PATH); install it, or run the tool in its container",
                STR_ARG(program));
        return (Str){ 0 };
    }
    Hash hash;
    int64_t size;
    Str *digest = arena_copy(&e->arena, &(Str){ 0 }, sizeof(Str));
    if (!store_hash_file(driver_store(e->driver), path, &hash, &size, err))
        return (Str){ 0 };
    *digest = hash_text(&e->arena, hash);
    map_set(&e->tools, str_copy(&e->arena, program), digest);
    driver_tool(e->driver, program, path, hash, size);
    return *digest;
}

// A program that the task brings along (a script in its working folder) is known by its bytes already.
static bool tool_digest(struct call *c, Str *digest, struct err *err)
{
    Str program = c->tool->argv.at[0];
    *digest = (Str){ 0 };
    if (c->tool->image)                 // the image says what it is
        return true;
    if (str_has(program, '/') && (program.data[0] != '/' || str_starts(program, STR(TASK_ROOT "/"))))
        return true;
    *digest = identity_of_tool(c->e, program, err);
    return digest->len > 0;
}

// Programs that the tool names in its SoftwareRequirement, beside the one that is started: a script is only as new as what it
// calls. "blake3:…" becomes "blake3:… bwa=blake3:… samtools=blake3:…", in the order given. A package that is no program has no digest.
static bool add_software(struct call *c, Str *digest, struct err *err)
{
    const struct cwl_requirement *r = scope_find(c->e, &c->scope, CWL_REQ_SOFTWARE, NULL);
    Value packages = r ? value_get(r->fields, STR("packages")) : value_null;
    for (size_t i = 0; digest->len && i < value_len(packages); i++) {
        Str name = value_get_str(value_at(packages, i), STR("package"));
        if (name.len == 0 || str_has(name, '/'))
            continue;
        Str found = identity_of_tool(c->e, name, err);
        if (found.len)
            *digest = str_printf(&c->arena, STR_FMT " " STR_FMT "=" STR_FMT, STR_ARG(*digest), STR_ARG(name), STR_ARG(found));
        else if (err->code != ERR_NOT_FOUND)
            return false;
    }
    return true;
}

// --- flags

static bool flag(struct call *c, enum cwl_req_kind kind, Str field, bool otherwise, bool *out, struct err *err)
{
    const struct cwl_requirement *r = scope_find(c->e, &c->scope, kind, NULL);
    Value v = r ? value_get(r->fields, field) : value_null;
    struct expr_context x = tool_expr(c, value_null);
    if (v.kind == VALUE_STRING && !expr_eval(&x, value_str(v), &v, err))
        return err_wrap(err, STR_FMT, STR_ARG(field));
    *out = v.kind == VALUE_BOOL ? v.boolean : otherwise;
    return true;
}

static bool time_limit(struct call *c, int64_t *out_ms, struct err *err)
{
    const struct cwl_requirement *r = scope_find(c->e, &c->scope, CWL_REQ_TIME_LIMIT, NULL);
    Value v = r ? value_get(r->fields, STR("timelimit")) : value_null;
    struct expr_context x = tool_expr(c, value_null);
    double seconds = 0;
    if (v.kind == VALUE_STRING && !expr_eval(&x, value_str(v), &v, err))
        return err_wrap(err, "ToolTimeLimit");
    if (!value_is_null(v) && (!value_as_double(v, &seconds) || !(seconds >= 0 && seconds <= TIME_LIMIT_MAX)))
        return err_set(err, ERR_INVALID, "ToolTimeLimit: expected a number of seconds that is not negative");
    *out_ms = (int64_t)(seconds * 1000);
    return true;
}

// --- labels: recorded with the task, shown with it, and not in the key

static bool add_labels(struct call *c, struct value_builder *b, struct err *err)
{
    const struct cwl_requirement *r = scope_find(c->e, &c->scope, CWL_REQ_LABELS, NULL);
    Value all = r ? value_get(r->fields, STR("labels")) : value_null;
    struct expr_context x = tool_expr(c, value_null);
    for (size_t i = 0; i < value_len(all); i++) {
        const struct value_field *f = &all.map->at[i];
        Value v = f->value;
        if (v.kind == VALUE_STRING && expr_is(value_str(v)) && !expr_eval(&x, value_str(v), &v, err))
            return err_wrap(err, "petri:Labels, %s", f->key->data);
        if (value_is_null(v))
            continue;
        if (v.kind == VALUE_ARRAY || v.kind == VALUE_MAP)
            return err_set(err, ERR_INVALID, "petri:Labels, %s: expected a string or a number, got %s", f->key->data, value_kind_name(v.kind));
        value_map_set(b, (Str){ f->key->data, f->key->len }, value_string(&c->arena, expr_text(&c->arena, v)));
    }
    return true;
}

// Where no label says so, an input of such a name does.
static Str sample_of(struct call *c)
{
    enum { SAMPLE_MAX = 200 };
    static const Str names[] = { STR_CONST("sample"), STR_CONST("sample_id"), STR_CONST("sample_name") };
    for (size_t i = 0; i < LEN(names); i++) {
        Str sample = value_get_str(c->inputs, names[i]);
        if (sample.len && sample.len <= SAMPLE_MAX)
            return sample;
    }
    return (Str){ 0 };
}

static bool labels(struct call *c, Value *out, struct err *err)
{
    const struct cwl_requirement *software = scope_find(c->e, &c->scope, CWL_REQ_SOFTWARE, NULL);
    struct value_builder b = value_map_begin(&c->arena);
    if (sample_of(c).len)
        value_map_set(&b, STR("sample"), value_string(&c->arena, sample_of(c)));
    if (!add_labels(c, &b, err))
        return false;
    if (software)
        value_map_set(&b, STR("software"), value_get(software->fields, STR("packages")));
    *out = b.len ? value_map_end(&b) : value_null;
    return true;
}

// --- the task

static void tool_told(void *ticket, const struct task_outcome *outcome);

// `ok`, and if not: the failure lies in the requirement of this kind.
static bool blame_requirement(struct call *c, enum cwl_req_kind kind, bool ok)
{
    const struct cwl_requirement *r = ok ? NULL : scope_find(c->e, &c->scope, kind, NULL);
    if (r)
        call_blame(c, r->span);
    return ok;
}

static bool task_of(struct call *c, struct task_spec *spec, struct err *err)
{
    struct tool_run *t = c->tool;
    const struct cwl_process *p = c->process;
    bool reuse;
    if (!blame_requirement(c, CWL_REQ_RESOURCE, resources(c, &spec->resources, err)) || !stage_inputs(c, err)
        || !blame_requirement(c, CWL_REQ_INITIAL_WORKDIR, stage_workdir(c, err)) || !command_build(c, err)
        || !blame_requirement(c, CWL_REQ_ENV_VAR, environment(c, err)) || !streams(c, err) || !outputs_globs(c, err)
        || !tool_digest(c, &spec->tool_digest, err) || !add_software(c, &spec->tool_digest, err)
        || !blame_requirement(c, CWL_REQ_WORK_REUSE, flag(c, CWL_REQ_WORK_REUSE, STR("enableReuse"), true, &reuse, err))
        || !blame_requirement(c, CWL_REQ_NETWORK,
                              flag(c, CWL_REQ_NETWORK, STR("networkAccess"), p->version == CWL_V1_0, &spec->network, err))
        || !blame_requirement(c, CWL_REQ_TIME_LIMIT, time_limit(c, &spec->resources.time_limit_ms, err))
        || !blame_requirement(c, CWL_REQ_LABELS, labels(c, &spec->labels, err)))
        return false;
    spec->name = c->name, spec->step = c->step;
    spec->image = t->image ? t->image->id : (Str){ 0 };
    spec->workdir = t->workdir;
    spec->argv = t->argv.at, spec->argc = t->argv.len;
    spec->env = t->env.at, spec->env_count = t->env.len;
    spec->stdin_path = t->stdin_path, spec->stdout_name = t->stdout_name, spec->stderr_name = t->stderr_name;
    spec->stages = t->stages.at.at, spec->stage_count = t->stages.at.len;
    spec->globs = t->globs.at, spec->glob_count = t->globs.len, spec->keep_all = t->keep_all;
    spec->policy = (struct task_policy){
        .success_codes = p->success_codes, .success_count = p->success_count, .temporary_codes = p->temporary_codes,
        .temporary_count = p->temporary_count, .permanent_codes = p->permanent_codes, .permanent_count = p->permanent_count, .no_cache = !reuse,
    };
    return true;
}

void tool_start(struct call *c)
{
    struct task_spec spec = { 0 };
    struct err err;
    c->tool = NEW(&c->arena, struct tool_run);
    docker_begin(c);
    map_in(&c->arena, &c->tool->stages.by_path);
    if (task_of(c, &spec, &err))
        driver_submit(c->e->driver, &spec, tool_told, c);
    else if (!call_retry_lost(c, &err, tool_start))
        call_fail(c, "%s", err.text);
}

static void inplace_done(struct call *c)
{
    struct evaluation *e = c->e;
    for (size_t i = 0; i < c->tool->inplace.len; i++) {
        const struct inplace *in = &c->tool->inplace.at[i];
        for (size_t j = 0; j < c->tool->inputs_at.len; j++) {
            const struct input_at *at = &c->tool->inputs_at.at[j];
            Str now = value_get_str(at->value, STR("petri:now"));
            if (!str_eq(at->path, in->path) || now.len == 0 || str_eq(now, location_now(e, in->location)))
                continue;
            Str *next = arena_copy(&e->arena, &(Str){ 0 }, sizeof(Str));
            *next = str_copy(&e->arena, now);
            map_set(&e->updated, str_copy(&e->arena, location_now(e, in->location)), next);
        }
    }
}

static void tool_told(void *ticket, const struct task_outcome *outcome)
{
    struct call *c = ticket;
    struct err err;
    Value outputs;
    switch (outcome->end) {
    case TASK_FAILED: call_fail(c, STR_FMT, STR_ARG(outcome->error)); return;
    case TASK_CANCELLED: call_end(c, CALL_CANCELLED); return;
    case TASK_WOULD_RUN: call_end(c, CALL_BLOCKED); return;
    case TASK_DONE: break;
    }
    c->tool->exit_code = outcome->result->exit_code;
    if (!outputs_collect(c, outcome->result, &outputs, &err) || !outputs_check(c, outputs, &c->outputs, &err)) {
        // Lost bytes: once they are there the tool's own result answers from its key again.
        if (!call_retry_lost(c, &err, tool_start))
            call_fail(c, "%s", err.text);
        return;
    }
    inplace_done(c);
    call_end(c, CALL_DONE);
}
