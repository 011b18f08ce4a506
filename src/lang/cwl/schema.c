// SPDX-License-Identifier: Apache-2.0
// The fields of CWL, as tables: the same that the standard's schemas say, and nothing about what the fields mean.
#include "lang/cwl/schema.h"

#include <math.h>

#include "base/arena.h"

enum { NUL = 1 << VALUE_NULL, BOOL = 1 << VALUE_BOOL, INT = 1 << VALUE_INT, FLT = 1 << VALUE_FLOAT, STRG = 1 << VALUE_STRING,
       LIST = 1 << VALUE_ARRAY, MAP = 1 << VALUE_MAP, ANY = 0xff, NUMBER = INT | FLT };

struct field {
    const char *name;
    uint8_t kinds;
    uint8_t since, until;               // enum cwl_version; until 0: still there
};
struct table {
    const char *what;                   // as in "a command line tool has no field 'x'"
    const struct field *fields;         // ends with an empty name
};

#define PROCESS_FIELDS \
    { "id", STRG }, { "class", STRG }, { "label", STRG }, { "doc", STRG | LIST }, { "intent", LIST, CWL_V1_2 }, \
    { "inputs", LIST | MAP }, { "outputs", LIST | MAP }, { "requirements", LIST | MAP }, { "hints", LIST | MAP }, \
    { "cwlVersion", STRG }, { "$namespaces", MAP }, { "$schemas", LIST | STRG }, { "$base", STRG }
#define FIELDS(...) (const struct field[]){ __VA_ARGS__ __VA_OPT__(,) { 0 } }
#define PARAM_FIELDS \
    { "id", STRG }, { "label", STRG }, { "doc", STRG | LIST }, { "type", STRG | LIST | MAP }, \
    { "secondaryFiles", STRG | LIST | MAP }, { "streamable", BOOL }, { "format", STRG | LIST }
#define SCHEMA_FIELDS \
    { "type", STRG | LIST | MAP }, { "name", STRG }, { "label", STRG }, { "doc", STRG | LIST }, { "inputBinding", MAP }, \
    { "outputBinding", MAP, CWL_V1_0, CWL_V1_0 + 1 }
#define REQUIREMENT(fields...) FIELDS({ "class", STRG }, ## fields)

