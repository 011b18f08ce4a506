// SPDX-License-Identifier: Apache-2.0
// Not a test of its own: loads the documents named on the command line and prints what was found wrong with each.
#include "base/arena.h"
#include "lang/cwl/model.h"

int main(int argc, char **argv)
{
    int failed = 0;
    for (int i = 1; i < argc; i++) {
        struct arena a = { 0 };
        struct diags diags = { .arena = &a };
        bool good = cwl_load(&a, str_of(argv[i]), &diags) != NULL;
        struct strbuf text = { 0 };
        diag_print(&diags, &text);
        printf("%s %s\n" STR_FMT, good ? "good" : "bad", argv[i], STR_ARG(strbuf_str(&text)));
        failed += !good;
        strbuf_release(&text);
        arena_release(&a);
    }
    return failed > 0;
}
