/* The arithmetic of the network, included by kernel.c once for each ISA level.
 *
 * Products are of integers, and so exact. All else is written once and compiled without contractions, in loops over
 * whole panels: a row has the same numbers alone, beside others and within a longer text.
 */

static inline TARGET float ISA(clamped)(float x, float least, float most) {
    x = x > least ? x : least; /* in this order, NaN becomes `least` */
    return x < most ? x : most;
}

/* A state in [-1, 1] as an integer of 8 bits, 128 added. */
static inline TARGET uint8_t ISA(quantised)(float x) {
    return (uint8_t)(bits_of(ISA(clamped)(x / STATE_SCALE, -128, 127) + ROUND) - ROUND_BITS + 128);
}

/* Rational approximations of ONNX Runtime and Eigen: error below 3e-7. */
static inline TARGET float ISA(hyperbolic_tangent)(float x) {
    x = ISA(clamped)(x, -9, 9);
    const float s = x * x;
    float p = FUSED(s, -2.76076847742355e-16f, 2.00018790482477e-13f);
    p = FUSED(p, s, -8.60467152213735e-11f);
    p = FUSED(p, s, 5.12229709037114e-08f);
    p = FUSED(p, s, 1.48572235717979e-05f);
    p = FUSED(p, s, 6.37261928875436e-04f);
    p = FUSED(p, s, 4.89352455891786e-03f);
    float q = FUSED(s, 1.19825839466702e-06f, 1.18534705686654e-04f);
    q = FUSED(q, s, 2.26843463243900e-03f);
    q = FUSED(q, s, 4.89352518554385e-03f);
    return p * x / q;
}

static inline TARGET float ISA(sigmoid)(float x) {
    x = ISA(clamped)(x, -18, 18);
    const float s = x * x;
    float p = FUSED(s, 4.37031012579801e-11f, 1.15627324459942e-07f);
    p = FUSED(p, s, 6.08574864600143e-05f);
    p = FUSED(p, s, 8.51377133304701e-03f);
    p = FUSED(p, s, 2.48287947061529e-01f);
    float q = FUSED(s, 6.10247389755681e-13f, 5.76102136993427e-09f);
    q = FUSED(q, s, 6.29106785017040e-06f);
    q = FUSED(q, s, 1.70198817374094e-03f);
    q = FUSED(q, s, 1.16817656904453e-01f);
    q = FUSED(q, s, 9.93151921023180e-01f);
    return ISA(clamped)(p * x / q + 0.5f, 0, 1);
}

/* For x of 0 or less: 2^n times a polynomial of the remainder r, as in Cephes; relative error below 2e-7. */
static inline TARGET float ISA(exponential)(float x) {
    x = ISA(clamped)(x, -87, 0);
    const float shifted = FUSED(x, 1.44269504088896f, ROUND), n = shifted - ROUND;
    const float r = FUSED(n, 2.12194440e-4f, FUSED(n, -0.693359375f, x));
    float p = FUSED(r, 1.9875691500e-4f, 1.3981999507e-3f);
    p = FUSED(p, r, 8.3334519073e-3f);
    p = FUSED(p, r, 4.1665795894e-2f);
    p = FUSED(p, r, 1.6666665459e-1f);
    p = FUSED(p, r, 5.0000001201e-1f);
    p = FUSED(p, r * r, r) + 1;
    return p * from_bits((bits_of(shifted) - ROUND_BITS + 127) * (1 << 23));
}

/* Add a row's whole numbers to `sum`. In 4 bits, the lower halves of its bytes are the first columns, the upper halves
 * the others. */
static TARGET void ISA(add_row)(const struct table *table, size_t row, int32_t *restrict sum) {
    const int32_t columns = table->columns, half = (columns + 1) / 2;
    if (!table->row_scale) {
        const int8_t *entries = (const int8_t *)table->entries + row * (size_t)columns;
        for (int32_t i = 0; i < columns; i++)
            sum[i] += entries[i];
        return;
    }
    const uint8_t *entries = table->entries + row * (size_t)half;
    const int32_t scale = table->row_scale[row];
    for (int32_t i = 0; i < half; i++)
        sum[i] += (2 * (entries[i] & 15) - LARGEST) * scale;
    for (int32_t i = half; i < columns; i++)
        sum[i] += (2 * (entries[i - half] >> 4) - LARGEST) * scale;
}

/* The sum of a byte's own embedding and of the n-grams that end with it; an n-gram's row in the table is its hash. The
 * sum of the word contexts' embeddings follows it. */
