/* deflate.c - see deflate.h.  SPDX-License-Identifier: MIT
 *
 * The planes of a table of numbers are of few kinds, and a general search for matches costs most
 * where it finds none. Here a plane is a block of deflate of the kind that suits its bytes:
 *
 *   low digits         noise: stored as they are
 *   high digits        some bytes are more frequent, sequences do not come again: Huffman codes
 *   counted, constant  what was 1, 16 or 256 bytes before comes again: matches, fixed codes
 *
 * RFC 1950 is the frame around the blocks, RFC 1951 the blocks. */
#include "io/deflate.h"

#include "base/dispatch.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#define ZLIB_CONST
#include <zlib.h>

/* --- bits, the lowest first ------------------------------------------------------------------- */

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words are written lowest byte first");

struct bits {
    unsigned char *out;
    uint64_t held;
    unsigned n; /* below 8 between calls */
};

/* n <= 56; writes up to 8 bytes beyond what is used. */
static inline void put(struct bits *b, uint64_t value, unsigned n)
{
    b->held |= value << b->n;
    b->n += n;
    memcpy(b->out, &b->held, sizeof b->held);
    b->out += b->n / 8;
    b->held >>= b->n / 8 * 8;
    b->n %= 8;
}

static void put_bytes(struct bits *b, const unsigned char *bytes, size_t n)
{
    memcpy(b->out, bytes, n);
    b->out += n;
}

static void align(struct bits *b)
{
    if (b->n > 0) put(b, 0, 8 - b->n);
}

enum { BLOCK_STORED = 0, BLOCK_FIXED = 1, BLOCK_DYNAMIC = 2 };

static void begin_block(struct bits *b, int kind, bool last)
{
    put(b, (uint64_t)last | (uint64_t)kind << 1, 3);
}

/* --- Huffman codes ---------------------------------------------------------------------------- */

enum { LITERALS = 257, LONGEST = 15, LENGTHS = 19, LONGEST_LENGTH = 7 };

struct code {
    unsigned char length[LITERALS]; /* 0: no such symbol */
    uint16_t bits[LITERALS];        /* as they are put */
};

/* Symbols that occur, the rarest first: two passes of a counting sort by 7 bits. */
static int order_symbols(const int *count, int n, uint16_t *symbol)
{
    uint16_t half[LITERALS] = {0};
    int m = 0, place[129] = {0};
    for (int s = 0; s < n; s++)
        if (count[s] > 0) place[(count[s] & 127) + 1]++, m++;
    for (int k = 0; k < 128; k++) place[k + 1] += place[k];
    for (int s = 0; s < n; s++)
        if (count[s] > 0) half[place[count[s] & 127]++] = (uint16_t)s;
    memset(place, 0, sizeof place);
    for (int k = 0; k < m; k++) place[(count[half[k]] >> 7) + 1]++;
    for (int k = 0; k < 128; k++) place[k + 1] += place[k];
    for (int k = 0; k < m; k++) symbol[place[count[half[k]] >> 7]++] = half[k];
    return m;
}

/* Lengths of an optimal code (Huffman 1952); joined pairs come in order, so that two queues do
 * (van Leeuwen 1976). Returns the longest. */
static int find_lengths(const int *count, int n, unsigned char *length)
{
    uint16_t symbol[LITERALS], parent[2 * LITERALS] = {0};
    int weight[2 * LITERALS], depth[2 * LITERALS], longest = 0;
    const int m = order_symbols(count, n, symbol);
    for (int k = 0; k < m; k++) weight[k] = count[symbol[k]];
    for (int next = m, leaf = 0, pair = m; next < 2 * m - 1; next++) {
        weight[next] = 0;
        for (int k = 0; k < 2; k++) {
            const bool is_leaf = leaf < m && (pair == next || weight[leaf] <= weight[pair]);
            const int child = is_leaf ? leaf++ : pair++;
            weight[next] += weight[child];
            parent[child] = (uint16_t)next;
        }
    }
    memset(length, 0, (size_t)n);
    depth[2 * m - 2] = 0;
    for (int k = 2 * m - 3; k >= 0; k--) depth[k] = depth[parent[k]] + 1;
    for (int k = 0; k < m; k++) {
        length[symbol[k]] = (unsigned char)depth[k];
        longest = depth[k] > longest ? depth[k] : longest;
    }
    return longest;
}

