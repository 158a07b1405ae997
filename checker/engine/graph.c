/* Builds the graph: once more through all states, now keeping each of them and every step that is no fault.
 *
 * States are numbered in the order in which they are found, which is that of the interpreted engine. */
#include "graph.h"

#include <stdlib.h>

#define LOOK 256 /* states between two looks at the clock */

void *graph_resize(Graph *graph, void *old, size_t before, size_t after) {
    graph->held += after - before;
    return core_resize(graph->core, old, before, after);
}

bool graph_fits(const Graph *graph, size_t bytes) {
    return graph->core->allocated + bytes <= graph->core->memory_limit;
}

/* False when even the states do not fit. The table of the search is given up. */
bool graph_open(Graph *graph, Core *core, const u32 *roles, u32 states) {
    seen_close(core);
    frontier_clear(core);
    *graph = (Graph){.core = core, .room = states, .wide = core->symmetric, .capacity = (u64)states * 3 / 2 + 64};
    for (u32 b = 0; b < core->blocks; b++) {
        graph->wide |= core->block[b].count > UINT16_MAX + 1u; /* symmetry may lead to new rows */
        core->width[b] = 31; /* exact keys are not made here, so no row is too large for them */
    }
    graph->stride = core->blocks * (u32)(graph->wide ? sizeof(u32) : sizeof(u16));
    size_t rows = (size_t)states * graph->stride, index = graph->capacity * sizeof(u64);
    size_t first = ((size_t)states + 1) * sizeof(u32), masks = core->transition_words * sizeof(u64);
    if (!graph_fits(graph, rows + index + first)) return false;
    graph->role = graph_resize(graph, NULL, 0, core->transitions);
    graph->fair = graph_resize(graph, NULL, 0, masks * 4);
    graph->seen = graph->fair + core->transition_words;
    graph->taken = graph->seen + core->transition_words;
    graph->enabled = graph->taken + core->transition_words;
    for (u32 t = 0; t < core->transitions; t++) {
        graph->role[t] = (u8)roles[t];
        if (roles[t] == ROLE_FAIR) graph->fair[t / 64] |= (u64)1 << t % 64;
    }
    graph->rows = graph_resize(graph, NULL, 0, rows);
    graph->row_of = graph_resize(graph, NULL, 0, core->blocks * sizeof(u32));
    graph->index = graph_resize(graph, NULL, 0, index);
    graph->first = graph_resize(graph, NULL, 0, first);
    return true;
}

void graph_close(Graph *graph) {
    if (!graph->core) return;
    core_free(graph->core, graph->made.items, graph->made.size);
    graph->core->allocated -= graph->held;
    free(graph->role), free(graph->fair), free(graph->rows), free(graph->row_of), free(graph->index);
    free(graph->first), free(graph->target), free(graph->instance), free(graph->marks), free(graph->number);
    free(graph->frames), free(graph->closed);
    *graph = (Graph){0};
}

void graph_rows(const Graph *graph, u32 state, u32 *rows) {
    const u8 *at = graph->rows + (size_t)state * graph->stride;
    for (u32 b = 0; b < graph->core->blocks; b++)
        rows[b] = graph->wide ? ((const u32 *)(const void *)at)[b] : ((const u16 *)(const void *)at)[b];
}

static void put_rows(Graph *graph, u32 state, const u32 *rows) {
    u8 *at = graph->rows + (size_t)state * graph->stride;
    for (u32 b = 0; b < graph->core->blocks; b++)
        if (graph->wide)
            ((u32 *)(void *)at)[b] = rows[b];
        else
            ((u16 *)(void *)at)[b] = (u16)rows[b];
}

/* Whether a state is the one made; with symmetry, whether it is of the same orbit. */
static bool is_state(Graph *graph, u32 state, const Made *made) {
    graph_rows(graph, state, graph->row_of);
    if (graph->core->symmetric) return hash_equal(fingerprint_of(graph->core, graph->row_of), made->hash);
    return !memcmp(graph->row_of, made->rows, graph->core->blocks * sizeof(u32));
}

static u64 home(const Graph *graph, const Made *made) {
    return (u64)(((unsigned __int128)made->hash.lo * graph->capacity) >> 64);
}

/* The number of a state, which it gets now if it is new; NO_ID when there are more states than there were. */
static u32 number_of(Graph *graph, const Made *made) {
    u64 tag = made->hash.hi >> 32 << 32;
    for (u64 at = home(graph, made);; at = at + 1 == graph->capacity ? 0 : at + 1) {
        u64 known = graph->index[at];
        if (!known) {
            if (graph->count == graph->room) return NO_ID;
            put_rows(graph, graph->count, made->rows);
            graph->index[at] = tag | (graph->count + 1);
            return graph->count++;
        }
        u32 state = (u32)known - 1;
        if ((known ^ tag) >> 32 == 0 && is_state(graph, state, made)) return state;
    }
}

