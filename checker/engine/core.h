/* The native core: explores any model from what Python has taught it, and knows nothing of any model.
 *
 * A state is a row number per block; a row is a value id per component; Python gives values their ids. What a
 * transition or predicate does is a tree of reads, learned path by path (learned.c). Rows and the effect of a
 * write on a row are computed here once and remembered (rows.c). seen.c holds the states found, explore.c runs
 * the levels, simulate.c random walks, module.c is the Python type.
 *
 * Threads: while workers run, everything but the seen table, their own structs and atomics is read-only. What a
 * worker does not know it puts on its list of misses; the lists are worked off by one thread between phases.
 */
#ifndef ZABCHECK_CORE_H
#define ZABCHECK_CORE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

typedef struct {
    u64 lo, hi;
} Hash;

/* Rows and masks are a few words: a loop is cheaper than a call. Row arrays are padded with zeros to whole quads. */
#define QUAD 4
static inline void copy_rows(u32 *to, const u32 *from, u32 quads) {
    for (u32 i = 0; i < quads; i++) memcpy(to + i * QUAD, from + i * QUAD, QUAD * sizeof(u32));
}
static inline void narrow_rows(u16 *to, const u32 *from, u32 quads) {
    for (u32 i = 0; i < quads; i++) {
        u16 four[QUAD];
        for (u32 k = 0; k < QUAD; k++) four[k] = (u16)from[i * QUAD + k];
        memcpy(to + i * QUAD, four, sizeof four);
    }
}
static inline void widen_rows(u32 *to, const u16 *from, u32 quads) {
    for (u32 i = 0; i < quads; i++) {
        u16 four[QUAD];
        memcpy(four, from + i * QUAD, sizeof four);
        for (u32 k = 0; k < QUAD; k++) to[i * QUAD + k] = four[k];
    }
}
static inline u32 any_bits(const u32 *rows, u32 quads) {
    u32 bits[QUAD] = {0};
    for (u32 i = 0; i < quads; i++)
        for (u32 k = 0; k < QUAD; k++) bits[k] |= rows[i * QUAD + k];
    return bits[0] | bits[1] | bits[2] | bits[3];
}
static inline bool same_rows(const u32 *a, const u32 *b, u32 quads) {
    u64 changed = 0;
    for (u32 i = 0; i < quads * 2; i++) {
        u64 x, y;
        memcpy(&x, a + i * 2, sizeof x);
        memcpy(&y, b + i * 2, sizeof y);
        changed |= x ^ y;
    }
    return !changed;
}
static inline void copy_words(u64 *to, const u64 *from, u32 words) {
    for (u32 i = 0; i < words; i++) to[i] = from[i];
}
/* The words of a mask are even in number. */
static inline void copy_mask(u64 *to, const u64 *from, u32 words) {
    for (u32 i = 0; i < words; i += 2) memcpy(to + i, from + i, 2 * sizeof(u64));
}
static inline void mask_or(u64 *to, const u64 *from, u32 words) {
    for (u32 i = 0; i < words; i += 2) {
        u64 first = to[i] | from[i], second = to[i + 1] | from[i + 1];
        to[i] = first;
        to[i + 1] = second;
    }
}

static inline Hash hash_xor(Hash a, Hash b) { return (Hash){a.lo ^ b.lo, a.hi ^ b.hi}; }
static inline bool hash_less(Hash a, Hash b) { return a.hi != b.hi ? a.hi < b.hi : a.lo < b.lo; }
static inline bool hash_equal(Hash a, Hash b) { return a.lo == b.lo && a.hi == b.hi; }

/* A place in a tree: unknown, an outcome, a node that reads, a node that goes on every way, or a leaf. */
typedef u32 Ref;
enum { REF_UNKNOWN = 0, REF_FALSE = 1, REF_TRUE = 2 };
#define REF_NODE 0x20000000u
#define REF_CHOICE 0x40000000u
#define REF_LEAF 0x80000000u
#define REF_INDEX 0x1fffffffu

#define NO_ID 0xffffffffu

typedef struct {
    u32 key; /* value id + 1; 0 = empty */
    Ref to;  /* REF_UNKNOWN where empty */
} Edge;

#define INLINE_EDGES 4

/* Reads one slot and goes on by its value, or (choices > 0) goes on every way. One cache line while it is small. */
typedef struct {
    Edge *edges;    /* first, or a larger table */
    const u32 *map; /* Map.to of the projection, or NULL for the whole value */
    u32 mask, slot;
    u16 block, offset;
    u16 choices, shift;
    Edge first[INLINE_EDGES];
} Node;

typedef struct {
    u32 component, block, offset, map;
} Slot;

