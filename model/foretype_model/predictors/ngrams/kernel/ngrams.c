/* The rows of an n-gram model: see ../rows.py, which computes the same numbers with numpy.

   A row is the distribution of the next byte. The tokens with a prefix are a range of numbers, and
   the n-grams with one context are a list in the order of these numbers, so that the mass of a
   range is a sum over a part of each list. Long lists have a sum for each block of BLOCK n-grams.

   The arrays have been checked (../model_file.py): every list lies within its array, and every
   text within the text. Numbers of tokens in lists are compared, and checked before they are used
   as places. */

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(_WIN32)
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

enum { BYTES = 256, TOKEN_BITS = 18, TOKEN_MASK = (1 << TOKEN_BITS) - 1, LEVELS = 64 };
enum { SPARSE = 32, BLOCK = 64, TEXT = 256 };
enum { UNKNOWN_WORD, UNKNOWN_SEPARATOR, START, FIRST_SEPARATOR };

typedef struct {
    int32_t tokens, first_word, contexts2, outer3;
    float soft_breaks;
    const float *tables;                /* 3 x LEVELS */
    const uint32_t *starts, *words;     /* tokens + 1, tokens */
    const uint32_t *keys2, *starts2, *outer3_keys, *outer_starts3, *bases3;
    const uint16_t *offsets3;
    const uint8_t *keys3, *bigrams, *trigrams, *text;
    const double *unigrams;             /* tokens + 1, cumulative */
    const float *blocks;                /* the sum of each whole block of bigrams */
    const int32_t *frequent;            /* the most frequent words, in falling order */
    int32_t frequent_count;
} Model;

/* Part of a row that is always left to other predictors, so that no byte is impossible. */
static const double ESCAPE = 0.002;

/* The n-grams that follow one context, as numbers begin to end of 3 bytes each. */
typedef struct {
    const uint8_t *entries;
    const float *table, *blocks;
    uint32_t begin, end;
} List;

/* A distribution of tokens: its n-grams, and the shares of the shorter ones. */
typedef struct {
    List trigrams, bigrams;
    double share3, share2;
} Context;

typedef struct {
    int32_t begin, end;
} Range;

/* What a row is asked for: see ../predictor.py. */
typedef struct {
    const uint8_t *word, *separator, *pending, *soft;
    int word_size, separator_size, pending_size, soft_size, may_break;
    int32_t before, last;
} Query;

EXPORT uint32_t foretype_ngrams_source(void) { return FORETYPE_SOURCE; }

static inline uint32_t entry(const uint8_t *entries, uint32_t at) {
    const uint8_t *three = entries + 3 * (size_t)at;
    return three[0] | three[1] << 8 | (uint32_t)three[2] << 16;
}

static inline int32_t token_at(const List *list, uint32_t at) {
    return entry(list->entries, at) & TOKEN_MASK;
}

static inline double mass_at(const List *list, uint32_t at) {
    return list->table[entry(list->entries, at) >> TOKEN_BITS];
}

/* The first place of a list whose token is not below `token`. */
static uint32_t lower_bound(const List *list, int32_t token) {
    uint32_t low = list->begin, high = list->end;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (token_at(list, middle) < token) low = middle + 1;
        else high = middle;
    }
    return low;
}

/* Add up a list from *at to the first token that is not below `end`, and leave *at there. */
static double sum_until(const List *list, uint32_t *at, int32_t end) {
    double sum = 0;
    uint32_t i = *at;
    while (i < list->end && token_at(list, i) < end) {
        if (list->blocks && i % BLOCK == 0 && i + BLOCK <= list->end &&
            token_at(list, i + BLOCK - 1) < end) {
            sum += list->blocks[i / BLOCK];
            i += BLOCK;
        } else {
            sum += mass_at(list, i++);
        }
    }
    *at = i;
    return sum;
}

static double list_mass(const List *list, int32_t begin, int32_t end) {
    uint32_t at = lower_bound(list, begin);
    return sum_until(list, &at, end);
}

static int32_t find_key(const uint32_t *keys, int32_t count, uint32_t mask, uint32_t key) {
    int32_t low = 0, high = count;
    while (low < high) {
        int32_t middle = (low + high) / 2;
        if ((keys[middle] & mask) < key) low = middle + 1;
        else high = middle;
    }
    return low < count && (keys[low] & mask) == key ? low : -1;
}