static const struct table tables[] = {
    [CWL_C_TOOL] = { "a CommandLineTool", FIELDS(PROCESS_FIELDS, { "baseCommand", STRG | LIST }, { "arguments", LIST },
        { "stdin", STRG }, { "stdout", STRG }, { "stderr", STRG }, { "successCodes", LIST }, { "temporaryFailCodes", LIST },
        { "permanentFailCodes", LIST }) },
    [CWL_C_EXPRESSION_TOOL] = { "an ExpressionTool", FIELDS(PROCESS_FIELDS, { "expression", STRG }) },
    [CWL_C_WORKFLOW] = { "a Workflow", FIELDS(PROCESS_FIELDS, { "steps", LIST | MAP }) },
    [CWL_C_OPERATION] = { "an Operation", FIELDS(PROCESS_FIELDS) },
    [CWL_C_INPUT] = { "an input", FIELDS(PARAM_FIELDS, { "default", ANY }, { "inputBinding", MAP },
        { "loadContents", BOOL, CWL_V1_1 }, { "loadListing", STRG, CWL_V1_1 }) },
    [CWL_C_OUTPUT] = { "an output", FIELDS(PARAM_FIELDS, { "outputBinding", MAP }) },
    [CWL_C_WORKFLOW_OUTPUT] = { "a workflow output", FIELDS(PARAM_FIELDS, { "outputSource", STRG | LIST }, { "linkMerge", STRG },
        { "pickValue", STRG, CWL_V1_2 }, { "outputBinding", MAP, CWL_V1_0, CWL_V1_0 + 1 }) },
    [CWL_C_FIELD] = { "a record field", FIELDS({ "name", STRG }, { "label", STRG }, { "doc", STRG | LIST },
        { "type", STRG | LIST | MAP }, { "inputBinding", MAP }, { "outputBinding", MAP },
        { "secondaryFiles", STRG | LIST | MAP, CWL_V1_1 }, { "streamable", BOOL, CWL_V1_1 },
        { "format", STRG | LIST, CWL_V1_1 }, { "loadContents", BOOL, CWL_V1_1 }, { "loadListing", STRG, CWL_V1_1 }) },
    [CWL_C_STEP] = { "a workflow step", FIELDS({ "id", STRG }, { "in", LIST | MAP }, { "out", LIST }, { "run", STRG | MAP },
        { "requirements", LIST | MAP }, { "hints", LIST | MAP }, { "label", STRG }, { "doc", STRG | LIST },
        { "scatter", STRG | LIST }, { "scatterMethod", STRG }, { "when", STRG, CWL_V1_2 }) },
    [CWL_C_STEP_INPUT] = { "a step input", FIELDS({ "id", STRG }, { "source", STRG | LIST }, { "linkMerge", STRG },
        { "default", ANY }, { "valueFrom", STRG }, { "label", STRG, CWL_V1_1 }, { "loadContents", BOOL, CWL_V1_1 },
        { "loadListing", STRG, CWL_V1_1 }, { "pickValue", STRG, CWL_V1_2 }) },
    [CWL_C_STEP_OUTPUT] = { "a step output", FIELDS({ "id", STRG }) },
    [CWL_C_BINDING] = { "an inputBinding", FIELDS({ "position", INT | STRG }, { "prefix", STRG }, { "separate", BOOL },
        { "itemSeparator", STRG }, { "valueFrom", STRG }, { "shellQuote", BOOL }, { "loadContents", BOOL }) },
    [CWL_C_OUTPUT_BINDING] = { "an outputBinding", FIELDS({ "glob", STRG | LIST }, { "loadContents", BOOL },
        { "outputEval", STRG }, { "loadListing", STRG, CWL_V1_1 }) },
    [CWL_C_SECONDARY] = { "a secondaryFiles entry", FIELDS({ "pattern", STRG }, { "required", BOOL | STRG }) },
    [CWL_C_RECORD] = { "a record type", FIELDS(SCHEMA_FIELDS, { "fields", LIST | MAP }) },
    [CWL_C_ENUM] = { "an enum type", FIELDS(SCHEMA_FIELDS, { "symbols", LIST }) },
    [CWL_C_ARRAY] = { "an array type", FIELDS(SCHEMA_FIELDS, { "items", STRG | LIST | MAP }) },
    [CWL_C_DIRENT] = { "an entry of a listing", FIELDS({ "entryname", STRG }, { "entry", STRG }, { "writable", BOOL }) },
    [CWL_C_ENV_DEF] = { "an environment variable", FIELDS({ "envName", STRG }, { "envValue", STRG }) },
    [CWL_C_PACKAGE] = { "a software package", FIELDS({ "package", STRG }, { "version", LIST }, { "specs", LIST }) },
    [CWL_C_REQUIREMENT + CWL_REQ_INLINE_JAVASCRIPT] = { "InlineJavascriptRequirement", REQUIREMENT({ "expressionLib", LIST }) },
    [CWL_C_REQUIREMENT + CWL_REQ_SCHEMA_DEF] = { "SchemaDefRequirement", REQUIREMENT({ "types", LIST }) },
    [CWL_C_REQUIREMENT + CWL_REQ_LOAD_LISTING] = { "LoadListingRequirement", REQUIREMENT({ "loadListing", STRG }) },
    [CWL_C_REQUIREMENT + CWL_REQ_DOCKER] = { "DockerRequirement", REQUIREMENT({ "dockerPull", STRG }, { "dockerLoad", STRG },
        { "dockerFile", STRG }, { "dockerImport", STRG }, { "dockerImageId", STRG }, { "dockerOutputDirectory", STRG }) },
    [CWL_C_REQUIREMENT + CWL_REQ_SOFTWARE] = { "SoftwareRequirement", REQUIREMENT({ "packages", LIST | MAP }) },
    [CWL_C_REQUIREMENT + CWL_REQ_INITIAL_WORKDIR] = { "InitialWorkDirRequirement", REQUIREMENT({ "listing", LIST | STRG }) },
    [CWL_C_REQUIREMENT + CWL_REQ_ENV_VAR] = { "EnvVarRequirement", REQUIREMENT({ "envDef", LIST | MAP }) },
    [CWL_C_REQUIREMENT + CWL_REQ_SHELL] = { "ShellCommandRequirement", REQUIREMENT() },
    [CWL_C_REQUIREMENT + CWL_REQ_RESOURCE] = { "ResourceRequirement", REQUIREMENT({ "coresMin", NUMBER | STRG },
        { "coresMax", NUMBER | STRG }, { "ramMin", NUMBER | STRG }, { "ramMax", NUMBER | STRG }, { "tmpdirMin", NUMBER | STRG },
        { "tmpdirMax", NUMBER | STRG }, { "outdirMin", NUMBER | STRG }, { "outdirMax", NUMBER | STRG }) },
    [CWL_C_REQUIREMENT + CWL_REQ_WORK_REUSE] = { "WorkReuse", REQUIREMENT({ "enableReuse", BOOL | STRG }) },
    [CWL_C_REQUIREMENT + CWL_REQ_NETWORK] = { "NetworkAccess", REQUIREMENT({ "networkAccess", BOOL | STRG }) },
    [CWL_C_REQUIREMENT + CWL_REQ_INPLACE_UPDATE] = { "InplaceUpdateRequirement", REQUIREMENT({ "inplaceUpdate", BOOL }) },
    [CWL_C_REQUIREMENT + CWL_REQ_TIME_LIMIT] = { "ToolTimeLimit", REQUIREMENT({ "timelimit", INT | STRG }) },
    [CWL_C_REQUIREMENT + CWL_REQ_SUBWORKFLOW] = { "SubworkflowFeatureRequirement", REQUIREMENT() },
    [CWL_C_REQUIREMENT + CWL_REQ_SCATTER] = { "ScatterFeatureRequirement", REQUIREMENT() },
    [CWL_C_REQUIREMENT + CWL_REQ_MULTIPLE_INPUT] = { "MultipleInputFeatureRequirement", REQUIREMENT() },
    [CWL_C_REQUIREMENT + CWL_REQ_STEP_INPUT] = { "StepInputExpressionRequirement", REQUIREMENT() },
    [CWL_C_REQUIREMENT + CWL_REQ_LABELS] = { "petri:Labels", REQUIREMENT({ "labels", MAP }) },
};
_Static_assert(LEN(tables) == CWL_C_REQUIREMENT + CWL_REQ_KINDS, "each construct has its table");

