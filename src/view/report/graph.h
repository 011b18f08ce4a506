// SPDX-License-Identifier: Apache-2.0
#pragma once
// Laying out a directed graph in layers, from top to bottom: every edge leads down, through a place of its own in each layer between.
// Pure: positions from edges, the same for the same graph.
#include "base/vec.h"

struct graph_edge {
    size_t from, to;                    // nodes
    VEC(size_t) through;                // places between, top to bottom
};
struct graph {
    struct arena *arena;
    size_t node_count;
    VEC(struct graph_edge) edges;
    size_t *layer;                      // by place: the nodes first, then what edges pass through
    double *x;                          // by place: its middle, in widths of a node
    size_t place_count, layer_count;
    double width;                       // of the widest layer
};
// The graph of `nodes` nodes without an edge.
struct graph *graph_new(struct arena *a, size_t nodes);
// An edge that would close a circle is left out by graph_lay_out(), and so is one beside a longer way.
void graph_add(struct graph *g, size_t from, size_t to);
void graph_lay_out(struct graph *g);