static inline uint32_t trigram_start(const Model *model, uint32_t context) {
    return model->bases3[context / SPARSE] + model->offsets3[context];
}

static Context find_context(const Model *model, int32_t before, int32_t last) {
    Context found = {{0}, {0}, 1, 1};
    int32_t at = find_key(model->keys2, model->contexts2, TOKEN_MASK, last);
    if (at >= 0) {
        found.bigrams = (List){model->bigrams, model->tables, model->blocks,
                               model->starts2[at], model->starts2[at + 1]};
        found.share2 = (model->keys2[at] >> TOKEN_BITS) / (double)((1 << (32 - TOKEN_BITS)) - 1);
    }
    at = find_key(model->outer3_keys, model->outer3, ~0u, before);
    if (at >= 0) {
        List seconds = {model->keys3, model->tables + 2 * LEVELS, NULL,
                        model->outer_starts3[at], model->outer_starts3[at + 1]};
        uint32_t context = lower_bound(&seconds, last);
        if (context < seconds.end && token_at(&seconds, context) == last) {
            found.trigrams = (List){model->trigrams, model->tables + LEVELS, NULL,
                                    trigram_start(model, context),
                                    trigram_start(model, context + 1)};
            found.share3 = mass_at(&seconds, context);
        }
    }
    return found;
}

static double mass(const Model *model, const Context *context, int32_t begin, int32_t end) {
    if (begin >= end) return 0;
    double unigrams = model->unigrams[end] - model->unigrams[begin];
    double bigrams = list_mass(&context->bigrams, begin, end) + context->share2 * unigrams;
    return list_mass(&context->trigrams, begin, end) + context->share3 * bigrams;
}

static double token_mass(const Model *model, const Context *context, int32_t token) {
    return mass(model, context, token, token + 1);
}

/* Compare a token's text with a prefix: its sign, and 0 if the text begins with the prefix. */
static int compare(const Model *model, int32_t token, const uint8_t *prefix, int size) {
    int length = (int)(model->starts[token + 1] - model->starts[token]);
    int common = memcmp(model->text + model->starts[token], prefix, length < size ? length : size);
    return common ? common : length < size ? -1 : 0;
}

static Range find_range(const Model *model, int32_t begin, int32_t end, const uint8_t *prefix,
                        int size) {
    int32_t low = begin, high = end;
    while (low < high) {
        int32_t middle = (low + high) / 2;
        if (compare(model, middle, prefix, size) < 0) low = middle + 1;
        else high = middle;
    }
    Range found = {low, end};
    high = end;
    while (low < high) {
        int32_t middle = (low + high) / 2;
        if (compare(model, middle, prefix, size) <= 0) low = middle + 1;
        else high = middle;
    }
    found.end = low;
    return found;
}

static Range words_with(const Model *model, const uint8_t *prefix, int size) {
    return find_range(model, model->first_word, model->tokens, prefix, size);
}

static Range separators_with(const Model *model, const uint8_t *prefix, int size) {
    return find_range(model, FIRST_SEPARATOR, model->first_word, prefix, size);
}

static int is_whole(const Model *model, int32_t token, int size) {
    return (int)(model->starts[token + 1] - model->starts[token]) == size;
}

/* The token of a range of those with a prefix that equals the prefix, or -1. */
static int32_t whole(const Model *model, Range range, int size) {
    return range.begin < range.end && is_whole(model, range.begin, size) ? range.begin : -1;
}

/* The end of the tokens that go on as the first one of a range does after `size` bytes. */
static int32_t branch_end(const Model *model, Range range, int size, uint8_t byte) {
    int32_t low = range.begin + 1, step = 1;
    while (low + step < range.end && model->text[model->starts[low + step] + size] == byte) {
        low += step;
        step *= 2;
    }
    int32_t high = low + step < range.end ? low + step : range.end;
    while (low < high) {
        int32_t middle = (low + high) / 2;
        if (model->text[model->starts[middle] + size] == byte) low = middle + 1;
        else high = middle;
    }
    return low;
}

