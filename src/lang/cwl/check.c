// SPDX-License-Identifier: Apache-2.0
// The walk over a whole document: each process is checked once for every set of requirements that holds around it. What is
// checked in a process is in check_links.c and check_expressions.c; here, that the requirements that allow a feature are there.
#include "lang/cwl/load.h"

static unsigned requirement_bits(const struct cwl_requirements *list)
{
    unsigned bits = 0;
    for (size_t i = 0; i < list->len; i++)
        bits |= 1u << list->at[i].kind;
    return bits;
}

static bool has(unsigned bits, enum cwl_req_kind kind) { return bits >> kind & 1; }

static void report_feature(struct check *c, struct span span, Str what, enum cwl_req_kind kind)
{
    diag_add(c->diags, span, STR_FMT ", which needs %s", STR_ARG(what), cwl_requirement_name(kind));
    diag_hint(c->diags, "add to the 'requirements' of the workflow:  %s: {}", cwl_requirement_name(kind));
}

static void check_step_features(struct check *c, const struct cwl_step *step, unsigned bits)
{
    if (step->scatter_count && !has(bits, CWL_REQ_SCATTER))
        report_feature(c, step->span, str_printf(c->a, "step '" STR_FMT "' uses 'scatter'", STR_ARG(step->id)), CWL_REQ_SCATTER);
    if (step->run && step->run->class_ == CWL_WORKFLOW && !has(bits, CWL_REQ_SUBWORKFLOW))
        report_feature(c, step->span, str_printf(c->a, "step '" STR_FMT "' runs a workflow", STR_ARG(step->id)), CWL_REQ_SUBWORKFLOW);
    for (size_t i = 0; i < step->in_count; i++) {
        const struct cwl_step_input *in = &step->in[i];
        if (in->source_count > 1 && !has(bits, CWL_REQ_MULTIPLE_INPUT))
            report_feature(
                c, in->span,
                str_printf(c->a, "input '" STR_FMT "' of step '" STR_FMT "' has several sources", STR_ARG(in->id), STR_ARG(step->id)),
                CWL_REQ_MULTIPLE_INPUT);
        if (in->has_value_from && !has(bits, CWL_REQ_STEP_INPUT))
            report_feature(
                c, in->span,
                str_printf(c->a, "input '" STR_FMT "' of step '" STR_FMT "' uses 'valueFrom'", STR_ARG(in->id), STR_ARG(step->id)),
                CWL_REQ_STEP_INPUT);
    }
}

static void check_process(struct check *c, const struct cwl_process *p, unsigned outer)
{
    unsigned bits = outer | requirement_bits(&p->requirements) | requirement_bits(&p->hints);
    Str key = str_printf(c->a, "%p %x", (const void *)p, bits);
    if (!map_set(&c->seen, key, (void *)p))
        return;
    cwl_check_expressions(c, p, has(bits, CWL_REQ_INLINE_JAVASCRIPT));
    if (p->class_ != CWL_WORKFLOW)
        return;
    cwl_check_links(c, p);
    for (size_t i = 0; i < p->output_count; i++)
        if (p->outputs[i].source_count > 1 && !has(bits, CWL_REQ_MULTIPLE_INPUT))
            report_feature(c, p->outputs[i].span,
                           str_printf(c->a, "the workflow output '" STR_FMT "' has several sources", STR_ARG(p->outputs[i].id)),
                           CWL_REQ_MULTIPLE_INPUT);
    for (size_t i = 0; i < p->step_count; i++) {
        const struct cwl_step *step = &p->steps[i];
        unsigned step_bits = bits | requirement_bits(&step->requirements) | requirement_bits(&step->hints);
        check_step_features(c, step, step_bits);
        cwl_check_step_expressions(c, step, has(step_bits, CWL_REQ_INLINE_JAVASCRIPT));
        if (step->run)
            check_process(c, step->run, step_bits);
    }
}

void cwl_check(struct arena *a, const struct cwl_document *document, struct diags *diags)
{
    struct check c = { .a = a, .diags = diags };
    check_process(&c, document->process, 0);
    map_release(&c.seen);
}
