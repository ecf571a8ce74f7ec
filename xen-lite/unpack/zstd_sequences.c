/* SPDX-License-Identifier: MIT */
/*
 * The sequences section of a Zstandard block (RFC 8878, 3.1.1.3.2): so many
 * literals, then a match so long, so far back, again and again.
 */
#include "match_copy.h"
#include "string.h"
#include "zstd_internal.h"

#define LITERAL_LENGTH_CODES 36
#define MATCH_LENGTH_CODES   53
#define OFFSET_CODES         32

enum table_mode { PREDEFINED, RLE, DESCRIBED, REPEAT };

struct code_value {
    uint32_t base;
    uint32_t bits;
};

/* One kind of code: its limits and its predefined table. */
struct code_kind {
    unsigned int symbols;
    unsigned int log_max;
    const int16_t *counts;
    unsigned int count_symbols;
    unsigned int log;
};

static const int16_t literal_length_counts[] = {
    4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1,  1,  2,  2,
    2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1};
static const int16_t match_length_counts[] = {
    1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1,  1,  1,  1,  1,  1,  1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,  1,  1,  1,  1,  1,  1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1};
static const int16_t offset_counts[] = {1, 1, 1, 1, 1,  1,  2,  2,  2, 1,
                                        1, 1, 1, 1, 1,  1,  1,  1,  1, 1,
                                        1, 1, 1, 1, -1, -1, -1, -1, -1};

static const struct code_kind literal_length_kind = {
    LITERAL_LENGTH_CODES, ZSTD_LENGTH_LOG_MAX, literal_length_counts, 36, 6};
static const struct code_kind offset_kind = {OFFSET_CODES, ZSTD_OFFSET_LOG_MAX,
                                             offset_counts, 29, 5};
static const struct code_kind match_length_kind = {
    MATCH_LENGTH_CODES, ZSTD_LENGTH_LOG_MAX, match_length_counts, 53, 6};

static const struct code_value literal_lengths[LITERAL_LENGTH_CODES] = {
    {0, 0},     {1, 0},     {2, 0},     {3, 0},      {4, 0},      {5, 0},
    {6, 0},     {7, 0},     {8, 0},     {9, 0},      {10, 0},     {11, 0},
    {12, 0},    {13, 0},    {14, 0},    {15, 0},     {16, 1},     {18, 1},
    {20, 1},    {22, 1},    {24, 2},    {28, 2},     {32, 3},     {40, 3},
    {48, 4},    {64, 6},    {128, 7},   {256, 8},    {512, 9},    {1024, 10},
    {2048, 11}, {4096, 12}, {8192, 13}, {16384, 14}, {32768, 15}, {65536, 16}};
static const struct code_value match_lengths[MATCH_LENGTH_CODES] = {
    {3, 0},     {4, 0},     {5, 0},      {6, 0},      {7, 0},     {8, 0},
    {9, 0},     {10, 0},    {11, 0},     {12, 0},     {13, 0},    {14, 0},
    {15, 0},    {16, 0},    {17, 0},     {18, 0},     {19, 0},    {20, 0},
    {21, 0},    {22, 0},    {23, 0},     {24, 0},     {25, 0},    {26, 0},
    {27, 0},    {28, 0},    {29, 0},     {30, 0},     {31, 0},    {32, 0},
    {33, 0},    {34, 0},    {35, 1},     {37, 1},     {39, 1},    {41, 1},
    {43, 2},    {47, 2},    {51, 3},     {59, 3},     {67, 4},    {83, 4},
    {99, 5},    {131, 7},   {259, 8},    {515, 9},    {1027, 10}, {2051, 11},
    {4099, 12}, {8195, 13}, {16387, 14}, {32771, 15}, {65539, 16}};

struct cursor {
    const uint8_t *at;
    const uint8_t *end;
};

/* The states of the three codes while sequences are read. */
struct reader {
    struct back_bits bits;
    const struct zstd_state *literal_length;
    const struct zstd_state *offset;
    const struct zstd_state *match_length;
};

