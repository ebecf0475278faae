/* random_intercept.c - see random_intercept.h.  SPDX-License-Identifier: MIT
 *
 * A cluster contributes the integral over u of exp(h(u)) / sqrt(2 pi), with
 *     h(u) = sum y eta - log(1 + exp(eta)) - u^2 / 2,   eta = x'beta + sd u.
 * Around the mode m of h, with c = -h''(m), s = 1/sqrt(c) and Gauss-Hermite nodes x_j, weights W_j:
 *     log L = -log(pi c)/2 + h(m) + log sum_j W_j exp(x_j^2 + h(m + s t_j) - h(m)),  t_j = sqrt(2)
 * x_j (Liu & Pierce 1994, Biometrika 81:624; Pinheiro & Chao 2006, J Comput Graph Stat 15:58).
 *
 * With E the mean over nodes by their share in the sum, the derivative by a parameter r is
 *     E[h_r] + E[h'] m_r + (1 + s E[t h']) (log s)_r,
 *     m_r = h_ur(m) / c,   (log s)_r = (h_uur(m) + h_uuu(m) m_r) / (2c),
 * of which all but E[h_r] would vanish for an exact integral. Every pass runs over all rows, node
 * by node, and is summed by cluster. */
#include "analysis/random_intercept.h"

#include "stat/gauss_hermite.h"
#include "stat/vector.h"

#include <math.h>
#include <string.h>

enum { MODE_ITERATIONS_MAX = 200 };

#define PI 3.14159265358979323846

struct cluster {
    double mode, curvature, spread;      /* m, c, s */
    double height;                       /* h(m) */
    double residual, v, third;           /* sums over rows at the mode */
    double share;                        /* of the node at hand in the sum */
    double total, slope, lean, sd_slope; /* sums of the shares, and of h', t h' and h_sd */
};

void random_intercept_init(struct random_intercept *m, const struct columns *z, const double *y,
                           int n_clusters, const int *first, int points, struct scratch *w)
{
    const int n = z->n;
    *m = (struct random_intercept){
        .z = z,
        .y = y,
        .n_clusters = n_clusters,
        .first = first,
        .points = points,
        .node = scratch_doubles(w, points),
        .weight = scratch_doubles(w, points),
        .cluster = scratch_take(w, (size_t)n_clusters, sizeof *m->cluster),
        .fixed = scratch_doubles(w, n),
        .eta = scratch_doubles(w, n),
        .at = {.loglik = scratch_doubles(w, n),
               .whole = scratch_doubles(w, n),
               .v = scratch_doubles(w, n),
               .residual = scratch_doubles(w, n)},
        .v = scratch_doubles(w, n),
        .third = scratch_doubles(w, n),
        .score = scratch_doubles(w, n),
        .vx = scratch_take(w, (size_t)n_clusters * (size_t)z->blocks, sizeof *m->vx),
        .penalty = scratch_doubles(w, n_clusters),
    };
    memset(m->cluster, 0, (size_t)n_clusters * sizeof *m->cluster);
    gauss_hermite(m->node, m->weight, points);
    for (int j = 0; j < points; j++) m->weight[j] *= exp(m->node[j] * m->node[j]);
    for (int j = 0; j < points; j++) m->node[j] *= sqrt(2);
}

static double sum_rows(const struct random_intercept *m, const double *x, int k)
{
    double sum = 0;
    for (int i = m->first[k]; i < m->first[k + 1]; i++) sum += x[i];
    return sum;
}

/* Bernoulli terms with every cluster's intercept at mode + node * spread. */
static void evaluate_rows(struct random_intercept *m, double node)
{
    for (int k = 0; k < m->n_clusters; k++) {
        const double shift = m->sd * (m->cluster[k].mode + node * m->cluster[k].spread);
        for (int i = m->first[k]; i < m->first[k + 1]; i++) m->eta[i] = m->fixed[i] + shift;
    }
    bernoulli_evaluate(&m->at, m->eta, m->y, m->z->n);
}

/* Newton's method for all modes at once. Steps of at most 1 in eta: within that h'' changes by less
 * than a factor e, so that h' shrinks at every step. */
static void find_modes(struct random_intercept *m)
{
    double longest = INFINITY;
    for (int i = 0; i < MODE_ITERATIONS_MAX && longest > 1e-7; i++) {
        evaluate_rows(m, 0);
        longest = 0;
        for (int k = 0; k < m->n_clusters; k++) {
            struct cluster *c = &m->cluster[k];
            const double slope = m->sd * sum_rows(m, m->at.residual, k) - c->mode;
            const double step = slope / (1 + m->sd * m->sd * sum_rows(m, m->at.v, k));
            const double size = fabs(m->sd * step);
            c->mode += size > 1 ? step / size : step;
            longest = fmax(longest, fabs(step));
        }
    }
}

/* h at the point of which bernoulli terms are at hand; whole holds logarithms */
static double height(const struct random_intercept *m, int k, double u)
{
    return sum_rows(m, m->at.loglik, k) - sum_rows(m, m->at.whole, k) - u * u / 2;
}

