/* SPDX-License-Identifier: MIT */
/* Formatted text. */
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "console.h"
#include "spinlock.h"
#include "string.h"

struct text_buffer {
    char *to;
    size_t bytes;
    size_t used;
};

struct conversion {
    bool zero_pad;
    bool left;
    bool is_long;
    unsigned int width;
};

static void put(struct text_buffer *b, char c)
{
    if (b->used + 1 < b->bytes) {
        b->to[b->used++] = c;
    }
}

static void put_repeated(struct text_buffer *b, char c, size_t count)
{
    while (count-- != 0) {
        put(b, c);
    }
}

static void put_field(struct text_buffer *b, const struct conversion *cv,
                      const char *text, size_t length)
{
    size_t padding = cv->width > length ? cv->width - length : 0;
    size_t i;

    if (!cv->left) {
        put_repeated(b, cv->zero_pad ? '0' : ' ', padding);
    }
    for (i = 0; i < length; i++) {
        put(b, text[i]);
    }
    if (cv->left) {
        put_repeated(b, ' ', padding);
    }
}

static void put_number(struct text_buffer *b, const struct conversion *cv,
                       uint64_t value, unsigned int base, bool negative)
{
    char digits[24];
    size_t at = sizeof(digits);

    do {
        digits[--at] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    if (negative) {
        digits[--at] = '-';
    }
    put_field(b, cv, &digits[at], sizeof(digits) - at);
}

static void put_signed(struct text_buffer *b, const struct conversion *cv,
                       int64_t value)
{
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    put_number(b, cv, magnitude, 10, value < 0);
}

/* Reads flags, width and length after a '%'; returns the conversion letter. */
static const char *parse_conversion(const char *f, struct conversion *cv)
{
    *cv = (struct conversion){0};
    for (; *f == '0' || *f == '-'; f++) {
        cv->zero_pad |= *f == '0';
        cv->left |= *f == '-';
    }
    for (; *f >= '0' && *f <= '9'; f++) {
        cv->width = cv->width * 10 + (unsigned int)(*f - '0');
    }
    for (; *f == 'l'; f++) {
        cv->is_long = true;
    }
    return f;
}

static void put_conversion(struct text_buffer *b, char letter,
                           const struct conversion *cv, va_list *args)
{
    const char *text;

    switch (letter) {
    case 'c':
        put(b, (char)va_arg(*args, int));
        break;
    case 's':
        text = va_arg(*args, const char *);
        put_field(b, cv, text, strlen(text));
        break;
    case 'd':
        put_signed(b, cv,
                   cv->is_long ? va_arg(*args, long) : va_arg(*args, int));
        break;
    case 'u':
    case 'x':
        put_number(b, cv,
                   cv->is_long ? va_arg(*args, unsigned long)
                               : va_arg(*args, unsigned int),
                   letter == 'x' ? 16 : 10, false);
        break;
    case 'p':
        put_number(b, cv, va_arg(*args, uint64_t), 16, false);
        break;
    default:
        put(b, letter);
        break;
    }
}

static size_t format_args(char *to, size_t bytes, const char *format,
                          va_list *args)
{
    struct text_buffer b = {to, bytes, 0};
    struct conversion cv;

    for (; *format != '\0'; format++) {
        if (*format != '%') {
            put(&b, *format);
            continue;
        }
        format = parse_conversion(format + 1, &cv);
        put_conversion(&b, *format, &cv, args);
    }
    b.to[b.used] = '\0';
    return b.used;
}

size_t format_text(char *to, size_t bytes, const char *format, ...)
{
    va_list args;
    size_t length;

    va_start(args, format);
    length = format_args(to, bytes, format, &args);
    va_end(args);
    return length;
}

void print(const char *format, ...)
{
    char line[512];
    va_list args;
    size_t length;

    va_start(args, format);
    length = format_args(line, sizeof(line), format, &args);
    va_end(args);
    console_write(line, length);
}
