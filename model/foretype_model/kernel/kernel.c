/* A step of the network for several texts in one call: what the graph of training/onnx_file.py says, for a GRU of one
 * layer with n-grams, in int8. step.h has it all, compiled once for each way; this file picks among them.
 *
 * Called from __init__.py, which packs the weights and has checked every size.
 */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PUBLIC __attribute__((visibility("default")))

enum { NONE = -1, PLAIN, AVX2 };
enum { COLUMNS = 16, GROUP = 4, VOCABULARY = 256, AT_ONCE = 32, LINE = 64 };

static const float STATE_SCALE = 1.0f / 127;

/* Added to a small number, it rounds that to an integer, half to even, in its lowest bits. */
static const float ROUND = 12582912.0f;
static const int32_t ROUND_BITS = 0x4B400000;

/* Shape (inputs, columns), padded to whole groups and panels. A panel has 16 columns and is read from beginning to end. */
struct matrix {
    int32_t inputs, columns;
    const int8_t *weights;
    const int32_t *zero; /* -128 times the sum of each column: what is multiplied is stored with 128 added */
    const float *scale, *bias;
};

struct network {
    int32_t units; /* padded to whole panels */
    int32_t hidden, embedding, ngrams, buckets;
    const int8_t *table;         /* (buckets, embedding) */
    const float *table_scale;    /* (embedding,) */
    const float *bytes;          /* (256, embedding) */
    const uint32_t *multipliers; /* (ngrams - 1, ngrams), the oldest byte first */
    struct matrix input, recurrent, output, skip;
};

/* What a call works on, for its B rows: numbers as they are, and as bytes, which are what is multiplied. */
struct scratch {
    float *gx, *gh, *h, *logits, *skipped;
    uint8_t *embedded, *state;
};

static int32_t bits_of(float x) {
    int32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static float from_bits(int32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static size_t aligned(size_t size) { return (size + LINE - 1) / LINE * LINE; }

/* One block of memory in parts; NULL where there is none left. The caller frees it. */
static void *prepare(struct scratch *s, const struct network *net, size_t rows, size_t at_once) {
    const size_t numbers[] = {
        rows * at_once * (size_t)net->input.columns, rows * (size_t)net->recurrent.columns, rows * (size_t)net->units,
        rows * VOCABULARY, rows * VOCABULARY};
    float **const parts[] = {&s->gx, &s->gh, &s->h, &s->logits, &s->skipped};
    size_t size = LINE + aligned(rows * at_once * (size_t)net->input.inputs) + rows * (size_t)net->units;
    for (int i = 0; i < 5; i++)
        size += aligned(numbers[i] * sizeof(float));
    void *const block = malloc(size);
    if (!block)
        return NULL;
    uint8_t *next = (uint8_t *)aligned((uintptr_t)block);
    for (int i = 0; i < 5; i++) {
        *parts[i] = (float *)next;
        next += aligned(numbers[i] * sizeof(float));
    }
    s->embedded = next;
    s->state = next + aligned(rows * at_once * (size_t)net->input.inputs);
    return block;
}

#define WAY(name) name##_plain
#define TARGET
#define FUSED(a, b, c) ((a) * (b) + (c))
#include "step.h"
#undef WAY
#undef TARGET
#undef FUSED

#if defined(__x86_64__)
#include <immintrin.h>
#define WITH_AVX2
#define WAY(name) name##_avx2
#define TARGET __attribute__((target("avx2,fma")))
#define FUSED(a, b, c) __builtin_fmaf(a, b, c)
#include "step.h"
#endif

/* The source that this was compiled from, so that another one is not taken for it. */
PUBLIC uint32_t foretype_source(void) { return FORETYPE_SOURCE; }

/* The best way on this processor. NONE where ONNX Runtime is sooner done, or may be: plain C, which took 570 us where
 * AVX2 took 48, has not been timed on processors of another kind. */
PUBLIC int foretype_best(void) {
#ifdef WITH_AVX2
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? AVX2 : NONE;
#else
    return NONE;
#endif
}

/* Read `length` bytes more in each of `rows` texts.
 *
 * text: (rows, ngrams - 1 + length), the bytes before them first; before: (rows, hidden), the states there; after: (rows,
 * hidden + 256), the states, and the log-probabilities of what comes next. 0, or -1 where there was no memory left.
 */
PUBLIC int foretype_run(
    const struct network *net, int way, int rows, int length, const uint8_t *text, const float *before, float *after) {
#ifdef WITH_AVX2
    if (way == AVX2)
        return run_avx2(net, rows, length, text, before, after);
#endif
    (void)way;
    return run_plain(net, rows, length, text, before, after);
}