struct sequence {
    size_t literals;
    size_t offset;
    size_t match;
};

static int set_rle(struct zstd_table *table, const struct code_kind *kind,
                   struct cursor *in)
{
    if (in->at == in->end || *in->at >= kind->symbols) {
        return -XEN_EILSEQ;
    }
    table->state[0] = (struct zstd_state){.symbol = *in->at++};
    table->log = 0;
    table->valid = true;
    return 0;
}

static int read_table(struct zstd_table *table, const struct code_kind *kind,
                      enum table_mode mode, struct cursor *in)
{
    size_t used = 0;
    int rc;

    switch (mode) {
    case PREDEFINED:
        return zstd_table_build(table, kind->counts, kind->count_symbols,
                                kind->log);
    case RLE:
        return set_rle(table, kind, in);
    case DESCRIBED:
        rc = zstd_table_read(table, in->at, (size_t)(in->end - in->at),
                             kind->symbols, kind->log_max, &used);
        in->at += used;
        return rc;
    case REPEAT:
    default:
        return table->valid ? 0 : -XEN_EILSEQ;
    }
}

static int read_tables(struct zstd_work *work, struct cursor *in)
{
    unsigned int modes;
    int rc;

    if (in->at == in->end) {
        return -XEN_EILSEQ;
    }
    modes = *in->at++;
    if ((modes & 3) != 0) {
        return -XEN_EILSEQ;
    }
    rc = read_table(&work->literal_length, &literal_length_kind,
                    (enum table_mode)(modes >> 6), in);
    if (rc == 0) {
        rc = read_table(&work->offset, &offset_kind,
                        (enum table_mode)((modes >> 4) & 3), in);
    }
    if (rc == 0) {
        rc = read_table(&work->match_length, &match_length_kind,
                        (enum table_mode)((modes >> 2) & 3), in);
    }
    return rc;
}

/* The number of sequences, in 1 to 3 bytes. */
static int read_count(struct cursor *in, size_t *count)
{
    size_t left = (size_t)(in->end - in->at);
    const uint8_t *p = in->at;

    if (left == 0) {
        return -XEN_EILSEQ;
    }
    if (p[0] < 128) {
        *count = p[0];
        in->at += 1;
    } else if (p[0] < 255 && left >= 2) {
        *count = ((size_t)(p[0] - 128) << 8) + p[1];
        in->at += 2;
    } else if (p[0] == 255 && left >= 3) {
        *count = (size_t)load_le16(p + 1) + 0x7f00;
        in->at += 3;
    } else {
        return -XEN_EILSEQ;
    }
    return 0;
}

static int open_reader(struct zstd_work *work, const struct cursor *in,
                       struct reader *r)
{
    int rc = back_bits_open(&r->bits, in->at, (size_t)(in->end - in->at));

    if (rc != 0) {
        return rc;
    }
    r->literal_length =
        &work->literal_length
             .state[back_bits_take(&r->bits, work->literal_length.log)];
    r->offset = &work->offset.state[back_bits_take(&r->bits, work->offset.log)];
    r->match_length =
        &work->match_length
             .state[back_bits_take(&r->bits, work->match_length.log)];
    return back_bits_left(&r->bits) < 0 ? -XEN_EILSEQ : 0;
}

/* The offset that @value means: a new one, or one of the last three. */
INLINE size_t choose_offset(uint32_t rep[3], uint32_t value, bool no_literals)
{
    uint32_t index = value - 1 + (no_literals ? 1 : 0);
    uint32_t offset;

    if (value > 3) {
        offset = value - 3;
        index = 2;
    } else if (index == 0) {
        return rep[0];
    } else {
        offset = index == 3 ? rep[0] - 1 : rep[index];
    }
    if (index > 1) {
        rep[2] = rep[1];
    }
    rep[1] = rep[0];
    rep[0] = offset;
    return offset;
}

