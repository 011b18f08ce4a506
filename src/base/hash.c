// SPDX-License-Identifier: Apache-2.0
// Digests of files and of large buffers, on several threads, and the text forms of a digest.
//
// The input is cut into tasks (full subtrees of the same size); each thread takes the next one and leaves a chaining value.
// The tree over those gives the digest. What is in the page cache is hashed where it lies, mapped: copying it out costs a
// third of the time. What is not is read by pread, in blocks that stay in the thread's cache, since a disk is read faster
// so. A mapped file that another process shortens, or that cannot be read, raises SIGBUS: then the window is
// read again by pread, whose errors can be told.
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/blake3.h"
#include "base/err.h"

enum {
    SMALL = 64 * 1024,                                  // read at once, onto the stack
    BLOCK = 256 * 1024,
    TASK_MIN = 1024 * 1024,                             // below this threads cost more than they bring
    WINDOW = 16 * 1024 * 1024,                          // mapped at a time at most; the task of a large file
    TASKS_MANY = 64,                                    // that many even the load out
    PROBES = 16,                                        // pages of a window that are asked whether they are in memory
    TASKS_MAX = 64 * 1024,                              // bounds the memory for chaining values to 2 MiB
    THREADS_MAX = 64,
};

struct job {
    const uint8_t *bytes;                               // NULL: the bytes are those of fd
    int fd;
    const uint8_t *map;                                 // of the whole of fd; NULL: none
    int64_t size, task_size;
    size_t task_count;
    blake3_cv *cvs;
    atomic_size_t next_task;
    atomic_bool stop;                                   // a thread failed: the others take no more tasks
};
struct worker {
    struct job *job;
    pthread_t thread;
    bool failed;
    struct err err;
};

static bool too_short(int64_t size, int64_t now, struct err *err)
{
    return err_set(err, ERR_CONFLICT, "the file became shorter while it was hashed: it had %lld bytes and now ends at %lld; wait until no process "
                   "changes it, then try again", (long long)size, (long long)now);
}

static bool read_block(int fd, void *out, size_t len, int64_t offset, int64_t size, struct err *err)
{
    size_t done = 0;
    while (done < len) {
        ssize_t got = pread(fd, (char *)out + done, len - done, offset + (int64_t)done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_errno(err, "reading at byte %lld to hash it", (long long)offset + (long long)done);
        if (got == 0)
            return too_short(size, offset + (int64_t)done, err);
        done += (size_t)got;
    }
    return true;
}

static bool hash_read(struct hasher *h, const struct job *job, int64_t from, int64_t to, struct err *err)
{
    uint8_t *block = xmalloc(BLOCK);
    bool ok = true;
    for (int64_t at = from; ok && at < to;) {
        size_t len = (size_t)MIN(to - at, (int64_t)BLOCK);
        ok = read_block(job->fd, block, len, at, job->size, err);
        if (ok)
            hasher_update(h, block, len);
        at += (int64_t)len;
    }
    free(block);
    return ok;
}

// --- Mapped windows.

static _Thread_local sigjmp_buf *on_bus_error;          // of the window that this thread hashes; NULL: none
static struct sigaction bus_before;

static void bus_error(int number)
{
    if (on_bus_error)
        siglongjmp(*on_bus_error, 1);
    sigaction(SIGBUS, &bus_before, NULL);               // not ours
    raise(number);
}

static void catch_bus_errors(void)
{
    struct sigaction ours = { .sa_handler = bus_error, .sa_flags = SA_NODEFER };
    sigaction(SIGBUS, &ours, &bus_before);
}

static void map_file(struct job *job)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    void *map = job->size > TASK_MIN ? mmap(NULL, (size_t)job->size, PROT_READ, MAP_SHARED, job->fd, 0) : MAP_FAILED;
    job->map = map == MAP_FAILED ? NULL : map;
    if (job->map)
        pthread_once(&once, catch_bus_errors);
}

// By a few pages: who is wrong reads slower, but the same.
static bool is_in_memory(const struct job *job, int64_t from, int64_t to)
{
    if (job->map == NULL || from % 4096)
        return false;
    for (int64_t i = 0; i < PROBES; i++) {
        unsigned char page;
        const uint8_t *probe = job->map + (from + (to - 1 - from) * i / (PROBES - 1)) / 4096 * 4096;
        if (mincore((void *)(uintptr_t)probe, 1, &page) < 0 || !(page & 1))
            return false;
    }
    return true;
}

static bool hash_mapped(struct hasher *h, const struct job *job, int64_t from, int64_t to)
{
    sigjmp_buf here;
    struct hasher before = *h;
    if (!is_in_memory(job, from, to))
        return false;
    if (sigsetjmp(here, 0) != 0) {
        on_bus_error = NULL;
        *h = before;
        return false;
    }
    on_bus_error = &here;
#ifdef MADV_POPULATE_READ
    madvise((void *)(uintptr_t)(job->map + from), (size_t)(to - from), MADV_POPULATE_READ);     // one fault for all pages; may fail
#endif
    hasher_update(h, job->map + from, (size_t)(to - from));
    on_bus_error = NULL;
    madvise((void *)(uintptr_t)(job->map + from), (size_t)(to - from), MADV_DONTNEED);  // else it counts as memory of ours
    return true;
}

static bool hash_range(struct hasher *h, const struct job *job, int64_t from, int64_t to, struct err *err)
{
    if (job->bytes) {
        hasher_update(h, job->bytes + from, (size_t)(to - from));
        return true;
    }
    for (int64_t at = from, end; at < to; at = end) {
        end = MIN(at + WINDOW, to);
        if (!hash_mapped(h, job, at, end) && !hash_read(h, job, at, end, err))
            return false;
    }
    return true;
}

