// SPDX-License-Identifier: Apache-2.0
#pragma once
// For run_workflow.c, run_links.c and run_late.c only: a workflow under way, its steps, and what they do for each other.
#include "lang/cwl/run.h"

enum { WINDOW = 512 };                  // calls of a step at a time
enum { NOT_LATE = -1 };
struct step_run;
struct need {
    struct step_run *step;
    int late;                           // the step's input that may come late; NOT_LATE: the step waits for it
};
struct port {                           // an output of a step, or an input of the workflow that is late
    size_t arrived;                     // values, of `total`
    bool is_set;
    VEC(struct need) next;              // once for each source
};
enum step_state { STEP_WAITING, STEP_RUNNING, STEP_DONE, STEP_FAILED, STEP_BLOCKED };
struct step_run {
    const struct cwl_step *step;
    struct workflow_run *w;
    struct scope scope;                 // of the step, for what it runs
    Str name;                           // of the step, as tasks show it
    enum step_state state;
    size_t missing;                     // ports that it waits for
    size_t *late;                       // in_count: ports missing of an input that may come late; NULL: none may
    bool is_lost;                       // they will not come
    VEC(struct call *) live;            // its calls that have not ended, if an input may come late
    struct port *ports;                 // out_count
    Value inputs;                       // gathered, before scatter and valueFrom
    // scatter (a step without is one of a single element)
    bool is_later;                      // step_again() will come
    bool is_over;
    size_t dims[8], dim_count, total, started, running;
    Value *results;                     // total × out_count, in order
};
struct workflow_run {
    struct call *c;
    struct step_run *steps;
    size_t running;                     // steps under way
    struct map values;                  // "input" or "step/output" -> Value *
    struct port *inputs;                // input_count
    size_t pending;                     // inputs that are not there yet
    bool is_lost;                       // and will not come
    bool *given;                        // which outputs the caller has had already
    bool failed, blocked;
};

// --- run_workflow.c
void step_fail(struct step_run *s, Str name, Str error);
// May more of its calls begin?
bool step_can_start(const struct step_run *s);
// What became known goes on: to the caller of the workflow, and to the steps that wait for `port`.
void workflow_give_early(struct workflow_run *w);
void workflow_arrive(struct workflow_run *w, struct port *port);
void workflow_check_end(struct workflow_run *w);        // ends it if nothing is left to wait for

// --- run_links.c: what a step is given and what becomes of what it gives
void workflow_set(struct workflow_run *w, Str name, Value v);          // "input" or "step/output"
bool workflow_output(struct workflow_run *w, const struct cwl_param *p, Value *out, struct err *err) MUST_CHECK;
size_t process_input_index(const struct cwl_process *p, Str id);       // of the input of this name; input_count if there is none
bool step_is_scattered(const struct cwl_step *step, Str id);
// One input, and all that are there, from their sources: before scatter and valueFrom.
bool step_gather_input(struct step_run *s, const struct cwl_step_input *in, Value *v, struct err *err) MUST_CHECK;
bool step_gather(struct step_run *s, struct err *err) MUST_CHECK;
bool step_measure(struct step_run *s, struct err *err) MUST_CHECK;     // how many calls it takes
Value step_elements(struct step_run *s, struct arena *a, size_t index);                // the inputs of call number `index`
Value step_combined(struct step_run *s, size_t out);    // an output, from the results of all calls
// The inputs of a call (loaded, valueFrom evaluated), and whether `when` wants it.
bool step_values(struct step_run *s, struct call *call, Value before, struct err *err) MUST_CHECK;
bool step_is_wanted(struct step_run *s, struct call *call, bool *wanted, struct err *err) MUST_CHECK;

// --- run_late.c: inputs of sub-workflows that come after they have begun
bool step_is_pending(const struct step_run *s, size_t input);
// Can what the step runs begin without this input?
bool step_may_be_late(const struct workflow_run *w, const struct cwl_step *step, const struct cwl_step_input *in);
void step_say_pending(const struct step_run *s, struct call *call);    // tells a call which of its inputs are still to come
void step_take_late(struct step_run *s, size_t input);  // one source more of a late input is there
void workflow_check_stuck(struct workflow_run *w);      // where all wait for what will never come, their calls are lost
