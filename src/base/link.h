// SPDX-License-Identifier: Apache-2.0
#pragma once
// Intrusive doubly linked lists: `struct link` inside the item, a `struct link` as head of the list.
#include "base/base.h"

struct link {
    struct link *prev, *next;
};

// A head must be initialised; an item need only be zero, which says that it is in no list.
static inline void link_init(struct link *head) { head->prev = head->next = head; }
static inline bool link_is_empty(const struct link *head) { return head->next == head; }
static inline bool link_is_linked(const struct link *l) { return l->next != NULL; }
static inline void link_append(struct link *head, struct link *l)
{
    l->prev = head->prev, l->next = head;
    head->prev->next = l, head->prev = l;
}
// From whatever list it is in; nothing if it is in none.
static inline void link_remove(struct link *l)
{
    if (l->next)
        l->prev->next = l->next, l->next->prev = l->prev;
    l->prev = l->next = NULL;
}
// The item may be removed, and freed, in the body.
#define LINK_EACH(head, l) \
    for (struct link *l = (head)->next, *l##_next = l->next; l != (head); l = l##_next, l##_next = l->next)
