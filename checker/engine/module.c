/* The Python type `Core`: teaching, running, asking. Everything here holds the interpreter lock except run() and
 * simulate(), which release it and touch no Python object meanwhile. */
#include "module.h"

#include "graph.h"

#include <stdlib.h>
#include <unistd.h>

/* ---- arguments ---- */

/* A sequence of whole numbers as a malloc'ed array; NULL with an exception set otherwise. */
static int64_t *numbers(PyObject *sequence, Py_ssize_t *count) {
    PyObject *fast = PySequence_Fast(sequence, "expected a sequence of ints");
    if (!fast) return NULL;
    *count = PySequence_Fast_GET_SIZE(fast);
    int64_t *result = malloc((size_t)(*count + 1) * sizeof *result);
    for (Py_ssize_t i = 0; result && i < *count; i++) {
        result[i] = PyLong_AsLongLong(PySequence_Fast_GET_ITEM(fast, i));
        if (result[i] == -1 && PyErr_Occurred()) {
            free(result);
            result = NULL;
        }
    }
    Py_DECREF(fast);
    return result;
}

u32 *small_numbers(PyObject *sequence, Py_ssize_t *count) {
    int64_t *wide = numbers(sequence, count);
    u32 *result = wide ? malloc((size_t)(*count + 1) * sizeof *result) : NULL;
    for (Py_ssize_t i = 0; result && i < *count; i++) result[i] = (u32)wide[i];
    free(wide);
    return result;
}

bool in_range(Py_ssize_t value, size_t end, const char *what) {
    if (value >= 0 && (size_t)value < end) return true;
    PyErr_Format(PyExc_ValueError, "no such %s: %zd", what, value);
    return false;
}

/* ---- making ---- */

static void destroy(Core *core) {
    frontier_clear(core);
    seen_close(core);
    if (core->worker)
        for (u32 w = 0; w < core->workers; w++) worker_close(core, &core->worker[w]);
    for (u32 c = 0; core->component && c < core->components; c++) {
        free(core->component[c].hash), free(core->component[c].watch), free(core->component[c].watch_mask);
    }
    for (u32 b = 0; core->block && b < core->blocks; b++) {
        Block *block = &core->block[b];
        free(block->member), free(block->records), free(block->index), free(block->root), free(block->entry);
    }
    for (u32 m = 0; m < core->maps; m++) free(core->map[m].to);
    for (u32 n = 0; n < core->nodes; n++)
        if (core->node[n].edges != core->node[n].first) free(core->node[n].edges);
    for (u32 o = 0; o < core->ops; o++) free(core->op[o].writes);
    if (core->parents) fclose(core->parents);
    free(core->component), free(core->block), free(core->slot), free(core->map), free(core->node), free(core->op);
    free(core->leaf), free(core->leaf_ops), free(core->tree), free(core->memo), free(core->masks);
    free(core->mask_index), free(core->all), free(core->goal), free(core->final), free(core->active), free(core->width);
    free(core->word), free(core->shift), free(core->units), free(core->worker), free(core->pending.items);
    memset(core, 0, sizeof *core);
}