/* A learned function from the value ids of a component to ids: a projection or the effect of an operation. It holds
 * id + 1, or 0 for not known yet, for every value there is. */
typedef struct {
    u32 *to, size;
    u32 component;
} Map;

typedef struct {
    Hash *hash; /* per value and permutation */
    u32 count, size;
    u32 block, offset;
    u32 watches; /* the slots that read this component, each with a mask of the instances that read it so */
    u32 *watch;
    u64 *watch_mask;
} Component;

enum { WRITE_SET, WRITE_APPLY };
typedef struct {
    u32 component, offset, kind, argument;
} Write;

/* What a step does to one block. */
typedef struct {
    u32 block, count;
    Write *writes;
} Op;

typedef struct {
    u32 block, op;
} LeafOp;

typedef struct {
    u32 first, count; /* in Core.leaf_ops */
} Leaf;

/* A row's record: its hash per permutation, the mask of the instances rooted here that it does not settle, its ids. */
typedef struct {
    u32 components, count, size;
    u32 *member; /* its components */
    u8 *records, *ids; /* ids: of the first row */
    size_t stride;     /* in bytes */
    u32 live_at, ids_at;
    u32 *index;                  /* open addressing: row + 1 */
    u32 index_mask;
    u32 roots;
    u32 *root;  /* the trees rooted here */
    Ref *entry; /* per row and root: the place in the tree to which the row alone leads */
} Block;

typedef struct {
    u64 key;       /* (row << 32 | op) + 1 */
    u32 row, mask; /* mask: which instances may behave differently; index into Core.masks */
    Hash change;   /* of the state's hash, for the first permutation */
} Memo;

typedef struct {
    Ref root;
    u32 block, place; /* where it is rooted: the block of its first read, which of the block's roots */
    u32 bit;  /* in masks: transitions from bit 0, predicates from the next whole word */
    Ref idle; /* the outcome that nothing needs to be done about */
    bool dirty; /* rows may settle it that did not before */
} Tree;

typedef struct Seen {
    u64 *slots;
    size_t count, limit, capacity; /* in slots */
    size_t reserved;               /* bytes mapped */
    u32 words;
} Seen;

/* A piece of the frontier. A state in it is its row numbers, in 16 bits each while all of them fit, then the mask of
 * the transitions to look at. */
typedef struct Chunk {
    struct Chunk *next, *made; /* made: the chunk allocated before this one */
    u32 count, room;           /* in states */
    u32 stride, wide;          /* in bytes; wide: rows take 32 bits */
    atomic_uint consumed;
    u8 states[];
} Chunk;

typedef struct {
    u32 kind, instance, parent;
    u32 rows[];
} Miss;
enum { MISS_TRANSITION, MISS_PREDICATE, MISS_TERMINAL };

typedef struct {
    bool set;
    Hash fingerprint;
} Hit;

typedef struct {
    u8 *items;
    size_t count, size;
} Buffer;

/* Trees to follow, many at once: a step of one waits for memory that the steps of the others do not need. */
typedef struct {
    const u32 *const *row_at; /* of the state */
    u32 walk;
    Ref at;
} Step;

typedef struct {
    Step *steps; /* of the walks that have not arrived yet */
    u32 count, moving;
    u32 *instance; /* per walk */
    Ref *reached;
} Walks;

struct Core;

#define RING 64
#define BATCH 32 /* states expanded together, and successors settled together */

/* A successor: its key, the instances to look at, its rows; and where it comes from, for the parent log. */
typedef struct {
    u64 *key, *mask;
    u32 *rows;
    u32 parent, instance, branch;
} Pending;

typedef struct Worker {
    _Alignas(128) struct Core *core;
    bool alone; /* may extend rows and memo on the spot */
    struct {
        u32 *rows;
        const u32 **row_at;
        Hash *hash;   /* per permutation */
        u64 *enabled; /* transitions that are enabled or not known yet */
    } batch, loaded;  /* the states being expanded together; the one of them at hand */
    u32 first_walk[BATCH + 1];
    Walks transitions, predicates;
    const u32 **settled_at; /* pointers to the rows of the states that predicates are followed in */
    const u32 *settled_rows[BATCH];
    u32 settled[BATCH]; /* their first walks */
    Pending pending[RING]; /* successors on their way to the seen table */
    u64 *pending_memory;
    u32 ring_first, ring_count;
    Pending *made; /* the one under way */
    Hash *next_hash;
    u64 *key;
    Chunk *output;
    Buffer misses;
    u64 *fired;
    u64 new_states, generated, terminal, deadlocks, credit;
    u64 orbit_states;
    Hit *hits;
    u32 *hit_rows;
    u32 parent, branch, instance; /* of the successor under way */
    bool hit;   /* a property was decided since this was last cleared */
    bool knows; /* out of a walk: whether all of it was known */
    u32 leaves; /* out of a walk */
    void *context; /* of what is called in a walk */
} Worker;

