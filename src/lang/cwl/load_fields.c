// SPDX-License-Identifier: Apache-2.0
// Small readers for the values of fields: lists with ids, words, texts, data with Files in it. Kinds were checked before
// by cwl_check_fields(); what has the wrong kind is not there any more.
#include "base/arena.h"
#include "lang/cwl/expr.h"
#include "lang/cwl/iri.h"
#include "lang/cwl/load.h"

static void report_item(struct loader *l, const struct node *n, const char *what, const char *key)
{
    diag_add(l->diags, n->span, "each %s must be a map with '%s', found " STR_FMT, what, key, STR_ARG(cwl_describe(l->a, n)));
}

static void add_listed(struct loader *l, struct node *n, const char *what, const char *key, struct item *out, size_t *count)
{
    if (n->kind != VALUE_MAP) {
        report_item(l, n, what, key);
        return;
    }
    struct node *id = node_get(n, str_of(key));
    if (!node_is(id, VALUE_STRING) || node_str(id).len == 0) {
        diag_add(l->diags, n->span, "this %s has no '%s'", what, key);
        diag_hint(l->diags, "every entry of such a list needs a line '%s: name'", key);
        return;
    }
    out[(*count)++] = (struct item){ .id = node_str(id), .node = n, .span = n->span };
}

static void add_mapped(struct loader *l, const struct node_field *f, const char *what, const char *value_key, struct item *out,
                       size_t *count)
{
    struct node *node = f->value;
    if (node->kind != VALUE_MAP) {
        node = node_new(l->a, VALUE_MAP, f->key->span);
        if (f->value->kind != VALUE_NULL) {
            if (!value_key) {
                diag_add(l->diags, f->value->span, "%s '" STR_FMT "' must be a map, found " STR_FMT, what, STR_ARG(node_str(f->key)),
                         STR_ARG(cwl_describe(l->a, f->value)));
                return;
            }
            node_map_set(l->a, node, node_string(l->a, str_of(value_key), f->value->span), f->value);
        }
    }
    out[(*count)++] = (struct item){ .id = node_str(f->key), .node = node, .span = f->key->span };
}

static void report_doubles(struct loader *l, struct item *items, size_t count, const char *what, bool are_ids)
{
    struct map seen = { 0 };
    for (size_t i = 0; i < count; i++) {
        Str id = are_ids ? cwl_short_id(items[i].id) : items[i].id;
        const struct item *first = map_find(&seen, id);
        if (first) {
            diag_add(l->diags, items[i].span, "there are two %ss named '" STR_FMT "' here", what, STR_ARG(id));
            diag_hint(l->diags, "the first is at " STR_FMT "; rename one of them", STR_ARG(span_text(l->a, first->span)));
        } else {
            map_set(&seen, id, &items[i]);
        }
    }
    map_release(&seen);
}

size_t cwl_items(struct loader *l, struct node *n, const char *what, const char *key, const char *value_key, struct item **out)
{
    *out = NULL;
    if (!n || (n->kind != VALUE_MAP && n->kind != VALUE_ARRAY))
        return 0;
    size_t len = n->kind == VALUE_MAP ? n->fields.len : n->items.len, count = 0;
    struct item *items = *out = NEW_ARRAY(l->a, struct item, len ? len : 1);
    for (size_t i = 0; i < len; i++)
        if (n->kind == VALUE_MAP)
            add_mapped(l, &n->fields.at[i], what, value_key, items, &count);
        else
            add_listed(l, n->items.at[i], what, key, items, &count);
    if (strcmp(key, "class") != 0)                      // two hints of one class are allowed: the later wins
        report_doubles(l, items, count, what, strcmp(key, "id") == 0 || strcmp(key, "name") == 0);
    return count;
}

size_t cwl_strings(struct loader *l, const struct node *n, const char *what, const Str **out)
{
    *out = NULL;
    if (!n || n->kind == VALUE_NULL)
        return 0;
    size_t len = n->kind == VALUE_ARRAY ? n->items.len : 1, count = 0;
    Str *strings = NEW_ARRAY(l->a, Str, len ? len : 1);
    for (size_t i = 0; i < len; i++) {
        const struct node *item = n->kind == VALUE_ARRAY ? n->items.at[i] : n;
        if (item->kind == VALUE_STRING) {
            strings[count++] = node_str(item);
            continue;
        }
        diag_add(l->diags, item->span, "%s must be a string, found " STR_FMT, what, STR_ARG(cwl_describe(l->a, item)));
        if (item->kind == VALUE_INT || item->kind == VALUE_FLOAT || item->kind == VALUE_BOOL)
            diag_hint(l->diags, "put it in quotes");
    }
    *out = strings;
    return count;
}

