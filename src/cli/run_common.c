// SPDX-License-Identifier: Apache-2.0
// One start of a run, told in order: open what is needed, record the start, evaluate, export, record the end. The engine and
// the language do the work; here is only who calls whom, and what a signal does.
#include "cli/run_common.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "cli/commit.h"
#include "cli/home.h"
#include "cli/images.h"
#include "cli/report.h"
#include "cli/report_page.h"
#include "cli/run_records.h"
#include "cli/run_report.h"
#include "engine/driver.h"
#include "engine/executor.h"
#include "engine/export.h"
#include "exec/local.h"
#include "journal/journal.h"
#include "lang/lang.h"
#include "store/store.h"
#include "sys/file.h"
#include "sys/loop.h"
#include "sys/machine.h"
#include "value/read.h"
#include "view/progress.h"

struct session {                        // of one start
    struct run_plan *plan;
    struct journal *journal;
    struct loop *loop;
    struct store *store;
    struct executor *executor;
    struct driver *driver;
    struct evaluation *evaluation;
    struct progress *progress;
    struct containers containers;
    struct err no_containers;           // why the images are not there
    int signals;
};

// --- configuration

bool run_configure(struct run_plan *plan, const struct arguments *args, Value before, int *code)
{
    struct diags diags = { .arena = plan->arena };
    struct err err;
    bool loaded = config_load(plan->arena, plan->home, &plan->config, &diags);
    report_diags(&diags, false);
    *code = EXIT_USAGE;
    if (!loaded)
        return false;
    struct value_builder b = value_map_begin(plan->arena);
    if (before.kind == VALUE_MAP)
        value_map_copy(&b, before);
    for (size_t i = 0; i < args->option_count; i++) {
        const struct given *g = &args->given[i];
        if (args->options[i].setting && g->count)
            value_map_set(&b, str_of(args->options[i].setting), value_string(plan->arena, g->texts[g->count - 1]));
    }
    plan->settings = value_map_end(&b);
    for (size_t i = 0; i < plan->settings.map->len; i++) {
        const struct value_field *f = &plan->settings.map->at[i];
        Str name = { f->key->data, f->key->len };
        if (!config_set(plan->arena, &plan->config, name, value_str(f->value), CONFIG_FLAG, STR("command line"), &err)) {
            report_error("%s", err.text);
            return false;
        }
    }
    log_threshold = (enum log_level)plan->config.config.log_level;
    *code = EXIT_OK;
    return true;
}

// --- the run's folder

bool run_open(struct run_plan *plan, struct journal **journal, struct err *err)
{
    Str damage = { 0 };
    *journal = journal_open(plan->arena, run_folder(plan->arena, plan->home, plan->run), &damage, err);
    if (*journal == NULL)
        return false;
    if (damage.len)
        report_error("run " STR_FMT ": " STR_FMT, STR_ARG(plan->run), STR_ARG(damage));
    return true;
}

static bool note_record(void *found, uint8_t type UNUSED, Str payload UNUSED)
{
    *(bool *)found = true;
    return false;
}

// A head that was killed before its first record leaves a folder that nothing can be resumed from: its name is free.
static bool has_records(Str dir)
{
    struct journal_cursor cursor = { 0 };
    char end[128];
    struct err err;
    bool found = false;
    return journal_read(dir, &cursor, note_record, &found, end, &err) ? found : err.code != ERR_NOT_FOUND;
}

bool run_create(struct run_plan *plan, struct journal **journal, struct err *err)
{
    Str dir = run_folder(plan->arena, plan->home, plan->run);
    if (!dir_make_all(str_dirname(dir), err))
        return err_wrap(err, "the home folder must be one that you may write to (PETRI_HOME sets another one)");
    if (mkdir(str_z(plan->arena, dir), 0777) != 0) {
        if (errno != EEXIST)
            return err_errno(err, "cannot make " STR_FMT " (PETRI_HOME sets another home folder)", STR_ARG(dir));
        if (has_records(dir))
            return err_set(err, ERR_CONFLICT, "there is a run " STR_FMT " already: 'petri resume " STR_FMT "' goes on with it",
                           STR_ARG(plan->run), STR_ARG(plan->run));
    }
    return run_open(plan, journal, err);
}

// --- records

