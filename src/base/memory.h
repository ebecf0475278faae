/* memory.h - allocation that ends the program when there is none, and arenas.
 * SPDX-License-Identifier: MIT */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stdarg.h>
#include <stddef.h>

void *xcalloc(size_t n, size_t size);           /* zeroed; never NULL */
void *xrealloc(void *p, size_t n, size_t size); /* never NULL */

/* Memory that lives and dies together: scenario trees, plans, texts. A zeroed arena is empty. */
struct arena {
    struct arena_block *head;
};
void *arena_alloc(struct arena *a, size_t n, size_t size); /* zeroed */
char *arena_copy(struct arena *a, const char *text, size_t length);
char *arena_text(struct arena *a, const char *text);
__attribute__((format(printf, 2, 3))) char *arena_printf(struct arena *a, const char *format, ...);
void arena_free(struct arena *a);

/* Working memory of one thread. scratch_reset gives everything back at once; blocks are kept, so
 * that after the first trial no allocation happens. Pointers stay valid until the reset. */
struct scratch {
    struct scratch_block *first, *current;
    size_t used;
};
struct scratch_mark {
    struct scratch_block *block;
    size_t used;
};
void *scratch_take(struct scratch *s, size_t n, size_t size); /* 64-byte aligned, not zeroed */
double *scratch_doubles(struct scratch *s, int n);            /* room for n rounded up to 16 */
int *scratch_ints(struct scratch *s, int n);
struct scratch_mark scratch_save(const struct scratch *s);
void scratch_restore(struct scratch *s, struct scratch_mark mark);
void scratch_reset(struct scratch *s);
void scratch_free(struct scratch *s);

#endif
