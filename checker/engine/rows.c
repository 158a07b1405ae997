/* Rows: what a block holds, numbered; and, remembered, what an operation makes of a row. */
#include "core.h"

#include <stdlib.h>

/* Where the parts of a record lie; once, before the first row. */
void block_layout(Core *core, Block *block) {
    block->live_at = core->permutations * (u32)sizeof(Hash);
    block->ids_at = block->live_at + core->words * (u32)sizeof(u64);
    size_t bytes = block->ids_at + block->components * sizeof(u32);
    block->stride = bytes > 32 ? (bytes + 63) & ~(size_t)63 : 32;
}

static void index_put(const Core *core, Block *block, u32 row) {
    (void)core;
    u64 at = row_hash(block, row)->lo;
    while (block->index[at & block->index_mask]) at++;
    block->index[at & block->index_mask] = row + 1;
}

static void index_grow(Core *core, Block *block) {
    u32 size = block->index ? (block->index_mask + 1) * 2 : 64;
    if (block->index) core_free(core, block->index, (block->index_mask + 1) * sizeof(u32));
    block->index = core_resize(core, NULL, 0, size * sizeof(u32));
    block->index_mask = size - 1;
    for (u32 row = 0; row < block->count; row++) index_put(core, block, row);
}

/* Follows a tree that is rooted in this block as far as the row alone leads; notes where that is, and whether it
 * settles the instance. */
static void enter(Core *core, Block *block, u32 row, const Tree *tree) {
    u32 number = (u32)(block - core->block);
    const u32 *ids = row_ids(block, row);
    Ref at = tree->root;
    while (at & REF_NODE) {
        const Node *node = &core->node[at & REF_INDEX];
        if (node->block != number) break;
        u32 id = ids[node->offset];
        Ref to = node_edge(node, node->map ? node->map[id] : id + 1);
        if (to == REF_UNKNOWN) break; /* and it may be known when a walk comes here */
        at = to;
    }
    block->entry[(size_t)row * block->roots + tree->place] = at;
    u64 bit = (u64)1 << tree->bit % 64, *live = &row_live(block, row)[tree->bit / 64];
    if (at == tree->idle)
        *live &= ~bit;
    else
        *live |= bit;
}

/* Records are aligned to cache lines. */
static void grow_rows(Core *core, Block *block) {
    u32 size = block->size ? block->size * 2 : 16;
    u8 *records = aligned_alloc(64, (size * block->stride + 63) & ~(size_t)63);
    if (!records) core_exhausted(size * block->stride);
    memset(records, 0, size * block->stride);
    if (block->records) memcpy(records, block->records, block->count * block->stride);
    free(block->records);
    block->records = records;
    block->ids = records + block->ids_at;
    size_t entry = block->roots * sizeof(Ref);
    if (entry) block->entry = core_resize(core, block->entry, block->size * entry, size * entry);
    core->allocated += (size - block->size) * block->stride;
    block->size = size;
}

/* The number of the row that holds `ids`. */
u32 row_intern(Core *core, u32 number, const u32 *ids) {
    Block *block = &core->block[number];
    u32 n = core->permutations;
    if (block->count == block->size) grow_rows(core, block);
    if (!block->index || (block->count + 1) * 2 > block->index_mask) index_grow(core, block);
    u32 row = block->count;
    Hash *hash = row_hash(block, row);
    for (u32 p = 0; p < n; p++) {
        hash[p] = (Hash){0, 0};
        for (u32 i = 0; i < block->components; i++)
            hash[p] = hash_xor(hash[p], core->component[block->member[i]].hash[(size_t)ids[i] * n + p]);
    }
    size_t bytes = block->components * sizeof(u32);
    for (u64 at = hash->lo; block->index[at & block->index_mask]; at++) {
        u32 known = block->index[at & block->index_mask] - 1;
        if (!memcmp(row_ids(block, known), ids, bytes)) return known;
    }
    memcpy(row_ids(block, row), ids, bytes);
    block->count++;
    index_put(core, block, row);
    for (u32 i = 0; i < block->roots; i++) enter(core, block, row, &core->tree[block->root[i]]);
    return row;
}

/* Once every instance has been evaluated, it is known where its tree begins; that never changes. A tree that does not
 * begin with a read is rooted just anywhere. */
void core_root(Core *core) {
    for (u32 t = 0; t < core->transitions + core->predicates; t++) {
        Tree *tree = &core->tree[t];
        tree->block = tree->root & REF_NODE ? core->node[tree->root & REF_INDEX].block : 0;
        tree->dirty = true;
        Block *block = &core->block[tree->block];
        block->root = core_resize(core, block->root, block->roots * sizeof(u32), (block->roots + 1) * sizeof(u32));
        tree->place = block->roots++;
        block->root[tree->place] = t;
    }
    for (u32 b = 0; b < core->blocks; b++) {
        Block *block = &core->block[b];
        size_t entry = block->roots * sizeof(Ref);
        if (entry) block->entry = core_resize(core, NULL, 0, block->size * entry);
    }
    core->rooted = true;
}

