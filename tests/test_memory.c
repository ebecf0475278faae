/* test_memory.c - arenas and scratch: alignment, growth, restoring, nothing allocated twice.
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static void zeroed_memory_is_zero(void **state)
{
    (void)state;
    unsigned char *p = xcalloc(1000, 3);
    for (int i = 0; i < 3000; i++) assert_int_equal(p[i], 0);
    p[0] = 7;
    p = xrealloc(p, 100000, 1);
    assert_int_equal(p[0], 7);
    p = xrealloc(p, 0, 1);
    assert_non_null(p);
    free(p);
    p = xcalloc(0, 0);
    assert_non_null(p);
    free(p);
}

/* Pieces of many sizes, each filled with its own byte: none may touch another, across blocks. */
static void arena_pieces_are_zero_aligned_and_apart(void **state)
{
    (void)state;
    enum { PIECES = 600 };
    struct arena a = {0};
    unsigned char *piece[PIECES];
    size_t size[PIECES];
    for (int i = 0; i < PIECES; i++) {
        size[i] = (size_t)(i * 37 % 5000) + (i % 100 == 99 ? 200000 : 0);
        piece[i] = arena_alloc(&a, size[i], 1);
        assert_int_equal((uintptr_t)piece[i] % 16, 0);
        for (size_t k = 0; k < size[i]; k++)
            if (piece[i][k] != 0) fail_msg("piece %d is not zeroed", i);
        memset(piece[i], i % 251, size[i]);
    }
    for (int i = 0; i < PIECES; i++)
        for (size_t k = 0; k < size[i]; k++)
            if (piece[i][k] != i % 251) fail_msg("piece %d was overwritten", i);
    arena_free(&a);
    assert_null(a.head);
    arena_free(&a); /* safe on an empty arena */
}

static void arena_texts_are_copies(void **state)
{
    (void)state;
    struct arena a = {0};
    char text[] = "lactate";
    const char *whole = arena_text(&a, text), *part = arena_copy(&a, text, 3);
    const char *made = arena_printf(&a, "%s %d", text, 28);
    text[0] = 'X';
    assert_string_equal(whole, "lactate");
    assert_string_equal(part, "lac");
    assert_string_equal(made, "lactate 28");
    char *big = arena_printf(&a, "%0100000d", 5); /* longer than a block */
    assert_int_equal(strlen(big), 100000);
    arena_free(&a);
}

enum { TAKES = 40 };

/* Sizes from nothing to beyond a block of 1 MiB, in no order. */
static size_t take_size(int i)
{
    return (size_t)(i * 7919 % 23) * 100000;
}

static void take_all(struct scratch *s, unsigned char *piece[TAKES])
{
    for (int i = 0; i < TAKES; i++) {
        piece[i] = scratch_take(s, take_size(i), 1);
        assert_int_equal((uintptr_t)piece[i] % 64, 0);
        memset(piece[i], i + 1, take_size(i));
    }
}

static void check_all(unsigned char *const piece[TAKES])
{
    for (int i = 0; i < TAKES; i++)
        for (size_t k = 0; k < take_size(i); k++)
            if (piece[i][k] != i + 1) fail_msg("piece %d was overwritten", i);
}

static void scratch_pointers_stay_valid_across_growth(void **state)
{
    (void)state;
    struct scratch s = {0};
    unsigned char *piece[TAKES];
    take_all(&s, piece);
    check_all(piece);
    scratch_free(&s);
    assert_null(s.first);
    scratch_free(&s);
}

/* The same requests after a reset get the same addresses: the blocks were kept and none was added.
 */
static void scratch_allocates_nothing_on_second_use(void **state)
{
    (void)state;
    struct scratch s = {0};
    unsigned char *first[TAKES], *again[TAKES];
    take_all(&s, first);
    for (int round = 0; round < 3; round++) {
        scratch_reset(&s);
        take_all(&s, again);
        assert_memory_equal(first, again, sizeof first);
        check_all(again);
    }
    scratch_free(&s);
}

static void scratch_restores_to_its_mark(void **state)
{
    (void)state;
    struct scratch s = {0};
    const struct scratch_mark start = scratch_save(&s);
    double *kept = scratch_doubles(&s, 1000);
    for (int i = 0; i < 1000; i++) kept[i] = i;
    const struct scratch_mark mark = scratch_save(&s);
    int *inner = scratch_ints(&s, 10);
    unsigned char *far = scratch_take(&s, 5 << 20, 1); /* in a new block */
    for (int round = 0; round < 3; round++) {
        scratch_restore(&s, mark);
        assert_ptr_equal(scratch_ints(&s, 10), inner);
        assert_ptr_equal(scratch_take(&s, 5 << 20, 1), far);
        memset(far, 255, 5 << 20);
        memset(inner, 255, 10 * sizeof *inner);
    }
    for (int i = 0; i < 1000; i++) assert_true(kept[i] < i + 0.5 && kept[i] > i - 0.5);
    scratch_restore(&s, start);
    assert_ptr_equal(scratch_doubles(&s, 1000), kept);
    scratch_free(&s);
}

/* scratch_doubles promises room up to the next multiple of 16. */
static void scratch_doubles_have_room_for_whole_vectors(void **state)
{
    (void)state;
    struct scratch s = {0};
    double *a = scratch_doubles(&s, 1), *b = scratch_doubles(&s, 17), *c = scratch_doubles(&s, 0);
    double *d = scratch_doubles(&s, 16);
    assert_true(b - a >= 16);
    assert_true(c - b >= 32);
    assert_true(d - c >= 0);
    memset(a, 0, 16 * sizeof *a);
    memset(b, 0, 32 * sizeof *b);
    scratch_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zeroed_memory_is_zero),
        cmocka_unit_test(arena_pieces_are_zero_aligned_and_apart),
        cmocka_unit_test(arena_texts_are_copies),
        cmocka_unit_test(scratch_pointers_stay_valid_across_growth),
        cmocka_unit_test(scratch_allocates_nothing_on_second_use),
        cmocka_unit_test(scratch_restores_to_its_mark),
        cmocka_unit_test(scratch_doubles_have_room_for_whole_vectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
