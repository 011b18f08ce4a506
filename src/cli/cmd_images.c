// SPDX-License-Identifier: Apache-2.0
// petri images: the container images that a workflow asks for: list them, fetch them, pin each by its digest.
#include <unistd.h>

#include "base/vec.h"
#include "cli/commands.h"
#include "cli/home.h"
#include "cli/images.h"
#include "cli/report.h"
#include "lang/lang.h"
#include "value/diag.h"
#include "view/table.h"

static const struct option options[] = {
    { "json", OPTION_FLAG, NULL, "Print the list as JSON." },
    { "quiet", OPTION_FLAG, NULL, "Errors alone on standard error.", .letter = 'q' },
    { "update", OPTION_FLAG, NULL, "pull, pin: ask for every image again, whatever is here or pinned already." },
    { "engine", OPTION_TEXT, "ENGINE", "docker, podman or apptainer. Default: the first that works." },
};

struct images_job {
    struct invocation *in;
    struct arguments args;
    const struct workflow *workflow;
    struct image_request *requests;
    size_t count;
    Str lock_name;
    struct image_lock *lock;            // NULL: none
    struct containers_ask ask;
    bool json, quiet, update;
};

static bool engine_of(Str name, int *engine, struct err *err)
{
    *engine = ENGINE_AUTO;
    for (int k = 0; k < ENGINE_KINDS; k++)
        if (str_is(name, engine_name((enum engine_kind)k)))
            *engine = k;
    return name.len == 0 || *engine != ENGINE_AUTO ||
           err_set(err, ERR_INVALID, "--engine: expected docker, podman or apptainer, found '" STR_FMT "'", STR_ARG(name));
}

// --- ls

static Str state_of(struct arena *a, const struct images_job *job, const struct engine *engine, const struct image_request *r, struct image *out)
{
    struct image_search search = { .engine = *engine, .lock = job->lock, .lock_name = job->lock_name, .fetch = IMAGES_LOOK,
                                   .cache = str_join_path(a, job->ask.home, STR("images")) };
    struct image here;
    struct err err;
    const struct image *pinned = job->lock ? image_find(job->lock->images, job->lock->count, r->name) : NULL;
    *out = pinned ? *pinned : (struct image){ .name = r->name };
    if (engine->program.len == 0)
        return STR("?");
    if (!pinned)
        search.lock = NULL;
    if (!image_resolve(a, &search, r, &here, &err))
        return STR("no");
    bool is_here = pinned ? image_of_id(a, &search, pinned->id, &here, &err) : str_starts(here.id, STR("sha256:"));
    if (is_here && !pinned)
        out->id = here.id, out->digest = here.digest;
    if (is_here)
        out->size = here.size;
    return is_here ? STR("yes") : STR("no");
}

static Value listed(struct arena *a, const struct image_request *r, const struct image *image, Str state, bool is_pinned)
{
    struct value_builder b = value_map_begin(a);
    value_map_set(&b, STR("name"), value_string(a, r->name));
    value_map_set(&b, STR("place"), value_string(a, r->place));
    value_map_set(&b, STR("required"), value_bool(!r->is_hint));
    value_map_set(&b, STR("pinned"), value_bool(is_pinned));
    if (!str_is(state, "?"))
        value_map_set(&b, STR("here"), value_bool(str_is(state, "yes")));
    if (image->id.len)
        value_map_set(&b, STR("id"), value_string(a, image->id));
    if (image->digest.len)
        value_map_set(&b, STR("digest"), value_string(a, image->digest));
    if (image->size)
        value_map_set(&b, STR("size"), value_int(image->size));
    return value_map_end(&b);
}

static int list(struct images_job *job)
{
    static const char *const titles[] = { "image", "here", "pinned", ">size", "id", "asked for at" };
    struct arena *a = job->in->arena;
    struct engine engine = { 0 };
    struct err err;
    struct strbuf text = { 0 };
    struct table *t = table_new(a, titles, LEN(titles));
    Value *items = NEW_ARRAY(a, Value, job->count + 1);
    if (job->count && !engine_find(a, job->ask.engine, &engine, &err)) {
        engine.program = (Str){ 0 };
        if (!job->quiet)
            report_error("%s: what is here is not known", err.text);
    }
    for (size_t i = 0; i < job->count; i++) {
        const struct image_request *r = &job->requests[i];
        struct image image;
        char size[TIME_TEXT];
        Str state = state_of(a, job, &engine, r, &image);
        bool is_pinned = job->lock && image_find(job->lock->images, job->lock->count, r->name);
        size_text(image.size, size);
        items[i] = listed(a, r, &image, state, is_pinned);
        table_row(t, (Str[]){ r->name, state, is_pinned ? STR("yes") : STR("no"), image.size ? str_copy(a, str_of(size)) : (Str){ 0 },
                              str_first(image.id, strlen("sha256:") + 12), str_concat(a, r->place, r->is_hint ? STR(" (hint)") : (Str){ 0 }) });
    }
    if (job->json)
        return print_json(value_array(a, items, job->count));
    table_print(t, &text);
    return print_out(&text);
}

// --- pull, pin

// What the lock says, and is to stay.
static const struct image *pinned_image(const struct images_job *job, size_t i)
{
    return job->lock && !job->update ? image_find(job->lock->images, job->lock->count, job->requests[i].name) : NULL;
}