bool cwl_bool(const struct node *n, bool otherwise) { return node_is(n, VALUE_BOOL) ? n->scalar.boolean : otherwise; }

Str cwl_doc(struct loader *l, const struct node *n)
{
    if (!node_is(n, VALUE_ARRAY))
        return node_str(n);
    struct strbuf text = { 0 };
    for (size_t i = 0; i < n->items.len; i++) {
        if (i)
            strbuf_addc(&text, '\n');
        strbuf_add(&text, node_str(n->items.at[i]));
    }
    return strbuf_take(&text, l->a);
}

int cwl_word(struct loader *l, const struct node *n, const char *what, const char *const *words)
{
    if (!node_is(n, VALUE_STRING))
        return 0;
    Str word = cwl_short_id(node_str(n)), names[8];
    struct strbuf all = { 0 };
    int count = 0;
    for (; words[count]; count++) {
        if (str_is(word, words[count])) {
            strbuf_release(&all);
            return count + 1;
        }
        names[count] = str_of(words[count]);
        strbuf_addf(&all, "%s%s", count ? ", " : "", words[count]);
    }
    diag_add(l->diags, n->span, "'%s' cannot be '" STR_FMT "': it is one of " STR_FMT, what, STR_ARG(node_str(n)),
             STR_ARG(strbuf_str(&all)));
    diag_suggest(l->diags, word, names, (size_t)count);
    strbuf_release(&all);
    return 0;
}

enum cwl_listing cwl_listing_word(struct loader *l, const struct node *n)
{
    static const char *const words[] = { "no_listing", "shallow_listing", "deep_listing", NULL };
    return (enum cwl_listing)cwl_word(l, n, "loadListing", words);
}

enum cwl_link_merge cwl_link_merge_word(struct loader *l, const struct node *n)
{
    static const char *const words[] = { "merge_nested", "merge_flattened", NULL };
    return (enum cwl_link_merge)cwl_word(l, n, "linkMerge", words);
}

enum cwl_pick cwl_pick_word(struct loader *l, const struct node *n)
{
    static const char *const words[] = { "first_non_null", "the_only_non_null", "all_non_null", NULL };
    return (enum cwl_pick)cwl_word(l, n, "pickValue", words);
}

static void set_string(struct loader *l, struct node *map, const char *key, Str value, struct span span)
{
    node_map_set(l->a, map, node_string(l->a, str_of(key), span), node_string(l->a, value, span));
}

// "path" is a plain file name, "location" an IRI; both become a "location".
static void locate_one(struct loader *l, struct node *n)
{
    struct node *location = node_get(n, STR("location")), *path = node_get(n, STR("path"));
    Str dir = str_dirname(cwl_node_file(n)->path);
    if (node_is(location, VALUE_STRING) && node_str(location).len) {
        if (!expr_is(node_str(location)))
            set_string(l, n, "location", iri_resolve(l->a, node_str(location), dir), location->span);
    } else if (node_is(path, VALUE_STRING) && node_str(path).len && !expr_is(node_str(path))) {
        Str text = node_str(path);
        Str iri =
            iri_scheme(text).len ? iri_resolve(l->a, text, dir) : iri_of_path(l->a, str_normal_path(l->a, str_join_path(l->a, dir, text)));
        set_string(l, n, "location", iri, path->span);
    } else {
        return;
    }
    node_map_remove(n, STR("path"));
}

void cwl_locate(struct loader *l, struct node *n)
{
    if (n->kind == VALUE_ARRAY)
        for (size_t i = 0; i < n->items.len; i++)
            cwl_locate(l, n->items.at[i]);
    if (n->kind != VALUE_MAP)
        return;
    Str class_name = node_str(node_get(n, STR("class")));
    if (str_is(class_name, "File") || str_is(class_name, "Directory"))
        locate_one(l, n);
    for (size_t i = 0; i < n->fields.len; i++)
        cwl_locate(l, n->fields.at[i].value);
}

Value cwl_data(struct loader *l, const struct node *n)
{
    if (!n)
        return value_null;
    cwl_locate(l, (struct node *)n);
    return node_value(l->a, n);
}
