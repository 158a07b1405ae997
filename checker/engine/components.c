/* Asks the graph: Tarjan's strongly connected components, in Pearce's form, without recursion.
 *
 * A component is complete only after all that can be reached from it, so that what can be reached (a goal, for a
 * recovery; otherwise a component in which a fair run can stay) is known for each as soon as it is complete. */
#include "graph.h"

#include <stdlib.h>

#define LOOK 0xffff /* steps between two looks at the clock */

void graph_ask(Graph *graph, bool recovery, u32 goal, u32 when) {
    graph->recovery = recovery;
    graph->predicate[0] = goal;
    graph->predicate[1] = when;
    graph->labels_done = graph->labelled = 0;
    graph->frame_count = graph->closed_count = graph->root = 0;
    graph->next = 1;
    graph->component = graph->count;
    if (!graph->marks) return;
    memset(graph->marks, 0, graph->count);
    memset(graph->number, 0, graph->count * sizeof(u32));
}

static bool prepare(Graph *graph) {
    size_t count = graph->count;
    if (graph->marks) return true;
    if (!graph_fits(graph, count * (1 + sizeof(u32) + sizeof(Frame) + sizeof(u32)))) return false;
    graph->marks = graph_resize(graph, NULL, 0, count);
    graph->number = graph_resize(graph, NULL, 0, count * sizeof(u32));
    graph->frames = graph_resize(graph, NULL, 0, count * sizeof(Frame));
    graph->closed = graph_resize(graph, NULL, 0, count * sizeof(u32));
    return true;
}

/* Evaluates a predicate in all states. */
static int label(Graph *graph, u32 predicate, u8 mark, double deadline) {
    Core *core = graph->core;
    Worker *worker = &core->worker[0];
    for (; graph->labelled < graph->count; graph->labelled++) {
        u32 state = graph->labelled;
        if (predicate == NO_ID) {
            graph->marks[state] |= mark;
            continue;
        }
        graph_rows(graph, state, graph->row_of);
        worker_load(worker, graph->row_of);
        Ref value = predicate_value(worker, predicate);
        if (value == REF_UNKNOWN) {
            graph->missing = core->transitions + predicate;
            graph->missing_state = state;
            return STOP_MISSES;
        }
        if (value == REF_TRUE) graph->marks[state] |= mark;
        if ((state & LOOK) == LOOK && now() > deadline) {
            graph->labelled++;
            return STOP_TIME;
        }
    }
    return STOP_NONE;
}

/* A recovery may pass through any state; a run that avoids the goals, through none of them. */
static bool allowed(const Graph *graph, u32 state) {
    return graph->recovery || !(graph->marks[state] & MARK_GOAL);
}

static void enter(Graph *graph, u32 state) {
    graph->number[state] = graph->next++;
    graph->marks[state] |= MARK_ROOT;
    graph->frames[graph->frame_count++] = (Frame){state, graph->first[state]};
}

/* Marks the states of a complete component. */
static void describe(Graph *graph, const u32 *members, u32 count) {
    u32 words = graph->core->transition_words, component = graph->number[members[0]];
    bool reaches = false, stays = !graph->recovery;
    memset(graph->seen, 0, words * sizeof(u64)); /* fair instances taken inside, or not enabled in some member */
    for (u32 i = 0; i < count; i++) {
        u32 state = members[i];
        if (graph->recovery) reaches |= (graph->marks[state] & MARK_GOAL) != 0;
        memset(graph->taken, 0, words * sizeof(u64));
        memset(graph->enabled, 0, words * sizeof(u64));
        for (u32 e = graph->first[state]; e < graph->first[state + 1]; e++) {
            u32 target = graph->target[e], word = graph->instance[e] / 64;
            u64 bit = (u64)1 << graph->instance[e] % 64;
            graph->enabled[word] |= bit;
            if (!allowed(graph, target)) continue;
            if (graph->number[target] == component)
                graph->taken[word] |= bit;
            else
                reaches |= (graph->marks[target] & MARK_REACHES) != 0;
        }
        for (u32 w = 0; w < words; w++) graph->seen[w] |= graph->taken[w] | ~graph->enabled[w];
    }
    for (u32 w = 0; w < words; w++) stays = stays && !(graph->fair[w] & ~graph->seen[w]);
    u8 mark = (u8)((stays ? MARK_FAIR : 0) | (stays || reaches ? MARK_REACHES : 0));
    for (u32 i = 0; i < count; i++) graph->marks[members[i]] |= mark;
}

/* All edges of a state were followed. When no earlier state can be reached from it, its component is complete. */
static void leave(Graph *graph, u32 state) {
    u32 order = graph->number[state], from = graph->closed_count;
    graph->closed[graph->closed_count++] = state;
    if (!(graph->marks[state] & MARK_ROOT)) return;
    while (from && graph->number[graph->closed[from - 1]] >= order) from--;
    u32 count = graph->closed_count - from;
    for (u32 i = from; i < graph->closed_count; i++) graph->number[graph->closed[i]] = graph->component;
    describe(graph, graph->closed + from, count);
    graph->component--;
    graph->next -= count;
    graph->closed_count = from;
}

/* Follows one edge of the latest state, or leaves it. */
static void follow(Graph *graph) {
    Frame *frame = &graph->frames[graph->frame_count - 1];
    u32 state = frame->state;
    if (frame->edge == graph->first[state + 1]) {
        graph->frame_count--;
        leave(graph, state);
        return;
    }
    u32 target = graph->target[frame->edge];
    if (allowed(graph, target)) {
        if (!graph->number[target]) {
            enter(graph, target); /* this edge is looked at again afterwards */
            return;
        }
        if (graph->number[target] < graph->number[state]) {
            graph->number[state] = graph->number[target];
            graph->marks[state] &= (u8)~MARK_ROOT;
        }
    }
    frame->edge++;
}

static int find_components(Graph *graph, double deadline) {
    for (u32 n = 1;; n++) {
        if ((n & LOOK) == 0 && now() > deadline) return STOP_TIME;
        if (graph->frame_count) {
            follow(graph);
            continue;
        }
        while (graph->root < graph->count && (graph->number[graph->root] || !allowed(graph, graph->root))) graph->root++;
        if (graph->root == graph->count) return STOP_NONE;
        enter(graph, graph->root);
    }
}

/* Runs until the question is answered (STOP_NONE), something is to be learned, time is up, or memory is. */
int graph_decide(Graph *graph, double seconds) {
    static const u8 marks[] = {MARK_GOAL, MARK_WHEN};
    double deadline = now() + seconds;
    if (!prepare(graph)) return STOP_MEMORY;
    for (u32 p = 0; p < 2; p++) {
        if (graph->labels_done > p) continue;
        int why = label(graph, graph->predicate[p], marks[p], deadline);
        if (why) return why;
        graph->labels_done++;
        graph->labelled = 0;
    }
    return find_components(graph, deadline);
}

/* Of the states [from, to), the least by fingerprint that shows the demand unfulfilled; NO_ID when none does. */
u32 graph_least(Graph *graph, u32 from, u32 to) {
    u32 least = NO_ID;
    Hash best = {0, 0};
    for (u32 state = from; state < to; state++) {
        bool reaches = (graph->marks[state] & MARK_REACHES) != 0;
        if (!(graph->marks[state] & MARK_WHEN) || reaches == graph->recovery) continue;
        graph_rows(graph, state, graph->row_of);
        Hash hash = fingerprint_of(graph->core, graph->row_of);
        if (least != NO_ID && !hash_less(hash, best)) continue;
        least = state;
        best = hash;
    }
    return least;
}