/* The number of a mask among the distinct ones. */
static u32 mask_intern(Core *core, const u64 *mask) {
    u32 words = core->words;
    u64 hash = 0;
    for (u32 w = 0; w < words; w++) hash = (hash ^ mask[w]) * 0x9e3779b97f4a7c15u;
    hash ^= hash >> 32;
    if (core->mask_count * 2 >= core->mask_index_mask) {
        u32 old = core->mask_index ? core->mask_index_mask + 1 : 0, size = old ? old * 2 : 256;
        core->masks = core_resize(core, core->masks, (size_t)old / 2 * words * sizeof(u64),
                                  (size_t)size / 2 * words * sizeof(u64));
        if (core->mask_index) core_free(core, core->mask_index, old * sizeof(u32));
        core->mask_index = core_resize(core, NULL, 0, size * sizeof(u32));
        core->mask_index_mask = size - 1;
        u32 count = core->mask_count;
        core->mask_count = 0;
        for (u32 i = 0; i < count; i++) mask_intern(core, core->masks + (size_t)i * words);
    }
    for (;; hash++) {
        u32 *at = &core->mask_index[hash & core->mask_index_mask];
        if (!*at) {
            *at = core->mask_count + 1;
            memmove(core->masks + (size_t)core->mask_count * words, mask, words * sizeof(u64));
            return core->mask_count++;
        }
        if (!memcmp(core->masks + (size_t)(*at - 1) * words, mask, words * sizeof(u64))) return *at - 1;
    }
}

/* Works out which instances can tell the two rows of an entry apart. */
static void memo_describe(Core *core, Memo *memo) {
    const Op *op = &core->op[(u32)(memo->key - 1)];
    u32 old = (u32)((memo->key - 1) >> 32), words = core->words;
    const Block *block = &core->block[op->block];
    const u32 *before = row_ids(block, old), *after = row_ids(block, memo->row);
    u64 mask[words];
    memset(mask, 0, sizeof mask);
    for (u32 i = 0; i < op->count; i++) {
        u32 offset = op->writes[i].offset;
        const Component *c = &core->component[op->writes[i].component];
        for (u32 k = 0; k < c->watches && before[offset] != after[offset]; k++) {
            u32 map = core->slot[c->watch[k]].map;
            if (map) { /* what is not known yet counts as changed */
                u32 from = map_get(&core->map[map - 1], before[offset]);
                u32 to = map_get(&core->map[map - 1], after[offset]);
                if (from == to && from != NO_ID) continue;
            }
            for (u32 w = 0; w < words; w++) mask[w] |= c->watch_mask[k * words + w];
        }
    }
    memo->mask = mask_intern(core, mask);
}

/* Brings what is derived from trees up to date with what was learned since; between phases only. */
void rows_refresh(Core *core) {
    for (u32 b = 0; b < core->blocks; b++) {
        Block *block = &core->block[b];
        for (u32 k = 0; k < block->roots; k++)
            if (core->tree[block->root[k]].dirty)
                for (u32 row = 0; row < block->count; row++) enter(core, block, row, &core->tree[block->root[k]]);
    }
    for (u32 t = 0; t < core->transitions + core->predicates; t++) core->tree[t].dirty = false;
    if (!core->watch_dirty) return;
    core->watch_dirty = false;
    if (!core->memo) return;
    core->mask_count = 0;
    memset(core->mask_index, 0, (core->mask_index_mask + 1) * sizeof(u32));
    for (size_t at = 0; at < (size_t)1 << core->memo_bits; at++)
        if (core->memo[at].key) memo_describe(core, &core->memo[at]);
}

static void memo_grow(Core *core) {
    size_t old = core->memo ? (size_t)1 << core->memo_bits : 0, size = old ? old * 2 : 256;
    Memo *entries = core->memo;
    core->memo = resize_lines(core, NULL, 0, size * sizeof(Memo));
    core->memo_bits = (u32)__builtin_ctzll(size);
    for (size_t i = 0; i < old; i++) {
        if (!entries[i].key) continue;
        size_t at = memo_home(core, entries[i].key);
        while (core->memo[at & (size - 1)].key) at++;
        core->memo[at & (size - 1)] = entries[i];
    }
    core_free(core, entries, old * sizeof(Memo));
}

/* Works out what an operation makes of a row; NULL when an effect on a value is not known yet. */
Memo *memo_make(Core *core, u32 row, u32 op_index) {
    const Op *op = &core->op[op_index];
    const Block *block = &core->block[op->block];
    u32 ids[block->components];
    memcpy(ids, row_ids(block, row), sizeof ids);
    for (u32 i = 0; i < op->count; i++) {
        Write w = op->writes[i];
        u32 id = w.kind == WRITE_SET ? w.argument : map_get(&core->map[w.argument], ids[w.offset]);
        if (id == NO_ID) return NULL;
        ids[w.offset] = id;
    }
    u32 made = row_intern(core, op->block, ids);
    if (!core->memo || (core->memo_count + 1) * 3 > (u32)2 << core->memo_bits) memo_grow(core);
    u64 key = memo_key(row, op_index);
    size_t mask = ((size_t)1 << core->memo_bits) - 1, at = memo_home(core, key);
    while (core->memo[at & mask].key) at++;
    at &= mask;
    core->memo[at] = (Memo){key, made, 0, hash_xor(*row_hash(block, row), *row_hash(block, made))};
    core->memo_count++;
    memo_describe(core, &core->memo[at]);
    return &core->memo[at];
}