static void *work(void *arg)
{
    struct worker *w = arg;
    struct job *job = w->job;
    while (!w->failed && !atomic_load(&job->stop)) {
        size_t task = atomic_fetch_add(&job->next_task, 1);
        if (task >= job->task_count)
            break;
        int64_t from = (int64_t)task * job->task_size;
        struct hasher h;
        blake3_subtree_init(&h, (uint64_t)from / BLAKE3_CHUNK);
        w->failed = !hash_range(&h, job, from, MIN(from + job->task_size, job->size), &w->err);
        if (w->failed)
            atomic_store(&job->stop, true);
        else
            blake3_subtree_finish(&h, job->cvs[task]);
    }
    return NULL;
}

// Starts helpers, works too, and waits for them. If the system has no thread left, fewer do the same work.
static void work_on_threads(struct worker *workers, size_t count)
{
    sigset_t all, before;
    sigfillset(&all);
    sigdelset(&all, SIGBUS);                            // a thread's own, see hash_mapped()
    pthread_sigmask(SIG_SETMASK, &all, &before);        // signals are for the program's own threads
    size_t started = 1;
    while (started < count && pthread_create(&workers[started].thread, NULL, work, &workers[started]) == 0)
        started++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    work(&workers[0]);
    for (size_t i = 1; i < started; i++)
        pthread_join(workers[i].thread, NULL);
}

static size_t core_count(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return (size_t)CPU_COUNT(&set);
    return (size_t)MAX(sysconf(_SC_NPROCESSORS_ONLN), 1);            // more cores than cpu_set_t has bits
}

static bool hash_in_parallel(struct job *job, size_t threads, Hash *out, struct err *err)
{
    job->task_size = TASK_MIN;
    while (job->size / job->task_size >= (job->task_size < WINDOW ? TASKS_MANY : TASKS_MAX))
        job->task_size *= 2;
    job->task_count = (size_t)((job->size + job->task_size - 1) / job->task_size);
    job->cvs = xmalloc(job->task_count * sizeof *job->cvs);

    threads = MIN(threads, job->task_count);
    struct worker *workers = xcalloc(threads, sizeof *workers);
    for (size_t i = 0; i < threads; i++)
        workers[i].job = job;
    work_on_threads(workers, threads);

    const struct worker *failed = NULL;
    for (size_t i = 0; i < threads && !failed; i++)
        failed = workers[i].failed ? &workers[i] : NULL;
    if (failed)
        *err = failed->err;
    else
        *out = blake3_root(job->cvs, job->task_count);
    free(workers);
    free(job->cvs);
    return failed == NULL;
}

static bool hash_job(struct job *job, int threads, Hash *out, struct err *err)
{
    size_t count = 1;
    if (job->size > TASK_MIN)
        count = MIN(threads > 0 ? (size_t)threads : core_count(), (size_t)THREADS_MAX);
    if (count > 1)
        return hash_in_parallel(job, count, out, err);
    struct hasher h;
    hasher_init(&h);
    if (!hash_range(&h, job, 0, job->size, err))
        return false;
    *out = hasher_finish(&h);
    return true;
}

Hash hash_bytes_parallel(const void *bytes, size_t len, int threads)
{
    Hash hash;
    struct err err;
    struct job job = { .bytes = bytes ? bytes : (const uint8_t *)"", .fd = -1, .size = (int64_t)len };
    CHECK(hash_job(&job, threads, &hash, &err));        // memory can't fail
    return hash;
}

static bool hash_small(int fd, int64_t size, Hash *out, struct err *err)
{
    uint8_t bytes[SMALL] UNINITIALIZED;
    if (!read_block(fd, bytes, (size_t)size, 0, size, err))
        return false;
    *out = hash_bytes(bytes, (size_t)size);
    return true;
}

bool hash_fd(int fd, int threads, Hash *out, int64_t *size, struct err *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return err_errno(err, "looking at the file to hash");
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_INVALID, "only regular files can be hashed, and this is %s",
                       S_ISDIR(st.st_mode) ? "a folder" : "a device, pipe or socket");
    *size = st.st_size;
    if (st.st_size <= SMALL)
        return hash_small(fd, st.st_size, out, err);
    struct job job = { .fd = fd, .size = st.st_size };
    map_file(&job);
    bool ok = hash_job(&job, threads, out, err);
    if (job.map)
        munmap((void *)(uintptr_t)job.map, (size_t)job.size);
    if (ok && fstat(fd, &st) == 0 && st.st_size < *size)        // the rest of a last page looks like zeros
        ok = too_short(*size, st.st_size, err);
    return ok;
}

bool hash_is_zero(Hash h) { return hash_eq(h, (Hash){ { 0 } }); }

void hash_hex(Hash h, char out[HASH_HEX + 1])
{
    for (size_t i = 0; i < HASH_HEX; i++)
        out[i] = "0123456789abcdef"[h.bytes[i / 2] >> (i % 2 ? 0 : 4) & 15];
    out[HASH_HEX] = '\0';
}

Str hash_text(struct arena *a, Hash h)
{
    char hex[HASH_HEX + 1];
    hash_hex(h, hex);
    return str_concat(a, STR("blake3:"), (Str){ hex, HASH_HEX });
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hash_parse(Str text, Hash *out)
{
    if (str_starts(text, STR("blake3:")))
        text = str_from(text, STR("blake3:").len);
    if (text.len != HASH_HEX)
        return false;
    Hash hash;
    for (size_t i = 0; i < sizeof hash.bytes; i++) {
        int high = hex_digit(text.data[i * 2]), low = hex_digit(text.data[i * 2 + 1]);
        if (high < 0 || low < 0)
            return false;
        hash.bytes[i] = (uint8_t)(high << 4 | low);
    }
    *out = hash;
    return true;
}
