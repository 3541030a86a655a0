/* Forward and backward passes of a GRU layer over a window of text, with products in bfloat16: by the tiles of AMX, or
 * by the dot products of AVX-512 where a processor has no AMX.
 *
 * State, gates and sums are float32; the operands of the two products of a step are bfloat16. All elementwise work on a
 * block of 32 rows by 32 units is done while the block's sums are in the first-level cache, so one pass over memory is
 * all that lies between two products. The recurrent matrix is packed into tiles once a training step, and not once a
 * product. Called from ../fused_gru.py, which has checked every size; the rows of a minibatch are independent, so
 * several threads each take a part of them.
 *
 * Letters, as in torch.nn.GRU: T steps, B rows, H units; r, z, n the gates;
 *   r = sigmoid(xr + hr)   z = sigmoid(xz + hz)   n = tanh(xn + r * q)   q = hn + bn   h' = n + z * (h - n)
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PUBLIC __attribute__((visibility("default")))

#if defined(__x86_64__) && defined(__linux__) && !defined(WITHOUT_BFLOAT16)
#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TARGET __attribute__((target("amx-tile,amx-bf16,avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,fma")))
#define INLINE static inline __attribute__((always_inline)) TARGET

enum { EDGE = 32, HALF = 16, TILE = 512, BLOCK = EDGE * EDGE, GATES = 3, SAVED = 5, KINDS = 4, PAD = 32 };
/* A block has EDGE rows and EDGE units, in four tiles of HALF x HALF sums; a tile of operands has TILE numbers. Rows of
 * h and of the deltas are PAD numbers apart: with 1024 units, rows a multiple of 4 kB apart made stores look to the
 * processor like the loads beside them, and the backward pass took three times as long. */

typedef uint16_t bf16;

struct tile_config {
    uint8_t palette, start_row, reserved[14];
    uint16_t bytes_in_row[16];
    uint8_t rows[16];
} __attribute__((packed));

enum products { IN_FLOAT32, BY_AVX512, BY_AMX };

static enum products products = IN_FLOAT32;

/* Choose the products of this process: of `fastest` and those below it, the first that the processor has. Linux is
 * asked for the tiles' registers. Returns the choice; with IN_FLOAT32 the passes below must not be called. */
PUBLIC int foretype_training_products(int fastest) {
    enum { ARCH_REQ_XCOMP_PERM = 0x1023, XFEATURE_XTILEDATA = 18 };
    unsigned a, b, c, d, more;
    products = IN_FLOAT32;
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
        !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl"))
        return products;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !__get_cpuid_count(7, 1, &more, &a, &b, &c) || !(more >> 5 & 1))
        return products;
    const int has_amx = d >> 24 & 1 && d >> 22 & 1;
    const int tiles = fastest >= BY_AMX && has_amx && !syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA);
    return products = tiles ? BY_AMX : fastest >= BY_AVX512 ? BY_AVX512 : IN_FLOAT32;
}

INLINE void configure_tiles(void) {
    if (products != BY_AMX)
        return;
    struct tile_config config = {.palette = 1};
    for (int i = 0; i < 8; i++) {
        config.bytes_in_row[i] = 64;
        config.rows[i] = 16;
    }
    _tile_loadconfig(&config);
}

INLINE __m512 wide(const bf16 *x) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)x)), 16));
}

INLINE void narrow(bf16 *to, __m512 x) { _mm256_storeu_si256((__m256i *)to, (__m256i)_mm512_cvtneps_pbh(x)); }

