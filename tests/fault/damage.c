// SPDX-License-Identifier: Apache-2.0
// Bytes on disk that are not what they were: each byte flipped, the file cut at each length, each two neighbours swapped, each page
// zeroed; of objects, results, the log of results, the memo and journals. Never served; said, or healed, or a prefix. In `make check` at
// every 41st place; `make damage` sets DAMAGE_EVERY=1. Each test prints how many damages it tried.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "journal/journal.h"
#include "store/store.h"
#include "task/result.h"
#include "unit/test.h"

enum { OBJECT_BYTES = 40000, RESULTS = 3, RECORDS = 24, PAGES = 2 };
static const size_t page_sizes[PAGES] = { 512, 4096 };

static size_t every(void)
{
    const char *text = getenv("DAMAGE_EVERY");
    size_t n = text ? strtoul(text, NULL, 10) : 0;
    return n ? n : 41;
}

// --- files

static const char *in_dir(const char *name)
{
    static char paths[4][512];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", test_dir(), name);
    return path;
}

static const char *in_store(const char *kind, Hash hash)
{
    char hex[HASH_HEX + 1], name[128];
    hash_hex(hash, hex);
    snprintf(name, sizeof name, "store/%s/%.2s/%s", kind, hex, hex + 2);
    return in_dir(name);
}

static void write_bytes(const char *path, Str bytes)
{
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    EXPECT(fd >= 0 && write(fd, bytes.data, bytes.len) == (ssize_t)bytes.len);
    close(fd);
}

static Str read_bytes(struct arena *a, const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    EXPECT(fd >= 0 && fstat(fd, &st) == 0);
    char *bytes = arena_alloc(a, (size_t)st.st_size + 1);
    EXPECT(read(fd, bytes, (size_t)st.st_size) == st.st_size);
    close(fd);
    return (Str){ bytes, (size_t)st.st_size };
}

static const char *only_file_in(const char *folder)
{
    static char path[512];
    path[0] = '\0';
    DIR *dir = opendir(folder);
    EXPECT(dir != NULL);
    for (const struct dirent *e; (e = readdir(dir)) != NULL;)
        if (e->d_name[0] != '.')
            snprintf(path, sizeof path, "%.200s/%.255s", folder, e->d_name);
    closedir(dir);
    EXPECT(path[0] != '\0');
    return path;
}

static void empty_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    for (const struct dirent *e; dir && (e = readdir(dir)) != NULL;)
        unlinkat(dirfd(dir), e->d_name, 0);
    if (dir)
        closedir(dir);
}

// --- damages

enum kind { FLIPPED, CUT, SWAPPED, ZEROED };
struct damage {
    Str original;
    enum kind kind;
    size_t number, tried;
    char *bytes;                        // the damaged ones
    size_t len;
    char what[64];
};

static size_t kinds_of(Str original) { return 3 * original.len + PAGES * (original.len / page_sizes[0] + 1); }

static void damage_at(struct damage *d)
{
    size_t n = d->original.len, i = d->number % n;
    memcpy(d->bytes, d->original.data, n);
    d->len = n;
    d->kind = (enum kind)MIN(d->number / n, (size_t)ZEROED);
    if (d->kind == FLIPPED) {
        d->bytes[i] ^= (char)(1 << (i % 8));
        snprintf(d->what, sizeof d->what, "byte %zu flipped", i);
    } else if (d->kind == CUT) {
        d->len = i;
        snprintf(d->what, sizeof d->what, "cut at %zu", i);
    } else if (d->kind == SWAPPED) {
        size_t other = (i + 1) % n;
        d->bytes[i] = d->original.data[other], d->bytes[other] = d->original.data[i];
        snprintf(d->what, sizeof d->what, "bytes %zu and %zu swapped", i, other);
    } else {
        size_t page = (d->number - 3 * n) / PAGES, size = page_sizes[(d->number - 3 * n) % PAGES], at = page * size;
        if (at < n)
            memset(d->bytes + at, 0, MIN(size, n - at));
        snprintf(d->what, sizeof d->what, "%zu bytes at %zu zeroed", size, at);
    }
}