/* Add `scale` times the mass of the longer tokens of a range to the byte that they go on with. */
static void add_longer(const Model *model, const Context *context, Range range, int size,
                       double scale, double *row) {
    while (range.begin < range.end && is_whole(model, range.begin, size)) range.begin++;
    if (range.begin >= range.end) return;
    uint32_t at2 = lower_bound(&context->bigrams, range.begin);
    uint32_t at3 = lower_bound(&context->trigrams, range.begin);
    while (range.begin < range.end) {
        uint8_t byte = model->text[model->starts[range.begin] + size];
        int32_t end = branch_end(model, range, size, byte);
        double unigrams = model->unigrams[end] - model->unigrams[range.begin];
        double bigrams = sum_until(&context->bigrams, &at2, end) + context->share2 * unigrams;
        double trigrams = sum_until(&context->trigrams, &at3, end);
        row[byte] += scale * (trigrams + context->share3 * bigrams);
        range.begin = end;
    }
}

static double share_of(Range some, int32_t all) {
    return all ? (some.end - some.begin) / (double)all : 0;
}

/* The mass of all words, unknown ones among them. */
static double words_mass(const Model *model, const Context *context) {
    return mass(model, context, model->first_word, model->tokens) +
           token_mass(model, context, UNKNOWN_WORD);
}

/* The mass of words with a prefix; unknown words begin as the known ones do, each counted once. */
static double prefix_mass(const Model *model, const Context *context, Range range) {
    return mass(model, context, range.begin, range.end) +
           token_mass(model, context, UNKNOWN_WORD) *
               share_of(range, model->tokens - model->first_word);
}

/* Where a line may be broken, some of a space's mass is a line feed's. */
static void break_lines(const Model *model, const Query *query, double spaces, double *row) {
    if (query->may_break) {
        row['\n'] += model->soft_breaks * spaces;
        row[' '] -= model->soft_breaks * spaces;
    }
}

/* Add the separators that begin with the pending bytes, `scale` in all; return their part. */
static double add_separators(const Model *model, const Query *query, const Context *context,
                             double scale, double *row) {
    Range range = separators_with(model, query->pending, query->pending_size);
    double all = mass(model, context, 0, model->tokens);
    scale /= all;
    add_longer(model, context, range, query->pending_size, scale, row);
    uint8_t spaced[TEXT];
    memcpy(spaced, query->pending, query->pending_size);
    spaced[query->pending_size] = ' ';
    if (!query->pending_size) {
        double words = scale * words_mass(model, context);
        row[' '] += words;
        break_lines(model, query, words, row);
        return scale * all;
    }
    int32_t token = whole(model, separators_with(model, spaced, query->pending_size + 1),
                          query->pending_size + 1);
    if (token >= 0) break_lines(model, query, scale * token_mass(model, context, token), row);
    return scale * mass(model, context, range.begin, range.end);
}

/* A row within a word: it goes on, or it ends and a separator begins. Returns the whole mass. */
static double word_row(const Model *model, const Query *query, double *row) {
    Context context = find_context(model, query->before, query->last);
    uint8_t text[TEXT];
    int size = query->word_size + query->pending_size;
    memcpy(text, query->word, query->word_size);
    memcpy(text + query->word_size, query->pending, query->pending_size);
    Range range = words_with(model, text, size);
    add_longer(model, &context, range, size, 1, row);
    double total = prefix_mass(model, &context, range);
    int32_t token = whole(model, query->pending_size ? words_with(model, text, query->word_size)
                                                     : range, query->word_size);
    if (token < 0) return total;
    double ends = token_mass(model, &context, token);
    Context next = find_context(model, query->last, model->words[token] & TOKEN_MASK);
    double part = add_separators(model, query, &next, ends, row);
    return query->pending_size ? total + part : total;
}

/* Add the words that begin with the pending bytes, `scale` in all; return their part. */
static double add_words(const Model *model, const Query *query, const Context *context,
                        double scale, double *row) {
    Range range = words_with(model, query->pending, query->pending_size);
    add_longer(model, context, range, query->pending_size, scale, row);
    return scale * prefix_mass(model, context, range);
}

static int32_t breaks_class(const Model *model, const Query *query) {
    int breaks = 0;
    for (int i = 0; i < query->separator_size; i++) breaks += query->separator[i] == '\n';
    breaks = breaks > 2 ? 2 : breaks;
    Range range = separators_with(model, (const uint8_t *)"\n\n", breaks);
    int32_t token = breaks ? whole(model, range, breaks) : -1;
    return token < 0 ? UNKNOWN_SEPARATOR : token;
}