static uint16_t reversed(unsigned bits, int n)
{
    unsigned r = 0;
    for (int k = 0; k < n; k++) r |= (bits >> k & 1) << (n - 1 - k);
    return (uint16_t)r;
}

/* A code of at least two symbols, none longer than `most`: counts are flattened until it is so.
 * Codes of one length rise with the symbol (RFC 1951, 3.2.2). */
static void make_code(const int *count, int n, int most, struct code *c)
{
    int flat[LITERALS], of_length[LONGEST + 2] = {0};
    unsigned next[LONGEST + 2] = {0};
    memcpy(flat, count, (size_t)n * sizeof *flat);
    while (find_lengths(flat, n, c->length) > most)
        for (int s = 0; s < n; s++) flat[s] = (flat[s] + 1) / 2;
    for (int s = 0; s < n; s++) of_length[c->length[s]]++;
    of_length[0] = 0;
    for (int k = 1; k <= most; k++) next[k] = (next[k - 1] + (unsigned)of_length[k - 1]) << 1;
    for (int s = 0; s < n; s++)
        if (c->length[s] > 0) c->bits[s] = reversed(next[c->length[s]]++, c->length[s]);
}

static void put_symbol(struct bits *b, const struct code *c, int symbol)
{
    put(b, c->bits[symbol], c->length[symbol]);
}

/* --- blocks ----------------------------------------------------------------------------------- */

static void put_stored(struct bits *b, const unsigned char *plane, size_t n, bool last)
{
    begin_block(b, BLOCK_STORED, last);
    align(b);
    put(b, n | (~n & 0xffff) << 16, 32);
    put_bytes(b, plane, n);
}

/* The code before the bytes that it codes (RFC 1951, 3.2.7): lengths one by one, and two distances
 * that nothing uses, for a code of one might be refused. */
static void put_code(struct bits *b, const struct code *literals)
{
    static const unsigned char order[LENGTHS] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                 11, 4,  12, 3, 13, 2, 14, 1, 15};
    int count[LENGTHS] = {[1] = 2};
    struct code lengths;
    for (int s = 0; s < LITERALS; s++) count[literals->length[s]]++;
    make_code(count, LENGTHS, LONGEST_LENGTH, &lengths);
    put(b, (LITERALS - 257) | (2 - 1) << 5 | (LENGTHS - 4) << 10, 14);
    for (int k = 0; k < LENGTHS; k++) put(b, lengths.length[order[k]], 3);
    for (int s = 0; s < LITERALS; s++) put_symbol(b, &lengths, literals->length[s]);
    for (int k = 0; k < 2; k++) put_symbol(b, &lengths, 1);
}

static void put_coded(struct bits *b, const struct code *c, const unsigned char *plane, size_t n,
                      bool last)
{
    begin_block(b, BLOCK_DYNAMIC, last);
    put_code(b, c);
    size_t i = 0;
    for (; i + 3 <= n; i += 3) { /* three codes of at most 15 bits at once */
        const unsigned x = plane[i], y = plane[i + 1], z = plane[i + 2];
        const unsigned one = c->length[x], two = one + c->length[y];
        put(b, c->bits[x] | (uint64_t)c->bits[y] << one | (uint64_t)c->bits[z] << two,
            two + c->length[z]);
    }
    for (; i < n; i++) put_symbol(b, c, plane[i]);
    put_symbol(b, c, 256);
}

/* The fixed codes of RFC 1951, 3.2.6. */
static void put_fixed(struct bits *b, int symbol)
{
    if (symbol < 144)
        put(b, reversed(0x30 + (unsigned)symbol, 8), 8);
    else if (symbol < 256)
        put(b, reversed(0x190 + (unsigned)symbol - 144, 9), 9);
    else if (symbol < 280)
        put(b, reversed((unsigned)symbol - 256, 7), 7);
    else
        put(b, reversed(0xc0 + (unsigned)symbol - 280, 8), 8);
}