static void Core_dealloc(Object *self) {
    destroy(&self->core);
    free(self->initial), free(self->simulation.path), free(self->simulation.rows), free(self->simulation.mask);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static int Core_init(Object *self, PyObject *args, PyObject *kwargs) {
    static char *names[] = {"block_of", "transitions", "kinds", "permutations", "workers", "exact", "symmetric",
                            "failed", NULL};
    PyObject *block_of, *kinds;
    unsigned transitions, permutations, workers, failed;
    int exact, symmetric;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OIOIIppI", names, &block_of, &transitions, &kinds, &permutations,
                                     &workers, &exact, &symmetric, &failed))
        return -1;
    Core *core = &self->core;
    destroy(core);
    Py_ssize_t components, predicates;
    u32 *blocks = small_numbers(block_of, &components);
    u32 *kind = blocks ? small_numbers(kinds, &predicates) : NULL;
    if (!kind) {
        free(blocks);
        return -1;
    }
    core->components = (u32)components;
    core->transitions = transitions;
    core->predicates = (u32)predicates;
    core->permutations = permutations;
    core->workers = workers < 1 ? 1 : workers > 64 ? 64 : workers;
    core->transition_words = transitions ? (transitions + 127) / 128 * 2 : 2; /* two words are handled at once */
    core->predicate_words = (core->predicates + 127) / 128 * 2;
    core->words = core->transition_words + core->predicate_words;
    core->store = exact ? STORE_EXACT : STORE_FINGERPRINT;
    core->symmetric = symmetric;
    core->memory_limit = UINT64_MAX;
    for (u32 c = 0; c < core->components; c++)
        if (blocks[c] >= core->blocks) core->blocks = blocks[c] + 1;
    core->quads = (core->blocks + QUAD - 1) / QUAD;
    core->component = core_resize(core, NULL, 0, core->components * sizeof(Component));
    core->block = core_resize(core, NULL, 0, core->blocks * sizeof(Block));
    for (u32 c = 0; c < core->components; c++) {
        Block *block = &core->block[blocks[c]];
        block->member = core_resize(core, block->member, block->components * sizeof(u32),
                                    (block->components + 1) * sizeof(u32));
        block->member[block->components] = c;
        core->component[c] = (Component){.block = blocks[c], .offset = block->components++};
        core_add_slot(core, c, false); /* slot c reads component c whole */
    }
    for (u32 b = 0; b < core->blocks; b++) block_layout(core, &core->block[b]);
    core->failed_block = blocks[failed];
    core->tree = core_resize(core, NULL, 0, (transitions + core->predicates) * sizeof(Tree));
    core->goal = core_resize(core, NULL, 0, core->predicates + 1);
    core->final = core_resize(core, NULL, 0, core->predicates + 1);
    core->active = core_resize(core, NULL, 0, (core->predicate_words + 1) * sizeof(u64));
    for (u32 p = 0; p < core->predicates; p++) {
        core->goal[p] = kind[p] == 1;
        core->final[p] = kind[p] == 2;
        if (kind[p] < 2) core->active[p / 64] |= (u64)1 << p % 64;
    }
    for (u32 t = 0; t < transitions + core->predicates; t++) {
        bool predicate = t >= transitions;
        core->tree[t].bit = predicate ? core->transition_words * 64 + t - transitions : t;
        core->tree[t].idle = !predicate || core->goal[t - transitions] ? REF_FALSE : REF_TRUE;
    }
    core->all = core_resize(core, NULL, 0, core->words * sizeof(u64));
    memset(core->all, 0xff, core->words * sizeof(u64));
    core->width = core_resize(core, NULL, 0, core->blocks * sizeof(u32));
    core->word = core_resize(core, NULL, 0, core->blocks * sizeof(u32));
    core->shift = core_resize(core, NULL, 0, core->blocks * sizeof(u32));
    core->worker = own_lines(core->workers, sizeof(Worker));
    free(blocks), free(kind);
    return 0;
}

/* ---- teaching ---- */

static PyObject *Core_add_value(Object *self, PyObject *args) {
    unsigned component;
    Py_buffer hashes;
    if (!PyArg_ParseTuple(args, "Iy*", &component, &hashes)) return NULL;
    Core *core = &self->core;
    bool fits = (size_t)hashes.len == core->permutations * sizeof(Hash) && component < core->components;
    u32 id = fits ? core_add_value(core, component, hashes.buf) : 0;
    PyBuffer_Release(&hashes);
    if (!fits) return PyErr_Format(PyExc_ValueError, "bad component or hashes");
    return PyLong_FromUnsignedLong(id);
}

static PyObject *Core_add_projection(Object *self, PyObject *args) {
    unsigned component;
    if (!PyArg_ParseTuple(args, "I", &component) || !in_range(component, self->core.components, "component"))
        return NULL;
    u32 slot = core_add_slot(&self->core, component, true);
    return Py_BuildValue("II", slot, self->core.slot[slot].map - 1);
}

static PyObject *Core_add_apply(Object *self, PyObject *args) {
    unsigned component;
    if (!PyArg_ParseTuple(args, "I", &component) || !in_range(component, self->core.components, "component"))
        return NULL;
    return PyLong_FromUnsignedLong(core_add_map(&self->core, component));
}

static PyObject *Core_set_map(Object *self, PyObject *args) {
    unsigned map, from, to;
    if (!PyArg_ParseTuple(args, "III", &map, &from, &to) || !in_range(map, self->core.maps, "map")) return NULL;
    if (!in_range(from, self->core.component[self->core.map[map].component].count, "value")) return NULL;
    map_set(&self->core, map, from, to);
    Py_RETURN_NONE;
}

static PyObject *Core_add_op(Object *self, PyObject *args) {
    unsigned block;
    PyObject *writes;
    Py_ssize_t count;
    if (!PyArg_ParseTuple(args, "IO", &block, &writes)) return NULL;
    u32 *triples = small_numbers(writes, &count);
    if (!triples) return NULL;
    u32 op = core_add_op(&self->core, block, triples, (u32)(count / 3));
    free(triples);
    return PyLong_FromUnsignedLong(op);
}

