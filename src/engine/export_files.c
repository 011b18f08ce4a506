// SPDX-License-Identifier: Apache-2.0
// Puts the files of an export where they belong: a part beside it, then its name. Which files and where is decided in export.c.
#include "engine/export_files.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "engine/driver.h"
#include "store/store.h"
#include "sys/file.h"
#include "sys/machine.h"

enum { THREADS_MAX = 8, FILES_A_THREAD = 16, READ_BLOCK = 1 << 20 };

struct writing {
    struct driver *driver;
    struct export_file *const *files;
    size_t count;
    atomic_size_t next, failed;         // the first file that failed, or count
    atomic_uint parts;                  // temporary files made so far
    pthread_mutex_t lock;               // guards the driver and the error
    struct err *err;                    // of `failed`
};

// What one file needs.
struct writer {
    struct writing *all;
    struct arena scratch;
    struct err err;
};

static bool sha1_of_file(struct export_file *f, struct err *err)
{
    int fd = open(f->path.data, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, "cannot read " STR_FMT, STR_ARG(f->path));
    struct sum *sum = sum_new(SUM_SHA1);
    char *block = xmalloc(READ_BLOCK);
    ssize_t n;
    f->size = 0;
    while ((n = read(fd, block, READ_BLOCK)) > 0) {
        sum_update(sum, block, (size_t)n);
        f->size += n;
    }
    sum_finish(sum, f->sha1);
    free(block);
    close(fd);
    return n == 0 || err_errno(err, "cannot read " STR_FMT, STR_ARG(f->path));
}

static void sha1_of_bytes(struct export_file *f, Str bytes)
{
    struct sum *sum = sum_new(SUM_SHA1);
    sum_update(sum, bytes.data, bytes.len);
    sum_finish(sum, f->sha1);
    f->size = (int64_t)bytes.len;
}

#define PART ".petri-part-"

// A name that no other head uses, and that tells whose it is.
static Str part_name(struct writer *w, Str path)
{
    Str name = str_printf(&w->scratch, PART STR_FMT "-%d-%u", STR_ARG(machine_host()), (int)getpid(), atomic_fetch_add(&w->all->parts, 1));
    return str_join_path(&w->scratch, str_dirname(path), name);
}

void export_sweep(Str dir)
{
    struct arena a = { 0 };
    struct err ignored;
    Str *names, mine = str_printf(&a, PART STR_FMT "-", STR_ARG(machine_host()));
    size_t count;
    if (!dir_list(&a, dir, &names, &count, &ignored))
        count = 0;
    for (size_t i = 0; i < count; i++) {
        Str rest = str_from(names[i], mine.len), pid = str_cut(&rest, '-');
        int64_t number;
        if (str_starts(names[i], mine) && str_to_int(pid, &number) && number > 0 && kill((pid_t)number, 0) != 0 && errno == ESRCH)
            unlink(str_join_path(&a, dir, names[i]).data);
    }
    arena_release(&a);
}

static bool is_there(const struct writer *w, const struct export_file *f)
{
    Hash there;
    int64_t size;
    struct err ignored;
    struct stat st;
    return lstat(f->path.data, &st) == 0 && S_ISREG(st.st_mode) && store_hash_file(driver_store(w->all->driver), f->path, &there, &size, &ignored)
        && hash_eq(there, f->hash);
}

static bool name_part(struct writer *w, Str part, Str path)
{
    return rename(part.data, path.data) == 0 || err_errno(&w->err, "cannot write " STR_FMT, STR_ARG(path));
}

// A file without a name that gets one: half the work in the folder. False with errno: something is there, or this filesystem can't.
static bool write_unnamed(struct writer *w, Str path, Str bytes, mode_t mode)
{
    char self[32];
    int fd = open(str_copy(&w->scratch, str_dirname(path)).data, O_WRONLY | O_TMPFILE | O_CLOEXEC, mode);
    if (fd < 0)
        return false;
    snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    bool ok = fd_write_all(fd, bytes.data, bytes.len, &w->err) && linkat(AT_FDCWD, self, AT_FDCWD, path.data, AT_SYMLINK_FOLLOW) == 0;
    close(fd);
    return ok;
}

