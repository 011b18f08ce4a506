// SPDX-License-Identifier: Apache-2.0
// Files as memory: what is large and read here and there.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "sys/file.h"

struct mapping {
    void *at;
    size_t len;
};

static void unmap(void *arg)
{
    struct mapping *m = arg;
    munmap(m->at, m->len);
}

bool file_map(struct arena *a, Str path, Str *bytes, struct err *err)
{
    char *z = str_z(a, path);
    struct stat st;
    int fd = open(z, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return err_errno(err, "cannot read %s", z);
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return err_set(err, ERR_INVALID, "%s is no regular file", z);
    }
    *bytes = (Str){ NULL, (size_t)st.st_size };
    void *at = st.st_size ? mmap(NULL, bytes->len, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
    close(fd);
    if (at == MAP_FAILED)
        return err_errno(err, "cannot map %s", z);
    if (at) {
        struct mapping *m = NEW(a, struct mapping);
        *m = (struct mapping){ at, bytes->len };
        arena_defer(a, unmap, m);
    }
    bytes->data = at;
    return true;
}