// The next damage that is one; false at the end. Zero-initialise but for `original`.
static bool next_damage(struct damage *d, struct arena *a)
{
    if (d->bytes == NULL) {
        alarm(3600);                    // all of them take longer than a test may
        d->bytes = arena_alloc(a, d->original.len + 1);
    }
    while (d->number < kinds_of(d->original)) {
        damage_at(d);
        d->number += d->number < 3 * d->original.len ? every() : 1;
        if (d->len != d->original.len || memcmp(d->bytes, d->original.data, d->len) != 0) {
            d->tried++;
            return true;
        }
    }
    printf("# %zu damages\n", d->tried);
    return false;
}

// --- the store

static struct store *open_store(void)
{
    struct err err;
    struct store *s = store_open(str_of(test_dir()), true, &err);
    EXPECT_OK(s != NULL, err);
    return s;
}

static struct task_result result_of(int number)
{
    static char long_text[300];
    memset(long_text, 'x', sizeof long_text);
    struct task_result r = { .identity = STR("{\"command\":[\"true\"]}"), .exit_code = number, .run = STR("r"), .task = STR("t"), .host = STR("h"),
                             .log_out = { .path = STR("stdout"), .is_inline = true, .bytes = { long_text, sizeof long_text }, .size = sizeof long_text },
                             .log_err = { .path = STR("stderr"), .is_inline = true } };
    r.log_out.hash = hash_bytes(long_text, sizeof long_text), r.log_err.hash = hash_bytes("", 0);
    r.key.bytes[0] = (uint8_t)(number + 1), r.key.bytes[5] = 7;
    return r;
}

TEST(a_damaged_object_is_never_given_out_and_comes_again_with_its_bytes)
{
    struct arena a = { 0 };
    struct err err;
    Hash hash;
    char *bytes = arena_alloc(&a, OBJECT_BYTES);
    for (size_t i = 0; i < OBJECT_BYTES; i++)
        bytes[i] = (char)(i * i / 7 + i);
    struct store *s = open_store();
    EXPECT_OK(store_put_bytes(s, (Str){ bytes, OBJECT_BYTES }, &hash, &err), err);
    const char *path = in_store("objects", hash), *aside = in_dir("store/damaged");
    struct damage d = { .original = { bytes, OBJECT_BYTES } };
    while (next_damage(&d, &a)) {
        struct arena scratch = { 0 };
        Str found;
        write_bytes(path, (Str){ d.bytes, d.len });
        if (store_locate(s, hash, &scratch, &found, &err) || err.code != ERR_DAMAGED)
            test_fail(__FILE__, __LINE__, "%s: it was given out, or '%s'", d.what, err.text);
        EXPECT(!store_has(s, hash));
        if (d.tried % 200 == 1) {
            EXPECT_OK(store_put_bytes(s, d.original, &hash, &err) && store_locate(s, hash, &scratch, &found, &err), err);
            EXPECT(str_eq(read_bytes(&scratch, found.data), d.original));
        }
        empty_folder(aside);
        arena_release(&scratch);
    }
    store_close(s);
    arena_release(&a);
}

TEST(a_damaged_result_is_never_believed)
{
    struct arena a = { 0 };
    struct err err;
    struct task_result r = result_of(1), found;
    struct store *s = open_store();
    EXPECT_OK(store_put_result(s, &r, false, NULL, &err) && store_sync_results(s, &err), err);
    const char *path = in_store("results", r.key), *aside = in_dir("store/damaged");
    struct damage d = { .original = read_bytes(&a, path) };
    while (next_damage(&d, &a)) {
        struct arena scratch = { 0 };
        write_bytes(path, (Str){ d.bytes, d.len });
        if (store_find_result(s, r.key, &scratch, &found, &err) || (err.code != ERR_DAMAGED && err.code != ERR_UNSUPPORTED))
            test_fail(__FILE__, __LINE__, "%s: it was believed, or '%s'", d.what, err.text);
        if (d.tried % 50 == 1) {
            unlink(path);
            EXPECT_OK(store_put_result(s, &r, false, NULL, &err) && store_sync_results(s, &err), err);
            EXPECT_OK(store_find_result(s, r.key, &scratch, &found, &err), err);
            EXPECT_INT(found.exit_code, 1);
        }
        empty_folder(aside);
        arena_release(&scratch);
    }
    store_close(s);
    arena_release(&a);
}

