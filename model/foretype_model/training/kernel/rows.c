/* Adam on the rows of an embedding table that a minibatch has looked up: one pass over them, and none over the others.
 *
 * Called from ../row_adam.py, which has checked every size.
 */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PUBLIC __attribute__((visibility("default")))

/* The checksum of the sources that this was compiled from. */
PUBLIC uint32_t foretype_training_source(void) { return FORETYPE_SOURCE; }

/* Adam (Kingma and Ba 2015, algorithm 1) for each row among `rows`, with the sum of its gradients.
 *
 * table, m, v: (R, D); rows: (N,), each below R; gradients: (N, D). rate is alpha sqrt(1 - beta2^t) / (1 - beta1^t).
 * A row that is not looked up keeps its moments. Returns 0, or 1 if there is no memory.
 */
PUBLIC int foretype_training_rows(
    int64_t R, int64_t D, int64_t N, const int64_t *rows, const float *gradients, float *table, float *m, float *v,
    float rate, float beta1, float beta2, float epsilon) {
    /* Counting sort: the lookups of row r are order[ends[r - 1]] to order[ends[r]]. */
    int64_t *const ends = calloc((size_t)R + 1, sizeof *ends), *const order = malloc((size_t)N * sizeof *order);
    float *const g = malloc((size_t)D * sizeof *g);
    if (!ends || !order || !g) {
        free(ends), free(order), free(g);
        return 1;
    }
    for (int64_t i = 0; i < N; i++)
        ends[rows[i] + 1]++;
    for (int64_t r = 0; r < R; r++)
        ends[r + 1] += ends[r];
    for (int64_t i = 0; i < N; i++)
        order[ends[rows[i]]++] = i;
    for (int64_t r = 0, first = 0; r < R; first = ends[r++]) {
        if (first == ends[r])
            continue;
        memset(g, 0, (size_t)D * sizeof *g);
        for (int64_t i = first; i < ends[r]; i++) {
            const float *const gradient = gradients + order[i] * D;
            for (int64_t d = 0; d < D; d++)
                g[d] += gradient[d];
        }
        float *const w = table + r * D, *const mean = m + r * D, *const square = v + r * D;
        for (int64_t d = 0; d < D; d++) {
            mean[d] += (1 - beta1) * (g[d] - mean[d]);
            square[d] += (1 - beta2) * (g[d] * g[d] - square[d]);
            w[d] -= rate * mean[d] / (sqrtf(square[d]) + epsilon);
        }
    }
    free(ends), free(order), free(g);
    return 0;
}