/* The values of the three codes, each with its extra bits. */
INLINE struct sequence read_sequence(struct zstd_work *work, struct reader *r)
{
    const struct code_value *ll = &literal_lengths[r->literal_length->symbol];
    const struct code_value *ml = &match_lengths[r->match_length->symbol];
    unsigned int offset_bits = r->offset->symbol;
    struct sequence sequence;
    uint32_t value;

    back_bits_reload(&r->bits);
    value = (1U << offset_bits) + back_bits_take(&r->bits, offset_bits);
    sequence.match = ml->base + back_bits_take(&r->bits, ml->bits);
    back_bits_reload(&r->bits);
    sequence.literals = ll->base + back_bits_take(&r->bits, ll->bits);
    sequence.offset = choose_offset(work->rep, value, sequence.literals == 0);
    return sequence;
}

INLINE void next_states(struct zstd_work *work, struct reader *r)
{
    r->literal_length =
        &work->literal_length
             .state[zstd_state_next(r->literal_length, &r->bits)];
    r->match_length =
        &work->match_length.state[zstd_state_next(r->match_length, &r->bits)];
    r->offset = &work->offset.state[zstd_state_next(r->offset, &r->bits)];
}

static int copy_literals(struct zstd_literals *literals,
                         struct zstd_output *output, size_t count)
{
    size_t room = (size_t)(output->limit - output->at);

    if (count > literals->bytes) {
        return -XEN_EILSEQ;
    }
    if (count > room) {
        return -XEN_ENOSPC;
    }
    if (count + MATCH_COPY_STEP <= room &&
        count + MATCH_COPY_STEP <= literals->readable) {
        match_copy_words(output->at, literals->at, count);
    } else {
        memcpy(output->at, literals->at, count);
    }
    output->at += count;
    literals->at += count;
    literals->bytes -= count;
    literals->readable -= count;
    return 0;
}

INLINE int run_sequence(const struct sequence *sequence,
                        struct zstd_literals *literals,
                        struct zstd_output *output)
{
    size_t room;
    int rc;

    rc = copy_literals(literals, output, sequence->literals);
    if (rc != 0) {
        return rc;
    }
    room = (size_t)(output->limit - output->at);
    if (sequence->offset - 1 >= (size_t)(output->at - output->start)) {
        return -XEN_EILSEQ;
    }
    if (sequence->match > room) {
        return -XEN_ENOSPC;
    }
    match_copy(output->at, sequence->offset, sequence->match, room);
    output->at += sequence->match;
    return 0;
}

static int run_all(struct zstd_work *work, struct reader *r, size_t count,
                   struct zstd_literals *literals, struct zstd_output *output)
{
    int rc = 0;

    while (count-- > 0) {
        struct sequence sequence = read_sequence(work, r);

        if (back_bits_left(&r->bits) < 0) {
            return -XEN_EILSEQ;
        }
        rc = run_sequence(&sequence, literals, output);
        if (rc != 0) {
            return rc;
        }
        if (count > 0) {
            next_states(work, r);
        }
    }
    return back_bits_left(&r->bits) == 0 ? 0 : -XEN_EILSEQ;
}

int zstd_sequences_run(struct zstd_work *work, const uint8_t *in, size_t bytes,
                       struct zstd_literals *literals,
                       struct zstd_output *output)
{
    struct cursor cursor = {in, in + bytes};
    struct reader reader;
    size_t count;
    int rc;

    rc = read_count(&cursor, &count);
    if (rc == 0 && count != 0) {
        rc = read_tables(work, &cursor);
        if (rc == 0) {
            rc = open_reader(work, &cursor, &reader);
        }
        if (rc == 0) {
            rc = run_all(work, &reader, count, literals, output);
        }
    } else if (rc == 0 && cursor.at != cursor.end) {
        rc = -XEN_EILSEQ;
    }
    return rc == 0 ? copy_literals(literals, output, literals->bytes) : rc;
}