static PyObject *Core_add_leaf(Object *self, PyObject *args) {
    PyObject *sequence;
    Py_ssize_t count;
    if (!PyArg_ParseTuple(args, "O", &sequence)) return NULL;
    u32 *ops = small_numbers(sequence, &count);
    if (!ops) return NULL;
    u32 leaf = core_add_leaf(&self->core, ops, (u32)count);
    free(ops);
    return PyLong_FromUnsignedLong(leaf);
}

static PyObject *Core_learn(Object *self, PyObject *args) {
    unsigned tree;
    PyObject *sequence;
    long outcome; /* -1: disabled or false, -2: true, otherwise a leaf */
    Py_ssize_t count;
    if (!PyArg_ParseTuple(args, "IOl", &tree, &sequence, &outcome)) return NULL;
    Core *core = &self->core;
    if (!in_range(tree, core->transitions + core->predicates, "tree")) return NULL;
    int64_t *path = numbers(sequence, &count);
    if (!path) return NULL;
    Ref ref = outcome == -1 ? REF_FALSE : outcome == -2 ? REF_TRUE : REF_LEAF | (Ref)outcome;
    int result = tree_learn(core, tree, path, (size_t)count / 2, ref);
    free(path);
    return PyBool_FromLong(result == 0);
}

/* ---- running ---- */

static u32 *rows_of_ids(Core *core, PyObject *sequence) {
    Py_ssize_t count;
    u32 *ids = small_numbers(sequence, &count);
    if (!ids) return NULL;
    u32 *rows = calloc(core->blocks, sizeof(u32)), *part = calloc(core->components, sizeof(u32));
    for (u32 b = 0; b < core->blocks; b++) {
        for (u32 i = 0; i < core->block[b].components; i++) part[i] = ids[core->block[b].member[i]];
        rows[b] = row_intern(core, b, part);
    }
    free(ids), free(part);
    return rows;
}

static PyObject *Core_add_initial(Object *self, PyObject *ids) {
    Core *core = &self->core;
    u32 *rows = rows_of_ids(core, ids);
    if (!rows) return NULL;
    self->initial = realloc(self->initial, (self->initials + 1) * core->blocks * sizeof(u32));
    memcpy(self->initial + self->initials++ * core->blocks, rows, core->blocks * sizeof(u32));
    free(rows);
    Py_RETURN_NONE;
}

static void open_workers(Core *core) {
    for (u32 w = 0; w < core->workers; w++) {
        worker_close(core, &core->worker[w]);
        worker_open(core, &core->worker[w]);
    }
}

/* Begins a search: an empty seen table (with room for `expected` states), the initial states as first level. With
 * `parents` true, each state's parent goes to a temporary file, for rebuilding a path. */
static PyObject *Core_start(Object *self, PyObject *args) {
    unsigned long long expected, memory_limit;
    int parents;
    if (!PyArg_ParseTuple(args, "KKp", &expected, &memory_limit, &parents)) return NULL;
    Core *core = &self->core;
    frontier_clear(core);
    seen_close(core);
    core->out_of_memory = core->parents_failed = false;
    core->memory_limit = memory_limit;
    if (core->parents) fclose(core->parents);
    core->parents = parents ? tmpfile() : NULL;
    if (parents && !core->parents) return PyErr_SetFromErrno(PyExc_OSError);
    if (!core->rooted) core_root(core);
    keys_layout(core);
    open_workers(core);
    if (!seen_open(core, core->seen.words, seen_capacity_for(expected))) return PyErr_NoMemory();
    rows_refresh(core);
    Worker *worker = &core->worker[0];
    worker->alone = true;
    worker->parent = NO_ID;
    for (u32 i = 0; i < self->initials; i++) {
        const u32 *rows = self->initial + (size_t)i * core->blocks;
        worker_load(worker, rows);
        key_of(core, rows, worker->loaded.hash, worker->key);
        worker->generated++;
        if (!seen_insert(core, worker->key)) continue;
        core->seen.count++;
        worker->new_states++;
        if (core->symmetric) {
            u32 fixed = 0;
            for (u32 p = 0; p < core->permutations; p++) fixed += hash_equal(worker->loaded.hash[p], worker->loaded.hash[0]);
            worker->orbit_states += core->permutations / fixed;
        }
        frontier_append(worker, worker->loaded.rows, core->all);
        if (core->parents) {
            u32 record[2] = {i, 0};
            if (fwrite(record, sizeof record, 1, core->parents) != 1) core->parents_failed = true;
        }
        worker_visit(worker, rows, core->active);
    }
    core->pending.count = core->pending_at = 0;
    if (worker->misses.count) return PyErr_Format(PyExc_ValueError, "evaluate the initial states first");
    Py_RETURN_NONE;
}

static PyObject *Core_next_level(Object *self, PyObject *unused) {
    (void)unused;
    next_level(&self->core);
    return PyLong_FromUnsignedLongLong(self->core.current_count);
}