/* Distances of matches: the byte before only to begin with, for readers copy bytes one by one, and
 * wait for the one before. */
enum { NEAR, BEFORE, PERIOD, DISTANCES };
static const struct {
    unsigned distance, symbol, extra_bits, extra;
} distance[DISTANCES] = {
    [BEFORE] = {1, 0, 0, 0}, [NEAR] = {16, 7, 2, 3}, [PERIOD] = {256, 15, 6, 63}};

enum { MATCH_LEAST = 4, MATCH_MOST = 258 };

/* Lengths 3 … 10 have a symbol each, then four symbols share each number of extra bits; 258 has its
 * own (RFC 1951, 3.2.5). */
static void put_match(struct bits *b, unsigned length, int of)
{
    if (length == MATCH_MOST)
        put_fixed(b, 285);
    else {
        const unsigned x = length - 3;
        const unsigned extra = x < 8 ? 0 : 29 - (unsigned)__builtin_clz(x);
        put_fixed(b, 257 + (int)(4 * extra + (x >> extra)));
        put(b, x & ((1u << extra) - 1), extra);
    }
    put(b, reversed(distance[of].symbol, 5) | distance[of].extra << 5, 5 + distance[of].extra_bits);
}

/* How many bytes from i on are those `away` before, up to the longest match; eight at a time. */
static size_t match(const unsigned char *plane, size_t i, size_t n, size_t away)
{
    if (i < away) return 0;
    const size_t most = n - i < MATCH_MOST ? n - i : MATCH_MOST;
    const unsigned char *here = plane + i, *before = here - away;
    size_t length = 0;
    for (; length + 8 <= most; length += 8) {
        uint64_t x, y;
        memcpy(&x, here + length, sizeof x);
        memcpy(&y, before + length, sizeof y);
        if (x != y) return length + (size_t)__builtin_ctzll(x ^ y) / 8;
    }
    while (length < most && here[length] == before[length]) length++;
    return length;
}

static void put_matched(struct bits *b, const unsigned char *plane, size_t n, bool last)
{
    begin_block(b, BLOCK_FIXED, last);
    for (size_t i = 0; i < n;) {
        int of = NEAR;
        size_t length = 0;
        for (int k = 0; k < DISTANCES && length < MATCH_MOST; k++) {
            size_t other = match(plane, i, n, distance[k].distance);
            if (k == BEFORE && other > distance[NEAR].distance) other = distance[NEAR].distance;
            if (other > length) length = other, of = k;
        }
        if (length >= MATCH_LEAST) {
            put_match(b, (unsigned)length, of);
            i += length;
        } else
            put_fixed(b, plane[i++]);
    }
    put_fixed(b, 256);
}

/* --- planes ----------------------------------------------------------------------------------- */

/* How many bytes are what was `away` before. */
MULTIVERSION static int count_repeats(const unsigned char *plane, int n, int away)
{
    int repeats = 0;
    for (int i = away; i < n; i++) repeats += plane[i] == plane[i - away];
    return repeats;
}

/* The frequencies of bytes, in four counts that take turns: the same byte often comes twice. */
static void count_bytes(const unsigned char *plane, size_t n, int *count)
{
    int turn[4][256] = {{0}};
    for (size_t i = 0; i < n; i++) turn[i % 4][plane[i]]++;
    for (int k = 0; k < 256; k++) count[k] = turn[0][k] + turn[1][k] + turn[2][k] + turn[3][k];
    count[256] = 1;
}

static size_t coded_size(const int *count, const struct code *c)
{
    size_t bits = 0;
    for (int s = 0; s < LITERALS; s++) bits += (size_t)count[s] * c->length[s];
    return bits / 8 + 110; /* with the code before it, about */
}

/* Whether the frequencies leave more than 7 of 8 bits to any code: the entropy is at least that of
 * order 2, -log2 of the chance that two bytes are the same (Rényi 1961, Proc Fourth Berkeley Symp
 * 1:547), which takes no code to find. Of n bytes, n(n-1) ordered pairs are of different places. */
