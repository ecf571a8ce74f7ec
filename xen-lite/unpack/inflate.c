/* SPDX-License-Identifier: MIT */
/*
 * DEFLATE and its gzip container. Bits come from a 64-bit window that is
 * refilled once a symbol; past the end of the input it is refilled with
 * zeros, and their use is noticed before a result is believed.
 */
#include "inflate.h"

#include <stdbool.h>

#include <xen/errno.h>

#include "bytes.h"
#include "match_copy.h"
#include "string.h"

#define INLINE static inline __attribute__((always_inline))

#define END_OF_BLOCK     256
#define GZIP_HEADER      10
#define GZIP_TRAILER     8
#define GZIP_HAS_CRC     0x02
#define GZIP_HAS_EXTRA   0x04
#define GZIP_HAS_NAME    0x08
#define GZIP_HAS_COMMENT 0x10
#define GZIP_RESERVED    0xe0

struct stream {
    const uint8_t *in;
    const uint8_t *in_end;
    uint64_t bits;
    unsigned int bit_count;
    unsigned int padding; /* zero bytes taken past the end */
    uint8_t *out;
    uint8_t *out_start;
    uint8_t *out_limit;
    struct inflate_work *work;
};

/* Near the end of the input: bytes one by one, then zeros. */
static void refill_slowly(struct stream *s)
{
    while (s->bit_count <= 56) {
        if (s->in < s->in_end) {
            s->bits |= (uint64_t)*s->in++ << s->bit_count;
        } else {
            s->padding++;
        }
        s->bit_count += 8;
    }
}

/* At least 56 bits in the window. */
INLINE void refill(struct stream *s)
{
    if (__builtin_expect(s->in_end - s->in >= 8, 1)) {
        s->bits |= load_le64(s->in) << s->bit_count;
        s->in += (63 - s->bit_count) >> 3;
        s->bit_count |= 56;
    } else {
        refill_slowly(s);
    }
}

INLINE unsigned int take(struct stream *s, unsigned int count)
{
    unsigned int value = (unsigned int)s->bits & ((1U << count) - 1);

    s->bits >>= count;
    s->bit_count -= count;
    return value;
}

/* Have bits been used that the input does not hold? */
INLINE bool overrun(const struct stream *s)
{
    return s->padding * 8 > s->bit_count;
}

/*
 * Codes of one length are consecutive numbers, and each length starts where
 * the shorter ones leave room: so the count of each length says it all.
 */
static int code_symbol_slow(struct stream *s, const struct inflate_code *code)
{
    int first = 0;
    int index = 0;
    int value = 0;
    unsigned int length;

    for (length = 1; length <= INFLATE_CODE_BITS; length++) {
        int count = code->count[length];

        value |= (int)(s->bits >> (length - 1)) & 1;
        if (value - first < count) {
            take(s, length);
            return code->symbol[index + value - first];
        }
        index += count;
        first = (first + count) << 1;
        value <<= 1;
    }
    return -1;
}

/* The next symbol of @code, or -1 when the bits are no code. */
INLINE int code_symbol(struct stream *s, const struct inflate_code *code)
{
    unsigned int entry = code->fast[s->bits & ((1U << INFLATE_FAST_BITS) - 1)];

    if (__builtin_expect(entry != 0, 1)) {
        take(s, entry & 15);
        return (int)(entry >> 4);
    }
    return code_symbol_slow(s, code);
}

static unsigned int reverse(unsigned int value, unsigned int bits)
{
    unsigned int result = 0;

    for (; bits > 0; bits--) {
        result = (result << 1) | (value & 1);
        value >>= 1;
    }
    return result;
}

/* Enter a short code at every index that begins with it. */
static void code_add_fast(struct inflate_code *code, unsigned int value,
                          unsigned int length, unsigned int symbol)
{
    unsigned int i;

    for (i = reverse(value, length); i < 1U << INFLATE_FAST_BITS;
         i += 1U << length) {
        code->fast[i] = (uint16_t)(symbol << 4 | length);
    }
}