/* A row within a separator: it goes on, or it ends and a word begins. Returns the whole mass. */
static double separator_row(const Model *model, const Query *query, double *row) {
    Context context = find_context(model, query->before, query->last);
    uint8_t text[TEXT];
    int size = query->separator_size + query->pending_size;
    memcpy(text, query->separator, query->separator_size);
    memcpy(text + query->separator_size, query->pending, query->pending_size);
    /* 1. Longer separators. */
    Range range = separators_with(model, text, size);
    add_longer(model, &context, range, size, 1, row);
    double total = mass(model, &context, range.begin, range.end);
    int32_t equal = whole(model, range, size);
    if (equal >= 0) total -= token_mass(model, &context, equal);
    text[size] = ' ';
    int32_t spaced = whole(model, separators_with(model, text, size + 1), size + 1);
    if (spaced >= 0 && size)
        break_lines(model, query, token_mass(model, &context, spaced), row);
    /* 2. Words after this separator: a space is none, and a soft break counts as a space. */
    double unknown = token_mass(model, &context, UNKNOWN_SEPARATOR) *
                     (range.begin < range.end ? share_of(range, model->first_word) : 1);
    const uint8_t *ended = query->soft_size ? query->soft : query->separator;
    int ended_size = query->soft_size ? query->soft_size : query->separator_size;
    double scale = query->soft_size ? model->soft_breaks : 1;
    if (ended_size == 0 || (ended_size == 1 && ended[0] == ' '))
        return total + unknown + add_words(model, query, &context, scale, row);
    int32_t token = whole(model, separators_with(model, ended, ended_size), ended_size);
    double ends = token < 0 ? unknown / 2 : scale * token_mass(model, &context, token);
    Context next = find_context(model, query->last,
                                token < 0 ? breaks_class(model, query) : token);
    return total + unknown - (token < 0 ? ends : 0) +
           add_words(model, query, &next, ends / words_mass(model, &next), row);
}

/* Compute rows of log-probabilities, shape (count, 256).

   contexts: the last two tokens of each row, shape (count, 2). texts: the word, the separator, the
   pending bytes and the soft break of each row, one after the other; sizes: the size of each,
   shape (count, 4), at most 64 bytes each. may_break: whether a line may be broken there. */
EXPORT int foretype_ngrams_rows(const Model *model, int count, const int32_t *contexts,
                                const uint8_t *texts, const uint8_t *sizes,
                                const uint8_t *may_break, float *rows) {
    for (int i = 0; i < count; i++) {
        const uint8_t *size = sizes + 4 * i;
        for (int j = 0; j < 4; j++)
            if (size[j] > TEXT / 4) return 1;
        Query query = {
            .word = texts, .separator = texts + size[0], .pending = texts + size[0] + size[1],
            .soft = texts + size[0] + size[1] + size[2], .word_size = size[0],
            .separator_size = size[1], .pending_size = size[2], .soft_size = size[3],
            .may_break = may_break[i], .before = contexts[2 * i], .last = contexts[2 * i + 1],
        };
        texts += size[0] + size[1] + size[2] + size[3];
        double row[BYTES] = {0};
        double total = query.word_size ? word_row(model, &query, row)
                                       : separator_row(model, &query, row);
        double scale = total > 0 ? (1 - ESCAPE) / total : 0;
        for (int b = 0; b < BYTES; b++)
            rows[BYTES * i + b] = row[b] * scale > 0 ? (float)log(row[b] * scale) : -INFINITY;
    }
    return 0;
}

/* The mass of the tokens from begin to end (excluded) after two tokens. */
EXPORT double foretype_ngrams_mass(const Model *model, int32_t before, int32_t last,
                                   int32_t begin, int32_t end) {
    Context context = find_context(model, before, last);
    return mass(model, &context, begin < 0 ? 0 : begin, end < model->tokens ? end : model->tokens);
}

/* The tokens with the most mass so far: a heap whose first is the least of them. */
typedef struct {
    int32_t *tokens;
    double *masses;
    int count, limit;
} Best;

static int is_worse(const Best *best, int i, int j) {
    return best->masses[i] < best->masses[j] ||
           (best->masses[i] == best->masses[j] && best->tokens[i] > best->tokens[j]);
}

