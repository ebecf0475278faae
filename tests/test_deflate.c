/* test_deflate.c - planes of bytes as zlib itself reads them.  SPDX-License-Identifier: MIT */
#include "io/deflate.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

enum { MOST = 4096, KINDS = 10 };

static uint64_t state = 20190217;
static unsigned next_byte(void) /* Knuth's MMIX generator: any bytes will do */
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(state >> 56);
}

/* Frequencies of Fibonacci numbers make the longest codes: of 17 bits for 4096 bytes, more than the
 * 15 that deflate has. */
static unsigned fibonacci(int i)
{
    unsigned symbol = 0;
    for (int a = 1, b = 1, sum = 1; i >= sum; sum += a, symbol++) {
        const int c = a + b;
        a = b;
        b = c;
    }
    return symbol;
}

static unsigned byte_of(int kind, int i)
{
    switch (kind) {
    case 0: return 0;
    case 1: return 255;
    case 2: return (unsigned)i & 255;
    case 3: return (unsigned)i / 256;
    case 4: return next_byte();
    case 5: return next_byte() & 15;
    case 6: return next_byte() < 3 ? next_byte() : 7;
    case 7: return fibonacci(i);
    case 8: return (unsigned)(i % 300) & 255; /* counting that begins again */
    default: return next_byte() & next_byte() & next_byte();
    }
}

static void fill(unsigned char *plane, int kind, int n)
{
    for (int i = 0; i < n; i++) plane[i] = (unsigned char)byte_of(kind, i);
}

static void is_read(const unsigned char *planes, size_t n_planes, size_t size)
{
    const size_t n = n_planes * size, room = deflate_bound(n_planes, size);
    unsigned char *stream = xcalloc(room, 1), *back = xcalloc(n + 1, 1);
    const size_t length = deflate_planes(planes, n_planes, size, stream);
    unsigned long n_back = n + 1;
    assert_true(length + 8 <= room);
    assert_int_equal(uncompress(back, &n_back, stream, length), Z_OK);
    assert_int_equal(n_back, n);
    assert_memory_equal(back, planes, n);
    memset(back, 0, n);
    assert_true(deflate_open(stream, length, back, n));
    assert_memory_equal(back, planes, n);
    free(back);
    free(stream);
}

static void every_kind_and_size(void **unused)
{
    (void)unused;
    static const int size[] = {1,   2,   3,   4,   15,   16,   17,   255,
                               256, 257, 258, 259, 1000, 4095, MOST, PLANE_MOST - 1};
    unsigned char plane[PLANE_MOST];
    for (size_t s = 0; s < sizeof size / sizeof *size; s++)
        for (int kind = 0; kind < KINDS; kind++) {
            fill(plane, kind, size[s]);
            is_read(plane, 1, (size_t)size[s]);
        }
}

static void planes_of_all_kinds(void **unused)
{
    (void)unused;
    unsigned char *planes = xcalloc(KINDS, MOST);
    for (int n = 7; n <= MOST; n += 371) {
        for (int kind = 0; kind < KINDS; kind++) fill(planes + kind * n, kind, n);
        is_read(planes, KINDS, (size_t)n);
    }
    free(planes);
}

static size_t random_below(size_t n)
{
    const size_t x = next_byte() * 65536u + next_byte() * 256 + next_byte();
    return x % n;
}

/* Pieces of any kind and length end to end, some of them as far back as a match may reach: what a
 * plane begins with says nothing of the rest. */
static void fill_random(unsigned char *plane, size_t n)
{
    for (size_t i = 0; i < n;) {
        const size_t most = (size_t)1 << random_below(13), left = n - i;
        const size_t length = 1 + random_below(most < left ? most : left);
        const size_t back = (size_t[]){1, 16, 256, 255, 257}[random_below(5)];
        const bool again = random_below(3) == 0 && i >= back;
        const int kind = (int)random_below(KINDS);
        for (size_t k = 0; k < length; k++)
            plane[i + k] = again ? plane[i + k - back] : (unsigned char)byte_of(kind, (int)k);
        i += length;
    }
}

static void random_planes(void **unused)
{
    (void)unused;
    unsigned char *planes = xcalloc(4, PLANE_MOST);
    for (int i = 0; i < 1500; i++) {
        const size_t n = 1 + random_below((size_t)1 << (1 + random_below(14)));
        const size_t size = n < PLANE_MOST ? n : PLANE_MOST - 1, n_planes = 1 + random_below(4);
        for (size_t k = 0; k < n_planes; k++) fill_random(planes + k * size, size);
        is_read(planes, n_planes, size);
    }
    free(planes);
}

/* 4096 constant bytes need no more than some matches; noise no more than itself and a little. */
static void each_as_what_it_is(void **unused)
{
    (void)unused;
    static const size_t most[KINDS] = {60, 60, 400, 260, MOST + 16, MOST * 5 / 8};
    unsigned char plane[MOST], stream[2 * MOST];
    for (int kind = 0; kind < 6; kind++) {
        fill(plane, kind, MOST);
        assert_true(deflate_planes(plane, 1, MOST, stream) <= most[kind]);
    }
}

static void damage_is_seen(void **unused)
{
    (void)unused;
    enum { N = 600 };
    unsigned char planes[KINDS * N], stream[4 * KINDS * N], back[KINDS * N + 1];
    for (int kind = 0; kind < KINDS; kind++) fill(planes + kind * N, kind, N);
    const size_t n = deflate_planes(planes, KINDS, N, stream);
    assert_true(deflate_open(stream, n, back, KINDS * N));
    assert_false(deflate_open(stream, n, back, KINDS * N - 1));
    assert_false(deflate_open(stream, n, back, KINDS * N + 1));
    for (size_t k = 0; k < n; k++) {
        assert_false(deflate_open(stream, k, back, KINDS * N));
        for (int bit = 0; bit < 8; bit++) { /* the window's size and the level may be others */
            stream[k] ^= (unsigned char)(1 << bit);
            const bool opened = deflate_open(stream, n, back, KINDS * N);
            if (opened && memcmp(back, planes, sizeof planes) != 0) fail_msg("byte %zu", k);
            stream[k] ^= (unsigned char)(1 << bit);
        }
    }
}

/* What zlib writes, at every level, is read. */
static void other_writers(void **unused)
{
    (void)unused;
    unsigned char planes[KINDS * MOST], back[KINDS * MOST];
    unsigned char *stream = xcalloc(2 * KINDS, MOST);
    for (int kind = 0; kind < KINDS; kind++) fill(planes + kind * MOST, kind, MOST);
    for (int level = 0; level <= 9; level++) {
        unsigned long n = 2 * KINDS * MOST;
        assert_int_equal(compress2(stream, &n, planes, sizeof planes, level), Z_OK);
        assert_true(deflate_open(stream, n, back, sizeof back));
        assert_memory_equal(back, planes, sizeof planes);
    }
    free(stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_and_size), cmocka_unit_test(planes_of_all_kinds),
        cmocka_unit_test(random_planes),       cmocka_unit_test(each_as_what_it_is),
        cmocka_unit_test(damage_is_seen),      cmocka_unit_test(other_writers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
