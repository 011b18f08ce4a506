// SPDX-License-Identifier: Apache-2.0
// What went in, by what it was made, what came out: the run's manifest as tables, and as it is.
#include <math.h>

#include "value/read.h"
#include "view/manifest.h"
#include "view/report/html.h"
#include "view/report/parts.h"

enum { FILES_SHOWN = 500, PARAMETERS_SHOWN = 200, VALUE_SHOWN = 300, MANIFEST_SHOWN = 512 << 10 };

static Str text_of(struct arena *a, Value v)
{
    struct strbuf text = { 0 };
    if (v.kind == VALUE_STRING)
        return value_str(v);
    if (value_is_null(v))
        return (Str){ 0 };
    json_write(&text, v, 0);
    return strbuf_take(&text, a);
}

static void add_code_cell(struct strbuf *out, Str text)
{
    strbuf_addz(out, "<td class=\"code\"><code>");
    html_add_cut(out, text, 80);
    strbuf_addz(out, "</code></td>");
}

// --- tables of files and the like: the fields of each item, in this order

struct field {
    const char *key, *title;            // a title that begins with '>': a size in bytes; with '#': code
};

static void add_items(struct strbuf *out, struct arena *a, Str caption, Value list, const struct field *fields, size_t count)
{
    const char *titles[8] = { 0 };
    size_t all = value_len(list), shown = MIN(all, (size_t)FILES_SHOWN);
    if (all == 0)
        return;
    for (size_t i = 0; i < count; i++)
        titles[i] = fields[i].title + (fields[i].title[0] == '#');
    table_open(out, caption, titles, count, shown);
    for (size_t i = 0; i < shown; i++) {
        Value item = value_at(list, i);
        strbuf_addz(out, "<tr>");
        for (size_t k = 0; k < count; k++) {
            Value v = value_get(item, str_of(fields[k].key));
            if (fields[k].title[0] == '>')
                add_bytes_cell(out, v.kind == VALUE_INT ? v.integer : -1);
            else if (fields[k].title[0] == '#')
                add_code_cell(out, text_of(a, v));
            else
                add_text_cell(out, text_of(a, v));
        }
        strbuf_addz(out, "</tr>\n");
    }
    table_close(out);
    if (all > shown) {
        strbuf_addz(out, "<p class=\"sub\">");
        html_add_part(out, shown, all);
        strbuf_addz(out, "; the manifest has all of them.</p>\n");
    }
}

// --- parameters

// A File as its path, a record as its fields, a list as how many it has and the first ones. Not escaped.
static void write_words(struct strbuf *out, Value v)
{
    enum { ITEMS_SHOWN = 3 };
    if (value_is_file(v) || value_is_directory(v)) {
        strbuf_add(out, value_get_str(v, STR("path")));
    } else if (v.kind == VALUE_MAP) {
        for (size_t i = 0, shown = 0; i < v.map->len; i++) {
            const struct value_field *f = &v.map->at[i];
            if (value_is_null(f->value))
                continue;
            strbuf_addf(out, "%s%s: ", shown++ ? ", " : "", f->key->data);
            write_words(out, f->value);
        }
    } else if (v.kind == VALUE_ARRAY) {
        if (v.array->len > ITEMS_SHOWN)
            strbuf_addf(out, "%zu: ", v.array->len);
        for (size_t i = 0; i < MIN(v.array->len, (size_t)ITEMS_SHOWN); i++) {
            strbuf_addz(out, i ? "; " : "");
            write_words(out, v.array->at[i]);
        }
        strbuf_addz(out, v.array->len > ITEMS_SHOWN ? "; \xe2\x80\xa6" : "");
    } else if (v.kind == VALUE_STRING) {
        strbuf_add(out, value_str(v));
    } else if (value_is_null(v)) {
        strbuf_addz(out, "\xe2\x80\x93");
    } else {
        json_write(out, v, 0);
    }
}

static void add_value(struct strbuf *out, Value v)
{
    enum { TEXT_MAX = 64 << 10 };
    struct strbuf text = { .limit = TEXT_MAX };
    write_words(&text, v);
    html_add_cut(out, strbuf_str(&text), VALUE_SHOWN);
    strbuf_release(&text);
}

