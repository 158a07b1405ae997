/* The breadth-first search: levels, units of work, workers, and what to do about things not known. */
#include "core.h"

#include <pthread.h>
#include <stdlib.h>

#define UNIT 256
#define MISS_LIMIT 4096 /* per worker and phase */
#define CREDIT 4096

/* ---- workers ---- */

static size_t pending_size(const Core *core) {
    return (core->seen.words + core->words) * sizeof(u64) + ((core->quads + 1) * QUAD) * sizeof(u32);
}

typedef struct {
    u64 *key, *mask;
    u32 *rows, *origin; /* origin: parent, instance, branch */
} Pending;

static Pending pending_at(const Worker *worker, u32 index) {
    const Core *core = worker->core;
    u8 *base = worker->ring + (index % RING) * ((pending_size(core) + 15) & ~(size_t)15);
    u64 *key = (u64 *)(void *)base, *mask = key + core->seen.words;
    u32 *rows = (u32 *)(void *)(mask + core->words);
    return (Pending){key, mask, rows, rows + core->quads * QUAD};
}

void worker_open(Core *core, Worker *worker) {
    *worker = (Worker){.core = core};
    u32 hits = core->predicates + 1024;
    worker->rows = own_lines(core->quads, QUAD * sizeof(u32));
    worker->ahead = own_lines(core->quads, QUAD * sizeof(u32));
    worker->next = own_lines(core->quads, QUAD * sizeof(u32));
    worker->row_at = own_lines(core->blocks, sizeof(u32 *));
    worker->hash = own_lines(core->permutations, sizeof(Hash));
    worker->next_hash = own_lines(core->permutations, sizeof(Hash));
    worker->mask = own_lines(core->words, sizeof(u64));
    worker->enabled = own_lines(core->words, sizeof(u64));
    worker->ready = own_lines(core->transitions, sizeof *worker->ready);
    worker->key = own_lines(64, sizeof(u64));
    worker->ring = own_lines(RING, pending_size(core) + 64 * sizeof(u64));
    worker->fired = own_lines(core->transitions, sizeof(u64));
    worker->hits = own_lines(hits, sizeof(Hit));
    worker->hit_rows = own_lines((size_t)hits * core->blocks, sizeof(u32));
}

void worker_close(Core *core, Worker *worker) {
    free(worker->rows), free(worker->ahead), free(worker->next), free((void *)worker->row_at), free(worker->hash);
    free(worker->next_hash), free(worker->mask), free(worker->key), free(worker->ring), free(worker->enabled), free(worker->ready), free(worker->fired);
    free(worker->hits), free(worker->hit_rows);
    core_free(core, worker->misses.items, worker->misses.size);
    *worker = (Worker){0};
}

