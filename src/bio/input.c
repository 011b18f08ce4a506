// SPDX-License-Identifier: Apache-2.0
// A ring of slots between threads that fill and one that takes. Reading the file is serial, under one lock, and gives each
// slot its number; BGZF blocks are then unpacked outside of the lock, so several slots at a time. A gzip member can only be
// unpacked from its beginning: that is done under the lock, and one thread does it.
#include "bio/input.h"

#include <errno.h>
#include <fcntl.h>
#include <isa-l.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"

enum {
    RAW_SIZE = 256 * 1024,
    SLOT_SIZE = 256 * 1024,             // stays in the second-level cache
    BGZF_MAX = 64 * 1024,               // of a block, packed and unpacked
    BGZF_BATCH = SLOT_SIZE / BGZF_MAX,
    THREADS_MAX = 16, SLOTS_MAX = 2 * THREADS_MAX + 4,
};

enum slot_state { SLOT_FREE, SLOT_FILLING, SLOT_READY };
struct packed_block { uint32_t start, len, unpacked, crc; };   // in slot->packed: the deflate data alone
struct slot {
    enum slot_state state;
    char *memory;                       // headroom, then SLOT_SIZE
    size_t len;
    bool is_end, failed;
    struct err err;
    uint8_t *packed;                    // BGZF: what is still to be unpacked
    size_t packed_len;
    struct packed_block blocks[BGZF_BATCH];
    size_t block_count;
};
struct input {
    int fd;
    bool close_fd;
    struct input_options options;
    struct input_info info;
    // Reading: whoever holds read_lock.
    pthread_mutex_t read_lock;
    uint8_t *raw;
    size_t raw_at, raw_len;
    bool raw_end, in_member, ended, is_bgzf_now;
    struct inflate_state *inflate;
    struct hasher hasher;
    int64_t next_fill;
    // The ring: whoever holds ring_lock.
    pthread_mutex_t ring_lock;
    pthread_cond_t freed, filled;
    struct slot slots[SLOTS_MAX];
    int64_t slot_count, next_take;
    bool holds_one, stop, finished;
    pthread_t threads[THREADS_MAX];
    size_t thread_count;
};

// --- raw bytes

