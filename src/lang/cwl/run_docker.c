// SPDX-License-Identifier: Apache-2.0
// DockerRequirement (CWL v1.2, CommandLineTool, "DockerRequirement"): which images a workflow asks for, and what a tool in one sees
// otherwise than on the machine. Finding and running images is not done here.
#include "base/hash.h"
#include "engine/export.h"
#include "lang/cwl/cwl.h"
#include "lang/cwl/run.h"
#include "sys/file.h"

enum { DEPTH_MAX = 100 };

// The name by which a request is known: to people, in the lock file, to the table of images.
static Str name_of(struct arena *a, Value fields)
{
    static const Str names[] = { STR_CONST("dockerImageId"), STR_CONST("dockerPull"), STR_CONST("dockerLoad"), STR_CONST("dockerImport") };
    for (size_t i = 0; i < LEN(names); i++)
        if (value_get_str(fields, names[i]).len)
            return str_copy(a, value_get_str(fields, names[i]));
    char hex[HASH_HEX + 1];
    Str text = value_get_str(fields, STR("dockerFile"));
    hash_hex(hash_bytes(text.data, text.len), hex);
    return str_printf(a, "dockerFile:%.16s", hex);
}

// A file that a document names lies beside the document.
static Str file_beside(struct arena *a, Str text, struct span span)
{
    Str path;
    if (text.len == 0 || location_path(a, text, &path))
        return text.len ? str_copy(a, path) : text;
    if (str_find(text, STR("://")) > 0)
        return str_copy(a, text);
    Str folder = span.source ? str_dirname(path_absolute(a, span.source->name)) : path_cwd(a);
    return str_normal_path(a, str_join_path(a, folder, text));
}

static struct image_request request_of(struct arena *a, const struct cwl_requirement *r, bool is_hint)
{
    return (struct image_request){
        .name = name_of(a, r->fields), .is_hint = is_hint,
        .pull = str_copy(a, value_get_str(r->fields, STR("dockerPull"))),
        .load = file_beside(a, value_get_str(r->fields, STR("dockerLoad")), r->span),
        .import = file_beside(a, value_get_str(r->fields, STR("dockerImport")), r->span),
        .file = str_copy(a, value_get_str(r->fields, STR("dockerFile"))),
        .id = str_copy(a, value_get_str(r->fields, STR("dockerImageId"))),
        .place = r->span.source ? span_text(a, r->span) : STR("cwl:requirements of the inputs"),
    };
}

// --- all of a workflow

struct search {
    struct arena *arena;
    const struct evaluation *e;         // for scope_find(): has the job's requirements, nothing else
    VEC(struct image_request) found;
    struct map by_name;                 // name -> index + 1
};

static void add(struct search *s, const struct cwl_requirement *r, bool is_hint)
{
    struct image_request request = request_of(s->arena, r, is_hint);
    size_t known = (size_t)map_find(&s->by_name, request.name);
    if (known == 0) {
        vec_push(s->arena, &s->found, request);
        map_set(&s->by_name, request.name, (void *)s->found.len);
    } else if (!is_hint && s->found.at[known - 1].is_hint) {
        s->found.at[known - 1] = request;               // its place is the one to name
    }
}

static void collect(struct search *s, const struct cwl_process *p, const struct scope *outer, int depth)
{
    struct scope scope = { &p->requirements, &p->hints, outer };
    bool is_hint;
    const struct cwl_requirement *r = p->class_ == CWL_TOOL ? scope_find(s->e, &scope, CWL_REQ_DOCKER, &is_hint) : NULL;
    if (r)
        add(s, r, is_hint);
    for (size_t i = 0; i < p->step_count && depth < DEPTH_MAX; i++) {
        struct scope step = { &p->steps[i].requirements, &p->steps[i].hints, &scope };
        collect(s, p->steps[i].run, &step, depth + 1);
    }
}

bool cwl_workflow_images(struct arena *a, const struct workflow *w, Value inputs, struct image_request **requests, size_t *count, struct err *err)
{
    const struct cwl_document *d = w->document;
    struct evaluation job = { 0 };
    struct search s = { .arena = a, .e = &job };
    if (!cwl_job_requirements(a, inputs, &job.job_requirements, err))
        return false;
    collect(&s, d->process, NULL, 0);
    map_release(&s.by_name);
    *requests = s.found.at;
    *count = s.found.len;
    return true;
}

// --- one tool

static const struct image *image_of(const struct evaluation *e, const struct cwl_requirement *r)
{
    struct arena scratch = { 0 };
    const struct image *image = image_find(e->options.images, e->options.image_count, name_of(&scratch, r->fields));
    arena_release(&scratch);
    return image && image->id.len ? image : NULL;
}

// One walk over all that may run: nothing is started that would fail for want of its image at hour six; and whether anything
// updates files in place is noted.
bool docker_check(struct evaluation *e, const struct cwl_process *p, const struct scope *outer, int depth, struct err *err)
{
    struct scope scope = { &p->requirements, &p->hints, outer };
    bool is_hint;
    e->has_inplace |= scope_find(e, &scope, CWL_REQ_INPLACE_UPDATE, NULL) != NULL;
    const struct cwl_requirement *r = p->class_ == CWL_TOOL ? scope_find(e, &scope, CWL_REQ_DOCKER, &is_hint) : NULL;
    if (r && !is_hint && !e->options.no_container && !image_of(e, r)) {
        struct arena scratch = { 0 };
        Str place = r->span.source ? span_text(&scratch, r->span) : STR("cwl:requirements of the inputs");
        err_set(err, ERR_UNSUPPORTED, STR_FMT ": DockerRequirement: there is no container engine or no image; with --no-container the tool runs on "
                "this machine as it is", STR_ARG(place));
        arena_release(&scratch);
        return false;
    }
    for (size_t i = 0; i < p->step_count && depth < DEPTH_MAX; i++) {
        struct scope step = { &p->steps[i].requirements, &p->steps[i].hints, &scope };
        if (!docker_check(e, p->steps[i].run, &step, depth + 1, err))
            return false;
    }
    return true;
}

void docker_begin(struct call *c)
{
    struct tool_run *t = c->tool;
    bool is_hint;
    const struct cwl_requirement *r = c->e->options.no_container ? NULL : scope_find(c->e, &c->scope, CWL_REQ_DOCKER, &is_hint);
    t->image = r ? image_of(c->e, r) : NULL;
    if (t->image == NULL)
        return;
    t->is_required = !is_hint;
    Str wanted = value_get_str(r->fields, STR("dockerOutputDirectory"));
    Str folder = wanted.len ? str_normal_path(&c->arena, wanted) : (Str){ 0 };
    bool is_ours = str_starts(folder, STR(TASK_ROOT)) || str_starts(STR(TASK_ROOT), folder);
    t->workdir = folder.len > 1 && folder.data[0] == '/' && !is_ours ? folder : (Str){ 0 };
}

bool tool_is_boxed(const struct call *c) { return c->tool->image != NULL && c->tool->is_required; }

Str tool_path(struct call *c, Str path)
{
    Str folder = c->tool->workdir;
    if (folder.len == 0 || !str_starts(path, folder) || (path.len > folder.len && path.data[folder.len] != '/'))
        return path;
    return str_concat(&c->arena, STR(TASK_OUT), str_from(path, folder.len));
}
