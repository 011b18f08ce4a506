// SPDX-License-Identifier: Apache-2.0
// Opening and closing a store, and what all its writers ask first. No bytes of objects or results pass here.
#include "store/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/log.h"
#include "sys/file.h"

enum { STORE_VERSION = 1, VERSION_MAX_BYTES = 64 };
static const char version_head[] = "petri store ";
const char *const kind_folders[KIND_COUNT] = { "objects", "results" };

void name_of(enum kind kind, Hash hash, char out[NAME_SIZE])
{
    char hex[HASH_HEX + 1];
    hash_hex(hash, hex);
    snprintf(out, NAME_SIZE, "%s/%.2s/%s", kind_folders[kind], hex, hex + 2);
}

// --- what may be written

bool check_writable(struct store *s, struct err *err)
{
    if (!s->can_write)
        return err_set(err, ERR_DENIED,
                       "the store %s may only be read: set PETRI_HOME to a folder that you may write", s->root);
    pthread_mutex_lock(&s->lock);
    bool is_closed = s->is_closed;
    if (is_closed)
        err_set(err, ERR_INTERNAL, "the store is closed for writing after: %s", s->closed_text);
    pthread_mutex_unlock(&s->lock);
    return !is_closed;
}

// In messages: a name of ours with the store's place before it, another file's path as it is.
static void place_of(const struct store *s, const char *name, char out[512])
{
    snprintf(out, 512, "%s%s%s", name[0] == '/' ? "" : s->root, name[0] == '/' ? "" : "/", name);
}

// The kernel forgets what it could not write: asking again would be told that all is well.
bool sync_failed(struct store *s, const char *name, struct err *err)
{
    char place[512];
    int number = errno;
    place_of(s, name, place);
    errno = number;
    err_errno(err, "%s could not be made durable", place);
    err->code = ERR_INTERNAL;
    pthread_mutex_lock(&s->lock);
    if (!s->is_closed) {
        s->is_closed = true;
        snprintf(s->closed_text, sizeof s->closed_text, "%s", err->text);
    }
    pthread_mutex_unlock(&s->lock);
    LOG(LOG_ERROR, "store closed for writing: %s", err->text);
    return err_wrap(err, "the store is closed for writing (check the disk, then start again)");
}

bool write_failed(struct store *s, const char *name, struct err *err)
{
    int number = errno;
    const char *advice = "";
    if (number == ENOSPC || number == EDQUOT)
        advice = " (free some space, or set PETRI_HOME to a folder on a larger disk)";
    else if (number == EACCES || number == EPERM || number == EROFS)
        advice = " (set PETRI_HOME to a folder that you may write)";
    char place[512];
    place_of(s, name, place);
    errno = number;
    return err_errno(err, "cannot write %s%s", place, advice);
}

// --- opening

static mode_t read_umask(void)                          // umask() itself would change it for all threads
{
    mode_t mask = 022;
    FILE *status = fopen("/proc/self/status", "re");
    char line[256];
    unsigned value;
    while (status && fgets(line, sizeof line, status))
        if (sscanf(line, "Umask: %o", &value) == 1) {
            mask = (mode_t)value & 0777;
            break;
        }
    if (status)
        fclose(status);
    return mask;
}

static bool cannot_make(Str home, struct err *err)
{
    return err_wrap(err, "cannot make a store in " STR_FMT " (set PETRI_HOME to a folder that you may write)",
                    STR_ARG(home));
}

static bool make_folders(struct arena *a, Str home, Str root, struct err *err)
{
    for (int i = 0; i < KIND_COUNT; i++)
        if (!dir_make_all(str_join_path(a, root, str_of(kind_folders[i])), err))
            return cannot_make(home, err);
    if (!dir_make_all(str_join_path(a, root, STR("damaged")), err) || !dir_sync(root, err) || !dir_sync(home, err) ||
        !dir_sync(str_dirname(home), err))
        return cannot_make(home, err);
    return true;
}

