// SPDX-License-Identifier: Apache-2.0
// What comes after a task, and what holds it meanwhile, with each system call failing in turn: outputs are all there or the attempt failed, a
// control group has its limits or is none, and numbers that cannot be read are not known.
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec/cgroup.h"
#include "exec/collect.h"
#include "exec/proctree.h"
#include "exec/recycle.h"
#include "exec/sandbox.h"
#include "store/store.h"
#include "sys/file.h"
#include "unit/failing.h"
#include "unit/test.h"

enum { LARGE = 5000 };

static struct arena a;
static struct err err;

static Str at(const char *name) { return str_join_path(&a, str_of(test_dir()), str_of(name)); }
static void put(const char *name, Str text) { EXPECT_OK(file_write_atomic(at(name), text, &err), err); }

static Str large(void)
{
    static char bytes[LARGE];
    memset(bytes, 'x', sizeof bytes);
    return (Str){ bytes, LARGE };
}

static Hash hash_of_large(void) { return hash_bytes(large().data, LARGE); }

static void make_attempt(const char *label)
{
    umask(0077);                        // as in attempts
    EXPECT_OK(dir_make_all(at("attempt/out/d"), &err) && dir_make_all(at("attempt/tmp"), &err), err);
    put("attempt/owner", str_of(label));
    put("attempt/stdout", STR("said\n")), put("attempt/stderr", STR(""));
    put("attempt/out/small", STR("small")), put("attempt/out/d/large", large());
    if (symlink("d/large", at("attempt/out/link").data) < 0)
        EXPECT_INT(errno, EEXIST);
}

static const struct output *find(const struct attempt_outcome *o, const char *path)
{
    for (size_t i = 0; i < o->output_count; i++)
        if (str_is(o->outputs[i].path, path))
            return &o->outputs[i];
    return NULL;
}

static void expect_all(struct store *store, const struct attempt_outcome *o)
{
    struct arena scratch = { 0 };
    Str path;
    const struct output *small = find(o, "small"), *other = find(o, "d/large"), *link = find(o, "link");
    EXPECT(small && other && link && o->output_count == 4);
    EXPECT_STR(small->bytes, STR("small"));
    EXPECT_INT(other->size, LARGE);
    EXPECT(hash_eq(other->hash, link->hash));
    EXPECT_OK(store_locate(store, other->hash, &scratch, &path, &err), err);
    EXPECT_STR(o->log_out.bytes, STR("said\n"));
    arena_release(&scratch);
}

TEST(whichever_call_fails_after_a_task_its_outputs_are_all_there_or_the_attempt_failed_and_says_why)
{
    const Str globs[] = { STR_CONST("small"), STR_CONST("d"), STR_CONST("link") };
    const struct task_spec spec = { .globs = (Str *)globs, .glob_count = LEN(globs) };
    const struct attempt attempt = { .label = STR("run-1-1"), .spec = &spec };
    int kept = 0, failed = 0;
    for (int n = 1, more = 1; more; n++) {
        struct store *store = store_open(at("home"), true, &err);
        EXPECT_OK(store != NULL, err);
        Hash first;                     // with it come the folders of objects: their calls are all alike
        EXPECT_OK(store_put_bytes(store, STR("first"), &first, &err), err);
        if (store_has(store, hash_of_large()))
            EXPECT_OK(store_remove_object(store, hash_of_large(), &err), err);
        make_attempt("run-1-1");
        struct collection c = { .attempt = &attempt, .store = store, .folder = at("attempt"), .spare = at(".spare-1"), .outcome.end = ATTEMPT_EXITED };
        fail_call(n);
        collect(&c);
        more = call_failed();
        if (c.outcome.end == ATTEMPT_EXITED) {
            kept++;
            expect_all(store, &c.outcome);
        } else {
            failed++;
            EXPECT(c.outcome.err.code != ERR_NONE && c.outcome.err.text[0]);
            EXPECT_INT(c.outcome.output_count, 0);
        }
        arena_release(&c.arena);
        store_close(store);
        EXPECT(!file_exists(at(".spare-1")) || tree_remove(at(".spare-1"), &err));
        EXPECT(!file_exists(at("attempt")) || tree_remove(at("attempt"), &err));
        EXPECT(n < 1000);
    }
    EXPECT(kept > 5 && failed > 10);
}

