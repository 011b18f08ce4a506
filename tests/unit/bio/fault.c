// SPDX-License-Identifier: Apache-2.0
#include "base/arena.h"
#include "bio/fault.h"
#include "unit/test.h"

TEST(faults_are_shown_by_place_and_those_over_the_limit_are_counted)
{
    struct arena a = { 0 };
    struct faults f = { .arena = &a, .kept_per_code = 2 };
    struct strbuf out = { 0 };
    fault_add(&f, 9, 2, "b", "text %d", 1);
    fault_hint(&f, "do it");
    for (int i = 0; i < 4; i++)
        fault_add(&f, 3, 0, "a", "more");
    fault_hint(&f, "belongs to one that is not shown");
    fault_warn(&f, 0, 0, "w", "whole file\x1b");
    faults_print(&f, STR("x\n.fq"), &out);
    EXPECT_STR(strbuf_str(&out), STR("x?.fq: warning: whole file? [w]\nx?.fq:3: error: more [a]\nx?.fq:3: error: more [a]\n"
                                     "x?.fq:9:2: error: text 1 [b]\n  hint: do it\nx?.fq: 2 more of [a] are not shown\n"));
    EXPECT_INT(f.errors, 5);
    EXPECT_INT(f.warnings, 1);
    EXPECT_INT(value_get_int(faults_counts_value(&f, &a), STR("a"), 0), 4);
    EXPECT_INT(value_len(faults_value(&f, &a)), 4);
    strbuf_release(&out);
    arena_release(&a);
}

TEST(a_warning_whose_code_is_refused_is_an_error)
{
    struct arena a = { 0 };
    struct faults f = { .arena = &a, .kept_per_code = 1, .is_lenient = true, .refused = STR("other, c") };
    fault_warn(&f, 1, 1, "c", "x");
    fault_convention(&f, 1, 1, "c", "x");
    fault_warn(&f, 1, 1, "cc", "x");
    EXPECT_INT(f.errors, 2);
    EXPECT_INT(f.warnings, 1);
    arena_release(&a);
}

TEST(a_convention_is_an_error_unless_the_list_is_lenient)
{
    struct arena a = { 0 };
    struct faults strict = { .arena = &a, .kept_per_code = 1 }, lenient = { .arena = &a, .kept_per_code = 1, .is_lenient = true };
    fault_convention(&strict, 1, 1, "c", "x");
    fault_convention(&lenient, 1, 1, "c", "x");
    EXPECT_INT(strict.errors, 1);
    EXPECT_INT(lenient.errors, 0);
    EXPECT_INT(lenient.warnings, 1);
    arena_release(&a);
}
