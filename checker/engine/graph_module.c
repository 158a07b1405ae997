/* The Python type `Graph`: of the core that has just finished a search, whose table it takes the place of. */
#include "module.h"

#include "graph.h"

#include <stdlib.h>

typedef struct {
    PyObject_HEAD
    Object *owner;
    Graph graph;
} GraphObject;

static void Graph_dealloc(GraphObject *self) {
    graph_close(&self->graph);
    Py_XDECREF(self->owner);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static int Graph_init(GraphObject *self, PyObject *args, PyObject *kwargs) {
    static char *names[] = {"core", "roles", "states", "memory_limit", NULL};
    PyObject *owner, *sequence;
    unsigned states;
    unsigned long long memory_limit;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O!OIK", names, &CoreType, &owner, &sequence, &states, &memory_limit))
        return -1;
    Py_ssize_t count;
    u32 *roles = small_numbers(sequence, &count);
    if (!roles) return -1;
    Core *core = &((Object *)owner)->core;
    bool known = count == (Py_ssize_t)core->transitions && core->rooted && !self->owner;
    if (known) {
        Py_INCREF(owner);
        self->owner = (Object *)owner;
        core->memory_limit = memory_limit;
        if (!graph_open(&self->graph, core, roles, states)) PyErr_NoMemory();
    } else {
        PyErr_SetString(PyExc_ValueError, "a graph is made once, after a search, with a role for each transition");
    }
    free(roles);
    return PyErr_Occurred() ? -1 : 0;
}

/* Runs a part of the work without the interpreter lock. */
static PyObject *run(GraphObject *self, PyObject *args, bool grow) {
    double seconds;
    unsigned long long memory_limit;
    if (!PyArg_ParseTuple(args, "dK", &seconds, &memory_limit)) return NULL;
    Object *owner = self->owner;
    owner->core.memory_limit = memory_limit;
    int outcome;
    Py_BEGIN_ALLOW_THREADS
    outcome = grow ? graph_grow(&self->graph, owner->initial, owner->initials, seconds)
                   : graph_decide(&self->graph, seconds);
    Py_END_ALLOW_THREADS
    if (outcome == STOP_FULL) return PyErr_Format(PyExc_ValueError, "there are more states than the search has found");
    return PyLong_FromLong(outcome);
}

static PyObject *Graph_grow(GraphObject *self, PyObject *args) { return run(self, args, true); }

static PyObject *Graph_decide(GraphObject *self, PyObject *args) { return run(self, args, false); }

static PyObject *Graph_ask(GraphObject *self, PyObject *args) {
    int recovery;
    unsigned goal;
    PyObject *when;
    if (!PyArg_ParseTuple(args, "pIO", &recovery, &goal, &when)) return NULL;
    u32 condition = when == Py_None ? NO_ID : (u32)PyLong_AsUnsignedLong(when);
    u32 predicates = self->owner->core.predicates;
    if (PyErr_Occurred() || !in_range(goal, predicates, "predicate")) return NULL;
    if (when != Py_None && !in_range(condition, predicates, "predicate")) return NULL;
    graph_ask(&self->graph, recovery, goal, condition);
    Py_RETURN_NONE;
}

static PyObject *Graph_miss(GraphObject *self, PyObject *unused) {
    (void)unused;
    Graph *graph = &self->graph;
    graph_rows(graph, graph->missing_state, graph->row_of);
    return miss_object(graph->core, graph->missing, graph->row_of);
}

static PyObject *Graph_least(GraphObject *self, PyObject *args) {
    unsigned from, to;
    if (!PyArg_ParseTuple(args, "II", &from, &to) || !in_range(to, (size_t)self->graph.count + 1, "state")) return NULL;
    u32 least = graph_least(&self->graph, from, to);
    if (least == NO_ID) Py_RETURN_NONE;
    return PyLong_FromUnsignedLong(least);
}

/* A state given as argument; -1 with an exception set when there is none. */
static int64_t state_of(const GraphObject *self, PyObject *number) {
    Py_ssize_t state = PyLong_AsSsize_t(number);
    if (PyErr_Occurred() || !in_range(state, self->graph.count, "state")) return -1;
    return state;
}

static PyObject *Graph_steps(GraphObject *self, PyObject *number) {
    const Graph *graph = &self->graph;
    int64_t state = state_of(self, number);
    if (state < 0) return NULL;
    PyObject *steps = PyList_New(0);
    for (u32 e = graph->first[state]; steps && e < graph->first[state + 1]; e++) {
        PyObject *step = Py_BuildValue("II", graph->instance[e], graph->target[e]);
        if (!step || PyList_Append(steps, step)) Py_CLEAR(steps);
        Py_XDECREF(step);
    }
    return steps;
}

static PyObject *Graph_ids(GraphObject *self, PyObject *number) {
    int64_t state = state_of(self, number);
    if (state < 0) return NULL;
    graph_rows(&self->graph, (u32)state, self->graph.row_of);
    return ids_of_rows(self->graph.core, self->graph.row_of);
}

static PyObject *Graph_avoids(GraphObject *self, PyObject *number) {
    int64_t state = state_of(self, number);
    return state < 0 ? NULL : PyBool_FromLong(self->graph.marks[state] & MARK_REACHES);
}

static PyObject *Graph_component(GraphObject *self, PyObject *number) {
    int64_t state = state_of(self, number);
    if (state < 0) return NULL;
    if (!(self->graph.marks[state] & MARK_FAIR)) Py_RETURN_NONE;
    return PyLong_FromUnsignedLong(self->graph.number[state]);
}

/* (states found, states expanded, edges, bytes) */
static PyObject *Graph_size(GraphObject *self, PyObject *unused) {
    (void)unused;
    const Graph *graph = &self->graph;
    return Py_BuildValue("IIIK", graph->count, graph->expanded, graph->edges, graph->held);
}

static PyMethodDef methods[] = {
    {"grow", (PyCFunction)Graph_grow, METH_VARARGS, "grow(seconds, memory_limit) -> why it stopped"},
    {"ask", (PyCFunction)Graph_ask, METH_VARARGS, "ask(recovery, goal, when or None)"},
    {"decide", (PyCFunction)Graph_decide, METH_VARARGS, "decide(seconds, memory_limit) -> why it stopped"},
    {"miss", (PyCFunction)Graph_miss, METH_NOARGS, "miss() -> (tree, ids)"},
    {"least", (PyCFunction)Graph_least, METH_VARARGS, "least(first, end) -> state or None"},
    {"steps", (PyCFunction)Graph_steps, METH_O, "steps(state) -> [(instance, state)]"},
    {"ids", (PyCFunction)Graph_ids, METH_O, "ids(state) -> value ids"},
    {"avoids", (PyCFunction)Graph_avoids, METH_O, "avoids(state) -> bool"},
    {"component", (PyCFunction)Graph_component, METH_O, "component(state) -> number or None"},
    {"size", (PyCFunction)Graph_size, METH_NOARGS, "size() -> (states, expanded, edges, bytes)"},
    {NULL, NULL, 0, NULL},
};

PyTypeObject GraphType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "zabcheck.checker._core.Graph",
    .tp_basicsize = sizeof(GraphObject),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_doc = "The states of a search and the steps between them that are no faults.",
    .tp_methods = methods,
    .tp_init = (initproc)Graph_init,
    .tp_new = PyType_GenericNew,
    .tp_dealloc = (destructor)Graph_dealloc,
};