static size_t spares_in(Str folder)
{
    Str *names;
    size_t count, found = 0;
    EXPECT_OK(dir_list(&a, folder, &names, &count, &err), err);
    for (size_t i = 0; i < count; i++)
        found += str_starts(names[i], STR(".tmp-"));
    return found;
}

TEST(whichever_call_fails_a_spare_folder_is_as_new_or_there_is_none)
{
    int recycled = 0;
    for (int n = 1, more = 1; more; n++) {
        make_attempt("run-1-1");
        fail_call(n);
        bool ok = folder_recycle(at("attempt"), at(".spare-1"), NULL);
        more = call_failed();
        EXPECT(ok == file_exists(at(".spare-1")));
        if (ok) {
            Str *names;
            size_t count;
            EXPECT_OK(dir_list(&a, at(".spare-1/out"), &names, &count, &err), err);
            EXPECT_INT(count, 0);
            spares_remove(str_of(test_dir()));
            recycled++;
        }
        EXPECT(!file_exists(at(".spare-1")));
        EXPECT(!file_exists(at("attempt")) || folder_remove(at("attempt"), &err));
        EXPECT(n < 1000);
    }
    EXPECT(recycled > 0);
}

TEST(a_small_output_serves_the_next_result_unless_somebody_else_has_it)
{
    struct store *store = store_open(at("home"), true, &err);
    struct stat small;
    EXPECT_OK(store != NULL, err);
    make_attempt("run-1-1");
    EXPECT_INT(stat(at("attempt/out/small").data, &small), 0);
    EXPECT_INT(link(at("attempt/out/small").data, at("another").data), 0);
    EXPECT(folder_recycle(at("attempt"), at(".spare-1"), store));
    EXPECT_INT(spares_in(at("home/store/results")), 0);
    EXPECT(file_exists(at("another")) && tree_remove(at("another"), &err));
    spares_remove(str_of(test_dir()));
    make_attempt("run-1-1");
    EXPECT(folder_recycle(at("attempt"), at(".spare-1"), store));
    EXPECT_INT(spares_in(at("home/store/results")), 1);
    EXPECT(!file_exists(at(".spare-1/out/small")));
    spares_remove(str_of(test_dir()));
    store_close(store);
    EXPECT_INT(spares_in(at("home/store/results")), 0);
}

TEST(who_lost_the_folder_to_another_head_touches_nothing_in_it)
{
    const struct task_spec spec = { 0 };
    const struct attempt attempt = { .label = STR("mine-1-1"), .spec = &spec };
    struct store *store = store_open(at("home"), true, &err);
    EXPECT_OK(store != NULL, err);
    make_attempt("other-1-1");
    struct collection c = { .attempt = &attempt, .store = store, .folder = at("attempt"), .outcome.end = ATTEMPT_NOT_STARTED };
    collect(&c);
    EXPECT(!c.is_recycled && file_exists(at("attempt/out/small")));
    arena_release(&c.arena);
    store_close(store);
}

// --- control groups

static long long number_in(const char *folder, const char *name)
{
    long long number = -1;
    FILE *file = fopen(str_join_path(&a, str_of(folder), str_of(name)).data, "re");
    EXPECT(file && fscanf(file, "%lld", &number) == 1);
    fclose(file);
    return number;
}

