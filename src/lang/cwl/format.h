// SPDX-License-Identifier: Apache-2.0
#pragma once
// File formats as classes of ontologies ($schemas): is a file's format the one that an input asks for, or a kind of it?
#include "base/err.h"

struct arena;
struct formats;

// Knows nothing yet: formats_is() is equality then.
struct formats *formats_new(struct arena *a);
// Adds the rdfs:subClassOf and owl:equivalentClass statements between IRIs of an ontology: RDF/XML or Turtle, told
// apart by the content. Nothing is fetched that it refers to. err names the path, and line where there is one;
// ERR_UNSUPPORTED if this machine has no libraptor2 (which is looked for at the first call only). After an error some
// statements may have been added.
bool formats_load(struct formats *f, Str path, struct err *err) MUST_CHECK;
// Equal; or `actual` is a subclass of `wanted`, over any number of steps, with equivalent classes on the way.
bool formats_is(struct formats *f, Str actual, Str wanted);
