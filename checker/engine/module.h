/* What the Python types share. */
#ifndef ZABCHECK_MODULE_H
#define ZABCHECK_MODULE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "core.h"

typedef struct {
    PyObject_HEAD
    Core core;
    Simulation simulation;
    u32 *initial;
    u32 initials;
} Object;

extern PyTypeObject CoreType, GraphType;

/* A sequence of whole numbers as a malloc'ed array; NULL with an exception set otherwise. */
u32 *small_numbers(PyObject *sequence, Py_ssize_t *count);
bool in_range(Py_ssize_t value, size_t end, const char *what);
PyObject *ids_of_rows(const Core *core, const u32 *rows);
PyObject *miss_object(const Core *core, u32 tree, const u32 *rows);

#endif