// The version is written last: a store without it was never finished.
static bool check_version(struct arena *a, Str home, Str root, bool create, struct err *err)
{
    Str path = str_join_path(a, root, STR("version")), text;
    int64_t version;
    if (!file_read(a, path, VERSION_MAX_BYTES, &text, err)) {
        if (err->code == ERR_NOT_FOUND && !create)
            return err_set(err, ERR_NOT_FOUND,
                           "there is no store in " STR_FMT ": run a workflow first, or set PETRI_HOME "
                           "to the folder that holds one",
                           STR_ARG(home));
        if (err->code != ERR_NOT_FOUND)
            return err_wrap(err, "opening the store");
        if (!make_folders(a, home, root, err))
            return false;
        text = str_printf(a, "%s%d\n", version_head, STORE_VERSION);
        return file_write_atomic(path, text, err) || cannot_make(home, err);
    }
    Str number = str_trim(str_from(text, sizeof version_head - 1));
    if (!str_starts(text, str_of(version_head)) || !str_to_int(number, &version) || version < 1)
        return err_set(err, ERR_DAMAGED,
                       STR_FMT " is not the version of a store, expected '%s%d': is this a Petri home? "
                               "Set PETRI_HOME to another folder",
                       STR_ARG(path), version_head, STORE_VERSION);
    if (version > STORE_VERSION)
        return err_set(err, ERR_UNSUPPORTED,
                       "the store " STR_FMT " was made by a newer Petri (store version %lld; this is "
                       "Petri " PETRI_VERSION
                       ", which knows version %d): use a Petri that knows it, or set PETRI_HOME to "
                       "another folder",
                       STR_ARG(root), (long long)version, STORE_VERSION);
    return true;
}

static struct store *store_new(Str root, int fd, bool can_write)
{
    struct store *s = xcalloc(1, sizeof *s);
    s->root = xmalloc(root.len + 1);
    memcpy(s->root, root.data, root.len);
    s->root[root.len] = '\0';
    s->fd = fd;
    s->can_write = can_write;
    s->object_mode = 0444 & ~read_umask();
    if (getrandom(&s->token, sizeof s->token, 0) != sizeof s->token)
        s->token = (uint64_t)time_now() ^ (uint64_t)getpid() << 48;     // names are made with O_EXCL all the same
    pthread_mutex_init(&s->lock, NULL);
    pthread_mutex_init(&s->prefix_lock, NULL);
    pthread_mutex_init(&s->sync_lock, NULL);
    memo_init(&s->memo, fd, can_write);
    return s;
}

static struct store *open_in(struct arena *a, Str home, bool create, struct err *err)
{
    Str root = str_join_path(a, home, STR("store"));
    if (!check_version(a, home, root, create, err))
        return NULL;
    int fd = open(str_z(a, root), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) {
        err_errno(err, "cannot open the store " STR_FMT, STR_ARG(root));
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    bool can_read = true, can_write = faccessat(fd, ".", W_OK, AT_EACCESS) == 0;
    for (int i = 0; i < KIND_COUNT; i++) {
        can_read = can_read && faccessat(fd, kind_folders[i], R_OK | X_OK, AT_EACCESS) == 0;
        can_write = can_write && faccessat(fd, kind_folders[i], W_OK, AT_EACCESS) == 0;
    }
    if (!can_read || (create && !can_write)) {
        err_errno(err, "the store " STR_FMT " can't be %s (set PETRI_HOME to a folder that you may %s)", STR_ARG(root),
                  can_read ? "written" : "read", can_read ? "write" : "read");
        close(fd);
        return NULL;
    }
    struct store *s = store_new(root, fd, can_write);
    s->device = st.st_dev;
    if (can_write)
        log_recover(s);
    return s;
}

struct store *store_open(Str home, bool create, struct err *err)
{
    struct arena scratch = { 0 };
    struct store *s = open_in(&scratch, path_absolute(&scratch, home), create, err);
    arena_release(&scratch);
    return s;
}

void store_close(struct store *s)
{
    if (s == NULL)
        return;
    struct err err;
    if (s->pending_count && !s->has_failed && !store_sync_results(s, &err))
        LOG(LOG_WARN, "results are lost: %s", err.text);
    if (s->is_closed)
        log_leave(s);
    else if (!log_settle(s, &err))
        LOG(LOG_WARN, "%s", err.text);
    spares_release(s);
    pending_release(&s->pending);
    memo_release(&s->memo);
    pthread_mutex_destroy(&s->lock);
    pthread_mutex_destroy(&s->prefix_lock);
    pthread_mutex_destroy(&s->sync_lock);
    close(s->fd);
    free(s->root);
    free(s);
}