// A store that was killed: its log of results is left.
static void leave_a_log(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct err err;
        struct store *s = open_store();
        bool ok = true;
        for (int i = 0; i < RESULTS; i++) {
            struct task_result r = result_of(i);
            ok = ok && store_put_result(s, &r, false, NULL, &err);
        }
        _exit(ok && store_sync_results(s, &err) ? 0 : 1);
    }
    int status;
    EXPECT(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
}

TEST(a_damaged_log_of_results_gives_back_right_ones_or_none)
{
    struct arena a = { 0 };
    struct err err;
    leave_a_log();
    const char *path = str_z(&a, str_of(only_file_in(in_dir("store/unsynced"))));
    struct damage d = { .original = read_bytes(&a, path) };
    size_t given = 0;
    while (next_damage(&d, &a)) {
        for (int i = 0; i < RESULTS; i++)
            unlink(in_store("results", result_of(i).key));
        write_bytes(path, (Str){ d.bytes, d.len });
        struct store *s = open_store();
        for (int i = 0; i < RESULTS; i++) {
            struct arena scratch = { 0 };
            struct task_result found;
            bool is_there = store_find_result(s, result_of(i).key, &scratch, &found, &err);
            if (is_there ? found.exit_code != i : err.code != ERR_NOT_FOUND)
                test_fail(__FILE__, __LINE__, "%s: result %d is wrong, or '%s'", d.what, i, is_there ? "" : err.text);
            given += is_there;
            arena_release(&scratch);
        }
        store_close(s);
    }
    EXPECT(given > d.tried / 2);        // what stands before the damage is not lost
    arena_release(&a);
}

TEST(a_damaged_memo_tells_no_wrong_digest)
{
    struct arena a = { 0 };
    struct err err;
    const char *file = str_z(&a, str_of(in_dir("file"))), *memo = str_z(&a, str_of(in_dir("store/memo")));
    write_bytes(file, STR("what is hashed"));
    usleep(60000);                      // a file that has just changed is not noted
    struct store *s = open_store();
    Hash hash, right = hash_bytes("what is hashed", 14);
    int64_t size;
    EXPECT_OK(store_hash_file(s, str_of(file), &hash, &size, &err), err);
    store_close(s);
    struct damage d = { .original = read_bytes(&a, memo) };
    EXPECT(d.original.len > 50);
    while (next_damage(&d, &a)) {
        write_bytes(memo, (Str){ d.bytes, d.len });
        s = open_store();
        EXPECT_OK(store_hash_file(s, str_of(file), &hash, &size, &err), err);
        if (!hash_eq(hash, right))
            test_fail(__FILE__, __LINE__, "%s: a wrong digest", d.what);
        store_close(s);
    }
    arena_release(&a);
}

// --- the journal

static void make_journal(struct arena *a, Str dir)
{
    struct err err;
    struct journal *j = journal_open(a, dir, NULL, &err);
    EXPECT_OK(j != NULL, err);
    for (int i = 0; i < RECORDS; i++) {
        Str text = str_printf(a, "{\"task\":%d,\"name\":\"%.*s\"}", i, i * 3, "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz");
        journal_append(j, (uint8_t)(1 + i % 9), text);
    }
    EXPECT_OK(journal_commit(j, &err), err);
    journal_close(j);
}

struct seen {
    int count;
    bool is_wrong;
    bool has_new;
};

static bool see(void *arg, uint8_t type, Str payload)
{
    struct seen *seen = arg;
    char start[32];
    snprintf(start, sizeof start, "{\"task\":%d,", seen->count);
    if (str_eq(payload, STR("{\"new\":1}"))) {
        seen->has_new = true;
        return true;
    }
    seen->is_wrong = seen->is_wrong || seen->has_new || !str_starts(payload, str_of(start)) || type != 1 + seen->count % 9;
    seen->count++;
    return true;
}

