/* Steps of the network for several texts in one call: the graph that training/onnx_file.py writes, for a GRU of one
 * layer with n-grams, in int8. step.h holds the arithmetic, compiled once for each ISA level; this file dispatches.
 *
 * __init__.py calls it, packs the weights, and has checked every size.
 */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PUBLIC __attribute__((visibility("default")))

/* The ISA levels, numbered as IsaLevel in __init__.py. */
enum { PLAIN, AVX2, AVX_VNNI, AVX512_VNNI };
enum { WORD_ORDERS = 3 };
enum { COLUMNS = 16, GROUP = 4, VOCABULARY = 256, AT_ONCE = 32, LINE = 64, IN_FLIGHT = 8 };
enum { LARGEST = 15 }; /* of the entries in 4 bits */

static const float STATE_SCALE = 1.0f / 127;

/* 1.5 * 2^23: adding it rounds a small number to an integer, half to even, in its lowest bits. */
static const float ROUND = 12582912.0f;
static const int32_t ROUND_BITS = 0x4B400000;

/* Shape (inputs, columns), padded to whole groups and panels. A panel has 16 columns and is read from start to end. */
struct matrix {
    int32_t inputs, columns;
    const int8_t *weights;
    const int32_t *zero; /* -128 times the sum of each column: inputs are stored with 128 added */
    const float *scale, *bias;
};

/* Embeddings in 8 bits, or with row scales in 4 bits, two to a byte; tables.py has the format. */
struct table {
    int32_t rows, columns;
    const uint8_t *entries;
    const uint8_t *row_scale; /* (rows,) or NULL */
    const float *scale;       /* (columns,) */
};

struct network {
    int32_t units; /* padded to whole panels */
    int32_t hidden, ngrams;
    int32_t word_shift; /* bits of a word context's hash below those of its row */
    const float *bytes;          /* (256, embedding) */
    const uint32_t *multipliers; /* (ngrams - 1, ngrams), the oldest byte first */
    struct table embedding;
    struct table words; /* 2^(32 - word_shift) rows, or no columns */
    struct matrix input, recurrent, output, skip;
};

/* The working memory of a call, for its rows: floats, and the quantised inputs of the products. */
struct scratch {
    float *gx, *gh, *h, *logits, *skipped;
    uint8_t *embedded, *state;
};