typedef struct {
    Chunk *chunk;
    u32 from, to;
} Unit;

enum { STOP_NONE, STOP_MISSES, STOP_TIME, STOP_FULL, STOP_STATES, STOP_MEMORY };
enum { STORE_FINGERPRINT, STORE_EXACT };

typedef struct Core {
    u32 components, blocks, quads, transitions, predicates, permutations, workers; /* quads: of a row array */
    u32 transition_words, predicate_words, words; /* of masks: transitions, predicates, both */
    int store;
    bool symmetric;
    u32 failed_block;

    Component *component;
    Block *block;
    Slot *slot;
    u32 slots, slot_size;
    Map *map;
    u32 maps, map_size;
    Node *node;
    u32 nodes, node_size;
    Op *op;
    u32 ops, op_size;
    Leaf *leaf;
    u32 leaves, leaf_size;
    LeafOp *leaf_ops;
    u32 leaf_op_count, leaf_op_size;
    Tree *tree; /* transitions, then predicates */
    bool rooted, watch_dirty;

    Memo *memo;
    u32 memo_bits, memo_count;
    u64 *masks; /* distinct masks */
    u32 mask_count, mask_size;
    u32 *mask_index, mask_index_mask;

    u8 *goal, *final; /* per predicate */
    u64 *active; /* predicates to evaluate on new states */
    u64 *all;    /* a mask of all ones */

    Seen seen;
    u32 *width, *word, *shift; /* exact keys: where a block's row number goes */

    Unit *units;
    u32 unit_count, unit_size;
    atomic_uint unit_next;
    Chunk *current, *following, *following_tail, *free_chunks, *made_chunks;
    u64 current_count, previous_count;
    atomic_int stop;
    atomic_ullong granted; /* insertions handed out to workers */
    u64 fill_limit;
    atomic_ullong done;    /* states expanded in this level */
    double deadline;

    Worker *worker;
    Buffer pending; /* misses under work */
    size_t pending_at;
    FILE *parents;
    u32 parent_position;
    bool parents_failed, out_of_memory;

    u64 generated, initial_states, orbit_states;
    u64 allocated, memory_limit;
} Core;

/* memory.c */
_Noreturn void core_exhausted(size_t bytes);
void *own_lines(size_t count, size_t item);
void *core_resize(Core *core, void *old, size_t before, size_t after);
void *resize_lines(Core *core, void *old, size_t before, size_t after);
void core_free(Core *core, void *memory, size_t size);
void *buffer_push(Core *core, Buffer *buffer, size_t item);
double now(void);
void core_lock(void);
void core_unlock(void);

/* seen.c */
size_t seen_capacity_for(size_t states);
bool seen_open(Core *core, u32 words, size_t capacity);
void seen_close(Core *core);
void seen_clear(Core *core);
bool seen_grow(Core *core);
bool seen_grow_to(Core *core, size_t capacity);
bool seen_insert(Core *core, const u64 *key);
static inline u64 seen_home(const Seen *seen, u64 word) {
    return (u64)(((unsigned __int128)word * seen->capacity) >> 64);
}
static inline void seen_prefetch(const Seen *seen, u64 word) {
    const u64 *slot = &seen->slots[seen_home(seen, word) * seen->words];
    __builtin_prefetch(slot, 1, 1);
    __builtin_prefetch(slot + 8, 1, 1);
}

/* keys.c */
/* More words than a key can have: no row number takes more than 31 bits. */
static inline u32 key_room(const Core *core) { return core->blocks / 2 + 2; }
bool keys_layout(Core *core);
bool keys_repack(Core *core);
void key_of(Core *core, const u32 *rows, const Hash *hash, u64 *key);
Hash fingerprint_of(Core *core, const u32 *rows);

/* learned.c */
int tree_learn(Core *core, u32 tree, const int64_t *path, size_t steps, Ref outcome);
u32 core_add_slot(Core *core, u32 component, bool projection);
u32 core_add_map(Core *core, u32 component);
void map_set(Core *core, u32 map, u32 from, u32 to);
u32 core_add_op(Core *core, u32 block, const u32 *writes, u32 count);
u32 core_add_leaf(Core *core, const u32 *ops, u32 count);
u32 core_add_value(Core *core, u32 component, const Hash *hashes);

