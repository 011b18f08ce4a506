// SPDX-License-Identifier: Apache-2.0
// Reading a model's config.json must return; what it accepts has sizes that can be multiplied, and is written so that it reads back.
#include "base/arena.h"
#include "model/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct model_config c, again;
    struct err err = { 0 };
    if (config_parse(&a, STR("config.json"), (Str){ (const char *)data, size }, &c, &err)) {
        CHECK(c.hidden > 0 && c.heads > 0 && c.hidden % c.heads == 0 && c.layers > 0 && c.vocab > 0 && c.ffn > 0);
        CHECK(config_head_dim(&c) <= 1024 && c.pad_id < c.vocab && c.mask_id < c.vocab);
        for (int i = 0; i < c.labels && c.label_names; i++)
            CHECK(c.label_names[i].data);
        Str text = config_write(&a, &c);
        if (!config_parse(&a, STR("config.json"), text, &again, &err))
            CHECK(c.labels);                            // two labels of one name can't be written as label2id
        else
            CHECK(again.hidden == c.hidden && again.positions == c.positions && again.head == c.head);
    } else {
        CHECK(err.text[0]);
    }
    arena_release(&a);
    return 0;
}
