// SPDX-License-Identifier: Apache-2.0
// Types of links: whether what one step gives can be what another takes, and the types that merging, scattering and
// picking make. Values are not looked at: types.c does that.
#include "lang/cwl/load.h"

enum { COMPARISONS_MAX = 200000 };

static const struct cwl_type null_type = { .kind = CWL_NULL };

const struct cwl_type *cwl_type_array(struct arena *a, const struct cwl_type *items)
{
    struct cwl_type *type = NEW(a, struct cwl_type);
    *type = (struct cwl_type){ .kind = CWL_ARRAY, .items = items };
    return type;
}

const struct cwl_type *cwl_type_union(struct arena *a, const struct cwl_type *const *members, size_t count)
{
    VEC(const struct cwl_type *) flat = { 0 };
    for (size_t i = 0; i < count; i++) {
        bool is_union = members[i]->kind == CWL_UNION;
        for (size_t k = 0; k < (is_union ? members[i]->member_count : 1); k++) {
            const struct cwl_type *member = is_union ? members[i]->members[k] : members[i];
            bool is_known = false;
            for (size_t m = 0; m < flat.len; m++)
                is_known |= flat.at[m] == member || (flat.at[m]->kind == member->kind && member->kind < CWL_ARRAY);
            if (!is_known)
                vec_push(a, &flat, member);
        }
    }
    if (flat.len == 1)
        return flat.at[0];
    struct cwl_type *type = NEW(a, struct cwl_type);
    *type = (struct cwl_type){ .kind = CWL_UNION, .members = flat.at, .member_count = flat.len };
    return type;
}

const struct cwl_type *cwl_type_with_null(struct arena *a, const struct cwl_type *type)
{
    return cwl_type_union(a, (const struct cwl_type *const[]){ &null_type, type }, 2);
}

const struct cwl_type *cwl_type_without_null(struct arena *a, const struct cwl_type *type)
{
    if (type->kind != CWL_UNION || !cwl_type_accepts_null(type))
        return type;
    VEC(const struct cwl_type *) members = { 0 };
    for (size_t i = 0; i < type->member_count; i++)
        if (type->members[i]->kind != CWL_NULL)
            vec_push(a, &members, type->members[i]);
    return cwl_type_union(a, members.at, members.len);
}

const struct cwl_type *cwl_type_flattened(struct arena *a, const struct cwl_type *type)
{
    if (type->kind == CWL_ARRAY)
        return type->items;
    if (type->kind != CWL_UNION)
        return type;
    VEC(const struct cwl_type *) members = { 0 };
    for (size_t i = 0; i < type->member_count; i++)
        vec_push(a, &members, type->members[i]->kind == CWL_ARRAY ? type->members[i]->items : type->members[i]);
    return cwl_type_union(a, members.at, members.len);
}

const struct cwl_type *cwl_type_items(const struct cwl_type *type)
{
    if (type->kind == CWL_ARRAY)
        return type->items;
    for (size_t i = 0; type->kind == CWL_UNION && i < type->member_count; i++)
        if (type->members[i]->kind == CWL_ARRAY)
            return type->members[i]->items;
    return NULL;
}

// A source of several types is judged by its values that are not null: null alone can be had more simply.
static bool union_flows(struct check *c, const struct cwl_type *source, const struct cwl_type *sink)
{
    for (size_t i = 0; i < source->member_count; i++)
        if (source->members[i]->kind != CWL_NULL && cwl_type_flows(c, source->members[i], sink))
            return true;
    return false;
}

static bool record_flows(struct check *c, const struct cwl_type *source, const struct cwl_type *sink)
{
    for (size_t i = 0; i < sink->field_count; i++) {
        const struct cwl_type *given = NULL;
        for (size_t k = 0; k < source->field_count && !given; k++)
            if (str_eq(source->fields[k].id, sink->fields[i].id))
                given = source->fields[k].type;
        if (given ? !cwl_type_flows(c, given, sink->fields[i].type) : !cwl_type_accepts_null(sink->fields[i].type))
            return false;
    }
    return true;
}

static bool enum_flows(const struct cwl_type *source, const struct cwl_type *sink)
{
    for (size_t i = 0; i < source->symbol_count; i++)
        for (size_t k = 0; k < sink->symbol_count; k++)
            if (str_eq(source->symbols[i], sink->symbols[k]))
                return true;
    return false;
}

static bool is_number(enum cwl_kind kind) { return kind >= CWL_INT && kind <= CWL_DOUBLE; }

bool cwl_type_flows(struct check *c, const struct cwl_type *source, const struct cwl_type *sink)
{
    if (source == sink || ++c->comparisons > COMPARISONS_MAX)
        return true;
    if (source->kind == CWL_UNION)
        return union_flows(c, source, sink);
    if (sink->kind == CWL_UNION) {
        for (size_t i = 0; i < sink->member_count; i++)
            if (cwl_type_flows(c, source, sink->members[i]))
                return true;
        return false;
    }
    if (source->kind == CWL_ANY || sink->kind == CWL_ANY)
        return source->kind != CWL_NULL && (sink->kind != CWL_NULL);
    if (is_number(source->kind) && is_number(sink->kind))
        return source->kind <= sink->kind;
    if (source->kind == CWL_STRING || sink->kind == CWL_STRING)         // a string may turn out to be a symbol
        return (source->kind == CWL_STRING || source->kind == CWL_ENUM) && (sink->kind == CWL_STRING || sink->kind == CWL_ENUM);
    if (source->kind != sink->kind)
        return false;
    if (source->kind == CWL_ARRAY)
        return cwl_type_flows(c, source->items, sink->items);
    if (source->kind == CWL_RECORD)
        return record_flows(c, source, sink);
    return source->kind != CWL_ENUM || enum_flows(source, sink);
}