/*
 * Count lengths. Returns how much of the code space is left over, in units of
 * the longest code; negative when there are too many codes.
 */
static int code_count(struct inflate_code *code, const uint8_t *lengths,
                      unsigned int symbols)
{
    int room = 1;
    unsigned int i;

    memset(code->count, 0, sizeof(code->count));
    for (i = 0; i < symbols; i++) {
        code->count[lengths[i]]++;
    }
    code->count[0] = 0;
    for (i = 1; i <= INFLATE_CODE_BITS; i++) {
        room = (room << 1) - code->count[i];
        if (room < 0) {
            break;
        }
    }
    return room;
}

/*
 * Build the code whose symbols have @lengths (0: unused). A code that does
 * not use all its space is valid only with a single symbol, or none.
 */
static int code_build(struct inflate_code *code, const uint8_t *lengths,
                      unsigned int symbols)
{
    uint16_t index[INFLATE_CODE_BITS + 2] = {0};
    uint16_t value[INFLATE_CODE_BITS + 2] = {0};
    int room = code_count(code, lengths, symbols);
    unsigned int i;

    memset(code->fast, 0, sizeof(code->fast));
    for (i = 1; i <= INFLATE_CODE_BITS; i++) {
        index[i + 1] = (uint16_t)(index[i] + code->count[i]);
        value[i + 1] = (uint16_t)((value[i] + code->count[i]) << 1);
    }
    if (room < 0 || (room > 0 && index[INFLATE_CODE_BITS + 1] > 1)) {
        return -XEN_EILSEQ;
    }
    for (i = 0; i < symbols; i++) {
        unsigned int length = lengths[i];

        if (length == 0) {
            continue;
        }
        code->symbol[index[length]++] = (uint16_t)i;
        if (length <= INFLATE_FAST_BITS) {
            code_add_fast(code, value[length]++, length, i);
        }
    }
    return 0;
}

/* RFC 1951, 3.2.6: codes agreed beforehand. */
static void fixed_codes(struct inflate_work *work)
{
    uint8_t *lengths = work->lengths;

    memset(lengths, 8, 144);
    memset(lengths + 144, 9, 112);
    memset(lengths + 256, 7, 24);
    memset(lengths + 280, 8, 8);
    (void)code_build(&work->literal, lengths, 288);
    memset(lengths, 5, 32);
    (void)code_build(&work->distance, lengths, 32);
}

/* One run of a code length list: @symbol 16 to 18. Returns its length. */
static unsigned int read_run(struct stream *s, unsigned int symbol)
{
    switch (symbol) {
    case 16:
        return 3 + take(s, 2);
    case 17:
        return 3 + take(s, 3);
    default:
        return 11 + take(s, 7);
    }
}

/* The lengths of all literal and distance codes, themselves coded. */
static int read_lengths(struct stream *s, unsigned int total)
{
    uint8_t *lengths = s->work->lengths;
    unsigned int done = 0;

    while (done < total) {
        int symbol;
        unsigned int run;
        uint8_t fill = 0;

        refill(s);
        symbol = code_symbol(s, &s->work->literal);
        if (symbol < 0 || (symbol == 16 && done == 0)) {
            return -XEN_EILSEQ;
        }
        if (symbol < 16) {
            lengths[done++] = (uint8_t)symbol;
            continue;
        }
        if (symbol == 16) {
            fill = lengths[done - 1];
        }
        run = read_run(s, (unsigned int)symbol);
        if (run > total - done) {
            return -XEN_EILSEQ;
        }
        memset(lengths + done, fill, run);
        done += run;
    }
    return overrun(s) ? -XEN_ENODATA : 0;
}