// Cron and services have no USER. This machine's own users first: glibc's services of names crash when memory is out.
static Str user_name(struct arena *a)
{
    enum { LINE_MAX_BYTES = 16 << 10 };
    const char *name = getenv("USER");
    struct passwd entry, *found = NULL;
    char *line = arena_alloc(a, LINE_MAX_BYTES);
    if (name && *name)
        return str_of(name);
    FILE *file = fopen("/etc/passwd", "re");
    if (file == NULL && errno == ENOMEM)
        out_of_memory(sizeof *file);
    while (file && fgetpwent_r(file, &entry, line, LINE_MAX_BYTES, &found) == 0 && found->pw_uid != geteuid())
        continue;
    if (file)
        fclose(file);
    if (found || (getpwuid_r(geteuid(), &entry, line, LINE_MAX_BYTES, &found) == 0 && found))
        return str_of(found->pw_name);
    return str_printf(a, "%u", (unsigned)geteuid());
}

static Value options_value(const struct run_plan *p)
{
    struct value_builder b = value_map_begin(p->arena);
    value_map_set(&b, STR("subset"), value_int(p->subset));
    value_map_set(&b, STR("keep_going"), value_bool(p->keep_going));
    value_map_set(&b, STR("no_container"), value_bool(p->no_container));
    value_map_set(&b, STR("manifest"), value_bool(p->manifest));
    value_map_set(&b, STR("settings"), p->settings);
    if (p->sheet.len)
        value_map_set(&b, STR("sheet"), value_string(p->arena, p->sheet));
    if (p->report.len)
        value_map_set(&b, STR("report"), value_string(p->arena, p->report));
    return value_map_end(&b);
}

// The workflow's files with their digests. One that can't be read any more is listed without.
static Value sources_value(const struct session *s)
{
    struct arena *a = s->plan->arena;
    const struct workflow *w = s->plan->workflow;
    Value *items = NEW_ARRAY(a, Value, w->file_count);
    for (size_t i = 0; i < w->file_count; i++) {
        Hash hash = { 0 };
        int64_t size = -1;
        char hex[HASH_HEX + 1];
        struct err ignored;
        if (!store_hash_file(s->store, w->files[i], &hash, &size, &ignored))
            hash = (Hash){ 0 }, size = -1;
        hash_hex(hash, hex);
        items[i] = value_array(a, (Value[]){ value_string(a, w->files[i]), value_string(a, str_of(hex)), value_int(size) }, 3);
    }
    return value_array(a, items, w->file_count);
}

static void set_provenance(struct value_builder *b, const struct session *s)
{
    const struct run_plan *p = s->plan;
    struct price_table prices = config_prices(&p->config.config);
    Str commit = commit_of(b->arena, p->workflow->path);
    if (p->workflow->version.len)
        value_map_set(b, STR("version"), value_string(b->arena, p->workflow->version));
    if (commit.len)
        value_map_set(b, STR("commit"), value_string(b->arena, commit));
    value_map_set(b, STR("sources"), sources_value(s));
    if (prices_are_set(&prices))
        value_map_set(b, STR("prices"), prices_value(b->arena, &prices));
}

static Value start_value(const struct session *s, const struct driver_config *config)
{
    const struct run_plan *p = s->plan;
    struct arena *a = p->arena;
    struct value_builder b = value_map_begin(a);
    Value *arguments = NEW_ARRAY(a, Value, p->argc);
    for (size_t i = 0; i < p->argc; i++)
        arguments[i] = value_string(a, p->argv[i]);
    value_map_set(&b, STR("run"), value_string(a, p->run));
    value_map_set(&b, STR("petri"), value_string(a, STR(PETRI_VERSION)));
    value_map_set(&b, STR("workflow"), value_string(a, p->workflow->path));
    value_map_set(&b, STR("language"), value_string(a, str_of(p->workflow->language)));
    value_map_set(&b, STR("inputs"), p->inputs);
    value_map_set(&b, STR("outdir"), value_string(a, p->outdir));
    value_map_set(&b, STR("options"), options_value(p));
    value_map_set(&b, STR("arguments"), value_array(a, arguments, p->argc));
    value_map_set(&b, STR("host"), value_string(a, machine_host()));
    value_map_set(&b, STR("pid"), value_int(getpid()));
    value_map_set(&b, STR("user"), value_string(a, user_name(a)));
    value_map_set(&b, STR("cwd"), value_string(a, path_cwd(a)));
    value_map_set(&b, STR("epoch"), value_int((int64_t)journal_epoch(s->journal)));
    value_map_set(&b, STR("time"), value_int(time_now()));
    value_map_set(&b, STR("cores"), value_float(config->cores));
    value_map_set(&b, STR("memory"), value_int(config->memory_bytes));
    set_provenance(&b, s);
    if (s->containers.count)
        value_map_set(&b, STR("containers"), images_value(a, &s->containers));
    return value_map_end(&b);
}