static inline u32 edge_home(const Node *node, u32 key) { return key * 0x9e3779b1u >> node->shift; }
/* The edge of a key; of 0, which stands for a projection that is not known yet, there is none. */
static inline Ref node_edge(const Node *node, u32 key) {
    for (u32 i = edge_home(node, key);; i++) {
        Edge edge = node->edges[i & node->mask];
        if (edge.key == key || !edge.key) return edge.to;
    }
}
static inline Ref node_follow(const Node *node, u32 id) { return node_edge(node, id + 1); }
static inline u32 map_get(const Map *map, u32 id) { return map->to[id] - 1; }

/* Follows a node, given pointers to the state's rows. */
static inline Ref node_read(const Node *node, const u32 *const *row_at) {
    u32 id = row_at[node->block][node->offset], plain = id + 1;
    const u32 *key = node->map ? node->map + id : &plain; /* a pointer, for want of a branch */
    return node_edge(node, *key);
}

/* rows.c */
static inline u8 *row_record(const Block *block, u32 row) { return block->records + row * block->stride; }
static inline Hash *row_hash(const Block *block, u32 row) { return (Hash *)(void *)row_record(block, row); }
static inline u64 *row_live(const Block *block, u32 row) {
    return (u64 *)(void *)(row_record(block, row) + block->live_at);
}
static inline u32 *row_ids(const Block *block, u32 row) {
    return (u32 *)(void *)(block->ids + row * block->stride);
}
/* The same, given a pointer to the ids: what comes before them is alike in all blocks. */
static inline const u64 *live_before(const Core *core, const u32 *ids) {
    return (const u64 *)(const void *)ids - core->words;
}
static inline const Hash *hash_before(const Core *core, const u32 *ids) {
    return (const Hash *)(const void *)live_before(core, ids) - core->permutations;
}
/* Two words of a mask, less the instances that the rows of a state settle by themselves. */
static inline void unsettled(const Core *core, const u32 *const *row_at, u32 word, u64 *bits) {
    u64 first = 0, second = 0;
    for (u32 b = 0; b < core->blocks; b++) {
        const u64 *live = live_before(core, row_at[b]) + word;
        first |= live[0];
        second |= live[1];
    }
    bits[0] &= first;
    bits[1] &= second;
}
void block_layout(Core *core, Block *block);
u32 row_intern(Core *core, u32 block, const u32 *ids);
static inline u64 memo_key(u32 row, u32 op) { return ((u64)row << 32 | op) + 1; }
static inline size_t memo_home(const Core *core, u64 key) {
    return (size_t)((key * 0x9e3779b97f4a7c15u) >> (64 - core->memo_bits));
}
static inline Memo *memo_find(const Core *core, u32 row, u32 op) {
    if (!core->memo) return NULL;
    u64 key = memo_key(row, op);
    size_t mask = ((size_t)1 << core->memo_bits) - 1;
    for (size_t at = memo_home(core, key);; at++) {
        Memo *memo = &core->memo[at & mask];
        if (memo->key == key) return memo;
        if (!memo->key) return NULL;
    }
}
Memo *memo_make(Core *core, u32 row, u32 op);
void rows_refresh(Core *core);
void core_root(Core *core);

/* explore.c */
void worker_open(Core *core, Worker *worker);
void worker_close(Core *core, Worker *worker);
void worker_flush(Worker *worker);
void worker_load(Worker *worker, const u32 *rows);
void worker_visit(Worker *worker, const u32 *rows, const u64 *predicates);
Ref predicate_value(Worker *worker, u32 predicate);
void judge(Worker *worker, u32 predicate, Ref value, const u32 *rows);
typedef void (*Fire)(Worker *worker, const Leaf *leaf);
void walk(Worker *worker, Ref at, Fire fire);
void walk_count(Worker *worker, Ref at);
bool successor(Worker *worker, const Leaf *leaf);
int explore(Core *core, double seconds);
const Miss *next_miss(Core *core);
void next_level(Core *core);
void units_for_level(Core *core);
void state_rows(const Core *core, const Chunk *chunk, u32 index, u32 *rows);
void frontier_append(Worker *worker, const u32 *rows, const u64 *transitions);
void frontier_clear(Core *core);

/* simulate.c */
typedef struct {
    u64 seed, walk, walks, steps;
    u32 length, depth; /* in states */
    u64 random;
    bool walking, visiting; /* visiting: the predicates of the state are still to be evaluated, those of mask */
    u64 *mask;
    u32 *path; /* (instance, branch) per step */
    u32 *rows;
    u32 instance, first; /* what a miss is about; the initial state of the walk */
} Simulation;
enum { WALK_TIME, WALK_MISS, WALK_HIT, WALK_DONE };
int simulate(Core *core, Simulation *simulation, const u32 *initial, u32 initials, double seconds);

#endif
