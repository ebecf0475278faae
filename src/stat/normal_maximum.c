/* normal_maximum.c - see normal_maximum.h.  SPDX-License-Identifier: MIT
 *
 * One of the variables is the largest. With a its direction and s > 0 its value, U = s (a + y), y
 * in the plane at right angles to a; that another one with direction d is not larger is the
 * half-plane d'y <= 1 - d'a. All of them bound a convex polygon, whose probability together with s
 * > z is, in polar coordinates about a, 1/(2 pi) integral over angles of  Q(z) - T(R),    T(R) =
 * Q(z sqrt(1 + R^2)) / sqrt(1 + R^2), R the distance of the polygon's edge at the angle and Q the
 * normal upper tail: the integrals over s and along the radius are closed. (Radial integration:
 * Somerville 1998, J Comput Graph Stat 7:529.) Along an edge at distance h, at the place h sinh(x),
 * R = h cosh(x) and the angle grows by dx / cosh(x): a smooth integral on the scale of 1, whatever
 * h. The angles of an edge that the origin is not behind count negative, so that the polygon need
 * not contain the origin.
 *
 * For z < 0, max Z > z unless min(-Z) >= -z > 0: the same, with the half-planes turned round. */
#include "stat/normal_maximum.h"

#include "stat/distribution.h"

#include <math.h>

enum { LINES_MAX = 2 * NORMAL_MAXIMUM + 4, NODES = 10 };

#define FAR  1e9   /* half the square that stands for the plane: T is below 1e-9 Q there */
#define SAME 1e-13 /* distance of directions that count as one */
#define LAST 26.0  /* x beyond which 1 / cosh(x) is nothing */

struct point {
    double x, y;
};

/* b'y = c, |b| = 1; the polygon is where b'y <= c. */
struct line {
    struct point b;
    double c;
};

/* Corners counter-clockwise; line[i] runs from corner[i] to the next. */
struct polygon {
    int n;
    struct point corner[LINES_MAX];
    struct line line[LINES_MAX];
};

static double dot(const double x[3], const double y[3])
{
    return x[0] * y[0] + x[1] * y[1] + x[2] * y[2];
}

static struct point lines_meet(struct line u, struct line v)
{
    const double area = u.b.x * v.b.y - u.b.y * v.b.x;
    return (struct point){(u.c * v.b.y - v.c * u.b.y) / area, (v.c * u.b.x - u.c * v.b.x) / area};
}

static struct polygon whole_plane(void)
{
    return (struct polygon){4,
                            {{FAR, -FAR}, {FAR, FAR}, {-FAR, FAR}, {-FAR, -FAR}},
                            {{{1, 0}, FAR}, {{0, 1}, FAR}, {{-1, 0}, FAR}, {{0, -1}, FAR}}};
}

/* Sutherland & Hodgman 1974, Commun ACM 17:32, with corners computed from lines. */
static void polygon_cut(struct polygon *p, struct line by)
{
    struct polygon cut = {0};
    for (int i = 0; i < p->n; i++) {
        const struct point u = p->corner[i], v = p->corner[(i + 1) % p->n];
        const bool keeps_u = by.b.x * u.x + by.b.y * u.y <= by.c;
        const bool keeps_v = by.b.x * v.x + by.b.y * v.y <= by.c;
        if (keeps_u) {
            cut.corner[cut.n] = u;
            cut.line[cut.n++] = p->line[i];
        }
        if (keeps_u == keeps_v) continue;
        cut.corner[cut.n] = lines_meet(p->line[i], by);
        cut.line[cut.n++] = keeps_u ? by : p->line[i];
    }
    *p = cut;
}

/* Gauss-Legendre on [-1, 1]: Abramowitz & Stegun 1964, table 25.4, n = 10. */
static const double node[NODES / 2] = {0.148874338981631, 0.433395394129247, 0.679409568299024,
                                       0.865063366688985, 0.973906528517172};
static const double weight[NODES / 2] = {0.295524224714753, 0.269266719309996, 0.219086362515982,
                                         0.149451349150581, 0.066671344308688};

static double tail(double z, double h, double x)
{
    const double stretch = cosh(x), r = sqrt(1 + h * h * stretch * stretch);
    return normal_upper(z * r) / (r * stretch);
}

