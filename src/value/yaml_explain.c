// SPDX-License-Identifier: Apache-2.0
// libyaml's complaints, retold: what was found, what was expected, what to do. A complaint that has no row here is
// given in libyaml's own words, never swallowed.
#include "value/yaml_explain.h"

#include "value/json_scan.h"

struct row {
    const char *problem;                // libyaml's
    const char *text;                   // ours; ", found …" follows if shows_found
    const char *hint;
    bool shows_found, at_context;       // at_context: the place where it began tells more
};
static const struct row rows[] = {
    { "mapping values are not allowed in this context", "a ':' with a value cannot stand here",
      "put the text in quotes if the ':' belongs to it; else check the indentation", false, false },
    { "could not find expected ':'", "expected a ':' after this key",
      "check the indentation of this line, and for quotes that are not closed", false, true },
    { "did not find expected key", "expected the next key of the map, in the same column as the ones before",
      "check the indentation of this line", true, false },
    { "did not find expected '-' indicator", "expected the next '-' of the list, in the same column as the ones before",
      "check the indentation of this line", true, false },
    { "did not find expected ',' or ']'", "expected ',' or ']' after this value", "", true, false },
    { "did not find expected ',' or '}'", "expected ',' or '}' after this value", "", true, false },
    { "did not find expected alphabetic or numeric character", "expected a name after '*' or '&'",
      "put text that begins with '*' or '&' in quotes, like \"*.txt\"", false, true },
    { "did not find expected node content", "expected a value", "", true, false },
    { "did not find expected <document start>", "expected the end of the document", "", true, false },
    { "found character that cannot start any token", "expected a value or a key",
      "indent with spaces, not tabs; put text that begins with a special character in quotes", true, false },
    { "block sequence entries are not allowed in this context", "a list item cannot begin here",
      "put it on a line of its own, indented with spaces", false, false },
    { "mapping keys are not allowed in this context", "a key cannot begin here",
      "put it on a line of its own", false, false },
    { "found unexpected end of stream",
      "this quoted text is not closed: expected its closing quote before the end of the document", "", false, true },
    { "found unknown escape character", "unknown escape after a backslash",
      "write \\\\ for a backslash, or use single quotes", false, false },
    { "found undefined tag handle", "this tag is not known",
      "only the tags of the core schema, like !!str, may be used", false, false },
    { "found incompatible YAML document", "expected YAML version 1.1 or 1.2", "", false, false },
    { "control characters are not allowed", "control characters are not allowed in YAML",
      "write it as an escape, like \"\\x07\", in double quotes", false, false },
};

static const struct row *row_of(const char *problem)
{
    for (size_t i = 0; i < LEN(rows); i++)
        if (strcmp(rows[i].problem, problem) == 0)
            return &rows[i];
    return NULL;
}

static void describe_place(const struct place *place, char *out, size_t size)
{
    json_describe((Str){ place->at, (size_t)(place->end - place->at) }, out, size);
}

void yaml_explain(const yaml_parser_t *parser, struct place *place, struct diags *diags)
{
    if (parser->error == YAML_MEMORY_ERROR)             // as everywhere: that is the end
        out_of_memory(0);
    const char *problem = parser->problem ? parser->problem : "this is not YAML";
    const struct row *row = row_of(problem);
    size_t index = row && row->at_context && parser->context ? parser->context_mark.index : parser->problem_mark.index;
    bool by_byte = parser->error == YAML_READER_ERROR;
    struct span span = by_byte ? place_of_byte(place, parser->problem_offset) : place_of_char(place, index);
    char found[80], began[64] = "";
    describe_place(place, found, sizeof found);
    if (row && row->shows_found && parser->context && parser->context_mark.line < parser->problem_mark.line) {
        struct span start = place_of_char(place, parser->context_mark.index);
        snprintf(began, sizeof began, "; what is not finished began at %u:%u", start.line, start.column);
    }
    if (row == NULL)
        diag_add(diags, span, "%s%s%s", parser->context ? parser->context : "", parser->context ? ", " : "", problem);
    else if (row->shows_found)
        diag_add(diags, span, "%s, found %s%s", row->text, found, began);
    else
        diag_add(diags, span, "%s", row->text);
    if (row && row->hint[0])
        diag_hint(diags, "%s", row->hint);
}
