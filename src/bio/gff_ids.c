// SPDX-License-Identifier: Apache-2.0
// IDs and Parents of GFF3 as hashes in a table of open addressing. Nothing here reads a line.
#include "bio/gff_ids.h"

#include "bio/bytes.h"

enum { IDS_MAX = 1 << 22 };
enum { UNSEEN, OPEN, CLOSED };             // marks: not visited; on the way; done

static uint64_t hash_of(Str s) { return bytes_hash(s, 0x676666) | 1; }

static struct gff_id *find(const struct gff_ids *ids, uint64_t id)
{
    for (size_t at = id & (ids->places - 1); ids->places && ids->table[at].id; at = (at + 1) & (ids->places - 1))
        if (ids->table[at].id == id)
            return &ids->table[at];
    return NULL;
}

static void insert(struct gff_id *table, size_t places, struct gff_id new)
{
    size_t at = new.id & (places - 1);
    while (table[at].id)
        at = (at + 1) & (places - 1);
    table[at] = new;
}

static void grow(struct gff_ids *ids)
{
    size_t places = MAX(2 * ids->places, (size_t)256);
    struct gff_id *larger = xcalloc(places, sizeof *larger);
    for (size_t i = 0; i < ids->places; i++)
        if (ids->table[i].id)
            insert(larger, places, ids->table[i]);
    free(ids->table);
    ids->table = larger, ids->places = places;
}

static void push(struct gff_links *l, struct gff_link link)
{
    if (l->len >= IDS_MAX)
        return;
    if (l->len == l->cap) {
        l->cap = MAX(2 * l->cap, (size_t)64);
        l->at = xrealloc(l->at, l->cap * sizeof *l->at);
    }
    l->at[l->len++] = link;
}

bool gff_ids_add(struct gff_ids *ids, Str id, Str type)
{
    uint64_t hash = hash_of(id);
    uint32_t type_hash = (uint32_t)bytes_hash(type, 0x676666);
    struct gff_id *known = find(ids, hash);             // further lines of one ID are parts of one feature
    if (known || ids->count >= IDS_MAX)
        return known == NULL || known->type == type_hash;
    if (2 * (ids->count + 1) > ids->places)
        grow(ids);
    insert(ids->table, ids->places, (struct gff_id){ .id = hash, .type = type_hash });
    ids->count++;
    return true;
}

static void keep_parent(struct gff_ids *ids, struct gff_id *child, uint64_t parent, int64_t line)
{
    if (child == NULL || child->parent == parent || child->id == parent)    // a feature that names itself is told at its line
        return;
    if (child->parent == 0)
        child->parent = parent;
    else
        push(&ids->more, (struct gff_link){ child->id, parent, line });
}

void gff_ids_parents(struct gff_ids *ids, Str id, Str parents, int64_t line)
{
    struct gff_id *child = id.len ? find(ids, hash_of(id)) : NULL;
    while (parents.len) {
        uint64_t parent = hash_of(str_cut(&parents, ','));
        keep_parent(ids, child, parent, line);
        if (find(ids, parent) == NULL && ids->count < IDS_MAX)
            push(&ids->pending, (struct gff_link){ child ? child->id : 0, parent, line });
    }
}

void gff_ids_resolve(struct gff_ids *ids, struct faults *faults)
{
    for (size_t i = 0; i < ids->pending.len; i++) {
        const struct gff_link *link = &ids->pending.at[i];
        if (find(ids, link->parent) && link->child)
            push(&ids->forward, *link);
        else if (find(ids, link->parent) == NULL && ids->count < IDS_MAX)
            fault_add(faults, link->line, 0, "gff-parent", "the feature's Parent (or Derives_from) is the ID of no feature");
    }
    ids->pending.len = 0;
}

// --- circles: from child to parent, in depth, without recursion

struct step { struct gff_id *at; size_t next; };        // next: 0 the first parent, 1 … those in ids->more
struct way { struct step *at; size_t len, cap; };

static int by_child(const void *x, const void *y)
{
    const struct gff_link *a = x, *b = y;
    return (a->child > b->child) - (a->child < b->child);
}

// The further parent number n (from 0) of the feature; 0: it has no more. ids->more is sorted.
static uint64_t further_parent(const struct gff_ids *ids, uint64_t child, size_t n)
{
    size_t low = 0, high = ids->more.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ids->more.at[middle].child < child)
            low = middle + 1;
        else
            high = middle;
    }
    return low + n < ids->more.len && ids->more.at[low + n].child == child ? ids->more.at[low + n].parent : 0;
}

static void enter(struct way *w, struct gff_id *id)
{
    if (w->len == w->cap) {
        w->cap = MAX(2 * w->cap, (size_t)64);
        w->at = xrealloc(w->at, w->cap * sizeof *w->at);
    }
    id->mark = OPEN;
    w->at[w->len++] = (struct step){ id, 0 };
}

// How many ways lead from the feature back to one that is on the way.
static size_t circles_from(const struct gff_ids *ids, struct way *w, struct gff_id *start)
{
    size_t found = 0;
    enter(w, start);
    while (w->len) {
        struct step *s = &w->at[w->len - 1];
        size_t n = s->next++;
        uint64_t parent = n == 0 ? s->at->parent : further_parent(ids, s->at->id, n - 1);
        struct gff_id *id = parent ? find(ids, parent) : NULL;
        if (parent == 0) {
            s->at->mark = CLOSED;
            w->len--;
        } else if (id && id->mark == UNSEEN) {
            enter(w, id);
        } else if (id && id->mark == OPEN) {
            found++;
        }
    }
    return found;
}

void gff_ids_find_circles(struct gff_ids *ids, struct faults *faults)
{
    struct way way = { 0 };
    if (ids->more.len)
        qsort(ids->more.at, ids->more.len, sizeof *ids->more.at, by_child);
    for (size_t i = 0; i < ids->forward.len; i++) {
        struct gff_id *child = find(ids, ids->forward.at[i].child);
        if (child && child->mark == UNSEEN && circles_from(ids, &way, child))
            fault_add(faults, ids->forward.at[i].line, 0, "gff-parent", "the feature is its own ancestor: its Parents lead back to it");
    }
    free(way.at);
}

void gff_ids_release(struct gff_ids *ids)
{
    free(ids->table);
    free(ids->more.at);
    free(ids->pending.at);
    free(ids->forward.at);
    *ids = (struct gff_ids){ 0 };
}