static size_t made_size(const Core *core) {
    return (sizeof(Made) + core->blocks * sizeof(u32) + sizeof(u64) - 1) & ~(sizeof(u64) - 1);
}

static Made *made_at(const Graph *graph, size_t index) {
    return (Made *)(void *)(graph->made.items + index * made_size(graph->core));
}

static void make(Graph *graph, u32 instance, const u32 *rows, const Hash *hash) {
    Core *core = graph->core;
    Made *made = buffer_push(core, &graph->made, made_size(core));
    made->hash = hash[0];
    for (u32 p = 1; p < core->permutations; p++)
        if (hash_less(hash[p], made->hash)) made->hash = hash[p];
    made->instance = instance;
    memcpy(made->rows, rows, core->blocks * sizeof(u32));
    __builtin_prefetch(&graph->index[home(graph, made)]);
}

static void collect(Worker *worker, const Leaf *leaf) {
    if (!successor(worker, leaf))
        worker->knows = false;
    else if (!same_rows(worker->made->rows, worker->loaded.rows, worker->core->quads))
        make(worker->context, worker->instance, worker->made->rows, worker->next_hash);
}

static bool push_edge(Graph *graph, u32 target, u32 instance) {
    if (graph->edges == graph->edge_room) {
        u64 size = graph->edge_room ? (u64)graph->edge_room + graph->edge_room / 4 : 1 << 16;
        size_t more = (size_t)(size - graph->edge_room) * (sizeof(u32) + sizeof(u16));
        if (size > UINT32_MAX || !graph_fits(graph, more)) return false;
        graph->target = graph_resize(graph, graph->target, graph->edge_room * sizeof(u32), size * sizeof(u32));
        graph->instance = graph_resize(graph, graph->instance, graph->edge_room * sizeof(u16), size * sizeof(u16));
        graph->edge_room = (u32)size;
    }
    graph->target[graph->edges] = target;
    graph->instance[graph->edges++] = (u16)instance;
    return true;
}

/* Adds what was made from a state: its edges, and the states that are new. */
static int settle(Graph *graph, u32 state) {
    for (size_t i = 0; i < graph->made.count; i++) {
        const Made *made = made_at(graph, i);
        u32 target = number_of(graph, made);
        if (target == NO_ID) return STOP_FULL;
        bool usual = state != NO_ID && graph->role[made->instance] != ROLE_FAULT;
        /* with symmetry, a step may lead to the orbit it comes from; that changes nothing either */
        if (usual && target != state && !push_edge(graph, target, made->instance)) return STOP_MEMORY;
    }
    return STOP_NONE;
}

/* Makes all successors of a state before it adds any; when one is not known, none is added. */
static int expand(Graph *graph, u32 state) {
    Core *core = graph->core;
    Worker *worker = &core->worker[0];
    graph_rows(graph, state, graph->row_of);
    worker_load(worker, graph->row_of);
    u64 *candidates = worker->loaded.enabled;
    copy_mask(candidates, core->all, core->words);
    for (u32 w = 0; w < core->transition_words; w += 2) unsettled(core, worker->loaded.row_at, w, candidates + w);
    graph->made.count = 0;
    for (u32 w = 0; w < core->transition_words; w++)
        for (u64 bits = candidates[w]; bits; bits &= bits - 1) {
            u32 instance = w * 64 + (u32)__builtin_ctzll(bits);
            worker->instance = instance;
            worker->knows = true;
            walk(worker, core->tree[instance].root, collect);
            if (worker->knows) continue;
            graph->missing = instance;
            graph->missing_state = state;
            return STOP_MISSES;
        }
    graph->first[state] = graph->edges;
    return settle(graph, state);
}

/* Runs until the graph is whole (STOP_NONE), something is to be learned, time is up, or memory is. STOP_FULL: there
 * are more states than the search has found. */
int graph_grow(Graph *graph, const u32 *initial, u32 initials, double seconds) {
    Core *core = graph->core;
    Worker *worker = &core->worker[0];
    double deadline = now() + seconds;
    worker->alone = true;
    worker->context = graph;
    if (!graph->count) {
        for (u32 i = 0; i < initials; i++) {
            const u32 *rows = initial + (size_t)i * core->blocks;
            worker_load(worker, rows);
            make(graph, 0, rows, worker->loaded.hash);
        }
        if (settle(graph, NO_ID)) return STOP_FULL;
    }
    while (graph->expanded < graph->count) {
        int why = expand(graph, graph->expanded);
        if (why) return why;
        if (++graph->expanded % LOOK == 0 && now() > deadline) return STOP_TIME;
    }
    graph->first[graph->count] = graph->edges;
    core_free(core, graph->index, graph->capacity * sizeof(u64));
    graph->held -= graph->capacity * sizeof(u64);
    graph->index = NULL;
    return STOP_NONE;
}