static TARGET void ISA(embed)(
    const struct network *net, const uint8_t *text, const uint32_t *words, uint8_t *restrict out) {
    const int32_t size = net->embedding.columns, more = net->words.columns;
    const float *byte = net->bytes + (size_t)text[net->ngrams - 1] * (size_t)size;
    int32_t sum[size], of_words[more + 1];
    memset(sum, 0, sizeof sum);
    memset(of_words, 0, sizeof of_words);
    for (int32_t n = 0; n < net->ngrams - 1; n++) {
        uint32_t hash = 0;
        for (int32_t i = 0; i < net->ngrams; i++)
            hash += (text[i] + 1u) * net->multipliers[n * net->ngrams + i];
        ISA(add_row)(&net->embedding, hash % (uint32_t)net->embedding.rows, sum);
    }
    for (int32_t i = 0; i < size; i++)
        out[i] = ISA(quantised)(byte[i] + (float)sum[i] * net->embedding.scale[i]);
    out += size;
    for (int order = 0; more && order < WORD_ORDERS; order++)
        ISA(add_row)(&net->words, word_row(net, words, order), of_words);
    for (int32_t i = 0; i < more; i++)
        out[i] = ISA(quantised)((float)of_words[i] * net->words.scale[i]);
}

/* (x - 128) @ weights * scale + bias for one panel and `rows` rows of x; every caller passes a constant. */
#ifndef LANES
static inline TARGET void ISA(panel)(int rows, const struct matrix *m, int32_t first, const uint8_t *x, float *out) {
    for (int r = 0; r < rows; r++, x += m->inputs, out += m->columns)
        for (int32_t j = first; j < first + COLUMNS; j++) {
            const int8_t *w = m->weights + (size_t)j * (size_t)m->inputs;
            int32_t sum = 0;
            for (int32_t k = 0; k < m->inputs; k++)
                sum += (int8_t)(x[k] - 128) * w[k];
            out[j] = (float)sum * m->scale[j] + m->bias[j];
        }
}
#else
static inline TARGET INTEGERS ISA(spread)(const uint8_t *x) {
    int32_t four;
    memcpy(&four, x, sizeof four);
    return SPREAD(four);
}

/* DOT adds to each lane the products of four bytes of x and that lane's four weights. Its latency is some cycles, so
 * several independent chains of sums are in flight; integer sums do not depend on the order. */
static inline TARGET void ISA(panel)(int rows, const struct matrix *m, int32_t first, const uint8_t *x, float *out) {
    enum { PARTS = COLUMNS / LANES };
    const int chains = rows * PARTS < IN_FLIGHT ? IN_FLIGHT / (rows * PARTS) : 1;
    const INTEGERS *w = (const INTEGERS *)(m->weights + (size_t)first * (size_t)m->inputs);
    INTEGERS sums[AT_A_TIME][IN_FLIGHT][PARTS];
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < chains; c++)
            for (int p = 0; p < PARTS; p++)
                sums[r][c][p] = c ? (INTEGERS){0} : ((const INTEGERS *)(m->zero + first))[p];
    /* Groups of rows, dealt out to the chains in turn. */
    int32_t k = 0;
    for (; k + GROUP * chains <= m->inputs; k += GROUP * chains, w += chains * PARTS)
        for (int c = 0; c < chains; c++) {
            INTEGERS weights[PARTS];
            for (int p = 0; p < PARTS; p++)
                weights[p] = w[c * PARTS + p];
            for (int r = 0; r < rows; r++) {
                const INTEGERS four = ISA(spread)(x + (size_t)r * (size_t)m->inputs + k + GROUP * c);
                for (int p = 0; p < PARTS; p++)
                    sums[r][c][p] = DOT(sums[r][c][p], four, weights[p]);
            }
        }
    /* The groups left over go to the first chain. */
    for (; k < m->inputs; k += GROUP, w += PARTS)
        for (int r = 0; r < rows; r++)
            for (int p = 0; p < PARTS; p++)
                sums[r][0][p] = DOT(sums[r][0][p], ISA(spread)(x + (size_t)r * (size_t)m->inputs + k), w[p]);
    /* Add up the chains, then scale. */
    for (int r = 0; r < rows; r++, out += m->columns)
        for (int p = 0; p < PARTS; p++) {
            for (int c = 1; c < chains; c++)
                sums[r][0][p] += sums[r][c][p];
            const FLOATS sum = NUMBERS(sums[r][0][p]);
            const FLOATS scale = ((const FLOATS *)(m->scale + first))[p], bias = ((const FLOATS *)(m->bias + first))[p];
            ((FLOATS *)(out + first))[p] = sum * scale + bias;
        }
}
#endif

/* Multiply each panel by all rows while it is in the L1 cache, as many rows at a time as fit the registers. */
static TARGET void ISA(multiply)(const struct matrix *m, int32_t rows, const uint8_t *x, float *out) {
    for (int32_t first = 0; first < m->columns; first += COLUMNS) {
        int32_t r = 0;
        for (; AT_A_TIME > GROUP && r + AT_A_TIME <= rows; r += AT_A_TIME)
            ISA(panel)(AT_A_TIME, m, first, x + (size_t)r * (size_t)m->inputs, out + (size_t)r * (size_t)m->columns);
        for (; r + GROUP <= rows; r += GROUP)
            ISA(panel)(GROUP, m, first, x + (size_t)r * (size_t)m->inputs, out + (size_t)r * (size_t)m->columns);
        const uint8_t *left = x + (size_t)r * (size_t)m->inputs;
        float *last = out + (size_t)r * (size_t)m->columns;
        if (rows - r == 3)
            ISA(panel)(3, m, first, left, last);
        else if (rows - r == 2)
            ISA(panel)(2, m, first, left, last);
        else if (rows - r == 1)
            ISA(panel)(1, m, first, left, last);
    }
}