/* Update the hashes of the word so far, the word before and the one before that, as word_contexts.py does. */
static void read_byte(uint32_t words[WORD_ORDERS], uint8_t byte) {
    const uint32_t LETTER = 0x9E3779B1u, MARK = 0x85EBCA6Bu;
    const uint8_t lower = byte >= 'A' && byte <= 'Z' ? byte + 32 : byte;
    const int begins = byte >= 0xE3 && byte <= 0xE9;
    const int continues = begins || (lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9') || byte == '_' ||
                          (byte >= 0x80 && byte < 0xFF) || (byte == '\'' && words[0]);
    if (byte == 0xFF) { /* the end of a text */
        words[0] = words[1] = words[2] = 0;
        return;
    }
    if (words[0] && (!continues || begins)) {
        words[2] = words[1];
        words[1] = words[0];
        words[0] = 0;
    }
    if (continues)
        words[0] = (words[0] + lower + 1u) * LETTER;
    else if (byte != ' ' && byte != '\t') {
        words[2] = words[1];
        words[1] = (lower + 1u) * MARK;
    }
}

/* The row of one of the three contexts in the table: the highest bits of a multiplicative hash. */
static size_t word_row(const struct network *net, const uint32_t words[WORD_ORDERS], int order) {
    const uint32_t LETTER = 0x9E3779B1u, FIRST = 0xC2B2AE35u, SECOND = 0x27D4EB2Fu;
    uint32_t context = words[0] + 1u + (uint32_t)order;
    if (order > 0)
        context += words[1] * FIRST;
    if (order > 1)
        context += words[2] * SECOND;
    return context * LETTER >> net->word_shift;
}

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

/* Allocate one block of memory and divide it; NULL if memory is exhausted. The caller frees it. */
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

#define ISA(name) name##_plain
#define TARGET
/* a * b + c in one rounding, as the other levels compute it; fmaf is a slow function where there is no instruction for
 * it. A product of two floats is exact as a double. The sum is rounded to odd: what it loses (Knuth's TwoSum) sets its
 * last bit, so that the second rounding, to float, is the right one (Boldo and Melquiond 2008). */
#if defined(__FP_FAST_FMAF)
#define FUSED(a, b, c) __builtin_fmaf(a, b, c)
#else
static inline float fused(float a, float b, float c) {
    const double product = (double)a * (double)b, sum = product + (double)c, added = sum - product;
    const double lost = (product - (sum - added)) + ((double)c - added);
    int64_t bits;
    memcpy(&bits, &sum, sizeof bits);
    if ((lost < 0 || lost > 0) && !(bits & 1))
        bits += (lost > 0) == (sum > 0) ? 1 : -1;
    double odd;
    memcpy(&odd, &bits, sizeof odd);
    return (float)odd;
}
#define FUSED(a, b, c) fused(a, b, c)
#endif
#define AT_A_TIME 4
#include "step.h"
#undef ISA
#undef TARGET
#undef FUSED

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#define FUSED(a, b, c) __builtin_fmaf(a, b, c)
typedef int32_t ints8 __attribute__((vector_size(32), may_alias));
typedef float floats8 __attribute__((vector_size(32), may_alias));
typedef int32_t ints16 __attribute__((vector_size(64), may_alias));
typedef float floats16 __attribute__((vector_size(64), may_alias));

#define LANES 8
#define INTEGERS ints8
#define FLOATS floats8
#define SPREAD(four) (ints8) _mm256_set1_epi32(four)
#define NUMBERS(sum) (floats8) _mm256_cvtepi32_ps((__m256i)(sum))

#define ISA(name) name##_avx2
#define TARGET __attribute__((target("avx2,fma")))
/* Weights have 7 bits, so that the sum of two products fits 16 bits. */
#define DOT(sum, x, w) \
    ((sum) + (ints8)_mm256_madd_epi16(_mm256_maddubs_epi16((__m256i)(x), (__m256i)(w)), _mm256_set1_epi16(1)))
#include "step.h"
#undef ISA
#undef TARGET
#undef DOT

/* For processors without AVX-512, as in most laptops. */
#ifndef WITHOUT_AVX_VNNI
#define ISA(name) name##_avx_vnni
#define TARGET __attribute__((target("avx2,fma,avxvnni")))
#define DOT(sum, x, w) (ints8) _mm256_dpbusd_avx_epi32((__m256i)(sum), (__m256i)(x), (__m256i)(w))
#include "step.h"
#undef ISA
#undef TARGET
#undef DOT
#endif
#undef LANES
#undef INTEGERS
#undef FLOATS
#undef SPREAD
#undef NUMBERS
#undef AT_A_TIME

#define LANES 16
#define INTEGERS ints16
#define FLOATS floats16
#define SPREAD(four) (ints16) _mm512_set1_epi32(four)
#define NUMBERS(sum) (floats16) _mm512_cvtepi32_ps((__m512i)(sum))
#define AT_A_TIME 8

#define ISA(name) name##_avx512_vnni
#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,fma")))
#define DOT(sum, x, w) (ints16) _mm512_dpbusd_epi32((__m512i)(sum), (__m512i)(x), (__m512i)(w))
#include "step.h"

#endif

/* The checksum of the compiled sources, by which __init__.py rejects a library of other sources. */
PUBLIC uint32_t foretype_source(void) { return FORETYPE_SOURCE; }

/* Whether this processor, and the compiler that was used, support an ISA level. */
PUBLIC int foretype_supports(int isa) {
#if defined(__x86_64__)
    const int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    switch (isa) {
    case AVX2:
        return avx2;
#ifndef WITHOUT_AVX_VNNI
    case AVX_VNNI: { /* no __builtin_cpu_supports: some compilers with the instructions lack the name */
        unsigned int a, b, c, d;
        return avx2 && __get_cpuid_count(7, 1, &a, &b, &c, &d) && a & 1u << 4;
    }
#endif
    case AVX512_VNNI:
        return avx2 && __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    }
#endif
    return isa == PLAIN;
}

/* Read `length` more bytes in each of `rows` texts.
 *
 * text: (rows, ngrams - 1 + length), beginning with the bytes already read; before: (rows, hidden), the states there;
 * words: (rows, 3), the hashes of the last words, which become those after the text; after: (rows, hidden + 256), the
 * new states and the log-probabilities of the next byte. Return 0, or -1 if memory is exhausted.
 */
PUBLIC int foretype_run(
    const struct network *net, int isa, int rows, int length, const uint8_t *text, const float *before, uint32_t *words,
    float *after) {
#if defined(__x86_64__)
    if (isa == AVX512_VNNI)
        return run_avx512_vnni(net, rows, length, text, before, words, after);
#ifndef WITHOUT_AVX_VNNI
    if (isa == AVX_VNNI)
        return run_avx_vnni(net, rows, length, text, before, words, after);
#endif
    if (isa == AVX2)
        return run_avx2(net, rows, length, text, before, words, after);
#endif
    (void)isa;
    return run_plain(net, rows, length, text, before, words, after);
}
