// SPDX-License-Identifier: Apache-2.0
// The key index. Not a map: it owns neither keys nor slots, and cannot forget a key.
#include "value/keys.h"

#include <sys/auxv.h>

static uint64_t mix(uint64_t a, uint64_t b)
{
    __uint128_t product = (__uint128_t)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

// From the 16 random bytes that the kernel gives every process: no system call, and unknown to who writes documents.
static uint64_t secret[2];

__attribute__((constructor)) static void secret_init(void)
{
    const void *random = (const void *)getauxval(AT_RANDOM);
    if (random)
        memcpy(secret, random, sizeof secret);
    secret[0] ^= 0xe7037ed1a0b428dbu;
    secret[1] ^= 0x8ebc6af09c88c6e3u;
}

static uint64_t key_hash(Str key)
{
    uint64_t hash = secret[0] ^ key.len, word;
    for (; key.len > 8; key = str_from(key, 8)) {
        memcpy(&word, key.data, 8);
        hash = mix(hash ^ word, secret[1]);
    }
    word = 0;
    if (key.len)
        memcpy(&word, key.data, key.len);
    return mix(hash ^ word, ~secret[1]);
}

size_t key_index_size(size_t len)
{
    size_t size = 2 * KEYS_WALK_MAX;
    while (size < len * 2)
        size *= 2;
    return size;
}

static uint32_t slot_of(const uint32_t *slots, size_t size, struct key_list keys, Str key)
{
    size_t i = key_hash(key) & (size - 1);
    while (slots[i] != 0 && !str_eq(keys.at(keys.fields, slots[i] - 1), key))
        i = (i + 1) & (size - 1);
    return (uint32_t)i;
}

size_t key_index_find(const uint32_t *slots, size_t size, struct key_list keys, Str key)
{
    uint32_t held = slots[slot_of(slots, size, keys, key)];
    return held ? held - 1 : SIZE_MAX;
}

size_t key_index_put(uint32_t *slots, size_t size, struct key_list keys, size_t place)
{
    CHECK(place < UINT32_MAX / 4);
    uint32_t slot = slot_of(slots, size, keys, keys.at(keys.fields, place));
    if (slots[slot] != 0)
        return slots[slot] - 1;
    slots[slot] = (uint32_t)place + 1;
    return SIZE_MAX;
}

bool key_index_fill(uint32_t *slots, size_t size, struct key_list keys, size_t len, struct key_pair *twice)
{
    for (size_t i = 0; i < len; i++) {
        size_t before = key_index_put(slots, size, keys, i);
        if (before != SIZE_MAX) {
            *twice = (struct key_pair){ before, i };
            return false;
        }
    }
    return true;
}

static bool duplicate_by_walk(struct key_list keys, size_t len, struct key_pair *twice)
{
    for (size_t i = 1; i < len; i++) {
        Str key = keys.at(keys.fields, i);
        for (size_t j = 0; j < i; j++) {
            if (str_eq(keys.at(keys.fields, j), key)) {
                *twice = (struct key_pair){ j, i };
                return true;
            }
        }
    }
    return false;
}

bool key_list_duplicate(struct key_list keys, size_t len, struct key_pair *twice)
{
    if (len <= KEYS_WALK_MAX)
        return duplicate_by_walk(keys, len, twice);
    size_t size = key_index_size(len);
    uint32_t *slots = xcalloc(size, sizeof *slots);
    bool found = !key_index_fill(slots, size, keys, len, twice);
    free(slots);
    return found;
}
