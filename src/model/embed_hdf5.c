// SPDX-License-Identifier: Apache-2.0
// Embeddings as HDF5, through libhdf5 opened when first needed: who exports to it has it, nobody else pays for it. The functions are those of
// the stable interface of 1.8 and 1.10; hid_t is 64 bits wide since 1.10, which is asked for.
#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/vec.h"
#include "model/embed_export_inside.h"
#include "sys/library.h"

const char *embed_hdf5_library = "libhdf5_serial.so.103";
static const char *const other_names[] = { "libhdf5.so.103", "libhdf5_serial.so.200", "libhdf5.so.200", "libhdf5.so.310", "libhdf5.so" };

typedef int64_t Id;
struct hdf5 {
    int (*open)(void);
    int (*get_libversion)(unsigned *major, unsigned *minor, unsigned *release);
    Id (*create_file)(const char *path, unsigned flags, Id creation, Id access);
    int (*close_file)(Id file);
    Id (*create_space)(int rank, const uint64_t *sizes, const uint64_t *most);
    Id (*create_scalar)(int kind);
    int (*close_space)(Id space);
    Id (*create_data)(Id place, const char *name, Id type, Id space, Id link, Id creation, Id access);
    int (*write_data)(Id data, Id type, Id memory_space, Id file_space, Id plist, const void *bytes);
    int (*close_data)(Id data);
    Id (*create_attribute)(Id place, const char *name, Id type, Id space, Id creation, Id access);
    int (*write_attribute)(Id attribute, Id type, const void *bytes);
    int (*close_attribute)(Id attribute);
    Id (*copy_type)(Id type);
    int (*set_size)(Id type, size_t size);
    int (*set_fields)(Id type, size_t sign, size_t exponent, size_t exponent_size, size_t mantissa, size_t mantissa_size);
    int (*set_bias)(Id type, size_t bias);
    int (*close_type)(Id type);
    int (*link_exists)(Id place, const char *name, Id access);
    int (*set_auto)(Id stack, void *fn, void *arg);
    const Id *float32, *string;
};

static const struct library_symbol symbols[] = {
    { "H5open", offsetof(struct hdf5, open) },
    { "H5get_libversion", offsetof(struct hdf5, get_libversion) },
    { "H5Fcreate", offsetof(struct hdf5, create_file) },
    { "H5Fclose", offsetof(struct hdf5, close_file) },
    { "H5Screate_simple", offsetof(struct hdf5, create_space) },
    { "H5Screate", offsetof(struct hdf5, create_scalar) },
    { "H5Sclose", offsetof(struct hdf5, close_space) },
    { "H5Dcreate2", offsetof(struct hdf5, create_data) },
    { "H5Dwrite", offsetof(struct hdf5, write_data) },
    { "H5Dclose", offsetof(struct hdf5, close_data) },
    { "H5Acreate2", offsetof(struct hdf5, create_attribute) },
    { "H5Awrite", offsetof(struct hdf5, write_attribute) },
    { "H5Aclose", offsetof(struct hdf5, close_attribute) },
    { "H5Tcopy", offsetof(struct hdf5, copy_type) },
    { "H5Tset_size", offsetof(struct hdf5, set_size) },
    { "H5Tset_fields", offsetof(struct hdf5, set_fields) },
    { "H5Tset_ebias", offsetof(struct hdf5, set_bias) },
    { "H5Tclose", offsetof(struct hdf5, close_type) },
    { "H5Lexists", offsetof(struct hdf5, link_exists) },
    { "H5Eset_auto2", offsetof(struct hdf5, set_auto) },
    { "H5T_IEEE_F32LE_g", offsetof(struct hdf5, float32) },
    { "H5T_C_S1_g", offsetof(struct hdf5, string) },
};

static bool find_symbols(void *library, struct hdf5 *h)
{
    if (!library_find(library, symbols, LEN(symbols), h))
        return false;
    unsigned major, minor, release;
    return h->open() >= 0 && h->get_libversion(&major, &minor, &release) >= 0 && (major > 1 || minor >= 10);
}

static const struct hdf5 *hdf5_open(struct err *err)
{
    static struct hdf5 hdf5;
    static bool is_open;
    if (is_open)
        return &hdf5;
    void *library = dlopen(embed_hdf5_library, RTLD_NOW | RTLD_LOCAL);
    for (size_t i = 0; i < LEN(other_names) && library == NULL; i++)
        library = dlopen(other_names[i], RTLD_NOW | RTLD_LOCAL);
    is_open = library && find_symbols(library, &hdf5);
    if (is_open) {
        hdf5.set_auto(0, NULL, NULL);                   // errors are ours to tell
        return &hdf5;
    }
    bool unused UNUSED = err_set(err, ERR_UNSUPPORTED, "writing HDF5 needs the library %s (1.10 or later): install the package "
        "libhdf5-103-1", embed_hdf5_library);
    return NULL;
}

struct writing {
    const struct hdf5 *h;
    const struct export *e;
    Id file, type, scalar;
};

