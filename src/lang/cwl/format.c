// SPDX-License-Identifier: Apache-2.0
// The class hierarchy of file formats. Of an ontology only two kinds of statements between IRIs are kept; there is no
// reasoning beyond following them, and nothing that a document refers to is fetched.
#include "lang/cwl/format.h"

#include <errno.h>

#include "base/map.h"
#include "base/vec.h"
#include "lang/cwl/raptor.h"

enum { CHUNK_BYTES = 64 * 1024, FILE_BYTES_MAX = 1 << 29 };

struct format {                         // a class: one IRI
    Str iri;
    VEC(struct format *) wider;         // the classes that this one is a kind of, or equivalent to
    uint32_t seen;                      // the search that came here last
    struct format *next;                // in that search's queue
};
struct formats {
    struct arena *arena;
    struct map by_iri;
    uint32_t search;
};

struct load {
    struct formats *formats;
    const struct raptor *raptor;
    struct err *err;
    bool failed;
};

struct formats *formats_new(struct arena *a)
{
    struct formats *f = NEW(a, struct formats);
    f->arena = a;
    map_in(a, &f->by_iri);
    return f;
}

static struct format *format_of(struct formats *f, Str iri)
{
    struct format *format = map_find(&f->by_iri, iri);
    if (format == NULL) {
        format = NEW(f->arena, struct format);
        format->iri = str_copy(f->arena, iri);
        map_set(&f->by_iri, format->iri, format);
    }
    return format;
}

static Str iri_of(const struct load *l, const struct raptor_term *term)
{
    size_t len = 0;
    if (term->type != RAPTOR_TERM_URI)
        return (Str){ 0 };
    const unsigned char *text = l->raptor->uri_as_counted_string(term->uri, &len);
    return (Str){ (const char *)text, len };
}

static void on_statement(void *arg, struct raptor_statement *statement)
{
    struct load *l = arg;
    Str predicate = iri_of(l, statement->predicate);
    bool is_subclass = str_is(predicate, "http://www.w3.org/2000/01/rdf-schema#subClassOf");
    bool is_equal = str_is(predicate, "http://www.w3.org/2002/07/owl#equivalentClass");
    Str subject = iri_of(l, statement->subject), object = iri_of(l, statement->object);
    if ((!is_subclass && !is_equal) || subject.len == 0 || object.len == 0)
        return;                                         // restrictions and the like have no IRI
    struct format *from = format_of(l->formats, subject), *to = format_of(l->formats, object);
    vec_push(l->formats->arena, &from->wider, to);
    if (is_equal)
        vec_push(l->formats->arena, &to->wider, from);
}

static void on_message(void *arg, struct raptor_message *message)
{
    struct load *l = arg;
    if (message->level < RAPTOR_LOG_ERROR || l->failed)
        return;                                         // the first error explains the others
    l->failed = true;
    int line = message->locator ? message->locator->line : -1;
    if (line > 0)
        err_set(l->err, ERR_INVALID, "line %d: %.300s", line, message->text ? message->text : "not understood");
    else
        err_set(l->err, ERR_INVALID, "%.300s", message->text ? message->text : "not understood");
}

// RDF/XML begins with a declaration, a document type, a comment or the element rdf:RDF; a Turtle file may begin with
// "<" only as that of an IRI. The suffix tells nothing: ".owl" is used for both.
static const char *syntax_of(Str start)
{
    if (str_starts(start, STR("\xef\xbb\xbf")))
        start = str_from(start, 3);
    start = str_trim(start);
    bool is_xml = str_starts(start, STR("<?")) || str_starts(start, STR("<!")) || str_starts(start, STR("<rdf:RDF"));
    return is_xml ? "rdfxml" : "turtle";
}

static raptor_parser *start_parser(struct load *l, raptor_world *world, Str first, raptor_uri *base)
{
    const struct raptor *r = l->raptor;
    raptor_parser *parser = r->new_parser(world, syntax_of(first));
    if (parser == NULL)
        return NULL;
    r->parser_set_option(parser, RAPTOR_OPTION_NO_NET, NULL, 1);
    r->parser_set_option(parser, RAPTOR_OPTION_NO_FILE, NULL, 1);
    r->parser_set_option(parser, RAPTOR_OPTION_LOAD_EXTERNAL_ENTITIES, NULL, 0);
    r->parser_set_statement_handler(parser, l, on_statement);
    if (r->parser_parse_start(parser, base) == 0)
        return parser;
    r->free_parser(parser);
    return NULL;
}

