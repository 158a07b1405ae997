/* The breadth-first search: levels, units of work, workers, and what to do about things not known. */
#include "core.h"

#include <pthread.h>
#include <stdlib.h>

#define UNIT 256
#define MISS_LIMIT 4096 /* per worker and phase */
#define CREDIT 4096

/* ---- workers ---- */

static void walks_open(Walks *walks, size_t size) {
    *walks = (Walks){.steps = own_lines(size + 1, sizeof(Step)),
                     .instance = own_lines(size, sizeof(u32)),
                     .reached = own_lines(size, sizeof(Ref))};
}

static void walks_close(Walks *walks) { free(walks->steps), free(walks->instance), free(walks->reached); }

/* Begins to follow, for one state, the trees of the instances in two words of a mask. */
static inline void walks_begin(const Core *core, Walks *walks, const u32 *rows, const u32 *const *row_at,
                               const Tree *trees, u32 word, const u64 *masks) {
    u32 count = walks->count, moving = walks->moving;
    for (u32 w = 0; w < 2; w++)
        for (u64 bits = masks[w]; bits; bits &= bits - 1) {
            u32 instance = (word + w) * 64 + (u32)__builtin_ctzll(bits);
            const Tree *tree = &trees[instance];
            const Block *block = &core->block[tree->block];
            Ref at = block->entry[(size_t)rows[tree->block] * block->roots + tree->place];
            walks->instance[count] = instance;
            walks->reached[count] = at;
            walks->steps[moving] = (Step){row_at, count++, at};
            moving += (at & REF_NODE) != 0;
        }
    walks->count = count;
    walks->moving = moving;
}

/* Follows all walks to where they lead: a leaf, a choice, an outcome, or unknown. */
static void walks_follow(const Core *core, Walks *walks) {
    const Node *nodes = core->node;
    Step *steps = walks->steps;
    Ref *reached = walks->reached;
    u32 moving = walks->moving;
    while (moving) {
        u32 kept = 0;
        for (u32 i = 0; i < moving; i++) {
            const u32 *const *row_at = steps[i].row_at;
            u32 walk = steps[i].walk;
            Ref at = node_read(&nodes[steps[i].at & REF_INDEX], row_at);
            reached[walk] = at;
            steps[kept].row_at = row_at;
            steps[kept].walk = walk;
            steps[kept].at = at;
            kept += (at & REF_NODE) != 0;
        }
        moving = kept;
    }
    walks->moving = 0;
}

void worker_open(Core *core, Worker *worker) {
    *worker = (Worker){.core = core};
    u32 hits = core->predicates + 1024;
    worker->batch.rows = own_lines(BATCH * core->quads, QUAD * sizeof(u32));
    worker->batch.row_at = own_lines(BATCH * core->blocks, sizeof(u32 *));
    worker->batch.hash = own_lines(BATCH * core->permutations, sizeof(Hash));
    worker->batch.enabled = own_lines(BATCH * core->words, sizeof(u64));
    walks_open(&worker->transitions, BATCH * core->transitions);
    walks_open(&worker->predicates, BATCH * core->predicates);
    worker->settled_at = own_lines(BATCH * core->blocks, sizeof(u32 *));
    worker->next_hash = own_lines(core->permutations, sizeof(Hash));
    worker->key = own_lines(key_room(core), sizeof(u64));
    size_t row_words = core->quads * QUAD / 2, size = core->words + row_words + key_room(core);
    worker->pending_memory = own_lines(RING, size * sizeof(u64));
    for (u32 i = 0; i < RING; i++) {
        u64 *mask = worker->pending_memory + i * size, *rows = mask + core->words;
        worker->pending[i] = (Pending){.mask = mask, .rows = (u32 *)(void *)rows, .key = rows + row_words};
    }
    worker->made = &worker->pending[0];
    worker->fired = own_lines(core->transitions, sizeof(u64));
    worker->hits = own_lines(hits, sizeof(Hit));
    worker->hit_rows = own_lines((size_t)hits * core->blocks, sizeof(u32));
}

