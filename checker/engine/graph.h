/* The graph of all states that a search found, and of the steps between them that are no faults; for liveness.
 *
 * graph.c builds it, by a search of its own in one thread, from tables that the first search has learned; by then it is
 * known how many states there are. components.c asks questions of it. graph_module.c is the Python type.
 */
#ifndef ZABCHECK_GRAPH_H
#define ZABCHECK_GRAPH_H

#include "core.h"

enum { ROLE_FAULT, ROLE_UNFAIR, ROLE_FAIR };

/* Of a state, for the question asked last. GOAL and WHEN: what its predicates say. FAIR: it is in a component in which
 * a fair run can stay. REACHES: from here such a component (or, for a recovery, a goal) can be reached. */
enum { MARK_GOAL = 1, MARK_WHEN = 2, MARK_FAIR = 4, MARK_REACHES = 8, MARK_ROOT = 16 };

/* A successor of the state being expanded, until all of them are known. */
typedef struct {
    Hash hash;
    u32 instance;
    u32 rows[];
} Made;

typedef struct {
    u32 state, edge;
} Frame;

typedef struct {
    Core *core;
    u64 held; /* bytes of Core.allocated that are ours */

    u8 *role; /* per instance */
    u64 *fair, *seen, *taken, *enabled; /* masks of instances; the last three of a component and its states */

    u32 room, count, expanded; /* states: that there are, found, expanded */
    bool wide;                 /* rows take 32 bits, not 16 */
    u32 stride;                /* in bytes */
    u8 *rows;
    u32 *row_of; /* of one state, unpacked */
    u64 *index;  /* open addressing: hash << 32 | state + 1 */
    u64 capacity;
    Buffer made;

    u32 *first; /* per state and for the end: where its edges begin */
    u32 *target;
    u16 *instance;
    u32 edges, edge_room;

    bool recovery;
    u32 predicate[2]; /* goal and condition; NO_ID for none */
    u32 labels_done, labelled; /* predicates evaluated in all states, and states in which the next was */
    u8 *marks;
    u32 *number; /* 0: not visited; order of the visit while the component is open; then from above, its number */
    Frame *frames;
    u32 frame_count;
    u32 *closed; /* visited, all edges followed, component still open */
    u32 closed_count;
    u32 next, component, root; /* next: number of a visit, of a component, and state to begin a visit from */

    u32 missing; /* the tree and the state that Python is to be asked about */
    u32 missing_state;
} Graph;

/* graph.c */
bool graph_open(Graph *graph, Core *core, const u32 *roles, u32 states);
void graph_close(Graph *graph);
int graph_grow(Graph *graph, const u32 *initial, u32 initials, double seconds);
void graph_rows(const Graph *graph, u32 state, u32 *rows);
void *graph_resize(Graph *graph, void *old, size_t before, size_t after);
bool graph_fits(const Graph *graph, size_t bytes);

/* components.c */
void graph_ask(Graph *graph, bool recovery, u32 goal, u32 when);
int graph_decide(Graph *graph, double seconds);
u32 graph_least(Graph *graph, u32 from, u32 to);

#endif
