// SPDX-License-Identifier: Apache-2.0
// VEC's growth, the ordered map and the heap. Intrusive lists are in link.h, header only.
#include <stdlib.h>

#include "base/heap.h"
#include "base/map.h"
#include "base/vec.h"

void vec_grow(struct arena *a, void **at, size_t *cap, size_t item_size)
{
    size_t more = *cap ? *cap * 2 : 4;
    if (a == NULL) {
        *at = xrealloc(*at, more * item_size);
    } else {
        void *grown = arena_alloc(a, more * item_size);
        if (*cap)
            memcpy(grown, *at, *cap * item_size);
        *at = grown;
    }
    *cap = more;
}

static uint32_t *map_slot(const struct map *m, Str key, uint64_t hash)
{
    size_t mask = m->slot_count - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        uint32_t index = m->slots[i];
        if (index == 0)
            return &m->slots[i];
        const struct map_entry *entry = &m->entries[index - 1];
        if (entry->hash == hash && str_eq(entry->key, key))
            return &m->slots[i];
    }
}

static void map_rehash(struct map *m, size_t slot_count)
{
    free(m->slots);
    m->slots = xcalloc(slot_count, sizeof *m->slots);
    m->slot_count = slot_count;
    for (size_t i = 0; i < m->len; i++)
        *map_slot(m, m->entries[i].key, m->entries[i].hash) = (uint32_t)i + 1;
}

static struct map_entry *map_entry_of(const struct map *m, Str key)
{
    if (m->len == 0)
        return NULL;
    uint32_t index = *map_slot(m, key, str_hash(key));
    return index ? &m->entries[index - 1] : NULL;
}

void *map_find(const struct map *m, Str key)
{
    struct map_entry *entry = map_entry_of(m, key);
    return entry ? entry->value : NULL;
}

bool map_has(const struct map *m, Str key) { return map_entry_of(m, key) != NULL; }

bool map_set(struct map *m, Str key, void *value)
{
    struct map_entry *entry = map_entry_of(m, key);
    if (entry) {
        entry->value = value;
        return false;
    }
    CHECK(m->len < UINT32_MAX - 1);
    if (m->len == m->cap) {
        m->cap = m->cap ? m->cap * 2 : 8;
        m->entries = xrealloc(m->entries, m->cap * sizeof *m->entries);
    }
    uint64_t hash = str_hash(key);
    m->entries[m->len++] = (struct map_entry){ key, value, hash };
    if (m->len * 2 > m->slot_count)
        map_rehash(m, m->slot_count ? m->slot_count * 2 : 16);
    else
        *map_slot(m, key, hash) = (uint32_t)m->len;
    return true;
}

bool map_remove(struct map *m, Str key)
{
    struct map_entry *entry = map_entry_of(m, key);
    if (entry == NULL)
        return false;
    size_t at = (size_t)(entry - m->entries);
    memmove(entry, entry + 1, (m->len - at - 1) * sizeof *entry);
    m->len--;
    map_rehash(m, m->slot_count);
    return true;
}

void map_release(struct map *m)
{
    free(m->entries);
    free(m->slots);
    *m = (struct map){ 0 };
}

static void map_release_deferred(void *m) { map_release(m); }

void map_in(struct arena *a, struct map *m) { arena_defer(a, map_release_deferred, m); }

static void heap_place(struct heap *h, struct heap_item *item, size_t at)
{
    h->items[at] = item;
    item->place = at + 1;
}

static void heap_up(struct heap *h, size_t at)
{
    struct heap_item *item = h->items[at];
    while (at > 0 && item->order < h->items[(at - 1) / 2]->order) {
        heap_place(h, h->items[(at - 1) / 2], at);
        at = (at - 1) / 2;
    }
    heap_place(h, item, at);
}

static void heap_down(struct heap *h, size_t at)
{
    struct heap_item *item = h->items[at];
    for (;;) {
        size_t child = at * 2 + 1;
        if (child >= h->len)
            break;
        if (child + 1 < h->len && h->items[child + 1]->order < h->items[child]->order)
            child++;
        if (item->order <= h->items[child]->order)
            break;
        heap_place(h, h->items[child], at);
        at = child;
    }
    heap_place(h, item, at);
}

void heap_push(struct heap *h, struct heap_item *item, int64_t order)
{
    CHECK(item->place == 0);
    if (h->len == h->cap) {
        h->cap = h->cap ? h->cap * 2 : 16;
        h->items = xrealloc(h->items, h->cap * sizeof *h->items);
    }
    item->order = order;
    h->items[h->len++] = item;
    heap_up(h, h->len - 1);
}

struct heap_item *heap_peek(const struct heap *h) { return h->len ? h->items[0] : NULL; }

void heap_remove(struct heap *h, struct heap_item *item)
{
    if (item->place == 0)
        return;
    size_t at = item->place - 1;
    item->place = 0;
    struct heap_item *last = h->items[--h->len];
    if (last == item)
        return;
    heap_place(h, last, at);
    heap_up(h, at);
    heap_down(h, last->place - 1);
}

void heap_release(struct heap *h)
{
    free(h->items);
    *h = (struct heap){ 0 };
}