void worker_close(Core *core, Worker *worker) {
    free(worker->batch.rows), free((void *)worker->batch.row_at), free(worker->batch.hash), free(worker->batch.enabled);
    walks_close(&worker->transitions), walks_close(&worker->predicates), free((void *)worker->settled_at);
    free(worker->next_hash), free(worker->key), free(worker->pending_memory), free(worker->fired);
    free(worker->hits), free(worker->hit_rows);
    core_free(core, worker->misses.items, worker->misses.size);
    *worker = (Worker){0};
}

/* Points at the ids of a state's rows. */
static void point_at(const Core *core, const u32 *rows, const u32 **row_at) {
    for (u32 b = 0; b < core->blocks; b++) row_at[b] = row_ids(&core->block[b], rows[b]);
}

/* Makes a state of the batch the one at hand. */
static inline void at_hand(Worker *worker, u32 index) {
    const Core *core = worker->core;
    worker->loaded.rows = worker->batch.rows + index * core->quads * QUAD;
    worker->loaded.row_at = worker->batch.row_at + index * core->blocks;
    worker->loaded.hash = worker->batch.hash + index * core->permutations;
    worker->loaded.enabled = worker->batch.enabled + index * core->words;
}

/* The hash of the state at hand, whose rows are pointed at. */
static void derive(Worker *worker) {
    const Core *core = worker->core;
    const u32 **row_at = worker->loaded.row_at;
    for (u32 p = 0; p < core->permutations; p++) {
        Hash hash = {0, 0};
        for (u32 b = 0; b < core->blocks; b++) hash = hash_xor(hash, hash_before(core, row_at[b])[p]);
        worker->loaded.hash[p] = hash;
    }
}

void worker_load(Worker *worker, const u32 *rows) {
    at_hand(worker, 0);
    memcpy(worker->loaded.rows, rows, worker->core->blocks * sizeof(u32));
    point_at(worker->core, rows, worker->loaded.row_at);
    derive(worker);
}

static void miss(Worker *worker, u32 kind, u32 instance, const u32 *rows) {
    Core *core = worker->core;
    Miss *item = buffer_push(core, &worker->misses, sizeof(Miss) + core->blocks * sizeof(u32));
    item->kind = kind;
    item->instance = instance;
    item->parent = worker->parent;
    memcpy(item->rows, rows, core->blocks * sizeof(u32));
    if (worker->misses.count >= MISS_LIMIT) atomic_store_explicit(&core->stop, STOP_MISSES, memory_order_relaxed);
}

/* ---- the frontier ---- */

#define CHUNK_BYTES ((size_t)256 << 10)

static size_t chunk_bytes(const Core *core) {
    size_t state = core->blocks * sizeof(u32) + core->transition_words * sizeof(u64);
    return sizeof(Chunk) + (state > CHUNK_BYTES ? state : CHUNK_BYTES);
}

static void chunk_format(const Core *core, Chunk *chunk, bool wide) {
    u32 rows = core->blocks * (wide ? (u32)sizeof(u32) : (u32)sizeof(u16));
    chunk->wide = wide;
    chunk->stride = ((rows + 3) & ~3u) + core->transition_words * (u32)sizeof(u64);
    chunk->room = (u32)((chunk_bytes(core) - sizeof(Chunk)) / chunk->stride);
    chunk->count = 0;
}

void state_rows(const Core *core, const Chunk *chunk, u32 index, u32 *rows) {
    const void *state = chunk->states + (size_t)index * chunk->stride;
    const u32 *wide = state;
    const u16 *narrow = state;
    if (chunk->wide)
        for (u32 b = 0; b < core->blocks; b++) rows[b] = wide[b];
    else
        for (u32 b = 0; b < core->blocks; b++) rows[b] = narrow[b];
}

static inline const u8 *state_mask(const Core *core, const Chunk *chunk, u32 index) {
    return chunk->states + (size_t)(index + 1) * chunk->stride - core->transition_words * sizeof(u64);
}

