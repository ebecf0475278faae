/* text.c - see text.h.  SPDX-License-Identifier: MIT */
#include "base/text.h"

#include "base/memory.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

bool text_to_double(const char *text, double *value)
{
    const char *p = text;
    if (*p == '+' || *p == '-') p++;
    if (!isdigit((unsigned char)*p) && !(*p == '.' && isdigit((unsigned char)p[1]))) return false;
    if (strpbrk(p, "xXpP") != NULL) return false;
    char *end;
    const double x = strtod(text, &end);
    if (*end != '\0' || !isfinite(x)) return false;
    *value = x;
    return true;
}

bool text_to_int64(const char *text, int64_t *value)
{
    const char *p = text;
    if (*p == '+' || *p == '-') p++;
    if (*p == '\0') return false;
    for (const char *q = p; *q; q++)
        if (!isdigit((unsigned char)*q)) return false;
    errno = 0;
    const long long x = strtoll(text, NULL, 10);
    if (errno != 0) return false;
    *value = x;
    return true;
}

enum { LONGEST = 63 }; /* names compared are short; longer words have no near name */

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static int distance(const char *a, const char *b)
{
    const int n = (int)strlen(a), m = (int)strlen(b);
    int d[LONGEST + 2][LONGEST + 2];
    for (int i = 0; i <= n; i++) d[i][0] = i;
    for (int j = 0; j <= m; j++) d[0][j] = j;
    for (int i = 1; i <= n; i++)
        for (int j = 1; j <= m; j++) {
            const int same = tolower((unsigned char)a[i - 1]) == tolower((unsigned char)b[j - 1]);
            int x = smaller(smaller(d[i - 1][j] + 1, d[i][j - 1] + 1), d[i - 1][j - 1] + !same);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                x = smaller(x, d[i - 2][j - 2] + 1);
            d[i][j] = x;
        }
    return d[n][m];
}

const char *text_nearest(const char *word, const char *const *names, int n)
{
    const char *best = NULL;
    if (strlen(word) > LONGEST) return NULL;
    int near = ((int)strlen(word) + 2) / 3 + 1;
    for (int i = 0; i < n; i++) {
        if (strlen(names[i]) > LONGEST) continue;
        const int d = distance(word, names[i]);
        if (d < near) {
            near = d;
            best = names[i];
        }
    }
    return best;
}

struct suggestion did_you_mean(const char *near)
{
    struct suggestion s = {""};
    if (near) (void)snprintf(s.text, sizeof s.text, "; did you mean '%s'?", near);
    return s;
}

static void reserve(struct buffer *b, size_t more)
{
    if (b->length + more + 1 <= b->capacity) return;
    b->capacity = 2 * (b->length + more + 1);
    b->text = xrealloc(b->text, b->capacity, 1);
}

void buffer_add(struct buffer *b, const char *bytes, size_t length)
{
    reserve(b, length);
    memcpy(b->text + b->length, bytes, length);
    b->length += length;
    b->text[b->length] = '\0';
}

void buffer_puts(struct buffer *b, const char *text)
{
    buffer_add(b, text, strlen(text));
}

void buffer_printf(struct buffer *b, const char *format, ...)
{
    va_list ap, again;
    va_start(ap, format);
    va_copy(again, ap);
    const int n = vsnprintf(NULL, 0, format, ap);
    va_end(ap);
    reserve(b, (size_t)n);
    (void)vsnprintf(b->text + b->length, (size_t)n + 1, format, again);
    va_end(again);
    b->length += (size_t)n;
}

const char *buffer_text(const struct buffer *b)
{
    return b->text ? b->text : "";
}

void buffer_free(struct buffer *b)
{
    free(b->text);
    *b = (struct buffer){0};
}

struct number_text number_shortest(double x)
{
    struct number_text t = {"0"};
    const double size = fabs(x);
    const int whole = size >= 10 && size < 1e15 ? (int)floor(log10(size)) + 1 : 1;
    for (int digits = whole; digits <= 17; digits++) { /* fewer than `whole` would print 9e+01 */
        (void)snprintf(t.text, sizeof t.text, "%.*g", digits, x);
        const double back = strtod(t.text, NULL);
        if (memcmp(&back, &x, sizeof x) == 0) break;
    }
    return t;
}