/* RFC 1951, 3.2.7: codes sent with the block. */
static int dynamic_codes(struct stream *s)
{
    static const uint8_t order[19] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                      11, 4,  12, 3, 13, 2, 14, 1, 15};
    struct inflate_work *work = s->work;
    unsigned int literals;
    unsigned int distances;
    unsigned int count;
    unsigned int i;
    int rc;

    refill(s);
    literals = 257 + take(s, 5);
    distances = 1 + take(s, 5);
    count = 4 + take(s, 4);
    if (literals > 286) {
        return -XEN_EILSEQ;
    }
    memset(work->lengths, 0, sizeof(order));
    for (i = 0; i < count; i++) {
        refill(s);
        work->lengths[order[i]] = (uint8_t)take(s, 3);
    }
    rc = code_build(&work->literal, work->lengths, sizeof(order));
    if (rc == 0) {
        rc = read_lengths(s, literals + distances);
    }
    if (rc == 0 && work->lengths[END_OF_BLOCK] == 0) {
        rc = -XEN_EILSEQ;
    }
    if (rc == 0) {
        rc = code_build(&work->literal, work->lengths, literals);
    }
    if (rc == 0) {
        rc = code_build(&work->distance, work->lengths + literals, distances);
    }
    return rc;
}

/* The length that literal symbol 257 and up begins. */
INLINE unsigned int match_length(struct stream *s, unsigned int symbol)
{
    unsigned int code = symbol - 257;
    unsigned int extra;

    if (code < 8) {
        return code + 3;
    }
    if (code == 28) {
        return 258;
    }
    extra = (code >> 2) - 1;
    return 3 + ((4 + (code & 3)) << extra) + take(s, extra);
}

INLINE unsigned int match_distance(struct stream *s, unsigned int code)
{
    unsigned int extra;

    if (code < 4) {
        return code + 1;
    }
    extra = (code >> 1) - 1;
    return 1 + ((2 + (code & 1)) << extra) + take(s, extra);
}

/* The match that @symbol begins; the window holds all its bits. */
INLINE int copy_back(struct stream *s, unsigned int symbol)
{
    unsigned int len = match_length(s, symbol);
    int code = code_symbol(s, &s->work->distance);
    unsigned int back;

    if (symbol > 285 || code < 0 || code > 29) {
        return -XEN_EILSEQ;
    }
    back = match_distance(s, (unsigned int)code);
    if (back > (size_t)(s->out - s->out_start)) {
        return -XEN_EILSEQ;
    }
    if (len > (size_t)(s->out_limit - s->out)) {
        return -XEN_ENOSPC;
    }
    match_copy(s->out, back, len, (size_t)(s->out_limit - s->out));
    s->out += len;
    return 0;
}

static int coded_block(struct stream *shared)
{
    struct stream s = *shared; /* in registers */
    const struct inflate_code *literal = &s.work->literal;
    int rc = 0;

    while (rc == 0) {
        int symbol;

        refill(&s);
        symbol = code_symbol(&s, literal);
        if (overrun(&s)) {
            rc = -XEN_ENODATA;
        } else if (symbol == END_OF_BLOCK) {
            break;
        } else if (symbol > END_OF_BLOCK) {
            rc = copy_back(&s, (unsigned int)symbol);
        } else if (symbol < 0) {
            rc = -XEN_EILSEQ;
        } else if (s.out == s.out_limit) {
            rc = -XEN_ENOSPC;
        } else {
            *s.out++ = (uint8_t)symbol;
        }
    }
    *shared = s;
    return rc;
}

/* Give whole bytes of the window back to the input. */
static void align_to_byte(struct stream *s)
{
    take(s, s->bit_count & 7);
    s->in -= s->bit_count / 8 - s->padding;
    s->bits = 0;
    s->bit_count = 0;
    s->padding = 0;
}

