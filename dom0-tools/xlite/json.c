// SPDX-License-Identifier: MIT
/* A small writer of JSON: two spaces a level, a comma where one is due. */
#include "json.h"

#include <inttypes.h>
#include <stdio.h>

static unsigned int depth;
static bool comma_due;

static void put_string(const char *text)
{
    (void)putchar('"');
    for (const char *p = text; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;

        if (c == '"' || c == '\\') {
            (void)printf("\\%c", c);
        } else if (c < 0x20 || c == 0x7f) {
            (void)printf("\\u%04x", c);
        } else {
            (void)putchar(c);
        }
    }
    (void)putchar('"');
}

static void new_line(void)
{
    (void)putchar('\n');
    for (unsigned int i = 0; i < depth; i++) {
        (void)fputs("  ", stdout);
    }
}

static void begin(const char *key)
{
    if (comma_due) {
        (void)putchar(',');
    }
    if (depth > 0) {
        new_line();
    }
    comma_due = true;
    if (key != NULL) {
        put_string(key);
        (void)fputs(": ", stdout);
    }
}

void json_open(const char *key, char bracket)
{
    begin(key);
    (void)putchar(bracket);
    depth++;
    comma_due = false;
}

void json_close(char bracket)
{
    bool empty = !comma_due;

    depth--;
    if (!empty) {
        new_line();
    }
    (void)putchar(bracket);
    comma_due = depth > 0;
    if (depth == 0) {
        (void)putchar('\n');
    }
}

void json_text(const char *key, const char *value)
{
    begin(key);
    put_string(value);
}

void json_number(const char *key, uint64_t value)
{
    begin(key);
    (void)printf("%" PRIu64, value);
}

void json_signed(const char *key, int64_t value)
{
    begin(key);
    (void)printf("%" PRId64, value);
}

void json_bool(const char *key, bool value)
{
    begin(key);
    (void)fputs(value ? "true" : "false", stdout);
}