const char *cwl_version_text(enum cwl_version version)
{
    static const char *const texts[] = { "v1.0", "v1.1", "v1.2" };
    return texts[version];
}

bool cwl_is_extension(Str field) { return str_has(field, ':'); }

Str cwl_describe(struct arena *a, const struct node *n)
{
    switch (n ? n->kind : VALUE_NULL) {
    case VALUE_NULL: return STR("nothing (null)");
    case VALUE_BOOL: return n->scalar.boolean ? STR("the boolean true") : STR("the boolean false");
    case VALUE_INT: return str_printf(a, "the number %lld", (long long)n->scalar.integer);
    case VALUE_FLOAT:
        if (fabs(n->scalar.real) < 1e15 && n->scalar.real == trunc(n->scalar.real))
            return str_printf(a, "the number %.1f", n->scalar.real);
        return str_printf(a, "the number %g", n->scalar.real);
    case VALUE_STRING: return STR("a string");
    case VALUE_ARRAY: return STR("a list");
    case VALUE_MAP: return STR("a map");
    }
    return STR("something else");
}

// "a string or a list": the kinds that a field may have. An int is not named where any number will do.
static Str kinds_text(struct arena *a, unsigned kinds)
{
    static const struct { unsigned kind; const char *text;
    } names[] = {
        { STRG, "a string" },      { FLT, "a number" }, { INT, "a whole number" },
        { BOOL, "true or false" }, { LIST, "a list" },  { MAP, "a map" },
    };
    struct strbuf out = { 0 };
    for (size_t i = 0; i < LEN(names); i++)
        if ((kinds & names[i].kind) && !(names[i].kind == INT && (kinds & FLT)))
            strbuf_addf(&out, "%s%s", out.len ? " or " : "", names[i].text);
    return strbuf_take(&out, a);
}