static Chunk *chunk_take(Core *core, bool wide) {
    core_lock();
    Chunk *chunk = core->free_chunks;
    if (chunk)
        core->free_chunks = chunk->next;
    else {
        chunk = core_resize(core, NULL, 0, chunk_bytes(core));
        chunk->made = core->made_chunks;
        core->made_chunks = chunk;
    }
    chunk->next = NULL;
    chunk_format(core, chunk, wide);
    atomic_store_explicit(&chunk->consumed, 0, memory_order_relaxed);
    if (core->following_tail)
        core->following_tail->next = chunk;
    else
        core->following = chunk;
    core->following_tail = chunk;
    core_unlock();
    return chunk;
}

/* A state's rows, with their padding. */
static inline void decode(const Core *core, const Chunk *chunk, u32 index, u32 *rows) {
    const void *state = chunk->states + (size_t)index * chunk->stride;
    if (chunk->wide)
        copy_rows(rows, state, core->quads);
    else
        widen_rows(rows, state, core->quads);
    for (u32 b = core->blocks; b < core->quads * QUAD; b++) rows[b] = 0;
}

/* The rows come with their padding. */
void frontier_append(Worker *worker, const u32 *rows, const u64 *transitions) {
    Core *core = worker->core;
    u32 all = any_bits(rows, core->quads);
    Chunk *chunk = worker->output;
    if (!chunk || chunk->count == chunk->room || (all > UINT16_MAX && !chunk->wide))
        chunk = worker->output = chunk_take(core, all > UINT16_MAX);
    void *state = chunk->states + (size_t)chunk->count * chunk->stride; /* the mask overwrites the rows' padding */
    if (chunk->wide)
        copy_rows(state, rows, core->quads);
    else
        narrow_rows(state, rows, core->quads);
    memcpy((u8 *)state_mask(core, chunk, chunk->count++), transitions, core->transition_words * sizeof(u64));
}

void frontier_clear(Core *core) {
    while (core->made_chunks) {
        Chunk *chunk = core->made_chunks;
        core->made_chunks = chunk->made;
        core_free(core, chunk, chunk_bytes(core));
    }
    core->current = core->following = core->following_tail = core->free_chunks = NULL;
    core->current_count = core->previous_count = 0;
    core->unit_count = 0;
    for (u32 w = 0; w < core->workers; w++) core->worker[w].output = NULL;
}

static void unit_add(Core *core, Unit unit) {
    if (core->unit_count == core->unit_size) {
        u32 size = core->unit_size ? core->unit_size * 2 : 256;
        core->units = core_resize(core, core->units, core->unit_size * sizeof(Unit), size * sizeof(Unit));
        core->unit_size = size;
    }
    core->units[core->unit_count++] = unit;
}

void units_for_level(Core *core) {
    core->unit_count = 0;
    for (Chunk *chunk = core->current; chunk; chunk = chunk->next)
        for (u32 from = 0; from < chunk->count; from += UNIT)
            unit_add(core, (Unit){chunk, from, from + UNIT < chunk->count ? from + UNIT : chunk->count});
    atomic_store(&core->unit_next, 0);
    atomic_store(&core->done, 0);
}

void next_level(Core *core) {
    core->previous_count = core->current_count;
    core->current = core->following; /* the chunks of the old level are on the free list */
    core->following = core->following_tail = NULL;
    core->current_count = 0;
    for (u32 w = 0; w < core->workers; w++) {
        core->current_count += core->worker[w].new_states;
        core->worker[w].new_states = 0;
        core->worker[w].output = NULL;
    }
    units_for_level(core);
    core->parent_position = 0;
}

/* ---- predicates ---- */

/* The place in a tree to which the reads of the state at hand lead: a leaf, a choice, an outcome, or unknown. */
static inline Ref descend(const Worker *worker, Ref at) {
    while (at & REF_NODE) at = node_read(&worker->core->node[at & REF_INDEX], worker->loaded.row_at);
    return at;
}

Ref predicate_value(Worker *worker, u32 predicate) {
    const Core *core = worker->core;
    return descend(worker, core->tree[core->transitions + predicate].root);
}

static void hit(Worker *worker, u32 index, const u32 *rows) {
    Core *core = worker->core;
    Hash fingerprint = fingerprint_of(core, rows);
    Hit *known = &worker->hits[index];
    if (known->set && !hash_less(fingerprint, known->fingerprint)) return;
    worker->hit = true;
    *known = (Hit){true, fingerprint};
    memcpy(worker->hit_rows + (size_t)index * core->blocks, rows, core->blocks * sizeof(u32));
}