// '/' would make groups of an id, and "." is a group's own name; the same id again gets a number behind it. original_id keeps the id.
static Str dataset_name(struct arena *a, const struct writing *w, Str id)
{
    char *z = str_z(a, id.len ? id : STR("_"));
    for (char *c = z; *c; c++)
        if (*c == '/')
            *c = '_';
    if (strcmp(z, ".") == 0)
        z[0] = '_';
    Str name = str_of(z);
    for (int n = 2; w->h->link_exists(w->file, name.data, 0) > 0; n++)
        name = str_printf(a, "%s.%d", z, n);
    return name;
}

static bool write_original(const struct writing *w, Id data, Str id)
{
    const struct hdf5 *h = w->h;
    Id type = h->copy_type(*h->string);
    bool ok = type >= 0 && h->set_size(type, MAX(id.len, (size_t)1)) >= 0;
    Id attribute = ok ? h->create_attribute(data, "original_id", type, w->scalar, 0, 0) : -1;
    ok = attribute >= 0 && h->write_attribute(attribute, type, id.len ? id.data : "") >= 0;
    if (attribute >= 0)
        h->close_attribute(attribute);
    if (type >= 0)
        h->close_type(type);
    return ok;
}

static bool write_protein(struct arena *a, const struct writing *w, const struct export_part *p, const struct export_id *id, struct err *err)
{
    const struct hdf5 *h = w->h;
    uint64_t pooled[] = { (uint64_t)w->e->width }, residues[] = { (uint64_t)id->rows, (uint64_t)w->e->width };
    Id space = w->e->pooled ? h->create_space(1, pooled, NULL) : h->create_space(2, residues, NULL);
    Id data = space >= 0 ? h->create_data(w->file, dataset_name(a, w, id->id).data, w->type, space, 0, 0, 0) : -1;
    const char *bytes = (const char *)p->vectors.data + (size_t)(id->first_row * w->e->width) * tensor_type_bytes(w->e->type);
    bool ok = data >= 0 && (id->rows == 0 || h->write_data(data, w->type, 0, 0, 0, bytes) >= 0) && write_original(w, data, id->id);
    if (data >= 0)
        h->close_data(data);
    if (space >= 0)
        h->close_space(space);
    return ok || err_set(err, ERR_INTERNAL, "HDF5 could not write a dataset (is the disk full?)");
}

static bool write_parts(const struct writing *w, struct err *err)
{
    bool ok = true;
    for (size_t i = 0; i < value_len(w->e->parts) && ok; i++) {
        struct export_part p;
        struct export_id id;
        ok = export_part_open(w->e, i, &p, err);
        Str rest = p.ids;
        for (int64_t row = 0; ok && rest.len; row++) {
            struct arena scratch = { 0 };
            ok = export_next_id(w->e, &p, &rest, row, &id, err) && write_protein(&scratch, w, &p, &id, err);
            arena_release(&scratch);
        }
        export_part_close(&p);
    }
    return ok;
}

static bool sync_file(Str path, struct err *err)
{
    int fd = open(path.data, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0) {
        bool ok = err_errno(err, "sync of " STR_FMT, STR_ARG(path));
        if (fd >= 0)
            close(fd);
        return ok;
    }
    close(fd);
    return true;
}

bool export_hdf5(struct arena *a, const struct export *e, Str path, struct err *err)
{
    struct writing w = { .h = hdf5_open(err), .e = e };
    if (w.h == NULL)
        return false;
    Str temporary = str_printf(a, STR_FMT ".tmp-%d", STR_ARG(path), (int)getpid());
    w.file = w.h->create_file(temporary.data, 2, 0, 0);                 // H5F_ACC_TRUNC
    if (w.file < 0)
        return err_set(err, ERR_INTERNAL, "HDF5 could not make " STR_FMT, STR_ARG(path));
    w.type = w.h->copy_type(*w.h->float32);
    w.scalar = w.h->create_scalar(0);                   // H5S_SCALAR
    bool ok = w.type >= 0 && w.scalar >= 0;
    if (ok && e->type == TENSOR_F16)                    // IEEE binary16, as h5py makes it
        ok = w.h->set_fields(w.type, 15, 10, 5, 0, 10) >= 0 && w.h->set_size(w.type, 2) >= 0 && w.h->set_bias(w.type, 15) >= 0;
    ok = ok ? write_parts(&w, err) : err_set(err, ERR_INTERNAL, "HDF5 could not make the type of the numbers");
    w.h->close_space(w.scalar);
    w.h->close_type(w.type);
    if (w.h->close_file(w.file) < 0 && ok)
        ok = err_set(err, ERR_INTERNAL, "HDF5 could not write " STR_FMT " (is the disk full?)", STR_ARG(path));
    ok = ok && sync_file(temporary, err);
    if (ok && rename(temporary.data, path.data) < 0)
        ok = err_errno(err, "cannot write " STR_FMT, STR_ARG(path));
    if (!ok)
        unlink(temporary.data);
    return ok;
}