void worker_load(Worker *worker, const u32 *rows) {
    const Core *core = worker->core;
    u32 n = core->permutations;
    Hash hash = {0, 0};
    for (u32 b = 0; b < core->blocks; b++) {
        const Block *block = &core->block[b];
        worker->rows[b] = rows[b];
        worker->row_at[b] = row_ids(block, rows[b]);
        hash = hash_xor(hash, *row_hash(block, rows[b]));
    }
    worker->hash[0] = hash;
    for (u32 p = 1; p < n; p++) {
        worker->hash[p] = (Hash){0, 0};
        for (u32 b = 0; b < core->blocks; b++)
            worker->hash[p] = hash_xor(worker->hash[p], row_hash(&core->block[b], rows[b])[p]);
    }
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
    const u8 *state = chunk->states + (size_t)index * chunk->stride;
    for (u32 b = 0; b < core->blocks; b++)
        rows[b] = chunk->wide ? ((const u32 *)(const void *)state)[b] : ((const u16 *)(const void *)state)[b];
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

void frontier_append(Worker *worker, const u32 *rows, const u64 *transitions) {
    Core *core = worker->core;
    u32 all = 0;
    for (u32 b = 0; b < core->blocks; b++) all |= rows[b];
    Chunk *chunk = worker->output;
    if (!chunk || chunk->count == chunk->room || (all > UINT16_MAX && !chunk->wide))
        chunk = worker->output = chunk_take(core, all > UINT16_MAX);
    u8 *state = chunk->states + (size_t)chunk->count * chunk->stride;
    for (u32 b = 0; b < core->blocks; b++)
        if (chunk->wide)
            ((u32 *)(void *)state)[b] = rows[b];
        else
            ((u16 *)(void *)state)[b] = (u16)rows[b];
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

Ref predicate_value(Worker *worker, Ref at) {
    const Node *nodes = worker->core->node;
    const u32 *const *row_at = worker->row_at;
    while (at & REF_NODE) {
        const Node *node = &nodes[at & REF_INDEX];
        u32 id = node_read(node, row_at);
        at = id == NO_ID ? REF_UNKNOWN : node_follow(node, id);
    }
    return at;
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

/* A word of the mask of instances that the rows of a state do not settle by themselves. */
static inline u64 unsettled(const Core *core, const u32 *rows, u32 word) {
    u64 bits = core->rootless[word];
    for (u32 i = 0; i < core->rooting_count; i++) {
        u32 b = core->rooting[i];
        bits |= row_live(&core->block[b], rows[b])[word];
    }
    return bits;
}

/* Evaluates, of the given predicates, those that matter and are active, on a state. */
void worker_visit(Worker *worker, const u32 *rows, const u64 *predicates) {
    Core *core = worker->core;
    const u32 **saved = worker->row_at;
    const u32 *row_at[core->blocks];
    bool loaded = false;
    for (u32 w = 0; w < core->predicate_words; w++) {
        u64 bits = predicates[w] & core->active[w];
        if (bits) bits &= unsettled(core, rows, core->transition_words + w);
        for (; bits; bits &= bits - 1) {
            if (!loaded) {
                for (u32 b = 0; b < core->blocks; b++)
                    row_at[b] = row_ids(&core->block[b], rows[b]);
                worker->row_at = row_at;
                loaded = true;
            }
            u32 predicate = w * 64 + (u32)__builtin_ctzll(bits);
            Ref value = predicate_value(worker, core->tree[core->transitions + predicate].root);
            if (value == REF_UNKNOWN)
                miss(worker, MISS_PREDICATE, predicate, rows);
            else
                judge(worker, predicate, value, rows);
        }
    }
    worker->row_at = saved;
    u32 failed = rows[core->failed_block];
    if (failed && failed < 1024) hit(worker, core->predicates + failed, rows);
}

/* ---- successors ---- */

static void settle(Worker *worker) {
    Core *core = worker->core;
    Pending pending = pending_at(worker, worker->ring_first);
    worker->ring_first++;
    worker->ring_count--;
    if (!seen_insert(core, pending.key)) return;
    worker->new_states++;
    if (worker->credit) worker->credit--;
    frontier_append(worker, pending.rows, pending.mask);
    if (core->symmetric) {
        u32 n = core->permutations, fixed = 0;
        Hash hash[n];
        for (u32 p = 0; p < n; p++) {
            hash[p] = (Hash){0, 0};
            for (u32 b = 0; b < core->blocks; b++)
                hash[p] = hash_xor(hash[p], row_hash(&core->block[b], pending.rows[b])[p]);
            fixed += hash_equal(hash[p], hash[0]);
        }
        worker->orbit_states += n / fixed;
    }
    if (core->parents) {
        u32 record[2] = {pending.origin[0], pending.origin[1] << 16 | (pending.origin[2] & 0xffff)};
        if (fwrite(record, sizeof record, 1, core->parents) != 1) core->parents_failed = true;
    }
    worker_visit(worker, pending.rows, pending.mask + core->transition_words);
}

void worker_flush(Worker *worker) {
    while (worker->ring_count) settle(worker);
}

/* Puts a successor of the loaded state on the ring, from where it goes to the seen table a little later. */
static void emit(Worker *worker) {
    Core *core = worker->core;
    if (worker->ring_count == RING) settle(worker);
    Pending pending = pending_at(worker, worker->ring_first + worker->ring_count++);
    if (core->store == STORE_EXACT)
        key_of(core, worker->next, NULL, pending.key);
    else
        key_of(core, NULL, worker->next_hash, pending.key);
    seen_prefetch(&core->seen, pending.key[0]);
    copy_mask(pending.mask, worker->mask, core->words);
    copy_rows(pending.rows, worker->next, core->quads);
    pending.origin[0] = worker->parent;
    pending.origin[1] = worker->instance;
    pending.origin[2] = worker->branch;
}

static Memo *memo_for(Worker *worker, u32 row, u32 op) {
    Core *core = worker->core;
    Memo *memo = memo_find(core, row, op);
    if (memo || !worker->alone) return memo;
    memo = memo_make(core, row, op);
    u32 number = core->op[op].block; /* a new row may have moved the others */
    worker->row_at[number] = row_ids(&core->block[number], worker->rows[number]);
    if (memo && core->store == STORE_EXACT && memo->row >> core->width[number]) {
        worker_flush(worker);
        if (!keys_repack(core)) core->out_of_memory = true;
    }
    return memo;
}

/* Works out what a leaf makes of the loaded state into next, next_hash and mask; false when that is not known.
 * A transition that was disabled stays so, and a predicate that was evaluated keeps its value, unless it read
 * something that has changed. */
bool successor(Worker *worker, const Leaf *leaf) {
    Core *core = worker->core;
    u32 n = core->permutations, words = core->words;
    const LeafOp *ops = core->leaf_ops + leaf->first;
    copy_rows(worker->next, worker->rows, core->quads);
    copy_mask(worker->mask, worker->enabled, words);
    Hash hash = worker->hash[0];
    for (u32 p = 1; p < n; p++) worker->next_hash[p] = worker->hash[p];
    for (u32 i = 0; i < leaf->count; i++) {
        u32 number = ops[i].block, old = worker->rows[number];
        const Memo *memo = memo_for(worker, old, ops[i].op);
        if (!memo) return false;
        worker->next[number] = memo->row;
        const Hash *before = row_hash(&core->block[number], old);
        const Hash *after = row_hash(&core->block[number], memo->row);
        hash = hash_xor(hash, hash_xor(*before, *after));
        for (u32 p = 1; p < n; p++)
            worker->next_hash[p] = hash_xor(worker->next_hash[p], hash_xor(before[p], after[p]));
        const u64 *affected = core->masks + (size_t)memo->mask * words;
        for (u32 w = 0; w < words; w++) worker->mask[w] |= affected[w];
    }
    worker->next_hash[0] = hash;
    return true;
}

/* The place in a tree to which the reads of the loaded state lead: a leaf, a choice, an outcome, or unknown. */
static inline Ref descend(const Worker *worker, Ref at) {
    const Node *nodes = worker->core->node;
    const u32 *const *row_at = worker->row_at;
    while (at & REF_NODE) {
        const Node *node = &nodes[at & REF_INDEX];
        if (node->choices) return at;
        u32 id = node_read(node, row_at);
        at = id == NO_ID ? REF_UNKNOWN : node_follow(node, id);
    }
    return at;
}

/* Calls `fire` for every leaf that the loaded state leads to from `at`; sets `knows` to false at what is unknown. */
void walk(Worker *worker, Ref at, Fire fire) {
    at = descend(worker, at);
    if (at & REF_NODE) {
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
    if (!same_rows(worker->next, worker->rows, worker->core->quads)) emit(worker);
    worker->branch++;
}

/* Fires one instance of the loaded state; false when something about it is not known, and then nothing fired. */
static bool take(Worker *worker, u32 instance, Ref at) {
    worker->instance = instance;
    worker->branch = 0;
    worker->knows = true;
    if (at & REF_NODE) { /* several branches: all or none */
        worker->leaves = 0;
        walk(worker, at, prove);
        if (!worker->knows) return false;
    }
    walk(worker, at, fire);
    return worker->knows;
}

/* Fetches what expanding a state will look at first. */
static inline void anticipate(Worker *worker, const Chunk *chunk, u32 index) {
    const Core *core = worker->core;
    u32 *rows = worker->ahead;
    state_rows(core, chunk, index, rows);
    worker->ahead_of = state_mask(core, chunk, index);
    for (u32 b = 0; b < core->blocks; b++) {
        const u8 *record = row_record(&core->block[b], rows[b]);
        __builtin_prefetch(record);
        if (core->block[b].stride > 64) __builtin_prefetch(record + 64);
    }
}

/* The loaded state has no successor: is it one that may have none? */
static void end(Worker *worker, const u32 *rows) {
    const Core *core = worker->core;
    worker->terminal++;
    for (u32 p = 0; p < core->predicates; p++) {
        if (!core->final[p]) continue;
        Ref value = predicate_value(worker, core->tree[core->transitions + p].root);
        if (value == REF_UNKNOWN)
            miss(worker, MISS_PREDICATE, p, rows);
        else
            judge(worker, p, value, rows);
    }
}

/* Fetches the effects that firing a leaf will look up. */
static inline void foresee(const Worker *worker, Ref at) {
    const Core *core = worker->core;
    if (!(at & REF_LEAF) || !core->memo) return;
    const Leaf *leaf = &core->leaf[at & REF_INDEX];
    const LeafOp *ops = core->leaf_ops + leaf->first;
    for (u32 i = 0; i < leaf->count; i++)
        __builtin_prefetch(&core->memo[memo_home(core, memo_key(worker->rows[ops[i].block], ops[i].op))]);
}

static void expand(Worker *worker, const Chunk *chunk, u32 index, bool more) {
    Core *core = worker->core;
    const u8 *mask = state_mask(core, chunk, index);
    if (worker->ahead_of != mask) state_rows(core, chunk, index, worker->ahead);
    worker_load(worker, worker->ahead);
    if (more) anticipate(worker, chunk, index + 1);
    const u32 *rows = worker->rows;
    worker->ready_count = 0;
    u32 unknown = 0;
    u64 candidates[core->transition_words];
    memcpy(candidates, mask, sizeof candidates);
    for (u32 w = 0; w < core->transition_words; w++) {
        worker->enabled[w] = candidates[w] &= unsettled(core, rows, w);
        for (u64 bits = candidates[w]; bits; bits &= bits - 1) {
            u32 instance = w * 64 + (u32)__builtin_ctzll(bits);
            Ref at = descend(worker, core->tree[instance].root);
            if (at & REF_NODE) {
                walk_count(worker, at);
                if (!worker->leaves) at = worker->knows ? REF_FALSE : REF_UNKNOWN;
            }
            if (at == REF_FALSE) {
                worker->enabled[w] &= ~(bits & -bits);
            } else if (at == REF_UNKNOWN) {
                miss(worker, MISS_TRANSITION, instance, rows);
                unknown++;
            } else {
                worker->ready[worker->ready_count].instance = instance;
                worker->ready[worker->ready_count++].at = at;
            }
        }
    }
    for (u32 i = 0; i < worker->ready_count; i++) foresee(worker, worker->ready[i].at);
    for (u32 i = 0; i < worker->ready_count; i++)
        if (!take(worker, worker->ready[i].instance, worker->ready[i].at))
            miss(worker, MISS_TRANSITION, worker->ready[i].instance, rows);
    if (!worker->ready_count && unknown)
        miss(worker, MISS_TERMINAL, 0, rows);
    else if (!worker->ready_count)
        end(worker, rows);
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
        Unit *unit = &core->units[index];
        u32 from = unit->from, total = unit->chunk->count; /* once consumed, the chunk may be another's */
        worker->ahead_of = NULL;
        while (unit->from < unit->to) {
            if (!credit(worker) || atomic_load_explicit(&core->stop, memory_order_relaxed)) break;
            if (core->parents) worker->parent = core->parent_position++;
            expand(worker, unit->chunk, unit->from, unit->from + 1 < unit->to);
            unit->from++;
        }
        u32 states = unit->from - from;
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
        memcpy(worker->enabled, core->all, core->words * sizeof(u64));
        memset(worker->enabled + core->transition_words, 0, core->predicate_words * sizeof(u64));
        return take(worker, item->instance, descend(worker, core->tree[item->instance].root));
    }
    Ref value = predicate_value(worker, core->tree[core->transitions + item->instance].root);
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