void judge(Worker *worker, u32 predicate, Ref value, const u32 *rows) {
    Core *core = worker->core;
    if ((value == REF_TRUE) == (core->goal[predicate] != 0)) {
        if (core->final[predicate]) worker->deadlocks++;
        hit(worker, predicate, rows);
    }
}

/* Begins to evaluate, of the given predicates, those that matter and are active, on a state, the n-th of several. */
static void visit(Worker *worker, u32 n, const u32 *rows, const u64 *predicates) {
    Core *core = worker->core;
    const u32 **row_at = worker->settled_at + n * core->blocks;
    point_at(core, rows, row_at);
    worker->settled[n] = worker->predicates.count;
    worker->settled_rows[n] = rows;
    const Tree *trees = core->tree + core->transitions;
    for (u32 w = 0; w < core->predicate_words; w += 2) {
        u64 bits[2] = {predicates[w] & core->active[w], predicates[w + 1] & core->active[w + 1]};
        unsettled(core, row_at, core->transition_words + w, bits);
        walks_begin(core, &worker->predicates, rows, row_at, trees, w, bits);
    }
    u32 failed = rows[core->failed_block];
    if (failed && failed < 1024) hit(worker, core->predicates + failed, rows);
}

/* Ends what was begun on so many states. */
static void visited(Worker *worker, u32 states) {
    Walks *walks = &worker->predicates;
    walks_follow(worker->core, walks);
    for (u32 n = 0; n < states; n++) {
        u32 end = n + 1 < states ? worker->settled[n + 1] : walks->count;
        for (u32 walk = worker->settled[n]; walk < end; walk++) {
            if (walks->reached[walk] == REF_UNKNOWN)
                miss(worker, MISS_PREDICATE, walks->instance[walk], worker->settled_rows[n]);
            else
                judge(worker, walks->instance[walk], walks->reached[walk], worker->settled_rows[n]);
        }
    }
    walks->count = 0;
}

void worker_visit(Worker *worker, const u32 *rows, const u64 *predicates) {
    visit(worker, 0, rows, predicates);
    visited(worker, 1);
}

/* ---- successors ---- */

/* Notes a state that was not known before. */
static void discovered(Worker *worker, const Pending *pending) {
    Core *core = worker->core;
    worker->new_states++;
    if (worker->credit) worker->credit--;
    frontier_append(worker, pending->rows, pending->mask);
    if (core->symmetric) {
        u32 n = core->permutations, fixed = 0;
        Hash hash[n];
        for (u32 p = 0; p < n; p++) {
            hash[p] = (Hash){0, 0};
            for (u32 b = 0; b < core->blocks; b++)
                hash[p] = hash_xor(hash[p], row_hash(&core->block[b], pending->rows[b])[p]);
            fixed += hash_equal(hash[p], hash[0]);
        }
        worker->orbit_states += n / fixed;
    }
    if (core->parents) {
        u32 record[2] = {pending->parent, pending->instance << 16 | (pending->branch & 0xffff)};
        if (fwrite(record, sizeof record, 1, core->parents) != 1) core->parents_failed = true;
    }
}

/* Takes the first successors off the ring: those that are new go to the frontier. */
static void settle(Worker *worker) {
    Core *core = worker->core;
    u32 count = worker->ring_count < BATCH ? worker->ring_count : BATCH, found = 0;
    for (u32 i = 0; i < count; i++) {
        const Pending *pending = &worker->pending[worker->ring_first++ % RING];
        if (!seen_insert(core, pending->key)) continue;
        discovered(worker, pending);
        visit(worker, found++, pending->rows, pending->mask + core->transition_words);
    }
    worker->ring_count -= count;
    visited(worker, found);
}

void worker_flush(Worker *worker) {
    while (worker->ring_count) settle(worker);
}

/* Puts the successor made on the ring, from where it goes to the seen table a little later. */
static void emit(Worker *worker) {
    Core *core = worker->core;
    Pending *pending = worker->made;
    key_of(core, pending->rows, worker->next_hash, pending->key);
    seen_prefetch(&core->seen, pending->key[0]);
    pending->parent = worker->parent;
    pending->instance = worker->instance;
    pending->branch = worker->branch;
    if (++worker->ring_count == RING) settle(worker);
    worker->made = &worker->pending[(worker->ring_first + worker->ring_count) % RING];
}

