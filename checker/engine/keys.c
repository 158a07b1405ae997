/* From a state to its key in the seen table.
 *
 * fingerprint: 128 bits of content hash. exact: the row numbers of all blocks side by side, then mixed by a function
 * that has an inverse, so that equal keys mean equal states and the first word is still spread evenly.
 */
#include "core.h"

#include <stdlib.h>

#define BITS 63 /* of each word; the lowest bit of a stored word is 1 so that it is never 0 */
#define WORD_MASK (((u64)1 << BITS) - 1)

Hash fingerprint_of(Core *core, const u32 *rows) {
    Hash least = {0, 0};
    for (u32 p = 0; p < core->permutations; p++) {
        Hash hash = {0, 0};
        for (u32 b = 0; b < core->blocks; b++)
            hash = hash_xor(hash, row_hash(&core->block[b], rows[b])[p]);
        if (!p || hash_less(hash, least)) least = hash;
    }
    return least;
}

static u64 scramble(u64 x, u64 salt) {
    x = (x + salt) * 0x9e3779b97f4a7c15u;
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93u;
    x ^= x >> 32;
    return x & WORD_MASK;
}

/* A cycle of Feistel rounds: each word is changed by its neighbour, the first one last. */
static void mix(u64 *key, u32 words) {
    for (u32 round = 0; round < 2; round++)
        for (u32 i = words; i-- > 0;) key[i] ^= scramble(key[(i + 1) % words], round * 64 + i + 1);
    for (u32 i = 0; i < words; i++) key[i] = key[i] << 1 | 1;
}

static void unmix(u64 *key, u32 words) {
    for (u32 i = 0; i < words; i++) key[i] >>= 1;
    for (u32 round = 2; round-- > 0;)
        for (u32 i = 0; i < words; i++) key[i] ^= scramble(key[(i + 1) % words], round * 64 + i + 1);
}

static void pack(const Core *core, const u32 *rows, u64 *key) {
    for (u32 i = 0; i < core->seen.words; i++) key[i] = 0;
    for (u32 b = 0; b < core->blocks; b++) {
        u32 word = core->word[b], shift = core->shift[b];
        key[word] |= (u64)rows[b] << shift & WORD_MASK;
        if (shift + core->width[b] > BITS) key[word + 1] |= (u64)rows[b] >> (BITS - shift);
    }
    mix(key, core->seen.words);
}

static void unpack(const Core *core, u64 *key, u32 words, const u32 *width, const u32 *word, const u32 *shift,
                   u32 *rows) {
    unmix(key, words);
    for (u32 b = 0; b < core->blocks; b++) {
        u64 bits = key[word[b]] >> shift[b];
        if (shift[b] + width[b] > BITS) bits |= key[word[b] + 1] << (BITS - shift[b]);
        rows[b] = (u32)(bits & (((u64)1 << width[b]) - 1));
    }
}

void key_of(Core *core, const u32 *rows, const Hash *hash, u64 *key) {
    if (core->store == STORE_EXACT) {
        pack(core, rows, key);
        return;
    }
    Hash least = hash[0];
    for (u32 p = 1; p < core->permutations; p++)
        if (hash_less(hash[p], least)) least = hash[p];
    key[0] = least.lo ? least.lo : 1;
    key[1] = least.hi ? least.hi : 1;
}

static u32 bits_for(u32 rows) {
    u32 bits = 1;
    while (((u64)1 << bits) <= rows) bits++;
    return bits;
}

/* Puts the blocks one after another, across the borders of words too; false when they do not fit. */
static bool place_blocks(Core *core, u32 words) {
    u64 at = 0;
    for (u32 b = 0; b < core->blocks; b++) {
        core->word[b] = (u32)(at / BITS);
        core->shift[b] = (u32)(at % BITS);
        at += core->width[b];
    }
    return at <= (u64)words * BITS;
}

bool keys_layout(Core *core) {
    if (core->store != STORE_EXACT) {
        core->seen.words = 2;
        return true;
    }
    for (u32 b = 0; b < core->blocks; b++) core->width[b] = bits_for(core->block[b].count);
    u32 words = 2;
    u32 spare = core->blocks / 16 + 1; /* or a block would outgrow its bits again at once */
    core->width[0] += spare;
    while (!place_blocks(core, words)) words++;
    core->width[0] -= spare;
    /* hand out what is left, largest blocks first: they are the ones that grow */
    for (bool more = true; more;) {
        more = false;
        u32 best = NO_ID;
        for (u32 b = 0; b < core->blocks; b++) {
            u32 slack_b = core->width[b] - bits_for(core->block[b].count);
            u32 slack_best = best == NO_ID ? 0 : core->width[best] - bits_for(core->block[best].count);
            if (core->width[b] < 31 && (best == NO_ID || slack_b < slack_best ||
                                        (slack_b == slack_best && core->block[b].count > core->block[best].count)))
                best = b;
        }
        if (best != NO_ID) {
            core->width[best]++;
            if (place_blocks(core, words))
                more = true;
            else
                core->width[best]--;
        }
    }
    place_blocks(core, words);
    core->seen.words = words;
    return true;
}

/* A block has outgrown its bits: lay the keys out anew and store every state again. */
bool keys_repack(Core *core) {
    Seen old = core->seen;
    size_t blocks = core->blocks * sizeof(u32);
    u32 *width = malloc(blocks), *word = malloc(blocks), *shift = malloc(blocks), *rows = malloc(blocks);
    memcpy(width, core->width, blocks);
    memcpy(word, core->word, blocks);
    memcpy(shift, core->shift, blocks);
    keys_layout(core);
    u32 words = core->seen.words;
    u64 *key = malloc((words + old.words) * sizeof(u64));
    size_t end = old.capacity + old.capacity / 64 + 8192;
    bool opened = seen_open(core, words, old.capacity);
    if (opened) {
        for (size_t at = 0; at < end; at++) {
            u64 *slot = old.slots + at * old.words;
            if (!slot[0]) continue;
            memcpy(key + words, slot, old.words * sizeof(u64));
            unpack(core, key + words, old.words, width, word, shift, rows);
            pack(core, rows, key);
            seen_insert(core, key);
        }
        core->seen.count = old.count;
        Seen fresh = core->seen;
        core->seen = old;
        seen_close(core);
        core->seen = fresh;
    } else {
        core->seen = old;
        memcpy(core->width, width, blocks);
        memcpy(core->word, word, blocks);
        memcpy(core->shift, shift, blocks);
    }
    free(width), free(word), free(shift), free(rows), free(key);
    return opened;
}
