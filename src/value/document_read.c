// SPDX-License-Identifier: Apache-2.0
// Which of the two readers a document is for. It goes by what is in the document; the name only decides whose
// complaint the user sees when neither can read it.
#include "base/arena.h"
#include "value/read.h"
#include "value/utf8.h"

static bool looks_like_json(Str text)
{
    text = str_trim(utf8_skip_bom(text));
    return text.len && (text.data[0] == '{' || text.data[0] == '[');
}

static void take_over(struct diags *to, const struct diags *from)
{
    for (size_t i = 0; i < from->len; i++) {
        const struct diag *diag = &from->at[i];
        diag_add(to, diag->span, STR_FMT, STR_ARG(diag->text));
        if (diag->hint.len)
            diag_hint(to, STR_FMT, STR_ARG(diag->hint));
    }
}

struct node *document_read(struct arena *a, const struct source *source, struct diags *diags)
{
    if (!looks_like_json(source->text))
        return yaml_read(a, source, diags);
    struct arena scratch = { 0 };
    struct diags as_json = { .arena = &scratch }, as_yaml = { .arena = &scratch };
    struct node *root = json_read(a, source, &as_json);
    if (root == NULL)
        root = yaml_read(a, source, &as_yaml);
    if (root == NULL)
        take_over(diags, str_ends(source->name, STR(".json")) ? &as_json : &as_yaml);
    arena_release(&scratch);
    return root;
}