/* e^x to 2e-7 of its value: x = k ln 2 + f, a polynomial of f (Cephes), scaled by 2^k. */
INLINE __m512 exponential(__m512 x) {
    x = _mm512_min_ps(_mm512_max_ps(x, _mm512_set1_ps(-87.0f)), _mm512_set1_ps(87.0f));
    const __m512 k = _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(1.44269504f)), 8);
    __m512 f = _mm512_fnmadd_ps(k, _mm512_set1_ps(0.693359375f), x);
    f = _mm512_fnmadd_ps(k, _mm512_set1_ps(-2.12194440e-4f), f);
    __m512 p = _mm512_set1_ps(1.9875691500e-4f);
    p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(1.3981999507e-3f));
    p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(8.3334519073e-3f));
    p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(4.1665795894e-2f));
    p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(1.6666665459e-1f));
    p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(5.0000001201e-1f));
    p = _mm512_fmadd_ps(_mm512_mul_ps(p, f), f, _mm512_add_ps(f, _mm512_set1_ps(1.0f)));
    return _mm512_scalef_ps(p, k);
}

INLINE __m512 sigmoid(__m512 x) {
    const __m512 one = _mm512_set1_ps(1.0f);
    return _mm512_div_ps(one, _mm512_add_ps(one, exponential(_mm512_sub_ps(_mm512_setzero_ps(), x))));
}

INLINE __m512 tanh_of(__m512 x) {
    const __m512 one = _mm512_set1_ps(1.0f), twice = exponential(_mm512_add_ps(x, x));
    return _mm512_sub_ps(one, _mm512_div_ps(_mm512_set1_ps(2.0f), _mm512_add_ps(one, twice)));
}

INLINE void release_tiles(void) {
    if (products == BY_AMX)
        _tile_release();
}

/* `product` by AVX-512: ROWS rows of a band at a time, whose sums fill 16 registers. Each pair of inputs of a row is
 * multiplied by two registers of W, each of which has that pair for 16 columns. */
INLINE void rows_product(const bf16 *band, const bf16 *w0, const bf16 *w1, int depth, float *sums) {
    enum { ROWS = 8 };
    for (int first = 0; first < HALF; first += ROWS) {
        __m512 left[ROWS], right[ROWS];
        for (int row = 0; row < ROWS; row++)
            left[row] = right[row] = _mm512_setzero_ps();
        for (int k = 0; k < depth; k++)
            for (int pair = 0; pair < HALF; pair++) {
                const size_t line = (size_t)k * TILE + pair * EDGE;
                const __m512bh in_left = (__m512bh)_mm512_loadu_si512(w0 + line);
                const __m512bh in_right = (__m512bh)_mm512_loadu_si512(w1 + line);
                for (int row = 0; row < ROWS; row++) {
                    int inputs;
                    memcpy(&inputs, band + (size_t)k * TILE + (first + row) * EDGE + 2 * pair, sizeof inputs);
                    const __m512bh of_row = (__m512bh)_mm512_set1_epi32(inputs);
                    left[row] = _mm512_dpbf16_ps(left[row], of_row, in_left);
                    right[row] = _mm512_dpbf16_ps(right[row], of_row, in_right);
                }
            }
        for (int row = 0; row < ROWS; row++) {
            _mm512_storeu_ps(sums + (first + row) * EDGE, left[row]);
            _mm512_storeu_ps(sums + (first + row) * EDGE + HALF, right[row]);
        }
    }
}

/* sums (EDGE, EDGE) = two bands of A, each `depth` tiles of (16, 32), times two columns of tiles of W. */
INLINE void product(const bf16 *band0, const bf16 *band1, const bf16 *w0, const bf16 *w1, int depth, float *sums) {
    if (products != BY_AMX) {
        rows_product(band0, w0, w1, depth, sums);
        rows_product(band1, w0, w1, depth, sums + HALF * EDGE);
        return;
    }
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (int k = 0; k < depth; k++) {
        _tile_loadd(4, band0 + (size_t)k * TILE, 64);
        _tile_loadd(6, w0 + (size_t)k * TILE, 64);
        _tile_dpbf16ps(0, 4, 6);
        _tile_loadd(7, w1 + (size_t)k * TILE, 64);
        _tile_dpbf16ps(1, 4, 7);
        _tile_loadd(5, band1 + (size_t)k * TILE, 64);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
    }
    _tile_stored(0, sums, EDGE * sizeof(float));
    _tile_stored(1, sums + HALF, EDGE * sizeof(float));
    _tile_stored(2, sums + HALF * EDGE, EDGE * sizeof(float));
    _tile_stored(3, sums + HALF * EDGE + HALF, EDGE * sizeof(float));
}