// Complete or not there; durable with all others, by one sync at the end.
static bool write_bytes(struct writer *w, Str path, Str bytes, mode_t mode)
{
    if (write_unnamed(w, path, bytes, mode))
        return true;
    Str part = part_name(w, path);
    int fd = open(part.data, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return err_errno(&w->err, "cannot write " STR_FMT, STR_ARG(part));
    bool ok = fd_write_all(fd, bytes.data, bytes.len, &w->err);
    if (close(fd) != 0 && ok)
        ok = err_errno(&w->err, "cannot write " STR_FMT, STR_ARG(part));
    ok = ok && name_part(w, part, path);
    if (!ok)
        unlink(part.data);
    return ok;
}

// Where the bytes of a file are: in *bytes, at *from, or as an object of the store.
static bool find_bytes(struct writer *w, const struct export_file *f, Str *from, Str *bytes)
{
    *from = (Str){ 0 }, *bytes = f->contents;
    if (bytes->data)
        return true;
    pthread_mutex_lock(&w->all->lock);
    bool ok = driver_bytes(w->all->driver, &w->scratch, f->hash, f->source, from, bytes, &w->err);
    pthread_mutex_unlock(&w->all->lock);
    return ok || err_wrap(&w->err, "output " STR_FMT, STR_ARG(f->path));
}

static bool copy_here(struct writer *w, const struct export_file *f, Str from)
{
    struct store *store = driver_store(w->all->driver);
    Str part = part_name(w, f->path);
    bool ok = f->source.len == 0 && store_has(store, f->hash) ? store_copy(store, f->hash, part, f->is_executable, &w->err)
                                                              : tree_remove(part, &w->err) && file_copy(from, part, &w->err);
    ok = ok && name_part(w, part, f->path);
    if (!ok)
        unlink(part.data);
    return ok;
}

static bool write_file(struct writer *w, struct export_file *f)
{
    Str from, bytes;
    if (is_there(w, f))
        return sha1_of_file(f, &w->err);
    if (!find_bytes(w, f, &from, &bytes))
        return false;
    if (from.len)
        return copy_here(w, f, from) && sha1_of_file(f, &w->err);
    sha1_of_bytes(f, bytes);
    return write_bytes(w, f->path, bytes, f->is_executable ? 0777 : 0666);
}

static void note_failure(struct writer *w, size_t i)
{
    struct writing *all = w->all;
    pthread_mutex_lock(&all->lock);
    if (i < all->failed) {
        all->failed = i;
        *all->err = w->err;
    }
    pthread_mutex_unlock(&all->lock);
}

static void *write_some(void *arg)
{
    struct writer w = { .all = arg };
    for (size_t i; w.all->failed == w.all->count && (i = atomic_fetch_add(&w.all->next, 1)) < w.all->count;) {
        if (!write_file(&w, w.all->files[i]))
            note_failure(&w, i);
        arena_release(&w.scratch);
    }
    return NULL;
}

bool export_files_write(struct driver *d, struct export_file *const *files, size_t count, struct err *err)
{
    struct writing all = { .driver = d, .files = files, .count = count, .failed = count, .lock = PTHREAD_MUTEX_INITIALIZER, .err = err };
    pthread_t threads[THREADS_MAX];
    size_t want = MIN(MIN((size_t)machine_cores(), (size_t)THREADS_MAX), (count + FILES_A_THREAD - 1) / FILES_A_THREAD), started = 0;
    while (started + 1 < want && pthread_create(&threads[started], NULL, write_some, &all) == 0)
        started++;
    write_some(&all);
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    return all.failed == count;
}