// At least `want` (<= RAW_SIZE) bytes from raw_at on, or all that are left. False: err.
static bool raw_fill(struct input *in, size_t want, struct err *err)
{
    if (in->raw_len - in->raw_at >= want || in->raw_end)
        return true;
    memmove(in->raw, in->raw + in->raw_at, in->raw_len - in->raw_at);
    in->raw_len -= in->raw_at, in->raw_at = 0;
    while (in->raw_len < want && !in->raw_end) {
        ssize_t got = read(in->fd, in->raw + in->raw_len, RAW_SIZE - in->raw_len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_errno(err, "reading");
        in->raw_end = got == 0;
        if (in->options.hash)
            hasher_update(&in->hasher, in->raw + in->raw_len, (size_t)got);
        in->raw_len += (size_t)got;
        in->info.packed_bytes += got;
    }
    return true;
}

static uint32_t get16(const uint8_t *p) { return p[0] | (uint32_t)p[1] << 8; }
static uint32_t get32(const uint8_t *p) { return get16(p) | get16(p + 2) << 16; }

// The size of the BGZF block whose header these bytes are, 0 if they are none. *head: where its deflate data begin.
static size_t bgzf_size(const uint8_t *p, size_t len, size_t *head)
{
    if (len < 18 || p[0] != 0x1f || p[1] != 0x8b || p[2] != 8 || p[3] != 4)
        return 0;
    size_t extra = get16(p + 10);
    if (len < 12 + extra)
        return 0;
    for (size_t at = 12; at + 4 <= 12 + extra;) {
        size_t size = get16(p + at + 2);
        if (p[at] == 'B' && p[at + 1] == 'C' && size == 2 && at + 6 <= 12 + extra) {
            size_t total = get16(p + at + 4) + 1;
            *head = 12 + extra;
            return total >= *head + 8 ? total : 0;
        }
        at += 4 + size;
    }
    return 0;
}

// --- filling a slot, under read_lock

static bool fill_plain(struct input *in, struct slot *s, struct err *err)
{
    if (!raw_fill(in, 1, err))
        return false;
    size_t len = MIN(in->raw_len - in->raw_at, (size_t)SLOT_SIZE);
    memcpy(s->memory + INPUT_HEADROOM, in->raw + in->raw_at, len);
    in->raw_at += len;
    s->len = len;
    s->is_end = len == 0;
    return true;
}

// Behind a gzip member: does another one begin here? Zeros as padding are passed over; anything else ends the reading.
static bool gzip_begin_member(struct input *in, bool *begins, struct err *err)
{
    *begins = false;
    if (!raw_fill(in, 2, err))
        return false;
    while (in->raw_at < in->raw_len && in->info.members > 0 && in->raw[in->raw_at] == 0) {
        in->raw_at++;
        if (!raw_fill(in, 2, err))
            return false;
    }
    size_t left = in->raw_len - in->raw_at;
    if (left >= 2 && in->raw[in->raw_at] == 0x1f && in->raw[in->raw_at + 1] == 0x8b) {
        isal_inflate_reset(in->inflate);
        in->inflate->crc_flag = ISAL_GZIP;
        in->in_member = *begins = true;
        in->info.members++;
    }
    in->info.has_trailing_bytes |= !*begins && left > 0;
    return true;
}

static bool inflate_failed(int code, struct err *err)
{
    switch (code) {
    case ISAL_INCORRECT_CHECKSUM:
        return err_set(err, ERR_DAMAGED, "the gzip data are damaged: their checksum is not that of the bytes");
    case ISAL_UNSUPPORTED_METHOD:
        return err_set(err, ERR_DAMAGED, "the gzip header names a method other than deflate");
    default:
        return err_set(err, ERR_DAMAGED, "the gzip data are damaged");
    }
}

static bool fill_gzip(struct input *in, struct slot *s, struct err *err)
{
    struct inflate_state *z = in->inflate;
    bool begins = true;
    s->len = 0;
    while (s->len < SLOT_SIZE) {
        if (!in->in_member && !gzip_begin_member(in, &begins, err))
            return false;
        if (!begins)
            break;
        if (!raw_fill(in, 1, err))
            return false;
        z->next_in = in->raw + in->raw_at, z->avail_in = (uint32_t)(in->raw_len - in->raw_at);
        z->next_out = (uint8_t *)s->memory + INPUT_HEADROOM + s->len, z->avail_out = (uint32_t)(SLOT_SIZE - s->len);
        uint32_t before_in = z->avail_in, before_out = z->avail_out;
        int code = isal_inflate(z);
        in->raw_at = in->raw_len - z->avail_in;
        s->len = SLOT_SIZE - z->avail_out;
        if (code != ISAL_DECOMP_OK && code != ISAL_END_INPUT)
            return inflate_failed(code, err);
        in->in_member = z->block_state != ISAL_BLOCK_FINISH;
        if (in->in_member && in->raw_end && z->avail_in == before_in && z->avail_out == before_out)
            return err_set(err, ERR_DAMAGED, "the gzip data end early: the file is truncated");
    }
    s->is_end = s->len == 0;
    return true;
}

static bool bgzf_damaged(struct err *err) { return err_set(err, ERR_DAMAGED, "the BGZF data are damaged"); }

// Copies up to BGZF_BATCH packed blocks into the slot. Behind blocks may come gzip members that are none: then fill_gzip goes on.
static bool collect_bgzf(struct input *in, struct slot *s, struct err *err)
{
    s->packed_len = s->block_count = s->len = 0;
    while (s->block_count < BGZF_BATCH) {
        size_t head;
        if (!raw_fill(in, BGZF_MAX, err))
            return false;
        const uint8_t *p = in->raw + in->raw_at;
        size_t left = in->raw_len - in->raw_at, size = bgzf_size(p, left, &head);
        if (size == 0) {
            in->is_bgzf_now = false;
            break;
        }
        if (size > left)
            return err_set(err, ERR_DAMAGED, "the BGZF data end early: the file is truncated");
        struct packed_block b = { (uint32_t)s->packed_len, (uint32_t)(size - head - 8), get32(p + size - 4), get32(p + size - 8) };
        if (b.unpacked > BGZF_MAX)
            return bgzf_damaged(err);
        memcpy(s->packed + s->packed_len, p + head, b.len);
        s->packed_len += b.len;
        s->blocks[s->block_count++] = b;
        in->raw_at += size;
        in->info.members++;
        in->info.has_bgzf_end = b.unpacked == 0 && size == 28;
    }
    return true;
}

// Outside of the lock: what collect_bgzf() gathered.
static bool unpack_bgzf(struct slot *s, struct err *err)
{
    for (size_t i = 0; i < s->block_count; i++) {
        const struct packed_block *b = &s->blocks[i];
        uint8_t *out = (uint8_t *)s->memory + INPUT_HEADROOM + s->len;
        struct inflate_state z;
        isal_inflate_init(&z);
        z.crc_flag = ISAL_DEFLATE;
        z.next_in = s->packed + b->start, z.avail_in = b->len;
        z.next_out = out, z.avail_out = b->unpacked;
        uint8_t nothing;
        if (b->unpacked == 0)
            z.next_out = &nothing, z.avail_out = 1;
        if (isal_inflate_stateless(&z) != ISAL_DECOMP_OK || z.total_out != b->unpacked || crc32_gzip_refl(0, out, b->unpacked) != b->crc)
            return bgzf_damaged(err);
        s->len += b->unpacked;
    }
    return true;
}

// --- threads

static void finish_slot(struct input *in, struct slot *s)
{
    pthread_mutex_lock(&in->ring_lock);
    s->state = SLOT_READY;
    pthread_cond_broadcast(&in->filled);
    pthread_mutex_unlock(&in->ring_lock);
}

// The slot whose turn it is, once it is free; NULL: stop.
static struct slot *await_slot(struct input *in)
{
    struct slot *s = &in->slots[in->next_fill % in->slot_count];
    pthread_mutex_lock(&in->ring_lock);
    while (s->state != SLOT_FREE && !in->stop)
        pthread_cond_wait(&in->freed, &in->ring_lock);
    bool stop = in->stop;
    if (!stop)
        s->state = SLOT_FILLING;
    pthread_mutex_unlock(&in->ring_lock);
    return stop ? NULL : s;
}

static void *work(void *arg)
{
    struct input *in = arg;
    for (;;) {
        pthread_mutex_lock(&in->read_lock);
        struct slot *s = in->ended ? NULL : await_slot(in);
        if (s == NULL) {
            pthread_mutex_unlock(&in->read_lock);
            return NULL;
        }
        s->block_count = 0;
        s->failed = s->is_end = false;
        if (in->is_bgzf_now)
            s->failed = !collect_bgzf(in, s, &s->err);
        if (!s->failed && s->block_count == 0)
            s->failed = in->info.packing == INPUT_PLAIN ? !fill_plain(in, s, &s->err) : !fill_gzip(in, s, &s->err);
        in->ended = s->failed || s->is_end;
        if (s->is_end && in->options.hash && in->raw_end)
            in->info.hash = hasher_finish(&in->hasher), in->info.is_hashed = true;
        in->next_fill++;
        pthread_mutex_unlock(&in->read_lock);
        if (s->block_count && !unpack_bgzf(s, &s->err))
            s->failed = true;
        finish_slot(in, s);
    }
}

static int cores(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

static bool start_threads(struct input *in, struct err *err)
{
    size_t want = in->info.packing != INPUT_BGZF ? 1 : (size_t)MIN(in->options.threads > 0 ? in->options.threads : cores(), THREADS_MAX);
    in->slot_count = (int64_t)(2 * want + 4);
    for (int64_t i = 0; i < in->slot_count; i++) {
        in->slots[i].memory = xmalloc(INPUT_HEADROOM + SLOT_SIZE);
        in->slots[i].packed = in->info.packing == INPUT_BGZF ? xmalloc((size_t)BGZF_BATCH * BGZF_MAX) : NULL;
    }
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);        // signals are for the program's own threads
    int code = 0;
    while (in->thread_count < want && (code = pthread_create(&in->threads[in->thread_count], NULL, work, in)) == 0)
        in->thread_count++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = code;
    return in->thread_count > 0 || err_errno(err, "starting a thread");
}

// --- the caller's side

static bool open_file(Str path, int *fd, bool *close_fd, struct err *err)
{
    struct arena scratch = { 0 };
    struct stat st;
    *close_fd = !str_is(path, "-");
    *fd = *close_fd ? open(str_z(&scratch, path), O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
    arena_release(&scratch);
    if (*fd < 0)
        return err_errno(err, "opening " STR_FMT, STR_ARG(path));
    if (fstat(*fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        if (*close_fd)
            close(*fd);
        return err_set(err, ERR_INVALID, STR_FMT " is a folder: expected a file", STR_ARG(path));
    }
    return true;
}

struct input *input_open(Str path, struct input_options options, struct err *err)
{
    int fd;
    bool close_fd;
    if (!open_file(path, &fd, &close_fd, err))
        return NULL;
    struct input *in = xcalloc(1, sizeof *in);
    in->fd = fd, in->close_fd = close_fd, in->options = options;
    in->raw = xmalloc(RAW_SIZE);
    pthread_mutex_init(&in->read_lock, NULL);
    pthread_mutex_init(&in->ring_lock, NULL);
    pthread_cond_init(&in->freed, NULL);
    pthread_cond_init(&in->filled, NULL);
    hasher_init(&in->hasher);
    size_t head, len;
    bool ok = raw_fill(in, BGZF_MAX, err);
    if (ok) {
        len = in->raw_len;
        in->is_bgzf_now = bgzf_size(in->raw, len, &head) > 0;
        bool is_gzip = len >= 2 && in->raw[0] == 0x1f && in->raw[1] == 0x8b;
        in->info.packing = in->is_bgzf_now ? INPUT_BGZF : is_gzip ? INPUT_GZIP : INPUT_PLAIN;
        if (is_gzip) {
            in->inflate = xmalloc(sizeof *in->inflate);
            isal_inflate_init(in->inflate);
        }
        ok = start_threads(in, err);
    }
    if (!ok) {
        err_wrap(err, STR_FMT, STR_ARG(path));
        input_close(in);
        return NULL;
    }
    return in;
}

static void give_back(struct input *in)
{
    if (!in->holds_one)
        return;
    pthread_mutex_lock(&in->ring_lock);
    in->slots[in->next_take % in->slot_count].state = SLOT_FREE;
    pthread_cond_broadcast(&in->freed);
    pthread_mutex_unlock(&in->ring_lock);
    in->next_take++;
    in->holds_one = false;
}

// Nothing more is taken: who waits for a free slot goes.
static void finish(struct input *in)
{
    in->finished = true;
    pthread_mutex_lock(&in->ring_lock);
    in->stop = true;
    pthread_cond_broadcast(&in->freed);
    pthread_mutex_unlock(&in->ring_lock);
}

bool input_next(struct input *in, struct input_block *block, struct err *err)
{
    *block = (struct input_block){ 0 };
    for (;;) {
        give_back(in);
        if (in->finished)
            return true;
        struct slot *s = &in->slots[in->next_take % in->slot_count];
        pthread_mutex_lock(&in->ring_lock);
        while (s->state != SLOT_READY)
            pthread_cond_wait(&in->filled, &in->ring_lock);
        pthread_mutex_unlock(&in->ring_lock);
        in->holds_one = true;
        if (s->failed && s->len > 0 && !s->block_count) {       // what was unpacked before it broke
            *block = (struct input_block){ s->memory + INPUT_HEADROOM, s->len };
            s->len = 0;
            in->holds_one = false;                      // comes again, empty, with its error
            return true;
        }
        if (s->failed || s->is_end)
            finish(in);
        if (s->failed) {
            *err = s->err;
            return false;
        }
        if (s->len > 0 || s->is_end) {
            *block = (struct input_block){ s->memory + INPUT_HEADROOM, s->len };
            return true;
        }
    }
}

struct input_info input_info(struct input *in)
{
    if (!in->finished)                                  // a thread that waits for a free slot has the lock
        return (struct input_info){ .packing = in->info.packing };
    pthread_mutex_lock(&in->read_lock);
    struct input_info info = in->info;
    pthread_mutex_unlock(&in->read_lock);
    return info;
}

void input_close(struct input *in)
{
    if (in == NULL)
        return;
    finish(in);
    for (size_t i = 0; i < in->thread_count; i++)
        pthread_join(in->threads[i], NULL);
    for (int64_t i = 0; i < in->slot_count; i++) {
        free(in->slots[i].memory);
        free(in->slots[i].packed);
    }
    pthread_mutex_destroy(&in->read_lock);
    pthread_mutex_destroy(&in->ring_lock);
    pthread_cond_destroy(&in->freed);
    pthread_cond_destroy(&in->filled);
    if (in->close_fd)
        close(in->fd);
    free(in->inflate);
    free(in->raw);
    free(in);
}