static void swap(Best *best, int i, int j) {
    int32_t token = best->tokens[i];
    double mass = best->masses[i];
    best->tokens[i] = best->tokens[j], best->masses[i] = best->masses[j];
    best->tokens[j] = token, best->masses[j] = mass;
}

static void sink(Best *best, int i) {
    for (;;) {
        int least = i;
        for (int child = 2 * i + 1; child <= 2 * i + 2 && child < best->count; child++)
            if (is_worse(best, child, least)) least = child;
        if (least == i) return;
        swap(best, i, least);
        i = least;
    }
}

/* The mass that a token has to exceed. */
static inline double bar(const Best *best) {
    return best->count < best->limit ? 0 : best->masses[0];
}

static void offer(Best *best, int32_t token, double mass) {
    if (mass <= bar(best)) return;
    int i = best->count < best->limit ? best->count++ : 0;
    best->tokens[i] = token, best->masses[i] = mass;
    if (i == 0) return sink(best, 0);
    for (; i && is_worse(best, i, (i - 1) / 2); i = (i - 1) / 2) swap(best, i, (i - 1) / 2);
}

static double unigram(const Model *model, int32_t token) {
    return model->unigrams[token + 1] - model->unigrams[token];
}

static double found_at(const List *list, uint32_t at, int32_t token) {
    return at < list->end && token_at(list, at) == token ? mass_at(list, at) : 0;
}

static int holds(const List *list, int32_t token) {
    uint32_t at = lower_bound(list, token);
    return at < list->end && token_at(list, at) == token;
}

/* The most that a token of a range has by the unigrams alone. */
static double most_unigram(const Model *model, Range range) {
    double most = range.end > model->first_word ? unigram(model, model->frequent[0]) : 0;
    for (int32_t token = range.begin; token < range.end && token < model->first_word; token++)
        if (unigram(model, token) > most) most = unigram(model, token);
    return most;
}

/* Offer the tokens of a range that are in one of the two lists, by walking along both. */
static void offer_listed(const Model *model, const Context *context, Range range, Best *best) {
    const List *two = &context->bigrams, *three = &context->trigrams;
    uint32_t at2 = lower_bound(two, range.begin), at3 = lower_bound(three, range.begin);
    double most = context->share2 * most_unigram(model, range);
    for (;;) {
        int32_t token2 = at2 < two->end ? token_at(two, at2) : range.end;
        int32_t token3 = at3 < three->end ? token_at(three, at3) : range.end;
        int32_t token = token2 < token3 ? token2 : token3;
        if (token >= range.end) return;
        double mass = found_at(three, at3, token), shorter = found_at(two, at2, token);
        at2 += token2 == token, at3 += token3 == token;
        if (mass + context->share3 * (shorter + most) <= bar(best)) continue;
        shorter += context->share2 * unigram(model, token);
        offer(best, token, mass + context->share3 * shorter);
    }
}

static void offer_unigram(const Model *model, const Context *context, int32_t token, Best *best) {
    double mass = context->share3 * context->share2 * unigram(model, token);
    if (mass > bar(best) && !holds(&context->bigrams, token) && !holds(&context->trigrams, token))
        offer(best, token, mass);
}

/* Find the tokens from begin to end (excluded) with the most mass after two tokens, the best
   first; return their number, `limit` at most. */
EXPORT int foretype_ngrams_best(const Model *model, int32_t before, int32_t last, int32_t begin,
                                int32_t end, int limit, int32_t *tokens, double *masses) {
    Context context = find_context(model, before, last);
    Best best = {tokens, masses, 0, limit};
    Range range = {begin < 0 ? 0 : begin, end < model->tokens ? end : model->tokens};
    if (limit < 1 || range.begin >= range.end || !model->frequent_count) return 0;
    offer_listed(model, &context, range, &best);
    if (range.begin <= model->first_word && range.end == model->tokens)
        for (int i = 0; i < model->frequent_count; i++)
            offer_unigram(model, &context, model->frequent[i], &best);
    else
        for (int32_t token = range.begin; token < range.end; token++)
            offer_unigram(model, &context, token, &best);
    /* Sort the heap: the least goes to the end. */
    int found = best.count;
    for (best.count--; best.count > 0; best.count--) {
        swap(&best, 0, best.count);
        sink(&best, 0);
    }
    return found;
}