static bool read_chunk(FILE *in, char *chunk, size_t *len, struct err *err)
{
    *len = fread(chunk, 1, CHUNK_BYTES, in);
    return !ferror(in) || err_errno(err, "reading");
}

static bool parse_chunks(struct load *l, raptor_parser *parser, FILE *in, char *chunk, size_t len)
{
    for (size_t total = len;; total += len) {
        bool is_end = len < CHUNK_BYTES;
        if (total > FILE_BYTES_MAX)
            return err_set(l->err, ERR_LIMIT, "larger than 512 MiB");
        int failed = l->raptor->parser_parse_chunk(parser, (const unsigned char *)chunk, len, is_end);
        if (l->failed)
            return false;                               // on_message() said why
        if (failed)
            return err_set(l->err, ERR_INVALID, "not understood as an ontology in RDF/XML or Turtle");
        if (is_end)
            return true;
        if (!read_chunk(in, chunk, &len, l->err))
            return false;
    }
}

static bool parse_stream(struct load *l, raptor_world *world, raptor_uri *base, FILE *in)
{
    char *chunk = xmalloc(CHUNK_BYTES);
    size_t len;
    bool done = read_chunk(in, chunk, &len, l->err);
    if (done) {
        raptor_parser *parser = start_parser(l, world, (Str){ chunk, len }, base);
        done = parser ? parse_chunks(l, parser, in, chunk, len)
                      : err_set(l->err, ERR_INTERNAL, "the RDF parser did not start");
        if (parser)
            l->raptor->free_parser(parser);
    }
    free(chunk);
    return done;
}

static bool parse_file(struct load *l, Str path, FILE *in)
{
    const struct raptor *r = l->raptor;
    raptor_world *world = r->new_world(RAPTOR_VERSION);
    if (world == NULL)
        return err_set(l->err, ERR_UNSUPPORTED, "this version of libraptor2 is not supported");
    r->world_set_flag(world, RAPTOR_FLAG_WWW_SKIP_INIT_FINISH, 1);      // libcurl is not its own to start and end
    r->world_set_log_handler(world, l, on_message);
    struct arena scratch = { 0 };
    bool done = r->world_open(world) == 0 || err_set(l->err, ERR_INTERNAL, "libraptor2 did not start");
    if (done) {
        raptor_uri *base =
            r->new_uri(world, (const unsigned char *)str_printf(&scratch, "file://" STR_FMT, STR_ARG(path)).data);
        done = parse_stream(l, world, base, in);
        r->free_uri(base);
    }
    r->free_world(world);
    arena_release(&scratch);
    return done;
}

bool formats_load(struct formats *f, Str path, struct err *err)
{
    struct load l = { .formats = f, .raptor = raptor_open(err), .err = err };
    if (l.raptor == NULL)
        return false;
    struct arena scratch = { 0 };
    FILE *in = fopen(str_z(&scratch, path), "rbe");
    int number = errno;
    arena_release(&scratch);
    if (in == NULL) {
        errno = number;
        return err_errno(err, "the ontology " STR_FMT " cannot be opened", STR_ARG(path));
    }
    bool done = parse_file(&l, path, in) || err_wrap(err, "the ontology " STR_FMT, STR_ARG(path));
    fclose(in);
    return done;
}

bool formats_is(struct formats *f, Str actual, Str wanted)
{
    if (str_eq(actual, wanted))
        return true;
    struct format *first = map_find(&f->by_iri, actual), *goal = map_find(&f->by_iri, wanted), *last = first;
    if (first == NULL || goal == NULL)
        return false;
    f->search++;
    first->seen = f->search;
    first->next = NULL;
    for (struct format *at = first; at; at = at->next) {
        if (at == goal)
            return true;
        for (size_t i = 0; i < at->wider.len; i++) {
            struct format *wider = at->wider.at[i];
            if (wider->seen == f->search)
                continue;
            wider->seen = f->search;
            wider->next = NULL;
            last = last->next = wider;
        }
    }
    return false;
}