static struct seen read_journal(Str dir, const char *what)
{
    struct seen seen = { 0 };
    struct journal_cursor cursor = { 0 };
    struct err err;
    char end[128];
    if (!journal_read(dir, &cursor, see, &seen, end, &err) && err.code != ERR_UNSUPPORTED)
        test_fail(__FILE__, __LINE__, "%s: '%s'", what, err.text);
    if (seen.is_wrong)
        test_fail(__FILE__, __LINE__, "%s: record %d is not what was written", what, seen.count);
    return seen;
}

// A cut is no damage: what is missing was never acknowledged. Nor is a tail of zeros, for all that can be seen. All else is said.
static void try_journal(Str dir, const char *path, Str bytes, const char *what, enum kind kind)
{
    struct arena scratch = { 0 };
    struct err err;
    Str damage;
    write_bytes(path, bytes);
    int before = read_journal(dir, what).count;
    struct journal *j = journal_open(&scratch, dir, &damage, &err);
    if (j == NULL) {
        EXPECT_INT(err.code, ERR_UNSUPPORTED);
    } else {
        if (kind == CUT && damage.len)
            test_fail(__FILE__, __LINE__, "%s is called damage", what);
        if ((kind == FLIPPED || kind == SWAPPED) && damage.len == 0)
            test_fail(__FILE__, __LINE__, "%s: %d of %d records are left and nothing is said", what, before, RECORDS);
        journal_append(j, 9, STR("{\"new\":1}"));
        EXPECT_OK(journal_commit(j, &err), err);
        journal_close(j);
        struct seen after = read_journal(dir, what);
        if (after.count != before || !after.has_new)
            test_fail(__FILE__, __LINE__, "%s: %d records before, %d after it was opened", what, before, after.count);
    }
    arena_release(&scratch);
}

static void remove_aside(Str dir)
{
    struct arena scratch = { 0 };
    DIR *folder = opendir(str_z(&scratch, dir));
    for (const struct dirent *e; folder && (e = readdir(folder)) != NULL;)
        if (str_starts(str_of(e->d_name), STR("journal.damaged")))
            unlinkat(dirfd(folder), e->d_name, 0);
    if (folder)
        closedir(folder);
    arena_release(&scratch);
}

TEST(of_a_damaged_journal_a_prefix_is_read_and_the_run_goes_on_behind_it)
{
    struct arena a = { 0 };
    Str dir = str_printf(&a, "%s/run", test_dir());
    const char *path = str_z(&a, str_join_path(&a, dir, STR("journal")));
    make_journal(&a, dir);
    struct damage d = { .original = read_bytes(&a, path) };
    while (next_damage(&d, &a)) {
        try_journal(dir, path, (Str){ d.bytes, d.len }, d.what, d.kind);
        remove_aside(dir);
    }
    arena_release(&a);
}

TEST(records_of_a_journal_that_changed_places_are_found)
{
    struct arena a = { 0 };
    Str dir = str_printf(&a, "%s/run", test_dir());
    const char *path = str_z(&a, str_join_path(&a, dir, STR("journal")));
    make_journal(&a, dir);
    Str original = read_bytes(&a, path), records[RECORDS];
    size_t at = 16;
    for (int i = 0; i < RECORDS; i++) {
        const uint8_t *head = (const uint8_t *)original.data + at;
        size_t size = 24 + (size_t)(head[0] | head[1] << 8 | head[2] << 16);
        records[i] = (Str){ original.data + at, size };
        at += size;
    }
    for (int i = 0; i < RECORDS; i++)
        for (int k = i + 1; k < RECORDS; k += (int)MIN(every(), (size_t)5)) {
            struct strbuf b = { 0 };
            strbuf_add(&b, str_first(original, 16));
            for (int n = 0; n < RECORDS; n++)
                strbuf_add(&b, records[n == i ? k : n == k ? i : n]);
            write_bytes(path, strbuf_str(&b));
            EXPECT_INT(read_journal(dir, "two records swapped").count, i);
            strbuf_release(&b);
        }
    arena_release(&a);
}