/* Where number (row, column) of an operand stands that is kept in tiles of (16, 32), `across` of them in a band. */
INLINE bf16 *in_tiles(bf16 *operand, int across, int row, int column) {
    const size_t tile = (size_t)(row / HALF) * across + column / EDGE;
    return operand + tile * TILE + (row % HALF) * EDGE + column % EDGE;
}

/* Tiles of W^T for the forward pass (h W^T), and of W for the backward pass (d W), from W of shape (3H, H) in float32.
 *
 * A tile of the right operand has 16 rows, one for each pair k, k + 1 of inputs, and in each 16 columns of such pairs.
 * ahead: (3H/16, H/32) tiles, that is by column of tiles; back: (H/16, 3H/32) tiles.
 */
TARGET static void pack(int H, const float *W, bf16 *ahead, bf16 *back) {
    const int rows = GATES * H;
    for (int n = 0; n < rows; n++)
        for (int k = 0; k < H; k += HALF) {
            bf16 line[HALF];
            narrow(line, _mm512_loadu_ps(W + (size_t)n * H + k));
            bf16 *a = ahead + ((size_t)(n / HALF) * (H / EDGE) + k / EDGE) * TILE + (n % HALF) * 2;
            for (int i = 0; i < HALF; i += 2)
                memcpy(a + (size_t)(k % EDGE + i) / 2 * EDGE, line + i, 2 * sizeof(bf16));
            /* Backwards row n of W is an input: k counts columns. */
            bf16 *b = back + ((size_t)(k / HALF) * (rows / EDGE) + n / EDGE) * TILE + (n % EDGE) / 2 * EDGE + n % 2;
            for (int i = 0; i < HALF; i++)
                b[2 * i] = line[i];
        }
}

PUBLIC void foretype_training_pack(int H, const float *W, uint16_t *ahead, uint16_t *back) { pack(H, W, ahead, back); }

/* The block of (row, unit) in an array kept block by block, and there the 16 numbers of a row from a unit on. */
INLINE size_t in_blocks(int H, int i, int j) { return ((size_t)(i / EDGE) * (H / EDGE) + j / EDGE) * BLOCK; }

/* Rows `first` to `first + rows` of a matrix (B, H), from an array that has these rows by blocks. */
INLINE void from_blocks(int H, int first, int rows, const float *blocks, float *matrix) {
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < H; j += EDGE)
            memcpy(
                matrix + (size_t)(first + i) * H + j, blocks + in_blocks(H, i, j) + i % EDGE * EDGE,
                EDGE * sizeof(float));
}

/* A layer's forward pass over rows `first` to `first + rows` of B.
 *
 * x: (T, B, 3H), the gates' inputs W_i x + b; state: (B, H) float32, in place; bn: (H,) float32.
 * h: (T + 1, B, H + PAD), the states, h[0] that before the window;
 * saved: T x B x H x 5 numbers, for `backward`: of each step, block and row, 32 of r, z, n, q and the h before.
 * Returns 0, or 1 if there is no memory.
 */
