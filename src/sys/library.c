// SPDX-License-Identifier: Apache-2.0
#include "sys/library.h"

#include <dlfcn.h>
#include <string.h>

bool library_find(void *library, const struct library_symbol *symbols, size_t count, void *out)
{
    for (size_t i = 0; i < count; i++) {
        void *address = dlsym(library, symbols[i].name);
        if (address == NULL)
            return false;
        memcpy((char *)out + symbols[i].offset, &address, sizeof address);
    }
    return true;
}