static PyObject *Core_run(Object *self, PyObject *args) {
    double seconds;
    unsigned long long states, memory;
    if (!PyArg_ParseTuple(args, "dKK", &seconds, &states, &memory)) return NULL;
    self->core.fill_limit = states;
    self->core.memory_limit = memory;
    int outcome;
    Py_BEGIN_ALLOW_THREADS
    outcome = explore(&self->core, seconds);
    Py_END_ALLOW_THREADS
    if (self->core.parents_failed) return PyErr_Format(PyExc_OSError, "cannot write to the temporary folder");
    return PyLong_FromLong(outcome);
}

PyObject *ids_of_rows(const Core *core, const u32 *rows) {
    PyObject *ids = PyTuple_New(core->components);
    for (u32 c = 0; ids && c < core->components; c++) {
        const Component *component = &core->component[c];
        u32 id = row_ids(&core->block[component->block], rows[component->block])[component->offset];
        PyTuple_SET_ITEM(ids, c, PyLong_FromUnsignedLong(id));
    }
    return ids;
}

/* (tree, value ids): what to evaluate where. */
PyObject *miss_object(const Core *core, u32 tree, const u32 *rows) {
    PyObject *ids = ids_of_rows(core, rows);
    return ids ? Py_BuildValue("IN", tree, ids) : NULL;
}

static u32 tree_of(const Core *core, const Miss *item) {
    return item->kind == MISS_TRANSITION ? item->instance : core->transitions + item->instance;
}

static PyObject *Core_next_miss(Object *self, PyObject *unused) {
    (void)unused;
    const Miss *item = next_miss(&self->core);
    if (!item) Py_RETURN_NONE;
    return miss_object(&self->core, tree_of(&self->core, item), item->rows);
}

static PyObject *Core_set_active(Object *self, PyObject *args) {
    unsigned predicate;
    int active;
    if (!PyArg_ParseTuple(args, "Ip", &predicate, &active) || !in_range(predicate, self->core.predicates, "predicate"))
        return NULL;
    u64 bit = (u64)1 << predicate % 64, *word = &self->core.active[predicate / 64];
    *word = active ? *word | bit : *word & ~bit;
    Py_RETURN_NONE;
}

/* ---- asking ---- */

/* [(predicate or None, value ids)], for what decided a property since the last call. The least state by fingerprint
 * stands for all of the same level. None: the state has failed assertions, which the failed field names. */
static PyObject *Core_take_hits(Object *self, PyObject *unused) {
    (void)unused;
    Core *core = &self->core;
    PyObject *list = PyList_New(0);
    for (u32 i = 0; list && i < core->predicates + 1024; i++) {
        u32 best = NO_ID;
        for (u32 w = 0; w < core->workers && core->worker[w].hits; w++) {
            Hit *hit = &core->worker[w].hits[i];
            if (hit->set && (best == NO_ID || hash_less(hit->fingerprint, core->worker[best].hits[i].fingerprint)))
                best = w;
        }
        if (best == NO_ID) continue;
        PyObject *ids = ids_of_rows(core, core->worker[best].hit_rows + (size_t)i * core->blocks);
        PyObject *item = i < core->predicates ? Py_BuildValue("IN", i, ids) : Py_BuildValue("ON", Py_None, ids);
        if (!item || PyList_Append(list, item)) Py_CLEAR(list);
        Py_XDECREF(item);
        for (u32 w = 0; w < core->workers; w++) core->worker[w].hits[i].set = false;
    }
    return list;
}

static PyObject *Core_fired(Object *self, PyObject *unused) {
    (void)unused;
    Core *core = &self->core;
    PyObject *list = PyList_New(core->transitions);
    for (u32 t = 0; list && t < core->transitions; t++) {
        u64 total = 0;
        for (u32 w = 0; w < core->workers && core->worker[w].fired; w++) total += core->worker[w].fired[t];
        PyList_SET_ITEM(list, t, PyLong_FromUnsignedLongLong(total));
    }
    return list;
}

static PyObject *Core_statistics(Object *self, PyObject *unused) {
    (void)unused;
    Core *core = &self->core;
    u64 generated = 0, terminal = 0, deadlocks = 0, orbit = 0, following = 0;
    for (u32 w = 0; core->worker && w < core->workers; w++) {
        generated += core->worker[w].generated;
        terminal += core->worker[w].terminal;
        deadlocks += core->worker[w].deadlocks;
        orbit += core->worker[w].orbit_states;
        following += core->worker[w].new_states;
    }
    u64 rows = 0;
    for (u32 b = 0; b < core->blocks; b++) rows += core->block[b].count;
    return Py_BuildValue("{s:K,s:K,s:K,s:K,s:K,s:K,s:K,s:K,s:I,s:I,s:I,s:K,s:I,s:K}", "states", (u64)core->seen.count,
                         "generated", generated, "terminal", terminal, "deadlocks", deadlocks, "orbit_states", orbit,
                         "following", following, "level", core->current_count, "done", (u64)atomic_load(&core->done),
                         "nodes", core->nodes, "leaves", core->leaves, "effects", core->memo_count, "rows", rows, "words",
                         core->seen.words, "allocated", core->allocated);
}