TARGET static int forward(
    int T, int B, int H, int first, int rows, const bf16 *x, const bf16 *ahead, const float *bn, float *state, bf16 *h,
    bf16 *saved) {
    const int depth = H / EDGE;
    const size_t size = (size_t)rows * H;
    bf16 *const operands = aligned_alloc(64, size * (2 * sizeof(bf16) + sizeof(float)));
    if (!operands)
        return 1;
    configure_tiles();
    bf16 *before = operands, *after = operands + size;
    float *const current = (float *)(operands + 2 * size); /* h in float32, by blocks */
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < H; j += HALF) {
            const __m512 start = _mm512_loadu_ps(state + (size_t)(first + i) * H + j);
            _mm512_store_ps(current + in_blocks(H, i, j) + i % EDGE * EDGE + j % EDGE, start);
            narrow(in_tiles(before, depth, i, j), start);
            narrow(h + (size_t)(first + i) * (H + PAD) + j, start);
        }
    for (int t = 0; t < T; t++) {
        for (int j = 0; j < H; j += EDGE)
            for (int i = 0; i < rows; i += EDGE) {
                float sums[GATES][EDGE][EDGE] __attribute__((aligned(64)));
                const bf16 *const band = before + (size_t)(i / HALF) * depth * TILE;
                for (int gate = 0; gate < GATES; gate++) {
                    const bf16 *const w = ahead + (size_t)(gate * H + j) / HALF * depth * TILE;
                    product(band, band + (size_t)depth * TILE, w, w + (size_t)depth * TILE, depth, sums[gate][0]);
                }
                for (int row = 0; row < EDGE; row++)
                    for (int half = 0; half < EDGE; half += HALF) {
                        const int unit = j + half;
                        const size_t place = (size_t)t * B + first + i + row;
                        const bf16 *const in = x + place * GATES * H + unit;
                        float *const kept = current + in_blocks(H, i, j) + row * EDGE + half;
                        const __m512 old = _mm512_load_ps(kept);
                        const __m512 r = sigmoid(_mm512_add_ps(wide(in), _mm512_load_ps(&sums[0][row][half])));
                        const __m512 z = sigmoid(_mm512_add_ps(wide(in + H), _mm512_load_ps(&sums[1][row][half])));
                        const __m512 q = _mm512_add_ps(_mm512_load_ps(&sums[2][row][half]), _mm512_loadu_ps(bn + unit));
                        const __m512 n = tanh_of(_mm512_fmadd_ps(r, q, wide(in + 2 * H)));
                        const __m512 next = _mm512_fmadd_ps(z, _mm512_sub_ps(old, n), n);
                        _mm512_store_ps(kept, next);
                        narrow(in_tiles(after, depth, i + row, unit), next);
                        narrow(h + (B + place) * (H + PAD) + unit, next);
                        bf16 *const save =
                            saved + ((size_t)t * B * H + in_blocks(H, first + i, j) + row * EDGE) * SAVED + half;
                        narrow(save, r);
                        narrow(save + EDGE, z);
                        narrow(save + 2 * EDGE, n);
                        narrow(save + 3 * EDGE, q);
                        narrow(save + 4 * EDGE, old);
                    }
            }
        bf16 *const swap = before;
        before = after;
        after = swap;
    }
    from_blocks(H, first, rows, current, state);
    release_tiles();
    free(operands);
    return 0;
}

/* The transpose of 32 x 32 numbers: each stage swaps squares of 16, 8, 4, 2 and 1 across the diagonal of those twice
 * their size. Rows of `to` are `stride` numbers apart. They are not read soon, so they go past the caches. */
INLINE void transpose(bf16 from[EDGE][EDGE], bf16 *to, size_t stride) {
    __m512i row[EDGE];
    for (int i = 0; i < EDGE; i++)
        row[i] = _mm512_load_si512(from[i]);
    for (int size = EDGE / 2; size; size /= 2) {
        bf16 low[EDGE] __attribute__((aligned(64))), high[EDGE] __attribute__((aligned(64)));
        for (int k = 0; k < EDGE; k++) {
            low[k] = k & size ? EDGE + k - size : k;
            high[k] = k & size ? EDGE + k : k + size;
        }
        const __m512i first = _mm512_load_si512(low), second = _mm512_load_si512(high);
        for (int i = 0; i < EDGE; i++)
            if (!(i & size)) {
                const __m512i upper = row[i], lower = row[i + size];
                row[i] = _mm512_permutex2var_epi16(upper, first, lower);
                row[i + size] = _mm512_permutex2var_epi16(upper, second, lower);
            }
    }
    for (int i = 0; i < EDGE; i++)
        _mm512_stream_si512((__m512i *)(to + i * stride), row[i]);
}

