/* memory.c - see memory.h.  SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE /* madvise */
#include "base/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ARENA_BLOCK = 1 << 16, SCRATCH_BLOCK = 1 << 21, ALIGNMENT = 64 };

static _Noreturn void out_of_memory(size_t n, size_t size)
{
    (void)fprintf(stderr, "shocksim: out of memory (%zu x %zu bytes)\n", n, size);
    exit(3);
}

void *xcalloc(size_t n, size_t size)
{
    void *p = calloc(n > 0 ? n : 1, size > 0 ? size : 1);
    if (p == NULL) out_of_memory(n, size);
    return p;
}

void *xrealloc(void *p, size_t n, size_t size)
{
    if (size > 0 && n > SIZE_MAX / size) out_of_memory(n, size);
    void *q = realloc(p, n * size > 0 ? n * size : 1);
    if (q == NULL) out_of_memory(n, size);
    return q;
}

struct arena_block {
    struct arena_block *next;
    size_t used, size;
    _Alignas(16) char bytes[];
};

void *arena_alloc(struct arena *a, size_t n, size_t size)
{
    if (size > 0 && n > (SIZE_MAX - ARENA_BLOCK) / size) out_of_memory(n, size);
    const size_t want = (n * size + 15) & ~(size_t)15;
    if (a->head == NULL || a->head->size - a->head->used < want) {
        const size_t room = want > ARENA_BLOCK ? want : ARENA_BLOCK;
        struct arena_block *b = xcalloc(1, sizeof *b + room);
        b->size = room;
        b->next = a->head;
        a->head = b;
    }
    void *p = a->head->bytes + a->head->used;
    a->head->used += want;
    return p;
}

char *arena_copy(struct arena *a, const char *text, size_t length)
{
    char *p = arena_alloc(a, length + 1, 1);
    memcpy(p, text, length);
    return p;
}

char *arena_text(struct arena *a, const char *text)
{
    return arena_copy(a, text, strlen(text));
}

char *arena_printf(struct arena *a, const char *format, ...)
{
    va_list ap, again;
    va_start(ap, format);
    va_copy(again, ap);
    const int n = vsnprintf(NULL, 0, format, ap);
    va_end(ap);
    char *p = arena_alloc(a, (size_t)n + 1, 1);
    (void)vsnprintf(p, (size_t)n + 1, format, again);
    va_end(again);
    return p;
}

void arena_free(struct arena *a)
{
    while (a->head != NULL) {
        struct arena_block *next = a->head->next;
        free(a->head);
        a->head = next;
    }
}

struct scratch_block {
    struct scratch_block *next;
    size_t size;
    char *bytes;
};

/* To the address sanitizer scratch that is not taken is poisoned, so that what is written beyond a
 * piece is found though it is in a block. */
#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined __SANITIZE_ADDRESS__ || __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#define POISON(p, n)   ASAN_POISON_MEMORY_REGION(p, n)
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
#else
#define POISON(p, n)   ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#endif

/* Whole huge pages, where the system has them: the columns of a large trial span more usual pages
 * than the processor keeps translations of. */
static struct scratch_block *scratch_block_new(size_t size)
{
    struct scratch_block *b = xcalloc(1, sizeof *b);
    b->size = (size + SCRATCH_BLOCK - 1) & ~(size_t)(SCRATCH_BLOCK - 1);
    b->bytes = aligned_alloc(SCRATCH_BLOCK, b->size);
    if (b->bytes == NULL) out_of_memory(1, size);
#ifdef MADV_HUGEPAGE
    (void)madvise(b->bytes, b->size, MADV_HUGEPAGE);
#endif
    POISON(b->bytes, b->size);
    return b;
}

void *scratch_take(struct scratch *s, size_t n, size_t size)
{
    if (size > 0 && n > (SIZE_MAX - SCRATCH_BLOCK) / size) out_of_memory(n, size);
    const size_t want = (n * size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (s->current == NULL || s->current->size - s->used < want) {
        struct scratch_block *next = s->current ? s->current->next : s->first;
        if (next == NULL || next->size < want) {
            struct scratch_block *b =
                scratch_block_new(want > SCRATCH_BLOCK ? want + want / 2 : SCRATCH_BLOCK);
            b->next = next;
            if (s->current)
                s->current->next = b;
            else
                s->first = b;
            next = b;
        }
        s->current = next;
        s->used = 0;
        POISON(next->bytes, next->size);
    }
    void *p = s->current->bytes + s->used;
    s->used += want;
    UNPOISON(p, n * size);
    return p;
}

double *scratch_doubles(struct scratch *s, int n)
{
    return scratch_take(s, ((size_t)n + 15) & ~(size_t)15, sizeof(double));
}

int *scratch_ints(struct scratch *s, int n)
{
    return scratch_take(s, (size_t)n, sizeof(int));
}

struct scratch_mark scratch_save(const struct scratch *s)
{
    return (struct scratch_mark){s->current, s->used};
}

void scratch_restore(struct scratch *s, struct scratch_mark mark)
{
    s->current = mark.block;
    s->used = mark.block ? mark.used : 0;
    if (s->current != NULL) POISON(s->current->bytes + s->used, s->current->size - s->used);
}

void scratch_reset(struct scratch *s)
{
    s->current = NULL;
    s->used = 0;
}

void scratch_free(struct scratch *s)
{
    while (s->first != NULL) {
        struct scratch_block *next = s->first->next;
        free(s->first->bytes);
        free(s->first);
        s->first = next;
    }
    *s = (struct scratch){0};
}