static const struct field *find_field(const struct table *table, Str name)
{
    for (const struct field *f = table->fields; f->name; f++)
        if (str_is(name, f->name))
            return f;
    return NULL;
}

// A field of another construct put in the wrong place is the commonest mistake after a typing error.
static void report_unknown(struct diags *diags, const struct node_field *nf, const struct table *table, enum cwl_version version)
{
    Str name = node_str(nf->key), names[40];
    size_t count = 0;
    for (const struct field *f = table->fields; f->name && count < LEN(names); f++)
        if (f->since <= version && (!f->until || version < f->until))
            names[count++] = str_of(f->name);
    diag_add(diags, nf->key->span, "%s has no field '" STR_FMT "'", table->what, STR_ARG(name));
    diags->harmless++;
    if (str_nearest(name, names, count).len) {
        diag_suggest(diags, name, names, count);
    } else if (table == &tables[CWL_C_INPUT] || table == &tables[CWL_C_OUTPUT] || table == &tables[CWL_C_FIELD]) {
        if (str_is(name, "items") || str_is(name, "symbols") || str_is(name, "fields"))
            diag_hint(diags, "put the whole type below 'type': for example type: {type: array, items: File}");
    } else if (table == &tables[CWL_C_TOOL] && str_is(name, "steps")) {
        diag_hint(diags, "a document with steps has class: Workflow");
    }
}

static bool field_is_good(struct diags *diags, const struct node_field *nf, const struct table *table, enum cwl_version version)
{
    Str name = node_str(nf->key);
    const struct field *f = find_field(table, name);
    if (!f) {
        report_unknown(diags, nf, table, version);
        return false;
    }
    if (version < f->since) {
        diags->harmless++;
        diag_add(diags, nf->key->span, "'" STR_FMT "' in %s came with CWL %s; this document says cwlVersion %s", STR_ARG(name),
                 table->what, cwl_version_text(f->since), cwl_version_text(version));
        diag_hint(diags, "take the field out, or set cwlVersion: %s", cwl_version_text(f->since));
        return false;
    }
    if (f->until && version >= f->until) {
        diag_add(diags, nf->key->span, "%s has no field '" STR_FMT "' since CWL %s", table->what, STR_ARG(name),
                 cwl_version_text(f->until));
        return false;
    }
    if ((1u << nf->value->kind) & (f->kinds | NUL))
        return true;
    diag_add(diags, nf->value->span, "'" STR_FMT "' must be " STR_FMT ", found " STR_FMT, STR_ARG(name),
             STR_ARG(kinds_text(diags->arena, f->kinds)), STR_ARG(cwl_describe(diags->arena, nf->value)));
    if ((f->kinds & STRG) && ((1u << nf->value->kind) & (NUMBER | BOOL)))
        diag_hint(diags, "put it in quotes");
    return false;
}

void cwl_check_fields(struct diags *diags, struct node *map, enum cwl_construct construct, enum cwl_version version)
{
    const struct table *table = &tables[construct];
    for (size_t i = 0; i < map->fields.len;) {
        Str name = node_str(map->fields.at[i].key);
        if (cwl_is_extension(name) || field_is_good(diags, &map->fields.at[i], table, version))
            i++;
        else
            node_map_remove(map, name);
    }
}

const char *cwl_requirement_name(enum cwl_req_kind kind) { return tables[CWL_C_REQUIREMENT + kind].what; }

enum cwl_version cwl_requirement_since(enum cwl_req_kind kind)
{
    switch (kind) {
    case CWL_REQ_LOAD_LISTING:
    case CWL_REQ_WORK_REUSE:
    case CWL_REQ_NETWORK:
    case CWL_REQ_INPLACE_UPDATE:
    case CWL_REQ_TIME_LIMIT:
        return CWL_V1_1;
    default:
        return CWL_V1_0;
    }
}

const Str *cwl_requirement_names(void)
{
    static Str names[CWL_REQ_KINDS];
    for (int i = 0; i < CWL_REQ_KINDS; i++)
        names[i] = str_of(cwl_requirement_name(i));
    return names;
}

int cwl_requirement_kind(Str class_name)
{
    for (int i = 0; i < CWL_REQ_KINDS; i++)
        if (str_is(class_name, cwl_requirement_name(i)))
            return i;
    return -1;
}