/* Where the backward pass is in a block: from dh, the gradient of h_t in float32, to those of the gates' inputs.
 *
 * operand gets (dr, dz, dn r), which is multiplied by W; into (T, B, 3H + PAD) gets (dr, dz, dn), the gradients of x.
 * across (4H, T B + PAD) gets (dn r, dr, dz, dn) with units as rows: as the left operand of a product, oneDNN takes
 * half the time for it than for its transpose. sums (4, H) gets them added up.
 * The part of dh that goes straight to h_{t-1}, dh z, takes dh's place.
 */
INLINE void block_deltas(
    int T, int B, int H, int t, int first, int i, int j, const bf16 *grad, const bf16 *saved, float *dh,
    bf16 *operand, bf16 *into, bf16 *across, float *sums) {
    const __m512 one = _mm512_set1_ps(1.0f);
    bf16 block[KINDS][EDGE][EDGE] __attribute__((aligned(64)));
    __m512 total[KINDS][2];
    for (int kind = 0; kind < KINDS; kind++)
        total[kind][0] = total[kind][1] = _mm512_setzero_ps();
    for (int row = 0; row < EDGE; row++)
        for (int unit = j; unit < j + EDGE; unit += HALF) {
            const size_t place = (size_t)t * B + first + i + row;
            const bf16 *const save =
                saved + ((size_t)t * B * H + in_blocks(H, first + i, j) + row * EDGE) * SAVED + (unit - j);
            const __m512 r = wide(save), z = wide(save + EDGE), n = wide(save + 2 * EDGE), q = wide(save + 3 * EDGE);
            const __m512 before = wide(save + 4 * EDGE);
            float *const kept = dh + in_blocks(H, i, j) + row * EDGE + (unit - j);
            const __m512 d = _mm512_add_ps(_mm512_load_ps(kept), wide(grad + place * H + unit));
            /* h' = n + z (h - n); n = tanh(a), r = sigmoid(b), z = sigmoid(c) */
            const __m512 dn = _mm512_mul_ps(
                _mm512_mul_ps(d, _mm512_sub_ps(one, z)), _mm512_fnmadd_ps(n, n, one));
            const __m512 dz = _mm512_mul_ps(
                _mm512_mul_ps(d, _mm512_sub_ps(before, n)), _mm512_mul_ps(z, _mm512_sub_ps(one, z)));
            const __m512 dr = _mm512_mul_ps(_mm512_mul_ps(dn, q), _mm512_mul_ps(r, _mm512_sub_ps(one, r)));
            const __m512 dq = _mm512_mul_ps(dn, r);
            _mm512_store_ps(kept, _mm512_mul_ps(d, z));
            const int tiles = GATES * H / EDGE;
            narrow(in_tiles(operand, tiles, i + row, unit), dr);
            narrow(in_tiles(operand, tiles, i + row, H + unit), dz);
            narrow(in_tiles(operand, tiles, i + row, 2 * H + unit), dq);
            bf16 *const delta = into + place * (GATES * H + PAD) + unit;
            narrow(delta, dr);
            narrow(delta + H, dz);
            narrow(delta + 2 * H, dn);
            const __m512 deltas[KINDS] = {dq, dr, dz, dn};
            for (int kind = 0; kind < KINDS; kind++) {
                narrow(&block[kind][row][unit - j], deltas[kind]);
                __m512 *const sum = &total[kind][(unit - j) / HALF];
                *sum = _mm512_add_ps(*sum, deltas[kind]);
            }
        }
    const size_t stride = (size_t)T * B + PAD;
    for (int kind = 0; kind < KINDS; kind++) {
        transpose(block[kind], across + (kind * H + j) * stride + (size_t)t * B + first + i, stride);
        for (int half = 0; half < 2; half++) {
            float *const sum = sums + kind * H + j + half * HALF;
            _mm512_storeu_ps(sum, _mm512_add_ps(_mm512_loadu_ps(sum), total[kind][half]));
        }
    }
}

