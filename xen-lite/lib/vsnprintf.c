/* SPDX-License-Identifier: MIT */
/*
 * Formatted text into a bounded buffer. No locale, no floating point, no
 * allocation and little stack, so that panic paths can use it.
 */
#include "vsnprintf.h"

#include <stdbool.h>
#include <stdint.h>

/* Widths past this are cut: no format of ours needs more. */
#define FIELD_MAX 256

struct output {
    char *buf;
    size_t n;
    size_t len; /* of the whole text, written or not */
};

struct spec {
    bool left;
    bool zero;
    bool upper;
    bool negative;
    unsigned int width;
    int precision; /* -1: none given */
    unsigned int base;
    unsigned int size_bytes;
    const char *prefix;
};

static void put(struct output *out, char c)
{
    if (out->len + 1 < out->n) {
        out->buf[out->len] = c;
    }
    out->len++;
}

static void put_many(struct output *out, char c, unsigned int count)
{
    while (count-- > 0) {
        put(out, c);
    }
}

static void put_text(struct output *out, const struct spec *spec, const char *s)
{
    unsigned int len = 0;
    unsigned int i;

    if (s == NULL) {
        s = "(null)";
    }
    while ((spec->precision < 0 || len < (unsigned int)spec->precision) &&
           s[len] != '\0') {
        len++;
    }
    if (!spec->left && spec->width > len) {
        put_many(out, ' ', spec->width - len);
    }
    for (i = 0; i < len; i++) {
        put(out, s[i]);
    }
    if (spec->left && spec->width > len) {
        put_many(out, ' ', spec->width - len);
    }
}

/* Digits of @value into @digits, lowest first. Returns how many. */
static unsigned int make_digits(char *digits, const struct spec *spec,
                                uint64_t value)
{
    const char *set = spec->upper ? "0123456789ABCDEF" : "0123456789abcdef";
    unsigned int count = 0;

    for (; value != 0; value /= spec->base) {
        digits[count++] = set[value % spec->base];
    }
    return count;
}

static void put_number(struct output *out, const struct spec *spec,
                       uint64_t value)
{
    char digits[22];
    unsigned int count = make_digits(digits, spec, value);
    unsigned int least =
        spec->precision < 0 ? 1 : (unsigned int)spec->precision;
    unsigned int zeros = least > count ? least - count : 0;
    unsigned int used = count + zeros + (spec->negative ? 1 : 0);
    unsigned int pad;
    const char *p;

    for (p = spec->prefix; *p != '\0'; p++) {
        used++;
    }
    pad = spec->width > used ? spec->width - used : 0;
    if (spec->zero && !spec->left && spec->precision < 0) {
        zeros += pad;
        pad = 0;
    }
    put_many(out, ' ', spec->left ? 0 : pad);
    put_many(out, '-', spec->negative ? 1 : 0);
    for (p = spec->prefix; *p != '\0'; p++) {
        put(out, *p);
    }
    put_many(out, '0', zeros);
    while (count > 0) {
        put(out, digits[--count]);
    }
    put_many(out, ' ', spec->left ? pad : 0);
}

/* Read decimal digits at *@fmt and step over them. */
static unsigned int read_count(const char **fmt)
{
    unsigned int n = 0;

    for (; **fmt >= '0' && **fmt <= '9'; (*fmt)++) {
        n = n * 10 + (unsigned int)(**fmt - '0');
        n = n > FIELD_MAX ? FIELD_MAX : n;
    }
    return n;
}

static void read_flags(struct spec *spec, const char **fmt)
{
    for (;; (*fmt)++) {
        if (**fmt == '-') {
            spec->left = true;
        } else if (**fmt == '0') {
            spec->zero = true;
        } else {
            return;
        }
    }
}

/* An int argument for * as a width: negative means left-aligned. */
static void take_width(struct spec *spec, int width)
{
    if (width < 0) {
        spec->left = true;
    }
    spec->width = width < 0 ? 0U - (unsigned int)width : (unsigned int)width;
    spec->width = spec->width > FIELD_MAX ? FIELD_MAX : spec->width;
}

static void take_precision(struct spec *spec, int precision)
{
    spec->precision = precision < 0           ? -1
                      : precision > FIELD_MAX ? FIELD_MAX
                                              : precision;
}

/* The length modifier, as the bytes of the argument. */
static unsigned int read_size(const char **fmt)
{
    static const struct {
        char text[3];
        unsigned char size_bytes;
    } sizes[] = {{"hh", 1}, {"h", 2}, {"ll", 8}, {"l", 8},
                 {"z", 8},  {"j", 8}, {"t", 8}};
    unsigned int i;

    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        if ((*fmt)[0] != sizes[i].text[0]) {
            continue;
        }
        if (sizes[i].text[1] == '\0') {
            *fmt += 1;
            return sizes[i].size_bytes;
        }
        if ((*fmt)[1] == sizes[i].text[1]) {
            *fmt += 2;
            return sizes[i].size_bytes;
        }
    }
    return 4;
}

