// SPDX-License-Identifier: Apache-2.0
#pragma once
// libraptor2, opened when first needed: neither linked nor needed to build. Declared here is what format.c uses of its
// public interface (stable since 2.0.0), with the layouts of its structs.
#include "base/err.h"

typedef struct raptor_world_s raptor_world;
typedef struct raptor_parser_s raptor_parser;
typedef struct raptor_uri_s raptor_uri;

enum { RAPTOR_TERM_URI = 1, RAPTOR_LOG_ERROR = 5 };
enum { RAPTOR_FLAG_WWW_SKIP_INIT_FINISH = 4, RAPTOR_VERSION = 20015 };
enum { RAPTOR_OPTION_NO_NET = 15, RAPTOR_OPTION_NO_FILE = 38, RAPTOR_OPTION_LOAD_EXTERNAL_ENTITIES = 41 };

struct raptor_term {
    raptor_world *world;
    int usage;
    int type;
    raptor_uri *uri;                    // of a union: valid for RAPTOR_TERM_URI
};
struct raptor_statement {
    raptor_world *world;
    int usage;
    struct raptor_term *subject, *predicate, *object, *graph;
};
struct raptor_locator {
    raptor_uri *uri;
    const char *file;
    int line, column, byte;
};
struct raptor_message {
    int code, domain, level;
    struct raptor_locator *locator;
    const char *text;
};
struct raptor {
    raptor_world *(*new_world)(unsigned int version_decimal);
    void (*free_world)(raptor_world *world);
    int (*world_set_flag)(raptor_world *world, int flag, int value);
    int (*world_open)(raptor_world *world);
    int (*world_set_log_handler)(raptor_world *world, void *arg, void (*fn)(void *arg, struct raptor_message *message));
    raptor_uri *(*new_uri)(raptor_world *world, const unsigned char *text);
    void (*free_uri)(raptor_uri *uri);
    unsigned char *(*uri_as_counted_string)(raptor_uri *uri, size_t *len);
    raptor_parser *(*new_parser)(raptor_world *world, const char *name);
    void (*free_parser)(raptor_parser *parser);
    int (*parser_set_option)(raptor_parser *parser, int option, const char *text, int integer);
    void (*parser_set_statement_handler)(raptor_parser *parser, void *arg,
                                         void (*fn)(void *arg, struct raptor_statement *statement));
    int (*parser_parse_start)(raptor_parser *parser, raptor_uri *base);
    int (*parser_parse_chunk)(raptor_parser *parser, const unsigned char *bytes, size_t len, int is_end);
};

// The file that is opened. Tests put another name here.
extern const char *raptor_library;
// The library's functions; NULL and ERR_UNSUPPORTED if it is not there.
const struct raptor *raptor_open(struct err *err);