TEST(whichever_call_fails_a_control_group_has_its_limits_or_does_not_count_as_one)
{
    enum { BYTES = 64 << 20 };
    const struct sandbox_limits limits = { .memory_bytes = BYTES, .processes = 10, .cores = 1 };
    for (int n = 1, more = 1; more; n++) {
        struct cgroups groups;
        fail_call(n);
        cgroups_find(&groups);
        struct cgroup *c = cgroup_new(&groups, &limits, n);
        pid_t pid = c ? fork() : -1;
        if (pid == 0) {
            struct err mine;
            _exit(cgroup_enter(c, &mine) ? 0 : mine.text[0] ? 1 : 2);
        }
        int status = 0;
        while (pid > 0 && waitpid(pid, &status, 0) < 0)
            continue;
        struct cgroup_use use;
        if (c)
            cgroup_read(c, &use);
        more = call_failed();
        EXPECT(WIFEXITED(status) && WEXITSTATUS(status) < 2);
        if (cgroup_limits_memory(c))
            EXPECT_INT(number_in(c->folders[CGROUP_MEMORY], groups.is_v2 ? "memory.max" : "memory.limit_in_bytes"), BYTES);
        if (c && c->folders[CGROUP_PIDS])
            EXPECT_INT(number_in(c->folders[CGROUP_PIDS], "pids.max"), 11);
        cgroup_free(c);
        cgroups_release(&groups);
        EXPECT(n < 1000);
    }
}

static void expect_use(bool is_v2, int64_t peak, int64_t anonymous, int64_t kills, int64_t forks, Time io_wait)
{
    const struct cgroups all = { .is_v2 = is_v2 };
    char *folder = str_z(&a, at("group"));
    const struct cgroup c = { .all = &all, .folders = { folder, folder, folder, folder } };
    struct cgroup_use use;
    cgroup_read(&c, &use);
    EXPECT_INT(use.peak_bytes, peak);
    EXPECT_INT(use.anonymous_bytes, anonymous);
    EXPECT_INT(use.oom_kills, kills);
    EXPECT_INT(use.refused_forks, forks);
    EXPECT_INT(use.io_wait, io_wait);
}

TEST(the_files_of_both_versions_of_control_groups_are_read_and_what_is_not_there_is_not_known)
{
    EXPECT(mkdir(at("group").data, 0755) == 0);
    expect_use(false, -1, -1, 0, 0, -1);
    expect_use(true, -1, -1, 0, 0, -1);
    put("group/memory.max_usage_in_bytes", STR("1000\n")), put("group/memory.stat", STR("cache 7\nrss 300\nrss_huge 1\nshmem 20\n"));
    put("group/memory.oom_control", STR("oom_kill_disable 0\nunder_oom 0\noom_kill 2\n")), put("group/pids.events", STR("max 4\n"));
    expect_use(false, 1000, 320, 2, 4, -1);
    put("group/memory.peak", STR("2000\n")), put("group/memory.stat", STR("anon 400\nfile 5\nshmem 30\n"));
    put("group/memory.events", STR("low 0\nhigh 0\nmax 9\noom 3\noom_kill 1\n"));
    put("group/io.pressure", STR("some avg10=0.00 avg60=0.00 avg300=0.00 total=2500\nfull avg10=0.00 total=9\n"));
    expect_use(true, 2000, 430, 1, 4, 2500000);
    put("group/memory.peak", STR("max\n")), put("group/memory.stat", STR("")), put("group/io.pressure", STR("some total=x\n"));
    expect_use(true, -1, -1, 1, 4, -1);
}

// --- what is read of processes

TEST(whichever_call_fails_while_processes_are_looked_at_less_is_seen_and_never_something_else)
{
    for (int n = 1, more = 1; more; n++) {
        struct proc_look look = { 0 };
        int64_t got = -1, written = -1;
        fail_call(n);
        proc_tree_look(getpid(), true, &look);
        bool has_chars = proc_chars(getpid(), &got, &written);
        PidList children = { 0 };
        proc_children(&children);
        int mark = proc_mark_of(getpid());
        bool is_labelled = proc_has_label(getpid(), STR("no such label"), false);
        more = call_failed();
        EXPECT(look.count <= 1 && look.memory_bytes >= 0 && look.virtual_bytes >= 0);
        EXPECT(has_chars ? got >= 0 && written >= 0 : got == -1 && written == -1);
        EXPECT_INT(children.len, 0);
        EXPECT(mark == -1 && !is_labelled);
        free(children.at);
        EXPECT(n < 1000);
    }
}