/* The path to a state of the search with parents: (which initial state, [(instance, branch)]). `level` counts from
 * 0, `position` within the level; `starts` are the positions of the levels' first states in the log. */
static PyObject *Core_path(Object *self, PyObject *args) {
    PyObject *sequence;
    unsigned long long position;
    Py_ssize_t count;
    if (!PyArg_ParseTuple(args, "OK", &sequence, &position)) return NULL;
    int64_t *starts = numbers(sequence, &count);
    if (!starts) return NULL;
    PyObject *steps = PyList_New(0);
    u32 record[2] = {0, 0};
    fflush(self->core.parents);
    for (Py_ssize_t level = count - 1; steps && level >= 0; level--) {
        if (fseeko(self->core.parents, (off_t)((u64)starts[level] + position) * 8, SEEK_SET) ||
            fread(record, sizeof record, 1, self->core.parents) != 1) {
            Py_CLEAR(steps);
            PyErr_SetFromErrno(PyExc_OSError);
        } else if (level) {
            PyObject *step = Py_BuildValue("II", record[1] >> 16, record[1] & 0xffff);
            if (!step || PyList_Append(steps, step)) Py_CLEAR(steps);
            Py_XDECREF(step);
            position = record[0];
        }
    }
    free(starts);
    if (!steps) return NULL;
    PyList_Reverse(steps);
    return Py_BuildValue("IN", record[0], steps);
}

/* The position, in the level about to be expanded, of the state with these value ids; -1 when it is not there.
 * With symmetry, of a state in the same orbit. */
static PyObject *Core_find(Object *self, PyObject *ids) {
    Core *core = &self->core;
    u32 *rows = rows_of_ids(core, ids);
    if (!rows) return NULL;
    Hash wanted = fingerprint_of(core, rows);
    long long position = 0, found = -1;
    for (Chunk *chunk = core->current; chunk && found < 0; chunk = chunk->next)
        for (u32 i = 0; i < chunk->count; i++, position++) {
            state_rows(core, chunk, i, rows);
            if (hash_equal(fingerprint_of(core, rows), wanted)) {
                found = position;
                break;
            }
        }
    free(rows);
    return PyLong_FromLongLong(found);
}

/* ---- checkpoints ---- */

static PyObject *Core_dump(Object *self, PyObject *unused) {
    (void)unused;
    Core *core = &self->core;
    PyObject *blocks = PyList_New(core->blocks);
    for (u32 b = 0; blocks && b < core->blocks; b++) {
        Block *block = &core->block[b];
        size_t row = block->components * sizeof(u32);
        PyObject *bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(block->count * row));
        for (u32 r = 0; bytes && r < block->count; r++) memcpy(PyBytes_AS_STRING(bytes) + r * row, row_ids(block, r), row);
        PyList_SET_ITEM(blocks, b, bytes);
    }
    size_t row = core->blocks * sizeof(u32);
    PyObject *lists[2];
    u64 counts[2] = {0, 0};
    for (u32 i = 0; i < core->unit_count; i++) counts[0] += core->units[i].to - core->units[i].from;
    for (Chunk *chunk = core->following; chunk; chunk = chunk->next) counts[1] += chunk->count;
    for (int k = 0; k < 2; k++) lists[k] = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(counts[k] * row));
    if (!blocks || !lists[0] || !lists[1]) return NULL;
    char *at = PyBytes_AS_STRING(lists[0]);
    for (u32 i = 0; i < core->unit_count; i++)
        for (u32 k = core->units[i].from; k < core->units[i].to; k++, at += row)
            state_rows(core, core->units[i].chunk, k, (u32 *)(void *)at);
    at = PyBytes_AS_STRING(lists[1]);
    for (Chunk *chunk = core->following; chunk; chunk = chunk->next)
        for (u32 k = 0; k < chunk->count; k++, at += row)
            state_rows(core, chunk, k, (u32 *)(void *)at);
    return Py_BuildValue("NNN", blocks, lists[0], lists[1]);
}

/* The keys of all states, in pieces, to a file descriptor; exact keys as fingerprints would be, by content of the
 * table: the layout travels along. */
