/* The set of states found: open addressing, lock-free insertion, growth in place.
 *
 * A slot is `words` 64-bit words; the first is spread evenly over its range and decides the home slot by
 * multiplication, so the slots are in the order of their first words but for displacement. The table can therefore
 * grow by any factor by moving entries upwards from the end, reading and writing memory sequentially, without a
 * second copy. A large range of addresses is reserved at the start and costs nothing until it is used.
 */
#define _GNU_SOURCE
#include "core.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define LOAD 0.9
#define EXPECTED_LOAD 0.82 /* where the number of states is known beforehand: quicker, and still small */
#define FIRST_CAPACITY ((size_t)1 << 16)

static void set_capacity(Seen *seen, size_t capacity) {
    seen->capacity = capacity;
    seen->limit = (size_t)((double)capacity * LOAD);
}

/* Slots past the capacity take what is displaced from the last homes: there is no wrapping around. */
static size_t slack(size_t capacity) { return capacity / 64 + 8192; }

static size_t bytes_for(const Seen *seen, size_t capacity) {
    return (capacity + slack(capacity)) * seen->words * sizeof(u64);
}

/* How many slots so many expected states want. */
size_t seen_capacity_for(size_t states) {
    return states ? (size_t)((double)states / EXPECTED_LOAD) + (1 << 14) : FIRST_CAPACITY;
}

bool seen_open(Core *core, u32 words, size_t capacity) {
    Seen *seen = &core->seen;
    seen->words = words;
    size_t reserve = (size_t)sysconf(_SC_PHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE);
    if (capacity < FIRST_CAPACITY) capacity = FIRST_CAPACITY;
    if (bytes_for(seen, capacity) + core->allocated > core->memory_limit) capacity = FIRST_CAPACITY;
    for (;; reserve /= 2) {
        if (reserve < bytes_for(seen, capacity)) return false;
        seen->slots = mmap(NULL, reserve, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (seen->slots != MAP_FAILED) break;
    }
#ifdef MADV_HUGEPAGE
    madvise(seen->slots, reserve, MADV_HUGEPAGE);
#endif
    seen->reserved = reserve;
    seen->count = 0;
    set_capacity(seen, capacity);
    core->allocated += bytes_for(seen, capacity);
    return true;
}

void seen_close(Core *core) {
    if (!core->seen.slots) return;
    core->allocated -= bytes_for(&core->seen, core->seen.capacity);
    munmap(core->seen.slots, core->seen.reserved);
    core->seen.slots = NULL;
}

void seen_clear(Core *core) {
    memset(core->seen.slots, 0, bytes_for(&core->seen, core->seen.capacity));
    core->seen.count = 0;
}

/* Puts an entry where it belongs; only for growth, when nobody else looks. */
static void place(Seen *seen, const u64 *entry) {
    u32 words = seen->words;
    for (u64 at = seen_home(seen, entry[0]);; at++) {
        u64 *slot = seen->slots + at * words;
        if (!slot[0]) {
            copy_words(slot, entry, words);
            return;
        }
    }
}

/* Grows to `capacity`, segment by segment from the end. Entries whose new home lies below the segment they were
 * found in wait until the segment of that home is cleared, so that no search ever stops early at a hole. */
bool seen_grow_to(Core *core, size_t capacity) {
    Seen *seen = &core->seen;
    size_t before = bytes_for(seen, seen->capacity), after = bytes_for(seen, capacity);
    if (after > seen->reserved || core->allocated + (after - before) > core->memory_limit) return false;
    u32 words = seen->words;
    size_t end = seen->capacity + slack(seen->capacity);
    const size_t segment = 1 << 14;
    u64 *taken = malloc(2 * segment * words * sizeof(u64)); /* those that wait are few: what spilt over one edge */
    size_t waiting = 0;                                     /* taken[0, waiting) belong below */
    if (!taken) return false;
    set_capacity(seen, capacity);
    while (end) {
        size_t start = end > segment ? end - segment : 0, count = waiting;
        for (size_t at = start; at < end; at++) {
            u64 *slot = seen->slots + at * words;
            if (!slot[0]) continue;
            if (seen_home(seen, slot[0]) >= end) /* clear of what is still to be moved */
                place(seen, slot);
            else
                copy_words(taken + count++ * words, slot, words);
            for (u32 w = 0; w < words; w++) slot[w] = 0; /* a stale last word would be taken for a written one */
        }
        waiting = 0;
        for (size_t i = 0; i < count; i++) {
            u64 *entry = taken + i * words;
            if (seen_home(seen, entry[0]) < start)
                copy_words(taken + words * waiting++, entry, words);
            else
                place(seen, entry);
        }
        end = start;
    }
    free(taken);
    core->allocated += after - before;
    return true;
}

/* Makes room: by half while the levels still grow, afterwards for a part of what is still to come if they go on
 * shrinking as they do, so that the end finds the table nearly full and yet few entries were moved often. */
bool seen_grow(Core *core) {
    size_t capacity = core->seen.capacity, more = capacity;
    u64 done = atomic_load(&core->done), level = core->current_count;
    if (capacity >= (size_t)1 << 20) {
        u64 found = 0;
        for (u32 w = 0; w < core->workers; w++) found += core->worker[w].new_states;
        double ratio = done > level / 16          ? (double)found / (double)done
                       : core->previous_count ? (double)level / (double)core->previous_count
                                              : 1;
        more = capacity / 2;
        if (ratio < 1) {
            double rest = ratio * (double)(level - done) + ratio * ratio / (1 - ratio) * (double)level;
            if (rest / 8 < (double)more) more = (size_t)(rest / 8);
            if (more < capacity / 12) more = capacity / 12;
        }
    }
    return seen_grow_to(core, capacity + more) || seen_grow_to(core, capacity + capacity / 12);
}

/* Adds a key unless it is there; says whether it was new. The first and last words of a key are never 0: the first
 * claims the slot, the last tells that the words between are written. */
bool seen_insert(Core *core, const u64 *key) {
    Seen *seen = &core->seen;
    u32 words = seen->words;
    u64 *slot = seen->slots + seen_home(seen, key[0]) * words;
    for (;; slot += words) {
        u64 first = __atomic_load_n(&slot[0], __ATOMIC_RELAXED);
        if (!first) {
            u64 empty = 0;
            if (__atomic_compare_exchange_n(&slot[0], &empty, key[0], false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
                for (u32 i = 1; i + 1 < words; i++) __atomic_store_n(&slot[i], key[i], __ATOMIC_RELAXED);
                __atomic_store_n(&slot[words - 1], key[words - 1], __ATOMIC_RELEASE);
                return true;
            }
            first = empty;
        }
        if (first == key[0]) {
            u64 last;
            while (!(last = __atomic_load_n(&slot[words - 1], __ATOMIC_ACQUIRE))) {
            }
            bool same = last == key[words - 1];
            for (u32 i = 1; same && i + 1 < words; i++) same = __atomic_load_n(&slot[i], __ATOMIC_RELAXED) == key[i];
            if (same) return false;
        }
    }
}