/* The integral of T over the angles between two places along an edge. */
static double edge_tail(double z, double h, double from, double to)
{
    const double reach = z * h < 8 ? fmin(LAST, acosh(fmax(1, 8 / (z * h)))) : 0;
    const double first = fmax(-reach, asinh(from / h)), last = fmin(reach, asinh(to / h));
    if (!(last > first)) return 0;
    const int panels = (int)ceil(last - first);
    const double half = (last - first) / (2 * panels);
    double sum = 0;
    for (int i = 0; i < panels; i++) {
        const double middle = first + (2 * i + 1) * half;
        for (int k = 0; k < NODES / 2; k++) {
            const double off = half * node[k];
            sum += weight[k] * (tail(z, h, middle - off) + tail(z, h, middle + off));
        }
    }
    return half * sum;
}

static double polygon_probability(const struct polygon *p, double z)
{
    const double upper = normal_upper(z);
    double sum = 0;
    for (int i = 0; i < p->n; i++) {
        const struct point u = p->corner[i], v = p->corner[(i + 1) % p->n];
        const struct line l = p->line[i];
        const double from = l.b.x * u.y - l.b.y * u.x, to = l.b.x * v.y - l.b.y * v.x;
        if (!(fabs(l.c) > 0)) continue;
        const double angle = atan(to / l.c) - atan(from / l.c);
        sum += angle * upper - copysign(edge_tail(z, fabs(l.c), from, to), l.c);
    }
    return sum / (2 * acos(-1.0));
}

/* Two directions that make a right-angled frame with a. */
static void frame(const double a[3], double e[2][3])
{
    const int least = fabs(a[0]) < fabs(a[1]) ? (fabs(a[0]) < fabs(a[2]) ? 0 : 2)
                                              : (fabs(a[1]) < fabs(a[2]) ? 1 : 2);
    const double length = sqrt(1 - a[least] * a[least]);
    for (int i = 0; i < 3; i++) e[0][i] = ((i == least) - a[least] * a[i]) / length;
    e[1][0] = a[1] * e[0][2] - a[2] * e[0][1];
    e[1][1] = a[2] * e[0][0] - a[0] * e[0][2];
    e[1][2] = a[0] * e[0][1] - a[1] * e[0][0];
}

static double distance(const double x[3], const double y[3], double sign)
{
    return hypot(hypot(x[0] - sign * y[0], x[1] - sign * y[1]), x[2] - sign * y[2]);
}

/* Where Z_l = sign d'U does not exceed a'U: with |d| = 1 the half-plane is at the distance
 * (1 - d'a) / sqrt(1 - (d'a)^2) = |a - d| / |a + d|. */
static struct line half_plane(const double a[3], double e[2][3], const double d[3], double sign)
{
    const double x = sign * dot(e[0], d), y = sign * dot(e[1], d), length = hypot(x, y);
    return (struct line){{x / length, y / length}, distance(a, d, sign) / distance(a, d, -sign)};
}

/* P(variable k is the largest, and > z), z >= 0; or for `least` the smallest. */
static double largest_is(int k, int n, const double (*direction)[3], double z, bool absolute,
                         bool least)
{
    const double *a = direction[k];
    double e[2][3];
    struct polygon p = whole_plane();
    frame(a, e);
    for (int l = 0; l < n; l++) {
        for (double sign = 1; sign >= (absolute ? -1 : 1); sign -= 2) {
            if (l == k) continue;
            const bool same = distance(a, direction[l], sign) < SAME;
            if (same && l < k) return 0;
            if (same) continue;
            const bool opposite = distance(a, direction[l], -sign) < SAME;
            if (opposite && least) return 0;
            if (opposite) continue;
            struct line cut = half_plane(a, e, direction[l], sign);
            if (least) cut = (struct line){{-cut.b.x, -cut.b.y}, -cut.c};
            polygon_cut(&p, cut);
        }
    }
    return polygon_probability(&p, z);
}

double normal_maximum_upper(int n, const double (*direction)[3], double z, bool absolute)
{
    if (absolute && z <= 0) return 1;
    const bool least = z < 0;
    double sum = 0;
    for (int k = 0; k < n; k++) sum += largest_is(k, n, direction, fabs(z), absolute, least);
    return fmin(1, fmax(0, least ? 1 - sum : absolute ? 2 * sum : sum));
}