static PyObject *Core_write_keys(Object *self, PyObject *args) {
    int fd;
    if (!PyArg_ParseTuple(args, "i", &fd)) return NULL;
    Core *core = &self->core;
    size_t item = core->seen.words * sizeof(u64), held = 0, piece = 4096;
    u8 *buffer = malloc(piece * item);
    size_t end = core->seen.capacity + core->seen.capacity / 64 + 8192;
    bool failed = false;
    for (size_t at = 0; at <= end && !failed; at++) {
        if (at < end && core->seen.slots[at * core->seen.words])
            memcpy(buffer + held++ * item, core->seen.slots + at * core->seen.words, item);
        if (held == piece || at == end) {
            size_t bytes = held * item, done = 0;
            while (done < bytes && !failed) {
                ssize_t written = write(fd, buffer + done, bytes - done);
                failed = written < 0;
                done += failed ? 0 : (size_t)written;
            }
            held = 0;
        }
    }
    free(buffer);
    if (failed) return PyErr_SetFromErrno(PyExc_OSError);
    PyObject *layout = PyList_New(0);
    for (u32 b = 0; layout && b < core->blocks; b++) {
        PyObject *entry = Py_BuildValue("III", core->width[b], core->word[b], core->shift[b]);
        PyList_Append(layout, entry);
        Py_XDECREF(entry);
    }
    return layout;
}

/* Takes up a search: rows in their old order, what was left of the level, what was found of the next, the layout of
 * exact keys. The keys follow through load_keys. */
