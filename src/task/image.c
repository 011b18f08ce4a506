// SPDX-License-Identifier: Apache-2.0
// Images by name. How one is found, fetched and run is exec/container's.
#include "task/image.h"

const struct image *image_find(const struct image *images, size_t count, Str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(images[i].name, name))
            return &images[i];
    return NULL;
}
