/* SPDX-License-Identifier: MIT */
/* A small writer of JSON, one value after the other, to stdout. */
#ifndef XEN_LITE_XLITE_JSON_H
#define XEN_LITE_XLITE_JSON_H

#include <stdbool.h>
#include <stdint.h>

/* @key is NULL inside a list and at the top. */
void json_open(const char *key, char bracket); /* '{' or '[' */
void json_close(char bracket);                 /* '}' or ']' */
void json_text(const char *key, const char *value);
void json_number(const char *key, uint64_t value);
void json_signed(const char *key, int64_t value);
void json_bool(const char *key, bool value);

#endif
