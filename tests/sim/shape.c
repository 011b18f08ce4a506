// SPDX-License-Identifier: Apache-2.0
// What a seed draws before anything happens: the workflow, the machine, and which faults there are and how often. Each seed has
// only some kinds of faults: all of them at once hide each other.
#include "sim.h"

enum { RATE_ONE = 65536, INPUTS_MAX = 4 };

uint64_t mix(uint64_t a, uint64_t b)
{
    uint64_t x = a * 0x9e3779b97f4a7c15u ^ (b + 0x632be59bd9b4e019u) * 0xd6e8feb86659fd93u;
    x ^= x >> 32, x *= 0xd6e8feb86659fd93u, x ^= x >> 29, x *= 0x9e3779b97f4a7c15u, x ^= x >> 32;
    return x ? x : 1;
}

static void draw_faults(struct world *w)
{
    bool has_none = draw(w, 12) == 0;
    for (int i = 0; i < FAULT_COUNT; i++)               // from one in four to one in 65,536
        w->rates[i] = has_none || draw(w, 2) ? 0 : (uint32_t)RATE_ONE >> (2 + draw(w, 12));
    // What strikes at each effect or stage, rather than at each job, must be rarer: else nothing ever gets on.
    static const enum fault rare[] = { FAULT_HEAD_KILLED, FAULT_POWER_LOST, FAULT_DISK_FULL, FAULT_SYNC_FAILED };
    for (size_t i = 0; i < LEN(rare); i++)
        w->rates[rare[i]] = MIN(w->rates[rare[i]], (uint32_t)RATE_ONE >> 7);
    w->rates[FAULT_CANCELLED] = MIN(w->rates[FAULT_CANCELLED], (uint32_t)RATE_ONE >> 4);
    w->faults_left = has_none ? 0 : (int64_t)draw(w, 40 + (uint64_t)w->node_count);
}

static void draw_machine(struct world *w)
{
    static const double cores[] = { 1, 2, 4, 7.5, 16 };
    w->config = (struct core_config){
        .cores = cores[draw(w, LEN(cores))], .memory_bytes = 1 << (4 + draw(w, 6)), .disk_bytes = draw(w, 3) ? -1 : 20 + (int64_t)draw(w, 100),
        .max_running = 1 + (int)draw(w, 24), .retries = (int)draw(w, 4), .memory_factor = draw(w, 3) ? 2 : 1,
        .retry_delay = MILLISECOND << draw(w, 10), .retry_delay_max = SECOND << draw(w, 5), .seed = w->seed,
    };
    w->keeps_going = draw(w, 2);
    w->is_cluster = draw(w, 2);
}

// Can it end well at all? The core raises the memory at most so often and so far.
static int64_t memory_in_reach(const struct world *w, const struct node *n)
{
    int64_t memory = n->memory;
    int raises = w->config.memory_factor > 1 ? MAX(MAX(w->config.retries, n->retries), TEMPORARY_RETRIES) : 0;
    for (int i = 0; i < raises; i++)
        memory = MAX(memory, MIN((int64_t)((double)memory * w->config.memory_factor), w->config.memory_bytes));
    return memory;
}

static void draw_node(struct world *w, struct node *n)
{
    n->step = (int)draw(w, (uint64_t)w->step_count);
    n->cores = (double)(1 + draw(w, 2 * (uint64_t)w->config.cores)) / 2;
    n->cores = MIN(n->cores, w->config.cores);
    n->memory = (int64_t)draw(w, (uint64_t)w->config.memory_bytes / 2 + 1);
    n->disk = w->config.disk_bytes < 0 ? 0 : (int64_t)draw(w, (uint64_t)w->config.disk_bytes / 2);
    n->takes = MILLISECOND * (Time)(1 + draw(w, (uint64_t)1 << draw(w, 14)));
    n->limit = draw(w, 4) ? 0 : 2 * n->takes + SECOND;
    n->retries = draw(w, 8) ? 0 : (int)draw(w, 4);
    n->no_cache = draw(w, 32) == 0;
    n->is_random = draw(w, 8) == 0;
    n->always_fails = draw(w, 200) == 0;
    n->peak = draw(w, 8) ? n->memory / 2 : MIN(n->memory * 2, memory_in_reach(w, n));
    if (n->peak > memory_in_reach(w, n))
        n->peak = n->memory;
}