static PyObject *Core_load(Object *self, PyObject *args) {
    PyObject *blocks, *layout;
    Py_buffer current, following;
    unsigned long long memory_limit, expected;
    unsigned words;
    if (!PyArg_ParseTuple(args, "Oy*y*OIKK", &blocks, &current, &following, &layout, &words, &expected, &memory_limit))
        return NULL;
    Core *core = &self->core;
    bool good = true;
    core->memory_limit = memory_limit;
    if (!core->rooted) core_root(core);
    for (u32 b = 0; b < core->blocks && good; b++) {
        Block *block = &core->block[b];
        PyObject *bytes = PySequence_GetItem(blocks, b);
        char *data;
        Py_ssize_t size;
        good = bytes && !PyBytes_AsStringAndSize(bytes, &data, &size) && size % (Py_ssize_t)(block->components * sizeof(u32)) == 0;
        u32 count = good ? (u32)((size_t)size / (block->components * sizeof(u32))) : 0;
        for (u32 row = 0; row < count && good; row++) {
            const u32 *ids = (const u32 *)(void *)(data + (size_t)row * block->components * sizeof(u32));
            for (u32 i = 0; i < block->components; i++) good &= ids[i] < core->component[block->member[i]].count;
            good = good && row_intern(core, b, ids) == row;
        }
        Py_XDECREF(bytes);
    }
    core->seen.words = words;
    for (u32 b = 0; b < core->blocks && good; b++) {
        PyObject *entry = PySequence_GetItem(layout, b);
        good = entry && PyArg_ParseTuple(entry, "III", &core->width[b], &core->word[b], &core->shift[b]) &&
               core->width[b] < 32 && core->shift[b] < 63 &&
               core->word[b] + (core->shift[b] + core->width[b] > 63) < words;
        Py_XDECREF(entry);
    }
    size_t row = core->blocks * sizeof(u32);
    good = good && words >= 2 && words <= key_room(core) && (size_t)current.len % row == 0 && (size_t)following.len % row == 0;
    const Py_buffer *parts[2] = {&current, &following};
    for (int k = 0; k < 2 && good; k++)
        for (size_t i = 0; i < (size_t)parts[k]->len / sizeof(u32); i++)
            good &= ((const u32 *)parts[k]->buf)[i] < core->block[i % core->blocks].count;
    if (good) open_workers(core);
    if (good && seen_open(core, words, seen_capacity_for(expected))) {
        Worker *worker = &core->worker[0];
        for (int k = 0; k < 2; k++) {
            for (size_t i = 0; i < (size_t)parts[k]->len / row; i++) {
                worker_load(worker, (const u32 *)parts[k]->buf + i * core->blocks);
                frontier_append(worker, worker->loaded.rows, core->all);
            }
            worker->new_states = (size_t)parts[k]->len / row;
            if (!k) next_level(core);
        }
        rows_refresh(core);
    } else {
        good = false;
    }
    PyBuffer_Release(&current), PyBuffer_Release(&following);
    if (!good) {
        if (!PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, "inconsistent checkpoint");
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *Core_load_keys(Object *self, PyObject *args) {
    Py_buffer keys;
    if (!PyArg_ParseTuple(args, "y*", &keys)) return NULL;
    Core *core = &self->core;
    size_t item = core->seen.words * sizeof(u64), count = (size_t)keys.len / item;
    bool good = (size_t)keys.len % item == 0;
    for (size_t i = 0; i < count && good; i++) {
        const u64 *key = (const u64 *)(void *)((char *)keys.buf + i * item);
        if (core->seen.count + 1 > core->seen.limit && !seen_grow(core)) good = false;
        for (u32 w = 0; w < core->seen.words; w++) good &= key[w] != 0;
        if (good && seen_insert(core, key)) core->seen.count++;
    }
    PyBuffer_Release(&keys);
    if (!good) return PyErr_Format(PyExc_ValueError, "damaged keys, or too little memory for them");
    Py_RETURN_NONE;
}

/* Counters of the part of the search that went before. */
static PyObject *Core_credit(Object *self, PyObject *args) {
    PyObject *fired;
    unsigned long long generated, terminal, deadlocks, orbit, level;
    Py_ssize_t count;
    if (!PyArg_ParseTuple(args, "OKKKKK", &fired, &generated, &terminal, &deadlocks, &orbit, &level)) return NULL;
    int64_t *counts = numbers(fired, &count);
    if (!counts) return NULL;
    Worker *worker = &self->core.worker[0];
    for (Py_ssize_t t = 0; t < count && t < (Py_ssize_t)self->core.transitions; t++) worker->fired[t] = (u64)counts[t];
    free(counts);
    worker->generated = generated;
    worker->terminal = terminal;
    worker->deadlocks = deadlocks;
    worker->orbit_states = orbit;
    self->core.current_count = level;
    Py_RETURN_NONE;
}

/* ---- simulation ---- */

static PyObject *Core_walks(Object *self, PyObject *args) {
    unsigned long long seed, walks;
    unsigned length;
    if (!PyArg_ParseTuple(args, "KKI", &seed, &walks, &length)) return NULL;
    Core *core = &self->core;
    if (!core->rooted) core_root(core);
    open_workers(core);
    rows_refresh(core);
    free(self->simulation.path), free(self->simulation.rows), free(self->simulation.mask);
    self->simulation = (Simulation){.seed = seed, .walks = walks, .length = length};
    self->simulation.path = calloc((size_t)length * 2 + 2, sizeof(u32));
    self->simulation.rows = calloc(core->blocks, sizeof(u32));
    self->simulation.mask = calloc(core->predicate_words + 1, sizeof(u64));
    if (!self->simulation.path || !self->simulation.rows || !self->simulation.mask) return PyErr_NoMemory();
    Py_RETURN_NONE;
}

static PyObject *Core_simulate(Object *self, PyObject *args) {
    double seconds;
    if (!PyArg_ParseTuple(args, "d", &seconds)) return NULL;
    Simulation *s = &self->simulation;
    Core *core = &self->core;
    int outcome;
    Py_BEGIN_ALLOW_THREADS
    rows_refresh(core);
    outcome = simulate(core, s, self->initial, self->initials, seconds);
    Py_END_ALLOW_THREADS
    return PyLong_FromLong(outcome);
}

/* What the simulation wants to know, in the form of next_miss. */
static PyObject *Core_walk_miss(Object *self, PyObject *unused) {
    (void)unused;
    Core *core = &self->core;
    if (self->simulation.visiting && core->worker[0].misses.count) {
        const Miss *item = (const Miss *)(void *)core->worker[0].misses.items;
        return miss_object(core, tree_of(core, item), item->rows);
    }
    return miss_object(core, self->simulation.instance, self->simulation.rows);
}

/* (walks begun, steps, which initial state, [(instance, branch)], value ids): the walk under way. */
static PyObject *Core_walk(Object *self, PyObject *unused) {
    (void)unused;
    Simulation *s = &self->simulation;
    PyObject *steps = PyList_New(0);
    for (u32 i = 0; steps && i + 1 < s->depth; i++) {
        PyObject *step = Py_BuildValue("II", s->path[2 * i], s->path[2 * i + 1]);
        if (!step || PyList_Append(steps, step)) Py_CLEAR(steps);
        Py_XDECREF(step);
    }
    return Py_BuildValue("KKINN", s->walk, s->steps, s->first, steps, ids_of_rows(&self->core, s->rows));
}

static PyMethodDef methods[] = {
    {"add_value", (PyCFunction)Core_add_value, METH_VARARGS, "add_value(component, hashes) -> id"},
    {"add_projection", (PyCFunction)Core_add_projection, METH_VARARGS, "add_projection(component) -> (slot, map)"},
    {"add_apply", (PyCFunction)Core_add_apply, METH_VARARGS, "add_apply(component) -> map"},
    {"set_map", (PyCFunction)Core_set_map, METH_VARARGS, "set_map(map, from_id, to_id)"},
    {"add_op", (PyCFunction)Core_add_op, METH_VARARGS, "add_op(block, [component, kind, argument, ...]) -> op"},
    {"add_leaf", (PyCFunction)Core_add_leaf, METH_VARARGS, "add_leaf(ops) -> leaf"},
    {"learn", (PyCFunction)Core_learn, METH_VARARGS, "learn(tree, [slot, id, ...], outcome) -> consistent?"},
    {"add_initial", (PyCFunction)Core_add_initial, METH_O, "add_initial(ids)"},
    {"start", (PyCFunction)Core_start, METH_VARARGS, "start(expected, memory_limit, parents)"},
    {"next_level", (PyCFunction)Core_next_level, METH_NOARGS, "next_level() -> states in it"},
    {"run", (PyCFunction)Core_run, METH_VARARGS, "run(seconds, state_limit, memory_limit) -> why it stopped"},
    {"next_miss", (PyCFunction)Core_next_miss, METH_NOARGS, "next_miss() -> (tree, ids) or None"},
    {"set_active", (PyCFunction)Core_set_active, METH_VARARGS, "set_active(predicate, on)"},
    {"take_hits", (PyCFunction)Core_take_hits, METH_NOARGS, "take_hits() -> [(predicate or None, ids)]"},
    {"fired", (PyCFunction)Core_fired, METH_NOARGS, "fired() -> per transition instance"},
    {"statistics", (PyCFunction)Core_statistics, METH_NOARGS, "statistics() -> dict"},
    {"path", (PyCFunction)Core_path, METH_VARARGS, "path(starts, position) -> (initial, [(instance, branch)])"},
    {"find", (PyCFunction)Core_find, METH_O, "find(ids) -> position in the level, or -1"},
    {"dump", (PyCFunction)Core_dump, METH_NOARGS, "dump() -> (rows per block, rest of level, next level)"},
    {"write_keys", (PyCFunction)Core_write_keys, METH_VARARGS, "write_keys(fd) -> layout"},
    {"load", (PyCFunction)Core_load, METH_VARARGS, "load(blocks, rest, next, layout, words, expected, memory_limit)"},
    {"load_keys", (PyCFunction)Core_load_keys, METH_VARARGS, "load_keys(bytes)"},
    {"credit", (PyCFunction)Core_credit, METH_VARARGS, "credit(fired, generated, terminal, deadlocks, orbit, level)"},
    {"walks", (PyCFunction)Core_walks, METH_VARARGS, "walks(seed, count, length)"},
    {"simulate", (PyCFunction)Core_simulate, METH_VARARGS, "simulate(seconds) -> why it stopped"},
    {"walk_miss", (PyCFunction)Core_walk_miss, METH_NOARGS, "walk_miss() -> (tree, ids)"},
    {"walk", (PyCFunction)Core_walk, METH_NOARGS, "walk() -> (walks, steps, initial, path, ids)"},
    {NULL, NULL, 0, NULL},
};

PyTypeObject CoreType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "zabcheck.checker._core.Core",
    .tp_basicsize = sizeof(Object),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_doc = "An explorer of one problem: taught by Python, run in C.",
    .tp_methods = methods,
    .tp_init = (initproc)Core_init,
    .tp_new = PyType_GenericNew,
    .tp_dealloc = (destructor)Core_dealloc,
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_core", "The native core.", -1, NULL, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__core(void) {
    PyObject *made = PyType_Ready(&CoreType) || PyType_Ready(&GraphType) ? NULL : PyModule_Create(&module);
    if (!made) return NULL;
    static const struct {
        const char *name;
        long value;
    } constants[] = {
        {"STOP_NONE", STOP_NONE},     {"STOP_MISSES", STOP_MISSES}, {"STOP_TIME", STOP_TIME},
        {"STOP_STATES", STOP_STATES}, {"STOP_MEMORY", STOP_MEMORY},
        {"WRITE_SET", WRITE_SET},     {"WRITE_APPLY", WRITE_APPLY}, {"WALK_TIME", WALK_TIME},
        {"WALK_MISS", WALK_MISS},     {"WALK_HIT", WALK_HIT},       {"WALK_DONE", WALK_DONE},
        {"VERSION", 1},           {"ROLE_FAULT", ROLE_FAULT}, {"ROLE_UNFAIR", ROLE_UNFAIR},
        {"ROLE_FAIR", ROLE_FAIR},
    };
    for (size_t i = 0; i < sizeof constants / sizeof *constants; i++)
        PyModule_AddIntConstant(made, constants[i].name, constants[i].value);
    Py_INCREF(&CoreType);
    PyModule_AddObject(made, "Core", (PyObject *)&CoreType);
    Py_INCREF(&GraphType);
    PyModule_AddObject(made, "Graph", (PyObject *)&GraphType);
    return made;
}
