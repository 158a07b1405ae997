/* What Python has taught: values, projections, operations, leaves, and one decision tree per instance. */
#include "core.h"

#include <stdlib.h>

/* Makes room for one more element of a growable array. */
static void *room(Core *core, void *array, u32 count, u32 *size, size_t item) {
    if (count < *size) return array;
    u32 grown = *size ? *size * 2 : 64;
    array = core_resize(core, array, *size * item, grown * item);
    *size = grown;
    return array;
}

/* Makes a map cover all values of its component, and tells the nodes that read through it. */
static void map_cover(Core *core, u32 index) {
    Map *map = &core->map[index];
    u32 values = core->component[map->component].count, size = map->size ? map->size : 16;
    if (values <= map->size) return;
    while (size < values) size *= 2;
    map->to = core_resize(core, map->to, map->size * sizeof(u32), size * sizeof(u32));
    map->size = size;
    for (u32 n = 0; n < core->nodes; n++)
        if (core->node[n].map && core->slot[core->node[n].slot].map == index + 1) core->node[n].map = map->to;
}

u32 core_add_value(Core *core, u32 component, const Hash *hashes) {
    Component *c = &core->component[component];
    u32 n = core->permutations;
    c->hash = room(core, c->hash, c->count, &c->size, sizeof(Hash) * n);
    memcpy(c->hash + (size_t)c->count * n, hashes, sizeof(Hash) * n);
    c->count++;
    for (u32 m = 0; m < core->maps; m++)
        if (core->map[m].component == component) map_cover(core, m);
    return c->count - 1;
}

u32 core_add_map(Core *core, u32 component) {
    core->map = room(core, core->map, core->maps, &core->map_size, sizeof(Map));
    core->map[core->maps] = (Map){.component = component};
    map_cover(core, core->maps);
    return core->maps++;
}

void map_set(Core *core, u32 index, u32 from, u32 to) { core->map[index].to[from] = to + 1; }

u32 core_add_slot(Core *core, u32 component, bool projection) {
    core->slot = room(core, core->slot, core->slots, &core->slot_size, sizeof(Slot));
    Component *c = &core->component[component];
    u32 map = projection ? core_add_map(core, component) + 1 : 0;
    core->slot[core->slots] = (Slot){component, c->block, c->offset, map};
    return core->slots++;
}

u32 core_add_op(Core *core, u32 block, const u32 *writes, u32 count) {
    core->op = room(core, core->op, core->ops, &core->op_size, sizeof(Op));
    Op *op = &core->op[core->ops];
    *op = (Op){block, count, core_resize(core, NULL, 0, count * sizeof(Write))};
    for (u32 i = 0; i < count; i++)
        op->writes[i] = (Write){writes[3 * i], core->component[writes[3 * i]].offset, writes[3 * i + 1], writes[3 * i + 2]};
    return core->ops++;
}

u32 core_add_leaf(Core *core, const u32 *ops, u32 count) {
    core->leaf = room(core, core->leaf, core->leaves, &core->leaf_size, sizeof(Leaf));
    core->leaf[core->leaves] = (Leaf){core->leaf_op_count, count};
    for (u32 i = 0; i < count; i++) {
        core->leaf_ops = room(core, core->leaf_ops, core->leaf_op_count, &core->leaf_op_size, sizeof(LeafOp));
        core->leaf_ops[core->leaf_op_count++] = (LeafOp){core->op[ops[i]].block, ops[i]};
    }
    return core->leaves++;
}

static u32 new_node(Core *core, u32 slot, u32 choices) {
    if (core->nodes == core->node_size) {
        u32 size = core->node_size ? core->node_size * 2 : 64;
        core->node = resize_lines(core, core->node, core->node_size * sizeof(Node), size * sizeof(Node));
        core->node_size = size;
        for (u32 i = 0; i < core->nodes; i++)
            if (core->node[i].mask < INLINE_EDGES) core->node[i].edges = core->node[i].first;
    }
    Node *node = &core->node[core->nodes];
    *node = (Node){.slot = slot, .choices = (u16)choices, .mask = INLINE_EDGES - 1, .shift = 30};
    if (!choices) {
        const Slot *s = &core->slot[slot];
        node->block = (u16)s->block;
        node->offset = (u16)s->offset;
        node->map = s->map ? core->map[s->map - 1].to : NULL;
    }
    node->edges = node->first;
    return core->nodes++;
}