static Memo *memo_for(Worker *worker, u32 row, u32 op) {
    Core *core = worker->core;
    Memo *memo = memo_find(core, row, op);
    if (memo || !worker->alone) return memo;
    memo = memo_make(core, row, op);
    u32 number = core->op[op].block; /* a new row may have moved the others */
    worker->loaded.row_at[number] = row_ids(&core->block[number], worker->loaded.rows[number]);
    if (memo && core->store == STORE_EXACT && memo->row >> core->width[number]) {
        worker_flush(worker);
        if (!keys_repack(core)) core->out_of_memory = true;
    }
    return memo;
}

/* Works out what a leaf makes of the state at hand; false when that is not known. A transition that was disabled
 * stays so, and a predicate that was evaluated keeps its value, unless it read something that has changed. */
bool successor(Worker *worker, const Leaf *leaf) {
    Core *core = worker->core;
    u32 n = core->permutations, words = core->words;
    const LeafOp *ops = core->leaf_ops + leaf->first;
    u32 *next = worker->made->rows;
    u64 *mask = worker->made->mask;
    copy_rows(next, worker->loaded.rows, core->quads);
    copy_mask(mask, worker->loaded.enabled, words);
    Hash hash = worker->loaded.hash[0];
    for (u32 p = 1; p < n; p++) worker->next_hash[p] = worker->loaded.hash[p];
    for (u32 i = 0; i < leaf->count; i++) {
        u32 number = ops[i].block, old = worker->loaded.rows[number];
        const Memo *memo = memo_for(worker, old, ops[i].op);
        if (!memo) return false;
        next[number] = memo->row;
        hash = hash_xor(hash, memo->change);
        for (u32 p = 1; p < n; p++) {
            Hash before = row_hash(&core->block[number], old)[p], after = row_hash(&core->block[number], memo->row)[p];
            worker->next_hash[p] = hash_xor(worker->next_hash[p], hash_xor(before, after));
        }
        const u64 *affected = core->masks + (size_t)memo->mask * words;
        mask_or(mask, affected, words);
    }
    worker->next_hash[0] = hash;
    return true;
}

/* Calls `fire` for every leaf that the loaded state leads to from `at`; sets `knows` to false at what is unknown. */
void walk(Worker *worker, Ref at, Fire fire) {
    at = descend(worker, at);
    if (at & REF_CHOICE) {
        const Node *node = &worker->core->node[at & REF_INDEX];
        for (u32 i = 0; i < node->choices; i++) walk(worker, node_follow(node, i), fire);
    } else if (at & REF_LEAF) {
        fire(worker, &worker->core->leaf[at & REF_INDEX]);
    } else if (at == REF_UNKNOWN) {
        worker->knows = false;
    }
}

static void count(Worker *worker, const Leaf *leaf) {
    (void)leaf;
    worker->leaves++;
}

static void prove(Worker *worker, const Leaf *leaf) {
    worker->leaves++;
    if (!successor(worker, leaf)) worker->knows = false;
}

/* Counts the leaves that the loaded state leads to. */
void walk_count(Worker *worker, Ref at) {
    worker->leaves = 0;
    worker->knows = true;
    walk(worker, at, count);
}

static void fire(Worker *worker, const Leaf *leaf) {
    if (!successor(worker, leaf)) {
        worker->knows = false;
        return;
    }
    worker->fired[worker->instance]++;
    worker->generated++;
    bool moved = !hash_equal(worker->next_hash[0], worker->loaded.hash[0]);
    if (moved || !same_rows(worker->made->rows, worker->loaded.rows, worker->core->quads)) emit(worker);
    worker->branch++;
}

/* Fires one instance of the loaded state; false when something about it is not known, and then nothing fired. */
static bool take(Worker *worker, u32 instance, Ref at) {
    worker->instance = instance;
    worker->branch = 0;
    worker->knows = true;
    if (at & REF_CHOICE) { /* several branches: all or none */
        worker->leaves = 0;
        walk(worker, at, prove);
        if (!worker->knows) return false;
    }
    walk(worker, at, fire);
    return worker->knows;
}