/* The GRU's gates (Cho et al. 2014) in torch's form: n = tanh(gx_n + r * gh_n), h' = n + z * (h - n). */
static TARGET void ISA(gates)(
    int32_t units, const float *restrict gx, const float *restrict gh, float *restrict h, uint8_t *restrict state) {
    for (int32_t i = 0; i < units; i++) {
        const float r = ISA(sigmoid)(gx[i] + gh[i]), z = ISA(sigmoid)(gx[units + i] + gh[units + i]);
        const float n = ISA(hyperbolic_tangent)(gx[2 * units + i] + r * gh[2 * units + i]);
        h[i] = n + z * (h[i] - n);
    }
    for (int32_t i = 0; i < units; i++)
        state[i] = ISA(quantised)(h[i]);
}

/* log_softmax(output + skip), by 16 partial maxima and sums, so that the order does not depend on the ISA level. */
static TARGET void ISA(log_softmax)(const float *restrict output, const float *restrict skip, float *restrict out) {
    float most[COLUMNS], sums[COLUMNS] = {0}, sum = 0;
    for (int i = 0; i < VOCABULARY; i++)
        out[i] = output[i] + skip[i];
    memcpy(most, out, sizeof most);
    for (int i = 0; i < VOCABULARY; i += COLUMNS)
        for (int j = 0; j < COLUMNS; j++)
            most[j] = out[i + j] > most[j] ? out[i + j] : most[j];
    for (int j = 1; j < COLUMNS; j++)
        most[0] = most[j] > most[0] ? most[j] : most[0];
    for (int i = 0; i < VOCABULARY; i += COLUMNS)
        for (int j = 0; j < COLUMNS; j++)
            sums[j] += ISA(exponential)(out[i + j] - most[0]);
    for (int j = 0; j < COLUMNS; j++)
        sum += sums[j];
    const float whole = most[0] + logf(sum);
    for (int i = 0; i < VOCABULARY; i++)
        out[i] -= whole;
}

/* Read `length` bytes in `rows` texts; see foretype_run. */
static TARGET int ISA(run)(
    const struct network *net, int rows, int length, const uint8_t *text, const float *before, uint32_t *words,
    float *after) {
    const size_t units = (size_t)net->units, hidden = (size_t)net->hidden, count = (size_t)rows;
    const size_t width = (size_t)(net->ngrams - 1 + length), most = length < AT_ONCE ? (size_t)length : AT_ONCE;
    const size_t gates = (size_t)net->input.columns, inputs = (size_t)net->input.inputs;
    struct scratch s;
    void *const block = prepare(&s, net, count, most);
    if (!block)
        return -1;
    /* 1. The states before, padded with zeros; 128 is the quantised zero. */
    memset(s.h, 0, count * units * sizeof(float));
    memset(s.embedded, 128, count * most * inputs);
    memset(s.state, 128, count * units);
    for (size_t b = 0; b < count; b++) {
        memcpy(s.h + b * units, before + b * hidden, hidden * sizeof(float));
        for (size_t i = 0; i < hidden; i++)
            s.state[b * units + i] = ISA(quantised)(s.h[b * units + i]);
    }
    /* 2. At most AT_ONCE bytes at a time: the inputs' product in one pass, then the recurrence byte by byte. */
    size_t read = 0, now = 0;
    for (; read < (size_t)length; read += now) {
        now = (size_t)length - read < most ? (size_t)length - read : most;
        for (size_t t = 0; t < now; t++)
            for (size_t b = 0; b < count; b++) {
                const uint8_t *longest = text + b * width + read + t;
                if (net->words.columns)
                    read_byte(words + b * WORD_ORDERS, longest[net->ngrams - 1]);
                ISA(embed)(net, longest, words + b * WORD_ORDERS, s.embedded + (t * count + b) * inputs);
            }
        ISA(multiply)(&net->input, (int32_t)(now * count), s.embedded, s.gx);
        for (size_t t = 0; t < now; t++) {
            ISA(multiply)(&net->recurrent, rows, s.state, s.gh);
            for (size_t b = 0; b < count; b++)
                ISA(gates)(net->units, s.gx + (t * count + b) * gates, s.gh + b * gates, s.h + b * units,
                           s.state + b * units);
        }
    }
    /* 3. The output layer, and its skip connection from the last embedding. */
    ISA(multiply)(&net->output, rows, s.state, s.logits);
    ISA(multiply)(&net->skip, rows, s.embedded + (now - 1) * count * inputs, s.skipped);
    for (size_t b = 0; b < count; b++, after += hidden + VOCABULARY) {
        memcpy(after, s.h + b * units, hidden * sizeof(float));
        ISA(log_softmax)(s.logits + b * VOCABULARY, s.skipped + b * VOCABULARY, after + hidden);
    }
    free(block);
    return 0;
}
