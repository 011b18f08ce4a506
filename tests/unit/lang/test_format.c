// SPDX-License-Identifier: Apache-2.0
#include "lang/cwl/format.h"

#include "base/arena.h"
#include "lang/cwl/raptor.h"
#include "unit/test.h"

#define EDAM "http://edamontology.org/"

static struct arena arena;
static struct err err;

static Str file_with(const char *name, const char *text)
{
    Str path = str_printf(&arena, "%s/%s", test_dir(), name);
    FILE *out = fopen(path.data, "we");
    EXPECT(out != NULL);
    fputs(text, out);
    fclose(out);
    return path;
}

static struct formats *open_formats(void)
{
    struct formats *f = formats_new(&arena);
    if (raptor_open(&err) == NULL)
        test_skip("libraptor2 is not on this machine");
    return f;
}

static bool is(struct formats *f, const char *actual, const char *wanted)
{
    return formats_is(f, str_of(actual), str_of(wanted));
}

TEST(a_machine_without_the_library_says_what_to_install)
{
    raptor_library = "libraptor2-that-is-nowhere.so.0";
    struct formats *f = formats_new(&arena);
    EXPECT_ERR(formats_load(f, STR("/dev/null"), &err), err, ERR_UNSUPPORTED);
    EXPECT(str_find(str_of(err.text), STR("install the package libraptor2-0")) > 0);
    EXPECT(is(f, "a:x", "a:x") && !is(f, "a:x", "a:y"));
    arena_release(&arena);
}

TEST(an_ontology_that_is_not_there_is_named)
{
    struct formats *f = open_formats();
    EXPECT_ERR(formats_load(f, STR("/nowhere/edam.owl"), &err), err, ERR_NOT_FOUND);
    EXPECT(str_find(str_of(err.text), STR("/nowhere/edam.owl")) > 0);
    EXPECT(!formats_load(f, str_of(test_dir()), &err));         // a folder
    arena_release(&arena);
}

TEST(a_broken_ontology_is_an_error_with_its_line)
{
    struct formats *f = open_formats();
    EXPECT_ERR(formats_load(f, file_with("broken.ttl", "@prefix a: <http://a/> .\na:b a:c ;; ( .\n"), &err), err,
               ERR_INVALID);
    EXPECT(str_find(str_of(err.text), STR("broken.ttl: line 2: ")) > 0);
    EXPECT_ERR(
        formats_load(
            f,
            file_with(
                "broken.owl",
                "<?xml version=\"1.0\"?>\n<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n<a"),
            &err),
        err, ERR_INVALID);
    arena_release(&arena);
}

TEST(external_entities_are_not_read)
{
    struct formats *f = open_formats();
    Str secret = file_with("secret.ent", "http://secret/");
    Str text = str_printf(
        &arena,
        "<?xml version=\"1.0\"?>\n<!DOCTYPE rdf:RDF [ <!ENTITY s SYSTEM \"file://" STR_FMT "\"> ]>\n"
        "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" "
        "xmlns:rdfs=\"http://www.w3.org/2000/01/rdf-schema#\">\n"
        "<rdf:Description rdf:about=\"http://a/b\"><rdfs:label>&s;</rdfs:label></rdf:Description></rdf:RDF>\n",
        STR_ARG(secret));
    bool done UNUSED = formats_load(f, file_with("external.owl", text.data), &err);
    EXPECT(str_find(str_of(err.text), STR("secret/")) < 0);
    arena_release(&arena);
}

TEST(subclasses_are_followed_and_equivalents_go_both_ways)
{
    struct formats *f = open_formats();
    EXPECT_OK(
        formats_load(
            f,
            file_with(
                "formats.ttl",
                "@prefix e: <http://e/> . @prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix rdfs: "
                "<http://www.w3.org/2000/01/rdf-schema#> .\n"
                "e:bam rdfs:subClassOf e:binary . e:binary rdfs:subClassOf e:data . e:bam2 owl:equivalentClass e:bam "
                ".\n"
                "e:loop1 rdfs:subClassOf e:loop2 . e:loop2 rdfs:subClassOf e:loop1 . e:bam rdfs:label \"BAM\" .\n"
                "e:cram rdfs:subClassOf [ a owl:Restriction ] .\n"),
            &err),
        err);
    EXPECT(is(f, "http://e/bam", "http://e/bam") && is(f, "http://e/bam", "http://e/binary") &&
           is(f, "http://e/bam", "http://e/data"));
    EXPECT(is(f, "http://e/bam2", "http://e/data") && is(f, "http://e/bam", "http://e/bam2"));
    EXPECT(!is(f, "http://e/data", "http://e/bam") && !is(f, "http://e/bam", "http://e/cram"));
    EXPECT(is(f, "http://e/loop1", "http://e/loop2") && is(f, "http://e/loop2", "http://e/loop1") &&
           !is(f, "http://e/loop1", "http://e/bam"));
    EXPECT(is(f, "http://unknown/x", "http://unknown/x") && !is(f, "http://unknown/x", "http://e/bam"));
    arena_release(&arena);
}

TEST(several_ontologies_add_up_whatever_their_syntax)
{
    struct formats *f = open_formats();
    EXPECT_OK(
        formats_load(
            f,
            file_with("one.owl",
                      "<?xml version=\"1.0\"?>\n<!DOCTYPE rdf:RDF [ <!ENTITY edam \"http://edamontology.org/\"> ]>\n"
                      "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" "
                      "xmlns:rdfs=\"http://www.w3.org/2000/01/rdf-schema#\"\n"
                      " xmlns:owl=\"http://www.w3.org/2002/07/owl#\">\n"
                      "<owl:Class rdf:about=\"&edam;format_1929\"><rdfs:subClassOf "
                      "rdf:resource=\"&edam;format_2330\"/></owl:Class></rdf:RDF>\n"),
            &err),
        err);
    EXPECT_OK(formats_load(f, file_with("two.owl",               // Turtle, in spite of its name, and beginning with "<"
        "<http://g/fasta> <http://www.w3.org/2002/07/owl#equivalentClass> <" EDAM "format_1929> .\n"), &err), err);
    EXPECT(is(f, "http://g/fasta", EDAM "format_2330") && is(f, EDAM "format_1929", "http://g/fasta"));
    EXPECT_OK(formats_load(f, file_with("empty.ttl", ""), &err), err);
    arena_release(&arena);
}