/* The loaded state has no successor: is it one that may have none? */
static void end(Worker *worker, const u32 *rows) {
    const Core *core = worker->core;
    worker->terminal++;
    for (u32 p = 0; p < core->predicates; p++) {
        if (!core->final[p]) continue;
        Ref value = predicate_value(worker, p);
        if (value == REF_UNKNOWN)
            miss(worker, MISS_PREDICATE, p, rows);
        else
            judge(worker, p, value, rows);
    }
}

/* Fetches the effects that firing leaves of a state of the batch will look up. */
static inline void foresee(const Worker *worker, u32 index) {
    const Core *core = worker->core;
    const u32 *rows = worker->batch.rows + index * core->quads * QUAD;
    if (!core->memo) return;
    for (u32 walk = worker->first_walk[index]; walk < worker->first_walk[index + 1]; walk++) {
        Ref at = worker->transitions.reached[walk];
        if (!(at & REF_LEAF)) continue;
        const Leaf *leaf = &core->leaf[at & REF_INDEX];
        const LeafOp *ops = core->leaf_ops + leaf->first;
        for (u32 i = 0; i < leaf->count; i++)
            __builtin_prefetch(&core->memo[memo_home(core, memo_key(rows[ops[i].block], ops[i].op))]);
    }
}

/* Loads states of a chunk as the batch and follows the trees of their transitions. */
static void survey(Worker *worker, const Chunk *chunk, u32 from, u32 count) {
    const Core *core = worker->core;
    for (u32 i = 0; i < count; i++) {
        at_hand(worker, i);
        decode(core, chunk, from + i, worker->loaded.rows);
        for (u32 b = 0; b < core->blocks; b++) {
            const u32 *ids = worker->loaded.row_at[b] = row_ids(&core->block[b], worker->loaded.rows[b]);
            __builtin_prefetch(hash_before(core, ids));
            __builtin_prefetch(ids + 4);
        }
    }
    Walks *walks = &worker->transitions;
    walks->count = 0;
    for (u32 i = 0; i < count; i++) {
        at_hand(worker, i);
        derive(worker);
        memcpy(worker->loaded.enabled, state_mask(core, chunk, from + i), core->transition_words * sizeof(u64));
        worker->first_walk[i] = walks->count;
        for (u32 w = 0; w < core->transition_words; w += 2) {
            u64 *bits = worker->loaded.enabled + w;
            unsettled(core, worker->loaded.row_at, w, bits);
            walks_begin(core, walks, worker->loaded.rows, worker->loaded.row_at, core->tree, w, bits);
        }
    }
    worker->first_walk[count] = walks->count;
    walks_follow(core, walks);
    for (u32 i = 0; i < count; i++) foresee(worker, i);
}

/* Makes the successors of a state of the batch. Those before it in the batch may have made rows, and then its own may
 * have moved: it is pointed at them again where they are still to be read. */
static void expand(Worker *worker, u32 index) {
    Core *core = worker->core;
    const Walks *walks = &worker->transitions;
    at_hand(worker, index);
    const u32 *rows = worker->loaded.rows;
    u32 first = worker->first_walk[index], end_walk = worker->first_walk[index + 1];
    bool enabled = false, unknown = false;
    for (u32 walk = first; walk < end_walk; walk++) {
        u32 instance = walks->instance[walk];
        Ref *at = &walks->reached[walk];
        if (*at & REF_CHOICE) {
            point_at(core, rows, worker->loaded.row_at);
            walk_count(worker, *at);
            if (!worker->leaves) *at = worker->knows ? REF_FALSE : REF_UNKNOWN;
        }
        if (*at == REF_FALSE) {
            worker->loaded.enabled[instance / 64] &= ~((u64)1 << instance % 64);
        } else if (*at == REF_UNKNOWN) {
            miss(worker, MISS_TRANSITION, instance, rows);
            unknown = true;
        } else {
            enabled = true;
        }
    }
    for (u32 walk = first; walk < end_walk; walk++) {
        Ref at = walks->reached[walk];
        if (at & (REF_LEAF | REF_CHOICE) && !take(worker, walks->instance[walk], at))
            miss(worker, MISS_TRANSITION, walks->instance[walk], rows);
    }
    if (!enabled && unknown) {
        miss(worker, MISS_TERMINAL, 0, rows);
    } else if (!enabled) {
        point_at(core, rows, worker->loaded.row_at);
        end(worker, rows);
    }
}