static int stored_block(struct stream *s)
{
    size_t bytes;

    if (overrun(s)) {
        return -XEN_ENODATA;
    }
    align_to_byte(s);
    if (s->in_end - s->in < 4) {
        return -XEN_ENODATA;
    }
    bytes = load_le16(s->in);
    if ((bytes ^ load_le16(s->in + 2)) != 0xffff) {
        return -XEN_EILSEQ;
    }
    s->in += 4;
    if (bytes > (size_t)(s->in_end - s->in)) {
        return -XEN_ENODATA;
    }
    if (bytes > (size_t)(s->out_limit - s->out)) {
        return -XEN_ENOSPC;
    }
    memcpy(s->out, s->in, bytes);
    s->in += bytes;
    s->out += bytes;
    return 0;
}

static int inflate(struct stream *s)
{
    bool last = false;
    int rc = 0;

    while (!last && rc == 0) {
        refill(s);
        last = take(s, 1) != 0;
        switch (take(s, 2)) {
        case 0:
            rc = stored_block(s);
            break;
        case 1:
            fixed_codes(s->work);
            rc = coded_block(s);
            break;
        case 2:
            rc = dynamic_codes(s);
            if (rc == 0) {
                rc = coded_block(s);
            }
            break;
        default:
            rc = overrun(s) ? -XEN_ENODATA : -XEN_EILSEQ;
            break;
        }
    }
    if (rc == 0 && overrun(s)) {
        rc = -XEN_ENODATA;
    }
    if (rc == 0) {
        align_to_byte(s);
    }
    return rc;
}

/* Step over a string of the header. */
static int skip_text(struct stream *s)
{
    const uint8_t *nul = memchr(s->in, 0, (size_t)(s->in_end - s->in));

    if (nul == NULL) {
        return -XEN_ENODATA;
    }
    s->in = nul + 1;
    return 0;
}

static int skip_bytes(struct stream *s, size_t bytes)
{
    if ((size_t)(s->in_end - s->in) < bytes) {
        return -XEN_ENODATA;
    }
    s->in += bytes;
    return 0;
}

static int skip_extra(struct stream *s)
{
    if (s->in_end - s->in < 2) {
        return -XEN_ENODATA;
    }
    return skip_bytes(s, 2 + (size_t)load_le16(s->in));
}

static int read_gzip_header(struct stream *s)
{
    unsigned int flags;
    int rc = 0;

    if (s->in_end - s->in < GZIP_HEADER) {
        return -XEN_ENODATA;
    }
    if (s->in[0] != 0x1f || s->in[1] != 0x8b || s->in[2] != 8) {
        return -XEN_EILSEQ;
    }
    flags = s->in[3];
    if ((flags & GZIP_RESERVED) != 0) {
        return -XEN_EILSEQ;
    }
    s->in += GZIP_HEADER;
    if ((flags & GZIP_HAS_EXTRA) != 0) {
        rc = skip_extra(s);
    }
    if (rc == 0 && (flags & GZIP_HAS_NAME) != 0) {
        rc = skip_text(s);
    }
    if (rc == 0 && (flags & GZIP_HAS_COMMENT) != 0) {
        rc = skip_text(s);
    }
    if (rc == 0 && (flags & GZIP_HAS_CRC) != 0) {
        rc = skip_bytes(s, 2);
    }
    return rc;
}

int gzip_decode(struct inflate_work *work, const uint8_t *in, size_t in_bytes,
                uint8_t *out, size_t out_max, size_t *out_bytes)
{
    struct stream s = {.in = in,
                       .in_end = in + in_bytes,
                       .out = out,
                       .out_start = out,
                       .out_limit = out + out_max,
                       .work = work};
    int rc;

    crc32_prepare(&work->crc);
    rc = read_gzip_header(&s);
    if (rc == 0) {
        rc = inflate(&s);
    }
    *out_bytes = (size_t)(s.out - out);
    if (rc != 0) {
        return rc;
    }
    if (s.in_end - s.in < GZIP_TRAILER) {
        return -XEN_ENODATA;
    }
    return load_le32(s.in) == crc32(&work->crc, out, *out_bytes) &&
                   load_le32(s.in + 4) == (uint32_t)*out_bytes
               ? 0
               : -XEN_EILSEQ;
}