static uint64_t narrow_unsigned(uint64_t value, unsigned int size_bytes)
{
    return size_bytes == 8 ? value
                           : value & ((UINT64_C(1) << (8 * size_bytes)) - 1);
}

static int64_t narrow_signed(int64_t value, unsigned int size_bytes)
{
    unsigned int shift = 64 - 8 * size_bytes;

    return (int64_t)((uint64_t)value << shift) >> shift;
}

static void put_signed(struct output *out, struct spec *spec, int64_t value)
{
    value = narrow_signed(value, spec->size_bytes);
    spec->base = 10;
    spec->negative = value < 0;
    put_number(out, spec, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

static void put_unsigned(struct output *out, struct spec *spec, char kind,
                         uint64_t value)
{
    spec->upper = kind == 'X';
    spec->base = kind == 'u' ? 10 : kind == 'o' ? 8 : 16;
    put_number(out, spec, narrow_unsigned(value, spec->size_bytes));
}

static void put_pointer(struct output *out, struct spec *spec, const void *p)
{
    spec->base = 16;
    spec->precision = 16;
    spec->prefix = "0x";
    put_number(out, spec, (uint64_t)(uintptr_t)p);
}

static void put_char(struct output *out, struct spec *spec, char c)
{
    const char text[2] = {c, '\0'};

    if (c == '\0') {
        put(out, c);
        return;
    }
    spec->precision = -1;
    put_text(out, spec, text);
}

/* One va_list behind a pointer, which an array type cannot be passed as. */
struct arguments {
    va_list list;
};

/* Write one conversion of @kind. Returns false when we know no such kind. */
static bool convert(struct output *out, struct spec *spec, char kind,
                    struct arguments *args)
{
    switch (kind) {
    case 'd':
    case 'i':
        put_signed(out, spec,
                   spec->size_bytes == 8 ? va_arg(args->list, int64_t)
                                         : va_arg(args->list, int));
        return true;
    case 'u':
    case 'x':
    case 'X':
    case 'o':
        put_unsigned(out, spec, kind,
                     spec->size_bytes == 8 ? va_arg(args->list, uint64_t)
                                           : va_arg(args->list, unsigned int));
        return true;
    case 'p':
        put_pointer(out, spec, va_arg(args->list, void *));
        return true;
    case 's':
        put_text(out, spec, va_arg(args->list, const char *));
        return true;
    case 'c':
        put_char(out, spec, (char)va_arg(args->list, int));
        return true;
    case '%':
        put(out, '%');
        return true;
    default:
        return false;
    }
}

/* Read the part of a conversion between '%' and its kind. */
static void read_spec(struct spec *spec, const char **fmt,
                      struct arguments *args)
{
    read_flags(spec, fmt);
    if (**fmt == '*') {
        (*fmt)++;
        take_width(spec, va_arg(args->list, int));
    } else {
        spec->width = read_count(fmt);
    }
    if (**fmt == '.') {
        (*fmt)++;
        if (**fmt == '*') {
            (*fmt)++;
            take_precision(spec, va_arg(args->list, int));
        } else {
            spec->precision = (int)read_count(fmt);
        }
    }
    spec->size_bytes = read_size(fmt);
}

static void format(struct output *out, const char *fmt, struct arguments *args)
{
    while (*fmt != '\0') {
        struct spec spec = {.precision = -1, .prefix = ""};
        const char *start = fmt;

        if (*fmt++ != '%') {
            put(out, *start);
            continue;
        }
        read_spec(&spec, &fmt, args);
        if (*fmt != '\0' && convert(out, &spec, *fmt, args)) {
            fmt++;
            continue;
        }
        for (; start < fmt; start++) {
            put(out, *start);
        }
    }
}

int xl_vsnprintf(char *buf, size_t n, const char *fmt, va_list args)
{
    struct output out = {.buf = buf, .n = n};
    struct arguments copy;

    va_copy(copy.list, args);
    format(&out, fmt, &copy);
    va_end(copy.list);
    if (n != 0) {
        buf[out.len < n ? out.len : n - 1] = '\0';
    }
    return (int)out.len;
}

int xl_snprintf(char *buf, size_t n, const char *fmt, ...)
{
    va_list args;
    int len;

    va_start(args, fmt);
    len = xl_vsnprintf(buf, n, fmt, args);
    va_end(args);
    return len;
}
