// SPDX-License-Identifier: Apache-2.0
// Not a test: loads a document, and checks a job against it when one is given; prints what is wrong, and the inputs.
#include "base/arena.h"
#include "lang/cwl/model.h"
#include "value/read.h"

int main(int argc, char **argv)
{
    struct arena a = { 0 };
    struct diags diags = { .arena = &a };
    struct strbuf text = { 0 };
    Value job = value_map_end(&(struct value_builder){ .arena = &a }), complete = value_null;
    if (argc < 2)
        return 2;
    const struct cwl_document *document = cwl_load(&a, str_of(argv[1]), &diags);
    bool good = document != NULL;
    if (good && argc > 2)
        good = cwl_read_job(&a, str_of(argv[2]), &job, &diags) &&
               cwl_check_job(&a, document->process, job, str_of(argv[2]), &complete, &diags);
    diag_print(&diags, &text);
    if (good && argc > 2)
        json_write(&text, complete, 2);
    printf("%s\n" STR_FMT "\n", good ? "good" : "bad", STR_ARG(strbuf_str(&text)));
    strbuf_release(&text);
    arena_release(&a);
    return good ? 0 : 1;
}
