/* The mixture of several predictors' rows: see ../log_mixer.py, which computes the same numbers
   with numpy. Each row is computed alone, so that it does not depend on the rows beside it. */

#include <math.h>
#include <stdint.h>
#include <string.h>

#if defined(_WIN32)
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

enum { BYTES = 256, MAX_MEMBERS = 8 };

typedef struct {
    int32_t members, confidence_borders_size, probability_borders_size;
    float full_mass, nearly_full_mass, prior_claim, min_log_p;
    const double *confidence_borders, *probability_borders; /* rising */
    const float *const *claims;    /* of each member, by weight set */
    const float *const *exponents; /* of each (selecting, weighted) member, by weight set; the end of
                                      the text selects after the members */
} Mixer;

/* One member laid over the base. */
typedef struct {
    int member, weight_set;
    float log_x[BYTES];
} Layer;

static float from_bits(int32_t bits) {
    float number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

static int32_t bits_of(float number) {
    int32_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

/* For x of 1 or less, as in Cephes: 2^n times a polynomial of the remainder r; relative error below
   2e-7. Below -87 it is 0: numbers that are not normal take a hundred times as long. */
static inline float exponential(float exponent) {
    const float round = 12582912.0f; /* 1.5 * 2^23 rounds to whole numbers */
    const float x = exponent < -87 ? -87 : exponent;
    const float shifted = x * 1.44269504088896f + round, n = shifted - round;
    const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
    float p = r * 1.9875691500e-4f + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + r + 1;
    p *= from_bits((bits_of(shifted) - bits_of(round) + 127) * (1 << 23));
    return exponent < -87 ? 0 : p;
}

/* For x of 0 or more, as in Cephes: the exponent times log 2, and a polynomial of the mantissa m
   between sqrt(1/2) and sqrt(2); absolute error below 2e-7. Of 0, some number below -87. */
static inline float logarithm(float x) {
    const int32_t bits = bits_of(x), above = bits - 0x3f3504f3; /* sqrt(1/2) */
    const float e = (float)(above >> 23);
    const float m = from_bits((above & 0x007fffff) + 0x3f3504f3) - 1;
    float p = m * 7.0376836292e-2f - 1.1514610310e-1f;
    p = p * m + 1.1676998740e-1f;
    p = p * m - 1.2420140846e-1f;
    p = p * m + 1.4249322787e-1f;
    p = p * m - 1.6668057665e-1f;
    p = p * m + 2.0000714765e-1f;
    p = p * m - 2.4999993993e-1f;
    p = p * m + 3.3333331174e-1f;
    const float s = m * m;
    return (p * m * s + e * -2.12194440e-4f - 0.5f * s) + m + e * 0.693359375f;
}

static float sum_of(const float *row) {
    /* Eight sums, so that the loop needs not wait for one addition after the other. */
    float sums[8] = {0};
    for (int b = 0; b < BYTES; b += 8)
        for (int i = 0; i < 8; i++)
            sums[i] += row[b + i];
    return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

static float highest_of(const float *row) {
    float highest[8];
    memcpy(highest, row, sizeof highest);
    for (int b = 8; b < BYTES; b += 8)
        for (int i = 0; i < 8; i++)
            highest[i] = row[b + i] > highest[i] ? row[b + i] : highest[i];
    for (int i = 1; i < 8; i++)
        highest[0] = highest[i] > highest[0] ? highest[i] : highest[0];
    return highest[0];
}

static int bin_of(float value, const double *borders, int size) {
    int bin = 0;
    while (bin < size && borders[bin] < (double)value)
        bin++;
    return bin;
}

/* Lay a member's probabilities p over the base, and return the layer: see LogMixer._layer. */
static void lay_over(const Mixer *mixer, int member, const float *p, float mass, const float *base,
                     Layer *layer) {
    float q[BYTES];
    /* 1. Normalise. */
    const float whole = mass > 1e-9f ? mass : 1e-9f;
    for (int b = 0; b < BYTES; b++)
        q[b] = p[b] / whole;
    /* 2. Confidence. */
    const float highest = highest_of(q);
    int best = 0;
    while (best < BYTES - 1 && q[best] < highest)
        best++;
    const float confidence = mass >= mixer->full_mass ? mixer->prior_claim * highest : mass;
    const float sureness = mass >= mixer->nearly_full_mass ? highest : mass;
    /* 3. Weight sets. */
    const int probabilities = mixer->probability_borders_size + 1;
    const int below =
        bin_of(base[best], mixer->probability_borders, mixer->probability_borders_size);
    const int claim_set =
        bin_of(confidence, mixer->confidence_borders, mixer->confidence_borders_size);
    layer->member = member;
    layer->weight_set =
        bin_of(sureness, mixer->confidence_borders, mixer->confidence_borders_size) *
            probabilities + below;
    /* 4. The claim. */
    const float rest = 1 - confidence > 1e-3f ? 1 - confidence : 1e-3f;
    const float odds =
        confidence / rest * expf(mixer->claims[member][claim_set * probabilities + below]);
    const float claim = odds / (1 + odds), unclaimed = 1 - claim, least = mixer->min_log_p;
    for (int b = 0; b < BYTES; b++) {
        const float log_x = logarithm(claim * q[b] + unclaimed * base[b]);
        layer->log_x[b] = log_x > least ? log_x : least;
    }
}

/* The exponent of a layer: 1, and the addends of all selected sets. */
static float exponent_of(const Mixer *mixer, int member, const Layer *layers, int count,
                         int32_t context) {
    const int members = mixer->members;
    float exponent = 1 + mixer->exponents[members * members + member][context];
    for (int i = 0; i < count; i++)
        exponent += mixer->exponents[layers[i].member * members + member][layers[i].weight_set];
    return exponent;
}

/* Mix one row: predictions has the members' log-probabilities, each `stride` after the last. */
static void mix_row(const Mixer *mixer, const float *predictions, size_t stride, int32_t context,
                    float *restrict log_p) {
    float p[MAX_MEMBERS][BYTES], mass[MAX_MEMBERS], base[BYTES], log_base[BYTES];
    Layer layers[MAX_MEMBERS];
    int whole = -1, count = 0;
    for (int i = mixer->members - 1; i >= 0; i--) {
        for (int b = 0; b < BYTES; b++)
            p[i][b] = exponential(predictions[(size_t)i * stride + (size_t)b]);
        mass[i] = sum_of(p[i]);
        whole = mass[i] >= mixer->full_mass ? i : whole;
    }
    /* The base: the first whole member, or an even row. */
    const float least = mixer->min_log_p;
    for (int b = 0; b < BYTES; b++)
        base[b] = whole < 0 ? 1.0f / BYTES : p[whole][b] / mass[whole];
    for (int b = 0; b < BYTES; b++) {
        log_base[b] = logarithm(base[b]);
        log_base[b] = log_base[b] > least ? log_base[b] : least;
    }
    if (whole >= 0) {
        const float highest = highest_of(base);
        layers[count].member = whole;
        layers[count++].weight_set =
            bin_of(highest, mixer->confidence_borders, mixer->confidence_borders_size);
    }
    for (int i = 0; i < mixer->members; i++)
        if (i != whole) lay_over(mixer, i, p[i], mass[i], base, &layers[count++]);
    /* log p = w_b log b + sum of w_i (log x_i - log b), up to the normaliser. */
    const float w = whole < 0 ? 1 : exponent_of(mixer, whole, layers, count, context);
    for (int b = 0; b < BYTES; b++)
        log_p[b] = w * log_base[b];
    for (int i = whole < 0 ? 0 : 1; i < count; i++) {
        const float wi = exponent_of(mixer, layers[i].member, layers, count, context);
        for (int b = 0; b < BYTES; b++)
            log_p[b] += wi * (layers[i].log_x[b] - log_base[b]);
    }
    const float highest = highest_of(log_p);
    for (int b = 0; b < BYTES; b++)
        base[b] = exponential(log_p[b] - highest);
    const float normaliser = highest + logf(sum_of(base));
    for (int b = 0; b < BYTES; b++)
        log_p[b] -= normaliser;
}

/* Mix rows of log-probabilities, shape (members, rows, 256), to log_p, shape (rows, 256). Return 1
   if there are too many members.

   contexts: the end of the text of each row, see ../mixer_context.py. */
EXPORT int foretype_mixer_mix(const Mixer *mixer, int rows, const float *predictions,
                              const int32_t *contexts, float *log_p) {
    if (mixer->members > MAX_MEMBERS) return 1;
    for (int i = 0; i < rows; i++)
        mix_row(mixer, predictions + (size_t)i * BYTES, (size_t)rows * BYTES, contexts[i],
                log_p + (size_t)i * BYTES);
    return 0;
}

EXPORT uint32_t foretype_mixer_source(void) { return FORETYPE_SOURCE; }
