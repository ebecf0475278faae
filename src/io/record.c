/* record.c - see record.h.  SPDX-License-Identifier: MIT */
#include "io/record.h"

#include "base/checksum.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct whole {
    double estimate, se, ci_low, ci_high, statistic, p_value;
    int32_t n, events, why, zero;
};

struct narrow {
    double estimate;
    int32_t n, why;
};

_Static_assert(sizeof(struct record_head) == 40 && sizeof(struct whole) == 64 &&
                   sizeof(struct narrow) == 16,
               "records have no gaps");

const uint64_t record_magic = UINT64_C(0x324b434f4c425353); /* "SSBLOCK2" */

struct record_layout record_layout_make(int n_points, int n_answers, const struct answer *answer)
{
    struct record_layout l = {n_points, n_answers, NULL};
    l.before = xcalloc((size_t)n_answers + 1, sizeof *l.before);
    for (int a = 0; a < n_answers; a++) {
        const bool is_narrow = answer_is_descriptive(&answer[a]);
        l.before[a + 1] =
            l.before[a] + (int64_t)(is_narrow ? sizeof(struct narrow) : sizeof(struct whole));
    }
    return l;
}

void record_layout_free(struct record_layout *l)
{
    free(l->before);
    *l = (struct record_layout){0};
}

struct record_head record_head_make(int point, int64_t first, int64_t count)
{
    struct record_head h = {.magic = record_magic, .point = point, .first = first, .count = count};
    h.checksum = checksum64(&h, offsetof(struct record_head, checksum));
    return h;
}

bool record_head_is_valid(const struct record_layout *l, const struct record_head *h)
{
    return h->magic == record_magic &&
           h->checksum == checksum64(h, offsetof(struct record_head, checksum)) && h->point >= 0 &&
           h->point < l->n_points && h->first >= 0 && h->count > 0 &&
           h->count <= RECORD_COUNT_MAX && h->first <= INT64_MAX - h->count;
}

int64_t record_section_start(const struct record_layout *l, int answer, int64_t count)
{
    return answer * (int64_t)sizeof(uint64_t) + count * l->before[answer];
}

int64_t record_section_size(const struct record_layout *l, int answer, int64_t count)
{
    return record_section_start(l, answer + 1, count) - record_section_start(l, answer, count);
}

int64_t record_body_size(const struct record_layout *l, int64_t count)
{
    return record_section_start(l, l->n_answers, count);
}

static bool answer_is_narrow(const struct record_layout *l, int answer)
{
    return l->before[answer + 1] - l->before[answer] == (int64_t)sizeof(struct narrow);
}

static void put_row(unsigned char *to, bool is_narrow, const struct result *r)
{
    const struct narrow n = {r->estimate, r->n, (int32_t)r->why};
    const struct whole w = {r->estimate, r->se, r->ci_low, r->ci_high,      r->statistic,
                            r->p_value,  r->n,  r->events, (int32_t)r->why, 0};
    if (is_narrow)
        memcpy(to, &n, sizeof n);
    else
        memcpy(to, &w, sizeof w);
}

static uint64_t section_checksum(const struct record_layout *l, int answer, int64_t count,
                                 const unsigned char *section)
{
    const size_t size = (size_t)record_section_size(l, answer, count);
    return checksum64(section + sizeof(uint64_t), size - sizeof(uint64_t));
}

/* Rows are read in their order: a block of them is larger than the cache, its open sections not. */
void record_pack(const struct record_layout *l, int64_t count, const struct result *rows,
                 unsigned char *body)
{
    for (int64_t i = 0; i < count; i++)
        for (int a = 0; a < l->n_answers; a++) {
            const int64_t width = l->before[a + 1] - l->before[a];
            unsigned char *section = body + record_section_start(l, a, count);
            put_row(section + sizeof(uint64_t) + i * width, answer_is_narrow(l, a),
                    &rows[i * l->n_answers + a]);
        }
    for (int a = 0; a < l->n_answers; a++) {
        unsigned char *section = body + record_section_start(l, a, count);
        const uint64_t sum = section_checksum(l, a, count, section);
        memcpy(section, &sum, sizeof sum);
    }
}

bool record_section_is_whole(const struct record_layout *l, int answer, int64_t count,
                             const unsigned char *section)
{
    uint64_t kept;
    memcpy(&kept, section, sizeof kept);
    return kept == section_checksum(l, answer, count, section);
}

bool record_body_is_whole(const struct record_layout *l, int64_t count, const unsigned char *body)
{
    for (int a = 0; a < l->n_answers; a++)
        if (!record_section_is_whole(l, a, count, body + record_section_start(l, a, count)))
            return false;
    return true;
}

static struct result narrow_result(const unsigned char *from)
{
    struct narrow n;
    memcpy(&n, from, sizeof n);
    return (struct result){n.estimate, NAN, NAN, NAN, NAN, NAN, n.n, 0, (enum undefined)n.why};
}

static struct result whole_result(const unsigned char *from)
{
    struct whole w;
    memcpy(&w, from, sizeof w);
    return (struct result){w.estimate, w.se,        w.ci_low,
                           w.ci_high,  w.statistic, w.p_value,
                           w.n,        w.events,    (enum undefined)w.why};
}

void record_results(const struct record_layout *l, int answer, int64_t at, int64_t n,
                    const unsigned char *section, struct result *rows)
{
    const unsigned char *from = section + sizeof(uint64_t);
    if (answer_is_narrow(l, answer))
        for (int64_t i = 0; i < n; i++)
            rows[i] = narrow_result(from + (size_t)(at + i) * sizeof(struct narrow));
    else
        for (int64_t i = 0; i < n; i++)
            rows[i] = whole_result(from + (size_t)(at + i) * sizeof(struct whole));
}

void record_described(const struct record_layout *l, int answer, int64_t at, int64_t n,
                      const unsigned char *section, struct described to)
{
    assert(answer_is_narrow(l, answer));
    const unsigned char *from = section + sizeof(uint64_t) + (size_t)at * sizeof(struct narrow);
    for (int64_t i = 0; i < n; i++) {
        struct narrow row;
        memcpy(&row, from + (size_t)i * sizeof row, sizeof row);
        to.estimate[i] = row.estimate;
        to.n[i] = row.n;
        to.why[i] = (uint8_t)row.why;
    }
}