/* ---- phases ---- */

static bool credit(Worker *worker) {
    Core *core = worker->core;
    if (worker->credit) return true;
    u64 granted = atomic_fetch_add(&core->granted, CREDIT);
    if (granted >= core->fill_limit) {
        int none = STOP_NONE;
        atomic_compare_exchange_strong(&core->stop, &none, STOP_FULL);
        return false;
    }
    u64 left = core->fill_limit - granted;
    worker->credit = left < CREDIT ? left : CREDIT;
    return true;
}

static void *work(void *argument) {
    Worker *worker = argument;
    Core *core = worker->core;
    for (;;) {
        if (atomic_load_explicit(&core->stop, memory_order_relaxed)) break;
        u32 index = atomic_fetch_add(&core->unit_next, 1);
        if (index >= core->unit_count) break;
        Unit *unit = &core->units[index]; /* beside those of other workers, so it is written once */
        u32 first = unit->from, from = first;
        u32 total = unit->chunk->count; /* once consumed, the chunk may be another's */
        for (u32 at = 0, batch = 0; from < unit->to; from++, at++) {
            if (!credit(worker) || atomic_load_explicit(&core->stop, memory_order_relaxed)) break;
            if (at == batch) {
                at = 0;
                batch = unit->to - from < BATCH ? unit->to - from : BATCH;
                survey(worker, unit->chunk, from, batch);
            }
            if (core->parents) worker->parent = core->parent_position++;
            expand(worker, at);
        }
        unit->from = from;
        u32 states = from - first;
        atomic_fetch_add(&core->done, states);
        u32 consumed = atomic_fetch_add(&unit->chunk->consumed, states) + states;
        if (consumed == total) {
            core_lock();
            unit->chunk->next = core->free_chunks;
            core->free_chunks = unit->chunk;
            core_unlock();
        }
        if (worker == core->worker && now() > core->deadline) {
            int none = STOP_NONE;
            atomic_compare_exchange_strong(&core->stop, &none, STOP_TIME);
        }
    }
    worker_flush(worker);
    return NULL;
}

/* Keeps the units that were not begun or not finished. */
static void units_compact(Core *core) {
    u32 kept = 0;
    for (u32 i = 0; i < core->unit_count; i++)
        if (core->units[i].from < core->units[i].to) core->units[kept++] = core->units[i];
    core->unit_count = kept;
    atomic_store(&core->unit_next, 0);
}

static void gather_misses(Core *core) {
    size_t item = sizeof(Miss) + core->blocks * sizeof(u32);
    core->pending.count = core->pending_at = 0;
    for (u32 w = 0; w < core->workers; w++) {
        Buffer *misses = &core->worker[w].misses;
        for (size_t i = 0; i < misses->count; i++)
            memcpy(buffer_push(core, &core->pending, item), misses->items + i * item, item);
        misses->count = 0;
    }
}

static u64 new_states(const Core *core) {
    u64 total = 0;
    for (u32 w = 0; w < core->workers; w++) total += core->worker[w].new_states;
    return total;
}

/* Before and after whatever inserts, so that seen.count is exact whenever workers rest. */
static void count_seen(Core *core, u64 before) { core->seen.count += new_states(core) - before; }

static bool ensure_room(Core *core, u64 state_limit, int *why) {
    while (core->seen.count + 2 * CREDIT > core->seen.limit)
        if (!seen_grow(core)) {
            *why = STOP_MEMORY;
            return false;
        }
    if (core->out_of_memory || core->allocated + core->workers * chunk_bytes(core) > core->memory_limit) {
        *why = STOP_MEMORY;
        return false;
    }
    u64 limit = core->seen.limit - CREDIT;
    if (core->seen.count >= state_limit) {
        *why = STOP_STATES;
        return false;
    }
    core->fill_limit = limit < state_limit ? limit : state_limit;
    atomic_store(&core->granted, core->seen.count);
    return true;
}