static void edge_put(Node *node, u32 id, Ref to) {
    u32 i = edge_home(node, id + 1);
    while (node->edges[i & node->mask].key && node->edges[i & node->mask].key != id + 1) i++;
    node->edges[i & node->mask] = (Edge){id + 1, to};
}

static void edge_add(Core *core, u32 index, u32 id, Ref to) {
    Node *node = &core->node[index];
    u32 count = 0;
    for (u32 i = 0; i <= node->mask; i++) count += node->edges[i].key != 0;
    if ((count + 1) * 4 > (node->mask + 1) * 3) {
        Edge *old = node->edges;
        u32 size = node->mask + 1;
        node->mask = size * 2 - 1;
        node->shift--;
        node->edges = core_resize(core, NULL, 0, size * 2 * sizeof(Edge));
        for (u32 i = 0; i < size; i++)
            if (old[i].key) edge_put(node, old[i].key - 1, old[i].to);
        if (old != node->first) core_free(core, old, size * sizeof(Edge));
    }
    edge_put(node, id, to);
}

/* An instance reads a slot on the way to having nothing to do: rows that differ there make it necessary to look at
 * it again. What is read on other ways does not matter, because there it is looked at anyway. */
static void watch(Core *core, u32 slot, u32 bit) {
    Component *c = &core->component[core->slot[slot].component];
    u32 words = core->words, at = 0;
    while (at < c->watches && c->watch[at] != slot) at++;
    if (at == c->watches) {
        c->watch = core_resize(core, c->watch, at * sizeof(u32), (at + 1) * sizeof(u32));
        c->watch_mask = core_resize(core, c->watch_mask, at * words * sizeof(u64), (at + 1) * words * sizeof(u64));
        c->watch[at] = slot;
        c->watches++;
    }
    u64 *word = &c->watch_mask[at * words + bit / 64], one = (u64)1 << bit % 64;
    if (!(*word & one)) {
        *word |= one;
        core->watch_dirty = true;
    }
}

/* Adds one path to a tree: steps are (slot, value) or (-count, option chosen). Returns 0, or -1 when the path
 * contradicts what was learned before: the function's outcome does not follow from what it reads. */
int tree_learn(Core *core, u32 index, const int64_t *path, size_t steps, Ref outcome) {
    Tree *tree = &core->tree[index];
    u32 node = NO_ID, id = 0; /* the edge to put the next thing at; NO_ID: the root */
    bool local = true; /* whether rows of the block where the tree begins lead this far by themselves */
    for (size_t i = 0; i <= steps; i++) {
        Ref at = node == NO_ID ? tree->root : node_follow(&core->node[node], id);
        bool end = i == steps;
        int64_t slot = end ? 0 : path[2 * i];
        u32 choices = !end && slot < 0 ? (u32)-slot : 0;
        if (at == REF_UNKNOWN) {
            Ref made = end       ? outcome
                       : choices ? REF_CHOICE | new_node(core, 0, choices)
                                 : REF_NODE | new_node(core, (u32)slot, 0);
            if (node == NO_ID)
                tree->root = made;
            else
                edge_add(core, node, id, made);
            at = made;
            tree->dirty |= local;
        } else if (end ? at != outcome
                       : !(at & (choices ? REF_CHOICE : REF_NODE)) ||
                             (choices ? core->node[at & REF_INDEX].choices != choices
                                      : core->node[at & REF_INDEX].slot != (u32)slot)) {
            return -1;
        }
        if (end) break;
        if (!choices && outcome == tree->idle) watch(core, (u32)slot, tree->bit);
        local = local && !choices && core->slot[slot].block == core->slot[path[0]].block;
        node = at & REF_INDEX;
        id = (u32)path[2 * i + 1];
    }
    return 0;
}
