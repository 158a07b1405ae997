/* Memory with a running total, so that a budget can be kept; growable buffers; the clock. */
#define _POSIX_C_SOURCE 200809L
#include "core.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void core_lock(void) { pthread_mutex_lock(&lock); }
void core_unlock(void) { pthread_mutex_unlock(&lock); }

/* Tables are small beside the seen set; if even they do not fit, nothing does. */
void core_exhausted(size_t bytes) {
    fprintf(stderr, "zabcheck: out of memory (%zu bytes)\n", bytes);
    exit(3);
}

/* Zeroed memory that shares no cache line, nor the pair that is fetched together, with anything else. */
void *own_lines(size_t count, size_t item) {
    size_t bytes = (count * item + 127) & ~(size_t)127;
    void *memory = aligned_alloc(128, bytes ? bytes : 128);
    if (!memory) core_exhausted(bytes);
    return memset(memory, 0, bytes ? bytes : 128);
}

/* Resizes, zeroing what is new. */
void *core_resize(Core *core, void *old, size_t before, size_t after) {
    u8 *memory = realloc(old, after ? after : 1);
    if (!memory) core_exhausted(after);
    if (after > before) memset(memory + before, 0, after - before);
    core->allocated += after - before;
    return memory;
}

/* The same for what is to begin with a cache line. */
void *resize_lines(Core *core, void *old, size_t before, size_t after) {
    u8 *memory = own_lines(1, after);
    if (old) memcpy(memory, old, before);
    free(old);
    core->allocated += after - before;
    return memory;
}

void core_free(Core *core, void *memory, size_t size) {
    free(memory);
    core->allocated -= size;
}

/* Room for one more item of a buffer that belongs to one thread. */
void *buffer_push(Core *core, Buffer *buffer, size_t item) {
    if ((buffer->count + 1) * item > buffer->size) {
        size_t size = buffer->size ? buffer->size * 2 : item * 64;
        core_lock();
        buffer->items = core_resize(core, buffer->items, buffer->size, size);
        core_unlock();
        buffer->size = size;
    }
    return buffer->items + item * buffer->count++;
}

double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}