static bool append(struct journal *journal, enum record_type type, Value v, struct err *err)
{
    struct strbuf text = { .limit = JOURNAL_RECORD_MAX };
    json_write(&text, v, 0);
    bool fits = !text.overflow;
    if (fits)
        journal_append(journal, (uint8_t)type, strbuf_str(&text));
    strbuf_release(&text);
    return fits || err_set(err, ERR_LIMIT, "the inputs or outputs are larger than %d MiB as JSON, the most that a run's journal takes: "
                           "put large data into files", JOURNAL_RECORD_MAX >> 20);
}

static bool append_end(struct session *s, const struct run_end *e, struct err *err)
{
    static const char *const names[] = { [DRIVER_OK] = "done", [DRIVER_FAILED] = "failed", [DRIVER_CANCELLED] = "cancelled" };
    struct arena *a = s->plan->arena;
    struct value_builder b = value_map_begin(a);
    value_map_set(&b, STR("status"), value_string(a, str_of(names[e->status])));
    if (e->status == DRIVER_OK)
        value_map_set(&b, STR("outputs"), e->outputs);
    if (e->error.len)
        value_map_set(&b, STR("error"), value_string(a, e->error));
    if (e->place.len)
        value_map_set(&b, STR("place"), value_string(a, e->place));
    value_map_set(&b, STR("outdir"), value_string(a, s->plan->outdir));
    value_map_set(&b, STR("time"), value_int(time_now()));
    return append(s->journal, RECORD_END, value_map_end(&b), err) && journal_commit(s->journal, err);
}

// --- signals

static void on_signal(void *arg, int number UNUSED)
{
    struct session *s = arg;
    if (s->driver == NULL)
        return;
    bool at_once = ++s->signals > 1;
    if (s->signals == 1)
        progress_say(s->progress, STR("cancelling; press Ctrl-C again to kill at once"));
    if (at_once && s->executor->running == 0) {         // nothing to kill: only our own hashing or evaluating would be waited for
        progress_say(s->progress, STR("stopped at once; 'petri resume' goes on"));
        _exit(EXIT_CANCELLED);
    }
    driver_cancel(s->driver, at_once);
}

// The loop has ended: from here on a signal ends the program as it would any other. All that was finished is on the disk, and
// the next export takes away what this one leaves.
static void signals_default(void)
{
    static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
    for (size_t i = 0; i < LEN(numbers); i++) {
        struct sigaction before;
        if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            signal(numbers[i], SIG_DFL);
    }
}