static void describe_modes(struct random_intercept *m)
{
    evaluate_rows(m, 0);
    vector_log(m->at.whole, m->at.whole, m->z->n);
    for (int i = 0; i < m->z->n; i++) {
        m->v[i] = m->at.v[i];
        m->third[i] = m->at.v[i] * (1 - 2 * (m->y[i] - m->at.residual[i]));
    }
    for (int k = 0; k < m->n_clusters; k++) {
        struct cluster *c = &m->cluster[k];
        c->height = height(m, k, c->mode);
        c->residual = sum_rows(m, m->at.residual, k);
        c->v = sum_rows(m, m->v, k);
        c->third = sum_rows(m, m->third, k);
        c->curvature = 1 + m->sd * m->sd * c->v;
        c->spread = 1 / sqrt(c->curvature);
        c->total = c->slope = c->lean = c->sd_slope = 0;
    }
    memset(m->score, 0, (size_t)m->z->n * sizeof *m->score);
}

/* Adds a node's share in every cluster's integral, and its part of the sums over nodes. */
static void add_node(struct random_intercept *m, double node, double weight)
{
    evaluate_rows(m, node);
    vector_log(m->at.whole, m->at.whole, m->z->n);
    for (int k = 0; k < m->n_clusters; k++) {
        struct cluster *c = &m->cluster[k];
        const double u = c->mode + node * c->spread;
        const double residual = sum_rows(m, m->at.residual, k), slope = m->sd * residual - u;
        c->share = weight * exp(height(m, k, u) - c->height);
        c->total += c->share;
        c->slope += c->share * slope;
        c->lean += c->share * slope * node;
        c->sd_slope += c->share * u * residual;
        for (int i = m->first[k]; i < m->first[k + 1]; i++) {
            m->score[i] += c->share * m->at.residual[i];
        }
    }
}

/* Turns the sums over nodes into derivatives of a cluster's log-likelihood: by eta of its rows, and
 * by sd, which is returned. */
static double finish_cluster(struct random_intercept *m, int k)
{
    const struct cluster *c = &m->cluster[k];
    const double sd = m->sd, variance = sd * sd;
    const double slope = c->slope / c->total;               /* E[h'] */
    const double lean = 1 + c->spread * c->lean / c->total; /* 1 + s E[t h'] */
    const double h_uuu = -sd * variance * c->third;
    const double by_v = -sd / c->curvature * (slope + lean * h_uuu / (2 * c->curvature));
    const double by_third = -lean * variance / (2 * c->curvature);
    for (int i = m->first[k]; i < m->first[k + 1]; i++) {
        m->score[i] = m->score[i] / c->total + by_v * m->v[i] + by_third * m->third[i];
    }
    const double mode_by_sd = (c->residual - sd * c->mode * c->v) / c->curvature;
    const double h_uusd = -2 * sd * c->v - variance * c->mode * c->third;
    return c->sd_slope / c->total + slope * mode_by_sd +
           lean * (h_uusd + h_uuu * mode_by_sd) / (2 * c->curvature);
}

/* X'vX - sum over clusters of sd^2/c (X_k'v)(X_k'v)' */
static void working_information(struct random_intercept *m, struct derivatives *d)
{
    const struct columns *z = m->z;
    const size_t blocks = (size_t)z->blocks;
    const int stride = z->blocks * LANES;
    memset(d->information, 0, (size_t)stride * (size_t)stride * sizeof(double));
    rows_add_products(d->information, NULL, z->row, z->n, z->blocks, m->v);
    for (int j = 0; j < stride; j++) d->scale[j] = d->information[j * stride + j];
    memset(m->vx, 0, (size_t)m->n_clusters * blocks * sizeof *m->vx);
    for (int k = 0; k < m->n_clusters; k++) {
        const int first = m->first[k];
        rows_add(m->vx + (size_t)k * blocks, z->row + (size_t)first * blocks,
                 m->first[k + 1] - first, z->blocks, m->v + first);
        m->penalty[k] = -m->sd * m->sd / m->cluster[k].curvature;
    }
    rows_add_products(d->information, NULL, m->vx, m->n_clusters, z->blocks, m->penalty);
}

double random_intercept_evaluate(void *model, const double *beta, struct derivatives *d)
{
    struct random_intercept *m = model;
    const int stride = m->z->blocks * LANES;
    columns_predict(m->z, beta, m->fixed);
    find_modes(m);
    describe_modes(m);
    for (int j = 0; j < m->points; j++) add_node(m, m->node[j], m->weight[j]);
    double loglik = 0;
    m->slope = 0;
    for (int k = 0; k < m->n_clusters; k++) {
        const struct cluster *c = &m->cluster[k];
        loglik += c->height + log(c->total) - log(PI * c->curvature) / 2;
        m->slope += finish_cluster(m, k);
    }
    memset(d->gradient, 0, (size_t)stride * sizeof(double));
    rows_add((lanes *)d->gradient, m->z->row, m->z->n, m->z->blocks, m->score);
    working_information(m, d);
    return loglik;
}

struct overdispersion random_intercept_overdispersion(const struct random_intercept *m)
{
    struct overdispersion o = {0};
    for (int k = 0; k < m->n_clusters; k++) {
        const struct cluster *c = &m->cluster[k];
        o.surplus += c->residual * c->residual - c->v;
        o.squares += c->v * c->v;
    }
    return o;
}