// Who asks for images wants them, also where a tool would do without. Of those that are pinned, none with `places`, which gets where the
// rest stand.
static const struct image_request *required(const struct images_job *job, size_t *places, size_t *count)
{
    struct image_request *all = NEW_ARRAY(job->in->arena, struct image_request, job->count + 1);
    size_t len = 0;
    for (size_t i = 0; i < job->count; i++) {
        if (places && pinned_image(job, i))
            continue;
        if (places)
            places[len] = i;
        all[len] = job->requests[i];
        all[len++].is_hint = false;
    }
    if (count)
        *count = len;
    return all;
}

static int fetch(struct images_job *job)
{
    struct containers c;
    struct err err;
    job->ask.fetch = job->update ? IMAGES_UPDATE : IMAGES_FETCH;
    job->ask.lock = job->lock;
    job->ask.lock_name = job->lock_name;
    if (!containers_prepare(job->in->arena, required(job, NULL, NULL), job->count, &job->ask, &c, &err))
        return report_err(&err);
    return list(job);
}

// What is pinned stays, unless --update; what nobody asks for any more goes.
static int pin(struct images_job *job)
{
    struct arena *a = job->in->arena;
    struct image_lock lock = { .images = NEW_ARRAY(a, struct image, job->count + 1), .count = job->count };
    size_t *places = NEW_ARRAY(a, size_t, job->count + 1), open_count;
    const struct image_request *open = required(job, places, &open_count);
    struct containers c;
    struct err err;
    for (size_t i = 0; i < job->count; i++)
        if (pinned_image(job, i))
            lock.images[i] = *pinned_image(job, i);
    job->ask.fetch = job->update ? IMAGES_UPDATE : IMAGES_FETCH;
    if (!containers_prepare(a, open, open_count, &job->ask, &c, &err))
        return report_err(&err);
    for (size_t i = 0; i < open_count; i++)
        lock.images[places[i]] = c.images[i];
    if (!lock_write(a, job->lock_name, &lock, &err))
        return report_err(&err);
    if (!job->quiet)
        images_say(str_printf(a, "%zu image%s pinned in " STR_FMT, job->count, job->count == 1 ? "" : "s", STR_ARG(job->lock_name)));
    job->lock = &lock;
    return list(job);
}

static bool prepare(struct images_job *job, int *code)
{
    struct arena *a = job->in->arena;
    struct diags diags = { .arena = a };
    struct err err;
    *code = EXIT_FAILED;
    job->workflow = workflow_load(a, job->args.words[1], &diags);
    report_diags(&diags, job->quiet);
    if (job->workflow == NULL) {
        *code = diags_exit_code(&diags);
        return false;
    }
    if (!workflow_images(a, job->workflow, value_null, &job->requests, &job->count, &err)) {
        *code = report_err(&err);
        return false;
    }
    job->ask.home = home_find(a);
    job->ask.show = !job->quiet && isatty(STDERR_FILENO);
    job->ask.say = job->quiet ? NULL : images_say;
    // A lock with mistakes is written anew by pin --update, which reads nothing of it.
    bool reads_lock = !(job->update && str_is(job->args.words[0], "pin"));
    job->lock_name = lock_path(a, job->workflow->path);
    return !reads_lock || images_lock(a, job->workflow, &job->lock_name, &job->lock, code);
}

static int images_main(struct invocation *in)
{
    struct images_job job = { .in = in };
    struct err err;
    int code;
    if (!command_arguments(in, 2, 2, &job.args, &code))
        return code;
    job.json = arguments_flag(&job.args, "json"), job.quiet = arguments_flag(&job.args, "quiet"), job.update = arguments_flag(&job.args, "update");
    Str verb = job.args.words[0];
    if (!str_is(verb, "ls") && !str_is(verb, "pull") && !str_is(verb, "pin")) {
        err_set(&err, ERR_INVALID, "expected 'ls', 'pull' or 'pin' and a workflow, found '" STR_FMT "'", STR_ARG(verb));
        return command_misuse(in->command, &err);
    }
    if (!engine_of(arguments_text(&job.args, "engine"), &job.ask.engine, &err))
        return command_misuse(in->command, &err);
    if (!prepare(&job, &code))
        return code;
    return str_is(verb, "ls") ? list(&job) : str_is(verb, "pull") ? fetch(&job) : pin(&job);
}

const struct command cmd_images = {
    .name = "images",
    .usage = "ls WORKFLOW | pull WORKFLOW | pin WORKFLOW [--update]",
    .summary = "The container images of a workflow: list, fetch, pin by digest",
    .description = "'petri images ls' lists the images that the tools of WORKFLOW ask for (DockerRequirement), whether they are here, and "
                   "whether they are pinned.\n\n"
                   "'petri images pull' fetches all that are not here, as a run would before its first task.\n\n"
                   "'petri images pin' writes WORKFLOW.images.lock beside the workflow: the digest of every image. Keep it with the workflow: from "
                   "then on every run, here and elsewhere, takes exactly these bytes or none. What is pinned stays until --update.",
    .options = options,
    .option_count = LEN(options),
    .words = "ls pull pin",
    .main = images_main,
};