// A signal that whoever started us ignores (nohup, a shell's background) stays ignored.
static void watch_signal(struct session *s, int number)
{
    struct sigaction before;
    if (sigaction(number, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        loop_on_signal(s->loop, number, on_signal, s);
}

static void nothing(int number UNUSED) {}

// A closed pipe must not end the run. A handler, not SIG_IGN: that would be inherited by the tasks.
static void survive_closed_pipes(void)
{
    struct sigaction action = { .sa_handler = nothing };
    sigaction(SIGPIPE, &action, NULL);
}

// --- one start

static struct driver_config driver_config_of(const struct run_plan *p)
{
    enum { RETRY_DELAY_MAX_SECONDS = 300 };
    const struct config *c = &p->config.config;
    return (struct driver_config){
        .home = p->home, .run = p->run, .cores = c->cores > 0 ? c->cores : machine_cores(),
        .memory_bytes = c->memory_bytes > 0 ? c->memory_bytes : machine_memory_bytes(), .disk_bytes = disk_free_bytes(p->home),
        .max_running = (int)c->max_running, .retries = (int)c->retries, .memory_factor = c->memory_retry_factor,
        .retry_delay = c->retry_delay, .retry_delay_max = MAX(RETRY_DELAY_MAX_SECONDS * SECOND, c->retry_delay),
        .kill_grace_ms = (int)(c->kill_grace / MILLISECOND), .keep_going = p->keep_going, .dry_run = p->dry_run, .no_cache = p->no_cache,
    };
}

// Settings of single steps, one entry for each pattern that the files have.
static struct local_options local_options_of(struct run_plan *p)
{
    const struct config_state *state = &p->config;
    struct local_options options = { .keep_attempts = p->keep_attempts, .settings = state->config.sandbox };
    struct local_step *steps = NEW_ARRAY(p->arena, struct local_step, state->steps.len);
    for (size_t i = 0; i < state->steps.len; i++) {
        Str pattern = state->steps.at[i].pattern;
        bool is_known = false;
        for (size_t k = 0; k < options.step_count; k++)
            is_known |= str_eq(steps[k].pattern, pattern);
        if (!is_known)
            steps[options.step_count++] = (struct local_step){ pattern, config_of_steps(p->arena, state, pattern).sandbox };
    }
    options.steps = steps;
    return options;
}

static bool session_open(struct session *s, struct err *err)
{
    struct run_plan *p = s->plan;
    struct local_options options = local_options_of(p);
    options.containers = &s->containers;
    survive_closed_pipes();
    s->store = store_open(p->home, true, err);
    if (s->store == NULL)
        return false;
    s->loop = loop_new(machine_cores());
    if (journal_epoch(s->journal) > 1)                  // a head before this one may have left attempts behind
        local_sweep(p->home, p->run);
    s->executor = local_executor_new(s->loop, s->store, p->home, &options, err);
    if (s->executor == NULL)
        return false;
    watch_signal(s, SIGINT);
    watch_signal(s, SIGTERM);
    watch_signal(s, SIGHUP);
    return true;
}

static void drop_evaluation(struct session *s)
{
    progress_free(s->progress);
    evaluation_free(s->evaluation);
    driver_free(s->driver);
    s->progress = NULL;
    s->evaluation = NULL;
    s->driver = NULL;
}

static void session_close(struct session *s)
{
    drop_evaluation(s);
    executor_free(s->executor);
    loop_free(s->loop);
    store_close(s->store);
    journal_close(s->journal);
}

static bool evaluate(struct session *s, const struct driver_config *config, struct err *err)
{
    const struct run_plan *p = s->plan;
    struct evaluation_options options = { .subset = p->subset, .keep_going = p->keep_going, .no_container = p->no_container,
                                          .js_timeout_ms = (int)(p->config.config.js_timeout / MILLISECOND),
                                          .js_node = str_z(p->arena, p->config.config.js_node),
                                          .images = s->containers.images, .image_count = s->containers.count, .warning = s->containers.warning };
    struct progress_options look = { .run = p->run, .cores = config->cores, .fd = STDERR_FILENO, .is_quiet = p->quiet || p->dry_run };
    if (!look.is_quiet)
        progress_options_detect(&look);
    s->driver = driver_new(s->loop, s->store, s->journal, s->executor, config);
    s->progress = progress_new(s->loop, s->driver, s->executor, &look);
    if (s->no_containers.code != ERR_NONE) {
        *err = s->no_containers;
        return false;
    }
    s->evaluation = evaluation_start(p->workflow, p->inputs, s->driver, &options, err);
    if (s->evaluation == NULL)
        return false;
    if (s->signals)
        driver_cancel(s->driver, s->signals > 1);       // it came between two evaluations
    loop_run(s->loop);
    progress_end(s->progress);
    return true;
}

// Outputs out of the store to where the user wants them. A failure here is a failure of the run: tasks stay done.
static void export_outputs(struct session *s, struct run_end *e)
{
    struct err err;
    if (e->status != DRIVER_OK || s->plan->dry_run)
        return;
    signals_default();
    if (outputs_export(s->plan->arena, s->driver, e->outputs, s->plan->outdir, &e->outputs, &err))
        return;
    e->status = DRIVER_FAILED;
    e->code = err.code;
    e->error = str_printf(s->plan->arena, "writing the outputs: %s", err.text);
}

// not_started: why the evaluation could not even begin, or NULL.
static int finish(struct session *s, Time started, const struct err *not_started)
{
    const struct driver_end *d = driver_end(s->driver);
    struct run_end e = { .status = d->status, .outputs = d->outputs, .error = d->error, .place = d->place, .code = d->err.code,
                         .driver = d, .plan = s->plan, .store = s->store };
    struct err err;
    if (not_started)
        e.status = DRIVER_FAILED, e.code = not_started->code, e.error = str_of(not_started->text);
    export_outputs(s, &e);
    if (e.status == DRIVER_BROKEN) {                    // no end is recorded: the run is interrupted, and can be resumed
        e.error = str_of(d->err.text);
    } else if (!append_end(s, &e, &err)) {
        e.status = DRIVER_BROKEN;
        e.code = err.code;
        e.error = str_copy(s->plan->arena, str_of(err.text));
    }
    if (e.status == DRIVER_OK && !s->plan->dry_run)
        run_records_write(s->plan);
    e.took = time_steady() - started;
    return s->plan->dry_run ? run_report_dry(&e) : run_report(&e);
}

// Before anything of the run is open, so that Ctrl-C ends a long download as it would any program. What fails here is recorded as the
// run's failure.
static void find_containers(struct session *s)
{
    static const int engines[] = { [SANDBOX_AUTO] = ENGINE_AUTO, [SANDBOX_NONE] = ENGINE_AUTO, [SANDBOX_BWRAP] = ENGINE_AUTO,
                                   [SANDBOX_DOCKER] = ENGINE_DOCKER, [SANDBOX_PODMAN] = ENGINE_PODMAN, [SANDBOX_APPTAINER] = ENGINE_APPTAINER };
    const struct run_plan *p = s->plan;
    struct containers_ask ask = { .home = path_absolute(p->arena, p->home), .to_run = true, .engine = engines[p->config.config.sandbox.kind],
                                  .fetch = p->dry_run ? IMAGES_LOOK : IMAGES_FETCH,
                                  .show = !p->quiet && isatty(STDERR_FILENO), .say = p->quiet ? NULL : images_say };
    if (!p->no_container && images_prepare(p->arena, p->workflow, p->inputs, &ask, &s->containers, &s->no_containers))
        s->no_containers.code = ERR_NONE;
}

static int carry_out(struct session *s)
{
    struct driver_config config = driver_config_of(s->plan);
    Time started = time_steady();
    struct err err = { 0 };
    find_containers(s);
    if (!session_open(s, &err) || !append(s->journal, RECORD_RUN, start_value(s, &config), &err))
        return report_err(&err);
    do {                                                // AGAIN: bytes made again came out different
        drop_evaluation(s);
        if (!evaluate(s, &config, &err))
            return finish(s, started, &err);
    } while (driver_end(s->driver)->status == DRIVER_AGAIN);
    return finish(s, started, NULL);
}

// What is shown of a run can't fail it. A report that would lie among the outputs is not written where there are none.
static void leave_report(const struct run_plan *plan)
{
    struct err err;
    if (plan->report.len == 0 || plan->dry_run || (str_eq(str_dirname(plan->report), plan->outdir) && !file_exists(plan->outdir)))
        return;
    if (!report_page_write(plan->arena, plan->home, plan->run, plan->report, true, &err))
        report_error("the report was not written: %s", err.text);
    else if (!plan->quiet)
        report_error("report: " STR_FMT, STR_ARG(plan->report));
}

// Tools may be Petri's own commands ('petri check'): where the caller's PATH has no petri, this one is found, behind all others.
static void add_own_folder_to_path(struct arena *a)
{
    const char *path = getenv("PATH");
    struct err ignored;
    Str program, search = path && *path ? str_of(path) : STR("/usr/local/bin:/usr/bin:/bin");
    if (!path_find_program(a, STR("petri"), search).data && path_real(a, STR("/proc/self/exe"), &program, &ignored))
        setenv("PATH", str_printf(a, STR_FMT ":" STR_FMT, STR_ARG(search), STR_ARG(str_dirname(program))).data, 1);
}

int run_carry_out(struct run_plan *plan, struct journal *journal)
{
    add_own_folder_to_path(plan->arena);
    struct session s = { .plan = plan, .journal = journal };
    int code = carry_out(&s);
    session_close(&s);
    leave_report(plan);
    return code;
}