static bool is_noise(const int *count, size_t n)
{
    uint64_t pairs = 0;
    for (int b = 0; b < 256; b++) pairs += (uint64_t)count[b] * (uint64_t)count[b];
    return 128 * (pairs - n) < (uint64_t)n * (n - 1);
}

/* Finds a code that saves an eighth; false: there is none. What begins as noise is taken for it. */
static bool find_code(const unsigned char *plane, size_t n, struct code *code)
{
    enum { BEGINNING = 1024 };
    int count[LITERALS];
    if (n > BEGINNING) {
        count_bytes(plane, BEGINNING, count);
        if (is_noise(count, BEGINNING)) return false;
    }
    count_bytes(plane, n, count);
    if (is_noise(count, n)) return false;
    make_code(count, LITERALS, LONGEST, code);
    return coded_size(count, code) < n - n / 8;
}

static void put_plane(struct bits *b, const unsigned char *plane, size_t n, bool last)
{
    struct code code;
    const int period = (int)distance[PERIOD].distance, enough = (int)(n - n / 8) - period;
    if (count_repeats(plane, (int)n, 1) >= enough || count_repeats(plane, (int)n, period) >= enough)
        put_matched(b, plane, n, last);
    else if (find_code(plane, n, &code))
        put_coded(b, &code, plane, n, last);
    else
        put_stored(b, plane, n, last);
}

/* Adler-32 (RFC 1950, 8.2): sums of the bytes, and of the sums, modulo 65521.
 * zlib's own takes three times as long as all the rest of a plane that is stored. */
MULTIVERSION static void add_run(const unsigned char *bytes, uint32_t n, uint32_t *a, uint32_t *b)
{
    uint32_t sum = 0, weighted = 0;
    for (uint32_t i = 0; i < n; i++) {
        sum += bytes[i];
        weighted += bytes[i] * (n - i);
    }
    *b = (*b + n * *a + weighted) % 65521;
    *a = (*a + sum) % 65521;
}

static uint32_t adler(const unsigned char *bytes, size_t n)
{
    enum { RUN = 4096 }; /* 255 n (n + 1) / 2 and n 65520 and a little, below 2^32 */
    uint32_t a = 1, b = 0;
    for (size_t i = 0; i < n; i += RUN)
        add_run(bytes + i, n - i < RUN ? (uint32_t)(n - i) : RUN, &a, &b);
    return b << 16 | a;
}

size_t deflate_bound(size_t n_planes, size_t size)
{
    return n_planes * (size + size / 4 + 256) + 32;
}

size_t deflate_planes(const unsigned char *planes, size_t n_planes, size_t size, unsigned char *out)
{
    struct bits b = {.out = out};
    put(&b, 0x0178, 16); /* deflate, 32 KB window, the fastest; a multiple of 31 */
    for (size_t k = 0; k < n_planes; k++) put_plane(&b, planes + k * size, size, k + 1 == n_planes);
    align(&b);
    put(&b, __builtin_bswap32(adler(planes, n_planes * size)), 32);
    return (size_t)(b.out - out);
}

bool deflate_open(const unsigned char *stream, size_t n_stream, unsigned char *out, size_t n)
{
    enum { HEAD = 2, FOOT = 4, RAW = -15 };
    const bool is_zlib = n_stream > HEAD + FOOT && (stream[0] & 15) == 8 && !(stream[1] & 0x20) &&
                         (stream[0] * 256 + stream[1]) % 31 == 0;
    if (!is_zlib || n_stream > UINT32_MAX || n > UINT32_MAX) return false;
    z_stream z = {.next_in = stream + HEAD,
                  .avail_in = (unsigned)(n_stream - HEAD - FOOT),
                  .next_out = out,
                  .avail_out = (unsigned)n};
    if (inflateInit2(&z, RAW) != Z_OK) abort(); /* no memory */
    const bool whole = inflate(&z, Z_FINISH) == Z_STREAM_END && z.avail_in == 0 && z.avail_out == 0;
    (void)inflateEnd(&z);
    uint32_t sum;
    memcpy(&sum, stream + n_stream - FOOT, sizeof sum);
    return whole && __builtin_bswap32(sum) == adler(out, n);
}

const char *deflate_library(void)
{
    return "zlib " ZLIB_VERSION;
}
