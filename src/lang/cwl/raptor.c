// SPDX-License-Identifier: Apache-2.0
// Opens libraptor2 once. Only workflows with $schemas need it, so nobody else pays for loading it (with libxml2,
// libxslt and libcurl behind it) or has to install it.
#include "lang/cwl/raptor.h"

#include <dlfcn.h>

#include "sys/library.h"

const char *raptor_library = "libraptor2.so.0";

static const struct library_symbol functions[] = {
    { "raptor_new_world_internal", offsetof(struct raptor, new_world) },
    { "raptor_free_world", offsetof(struct raptor, free_world) },
    { "raptor_world_set_flag", offsetof(struct raptor, world_set_flag) },
    { "raptor_world_open", offsetof(struct raptor, world_open) },
    { "raptor_world_set_log_handler", offsetof(struct raptor, world_set_log_handler) },
    { "raptor_new_uri", offsetof(struct raptor, new_uri) },
    { "raptor_free_uri", offsetof(struct raptor, free_uri) },
    { "raptor_uri_as_counted_string", offsetof(struct raptor, uri_as_counted_string) },
    { "raptor_new_parser", offsetof(struct raptor, new_parser) },
    { "raptor_free_parser", offsetof(struct raptor, free_parser) },
    { "raptor_parser_set_option", offsetof(struct raptor, parser_set_option) },
    { "raptor_parser_set_statement_handler", offsetof(struct raptor, parser_set_statement_handler) },
    { "raptor_parser_parse_start", offsetof(struct raptor, parser_parse_start) },
    { "raptor_parser_parse_chunk", offsetof(struct raptor, parser_parse_chunk) },
};

const struct raptor *raptor_open(struct err *err)
{
    static struct raptor raptor;
    static bool is_open;
    if (is_open)
        return &raptor;
    void *library = dlopen(raptor_library, RTLD_NOW | RTLD_LOCAL);      // stays open: libxml2 is not made to go
    is_open = library && library_find(library, functions, LEN(functions), &raptor);
    if (is_open)
        return &raptor;
    bool unused UNUSED =
        err_set(err, ERR_UNSUPPORTED, "reading $schemas needs the library %s: install the package libraptor2-0",
                raptor_library);
    return NULL;
}