/* Runs until the level is done (STOP_NONE), something is to be learned, time is up, or a limit is reached. */
int explore(Core *core, double seconds) {
    core->deadline = now() + seconds;
    u64 state_limit = core->fill_limit;
    for (;;) {
        rows_refresh(core);
        int why = STOP_NONE;
        if (!ensure_room(core, state_limit, &why)) return why;
        for (u32 w = 0; w < core->workers; w++) core->worker[w].credit = 0;
        atomic_store(&core->stop, STOP_NONE);
        u64 before = new_states(core);
        if (core->workers == 1 || core->unit_count < 8 * core->workers || core->parents) {
            core->worker[0].alone = true;
            work(&core->worker[0]);
        } else {
            pthread_t thread[64];
            core->worker[0].alone = false;
            u32 started = 1;
            for (; started < core->workers; started++)
                if (pthread_create(&thread[started], NULL, work, &core->worker[started])) break;
            work(&core->worker[0]);
            for (u32 w = 1; w < started; w++) pthread_join(thread[w], NULL);
        }
        count_seen(core, before);
        units_compact(core);
        gather_misses(core);
        if (core->pending.count) return STOP_MISSES;
        int stop = atomic_load(&core->stop);
        if (stop == STOP_TIME) return stop;
        if (!core->unit_count) return STOP_NONE;
    }
}

/* ---- learning ---- */

static bool resolve(Core *core, const Miss *item) {
    Worker *worker = &core->worker[0];
    worker_load(worker, item->rows);
    if (item->kind == MISS_TRANSITION) {
        worker->parent = item->parent;
        memcpy(worker->loaded.enabled, core->all, core->words * sizeof(u64));
        memset(worker->loaded.enabled + core->transition_words, 0, core->predicate_words * sizeof(u64));
        return take(worker, item->instance, descend(worker, core->tree[item->instance].root));
    }
    Ref value = predicate_value(worker, item->instance);
    if (value != REF_UNKNOWN) judge(worker, item->instance, value, item->rows);
    return value != REF_UNKNOWN;
}

static bool is_terminal(Core *core, const u32 *rows) {
    Worker *worker = &core->worker[0];
    worker_load(worker, rows);
    for (u32 t = 0; t < core->transitions; t++) {
        walk_count(worker, core->tree[t].root);
        if (worker->leaves) return false;
    }
    return true;
}

/* The next miss that only Python can settle, or NULL when all are settled. Whether a state is terminal depends on the
 * misses of its transitions, so those are settled first. */
const Miss *next_miss(Core *core) {
    size_t item = sizeof(Miss) + core->blocks * sizeof(u32);
    Worker *worker = &core->worker[0];
    u64 before = new_states(core);
    const Miss *unsettled = NULL;
    worker->alone = true;
    while (!unsettled && core->pending_at < core->pending.count) {
        Miss *found = (Miss *)(void *)(core->pending.items + core->pending_at * item);
        if (found->kind == MISS_TERMINAL && !found->instance) {
            Miss *later = buffer_push(core, &core->pending, item);
            found = (Miss *)(void *)(core->pending.items + core->pending_at * item);
            memcpy(later, found, item);
            later->instance = 1;
        } else if (found->kind == MISS_TERMINAL) {
            if (is_terminal(core, found->rows)) end(worker, found->rows);
        } else if (!resolve(core, found)) {
            unsettled = found;
            break;
        }
        core->pending_at++;
        if (core->seen.count + (new_states(core) - before) + CREDIT > core->seen.limit) {
            worker_flush(worker);
            count_seen(core, before);
            before = new_states(core);
            if (core->seen.count + CREDIT > core->seen.limit && !seen_grow(core)) {
                core->out_of_memory = true;
                core->pending_at = core->pending.count;
            }
        }
    }
    if (!unsettled) worker_flush(worker);
    count_seen(core, before);
    if (!unsettled && worker->misses.count) { /* found while flushing */
        gather_misses(core);
        return next_miss(core);
    }
    return unsettled;
}