/* A layer's backward pass over rows `first` to `first + rows` of B.
 *
 * grad: (T, B, H), the gradient of the states as the layers above have it; saved as `forward` left it;
 * dstate: (B, H) float32, the gradient of the state after the window, replaced by that of the state before it;
 * sums: (4, H), a part's own, zero at first: threads must not share it.
 */
TARGET static int backward(
    int T, int B, int H, int first, int rows, const bf16 *grad, const bf16 *back, const bf16 *saved, float *dstate,
    bf16 *into, bf16 *across, float *sums) {
    const int depth = GATES * H / EDGE;
    const size_t size = (size_t)rows * GATES * H, bytes = 2 * size * sizeof(bf16) + (size_t)rows * H * sizeof(float);
    bf16 *const operands = aligned_alloc(64, bytes);
    if (!operands)
        return 1;
    configure_tiles();
    float *const dh = (float *)(operands + 2 * size);
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < H; j += EDGE)
            memcpy(
                dh + in_blocks(H, i, j) + i % EDGE * EDGE, dstate + (size_t)(first + i) * H + j,
                EDGE * sizeof(float));
    bf16 *now = operands, *next = operands + size;
    for (int i = 0; i < rows; i += EDGE)
        for (int j = 0; j < H; j += EDGE)
            block_deltas(T, B, H, T - 1, first, i, j, grad, saved, dh, now, into, across, sums);
    for (int t = T - 1; t >= 0; t--) {
        for (int j = 0; j < H; j += EDGE)
            for (int i = 0; i < rows; i += EDGE) {
                float products[EDGE][EDGE] __attribute__((aligned(64)));
                const bf16 *const band = now + (size_t)(i / HALF) * depth * TILE;
                const bf16 *const w = back + (size_t)(j / HALF) * depth * TILE;
                product(band, band + (size_t)depth * TILE, w, w + (size_t)depth * TILE, depth, products[0]);
                for (int row = 0; row < EDGE; row++)
                    for (int half = 0; half < EDGE; half += HALF) {
                        float *const kept = dh + in_blocks(H, i, j) + row * EDGE + half;
                        _mm512_store_ps(
                            kept, _mm512_add_ps(_mm512_load_ps(kept), _mm512_load_ps(&products[row][half])));
                    }
                if (t)
                    block_deltas(T, B, H, t - 1, first, i, j, grad, saved, dh, next, into, across, sums);
            }
        bf16 *const swap = now;
        now = next;
        next = swap;
    }
    from_blocks(H, first, rows, dh, dstate);
    release_tiles();
    free(operands);
    return 0;
}

PUBLIC int foretype_training_forward(
    int T, int B, int H, int first, int rows, const uint16_t *x, const uint16_t *ahead, const float *bn, float *state,
    uint16_t *h, uint16_t *saved) {
    return forward(T, B, H, first, rows, x, ahead, bn, state, h, saved);
}

PUBLIC int foretype_training_backward(
    int T, int B, int H, int first, int rows, const uint16_t *grad, const uint16_t *back, const uint16_t *saved,
    float *dstate, uint16_t *into, uint16_t *across, float *sums) {
    sums += (size_t)first / EDGE * KINDS * H;
    return backward(T, B, H, first, rows, grad, back, saved, dstate, into, across, sums);
}

#else
PUBLIC int foretype_training_products(int fastest) {
    (void)fastest;
    return 0;
}
#endif
