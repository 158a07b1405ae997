/* Random walks: at each state one of the enabled steps, each as likely as the other. */
#include "core.h"

/* splitmix64, so that a walk depends on the seed and its number only */
static u64 draw(Simulation *s) {
    u64 x = s->random += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

/* Stops at the leaf whose turn it is: branch counts down the leaves of the instance. */
static void pick(Worker *worker, const Leaf *leaf) {
    if (worker->branch-- == 0 && !successor(worker, leaf)) worker->knows = false;
}

/* One step from the state in s->rows. Returns WALK_MISS when something is to be learned first, and then nothing
 * has changed but the random number, which is put back. */
static int step(Core *core, Simulation *s) {
    Worker *worker = &core->worker[0];
    u64 random = s->random;
    worker_load(worker, s->rows);
    u32 total = 0, instance;
    for (instance = 0; instance < core->transitions; instance++) {
        s->instance = instance;
        walk_count(worker, core->tree[instance].root);
        if (!worker->knows) return WALK_MISS;
        total += worker->leaves;
    }
    if (!total) {
        for (u32 p = 0; p < core->predicates; p++) {
            if (!core->final[p]) continue;
            Ref value = predicate_value(worker, p);
            s->instance = core->transitions + p;
            if (value == REF_UNKNOWN) return WALK_MISS;
            if (value == REF_FALSE) judge(worker, p, value, s->rows);
        }
        s->walking = false;
        worker->terminal++;
        return WALK_DONE;
    }
    u32 wanted = (u32)(draw(s) % total), seen = 0;
    for (instance = 0;; instance++) {
        Ref from = core->tree[instance].root;
        walk_count(worker, from);
        if (seen + worker->leaves > wanted) {
            worker->branch = wanted - seen;
            worker->knows = true;
            walk(worker, from, pick);
            if (!worker->knows) {
                s->random = random;
                s->instance = instance;
                return WALK_MISS;
            }
            break;
        }
        seen += worker->leaves;
    }
    s->path[2 * (s->depth - 1)] = instance;
    s->path[2 * (s->depth - 1) + 1] = wanted - seen;
    memcpy(s->rows, worker->made->rows, core->blocks * sizeof(u32));
    s->depth++;
    s->steps++;
    worker->fired[instance]++;
    worker->generated++;
    copy_mask(s->mask, worker->made->mask + core->transition_words, core->predicate_words);
    s->visiting = true;
    return WALK_DONE;
}

/* Walks until all walks are done, a property is decided, something is to be learned, or time is up. */
int simulate(Core *core, Simulation *s, const u32 *initial, u32 initials, double seconds) {
    Worker *worker = &core->worker[0];
    worker->alone = true;
    worker->hit = false;
    double deadline = now() + seconds;
    for (u32 n = 0;; n++) {
        if (s->visiting) {
            worker->misses.count = 0;
            worker_visit(worker, s->rows, s->mask);
            if (worker->misses.count) return WALK_MISS;
            s->visiting = false;
        }
        if (worker->hit) return WALK_HIT;
        if (n % 256 == 255 && now() > deadline) return WALK_TIME;
        if (!s->walking || s->depth >= s->length) {
            if (s->walk == s->walks) return WALK_DONE;
            s->random = s->seed ^ (s->walk + 1) * 0xd1342543de82ef95u;
            u32 first = (u32)(draw(s) % initials);
            memcpy(s->rows, initial + (size_t)first * core->blocks, core->blocks * sizeof(u32));
            s->walk++;
            s->depth = 1;
            s->walking = true;
            s->first = first;
            copy_mask(s->mask, core->active, core->predicate_words);
            s->visiting = true;
            continue;
        }
        if (step(core, s) == WALK_MISS) return WALK_MISS;
    }
}