static void add_parameters(struct strbuf *out, Value parameters)
{
    static const char *const titles[] = { "Input", "Value" };
    size_t count = value_len(parameters);
    if (count == 0)
        return;
    table_open(out, STR("Inputs and parameters"), titles, LEN(titles), count);
    for (size_t i = 0; i < MIN(count, (size_t)PARAMETERS_SHOWN); i++) {
        const struct value_field *f = &parameters.map->at[i];
        strbuf_addz(out, "<tr>");
        add_head_cell(out, (Str){ f->key->data, f->key->len });
        strbuf_addz(out, "<td>");
        add_value(out, f->value);
        strbuf_addz(out, "</td></tr>\n");
    }
    table_close(out);
}

static void add_command(struct strbuf *out, struct arena *a, Value command)
{
    enum { WORDS_SHOWN = 200, WORD_SHOWN = 500 };
    if (value_len(command) == 0)
        return;
    strbuf_addz(out, "<p class=\"label\">Started with</p><pre class=\"log\" tabindex=\"0\">");
    for (size_t i = 0; i < MIN(value_len(command), (size_t)WORDS_SHOWN); i++) {
        strbuf_addz(out, i ? " " : "");
        html_add_cut(out, text_of(a, value_at(command, i)), WORD_SHOWN);
    }
    strbuf_addz(out, value_len(command) > WORDS_SHOWN ? " \xe2\x80\xa6</pre>\n" : "</pre>\n");
}

static void add_manifest(struct strbuf *out, const struct facts *f, Value manifest)
{
    struct strbuf text = { .limit = MANIFEST_SHOWN };
    json_write(&text, manifest, 2);
    strbuf_addz(out, "<details class=\"screen\"><summary>The manifest (JSON)</summary>");
    if (text.overflow) {
        strbuf_addz(out, "<p>It is too large to be shown here: <code>petri export ");
        html_add(out, f->record->run);
        strbuf_addz(out, " --format manifest</code> prints it.</p>");
    } else {
        strbuf_addz(out, "<pre class=\"log\" tabindex=\"0\">");
        html_add(out, strbuf_str(&text));
        strbuf_addz(out, "</pre>");
    }
    strbuf_addz(out, "</details>\n");
    strbuf_release(&text);
}

void part_provenance(struct strbuf *out, const struct facts *f)
{
    static const struct field references[] = { { "input", "Reference" }, { "name", "Name" }, { "version", "Version" }, { "path", "File" },
                                               { "digest", "#Digest" } };
    static const struct field outputs[] = { { "output", "Output" }, { "path", "File" }, { "size", ">Size" }, { "digest", "#Digest" } };
    static const struct field inputs[] = { { "input", "Input" }, { "path", "File" }, { "size", ">Size" }, { "digest", "#Digest" } };
    static const struct field tools[] = { { "program", "Program" }, { "package", "Package" }, { "version", "Version" }, { "path", "File" },
                                          { "digest", "#Digest" } };
    static const struct field images[] = { { "name", "Image" }, { "id", "#Id" }, { "digest", "#Digest" }, { "engine", "Engine" } };
    static const struct field sources[] = { { "path", "File" }, { "digest", "#Digest" } };
    struct arena *a = f->arena;
    Value m = manifest_value(a, f->record);
    add_parameters(out, value_get(m, STR("parameters")));
    add_items(out, a, STR("References"), value_get(m, STR("references")), references, LEN(references));
    add_items(out, a, STR("Outputs"), value_get(m, STR("outputs")), outputs, LEN(outputs));
    add_items(out, a, STR("Files that were read"), value_get(m, STR("inputs")), inputs, LEN(inputs));
    add_items(out, a, STR("Programs"), value_get(m, STR("tools")), tools, LEN(tools));
    add_items(out, a, STR("Images"), value_get(m, STR("images")), images, LEN(images));
    add_items(out, a, STR("The workflow's files"), value_get(value_get(m, STR("workflow")), STR("files")), sources, LEN(sources));
    add_command(out, a, value_get(m, STR("command")));
    add_manifest(out, f, m);
}