enum shape { SHAPE_WIDE, SHAPE_CHAIN, SHAPE_LAYERS, SHAPE_RANDOM, SHAPE_JOIN, SHAPE_COUNT };

// Which earlier node is an input of node i.
static int draw_input(struct world *w, enum shape shape, int i, int width)
{
    switch (shape) {
    case SHAPE_CHAIN: return i - 1;
    case SHAPE_LAYERS: return i / width == 0 ? -1 : (i / width - 1) * width + (int)draw(w, (uint64_t)width);
    case SHAPE_RANDOM: return (int)draw(w, (uint64_t)i);
    case SHAPE_JOIN: return i % width ? i - 1 - (int)draw(w, (uint64_t)(i % width)) : -1;
    case SHAPE_WIDE: case SHAPE_COUNT: break;
    }
    return -1;
}

static void connect(struct world *w, enum shape shape, int width)
{
    int at = 0;
    for (int i = 0; i < w->node_count; i++) {
        struct node *n = &w->nodes[i];
        n->first_input = at;
        int wanted = shape == SHAPE_CHAIN ? 1 : (int)draw(w, INPUTS_MAX);
        for (int k = 0; k < wanted && i > 0; k++) {
            int input = draw_input(w, shape, i, width);
            bool is_new = input >= 0;
            for (int j = n->first_input; j < at; j++)
                is_new = is_new && w->inputs[j] != input;
            if (is_new)
                w->inputs[at++] = input;
        }
        n->input_count = at - n->first_input;
        if (i > 0 && draw(w, 16) == 0) {                // the same command with the same inputs as an earlier one
            struct node *twin = &w->nodes[draw(w, (uint64_t)i)];
            *n = *twin;
        }
    }
}

static void find_users(struct world *w)
{
    int at = 0;
    for (int i = 0; i < w->node_count; i++)
        for (int k = 0; k < w->nodes[i].input_count; k++)
            w->nodes[w->inputs[w->nodes[i].first_input + k]].user_count++;
    for (int i = 0; i < w->node_count; i++) {
        w->nodes[i].first_user = at;
        at += w->nodes[i].user_count;
        w->nodes[i].user_count = 0;
    }
    w->users = xcalloc((size_t)at + 1, sizeof *w->users);
    for (int i = 0; i < w->node_count; i++)
        for (int k = 0; k < w->nodes[i].input_count; k++) {
            struct node *input = &w->nodes[w->inputs[w->nodes[i].first_input + k]];
            w->users[input->first_user + input->user_count++] = i;
        }
}

void shape_draw(struct world *w, int nodes)
{
    static const int sizes[] = { 3, 10, 30, 100, 100, 300, 300, 1000 };
    w->node_count = nodes ? nodes : 1 + (int)draw(w, (uint64_t)sizes[draw(w, LEN(sizes))]);
    w->step_count = 1 + (int)draw(w, 6);
    draw_machine(w);
    draw_faults(w);
    w->nodes = xcalloc((size_t)w->node_count, sizeof *w->nodes);
    w->inputs = xcalloc((size_t)w->node_count * INPUTS_MAX + 1, sizeof *w->inputs);
    for (int i = 0; i < w->node_count; i++) {
        draw_node(w, &w->nodes[i]);
        w->nodes[i].original = i;
    }
    connect(w, (enum shape)draw(w, SHAPE_COUNT), 1 + (int)draw(w, (uint64_t)w->node_count));
    find_users(w);
}
